//! What is said of a block.

use ratatui::text::{Line, Span};

use crate::session::frame::Located;
use crate::tui::numbers::{address, bytes, grouped, size};
use crate::tui::theme::Role;
use crate::view::{BlockCard, BlockState, HeaderFields, Neighbour};

use super::Scene;

/// `#17 b3 BUSY 0x01230`
pub(super) fn identity(scene: &Scene<'_>, block: &BlockCard) -> Vec<Span<'static>> {
    let index = block
        .index
        .map_or_else(String::new, |index| format!("#{} ", grouped(index)));
    let name = block
        .name
        .as_ref()
        .map_or_else(String::new, |name| format!("{name} "));
    let others = match block.others.as_slice() {
        [] => String::new(),
        others => format!("also {}! ", others.join(", ")),
    };
    let role = if block.state == BlockState::Damaged {
        Role::Bad
    } else {
        Role::Strong
    };
    vec![
        scene.span(Role::Faint, index),
        scene.span(Role::Strong, name),
        scene.span(Role::Bad, others),
        scene.span(role, state_word(block.state)),
        scene.span(Role::Text, format!(" {}", address(block.address))),
    ]
}

/// What a check found in a block: `! a free list is broken: at 0x00780 expected 0x0, found 0x77`.
pub(super) fn finding(found: &Located) -> String {
    format!(
        "! {}: at {} {}",
        found.meaning,
        address(found.at),
        found.sight
    )
}

/// `asked 64 + header 8 + slack 8 = 80 B`: adds up exactly.
pub(super) fn sum(block: &BlockCard) -> String {
    match block.state {
        BlockState::Busy | BlockState::Large => format!(
            "asked {} + header {} + slack {} = {}",
            grouped(block.asked),
            grouped(block.header),
            grouped(block.slack),
            bytes(block.bytes)
        ),
        BlockState::Free | BlockState::Control | BlockState::Damaged => bytes(block.bytes),
    }
}

/// What freeing it, or filling it, would do.
pub(super) fn consequence(scene: &Scene<'_>, block: &BlockCard) -> String {
    match block.state {
        BlockState::Free => {
            format!(
                "holds a request of up to {}",
                bytes(block.bytes.saturating_sub(8))
            )
        }
        BlockState::Control => "the heap's own memory: it stays as long as the heap".to_owned(),
        BlockState::Damaged => {
            scene.spell("its header cannot be read: {heap-validate} says what is wrong")
        }
        BlockState::Large if block.pins > 0 => {
            format!(
                "in a region of its own: freeing it returns {} at once",
                size(block.pins)
            )
        }
        BlockState::Busy if block.pins > 0 => {
            format!("pins {} that _heapmin could return", size(block.pins))
        }
        BlockState::Busy | BlockState::Large => "pins no page by itself".to_owned(),
    }
}

pub(super) fn before(block: &BlockCard) -> Option<String> {
    block.before.as_ref().map(|before| neighbour(block, before))
}

pub(super) fn behind(block: &BlockCard) -> Option<String> {
    block.behind.as_ref().map(|behind| neighbour(block, behind))
}

fn neighbour(block: &BlockCard, neighbour: &Neighbour) -> String {
    let what = match (&neighbour.name, neighbour.state) {
        (Some(name), _) => name.clone(),
        (None, BlockState::Free) => "hole".to_owned(),
        (None, state) => state_word(state).to_lowercase(),
    };
    let both_free = block.state == BlockState::Free && neighbour.state == BlockState::Free;
    let apart = if both_free { ", not merged" } else { "" };
    format!("{what} {}{apart}", size(neighbour.bytes))
}

pub(super) const fn state_word(state: BlockState) -> &'static str {
    match state {
        BlockState::Busy => "BUSY",
        BlockState::Free => "FREE",
        BlockState::Large => "LARGE",
        BlockState::Control => "CONTROL",
        BlockState::Damaged => "DAMAGED",
    }
}

/// The list of a free block and its neighbours there: `on list 80 B: between 0x00720 and the end`.
pub(super) fn links(block: &BlockCard) -> Option<String> {
    let links = block.links.as_ref()?;
    let before = match (links.before, links.beyond) {
        (Some(before), _) => format!("behind {}", address(before)),
        (None, Some(others)) => format!("behind {} others or more", grouped(others)),
        (None, None) => "tried first".to_owned(),
    };
    let behind = links.behind.map_or_else(
        || "last".to_owned(),
        |behind| format!("before {}", address(behind)),
    );
    Some(format!("on {}: {before}, {behind}", links.list))
}

/// The name of the field that must fit the others.
const CHECK: &str = "check";

/// The fields of a header by name; nothing where they were not read.
fn fields_of(block: &BlockCard) -> Vec<(&'static str, String)> {
    let fields = &block.fields;
    if *fields == HeaderFields::default() {
        return Vec::new();
    }
    let flags = if fields.flags.is_empty() {
        "none".to_owned()
    } else {
        fields.flags.join(" ")
    };
    let mut named = vec![
        ("size", format!("{} x 16 B", grouped(fields.size))),
        ("unused", bytes(fields.unused)),
        ("flags", flags),
    ];
    named.extend(fields.others.iter().cloned());
    if !named.iter().any(|(name, _)| *name == CHECK) {
        let check = if fields.valid { "fits" } else { "does NOT fit" };
        named.push((CHECK, check.to_owned()));
    }
    named
}

/// The header in one line; a block of its own has no more.
pub(super) fn header_line(block: &BlockCard) -> Vec<String> {
    let fields = fields_of(block);
    if fields.is_empty() {
        return Vec::new();
    }
    let named: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    vec![format!(
        "header {:#018x}: {}",
        block.fields.raw,
        named.join(", ")
    )]
}

/// The header, a field a line.
pub(super) fn header_table(scene: &Scene<'_>, block: &BlockCard) -> Vec<Line<'static>> {
    let fields = fields_of(block);
    if fields.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![Line::from(vec![
        scene.span(Role::Overhead, "header "),
        scene.span(Role::Text, format!("{:#018x}", block.fields.raw)),
    ])];
    // A header's first half holds the end of the block before: that is why a block costs 8 bytes and not 16.
    if block.header == super::SHARED {
        let words = "  its 8 bytes before these belong to the block before";
        lines.push(Line::from(scene.span(Role::Faint, words)));
    }
    lines.extend(fields.into_iter().map(|(name, value)| {
        let bad = name == CHECK && !block.fields.valid;
        Line::from(vec![
            scene.span(Role::Faint, format!("  {name:<14}")),
            scene.span(if bad { Role::Bad } else { Role::Text }, value),
        ])
    }));
    lines
}
