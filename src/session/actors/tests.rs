use std::sync::mpsc::channel;
use std::time::Duration;

use super::super::{GRAMMAR, parse_line};
use super::*;

/// How long a test waits for what must come; it fails then.
const PATIENCE: Duration = Duration::from_secs(60);

fn session() -> Session {
    Session::new().expect("addresses")
}

fn say(session: &mut Session, line: &str) -> Answer {
    let command = parse_line(line).expect(line).expect("a command");
    session.apply(&command)
}

fn tell(session: &mut Session, lines: &[&str]) {
    for line in lines {
        say(session, line);
    }
}

fn late(session: &Session) -> Vec<String> {
    let late = session.late_answers().iter();
    late.map(|answer| answer.call.clone()).collect()
}

fn states(session: &Session) -> Vec<(String, bool)> {
    let states = session.actor_states().into_iter();
    states.map(|one| (one.name, one.waits.is_some())).collect()
}

#[test]
fn l1_a_serialized_call_of_another_waits_for_the_unlock() {
    let mut session = session();
    tell(&mut session, &["alloc a 64", "lock"]);
    let answer = say(&mut session, "as t2: alloc x 64");
    assert_eq!(answer.tone, Tone::Note);
    assert!(
        answer
            .words
            .starts_with("t2 waits in `alloc x 64`: t1 holds")
    );
    assert_eq!(
        states(&session),
        [("t1".to_owned(), false), ("t2".to_owned(), true)]
    );
    assert_eq!(session.metric_of("busy_blocks"), 1);
    // The holder goes on, and whoever waits cannot call.
    say(&mut session, "alloc b 64");
    let refused = say(&mut session, "as t2: free a");
    assert_eq!(refused.tone, Tone::Refused);
    assert!(refused.words.contains("t2 is still in alloc x 64"));
    assert_eq!(late(&session), [""; 0]);
    say(&mut session, "unlock");
    assert_eq!(late(&session), ["t2: HeapAlloc(heap, 0, 64) = 0x007d0"]);
    assert_eq!(session.metric_of("busy_blocks"), 3);
    assert_eq!(session.metric_of("lock_contended"), 1);
    assert_eq!(states(&session), []);
}

#[test]
fn threads_that_would_wait_for_whoever_begins_them_are_refused() {
    let mut session = session();
    tell(&mut session, &["alloc a 64", "lock"]);
    let before = session.image();
    let threads = "threads 2 { run random ops=100 live=10 }";
    let refused = say(&mut session, threads);
    assert_eq!(refused.tone, Tone::Refused);
    assert!(refused.words.starts_with("t1 holds"), "{refused:?}");
    assert!(session.crew.is_none() && session.image() == before);
    let past = say(&mut session, &format!("{threads} calls=noserialize"));
    assert_ne!(past.tone, Tone::Refused, "{past:?}");
    say(&mut session, "unlock");
    assert_eq!(say(&mut session, threads).tone, Tone::Done);
}

#[test]
fn l1_f5_a_call_without_serialization_passes_a_held_lock() {
    let mut session = session();
    tell(&mut session, &["lock"]);
    let answer = say(&mut session, "as t2: alloc x 64 noserialize");
    assert_eq!(answer.tone, Tone::Done);
    assert!(
        answer
            .words
            .contains("the lock that t1 holds was not asked for"),
        "{answer:?}"
    );
    assert_eq!(session.metric_of("busy_blocks"), 1);
}

#[test]
fn l2_a_heap_without_serialization_has_no_lock_to_take() {
    let mut session = session();
    tell(&mut session, &["serialize off", "lock"]);
    let answer = say(&mut session, "as t2: alloc x 64");
    assert_eq!(answer.tone, Tone::Done);
    assert_eq!(states(&session), []);
}

#[test]
fn the_sessions_own_thread_waits_as_others_do() {
    let mut session = session();
    tell(&mut session, &["alloc a 64", "as t2: lock"]);
    let waits = say(&mut session, "free a");
    assert!(waits.words.contains("t1 waits in `free a`: t2 holds"));
    assert_eq!(say(&mut session, "unlock").tone, Tone::Refused);
    assert_eq!(say(&mut session, "as t3: unlock").tone, Tone::Failed);
    assert_eq!(say(&mut session, "undo").tone, Tone::Refused);
    assert_eq!(say(&mut session, "heap destroy").tone, Tone::Refused);
    say(&mut session, "as t2: unlock");
    assert_eq!(late(&session), ["HeapFree(heap, 0, a) = TRUE"]);
    assert_eq!(session.metric_of("busy_blocks"), 0);
    assert_eq!(say(&mut session, "undo").tone, Tone::Done);
    assert_eq!(session.metric_of("busy_blocks"), 1);
    // What was told once is not told again.
    assert_eq!(late(&session), [""; 0]);
}

#[test]
fn turns_come_in_order_and_stop_at_one_who_keeps_the_lock() {
    let mut session = session();
    tell(
        &mut session,
        &[
            "lock",
            "as t2: alloc x 64",
            "as t3: lock",
            "as t4: alloc y 64",
        ],
    );
    assert_eq!(late(&session), [""; 0]);
    say(&mut session, "unlock");
    assert_eq!(
        late(&session),
        [
            "t2: HeapAlloc(heap, 0, 64) = 0x00730",
            "t3: HeapLock(heap) = TRUE"
        ]
    );
    assert_eq!(
        states(&session),
        [("t3".to_owned(), false), ("t4".to_owned(), true)]
    );
    say(&mut session, "as t3: unlock");
    assert_eq!(late(&session), ["t4: HeapAlloc(heap, 0, 64) = 0x00780"]);
}

#[test]
fn the_same_commands_give_the_same_heap() {
    let lines = [
        "alloc b[0:40] 48",
        "lock",
        "as t2: free b[::2]",
        "as t3: alloc x 100",
        "alloc c 10",
        "unlock",
        "as t2: alloc z 48",
        "undo",
    ];
    let (mut one, mut other) = (session(), session());
    tell(&mut one, &lines);
    tell(&mut other, &lines);
    let copy = other.image();
    assert!(one.same_heaps(&copy));
}

/// The holder of one lock may wait at another: whoever waits for the first goes on waiting.
#[test]
fn an_actor_who_waits_at_one_heap_still_holds_the_lock_of_another() {
    let (sender, answered) = channel();
    std::thread::spawn(move || {
        let mut session = session();
        let lines = [
            "lock",
            "as t2: alloc x 64",
            "heap new fixed 64K",
            "as t3: lock",
            "checks off",
        ];
        tell(&mut session, &lines);
        let waits = session.waits();
        tell(&mut session, &["as t3: unlock", "heap use 1", "unlock"]);
        let _ = sender.send((waits, session.waits()));
    });
    let (before, after) = answered.recv_timeout(PATIENCE).expect("it hangs");
    let words = "t2 waits for the lock that t1 holds";
    assert_eq!(before.as_deref(), Some(words));
    assert_eq!(after, None);
}

#[test]
fn threads_do_not_begin_where_whoever_asks_for_them_holds_the_lock() {
    let (sender, answered) = channel();
    std::thread::spawn(move || {
        let mut session = session();
        tell(&mut session, &["lock"]);
        let mut told = |line: &str| {
            let command = parse_line(line).expect("a line").expect("a command");
            session.apply(&command)
        };
        let threads = "threads 2 { run random ops=100 }";
        let locked = told(threads);
        let skipping = told("threads 2 { run random ops=100 } calls=noserialize");
        told("unlock");
        let _ = sender.send([locked, skipping, told(threads)]);
    });
    let [locked, skipping, unlocked] = answered.recv_timeout(PATIENCE).expect("threads hang");
    assert_eq!(locked.tone, Tone::Refused, "{}", locked.words);
    assert!(locked.words.starts_with("t1 holds"), "{}", locked.words);
    // Without the lock they may damage the heap; but they work.
    for done in [skipping, unlocked] {
        assert_ne!(done.tone, Tone::Refused, "{}", done.words);
    }
}

/// Whatever a person types while another holds the lock, the session answers.
#[test]
fn no_command_hangs_at_a_held_lock() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("holes").display().to_string();
    for row in GRAMMAR {
        for prefix in ["", "as t3: "] {
            // Files are written where no other test is.
            let line = format!("{prefix}{}", row.example).replace("holes", &file);
            let Ok(Some(command)) = parse_line(&line) else {
                assert!(!prefix.is_empty(), "{line}");
                continue;
            };
            let (sender, answered) = channel();
            std::thread::spawn(move || {
                let mut session = session();
                tell(
                    &mut session,
                    &["alloc a 64", "alloc b[0:10] 64", "as t2: lock"],
                );
                let answer = session.apply(&command);
                session.frame(&crate::view::Lens::default());
                let _ = sender.send(answer);
            });
            let answer = answered.recv_timeout(PATIENCE);
            assert!(answer.is_ok(), "{line} hangs");
        }
    }
}

#[test]
fn nobody_waits_for_a_session_that_is_gone() {
    let mut session = session();
    tell(
        &mut session,
        &["as t2: lock", "as t3: alloc x 64", "free x"],
    );
    let heap = Arc::downgrade(&session.shown().heap);
    drop(session);
    let deadline = std::time::Instant::now() + PATIENCE;
    while heap.strong_count() > 0 {
        assert!(std::time::Instant::now() < deadline, "a thread still waits");
        std::thread::yield_now();
    }
}

#[test]
fn names_of_actors_are_letters_and_digits() {
    for (name, good) in [
        ("t2", true),
        ("worker", true),
        ("2", false),
        ("", false),
        ("t2b", false),
        ("t_2", false),
        ("abcdefghijklm", false),
    ] {
        assert_eq!(Actor::new(name).is_some(), good, "{name}");
    }
    for (line, column) in [
        ("as", 3),
        ("as t2 alloc x 64", 4),
        ("as t2:", 7),
        ("as t2: pause", 8),
        ("as t2: as t3: lock", 8),
        ("as t2: run random", 8),
        ("as t2: alloc x", 15),
    ] {
        assert_eq!(parse_line(line).expect_err(line).column, column, "{line}");
    }
}

impl Session {
    fn metric_of(&self, name: &str) -> i64 {
        match self.metric(name.parse().expect("a metric")) {
            Some(super::super::Value::Whole(number)) => number,
            other => panic!("{name} is {other:?}"),
        }
    }
}
