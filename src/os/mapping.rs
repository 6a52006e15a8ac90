//! An anonymous private mapping between two guard pages, seen as atomic words.

#![expect(
    unsafe_code,
    reason = "mapping memory is the one thing safe Rust cannot do"
)]

use std::ffi::c_void;
use std::ptr;
use std::sync::atomic::AtomicU64;

use rustix::io::Errno;
use rustix::mm::{
    Advice, MapFlags, MprotectFlags, ProtFlags, madvise, mmap_anonymous, mprotect, munmap,
};

/// A mapping of zeroed words. Reserved without a charge (`MAP_NORESERVE`), without huge pages.
#[derive(Debug)]
pub(super) struct Mapping {
    /// Start of the mapping, the first guard included.
    start: *mut c_void,
    /// Bytes of the mapping, both guards included.
    length: usize,
    /// Bytes of one guard: enough to align the words to 64 KiB, at least a page.
    guard: usize,
    /// Bytes between the guards.
    bytes: usize,
}

/// The words begin at a multiple of this, as Windows' allocation granularity has it.
const ALIGNMENT: usize = 0x10000;

// SAFETY: the mapping is owned by this value alone until it is dropped, and all access to it goes through atomics.
unsafe impl Send for Mapping {}
// SAFETY: as above; `words` hands out shared references to atomics only.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps `bytes` (a multiple of the page size).
    pub(super) fn new(bytes: usize) -> Result<Mapping, Errno> {
        let length = bytes.checked_add(3 * ALIGNMENT).ok_or(Errno::NOMEM)?;
        // SAFETY: a new anonymous mapping at an address of the kernel's choice touches no memory of ours.
        let start = unsafe {
            mmap_anonymous(
                ptr::null_mut(),
                length,
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::PRIVATE | MapFlags::NORESERVE,
            )
        }?;
        let first = (start as usize + 1).next_multiple_of(ALIGNMENT) - start as usize;
        let mapping = Mapping {
            start,
            length,
            guard: first,
            bytes,
        };
        mapping.protect()?;
        Ok(mapping)
    }

    /// Takes access from what lies around the words and keeps huge pages away from them.
    fn protect(&self) -> Result<(), Errno> {
        let behind = self.guard + self.bytes;
        // SAFETY: the range is the part of our own mapping in front of the words; nothing refers to it.
        unsafe { mprotect(self.start, self.guard, MprotectFlags::empty()) }?;
        let end = self.start.wrapping_byte_add(behind);
        // SAFETY: the range is the part of our own mapping behind the words; nothing refers to it.
        unsafe { mprotect(end, self.length - behind, MprotectFlags::empty()) }?;
        // SAFETY: advice about huge pages does not change what the memory holds.
        let advised = unsafe { madvise(self.base(), self.bytes, Advice::LinuxNoHugepage) };
        // A kernel built without huge pages refuses the advice it does not need.
        if advised == Err(Errno::INVAL) {
            Ok(())
        } else {
            advised
        }
    }

    /// Address of the first word.
    pub(super) fn base(&self) -> *mut c_void {
        self.start.wrapping_byte_add(self.guard)
    }

    /// The words.
    pub(super) fn words(&self) -> &[AtomicU64] {
        // SAFETY: the range is mapped readable and writable for as long as `self` lives, aligned to 64 KiB, zeroed by
        // the kernel (any bits are a valid u64), and reached by nobody but through these atomics. Pages given back
        // by `discard` read as zero, which to this slice is a store by another thread.
        unsafe { std::slice::from_raw_parts(self.base().cast(), self.bytes / 8) }
    }

    /// Gives the pages of `[offset, offset + length)` back to the kernel; they read as zero from then on.
    /// The range must lie within the words and be whole system pages.
    pub(super) fn discard(&self, offset: usize, length: usize) {
        assert!(
            offset
                .checked_add(length)
                .is_some_and(|end| end <= self.bytes),
            "discard outside of the mapping"
        );
        let from = self.base().wrapping_byte_add(offset);
        // SAFETY: the range was checked to lie within our own words; see `words` for why zeroing them is sound.
        let done = unsafe { madvise(from, length, Advice::LinuxDontNeed) };
        done.expect("the kernel discards pages of a private anonymous mapping");
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: `words` borrows `self`, so that no reference into the mapping is left.
        let unmapped = unsafe { munmap(self.start, self.length) };
        debug_assert!(unmapped.is_ok(), "munmap of our own mapping: {unmapped:?}");
    }
}
