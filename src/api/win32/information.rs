//! HeapSummary, HeapQueryInformation, HeapSetInformation.

use crate::heap::{Flags, Heap};

use super::super::error::{
    ERROR_GEN_FAILURE, ERROR_INSUFFICIENT_BUFFER, ERROR_INVALID_PARAMETER, ERROR_NOACCESS,
};
use super::super::process::Process;
use super::fails;

/// Information class: 0 for a standard heap, 2 for a low-fragmentation heap.
pub const HEAP_COMPATIBILITY_INFORMATION: u32 = 0;
/// Information class: found damage ends the process.
pub const HEAP_ENABLE_TERMINATION_ON_CORRUPTION: u32 = 1;

/// Bytes of the compatibility information, a ULONG.
const ULONG: usize = 4;
/// Compatibility of a heap without look-aside lists and low-fragmentation heap.
const STANDARD: u32 = 0;
/// The largest compatibility there is: the low-fragmentation heap.
const LOW_FRAGMENTATION: u32 = 2;

/// What HeapSummary tells. Sizes in bytes.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HEAP_SUMMARY {
    /// The size of this structure; the caller sets it.
    pub cb: u32,
    /// In busy blocks, headers and slack included.
    pub cbAllocated: usize,
    /// Committed.
    pub cbCommitted: usize,
    /// Reserved in segments and large blocks.
    pub cbReserved: usize,
    /// The most that the heap can reserve.
    pub cbMaxReserve: usize,
}

impl Default for HEAP_SUMMARY {
    /// Everything zero but `cb`, which is what it has to be.
    fn default() -> HEAP_SUMMARY {
        HEAP_SUMMARY {
            cb: size_of::<HEAP_SUMMARY>() as u32,
            cbAllocated: 0,
            cbCommitted: 0,
            cbReserved: 0,
            cbMaxReserve: 0,
        }
    }
}

/// Whether Windows would give a heap a low-fragmentation heap at all.
fn takes_low_fragmentation(heap: &Heap) -> bool {
    let flags = heap.settings().flags;
    let debug = Flags::TAIL_CHECKING | Flags::FREE_CHECKING;
    flags.has(Flags::GROWABLE) && !flags.has(Flags::NO_SERIALIZE) && (flags & debug) == Flags::NONE
}

impl Process {
    /// Tells sizes of the heap. `dwFlags` must be 0 and `cb` the structure's size.
    pub fn HeapSummary(&self, hHeap: usize, dwFlags: u32, lpSummary: &mut HEAP_SUMMARY) -> bool {
        let Some(heap) = self.entered(hHeap) else {
            return false;
        };
        if dwFlags != 0 || lpSummary.cb as usize != size_of::<HEAP_SUMMARY>() {
            return fails(ERROR_INVALID_PARAMETER, false);
        }
        let (totals, growable) = heap.with(heap.direct(), Flags::NONE, |core| {
            (core.totals(), core.settings().flags.has(Flags::GROWABLE))
        });
        *lpSummary = HEAP_SUMMARY {
            cb: lpSummary.cb,
            cbAllocated: (totals.busy_bytes + totals.large_bytes) as usize,
            cbCommitted: totals.committed as usize,
            cbReserved: totals.reserved as usize,
            cbMaxReserve: if growable {
                heap.layout().space
            } else {
                totals.reserved
            } as usize,
        };
        true
    }

    /// Tells whether the heap is a low-fragmentation heap (class 0): none is, the answer is 0.
    pub fn HeapQueryInformation(
        &self,
        HeapHandle: usize,
        HeapInformationClass: u32,
        HeapInformation: &mut [u8],
        ReturnLength: Option<&mut usize>,
    ) -> bool {
        if HeapInformationClass != HEAP_COMPATIBILITY_INFORMATION {
            return fails(ERROR_INVALID_PARAMETER, false);
        }
        if HeapHandle == 0 {
            return fails(ERROR_NOACCESS, false);
        }
        if self.entered(HeapHandle).is_none() {
            return false;
        }
        if let Some(length) = ReturnLength {
            *length = ULONG;
        }
        match HeapInformation.first_chunk_mut::<ULONG>() {
            Some(place) => {
                *place = STANDARD.to_le_bytes();
                true
            }
            None => fails(ERROR_INSUFFICIENT_BUFFER, false),
        }
    }

    /// Class 1 makes found damage an exception from now on, for the whole process. Class 0 with 2 would make the heap a
    /// low-fragmentation heap: that is not modelled and fails, with the error that Windows gives where it cannot do it.
    pub fn HeapSetInformation(
        &self,
        HeapHandle: usize,
        HeapInformationClass: u32,
        HeapInformation: &[u8],
    ) -> bool {
        match HeapInformationClass {
            HEAP_COMPATIBILITY_INFORMATION => self.set_compatibility(HeapHandle, HeapInformation),
            HEAP_ENABLE_TERMINATION_ON_CORRUPTION => {
                self.terminate_on_corruption();
                true
            }
            _ => fails(ERROR_INVALID_PARAMETER, false),
        }
    }

    fn set_compatibility(&self, HeapHandle: usize, HeapInformation: &[u8]) -> bool {
        if HeapHandle == 0 {
            return fails(ERROR_NOACCESS, false);
        }
        let Some(heap) = self.entered(HeapHandle) else {
            return false;
        };
        let Some(&wanted) = HeapInformation.first_chunk::<ULONG>() else {
            return fails(ERROR_INSUFFICIENT_BUFFER, false);
        };
        match u32::from_le_bytes(wanted) {
            // What it is already.
            STANDARD => true,
            1..=LOW_FRAGMENTATION if takes_low_fragmentation(&heap) => {
                fails(ERROR_GEN_FAILURE, false)
            }
            _ => fails(ERROR_INVALID_PARAMETER, false),
        }
    }
}
