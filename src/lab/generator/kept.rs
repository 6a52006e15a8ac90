//! Generators at one step, as moments inside workloads keep them.

use super::super::roster::{KeptRoster, Roster};
use super::Generator;

/// A generator at one step, to keep: it shares with the one kept before what did not change since.
#[derive(Clone, Debug)]
pub(crate) struct KeptGenerator {
    /// All but its live blocks.
    rest: Generator,
    live: KeptRoster,
}

impl KeptGenerator {
    /// The generator as it was.
    pub(crate) fn generator(&self) -> Generator {
        Generator {
            live: self.live.roster(),
            ..self.rest.clone()
        }
    }

    /// Bytes that it takes beside what it shares with another.
    pub(crate) fn bytes_beside(&self, other: Option<&KeptGenerator>) -> u64 {
        self.live.bytes_beside(other.map(|other| &other.live))
    }
}

impl Generator {
    /// A copy to keep.
    pub(crate) fn keep(&mut self) -> KeptGenerator {
        let live = self.live.keep();
        let mine = std::mem::replace(&mut self.live, Roster::new(false));
        let rest = self.clone();
        self.live = mine;
        KeptGenerator { rest, live }
    }
}
