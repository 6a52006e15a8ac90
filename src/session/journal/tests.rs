use std::fs;

use proptest::prelude::*;
use tempfile::TempDir;

use super::file::{KEPT, journals};
use super::*;
use crate::session::Workload;
use crate::session::arbitrary::small_workload;

fn journalled() -> (TempDir, Session) {
    let directory = tempfile::tempdir().expect("a directory");
    let mut session = Session::new().expect("addresses");
    session.keep_journal(Journal::new(directory.path().join("sessions")));
    (directory, session)
}

fn written(directory: &TempDir) -> String {
    match last_journal(&directory.path().join("sessions")).expect("readable") {
        Some(path) => fs::read_to_string(path).expect("a journal"),
        None => String::new(),
    }
}

#[test]
fn threads_that_made_no_operation_are_not_written_down() {
    let (directory, mut session) = journalled();
    tell(&mut session, "alloc a 64");
    let (before, depths) = (written(&directory), session.depths());
    let line = "threads 2 { run random ops=100 live=10 }";
    let Ok(Some(Command::Threads(threads))) = parse_line(line) else {
        panic!("{line}");
    };
    session.begin_threads(&threads).expect("threads");
    session.wake_threads();
    session.end_threads().expect("an answer");
    assert_eq!((written(&directory), session.depths()), (before, depths));
}

/// The session that a journal leads to.
fn replayed(text: &str) -> Session {
    let past = read_journal(text.as_bytes(), "the journal").expect("a journal");
    let mut session = Session::new().expect("addresses");
    session.replay(&past);
    session
}

fn tell(session: &mut Session, line: &str) {
    match line {
        UNDO => drop(session.undo()),
        REDO => drop(session.redo()),
        "begin" => session.open_default_heap(),
        line => drop(session.apply(&parse_line(line).expect(line).expect("not blank"))),
    }
}

/// What a person did, and the lines that the journal has below its heading.
#[test]
fn what_changes_something_is_written() {
    for (done, lines) in [
        (&["begin"][..], &[][..]),
        (&["begin", "walk", "probe 64", "say \"x\"", "undo"], &[]),
        (&["alloc a 64"], &["alloc a 64"]),
        (
            &["begin", "alloc  a 0x40 # words"],
            &[FIRST_HEAP, "alloc a 64"],
        ),
        // A heap that was made for something that is not written itself.
        (&["walk", "alloc a 64"], &[FIRST_HEAP, "alloc a 64"]),
        (
            &["free nobody", "heap new fixed 64K"],
            &[FIRST_HEAP, "heap new fixed 64K"],
        ),
        (&["limit 64M", "walk"], &["limit 64M", FIRST_HEAP]),
        (
            &["alloc a 1", "free nobody", "free a"],
            &["alloc a 1", "free a"],
        ),
        // Calls that fail count, and may be taken back.
        (
            &["heap new fixed 64K", "alloc a 1M"],
            &["heap new fixed 64K", "alloc a 1M"],
        ),
        (
            &["alloc a 1", "undo", "undo", "redo"],
            &["alloc a 1", "undo", "redo"],
        ),
        (
            &["alloc a 1", "mark x y", "baseline off", "lock", "rate 5"],
            &["alloc a 1", "mark \"x y\"", "baseline off", "lock"],
        ),
        (
            &["history 512M", "alloc a 1"],
            &["history 512M", "alloc a 1"],
        ),
        (
            &[
                "run random ops=100 until=40",
                "alloc a 1",
                "run random ops=100 from=40",
            ],
            &[
                "run random ops=100 until=40",
                "alloc a 1",
                "run random ops=100 from=40",
            ],
        ),
    ] {
        let (directory, mut session) = journalled();
        done.iter().for_each(|line| tell(&mut session, line));
        let text = written(&directory);
        let mut rest = text.lines();
        assert_eq!(
            rest.next().is_some_and(|line| line.starts_with(HEADING)),
            !lines.is_empty()
        );
        assert_eq!(rest.collect::<Vec<_>>(), lines, "{done:?}");
        assert!(replayed(&text).same_heaps(&session.image()) || lines.is_empty());
    }
}

#[test]
fn a_replay_keeps_as_much_of_the_way_back() {
    let (directory, mut session) = journalled();
    for line in ["alloc a 1M", "alloc b 1M", "history 1K"] {
        tell(&mut session, line);
    }
    assert_eq!(session.depths(), (1, 0));
    assert_eq!(replayed(&written(&directory)).depths(), (1, 0));
}

#[test]
fn a_line_that_was_cut_is_left_out_and_told() {
    let whole = format!("{HEADING}today\nalloc a 64\nundo\nalloc b 48\n");
    let deeds = read_journal(whole.as_bytes(), "x")
        .expect("a journal")
        .deeds;
    assert_eq!(deeds.len(), 3);
    for end in HEADING.len()..=whole.len() {
        let past = read_journal(&whole.as_bytes()[..end], "x").expect("a journal");
        assert!(deeds.starts_with(&past.deeds), "{past:?}");
        let last = whole[..end].rsplit('\n').next().expect("a line");
        assert_eq!(past.cut.as_deref().unwrap_or_default(), last);
        let mut session = Session::new().expect("addresses");
        session.replay(&past);
        let notes = session
            .log()
            .filter(|answer| answer.words.contains("in the middle"));
        assert_eq!(notes.count(), usize::from(!last.is_empty()));
    }
    // What is no journal may end without a newline.
    let past = read_journal(b"alloc a 64\nalloc b 48", "x").expect("a script");
    assert_eq!((past.deeds.len(), past.cut), (2, None));
    let error = read_journal(b"alloc a 64\nredo\nfre a\n", "x").expect_err("a mistake");
    assert!(error.to_string().starts_with("x:3:1: "), "{error}");
    let error = read_journal(b"undo\n\xFF\n", "x").expect_err("no text");
    assert!(error.to_string().starts_with("x:2:1: "), "{error}");
}

#[test]
fn twenty_journals_are_kept_and_those_that_are_written() {
    let directory = tempfile::tempdir().expect("a directory");
    let sessions = directory.path().join("sessions");
    make_directory(&sessions).expect("made");
    // Of this process, which runs, and of one that cannot.
    let here = format!("20000101T000000Z-{}.heap", std::process::id());
    fs::write(sessions.join(&here), "").expect("written");
    for nth in 10..40 {
        let name = format!("200001{nth}T000000Z-2147483647.heap");
        fs::write(sessions.join(name), "").expect("written");
    }
    fs::write(sessions.join("notes.txt"), "").expect("written");
    let mut journal = Journal::new(sessions.clone());
    journal.write("alloc a 1").expect("written");
    let left = journals(&sessions).expect("readable");
    assert_eq!(left.len(), KEPT + 1, "{left:?}");
    assert_eq!(left[0], sessions.join(here));
    assert!(left[1].ends_with("20000121T000000Z-2147483647.heap"));
    assert!(sessions.join("notes.txt").exists());
    let last = last_journal(&sessions)
        .expect("readable")
        .expect("a journal");
    let text = fs::read_to_string(last).expect("text");
    assert!(text.ends_with("\nalloc a 1\n"), "{text}");
}

/// The lines below the heading.
fn lines(text: &str) -> Vec<&str> {
    text.lines().skip(1).map(str::trim_end).collect()
}

#[test]
fn what_was_made_of_a_workload_is_written_while_it_runs() {
    let (directory, mut session) = journalled();
    tell(&mut session, "alloc a 64");
    let Ok(Some(Command::Run(workload))) = parse_line("run random ops=1000 live=20") else {
        panic!("a workload");
    };
    let line = Command::Run(workload).to_string();
    session.begin_run(&workload).expect("from its first step");
    for until in [90, 180, 270] {
        session.open_part();
        session.run_steps(90);
        session.journal_progress();
        let text = written(&directory);
        assert_eq!(
            lines(&text),
            ["alloc a 64", &format!("{line} until={until}")]
        );
        // Killed here, it is opened as far as it is written.
        let again = replayed(&text);
        assert!(again_is(again, &mut session), "{text}");
    }
    // What is asked meanwhile and has to be written stands before it.
    session.journal("mark \"x\"");
    session.run_steps(1_000);
    session.finish_run();
    let text = written(&directory);
    assert_eq!(lines(&text), ["alloc a 64", "mark \"x\"", &line]);
    tell(&mut session, "free a");
    assert_eq!(lines(&written(&directory)).last(), Some(&"free a"));
    assert_eq!(session.depths().0, 3);
}

fn again_is(mut again: Session, session: &mut Session) -> bool {
    again.same_heaps(&session.image())
}

#[test]
fn a_journal_that_is_gone_on_with_begins_with_all_of_the_earlier_one() {
    let text = format!("{HEADING}today\n{FIRST_HEAP}\n\n# words\nalloc a 64\nundo\nredo\nfree a\n");
    let past = read_journal(text.as_bytes(), "x").expect("a journal");
    let kept = past.kept.as_ref().expect("a journal");
    let whole = lines(&text);
    for done in 0..=past.deeds.len() {
        let (directory, mut session) = journalled();
        session.hold_journal(kept);
        assert_eq!(lines(&written(&directory)), whole);
        past.deeds[..done]
            .iter()
            .for_each(|deed| session.do_again(deed));
        // Nothing is written twice.
        assert_eq!(lines(&written(&directory)), whole);
        session.let_go_of_journal(done);
        tell(&mut session, "alloc b 64");
        let text = written(&directory);
        let again = read_journal(text.as_bytes(), "x").expect("a journal");
        assert_eq!(again.deeds[..done], past.deeds[..done]);
        assert_eq!(again.deeds.len(), done + 1);
        assert_eq!(lines(&text).last(), Some(&"alloc b 64"));
    }
    let script = read_journal(b"alloc a 64\n", "x").expect("a script");
    assert_eq!(script.kept, None);
}

#[test]
fn the_journal_that_is_gone_on_with_stays() {
    let directory = tempfile::tempdir().expect("a directory");
    let sessions = directory.path().to_owned();
    for nth in 10..40 {
        let name = format!("200001{nth}T000000Z-2147483647.heap");
        fs::write(sessions.join(name), HEADING).expect("written");
    }
    let unfinished = sessions.join("20000150T000000000Z-2147483647.part");
    fs::write(&unfinished, HEADING).expect("written");
    let source = journals(&sessions).expect("readable").remove(0);
    let mut session = Session::new().expect("addresses");
    session.keep_journal(Journal::new(sessions.clone()).behind(source.clone()));
    let text = format!("{HEADING}today\nalloc a 64\n");
    let past = read_journal(text.as_bytes(), "x").expect("a journal");
    session.hold_journal(&past.kept.expect("a journal"));
    let left = journals(&sessions).expect("readable");
    assert_eq!((left.len(), &left[0]), (KEPT + 1, &source));
    assert!(!unfinished.exists());
}

#[test]
fn a_journal_that_cannot_be_written_is_told_once_and_stops_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("file");
    fs::write(&file, "").expect("written");
    let mut session = Session::new().expect("addresses");
    session.keep_journal(Journal::new(file.join("sessions")));
    for line in ["alloc a 64", "alloc b 64", "undo", "free a"] {
        tell(&mut session, line);
    }
    let notes: Vec<_> = session
        .log()
        .filter(|answer| answer.words.contains("cannot be written"))
        .collect();
    assert_eq!(notes.len(), 1);
    assert_eq!(notes[0].tone, Tone::Note);
    assert_eq!(
        session
            .log()
            .filter(|answer| answer.tone == Tone::Done)
            .count(),
        4
    );
}

/// What can be done to a session.
#[derive(Clone, Debug)]
enum Act {
    Line(String),
    /// Begins a workload beside the screen.
    Begin(Workload),
    /// Makes some steps of it.
    Steps(u64),
    /// Writes down what was made of it so far.
    Progress,
    Pause,
    Finish,
}

impl Act {
    fn on(&self, session: &mut Session) {
        match self {
            Act::Line(line) if line == UNDO || line == REDO => {
                // What runs ends before the past is entered.
                session.finish_run();
                tell(session, line);
            }
            Act::Line(line) => tell(session, line),
            Act::Begin(workload) => {
                session.finish_run();
                let had = session.in_view.is_some();
                session.begin_run(workload).expect("from its first step");
                session.journal_made_heap(had);
            }
            Act::Steps(steps) if session.has_steps() => {
                session.open_part();
                session.run_steps(*steps);
            }
            Act::Steps(_) => {}
            Act::Progress => session.journal_progress(),
            Act::Pause => session.close_part(),
            Act::Finish => drop(session.finish_run()),
        }
    }
}

fn any_act() -> impl Strategy<Value = Act> {
    let line = |text: &str| Just(Act::Line(text.to_owned()));
    let block = || (0..6_u32).prop_map(|nth| format!("b{nth}"));
    let workload = small_workload(400, 6_000);
    let whole = prop_oneof![
        line("compact"),
        line("heapmin"),
        line("minimize"),
        line("coalesce on"),
        line("coalesce off"),
        line("policy first-fit"),
        line("policy best-fit"),
        line("stamp off"),
        line("heapset 0xfe"),
        line("mark"),
        line("lock"),
        line("unlock"),
        line("walk"),
        line("decommit auto"),
        line("limit 2M"),
        line("limit default"),
    ];
    let heaps = prop_oneof![
        line("heap new fixed 64K"),
        line("heap new growable serialize=off"),
        line("heap use 1"),
        line("heap use 2"),
        line("heap destroy"),
        line("heap crt"),
    ];
    prop_oneof![
        4 => (block(), 0..9_000_u64).prop_map(|(name, size)| Act::Line(format!("alloc {name} {size}"))),
        2 => (block(), 0..9_000_u64).prop_map(|(name, size)| Act::Line(format!("realloc {name} {size}"))),
        3 => block().prop_map(|name| Act::Line(format!("free {name}"))),
        1 => line("free w[::3]"),
        2 => whole,
        1 => heaps,
        4 => line(UNDO),
        2 => line(REDO),
        2 => workload.clone().prop_map(Act::Begin),
        1 => workload.prop_map(|workload| Act::Line(Command::Run(workload).to_string())),
        4 => (1..120_u64).prop_map(Act::Steps),
        2 => Just(Act::Progress),
        1 => Just(Act::Pause),
        1 => Just(Act::Finish),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]
    #[test]
    fn a_replay_gives_the_same_heaps(acts in proptest::collection::vec(any_act(), 1..60)) {
        let (directory, mut session) = journalled();
        for act in &acts {
            act.on(&mut session);
        }
        session.finish_run();
        let text = written(&directory);
        if text.is_empty() {
            // Nothing is written of a session in which at most its first heap was made.
            let mut untouched = Session::new().expect("addresses");
            if session.in_view.is_some() {
                untouched.open_default_heap();
            }
            prop_assert!(session.same_heaps(&untouched.image()), "{acts:?}");
            prop_assert_eq!(session.depths(), (0, 0));
            return Ok(());
        }
        let mut again = replayed(&text);
        prop_assert!(again.same_heaps(&session.image()), "{text}");
        prop_assert!(again.depths() == session.depths(), "{text}");
        // What was replayed can be taken back as what was done could.
        while session.depths().0 > 0 {
            session.undo();
            again.undo();
            prop_assert!(again.same_heaps(&session.image()), "{text}");
        }
    }
}
