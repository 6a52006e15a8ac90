//! What lies over the map: a cleared area between two rules, and the small popups.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tui_input::Input;

use crate::session::frame::Frame;
use crate::tui::action::{ACTIONS, Context};
use crate::tui::canvas::{blank, put, right_of, row, titled, wrapped};
use crate::tui::layout::LEAST;
use crate::tui::numbers::counted;
use crate::tui::state::State;
use crate::tui::theme::Role;

use super::Scene;

/// Columns that words in a popup are kept within: longer lines are hard to read.
const WIDEST: u16 = 96;

/// The least rows of a popup's frame: two rules.
const RULES: u16 = 2;

/// The place of a popup with `rows` lines of content over a screen of `area`, above the footer.
///
/// On a narrow screen it takes the whole width: slivers of what lies below only distract.
pub(in crate::tui) fn place(area: Rect, rows: u16) -> Rect {
    let width = if area.width < WIDEST.saturating_add(8) {
        area.width
    } else {
        WIDEST
    };
    let height = rows
        .saturating_add(RULES)
        .min(area.height.saturating_sub(2));
    Rect {
        x: area.x.saturating_add((area.width - width) / 2),
        y: area
            .y
            .saturating_add(area.height.saturating_sub(height + 1) / 2),
        width,
        height,
    }
}

/// Clears a popup's place and draws its rules; what is left for its content.
pub(in crate::tui) fn framed(
    scene: &Scene<'_>,
    area: Rect,
    title: &str,
    right: &str,
    buffer: &mut Buffer,
) -> Rect {
    blank(buffer, area);
    let inner = titled(buffer, area, scene.theme, title, right);
    let bottom = row(area, area.height.saturating_sub(1));
    let rule = scene
        .theme
        .glyphs
        .rule
        .to_string()
        .repeat(usize::from(bottom.width));
    put(buffer, bottom, &rule, scene.theme.style(Role::Faint));
    inside(area).intersection(inner)
}

/// What the rules of a popup leave for its content.
pub(in crate::tui) fn inside(area: Rect) -> Rect {
    Rect {
        x: area.x.saturating_add(1),
        y: area.y.saturating_add(1),
        width: area.width.saturating_sub(2),
        height: area.height.saturating_sub(RULES),
    }
}

/// Before what is typed into a list to search it.
pub(in crate::tui) const TYPED: &str = "? ";

/// The line that is typed into a list to search it.
pub(in crate::tui) fn draw_typed(
    scene: &Scene<'_>,
    typed: &Input,
    line: Rect,
    buffer: &mut Buffer,
) {
    let mark = put(buffer, line, TYPED, scene.theme.style(Role::Key));
    let rest = right_of(line, mark.saturating_sub(line.x));
    put(buffer, rest, typed.value(), scene.theme.style(Role::Strong));
}

/// The go-to list: each key with where it leads.
pub(in crate::tui) fn draw_go_to(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let rows: Vec<_> = ACTIONS
        .iter()
        .filter(|action| action.context == Context::GoTo)
        .collect();
    let height = u16::try_from(rows.len()).unwrap_or(u16::MAX);
    let inner = framed(scene, place(area, height), "Go to", "a key chooses", buffer);
    for (index, action) in (0..inner.height).zip(rows) {
        let line = row(inner, index);
        put(
            buffer,
            line,
            &scene
                .state
                .bindings
                .key(action)
                .map_or_else(String::new, |key| key.to_string()),
            scene.theme.style(Role::Key),
        );
        let words = right_of(line, 6);
        put(buffer, words, action.doc, scene.theme.style(Role::Text));
    }
}

/// Pasted lines and the question whether to run them.
pub(in crate::tui) fn draw_paste(
    scene: &Scene<'_>,
    lines: &[String],
    area: Rect,
    buffer: &mut Buffer,
) {
    let count = u64::try_from(lines.len()).unwrap_or(u64::MAX);
    let title = format!("Run {}?", counted(count, "pasted line"));
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let inner = framed(
        scene,
        place(area, height),
        &title,
        &scene
            .state
            .bindings
            .spell("{run-pasted-lines} runs, {drop-pasted-lines} drops"),
        buffer,
    );
    let hidden = lines.len().saturating_sub(usize::from(inner.height));
    let shown = if hidden > 0 {
        inner.height.saturating_sub(1)
    } else {
        inner.height
    };
    for (index, line) in (0..shown).zip(lines) {
        put(
            buffer,
            row(inner, index),
            line,
            scene.theme.style(Role::Text),
        );
    }
    if hidden > 0 {
        let words = format!("{} and {} more", scene.theme.glyphs.more, hidden + 1);
        put(
            buffer,
            row(inner, shown),
            &words,
            scene.theme.style(Role::Faint),
        );
    }
}

/// The message of a screen that is too small for anything else.
pub(in crate::tui) fn draw_too_small(
    state: &State,
    frame: &Frame,
    area: Rect,
    buffer: &mut Buffer,
) {
    let heap = frame.picture.heap.number;
    let way_out = match (&state.layer, &state.lesson) {
        (Some(_), _) => "{quit} closes what is open",
        (None, Some(_)) => "{quit} leaves the lesson",
        (None, None) => "{quit} ends heapwalk",
    };
    let lines = [
        format!(
            "heap {heap}: this terminal is {}x{}",
            area.width, area.height
        ),
        format!("heapwalk draws from {}x{} on", LEAST.0, LEAST.1),
        state.bindings.spell(way_out),
    ];
    let lines: Vec<String> = lines
        .iter()
        .chain(&state.notice)
        .flat_map(|words| wrapped(words, area.width))
        .collect();
    let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let first = area.height.saturating_sub(rows) / 2;
    for (index, words) in (first..area.height).zip(&lines) {
        put(
            buffer,
            row(area, index),
            words,
            ratatui::style::Style::new(),
        );
    }
}
