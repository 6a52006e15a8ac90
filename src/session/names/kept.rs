//! Names at one moment inside a workload, to keep.

use super::super::radix::{KeptRadix, Radix};
use super::{Label, NameTable};

/// The names of a heap's blocks. What a workload gives and takes is shared with the copy before but for what changed.
#[derive(Clone, Debug)]
pub(in crate::session) struct KeptNames {
    /// All but these two.
    rest: NameTable,
    by_payload: KeptRadix<Label>,
    /// The number of the workload's letters, and its blocks by index.
    indexed: Option<(u32, KeptRadix<u64>)>,
}

impl NameTable {
    /// A copy to keep, while names with these letters come and go.
    pub(in crate::session) fn keep(&mut self, letters: &str) -> KeptNames {
        let letters = self.number_of(letters);
        let by_payload = self.by_payload.keep();
        let indexed = self.base_mut(letters).map(|base| base.indexed.keep());
        let mut rest = self.clone();
        rest.by_payload = Radix::default();
        if let Some(base) = rest.base_mut(letters) {
            base.indexed = Radix::default();
        }
        KeptNames {
            rest,
            by_payload,
            indexed: indexed.map(|indexed| (letters, indexed)),
        }
    }

    /// Copies are kept no more while names with these letters come and go.
    pub(in crate::session) fn end_keeping(&mut self, letters: &str) {
        let letters = self.number_of(letters);
        self.by_payload.end_keeping();
        if let Some(base) = self.base_mut(letters) {
            base.indexed.end_keeping();
        }
    }
}

impl KeptNames {
    /// The names as they were.
    pub(in crate::session) fn table(&self) -> NameTable {
        let mut table = self.rest.clone();
        table.by_payload = self.by_payload.map();
        if let Some((letters, indexed)) = &self.indexed
            && let Some(base) = table.base_mut(*letters)
        {
            base.indexed = indexed.map();
        }
        table
    }

    /// Bytes that it takes beside what it shares with another.
    pub(in crate::session) fn bytes_beside(&self, other: Option<&KeptNames>) -> u64 {
        let payloads = self
            .by_payload
            .bytes_beside(other.map(|other| &other.by_payload));
        let indexed = self.indexed.as_ref().map_or(0, |(_, mine)| {
            let theirs = other.and_then(|other| other.indexed.as_ref());
            mine.bytes_beside(theirs.map(|(_, theirs)| theirs))
        });
        let rest = match other {
            Some(other) => self.rest.bytes_beside(&other.rest),
            None => self.rest.bytes_beside(&NameTable::default()),
        };
        payloads + indexed + rest
    }
}
