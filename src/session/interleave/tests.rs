use std::path::Path;

use crate::session::frame::{Answer, Frame, Tone};
use crate::session::{Command, EXAMPLES, Journal, Session, Value, parse_line, parse_script};
use crate::view::Lens;

fn session() -> Session {
    Session::new().expect("addresses")
}

fn run(session: &mut Session, line: &str) -> Answer {
    let command = parse_line(line).expect(line).expect(line);
    session.apply(&command)
}

/// Runs lines that must not be refused.
fn done(session: &mut Session, lines: &[&str]) {
    for line in lines {
        let answer = run(session, line);
        assert_ne!(answer.tone, Tone::Refused, "{line}: {}", answer.words);
    }
}

fn whole(session: &Session, metric: &str) -> Value {
    let metric = metric.parse().expect("a metric");
    session.metric(metric).expect("known")
}

fn frame(session: &mut Session) -> Frame {
    session.frame(&Lens::default())
}

const RACE: &str = "interleave { alloc one 72 } { alloc two 72 }";
const HOLES: [&str; 4] = [
    "heap new fixed 16K serialize=off stamp=off",
    "alloc b[0:8] 72",
    "free b1",
    "free b3",
];

#[test]
fn what_is_no_single_call_is_answered_with_its_place() {
    for (line, column, found, expected) in [
        ("interleave", 11, "", "{"),
        ("interleave { alloc a 64 }", 26, "", "{"),
        ("interleave { alloc a 64 { free b }", 35, "", "a closing }"),
        ("interleave { walk } { free a }", 14, "walk", "one call"),
        (
            "interleave { free a } { alloc b[0:2] 8 }",
            25,
            "alloc",
            "one call",
        ),
        (
            "interleave { free null } { compact }",
            14,
            "free",
            "one call",
        ),
        (
            "interleave { compact } { compact } order=1",
            42,
            "1",
            "turns such as",
        ),
        (
            "interleave { compact } { compact } order=",
            36,
            "order=",
            "order=TURNS",
        ),
        ("step t3", 6, "t3", "t1, t2, back, forward, to, end or off"),
        ("step t1 0", 9, "0", "a number from 1"),
        ("example triple-handout", 9, "triple-handout", "lost-update"),
    ] {
        let error = parse_line(line).expect_err(line);
        assert_eq!(
            (error.column, &*error.found),
            (column, found),
            "{line}: {error}"
        );
        assert!(error.expected.contains(expected), "{line}: {error}");
    }
}

#[test]
fn steps_one_by_one_are_one_command_that_undo_takes_back() {
    let mut session = session();
    done(&mut session, &HOLES);
    let (before, depths) = (session.image(), session.depths());
    done(
        &mut session,
        &[RACE, "step t1 8", "step t2 3", "step back 3", "step t2 23"],
    );
    assert_eq!(session.depths(), depths, "nothing is done yet");
    let answer = run(&mut session, "step end");
    assert_eq!(answer.tone, Tone::Failed);
    assert_eq!(
        answer.call,
        "t1: HeapAlloc(heap, 0, 72) = 0x00820; t2: HeapAlloc(heap, 0, 72) = 0x00820"
    );
    assert!(
        answer.words.contains("ONE BLOCK HANDED OUT TWICE"),
        "{}",
        answer.words
    );
    assert!(
        answer.words.ends_with("46 steps: 1x8,2x23,1x15"),
        "{}",
        answer.words
    );
    let after = session.image();
    assert_eq!(session.depths(), (depths.0 + 1, 0));
    run(&mut session, "undo");
    assert!(session.image() == before);
    run(&mut session, "redo");
    assert!(session.image() == after);
    // The order that was told gives the same heap.
    run(&mut session, "undo");
    run(&mut session, &format!("{RACE} order=1x8,2x23,1x15"));
    assert!(session.image() == after);
}

#[test]
fn while_calls_are_under_way_the_heap_can_only_be_looked_at() {
    let mut session = session();
    done(&mut session, &HOLES);
    let before = session.image();
    done(&mut session, &[RACE, "step t1 12"]);
    let shown = frame(&mut session);
    assert!(!shown.picture.quiet);
    let held = session.image();
    for line in [
        "alloc x 8",
        "free b0",
        "walk",
        "validate",
        "validate b0",
        "heapchk",
        "size b0",
        "lock",
        "summary",
        "compact",
        "heap use 0",
        "heap destroy",
        "serialize on",
        "run random ops=5",
        "redo",
        "probe 8",
        RACE,
        "mark",
        "example torn-list",
    ] {
        let answer = run(&mut session, line);
        assert_eq!(answer.tone, Tone::Refused, "{line}");
        assert!(
            answer.words.contains("under way"),
            "{line}: {}",
            answer.words
        );
        assert!(session.same_heaps(&held), "{line}");
    }
    done(
        &mut session,
        &[
            "say \"x\"",
            "expect findings >= 0",
            "go b0",
            "filter off",
            "help step",
        ],
    );
    let answer = run(&mut session, "undo");
    assert!(answer.words.contains("gave up both calls"));
    assert!(session.image() == before);
    assert!(frame(&mut session).interleaved.is_none());
    assert_eq!(run(&mut session, "step t1").tone, Tone::Refused);
    // And off does the same.
    done(&mut session, &[RACE, "step t2 7", "step off"]);
    assert!(session.image() == before);
}

#[test]
fn the_frame_tells_where_both_stand_and_what_was_done() {
    let mut session = session();
    done(&mut session, &HOLES);
    done(&mut session, &[RACE, "step t1 7"]);
    let shown = frame(&mut session).interleaved.expect("calls under way");
    let [one, two] = &shown.sides;
    assert_eq!(
        (&*one.call, one.steps, one.ended),
        ("alloc one 72", 7, false)
    );
    assert_eq!(one.next, "loads links of 0x00770: 0x00810, none");
    assert_eq!(
        (two.steps, &*two.next),
        (0, "loads flags and policy: 0x1001, best-fit")
    );
    assert_eq!((shown.steps, &*shown.order), (7, "1x7"));
    assert_eq!(shown.made.len(), 7);
    assert_eq!(
        shown.made[3],
        (0, "loads head of list 5: 0x00810".to_owned())
    );
    // What came of it stays in sight until something else is done.
    run(&mut session, "step end");
    let shown = frame(&mut session).interleaved.expect("calls that ended");
    assert!(shown.is_over());
    assert_eq!(shown.sides[1].next, "HeapAlloc(heap, 0, 72) = 0x00780");
    run(&mut session, "free b0");
    assert!(frame(&mut session).interleaved.is_none());
}

#[test]
fn an_actor_before_a_held_lock_says_what_it_waits_for() {
    let mut session = session();
    done(
        &mut session,
        &["alloc b[0:2] 72", RACE, "step t2 2", "step t1"],
    );
    let answer = run(&mut session, "step t1 5");
    assert!(
        answer
            .words
            .starts_with("t1 waits for the lock held by t2: it makes no step"),
        "{}",
        answer.words
    );
    assert!(frame(&mut session).interleaved.expect("under way").sides[0].blocked);
    assert_eq!(run(&mut session, "step end").tone, Tone::Done);
    done(&mut session, &["lock"]);
    let refused = run(&mut session, RACE);
    assert!(refused.words.contains("lock is held"), "{}", refused.words);
}

#[test]
fn names_follow_the_blocks_whoever_comes_first() {
    let mut session = session();
    done(&mut session, &["alloc a 72", "alloc fence 72"]);
    done(
        &mut session,
        &["interleave { free a } { alloc n 72 } order=1x999"],
    );
    let first = frame(&mut session).picture;
    assert_eq!(first.figures.busy_blocks, 2);
    done(&mut session, &["free n"]);
    done(
        &mut session,
        &[
            "alloc c 72",
            "interleave { realloc c 4000 } { alloc d 72 } order=1x9999",
        ],
    );
    done(&mut session, &["size c", "free c", "free d", "free fence"]);
    assert_eq!(whole(&session, "busy_blocks"), Value::Whole(0));
    let answer = run(&mut session, "interleave { alloc x 8 } { alloc x 9 }");
    assert!(
        answer.words.contains("a name of its own"),
        "{}",
        answer.words
    );
    let answer = run(&mut session, "interleave { free nobody } { alloc x 9 }");
    assert!(answer.words.contains("no live block is called nobody"));
}

fn journal_of(directory: &Path) -> Vec<String> {
    let file = std::fs::read_dir(directory)
        .expect("a directory")
        .map(|entry| entry.expect("an entry").path())
        .find(|path| path.extension().is_some_and(|end| end == "heap"))
        .expect("a journal");
    let text = std::fs::read_to_string(file).expect("text");
    text.lines().map(str::to_owned).collect()
}

#[test]
fn a_journal_has_the_whole_order_and_a_replay_gives_the_same_heap() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut session = session();
    session.keep_journal(Journal::new(directory.path().to_owned()));
    done(&mut session, &HOLES);
    done(&mut session, &[RACE, "step t1 3", "step off"]);
    done(
        &mut session,
        &[
            RACE,
            "step t1 8",
            "step t2",
            "step back",
            "step t2 23",
            "step end",
        ],
    );
    done(&mut session, &["alloc last 16"]);
    let lines = journal_of(directory.path());
    let steps: Vec<&String> = lines
        .iter()
        .filter(|line| line.contains("interleave") || line.contains("step "))
        .collect();
    assert_eq!(steps, [&format!("{RACE} order=1x8,2x23,1x15")]);
    let mut again = self::session();
    for (_, command) in parse_script(&lines.join("\n"), "journal").expect("a script") {
        again.apply(&command);
    }
    assert!(again.image() == session.image());
}

#[test]
fn a_session_that_ends_in_the_middle_ends() {
    let mut session = session();
    done(&mut session, &HOLES);
    done(&mut session, &[RACE, "step t1 9", "step t2 2"]);
    drop(session);
}

/// The heap of an example before its calls, and the calls.
fn example_calls(name: &str) -> (Vec<Command>, String) {
    let example = crate::session::Example::find(name).expect(name);
    let commands = example.commands();
    let at = |command: &Command| matches!(command, Command::Interleave(_));
    let begin = commands.iter().position(at).expect("calls");
    (commands[..begin].to_vec(), commands[begin].to_string())
}

fn before_calls(commands: &[Command]) -> Session {
    let mut session = session();
    for command in commands {
        session.apply(command);
    }
    session
}

#[test]
fn examples_show_what_they_say() {
    for example in &EXAMPLES {
        let mut session = session();
        let commands = example.commands();
        assert!(commands.len() > 10, "{}", example.name);
        for command in &commands {
            let answer = session.apply(command);
            assert_ne!(answer.tone, Tone::Refused, "{command}: {}", answer.words);
        }
        assert_eq!(session.failed_expectations(), 0, "{}", example.name);
    }
}

/// The shipped orders are the first with their effect, counted by the steps that t1 makes before t2 comes in; and with
/// the lock no such order has it.
#[test]
fn shipped_orders_have_the_fewest_steps_before_the_other_moves() {
    type Effect = fn(&Answer) -> bool;
    let counter: Effect = |answer| {
        answer.words.starts_with("1 finding: at 0x00050") && !answer.words.contains("TWICE")
    };
    let twice: Effect = |answer| answer.words.contains("ONE BLOCK HANDED OUT TWICE");
    let torn: Effect = |answer| answer.words.contains("a free list is broken");
    let effects: [(&str, u64, Effect); 3] = [
        ("lost-update", 21, counter),
        ("double-handout", 8, twice),
        ("torn-list", 19, torn),
    ];
    for (name, shipped, effect) in effects {
        let (commands, calls) = example_calls(name);
        let mut session = before_calls(&commands);
        let try_order = |session: &mut Session, first: u64| {
            let answer = run(session, &format!("{calls} order=1x{first},2x9999"));
            run(session, "undo");
            effect(&answer)
        };
        let found = (1..60).find(|&first| try_order(&mut session, first));
        assert_eq!(found, Some(shipped), "{name}");
        let text = crate::session::Example::find(name).expect(name).text;
        assert!(text.contains(&format!("step t1 {shipped}\n")), "{name}");
        run(&mut session, "serialize on");
        let found = (1..60).find(|&first| try_order(&mut session, first));
        assert_eq!(found, None, "{name} with the lock");
    }
}

#[test]
fn calls_too_long_to_be_made_step_by_step_are_given_up_and_leave_the_heap_as_it_was() {
    let mut session = session();
    done(&mut session, &["alloc b[0:200000] 16", "free b[7]"]);
    let before = session.image();
    let both = "interleave { validate } { alloc x 16 }";
    for lines in [
        &[both, "step end"][..],
        &[both, "step t1 9999999"],
        &["interleave { validate } { alloc x 16 } order=2x5"],
    ] {
        let answers: Vec<Answer> = lines.iter().map(|line| run(&mut session, line)).collect();
        let last = answers.last().expect("an answer");
        assert_eq!(last.tone, Tone::Refused, "{last:?}");
        assert!(last.words.contains("more than 1,048,576 steps"), "{last:?}");
        assert!(session.same_heaps(&before), "{lines:?}");
        assert!(session.stepping.is_none());
        assert_eq!(run(&mut session, "validate").tone, Tone::Done);
    }
}
