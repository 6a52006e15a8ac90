//! Commands about blocks: allocating, resizing, freeing, asking.

use crate::api::{self, Exception};
use crate::heap::{Block, Flags};
use crate::view::{self, Mark};

use super::frame::{Answer, Tone};
use super::name::{Name, Names, Operand};
use super::session::{LastCall, Session, Slot};
use super::words::{Moment, change, count, exact, rough};

/// A block that a command was about, for the answer's link and the map's mark.
#[derive(Clone, Copy)]
struct Extent {
    from: u64,
    to: u64,
}

/// The bytes of the block with this payload.
fn extent(slot: &Slot, payload: u64) -> Option<Extent> {
    let block = Block::of_payload(payload)?;
    let (from, to) = view::extent(&slot.heap, block.address())?;
    Some(Extent { from, to })
}

/// Stands for NULL among offsets: no payload is there.
const NULL: u64 = u64::MAX;

/// Blocks that one command may name; a workload makes more, and can be stopped.
const MOST_NAMES: u64 = 1_000_000;

/// What a series of calls did.
#[derive(Default)]
struct Series {
    done: u64,
    failed: u64,
    first: Option<u64>,
    last: u64,
    exception: Option<Exception>,
}

impl Series {
    fn add(&mut self, payload: u64) {
        self.done += 1;
        self.first = self.first.or(Some(payload));
        self.last = payload;
    }
}

/// `heap, 0x8, 64` as C would have it: flags in hexadecimal unless there are none.
pub(super) fn flags_text(flags: Flags) -> String {
    if flags.0 == 0 {
        "0".to_owned()
    } else {
        format!("{:#x}", flags.0)
    }
}

impl Session {
    /// A call that failed: its result and the last error, or the exception that it would have raised.
    fn failed_or_raised(&self, call: &str, result: &str, exception: Option<Exception>) -> String {
        match exception {
            Some(exception) => format!("{call}: {exception}"),
            None => self.failed(call, result),
        }
    }

    /// The offset of a real address in a heap.
    fn offset(slot: &Slot, address: usize) -> u64 {
        (address as u64).wrapping_sub(slot.handle as u64)
    }

    /// The real address of an offset in a heap.
    fn address(slot: &Slot, offset: u64) -> usize {
        (slot.handle as u64).wrapping_add(offset) as usize
    }

    pub(super) fn alloc(&mut self, names: &Names, size: u64, flags: Flags) -> Answer {
        let named = names.each(0).take(MOST_NAMES as usize + 1).count() as u64;
        if named == 0 || named > MOST_NAMES {
            let words = if named == 0 {
                format!("{names} names no block")
            } else {
                let most = count(MOST_NAMES, "block");
                format!("{names} is more than {most}; run random makes many and can be stopped")
            };
            let tone = Tone::Refused;
            return Answer {
                words,
                tone,
                ..Answer::default()
            };
        }
        let slot = self.here();
        let before = Moment::of(&slot.heap);
        let mut series = Series::default();
        for name in names.each(0) {
            self.operations += 1;
            match self.process.HeapAlloc(slot.handle, flags.0, size as usize) {
                Ok(0) => series.failed += 1,
                Ok(address) => {
                    let payload = Self::offset(&slot, address);
                    series.add(payload);
                    let born = self.operations;
                    if let Some(table) = self.names_mut(slot.number) {
                        table.insert(name, payload, born);
                    }
                    self.mark_block(&slot, payload, Mark::New);
                }
                Err(exception) => {
                    series.failed += 1;
                    series.exception = Some(exception);
                }
            }
            // The first failure says what the next would.
            if series.failed > 0 {
                break;
            }
        }
        self.touch(slot.number);
        self.next_size = size;
        self.last = LastCall {
            result: i64::from(series.failed == 0),
            merged: 0,
        };
        let after = Moment::of(&slot.heap);
        let call = format!("HeapAlloc(heap, {}, {size})", flags_text(flags));
        self.alloc_answer(&slot, names, size, &series, &before, &after, &call)
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "all that one answer is worded from"
    )]
    fn alloc_answer(
        &self,
        slot: &Slot,
        names: &Names,
        size: u64,
        series: &Series,
        before: &Moment,
        after: &Moment,
        call: &str,
    ) -> Answer {
        let block = series
            .first
            .and_then(|payload| extent(slot, payload))
            .map(|extent| extent.from);
        if series.failed > 0 {
            let call = self.failed_or_raised(call, "NULL", series.exception);
            let words = so_far(series.done, "made") + &Self::why(slot, size);
            return Answer {
                call,
                words,
                tone: Tone::Failed,
                block,
                ..Answer::default()
            };
        }
        let committed = after.figures.committed - before.figures.committed;
        let grown = if committed == 0 {
            String::new()
        } else {
            format!(
                ": {} ({} free, biggest {}), committed {} more",
                // Of a series, the first blocks may have found room.
                if series.done > 1 {
                    "not enough holes at first"
                } else {
                    "no hole was large enough"
                },
                exact(before.figures.free_bytes),
                exact(before.figures.largest_free),
                rough(committed)
            )
        };
        let probes = after.stats.probes - before.stats.probes;
        let looked = count(probes, "hole");
        if series.done == 1 {
            let Some(extent) = series.first.and_then(|payload| extent(slot, payload)) else {
                return Answer::default();
            };
            let bytes = extent.to - extent.from;
            let fit = if after.figures.holes < before.figures.holes {
                "took a whole hole"
            } else {
                "cut from a hole"
            };
            let fit = if committed == 0 {
                format!(", {fit} ({looked} looked at)")
            } else {
                String::new()
            };
            let words = format!("{names}: {} for {}{fit}{grown}", exact(bytes), exact(size));
            let call = format!("{call} = {:#07x}", series.last);
            return Answer {
                call,
                words,
                block,
                ..Answer::default()
            };
        }
        let words = format!(
            "{}, {:#07x} to {:#07x}{grown}; {looked} looked at",
            count(series.done, "block"),
            series.first.unwrap_or(0),
            series.last
        );
        Answer {
            call: format!("{call} x {}", series.done),
            words,
            block,
            ..Answer::default()
        }
    }

    fn mark_block(&mut self, slot: &Slot, payload: u64, mark: Mark) {
        if let Some(Extent { from, to }) = extent(slot, payload) {
            self.mark(from, to, mark);
        }
    }

    fn unknown(slot: &Slot, names: &Names) -> Answer {
        let known = slot.names.some(5);
        let hint = if known.is_empty() {
            "no block has a name yet".to_owned()
        } else {
            format!("known: {}", known.join(", "))
        };
        let words = format!("no live block is called {names}; {hint}");
        Answer {
            words,
            tone: Tone::Refused,
            ..Answer::default()
        }
    }

    pub(super) fn realloc(&mut self, names: &Names, size: u64, flags: Flags) -> Answer {
        let slot = self.here();
        let targets = slot.names.select(names);
        if targets.is_empty() {
            return Self::unknown(&slot, names);
        }
        let before = Moment::of(&slot.heap);
        let mut moved = 0;
        let mut series = Series::default();
        for (name, old) in targets {
            self.operations += 1;
            match self.process.HeapReAlloc(
                slot.handle,
                flags.0,
                Self::address(&slot, old),
                size as usize,
            ) {
                Ok(0) => series.failed += 1,
                Err(exception) => {
                    series.failed += 1;
                    series.exception = Some(exception);
                }
                Ok(address) => {
                    let payload = Self::offset(&slot, address);
                    moved += u64::from(payload != old);
                    series.add(payload);
                    self.rename(slot.number, old, payload, name);
                    self.mark_block(&slot, payload, Mark::New);
                }
            }
            if series.failed > 0 {
                break;
            }
        }
        self.touch(slot.number);
        self.last = LastCall {
            result: i64::from(series.failed == 0),
            merged: 0,
        };
        let after = Moment::of(&slot.heap);
        self.book_returns(slot.number, &before, &after);
        let call = format!("HeapReAlloc(heap, {}, {names}, {size})", flags_text(flags));
        let block = series
            .first
            .and_then(|payload| extent(&slot, payload))
            .map(|extent| extent.from);
        if series.failed > 0 {
            let call = self.failed_or_raised(&call, "NULL", series.exception);
            return Answer {
                call,
                words: so_far(series.done, "resized") + &Self::why(&slot, size),
                tone: Tone::Failed,
                block,
                ..Answer::default()
            };
        }
        let stayed = series.done - moved;
        let words = match (moved, stayed) {
            (0, 1) => "stayed in place".to_owned(),
            (1, 0) => "moved: its bytes were copied and the old block freed".to_owned(),
            _ => format!("{stayed} stayed in place, {moved} moved"),
        };
        let free = change(before.figures.free_bytes, after.figures.free_bytes);
        Answer {
            call: format!("{call} = {:#07x}", series.last),
            words: format!("{words}; free {free}"),
            block,
            ..Answer::default()
        }
    }

    /// A block that was resized keeps its name; its birth is that of the operation that moved it.
    fn rename(&mut self, number: u32, old: u64, new: u64, name: Name) {
        let born = self.operations;
        if let Some(table) = self.names_mut(number) {
            let kept = table
                .remove(old)
                .filter(|_| old == new)
                .map_or(born, |owned| owned.born);
            table.insert(name, new, kept);
        }
    }

    /// The pointers that an operand means, as offsets.
    fn operand(slot: &Slot, what: &Operand) -> Result<Vec<u64>, Answer> {
        match what {
            Operand::Names(names) => {
                let found: Vec<u64> = slot
                    .names
                    .select(names)
                    .into_iter()
                    .map(|(_, payload)| payload)
                    .collect();
                if found.is_empty() {
                    Err(Self::unknown(slot, names))
                } else {
                    Ok(found)
                }
            }
            Operand::Address(address) => Ok(vec![*address]),
            Operand::Null => Ok(Vec::new()),
        }
    }

    pub(super) fn free(&mut self, what: &Operand, flags: Flags) -> Answer {
        let slot = self.here();
        let targets = match Self::operand(&slot, what) {
            Ok(targets) => targets,
            Err(answer) => return answer,
        };
        let call = format!("HeapFree(heap, {}, {what})", flags_text(flags));
        if matches!(what, Operand::Null) {
            let done = self.process.HeapFree(slot.handle, flags.0, 0);
            self.last = LastCall {
                result: i64::from(done == Ok(true)),
                merged: 0,
            };
            let words =
                "nothing to free; Windows answers TRUE, the documentation calls it undefined"
                    .to_owned();
            return Answer {
                call: format!("{call} = TRUE"),
                words,
                ..Answer::default()
            };
        }
        self.free_all(&slot, &targets, flags, &call)
    }

    /// Frees the block at `address` (its header), whatever its name.
    pub fn free_at(&mut self, address: u64) -> Answer {
        let slot = self.here();
        let payload = address + 16;
        let what = match slot.names.owner(payload) {
            Some(owned) => Operand::Names(Names::One(owned.name.clone())),
            None => Operand::Address(payload),
        };
        self.apply(&super::Command::Free {
            what,
            flags: Flags::NONE,
        })
    }

    fn free_all(&mut self, slot: &Slot, targets: &[u64], flags: Flags, call: &str) -> Answer {
        let before = Moment::of(&slot.heap);
        let (mut done, mut failed, mut block) = (0, 0, None);
        let mut exception = None;
        for &payload in targets {
            self.operations += 1;
            let extent = extent(slot, payload);
            let freed = self
                .process
                .HeapFree(slot.handle, flags.0, Self::address(slot, payload));
            exception = exception.or(freed.err());
            if freed == Ok(true) {
                done += 1;
                if let Some(Extent { from, to }) = extent {
                    block = block.or(Some(from));
                    self.mark(from, to, Mark::Freed);
                }
                if let Some(table) = self.names_mut(slot.number) {
                    table.remove(payload);
                }
            } else {
                failed += 1;
            }
        }
        self.touch(slot.number);
        self.last = LastCall {
            result: i64::from(failed == 0),
            merged: 0,
        };
        let after = Moment::of(&slot.heap);
        self.book_returns(slot.number, &before, &after);
        if failed > 0 {
            let words = so_far(done, "freed") + &Self::why(slot, 0);
            let call = self.failed_or_raised(call, "FALSE", exception);
            return Answer {
                call,
                words,
                tone: Tone::Failed,
                block,
                ..Answer::default()
            };
        }
        let times = if done == 1 {
            String::new()
        } else {
            format!(" x {done}")
        };
        let words = freed_words(slot, &before, &after, done);
        Answer {
            call: format!("{call} = TRUE{times}"),
            words,
            block,
            ..Answer::default()
        }
    }

    pub(super) fn size(&mut self, what: &Operand, flags: Flags) -> Answer {
        let slot = self.here();
        let targets = match Self::operand(&slot, what) {
            Ok(targets) if targets.is_empty() => vec![NULL],
            Ok(targets) => targets,
            Err(answer) => return answer,
        };
        let mut total = 0u64;
        for &payload in &targets {
            let size = self
                .process
                .HeapSize(slot.handle, flags.0, Self::address(&slot, payload));
            let exception = size.err();
            let size = size.unwrap_or(usize::MAX);
            self.last = LastCall {
                result: size as i64,
                merged: 0,
            };
            if size == usize::MAX {
                let call = format!("HeapSize(heap, {}, {what})", flags_text(flags));
                let call = self.failed_or_raised(&call, "(SIZE_T)-1", exception);
                let words = "not a busy block of this heap".to_owned();
                return Answer {
                    call,
                    words,
                    tone: Tone::Failed,
                    ..Answer::default()
                };
            }
            total += size as u64;
        }
        let words = if targets.len() == 1 {
            "the bytes asked for, not those of the block".to_owned()
        } else {
            format!(
                "{} of {} together",
                exact(total),
                count(targets.len() as u64, "block")
            )
        };
        let call = format!(
            "HeapSize(heap, {}, {what}) = {}",
            flags_text(flags),
            self.last.result
        );
        Answer {
            call,
            words,
            block: targets.first().and_then(|&payload| payload.checked_sub(16)),
            ..Answer::default()
        }
    }

    pub(super) fn validate(&mut self, what: Option<&Operand>, flags: Flags) -> Answer {
        let slot = self.here();
        let shown = what.map_or_else(|| "NULL".to_owned(), ToString::to_string);
        let targets = match what.map(|what| Self::operand(&slot, what)) {
            None => vec![NULL],
            Some(Ok(targets)) if targets.is_empty() => vec![NULL],
            Some(Ok(targets)) => targets,
            Some(Err(answer)) => return answer,
        };
        let handle = slot.handle;
        let valid = targets.iter().all(|&payload| {
            let pointer = if payload == NULL {
                0
            } else {
                Self::address(&slot, payload)
            };
            self.process.HeapValidate(handle, flags.0, pointer)
        });
        self.last = LastCall {
            result: i64::from(valid),
            merged: 0,
        };
        let call = format!(
            "HeapValidate(heap, {}, {shown}) = {}",
            flags_text(flags),
            if valid { "TRUE" } else { "FALSE" }
        );
        if valid {
            return Answer {
                call,
                words: "nothing found".to_owned(),
                ..Answer::default()
            };
        }
        let (findings, total) = slot.heap.validate(Flags::NONE, 3);
        let words = if total == 0 {
            "not a busy block of this heap".to_owned()
        } else {
            let list: Vec<String> = findings.iter().map(ToString::to_string).collect();
            format!("{}: {}", count(total, "finding"), list.join("; "))
        };
        let block = findings.first().map(|finding| finding.at);
        Answer {
            call,
            words,
            tone: Tone::Failed,
            block,
            ..Answer::default()
        }
    }

    pub(super) fn expand(&mut self, name: &Name, size: u64) -> Answer {
        self.number_in_view();
        let Some(slot) = self.crt.and_then(|number| self.slot(number)).cloned() else {
            return Answer {
                words: "no heap bears the tag CRT".to_owned(),
                tone: Tone::Refused,
                ..Answer::default()
            };
        };
        let Some(payload) = slot.names.payload(name) else {
            return Self::unknown(&slot, &Names::One(name.clone()));
        };
        self.operations += 1;
        let result = self
            .process
            ._expand(Self::address(&slot, payload), size as usize)
            .unwrap_or(0);
        self.touch(slot.number);
        self.last = LastCall {
            result: i64::from(result != 0),
            merged: 0,
        };
        let call = format!("_expand({name}, {size})");
        if result == 0 {
            let call = format!("{call} = NULL, errno {}", api::errno_text(api::errno()));
            return Answer {
                call,
                words: Self::why(&slot, size),
                tone: Tone::Failed,
                ..Answer::default()
            };
        }
        let block = extent(&slot, payload).map(|extent| extent.from);
        let words = "resized where it stands; _expand never moves".to_owned();
        Answer {
            call: format!("{call} = {payload:#07x}"),
            words,
            block,
            ..Answer::default()
        }
    }
}

/// What a series had done before a call failed.
fn so_far(done: u64, verb: &str) -> String {
    if done == 0 {
        return String::new();
    }
    format!("{} {verb}, then: ", count(done, "block"))
}

/// What freeing did, from before to after.
fn freed_words(slot: &Slot, before: &Moment, after: &Moment, done: u64) -> String {
    let settings = slot.heap.settings();
    let waiting = after
        .figures
        .unmerged_pairs
        .saturating_sub(before.figures.unmerged_pairs);
    // Each free adds a hole; each merge takes one away.
    let merged = (before.figures.holes + done).saturating_sub(after.figures.holes);
    let merging = match (settings.coalesce(), waiting, merged) {
        (false, 0, _) => "no free neighbour".to_owned(),
        (false, _, _) => format!(
            "left {} unmerged (coalesce OFF); K would merge them",
            count(waiting, "free pair")
        ),
        (true, _, 0) => "no free neighbour to merge with".to_owned(),
        (true, _, _) => format!("merged with {}", count(merged, "free neighbour")),
    };
    let returned = after.returned(before).1;
    let back = if returned == 0 {
        String::new()
    } else {
        format!("; returned {} to the system (automatic)", rough(returned))
    };
    let requests = change(
        before.figures.largest_request,
        after.figures.largest_request,
    );
    let fragmentation =
        view::external_fragmentation(after.figures.largest_free, after.figures.free_bytes);
    format!(
        "{merging}{back}; biggest request {requests}; external fragmentation {:.0} %",
        fragmentation * 100.0
    )
}
