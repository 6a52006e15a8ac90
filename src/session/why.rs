//! Why a request did not get what it asked for, in words.

use crate::heap::{
    AllocError, Block, Core, Direct, Entry, Flags, GRANULE, Header, MAX_GRANULES, Misuse,
    granules_for, overhead,
};
use crate::view::{self, Figures};

use super::session::Slot;
use super::words::{address, count, exact, rough};

/// The call that failed, as far as its words need it.
#[derive(Clone, Copy)]
pub(super) struct Request {
    /// The pointer it was given, as an offset.
    pub(super) payload: Option<u64>,
    /// Bytes asked for.
    pub(super) size: u64,
    /// Flags of the call.
    pub(super) flags: Flags,
}

/// The free memory of a heap at one moment.
#[derive(Clone, Copy)]
pub(super) struct Holes {
    figures: Figures,
    /// The largest hole that there would be if all free neighbours were joined.
    merged: u64,
}

impl Holes {
    pub(super) fn of(slot: &Slot, figures: Figures) -> Holes {
        let merged = if figures.unmerged_pairs == 0 {
            figures.largest_free
        } else {
            slot.heap.look(largest_run)
        };
        Holes { figures, merged }
    }

    /// Whether joining waiting neighbours would make a hole of `need` bytes.
    fn merging(&self, need: u64) -> String {
        if self.figures.unmerged_pairs == 0 {
            return String::new();
        }
        let pairs = count(self.figures.unmerged_pairs, "unmerged pair");
        let most = self.merged;
        if most >= need {
            format!(
                "; merging its {pairs} (K) would make one of {}",
                exact(most)
            )
        } else {
            format!(
                "; merging its {pairs} (K) would make {} at most",
                exact(most)
            )
        }
    }
}

impl Slot {
    /// Bytes of the block that a request needs, header included.
    pub(super) fn need(&self, size: u64, call: Flags) -> u64 {
        let extra = overhead(self.heap.settings().flags | call);
        granules_for(size, extra).unwrap_or(u64::MAX / GRANULE) * GRANULE
    }

    /// Why the last call that failed did.
    pub(super) fn why(&self, request: Request) -> String {
        self.heap.last_failure().map_or_else(
            || "the call was refused; nothing changed".to_owned(),
            |error| self.why_error(&error, request),
        )
    }

    /// Why a call fails with `error`.
    pub(super) fn why_error(&self, error: &AllocError, request: Request) -> String {
        let figures = view::figures(&self.heap);
        let need = self.need(request.size, request.flags);
        let no_hole = || self.no_hole(need, &Holes::of(self, figures));
        match error {
            AllocError::Full => {
                let room = if figures.committed < figures.reserved {
                    format!(
                        "of its {} {} are committed, and what is left has no room for it",
                        rough(figures.reserved),
                        rough(figures.committed)
                    )
                } else {
                    format!("all of its {} are committed", rough(figures.reserved))
                };
                format!("{}; the heap is of fixed size: {room}", no_hole())
            }
            AllocError::Commit(refused) => format!(
                "{}, and the commit limit of {} allows no more: {} are committed in all, {} more are asked for",
                no_hole(),
                rough(refused.limit),
                rough(refused.used),
                rough(refused.wanted)
            ),
            AllocError::TooLargeForFixed => {
                format!("{error}; in a growable heap it would get a region of its own")
            }
            AllocError::InPlace => {
                let behind = request
                    .payload
                    .and_then(|payload| self.behind(payload, need));
                format!(
                    "{error}: {}; it is as it was",
                    behind.unwrap_or_else(|| "no room is behind it".to_owned())
                )
            }
            AllocError::Misuse(misuse) => {
                let why = self.misuse(*misuse, request.payload);
                let hint = if *misuse == Misuse::Freed {
                    " (with checks off it would go through)"
                } else {
                    ""
                };
                format!("{why}; nothing changed{hint}")
            }
            AllocError::Strayed(_) => {
                format!("{error}: a program would end here; what it did until then stays done")
            }
            other => format!("{other}; nothing changed"),
        }
    }

    /// `no hole of 4,104 B (30 KiB free in 12 holes, biggest 80 B)`, and whether merging would help.
    pub(super) fn no_hole(&self, need: u64, holes: &Holes) -> String {
        let figures = &holes.figures;
        if need > MAX_GRANULES * GRANULE {
            return format!(
                "{} is too large for a hole of a segment: it needs a region of its own",
                rough(need)
            );
        }
        if figures.holes == 0 {
            return format!("no hole of {} (nothing is free)", exact(need));
        }
        format!(
            "no hole of {} ({} free in {}, biggest {}{})",
            exact(need),
            rough(figures.free_bytes),
            count(figures.holes, "hole"),
            exact(figures.largest_free),
            holes.merging(need)
        )
    }

    /// What stands behind a block that should grow to `need` bytes where it is.
    fn behind(&self, payload: u64, need: u64) -> Option<String> {
        let block = Block::of_payload(payload)?;
        let (from, to) = view::extent(&self.heap, block.address())?;
        let short = need.saturating_sub(to - from);
        let behind = self.heap.look(|core| {
            let behind = core.neighbour_behind(block)?;
            Some((behind, core.header_at(behind)))
        });
        let what = match behind {
            None => "no block stands behind it, and what is not committed there is too little or out of reach".to_owned(),
            Some((behind, header)) if header.is_free() => {
                let bytes = header.size() * GRANULE;
                format!("the hole of {} behind it is too small", self.hole(behind, bytes))
            }
            Some((behind, _)) => format!("{} stands behind it", self.called(behind.address())),
        };
        Some(format!("{} more are needed, and {what}", exact(short)))
    }

    fn hole(&self, hole: Block, bytes: u64) -> String {
        format!("{} at {}", exact(bytes), address(hole.address()))
    }

    /// A block as people name it: `b3`, or `a busy block at 0x01230`.
    pub(super) fn called(&self, block: u64) -> String {
        match self.names.owner(block + GRANULE) {
            Some(owned) => owned.name.to_string(),
            None => format!("a busy block at {}", address(block)),
        }
    }

    /// Why a pointer is not one of a busy block.
    pub(super) fn misuse(&self, misuse: Misuse, payload: Option<u64>) -> String {
        let inside = payload.filter(|_| matches!(misuse, Misuse::Misaligned | Misuse::NoBlock));
        let inside = inside.map_or_else(String::new, |payload| self.inside(payload));
        format!("{misuse}{inside}")
    }

    /// What covers the place that a wrong pointer leads to.
    fn inside(&self, payload: u64) -> String {
        let Some((from, to)) = view::extent(&self.heap, payload) else {
            return String::new();
        };
        let header = |core: Core<'_, Direct<'_>>| Block::at(from).map(|at| core.header_at(at));
        let what = match self.heap.look(header) {
            Some(header) if header.has(Header::RANGE) => return String::new(),
            Some(header) if header.is_free() => format!("a hole of {}", exact(to - from)),
            _ => self.called(from),
        };
        let payload_begins = from + GRANULE;
        if payload < payload_begins {
            return format!(", it lies in the header of {what}");
        }
        format!(
            ", it lies {} behind the first byte of {what}",
            exact(payload - payload_begins)
        )
    }
}

/// The most bytes that free blocks next to each other have together.
fn largest_run(core: Core<'_, Direct<'_>>) -> u64 {
    let (mut most, mut run, mut end) = (0, 0, None);
    for entry in core.walk() {
        let Entry::Block(block, header) = entry else {
            continue;
        };
        if !header.is_free() {
            run = 0;
            continue;
        }
        let bytes = header.size() * GRANULE;
        run = if end == Some(block.address()) { run } else { 0 } + bytes;
        end = Some(block.address() + bytes);
        most = most.max(run);
    }
    most
}
