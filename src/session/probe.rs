//! `probe`: where a request would land, which holes were looked at on the way, and how the heap would grow.

use crate::heap::{Block, Core, Event, Flags, GRANULE, Growth, MIN_GRANULES, Policy, Traced};
use crate::view;

use super::frame::{Answer, Tone};
use super::session::{Session, Slot};
use super::why::{Holes, Request};
use super::words::{address, count, exact, rough};

/// Holes that are told one by one.
const TOLD: usize = 6;
/// Holes kept at most; those beyond are counted.
const KEPT: usize = 1000;

/// A hole that was looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Tried {
    hole: Block,
    bytes: u64,
}

/// A search for a hole, as the allocator makes it.
struct Search {
    need: u64,
    tried: Vec<Tried>,
    /// Looked at beyond those.
    more: u64,
    found: Option<Tried>,
}

impl Session {
    pub(super) fn probe(&mut self, size: u64) -> Answer {
        let here = self.here();
        let slot = self.at(&here);
        let search = Search::of(slot, size);
        let landing = match search.found {
            Some(found) => landing(found, search.need),
            None => self.no_landing(slot, size, search.need),
        };
        let looked = search.looked(slot.heap.settings().policy);
        let words = format!("needs {}: {landing}{looked}", exact(search.need));
        let answer = Answer {
            tone: Tone::Note,
            ..Answer::done(format!("probe {size} (heapwalk's own)"), words)
        };
        answer.about(search.found.map(|found| found.hole.address()))
    }

    /// Why no hole will do, and what the heap would do then.
    fn no_landing(&self, slot: &Slot, size: u64, need: u64) -> String {
        let growth = slot.heap.look(|core| core.growth_for(size, Flags::NONE));
        let growth = match growth {
            Ok(growth) => growth,
            Err(error) => {
                let request = Request {
                    payload: None,
                    size,
                    flags: Flags::NONE,
                };
                return format!("would fail: {}", slot.why_error(&error, request));
            }
        };
        let (how, bytes) = match growth {
            Growth::Extend { address: at, bytes } => (
                format!("would commit {} more from {} on", rough(bytes), address(at)),
                bytes,
            ),
            Growth::Segment {
                address: at,
                reserve,
                bytes,
            } => (
                format!(
                    "would add a segment at {}, reserving {} and committing {}",
                    address(at),
                    rough(reserve),
                    rough(bytes)
                ),
                bytes,
            ),
            Growth::Large { address: at, bytes } => (
                format!("would commit {} at {}", rough(bytes), address(at)),
                bytes,
            ),
        };
        let (used, limit) = (self.limit.used(), self.limit.limit());
        let refused = if used.saturating_add(bytes) > limit {
            format!(
                ", which the commit limit of {} refuses: {} are committed in all",
                rough(limit),
                rough(used)
            )
        } else {
            String::new()
        };
        let holes = Holes::of(slot, view::figures(&slot.heap));
        format!("{}; the heap {how}{refused}", slot.no_hole(need, &holes))
    }
}

impl Search {
    /// Searches as an allocation would. Takes no lock and counts nothing: a probe changes nothing.
    fn of(slot: &Slot, size: u64) -> Search {
        let traced = Traced::new(slot.heap.memory(), KEPT)
            .only(|event| matches!(event, Event::Probe { .. }));
        let core = Core::new(&traced, slot.heap.layout());
        let found = core.probe(size, Flags::NONE);
        let found = found.map(|hole| Tried {
            hole,
            bytes: core.header_at(hole).size() * GRANULE,
        });
        let (events, more) = traced.finish();
        let tried = events.iter().filter_map(|event| match event {
            Event::Probe { block, size, .. } => Some(Tried {
                hole: *block,
                bytes: size * GRANULE,
            }),
            _ => None,
        });
        Search {
            need: slot.need(size, Flags::NONE),
            tried: tried.collect(),
            more,
            found,
        }
    }

    /// Which holes were looked at, in order, and why each was not taken.
    fn looked(&self, policy: Policy) -> String {
        let total = self.tried.len() as u64 + self.more;
        if total == 0 {
            return String::new();
        }
        let told: Vec<String> = self
            .tried
            .iter()
            .take(TOLD)
            .map(|tried| self.verdict(*tried, policy))
            .collect();
        let rest = total - told.len() as u64;
        let rest = match rest {
            0 => String::new(),
            _ => format!(", and {} more", super::words::grouped(rest)),
        };
        format!(
            "; {} looked at: {}{rest}",
            count(total, "hole"),
            told.join(", ")
        )
    }

    fn verdict(&self, tried: Tried, policy: Policy) -> String {
        let hole = format!(
            "{} of {}",
            address(tried.hole.address()),
            exact(tried.bytes)
        );
        let Some(short) = self
            .need
            .checked_sub(tried.bytes)
            .filter(|&short| short > 0)
        else {
            return format!("{hole} {}", self.fitting(tried, policy));
        };
        format!("{hole} is too small by {}", exact(short))
    }

    /// What a hole that is large enough was passed over for.
    fn fitting(&self, tried: Tried, policy: Policy) -> String {
        match self.found {
            Some(found) if found == tried => "is taken".to_owned(),
            Some(found) if found.bytes < tried.bytes => format!(
                "is larger than the one taken by {}",
                exact(tried.bytes - found.bytes)
            ),
            Some(found) if found.bytes > tried.bytes => format!(
                "is smaller than the one taken by {} ({policy})",
                exact(found.bytes - tried.bytes)
            ),
            Some(_) => "is as large as the one taken, which was freed later".to_owned(),
            None => "is damaged".to_owned(),
        }
    }
}

/// Where the request would go, and what it would leave.
fn landing(found: Tried, need: u64) -> String {
    let rest = found.bytes.saturating_sub(need);
    let leaves = match rest {
        0 => "all of it".to_owned(),
        rest if rest < MIN_GRANULES * GRANULE => {
            format!("all of it, with {} too few to stay a hole", exact(rest))
        }
        rest => format!("and {} stay free", exact(rest)),
    };
    format!(
        "would go to {}, a hole of {}, {leaves}",
        address(found.hole.address()),
        exact(found.bytes)
    )
}
