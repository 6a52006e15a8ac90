//! Commands about the whole heap that only look: walks, checks, summaries; and the lock.

use crate::api::{self, HEAP_SUMMARY, PROCESS_HEAP_ENTRY};
use crate::heap::Caller;

use super::frame::{Answer, Tone};
use super::session::{LastCall, Session, Slot};
use super::words::{count, exact, rough};

/// Entries of a walk that are told one by one.
const TOLD: usize = 12;

impl Session {
    pub(super) fn walk(&mut self) -> Answer {
        let here = self.here();
        let mut entry = PROCESS_HEAP_ENTRY::default();
        let mut told = Vec::new();
        let mut entries = 0u64;
        while self.process.HeapWalk(here.handle, Some(&mut entry)) {
            entries += 1;
            if told.len() < TOLD {
                told.push(format!(
                    "{} {:#07x} {} + {}",
                    kind(entry.wFlags),
                    (entry.lpData as u64).wrapping_sub(here.handle as u64),
                    entry.cbData,
                    entry.cbOverhead
                ));
            }
        }
        self.last = LastCall {
            result: 0,
            merged: 0,
        };
        let more = entries - told.len() as u64;
        let more = if more == 0 {
            String::new()
        } else {
            format!("; and {}", count(more, "other"))
        };
        let call = self.failed("HeapWalk(heap, &entry)", "FALSE");
        let words = format!(
            "{entries} entries (data + overhead): {}{more}",
            told.join(" | ")
        );
        Answer {
            call,
            words,
            ..Answer::default()
        }
    }

    pub(super) fn crt_walk(&mut self) -> Answer {
        self.number_in_view();
        let mut info = api::_HEAPINFO::default();
        let (mut used, mut bytes, mut free) = (0, 0, 0);
        let mut status = self.process._heapwalk(Some(&mut info));
        while status == api::_HEAPOK {
            if info._useflag == api::_USEDENTRY {
                used += 1;
                bytes += info._size as u64;
            } else {
                free += 1;
            }
            status = self.process._heapwalk(Some(&mut info));
        }
        self.last = LastCall {
            result: i64::from(status),
            merged: 0,
        };
        if status == api::_HEAPEMPTY {
            return Self::no_crt();
        }
        let words = format!(
            "{} with {}, and {}",
            count(used, "used block"),
            exact(bytes),
            count(free, "free block")
        );
        let tone = if status == api::_HEAPEND {
            Tone::Done
        } else {
            Tone::Failed
        };
        Answer {
            call: format!("_heapwalk(&info) = {}", api::heap_status(status)),
            words,
            tone,
            ..Answer::default()
        }
    }

    pub(super) fn heapchk(&mut self) -> Answer {
        self.number_in_view();
        let status = self.process._heapchk();
        self.checked("_heapchk()", status, "nothing found")
    }

    pub(super) fn heapset(&mut self, fill: u8) -> Answer {
        self.number_in_view();
        let status = self.process._heapset(u32::from(fill));
        if let Some(number) = self.crt {
            self.touch(number);
        }
        let words = format!("checked, and filled the free blocks' data with {fill:#04x}");
        self.checked(&format!("_heapset({fill:#04x})"), status, &words)
    }

    fn checked(&mut self, call: &str, status: i32, words: &str) -> Answer {
        self.last = LastCall {
            result: i64::from(status),
            merged: 0,
        };
        if status == api::_HEAPEMPTY {
            return Self::no_crt();
        }
        let call = format!("{call} = {}", api::heap_status(status));
        if status == api::_HEAPOK {
            self.forget_findings();
            return Answer::done(call, words);
        }
        let Some(here) = self
            .crt
            .and_then(|number| self.slot(number))
            .map(Slot::here)
        else {
            return Self::no_crt();
        };
        let findings = self.check(&here);
        let words = match findings.kept.first() {
            Some(first) => format!(
                "the heap is damaged, {}; the first {}",
                count(findings.total, "finding"),
                first.line()
            ),
            None => "the heap is damaged".to_owned(),
        };
        let answer = Answer::failed(call, words).listing(findings);
        self.on_the_crt_heap(here.number, answer)
    }

    pub(super) fn summary(&mut self) -> Answer {
        let here = self.here();
        let mut summary = HEAP_SUMMARY::default();
        let done = self.process.HeapSummary(here.handle, 0, &mut summary);
        self.last = LastCall {
            result: i64::from(done),
            merged: 0,
        };
        let words = format!(
            "allocated {}, committed {}, reserved {}, at most {}",
            rough(summary.cbAllocated as u64),
            rough(summary.cbCommitted as u64),
            rough(summary.cbReserved as u64),
            rough(summary.cbMaxReserve as u64)
        );
        Answer {
            call: format!(
                "HeapSummary(heap, 0, &summary) = {}",
                if done { "TRUE" } else { "FALSE" }
            ),
            words,
            ..Answer::default()
        }
    }

    pub(super) fn lock(&mut self, take: bool) -> Answer {
        let here = self.here();
        let (name, done) = if take {
            ("HeapLock", self.process.HeapLock(here.handle))
        } else {
            ("HeapUnlock", self.process.HeapUnlock(here.handle))
        };
        if !take {
            self.settle_threads();
        }
        self.last = LastCall {
            result: i64::from(done),
            merged: 0,
        };
        let held = here.heap.lock().held().0;
        let me = self.actors.name_of(Caller::here()).unwrap_or_default();
        let words = match (take, done, held) {
            (_, true, true) => {
                format!("{me} holds the lock; other threads' serialized calls wait")
            }
            (true, true, false) => {
                "a heap made with HEAP_NO_SERIALIZE has no lock to take: nothing was locked"
                    .to_owned()
            }
            (false, true, false) => "the lock is free".to_owned(),
            (_, false, _) => format!("{me} does not hold the lock"),
        };
        let call = format!("{name}(heap)");
        let call = if done {
            format!("{call} = TRUE")
        } else {
            self.failed(&call, "FALSE")
        };
        let tone = if done { Tone::Done } else { Tone::Failed };
        Answer {
            call,
            words,
            tone,
            ..Answer::default()
        }
    }
}

/// The word for an entry's flags.
fn kind(flags: u16) -> &'static str {
    match flags {
        api::PROCESS_HEAP_REGION => "REGION",
        api::PROCESS_HEAP_UNCOMMITTED_RANGE => "UNCOMMITTED",
        0 => "FREE",
        _ => "BUSY",
    }
}
