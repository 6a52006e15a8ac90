use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::heap::{Flags, Options, Policy, Source, Span, SpanKind};
use crate::os::CommitLimit;

/// What is done to a heap; blocks are named by their turn.
#[derive(Clone, Debug)]
enum Act {
    Alloc(u64, Flags),
    Free(usize),
    Realloc(usize, u64, Flags),
    Compact,
    Minimize,
    Coalesce(bool),
}

fn any_size() -> impl Strategy<Value = u64> {
    prop_oneof![
        6 => 0_u64..300,
        3 => 300_u64..9_000,
        1 => 9_000_u64..200_000,
        1 => 0x7_0000_u64..0x14_0000,
    ]
}

fn any_flags() -> impl Strategy<Value = Flags> {
    prop_oneof![4 => Just(Flags::NONE), 1 => Just(Flags::ZERO_MEMORY)]
}

fn any_act() -> impl Strategy<Value = Act> {
    prop_oneof![
        5 => (any_size(), any_flags()).prop_map(|(size, flags)| Act::Alloc(size, flags)),
        4 => any::<usize>().prop_map(Act::Free),
        3 => (any::<usize>(), any_size(), any_flags())
            .prop_map(|(which, size, flags)| Act::Realloc(which, size, flags)),
        1 => Just(Act::Compact),
        1 => Just(Act::Minimize),
        1 => any::<bool>().prop_map(Act::Coalesce),
    ]
}

fn any_options() -> impl Strategy<Value = Options> {
    let policy = prop::sample::select(Policy::ALL.to_vec());
    let source = prop_oneof![
        3 => Just((Source::Growable, 0)),
        1 => Just((Source::Fixed, 0x4_0000)),
        1 => Just((Source::Buffer, 0x2_0000)),
    ];
    let debug = prop_oneof![
        4 => Just(Flags::NONE),
        1 => Just(Flags::TAIL_CHECKING | Flags::FREE_CHECKING),
    ];
    (policy, source, debug, any::<[bool; 4]>()).prop_map(
        |(policy, (source, maximum), debug, [coalesce, stamp, checks, decommit])| {
            let off = Flags::DISABLE_COALESCE_ON_FREE;
            let fresh = Options::default();
            Options {
                policy,
                source,
                maximum,
                flags: fresh.flags | debug | if coalesce { Flags::NONE } else { off },
                stamp,
                checks,
                decommit,
                ..fresh
            }
        },
    )
}

fn heap(options: &Options) -> Arc<Heap> {
    let limit = Arc::new(CommitLimit::new(1 << 30));
    let heap = Heap::new(options, &limit).expect("addresses");
    // So low that freeing gives pages back.
    heap.look(|core| core.set_thresholds(PAGE, PAGE));
    Arc::new(heap)
}

/// The call that an act is, if it is one that can be made now.
fn call(act: &Act, live: &[u64]) -> Option<Call> {
    let pick = |which: usize| live.get(which.checked_rem(live.len())?).copied();
    Some(match *act {
        Act::Alloc(size, flags) => Call::Alloc(size, flags),
        Act::Free(which) => Call::Free(pick(which)?, Flags::NONE),
        Act::Realloc(which, size, flags) => Call::Realloc(pick(which)?, size, flags),
        Act::Compact => Call::Compact(Flags::NONE),
        Act::Minimize => Call::Minimize(Flags::NONE),
        Act::Coalesce(_) => return None,
    })
}

fn image(heap: &Heap) -> Image {
    heap.image(None)
}

/// Plays a call to its end and back, holding at each step what the heap is; leaves it as it was.
fn play_there_and_back(heap: &Arc<Heap>, call: Call) -> Image {
    let before = image(heap);
    let charged = heap.memory().limit().used();
    let mut slow =
        SlowCall::record(Arc::clone(heap), Arc::new(before.clone()), call).expect("recorded");
    let same = |at: usize, one: &Image, way: &str| {
        let now = image(heap);
        assert!(now.same_arena(one), "{call:?}: step {at} {way}");
        assert_eq!(
            now.bytes(),
            one.bytes(),
            "{call:?}: pages of step {at} {way}"
        );
        assert_eq!(
            now.charged(),
            one.charged(),
            "{call:?}: charge of step {at} {way}"
        );
    };
    same(0, &before, "once recorded");
    let total = slow.steps().len();
    // Of a very long call some steps stand for all.
    let stops: Vec<usize> = (0..=total).step_by(total / 40 + 1).chain([total]).collect();
    let mut seen = Vec::new();
    for &at in &stops {
        slow.go_to(at);
        seen.push(image(heap));
    }
    for (&at, one) in stops.iter().zip(&seen).rev() {
        slow.go_to(at);
        same(at, one, "on the way back");
    }
    for at in [total, 0, total / 2, total, total / 3] {
        slow.go_to(at);
        if let Some(nth) = stops.iter().position(|&stop| stop == at) {
            same(at, &seen[nth], "after a leap");
        }
    }
    let outcome = slow.outcome().clone();
    drop(slow);
    same(0, &before, "given up");
    assert_eq!(heap.stats(), before.stats(), "{call:?}");
    assert_eq!(heap.memory().limit().used(), charged);
    // The plain call answers the same.
    assert_eq!(call.run(heap, heap.direct()), outcome);
    seen.pop().expect("the last step")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn a_call_played_to_its_end_is_the_plain_call_and_every_step_can_be_taken_back(
        options in any_options(),
        acts in prop::collection::vec(any_act(), 1..30),
    ) {
        let heap = heap(&options);
        let mut live: Vec<u64> = Vec::new();
        for act in &acts {
            let Some(call) = call(act, &live) else {
                if let Act::Coalesce(on) = *act {
                    heap.set_coalesce(on);
                }
                continue;
            };
            let played = play_there_and_back(&heap, call);
            // It was made plainly at last.
            let plain = image(&heap);
            prop_assert!(plain.same_arena(&played), "{:?}", call);
            prop_assert_eq!(plain.charged(), played.charged());
            let payloads: Vec<u64> = heap.look(|core| {
                let busy = |span: &Span| matches!(span.kind, SpanKind::Busy | SpanKind::Large);
                core.all_spans().filter(busy).map(|span| span.block.payload()).collect()
            });
            live = payloads;
        }
    }
}
