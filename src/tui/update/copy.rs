//! What `y` copies: a line about what has the focus.

use crate::session::frame::Frame;
use crate::tui::action::Screen;
use crate::tui::message::Effect;
use crate::tui::numbers::{address, bytes, grouped};
use crate::tui::pane::{self, Opened};
use crate::tui::panes::Pane;
use crate::tui::state::State;
use crate::view::{BlockCard, BlockState};

use super::Update;

impl Update<'_> {
    pub(super) fn copy(&mut self) {
        let key = self.screen_key(Screen::Copy);
        match text(self.state, self.frame) {
            Some(text) => {
                self.echo(key, &text);
                self.effects.push(Effect::Copy(text));
            }
            None => self.echo(key, "nothing is chosen here that could be copied"),
        }
    }
}

/// What is chosen where the focus is, as a line of text.
fn text(state: &State, frame: &Frame) -> Option<String> {
    let picture = &frame.picture;
    let list = &state.lists[state.focus as usize];
    let at = |chosen: u64, top: u64| usize::try_from(chosen.checked_sub(top)?).ok();
    match state.focus {
        Pane::Map | Pane::Block => picture.selected.as_ref().map(block),
        Pane::Time => Some(memory(frame)),
        Pane::Log => {
            let answer = frame.log.iter().rev().nth(at(list.chosen, 0)?)?;
            let parts = [&answer.call, &answer.words].map(String::as_str);
            let said: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            Some(said.join(": "))
        }
        Pane::FreeList => {
            let free = picture.free_list.as_ref()?;
            let entry = free.entries.get(at(list.chosen, free.top)?)?;
            Some(format!(
                "hole {} {}, number {} of {}",
                address(entry.address),
                bytes(entry.bytes),
                entry.position + 1,
                entry.list
            ))
        }
        Pane::Pins => {
            let pins = picture.pins.as_ref()?;
            let pin = pins.pins.get(at(list.chosen, pins.top)?)?;
            Some(format!(
                "{} {} {}: freeing it lets _heapmin return {} more",
                pin.name.as_deref().unwrap_or("block"),
                address(pin.address),
                bytes(pin.bytes),
                bytes(pin.returns)
            ))
        }
        Pane::Fragmentation => match pane::opened(Pane::Fragmentation, frame, list.chosen)? {
            Opened::Line(line) => Some(line),
            Opened::Block(_) => None,
        },
        Pane::Threads => pane::threads::text(frame, list.chosen),
        Pane::Returned => {
            let returned = frame.returned.iter().rev().nth(at(list.top, 0)?)?;
            Some(format!(
                "operation {}: returned {} ({})",
                grouped(returned.at),
                bytes(returned.bytes),
                returned.cause.name()
            ))
        }
        Pane::Interleave => frame.interleaved.as_ref().map(|calls| {
            let [one, two] = &calls.sides;
            format!(
                "interleave {{ {} }} {{ {} }} order={}",
                one.call, two.call, calls.order
            )
        }),
        Pane::Play => frame.played.as_ref().and_then(|played| {
            let at = usize::try_from(played.at.checked_sub(played.first)?).ok()?;
            Some(format!("{}: {}", played.call, played.rows.get(at)?))
        }),
        Pane::Bytes => {
            let shown = picture.bytes.as_ref()?;
            let row = shown.rows.first()?;
            let hex = row.bytes.as_ref()?.iter().map(|byte| format!("{byte:02x}"));
            let hex: Vec<String> = hex.collect();
            Some(format!("{}: {}", address(row.address), hex.join(" ")))
        }
    }
}

/// Name, address, size and state.
fn block(card: &BlockCard) -> String {
    let state = match card.state {
        BlockState::Busy => "busy",
        BlockState::Free => "free",
        BlockState::Large => "large",
        BlockState::Control => "control",
        BlockState::Damaged => "damaged",
    };
    let name = card
        .name
        .as_ref()
        .map_or_else(String::new, |name| format!("{name} "));
    let asked = if matches!(card.state, BlockState::Busy | BlockState::Large) {
        format!(", asked {}", grouped(card.asked))
    } else {
        String::new()
    };
    format!(
        "{name}{} {} {state}{asked}",
        address(card.address),
        bytes(card.bytes)
    )
}

/// The line that adds up.
fn memory(frame: &Frame) -> String {
    let memory = &frame.picture.memory;
    if !frame.picture.counters_fit() {
        return "the counters of the heap do not fit each other".to_owned();
    }
    let parts = [
        ("live", memory.live),
        ("slack", memory.slack),
        ("headers", memory.headers),
        ("control", memory.control),
        ("returnable", memory.holes_returnable),
        ("pinned", memory.holes_pinned),
    ];
    let sum: Vec<String> = parts
        .iter()
        .map(|(name, part)| format!("{name} {}", grouped(*part)))
        .collect();
    format!(
        "{} = committed {}",
        sum.join(" + "),
        bytes(memory.committed)
    )
}
