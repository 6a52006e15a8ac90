//! `V` with findings: where each is, what should stand there, what does, and what it likely means.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::session::frame::{Frame, Located};
use crate::tui::numbers::{address, counted, grouped};
use crate::view::BlockCard;

use super::choices::Choices;
use super::{Scene, popup};

/// What the last check found that is kept.
pub(in crate::tui) fn kept(frame: &Frame) -> &[Located] {
    frame
        .check
        .as_ref()
        .map_or(&[], |check| &check.findings.kept)
}

/// What was found in a block.
pub(super) fn of_block<'a>(
    frame: &'a Frame,
    block: &BlockCard,
) -> impl Iterator<Item = &'a Located> + use<'a> {
    let place = Some(block.address);
    kept(frame).iter().filter(move |found| found.block == place)
}

/// The finding drawn at `position` on a screen of `area`.
pub(in crate::tui) fn entry_at(
    frame: &Frame,
    chosen: usize,
    area: Rect,
    position: Position,
) -> Option<usize> {
    choices(frame, chosen).at(area, position)
}

pub(in crate::tui) fn draw(scene: &Scene<'_>, chosen: usize, area: Rect, buffer: &mut Buffer) {
    let Some(check) = &scene.frame.check else {
        return;
    };
    let findings = &check.findings;
    let choices = choices(scene.frame, chosen);
    let beyond = findings.total.saturating_sub(findings.kept.len() as u64);
    let more = match beyond {
        0 => String::new(),
        beyond => format!(", the last {} not listed", grouped(beyond)),
    };
    let stale = if check.fresh { "" } else { ", changed since" };
    let title = format!(
        "{} at op {}{more}{stale}",
        counted(findings.total, "finding"),
        grouped(findings.at)
    );
    let hint = scene.spell("{go-to-finding} goes there, {close-findings} closes");
    let inner = popup::framed(scene, choices.place(area), &title, &hint, buffer);
    choices.draw(scene, inner, buffer, |entry| {
        let found = &findings.kept[entry];
        let head = format!(
            " {} in {}: {}",
            address(found.at),
            found.called,
            found.sight
        );
        [head, found.meaning.to_owned()]
    });
}

fn choices(frame: &Frame, chosen: usize) -> Choices {
    let entries = kept(frame).len();
    Choices {
        entries,
        chosen: chosen.min(entries.saturating_sub(1)),
    }
}
