//! Every pane and every popup at every size: drawing cannot fail.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::session::frame::Frame;
use crate::tui::draw::cursor;
use crate::tui::fixture::{empty, heaps};
use crate::tui::key::Key;
use crate::tui::message::Mouse;
use crate::tui::prompt::Prompt;
use crate::tui::state::{Layer, State};
use crate::tui::{Appearance, ColorDepth, GlyphSet, Message, Theme, draw, update};
use crate::view::{CellState, HeapKind, MapPicture, MapRow, MemoryLine, RowResidency};

/// Everything that can lie over the map.
fn layers() -> Vec<Option<Layer>> {
    let mut refused = Prompt::prefilled("alloc 日本語 64 ".repeat(20).as_str());
    refused
        .refuse("column 200: found nothing that could be meant, expected something else entirely");
    let mut beyond = Prompt::prefilled("x");
    beyond.refuse("column 18446744073709551615: beyond every line");
    vec![
        None,
        Some(Layer::Prompt(refused)),
        Some(Layer::Prompt(beyond)),
        Some(Layer::Help(crate::tui::state::Help {
            chosen: 1000,
            ..Default::default()
        })),
        Some(Layer::GoTo),
        Some(Layer::Explain { top: u16::MAX }),
        Some(Layer::Paste(vec!["alloc a 64".to_owned(); 200])),
    ]
}

/// Frames that no heap would give, but a mistake elsewhere might.
fn odd_frames() -> Vec<Frame> {
    let base = empty().frame();
    let with = |map: MapPicture, memory: MemoryLine| {
        let mut picture = base.picture.as_ref().clone();
        picture.map = map;
        picture.memory = memory;
        picture.heap.kind = HeapKind::Buffer(u64::MAX);
        Frame {
            picture: picture.into(),
            log: Vec::new(),
            rate: Some(f64::NAN),
            ..base.clone()
        }
    };
    let folded = MapRow::Folded {
        address: u64::MAX,
        bytes: u64::MAX,
        state: CellState::Damaged,
        resident: RowResidency::Unknown,
    };
    let title = MapRow::Title {
        address: 0,
        text: "a long title ".repeat(50),
    };
    let cells = MapRow::Cells {
        address: u64::MAX,
        cells: Vec::new(),
        resident: RowResidency::All,
    };
    let greatest = MemoryLine {
        live: u64::MAX,
        slack: u64::MAX,
        headers: u64::MAX,
        control: u64::MAX,
        holes_returnable: u64::MAX,
        holes_pinned: u64::MAX,
        committed: u64::MAX,
        side_tables: u64::MAX,
        resident: None,
        returned_last: u64::MAX,
        returned_total: u64::MAX,
    };
    let strange = MapPicture {
        cell_bytes: u64::MAX,
        row_bytes: u64::MAX,
        top: u64::MAX,
        total_rows: 0,
        rows: vec![title, folded, cells],
        fitted: true,
    };
    vec![
        with(MapPicture::default(), MemoryLine::default()),
        with(strange, greatest),
    ]
}

fn check(frame: &Frame, layers: &[Option<Layer>], sizes: impl Iterator<Item = (u16, u16)>) {
    let theme = Theme::new(ColorDepth::True, GlyphSet::Unicode, Appearance::Dark);
    for (width, height) in sizes {
        let area = Rect::new(0, 0, width, height);
        let mut state = State::new((width, height));
        for layer in layers {
            state.layer.clone_from(layer);
            let mut buffer = Buffer::empty(area);
            draw(&state, frame, &theme, area, &mut buffer);
            assert!(
                cursor(&state).is_none_or(|place| area.contains(place)),
                "{width}x{height}: {layer:?}"
            );
        }
        state.layer = None;
        for (column, row) in [
            (0, 0),
            (width / 2, height / 2),
            (width, height),
            (u16::MAX, u16::MAX),
        ] {
            let _ = update(&mut state, frame, Message::Mouse(Mouse::Click(column, row)));
        }
        let _ = update(&mut state, frame, Message::Key(Key::PageDown));
    }
}

#[test]
fn every_heap_is_drawn_at_every_size() {
    for (_, model) in heaps() {
        let frame = model.frame();
        check(
            &frame,
            &[None],
            (1..=100).flat_map(|width| (1..=40).map(move |height| (width, height))),
        );
        check(
            &frame,
            &[None],
            [(400, 120), (400, 1), (1, 120), (145, 30), (300, 90)].into_iter(),
        );
    }
}

#[test]
fn every_layer_is_drawn_at_every_size() {
    let frame = empty().frame();
    let sizes = (1..=100)
        .step_by(3)
        .flat_map(|width| (1..=40).map(move |height| (width, height)));
    check(&frame, &layers(), sizes);
}

#[test]
fn frames_that_make_no_sense_are_drawn_too() {
    for frame in odd_frames() {
        check(
            &frame,
            &layers(),
            (1..=130)
                .step_by(7)
                .flat_map(|width| (1..=40).step_by(3).map(move |height| (width, height))),
        );
    }
}

#[test]
fn drawing_stays_inside_a_buffer_that_is_smaller_than_its_area() {
    let theme = Theme::new(ColorDepth::Mono, GlyphSet::Ascii, Appearance::Dark);
    let mut buffer = Buffer::empty(Rect::new(0, 0, 70, 20));
    draw(
        &State::new((100, 40)),
        &empty().frame(),
        &theme,
        Rect::new(0, 0, 100, 40),
        &mut buffer,
    );
    assert!(buffer.content.iter().any(|cell| cell.symbol() != " "));
}
