//! Copies of a heap: its resident pages, packed, and shared between copies where they did not change.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::os::{CommitLimit, CommitRefused, Memory, PAGE};

use super::finding::AllocError;
use super::handle::{CreateError, Heap, Source, Stats};
use super::packed::{Packed, Packer};
use super::units::{Layout, UNIT, UNIT_PAGES};

/// Words of a page.
pub const PAGE_WORDS: usize = (PAGE / 8) as usize;

/// Pages that lie together are shared between copies as one where none of them changed: so many numbers to a group.
const GROUP: u64 = 64;

/// Resident pages with numbers of one group, in order.
type Group = Vec<(u64, Packed)>;

/// A copy of a heap at one moment: every page that was resident, and the counts of its handle.
#[derive(Clone, Debug, Default)]
pub struct Image {
    /// In order; none is empty.
    groups: Arc<Vec<Arc<Group>>>,
    stats: Stats,
    /// What the heap had charged to the session.
    charged: u64,
    /// The byte behind the last of the space that was ever in use.
    reached: u64,
}

/// A page of an arena: its number, and its words.
pub type PageCopy<'a> = (u64, &'a Packed);

/// The number of a group.
fn number_of(group: &Group) -> u64 {
    group.first().map_or(u64::MAX, |(page, _)| page / GROUP)
}

/// Puts pages that come in order into groups.
#[derive(Default)]
struct Grouper<'a> {
    previous: &'a [Arc<Group>],
    groups: Vec<Arc<Group>>,
    group: Group,
}

impl Grouper<'_> {
    /// The group that the copy before had of a page.
    fn old_group(&mut self, page: u64) -> Option<&Arc<Group>> {
        let behind = self
            .previous
            .iter()
            .position(|group| number_of(group) >= page / GROUP)
            .unwrap_or(self.previous.len());
        self.previous = &self.previous[behind..];
        let first = self.previous.first();
        first.filter(|group| number_of(group) == page / GROUP)
    }

    /// What the copy before had of a page.
    fn old(&mut self, page: u64) -> Option<&Packed> {
        let group = self.old_group(page)?;
        let at = group.binary_search_by_key(&page, |(page, _)| *page).ok()?;
        Some(&group[at].1)
    }

    fn add(&mut self, page: u64, copy: Packed) {
        let is_next = self
            .group
            .first()
            .is_some_and(|(first, _)| first / GROUP != page / GROUP);
        if is_next {
            self.close();
        }
        self.group.push((page, copy));
    }

    /// Ends a group: the one before is taken where nothing in it changed.
    fn close(&mut self) {
        let Some(&(page, _)) = self.group.first() else {
            return;
        };
        let group = std::mem::take(&mut self.group);
        let number = page / GROUP;
        let at = self
            .previous
            .iter()
            .take(2)
            .find(|old| number_of(old) == number);
        let same = at.filter(|old| {
            let pairs = || old.iter().zip(&group);
            old.len() == group.len()
                && pairs().all(|(one, two)| one.0 == two.0 && one.1.is_shared_with(&two.1))
        });
        let group = same.map_or_else(|| Arc::new(group), Arc::clone);
        self.groups.push(group);
    }
}

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
        grouper.close();
        Image {
            groups: Arc::new(grouper.groups),
            stats,
            charged,
            reached,
        }
    }

    /// All pages that were resident, in order.
    fn all(&self) -> impl Iterator<Item = PageCopy<'_>> {
        let pages = self.groups.iter().flat_map(|group| group.iter());
        pages.map(|(page, copy)| (*page, copy))
    }

    /// The pages that hold anything, in order.
    pub fn pages(&self) -> impl Iterator<Item = PageCopy<'_>> {
        self.all().filter(|(_, copy)| !copy.is_zero())
    }

    /// How many pages were resident.
    #[must_use]
    pub fn resident_pages(&self) -> u64 {
        self.groups.iter().map(|group| group.len() as u64).sum()
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
        let mut before = other.groups.iter().peekable();
        let mut bytes = 0;
        for group in self.groups.iter() {
            while before
                .next_if(|old| number_of(old) < number_of(group))
                .is_some()
            {}
            let old = before
                .peek()
                .filter(|old| number_of(old) == number_of(group));
            bytes += match old {
                Some(old) if Arc::ptr_eq(old, group) => 0,
                old => group_bytes(group, old.map(|old| &***old)),
            };
        }
        bytes
    }

    /// Bytes that it takes by itself.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.groups
            .iter()
            .map(|group| group_bytes(group, None))
            .sum()
    }

    /// Whether two images hold the same arena, byte for byte.
    #[must_use]
    pub fn same_arena(&self, other: &Image) -> bool {
        // A resident page of zeroes and an untouched page hold the same bytes.
        Arc::ptr_eq(&self.groups, &other.groups) || self.pages().eq(other.pages())
    }
}

/// Bytes that a group takes beside what it shares with another.
fn group_bytes(group: &Group, other: Option<&Group>) -> u64 {
    let mut old = other.into_iter().flatten().peekable();
    let own = |(page, copy): &&(u64, Packed)| {
        while old.next_if(|(before, _)| before < page).is_some() {}
        !old.peek()
            .is_some_and(|(same, before)| same == page && before.is_shared_with(copy))
    };
    let pages: u64 = group.iter().filter(own).map(|(_, copy)| copy.bytes()).sum();
    pages + size_of_val(&**group) as u64
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
        let mut packer = Packer::new();
        let mut grouper = Grouper {
            previous: previous.map_or(&[], |image| &image.groups),
            ..Grouper::default()
        };
        self.each_resident(|page| {
            let from = page as usize * PAGE_WORDS;
            let now = &words[from..from + PAGE_WORDS];
            let old = grouper.old(page);
            let copy = packer.pack(now, old);
            grouper.add(page, copy);
        });
        grouper.close();
        Image {
            groups: Arc::new(grouper.groups),
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

    /// Makes the heap what it was when `image` was taken. Only what differs is written; pages that the image does not
    /// have go back to the system.
    pub fn restore(&self, image: &Image) {
        self.memory().reach(image.reached);
        let mut copies = image.all().peekable();
        let mut extra: Vec<std::ops::Range<u64>> = Vec::new();
        self.each_resident(|page| {
            // A page that the kernel does not hold is to be written, be it with zeroes: it was resident.
            while let Some((fresh, copy)) = copies.next_if(|(copied, _)| *copied < page) {
                copy.unpack(self.page(fresh), true);
            }
            match copies.next_if(|(copied, _)| *copied == page) {
                Some((_, copy)) => copy.unpack(self.page(page), false),
                None => match extra.last_mut() {
                    Some(last) if last.end == page => last.end += 1,
                    _ => extra.push(page..page + 1),
                },
            }
        });
        for (fresh, copy) in copies {
            copy.unpack(self.page(fresh), true);
        }
        for pages in extra {
            if self.memory().discard(pages.clone()).is_err() {
                for page in pages {
                    self.page(page)
                        .iter()
                        .for_each(|word| word.store(0, Relaxed));
                }
            }
        }
        self.memory().recharge(image.charged);
        self.set_stats(image.stats);
    }

    /// The words of a page.
    fn page(&self, page: u64) -> &[AtomicU64] {
        &self.memory().words()[page as usize * PAGE_WORDS..][..PAGE_WORDS]
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
        assert_eq!(heap.image(None).resident_pages(), before.resident_pages());
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
