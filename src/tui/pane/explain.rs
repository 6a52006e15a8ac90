//! `i`: every word and formula on the screen, with what it is now.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::session::frame::Frame;
use crate::tui::canvas::{put_line, row, wrapped};
use crate::tui::numbers::{bytes, grouped, percent};
use crate::tui::theme::Role;
use crate::view::{Figures, MemoryLine};

use super::{Scene, popup};

/// One term: its name, its figure in a frame, and what it means.
struct Term {
    name: &'static str,
    now: fn(&Figures, &MemoryLine) -> Option<String>,
    words: &'static str,
}

const fn term(
    name: &'static str,
    now: fn(&Figures, &MemoryLine) -> Option<String>,
    words: &'static str,
) -> Term {
    Term { name, now, words }
}

/// In the order in which they stand on the screen.
const TERMS: [Term; 22] = [
    term(
        "coalesce",
        |_, _| None,
        "Joins free neighbours when a block is freed; no busy block moves. Off is the flag HEAP_DISABLE_COALESCE_ON_FREE. The live switch is heapwalk's own: Windows fixes the flag when the heap is made.",
    ),
    term(
        "serialize",
        |figures, _| {
            Some(format!(
                "taken {}, skipped {}, contended {}",
                grouped(figures.lock_taken),
                grouped(figures.lock_skipped),
                grouped(figures.lock_contended)
            ))
        },
        "Each call takes the heap's lock. OFF (no lock) is the flag HEAP_NO_SERIALIZE: faster, and safe only with one thread.",
    ),
    term(
        "free",
        |figures, _| {
            Some(format!(
                "{} in {} {}",
                bytes(figures.free_bytes),
                grouped(figures.holes),
                if figures.holes == 1 { "hole" } else { "holes" }
            ))
        },
        "Committed memory in free blocks (holes), their headers included.",
    ),
    term(
        "biggest request",
        |figures, _| Some(bytes(figures.largest_request)),
        "The largest request that one hole can hold: largest free block - 8. Anything larger makes the heap grow, or fails.",
    ),
    term(
        "HeapCompact's number",
        |figures, _| Some(bytes(figures.largest_free)),
        "The largest committed free block, header included. HeapCompact reports it and merges free neighbours only when coalescing is off; it is not a garbage collector's compaction and moves nothing.",
    ),
    term(
        "unmerged pairs",
        |figures, _| Some(grouped(figures.unmerged_pairs)),
        "Pairs of free neighbours that were not joined. Each pair is one larger hole that the heap cannot use.",
    ),
    term(
        "external fragmentation",
        |figures, _| Some(percent(figures.external_fragmentation)),
        "1 - largest free block / free bytes; 0 when nothing is free. Near 1: much is free, but in small pieces.",
    ),
    term(
        "probes",
        |figures, _| Some(grouped(figures.probes)),
        "Free blocks looked at by all requests so far: what the placement policy costs.",
    ),
    term(
        "reserved",
        |figures, _| Some(bytes(figures.reserved)),
        "Addresses only: nobody else gets them, no memory stands behind them.",
    ),
    term(
        "committed (C)",
        |_, memory| Some(bytes(memory.committed)),
        "The heap may use it; the kernel may not have given a page yet. c: a part of the row.",
    ),
    term(
        "resident (R)",
        |_, memory| memory.resident.map(bytes),
        "Pages really in memory, asked of the kernel. r: a part of the row; ?: the kernel does not tell.",
    ),
    term(
        "live",
        |_, memory| Some(bytes(memory.live)),
        "Bytes that callers asked for and still hold.",
    ),
    term(
        "slack",
        |_, memory| Some(bytes(memory.slack)),
        "Bytes of busy blocks that nobody asked for: rounding to 16, remainders too small to stand alone.",
    ),
    term(
        "headers",
        |_, memory| Some(bytes(memory.headers)),
        "8 bytes net a busy block: the other 8 of its header lie in the block before.",
    ),
    term(
        "control",
        |_, memory| Some(bytes(memory.control)),
        "The heap's own: control block, descriptors of segments and large blocks.",
    ),
    term(
        "returnable",
        |_, memory| Some(bytes(memory.holes_returnable)),
        "Bytes of holes that _heapmin would give back now: whole pages without a byte of anything else.",
    ),
    term(
        "pinned",
        |_, memory| Some(bytes(memory.holes_pinned)),
        "Bytes of holes that stay, because something lives in their pages. One live byte keeps its page.",
    ),
    term(
        "the sum",
        |_, memory| Some(bytes(memory.committed)),
        "live + slack + headers + control + returnable + pinned = committed, always exactly. Side tables lie outside of it.",
    ),
    term(
        "side tables",
        |_, memory| Some(bytes(memory.side_tables)),
        "heapwalk's bitmaps beside the blocks, for the map; a Windows heap has none.",
    ),
    term(
        "keeps pages (pin)",
        |_, _| None,
        "What _heapmin would return in addition if this block alone were freed: the answer to \"why does memory not go down?\"",
    ),
    term(
        "returned",
        |_, memory| {
            Some(format!(
                "{} last, {} in all",
                bytes(memory.returned_last),
                bytes(memory.returned_total)
            ))
        },
        "Given back to the kernel; the addresses stay reserved. By HeapFree itself (automatic), by _heapmin, or when the heap is destroyed.",
    ),
    term(
        "_heapmin",
        |_, _| None,
        "Gives wholly free pages of the heap tagged CRT to the system. 0 means success, not bytes.",
    ),
];

pub(in crate::tui) fn draw(scene: &Scene<'_>, top: u16, area: Rect, buffer: &mut Buffer) {
    let place = popup::place(area, area.height);
    let lines = lines(scene.frame, inner_width(place));
    let total = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let shown = inner_height(place);
    let last = top.saturating_add(shown).min(total);
    let right = format!("lines {}-{last} of {total}", top.saturating_add(1));
    let inner = popup::framed(scene, place, "What the words mean", &right, buffer);
    for (index, (role, text)) in (0..inner.height).zip(lines.into_iter().skip(usize::from(top))) {
        put_line(
            buffer,
            row(inner, index),
            &Line::from(scene.span(role, text)),
        );
    }
}

/// The last line that may stand at the top.
pub(in crate::tui) fn last_top(frame: &Frame, size: (u16, u16)) -> u16 {
    let place = popup::place(Rect::new(0, 0, size.0, size.1), size.1);
    let total = u16::try_from(lines(frame, inner_width(place)).len()).unwrap_or(u16::MAX);
    total.saturating_sub(inner_height(place))
}

fn inner_width(place: Rect) -> u16 {
    place.width.saturating_sub(2)
}

fn inner_height(place: Rect) -> u16 {
    place.height.saturating_sub(2)
}

fn lines(frame: &Frame, columns: u16) -> Vec<(Role, String)> {
    let picture = &frame.picture;
    let mut lines = Vec::new();
    for Term { name, now, words } in &TERMS {
        let value = now(&picture.figures, &picture.memory)
            .map_or_else(String::new, |value| format!(" = {value}"));
        lines.push((Role::Strong, format!("{name}{value}")));
        let indented = wrapped(words, columns.saturating_sub(2))
            .into_iter()
            .map(|line| (Role::Text, format!("  {line}")));
        lines.extend(indented);
    }
    lines
}
