//! Figures of a heap whose counters were damaged: none is shown as if it were true.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::session::frame::Frame;
use crate::session::{Session, parse_line};
use crate::tui::draw::draw_pane_in;
use crate::tui::panes::PANES;
use crate::tui::tests::{rows, shown};
use crate::tui::{Appearance, ColorDepth, GlyphSet, State, Theme};
use crate::view::{Lens, Parts, Window};

/// Blocks that are freed twice are taken from the counters twice.
const FREED_TWICE: &[&str] = &[
    "heap new fixed 64K",
    "checks off",
    "alloc a[0:6] 64",
    "free a1",
    "double-free a2",
    "double-free a4",
    "double-free a0",
];

fn frame() -> Frame {
    let mut session = Session::new().expect("a heap");
    for line in FREED_TWICE {
        let command = parse_line(line).expect(line).expect("a command");
        session.apply(&command);
    }
    let window = Window { top: 0, rows: 40 };
    session.frame(&Lens {
        parts: Parts::all(64, window),
        ..Lens::default()
    })
}

#[test]
fn counters_that_cannot_be_true_are_not_shown_as_figures() {
    let mut frame = frame();
    // Answers of the time before the damage told what was true then.
    frame.log.clear();
    assert!(!frame.picture.counters_fit());
    let theme = Theme::new(ColorDepth::Mono, GlyphSet::Ascii, Appearance::Dark);
    for (columns, height) in [(80, 24), (200, 60)] {
        let area = Rect::new(0, 0, columns, height);
        let state = State::new((columns, height));
        let screen = shown(&state, &frame);
        assert!(
            screen[1].starts_with("counters damaged: V checks"),
            "{screen:#?}"
        );
        for row in &PANES {
            let mut buffer = Buffer::empty(area);
            draw_pane_in(&state, &frame, &theme, row.pane, area, &mut buffer);
            let pane = rows(&buffer);
            for words in screen.iter().chain(&pane) {
                let told = ["biggest request ", "18,0", " committed |"]
                    .iter()
                    .find(|figure| words.contains(**figure));
                assert_eq!(told, None, "{words}");
            }
        }
    }
}
