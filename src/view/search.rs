//! Finding blocks by what is known of them.

use super::facts::BlockFacts;

/// What is looked for among the blocks of a heap.
#[derive(Clone, Copy)]
pub struct Search<'a> {
    /// Whether a block is wanted.
    pub matches: &'a dyn Fn(&BlockFacts<'_>) -> bool,
    /// Names and births take part: to find them costs more than all other facts together.
    pub owners: bool,
    /// What a block pins takes part.
    pub pins: bool,
}
