//! Commands that ask about blocks and change nothing: HeapSize and HeapValidate.

use crate::heap::{Block, Flags, GRANULE, Header};
use crate::view;

use super::blocks::pointer_text;
use super::frame::Answer;
use super::name::Operand;
use super::session::{Here, LastCall, Session, Slot};
use super::words::{count, exact, flags_text, times};

/// What HeapSize answers when it fails.
const NO_SIZE: usize = usize::MAX;

impl Session {
    pub(super) fn size(&mut self, what: &Operand, flags: Flags) -> Answer {
        let here = self.here();
        let targets = match self.at(&here).operand(what) {
            Ok(targets) => targets,
            Err(answer) => return answer,
        };
        let call = format!(
            "HeapSize(heap, {}, {})",
            flags_text(flags),
            pointer_text(what)
        );
        if targets.is_empty() {
            return self.size_of_nothing(&here, &call, flags);
        }
        let mut sizes = Vec::with_capacity(targets.len());
        for &payload in &targets {
            let pointer = here.address(payload);
            let answered = self.process.HeapSize(here.handle, flags.0, pointer);
            let size = *answered.as_ref().unwrap_or(&NO_SIZE);
            self.last = LastCall {
                result: size as i64,
                merged: 0,
            };
            if size == NO_SIZE {
                let call = match answered {
                    Err(exception) => format!("{call}: {exception}"),
                    Ok(_) => format!("{call} = (SIZE_T)-1"),
                };
                return Answer::failed(call, no_size(self.at(&here), payload));
            }
            sizes.push(size as u64);
        }
        let block = targets.first().and_then(|first| first.checked_sub(GRANULE));
        let (least, most) = (sizes.iter().min(), sizes.iter().max());
        let (least, most) = (*least.unwrap_or(&0), *most.unwrap_or(&0));
        let range = if least == most {
            least.to_string()
        } else {
            format!("{least} to {most}")
        };
        let number = sizes.len() as u64;
        let words = if number == 1 {
            let unasked = targets
                .first()
                .and_then(|&first| unasked(self.at(&here), first));
            unasked
                .unwrap_or("the bytes asked for, not those of the block")
                .to_owned()
        } else {
            format!(
                "{} of {} together: the bytes asked for",
                exact(sizes.iter().sum()),
                count(number, "block")
            )
        };
        Answer::done(format!("{call}{} = {range}", times(number)), words).about(block)
    }

    /// HeapSize of NULL.
    fn size_of_nothing(&mut self, here: &Here, call: &str, flags: Flags) -> Answer {
        let answered = self.process.HeapSize(here.handle, flags.0, 0);
        self.last = LastCall {
            result: *answered.as_ref().unwrap_or(&NO_SIZE) as i64,
            merged: 0,
        };
        let call = match answered {
            Err(exception) => format!("{call}: {exception}"),
            Ok(_) => format!("{call} = (SIZE_T)-1"),
        };
        Answer::failed(call, "NULL is no block; HeapSize sets no last error")
    }

    pub(super) fn validate(&mut self, what: Option<&Operand>, flags: Flags) -> Answer {
        let here = self.here();
        let shown = what.map_or_else(|| "NULL".to_owned(), pointer_text);
        let targets = match what.map_or(Ok(Vec::new()), |what| self.at(&here).operand(what)) {
            Ok(targets) => targets,
            Err(answer) => return answer,
        };
        // Of NULL the whole heap is checked.
        let wrong = if targets.is_empty() {
            (!self.process.HeapValidate(here.handle, flags.0, 0)).then_some(None)
        } else {
            let is_wrong = |payload: &u64| {
                let pointer = here.address(*payload);
                !self.process.HeapValidate(here.handle, flags.0, pointer)
            };
            targets.iter().copied().find(is_wrong).map(Some)
        };
        self.last = LastCall {
            result: i64::from(wrong.is_none()),
            merged: 0,
        };
        let answer = if wrong.is_none() { "TRUE" } else { "FALSE" };
        let call = format!(
            "HeapValidate(heap, {}, {shown}) = {answer}",
            flags_text(flags)
        );
        let Some(payload) = wrong else {
            if targets.is_empty() {
                self.forget_findings();
            }
            let of = match targets.len() as u64 {
                0 => String::new(),
                number => format!(" in {}", count(number, "block")),
            };
            return Answer::done(call, format!("nothing found{of}"));
        };
        let findings = self.check(&here);
        let words = match (payload, findings.kept.first()) {
            (Some(payload), None) => no_block(self.at(&here), payload),
            (_, None) => "what was found is gone again".to_owned(),
            (_, Some(first)) => format!(
                "{}; the first {}",
                count(findings.total, "finding"),
                first.line()
            ),
        };
        Answer::failed(call, words).listing(findings)
    }
}

/// What HeapSize has answered of a place where no busy block begins, as it does with the checks off.
fn unasked(slot: &Slot, payload: u64) -> Option<&'static str> {
    let (from, _) = view::extent(&slot.heap, payload)?;
    let header = slot
        .heap
        .look(|core| Block::at(from).map(|at| core.header_at(at)))?;
    let free = header.is_free() && !header.has(Header::RANGE);
    free.then_some(if payload == from + GRANULE {
        "the block is free, so that these are all its bytes: with checks off HeapSize does not look"
    } else {
        "no block begins there, a hole covers it: with checks off HeapSize takes what lies there for a header"
    })
}

/// Why HeapSize has no answer; it sets no last error that could say so.
fn no_size(slot: &Slot, payload: u64) -> String {
    format!("{}; HeapSize sets no last error", no_block(slot, payload))
}

/// Why there is no busy block at a pointer.
fn no_block(slot: &Slot, payload: u64) -> String {
    match slot.heap.look(|core| core.size(payload)) {
        Err(misuse) => slot.misuse(misuse, Some(payload)),
        Ok(_) => "not a sound busy block of this heap".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use crate::session::{Session, parse_line};

    #[test]
    fn a_size_is_told_for_what_it_is() {
        let mut session = Session::new().expect("a session");
        let mut told = |line: &str| {
            let command = parse_line(line).expect("a line").expect("a command");
            session.apply(&command).words
        };
        for line in ["heap new fixed 4K", "alloc b[0:6] 64", "checks off"] {
            told(line);
        }
        let asked_for = "the bytes asked for, not those of the block";
        assert_eq!(told("size b2"), asked_for);
        told("free b2");
        let freed = told("size 0x7d0");
        assert!(freed.starts_with("the block is free"), "{freed}");
        assert_eq!(told("size b3"), asked_for);
        told("free b3");
        let covered = told("size 0x820");
        assert!(covered.starts_with("no block begins there"), "{covered}");
    }
}
