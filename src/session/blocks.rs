//! Commands that allocate and resize blocks.

use crate::api::{self, Exception};
use crate::heap::{Block, Event, Flags, GRANULE};
use crate::view::{self, Mark};

use super::frame::Answer;
use super::name::{Name, Names, Operand};
use super::session::{Here, LastCall, Session, Slot};
use super::why::{Holes, Request};
use super::words::{Moment, address, change, count, exact, flags_text, more, rough, times};

/// The bytes of a block that a command was about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) from: u64,
    pub(super) to: u64,
}

/// A pointer that a call is given: the name it was told by, if any, and its offset.
pub(super) type Pointer = (Option<Name>, u64);

/// Blocks that one command may name; a workload makes more, and can be stopped.
const MOST_NAMES: u64 = 1_000_000;

/// What a series of calls did.
#[derive(Default)]
pub(super) struct Series {
    pub(super) done: u64,
    pub(super) failed: u64,
    /// Payloads of the first and the last block.
    pub(super) first: Option<u64>,
    last: u64,
    pub(super) exception: Option<Exception>,
    /// Blocks whose names other blocks have now: the first of them, and how many.
    displaced: (Option<(Name, u64)>, u64),
    /// Blocks that were handed out although they had names: the first of those, where, and how many.
    twice: (Option<(Name, u64)>, u64),
}

impl Series {
    fn add(&mut self, payload: u64) {
        self.done += 1;
        self.first = self.first.or(Some(payload));
        self.last = payload;
    }

    /// Takes in what a call that answers with a pointer answered.
    fn answered(&mut self, result: Result<usize, Exception>) -> Option<usize> {
        match result {
            Ok(0) => self.failed += 1,
            Ok(address) => return Some(address),
            Err(exception) => {
                self.failed += 1;
                self.exception = Some(exception);
            }
        }
        None
    }

    /// Says what is odd about the names: which blocks lost theirs, which have two.
    fn names_words(&self) -> String {
        self.twice_words() + &self.displaced_words()
    }

    /// Says which pointers were handed out twice.
    fn twice_words(&self) -> String {
        match &self.twice {
            (None, _) => String::new(),
            (Some((name, payload)), 1) => format!(
                "; {} IS HANDED OUT TWICE: it is also {name}, and both will write there",
                address(*payload)
            ),
            (Some((name, payload)), count) => format!(
                "; {count} POINTERS ARE HANDED OUT TWICE: the first, {}, is also {name}",
                address(*payload)
            ),
        }
    }

    /// Says which blocks have no name any more.
    fn displaced_words(&self) -> String {
        match &self.displaced {
            (None, _) => String::new(),
            (Some((name, payload)), 1) => format!(
                "; {name} named {} before; that block has no name now",
                address(*payload)
            ),
            (_, count) => {
                format!("; {count} of these names had blocks before, which have no name now",)
            }
        }
    }
}

/// What the answer to an allocation is worded from.
struct Allocated<'a> {
    here: &'a Here,
    names: &'a Names,
    request: Request,
    series: &'a Series,
    before: Moment,
    /// The holes before.
    holes: Holes,
    after: Moment,
    call: String,
}

/// Pointers as C writes them.
pub(super) fn pointer_text(what: &Operand) -> String {
    match what {
        Operand::Null => "NULL".to_owned(),
        other => other.to_string(),
    }
}

impl Here {
    /// The bytes of the block with this payload.
    pub(super) fn extent(&self, payload: u64) -> Option<Extent> {
        let block = Block::of_payload(payload)?;
        let (from, to) = view::extent(&self.heap, block.address())?;
        Some(Extent { from, to })
    }

    /// The offset of a real address.
    fn offset(&self, address: usize) -> u64 {
        (address as u64).wrapping_sub(self.handle as u64)
    }

    /// The real address of an offset.
    pub(super) fn address(&self, offset: u64) -> usize {
        (self.handle as u64).wrapping_add(offset) as usize
    }
}

impl Slot {
    /// The live blocks that `names` means, or the answer that there is none.
    pub(super) fn select(&self, names: &Names) -> Result<Vec<(Name, u64)>, Answer> {
        let found = self.names.select(names);
        if !found.is_empty() {
            return Ok(found);
        }
        let known = self.names.some(5);
        let hint = if known.is_empty() {
            "no block has a name yet".to_owned()
        } else {
            format!("known: {}", known.join(", "))
        };
        Err(Answer::refused(format!(
            "no live block is called {names}; {hint}"
        )))
    }

    /// The pointers that an operand means; none for NULL.
    pub(super) fn pointers(&self, what: &Operand) -> Result<Vec<Pointer>, Answer> {
        match what {
            Operand::Names(names) => {
                let found = self.select(names)?.into_iter();
                Ok(found.map(|(name, payload)| (Some(name), payload)).collect())
            }
            Operand::Address(address) => Ok(vec![(None, *address)]),
            Operand::Null => Ok(Vec::new()),
        }
    }

    /// The same as offsets alone.
    pub(super) fn operand(&self, what: &Operand) -> Result<Vec<u64>, Answer> {
        let pointers = self.pointers(what)?;
        Ok(pointers.into_iter().map(|(_, payload)| payload).collect())
    }
}

impl Session {
    /// A call that failed: its result and the last error, or the exception that it would have raised.
    pub(super) fn failed_or_raised(
        &self,
        call: &str,
        result: &str,
        exception: Option<Exception>,
    ) -> String {
        match exception {
            Some(exception) => format!("{call}: {exception}"),
            None => self.failed(call, result),
        }
    }

    pub(super) fn alloc(&mut self, names: &Names, size: u64, flags: Flags) -> Answer {
        if let Some(answer) = too_many(names) {
            return answer;
        }
        let here = self.here();
        let before = Moment::of(&here.heap);
        let holes = Holes::of(self.at(&here), before.figures);
        let mut series = Series::default();
        for name in names.each(0) {
            if self.is_bound() {
                break;
            }
            self.operations += 1;
            let result = self.process.HeapAlloc(here.handle, flags.0, size as usize);
            let Some(address) = series.answered(result) else {
                self.note_call(here.number, true);
                // The first failure says what the next would.
                break;
            };
            self.note_call(here.number, false);
            let payload = here.offset(address);
            series.add(payload);
            self.name_block(&here, name, payload, &mut series);
            if let Some(Extent { from, to }) = here.extent(payload) {
                self.marks.add(from, to, Mark::New);
            }
        }
        self.touch(here.number);
        self.next_size = size;
        self.last = LastCall {
            result: i64::from(series.failed == 0),
            merged: 0,
        };
        let allocated = Allocated {
            here: &here,
            names,
            request: Request {
                payload: None,
                size,
                flags,
            },
            series: &series,
            before,
            holes,
            after: Moment::of(&here.heap),
            call: format!("HeapAlloc(heap, {}, {size})", flags_text(flags)),
        };
        self.alloc_answer(&allocated)
    }

    /// Names a new block; the block that bore the name is noted.
    fn name_block(&mut self, here: &Here, name: Name, payload: u64, series: &mut Series) {
        let born = self.operations;
        let Some(table) = self.names_mut(here.number) else {
            return;
        };
        if let Some(old) = table.payload(&name).filter(|&old| old != payload) {
            let (first, count) = &mut series.displaced;
            first.get_or_insert_with(|| (name.clone(), old));
            *count += 1;
        }
        let other = table.owner(payload).map(|other| other.name);
        if let Some(other) = other.filter(|other| *other != name) {
            let (first, count) = &mut series.twice;
            first.get_or_insert((other, payload));
            *count += 1;
        }
        table.insert(&name, payload, born);
    }

    fn alloc_answer(&mut self, allocated: &Allocated<'_>) -> Answer {
        let Allocated {
            here, series, call, ..
        } = allocated;
        let extent = series.first.and_then(|payload| here.extent(payload));
        let block = extent.map(|extent| extent.from);
        if series.failed > 0 {
            let call = self.failed_or_raised(call, "NULL", series.exception);
            let words = so_far(series.done, "made") + &self.at(here).why(allocated.request);
            return Answer::failed(call, words + &series.names_words()).about(block);
        }
        let words = match extent {
            Some(extent) if series.done == 1 => self.one_block(allocated, extent),
            _ => many_blocks(self.at(here), allocated),
        };
        let call = if series.done == 1 {
            format!("{call} = {}", address(series.last))
        } else {
            format!("{call}{}", times(series.done))
        };
        Answer::done(call, words + &series.names_words()).about(block)
    }

    fn one_block(&mut self, allocated: &Allocated<'_>, extent: Extent) -> String {
        let Allocated {
            here,
            names,
            request,
            before,
            after,
            ..
        } = allocated;
        let got = format!(
            "{names}: {} for {}",
            exact(extent.to - extent.from),
            exact(request.size)
        );
        if after.figures.committed > before.figures.committed {
            return format!("{got}: {}", grown(self.at(here), allocated));
        }
        let split = self.steps().events.iter().find_map(|event| match event {
            Event::Split { size, rest, .. } => Some((*size, *rest)),
            _ => None,
        });
        let fit = match split {
            Some((size, rest)) => format!(
                "cut from a hole of {}, {} stay free",
                exact((size + rest) * GRANULE),
                exact(rest * GRANULE)
            ),
            None => "took a whole hole".to_owned(),
        };
        let looked = count(after.stats.probes - before.stats.probes, "hole");
        format!("{got}, {fit} ({looked} looked at)")
    }

    pub(super) fn realloc(&mut self, what: &Operand, size: u64, flags: Flags) -> Answer {
        let here = self.here();
        let targets = match self.at(&here).operand(what) {
            Ok(targets) => targets,
            Err(answer) => return answer,
        };
        let call = format!(
            "HeapReAlloc(heap, {}, {}, {size})",
            flags_text(flags),
            pointer_text(what)
        );
        if targets.is_empty() {
            return self.realloc_null(&here, &call, size, flags);
        }
        let before = Moment::of(&here.heap);
        let (mut series, mut moved, mut sizes) = (Series::default(), 0, None);
        let mut request = Request {
            payload: None,
            size,
            flags,
        };
        for old in targets {
            if self.is_bound() {
                break;
            }
            self.operations += 1;
            let was = here.extent(old);
            request.payload = Some(old);
            let pointer = here.address(old);
            let result = self
                .process
                .HeapReAlloc(here.handle, flags.0, pointer, size as usize);
            let Some(address) = series.answered(result) else {
                self.note_call(here.number, true);
                break;
            };
            self.note_call(here.number, false);
            let payload = here.offset(address);
            moved += u64::from(payload != old);
            series.add(payload);
            self.rename(here.number, old, payload);
            let is = here.extent(payload);
            self.mark_resized(was, is);
            sizes = sizes.or(was.zip(is));
        }
        self.touch(here.number);
        self.last = LastCall {
            result: i64::from(series.failed == 0),
            merged: 0,
        };
        let after = Moment::of(&here.heap);
        self.book_returns(here.number, &before, &after);
        let block = series.first.and_then(|payload| here.extent(payload));
        let block = block.map(|extent| extent.from);
        if series.failed > 0 {
            let call = self.failed_or_raised(&call, "NULL", series.exception);
            let words = so_far(series.done, "resized") + &self.at(&here).why(request);
            return Answer::failed(call, words).about(block);
        }
        let resized = sizes.map_or_else(String::new, |(was, is)| resized(was, is, moved));
        let words = if series.done == 1 {
            resized
        } else {
            format!("{} stayed in place, {moved} moved", series.done - moved)
        };
        let free = change(before.figures.free_bytes, after.figures.free_bytes);
        let returned = after.returned(&before).1;
        let back = if returned == 0 {
            String::new()
        } else {
            format!("; returned {} to the system (automatic)", rough(returned))
        };
        let call = if series.done == 1 {
            format!("{call} = {}", address(series.last))
        } else {
            format!("{call}{}", times(series.done))
        };
        Answer::done(call, format!("{words}; free {free}{back}")).about(block)
    }

    /// HeapReAlloc of NULL.
    fn realloc_null(&mut self, here: &Here, call: &str, size: u64, flags: Flags) -> Answer {
        let result = self
            .process
            .HeapReAlloc(here.handle, flags.0, 0, size as usize);
        self.last = LastCall::default();
        Answer::failed(
            self.failed_or_raised(call, "NULL", result.err()),
            "there is no block to resize; unlike realloc, HeapReAlloc of NULL does not allocate",
        )
    }

    /// A block that was resized keeps its name, if it has one; its birth is that of the operation that moved it.
    pub(super) fn rename(&mut self, number: u32, old: u64, new: u64) {
        if old == new {
            return;
        }
        let born = self.operations;
        if let Some(table) = self.names_mut(number)
            && let Some(owned) = table.remove(old)
        {
            table.insert(&owned.name, new, born);
        }
    }

    /// Marks what resizing did: the bytes that a block won or lost, or where it went.
    fn mark_resized(&mut self, was: Option<Extent>, is: Option<Extent>) {
        let (Some(was), Some(is)) = (was, is) else {
            return;
        };
        if was.from != is.from {
            self.marks.add(was.from, was.to, Mark::Freed);
            self.marks.add(is.from, is.to, Mark::New);
        } else if was.to != is.to {
            self.marks.add(was.to, is.to, Mark::New);
            self.marks.add_cut(is.to);
        }
    }

    pub(super) fn expand(&mut self, what: &Operand, size: u64) -> Answer {
        self.number_in_view();
        let Some(slot) = self.crt.and_then(|number| self.slot(number)) else {
            return Self::no_crt();
        };
        let here = slot.here();
        let payload = match slot.operand(what) {
            Ok(targets) => targets.first().copied(),
            Err(answer) => return self.on_the_crt_heap(slot.number, answer),
        };
        self.operations += 1;
        let was = payload.and_then(|payload| here.extent(payload));
        let pointer = payload.map_or(0, |payload| here.address(payload));
        let result = self.process._expand(pointer, size as usize);
        self.touch(here.number);
        let done = matches!(result, Ok(address) if address != 0);
        self.last = LastCall {
            result: i64::from(done),
            merged: 0,
        };
        let call = format!("_expand({}, {size})", pointer_text(what));
        let Some(payload) = payload.filter(|_| done) else {
            let call = match result {
                Err(exception) => format!("{call}: {exception}"),
                Ok(_) => format!("{call} = NULL, errno {}", api::errno_text(api::errno())),
            };
            let words = match payload {
                None => "there is no block to resize".to_owned(),
                payload => self.at(&here).why(Request {
                    payload,
                    size,
                    flags: Flags::NONE,
                }),
            };
            return Answer::failed(call, words);
        };
        let is = here.extent(payload);
        self.mark_resized(was, is);
        let words = was
            .zip(is)
            .map_or_else(String::new, |(was, is)| resized(was, is, 0));
        let call = format!("{call} = {}", address(payload));
        Answer::done(call, format!("{words}; _expand never moves"))
            .about(is.map(|extent| extent.from))
    }
}

/// The answer to a command that names no block, or more than one command may.
fn too_many(names: &Names) -> Option<Answer> {
    let named = names.each(0).take(MOST_NAMES as usize + 1).count() as u64;
    let words = match named {
        0 => format!("{names} names no block"),
        1..=MOST_NAMES => return None,
        _ => format!(
            "{names} is more than {}; run random makes many and can be stopped",
            count(MOST_NAMES, "block")
        ),
    };
    Some(Answer::refused(words))
}

fn many_blocks(slot: &Slot, allocated: &Allocated<'_>) -> String {
    let Allocated {
        series,
        before,
        after,
        ..
    } = allocated;
    let grown = if after.figures.committed > before.figures.committed {
        format!(": {}", grown(slot, allocated))
    } else {
        String::new()
    };
    format!(
        "{}, {} to {}{grown}; {} looked at",
        count(series.done, "block"),
        address(series.first.unwrap_or(0)),
        address(series.last),
        count(after.stats.probes - before.stats.probes, "hole")
    )
}

/// What was committed, and why: how the holes were before.
fn grown(slot: &Slot, allocated: &Allocated<'_>) -> String {
    let (before, after) = (&allocated.before.figures, &allocated.after.figures);
    let Request { size, flags, .. } = allocated.request;
    let need = slot.need(size, flags);
    let why = if after.large_blocks > before.large_blocks || allocated.series.done == 1 {
        slot.no_hole(need, &allocated.holes)
    } else {
        // The first blocks of the series may have found room.
        format!(
            "not enough holes of {} ({} free, biggest {})",
            exact(need),
            rough(before.free_bytes),
            exact(before.largest_free)
        )
    };
    let segments = more(before.segments, after.segments);
    let segments = if segments == 0 {
        String::new()
    } else {
        format!(", {} added", count(segments, "segment"))
    };
    let committed = rough(more(before.committed, after.committed));
    format!("{why}: committed {committed} more{segments}")
}

/// What became of a block that was resized.
fn resized(was: Extent, is: Extent, moved: u64) -> String {
    let bytes = change(was.to - was.from, is.to - is.from);
    if moved == 0 {
        format!("stayed in place, {bytes}")
    } else {
        let to = address(is.from + GRANULE);
        format!("moved to {to}, {bytes}: its bytes were copied and the old block freed")
    }
}

/// What a series had done before a call failed.
pub(super) fn so_far(done: u64, verb: &str) -> String {
    if done == 0 {
        return String::new();
    }
    format!("{} {verb}, then: ", count(done, "block"))
}
