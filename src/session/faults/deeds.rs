//! What each fault does, and what is told of it.

use crate::api::{self, Exception, Process, Violation};
use crate::heap::{Block, Flags, GRANULE, Header, NET_HEADER};
use crate::view;

use crate::session::blocks::Pointer;
use crate::session::frame::{Answer, Tone};
use crate::session::session::{Here, LastCall, Session, Slot};
use crate::session::why::Request;
use crate::session::words::{Moment, address, count, exact};

use super::standing::{Standing, Struck};

/// What stores beside a block write: letters that are known again in a dump.
const AFTER_FREE: u8 = b'W';
const OVER: u8 = b'O';
const UNDER: u8 = b'U';
/// Bytes stored at a time.
const CHUNK: usize = 4096;
/// Trying what later requests get copies the heap: only up to this many resident bytes.
const MOST_COPIED: u64 = 32 << 20;

/// A fault about to be committed.
pub(in crate::session) struct Case {
    pub(super) here: Here,
    pointer: Pointer,
    amount: Option<u64>,
    /// Where the block would begin; none where the pointer is not one that a block's payload could have.
    block: Option<Block>,
    /// The pointer as C would write it.
    called: String,
}

impl Case {
    pub(super) fn new(here: Here, pointer: Pointer, amount: Option<u64>) -> Case {
        let called = match &pointer.0 {
            Some(name) => name.to_string(),
            None => address(pointer.1),
        };
        Case {
            block: Block::of_payload(pointer.1),
            here,
            pointer,
            amount,
            called,
        }
    }

    fn payload(&self) -> u64 {
        self.pointer.1
    }

    fn standing(&self) -> Option<Standing> {
        self.block.map(|block| Standing::of(&self.here, block))
    }

    /// What has become of the block since `before`.
    fn change(&self, before: &Option<Standing>) -> String {
        match (before, self.standing()) {
            (Some(before), Some(after)) => before.change(&after),
            _ => "no block can start there".to_owned(),
        }
    }

    /// Address of the block, for the cursor.
    fn address(&self) -> Option<u64> {
        self.block.map(Block::address)
    }

    /// What the bitmaps have of it: a block starts there, it is busy.
    fn marks(&self) -> (bool, bool) {
        let marks = |block| self.here.heap.look(|core| core.marks(block));
        self.block.map_or((false, false), marks)
    }

    /// The block, if one starts there, whatever its header looks like.
    fn there(&self) -> Option<Block> {
        self.block.filter(|_| self.marks().0)
    }

    /// Whether a busy block starts there, as the bitmaps have it.
    fn is_busy(&self) -> bool {
        self.marks() == (true, true)
    }

    /// The bytes that the block's owner may ask for or has asked for; none where there is no block.
    fn asked(&self) -> Option<u64> {
        let block = self.there()?;
        let is_busy = self.is_busy();
        self.here.heap.look(|core| {
            if is_busy {
                return core.size(self.payload()).ok();
            }
            let header = core.header_at(block);
            let bytes = header.size() * GRANULE;
            header.is_free().then(|| bytes.saturating_sub(NET_HEADER))
        })
    }

    /// The refusal of a fault that needs a block where there is none.
    fn no_block(&self) -> Answer {
        Answer::refused(format!(
            "no block starts at {}: nothing was done",
            self.called
        ))
    }
}

/// How a call with a wrong pointer ended.
struct Refusal {
    call: String,
    /// Why the heap refused it, or nothing where it went through.
    why: Option<String>,
}

impl Session {
    /// What HeapFree of a wrong pointer answers.
    fn free_wrong(&mut self, case: &Case, pointer: u64, called: &str) -> Refusal {
        let result = self.free_pointer(&case.here, &(None, pointer));
        let call = format!("HeapFree(heap, 0, {called})");
        self.ended(case, &call, "TRUE", result, pointer)
    }

    /// Words of a call that answers TRUE or fails.
    fn ended(
        &mut self,
        case: &Case,
        call: &str,
        done: &str,
        result: Result<bool, Exception>,
        pointer: u64,
    ) -> Refusal {
        self.last = LastCall {
            result: i64::from(result == Ok(true)),
            merged: 0,
        };
        if result == Ok(true) {
            let call = format!("{call} = {done}");
            return Refusal { call, why: None };
        }
        let request = Request {
            payload: Some(pointer),
            size: 0,
            flags: Flags::NONE,
        };
        Refusal {
            call: self.failed_or_raised(
                call,
                if done == "TRUE" { "FALSE" } else { "NULL" },
                result.err(),
            ),
            why: Some(self.at(&case.here).why(request)),
        }
    }

    /// Frees the block of a case if it is busy, and says so.
    fn freed_first(&mut self, case: &Case) -> Result<&'static str, Answer> {
        if !case.is_busy() {
            return Ok("it was free already");
        }
        let before = Moment::of(&case.here.heap);
        let result = self.free_pointer(&case.here, &case.pointer);
        self.book_returns(case.here.number, &before, &Moment::of(&case.here.heap));
        if result == Ok(true) {
            return Ok("it was freed first");
        }
        let call = format!("HeapFree(heap, 0, {})", case.called);
        let refusal = self.ended(case, &call, "TRUE", result, case.payload());
        Err(Answer::failed(
            refusal.call,
            refusal.why.unwrap_or_default(),
        ))
    }

    /// The answer about a call: what became of the block, or that nothing did.
    fn told(
        &mut self,
        case: &Case,
        first: &str,
        before: &Option<Standing>,
        size: u64,
        end: Refusal,
    ) -> Answer {
        let change = case.change(before);
        let block = case.address();
        match end.why {
            Some(why) => Answer::failed(end.call, format!("{first}{why}")).about(block),
            None => {
                let after = self.aftermath(case, size);
                Answer::done(end.call, format!("{first}{after}; {change}")).about(block)
            }
        }
    }

    pub(super) fn double_free(&mut self, case: &Case) -> Answer {
        let before = case.standing();
        let size = case.asked().unwrap_or(0);
        let first = match self.freed_first(case) {
            Ok(first) => first,
            Err(answer) => return answer,
        };
        let end = self.free_wrong(case, case.payload(), &case.called);
        self.told(case, &format!("{first}; "), &before, size, end)
    }

    pub(super) fn free_interior(&mut self, case: &Case) -> Answer {
        let middle = case
            .asked()
            .map_or(GRANULE, |asked| asked / 2 / GRANULE * GRANULE);
        self.free_beside(case, middle.max(GRANULE))
    }

    pub(super) fn free_misaligned(&mut self, case: &Case) -> Answer {
        self.free_beside(case, 4)
    }

    fn free_beside(&mut self, case: &Case, distance: u64) -> Answer {
        let Some(asked) = case.asked() else {
            return case.no_block();
        };
        if distance >= asked {
            return Answer::refused(format!(
                "{} has {} only: no address {distance} bytes behind its first lies inside",
                case.called,
                exact(asked)
            ));
        }
        let before = case.standing();
        let called = format!("{} + {distance}", case.called);
        let end = self.free_wrong(case, case.payload() + distance, &called);
        self.told(case, "", &before, asked, end)
    }

    pub(super) fn free_foreign(&mut self, case: &Case) -> Answer {
        let here = case.here.number;
        let other = self.slots.iter().find(|slot| slot.number != here);
        let other = other.map(Slot::here);
        let before = case.standing();
        let pointer = case.here.address(case.payload());
        let process = &self.process;
        let foreign = other.as_ref().map(|other| {
            let end = process.HeapFree(other.handle, 0, pointer);
            (other.number, case.called.as_str(), end)
        });
        // The address of a variable is foreign to every heap, also where there is only one.
        let end = process.HeapFree(case.here.handle, 0, Process::variable());
        let ends: Vec<_> = foreign
            .into_iter()
            .chain([(here, "&variable", end)])
            .collect();
        self.operations += ends.len() as u64;
        let calls: Vec<String> = ends
            .into_iter()
            .map(|(number, called, result)| {
                let call = format!("HeapFree(heap {number}, 0, {called})");
                match result {
                    Ok(true) => format!("{call} = TRUE"),
                    result => self.failed_or_raised(&call, "FALSE", result.err()),
                }
            })
            .collect();
        self.last = LastCall::default();
        let change = case.change(&before);
        let whose = match other {
            Some(other) => format!(
                "the first is memory of heap {here} and not of heap {}, the second of no heap",
                other.number
            ),
            None => format!(
                "a variable is memory of no heap; {} was given to no other heap's handle, as there is none",
                case.called
            ),
        };
        Answer::failed(calls.join("; "), format!("{whose}; {change}")).about(case.address())
    }

    pub(super) fn write_after_free(&mut self, case: &Case) -> Answer {
        let Some(asked) = case.asked() else {
            return case.no_block();
        };
        let before = case.standing();
        let first = match self.freed_first(case) {
            Ok(first) => first,
            Err(answer) => return answer,
        };
        let links = self.links_of(case);
        let length = case.amount.unwrap_or(asked);
        let from = case.payload();
        let written = self.smear(case, &case.called, from, length, AFTER_FREE);
        let change = case.change(&before);
        let after = self.aftermath(case, asked);
        let words = format!("{first}; {after}; {links}; {}; {change}", written.words);
        written.answer(case, words)
    }

    /// Where the links of the free memory at a block lie, before anything is stored there.
    fn links_of(&self, case: &Case) -> String {
        match case.standing() {
            Some(standing) if standing.is_free() => {
                "the first 16 bytes are the free list's links".to_owned()
            }
            Some(standing) if !standing.is_committed() => {
                "it was returned to the system: no links run through it".to_owned()
            }
            _ => {
                let (_, holder) = self.at(&case.here).lies_in(case.payload());
                format!("it is part of {holder} now, whose links lie further in front")
            }
        }
    }

    pub(super) fn overrun(&mut self, case: &Case) -> Answer {
        let Some(asked) = case.asked() else {
            return case.no_block();
        };
        let length = case.amount.unwrap_or(0);
        let extent = case
            .address()
            .and_then(|at| view::extent(&case.here.heap, at));
        let end = extent.map_or(0, |(_, end)| end);
        let from = case.payload() + asked;
        let called = format!("{} + {asked}", case.called);
        let written = self.smear(case, &called, from, length, OVER);
        let own = (end + NET_HEADER).saturating_sub(from).min(written.stored);
        let whose = match written.stored - own {
            0 => format!("all {} fell on its own slack", exact(own)),
            beyond => format!(
                "{} fell on its own slack, {} behind it",
                exact(own),
                exact(beyond)
            ),
        };
        let after = self.aftermath(case, asked);
        let words = format!("{whose}; {}; {after}", written.words);
        written.answer(case, words)
    }

    pub(super) fn underrun(&mut self, case: &Case) -> Answer {
        if case.there().is_none() {
            return case.no_block();
        }
        let asked = case.asked().unwrap_or(0);
        let length = case.amount.unwrap_or(0).min(case.payload());
        let called = format!("{} - {length}", case.called);
        let written = self.smear(case, &called, case.payload() - length, length, UNDER);
        // The header word is the last of what was to be stored.
        let before = length.saturating_sub(NET_HEADER);
        let own = exact(written.stored.saturating_sub(before));
        let after = self.aftermath(case, asked);
        let words = format!(
            "{own} fell on its own header word; {}; {after}",
            written.words
        );
        written.answer(case, words)
    }

    pub(super) fn flip(&mut self, case: &Case) -> Answer {
        let Some(block) = case.there() else {
            return case.no_block();
        };
        let bit = case.amount.unwrap_or(0).min(63);
        let at = (block.address() + NET_HEADER) + bit / 8;
        let before = case.standing();
        let asked = case.asked().unwrap_or(0);
        let byte = case.here.heap.look(|core| {
            let is_there = core.is_committed(at / crate::os::PAGE);
            is_there.then(|| core.byte(at) ^ 1 << (bit % 8))
        });
        let done = self
            .process
            .store(case.here.address(at), &[byte.unwrap_or(0)]);
        let call = format!("header of {} ^= 1 << {bit}", case.called);
        self.last = LastCall::default();
        if let Err(violation) = done {
            return Answer::failed(format!("{call}: {violation}"), "there is no header there");
        }
        let change = case.change(&before);
        let after = self.aftermath(case, asked);
        let words = format!("bit {bit} is of its {}; {after}; {change}", field_of(bit));
        Answer::done(call, words).about(case.address())
    }

    pub(super) fn size_freed(&mut self, case: &Case) -> Answer {
        let Some(asked) = case.asked() else {
            return case.no_block();
        };
        let before = case.standing();
        let first = match self.freed_first(case) {
            Ok(first) => first,
            Err(answer) => return answer,
        };
        self.operations += 1;
        let pointer = case.here.address(case.payload());
        let result = self.process.HeapSize(case.here.handle, 0, pointer);
        let call = format!("HeapSize(heap, 0, {})", case.called);
        self.last.result = *result.as_ref().unwrap_or(&usize::MAX) as i64;
        match result {
            Err(exception) => Answer::failed(format!("{call}: {exception}"), first),
            Ok(usize::MAX) => {
                let why = "the block is free already; HeapSize sets no last error; nothing changed";
                Answer::failed(format!("{call} = (SIZE_T)-1"), format!("{first}; {why}"))
            }
            Ok(size) => {
                let change = case.change(&before);
                let bogus = format!(
                    "bogus: {} were asked for once, and none is now",
                    exact(asked)
                );
                Answer::done(
                    format!("{call} = {size}"),
                    format!("{first}; {bogus}; {change}"),
                )
            }
        }
        .about(case.address())
    }

    pub(super) fn realloc_freed(&mut self, case: &Case) -> Answer {
        let Some(asked) = case.asked() else {
            return case.no_block();
        };
        let before = case.standing();
        let first = match self.freed_first(case) {
            Ok(first) => first,
            Err(answer) => return answer,
        };
        let size = case.amount.unwrap_or(asked);
        self.operations += 1;
        let pointer = case.here.address(case.payload());
        let bytes = usize::try_from(size).unwrap_or(usize::MAX);
        let result = self
            .process
            .HeapReAlloc(case.here.handle, 0, pointer, bytes);
        let call = format!("HeapReAlloc(heap, 0, {}, {size})", case.called);
        let base = case.here.handle as u64;
        let place = result
            .as_ref()
            .map_or(0, |&place| (place as u64).wrapping_sub(base));
        let done = result.map(|place| place != 0);
        let end = self.ended(case, &call, &address(place), done, case.payload());
        self.told(case, &format!("{first}; "), &before, size, end)
    }

    /// Stores bytes as the program would, and tells which headers were hit.
    fn smear(&mut self, case: &Case, called: &str, from: u64, length: u64, value: u8) -> Written {
        let struck = Struck::before(&case.here, from, from.saturating_add(length));
        let call = format!("memset({called}, '{}', {length})", char::from(value));
        let end = self.store_all(case.here.address(from), length, value);
        self.last = LastCall::default();
        let slot = self.at(&case.here);
        let words = struck.words(&case.here, |block| slot.lies_in(block).1);
        let stored = match &end {
            Ok(()) => length,
            Err(violation) => violation.stored,
        };
        Written {
            call,
            words,
            stored,
            end,
        }
    }

    fn store_all(&self, to: usize, length: u64, value: u8) -> Result<(), Violation> {
        let bytes = [value; CHUNK];
        let mut stored = 0;
        while stored < length {
            let part = (length - stored).min(CHUNK as u64);
            let at = to.wrapping_add(stored as usize);
            let done = self.process.store(at, &bytes[..part as usize]);
            done.map_err(|violation| Violation {
                stored: stored + violation.stored,
                ..violation
            })?;
            stored += part;
        }
        Ok(())
    }

    /// What later calls will see: where the next requests of `size` would go, and what a check would find.
    fn aftermath(&mut self, case: &Case, size: u64) -> String {
        let findings = case.here.heap.inspect(0).1;
        let check = match findings {
            0 => "a check (V) finds nothing".to_owned(),
            _ => format!("a check (V) finds {}", count(findings, "thing")),
        };
        match self.foresee(&case.here, size) {
            Some(words) => format!("{words}; {check}"),
            None => check,
        }
    }

    /// Tries the next two requests, and takes them back: not a byte stays changed.
    fn foresee(&mut self, here: &Here, size: u64) -> Option<String> {
        if view::resident(&here.heap).is_none_or(|bytes| bytes > MOST_COPIED) {
            return None;
        }
        // What the tries do is no step of the command.
        self.steps();
        self.process.watch(false);
        let image = here.heap.image(None);
        let errors = (api::GetLastError(), api::errno());
        let bytes = usize::try_from(size).unwrap_or(usize::MAX);
        let tries = [(); 2].map(|()| self.process.HeapAlloc(here.handle, 0, bytes));
        let failure = api::GetLastError();
        here.heap.restore(&image);
        api::SetLastError(errors.0);
        api::_set_errno(errors.1);
        self.process.watch(true);
        let place = |pointer: usize| address((pointer as u64).wrapping_sub(here.handle as u64));
        let asked = exact(size);
        Some(match tries {
            [Ok(a), Ok(b)] if a != 0 && a == b => format!(
                "two requests of {asked} would now both get {}: one pointer, handed out twice",
                place(a)
            ),
            [Ok(0), _] => format!(
                "a request of {asked} would now fail: error {}",
                api::error_text(failure)
            ),
            [Ok(a), Ok(0)] => format!(
                "a request of {asked} would now get {}, the next fail: error {}",
                place(a),
                api::error_text(failure)
            ),
            [Ok(a), Ok(b)] => {
                format!(
                    "two requests of {asked} would now get {} and {}",
                    place(a),
                    place(b)
                )
            }
            [Ok(a), Err(exception)] => format!(
                "a request of {asked} would now get {}, the next end in {exception}",
                place(a)
            ),
            [Err(exception), _] => format!("a request of {asked} would now end in {exception}"),
        })
    }
}

/// Bytes that were stored, or as many as there was memory for.
struct Written {
    call: String,
    /// The headers that were hit.
    words: String,
    /// How many bytes.
    stored: u64,
    end: Result<(), Violation>,
}

impl Written {
    fn answer(self, case: &Case, words: String) -> Answer {
        let (call, tone) = match self.end {
            Ok(()) => (self.call, Tone::Done),
            Err(violation) => (format!("{}: {violation}", self.call), Tone::Failed),
        };
        Answer {
            tone,
            ..Answer::done(call, words)
        }
        .about(case.address())
    }
}

/// The field of the header that a bit belongs to.
fn field_of(bit: u64) -> String {
    match bit {
        0..20 => "size".to_owned(),
        20..40 => "previous size".to_owned(),
        40..48 => {
            let name = Header::FLAGS
                .iter()
                .find(|(flag, _)| *flag == 1 << (bit - 40));
            format!("flags ({})", name.map_or("unused", |(_, name)| name))
        }
        48..56 => "unused bytes".to_owned(),
        _ => "check".to_owned(),
    }
}
