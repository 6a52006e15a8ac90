//! The functions of `heapapi.h`, by their documented names, arguments and results.
//!
//! `BOOL` is `bool`, `NULL` is 0, `(SIZE_T)-1` is `usize::MAX`, a pointer that may be NULL is an `Option`. A failure
//! sets the calling thread's last error. Calls that would raise a structured exception answer with
//! [`Exception`] instead:
//!
//! - under HEAP_GENERATE_EXCEPTIONS, HeapAlloc and HeapReAlloc that fail;
//! - on a heap whose checks are off, any access to a page that is not committed, as the processor would report it;
//! - after `HeapEnableTerminationOnCorruption`, damage or misuse found by HeapAlloc, HeapReAlloc, HeapFree, HeapSize.
//!
//! A handle that is not that of a heap is always answered with `ERROR_INVALID_HANDLE`, where Windows might crash.

#![expect(
    non_snake_case,
    reason = "functions, arguments and fields bear the names that Microsoft documents"
)]

mod entry;
mod information;

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use crate::heap::{AllocError, Flags, Heap, Misuse, Options, Placed, Source};

use super::error::{
    ERROR_INVALID_HANDLE, ERROR_INVALID_PARAMETER, ERROR_NO_MORE_ITEMS, ERROR_NOACCESS,
    ERROR_NOT_ENOUGH_MEMORY, ERROR_NOT_OWNER, Exception, NO_ERROR, SetLastError, is_misuse,
    last_error_of,
};
use super::flags::{Place, accepted};
use super::process::{Process, offset_in};

pub use entry::{
    PROCESS_HEAP_ENTRY, PROCESS_HEAP_ENTRY_BUSY, PROCESS_HEAP_ENTRY_DDESHARE,
    PROCESS_HEAP_ENTRY_MOVEABLE, PROCESS_HEAP_REGION, PROCESS_HEAP_REGION_BLOCK,
    PROCESS_HEAP_UNCOMMITTED_RANGE,
};
pub use information::{
    HEAP_COMPATIBILITY_INFORMATION, HEAP_ENABLE_TERMINATION_ON_CORRUPTION, HEAP_SUMMARY,
};

/// What HeapSize answers when it fails.
const NO_SIZE: usize = usize::MAX;

/// Sets the last error and answers with what the function returns then.
fn fails<T>(last_error: u32, answer: T) -> T {
    SetLastError(last_error);
    answer
}

/// Where a pointer lies in a heap.
fn payload_of(heap: &Heap, lpMem: usize) -> Result<u64, AllocError> {
    offset_in(heap, lpMem).ok_or(AllocError::Misuse(Misuse::Outside))
}

impl Process {
    /// The heap with this handle, or the last error set.
    fn entered(&self, hHeap: usize) -> Option<Arc<Heap>> {
        let heap = self.heap_of(hHeap);
        if heap.is_none() {
            SetLastError(ERROR_INVALID_HANDLE);
        }
        heap
    }

    fn alloc(&self, heap: &Heap, size: u64, call: Flags) -> Result<Placed, AllocError> {
        let watch = self.watched(heap);
        match watch.access() {
            Some(access) => watch.judge(heap.through(access).alloc(size, call)),
            None => heap.alloc(size, call),
        }
    }

    /// What HEAP_VALIDATE_ALL_ENABLED and HEAP_VALIDATE_PARAMETERS_ENABLED demand before a call about `payload`.
    fn validated(heap: &Heap, payload: Option<u64>, call: Flags) -> Result<(), AllocError> {
        let flags = heap.settings().flags;
        if flags.has(Flags::VALIDATE_ALL)
            && let Some(&finding) = heap.validate(call, 1).0.first()
        {
            return Err(AllocError::Damaged(finding));
        }
        match payload {
            Some(payload) if flags.has(Flags::VALIDATE_PARAMETERS) => {
                heap.validate_block(payload, call)
            }
            _ => Ok(()),
        }
    }

    /// The exception that a call about `lpMem` (0 for none) ends with when it fails with `error`. `raising` are the
    /// flags of calls that HEAP_GENERATE_EXCEPTIONS concerns.
    fn exception(
        &self,
        heap: &Heap,
        lpMem: usize,
        error: &AllocError,
        raising: Option<Flags>,
    ) -> Option<Exception> {
        let settings = heap.settings();
        let touches_nothing = matches!(error, AllocError::Misuse(Misuse::Outside))
            && !settings.checks
            && !self.is_readable(lpMem);
        if touches_nothing || matches!(error, AllocError::Strayed(_)) {
            return Some(Exception::ACCESS_VIOLATION);
        }
        if is_misuse(error) && self.terminates_on_corruption() {
            return Some(Exception::HEAP_CORRUPTION);
        }
        raising
            .filter(|&call| (settings.flags | call).has(Flags::GENERATE_EXCEPTIONS))
            .map(|_| Exception::of(error))
    }

    /// How such a call ends: with an exception, or with the last error set and `answer`.
    fn refused<T>(
        &self,
        heap: &Heap,
        lpMem: usize,
        error: AllocError,
        raising: Option<Flags>,
        answer: T,
    ) -> Result<T, Exception> {
        match self.exception(heap, lpMem, &error, raising) {
            Some(exception) => Err(exception),
            None => Ok(fails(last_error_of(&error), answer)),
        }
    }

    /// Makes a private heap; growable if `dwMaximumSize` is 0, else of that fixed size. Its handle, or NULL.
    ///
    /// Of `flOptions` HEAP_NO_SERIALIZE and HEAP_GENERATE_EXCEPTIONS have an effect; other flags come from the
    /// process's global flags or from [`Process::create_with`].
    pub fn HeapCreate(&self, flOptions: u32, dwInitialSize: usize, dwMaximumSize: usize) -> usize {
        let options = Options {
            source: if dwMaximumSize == 0 {
                Source::Growable
            } else {
                Source::Fixed
            },
            maximum: dwMaximumSize as u64,
            initial: dwInitialSize as u64,
            flags: accepted(flOptions, Place::HeapCreate),
            ..Options::default()
        };
        self.create_with(&options)
            .unwrap_or_else(|_| fails(ERROR_NOT_ENOUGH_MEMORY, 0))
    }

    /// Ends a private heap and all its blocks. The process heap cannot be destroyed; of NULL nothing is destroyed, and
    /// that succeeds.
    pub fn HeapDestroy(&self, hHeap: usize) -> bool {
        hHeap == 0 || self.detach(hHeap).is_some() || fails(ERROR_INVALID_HANDLE, false)
    }

    /// The process heap's handle.
    #[must_use]
    pub fn GetProcessHeap(&self) -> usize {
        self.process_heap()
    }

    /// Stores as many handles as `ProcessHeaps` has room for, the process heap first, the newest last. The number of
    /// all heaps.
    pub fn GetProcessHeaps(&self, ProcessHeaps: &mut [usize]) -> u32 {
        let handles = self.handles();
        for (place, &handle) in ProcessHeaps.iter_mut().zip(&handles) {
            *place = handle;
        }
        handles.len() as u32
    }

    /// Allocates a block. Its address, or NULL.
    ///
    /// # Errors
    /// The exception that HEAP_GENERATE_EXCEPTIONS, or termination on corruption, asks for.
    pub fn HeapAlloc(
        &self,
        hHeap: usize,
        dwFlags: u32,
        dwBytes: usize,
    ) -> Result<usize, Exception> {
        let Some(heap) = self.entered(hHeap) else {
            return Ok(0);
        };
        let call = accepted(dwFlags, Place::HeapAlloc);
        Self::validated(&heap, None, call)
            .and_then(|()| self.alloc(&heap, dwBytes as u64, call))
            .map(|placed| hHeap + placed.payload as usize)
            .or_else(|error| self.refused(&heap, 0, error, Some(call), 0))
    }

    /// Changes a block's size. Its address, the same or another, or NULL, and then the block is as it was.
    ///
    /// # Errors
    /// As HeapAlloc.
    pub fn HeapReAlloc(
        &self,
        hHeap: usize,
        dwFlags: u32,
        lpMem: usize,
        dwBytes: usize,
    ) -> Result<usize, Exception> {
        if lpMem == 0 {
            return Ok(fails(NO_ERROR, 0));
        }
        let Some(heap) = self.entered(hHeap) else {
            return Ok(0);
        };
        let call = accepted(dwFlags, Place::HeapReAlloc);
        payload_of(&heap, lpMem)
            .and_then(|payload| {
                Self::validated(&heap, Some(payload), call)?;
                let watch = self.watched(&heap);
                match watch.access() {
                    Some(access) => {
                        watch.judge(heap.through(access).realloc(payload, dwBytes as u64, call))
                    }
                    None => heap.realloc(payload, dwBytes as u64, call),
                }
            })
            .map(|resized| hHeap + resized.payload as usize)
            .or_else(|error| self.refused(&heap, lpMem, error, Some(call), 0))
    }

    /// Frees a block. Freeing NULL succeeds and does nothing.
    ///
    /// # Errors
    /// Only on a heap without checks, or after termination on corruption was asked for.
    pub fn HeapFree(&self, hHeap: usize, dwFlags: u32, lpMem: usize) -> Result<bool, Exception> {
        if lpMem == 0 {
            return Ok(true);
        }
        let Some(heap) = self.entered(hHeap) else {
            return Ok(false);
        };
        let call = accepted(dwFlags, Place::OtherCalls);
        payload_of(&heap, lpMem)
            .and_then(|payload| {
                Self::validated(&heap, Some(payload), call)?;
                let watch = self.watched(&heap);
                match watch.access() {
                    Some(access) => watch.judge(heap.through(access).free(payload, call)),
                    None => heap.free(payload, call),
                }
            })
            .map(|_| true)
            .or_else(|error| self.refused(&heap, lpMem, error, None, false))
    }

    /// The bytes that the owner of a block asked for, or `usize::MAX`. Leaves the last error alone, as documented, if
    /// the handle is one.
    ///
    /// # Errors
    /// As HeapFree.
    pub fn HeapSize(&self, hHeap: usize, dwFlags: u32, lpMem: usize) -> Result<usize, Exception> {
        let Some(heap) = self.entered(hHeap) else {
            return Ok(NO_SIZE);
        };
        let call = accepted(dwFlags, Place::OtherCalls);
        payload_of(&heap, lpMem)
            .and_then(|payload| {
                Self::validated(&heap, Some(payload), call)?;
                Ok(heap.size(payload, call)?)
            })
            .map(|size| size as usize)
            .or_else(|error| match self.exception(&heap, lpMem, &error, None) {
                Some(exception) => Err(exception),
                None => Ok(NO_SIZE),
            })
    }

    /// Whether the whole heap (`lpMem` NULL) or the busy block `lpMem` and its neighbourhood are sound. Leaves the last
    /// error alone, but for an address at which nothing is known to be readable: on no committed page of any heap of
    /// this process.
    pub fn HeapValidate(&self, hHeap: usize, dwFlags: u32, lpMem: usize) -> bool {
        let Some(heap) = self.entered(hHeap) else {
            return false;
        };
        let call = accepted(dwFlags, Place::OtherCalls);
        if lpMem == 0 {
            return heap.validate(call, 0).1 == 0;
        }
        if !self.is_readable(lpMem) {
            return fails(ERROR_NOACCESS, false);
        }
        payload_of(&heap, lpMem)
            .and_then(|payload| heap.validate_block(payload, call))
            .is_ok()
    }

    /// Steps `lpEntry` to the next thing in the heap, from what it holds alone; `lpData` NULL begins. False at the end
    /// (`ERROR_NO_MORE_ITEMS`), and where nothing can be read (`ERROR_INVALID_PARAMETER`).
    ///
    /// Lock the heap to walk it while other threads use it.
    pub fn HeapWalk(&self, hHeap: usize, lpEntry: Option<&mut PROCESS_HEAP_ENTRY>) -> bool {
        let Some(heap) = self.entered(hHeap) else {
            return false;
        };
        let Some(entry) = lpEntry else {
            return fails(ERROR_INVALID_PARAMETER, false);
        };
        match heap.with(heap.direct(), Flags::NONE, |core| {
            entry::step(core, hHeap, entry)
        }) {
            Ok(Some(next)) => {
                *entry = next;
                true
            }
            Ok(None) => fails(ERROR_NO_MORE_ITEMS, false),
            Err(entry::Lost) => fails(ERROR_INVALID_PARAMETER, false),
        }
    }

    /// Bytes of the largest committed free block, header included (a request of 8 bytes less fits), after joining free
    /// neighbours if coalescing is off. Moves no busy block and gives nothing back. 0 with `NO_ERROR` set if there is no
    /// committed free block; 0 with another last error, and nothing changed, if the heap is damaged.
    pub fn HeapCompact(&self, hHeap: usize, dwFlags: u32) -> usize {
        let Some(heap) = self.entered(hHeap) else {
            return 0;
        };
        let (watch, call) = (self.watched(&heap), accepted(dwFlags, Place::OtherCalls));
        let done = match watch.access() {
            Some(access) => heap.through(access).compact(call),
            None => heap.compact(call),
        };
        match done {
            Ok(done) if done.largest == 0 => fails(NO_ERROR, 0),
            Ok(done) => done.largest as usize,
            Err(_) => fails(ERROR_INVALID_PARAMETER, 0),
        }
    }

    /// Takes the heap's lock, waiting for it. A heap with HEAP_NO_SERIALIZE has none to take, and that succeeds.
    pub fn HeapLock(&self, hHeap: usize) -> bool {
        let Some(heap) = self.entered(hHeap) else {
            return false;
        };
        if heap.settings().serialized(Flags::NONE) {
            heap.lock().lock();
        }
        true
    }

    /// Releases one hold of the heap's lock. On a heap with HEAP_NO_SERIALIZE it succeeds without one.
    pub fn HeapUnlock(&self, hHeap: usize) -> bool {
        let Some(heap) = self.entered(hHeap) else {
            return false;
        };
        // Released first: the heap may have lost its serialisation while the lock was held.
        heap.lock().unlock()
            || !heap.settings().serialized(Flags::NONE)
            || fails(ERROR_NOT_OWNER, false)
    }

    /// Notes that found damage is to end the process.
    fn terminate_on_corruption(&self) {
        self.terminates.store(true, Relaxed);
    }
}
