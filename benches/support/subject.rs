//! The allocators under test, and how one replays a script.
#![expect(
    unsafe_code,
    reason = "the peers are allocators for raw pointers; every call here keeps to what they ask for"
)]

use std::alloc::{GlobalAlloc, Layout};
use std::ptr::NonNull;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dlmalloc::Dlmalloc;
use heapwalk::heap::{Flags, Heap, Options};
use heapwalk::os::{CommitLimit, PAGE};
use rlsf::{FlexSource, FlexTlsf};
use talc::base::CHUNK_UNIT;
use talc::base::Talc;
use talc::base::binning::Binning;
use talc::{TalcCell, source::Source};

use super::region::Region;
use super::script::{Call, Script};

/// The alignment asked of all subjects: that of malloc, and of HeapAlloc.
const ALIGN: usize = 16;

/// A measurement repeats a script until it has made so many calls or taken so long.
const ENOUGH_CALLS: usize = 100_000;
const ENOUGH_TIME: Duration = Duration::from_millis(20);

/// An allocator under test. It never fails: running out of memory is a panic.
///
/// # Safety
/// `alloc` and `realloc` answer with `size` bytes that nobody else has, until they are freed.
unsafe trait Subject {
    fn new() -> Self;
    fn alloc(&mut self, size: usize) -> *mut u8;
    /// # Safety
    /// `at` is a block of this subject with `old` bytes; it is gone afterwards.
    unsafe fn realloc(&mut self, at: *mut u8, old: usize, size: usize) -> *mut u8;
    /// # Safety
    /// `at` is a block of this subject with `size` bytes; it is gone afterwards.
    unsafe fn free(&mut self, at: *mut u8, size: usize);
    /// Bytes taken from the system now, tables included.
    fn footprint(&self) -> u64;
}

fn layout(size: usize) -> Layout {
    Layout::from_size_align(size, ALIGN).expect("a size far below the limit")
}

/// heapwalk. Its peers do not serialise, stamp or look for damage; unless `DEFAULTS`, neither does it.
struct Heapwalk<const DEFAULTS: bool> {
    heap: Heap,
    base: *mut u8,
}

// SAFETY: the model tests hold the heap to handing out blocks that do not overlap.
unsafe impl<const DEFAULTS: bool> Subject for Heapwalk<DEFAULTS> {
    fn new() -> Self {
        let plain = Options {
            flags: Flags::NO_SERIALIZE,
            stamp: false,
            checks: false,
            decommit: false,
            ..Options::default()
        };
        let options = if DEFAULTS { Options::default() } else { plain };
        let limit = Arc::new(CommitLimit::new(u64::MAX));
        let heap = Heap::new(&options, &limit).expect("a growable heap");
        // Words behind atomics may be written through a shared pointer.
        let base = heap.memory().words().as_ptr().cast_mut().cast();
        Heapwalk { heap, base }
    }

    #[inline]
    fn alloc(&mut self, size: usize) -> *mut u8 {
        let placed = self.heap.alloc(size as u64, Flags::NONE);
        self.base
            .wrapping_add(placed.expect("room in 64 GiB").payload as usize)
    }

    #[inline]
    unsafe fn realloc(&mut self, at: *mut u8, _old: usize, size: usize) -> *mut u8 {
        let payload = (at.addr() - self.base.addr()) as u64;
        let resized = self.heap.realloc(payload, size as u64, Flags::NONE);
        self.base
            .wrapping_add(resized.expect("room in 64 GiB").payload as usize)
    }

    #[inline]
    unsafe fn free(&mut self, at: *mut u8, _size: usize) {
        let payload = (at.addr() - self.base.addr()) as u64;
        self.heap
            .free(payload, Flags::NONE)
            .expect("a block of this heap");
    }

    fn footprint(&self) -> u64 {
        let (committed, _, side) = self.heap.look(|core| core.page_counts());
        (committed + side) * PAGE
    }
}

/// Hands the pages of a region to dlmalloc, as a system with `sbrk` does.
struct DlSource(Region);

// SAFETY: the region hands out each page once.
unsafe impl dlmalloc::Allocator for DlSource {
    fn alloc(&self, size: usize) -> (*mut u8, usize, u32) {
        match self.0.grow(size as u64) {
            Some((start, bytes)) => (start, bytes, 0),
            None => (std::ptr::null_mut(), 0, 0),
        }
    }

    fn remap(&self, _at: *mut u8, _old: usize, _new: usize, _can_move: bool) -> *mut u8 {
        std::ptr::null_mut()
    }

    fn free_part(&self, _at: *mut u8, _old: usize, _new: usize) -> bool {
        false
    }

    fn free(&self, _at: *mut u8, _size: usize) -> bool {
        false
    }

    fn can_release_part(&self, _flags: u32) -> bool {
        false
    }

    fn allocates_zeros(&self) -> bool {
        true
    }

    fn page_size(&self) -> usize {
        PAGE as usize
    }
}

/// dlmalloc, growing by pages as heapwalk does rather than by 64 KiB.
struct Dl(Dlmalloc<DlSource>);

// SAFETY: as dlmalloc promises.
unsafe impl Subject for Dl {
    fn new() -> Dl {
        let mut heap = Dlmalloc::new_with_allocator(DlSource(Region::new()));
        assert!(heap.set_granularity(PAGE as usize));
        Dl(heap)
    }

    #[inline]
    fn alloc(&mut self, size: usize) -> *mut u8 {
        // SAFETY: any size and alignment may be asked for.
        unsafe { self.0.malloc(size, ALIGN) }
    }

    #[inline]
    unsafe fn realloc(&mut self, at: *mut u8, old: usize, size: usize) -> *mut u8 {
        // SAFETY: the caller says that `at` is such a block; all have this alignment.
        unsafe { self.0.realloc(at, old, ALIGN, size) }
    }

    #[inline]
    unsafe fn free(&mut self, at: *mut u8, size: usize) {
        // SAFETY: as above.
        unsafe { self.0.free(at, size, ALIGN) }
    }

    fn footprint(&self) -> u64 {
        self.0.allocator().0.used()
    }
}

/// Extends talc's one heap along a region, as talc's own source for WebAssembly does.
#[derive(Debug)]
struct TalcSource {
    region: Rc<Region>,
    end: Option<NonNull<u8>>,
}

// SAFETY: `acquire` claims memory that nobody else uses, and never allocates from `talc`.
unsafe impl Source for TalcSource {
    fn acquire<B: Binning>(talc: &mut Talc<Self, B>, layout: Layout) -> Result<(), ()> {
        // The chunk of such a block: the block and its tag in whole units, and one for the ends of the heap. The first
        // claim also has to hold talc's table of bins.
        let chunk = (layout.size() + size_of::<usize>()).next_multiple_of(CHUNK_UNIT) + CHUNK_UNIT;
        let first = talc::min_first_heap_size::<B>();
        let wanted = chunk + if talc.source.end.is_none() { first } else { 0 };
        let (start, bytes) = talc.source.region.grow(wanted as u64).ok_or(())?;
        let end = match talc.source.end {
            // SAFETY: the bytes from the old end to the new one are ours, and unused so far.
            Some(end) => Some(unsafe { talc.extend(end, start.wrapping_add(bytes)) }),
            // SAFETY: the bytes are ours, and unused so far.
            None => unsafe { talc.claim(start, bytes) },
        };
        talc.source.end = end;
        end.map(|_| ()).ok_or(())
    }
}

/// talc, in its form for one thread.
struct TalcHeap {
    heap: TalcCell<TalcSource>,
    region: Rc<Region>,
}

// SAFETY: as talc promises.
unsafe impl Subject for TalcHeap {
    fn new() -> TalcHeap {
        let region = Rc::new(Region::new());
        let heap = TalcCell::new(TalcSource {
            region: Rc::clone(&region),
            end: None,
        });
        TalcHeap { heap, region }
    }

    #[inline]
    fn alloc(&mut self, size: usize) -> *mut u8 {
        // SAFETY: no script asks for 0 bytes.
        unsafe { self.heap.alloc(layout(size)) }
    }

    #[inline]
    unsafe fn realloc(&mut self, at: *mut u8, old: usize, size: usize) -> *mut u8 {
        // SAFETY: the caller says that `at` is such a block; all have this alignment, and none 0 bytes.
        unsafe { self.heap.realloc(at, layout(old), size) }
    }

    #[inline]
    unsafe fn free(&mut self, at: *mut u8, size: usize) {
        // SAFETY: as above.
        unsafe { self.heap.dealloc(at, layout(size)) }
    }

    fn footprint(&self) -> u64 {
        self.region.used()
    }
}

/// Grows rlsf's one pool along a region.
#[derive(Debug)]
struct RlsfSource(Region);

// SAFETY: the region hands out each page once, one behind the other.
unsafe impl FlexSource for RlsfSource {
    unsafe fn alloc(&mut self, least: usize) -> Option<NonNull<[u8]>> {
        let (start, bytes) = self.0.grow(least as u64)?;
        Some(NonNull::slice_from_raw_parts(NonNull::new(start)?, bytes))
    }

    unsafe fn realloc_inplace_grow(&mut self, pool: NonNull<[u8]>, least: usize) -> Option<usize> {
        let (_, bytes) = self.0.grow((least - pool.len()) as u64)?;
        Some(pool.len() + bytes)
    }

    fn supports_realloc_inplace_grow(&self) -> bool {
        true
    }

    fn is_contiguous_growable(&self) -> bool {
        true
    }

    fn min_align(&self) -> usize {
        PAGE as usize
    }
}

/// rlsf, with the lists of its own global allocator.
struct Rlsf(FlexTlsf<RlsfSource, usize, usize, 64, 64>);

// SAFETY: as rlsf promises.
unsafe impl Subject for Rlsf {
    fn new() -> Rlsf {
        Rlsf(FlexTlsf::new(RlsfSource(Region::new())))
    }

    #[inline]
    fn alloc(&mut self, size: usize) -> *mut u8 {
        self.0
            .allocate(layout(size))
            .map_or(std::ptr::null_mut(), NonNull::as_ptr)
    }

    #[inline]
    unsafe fn realloc(&mut self, at: *mut u8, _old: usize, size: usize) -> *mut u8 {
        let at = NonNull::new(at).expect("a block");
        // SAFETY: the caller says that `at` is such a block; all have this alignment.
        unsafe { self.0.reallocate(at, layout(size)) }.map_or(std::ptr::null_mut(), NonNull::as_ptr)
    }

    #[inline]
    unsafe fn free(&mut self, at: *mut u8, _size: usize) {
        let at = NonNull::new(at).expect("a block");
        // SAFETY: as above.
        unsafe { self.0.deallocate(at, ALIGN) }
    }

    fn footprint(&self) -> u64 {
        self.0.source_ref().0.used()
    }
}

/// A block in a slot.
#[derive(Clone, Copy)]
struct Held {
    at: *mut u8,
    size: usize,
}

const NOTHING: Held = Held {
    at: std::ptr::null_mut(),
    size: 0,
};

/// One allocator on its way through one script, again and again.
struct Stand<'a, S> {
    subject: S,
    script: &'a Script,
    held: Vec<Held>,
}

impl<S: Subject> Stand<'_, S> {
    /// Makes all calls of the script, touching each block; `after` looks at the subject after every one.
    #[inline]
    fn replay(&mut self, mut after: impl FnMut(&S)) {
        for call in &self.script.calls {
            match *call {
                Call::Alloc { slot, size } => {
                    let at = self.subject.alloc(size as usize);
                    self.hold(slot, at, size);
                }
                Call::Realloc { slot, size } => {
                    let Held { at, size: old } = self.held[slot as usize];
                    // SAFETY: a script reallocates slots that have a block only.
                    let at = unsafe { self.subject.realloc(at, old, size as usize) };
                    self.hold(slot, at, size);
                }
                Call::Free { slot } => self.release(slot as usize),
            }
            after(&self.subject);
        }
    }

    #[inline]
    fn hold(&mut self, slot: u32, at: *mut u8, size: u32) {
        assert!(!at.is_null(), "an allocator ran out of memory");
        // SAFETY: the block is ours, and no script asks for 0 bytes.
        unsafe { at.write_volatile(1) };
        self.held[slot as usize] = Held {
            at,
            size: size as usize,
        };
    }

    #[inline]
    fn release(&mut self, slot: usize) {
        let Held { at, size } = std::mem::replace(&mut self.held[slot], NOTHING);
        // SAFETY: callers free slots that have a block only.
        unsafe { self.subject.free(at, size) };
    }

    /// Frees what the script leaves.
    fn clear(&mut self) {
        for slot in 0..self.held.len() {
            if !self.held[slot].at.is_null() {
                self.release(slot);
            }
        }
    }
}

/// An allocator that can be timed on a script.
pub(crate) trait Player {
    /// Replays the script once and answers with the time that took, with nothing left over afterwards.
    fn play(&mut self) -> Duration;
    /// The largest footprint of the first replay, in a fresh heap.
    fn peak_footprint(&self) -> u64;
    /// Nanoseconds a call, over as many replays as make one measurement.
    fn measure(&mut self) -> f64;
}

struct Warm<'a, S> {
    stand: Stand<'a, S>,
    peak: u64,
}

impl<S: Subject> Player for Warm<'_, S> {
    fn play(&mut self) -> Duration {
        let start = Instant::now();
        self.stand.replay(|_| ());
        let time = start.elapsed();
        self.stand.clear();
        time
    }

    fn peak_footprint(&self) -> u64 {
        self.peak
    }

    fn measure(&mut self) -> f64 {
        let calls = self.stand.script.calls.len();
        let (mut time, mut made) = (Duration::ZERO, 0);
        while made < ENOUGH_CALLS && time < ENOUGH_TIME {
            time += self.play();
            made += calls;
        }
        time.as_nanos() as f64 / made as f64
    }
}

/// A fresh heap that has seen the script once, so that no later replay meets pages it must fetch.
fn warm<S: Subject + 'static>(script: &Script) -> Box<dyn Player + '_> {
    let mut stand = Stand {
        subject: S::new(),
        script,
        held: vec![NOTHING; script.slots],
    };
    let mut peak = 0;
    stand.replay(|subject| peak = peak.max(subject.footprint()));
    stand.clear();
    Box::new(Warm { stand, peak })
}

/// A subject's name and how to warm one up for a script.
pub(crate) type Entry = (&'static str, for<'a> fn(&'a Script) -> Box<dyn Player + 'a>);

/// heapwalk as its peers are, heapwalk as people use it, and the peers.
pub(crate) const SUBJECTS: [Entry; 5] = [
    ("heapwalk", warm::<Heapwalk<false>>),
    ("heapwalk (defaults)", warm::<Heapwalk<true>>),
    ("dlmalloc", warm::<Dl>),
    ("talc", warm::<TalcHeap>),
    ("rlsf", warm::<Rlsf>),
];
