//! Long ways through time, and what is asked on them.

use super::*;

/// A thread on a long way to operation 390,000 of a workload.
fn on_a_long_way() -> Watched {
    let mut watched = Watched::start();
    watched.tell("run random ops=400000 live=2000 seed=3");
    watched.wait("its end", |frame| {
        frame.run.is_none() && frame.operations == 400_000
    });
    // Without checkpoints inside all of it has to be made again.
    watched.tell("history 1");
    send(&mut watched, Request::Line("seek 390000".to_owned()));
    watched.wait("a way", |frame| frame.time.seeking.is_some());
    watched
}

/// Sends a request and waits for nothing.
fn send(watched: &mut Watched, request: Request) {
    watched.thread.send(request);
    watched.sent += 1;
}

#[test]
fn a_long_way_through_time_shows_how_far_it_is_and_can_be_given_up() {
    let mut watched = Watched::start();
    watched.tell("alloc a 64");
    watched.tell("run random ops=400000 live=2000 seed=3");
    watched.wait("its end", |frame| {
        frame.run.is_none() && frame.operations == 400_001
    });
    // Without checkpoints inside all of it has to be made again.
    watched.tell("history 1");
    let present = watched.thread.frame();
    watched.thread.send(Request::Line("seek 390000".to_owned()));
    watched.sent += 1;
    let on_the_way = watched.wait("a way", |frame| frame.time.seeking.is_some());
    assert_eq!(on_the_way.picture.figures, present.picture.figures);
    assert!(!on_the_way.time.past);
    watched.ask(Request::Cancel);
    let frame = watched.thread.frame();
    assert_eq!((frame.time.past, frame.time.seeking), (false, None));
    assert_eq!(frame.picture.figures, present.picture.figures);
    let frame = watched.tell("seek 390000");
    assert_eq!(frame.log.last().map(|answer| answer.tone), Some(Tone::Note));
    let frame = watched.wait("the place", |frame| {
        frame.time.seeking.is_none() && frame.time.past
    });
    assert_eq!((frame.time.at, frame.time.present), (390_000, 400_001));
    // Back from there nothing is made again.
    let frame = watched.tell("seek present");
    assert_eq!(frame.picture.figures, present.picture.figures);
}

#[test]
fn what_waits_behind_a_long_way_is_cancelled_with_it() {
    let mut watched = Watched::start();
    watched.tell("run random ops=400000 live=2000 seed=3");
    watched.wait("its end", |frame| {
        frame.run.is_none() && frame.operations == 400_000
    });
    watched.tell("history 1");
    watched.thread.send(Request::Line("seek 390000".to_owned()));
    watched.sent += 1;
    watched.wait("a way", |frame| frame.time.seeking.is_some());
    watched.thread.send(Request::Line("walk".to_owned()));
    watched.sent += 1;
    watched.ask(Request::Cancel);
    let frame = watched.thread.frame();
    assert_eq!((frame.time.past, frame.time.seeking), (false, None));
    let last = frame.log.last().expect("an answer");
    assert!(last.words.contains("1 line that waited"), "{last:?}");
}

#[test]
fn what_is_typed_on_a_long_way_is_done_at_its_end_in_order() {
    let mut watched = on_a_long_way();
    for line in ["say \"here\"", "seek 389999", "say \"there\"", "branch"] {
        send(&mut watched, Request::Line(line.to_owned()));
    }
    // The screen is told how far it is, meanwhile as well.
    let far = |frame: &Frame| frame.time.seeking.map_or(0, |seeking| seeking.done);
    let begun = far(&watched.thread.frame());
    let frame = watched.wait("the way goes on", |frame| far(frame) > begun);
    assert!(!frame.log.iter().any(|answer| answer.words == "here"));
    let end = watched.sent;
    let frame = watched.wait("the end", |frame| {
        frame.requests == end && frame.time.seeking.is_none()
    });
    let time = &frame.time;
    assert_eq!((time.line, time.past, time.at), (2, false, 389_999));
    let words: Vec<&str> = frame.log.iter().map(|answer| &*answer.words).collect();
    let at = |what: &&str| words.iter().position(|words| words.contains(*what));
    let order = [
        "behind operation 390,000",
        "here",
        "behind operation 389,999",
        "there",
        "line 2 now",
    ];
    assert!(order.iter().all(|what| at(what).is_some()), "{words:?}");
    assert!(order.is_sorted_by_key(at), "{words:?}");
}

#[test]
fn a_second_place_is_sought_at_once() {
    let mut watched = on_a_long_way();
    send(&mut watched, Request::Line("seek 3".to_owned()));
    let frame = watched.wait("the second place", |frame| {
        frame.time.past && frame.time.seeking.is_none()
    });
    assert_eq!(frame.time.at, 3);
    // And from a long way to the present.
    send(&mut watched, Request::Line("seek 390000".to_owned()));
    watched.wait("a way", |frame| frame.time.seeking.is_some());
    let frame = watched.tell("seek present");
    assert_eq!((frame.time.past, frame.time.at), (false, 400_000));
}

#[test]
fn whoever_quits_on_a_long_way_waits_for_nothing() {
    let typed = Request::Line("quit".to_owned());
    for quit in [typed, Request::Command(Command::Quit)] {
        let mut watched = on_a_long_way();
        send(&mut watched, Request::Line("walk".to_owned()));
        send(&mut watched, quit);
        let frame = watched.wait("the end", |frame| frame.over);
        assert!(frame.time.seeking.is_some(), "it went the whole way first");
    }
    for quit in [Request::Quit, Request::QuitNow] {
        let mut watched = on_a_long_way();
        send(&mut watched, Request::Line("walk".to_owned()));
        send(&mut watched, quit);
        let ended = watched.thread.ended.recv_timeout(PATIENCE);
        assert_eq!(ended, Err(RecvTimeoutError::Disconnected));
        let frame = watched.thread.frame();
        assert!(frame.time.seeking.is_some(), "it went the whole way first");
    }
}
