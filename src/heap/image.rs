//! Copies of a heap: its resident pages, shared between copies where they did not change.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::os::{CommitLimit, CommitRefused, Memory, PAGE};

use super::finding::AllocError;
use super::handle::{CreateError, Heap, Source, Stats};
use super::units::{Layout, UNIT, UNIT_PAGES};

/// Words of a page.
pub const PAGE_WORDS: usize = (PAGE / 8) as usize;

type Page = [u64; PAGE_WORDS];

/// A copy of a heap at one moment: every page that was resident, and the counts of its handle.
#[derive(Clone, Debug, Default)]
pub struct Image {
    pages: BTreeMap<u64, Arc<Page>>,
    stats: Stats,
    /// What the heap had charged to the session.
    charged: u64,
    /// The byte behind the last of the space that was ever in use.
    reached: u64,
}

/// A page of an arena: its number, and its words.
pub type PageCopy<'a> = (u64, &'a [u64; PAGE_WORDS]);

impl Image {
    /// A copy that was kept elsewhere. Of two pages with the same number the last counts.
    #[must_use]
    pub fn of_pages(
        pages: impl IntoIterator<Item = (u64, Box<[u64; PAGE_WORDS]>)>,
        stats: Stats,
        (charged, reached): (u64, u64),
    ) -> Image {
        Image {
            pages: pages
                .into_iter()
                .map(|(page, words)| (page, Arc::from(words)))
                .collect(),
            stats,
            charged,
            reached,
        }
    }

    /// The pages that hold anything, in order.
    pub fn pages(&self) -> impl Iterator<Item = PageCopy<'_>> {
        self.pages
            .iter()
            .map(|(&page, words)| (page, &**words))
            .filter(|(_, words)| words.iter().any(|&word| word != 0))
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

    /// Bytes of pages that `self` does not share with `other`.
    #[must_use]
    pub fn bytes_beside(&self, other: &Image) -> u64 {
        let own = |(page, words): (&u64, &Arc<Page>)| {
            !other
                .pages
                .get(page)
                .is_some_and(|same| Arc::ptr_eq(same, words))
        };
        self.pages.iter().filter(|&entry| own(entry)).count() as u64 * PAGE
    }

    /// Bytes of all pages.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.pages.len() as u64 * PAGE
    }

    /// Whether two images hold the same arena, byte for byte.
    #[must_use]
    pub fn same_arena(&self, other: &Image) -> bool {
        // A resident page of zeroes and an untouched page hold the same bytes.
        self.pages().eq(other.pages())
    }
}

impl Heap {
    /// The pages that a heap can have written, were its control block damaged or not: of its space, of the unit map, of
    /// the bitmaps.
    fn used_pages(&self) -> [std::ops::Range<u64>; 3] {
        let layout = self.layout();
        let units = self.memory().reached().div_ceil(UNIT).min(layout.units());
        let map = layout.unit_map as u64 * 8 / PAGE;
        let bits = layout.bits as u64 * 8 / PAGE;
        [
            0..units * UNIT_PAGES,
            map..map + (units * 8).div_ceil(PAGE).max(1),
            bits..bits + (units * UNIT_PAGES).div_ceil(64).max(1),
        ]
    }

    /// Notes how far the units go that the unit map tells of, where the bytes came from elsewhere. Reads no page of the
    /// map that is not resident.
    pub(super) fn find_reached(&self) {
        let layout = self.layout();
        let first = layout.unit_map as u64 * 8 / PAGE;
        let end = layout.bits as u64 * 8 / PAGE;
        let mut reached = 0;
        let mut look = |page: u64| {
            let units = (page - first) * PAGE_WORDS as u64;
            let from = page as usize * PAGE_WORDS;
            let used = |word: &AtomicU64| word.load(Relaxed) != 0;
            let words = &self.memory().words()[from..from + PAGE_WORDS];
            if let Some(last) = words.iter().rposition(used) {
                reached = units + last as u64 + 1;
            }
        };
        let told = self.memory().resident(first..end, |page, resident| {
            if resident {
                look(page);
            }
        });
        if told.is_none() {
            (first..end).for_each(look);
        }
        self.memory().reach(reached * UNIT);
    }

    /// Calls `each` for the used pages that are resident. Where the kernel does not tell (a buffer), all count.
    fn each_resident(&self, mut each: impl FnMut(u64)) {
        for pages in self.used_pages() {
            let told = self.memory().resident(pages.clone(), |page, resident| {
                if resident {
                    each(page);
                }
            });
            if told.is_none() {
                pages.for_each(&mut each);
            }
        }
    }

    /// Copies the heap. Pages equal to those of `previous` are shared with it. Touches no page that is not resident.
    #[must_use]
    pub fn image(&self, previous: Option<&Image>) -> Image {
        let words = self.memory().words();
        let mut pages = BTreeMap::new();
        self.each_resident(|page| {
            let from = page as usize * PAGE_WORDS;
            let now = &words[from..from + PAGE_WORDS];
            let old = previous.and_then(|image| image.pages.get(&page));
            let same = |old: &&Arc<Page>| {
                old.iter()
                    .zip(now)
                    .all(|(&old, now)| old == now.load(Relaxed))
            };
            let copy = old.filter(same).map_or_else(
                || Arc::new(std::array::from_fn(|word| now[word].load(Relaxed))),
                Arc::clone,
            );
            pages.insert(page, copy);
        });
        Image {
            pages,
            stats: self.stats(),
            charged: self.memory().charged(),
            reached: self.memory().reached(),
        }
    }

    /// A heap with the bytes of `image` in an arena of this layout: all of them, also where they are those of no heap.
    ///
    /// # Errors
    /// When the system does not grant the addresses, or the commit limit not what the heap had committed. Nothing is
    /// left behind.
    pub fn from_image(
        image: &Image,
        layout: Layout,
        source: Source,
        limit: &Arc<CommitLimit>,
    ) -> Result<Heap, CreateError> {
        let is_buffer = source == Source::Buffer;
        let refused = || CommitRefused {
            wanted: layout.total,
            limit: limit.limit(),
            used: limit.used(),
        };
        // A buffer is there as a whole, whatever of it is committed.
        if is_buffer && layout.total > limit.limit() {
            return Err(AllocError::from(refused()).into());
        }
        let memory = if is_buffer {
            Memory::buffer(layout.total, Arc::clone(limit))
        } else {
            Memory::reserve(layout.total, Arc::clone(limit))?
        };
        memory.commit(image.charged).map_err(AllocError::from)?;
        let heap = Heap::over(memory, layout);
        heap.restore(image);
        Ok(heap)
    }

    /// Gives every page back and ends the charge: a destroyed heap that only an undo may bring back.
    pub fn give_everything_back(&self) {
        let nothing = Image {
            stats: self.stats(),
            ..Image::default()
        };
        self.restore(&nothing);
    }

    /// Makes the heap what it was when `image` was taken. Pages that the image does not have go back to the system.
    pub fn restore(&self, image: &Image) {
        self.memory().reach(image.reached);
        let words = self.memory().words();
        let mut extra = Vec::new();
        self.each_resident(|page| {
            if !image.pages.contains_key(&page) {
                extra.push(page);
            }
        });
        for page in extra {
            if self.memory().discard(page..page + 1).is_err() {
                words[page as usize * PAGE_WORDS..][..PAGE_WORDS]
                    .iter()
                    .for_each(|word| word.store(0, Relaxed));
            }
        }
        for (&page, copy) in &image.pages {
            for (word, &value) in words[page as usize * PAGE_WORDS..].iter().zip(copy.iter()) {
                word.store(value, Relaxed);
            }
        }
        self.memory().recharge(image.charged);
        self.set_stats(image.stats);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Flags, Options};
    use super::*;

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
        assert_eq!(heap.image(None).bytes(), before.bytes());
        assert_eq!((limit.used(), heap.stats().allocs), (charge, 2));
        assert_eq!(heap.size(kept, Flags::NONE), Ok(100));
        heap.restore(&after);
        assert!(heap.image(None).same_arena(&after));
        assert_eq!(heap.validate(Flags::NONE, 1).1, 0);
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
                assert_eq!(heap.image(None).bytes(), sound.bytes(), "word {word}");
                assert_eq!(limit.used(), charge, "word {word}");
                heap.restore(&damaged);
                assert!(heap.image(None).same_arena(&damaged), "word {word}");
                assert_eq!(limit.used(), charged, "word {word}");
                heap.restore(&sound);
            }
        }
    }
}
