//! `_heapmin` and HeapCompact against an oracle that knows the walk alone.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use heapwalk::heap::{Entry, Flags, Header, Heap, MinimizeError, Minimized, Options, Source};
use heapwalk::os::{CommitLimit, PAGE};

use crate::support::{
    Hand, Sizes, assert_sound, bytes_of, entries, fixed, free_blocks, hash, heap, image, seeds,
};

/// A hidden block before an uncommitted range.
const DESCRIPTOR: u64 = 64;
/// The smallest block: what a fragment at the end of a hole must have to stand.
const SMALLEST: u64 = 32;

/// A run of walk entries without a gap that decides about pages.
#[derive(Clone, Debug)]
enum Piece {
    /// Bytes that must stay: control block, segment descriptor, busy block with the eight bytes it overlays.
    Kept(Range<u64>),
    /// A free block.
    Hole(Range<u64>),
    /// The descriptor of the range behind it.
    Descriptor(Range<u64>),
    /// Not committed.
    Uncommitted(Range<u64>),
}

/// A segment as the walk tells it.
#[derive(Clone, Debug)]
struct Segment {
    bytes: Range<u64>,
    pieces: Vec<Piece>,
    busy: usize,
}

fn segments(heap: &Heap) -> Vec<Segment> {
    let mut segments: Vec<Segment> = Vec::new();
    for entry in entries(heap) {
        if let Entry::Segment(region) = entry {
            let start = region.address();
            let reserved = heap.look(|core| core.region_reserved(region));
            segments.push(Segment {
                bytes: start..start + reserved,
                pieces: vec![Piece::Kept(start..start + region.header_bytes())],
                busy: 0,
            });
            continue;
        }
        let piece = match entry {
            Entry::Block(block, header) if header.has(Header::BUSY) => {
                let bytes = bytes_of(block, header);
                Piece::Kept(bytes.start + 8..bytes.end + 8)
            }
            Entry::Block(block, header) => Piece::Hole(bytes_of(block, header)),
            Entry::Descriptor(block, header) => Piece::Descriptor(bytes_of(block, header)),
            Entry::Uncommitted { address, bytes } => Piece::Uncommitted(address..address + bytes),
            Entry::Large(_) => break,
            Entry::Segment(_) | Entry::Damaged { .. } => panic!("{entry:?} in a sound heap"),
        };
        let segment = segments.last_mut().expect("a segment comes first");
        segment.busy +=
            usize::from(matches!(entry, Entry::Block(_, header) if header.has(Header::BUSY)));
        segment.pieces.push(piece);
    }
    segments
}

fn pages_of(bytes: &Range<u64>) -> Range<u64> {
    bytes.start / PAGE..bytes.end.div_ceil(PAGE)
}

/// The committed pages of segments, by the walk.
fn committed(segments: &[Segment]) -> BTreeSet<u64> {
    let mut pages = BTreeSet::new();
    for segment in segments {
        pages.extend(pages_of(&segment.bytes));
        for piece in &segment.pieces {
            if let Piece::Uncommitted(bytes) = piece {
                pages_of(bytes).for_each(|page| assert!(pages.remove(&page), "page {page:#x}"));
            }
        }
    }
    pages
}

/// What decision S3 keeps of a segment in which no two free blocks touch: the bytes that some page must hold however
/// much is given back.
fn needed(segment: &Segment) -> Vec<Range<u64>> {
    let mut needed = Vec::new();
    for (nth, piece) in segment.pieces.iter().enumerate() {
        let before = nth.checked_sub(1).map(|nth| &segment.pieces[nth]);
        match piece {
            Piece::Kept(bytes) => needed.push(bytes.clone()),
            Piece::Hole(bytes) => {
                // What stands before the hole is followed by the descriptor of the range that arises, unless it is a
                // range itself.
                if !matches!(before, Some(Piece::Uncommitted(_))) {
                    needed.push(bytes.start..bytes.start + DESCRIPTOR);
                }
                // A hole that ends inside a page leaves a block there.
                let ends_run = match segment.pieces.get(nth + 1) {
                    None | Some(Piece::Descriptor(_)) => true,
                    Some(_) => bytes.end % PAGE == 0,
                };
                if !ends_run {
                    needed.push(bytes.end - SMALLEST..bytes.end);
                }
            }
            // Where a hole stands before it, the hole's own new descriptor will do.
            Piece::Descriptor(_) if matches!(before, Some(Piece::Hole(_))) => {}
            Piece::Descriptor(bytes) => needed.push(bytes.clone()),
            Piece::Uncommitted(_) => {}
        }
    }
    needed
}

fn needed_pages<'a>(segments: impl IntoIterator<Item = &'a Segment>) -> BTreeSet<u64> {
    let needed = segments.into_iter().flat_map(needed);
    needed.flat_map(|bytes| pages_of(&bytes)).collect()
}

/// The pages that stay committed when coalescing is on.
fn prediction(segments: &[Segment]) -> BTreeSet<u64> {
    let kept = segments
        .iter()
        .filter(|segment| segment.busy != 0 || segment.bytes.start == 0);
    &needed_pages(kept) & &committed(segments)
}

/// The pages that hold a byte of anything that decision S3 keeps, as things stand.
fn occupied(segments: &[Segment]) -> BTreeSet<u64> {
    let piece = |piece: &Piece| match piece {
        Piece::Kept(bytes) | Piece::Descriptor(bytes) => pages_of(bytes),
        // Header and links.
        Piece::Hole(bytes) => pages_of(&(bytes.start..bytes.start + SMALLEST)),
        Piece::Uncommitted(_) => 0..0,
    };
    segments
        .iter()
        .flat_map(|segment| segment.pieces.iter())
        .flat_map(piece)
        .collect()
}

fn busy(segments: &[Segment]) -> Vec<Range<u64>> {
    let kept = |piece: &Piece| match piece {
        Piece::Kept(bytes) => Some(bytes.clone()),
        _ => None,
    };
    segments
        .iter()
        .filter(|segment| segment.busy != 0)
        .flat_map(|segment| segment.pieces.iter().filter_map(kept))
        .collect()
}

/// Runs heapmin and compares it with the oracle. Answers with what it gave back.
#[track_caller]
fn check_heapmin(heap: &Heap, context: &str) -> Minimized {
    let before = segments(heap);
    let done = heap.minimize(Flags::NONE).expect(context);
    let after = segments(heap);
    assert_sound(heap, context);
    assert_eq!(
        busy(&before),
        busy(&after),
        "{context}: no busy block moves"
    );
    let (was, is) = (committed(&before), committed(&after));
    assert!(is.is_subset(&was), "{context}: nothing is committed");
    assert_eq!(
        (was.len() - is.len()) as u64,
        done.pages,
        "{context}: pages reported"
    );
    assert_eq!(
        (before.len() - after.len()) as u64,
        done.segments,
        "{context}: segments reported"
    );
    // A page stays for what it holds, or for the room of a descriptor or fragment that giving it back would need.
    let reason = &occupied(&after) | &needed_pages(&after);
    assert_eq!(
        &is - &reason,
        BTreeSet::new(),
        "{context}: pages that hold nothing"
    );
    for segment in &after {
        assert!(
            segment.bytes.start == 0 || segment.busy != 0,
            "{context}: an empty segment stays: {segment:x?}"
        );
    }
    if heap.settings().coalesce() {
        assert_eq!(is, prediction(&before), "{context}: the pages that stay");
    }
    let again = heap.minimize(Flags::NONE).expect(context);
    assert_eq!(again, Minimized::default(), "{context}: a second heapmin");
    let (pages, _, side) = heap.look(|core| core.page_counts());
    assert_eq!(
        heap.memory().limit().used(),
        (pages + side) * PAGE,
        "{context}: the charge ends with the pages"
    );
    done
}

/// Frees about so many percent of what lives.
fn thin(heap: &Heap, hand: &mut Hand, percent: u64) {
    for _ in 0..hand.live.len() {
        if hand.below(100) < percent {
            let payload = hand.take();
            heap.free(payload, Flags::NONE).expect("a live block");
        }
    }
}

#[test]
fn s3_heapmin_gives_back_every_page_that_holds_nothing_needed() {
    let growable = Options::default();
    let uncoalesced = Options {
        flags: Flags::DISABLE_COALESCE_ON_FREE,
        ..growable
    };
    let decommitting = Options {
        decommit: true,
        ..growable
    };
    let shapes = [
        ("growable, small", growable, Sizes::Even(300), 600),
        ("growable, pages", growable, Sizes::Pages, 200),
        ("growable, mixed", growable, Sizes::Mixed(0x1_0000), 300),
        ("several segments", growable, Sizes::Even(0x2_0000), 60),
        ("large blocks too", growable, Sizes::Mixed(0x20_0000), 60),
        ("decommit on free", decommitting, Sizes::Pages, 200),
        ("uncoalesced", uncoalesced, Sizes::Pages, 200),
        (
            "uncoalesced segments",
            uncoalesced,
            Sizes::Even(0x2_0000),
            60,
        ),
        ("fixed", fixed(0x10_0000), Sizes::Pages, 100),
        ("fixed, full", fixed(0x4_0000), Sizes::Mixed(9000), 5000),
    ];
    for (name, options, sizes, target) in shapes {
        let mut returned = 0;
        let mut released = 0;
        for seed in seeds(3) {
            let heap = heap(options);
            let mut hand = Hand::new(seed, sizes, target);
            for round in 0..8 {
                hand.run(&heap, 1200);
                thin(&heap, &mut hand, [0, 30, 70, 95][round % 4]);
                let done = check_heapmin(&heap, &format!("{name}, seed {seed}, round {round}"));
                returned += done.pages;
                released += done.segments;
            }
            thin(&heap, &mut hand, 100);
            released += check_heapmin(&heap, &format!("{name}, seed {seed}, empty")).segments;
        }
        assert!(returned > 0, "{name}: the runs exercise heapmin");
        let grows = name.contains("segments");
        assert!(!grows || released > 0, "{name}: segments are released");
    }
}

/// Every combination of where a hole starts and ends within its pages.
#[test]
fn s3_at_every_offset_of_a_hole_within_its_pages() {
    for lead in 0..20 {
        for tail in 0..20 {
            for (start, length) in [(lead, 2 * 256 + tail), (236 + lead, 256 + tail)] {
                let heap = heap(fixed(0x1_0000));
                let fill = |granules: u64| {
                    let placed = heap.alloc(granules * 16 - 8, Flags::NONE).expect("room");
                    placed.payload
                };
                // The first block starts at granule 0x72; the hole shall start `start` granules into a page.
                fill(512 + start - 0x72);
                let hole = fill(length);
                fill(40);
                heap.free(hole, Flags::NONE).expect("a live block");
                check_heapmin(&heap, &format!("hole at {start}, {length} granules"));
            }
        }
    }
}

#[test]
fn heapmin_goes_below_the_initial_commit_and_releases_empty_segments() {
    let initial = Options {
        initial: 0x8000,
        ..Options::default()
    };
    let heap = heap(initial);
    let payloads: Vec<u64> = (0..40)
        .map(|_| heap.alloc(0xF000, Flags::NONE).expect("room").payload)
        .collect();
    assert!(segments(&heap).len() > 2);
    for payload in payloads {
        heap.free(payload, Flags::NONE).expect("a live block");
    }
    let done = check_heapmin(&heap, "emptied");
    assert_eq!(done.segments, 2);
    assert_eq!(committed(&segments(&heap)), BTreeSet::from([0]));
}

#[test]
fn a_buffer_cannot_return_and_keeps_its_bytes() {
    let heap = heap(Options {
        source: Source::Buffer,
        ..fixed(0x4_0000)
    });
    let mut hand = Hand::new(1, Sizes::Pages, 40);
    hand.run(&heap, 1000);
    thin(&heap, &mut hand, 60);
    let before = image(&heap);
    let refused = heap.minimize(Flags::NONE).expect_err("a buffer");
    assert!(matches!(refused, MinimizeError::CannotReturn(_)));
    assert_eq!(
        refused.to_string(),
        "failed to give pages back: the heap's memory is a fixed buffer"
    );
    assert_eq!(image(&heap), before);
}

#[cfg(target_os = "linux")]
mod kernel {
    //! What the kernel says of it, asked without `os`.

    use std::fs::File;
    use std::os::unix::fs::FileExt;

    use heapwalk::heap::{Flags, Heap};
    use heapwalk::os::PAGE;

    use crate::support::{Hand, Sizes, fixed, heap, mappings, seeds};

    /// Resident bytes of the arena's mappings, as smaps tells it.
    fn resident(heap: &Heap) -> u64 {
        let kilobytes = |line: &String| -> Option<u64> {
            let rest = line.strip_prefix("Rss:")?.trim().strip_suffix(" kB")?;
            rest.trim().parse().ok()
        };
        let found = mappings(heap, "smaps");
        found.iter().flatten().filter_map(kilobytes).sum::<u64>() * 1024
    }

    /// Pages of the space that pagemap says are present or swapped out.
    fn present(heap: &Heap) -> u64 {
        let file = File::open("/proc/self/pagemap").expect("a Linux /proc");
        let pages = heap.layout().space / PAGE;
        let mut bytes = vec![0; pages as usize * 8];
        let at = heap.memory().base() / PAGE * 8;
        file.read_exact_at(&mut bytes, at).expect("pagemap");
        let entries = bytes
            .chunks_exact(8)
            .map(|entry| u64::from_ne_bytes(entry.try_into().expect("eight bytes")));
        entries.filter(|entry| entry >> 62 != 0).count() as u64
    }

    #[test]
    fn the_kernel_confirms_what_heapmin_reports() {
        for seed in seeds(4) {
            let heap = heap(fixed(0x40_0000));
            let mut hand = Hand::new(seed, Sizes::Pages, 10_000);
            // Full to the last page, so that every page was touched by a stamp.
            while hand.step(&heap) != u64::MAX {}
            while heap.alloc(0, Flags::NONE).is_ok() {}
            let committed = heap.look(|core| core.page_counts()).0;
            assert_eq!(committed, 0x400, "seed {seed}: all of it is committed");
            super::thin(&heap, &mut hand, 60);
            assert_eq!(present(&heap), committed, "seed {seed}: stamped pages");
            let before = (resident(&heap), present(&heap));
            let done = super::check_heapmin(&heap, &format!("seed {seed}"));
            let after = (resident(&heap), present(&heap));
            assert!(done.pages > 100, "seed {seed}: {done:?}");
            assert_eq!(before.0 - after.0, done.pages * PAGE, "seed {seed}: Rss");
            assert_eq!(before.1 - after.1, done.pages, "seed {seed}: pagemap");
        }
    }
}

/// The largest free block, by brute force.
fn largest(heap: &Heap) -> u64 {
    free_blocks(heap)
        .iter()
        .map(|&(_, bytes)| bytes)
        .max()
        .unwrap_or(0)
}

#[test]
fn k1_k2_compact_changes_nothing_while_coalescing_is_on() {
    for (options, sizes) in [
        (Options::default(), Sizes::Mixed(0x20_0000)),
        (Options::default(), Sizes::Even(300)),
        (fixed(0x2_0000), Sizes::Mixed(5000)),
    ] {
        for seed in seeds(5) {
            let heap = heap(options);
            let mut hand = Hand::new(seed, sizes, 100);
            for _ in 0..10 {
                hand.run(&heap, 300);
                let (before, bytes) = (entries(&heap), hash(&heap));
                let done = heap.compact(Flags::NONE).expect("undamaged");
                assert_eq!(done.largest, largest(&heap), "K1: seed {seed}");
                assert_eq!(done.merged, 0, "K2: seed {seed}");
                assert_eq!(entries(&heap), before, "K2: seed {seed}");
                assert_eq!(hash(&heap), bytes, "K2: seed {seed}");
            }
        }
    }
}

#[test]
fn k3_compact_merges_every_run_of_free_neighbours() {
    for (options, sizes) in [
        (Options::default(), Sizes::Mixed(0x2_0000)),
        (fixed(0x2_0000), Sizes::Even(300)),
    ] {
        let options = Options {
            flags: Flags::DISABLE_COALESCE_ON_FREE,
            ..options
        };
        for seed in seeds(5) {
            let heap = heap(options);
            let mut hand = Hand::new(seed, sizes, 300);
            let mut merged = 0;
            for _ in 0..10 {
                hand.run(&heap, 300);
                thin(&heap, &mut hand, 40);
                // Neighbours touch: no range, segment end or busy block lies between them.
                let mut expected: Vec<(u64, u64)> = Vec::new();
                for (block, bytes) in free_blocks(&heap) {
                    match expected.last_mut() {
                        Some((start, length)) if *start + *length == block.address() => {
                            *length += bytes;
                        }
                        _ => expected.push((block.address(), bytes)),
                    }
                }
                let before = free_blocks(&heap).len();
                let done = heap.compact(Flags::NONE).expect("undamaged");
                let after: Vec<_> = free_blocks(&heap)
                    .iter()
                    .map(|&(block, bytes)| (block.address(), bytes))
                    .collect();
                assert_eq!(after, expected, "K3: seed {seed}");
                assert_eq!(
                    done.merged as usize,
                    before - after.len(),
                    "K3: seed {seed}"
                );
                assert_eq!(done.largest, largest(&heap), "K1: seed {seed}");
                assert_sound(&heap, "K3");
                merged += done.merged;
            }
            assert!(merged > 10, "the runs exercise merging");
        }
    }
}

#[test]
fn k3_more_than_a_mebibyte_of_free_neighbours_becomes_one() {
    let heap = heap(Options {
        flags: Flags::DISABLE_COALESCE_ON_FREE,
        ..fixed(0x40_0000)
    });
    let payloads: Vec<u64> = (0..60)
        .map(|_| heap.alloc(0xFFF8, Flags::NONE).expect("room").payload)
        .collect();
    for &payload in &payloads {
        heap.free(payload, Flags::NONE).expect("a live block");
    }
    assert_eq!(
        free_blocks(&heap).len(),
        61,
        "60 and the rest of the last commit"
    );
    let all: u64 = free_blocks(&heap).iter().map(|&(_, bytes)| bytes).sum();
    assert!(all > 0x30_0000);
    let done = heap.compact(Flags::NONE).expect("undamaged");
    assert_eq!((done.merged, done.largest), (60, all));
    assert_eq!(free_blocks(&heap).len(), 1);
    assert_sound(&heap, "K3");
}

#[test]
fn k4_a_full_heap_has_no_largest_block() {
    let heap = heap(fixed(0x1_0000));
    while heap.alloc(0, Flags::NONE).is_ok() {}
    assert_eq!(free_blocks(&heap), []);
    assert_eq!(heap.compact(Flags::NONE).expect("undamaged").largest, 0);
}

#[test]
fn k8_uncommitted_ranges_do_not_count() {
    let limit = Arc::new(CommitLimit::new(1 << 20));
    let heap = Heap::new(&Options::default(), &limit).expect("a small heap");
    let done = heap.compact(Flags::NONE).expect("undamaged");
    // C2: 0x2000 are committed; control block and range descriptor are not free.
    assert_eq!(done.largest, 0x2000 - 0x720 - 0x40);
}
