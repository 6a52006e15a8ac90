//! From (state, frame, theme, area) to cells: pure, cannot fail, costs what the screen has cells.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect, Size};

use crate::session::frame::Frame;

use super::canvas::width;
use super::layout::{LEAST, Layout};
use super::pane::{
    Scene, block, explain, figures, footer, header, help, log, map, memory, popup, prompt, returned,
};
use super::state::{Layer, State};
use super::theme::Theme;

/// Draws the whole screen.
pub fn draw(state: &State, frame: &Frame, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let area = area.intersection(buffer.area);
    let Some(layout) = Layout::of(area) else {
        return popup::draw_too_small(frame, area, LEAST, buffer);
    };
    let scene = Scene {
        state,
        frame,
        theme,
    };
    header::draw(&scene, layout.header, buffer);
    figures::draw(&scene, layout.free, buffer);
    map::draw(&scene, layout.map, buffer);
    block::draw(&scene, layout.block, layout.side, buffer);
    memory::draw(&scene, layout.memory, layout.side, buffer);
    returned::draw(&scene, layout.returned, buffer);
    log::draw(&scene, log_area(state, &layout), buffer);
    footer::draw(&scene, layout.footer, buffer);
    draw_layer(&scene, &layout, area, buffer);
}

/// Where the terminal's cursor belongs: in the line being typed, if any.
#[must_use]
pub fn cursor(state: &State) -> Option<Position> {
    let layout = state.layout()?;
    match state.layer.as_ref()? {
        Layer::Prompt(open) => Some(prompt::cursor(open, layout.prompt)),
        Layer::Help(open) => {
            let place = popup::place(Rect::new(0, 0, state.size.0, state.size.1), state.size.1);
            let column = u16::try_from(open.filter.visual_cursor()).unwrap_or(u16::MAX);
            let x = place
                .x
                .saturating_add(1)
                .saturating_add(width("? "))
                .saturating_add(column);
            Some(Position {
                x: x.min(place.right().saturating_sub(1)),
                y: place.y.saturating_add(1),
            })
        }
        Layer::GoTo | Layer::Explain { .. } | Layer::Paste(_) => None,
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

/// The log gives its last row to an open prompt, so that the newest answer stays in sight.
fn log_area(state: &State, layout: &Layout) -> Rect {
    let open = matches!(state.layer, Some(Layer::Prompt(_)));
    Rect {
        height: layout.log.height.saturating_sub(u16::from(open)),
        ..layout.log
    }
}

fn draw_layer(scene: &Scene<'_>, layout: &Layout, area: Rect, buffer: &mut Buffer) {
    match &scene.state.layer {
        None => {}
        Some(Layer::Prompt(open)) => prompt::draw(scene, open, layout.prompt, buffer),
        Some(Layer::Help(open)) => help::draw(scene, open, area, buffer),
        Some(Layer::GoTo) => popup::draw_go_to(scene, area, buffer),
        Some(Layer::Explain { top }) => explain::draw(scene, *top, area, buffer),
        Some(Layer::Paste(lines)) => popup::draw_paste(scene, lines, area, buffer),
    }
}
