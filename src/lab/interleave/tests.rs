use std::collections::HashSet;

use super::*;
use crate::heap::{Flags, Options, Policy, Source};
use crate::os::CommitLimit;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A heap with three holes of 80 bytes that no neighbour can be joined to, and the payloads of four busy blocks.
fn heap(flags: Flags) -> (Arc<Heap>, [u64; 4]) {
    let options = Options {
        source: Source::Fixed,
        maximum: 0x4000,
        flags,
        ..Options::default()
    };
    let limit = Arc::new(CommitLimit::new(1 << 30));
    let heap = Heap::new(&options, &limit).expect("addresses");
    let blocks = [72; 10].map(|size| heap.alloc(size, Flags::NONE).expect("room").payload);
    for at in [1, 5, 7] {
        heap.free(blocks[at], Flags::NONE).expect("a live block");
    }
    (Arc::new(heap), [0, 3, 4, 9].map(|at| blocks[at]))
}

/// Pairs of calls that meet in the same structures.
fn pairs(blocks: [u64; 4]) -> Vec<[Call; 2]> {
    let none = Flags::NONE;
    vec![
        [Call::Alloc(72, none), Call::Alloc(72, none)],
        [Call::Alloc(72, none), Call::Alloc(400, none)],
        [Call::Free(blocks[0], none), Call::Free(blocks[3], none)],
        [Call::Free(blocks[1], none), Call::Free(blocks[2], none)],
        [Call::Free(blocks[1], none), Call::Alloc(72, none)],
        [Call::Realloc(blocks[1], 200, none), Call::Alloc(72, none)],
        [Call::Alloc(9000, none), Call::Alloc(72, none)],
        [Call::Compact(none), Call::Free(blocks[1], none)],
        [Call::Minimize(none), Call::Alloc(6000, none)],
        [Call::Validate(none), Call::Free(blocks[0], none)],
    ]
}

fn start(heap: &Arc<Heap>, calls: [Call; 2]) -> Interleaving {
    Interleaving::start(Arc::clone(heap), calls).expect("a lock that nobody holds")
}

/// Makes calls in an order and answers with both answers, the heap and the order that came of it.
fn run(heap: &Arc<Heap>, calls: [Call; 2], order: &Order) -> ([Outcome; 2], Image, Order) {
    let mut interleaving = start(heap, calls);
    interleaving.follow(order);
    interleaving.finish();
    let outcomes = interleaving.outcomes().expect("both ended");
    (outcomes, heap.image(None), interleaving.order().clone())
}

fn random_order(rng: &mut ChaCha8Rng) -> Order {
    let turns = rng.random_range(1..12);
    (0..turns)
        .map(|_| (rng.random_range(0..2), rng.random_range(1..60)))
        .collect()
}

fn findings(heap: &Heap) -> u64 {
    heap.validate(Flags::NONE, 0).1
}

#[test]
fn the_same_order_gives_the_same_heap_byte_for_byte() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for flags in [Flags::NONE, Flags::NO_SERIALIZE] {
        let (heap, blocks) = heap(flags);
        let before = heap.image(None);
        for calls in pairs(blocks) {
            let order = random_order(&mut rng);
            let (outcomes, image, complete) = run(&heap, calls, &order);
            heap.restore(&before);
            let (again, same, other) = run(&heap, calls, &complete);
            assert_eq!((again, &other), (outcomes, &complete), "{calls:?} {order}");
            assert!(same.same_arena(&image), "{calls:?} {order}");
            heap.restore(&before);
        }
    }
}

#[test]
fn going_back_and_on_again_comes_to_the_same_bytes_at_every_step() {
    let (heap, _) = heap(Flags::NO_SERIALIZE);
    let calls = [Call::Alloc(72, Flags::NONE), Call::Alloc(400, Flags::NONE)];
    let mut forth = start(&heap, calls);
    // Turns of one to three steps, so that each position has another order behind it.
    let mut images = vec![heap.image(None)];
    let mut next = 0;
    while !forth.is_over() {
        let actor = next % 2;
        next += 1;
        for _ in 0..=next % 3 {
            if forth.advance(actor, 1) == 1 {
                images.push(heap.image(None));
            }
        }
    }
    let (complete, end) = (forth.order().clone(), images.len() - 1);
    assert_eq!(complete.steps(), end as u64);
    assert!(end > 60, "{end} steps");
    for position in (0..end).rev() {
        forth.back(1).expect("threads");
        assert_eq!(forth.order().steps(), position as u64);
        assert!(heap.image(None).same_arena(&images[position]), "{position}");
    }
    for (position, image) in images.iter().enumerate().step_by(7) {
        forth.back(u64::MAX).expect("threads");
        forth.follow(&complete.without_last((end - position) as u64));
        assert!(heap.image(None).same_arena(image), "{position}");
    }
}

/// One waits for the other: whatever the order, the heap is that of the one call after the other.
#[test]
fn serialised_calls_come_to_one_of_the_two_serial_results() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let (heap, blocks) = heap(Flags::NONE);
    let before = heap.image(None);
    for calls in pairs(blocks) {
        let serial = [[0, 1], [1, 0]].map(|actors| {
            let order: Order = actors.map(|actor| (actor, u64::MAX)).into_iter().collect();
            let (outcomes, image, _) = run(&heap, calls, &order);
            heap.restore(&before);
            (outcomes, image)
        });
        for _ in 0..30 {
            let order = random_order(&mut rng);
            let (outcomes, image, complete) = run(&heap, calls, &order);
            assert_eq!(findings(&heap), 0, "{calls:?} {complete}");
            let same =
                |other: &([Outcome; 2], Image)| other.0 == outcomes && other.1.same_arena(&image);
            assert!(serial.iter().any(same), "{calls:?} {complete}");
            heap.restore(&before);
        }
    }
}

#[test]
fn races_end_in_any_order_and_never_leave_the_arena() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut damaged = HashSet::new();
    for policy in Policy::ALL {
        for checks in [true, false] {
            let (heap, blocks) = heap(Flags::NO_SERIALIZE);
            heap.change_settings(|settings| {
                settings.policy = policy;
                settings.checks = checks;
            });
            let before = heap.image(None);
            for (number, calls) in pairs(blocks).into_iter().enumerate() {
                for _ in 0..40 {
                    let order = random_order(&mut rng);
                    let (_, _, complete) = run(&heap, calls, &order);
                    assert!(complete.steps() < 100_000, "{calls:?} {complete}");
                    if findings(&heap) > 0 {
                        damaged.insert(number);
                    }
                    // A second race on what the first one left.
                    if rng.random_range(0..4) == 0 {
                        run(&heap, calls, &random_order(&mut rng));
                    }
                    heap.restore(&before);
                    assert!(heap.image(None).same_arena(&before), "{calls:?} {complete}");
                }
            }
        }
    }
    assert!(
        damaged.len() >= 6,
        "only {damaged:?} of the pairs did damage"
    );
}

#[test]
fn an_interleaving_that_is_dropped_leaves_the_heap_as_it_was() {
    for flags in [Flags::NONE, Flags::NO_SERIALIZE] {
        let (heap, blocks) = heap(flags);
        let (before, stats) = (heap.image(None), heap.stats());
        for calls in pairs(blocks) {
            for steps in [0, 1, 5, 20] {
                let mut interleaving = start(&heap, calls);
                interleaving.advance(0, steps);
                interleaving.advance(1, steps / 2);
                drop(interleaving);
                assert!(heap.image(None).same_arena(&before), "{calls:?} {steps}");
                assert_eq!(heap.stats(), stats);
                assert_eq!(heap.lock().held(), (false, false));
            }
        }
    }
}

#[test]
fn whoever_stands_before_a_lock_that_is_held_makes_no_step() {
    let (heap, _) = heap(Flags::NONE);
    let calls = [Call::Alloc(72, Flags::NONE); 2];
    let mut interleaving = start(&heap, calls);
    // The settings say whether to take the lock; then it is taken.
    assert_eq!(interleaving.advance(0, 2), 2);
    assert_eq!(interleaving.advance(1, 10), 1);
    assert_eq!(interleaving.standing(1), Standing::Blocked(Some(0)));
    assert_eq!(interleaving.advance(1, 10), 0);
    interleaving.advance(0, u64::MAX);
    assert!(matches!(interleaving.standing(0), Standing::Ended(_)));
    let next = interleaving.standing(1);
    assert!(
        matches!(
            next,
            Standing::Before(Made {
                step: Step::Lock,
                ..
            })
        ),
        "{next:?}"
    );
    interleaving.finish();
    assert!(interleaving.is_over());
    let locked = |made: &Made| matches!(made.step, Step::Lock | Step::Unlock);
    let locks = interleaving.made().into_iter().filter(locked);
    let locks: Vec<(usize, Step)> = locks.map(|made| (made.actor, made.step)).collect();
    let each = |actor| [(actor, Step::Lock), (actor, Step::Unlock)];
    assert_eq!(locks, [each(0), each(1)].concat());
}

#[test]
fn a_lock_that_another_thread_holds_is_refused_at_once() {
    let (heap, _) = heap(Flags::NONE);
    heap.lock().lock();
    let refused = Interleaving::start(Arc::clone(&heap), [Call::Compact(Flags::NONE); 2]);
    assert_eq!(refused.err(), Some(Refused::LockHeld));
    assert!(heap.lock().unlock());
}
