//! The handle of a heap: the arena's memory and all that is about *running* it: lock, statistics, nothing else.

mod through;

pub use through::Through;

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use crate::os::{CannotReturn, CommitLimit, Memory, PAGE, ReserveFailed};

use super::access::{Access, Direct, Whole};
use super::alloc::{Freed, Placed, Resized};
use super::compact::Compacted;
use super::control::{Core, Settings};
use super::create::Birth;
use super::finding::{AllocError, Finding, Misuse};
use super::flags::Flags;
use super::image::Groups;
use super::lock::{Lock, LockCounts};
use super::minimize::Minimized;
use super::policy::Policy;
use super::units::{Layout, MAX_SPACE, UNIT};

/// Where the memory of a heap comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Source {
    /// Reserved from the system, with room to grow.
    Growable,
    /// Reserved from the system, never larger than its first reserve.
    Fixed,
    /// A buffer from the ordinary allocator, which cannot give pages back. Never grows.
    Buffer,
}

/// How a heap is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// Where the memory comes from.
    pub source: Source,
    /// HeapCreate's dwMaximumSize for fixed heaps; ignored for growable ones.
    pub maximum: u64,
    /// HeapCreate's dwInitialSize.
    pub initial: u64,
    /// HEAP_* flags (HEAP_GROWABLE follows from `source`).
    pub flags: Flags,
    /// The placement policy.
    pub policy: Policy,
    /// Allocations write their payload, so that its pages become resident.
    pub stamp: bool,
    /// Misuse and damage are looked for and refused.
    pub checks: bool,
    /// HeapFree returns large free ranges by itself.
    pub decommit: bool,
}

impl Default for Options {
    /// A growable heap as `HeapCreate(0, 0, 0)` makes it, with stamping and checks on.
    fn default() -> Options {
        Options {
            source: Source::Growable,
            maximum: 0,
            initial: 0,
            flags: Flags::NONE,
            policy: Policy::Best,
            stamp: true,
            checks: true,
            decommit: false,
        }
    }
}

/// Why a heap could not be made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CreateError {
    /// The system refuses the addresses.
    #[error("failed to {0}")]
    Reserve(#[from] ReserveFailed),
    /// The commit limit, or a size that no arena has.
    #[error(transparent)]
    Alloc(#[from] AllocError),
}

/// Default sizes of a growable heap (fact C2, W5).
const DEFAULT_RESERVE: u64 = 0x1_0000;
const DEFAULT_COMMIT: u64 = 0x2000;

impl Options {
    /// Reserve and commit of the first segment(s), in bytes (facts C2 to C6).
    fn sizes(&self) -> Option<(u64, u64)> {
        let page = |bytes: u64| bytes.checked_next_multiple_of(PAGE);
        if self.source == Source::Growable {
            let commit = if self.initial == 0 {
                DEFAULT_COMMIT
            } else {
                page(self.initial)?
            };
            return Some((
                commit.checked_next_multiple_of(UNIT)?.max(DEFAULT_RESERVE),
                commit,
            ));
        }
        let reserve = page(self.maximum.max(1))?;
        Some((reserve, page(self.initial.max(1))?.min(reserve)))
    }
}

/// Counts about running a heap. Calls that skip the lock and race may lose some.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Stats {
    /// The lock.
    pub lock: LockCounts,
    /// Calls that skipped the lock.
    pub skipped: u64,
    /// Successful HeapAlloc calls.
    pub allocs: u64,
    /// Successful HeapFree calls.
    pub frees: u64,
    /// Successful HeapReAlloc calls.
    pub reallocs: u64,
    /// Calls that failed.
    pub failures: u64,
    /// Free blocks looked at for requests.
    pub probes: u64,
    /// Pairs of free blocks joined by HeapCompact or by switching coalescing on.
    pub merged: u64,
    /// Pages given back by HeapFree and HeapReAlloc themselves.
    pub pages_automatic: u64,
    /// Pages given back by heapmin.
    pub pages_heapmin: u64,
}

/// The counters behind [`Stats`], one place each.
#[derive(Debug, Default)]
struct Counters {
    skipped: AtomicU64,
    allocs: AtomicU64,
    frees: AtomicU64,
    reallocs: AtomicU64,
    failures: AtomicU64,
    probes: AtomicU64,
    merged: AtomicU64,
    pages_automatic: AtomicU64,
    pages_heapmin: AtomicU64,
}

/// Adds without a locked instruction: exact while the heap's lock is held or one thread calls, lossy in a race.
#[inline]
fn add(counter: &AtomicU64, value: u64) {
    counter.store(counter.load(Relaxed).wrapping_add(value), Relaxed);
}

/// A heap. Its arena may be walked, copied or damaged by anyone who has the bytes; this handle runs it.
#[derive(Debug)]
pub struct Heap {
    memory: Memory,
    layout: Layout,
    lock: Lock,
    counters: Counters,
    /// Why the last failed request failed.
    last_failure: Mutex<Option<AllocError>>,
    /// The copy since which the memory's notes tell what was written.
    base: Mutex<Option<Groups>>,
}

/// A call's hold of the lock, if it takes it.
struct Turn<'a, A: Access> {
    lock: Option<&'a Lock>,
    access: A,
}

impl<A: Access> Drop for Turn<'_, A> {
    #[inline(always)]
    fn drop(&mut self) {
        if let Some(lock) = self.lock {
            self.access.unlocking();
            end_turn(lock);
        }
    }
}

#[inline(never)]
fn end_turn(lock: &Lock) {
    lock.unlock();
}

impl Heap {
    /// Makes a heap.
    ///
    /// # Errors
    /// [`CreateError`]; nothing is left behind.
    pub fn new(options: &Options, limit: &Arc<CommitLimit>) -> Result<Heap, CreateError> {
        let (reserve, commit) = options.sizes().ok_or(AllocError::Absurd)?;
        if reserve > MAX_SPACE {
            return Err(AllocError::Absurd.into());
        }
        let (memory, layout) = reserve_arena(options.source, reserve, limit)?;
        let heap = Heap::over(memory, layout);
        let growable = options.source == Source::Growable;
        let settings = Settings {
            flags: options.flags.with(Flags::GROWABLE, growable),
            policy: options.policy,
            stamp: options.stamp,
            checks: options.checks,
            decommit: options.decommit,
        };
        Core::new(heap.direct(), layout).create(Birth {
            reserve,
            commit,
            settings,
        })?;
        Ok(heap)
    }

    /// Takes over an arena that was copied from another heap, byte for byte, into `memory`.
    ///
    /// # Errors
    /// Gives the memory back when its control block is not that of an arena of its size.
    pub fn adopt(memory: Memory) -> Result<Heap, Memory> {
        let space = memory
            .words()
            .get(super::control::SPACE.0)
            .map_or(0, |word| word.load(Relaxed));
        let layout = Layout::of(space);
        let is_arena =
            layout.total == memory.bytes() && Core::new(Direct::new(&memory), layout).is_arena();
        if !is_arena {
            return Err(memory);
        }
        let heap = Heap::over(memory, layout);
        heap.find_reached();
        Ok(heap)
    }

    /// A handle to whatever stands in `memory`.
    pub(super) fn over(memory: Memory, layout: Layout) -> Heap {
        Heap {
            memory,
            layout,
            lock: Lock::default(),
            counters: Counters::default(),
            last_failure: Mutex::default(),
            base: Mutex::default(),
        }
    }

    /// The arena's memory.
    #[must_use]
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// The copy since which the memory's notes tell what was written.
    pub(super) fn base(&self) -> &Mutex<Option<Groups>> {
        &self.base
    }

    /// Where the parts of the arena lie.
    #[must_use]
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// Direct access to the arena.
    #[inline]
    #[must_use]
    pub fn direct(&self) -> Direct<'_> {
        Direct::new(&self.memory)
    }

    /// The lock.
    #[must_use]
    pub fn lock(&self) -> &Lock {
        &self.lock
    }

    /// The allocator for the hot paths, which an arena of the largest size has.
    #[inline(always)]
    fn whole(&self) -> Option<Core<'_, Whole<'_>>> {
        Whole::new(&self.memory).map(|access| Core::new(access, Layout::WHOLE))
    }

    /// Runs `work` on the allocator without taking the lock: for pictures between operations, and for tests.
    #[inline]
    pub fn look<R>(&self, work: impl FnOnce(Core<'_, Direct<'_>>) -> R) -> R {
        work(Core::new(self.direct(), self.layout))
    }

    /// Runs `work` on the allocator through another [`Access`], under the lock unless `call` or the heap skips it.
    #[inline]
    pub fn with<A: Access, R>(
        &self,
        access: A,
        call: Flags,
        work: impl FnOnce(Core<'_, A>) -> R,
    ) -> R {
        let core = Core::new(access, self.layout);
        let _turn = self.turn(access, core.settings().serialized(call));
        work(core)
    }

    /// Takes the lock until the turn ends, or counts a call that does without.
    #[inline(always)]
    fn turn<A: Access>(&self, access: A, serialized: bool) -> Turn<'_, A> {
        let lock = serialized.then_some(&self.lock);
        match lock {
            Some(lock) => {
                access.locking();
                lock.lock();
            }
            None => add(&self.counters.skipped, 1),
        }
        Turn { lock, access }
    }

    /// Why the last request that failed did.
    #[must_use]
    pub fn last_failure(&self) -> Option<AllocError> {
        *self
            .last_failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a request that failed, and keeps why.
    #[cold]
    pub fn fail(&self, error: AllocError) -> AllocError {
        add(&self.counters.failures, 1);
        *self
            .last_failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(error);
        error
    }

    #[inline]
    fn run<R>(&self, call: Flags, work: impl FnOnce(Core<'_, Direct<'_>>) -> R) -> R {
        self.with(self.direct(), call, work)
    }

    // The three calls that programs are made of. In growable heaps without lock, checks and so on, and with nothing to commit
    // or to refuse, two of them run a shorter copy of the same code. They hand out their results field by field: a result that is counted and then passed on whole is copied in pieces
    // other than it was written in, and the processor waits for that longer than for all the rest.

    /// HeapAlloc: see [`Core::alloc`].
    ///
    /// # Errors
    /// As [`Core::alloc`].
    #[inline]
    pub fn alloc(&self, size: u64, call: Flags) -> Result<Placed, AllocError> {
        if let Some(core) = self.whole()
            && core.is_plain(call)
            && let Some(placed) = core.alloc_plain(size)
        {
            add(&self.counters.skipped, 1);
            add(&self.counters.allocs, 1);
            add(&self.counters.probes, placed.probes);
            return Ok(placed);
        }
        self.alloc_in_turn(size, call)
    }

    #[inline(never)]
    fn alloc_in_turn(&self, size: u64, call: Flags) -> Result<Placed, AllocError> {
        self.through(self.direct()).alloc(size, call)
    }

    /// HeapFree: see [`Core::free`].
    ///
    /// # Errors
    /// As [`Core::free`].
    #[inline]
    pub fn free(&self, payload: u64, call: Flags) -> Result<Freed, AllocError> {
        if let Some(core) = self.whole()
            && core.is_plain(call)
            && let Some(freed) = core.free_plain(payload)
        {
            add(&self.counters.skipped, 1);
            add(&self.counters.frees, 1);
            return Ok(freed);
        }
        self.free_in_turn(payload, call)
    }

    #[inline(never)]
    fn free_in_turn(&self, payload: u64, call: Flags) -> Result<Freed, AllocError> {
        self.through(self.direct()).free(payload, call)
    }

    /// HeapReAlloc: see [`Core::realloc`].
    ///
    /// # Errors
    /// As [`Core::realloc`].
    #[inline]
    pub fn realloc(&self, payload: u64, size: u64, call: Flags) -> Result<Resized, AllocError> {
        match self.whole() {
            Some(core) => self.realloc_in_turn(core, payload, size, call),
            None => self.through(self.direct()).realloc(payload, size, call),
        }
    }

    fn realloc_in_turn<A: Access>(
        &self,
        core: Core<'_, A>,
        payload: u64,
        size: u64,
        call: Flags,
    ) -> Result<Resized, AllocError> {
        let _turn = self.turn(core.mem, core.settings().serialized(call));
        match core.realloc(payload, size, call) {
            Ok(Resized {
                payload,
                probes,
                returned_pages,
            }) => {
                add(&self.counters.reallocs, 1);
                add(&self.counters.probes, probes);
                self.count_returned(returned_pages);
                Ok(Resized {
                    payload,
                    probes,
                    returned_pages,
                })
            }
            Err(error) => Err(self.fail(error)),
        }
    }

    #[inline]
    fn count_returned(&self, pages: u64) {
        if pages != 0 {
            add(&self.counters.pages_automatic, pages);
        }
    }

    /// HeapSize: see [`Core::size`].
    ///
    /// # Errors
    /// As [`Core::size`].
    pub fn size(&self, payload: u64, call: Flags) -> Result<u64, Misuse> {
        self.run(call, |core| core.size(payload))
    }

    /// HeapValidate for the whole heap: the findings, at most `most` of them, and how many there were.
    pub fn validate(&self, call: Flags, most: usize) -> (Vec<Finding>, u64) {
        self.through(self.direct()).validate(call, most)
    }

    /// The findings as [`Heap::validate`] has them, without taking the lock and without counting as a call.
    #[must_use]
    pub fn inspect(&self, most: usize) -> (Vec<Finding>, u64) {
        self.look(|core| findings(core, most))
    }

    /// HeapValidate for one block.
    pub fn validate_block(&self, payload: u64, call: Flags) -> Result<(), AllocError> {
        self.run(call, |core| core.validate_block(payload))
    }

    /// HeapCompact: checks the whole heap first, then [`Core::compact`].
    ///
    /// # Errors
    /// The first finding; not a byte changes.
    pub fn compact(&self, call: Flags) -> Result<Compacted, Finding> {
        self.through(self.direct()).compact(call)
    }

    /// `_heapmin`'s work: checks the whole heap first, then [`Core::minimize`].
    ///
    /// # Errors
    /// [`MinimizeError`]; not a byte changes.
    pub fn minimize(&self, call: Flags) -> Result<Minimized, MinimizeError> {
        self.through(self.direct()).minimize(call)
    }

    /// Switches coalescing on free; see [`Core::set_coalesce`].
    pub fn set_coalesce(&self, on: bool) -> u64 {
        self.through(self.direct()).set_coalesce(on)
    }

    /// Changes other settings from the next call on.
    pub fn change_settings(&self, change: impl FnOnce(&mut Settings)) {
        self.run(Flags::NONE, |core| core.change_settings(change));
    }

    /// Sets the decommit thresholds in bytes.
    pub fn set_thresholds(&self, block: u64, total: u64) {
        self.run(Flags::NONE, |core| core.set_thresholds(block, total));
    }

    /// The heap's settings now.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.look(|core| core.settings())
    }

    /// Counts about running the heap.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let counters = &self.counters;
        Stats {
            lock: self.lock.counts(),
            skipped: counters.skipped.load(Relaxed),
            allocs: counters.allocs.load(Relaxed),
            frees: counters.frees.load(Relaxed),
            reallocs: counters.reallocs.load(Relaxed),
            failures: counters.failures.load(Relaxed),
            probes: counters.probes.load(Relaxed),
            merged: counters.merged.load(Relaxed),
            pages_automatic: counters.pages_automatic.load(Relaxed),
            pages_heapmin: counters.pages_heapmin.load(Relaxed),
        }
    }

    /// Sets the counts back, when an earlier state of the heap is restored.
    pub fn set_stats(&self, stats: Stats) {
        let counters = &self.counters;
        self.lock.set_counts(stats.lock);
        counters.skipped.store(stats.skipped, Relaxed);
        counters.allocs.store(stats.allocs, Relaxed);
        counters.frees.store(stats.frees, Relaxed);
        counters.reallocs.store(stats.reallocs, Relaxed);
        counters.failures.store(stats.failures, Relaxed);
        counters.probes.store(stats.probes, Relaxed);
        counters.merged.store(stats.merged, Relaxed);
        counters
            .pages_automatic
            .store(stats.pages_automatic, Relaxed);
        counters.pages_heapmin.store(stats.pages_heapmin, Relaxed);
    }
}

/// Why nothing was given back.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MinimizeError {
    /// The memory is a fixed buffer.
    #[error("failed to {0}")]
    CannotReturn(#[from] CannotReturn),
    /// The heap is damaged.
    #[error("the heap is damaged {0}")]
    Damaged(Finding),
}

impl From<Finding> for MinimizeError {
    fn from(finding: Finding) -> MinimizeError {
        MinimizeError::Damaged(finding)
    }
}

/// Reserves an arena. A growable one takes all the space there can be, and halves its wish down to 1 GiB where the
/// system refuses.
fn reserve_arena(
    source: Source,
    reserve: u64,
    limit: &Arc<CommitLimit>,
) -> Result<(Memory, Layout), ReserveFailed> {
    if source != Source::Growable {
        let layout = Layout::of(reserve);
        return Ok(match source {
            Source::Buffer => (Memory::buffer(layout.total, Arc::clone(limit)), layout),
            _ => (Memory::reserve(layout.total, Arc::clone(limit))?, layout),
        });
    }
    let mut space = MAX_SPACE;
    loop {
        let layout = Layout::of(space);
        match Memory::reserve(layout.total, Arc::clone(limit)) {
            Ok(memory) => return Ok((memory, layout)),
            Err(failed) if space <= LEAST_SPACE.max(reserve) => return Err(failed),
            Err(_) => space /= 2,
        }
    }
}

/// A growable heap has at least this much address space.
const LEAST_SPACE: u64 = 1 << 30;

fn findings<A: Access>(core: Core<'_, A>, most: usize) -> (Vec<Finding>, u64) {
    let mut kept = Vec::new();
    let total = core.validate(&mut |finding| {
        if kept.len() < most {
            kept.push(finding);
        }
    });
    (kept, total)
}

fn first_finding<A: Access>(core: Core<'_, A>) -> Result<(), Finding> {
    findings(core, 1)
        .0
        .first()
        .map_or(Ok(()), |&finding| Err(finding))
}
