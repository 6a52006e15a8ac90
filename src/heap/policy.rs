//! Placement policies: which free block a request gets.

use std::fmt;
use std::str::FromStr;

/// How a request chooses among the free blocks that can hold it.
#[derive(Clone, Copy, PartialEq, Eq, Default, Hash, Debug)]
pub enum Policy {
    /// The smallest block that fits; of equal ones the most recently freed.
    #[default]
    Best,
    /// The block at the lowest address that fits, found by a counted scan.
    First,
    /// As first fit, but each scan goes on where the last one ended.
    Next,
    /// The largest block.
    Worst,
}

impl Policy {
    /// Every policy, in the order in which keys cycle through them.
    pub const ALL: [Policy; 4] = [Policy::Best, Policy::First, Policy::Next, Policy::Worst];

    /// The name used in commands and on the screen.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Policy::Best => "best-fit",
            Policy::First => "first-fit",
            Policy::Next => "next-fit",
            Policy::Worst => "worst-fit",
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Policy {
    type Err = ();
    fn from_str(text: &str) -> Result<Policy, ()> {
        Policy::ALL
            .into_iter()
            .find(|policy| policy.name() == text)
            .ok_or(())
    }
}
