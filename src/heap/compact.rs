//! HeapCompact's work, and the live switch for coalescing.

use super::access::Access;
use super::control::{Core, Settings, UNMERGED};
use super::event::Event;
use super::flags::Flags;
use super::header::Header;
use super::units::{Block, GRANULE, MAX_SEGMENT, MIN_GRANULES};

/// What compacting did.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Compacted {
    /// Bytes of the largest committed free block, header included (decision S4); 0 if there is none.
    pub largest: u64,
    /// Pairs of free neighbours that were joined.
    pub merged: u64,
}

impl<A: Access> Core<'_, A> {
    /// Joins free neighbours if coalescing is off (with coalescing on there are none), and finds the largest free
    /// block. Moves no busy block and gives nothing back (facts K2, K3, K10).
    pub fn compact(&self) -> Compacted {
        let merged = if self.settings().coalesce() {
            0
        } else {
            self.merge_all()
        };
        Compacted {
            largest: self.largest_free() * GRANULE,
            merged,
        }
    }

    /// Switches coalescing. Switching it on joins waiting neighbours at once and answers with the number of pairs
    /// (decision S6); off affects later frees.
    pub fn set_coalesce(&self, on: bool) -> u64 {
        let settings = self.settings();
        let merged = if on && !settings.coalesce() {
            self.merge_all()
        } else {
            0
        };
        let flags = settings.flags.with(Flags::DISABLE_COALESCE_ON_FREE, !on);
        self.set_settings(Settings { flags, ..settings });
        merged
    }

    /// Changes settings that take effect from the next call on. Coalescing is switched by [`Core::set_coalesce`].
    pub fn change_settings(&self, change: impl FnOnce(&mut Settings)) {
        let old = self.settings();
        let mut new = old;
        change(&mut new);
        let coalescing = old.flags & Flags::DISABLE_COALESCE_ON_FREE;
        new.flags = new.flags.with(Flags::DISABLE_COALESCE_ON_FREE, false) | coalescing;
        self.set_settings(new);
    }

    /// Joins every run of free neighbours into one block. Answers with the pairs joined.
    fn merge_all(&self) -> u64 {
        let settings = self.settings();
        let end = self.space_end();
        let mut merged = 0;
        let mut from = Block(1);
        while let Some(block) = self.next_marked(from, end, |starts, busy| starts & !busy) {
            let (size, pairs) = self.merge_from(block, settings);
            merged += pairs;
            from = block.forward(size.max(1));
        }
        self.set_slot(UNMERGED, 0);
        merged
    }

    /// Joins the free blocks behind `block` to it.
    fn merge_from(&self, block: Block, settings: Settings) -> (u64, u64) {
        let header = self.header(block);
        let (mut size, mut flags, mut pairs) = (header.size(), header.flags(), 0);
        while flags & Header::LAST == 0 {
            let behind = block.forward(size);
            let next = self.header(behind);
            // A free block without size, or too large to be one, is damage; it is left for validation to find.
            let sizes = MIN_GRANULES..=MAX_SEGMENT / GRANULE - size.min(MAX_SEGMENT / GRANULE);
            if !next.is_free() || !sizes.contains(&next.size()) {
                break;
            }
            if pairs == 0 {
                self.unlink_merging(block, size);
            }
            self.unlink_merging(behind, next.size());
            self.mem.event(Event::Merge {
                block,
                with: behind,
            });
            self.mark_none(behind);
            size += next.size();
            flags = next.flags();
            pairs += 1;
        }
        if pairs != 0 {
            self.set_header(block, Header::new(size, header.previous(), flags, 0));
            if flags & Header::LAST == 0 {
                self.set_previous(block.forward(size), size);
            }
            if settings.flags.has(Flags::FREE_CHECKING) {
                self.fill_freed(block, size);
            }
            self.link(block, size, settings);
        }
        (size, pairs)
    }
}
