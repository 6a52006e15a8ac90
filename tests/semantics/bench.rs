//! What the cases share: a process with a heap, calls with their last error, looks at blocks and bytes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use heapwalk::api::*;
use heapwalk::heap::{Flags, Heap, Image, Options, Source};
use heapwalk::os::CommitLimit;

/// A row of the table of facts, by its id, and what must hold.
pub(crate) struct Case(pub(crate) &'static str, pub(crate) fn());

/// Runs every case and names those that fail.
pub(crate) fn check(cases: &[Case]) {
    let failed: Vec<&str> = cases
        .iter()
        .filter(|case| catch_unwind(AssertUnwindSafe(case.1)).is_err())
        .map(|case| case.0)
        .collect();
    assert!(failed.is_empty(), "rows that do not hold: {failed:?}");
}

/// What the last error is before a call, so that one sees whether the call set it.
pub(crate) const KEPT: u32 = 0xBEEF;

/// A call's result and the last error it leaves.
pub(crate) fn told<T>(call: impl FnOnce() -> T) -> (T, u32) {
    SetLastError(KEPT);
    let result = call();
    (result, GetLastError())
}

/// As `told`, for CRT functions and `errno`.
pub(crate) fn told_errno<T>(call: impl FnOnce() -> T) -> (T, i32) {
    _set_errno(KEPT as i32);
    let result = call();
    (result, errno())
}

/// `errno` as it was.
pub(crate) const KEPT_ERRNO: i32 = KEPT as i32;

/// The result of a call that raised no exception.
pub(crate) fn quiet<T>(result: Result<T, Exception>) -> T {
    result.expect("no exception")
}

/// A process with a private heap, which also bears the tag CRT.
pub(crate) struct Bench {
    pub(crate) process: Process,
    pub(crate) heap: usize,
}

pub(crate) fn process_with(limit: u64, global_flags: u32) -> Process {
    Process::with_global_flags(Arc::new(CommitLimit::new(limit)), global_flags)
        .expect("room for the process heap")
}

pub(crate) fn process() -> Process {
    process_with(1 << 30, 0)
}

impl Bench {
    pub(crate) fn of(process: Process, options: u32, initial: usize, maximum: usize) -> Bench {
        let heap = process.HeapCreate(options, initial, maximum);
        assert_ne!(heap, 0);
        Bench { process, heap }
    }

    /// A growable heap as `HeapCreate(0, 0, 0)` makes it.
    pub(crate) fn growable() -> Bench {
        Bench::of(process(), 0, 0, 0)
    }

    /// A fixed-size heap, committed from the start.
    pub(crate) fn fixed(bytes: usize) -> Bench {
        Bench::of(process(), 0, bytes, bytes)
    }

    /// A growable heap of a process with global flags.
    pub(crate) fn global(flags: u32) -> Bench {
        Bench::of(process_with(1 << 30, flags), 0, 0, 0)
    }

    /// A heap with heapwalk's own options.
    pub(crate) fn with(options: Options) -> Bench {
        let process = process();
        let heap = process.create_with(&options).expect("room for a heap");
        Bench { process, heap }
    }

    /// A heap whose memory cannot be given back.
    pub(crate) fn buffer(bytes: u64) -> Bench {
        Bench::with(Options {
            source: Source::Buffer,
            maximum: bytes,
            initial: bytes,
            ..Options::default()
        })
    }

    /// A heap that believes its callers.
    pub(crate) fn unchecked() -> Bench {
        Bench::with(Options {
            checks: false,
            ..Options::default()
        })
    }

    pub(crate) fn handle(&self) -> Arc<Heap> {
        self.process.heap_of(self.heap).expect("the heap lives")
    }

    pub(crate) fn flags(&self) -> u32 {
        self.handle().settings().flags.0
    }

    /// Allocates where that must succeed.
    pub(crate) fn alloc(&self, bytes: usize) -> usize {
        let place = quiet(self.process.HeapAlloc(self.heap, 0, bytes));
        assert_ne!(place, 0, "{bytes:#x} bytes");
        place
    }

    pub(crate) fn allocs<const N: usize>(&self, bytes: usize) -> [usize; N] {
        [(); N].map(|()| self.alloc(bytes))
    }

    /// HeapAlloc's result and last error.
    pub(crate) fn try_alloc(&self, flags: u32, bytes: usize) -> (usize, u32) {
        told(|| quiet(self.process.HeapAlloc(self.heap, flags, bytes)))
    }

    /// HeapReAlloc's result and last error.
    pub(crate) fn realloc(&self, flags: u32, place: usize, bytes: usize) -> (usize, u32) {
        told(|| quiet(self.process.HeapReAlloc(self.heap, flags, place, bytes)))
    }

    /// Frees where that must succeed.
    pub(crate) fn free(&self, place: usize) {
        assert_eq!(self.try_free(0, place), (true, KEPT), "{place:#x}");
    }

    /// HeapFree's result and last error.
    pub(crate) fn try_free(&self, flags: u32, place: usize) -> (bool, u32) {
        told(|| quiet(self.process.HeapFree(self.heap, flags, place)))
    }

    /// HeapSize's result and last error.
    pub(crate) fn size(&self, place: usize) -> (usize, u32) {
        told(|| quiet(self.process.HeapSize(self.heap, 0, place)))
    }

    /// HeapValidate's result and last error.
    pub(crate) fn validate(&self, place: usize) -> (bool, u32) {
        told(|| self.process.HeapValidate(self.heap, 0, place))
    }

    /// HeapCompact's result and last error.
    pub(crate) fn compact(&self) -> (usize, u32) {
        told(|| self.process.HeapCompact(self.heap, 0))
    }

    /// Every entry of a walk from start to end.
    pub(crate) fn walk(&self) -> Vec<PROCESS_HEAP_ENTRY> {
        let mut entry = PROCESS_HEAP_ENTRY::default();
        let mut entries = Vec::new();
        while self.process.HeapWalk(self.heap, Some(&mut entry)) {
            entries.push(entry);
        }
        assert_eq!(GetLastError(), ERROR_NO_MORE_ITEMS);
        entries
    }

    /// The entries with these `wFlags`.
    pub(crate) fn entries(&self, flags: u16) -> Vec<PROCESS_HEAP_ENTRY> {
        let mut entries = self.walk();
        entries.retain(|entry| entry.wFlags == flags);
        entries
    }

    pub(crate) fn holes(&self) -> Vec<PROCESS_HEAP_ENTRY> {
        self.entries(0)
    }

    pub(crate) fn busy(&self) -> Vec<PROCESS_HEAP_ENTRY> {
        self.entries(PROCESS_HEAP_ENTRY_BUSY)
    }

    pub(crate) fn regions(&self) -> Vec<PROCESS_HEAP_ENTRY> {
        self.entries(PROCESS_HEAP_REGION)
    }

    /// The walk's entry of a busy block.
    pub(crate) fn entry(&self, place: usize) -> PROCESS_HEAP_ENTRY {
        let found = self.busy().into_iter().find(|entry| entry.lpData == place);
        found.expect("a busy block")
    }

    /// Bytes of the block, header included, as the walk tells.
    pub(crate) fn block_bytes(&self, place: usize) -> usize {
        bytes_of(&self.entry(place))
    }

    pub(crate) fn summary(&self) -> HEAP_SUMMARY {
        let mut summary = HEAP_SUMMARY::default();
        assert!(self.process.HeapSummary(self.heap, 0, &mut summary));
        summary
    }

    /// The arena, to see whether a call changed it.
    pub(crate) fn image(&self) -> Image {
        self.handle().image(None)
    }

    /// Runs `call` and asserts that it changed nothing in the arena.
    pub(crate) fn unchanged<T>(&self, call: impl FnOnce() -> T) -> T {
        let before = self.image();
        let result = call();
        assert!(self.image().same_arena(&before), "the arena changed");
        result
    }

    pub(crate) fn fill(&self, place: usize, bytes: usize, value: u8) {
        let at = (place - self.heap) as u64;
        self.handle()
            .look(|core| core.fill_bytes(at, bytes as u64, value));
    }

    pub(crate) fn bytes(&self, place: usize, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        let at = (place - self.heap) as u64;
        self.handle().look(|core| core.read_bytes(at, &mut bytes));
        bytes
    }

    /// Changes bits of one byte, as a stray write would.
    pub(crate) fn flip(&self, place: usize, bits: u8) {
        let at = (place - self.heap) as u64;
        self.handle()
            .look(|core| core.set_byte(at, core.byte(at) ^ bits));
    }

    /// Whether `work`, done by another thread while this one holds the heap's lock, has to wait for it.
    pub(crate) fn waits(&self, work: impl FnOnce(&Bench) + Send) -> bool {
        let done = AtomicBool::new(false);
        let heap = self.handle();
        assert!(self.process.HeapLock(self.heap));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                work(self);
                done.store(true, SeqCst);
            });
            let waits = loop {
                if heap.lock().waiting() != 0 {
                    break true;
                }
                if done.load(SeqCst) {
                    break false;
                }
                std::thread::yield_now();
            };
            assert_eq!(done.load(SeqCst), !waits);
            assert!(self.process.HeapUnlock(self.heap));
            waits
        })
    }
}

/// Bytes of the block that an entry tells of, header included.
pub(crate) fn bytes_of(entry: &PROCESS_HEAP_ENTRY) -> usize {
    entry.cbData as usize + usize::from(entry.cbOverhead)
}

/// Heap flags of a heap made with heapwalk's own options.
pub(crate) fn flagged(flags: u32) -> Options {
    Options {
        flags: Flags(flags),
        ..Options::default()
    }
}
