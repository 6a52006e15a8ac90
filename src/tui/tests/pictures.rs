//! Whole screens, with their styles as letters.

use std::fmt::Write as _;
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::session::frame::{Answer, Interleaved, Side, Tone};
use crate::tui::fixture::{Model, checkerboard, damaged, grown};
use crate::tui::key::Key;
use crate::tui::layout::Arrangement;
use crate::tui::panes::{PANES, Pane};
use crate::tui::{Appearance, ColorDepth, GlyphSet, Message, State, Theme, draw, update};

/// The text of a screen, then its styles as letters, then what the letters stand for.
fn portrait(buffer: &Buffer) -> String {
    let mut styles: Vec<Style> = Vec::new();
    let mut text = String::new();
    let mut letters = String::new();
    for y in 0..buffer.area.height {
        for x in 0..buffer.area.width {
            let cell = &buffer[(x, y)];
            text.push_str(cell.symbol());
            let style = cell.style();
            let at = styles
                .iter()
                .position(|known| *known == style)
                .unwrap_or_else(|| {
                    styles.push(style);
                    styles.len() - 1
                });
            letters.push(char::from(b'a' + u8::try_from(at).expect("few styles")));
        }
        text.push('\n');
        letters.push('\n');
    }
    let mut portrait = format!("{text}\n{letters}\n");
    for (letter, style) in ('a'..).zip(styles) {
        let name = |color: Option<ratatui::style::Color>| {
            color.map_or_else(|| "-".to_owned(), |color| color.to_string())
        };
        let (fg, bg) = (name(style.fg), name(style.bg));
        writeln!(portrait, "{letter}: {fg} on {bg} {:?}", style.add_modifier)
            .expect("a string takes everything");
    }
    portrait
}

/// How a screen draws: name, colours, glyphs.
const LOOKS: [(&str, ColorDepth, GlyphSet); 3] = [
    ("unicode", ColorDepth::True, GlyphSet::Unicode),
    ("ansi16", ColorDepth::Ansi16, GlyphSet::Unicode),
    ("ascii", ColorDepth::Mono, GlyphSet::Ascii),
];

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

/// A screen of the model once it has answered what the screen asks for first.
fn drawn(model: &Model, state: &State, theme: &Theme) -> Buffer {
    let mut model = model.clone();
    let (zoom, range) = (model.lens.zoom, model.lens.range);
    if let Some(look) = state.look() {
        model.take(&look);
    }
    model.lens.zoom = zoom;
    model.lens.range = range;
    let area = Rect::new(0, 0, state.size.0, state.size.1);
    let mut buffer = Buffer::empty(area);
    draw(state, &model.frame(), theme, area, &mut buffer);
    buffer
}

fn check(name: &str, model: &Model, state: &State, (depth, glyphs): (ColorDepth, GlyphSet)) {
    let theme = Theme::new(depth, glyphs, Appearance::Dark);
    insta::assert_snapshot!(name, portrait(&drawn(model, state, &theme)));
}

/// A heap with something to say in every pane: compared with what it was, filtered, with memory given back.
fn busy_day() -> Model {
    let mut model = checkerboard();
    let mut before = model.clone();
    before.blocks.truncate(40);
    model.baseline = Some(Arc::new(before.bookmark()));
    model.interleaved = Some(Arc::new(calls()));
    model.returned = grown().returned.into_iter().take(3).collect();
    model.say(Answer {
        command: "alloc c 8K".to_owned(),
        call: "HeapAlloc(heap, 0, 8192) = NULL".to_owned(),
        words: "no hole of 8,200 B (7,328 B free, biggest 3,552); a fixed heap does not grow"
            .to_owned(),
        tone: Tone::Failed,
        block: None,
        findings: None,
    });
    model
}

/// Two calls of which one waits for the other.
fn calls() -> Interleaved {
    let made = [
        (0, "loads flags and policy: 0, best-fit"),
        (0, "takes the lock"),
        (0, "loads head of list 5: 0x00770"),
        (1, "loads flags and policy: 0, best-fit"),
    ];
    Interleaved {
        sides: [
            Side {
                call: "alloc one 72".to_owned(),
                steps: 3,
                next: "loads links of 0x00770: 0x00810, none".to_owned(),
                ..Side::default()
            },
            Side {
                call: "free b3".to_owned(),
                steps: 1,
                next: "waits for the lock held by t1".to_owned(),
                blocked: true,
                ended: false,
            },
        ],
        made: made.map(|(actor, step)| (actor, step.to_owned())).to_vec(),
        steps: 4,
        order: "1x3,2x1".to_owned(),
    }
}

#[test]
fn three_screens_in_three_looks() {
    for (look, depth, glyphs) in LOOKS {
        for size in SIZES {
            let name = format!("screen_{}x{}_{look}", size.0, size.1);
            check(&name, &busy_day(), &State::new(size), (depth, glyphs));
        }
    }
}

/// Every pane with the focus, in the map's place and alone.
#[test]
fn every_pane_in_three_looks() {
    for row in &PANES {
        for (look, depth, glyphs) in LOOKS {
            let mut state = State::new((80, 24));
            state.focus = row.pane;
            state.arrangement = Arrangement::InMapsPlace(row.pane);
            state.lists[row.pane as usize].chosen = 1;
            let name = format!("pane_{}_{look}", row.number);
            check(&name, &busy_day(), &state, (depth, glyphs));
        }
        let mut state = State::new((200, 60));
        state.focus = row.pane;
        state.arrangement = Arrangement::Whole(row.pane);
        let name = format!("pane_{}_whole", row.number);
        check(
            &name,
            &grown(),
            &state,
            (ColorDepth::True, GlyphSet::Unicode),
        );
    }
}

/// Up leads to the answer that stands above, and whatever is chosen is in sight.
#[test]
fn the_log_is_walked_upwards_from_the_newest() {
    let theme = Theme::new(ColorDepth::Mono, GlyphSet::Ascii, Appearance::Dark);
    let mut model = busy_day();
    for number in 0..40 {
        let call = format!("HeapFree(heap, 0, x{number}) = TRUE");
        model.answer("free", &call, &"a long story ".repeat(number % 9));
    }
    let frame = model.frame();
    let last = frame.log.len() as u64 - 1;
    for (keys, chosen) in [
        (&[][..], 0),
        (&[Key::Up], 1),
        (&[Key::Up, Key::Up, Key::Down], 1),
        (&[Key::Down], 0),
        (&[Key::Home], last),
        (&[Key::Home, Key::Down], last - 1),
        (&[Key::Home, Key::End], 0),
        (&[Key::PageUp], 14),
    ] {
        let mut state = State::new((80, 24));
        state.focus = Pane::Log;
        state.arrangement = Arrangement::InMapsPlace(Pane::Log);
        for key in keys {
            let _ = update(&mut state, &frame, Message::Key(*key));
            // What the screen asked for was taken in before the next key.
            state.sent = 0;
        }
        assert_eq!(state.lists[Pane::Log as usize].chosen, chosen, "{keys:?}");
        let area = Rect::new(0, 0, 80, 24);
        let mut buffer = Buffer::empty(area);
        draw(&state, &frame, &theme, area, &mut buffer);
        let age = usize::try_from(chosen).expect("few");
        let call = &frame.log[frame.log.len() - 1 - age].call;
        let marked = (0..24).any(|y| {
            let line: String = (0..80).map(|x| buffer[(x, y)].symbol()).collect();
            line.starts_with(&format!("> {}", &call[..call.len().min(60)]))
        });
        assert!(marked, "{keys:?}: {call} is not marked");
    }
}

#[test]
fn a_grown_heap_in_sixteen_colours() {
    let look = (ColorDepth::Ansi16, GlyphSet::Unicode);
    check(
        "grown_120x40_ansi16",
        &grown(),
        &State::new((120, 40)),
        look,
    );
}

#[test]
fn a_damaged_heap_in_256_colours() {
    let look = (ColorDepth::Ansi256, GlyphSet::Unicode);
    check(
        "damaged_80x24_ansi256",
        &damaged(),
        &State::new((80, 24)),
        look,
    );
}

/// A range, what a filter finds, and pins on the map: each is seen without colour.
#[test]
fn a_range_and_findings_in_monochrome() {
    let state = State::new((120, 40));
    let mut model = busy_day();
    model.lens.range = Some((0xa00, 0x1550));
    model.filtered = true;
    for (look, depth, glyphs) in LOOKS {
        check(
            &format!("marks_120x40_{look}"),
            &model,
            &state,
            (depth, glyphs),
        );
    }
}

#[test]
fn the_ascii_set_is_ascii() {
    let theme = Theme::new(ColorDepth::True, GlyphSet::Ascii, Appearance::Light);
    let mut models = crate::tui::fixture::heaps();
    models.push(("busy day", busy_day()));
    for (name, model) in models {
        for size in [(40, 10), (80, 24), (120, 40), (200, 60)] {
            let whole = PANES.iter().map(|row| Arrangement::Whole(row.pane));
            for arrangement in whole.chain([Arrangement::Usual]) {
                let mut state = State::new(size);
                state.arrangement = arrangement;
                let buffer = drawn(&model, &state, &theme);
                let strange = buffer.content.iter().find(|cell| !cell.symbol().is_ascii());
                assert_eq!(strange, None, "{name} at {size:?}, {arrangement:?}");
            }
        }
    }
}
