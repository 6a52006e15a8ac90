//! `'`: the moments that were kept, and what has changed since each.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::session::frame::{Bookmark, Frame};
use crate::tui::canvas::{clipped, put, row};
use crate::tui::numbers::{counted, grouped};
use crate::tui::theme::Role;

use super::{Scene, popup};

pub(in crate::tui) fn draw(scene: &Scene<'_>, chosen: usize, area: Rect, buffer: &mut Buffer) {
    let bookmarks = &scene.frame.bookmarks;
    let rows = u16::try_from(bookmarks.len() + 1).unwrap_or(u16::MAX);
    let title = counted(bookmarks.len() as u64, "bookmark");
    let hint = scene.spell("{compare-with-bookmark} compares with it, {close-bookmarks} closes");
    let inner = popup::framed(scene, popup::place(area, rows), &title, &hint, buffer);
    let heading = columns("", "operation", "free since", "committed since", "behind");
    put(
        buffer,
        row(inner, 0),
        &heading,
        scene.theme.style(Role::Strong),
    );
    let height = usize::from(inner.height.saturating_sub(1));
    let first = chosen
        .saturating_sub(height / 2)
        .min(bookmarks.len().saturating_sub(height));
    for ((index, at), bookmark) in (1..inner.height)
        .zip(first..)
        .zip(bookmarks.iter().skip(first))
    {
        let place = row(inner, index);
        let role = match (at == chosen, bookmark.gone) {
            (true, _) => Role::Selected,
            (false, true) => Role::Faint,
            (false, false) => Role::Text,
        };
        if at == chosen {
            buffer.set_style(place.intersection(buffer.area), scene.theme.style(role));
        }
        let line = clipped(
            &told(bookmark, scene.frame),
            place.width,
            scene.theme.glyphs.more,
        );
        put(buffer, place, &line, scene.theme.style(role));
    }
}

/// A bookmark in a line.
fn told(bookmark: &Bookmark, frame: &Frame) -> String {
    let picture = &frame.picture;
    let here = bookmark.heap == picture.heap.number;
    // Figures of another heap are no change.
    let since = |now: u64, then: u64| match here {
        true => difference(now, then),
        false => format!("heap {}", bookmark.heap),
    };
    let said = [bookmark.command.as_str(), bookmark.words.as_str()];
    let said: Vec<&str> = said.into_iter().filter(|part| !part.is_empty()).collect();
    let gone = if bookmark.gone { " (left behind)" } else { "" };
    let compared = frame
        .baseline
        .as_ref()
        .is_some_and(|baseline| baseline.number == bookmark.number);
    columns(
        &format!("{}{}", bookmark.number, if compared { "*" } else { "" }),
        &format!("#{}", grouped(bookmark.at)),
        &since(picture.figures.free_bytes, bookmark.figures.free_bytes),
        &since(picture.memory.committed, bookmark.memory.committed),
        &format!("{}{gone}", said.join(": ")),
    )
}

fn columns(number: &str, at: &str, free: &str, committed: &str, words: &str) -> String {
    format!("{number:<4} {at:>10}  {free:>12}  {committed:>15}  {words}")
}

/// `+1,024`, `-72`, `0`.
fn difference(now: u64, then: u64) -> String {
    match now.cmp(&then) {
        std::cmp::Ordering::Greater => format!("+{}", grouped(now - then)),
        std::cmp::Ordering::Less => format!("-{}", grouped(then - now)),
        std::cmp::Ordering::Equal => "0".to_owned(),
    }
}
