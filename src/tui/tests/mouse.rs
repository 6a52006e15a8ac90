//! The mouse: dragging chooses a range, a press elsewhere does not.

use crate::session::frame::{Request, Target};
use crate::tui::fixture::checkerboard;
use crate::tui::message::{Effect, Message, Mouse};
use crate::tui::state::State;
use crate::tui::update::update;

/// Where the mouse is when it is over this row and cell of the map at 80x24.
fn cell(row: u16, column: u16) -> (u16, u16) {
    (8 + column, 3 + row)
}

/// A screen on which every request counts as answered.
fn state() -> State {
    State::new((80, 24))
}

/// What the messages ask of the session, one after the other, each answered by the same frame.
fn asked(state: &mut State, mice: &[Mouse]) -> Vec<Request> {
    let model = checkerboard();
    let mut effects = Vec::new();
    for mouse in mice {
        let mut frame = model.frame();
        frame.requests = u64::MAX;
        effects.extend(update(state, &frame, Message::Mouse(*mouse)));
        effects.extend(update(state, &frame, Message::FrameReady));
    }
    let request = |effect| match effect {
        Effect::Send(request) => Some(request),
        _ => None,
    };
    effects.into_iter().filter_map(request).collect()
}

fn is_selection(request: &Request) -> bool {
    matches!(request, Request::Select(Target::Address(_)))
}

#[test]
fn dragging_over_the_map_chooses_a_range() {
    let mut state = state();
    let (from, to) = (cell(2, 5), cell(3, 9));
    let requests = asked(
        &mut state,
        &[
            Mouse::Press(from.0, from.1),
            Mouse::Drag(to.0, to.1),
            Mouse::Release(to.0, to.1),
        ],
    );
    assert!(state.range.is_some());
    assert_eq!(
        requests
            .iter()
            .filter(|request| is_selection(request))
            .count(),
        2,
        "{requests:?}"
    );
    let looks = |request: &&Request| matches!(request, Request::Look(lens) if lens.range.is_some());
    assert!(
        requests.iter().any(|request| looks(&request)),
        "{requests:?}"
    );

    // A click drops it.
    asked(
        &mut state,
        &[Mouse::Press(from.0, from.1), Mouse::Click(from.0, from.1)],
    );
    assert_eq!(state.range, None);
}

#[test]
fn dragging_from_elsewhere_chooses_nothing() {
    let mut state = state();
    let requests = asked(
        &mut state,
        &[
            Mouse::Press(1, 21),
            Mouse::Drag(20, 5),
            Mouse::Release(20, 5),
        ],
    );
    assert_eq!((requests.as_slice(), state.range), (&[][..], None));
}
