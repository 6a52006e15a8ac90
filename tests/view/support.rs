//! Heaps with a past, and pictures of them.

use std::sync::Arc;

use heapwalk::heap::{Flags, Heap, Options, Source};
use heapwalk::os::CommitLimit;
use heapwalk::view::{Context, Lens, Picture, Target, take};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

pub(crate) fn heap(options: &Options) -> Heap {
    Heap::new(options, &Arc::new(CommitLimit::new(1 << 30))).expect("a small heap")
}

/// A heap with a random past.
pub(crate) fn lived(seed: u64, source: Source, coalesce: bool, largest: u64) -> (Heap, Vec<u64>) {
    let flags = Flags::NONE.with(Flags::DISABLE_COALESCE_ON_FREE, !coalesce);
    let heap = heap(&Options {
        source,
        maximum: 0x4_0000,
        flags,
        ..Options::default()
    });
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut live = Vec::new();
    for step in 0..600 {
        if random.random_bool(0.6) {
            let size = if random.random_bool(0.1) {
                random.random_range(0..largest)
            } else {
                random.random_range(0..200)
            };
            live.extend(heap.alloc(size, Flags::NONE).map(|placed| placed.payload));
        } else if !live.is_empty() {
            let payload = live.swap_remove(random.random_range(0..live.len()));
            heap.free(payload, Flags::NONE).expect("a live block");
        }
        if step == 400 {
            let _ = heap.minimize(Flags::NONE);
        }
    }
    (heap, live)
}

/// A context that knows nothing but the heap.
pub(crate) const PLAIN: Context<'static> = Context {
    number: 1,
    of: 1,
    crt: true,
    marks: &[],
    others: &|_| Vec::new(),
    bad: &[],
    names: &|_| None,
    born: &|_| None,
    returned: (0, 0),
    search: None,
    survey: None,
    fresh: false,
    quiet: true,
};

pub(crate) fn picture(heap: &Heap, lens: &Lens) -> Picture {
    take(heap, lens, &PLAIN)
}

pub(crate) fn seek(
    heap: &Heap,
    cursor: Option<u64>,
    target: Target,
    row_bytes: u64,
) -> Option<u64> {
    heapwalk::view::seek(heap, cursor, target, row_bytes, &PLAIN)
}
