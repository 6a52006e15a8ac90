//! Free blocks in the order in which they are tried: not the order of their addresses.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::tui::canvas::{below, clipped, put, put_line, row, width};
use crate::tui::numbers::{address, bytes, counted, grouped};
use crate::tui::panes::Pane;
use crate::tui::theme::Role;
use crate::view::{FreeEntry, FreeListPicture};

use super::Scene;

/// The height from which the columns have a heading.
const WITH_HEADING: u16 = 8;

/// Columns of the names of lists.
const LIST: u16 = 14;

/// Rows of free blocks that fit into `area`.
pub(super) fn rows_in(area: Rect) -> u16 {
    let heading = u16::from(area.height >= WITH_HEADING);
    area.height.saturating_sub(1 + heading)
}

pub(in crate::tui) fn draw(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let picture = scene.frame.picture.free_list.as_ref();
    let inner = scene.titled(
        Pane::FreeList,
        area,
        &picture.map_or_else(String::new, shown),
        buffer,
    );
    let Some(list) = picture else {
        return;
    };
    if let Some(passed) = list.beyond.filter(|_| list.entries.is_empty()) {
        let words = format!(
            "beyond {} that are passed one by one; while nothing runs, more are",
            counted(passed, "hole")
        );
        return scene.say(&words, inner, buffer);
    }
    if list.entries.is_empty() {
        let words = "nothing is free: the next request makes the heap grow, or fails";
        return scene.say(words, inner, buffer);
    }
    let heading = area.height >= WITH_HEADING;
    if heading {
        let arrow = width(scene.theme.glyphs.arrow);
        let words = format!(
            "  {:<list$} {:>6} {:arrow$} {:<9} size",
            "list",
            "taken",
            "",
            "address",
            list = usize::from(LIST),
            arrow = usize::from(arrow),
        );
        put(
            buffer,
            row(inner, 0),
            &words,
            scene.theme.style(Role::Faint),
        );
    }
    let rows = below(inner, u16::from(heading));
    for (at, index) in (0..rows.height).enumerate() {
        let Some(free) = list.entries.get(at) else {
            break;
        };
        let before = at.checked_sub(1).and_then(|at| list.entries.get(at));
        put_line(
            buffer,
            row(rows, index),
            &line(scene, list.top.saturating_add(at as u64), free, before),
        );
    }
}

fn shown(list: &FreeListPicture) -> String {
    let count = list.entries.len() as u64;
    if list.top == 0 && count >= list.total {
        return counted(list.total, "hole");
    }
    format!(
        "{}-{} of {}",
        grouped(list.top.saturating_add(1)),
        grouped(list.top.saturating_add(count)),
        counted(list.total, "hole")
    )
}

/// A list's name stands at its first row; arrows lead from block to block.
fn line(
    scene: &Scene<'_>,
    number: u64,
    free: &FreeEntry,
    before: Option<&FreeEntry>,
) -> Line<'static> {
    let glyphs = &scene.theme.glyphs;
    let (mark, role) = scene.row_mark(Pane::FreeList, number);
    let faint = if role == Role::Selected {
        role
    } else {
        Role::Faint
    };
    let same = before.is_some_and(|before| before.list == free.list);
    let list = if same { "" } else { &free.list };
    let arrow = if free.position == 0 {
        glyphs.arrow.to_owned()
    } else {
        format!(
            "{:>width$}",
            glyphs.down,
            width = usize::from(width(glyphs.arrow))
        )
    };
    Line::from(vec![
        scene.span(role, format!("{mark} ")),
        scene.span(
            role,
            format!(
                "{:<width$}",
                clipped(list, LIST, glyphs.more),
                width = usize::from(LIST)
            ),
        ),
        scene.span(faint, format!(" {:>6} {arrow} ", ordinal(free.position))),
        scene.span(role, format!("{:<9} ", address(free.address))),
        scene.span(
            if role == Role::Selected {
                role
            } else {
                Role::Strong
            },
            bytes(free.bytes),
        ),
    ])
}

/// `first`, then the number: what is taken first is what the order is about.
fn ordinal(position: u64) -> String {
    if position == 0 {
        "first".to_owned()
    } else {
        grouped(position.saturating_add(1))
    }
}
