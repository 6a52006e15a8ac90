//! Words for answers: what changed from before to after, and answers of each tone.

use std::sync::Arc;

use crate::heap::{Flags, Heap, Stats};
use crate::view::{self, Figures};

pub(super) use crate::view::numbers::{
    address, bytes as exact, counted as count, grouped, size as rough,
};

use super::frame::{Answer, Findings, Tone};

impl Answer {
    /// What was done: the call with its result, and what happened.
    pub(super) fn done(call: impl Into<String>, words: impl Into<String>) -> Answer {
        Answer {
            call: call.into(),
            words: words.into(),
            ..Answer::default()
        }
    }

    /// A call that failed.
    pub(super) fn failed(call: impl Into<String>, words: impl Into<String>) -> Answer {
        Answer {
            tone: Tone::Failed,
            ..Answer::done(call, words)
        }
    }

    /// Nothing was done, and why.
    pub(super) fn refused(words: impl Into<String>) -> Answer {
        Answer {
            tone: Tone::Refused,
            ..Answer::done("", words)
        }
    }

    /// Words alone.
    pub(super) fn note(words: impl Into<String>) -> Answer {
        Answer {
            tone: Tone::Note,
            ..Answer::done("", words)
        }
    }

    /// The answer, with what a check found.
    pub(super) fn listing(self, findings: Arc<Findings>) -> Answer {
        let first = findings.kept.first().map(|finding| finding.at);
        Answer {
            findings: (findings.total > 0).then_some(findings),
            ..self.about(first)
        }
    }

    /// The answer, about this block.
    pub(super) fn about(self, block: Option<u64>) -> Answer {
        Answer { block, ..self }
    }
}

/// How much more a figure became. A damaged heap's figures may run backwards: then nothing.
pub(super) fn more(from: u64, to: u64) -> u64 {
    to.saturating_sub(from)
}

/// `72 -> 152`, or one figure when nothing changed.
pub(super) fn change(before: u64, after: u64) -> String {
    if before == after {
        format!("{} as before", exact(after))
    } else {
        format!("{} -> {}", exact(before), exact(after))
    }
}

/// ` x 20`, or nothing for a single one.
pub(super) fn times(done: u64) -> String {
    if done == 1 {
        String::new()
    } else {
        format!(" x {}", grouped(done))
    }
}

/// Flags as C would have them: in hexadecimal unless there are none.
pub(super) fn flags_text(flags: Flags) -> String {
    if flags.0 == 0 {
        "0".to_owned()
    } else {
        format!("{:#x}", flags.0)
    }
}

/// A heap before and after a command.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) figures: Figures,
    pub(super) stats: Stats,
    pub(super) resident: Option<u64>,
}

impl Moment {
    /// The heap now. Residency is read from the kernel.
    pub(super) fn of(heap: &Heap) -> Moment {
        Moment {
            figures: view::figures(heap),
            stats: heap.stats(),
            resident: view::resident(heap),
        }
    }

    /// Bytes given back to the system since, by `_heapmin` and by freeing itself.
    pub(super) fn returned(&self, before: &Moment) -> (u64, u64) {
        let pages = |now: u64, then: u64| now.saturating_sub(then) * crate::os::PAGE;
        (
            pages(self.stats.pages_heapmin, before.stats.pages_heapmin),
            pages(self.stats.pages_automatic, before.stats.pages_automatic),
        )
    }
}

/// `kernel resident 128 KiB -> 92 KiB`.
pub(super) fn residency(before: &Moment, after: &Moment) -> String {
    match (before.resident, after.resident) {
        (Some(before), Some(after)) if before == after => {
            format!("kernel resident {} as before", rough(after))
        }
        (Some(before), Some(after)) => {
            format!("kernel resident {} -> {}", rough(before), rough(after))
        }
        _ => "the kernel does not tell what is resident here".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_read_well() {
        assert_eq!(change(72, 152), "72 B -> 152 B");
        assert_eq!(change(72, 72), "72 B as before");
        assert_eq!(times(1), "");
        assert_eq!(times(1200), " x 1,200");
        assert_eq!(flags_text(Flags::ZERO_MEMORY), "0x8");
    }
}
