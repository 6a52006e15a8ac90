//! Every pane and every popup at every size: drawing cannot fail.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::session::frame::{Found, Frame, Request, Sample, TimeEvent, Timeline};
use crate::tui::action::{ACTIONS, Context};
use crate::tui::draw::{cursor, draw_pane_in};
use crate::tui::fixture::{checkerboard, empty, heaps};
use crate::tui::key::Key;
use crate::tui::layout::Arrangement;
use crate::tui::message::{Effect, Mouse};
use crate::tui::panes::PANES;
use crate::tui::prompt::Prompt;
use crate::tui::state::{Explain, Finder, Layer, State};
use crate::tui::tests::{keys_of, shown, typed};
use crate::tui::{Appearance, ColorDepth, GlyphSet, Message, Theme, draw, update};
use crate::view::{
    Bucket, BytesPicture, BytesRow, Cell, CellState, Fit, Fragmentation, FreeEntry,
    FreeListPicture, HeapKind, Links, MapPicture, MapRow, MemoryLine, Overview, Pin, PinsPicture,
    RangeCard, RowResidency,
};

/// Everything that can lie over the map.
fn layers() -> Vec<Option<Layer>> {
    let mut refused = Prompt::prefilled("alloc 日本語 64 ".repeat(20).as_str());
    refused
        .refuse("column 200: found nothing that could be meant, expected something else entirely");
    let mut beyond = Prompt::prefilled("x");
    beyond.refuse("column 18446744073709551615: beyond every line");
    let mut helped = Prompt::prefilled("heap new growable policy=");
    helped.help = true;
    helped.complete(&[]);
    let mut searching = Prompt::default();
    searching.search_older(&[]);
    searching.search_for(&["free 日本語".repeat(40)], |typed| typed.push('語'));
    vec![
        None,
        Some(Layer::Prompt(Box::new(refused))),
        Some(Layer::Prompt(Box::new(beyond))),
        Some(Layer::Help(Finder {
            chosen: 1000,
            ..Default::default()
        })),
        Some(Layer::Lessons(Finder::at(1000))),
        Some(Layer::Lessons(Finder {
            filter: "no such lesson".into(),
            chosen: 0,
        })),
        Some(Layer::GoTo),
        Some(Layer::Explain(Explain {
            top: u16::MAX,
            search: Some("fragmentation".into()),
            typing: true,
        })),
        Some(Layer::Card),
        Some(Layer::Bookmarks(usize::MAX)),
        Some(Layer::Faults(usize::MAX)),
        Some(Layer::Findings(usize::MAX)),
        Some(Layer::Prompt(Box::new(helped))),
        Some(Layer::Prompt(Box::new(searching))),
        Some(Layer::Branch(Box::new(Request::Line(
            "alloc a 64 ".repeat(40),
        )))),
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
        odd_parts(&checkerboard().frame()),
    ]
}

/// Parts beside the map that make no sense: everything as large as can be, nothing in order.
fn odd_parts(base: &Frame) -> Frame {
    const MOST: u64 = u64::MAX;
    let mut picture = base.picture.as_ref().clone();
    let bucket = Bucket {
        from: MOST,
        to: 0,
        count: MOST,
        bytes: MOST,
    };
    let fit = Fit {
        request: MOST,
        times: MOST,
        unusable: f64::NAN,
    };
    picture.fragmentation = Some(Fragmentation {
        holes: vec![bucket; 70],
        blocks: vec![bucket; 70],
        fits: vec![fit; 70],
        l2: f64::INFINITY,
        internal: -1.0,
        overhead: f64::NAN,
    });
    picture.free_list = Some(FreeListPicture {
        top: MOST,
        total: 0,
        entries: vec![
            FreeEntry {
                address: MOST,
                bytes: MOST,
                list: "a list with a name of its own ".repeat(9),
                position: MOST,
            };
            300
        ],
        beyond: Some(MOST),
    });
    picture.pins = Some(PinsPicture {
        top: MOST,
        total: Some(0),
        pins: vec![
            Pin {
                address: MOST,
                name: Some("日本語".repeat(50)),
                bytes: MOST,
                returns: MOST,
            };
            300
        ],
    });
    picture.bytes = Some(BytesPicture {
        block: MOST,
        top: MOST,
        total: MOST,
        rows: [Some(vec![0xff; 99]), None, Some(Vec::new())]
            .map(|bytes| BytesRow {
                address: MOST,
                bytes,
            })
            .to_vec(),
    });
    picture.overview = Overview {
        cell_bytes: 0,
        cells: vec![Cell::default(); 5000],
        shown: (u16::MAX, 0),
    };
    picture.range = Some(RangeCard {
        from: MOST,
        to: 0,
        busy_bytes: MOST,
        ..RangeCard::default()
    });
    if let Some(block) = &mut picture.selected {
        block.bytes = 0;
        block.slack = MOST;
        block.asked = MOST;
        block.payload = 0;
        block.fields.others = vec![("a field", "日本語 ".repeat(40)); 20];
        block.links = Some(Links::default());
    }
    let sample = |at, committed| Sample {
        at,
        busy: MOST,
        committed,
        resident: (at % 2 == 0).then_some(MOST),
    };
    let event = |at, letter| TimeEvent { at, letter };
    let timeline = Timeline {
        samples: vec![sample(9, 0), sample(MOST, MOST), sample(3, 1), sample(4, 0)],
        events: vec![event(MOST, 'C'), event(0, '語'), event(5, 'M')],
    };
    Frame {
        picture: picture.into(),
        timeline: timeline.into(),
        baseline: Some(checkerboard().bookmark().into()),
        found: Some(Found {
            filter: "free ".repeat(50),
            count: None,
            position: Some(MOST),
        }),
        ..base.clone()
    }
}

/// Every pane with the focus, in the map's place and alone; its last rows chosen.
fn check_panes(frame: &Frame, sizes: impl Iterator<Item = (u16, u16)> + Clone) {
    let theme = Theme::new(ColorDepth::True, GlyphSet::Unicode, Appearance::Dark);
    for row in &PANES {
        for (width, height) in sizes.clone() {
            for arrangement in [
                Arrangement::InMapsPlace(row.pane),
                Arrangement::Whole(row.pane),
            ] {
                let mut state = State::new((width, height));
                state.focus = row.pane;
                state.arrangement = arrangement;
                for list in &mut state.lists {
                    list.chosen = u64::MAX;
                    list.top = u64::MAX;
                }
                let area = Rect::new(0, 0, width, height);
                draw(&state, frame, &theme, area, &mut Buffer::empty(area));
                let middle = Mouse::Click(width / 2, height / 2);
                for message in [Message::Mouse(middle), Message::Key(Key::Up)] {
                    let _ = update(&mut state, frame, message);
                }
                draw(&state, frame, &theme, area, &mut Buffer::empty(area));
            }
        }
    }
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
fn every_pane_is_drawn_in_every_place_at_every_size() {
    let sizes = (58..=100)
        .step_by(7)
        .chain([130, 151, 220])
        .flat_map(|width| {
            (14..=40)
                .step_by(2)
                .chain([61])
                .map(move |height| (width, height))
        });
    let mut frames = vec![checkerboard().frame(), empty().frame()];
    frames.extend(odd_frames());
    for frame in frames {
        check_panes(&frame, sizes.clone());
    }
}

/// A pane is given whatever the layout leaves: nothing is too small for it.
#[test]
fn every_pane_is_drawn_into_any_area() {
    let theme = Theme::new(ColorDepth::True, GlyphSet::Unicode, Appearance::Dark);
    let mut frames = vec![checkerboard().frame()];
    frames.extend(odd_frames());
    let state = State::new((80, 24));
    for frame in frames {
        for (width, height) in (0..60)
            .step_by(2)
            .flat_map(|width| (0..26).map(move |height| (width, height)))
        {
            let area = Rect::new(2, 1, width, height);
            let mut buffer = Buffer::empty(Rect::new(0, 0, 64, 28));
            for row in &PANES {
                draw_pane_in(&state, &frame, &theme, row.pane, area, &mut buffer);
            }
            let outside = buffer.content.iter().zip(0_u16..).find(|(cell, at)| {
                let place = Position {
                    x: at % 64,
                    y: at / 64,
                };
                !area.contains(place) && cell.symbol() != " "
            });
            assert_eq!(outside, None, "{area}");
        }
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

/// What cannot be seen is not done: of all keys only those that the message names have an effect.
#[test]
fn a_screen_that_is_too_small_takes_no_keys_but_those_that_lead_out() {
    let frame = Frame {
        requests: u64::MAX,
        ..checkerboard().frame()
    };
    let small = || State::new((59, 16));
    let ways_out = ["quit", "cancel", "suspend"];
    for action in ACTIONS
        .iter()
        .filter(|action| action.context == Context::Map)
    {
        for key in action.keys {
            let mut state = small();
            let effects = update(&mut state, &frame, Message::Key(*key));
            let leads_out = ways_out.contains(&action.name);
            assert_eq!(effects.is_empty(), !leads_out, "{key}: {effects:?}");
            assert!(state.layer.is_none(), "{key}");
            let said = format!("{key} does nothing here: too small");
            assert_eq!(state.notice == Some(said), !leads_out, "{key}");
        }
    }
    for message in [
        Message::Paste("free b".to_owned()),
        Message::Mouse(Mouse::Click(5, 15)),
        Message::Mouse(Mouse::WheelDown(5, 5)),
    ] {
        let mut state = small();
        assert_eq!(update(&mut state, &frame, message), []);
        assert!(state.layer.is_none());
    }
    // A line that was being typed is closed first, so that none of its letters ends the program.
    let mut state = State::new((80, 24));
    let opens = [Key::Char(':'), Key::Char('w')];
    for key in opens {
        update(&mut state, &frame, Message::Key(key));
    }
    update(&mut state, &frame, Message::Resize(40, 10));
    assert!(
        typed(&mut state, &frame, &keys_of("alk")).is_empty(),
        "{:?}",
        state.layer
    );
    let screen = shown(&state, &frame).join("\n");
    assert!(
        screen.contains("k does nothing here: too small"),
        "{screen}"
    );
    assert!(screen.contains("q closes what is open"), "{screen}");
    let quits = |state: &mut State| typed(state, &frame, &keys_of("q")).contains(&Effect::Quit);
    assert!(!quits(&mut state) && state.draft == "w");
    assert!(shown(&state, &frame).join("\n").contains("q ends heapwalk"));
    assert!(quits(&mut state));
}
