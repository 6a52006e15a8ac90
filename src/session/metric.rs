//! The figures that `expect` can look at: a closed table of names, units and formulas.

use std::fmt;
use std::str::FromStr;

/// A figure of the heap in view, of the session, or of the last call.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Metric {
    /// `largest_free`
    LargestFree,
    /// `largest_request`
    LargestRequest,
    /// `free`
    Free,
    /// `holes`
    Holes,
    /// `busy`
    Busy,
    /// `busy_blocks`
    BusyBlocks,
    /// `requested`
    Requested,
    /// `slack`
    Slack,
    /// `headers`
    Headers,
    /// `control`
    Control,
    /// `returnable`
    Returnable,
    /// `pinned`
    Pinned,
    /// `committed`
    Committed,
    /// `peak_committed`
    PeakCommitted,
    /// `reserved`
    Reserved,
    /// `resident`
    Resident,
    /// `side_tables`
    SideTables,
    /// `returned`
    Returned,
    /// `returned_last`
    ReturnedLast,
    /// `external_fragmentation`
    ExternalFragmentation,
    /// `unmerged_pairs`
    UnmergedPairs,
    /// `merged`
    Merged,
    /// `large_blocks`
    LargeBlocks,
    /// `segments`
    Segments,
    /// `entries`
    Entries,
    /// `findings`
    Findings,
    /// `probes`
    Probes,
    /// `lock_taken`
    LockTaken,
    /// `lock_skipped`
    LockSkipped,
    /// `lock_contended`
    LockContended,
    /// `failures`
    Failures,
    /// `result`
    Result,
    /// `last_error`
    LastError,
    /// `errno`
    Errno,
}

/// What a metric counts in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// Things.
    Count,
    /// A ratio from 0 to 1.
    Ratio,
    /// A return value or an error code.
    Code,
}

impl Unit {
    /// The word in lists of metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Unit::Bytes => "bytes",
            Unit::Count => "count",
            Unit::Ratio => "ratio",
            Unit::Code => "code",
        }
    }
}

/// One metric's words.
struct Row {
    metric: Metric,
    name: &'static str,
    unit: Unit,
    doc: &'static str,
}

const fn row(metric: Metric, name: &'static str, unit: Unit, doc: &'static str) -> Row {
    Row {
        metric,
        name,
        unit,
        doc,
    }
}

/// In the order of the enum, so that a metric is its own index (a test holds it).
const TABLE: [Row; 34] = [
    row(
        Metric::LargestFree,
        "largest_free",
        Unit::Bytes,
        "the largest committed free block, header included: what HeapCompact answers",
    ),
    row(
        Metric::LargestRequest,
        "largest_request",
        Unit::Bytes,
        "the largest request that a free block can hold: largest_free - 8, or 0 when nothing is free",
    ),
    row(
        Metric::Free,
        "free",
        Unit::Bytes,
        "committed free blocks, headers included",
    ),
    row(Metric::Holes, "holes", Unit::Count, "committed free blocks"),
    row(
        Metric::Busy,
        "busy",
        Unit::Bytes,
        "busy blocks, headers included: requested + slack + headers",
    ),
    row(
        Metric::BusyBlocks,
        "busy_blocks",
        Unit::Count,
        "busy blocks, large ones included",
    ),
    row(
        Metric::Requested,
        "requested",
        Unit::Bytes,
        "what callers asked for and still hold",
    ),
    row(
        Metric::Slack,
        "slack",
        Unit::Bytes,
        "the part of busy blocks that nobody asked for",
    ),
    row(
        Metric::Headers,
        "headers",
        Unit::Bytes,
        "block headers: 8 bytes net for each busy block",
    ),
    row(
        Metric::Control,
        "control",
        Unit::Bytes,
        "the heap's own: control block, segments, descriptors",
    ),
    row(
        Metric::Returnable,
        "returnable",
        Unit::Bytes,
        "free memory that heapmin would give back now",
    ),
    row(
        Metric::Pinned,
        "pinned",
        Unit::Bytes,
        "free memory that stays because something else lives in its pages: free - returnable",
    ),
    row(
        Metric::Committed,
        "committed",
        Unit::Bytes,
        "what the heap may use: requested + slack + headers + control + returnable + pinned",
    ),
    row(
        Metric::PeakCommitted,
        "peak_committed",
        Unit::Bytes,
        "the most that was ever committed",
    ),
    row(
        Metric::Reserved,
        "reserved",
        Unit::Bytes,
        "address space of segments and large blocks",
    ),
    row(
        Metric::Resident,
        "resident",
        Unit::Bytes,
        "committed memory that is in real pages, asked of the kernel",
    ),
    row(
        Metric::SideTables,
        "side_tables",
        Unit::Bytes,
        "bitmaps beside the blocks; not part of committed",
    ),
    row(
        Metric::Returned,
        "returned",
        Unit::Bytes,
        "what the heap gave back to the system in all",
    ),
    row(
        Metric::ReturnedLast,
        "returned_last",
        Unit::Bytes,
        "what the last command that gave anything back gave back",
    ),
    row(
        Metric::ExternalFragmentation,
        "external_fragmentation",
        Unit::Ratio,
        "1 - largest_free / free; 0 when nothing is free",
    ),
    row(
        Metric::UnmergedPairs,
        "unmerged_pairs",
        Unit::Count,
        "pairs of neighbouring free blocks not joined",
    ),
    row(
        Metric::Merged,
        "merged",
        Unit::Count,
        "pairs of free blocks that the last command joined",
    ),
    row(
        Metric::LargeBlocks,
        "large_blocks",
        Unit::Count,
        "busy blocks in a region of their own",
    ),
    row(
        Metric::Segments,
        "segments",
        Unit::Count,
        "segments, the first included",
    ),
    row(
        Metric::Entries,
        "entries",
        Unit::Count,
        "entries that HeapWalk reports",
    ),
    row(
        Metric::Findings,
        "findings",
        Unit::Count,
        "things that a check of the whole heap finds wrong now",
    ),
    row(
        Metric::Probes,
        "probes",
        Unit::Count,
        "free blocks looked at by all requests so far",
    ),
    row(
        Metric::LockTaken,
        "lock_taken",
        Unit::Count,
        "times a call took the heap's lock",
    ),
    row(
        Metric::LockSkipped,
        "lock_skipped",
        Unit::Count,
        "calls that skipped the lock",
    ),
    row(
        Metric::LockContended,
        "lock_contended",
        Unit::Count,
        "times the lock was found held by another",
    ),
    row(
        Metric::Failures,
        "failures",
        Unit::Count,
        "calls of this session that failed",
    ),
    row(
        Metric::Result,
        "result",
        Unit::Code,
        "return value of the last call as a signed 64-bit number: BOOL is 1 or 0, (SIZE_T)-1 is -1, \
         a pointer is 1, or 0 for NULL",
    ),
    row(
        Metric::LastError,
        "last_error",
        Unit::Code,
        "what GetLastError answers, by Windows' numbers",
    ),
    row(
        Metric::Errno,
        "errno",
        Unit::Code,
        "errno, by Microsoft's numbers (ENOSYS is 40)",
    ),
];

impl Metric {
    /// Every metric, in the order in which help lists them.
    pub const ALL: [Metric; TABLE.len()] = {
        let mut all = [Metric::LargestFree; TABLE.len()];
        let mut at = 0;
        while at < all.len() {
            all[at] = TABLE[at].metric;
            at += 1;
        }
        all
    };

    /// The name in commands.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// What it counts in.
    #[must_use]
    pub const fn unit(self) -> Unit {
        self.row().unit
    }

    /// What it means, with its formula.
    #[must_use]
    pub const fn doc(self) -> &'static str {
        self.row().doc
    }

    const fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Metric {
    type Err = ();
    fn from_str(text: &str) -> Result<Metric, ()> {
        Metric::ALL
            .into_iter()
            .find(|metric| metric.name() == text)
            .ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_metric_is_its_own_index() {
        for (at, row) in TABLE.iter().enumerate() {
            assert_eq!(row.metric as usize, at, "{}", row.name);
            assert_eq!(row.name.parse(), Ok(row.metric));
        }
        let names: HashSet<_> = Metric::ALL.iter().map(|metric| metric.name()).collect();
        assert_eq!(names.len(), TABLE.len());
    }

    #[test]
    fn names_in_formulas_are_metrics() {
        let mut names = 0;
        for metric in Metric::ALL {
            let words = metric
                .doc()
                .split(|char: char| !char.is_ascii_alphabetic() && char != '_');
            for word in words.filter(|word| word.contains('_') && *word != "SIZE_T") {
                assert!(word.parse::<Metric>().is_ok(), "{metric}: {word}");
                names += 1;
            }
        }
        assert!(names > 1, "only {names} names were found");
    }

    #[test]
    fn other_names_are_refused() {
        for text in ["", "Free", "frees", "free "] {
            assert_eq!(text.parse::<Metric>(), Err(()), "{text}");
        }
    }
}
