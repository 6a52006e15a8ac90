use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::heap::Stats;
use crate::session::frame::{Answer, Tone};
use crate::session::heap_file::KeptName;
use crate::session::session::Session;
use crate::session::{Command, Lifetime, Names, Operand, Workload, parse_line};

fn parse(line: &str) -> Command {
    parse_line(line).expect(line).expect("not blank")
}

fn tell(session: &mut Session, line: &str) -> Answer {
    session.apply(&parse(line))
}

/// All that a moment is: heaps, figures, the counts of the handles, and names.
#[derive(PartialEq)]
struct Moment {
    checkpoint: Checkpoint,
    heaps: Vec<(u32, Stats, Vec<KeptName>)>,
    errors: (u32, i32),
}

impl Moment {
    fn of(session: &mut Session) -> Moment {
        let heap = |slot: &crate::session::session::Slot| {
            (slot.number, slot.heap.stats(), slot.names.kept())
        };
        Moment {
            heaps: session.slots.iter().map(heap).collect(),
            errors: (crate::api::GetLastError(), crate::api::errno()),
            checkpoint: session.image(),
        }
    }

    fn differs(&self, other: &Moment) -> String {
        let bytes = match self.checkpoint == other.checkpoint {
            true => "",
            false => "bytes or figures differ; ",
        };
        let errors = format!("errors {:?} {:?}; ", self.errors, other.errors);
        let heaps = self.heaps.iter().zip(&other.heaps).map(|(one, two)| {
            let names = if one.2 == two.2 { "" } else { ", names differ" };
            format!("heap {} {}: {:?} {:?}{names}", one.0, two.0, one.1, two.1)
        });
        format!("{bytes}{errors}{}", heaps.collect::<Vec<_>>().join("; "))
    }
}

/// Does the same as a command, one call at a time, without seeking; tells of each.
fn straight(session: &mut Session, command: &Command, each: &mut impl FnMut(&mut Session)) {
    let operand = |name: &crate::session::Name| Operand::Names(Names::One(name.clone()));
    let named = |session: &mut Session, what: &Operand| match what {
        Operand::Names(names) => session.slot_here().names.select(names),
        _ => Vec::new(),
    };
    match command {
        Command::Run(workload) => {
            if session.begin_run(workload).is_ok() {
                while session.run_steps(1) > 0 {
                    each(session);
                }
                session.finish_run();
            }
        }
        Command::Alloc { names, size, flags } => {
            for name in names.each(0) {
                let (names, size, flags) = (Names::One(name), *size, *flags);
                let answer = session.apply(&Command::Alloc { names, size, flags });
                each(session);
                if answer.tone == Tone::Failed {
                    break;
                }
            }
        }
        Command::Free { what, flags } => {
            for (name, _) in named(session, what) {
                let (what, flags) = (operand(&name), *flags);
                session.apply(&Command::Free { what, flags });
                each(session);
            }
        }
        Command::Realloc { what, size, flags } => {
            for (name, _) in named(session, what) {
                let (what, size, flags) = (operand(&name), *size, *flags);
                let answer = session.apply(&Command::Realloc { what, size, flags });
                each(session);
                if answer.tone == Tone::Failed {
                    break;
                }
            }
        }
        command => {
            session.apply(command);
        }
    }
}

fn any_line() -> impl Strategy<Value = Command> {
    let line = |text: &str| Just(parse(text)).boxed();
    let workload = (1..300_u64, 0..5_usize, 1..60_u32, 0..30_u8, 0..50_u64).prop_map(
        |(ops, lifetime, live, realloc, seed)| {
            Command::Run(Workload {
                ops,
                size_max: 3_000,
                lifetime: Lifetime::ALL[lifetime],
                live,
                realloc,
                seed,
                ..Workload::default()
            })
        },
    );
    let many = (0..3_u64, 1..40_u64, 1..600_u64).prop_map(|(base, to, size)| {
        parse(&format!(
            "alloc {}[0:{to}] {size}",
            ["a", "b", "c"][base as usize]
        ))
    });
    let block = prop::sample::select(vec!["a[::2]", "b[1::3]", "a0", "b3", "c[5:9]", "w[::4]"]);
    let whole = prop::sample::select(vec![
        "coalesce off",
        "coalesce on",
        "serialize off",
        "serialize on",
        "compact",
        "heapmin",
        "minimize",
        "policy first-fit",
        "stamp off",
        "decommit auto",
        "limit 300K",
        "limit default",
        "walk",
        "lock",
        "unlock",
        "validate",
        "alloc big 700K",
        "free big",
        "heapset 0xfe",
        "mark",
    ]);
    let heaps = prop::sample::select(vec![
        "heap new growable",
        "heap new fixed 64K",
        "heap new fixed 200K coalesce=off",
        "heap new buffer 64K",
        "heap use 1",
        "heap use 2",
        "heap destroy",
        "heap destroy 1",
        "heap crt",
    ]);
    prop_oneof![
        4 => workload,
        4 => many,
        3 => (block.clone(), 1..5_000_u64).prop_map(|(block, size)| parse(&format!("realloc {block} {size}"))),
        4 => block.prop_map(|block| parse(&format!("free {block}"))),
        4 => whole.prop_map(parse),
        2 => heaps.prop_map(parse),
        1 => line("alloc x 100"),
    ]
}

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
            prop_assert!(found.checkpoint.same_bytes(&expected.checkpoint), "operation {to}: {}", answer.words);
            let names = |moment: &Moment| moment.heaps.iter().map(|heap| heap.2.clone()).collect::<Vec<_>>();
            prop_assert_eq!(names(&found), names(expected), "operation {}", to);
            let calls = |moment: &Moment| moment.heaps.iter().map(|heap| (heap.1.allocs, heap.1.frees, heap.1.failures, heap.1.probes)).collect::<Vec<_>>();
            prop_assert_eq!(calls(&found), calls(expected), "operation {}", to);
        }
        tell(&mut session, "seek present");
        let back = Moment::of(&mut session);
        prop_assert!(back == present, "{}", back.differs(&present));
    }
}

fn session(lines: &[&str]) -> Session {
    let mut session = Session::new().expect("addresses");
    for line in lines {
        said(&mut session, line);
    }
    session
}

/// What a line that is not refused is answered with.
fn said(session: &mut Session, line: &str) -> String {
    let answer = tell(session, line);
    assert_ne!(answer.tone, Tone::Refused, "{line}: {}", answer.words);
    answer.words
}

fn refused(session: &mut Session, line: &str) -> String {
    let answer = tell(session, line);
    assert_eq!(answer.tone, Tone::Refused, "{line}: {}", answer.words);
    answer.words
}

fn shown(session: &mut Session) -> TimeShown {
    TimeShown::clone(&session.frame(&crate::view::Lens::default()).time)
}

const PAST: &[&str] = &[
    "heap new growable",
    "alloc b[0:40] 300",
    "coalesce off",
    "free b[::2]",
    "run random ops=900 sizes=16..4000 live=60 realloc=10 seed=3",
    "heap new fixed 64K",
    "alloc c[0:300] 500",
    "heapmin",
    "heap use 1",
    "compact",
    "threads 2 { run random ops=200 live=30 }",
    "alloc d 100",
    "heap destroy 2",
];

#[test]
fn nothing_changes_in_the_past_and_the_present_comes_back_as_it_was() {
    let mut session = session(PAST);
    let present = Moment::of(&mut session);
    let end = session.operations;
    for place in [end / 2, 3, end - 2, 0, 900, 41] {
        said(&mut session, &format!("seek {place}"));
        let there = Moment::of(&mut session);
        for line in [
            "alloc z 64",
            "free b",
            "run random",
            "undo",
            "redo",
            "heap new growable",
            "mark",
            "lock",
            "interleave { alloc p 8 } { alloc q 8 }",
            "threads 2 { run random ops=9 }",
            "example lost-update",
        ] {
            let words = refused(&mut session, line);
            assert!(
                words.contains("`branch`") && words.contains("`seek present`"),
                "{line}: {words}"
            );
        }
        assert!(Moment::of(&mut session) == there, "operation {place}");
        for line in [
            "walk",
            "validate",
            "summary",
            "probe 64",
            "filter free",
            "filter off",
            "expect busy >= 0",
        ] {
            if session.in_view.is_some() {
                said(&mut session, line);
            }
        }
        let time = shown(&mut session);
        assert!(
            time.past && time.present == end && time.at <= place,
            "{time:?}"
        );
    }
    said(&mut session, "seek present");
    let back = Moment::of(&mut session);
    assert!(back == present, "{}", back.differs(&present));
    assert!(!shown(&mut session).past);
}

#[test]
fn places_lie_one_behind_the_other_and_each_is_the_same_from_both_sides() {
    let mut session = session(PAST);
    let mut moments = vec![Moment::of(&mut session)];
    while !said(&mut session, "seek back").contains("nothing older") {
        moments.push(Moment::of(&mut session));
    }
    // Every operation but those of threads, every command, and the begin.
    let threads = 400;
    let without = 7;
    assert_eq!(
        moments.len() as u64 + threads,
        present(&session) + without + 2
    );
    for moment in moments.iter().rev().skip(1) {
        said(&mut session, "seek forward");
        let there = Moment::of(&mut session);
        assert!(there == *moment, "{}", there.differs(moment));
    }
    assert!(!session.is_past());
    assert!(said(&mut session, "seek forward").contains("the present"));
}

fn present(session: &Session) -> u64 {
    session
        .looking
        .as_ref()
        .map_or(session.operations, |looking| looking.present.operations())
}

#[test]
fn what_threads_left_is_there_again_and_nothing_between() {
    let mut session = session(&["alloc a 64", "threads 2 { run random ops=300 live=20 }"]);
    let left = Moment::of(&mut session);
    said(&mut session, "free a");
    said(&mut session, "seek 100");
    assert_eq!(session.operations, 1);
    said(&mut session, "seek 601");
    assert!(Moment::of(&mut session) == left);
}

#[test]
fn a_branch_keeps_the_future_and_either_leads_to_the_other() {
    let mut session = session(PAST);
    let future = Moment::of(&mut session);
    said(&mut session, "seek 500");
    let there = Moment::of(&mut session);
    said(&mut session, "branch");
    assert!(
        Moment::of(&mut session)
            .checkpoint
            .same_bytes(&there.checkpoint)
    );
    said(&mut session, "alloc mine 1000");
    let mine = Moment::of(&mut session);
    let time = shown(&mut session);
    assert_eq!((time.line, time.branches.len(), time.past), (2, 1, false));
    let branch = &time.branches[0];
    assert_eq!(
        (branch.number, branch.command.as_str()),
        (1, "heap destroy 2")
    );
    assert_eq!(branch.left, 60);
    said(&mut session, "branch 1");
    let back = Moment::of(&mut session);
    assert!(back == future, "{}", back.differs(&future));
    assert!(refused(&mut session, "branch 1").contains("is shown"));
    assert!(refused(&mut session, "branch 7").contains("no line 7"));
    said(&mut session, "seek 700");
    said(&mut session, "branch 2");
    assert!(Moment::of(&mut session) == mine);
    assert!(refused(&mut session, "branch").contains("this is the present"));
    said(&mut session, "undo");
    assert!(
        Moment::of(&mut session)
            .checkpoint
            .same_bytes(&there.checkpoint)
    );
    said(&mut session, "undo");
    assert_eq!(session.operations, 60);
}

#[test]
fn a_command_after_undo_leaves_the_way_that_redo_had() {
    let mut session = session(&["alloc a 64", "alloc b 64", "alloc c 64"]);
    let all = Moment::of(&mut session);
    for line in ["undo", "undo", "alloc other 5000"] {
        said(&mut session, line);
    }
    assert_eq!(session.depths(), (2, 0));
    said(&mut session, "branch 1");
    // The line was left where undo had led.
    assert_eq!((session.operations, session.depths()), (1, (1, 2)));
    said(&mut session, "redo");
    said(&mut session, "redo");
    assert!(Moment::of(&mut session) == all);
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

#[test]
fn history_stays_within_its_budget_and_what_is_oldest_goes_first() {
    let mut session = session(&["history 1M"]);
    for nth in 0..40 {
        said(
            &mut session,
            &format!("run random ops=400 sizes=16..3000 live=60 seed={nth}"),
        );
        said(&mut session, "free w[::]");
        let time = shown(&mut session);
        assert!(time.kept <= time.budget, "{time:?}");
    }
    let time = shown(&mut session);
    assert!(time.first > 0 && time.first < time.present, "{time:?}");
    said(&mut session, "seek 0");
    assert_eq!(session.operations, time.first);
    said(&mut session, &format!("seek {}", time.first + 217));
    assert_eq!(session.operations, time.first + 217);
    said(&mut session, "seek present");
    said(&mut session, "history default");
}

#[test]
fn checkpoints_inside_a_workload_give_the_same_moments() {
    let mut session = session(&["run random ops=60000 sizes=16..2000 live=900 realloc=9 seed=8"]);
    let entry = session.history.entry(0).expect("the workload");
    let inner: Vec<u64> = entry
        .inner
        .iter()
        .map(|inner| inner.state.operations())
        .collect();
    assert!(inner.len() > 1, "{inner:?}");
    let places: Vec<u64> = inner
        .iter()
        .flat_map(|&at| [at, at + 1, at + 700])
        .filter(|&at| at < 60_000)
        .collect();
    let mut twin = Session::new().expect("addresses");
    twin.without_undo();
    let mut expected = BTreeMap::new();
    let mut keep = |twin: &mut Session| {
        if places.contains(&twin.operations) {
            expected.insert(twin.operations, Moment::of(twin));
        }
    };
    straight(
        &mut twin,
        &parse("run random ops=60000 sizes=16..2000 live=900 realloc=9 seed=8"),
        &mut keep,
    );
    for (&at, moment) in expected.iter().rev().chain(&expected) {
        said(&mut session, &format!("seek {at}"));
        let there = Moment::of(&mut session);
        assert!(
            there.checkpoint.same_bytes(&moment.checkpoint)
                && there.heaps[1].2 == moment.heaps[1].2,
            "operation {at}"
        );
    }
}

const LONG: &str = "run random ops=60000 sizes=16..2000 live=900 seed=8";

/// A session that is on a long way to the middle of a workload.
fn on_the_way(lines: &[&str]) -> Session {
    let mut session = session(lines);
    // Without checkpoints inside, the way is as long as can be.
    for entry in session.history.entries.values_mut() {
        entry.inner.truncate(1);
    }
    session.in_slices = true;
    said(&mut session, "seek 40000");
    set_out(&mut session);
    session
}

/// Goes the first steps of a long way.
fn set_out(session: &mut Session) {
    while session.seeking().expect("a way").done == 0 {
        session.go_on_seeking(std::time::Duration::from_micros(50));
    }
    let seeking = session.seeking().expect("a long way");
    assert!(seeking.done < seeking.of, "{seeking:?}");
}

#[test]
fn what_is_refused_on_the_way_leaves_the_way_alone() {
    for line in ["seek next K", "seek mark back", "seek failure"] {
        let mut session = on_the_way(&[LONG]);
        refused(&mut session, line);
        assert!(session.seeking().is_some(), "{line}");
        session.end_seeking();
        assert_eq!(session.operations, 40_000, "{line}");
    }
}

#[test]
fn whoever_seeks_the_old_place_on_the_way_stays_there() {
    for line in ["seek forward", "seek 60000", "seek present"] {
        let mut session = on_the_way(&[LONG]);
        said(&mut session, line);
        assert_eq!(
            (session.is_past(), session.operations, session.seeking()),
            (false, 60_000, None),
            "{line}"
        );
    }
    let mut session = on_the_way(&[LONG]);
    session.give_up_seeking();
    said(&mut session, "seek 3000");
    session.end_seeking();
    let there = Moment::of(&mut session);
    for line in ["seek 3000", "seek back"] {
        said(&mut session, "seek 59999");
        set_out(&mut session);
        said(&mut session, line);
        session.end_seeking();
        let expected = if line == "seek back" { 2_999 } else { 3_000 };
        assert_eq!(session.operations, expected);
        said(&mut session, "seek 3000");
        session.end_seeking();
        assert!(
            Moment::of(&mut session)
                .checkpoint
                .same_bytes(&there.checkpoint)
        );
    }
}

#[test]
fn no_place_goes_while_the_past_is_looked_at() {
    let mut session = session(&["heap new growable"]);
    for name in ["a", "b", "c", "d", "e", "f"] {
        said(&mut session, &format!("alloc {name} 1M"));
    }
    said(&mut session, "seek back");
    let words = refused(&mut session, "history 1K");
    assert!(words.contains("`seek present`"), "{words}");
    // Whatever asks for room meanwhile gets none from the places themselves.
    let places = session.history.line.ids.len();
    session.history.set_budget(Some(1_024));
    session.make_room();
    assert_eq!(session.history.line.ids.len(), places);
    said(&mut session, "branch");
    assert_eq!(session.operations, 5);
    said(&mut session, "alloc z 64");
    assert_eq!(session.depths(), (1, 0));
    said(&mut session, "undo");
    assert_eq!(session.operations, 5);
}

#[test]
fn room_is_made_when_the_present_is_back() {
    let mut session = session(&["alloc a 1M", "alloc b 1M", "alloc c 1M", "seek back"]);
    session.history.set_budget(Some(1_024));
    session.make_room();
    assert_eq!(session.depths().0, 3);
    said(&mut session, "seek present");
    assert_eq!(session.depths().0, 1);
}

#[test]
fn a_place_that_is_no_longer_kept_is_not_called_the_begin() {
    let mut session = session(&["alloc a 64", "alloc b 64"]);
    let words = said(&mut session, "seek 0");
    assert!(words.contains("as the session began"), "{words}");
    for line in ["seek present", "history 1K", "alloc c 64"] {
        said(&mut session, line);
    }
    let words = said(&mut session, "seek 0");
    assert!(
        words.contains("behind operation 2") && words.contains("the oldest that is kept"),
        "{words}"
    );
}

#[test]
fn what_only_looks_is_done_in_the_past() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("x.json");
    let mut session = session(&["alloc a 64", "alloc b 64", "seek back"]);
    said(&mut session, &format!("export \"{}\"", file.display()));
    let text = std::fs::read_to_string(&file).expect("written");
    assert!(text.contains("\"a\"") && !text.contains("\"b\""), "{text}");
    assert!(!parse("situations ops=10").changes());
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

#[test]
fn bookmarks_belong_to_their_line() {
    let mut session = session(&[
        "alloc a 64",
        "alloc b 64",
        "mark",
        "alloc c 64",
        "seek 1",
        "branch",
    ]);
    let gone = |session: &mut Session| {
        let frame = session.frame(&crate::view::Lens::default());
        (
            frame.bookmarks[0].gone,
            frame.baseline.expect("the mark").gone,
        )
    };
    for line in ["alloc x 64", "alloc y 64", "alloc z 64", "seek 0"] {
        said(&mut session, line);
    }
    assert_eq!(gone(&mut session), (true, true));
    refused(&mut session, "seek mark forward");
    // The other line leads there still.
    said(&mut session, "branch 1");
    assert_eq!(gone(&mut session), (false, false));
    said(&mut session, "seek mark back");
    assert_eq!(shown(&mut session).command, "alloc b 64");
}

#[test]
fn a_script_that_is_saved_in_the_past_leads_there() {
    let directory = tempfile::tempdir().expect("a directory");
    for (to, operations) in [
        ("seek 217", 217),
        ("seek back", 400),
        ("seek back 2", 399),
        ("seek present", 400),
    ] {
        let file = directory
            .path()
            .join(format!("{operations}{}.heap", to.len()));
        let mut session = session(&["run random ops=400 live=60 seed=5", "coalesce off", to]);
        said(&mut session, &format!("save \"{}\"", file.display()));
        let text = std::fs::read(&file).expect("written");
        let past = crate::session::read_journal(&text, "x").expect("a script");
        let mut again = Session::new().expect("addresses");
        again.replay(&past);
        assert_eq!(again.operations, operations, "{to}");
        assert_eq!(
            (again.is_past(), again.depths()),
            (session.is_past(), session.depths()),
            "{to}"
        );
        assert!(again.same_heaps(&session.image()), "{to}");
    }
}
