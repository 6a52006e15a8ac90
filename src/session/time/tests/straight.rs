//! A place is what straight execution leaves there: its bytes, its names, its figures.

use std::collections::BTreeMap;

use super::super::line::Inner;
use super::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn every_operation_is_found_as_straight_execution_leaves_it(
        commands in proptest::collection::vec(any_line(), 1..14),
        places in proptest::collection::vec(any::<prop::sample::Index>(), 30),
    ) {
        let mut session = Session::new().expect("addresses");
        let mut twin = Session::new().expect("addresses");
        twin.without_undo();
        let mut moments = BTreeMap::new();
        moments.insert(0, Moment::of(&mut twin));
        for command in &commands {
            if matches!(command, Command::Lock | Command::Unlock) {
                continue;
            }
            session.apply(command);
            let mut keep = |twin: &mut Session| {
                moments.insert(twin.operations, Moment::of(twin));
            };
            straight(&mut twin, command, &mut keep);
            keep(&mut twin);
            prop_assert_eq!(session.operations, twin.operations, "{}", command);
        }
        let present = Moment::of(&mut session);
        for place in places {
            let to = place.index(session.looking.as_ref().map_or(session.operations, |l| l.present.operations()) as usize + 1);
            let answer = tell(&mut session, &format!("seek {to}"));
            prop_assert_ne!(answer.tone, Tone::Refused, "{}", answer.words);
            prop_assert_eq!(session.operations, to as u64, "{}", answer.words);
            let (found, expected) = (Moment::of(&mut session), &moments[&(to as u64)]);
            prop_assert!(found.same_place(expected), "operation {to}: {}: {}", answer.words, found.differs(expected));
        }
        tell(&mut session, "seek present");
        let back = Moment::of(&mut session);
        prop_assert!(back == present, "{}", back.differs(&present));
    }
}

#[test]
fn the_extremes_are_exact() {
    let mut session = session(&[
        "heap new fixed 64K",
        "run random ops=3000 sizes=16..900 live=200 seed=4",
        "heapmin",
        "coalesce off",
        "free w[::2]",
    ]);
    let mut twin = Session::new().expect("addresses");
    twin.without_undo();
    let (mut peak, mut worst, mut failure) = ((0, 0), (-1.0, 0), None);
    let mut look = |twin: &mut Session| {
        let slot = twin.shown();
        let figures = crate::view::figures(&slot.heap);
        if figures.committed > peak.0 {
            peak = (figures.committed, twin.operations);
        }
        if figures.external_fragmentation > worst.0 {
            worst = (figures.external_fragmentation, twin.operations);
        }
        if slot.heap.stats().failures > 0 && failure.is_none() {
            failure = Some(twin.operations);
        }
    };
    for line in [
        "heap new fixed 64K",
        "run random ops=3000 sizes=16..900 live=200 seed=4",
        "heapmin",
        "coalesce off",
        "free w[::2]",
    ] {
        straight(&mut twin, &parse(line), &mut look);
    }
    for (to, at) in [
        ("peak", peak.1),
        ("worst", worst.1),
        ("failure", failure.expect("a full heap")),
    ] {
        said(&mut session, &format!("seek {to}"));
        assert_eq!(session.operations, at, "{to}");
    }
    said(&mut session, "seek 0");
    said(&mut session, "seek next M");
    assert_eq!(shown(&mut session).command, "heapmin");
    said(&mut session, "seek next C");
    assert_eq!(shown(&mut session).command, "coalesce off");
    assert!(refused(&mut session, "seek next K").contains("no K"));
}

const MANY: &str = "run random ops=60000 sizes=16..2000 live=900 realloc=9 seed=8";

/// Lines that end with a workload, and whether its names are odd: they do not follow from its blocks alone.
const WORKLOADS: [(&[&str], bool); 3] = [
    (&[MANY], false),
    (
        &[
            "run random ops=3000 live=300 life=fifo",
            "alloc a[0:90] 40",
            "free w[::3]",
            MANY,
        ],
        false,
    ),
    // A block that was freed twice is handed out twice.
    (
        &[
            "heap new fixed 4M",
            "alloc b[0:6] 64",
            "free b4",
            "checks off",
            "double-free b2",
            "run random ops=60000 sizes=64..64 live=900 seed=8",
        ],
        true,
    ),
];

#[test]
fn checkpoints_inside_a_workload_give_the_same_moments() {
    for (lines, odd) in WORKLOADS {
        let mut session = session(lines);
        let last = session.history.line.at - 1;
        let entry = session.history.entry(last).expect("the workload");
        assert_eq!(entry.odd_from.is_some(), odd, "{lines:?}");
        let inner: Vec<u64> = entry.inner.iter().map(Inner::at).collect();
        assert!(inner.len() > 1, "{inner:?}");
        let end = session.operations;
        let around = inner.into_iter().chain(entry_odd(&session, last));
        let places: Vec<u64> = around
            .flat_map(|at| [at.saturating_sub(1), at, at + 1, at + 700])
            .filter(|&at| at < end)
            .collect();
        let mut twin = Session::new().expect("addresses");
        twin.without_undo();
        let mut expected = BTreeMap::new();
        for line in lines {
            straight(&mut twin, &parse(line), &mut |twin: &mut Session| {
                if places.contains(&twin.operations) {
                    expected.insert(twin.operations, Moment::of(twin));
                }
            });
        }
        for (&at, moment) in expected.iter().rev().chain(&expected) {
            said(&mut session, &format!("seek {at}"));
            let there = Moment::of(&mut session);
            let names = |moment: &Moment| moment.heaps.last().map(|heap| heap.2.clone());
            assert!(
                there.checkpoint.same_bytes(&moment.checkpoint),
                "{lines:?}, operation {at}"
            );
            assert!(names(&there) == names(moment), "{lines:?}, operation {at}");
        }
    }
}

/// Where the names of an entry become odd.
fn entry_odd(session: &Session, index: usize) -> Option<u64> {
    session.history.entry(index)?.odd_from
}

#[test]
fn a_part_has_the_extremes_of_its_own_operations() {
    let run = "run random ops=60000 sizes=16..900 life=ramp live=4000 seed=4";
    // The peak of the whole lies behind the cut; before some cuts there is a checkpoint, before others none.
    for cut in [1, 700, 3_000, 21_000] {
        let mut session = session(&["heap new growable", run]);
        for line in [format!("seek {cut}"), "branch".to_owned()] {
            said(&mut session, &line);
        }
        let mut twin = Session::new().expect("addresses");
        twin.without_undo();
        let (mut peak, mut worst) = ((0, 0), (-1.0, 0));
        let mut look = |twin: &mut Session| {
            if twin.operations > cut {
                return;
            }
            let figures = crate::view::figures(&twin.shown().heap);
            if figures.committed > peak.0 {
                peak = (figures.committed, twin.operations);
            }
            if figures.external_fragmentation > worst.0 {
                worst = (figures.external_fragmentation, twin.operations);
            }
        };
        for line in ["heap new growable", run] {
            straight(&mut twin, &parse(line), &mut look);
            look(&mut twin);
        }
        said(&mut session, "seek peak");
        assert_eq!(session.operations, peak.1, "peak before {cut}");
        if worst.0 > 0.0 {
            said(&mut session, "seek worst");
            assert_eq!(session.operations, worst.1, "worst before {cut}");
        }
    }
}
