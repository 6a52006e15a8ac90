//! With keys of a person's own: dispatch, echo, footer, `?` and words name them, and nothing names the old ones.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::heap::Flags;
use crate::session::Command;
use crate::session::frame::Request;
use crate::tui::action::Action;
use crate::tui::bindings::{Bindings, Change};
use crate::tui::draw::draw;
use crate::tui::environment::{Appearance, ColorDepth, GlyphSet};
use crate::tui::fixture::{Model, checkerboard, empty};
use crate::tui::key::Key;
use crate::tui::message::Effect;
use crate::tui::state::State;
use crate::tui::tests::{keys_of, typed};
use crate::tui::theme::Theme;

/// A screen with these keys, the others as in the table.
fn state(changes: &[(&str, &[Key])]) -> State {
    let changes: Vec<Change> = changes
        .iter()
        .map(|(id, keys)| Change {
            action: Action::of_id(id).expect("an action"),
            keys: keys.to_vec(),
        })
        .collect();
    let bindings = Bindings::with(&changes).expect("each key is bound once");
    State::new((120, 40)).with_bindings(Arc::new(bindings))
}

/// The rows of the screen.
fn screen(state: &State, model: &Model) -> Vec<String> {
    let area = Rect::new(0, 0, state.size.0, state.size.1);
    let theme = Theme::new(ColorDepth::Mono, GlyphSet::Ascii, Appearance::Dark);
    let mut buffer = Buffer::empty(area);
    draw(state, &model.frame(), &theme, area, &mut buffer);
    let cell = |x: u16, y: u16| buffer[(x, y)].symbol().to_owned();
    let row = |y: u16| (0..area.width).map(|x| cell(x, y)).collect::<String>();
    (0..area.height).map(row).collect()
}

fn last(screen: &[String]) -> &str {
    screen.last().map_or("", String::as_str)
}

#[test]
fn the_new_key_acts_and_the_old_one_says_that_it_does_not() {
    let mut state = state(&[
        ("heap-compact", &[Key::Function(5)]),
        ("keys", &[Key::Char('t')]),
    ]);
    let frame = checkerboard().frame();
    let effects = typed(&mut state, &frame, &[Key::Function(5)]);
    let compact = Request::Command(Command::Compact { flags: Flags::NONE });
    assert_eq!(effects, [Effect::Send(compact)]);
    assert_eq!(state.notice.as_deref(), Some("F5  HeapCompact"));

    let mut state = state_without_waiting(&state);
    assert_eq!(typed(&mut state, &frame, &[Key::Char('K')]), []);
    assert_eq!(
        state.notice.as_deref(),
        Some("K does nothing here; k is row up; t lists keys")
    );
}

fn state_without_waiting(state: &State) -> State {
    State::new(state.size).with_bindings(Arc::clone(&state.bindings))
}

#[test]
fn footer_help_and_words_tell_the_new_keys() {
    let mut state = state(&[
        ("heap-compact", &[Key::Function(5)]),
        ("quit", &[Key::Char('X')]),
        ("alloc", &[]),
        ("next-block", &[Key::Char('Z')]),
        ("close-list", &[Key::Function(2)]),
    ]);
    let footer = screen(&state, &checkerboard());
    let footer = last(&footer);
    assert!(
        footer.contains("F5 compact") && footer.contains("X quit"),
        "{footer}"
    );
    assert!(
        footer.starts_with("f free") && !footer.contains("q quit"),
        "{footer}"
    );

    let mut hole = empty();
    hole.selected = 1;
    typed(&mut state, &hole.frame(), &[Key::Char('f')]);
    let words = state.notice.as_deref();
    assert_eq!(
        words,
        Some("f  this block is free already; h and Z select another")
    );

    typed(
        &mut state,
        &checkerboard().frame(),
        &keys_of("?HeapCompact"),
    );
    let list = screen(&state, &checkerboard());
    let told = list
        .iter()
        .any(|line| line.contains("F5") && line.contains(" HeapCompact "));
    assert!(told, "{list:?}");
    assert!(last(&list).contains("F2 closes"), "{list:?}");
}

#[test]
fn an_action_without_a_key_still_runs_from_the_list_of_keys() {
    let mut state = state(&[("heap-validate", &[])]);
    let frame = checkerboard().frame();
    let typing = "?HeapValidate".chars().map(Key::Char);
    let keys: Vec<Key> = typing.chain([Key::Enter]).collect();
    let effects = typed(&mut state, &frame, &keys);
    assert!(
        matches!(
            effects.as_slice(),
            [Effect::Send(Request::Command(Command::Validate { .. }))]
        ),
        "{effects:?}"
    );
    assert_eq!(state.notice.as_deref(), Some("HeapValidate"));
}

#[test]
fn interrupting_follows_its_key() {
    let mut state = state(&[("cancel", &[Key::Ctrl('x')])]);
    let frame = checkerboard().frame();
    typed(&mut state, &frame, &[Key::Ctrl('c')]);
    assert_eq!(
        state.notice.as_deref(),
        Some("Ctrl-c does nothing here; ? lists keys")
    );
    let effects = typed(&mut state, &frame, &[Key::Ctrl('x')]);
    assert_eq!(effects, []);
    assert_eq!(
        state.notice.as_deref(),
        Some("nothing runs; Ctrl-x again ends heapwalk")
    );
    let effects = typed(&mut state, &frame, &[Key::Ctrl('x')]);
    assert_eq!(effects.last(), Some(&Effect::Quit));
}
