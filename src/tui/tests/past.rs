//! The past on the screen: its keys, the question whether to branch, the line of time as a scrubber.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::session::frame::{BranchShown, Frame, Played, Request, Sample, TimeShown, Timeline};
use crate::session::time::{Direction, SeekTo};
use crate::session::{Command, StepTo};
use crate::tui::action::Context;
use crate::tui::draw::draw_pane_in;
use crate::tui::fixture::checkerboard;
use crate::tui::key::Key;
use crate::tui::message::{Effect, Message, Mouse};
use crate::tui::panes::Pane;
use crate::tui::state::{Layer, State};
use crate::tui::tests::rows;
use crate::tui::update::update;
use crate::tui::{Appearance, ColorDepth, GlyphSet, Theme};

/// A hundred operations, of which so many are done at the moment that is looked at.
fn frame(at: u64) -> Frame {
    let sample = |at| Sample {
        at,
        committed: 8192,
        ..Sample::default()
    };
    let mut frame = checkerboard().frame();
    frame.requests = u64::MAX;
    frame.timeline = Arc::new(Timeline {
        samples: (0..=100).map(sample).collect(),
        events: Vec::new(),
    });
    frame.time = Arc::new(TimeShown {
        at,
        present: 100,
        past: at < 100,
        line: 1,
        next: Some("alloc b7 64".to_owned()),
        branches: vec![BranchShown {
            number: 2,
            ..BranchShown::default()
        }],
        ..TimeShown::default()
    });
    frame
}

fn state(frame: &Frame) -> State {
    let mut state = State::new((80, 24));
    update(&mut state, frame, Message::FrameReady);
    state
}

/// What messages ask of the session.
fn asked(state: &mut State, frame: &Frame, messages: Vec<Message>) -> Vec<Request> {
    let effects = messages
        .into_iter()
        .flat_map(|message| update(state, frame, message));
    let requests = effects.filter_map(|effect| match effect {
        Effect::Send(request) => Some(request),
        _ => None,
    });
    requests
        .filter(|request| !matches!(request, Request::Look(_)))
        .collect()
}

fn keys(text: &str) -> Vec<Message> {
    let keys = text.chars().map(|letter| match letter {
        '\r' => Key::Enter,
        '\u{1b}' => Key::Esc,
        letter => Key::Char(letter),
    });
    keys.map(Message::Key).collect()
}

fn seek(to: SeekTo) -> Request {
    Request::Command(Command::Seek(to))
}

#[test]
fn keys_ask_for_other_moments() {
    for (at, typed, to) in [
        (100, "[", SeekTo::By(Direction::Back, 1)),
        (100, "]", SeekTo::By(Direction::Forward, 1)),
        (100, "{", SeekTo::Mark(Direction::Back)),
        (50, "}", SeekTo::Mark(Direction::Forward)),
        (50, "[", SeekTo::By(Direction::Back, 1)),
        (50, "\u{1b}", SeekTo::Present),
        (50, "q", SeekTo::Present),
        (50, "gn", SeekTo::Present),
        (100, "gc", SeekTo::Peak),
        (100, "gw", SeekTo::Worst),
        (100, "gf", SeekTo::Failure),
        (100, "gM", SeekTo::Next('M')),
    ] {
        let frame = frame(at);
        let mut state = state(&frame);
        assert_eq!(
            asked(&mut state, &frame, keys(typed)),
            [seek(to)],
            "{typed}"
        );
    }
}

#[test]
fn a_verb_in_the_past_waits_for_a_yes() {
    let there = frame(50);
    let verb = Request::Command(Command::Compact {
        flags: crate::heap::Flags::NONE,
    });
    let mut state = state(&there);
    assert_eq!(state.context(), Context::Past);
    assert_eq!(asked(&mut state, &there, keys("K")), []);
    assert!(matches!(state.layer, Some(Layer::Branch(_))));
    // Esc leaves the question and the past as it was; only the next leads to the present.
    assert_eq!(asked(&mut state, &there, keys("\u{1b}")), []);
    assert!(state.layer.is_none());
    assert_eq!(asked(&mut state, &there, keys("K")), []);
    let branched = [Request::Command(Command::Branch(None)), verb.clone()];
    assert_eq!(asked(&mut state, &there, keys("\r")), branched);
    // What only looks asks nothing, at the prompt, too.
    let mut state = self::state(&there);
    let looks = asked(&mut state, &there, keys(":size b0\r"));
    assert_eq!(looks, [Request::Line("size b0".to_owned())]);
    let mut state = self::state(&there);
    assert_eq!(asked(&mut state, &there, keys(":alloc x 8\r")), []);
    let line = Request::Line("alloc x 8".to_owned());
    let branched = [Request::Command(Command::Branch(None)), line];
    assert_eq!(asked(&mut state, &there, keys("y")), branched);
    // A bookmark is no reason to begin another future: the session says why there is none.
    let mut state = self::state(&there);
    let mark = Request::Command(Command::Mark(None));
    assert_eq!(asked(&mut state, &there, keys("m")), [mark]);
    // In the present nobody is asked.
    let here = frame(100);
    let mut state = self::state(&here);
    assert_eq!(asked(&mut state, &here, keys("K")), [verb]);
}

#[test]
fn the_line_of_time_is_a_scrubber() {
    // At 80x24 it has 35 columns behind "time ", in the row below the sum.
    let (row, first, last) = (20, 5, 39);
    for (at, mouse, to) in [
        (100, Mouse::Press(first, row), Some(SeekTo::Operation(2))),
        (100, Mouse::Press(last, row), None),
        (50, Mouse::Press(last, row), Some(SeekTo::Present)),
        (
            50,
            Mouse::WheelUp(first, row),
            Some(SeekTo::By(Direction::Back, 2)),
        ),
        (
            50,
            Mouse::WheelDown(first, row),
            Some(SeekTo::By(Direction::Forward, 2)),
        ),
    ] {
        let frame = frame(at);
        let mut state = state(&frame);
        let requests = asked(&mut state, &frame, vec![Message::Mouse(mouse)]);
        let wanted: Vec<Request> = to.map(seek).into_iter().collect();
        assert_eq!(requests, wanted, "{mouse:?} at {at}");
    }
    let frame = frame(50);
    let mut state = state(&frame);
    let drag = vec![
        Message::Mouse(Mouse::Press(first + 10, row)),
        // Whoever drags need not stay on the line.
        Message::Mouse(Mouse::Drag(0, 3)),
        Message::Mouse(Mouse::Drag(79, 3)),
        Message::Mouse(Mouse::Release(79, 3)),
        Message::Mouse(Mouse::Drag(0, 3)),
    ];
    let requests: Vec<Request> = drag
        .into_iter()
        .flat_map(|mouse| asked(&mut state, &frame, vec![mouse, Message::FrameReady]))
        .collect();
    let moments = [SeekTo::Operation(31), SeekTo::Operation(2), SeekTo::Present];
    assert_eq!(requests, moments.map(seek));
}

#[test]
fn while_a_call_is_played_the_keys_of_time_lead_through_it() {
    let mut played = frame(100);
    played.played = Some(Arc::new(Played {
        call: "alloc x 40".to_owned(),
        at: 3,
        total: 17,
        rows: vec!["a step".to_owned(); 18],
        ..Played::default()
    }));
    let step = |to| Request::Command(Command::Step(to));
    for (typed, request) in [
        ("[", step(StepTo::Back(1))),
        ("]", step(StepTo::Forward(1))),
        ("{", step(StepTo::To(0))),
        ("}", step(StepTo::To(17))),
        ("\r", step(StepTo::End)),
        ("\u{1b}", step(StepTo::Off)),
        ("1]", step(StepTo::Forward(1))),
    ] {
        let mut state = state(&played);
        assert_eq!(
            asked(&mut state, &played, keys(typed)),
            [request],
            "{typed}"
        );
    }
    let mut state = state(&played);
    assert_eq!(state.context(), Context::Playing);
    let wheel = vec![Message::Mouse(Mouse::WheelDown(10, 16))];
    assert_eq!(
        asked(&mut state, &played, wheel),
        [step(StepTo::Forward(1))]
    );
    // When it is over the map has the keys again.
    update(&mut state, &frame(100), Message::FrameReady);
    assert_eq!(state.context(), Context::Map);
}

/// A pane of this size, in ASCII.
fn pane(frame: &Frame, pane: Pane, size: (u16, u16)) -> Vec<String> {
    let area = Rect::new(0, 0, size.0, size.1);
    let mut buffer = Buffer::empty(area);
    let theme = Theme::new(ColorDepth::Mono, GlyphSet::Ascii, Appearance::Dark);
    draw_pane_in(&State::new(size), frame, &theme, pane, area, &mut buffer);
    rows(&buffer)
}

#[test]
fn each_operation_has_its_number_once_on_the_axis() {
    for (last, numbers) in [
        (0, vec!["#0"]),
        (1, vec!["#0", "#1"]),
        (3, vec!["#0", "#1", "#2", "#3"]),
    ] {
        let mut few = frame(100);
        let sample = |at| Sample {
            at,
            committed: 8192,
            ..Sample::default()
        };
        few.timeline = Arc::new(Timeline {
            samples: (0..=last).map(sample).collect(),
            events: Vec::new(),
        });
        let rows = pane(&few, Pane::Time, (200, 8));
        let axis: Vec<&str> = rows[7].split_whitespace().collect();
        assert_eq!(axis, numbers, "{rows:#?}");
    }
}

/// What is left out of a step's words is marked as left out; where there is room, nothing is.
#[test]
fn steps_of_a_call_are_told_whole_or_said_to_be_cut() {
    let sentence = |nth: u64| format!("step {nth} with more words than one line has room for, end");
    let mut played = frame(100);
    played.played = Some(Arc::new(Played {
        call: "alloc x 40".to_owned(),
        at: 3,
        total: 9,
        rows: (0..10).map(sentence).collect(),
        ..Played::default()
    }));
    for (height, whole) in [(24, true), (12, false)] {
        let rows = pane(&played, Pane::Play, (48, height));
        let text = rows.join(" ");
        let ends = text.matches(", end").count();
        let cut = text.matches('~').count();
        if whole {
            assert_eq!((ends, cut), (10, 0), "{rows:#?}");
        } else {
            assert_eq!(ends, 1, "the present step is told whole: {rows:#?}");
            assert!(cut >= 5, "{rows:#?}");
        }
    }
    // In the middle of a call nothing is free already: f says what there is to be done.
    let mut state = state(&played);
    assert_eq!(asked(&mut state, &played, keys("1f")), []);
    let said = state.notice.unwrap_or_default();
    assert!(
        said.contains("a call is played: Enter finishes it"),
        "{said}"
    );
}
