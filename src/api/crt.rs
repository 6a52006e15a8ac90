//! The heap functions of the Microsoft C runtime, by their documented names, on the heap tagged CRT.
//!
//! They are those of the older runtimes, which had a private heap and all of `_heapset`, `_heapwalk` with free entries
//! and `_heapadd`; where the UCRT has a function too, it behaves as there. A pointer that may be NULL is an `Option` or
//! 0. With no heap tagged CRT the heap counts as not initialised. Where the runtime would call the invalid-parameter
//! handler, one that returns is assumed: `errno` is set and the function fails.

use std::cell::Cell;
use std::sync::Arc;

use crate::heap::{Damage, Flags, Heap, MinimizeError, Minimized};

use super::error::{EINVAL, ENOMEM, ENOSYS, ERROR_NO_MORE_ITEMS, Exception, errno_of};
use super::flags::HEAP_REALLOC_IN_PLACE_ONLY;
use super::process::Process;
use super::win32::{
    PROCESS_HEAP_ENTRY, PROCESS_HEAP_ENTRY_BUSY, PROCESS_HEAP_REGION,
    PROCESS_HEAP_UNCOMMITTED_RANGE,
};
use super::{GetLastError, SetLastError};

/// The heap is not initialised: no heap bears the tag CRT.
pub const _HEAPEMPTY: i32 = -1;
/// The heap is sound.
pub const _HEAPOK: i32 = -2;
/// The heap's first header cannot be read.
pub const _HEAPBADBEGIN: i32 = -3;
/// A block is damaged.
pub const _HEAPBADNODE: i32 = -4;
/// A walk is at its end.
pub const _HEAPEND: i32 = -5;
/// The entry to walk from is no entry.
pub const _HEAPBADPTR: i32 = -6;
/// `_useflag` of a free block.
pub const _FREEENTRY: i32 = 0;
/// `_useflag` of a busy block.
pub const _USEDENTRY: i32 = 1;
/// The largest request there can be.
pub const _HEAP_MAXREQ: usize = 0xFFFF_FFFF_FFFF_FFE0;

/// One block that `_heapwalk` reports.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct _HEAPINFO {
    /// Its data, as HeapWalk's `lpData`; NULL begins a walk.
    pub _pentry: usize,
    /// Bytes of it.
    pub _size: usize,
    /// [`_USEDENTRY`] or [`_FREEENTRY`].
    pub _useflag: i32,
}

thread_local!(static ERRNO: Cell<i32> = const { Cell::new(0) });

/// The calling thread's `errno`, with Microsoft's numbers.
#[must_use]
pub fn errno() -> i32 {
    ERRNO.get()
}

/// Sets the calling thread's `errno`.
pub fn _set_errno(value: i32) {
    ERRNO.set(value);
}

/// Sets `errno` and answers with what the function returns then.
fn fails<T>(errno: i32, answer: T) -> T {
    _set_errno(errno);
    answer
}

/// What the `_heap…` functions answer, as its number and name: `-2 _HEAPOK`.
#[must_use]
pub fn heap_status(status: i32) -> String {
    const NAMES: [(i32, &str); 6] = [
        (_HEAPEMPTY, "_HEAPEMPTY"),
        (_HEAPOK, "_HEAPOK"),
        (_HEAPBADBEGIN, "_HEAPBADBEGIN"),
        (_HEAPBADNODE, "_HEAPBADNODE"),
        (_HEAPEND, "_HEAPEND"),
        (_HEAPBADPTR, "_HEAPBADPTR"),
    ];
    let name = NAMES.iter().find(|(value, _)| *value == status);
    name.map_or_else(
        || status.to_string(),
        |(_, name)| format!("{status} {name}"),
    )
}

impl Process {
    /// The handle of the heap tagged CRT, NULL if there is none.
    fn crt_handle(&self) -> usize {
        self.crt().unwrap_or(0)
    }

    fn crt_heap(&self) -> Option<Arc<Heap>> {
        self.heap_of(self.crt_handle())
    }

    /// Gives every page back that holds no byte of anything the heap needs. 0, or -1 with `errno` ENOSYS if the heap's
    /// memory cannot be given back or the heap is damaged. A full heap is no failure.
    pub fn _heapmin(&self) -> i32 {
        let done = self.crt_heap().map(|heap| self.minimize(&heap));
        match done {
            Some(Ok(_)) => 0,
            Some(Err(_)) | None => fails(ENOSYS, -1),
        }
    }

    /// `_heapmin`'s work on any heap: heapwalk's own.
    ///
    /// # Errors
    /// As [`Heap::minimize`].
    pub fn minimize(&self, heap: &Heap) -> Result<Minimized, MinimizeError> {
        let watch = self.watched(heap);
        match watch.access() {
            Some(access) => heap.through(access).minimize(Flags::NONE),
            None => heap.minimize(Flags::NONE),
        }
    }

    /// Switches coalescing on any heap: heapwalk's own. The pairs joined.
    pub fn set_coalesce(&self, heap: &Heap, on: bool) -> u64 {
        let watch = self.watched(heap);
        match watch.access() {
            Some(access) => heap.through(access).set_coalesce(on),
            None => heap.set_coalesce(on),
        }
    }

    /// Whether the heap is sound: [`_HEAPOK`], [`_HEAPBADNODE`] or [`_HEAPEMPTY`].
    pub fn _heapchk(&self) -> i32 {
        match self.crt() {
            None => _HEAPEMPTY,
            Some(handle) if self.HeapValidate(handle, 0, 0) => _HEAPOK,
            Some(_) => _HEAPBADNODE,
        }
    }

    /// Checks the heap and, if it is sound, fills the data of every free block with bytes of `fill`.
    pub fn _heapset(&self, fill: u32) -> i32 {
        let Some(heap) = self.crt_heap() else {
            return _HEAPEMPTY;
        };
        match heap.validate(Flags::NONE, 1).0.first() {
            Some(finding) if finding.what == Damage::Control => _HEAPBADBEGIN,
            Some(_) => _HEAPBADNODE,
            None => {
                heap.with(heap.direct(), Flags::NONE, |core| {
                    core.fill_free(fill as u8);
                });
                _HEAPOK
            }
        }
    }

    /// Steps `entry` to the next busy or free block; `_pentry` NULL begins. [`_HEAPOK`], [`_HEAPEND`], or what is wrong.
    pub fn _heapwalk(&self, entry: Option<&mut _HEAPINFO>) -> i32 {
        let Some(entry) = entry else {
            return fails(EINVAL, _HEAPBADPTR);
        };
        let Some(handle) = self.crt() else {
            return _HEAPEMPTY;
        };
        let begins = entry._pentry == 0;
        let used = entry._useflag == _USEDENTRY;
        if !begins && used && !self.HeapValidate(handle, 0, entry._pentry) {
            return _HEAPBADNODE;
        }
        let mut place = PROCESS_HEAP_ENTRY {
            lpData: entry._pentry,
            wFlags: if used { PROCESS_HEAP_ENTRY_BUSY } else { 0 },
            ..PROCESS_HEAP_ENTRY::default()
        };
        let before = GetLastError();
        loop {
            let first = place.lpData == 0;
            if !self.HeapWalk(handle, Some(&mut place)) {
                let ended = GetLastError() == ERROR_NO_MORE_ITEMS;
                SetLastError(before);
                return match (first, ended) {
                    (true, _) => _HEAPBADBEGIN,
                    (_, true) => _HEAPEND,
                    _ => _HEAPBADNODE,
                };
            }
            if place.wFlags & (PROCESS_HEAP_REGION | PROCESS_HEAP_UNCOMMITTED_RANGE) == 0 {
                break;
            }
        }
        *entry = _HEAPINFO {
            _pentry: place.lpData,
            _size: place.cbData as usize,
            _useflag: if place.wFlags & PROCESS_HEAP_ENTRY_BUSY != 0 {
                _USEDENTRY
            } else {
                _FREEENTRY
            },
        };
        _HEAPOK
    }

    /// Would add memory to the heap; no Win32 runtime ever could: -1 with `errno` ENOSYS.
    pub fn _heapadd(&self, _memblock: usize, _size: usize) -> i32 {
        fails(ENOSYS, -1)
    }

    /// The bytes that the owner of a block asked for, or `usize::MAX`.
    ///
    /// # Errors
    /// As HeapSize.
    pub fn _msize(&self, memblock: usize) -> Result<usize, Exception> {
        if memblock == 0 {
            return Ok(fails(EINVAL, usize::MAX));
        }
        self.HeapSize(self.crt_handle(), 0, memblock)
    }

    /// Changes a block's size where it stands. Its address, or NULL, and then it is as it was.
    ///
    /// # Errors
    /// As HeapReAlloc.
    pub fn _expand(&self, memblock: usize, size: usize) -> Result<usize, Exception> {
        if memblock == 0 {
            return Ok(fails(EINVAL, 0));
        }
        if size > _HEAP_MAXREQ {
            return Ok(fails(ENOMEM, 0));
        }
        let flags = HEAP_REALLOC_IN_PLACE_ONLY;
        let place = self.HeapReAlloc(self.crt_handle(), flags, memblock, size.max(1))?;
        Ok(if place == 0 {
            fails(errno_of(GetLastError()), 0)
        } else {
            place
        })
    }

    fn allocate(&self, flags: u32, size: usize) -> Result<usize, Exception> {
        if size > _HEAP_MAXREQ {
            return Ok(fails(ENOMEM, 0));
        }
        // A request for nothing is one for a byte, so that it gets an address of its own.
        let place = self.HeapAlloc(self.crt_handle(), flags, size.max(1))?;
        Ok(if place == 0 { fails(ENOMEM, 0) } else { place })
    }

    /// Allocates. The block's address, or NULL with `errno` ENOMEM.
    ///
    /// # Errors
    /// As HeapAlloc.
    pub fn malloc(&self, size: usize) -> Result<usize, Exception> {
        self.allocate(0, size)
    }

    /// Allocates `count` times `size` zeroed bytes. The block's address, or NULL with `errno` ENOMEM.
    ///
    /// # Errors
    /// As HeapAlloc.
    pub fn calloc(&self, count: usize, size: usize) -> Result<usize, Exception> {
        match count.checked_mul(size) {
            Some(bytes) => self.allocate(super::flags::HEAP_ZERO_MEMORY, bytes),
            None => Ok(fails(ENOMEM, 0)),
        }
    }

    /// Changes a block's size; of NULL allocates, to 0 frees. The address, or NULL.
    ///
    /// # Errors
    /// As HeapReAlloc.
    pub fn realloc(&self, memblock: usize, size: usize) -> Result<usize, Exception> {
        if memblock == 0 {
            return self.malloc(size);
        }
        if size == 0 {
            self.free(memblock)?;
            return Ok(0);
        }
        if size > _HEAP_MAXREQ {
            return Ok(fails(ENOMEM, 0));
        }
        let place = self.HeapReAlloc(self.crt_handle(), 0, memblock, size)?;
        Ok(if place == 0 { fails(ENOMEM, 0) } else { place })
    }

    /// Frees. `errno` tells of a failure; freeing NULL does nothing.
    ///
    /// # Errors
    /// As HeapFree.
    pub fn free(&self, memblock: usize) -> Result<(), Exception> {
        if !self.HeapFree(self.crt_handle(), 0, memblock)? {
            _set_errno(errno_of(GetLastError()));
        }
        Ok(())
    }
}
