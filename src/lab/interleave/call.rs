//! One call on a heap, and what it answered.

use crate::heap::{
    Access, AllocError, Compacted, Finding, Flags, Freed, Heap, MinimizeError, Minimized, Placed,
    Resized,
};

/// One call on a heap, with its flags. Payloads are offsets in the arena.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Call {
    /// HeapAlloc of so many bytes.
    Alloc(u64, Flags),
    /// HeapFree of the block with this payload.
    Free(u64, Flags),
    /// HeapReAlloc of the block with this payload to so many bytes.
    Realloc(u64, u64, Flags),
    /// HeapCompact.
    Compact(Flags),
    /// `_heapmin`'s work.
    Minimize(Flags),
    /// HeapValidate of the whole heap.
    Validate(Flags),
}

/// What a call answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// HeapAlloc.
    Placed(Result<Placed, AllocError>),
    /// HeapFree.
    Freed(Result<Freed, AllocError>),
    /// HeapReAlloc.
    Resized(Result<Resized, AllocError>),
    /// HeapCompact.
    Compacted(Result<Compacted, Finding>),
    /// `_heapmin`'s work.
    Minimized(Result<Minimized, MinimizeError>),
    /// HeapValidate: the first finding, and how many there are.
    Validated(Option<Finding>, u64),
    /// Nothing: it was broken off after more steps than are made one by one.
    Endless,
}

impl Call {
    /// Makes the call through `access`.
    pub(in crate::lab) fn run<A: Access>(self, heap: &Heap, access: A) -> Outcome {
        let through = heap.through(access);
        match self {
            Call::Alloc(size, flags) => Outcome::Placed(through.alloc(size, flags)),
            Call::Free(payload, flags) => Outcome::Freed(through.free(payload, flags)),
            Call::Realloc(payload, size, flags) => {
                Outcome::Resized(through.realloc(payload, size, flags))
            }
            Call::Compact(flags) => Outcome::Compacted(through.compact(flags)),
            Call::Minimize(flags) => Outcome::Minimized(through.minimize(flags)),
            Call::Validate(flags) => {
                let (findings, total) = through.validate(flags, 1);
                Outcome::Validated(findings.first().copied(), total)
            }
        }
    }
}

impl Outcome {
    /// The payload of the block that the call handed out, if it did.
    #[must_use]
    pub fn payload(&self) -> Option<u64> {
        match self {
            Outcome::Placed(Ok(placed)) => Some(placed.payload),
            Outcome::Resized(Ok(resized)) => Some(resized.payload),
            _ => None,
        }
    }
}
