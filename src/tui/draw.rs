//! From (state, frame, theme, area) to cells: pure, cannot fail, costs what the screen has cells.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect, Size};

use tui_input::Input;

use crate::session::frame::Frame;

use super::canvas::{self, width};
use super::layout::Layout;
use super::pane::{
    Scene, block, bookmarks, branch, bytes, card, explain, export, faults, figures, findings,
    footer, fragmentation, free_list, header, help, interleave, lesson, lessons, log, map, memory,
    pins, play, popup, prompt, returned, threads, time,
};
use super::panes::{PANES, Pane};
use super::state::{Layer, State};
use super::theme::Theme;

/// Draws the whole screen.
pub fn draw(state: &State, frame: &Frame, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let area = area.intersection(buffer.area);
    let Some(layout) = state_layout(state, area) else {
        return popup::draw_too_small(state, frame, area, buffer);
    };
    let scene = Scene {
        state,
        frame,
        theme,
    };
    header::draw(&scene, layout.header, buffer);
    figures::draw(&scene, layout.figures, buffer);
    for row in &PANES {
        draw_pane(&scene, &layout, row.pane, buffer);
    }
    block::draw_lines(&scene, layout.block_lines, buffer);
    memory::draw_lines(&scene, layout.memory, buffer);
    log::draw_answers(&scene, answers_area(state, layout.answers), buffer);
    footer::draw(&scene, layout.footer, buffer);
    lesson::draw(&scene, layout.lesson, buffer);
    if lesson::is_blank(&scene) {
        return canvas::blank(buffer, area);
    }
    draw_layer(&scene, &layout, area, buffer);
}

/// Where the terminal's cursor belongs: in the line being typed, if any.
#[must_use]
pub fn cursor(state: &State) -> Option<Position> {
    let layout = state.layout()?;
    match state.layer.as_ref()? {
        Layer::Prompt(open) => Some(prompt::cursor(open, layout.prompt)),
        Layer::Help(open) => Some(in_popup(state, state.size.1, &open.filter)),
        Layer::Lessons(open) => Some(in_popup(state, lessons::rows(), &open.filter)),
        Layer::Explain(open) if open.typing => {
            let search = open.search.as_ref();
            search.map(|search| in_popup(state, state.size.1, search))
        }
        Layer::Card
        | Layer::GoTo
        | Layer::Explain(_)
        | Layer::Bookmarks(_)
        | Layer::Faults(_)
        | Layer::Findings(_)
        | Layer::Export(_)
        | Layer::Branch(_)
        | Layer::Paste(_) => None,
    }
}

/// The cursor of a line that is typed at the top of a popup of so many rows, behind its sign and a blank.
fn in_popup(state: &State, rows: u16, typed: &Input) -> Position {
    let place = popup::place(Rect::new(0, 0, state.size.0, state.size.1), rows);
    let column = u16::try_from(typed.visual_cursor()).unwrap_or(u16::MAX);
    let x = place
        .x
        .saturating_add(1)
        .saturating_add(width(popup::TYPED))
        .saturating_add(column);
    Position {
        x: x.min(place.right().saturating_sub(1)),
        y: place.y.saturating_add(1),
    }
}

/// One picture without a terminal, as exporters and reports want it.
#[must_use]
pub fn still(frame: &Frame, theme: &Theme, size: Size) -> Buffer {
    let area = Rect::new(0, 0, size.width, size.height);
    let mut buffer = Buffer::empty(area);
    draw(
        &State::new((size.width, size.height)),
        frame,
        theme,
        area,
        &mut buffer,
    );
    buffer
}

fn state_layout(state: &State, area: Rect) -> Option<Layout> {
    state.layout_on(area, state.arrangement)
}

fn draw_pane(scene: &Scene<'_>, layout: &Layout, pane: Pane, buffer: &mut Buffer) {
    let area = layout.pane(pane);
    if !area.is_empty() {
        draw_into(scene, pane, area, buffer);
    }
}

/// One pane alone, in any area.
#[cfg(test)]
pub(super) fn draw_pane_in(
    state: &State,
    frame: &Frame,
    theme: &Theme,
    pane: Pane,
    area: Rect,
    buffer: &mut Buffer,
) {
    let scene = Scene {
        state,
        frame,
        theme,
    };
    draw_into(&scene, pane, area, buffer);
}

fn draw_into(scene: &Scene<'_>, pane: Pane, area: Rect, buffer: &mut Buffer) {
    match pane {
        Pane::Map => map::draw(scene, area, buffer),
        Pane::Block => block::draw(scene, area, buffer),
        Pane::Fragmentation => fragmentation::draw(scene, area, buffer),
        Pane::Time => time::draw(scene, area, buffer),
        Pane::Returned => returned::draw(scene, area, buffer),
        Pane::Threads => threads::draw(scene, area, buffer),
        Pane::Log => log::draw(scene, answers_area(scene.state, area), buffer),
        Pane::FreeList => free_list::draw(scene, area, buffer),
        Pane::Pins => pins::draw(scene, area, buffer),
        Pane::Bytes => bytes::draw(scene, area, buffer),
        Pane::Interleave => interleave::draw(scene, area, buffer),
        Pane::Play => play::draw(scene, area, buffer),
    }
}

/// Answers give their last row to an open prompt, so that the newest stays in sight.
fn answers_area(state: &State, area: Rect) -> Rect {
    let open = matches!(state.layer, Some(Layer::Prompt(_)));
    let covered = open && area.bottom() + 1 == state.size.1;
    Rect {
        height: area.height.saturating_sub(u16::from(covered)),
        ..area
    }
}

fn draw_layer(scene: &Scene<'_>, layout: &Layout, area: Rect, buffer: &mut Buffer) {
    match &scene.state.layer {
        None => {}
        Some(Layer::Card) => card::draw(scene, area, buffer),
        Some(Layer::Prompt(open)) => {
            if open.help {
                prompt::draw_command_help(scene, open, area, buffer);
            }
            prompt::draw(scene, open, layout.prompt, buffer);
        }
        Some(Layer::Help(open)) => help::draw(scene, open, area, buffer),
        Some(Layer::Lessons(open)) => lessons::draw(scene, open, area, buffer),
        Some(Layer::GoTo) => popup::draw_go_to(scene, area, buffer),
        Some(Layer::Explain(open)) => explain::draw(scene, open, area, buffer),
        Some(Layer::Bookmarks(chosen)) => bookmarks::draw(scene, *chosen, area, buffer),
        Some(Layer::Faults(chosen)) => faults::draw(scene, *chosen, area, buffer),
        Some(Layer::Findings(chosen)) => findings::draw(scene, *chosen, area, buffer),
        Some(Layer::Export(chosen)) => export::draw(scene, *chosen, area, buffer),
        Some(Layer::Branch(request)) => branch::draw(scene, request, area, buffer),
        Some(Layer::Paste(lines)) => popup::draw_paste(scene, lines, area, buffer),
    }
}
