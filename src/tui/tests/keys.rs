//! (state, keys, effects): what each key asks for.

use crate::heap::Flags;
use crate::session::Command;
use crate::session::frame::{Answer, Frame, Request, Run, Script, Target, Tone};
use crate::tui::action::{ACTIONS, Context};
use crate::tui::fixture::{Model, checkerboard, empty, grown};
use crate::tui::key::Key;
use crate::tui::message::{Effect, Message, Mouse, Signal};
use crate::tui::panes::Pane;
use crate::tui::state::{Layer, State};
use crate::tui::tests::{keys_of, typed};
use crate::tui::update::{first, update};
use crate::view::Lens;

fn state() -> State {
    State::new((80, 24))
}

fn requests(effects: &[Effect]) -> Vec<Request> {
    let request = |effect: &Effect| match effect {
        Effect::Send(request) => Some(request.clone()),
        Effect::Enter(_)
        | Effect::Leave
        | Effect::Remember(_)
        | Effect::Finished(_)
        | Effect::Quit
        | Effect::Suspend
        | Effect::Repaint
        | Effect::Export(_)
        | Effect::Copy(_) => None,
    };
    effects.iter().filter_map(request).collect()
}

fn line(state: &State) -> Option<&str> {
    match &state.layer {
        Some(Layer::Prompt(prompt)) => Some(prompt.text()),
        _ => None,
    }
}

/// A session at its simplest: takes in what was asked and shows it.
fn answered(state: &mut State, model: &mut Model, effects: Vec<Effect>) -> Vec<Effect> {
    for request in requests(&effects) {
        model.take(&request);
    }
    let mut frame = model.frame();
    frame.requests = state.sent;
    update(state, &frame, Message::FrameReady)
}

fn checkerboard_selected() -> u64 {
    checkerboard()
        .frame()
        .picture
        .selected
        .as_ref()
        .map_or(0, |block| block.address)
}

#[test]
fn lines_that_keys_prepare_can_be_read() {
    for action in ACTIONS {
        if let crate::tui::action::Does::Prompt(prepared) = action.does {
            let text = prepared(&checkerboard().frame());
            let readable = ["", "64", "busy"].iter().any(|behind| {
                let whole = format!("{text}{behind}");
                crate::session::parse_line(&whole).is_ok_and(|line| line.is_some())
            });
            assert!(readable, "{text}");
        }
    }
}

#[test]
fn a_key_typed_ahead_acts_on_the_block_that_will_be_selected() {
    let mut model = checkerboard();
    let mut state = state();
    let effects = typed(&mut state, &model.frame(), &keys_of("llf"));
    let wanted = [
        Request::Select(Target::NextBlock),
        Request::Select(Target::NextBlock),
    ];
    assert_eq!(requests(&effects), wanted, "f waits");

    model.take(&wanted[0]);
    let between = model.frame();
    assert_eq!(
        update(&mut state, &between, Message::FrameReady),
        [],
        "only the first l was taken in"
    );

    model.take(&wanted[1]);
    let frame = model.frame();
    let address = frame
        .picture
        .selected
        .as_ref()
        .map_or(0, |block| block.address);
    assert_ne!(address, checkerboard_selected());
    let effects = update(&mut state, &frame, Message::FrameReady);
    // The block two further is a hole or busy; the fixture has a busy one there.
    assert_eq!(requests(&effects), [Request::FreeAt(address)]);
}

#[test]
fn a_key_that_waits_keeps_two_interrupts_apart() {
    let model = checkerboard();
    let mut state = state();
    let typed_ahead = [
        Key::Char('l'),
        Key::Ctrl('c'),
        Key::Char('f'),
        Key::Ctrl('c'),
    ];
    let effects = typed(&mut state, &model.frame(), &typed_ahead);
    assert!(!effects.contains(&Effect::Quit), "{effects:?}");
    let effects = typed(&mut state, &model.frame(), &[Key::Ctrl('c')]);
    assert_eq!(effects.last(), Some(&Effect::Quit));
}

#[test]
fn keys_behind_one_that_waits_keep_their_order() {
    let mut model = checkerboard();
    let mut state = state();
    let effects = typed(&mut state, &model.frame(), &keys_of("lKjC"));
    assert_eq!(requests(&effects), [Request::Select(Target::NextBlock)]);
    let effects = answered(&mut state, &mut model, effects);
    assert_eq!(
        requests(&effects),
        [Request::Command(Command::Compact { flags: Flags::NONE })]
    );
    let effects = answered(&mut state, &mut model, effects);
    let expected = [Request::Select(Target::Rows(1))];
    assert_eq!(requests(&effects), expected, "C waits for j");
    let effects = answered(&mut state, &mut model, effects);
    assert_eq!(
        requests(&effects),
        [Request::Command(Command::Coalesce(true))]
    );
}

#[test]
fn a_refused_line_stays_as_typed_and_an_accepted_one_closes_the_prompt() {
    let mut model = checkerboard();
    let mut state = state();
    let mut keys = keys_of(":bogus");
    keys.push(Key::Enter);
    let effects = typed(&mut state, &model.frame(), &keys);
    assert_eq!(requests(&effects), [Request::Line("bogus".to_owned())]);
    assert_eq!(
        line(&state),
        Some("bogus"),
        "open until the answer is there"
    );
    answered(&mut state, &mut model, effects);
    assert_eq!(line(&state), Some("bogus"));
    let refusal = match &state.layer {
        Some(Layer::Prompt(prompt)) => prompt.refusal.clone(),
        _ => None,
    };
    assert_eq!(refusal.and_then(|refusal| refusal.column), Some(1));

    let mut keys = vec![Key::Ctrl('u')];
    keys.extend(keys_of("alloc x 8"));
    keys.push(Key::Enter);
    let effects = typed(&mut state, &model.frame(), &keys);
    // The frame shown is older than what was sent: only Enter and edits went through.
    assert_eq!(requests(&effects), [Request::Line("alloc x 8".to_owned())]);
    answered(&mut state, &mut model, effects);
    assert_eq!(line(&state), None);
    assert_eq!(state.history, ["bogus", "alloc x 8"]);

    let mut current = model.frame();
    current.requests = state.sent;
    let effects = typed(&mut state, &current, &[Key::Char('.')]);
    assert_eq!(
        requests(&effects),
        [Request::Line("alloc c 8".to_owned())],
        "the next name, the same size"
    );
}

#[test]
fn keys_typed_while_a_line_is_awaited_are_not_typed_into_it() {
    let mut model = checkerboard();
    let mut state = state();
    let mut keys = keys_of(":alloc x 8");
    keys.extend([Key::Enter, Key::Char('l')]);
    let effects = typed(&mut state, &model.frame(), &keys);
    assert_eq!(
        (requests(&effects).len(), line(&state)),
        (1, Some("alloc x 8"))
    );
    let effects = answered(&mut state, &mut model, effects);
    assert_eq!(
        (requests(&effects), line(&state)),
        (vec![Request::Select(Target::NextBlock)], None)
    );
}

#[test]
fn escape_keeps_the_draft_leaves_zoom_and_never_ends_the_program() {
    let frame = checkerboard().frame();
    let mut state = state();
    let mut keys = keys_of(":free b");
    keys.push(Key::Esc);
    typed(&mut state, &frame, &keys);
    assert_eq!(line(&state), None);
    typed(&mut state, &frame, &keys_of(":"));
    assert_eq!(line(&state), Some("free b"));
    typed(&mut state, &frame, &[Key::Esc, Key::Char('-')]);
    assert_eq!(state.view.zoom, Some(64));
    let effects = typed(&mut state, &frame, &[Key::Esc, Key::Esc, Key::Esc]);
    assert_eq!(state.view.zoom, None);
    assert!(!effects.contains(&Effect::Quit));
}

#[test]
fn zooming_follows_the_cursor_and_stops_at_a_granule() {
    let look = |zoom: Option<u64>| {
        Request::Look(Lens {
            cells: 64,
            rows: 13,
            zoom,
            top: 0,
            cursor: None,
            follow: true,
            ..Lens::default()
        })
    };
    let frame = checkerboard().frame();
    let rows = [("-", vec![look(Some(64))]), ("0", vec![look(None)])];
    for (keys, expected) in rows {
        let effects = typed(&mut state(), &frame, &keys_of(keys));
        assert_eq!(requests(&effects), expected, "{keys}");
    }
    // Below a granule there are only bytes.
    let mut state = state();
    typed(&mut state, &frame, &keys_of("+"));
    assert_eq!(state.focus, Pane::Bytes);
}

#[test]
fn control_c_cancels_then_ends() {
    let mut running = grown();
    running.run = Some(Run {
        what: "run".to_owned(),
        done: 1,
        of: None,
        paused: false,
        ..Run::default()
    });
    let mut state = state();
    let effects = typed(&mut state, &running.frame(), &[Key::Ctrl('c')]);
    assert_eq!(effects, [Effect::Send(Request::Cancel)]);
    let effects = typed(&mut state, &running.frame(), &[Key::Ctrl('c')]);
    assert_eq!(effects, [Effect::Send(Request::Quit), Effect::Quit]);

    let idle = checkerboard().frame();
    let mut state = State::new((80, 24));
    assert_eq!(
        typed(&mut state, &idle, &[Key::Ctrl('c'), Key::Char('l')]).len(),
        1,
        "any other key in between"
    );
    // Nothing runs, but `l` has no answer yet: as pasted lines are, it is among what is cancelled.
    assert_eq!(
        typed(&mut state, &idle, &[Key::Ctrl('c')]),
        [Effect::Send(Request::Cancel)]
    );
    assert_eq!(
        typed(&mut state, &idle, &[Key::Ctrl('c')]).last(),
        Some(&Effect::Quit)
    );
}

#[test]
fn pasted_words_never_fire_keys() {
    let frame = checkerboard().frame();
    let mut state = state();
    let effects = update(
        &mut state,
        &frame,
        Message::Paste("free a\r\n\n\u{1b}[2Jcompact\nq".to_owned()),
    );
    assert_eq!(effects, []);
    assert!(
        matches!(&state.layer, Some(Layer::Paste(lines)) if lines[1] == "[2Jcompact"),
        "{:?}",
        state.layer
    );
    let effects = typed(&mut state.clone(), &frame, &[Key::Esc]);
    assert_eq!(effects, []);
    let effects = typed(&mut state, &frame, &[Key::Enter]);
    let lines = ["free a", "[2Jcompact", "q"].map(|line| Request::Line(line.to_owned()));
    assert_eq!(requests(&effects), lines);

    let mut state = State::new((80, 24));
    typed(&mut state, &frame, &keys_of(":say "));
    update(&mut state, &frame, Message::Paste("\"hello\"\n".to_owned()));
    assert_eq!(line(&state), Some("say \"hello\""));
}

#[test]
fn the_mouse_selects_scrolls_and_runs_hints() {
    let frame = checkerboard().frame();
    // Column 8 is the first cell, row 4 the first row of cells of the 80x24 screen.
    let rows = [
        (
            Mouse::Click(8, 4),
            vec![Request::Select(Target::Address(0))],
        ),
        (
            Mouse::Click(10, 5),
            vec![Request::Select(Target::Address(0x420))],
        ),
        (
            Mouse::Click(0, 5),
            vec![Request::Select(Target::Address(0x400))],
        ),
        (
            Mouse::Click(79, 5),
            vec![Request::Select(Target::Address(0x7f0))],
        ),
        (Mouse::Click(8, 0), vec![]),
        (Mouse::Click(8, 16), vec![]),
        (Mouse::WheelUp(8, 4), vec![]),
        (
            Mouse::WheelDown(8, 4),
            vec![Request::Look(Lens {
                cells: 64,
                rows: 13,
                zoom: None,
                top: 1,
                cursor: None,
                follow: false,
                ..Lens::default()
            })],
        ),
    ];
    for (mouse, expected) in rows {
        let effects = update(&mut state(), &frame, Message::Mouse(mouse));
        assert_eq!(requests(&effects), expected, "{mouse:?}");
    }
    let mut found = Vec::new();
    for column in 0..80 {
        found.extend(requests(&update(
            &mut state(),
            &frame,
            Message::Mouse(Mouse::Click(column, 23)),
        )));
    }
    found.dedup();
    assert!(
        found.contains(&Request::Command(Command::Compact { flags: Flags::NONE })),
        "{found:?}"
    );
    assert!(found.contains(&Request::Quit), "{found:?}");
}

#[test]
fn the_wheel_goes_on_from_what_is_shown() {
    let mut model = grown();
    let mut state = state();
    let wheel = |state: &mut State, frame: &Frame| {
        let looks = requests(&update(
            state,
            frame,
            Message::Mouse(Mouse::WheelDown(8, 4)),
        ));
        looks.into_iter().find_map(|request| match request {
            Request::Look(lens) => Some((lens.top, lens.follow)),
            _ => None,
        })
    };
    update(&mut state, &model.frame(), Message::FrameReady);
    let top = model.frame().picture.map.top;
    assert!(top > 0);
    assert_eq!(wheel(&mut state, &model.frame()), Some((top + 3, false)));
    // Faster than frames come.
    assert_eq!(wheel(&mut state, &model.frame()), Some((top + 6, false)));
    model.take(&Request::Select(Target::First));
    answered(&mut state, &mut model, Vec::new());
    assert_eq!(wheel(&mut state, &model.frame()), Some((3, false)));
}

#[test]
fn signals_and_sizes_have_their_effects() {
    let frame = checkerboard().frame();
    let rows = [
        (
            Signal::End,
            vec![Effect::Send(Request::QuitNow), Effect::Quit],
        ),
        (Signal::Suspend, vec![Effect::Suspend]),
        (Signal::Resume, vec![Effect::Repaint]),
        (Signal::Interrupt, vec![]),
    ];
    for (signal, effects) in rows {
        assert_eq!(
            update(&mut state(), &frame, Message::Signal(signal)),
            effects,
            "{signal:?}"
        );
    }
    let looks = requests(&update(&mut state(), &frame, Message::Resize(200, 60)));
    assert!(
        matches!(
            looks[..],
            [Request::Look(Lens {
                cells: 128,
                rows: 36,
                ..
            })]
        ),
        "{looks:?}"
    );
    assert_eq!(
        update(&mut state(), &frame, Message::Resize(20, 5)),
        [],
        "too small to look"
    );
    assert_eq!(requests(&first(&mut state(), &frame)).len(), 1);
}

#[test]
fn an_answer_takes_the_place_of_the_echo() {
    let mut model = checkerboard();
    let mut state = state();
    update(&mut state, &model.frame(), Message::FrameReady);
    let effects = typed(&mut state, &model.frame(), &keys_of("K"));
    assert_eq!(state.notice.as_deref(), Some("K  HeapCompact"));
    answered(&mut state, &mut model, effects);
    assert_eq!(
        (state.notice, state.answered_by),
        (None, Some(Key::Char('K')))
    );
}

#[test]
fn a_refusal_of_another_line_does_not_keep_the_prompt_open() {
    let mut model = checkerboard();
    let mut state = state();
    let mut keys = keys_of(":alloc x 8");
    keys.push(Key::Enter);
    let effects = typed(&mut state, &model.frame(), &keys);
    model.say(Answer {
        command: "other".to_owned(),
        tone: Tone::Refused,
        ..Answer::default()
    });
    answered(&mut state, &mut model, effects);
    assert_eq!(line(&state), None);
}

/// Every key there is, as far as a terminal sends it.
fn all_keys() -> Vec<Key> {
    let printable = (' '..='~').chain(['é', '日', '\u{301}']).map(Key::Char);
    let control = ('a'..='z').map(Key::Ctrl);
    let named = [
        Key::Up,
        Key::Down,
        Key::Left,
        Key::Right,
        Key::Home,
        Key::End,
        Key::PageUp,
        Key::PageDown,
        Key::Enter,
        Key::Esc,
        Key::Tab,
        Key::BackTab,
        Key::Backspace,
        Key::Delete,
        Key::Function(1),
        Key::Function(12),
    ];
    printable.chain(control).chain(named).collect()
}

fn frames() -> [Frame; 3] {
    [checkerboard().frame(), empty().frame(), grown().frame()]
}

#[test]
fn no_key_panics_or_is_silent_in_any_mode() {
    let openers = ["", "g", ":", "?", "i", "a", ":free \u{301}"];
    for frame in frames() {
        for opener in openers {
            for key in all_keys() {
                let mut state = state();
                typed(&mut state, &frame, &keys_of(opener));
                let before = format!("{state:?}");
                let effects = typed(&mut state, &frame, &[key]);
                let heard =
                    !effects.is_empty() || state.notice.is_some() || format!("{state:?}") != before;
                // At the ends of texts and lists there is nowhere to go; there silence is what people expect.
                assert!(
                    heard || state.context() != Context::Map,
                    "{key} after {opener:?}"
                );
                typed(&mut state, &frame, &[key, key]);
            }
        }
    }
}

#[test]
fn lines_that_were_run_are_remembered() {
    let frame = checkerboard().frame();
    for (typed_first, key, remembered) in [
        (":walk", Key::Enter, &["walk"][..]),
        (":  walk ", Key::Enter, &["walk"]),
        (":walk", Key::Esc, &[]),
        (":", Key::Enter, &[]),
        ("", Key::Char('.'), &[]),
    ] {
        let mut keys = keys_of(typed_first);
        keys.push(key);
        let effects = typed(&mut state(), &frame, &keys);
        assert_eq!(kept(&effects).concat(), remembered, "{typed_first} {key}");
    }
}

fn kept(effects: &[Effect]) -> Vec<Vec<String>> {
    let lines = |effect: &Effect| match effect {
        Effect::Remember(lines) => Some(lines.clone()),
        _ => None,
    };
    effects.iter().filter_map(lines).collect()
}

#[test]
fn pasted_lines_are_remembered_in_one_go_as_far_as_they_are_kept() {
    let frame = checkerboard().frame();
    let lines: Vec<String> = (0..3_000).map(|nth| format!("alloc p{nth} 64")).collect();
    let mut state = state();
    update(&mut state, &frame, Message::Paste(lines.join("\n")));
    let effects = typed(&mut state, &frame, &[Key::Enter]);
    assert_eq!(kept(&effects), [&lines[2_000..]]);
    assert_eq!(state.history, lines[2_000..]);
    assert_eq!(requests(&effects).len(), lines.len());
}

#[test]
fn the_space_bar_behind_the_end_of_a_script_begins_nothing_unasked() {
    let mut model = checkerboard();
    let mut state = State::new((80, 24));
    model.script = Some(Script {
        step: 3,
        of: 3,
        waits: true,
    });
    update(&mut state, &model.frame(), Message::FrameReady);
    model.script = None;
    let over = model.frame();
    update(&mut state, &over, Message::FrameReady);
    let space = [Key::Char(' ')];
    let sent = |effects: &[Effect]| effects.contains(&Effect::Send(Request::ToggleRun));
    assert!(!sent(&typed(&mut state, &over, &space)));
    let notice = state.notice.clone().unwrap_or_default();
    assert!(
        notice.contains("the script is over: u takes it back"),
        "{notice}"
    );
    assert!(
        sent(&typed(&mut state, &over, &space)),
        "the second one does"
    );
}
