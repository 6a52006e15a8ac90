//! Figures and the memory line.

use crate::heap::{Block, Flags, GRANULE, Heap, NET_HEADER, RegionKind, SpanKind};

use super::picture::{Figures, Fragmentation, MemoryLine, RangeCard};
use super::{Reader, Survey};

/// `1 - largest / free`; 0 when nothing is free.
#[must_use]
pub fn external_fragmentation(largest_free: u64, free: u64) -> f64 {
    if free == 0 {
        0.0
    } else {
        1.0 - largest_free as f64 / free as f64
    }
}

/// Counts and metrics of a heap.
#[must_use]
pub fn figures(heap: &Heap) -> Figures {
    let stats = heap.stats();
    heap.look(|core| {
        let totals = core.totals();
        Figures {
            busy_blocks: totals.busy_blocks + totals.large_blocks,
            busy_bytes: totals.busy_bytes + totals.large_bytes,
            requested: totals.requested,
            holes: totals.free_blocks,
            free_bytes: totals.free_bytes,
            largest_free: totals.largest_free,
            largest_request: largest_request(totals.largest_free, core.settings().flags),
            unmerged_pairs: totals.unmerged,
            large_blocks: totals.large_blocks,
            segments: core.regions(RegionKind::Segment).count() as u64,
            reserved: totals.reserved,
            committed: totals.committed,
            peak_committed: totals.peak_committed,
            external_fragmentation: external_fragmentation(totals.largest_free, totals.free_bytes),
            probes: stats.probes,
            lock_taken: stats.lock.taken,
            lock_skipped: stats.skipped,
            lock_contended: stats.lock.contended,
        }
    })
}

/// The largest request that a free block of `largest` bytes can hold: the inverse of the footprint.
fn largest_request(largest: u64, flags: Flags) -> u64 {
    largest.saturating_sub(crate::heap::overhead(flags))
}

/// The line that adds up. `returned`: bytes given back by the last return and in all.
#[must_use]
pub fn memory_line(heap: &Heap, returned: (u64, u64)) -> MemoryLine {
    heap.look(|core| {
        let totals = core.totals();
        let headers = totals.busy_blocks * NET_HEADER;
        let large_control = core.large_overhead();
        let live = unwrapped(totals.requested);
        let busy = totals.busy_bytes + totals.large_bytes;
        let slack = busy.saturating_sub(live.saturating_add(headers + large_control));
        let control = totals.committed.saturating_sub(busy + totals.free_bytes) + large_control;
        let returnable = core.returnable().free_bytes.min(totals.free_bytes);
        MemoryLine {
            live,
            slack,
            headers,
            control,
            holes_returnable: returnable,
            holes_pinned: totals.free_bytes - returnable,
            committed: totals.committed,
            side_tables: totals.side,
            resident: resident(heap),
            returned_last: returned.0,
            returned_total: returned.1,
        }
    })
}

/// A counter from which too much was taken is 0, not nearly 2^64.
fn unwrapped(counter: u64) -> u64 {
    if counter.cast_signed() < 0 {
        0
    } else {
        counter
    }
}

/// Bytes of the heap's committed pages that the kernel holds in memory (pagemap).
#[must_use]
pub fn resident(heap: &Heap) -> Option<u64> {
    let units = heap.look(|core| core.units_end());
    let pages = heap.resident_pages(units * crate::heap::UNIT_PAGES)?;
    Some(pages * crate::os::PAGE)
}

/// How free and busy memory is cut up.
pub(super) fn fragmentation(
    survey: &Survey,
    figures: &Figures,
    memory: &MemoryLine,
    core: &Reader<'_>,
) -> Fragmentation {
    let part = |of: u64, all: u64| {
        if all == 0 {
            0.0
        } else {
            of as f64 / all as f64
        }
    };
    Fragmentation {
        holes: survey.holes.buckets(),
        blocks: survey.blocks.buckets(),
        fits: survey.holes.fits(core.settings().flags),
        l2: survey.holes.l2(),
        internal: part(memory.slack, figures.busy_bytes),
        overhead: part(memory.headers, memory.committed),
    }
}

/// What begins inside a range of addresses, by the bitmaps.
pub(super) fn range(core: &Reader<'_>, (from, to): (u64, u64)) -> RangeCard {
    let granule =
        |address: u64| Block(u32::try_from(address.div_ceil(GRANULE)).unwrap_or(u32::MAX));
    let mut card = RangeCard {
        from,
        to,
        ..RangeCard::default()
    };
    for span in core.spans(granule(from), granule(to)) {
        match span.kind {
            SpanKind::Busy | SpanKind::Large => {
                card.busy_blocks += 1;
                card.busy_bytes += span.bytes();
            }
            SpanKind::Free => {
                card.holes += 1;
                card.free_bytes += span.bytes();
                card.largest_free = card.largest_free.max(span.bytes());
            }
            SpanKind::Hidden => {}
        }
    }
    card
}
