//! Surveys against recounts by walk, and against what freeing, minimizing and allocating really do.

use heapwalk::heap::{Block, Entry, Flags, Header, Heap, Options, Source, Span, SpanKind};
use heapwalk::view::{BlockFacts, BlockState, Search, Survey, Wanted, survey};
use proptest::prelude::*;

use crate::support::{heap, lived};

const ALL: Wanted<'static> = Wanted {
    pins: true,
    search: None,
};

fn surveyed(heap: &Heap) -> Survey {
    survey(heap, &ALL, &|_| None)
}

/// The blocks of a heap by their headers, in address order: address, bytes, kind.
fn walked(heap: &Heap) -> Vec<(u64, u64, SpanKind)> {
    let mut all: Vec<_> = heap.look(|core| {
        let block = |entry| match entry {
            Entry::Block(block, header) => {
                let kind = if header.has(Header::BUSY) {
                    SpanKind::Busy
                } else {
                    SpanKind::Free
                };
                Some((block.address(), header.size() * 16, kind))
            }
            Entry::Descriptor(block, header) => {
                Some((block.address(), header.size() * 16, SpanKind::Hidden))
            }
            Entry::Large(region) => {
                let block = core.large_block(region).address();
                let end = region.address() + core.region_committed(region) * 4096;
                Some((block, end - block, SpanKind::Large))
            }
            _ => None,
        };
        core.walk().filter_map(block).collect()
    });
    all.sort_unstable_by_key(|&(address, ..)| address);
    all
}

/// One step in the past of a heap.
#[derive(Clone, Debug)]
enum Step {
    Alloc(u64),
    /// Frees one of the live blocks.
    Free(prop::sample::Index),
    Minimize,
    Coalesce(bool),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let size = prop_oneof![
        6 => 0_u64..300,
        4 => 300_u64..9000,
        2 => 9000_u64..70_000,
        1 => 900_000_u64..1_300_000,
    ];
    let step = prop_oneof![
        12 => size.prop_map(Step::Alloc),
        10 => any::<prop::sample::Index>().prop_map(Step::Free),
        1 => Just(Step::Minimize),
        1 => any::<bool>().prop_map(Step::Coalesce),
    ];
    prop::collection::vec(step, 1..120)
}

fn options() -> impl Strategy<Value = Options> {
    let source = prop_oneof![
        4 => Just(Source::Growable),
        2 => Just(Source::Fixed),
        1 => Just(Source::Buffer),
    ];
    (source, any::<bool>()).prop_map(|(source, coalesce)| Options {
        source,
        maximum: 0x8_0000,
        flags: Flags::NONE.with(Flags::DISABLE_COALESCE_ON_FREE, !coalesce),
        stamp: false,
        ..Options::default()
    })
}

/// A heap that went through the steps, and the payloads that are live in it.
fn after(options: &Options, steps: &[Step]) -> (Heap, Vec<u64>) {
    let heap = heap(options);
    let mut live = Vec::new();
    for step in steps {
        match step {
            Step::Alloc(size) => {
                live.extend(heap.alloc(*size, Flags::NONE).map(|placed| placed.payload));
            }
            Step::Free(index) if !live.is_empty() => {
                let payload = live.swap_remove(index.index(live.len()));
                heap.free(payload, Flags::NONE).expect("a live block");
            }
            Step::Free(_) => {}
            Step::Minimize => {
                let _ = heap.minimize(Flags::NONE);
            }
            Step::Coalesce(on) => {
                heap.set_coalesce(*on);
            }
        }
    }
    (heap, live)
}

/// Pages that come back when `payload` is freed (if one is) and the heap is minimized.
fn really_returned(heap: &Heap, payload: Option<u64>) -> u64 {
    let copy = heap.image(None);
    let freed = payload.map_or(0, |payload| {
        let freed = heap.free(payload, Flags::NONE);
        freed.expect("a live block").returned_pages
    });
    let minimized = heap.minimize(Flags::NONE).map_or(0, |done| done.pages);
    heap.restore(&copy);
    freed + minimized
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(160))]

    #[test]
    fn pins_are_what_freeing_the_block_alone_would_add(options in options(), steps in steps()) {
        let (heap, live) = after(&options, &steps);
        let alone = really_returned(&heap, None);
        let mut expected: Vec<(u64, u64)> = Vec::new();
        for payload in live {
            let block = Block::of_payload(payload).expect("a payload");
            // A buffer frees a large block but gives nothing back; it has none.
            let pages = really_returned(&heap, Some(payload)) - alone;
            prop_assert_eq!(heap.look(|core| core.pinned_by(block)), pages, "{:#x}", payload);
            if pages > 0 {
                expected.push((block.address(), pages * 4096));
            }
        }
        expected.sort_unstable_by_key(|&(address, returns)| (std::cmp::Reverse(returns), address));
        let survey = surveyed(&heap);
        let found: Vec<(u64, u64)> = survey
            .worst_pins()
            .map(|pin| (pin.block.address(), pin.returns()))
            .collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn what_heapmin_returns_is_promised_exactly_while_coalescing_is_on(options in options(), steps in steps()) {
        let (heap, _) = after(&options, &steps);
        let promised = heap.look(|core| core.returnable().pages);
        let returned = really_returned(&heap, None);
        if heap.settings().coalesce() {
            prop_assert_eq!(promised, returned);
        } else {
            prop_assert!(promised <= returned);
        }
    }

    #[test]
    fn sweeping_the_bitmaps_finds_what_walking_the_headers_does(options in options(), steps in steps()) {
        let (heap, _) = after(&options, &steps);
        let expected = walked(&heap);
        let told = |span: Span| (span.block.address(), span.bytes(), span.kind);
        let swept: Vec<_> = heap.look(|core| core.all_spans().map(told).collect());
        prop_assert_eq!(&swept, &expected);
        // A part of the heap, with limits anywhere.
        for from in (0..swept.len()).step_by(7) {
            let to = (from * 3 / 2 + 1).min(swept.len());
            let limit = |nth: usize| {
                let granule = swept.get(nth).map_or(u32::MAX, |&(address, ..)| (address / 16) as u32);
                Block(granule)
            };
            for early in [0, 1] {
                let from_block = Block(limit(from).0 - early);
                let part: Vec<_> = heap.look(|core| core.spans(from_block, limit(to)).map(told).collect());
                prop_assert_eq!(&part, &expected[from..to], "from {:#x}, {} early", swept[from].0, early);
            }
        }
    }

    #[test]
    fn sizes_are_those_of_the_counters(options in options(), steps in steps()) {
        let (heap, _) = after(&options, &steps);
        let survey = surveyed(&heap);
        let figures = heapwalk::view::figures(&heap);
        prop_assert_eq!(survey.holes.count(), figures.holes);
        prop_assert_eq!(survey.holes.bytes(), figures.free_bytes);
        prop_assert_eq!(survey.blocks.count(), figures.busy_blocks);
        let largest = survey.holes.buckets().last().map_or(0, |bar| bar.to);
        prop_assert!(figures.largest_free < largest || figures.holes == 0);
    }

    #[test]
    fn as_many_requests_fit_as_the_heap_serves_before_it_grows(
        options in options(),
        steps in steps(),
        debug in prop::sample::select(vec![Flags::NONE, Flags::TAIL_CHECKING, Flags::FREE_CHECKING]),
        request in prop_oneof![0_u64..100, 100_u64..20_000],
    ) {
        let options = Options { flags: options.flags | debug, ..options };
        let (heap, _) = after(&options, &steps);
        let fit = surveyed(&heap).holes.fit(request, heap.settings().flags);
        let mut served = 0;
        while let Ok(placed) = heap.alloc(request, Flags::NONE) {
            if placed.grew {
                break;
            }
            served += 1;
        }
        prop_assert_eq!(fit.times, served, "{} bytes", request);
    }

    #[test]
    fn a_search_finds_what_a_walk_does(options in options(), steps in steps(), least in 0_u64..400) {
        let (heap, live) = after(&options, &steps);
        let names = |payload: u64| {
            let nth = live.iter().position(|&other| other == payload)?;
            Some((format!("b{nth}"), nth as u64))
        };
        let pins = |address: u64| heap.look(|core| core.pinned_by(Block::at(address).expect("a block")));
        // Three searches: by what the block holds, by its owner, by what it pins.
        let large = |facts: &BlockFacts<'_>| facts.asked >= least && facts.state != BlockState::Free;
        let even = |facts: &BlockFacts<'_>| facts.born.is_some_and(|born| born % 2 == 0);
        let pinning = |facts: &BlockFacts<'_>| facts.pins > 0;
        type Check<'a> = (&'a dyn Fn(&BlockFacts<'_>) -> bool, bool, bool, &'a dyn Fn(u64) -> bool);
        let holds = |address: u64| heap.size(address + 16, Flags::NONE).is_ok_and(|asked| asked >= least);
        let is_even = |address: u64| names(address + 16).is_some_and(|(_, born)| born % 2 == 0);
        let pins_any = |address: u64| pins(address) > 0;
        let checks: [Check<'_>; 3] = [
            (&large, false, false, &holds),
            (&even, true, false, &is_even),
            (&pinning, false, true, &pins_any),
        ];
        for (matches, owners, wants_pins, expected) in checks {
            let search = Search { matches, owners, pins: wants_pins };
            let wanted = Wanted { pins: false, search: Some(search) };
            let survey = survey(&heap, &wanted, &names);
            let found: Vec<u64> = survey.found().expect("a search").iter().map(|block| block.address()).collect();
            let busy = walked(&heap)
                .into_iter()
                .filter(|&(_, _, kind)| matches!(kind, SpanKind::Busy | SpanKind::Large))
                .map(|(address, ..)| address);
            let expected: Vec<u64> = busy.filter(|&address| expected(address)).collect();
            prop_assert_eq!(&found, &expected);
            for (nth, address) in (1..).zip(found) {
                prop_assert_eq!(survey.position_of(address), Some(nth));
                prop_assert_eq!(survey.position_of(address + 16), None);
            }
        }
    }
}

/// Two runs of free blocks in one segment, with a range between them: no hole reaches from end to end, and yet the
/// segment goes when its last block does.
#[test]
fn a_segment_whose_holes_lie_apart_is_released_whole() {
    for coalesce in [true, false] {
        let (heap, _) = lived(5, Source::Growable, coalesce, 200);
        let place = || heap.alloc(60_000, Flags::NONE).expect("room").payload;
        let mut blocks: Vec<u64> = (0..12).map(|_| place()).collect();
        // The last lie in a segment that is not the first.
        let last = blocks.split_off(9);
        let segment = heap.look(|core| core.region_at(last[0]).expect("a region"));
        assert!(!segment.is_first());
        heap.free(last[1], Flags::NONE).expect("live");
        heap.minimize(Flags::NONE).expect("undamaged");
        for payload in [last[0], last[2]] {
            let block = Block::of_payload(payload).expect("a payload");
            let pages = really_returned(&heap, Some(payload)) - really_returned(&heap, None);
            assert_eq!(heap.look(|core| core.pinned_by(block)), pages);
            heap.free(payload, Flags::NONE).expect("live");
        }
        let promised = heap.look(|core| core.returnable().pages);
        assert!(promised > 0);
        if coalesce {
            assert_eq!(promised, really_returned(&heap, None));
        }
    }
}
