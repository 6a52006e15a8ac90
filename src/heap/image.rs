//! Copies of a heap: its resident pages, packed, and shared between copies where they did not change.

mod copy;
mod groups;

use crate::os::PAGE;

use super::handle::Stats;
use super::packed::{Packed, Packer};
use groups::Grouper;
pub(super) use groups::Groups;

/// Words of a page.
pub const PAGE_WORDS: usize = (PAGE / 8) as usize;

/// A copy of a heap at one moment: every page that was resident, and the counts of its handle.
#[derive(Clone, Debug, Default)]
pub struct Image {
    groups: Groups,
    stats: Stats,
    /// What the heap had charged to the session.
    charged: u64,
    /// The byte behind the last of the space that was ever in use.
    reached: u64,
}

/// A page of an arena: its number, and its words.
pub type PageCopy<'a> = (u64, &'a Packed);

impl Image {
    /// A copy that was kept elsewhere. Of two pages with the same number the last counts.
    #[must_use]
    pub fn of_pages(
        pages: impl IntoIterator<Item = (u64, Box<[u64; PAGE_WORDS]>)>,
        stats: Stats,
        (charged, reached): (u64, u64),
    ) -> Image {
        let pages: std::collections::BTreeMap<u64, Box<[u64; PAGE_WORDS]>> =
            pages.into_iter().collect();
        let (mut grouper, mut packer) = (Grouper::default(), Packer::new());
        for (page, words) in pages {
            grouper.add(page, packer.copy(&words));
        }
        Image {
            groups: grouper.finish(),
            stats,
            charged,
            reached,
        }
    }

    /// The pages that hold anything, in order.
    pub fn pages(&self) -> impl Iterator<Item = PageCopy<'_>> {
        self.groups.pages().filter(|(_, copy)| !copy.is_zero())
    }

    /// How many pages were resident.
    #[must_use]
    pub fn resident_pages(&self) -> u64 {
        self.groups.pages().count() as u64
    }

    /// The same pages with other counts: of a heap that was only asked.
    #[must_use]
    pub fn with_stats(&self, stats: Stats) -> Image {
        Image {
            stats,
            ..self.clone()
        }
    }

    /// The counts of the heap's handle.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.stats
    }

    /// Bytes that the heap had charged to the session.
    #[must_use]
    pub fn charged(&self) -> u64 {
        self.charged
    }

    /// The byte behind the last of the space that was ever in use.
    #[must_use]
    pub fn reached(&self) -> u64 {
        self.reached
    }

    /// Bytes that `self` takes and does not share with `other`, which was taken before.
    #[must_use]
    pub fn bytes_beside(&self, other: &Image) -> u64 {
        self.groups.bytes_beside(&other.groups)
    }

    /// Bytes that it takes by itself.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.groups.bytes_beside(&Groups::default())
    }

    /// Whether two images hold the same arena, byte for byte.
    #[must_use]
    pub fn same_arena(&self, other: &Image) -> bool {
        // A resident page of zeroes and an untouched page hold the same bytes.
        self.groups.is_shared_with(&other.groups) || self.pages().eq(other.pages())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::Ordering::Relaxed;

    use super::super::{Access, Flags, Heap, Options};
    use super::*;
    use crate::os::CommitLimit;

    #[test]
    fn restoring_brings_back_bytes_counts_and_charge_and_gives_pages_back() {
        let limit = Arc::new(CommitLimit::new(1 << 30));
        let heap = Heap::new(&Options::default(), &limit).unwrap();
        let kept = heap.alloc(100, Flags::NONE).unwrap().payload;
        heap.alloc(50_000, Flags::NONE).unwrap();
        let before = heap.image(None);
        let charge = limit.used();
        for size in [5_000, 50_000, 2_000_000] {
            heap.alloc(size, Flags::NONE).unwrap();
        }
        heap.free(kept, Flags::NONE).unwrap();
        let after = heap.image(Some(&before));
        assert!(after.bytes_beside(&before) < after.bytes());
        assert!(!after.same_arena(&before));
        heap.restore(&before);
        assert!(heap.image(None).same_arena(&before));
        assert_eq!(heap.image(None).resident_pages(), before.resident_pages());
        assert_eq!((limit.used(), heap.stats().allocs), (charge, 2));
        assert_eq!(heap.size(kept, Flags::NONE), Ok(100));
        heap.restore(&after);
        assert!(heap.image(None).same_arena(&after));
        assert_eq!(heap.validate(Flags::NONE, 1).1, 0);
    }

    #[test]
    fn copies_and_restores_by_notes_are_those_of_everything() {
        let limit = Arc::new(CommitLimit::new(1 << 30));
        let heap = Heap::new(&Options::default(), &limit).unwrap();
        heap.note_writes().unwrap();
        let mut copies = vec![heap.image(Some(&Image::default()))];
        let mut live = Vec::new();
        for round in 0..60_u64 {
            for nth in 0..30 {
                let size = 16 + (round * 31 + nth * 97) % 3_000;
                live.push(heap.alloc(size, Flags::NONE).unwrap().payload);
                if nth % 3 == 0 {
                    let at = (round * 7 + nth) as usize % live.len();
                    heap.free(live.swap_remove(at), Flags::NONE).unwrap();
                }
            }
            if round % 10 == 9 {
                for payload in live.drain(..).skip(20) {
                    heap.free(payload, Flags::NONE).unwrap();
                }
                live.clear();
                heap.minimize(Flags::NONE).unwrap();
            }
            copies.push(heap.image(copies.last()));
        }
        let resident = |heap: &Heap| {
            let mut pages = Vec::new();
            heap.each_resident(|page| pages.push(page));
            pages
        };
        for from in 0..copies.len() {
            let to = from * 37 % copies.len();
            // What a person writes in between is undone as well.
            heap.direct().store(40_000 + from, 7);
            heap.restore(&copies[to]);
            assert!(heap.image(None).same_arena(&copies[to]), "{from} to {to}");
            let kept: Vec<u64> = copies[to].groups.pages().map(|(page, _)| page).collect();
            assert_eq!(resident(&heap), kept, "{from} to {to}");
            // So is what is counted by notes.
            let wide = heap.alloc(40_000, Flags::NONE).unwrap().payload;
            heap.free(wide, Flags::NONE).unwrap();
            let pages = resident(&heap);
            for first in [0, 1, 40, 1_000] {
                let before = pages.iter().filter(|&&page| page < first).count() as u64;
                assert_eq!(heap.resident_pages(first), Some(before), "{from} to {to}");
            }
        }
        // A change of one page costs one page.
        let before = heap.image(copies.first());
        heap.direct().store(600, 7);
        let after = heap.image(Some(&before));
        assert!(!after.same_arena(&before));
        assert!(after.bytes_beside(&before) < 8_000);
    }

    #[test]
    fn a_damaged_control_block_misleads_neither_a_copy_nor_the_charge() {
        let limit = Arc::new(CommitLimit::new(1 << 30));
        let heap = Heap::new(&Options::default(), &limit).unwrap();
        heap.alloc(300_000, Flags::NONE).unwrap();
        let sound = heap.image(None);
        let charge = limit.used();
        for word in 0..66 {
            for value in [0, u64::MAX, 1 << 51, u64::MAX << 32] {
                heap.alloc(500_000, Flags::NONE).unwrap();
                heap.memory().words()[word].store(value, Relaxed);
                let damaged = heap.image(None);
                let charged = limit.used();
                heap.restore(&sound);
                assert!(heap.image(None).same_arena(&sound), "word {word}");
                assert_eq!(
                    heap.image(None).resident_pages(),
                    sound.resident_pages(),
                    "word {word}"
                );
                assert_eq!(limit.used(), charge, "word {word}");
                heap.restore(&damaged);
                assert!(heap.image(None).same_arena(&damaged), "word {word}");
                assert_eq!(limit.used(), charged, "word {word}");
                heap.restore(&sound);
            }
        }
    }
}
