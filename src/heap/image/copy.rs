//! Copying a heap, and making it again what it was.
//!
//! Where the heap's memory keeps notes of what is written, the handle remembers the copy that they are about: the one
//! that was taken or entered last. Copying and restoring then look at what was written since, and at nothing else.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, PoisonError};

use crate::os::{CommitLimit, CommitRefused, Memory, PAGE, ReserveFailed, Written};

use super::super::finding::AllocError;
use super::super::handle::{CreateError, Heap, Source};
use super::super::packed::{Packed, Packer};
use super::super::units::{Layout, UNIT, UNIT_PAGES};
use super::groups::{Grouper, Groups, Pair, group_of, pages_of};
use super::{Image, PAGE_WORDS};

impl Heap {
    /// Keeps notes from here on of what is written, so that copies cost what changed and not what there is.
    ///
    /// # Errors
    /// When the system grants no addresses for them: copies look at everything then.
    pub fn note_writes(&self) -> Result<(), ReserveFailed> {
        // A buffer's pages are all there from the start, written or not.
        if self.memory().can_return() {
            self.memory().note_writes()?;
        }
        Ok(())
    }

    /// The copy that the notes are about.
    fn base_now(&self) -> Option<Groups> {
        let base = self.base().lock().unwrap_or_else(PoisonError::into_inner);
        base.clone()
    }

    /// The notes, if they are about what changed since this copy.
    fn notes_since(&self, groups: &Groups) -> Option<&Written> {
        let is_base = self
            .base_now()
            .is_some_and(|base| base.is_shared_with(groups));
        self.memory().written().filter(|_| is_base)
    }

    /// From here on the notes are about what changes since this copy.
    fn note_from(&self, groups: &Groups) {
        let Some(written) = self.memory().written() else {
            return;
        };
        self.used_pages()
            .into_iter()
            .for_each(|pages| written.forget(pages));
        let mut base = self.base().lock().unwrap_or_else(PoisonError::into_inner);
        *base = Some(groups.clone());
    }

    /// The pages that a heap can have written, were its control block damaged or not: of its space, of the unit map, of
    /// the bitmaps.
    fn used_pages(&self) -> [Range<u64>; 3] {
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
    pub(in super::super) fn find_reached(&self) {
        let layout = self.layout();
        let first = layout.unit_map as u64 * 8 / PAGE;
        let end = layout.bits as u64 * 8 / PAGE;
        let mut reached = 0;
        let mut look = |page: u64| {
            let units = (page - first) * PAGE_WORDS as u64;
            let used = |word: &AtomicU64| word.load(Relaxed) != 0;
            if let Some(last) = self.page(page).iter().rposition(used) {
                reached = units + last as u64 + 1;
            }
        };
        self.each_resident_of(first..end, &mut look);
        self.memory().reach(reached * UNIT);
    }

    /// Calls `each` for those of some pages that are resident. Where the kernel does not tell (a buffer), all count.
    fn each_resident_of(&self, pages: Range<u64>, each: &mut impl FnMut(u64)) {
        let told = self.memory().resident(pages.clone(), |page, resident| {
            if resident {
                each(page);
            }
        });
        if told.is_none() {
            pages.for_each(each);
        }
    }

    /// Calls `each` for the used pages that are resident.
    pub(super) fn each_resident(&self, mut each: impl FnMut(u64)) {
        for pages in self.used_pages() {
            self.each_resident_of(pages, &mut each);
        }
    }

    /// How many of the first so many pages the kernel holds in memory. `None` where it does not tell.
    ///
    /// Only what is written becomes resident, and only what is given back (which is noted as well) or swapped out (which
    /// counts) ceases to be: with notes the kernel is asked about what was written since the last copy, which knows the
    /// rest.
    #[must_use]
    pub fn resident_pages(&self, first: u64) -> Option<u64> {
        let asked = |pages: Range<u64>| {
            let mut count = 0;
            let each = |_, resident| count += u64::from(resident);
            self.memory().resident(pages, each).map(|()| count)
        };
        let Some((base, written)) = self.base_now().zip(self.memory().written()) else {
            return asked(0..first);
        };
        let changed = self.changed_groups(written);
        let is_changed = |number: &u64| changed.binary_search(number).is_ok();
        let known = base.count_before(first, |number| !is_changed(&number));
        let ask =
            |&number: &u64| asked(self.within(number).start..self.within(number).end.min(first));
        let fresh = changed
            .iter()
            .filter(|&&number| self.within(number).start < first);
        fresh
            .map(ask)
            .try_fold(known, |sum, count| Some(sum + count?))
    }

    /// The words of a page.
    fn page(&self, page: u64) -> &[AtomicU64] {
        &self.memory().words()[page as usize * PAGE_WORDS..][..PAGE_WORDS]
    }

    /// Copies the heap. Pages equal to those of `previous` are shared with it. Touches no page that is not resident.
    ///
    /// A copy taken beside another becomes the one that notes are about: nobody may write meanwhile.
    #[must_use]
    pub fn image(&self, previous: Option<&Image>) -> Image {
        let previous = previous.map(|image| &image.groups);
        let notes = previous.and_then(|groups| self.notes_since(groups));
        let groups = match previous.zip(notes) {
            Some((previous, written)) => self.copy_written(previous, written),
            None => self.copy_all(previous),
        };
        if previous.is_some() {
            self.note_from(&groups);
        }
        Image {
            groups,
            stats: self.stats(),
            charged: self.memory().charged(),
            reached: self.memory().reached(),
        }
    }

    /// Copies all resident pages.
    fn copy_all(&self, previous: Option<&Groups>) -> Groups {
        let mut packer = Packer::new();
        let mut grouper = Grouper::beside(previous);
        self.each_resident(|page| {
            let old = grouper.old(page);
            let copy = packer.pack(self.page(page), old);
            grouper.add(page, copy);
        });
        grouper.finish()
    }

    /// Copies what was written since `previous` was taken.
    fn copy_written(&self, previous: &Groups, written: &Written) -> Groups {
        let changed = self.changed_groups(written);
        let copied = in_parts(&changed, |numbers| {
            let mut packer = Packer::new();
            let mut grouper = Grouper::beside(Some(previous));
            for &number in numbers {
                self.copy_group(number, written, &mut packer, &mut grouper);
            }
            grouper.finish()
        });
        let groups = previous.with(&changed, &copied);
        debug_assert!(
            groups.pages().eq(self.copy_all(None).pages()),
            "what was written is noted"
        );
        groups
    }

    /// Copies the pages of a group: those that were not written are as they were.
    fn copy_group(
        &self,
        number: u64,
        written: &Written,
        packer: &mut Packer,
        grouper: &mut Grouper<'_>,
    ) {
        self.each_resident_of(self.within(number), &mut |page| {
            let old = grouper.old(page);
            let copy = match (old, written.of(page)) {
                (Some(old), lines) => packer.pack_lines(self.page(page), old, lines),
                (None, 0) => return,
                (None, _) => packer.pack(self.page(page), None),
            };
            grouper.add(page, copy);
        });
    }

    /// The pages of a group, as far as the arena goes.
    fn within(&self, number: u64) -> Range<u64> {
        let pages = pages_of(number);
        pages.start..pages.end.min(self.memory().bytes() / PAGE)
    }

    /// The groups with pages that were written, in order.
    fn changed_groups(&self, written: &Written) -> Vec<u64> {
        let mut groups = Vec::new();
        for pages in self.used_pages() {
            groups.extend(pages.filter(|&page| written.of(page) != 0).map(group_of));
        }
        groups.dedup();
        groups
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
        let base = self.base_now();
        match base.zip(self.memory().written()) {
            Some((base, written)) => self.restore_from(&base, written, &image.groups),
            None => self.restore_all(&image.groups),
        }
        self.note_from(&image.groups);
        self.memory().recharge(image.charged);
        self.set_stats(image.stats);
    }

    /// Looks at all that there is.
    fn restore_all(&self, groups: &Groups) {
        let mut copies = groups.pages().peekable();
        let mut extra = Extra::default();
        self.each_resident(|page| {
            // A page that the kernel does not hold is to be written, be it with zeroes: it was resident.
            while let Some((fresh, copy)) = copies.next_if(|(copied, _)| *copied < page) {
                copy.unpack(self.page(fresh), true);
            }
            match copies.next_if(|(copied, _)| *copied == page) {
                Some((_, copy)) => copy.unpack(self.page(page), false),
                None => extra.add(page),
            }
        });
        for (fresh, copy) in copies {
            copy.unpack(self.page(fresh), true);
        }
        self.give_back(extra);
    }

    /// Looks at what was written since the heap was `base`, and at what differs between that and `groups`.
    fn restore_from(&self, base: &Groups, written: &Written, groups: &Groups) {
        let changed = self.changed_groups(written);
        let mut changed = changed.into_iter().peekable();
        let mut pairs = Vec::new();
        for pair in base.beside(groups) {
            while let Some(fresh) = changed.next_if(|&fresh| fresh < pair.number) {
                pairs.push(Pair::of_neither(fresh));
            }
            let is_written = changed.next_if_eq(&pair.number).is_some();
            if is_written || !pair.is_shared() {
                pairs.push(pair);
            }
        }
        pairs.extend(changed.map(Pair::of_neither));
        for extra in in_parts(&pairs, |pairs| self.restore_groups(pairs, written)) {
            self.give_back(extra);
        }
    }

    /// Makes groups what the second of each pair is. Answers with the pages that it does not have.
    fn restore_groups(&self, pairs: &[Pair<'_>], written: &Written) -> Extra {
        let mut extra = Extra::default();
        for pair in pairs {
            for page in self.within(pair.number) {
                let (was, copy) = pair.page(page);
                match copy {
                    Some(copy) => self.restore_page(page, was, written.of(page), copy),
                    None if was.is_some() || written.of(page) != 0 => extra.add(page),
                    None => (),
                }
            }
        }
        extra
    }

    /// Makes a page what it was, from another copy of it and the lines that were written since.
    fn restore_page(&self, page: u64, was: Option<&Packed>, lines: u64, copy: &Packed) {
        match was {
            Some(was) if lines == 0 && was.is_shared_with(copy) => (),
            // Such a page may have been given back: it is to be resident again, be it with zeroes.
            _ => copy.unpack(self.page(page), was.is_none() || lines == u64::MAX),
        }
    }

    /// Gives pages back to the system, or empties them.
    fn give_back(&self, extra: Extra) {
        for pages in extra.0 {
            if self.memory().discard(pages.clone()).is_err() {
                for page in pages {
                    self.page(page)
                        .iter()
                        .for_each(|word| word.store(0, Relaxed));
                }
            }
        }
    }
}

/// So few groups are done by one thread.
const FEW: usize = 64;
/// No more threads are faster than memory is.
const THREADS: usize = 4;

/// Does work on parts of what there is to do, side by side where it is much. Answers in order.
fn in_parts<T: Sync, R: Send>(all: &[T], work: impl Fn(&[T]) -> R + Sync) -> Vec<R> {
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get().min(THREADS));
    let part = all.len().div_ceil(cores).max(FEW);
    let (first, rest) = all.split_at(part.min(all.len()));
    let work = &work;
    std::thread::scope(|scope| {
        let others: Vec<_> = rest
            .chunks(part)
            .map(|part| scope.spawn(move || work(part)))
            .collect();
        let mut done = vec![work(first)];
        done.extend(others.into_iter().map(|other| match other.join() {
            Ok(done) => done,
            Err(panic) => std::panic::resume_unwind(panic),
        }));
        done
    })
}

/// Pages in order, those side by side as one.
#[derive(Default)]
struct Extra(Vec<Range<u64>>);

impl Extra {
    fn add(&mut self, page: u64) {
        match self.0.last_mut() {
            Some(last) if last.end == page => last.end += 1,
            _ => self.0.push(page..page + 1),
        }
    }
}
