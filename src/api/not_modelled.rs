//! What Windows' heaps do and these do not.

/// Facts about heaps on Windows (or about another implementation of them) that heapwalk does not follow, by the row
/// that the tests in `tests/semantics` number them with, and why.
pub const NOT_MODELLED: &[(&str, &str)] = &[
    (
        "K11",
        "GlobalCompact, LocalCompact and LocalShrink are not offered; call HeapCompact",
    ),
    (
        "K12",
        "Wine's HeapCompact is a stub that answers 0; this one does what is documented",
    ),
    (
        "M2",
        "in the UCRT, _heapmin of a completely full heap answers -1; here a full heap is no failure",
    ),
    (
        "M3",
        "_heapmin of older CRTs also consulted the small-block heap and HeapCompact's last error; here it decommits \
         by itself",
    ),
    ("M5", "the x86 small-block heap does not exist on x64"),
    (
        "M6",
        "Wine's _heapmin always fails; this one does what is documented",
    ),
    (
        "B5",
        "Wine's own threshold for separate blocks; Windows' is 0xFF000",
    ),
    ("B10", "Wine's own overhead of fixed-size heaps"),
    (
        "R10",
        "no low-fragmentation heap: no block is in one of its buckets",
    ),
    (
        "W11",
        "no low-fragmentation heap: its sub-segments do not show in a walk",
    ),
    ("W15", "RtlWalkHeap is not offered; HeapWalk is"),
    (
        "L3",
        "no low-fragmentation heap: every serialised call takes the heap's one lock",
    ),
    (
        "Q4",
        "no low-fragmentation heap: asking for it fails with ERROR_GEN_FAILURE instead of succeeding",
    ),
    (
        "Q6",
        "no low-fragmentation heap: it does not start by itself after 18 allocations",
    ),
    (
        "Q7",
        "no low-fragmentation heap: sizes have no activation counters",
    ),
    (
        "Q8",
        "no low-fragmentation heap: there is no allocation that activates it",
    ),
    (
        "Q9",
        "no low-fragmentation heap: there are no buckets and no largest size for them",
    ),
    (
        "T16",
        "the debug CRT wraps each block in guard bytes of its own; only the release CRT's functions are here",
    ),
    (
        "I5",
        "when growth fails the heap is not coalesced as a last resort; HeapCompact does that when called",
    ),
    (
        "I10",
        "headers are not encoded with a random key, so that they can be read; a check byte protects them instead",
    ),
    (
        "G7",
        "a debugger does not switch heap checks on; the global flags given to the process do",
    ),
];
