//! A simulated process: its heaps, by handle.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::heap::{AllocError, CreateError, Event, Flags, Heap, Options, Traced};
use crate::os::{CommitLimit, PAGE};

use super::flags::{HEAP_PRIVATE, heap_flags_of};

/// Aligned as a block's payload would be.
#[repr(align(16))]
struct Aligned(#[expect(dead_code, reason = "only its address counts")] u64);

/// A Windows process as far as heaps are concerned. All threads may use it at once.
///
/// A handle is the address of the heap's first segment, a multiple of 64 KiB; a pointer is the address of a payload.
/// The process heap exists from the start. One heap at a time bears the tag CRT, and `malloc`, `_heapmin` and their
/// sisters act on it: the first private heap, until [`Process::set_crt`] or the heap's end.
#[derive(Debug)]
pub struct Process {
    limit: Arc<CommitLimit>,
    /// What heaps get by the process's global flags.
    inherited: Flags,
    /// In order of creation, the process heap first.
    heaps: RwLock<Vec<Arc<Heap>>>,
    process_heap: usize,
    /// Handle of the heap tagged CRT, 0 if there is none.
    crt: AtomicUsize,
    /// `HeapEnableTerminationOnCorruption` was set.
    pub(super) terminates: AtomicBool,
    /// Whether calls tell their steps.
    watched: AtomicBool,
    steps: Mutex<Steps>,
}

/// What the allocator did in the calls that were watched.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Steps {
    /// Splits, merges, commits and decommits in their order: as many as are kept.
    pub events: Vec<Event>,
    /// How many more there were.
    pub dropped: u64,
}

/// Steps kept at most.
const MOST_STEPS: usize = 1 << 15;

/// A call that tells its steps; they are kept when it ends.
pub(super) struct Watch<'a> {
    process: &'a Process,
    heap: &'a Heap,
    /// Its events are wanted.
    told: bool,
    traced: Option<Traced<'a>>,
}

impl<'a> Watch<'a> {
    /// The call's way into the arena.
    pub(super) fn access(&self) -> Option<&Traced<'a>> {
        self.traced.as_ref()
    }

    /// What the call answered, or that it went where no memory is.
    pub(super) fn judge<T>(&self, answer: Result<T, AllocError>) -> Result<T, AllocError> {
        let strayed = self.traced.as_ref().and_then(Traced::strayed);
        strayed.map_or(answer, |at| Err(self.heap.fail(AllocError::Strayed(at))))
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if let Some(traced) = self.traced.take().filter(|_| self.told) {
            let (events, dropped) = traced.finish();
            let mut steps = self.process.steps();
            steps.events.extend(events);
            steps.dropped += dropped;
        }
    }
}

/// The handle of a heap: the address of its first segment.
pub(super) fn handle_of(heap: &Heap) -> usize {
    heap.memory().base() as usize
}

/// The offset of `address` in the heap's arena, side tables included.
pub(super) fn offset_in(heap: &Heap, address: usize) -> Option<u64> {
    let offset = (address as u64).checked_sub(heap.memory().base())?;
    (offset < heap.memory().bytes()).then_some(offset)
}

/// The steps that change what blocks and pages there are. The others are far more, and tell nothing new.
fn is_told(event: &Event) -> bool {
    matches!(
        event,
        Event::Split { .. } | Event::Merge { .. } | Event::Commit { .. } | Event::Decommit { .. }
    )
}

impl Process {
    /// A process without global flags, whose heaps commit within `limit`.
    ///
    /// # Errors
    /// When there is no room for the process heap.
    pub fn new(limit: Arc<CommitLimit>) -> Result<Process, CreateError> {
        Process::with_global_flags(limit, 0)
    }

    /// A process started with global flags (see [`GLOBAL_FLAGS`](super::GLOBAL_FLAGS)), which all its heaps inherit.
    ///
    /// # Errors
    /// When there is no room for the process heap.
    pub fn with_global_flags(
        limit: Arc<CommitLimit>,
        global_flags: u32,
    ) -> Result<Process, CreateError> {
        let inherited = heap_flags_of(global_flags);
        let options = Options {
            flags: inherited,
            ..Options::default()
        };
        let heap = Arc::new(Heap::new(&options, &limit)?);
        Ok(Process {
            limit,
            inherited,
            process_heap: handle_of(&heap),
            heaps: RwLock::new(vec![heap]),
            crt: AtomicUsize::new(0),
            terminates: AtomicBool::new(false),
            watched: AtomicBool::new(false),
            steps: Mutex::default(),
        })
    }

    /// The commit limit that all heaps share.
    #[must_use]
    pub fn limit(&self) -> &Arc<CommitLimit> {
        &self.limit
    }

    /// From now on calls tell how the allocator works, or no longer do. Steps told before are forgotten.
    pub fn watch(&self, on: bool) {
        *self.steps() = Steps::default();
        self.watched.store(on, Relaxed);
    }

    /// What the watched calls did since this was asked last.
    #[must_use]
    pub fn take_steps(&self) -> Steps {
        std::mem::take(&mut self.steps())
    }

    fn steps(&self) -> MutexGuard<'_, Steps> {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The way into `heap` that tells the steps of one call, while calls are watched, and that notes where a call on a
    /// heap without checks goes astray.
    pub(super) fn watched<'a>(&'a self, heap: &'a Heap) -> Watch<'a> {
        let told = self.watched.load(Relaxed);
        let checks = heap.settings().checks;
        let traced = (told || !checks).then(|| {
            let left = match told {
                true => MOST_STEPS.saturating_sub(self.steps().events.len()),
                false => 0,
            };
            let traced = Traced::new(heap.memory(), left).only(is_told);
            if checks {
                traced
            } else {
                traced.guarding(heap.layout())
            }
        });
        Watch {
            process: self,
            heap,
            told,
            traced,
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Vec<Arc<Heap>>> {
        self.heaps.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Vec<Arc<Heap>>> {
        self.heaps.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a private heap with heapwalk's own options beside the documented ones. Its handle.
    ///
    /// # Errors
    /// [`CreateError`]; nothing is left behind.
    pub fn create_with(&self, options: &Options) -> Result<usize, CreateError> {
        let options = Options {
            flags: options.flags | self.inherited | Flags(HEAP_PRIVATE),
            ..*options
        };
        Ok(self.attach(Arc::new(Heap::new(&options, &self.limit)?)))
    }

    /// Takes in a heap made elsewhere, as the newest. Its handle.
    pub fn attach(&self, heap: Arc<Heap>) -> usize {
        let handle = handle_of(&heap);
        let mut heaps = self.write();
        heaps.push(heap);
        // A heap that comes while none is tagged bears the tag.
        if self.crt.load(Relaxed) == 0 {
            self.crt.store(handle, Relaxed);
        }
        handle
    }

    /// Takes a private heap out of the process: its handle becomes invalid, its memory lives as long as anyone has it.
    pub fn detach(&self, handle: usize) -> Option<Arc<Heap>> {
        if handle == self.process_heap {
            return None;
        }
        let mut heaps = self.write();
        let at = heaps.iter().position(|heap| handle_of(heap) == handle)?;
        if self.crt.load(Relaxed) == handle {
            self.crt.store(0, Relaxed);
        }
        Some(heaps.remove(at))
    }

    /// The heap with this handle.
    #[must_use]
    pub fn heap_of(&self, handle: usize) -> Option<Arc<Heap>> {
        // A copy, so that a call that waits for the heap's lock does not hold up the making of other heaps.
        let heaps = self.read();
        heaps
            .iter()
            .find(|heap| handle_of(heap) == handle)
            .map(Arc::clone)
    }

    /// The heap in whose arena `address` lies, and the offset in it.
    #[must_use]
    pub fn heap_at(&self, address: usize) -> Option<(Arc<Heap>, u64)> {
        let heaps = self.read();
        heaps
            .iter()
            .find_map(|heap| Some((Arc::clone(heap), offset_in(heap, address)?)))
    }

    /// Whether memory is known to be readable at `address`: on a committed page of some heap, or the
    /// [variable](Process::variable). Other memory of this process is not looked at.
    #[must_use]
    pub fn is_readable(&self, address: usize) -> bool {
        address == Process::variable()
            || self
                .heap_at(address)
                .is_some_and(|(heap, offset)| heap.look(|core| core.is_committed(offset / PAGE)))
    }

    /// The address of a variable of the program, which no heap has: for those who pass it to one all the same.
    #[must_use]
    pub fn variable() -> usize {
        static VARIABLE: Aligned = Aligned(0);
        std::ptr::from_ref(&VARIABLE).addr()
    }

    /// Every heap's handle, in order of creation, the process heap first.
    #[must_use]
    pub fn handles(&self) -> Vec<usize> {
        self.read().iter().map(|heap| handle_of(heap)).collect()
    }

    /// The process heap's handle.
    #[must_use]
    pub fn process_heap(&self) -> usize {
        self.process_heap
    }

    /// The handle of the heap tagged CRT, if one is.
    #[must_use]
    pub fn crt(&self) -> Option<usize> {
        let handle = self.crt.load(Relaxed);
        (handle != 0).then_some(handle)
    }

    /// Moves the tag CRT. False, and nothing changes, if there is no such heap.
    pub fn set_crt(&self, handle: usize) -> bool {
        // Under the lock, so that the heap cannot go before it has the tag.
        let heaps = self.read();
        let exists = heaps.iter().any(|heap| handle_of(heap) == handle);
        if exists {
            self.crt.store(handle, Relaxed);
        }
        exists
    }

    /// Takes the tag CRT from whichever heap has it.
    pub fn clear_crt(&self) {
        self.crt.store(0, Relaxed);
    }

    /// Whether found damage would end the process (`HeapEnableTerminationOnCorruption`).
    #[must_use]
    pub fn terminates_on_corruption(&self) -> bool {
        self.terminates.load(Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tag_goes_to_the_first_private_heap_and_ends_with_it() {
        let process = Process::new(Arc::new(CommitLimit::new(1 << 30))).unwrap();
        assert_eq!(process.crt(), None);
        let [a, b] = [(); 2].map(|()| process.create_with(&Options::default()).unwrap());
        assert_eq!(process.crt(), Some(a));
        assert!(!process.set_crt(1));
        assert!(process.detach(a).is_some());
        assert_eq!(process.crt(), None);
        let c = process.create_with(&Options::default()).unwrap();
        assert_eq!(process.crt(), Some(c));
        assert!(process.set_crt(b));
        assert_eq!(process.crt(), Some(b));
        assert!(process.detach(process.process_heap()).is_none());
    }

    #[test]
    fn a_detached_heap_comes_back_under_its_handle() {
        let process = Process::new(Arc::new(CommitLimit::new(1 << 30))).unwrap();
        let handle = process.create_with(&Options::default()).unwrap();
        let heap = process.detach(handle).unwrap();
        assert!(process.heap_of(handle).is_none());
        assert_eq!(process.attach(heap), handle);
        assert!(process.heap_of(handle).is_some());
    }

    #[test]
    fn addresses_lead_to_their_heap() {
        let process = Process::new(Arc::new(CommitLimit::new(1 << 30))).unwrap();
        let handle = process.create_with(&Options::default()).unwrap();
        let (heap, offset) = process.heap_at(handle + 0x2345).unwrap();
        assert_eq!((handle_of(&heap), offset), (handle, 0x2345));
        for (address, readable) in [
            (handle, true),
            (handle + 0x1FFF, true),
            (handle + 0x2000, false),
            (handle - 1, false),
            (0xdead_be00, false),
        ] {
            assert_eq!(process.is_readable(address), readable, "{address:#x}");
        }
    }
}
