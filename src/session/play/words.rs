//! A plain sentence for each step of a call that is played.

use crate::heap::{Block, Event, GRANULE, Header, Keeps, Written};
use crate::lab::{Deed, Outcome, SlowCall, SmallStep, Stored};
use crate::os::PAGE;
use crate::session::words::{address, count, exact, rough};

/// What a step does.
pub(super) fn sentence(slow: &SlowCall, step: &SmallStep) -> String {
    match step.deed {
        Deed::Told(Event::Header(block)) => header(slow, step, block),
        Deed::Told(event) => told(event),
        Deed::Bits => bits(slow.stored(step)),
        Deed::Counts => changed(slow.stored(step)),
        Deed::Units => format!(
            "the map of address space is written for {}",
            count(slow.stored(step).count() as u64, "unit")
        ),
        Deed::Answer => answered(slow.outcome()),
    }
}

/// The words that a step writes, each by its name: `head of list 0x00005: 0x00770`.
pub(super) fn stored(slow: &SlowCall, step: &SmallStep, most: usize) -> Vec<String> {
    let line = |stored: Stored| {
        let Stored { part, old, new, .. } = stored;
        format!("{part}: {} -> {}", part.value(old), part.change(old, new))
    };
    let mut lines: Vec<String> = slow.stored(step).take(most).map(line).collect();
    let all = slow.stored(step).count();
    if all > most {
        lines.push(format!("and {}", count((all - most) as u64, "word")));
    }
    lines
}

fn size(granules: u64) -> String {
    exact(granules * GRANULE)
}

fn at(block: Block) -> String {
    address(block.address())
}

fn told(event: Event) -> String {
    match event {
        Event::Request { bytes, need } => format!(
            "{} and a header need {}, {} of {GRANULE} B",
            exact(bytes),
            size(need),
            count(need, "granule")
        ),
        Event::Lists {
            need,
            found: Some(of),
        } if of == need => {
            format!("the list of holes of {} is not empty", size(of))
        }
        Event::Lists {
            need,
            found: Some(of),
        } => format!(
            "no hole of {}: the next list that is not empty has holes of {}",
            size(need),
            size(of)
        ),
        Event::Lists { need, found: None } => format!(
            "no list of one size can serve {}: on to the tree of larger holes",
            size(need)
        ),
        Event::Probe {
            block,
            size: of,
            need: 0,
        } => {
            format!(
                "hole at {}, {}: looked at for the largest",
                at(block),
                size(of)
            )
        }
        Event::Probe {
            block,
            size: of,
            need,
        } if of < need => format!(
            "hole at {}, {}: too small for {}",
            at(block),
            size(of),
            size(need)
        ),
        Event::Probe {
            block,
            size: of,
            need,
        } => format!(
            "hole at {}, {}: large enough for {}",
            at(block),
            size(of),
            size(need)
        ),
        Event::Choice {
            block,
            size: of,
            need,
        } if of == need => {
            format!("the hole at {} is chosen: it fits exactly", at(block))
        }
        Event::Choice {
            block,
            size: of,
            need,
        } => format!(
            "the hole at {} is chosen: {} for {}",
            at(block),
            size(of),
            size(need)
        ),
        Event::NoFit { need } => format!("no hole can hold {}", size(need)),
        Event::Found { block, size: 0 } => {
            format!("the pointer leads to the large block at {}", at(block))
        }
        Event::Found { block, size: of } => format!(
            "the pointer leads to the block at {}, {}",
            at(block),
            size(of)
        ),
        Event::Check(block) => format!(
            "headers and links around {} are checked: they agree",
            at(block)
        ),
        Event::Neighbour {
            block,
            with,
            size: of,
            free,
        } => neighbour(block, with, of, free),
        Event::Header(block) => format!("the header of {} is written", at(block)),
        Event::Write { from, bytes, what } => written(from, bytes, what),
        Event::Split {
            block,
            size: of,
            rest,
        } => format!(
            "the hole at {} is cut: {} are taken, {} stay free",
            at(block),
            size(of),
            size(rest)
        ),
        Event::Link(block) => format!("the hole at {} is put on the list of its size", at(block)),
        Event::Unlink(block) => format!("the hole at {} is taken off its list", at(block)),
        Event::Merge { block, with } => {
            format!("{} and {} are joined: one hole", at(block), at(with))
        }
        Event::Commit { page, pages } => format!(
            "{} from {} committed: {} more",
            count(pages, "page"),
            address(page * PAGE),
            rough(pages * PAGE)
        ),
        Event::Decommit { page, pages } => format!(
            "{} from {} given back to the system: {}",
            count(pages, "page"),
            address(page * PAGE),
            rough(pages * PAGE)
        ),
        Event::Range(block) => format!(
            "the uncommitted pages behind {} are put on their list",
            at(block)
        ),
        Event::RangeGone(block) => format!(
            "the uncommitted pages behind {} are taken off their list",
            at(block)
        ),
        Event::Region(from) => format!(
            "addresses from {} on are taken for more memory",
            address(from)
        ),
        Event::RegionGone(from) => {
            format!("the addresses from {} on are free again", address(from))
        }
    }
}

fn neighbour(block: Block, with: Block, of: u64, free: bool) -> String {
    let side = if with < block { "before" } else { "behind" };
    let found = match free {
        true => "is free: it is to be joined",
        false => "is busy: nothing to join",
    };
    format!("the block {side}, at {}, {}, {found}", at(with), size(of))
}

fn written(from: u64, bytes: u64, what: Written) -> String {
    let with = match what {
        Written::Stamp => "the block's stamp",
        Written::Zero => "zeroes",
        Written::Fresh => "the pattern of fresh memory",
        Written::Freed => "the pattern of freed memory",
        Written::Tail => "the pattern behind a payload",
        Written::Copy => "what the old block held",
    };
    format!(
        "{} from {} are written with {with}",
        exact(bytes),
        address(from)
    )
}

/// A header that is written: what it says then, or that only the size of the block before has changed.
fn header(slow: &SlowCall, step: &SmallStep, block: Block) -> String {
    let stored = slow
        .stored(step)
        .find(|stored| stored.part.keeps() == Keeps::Blocks);
    let Some(Stored { old, new, .. }) = stored else {
        return told(Event::Header(block));
    };
    let (old, new) = (Header(old), Header(new));
    let place = at(block);
    if old == new {
        return format!("the header of {place} stays as it is");
    }
    if new == Header(0) {
        return format!("the header of {place} is wiped out");
    }
    let same = (old.size(), old.flags(), old.unused()) == (new.size(), new.flags(), new.unused());
    if same && old.is_valid() {
        return format!(
            "the header of {place} now says: {} before it",
            size(new.previous())
        );
    }
    let state = match (new.has(Header::RANGE), new.is_free()) {
        (true, _) => "hidden, before uncommitted pages",
        (_, true) => "free",
        _ => "busy",
    };
    format!(
        "the header of {place} now says: {state}, {}",
        size(new.size())
    )
}

/// What the bitmaps say now that they did not.
fn bits(stored: impl Iterator<Item = Stored>) -> String {
    let mut said: Vec<String> = Vec::new();
    for stored in stored {
        let what = stored.part.to_string();
        let change = stored.part.change(stored.old, stored.new);
        let is_starts = what.starts_with("start");
        for word in change.split(' ') {
            said.push(match (is_starts, word.split_at_checked(1)) {
                (true, Some(("+", at))) => format!("a block starts at {at}"),
                (true, Some(("-", at))) => format!("none starts at {at}"),
                (false, Some(("+", at))) => format!("{at} is busy"),
                (false, Some(("-", at))) => format!("{at} is free"),
                _ => continue,
            });
        }
    }
    match said.is_empty() {
        true => "bitmaps: as they were".to_owned(),
        false => format!("bitmaps: {}", said.join(", ")),
    }
}

/// Words beside the blocks, each with its last value.
fn changed(stored: impl Iterator<Item = Stored>) -> String {
    let mut said: Vec<(String, String)> = Vec::new();
    for Stored { part, new, .. } in stored {
        let (name, value) = (part.to_string(), part.value(new));
        match said.iter_mut().find(|(other, _)| *other == name) {
            Some((_, last)) => *last = value,
            None => said.push((name, value)),
        }
    }
    let said: Vec<String> = said
        .iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    said.join("; ")
}

fn answered(outcome: &Outcome) -> String {
    let what = match outcome {
        Outcome::Placed(Ok(placed)) => address(placed.payload),
        Outcome::Resized(Ok(resized)) => address(resized.payload),
        Outcome::Freed(Ok(_)) => "TRUE".to_owned(),
        Outcome::Compacted(Ok(done)) => done.largest.to_string(),
        Outcome::Minimized(Ok(done)) => format!("{} given back", count(done.pages, "page")),
        Outcome::Placed(Err(error)) | Outcome::Freed(Err(error)) | Outcome::Resized(Err(error)) => {
            return format!("the call fails: {error}");
        }
        Outcome::Compacted(Err(finding)) => return format!("the call fails: {finding}"),
        Outcome::Minimized(Err(error)) => return format!("the call fails: {error}"),
        Outcome::Validated(..) | Outcome::Endless => return "the call ends".to_owned(),
    };
    format!("the call answers {what}")
}
