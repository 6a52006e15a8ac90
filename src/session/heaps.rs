//! Commands that make, choose and destroy heaps, and their switches.

use crate::api;
use crate::heap::{Flags, Options, Source};
use crate::view;

use super::apply::damaged_words;
use super::command::{NewHeap, NewHeapKind, Thresholds};
use super::frame::{Answer, Cause, Tone};
use super::session::{Session, Slot};
use super::words::{Moment, change, count, exact, flags_text, rough};

impl Session {
    pub(super) fn make_default_heap(&mut self) {
        let answer = self.heap_new(&NewHeap::new(NewHeapKind::Growable));
        if answer.tone != Tone::Done {
            // Nothing can be made under this limit: the process heap is always there.
            self.in_view = Some(0);
        }
    }

    pub(super) fn heap_new(&mut self, new: &NewHeap) -> Answer {
        let (source, maximum, kind) = match new.kind {
            NewHeapKind::Growable => (Source::Growable, 0, "growable"),
            NewHeapKind::Fixed(bytes) => (Source::Fixed, bytes, "fixed"),
            NewHeapKind::Buffer(bytes) => (Source::Buffer, bytes, "a fixed buffer"),
        };
        let options = Options {
            source,
            maximum,
            initial: new.initial,
            flags: new.flags,
            policy: new.policy,
            stamp: new.stamp,
            checks: new.checks,
            decommit: new.decommit.is_some(),
        };
        let call = format!(
            "HeapCreate({}, {}, {})",
            flags_text(new.flags),
            new.initial,
            maximum
        );
        let number = self.next_number;
        match self.process.create_with(&options) {
            Ok(handle) => {
                self.next_number += 1;
                self.add_slot(number, handle);
                self.in_view = Some(number);
                if self.crt.is_none() {
                    self.set_crt(number);
                }
                let here = self.here();
                if let Some(Thresholds { block, total }) = new.decommit {
                    here.heap.set_thresholds(block, total);
                }
                self.last.result = 1;
                let figures = view::figures(&here.heap);
                let tag = if self.crt == Some(number) {
                    "; it bears the tag CRT"
                } else {
                    ""
                };
                let words = format!(
                    "{kind}, reserved {}, committed {}, {} free in {}{tag}",
                    rough(figures.reserved),
                    rough(figures.committed),
                    exact(figures.free_bytes),
                    count(figures.holes, "hole")
                );
                Answer::done(format!("{call} = heap {number}"), words)
            }
            Err(error) => {
                self.last.result = 0;
                api::SetLastError(api::ERROR_NOT_ENOUGH_MEMORY);
                let words = format!("no heap was made: {error}");
                Answer::failed(self.failed(&call, "NULL"), words)
            }
        }
    }

    fn no_heap(number: u32) -> Answer {
        Answer::refused(format!("there is no heap {number}"))
    }

    pub(super) fn heap_use(&mut self, number: u32) -> Answer {
        if self.slot(number).is_none() {
            return Self::no_heap(number);
        }
        self.in_view = Some(number);
        let warning = if number == 0 {
            ": the process heap; the system's own threads may use it too, so do not give HEAP_NO_SERIALIZE on it"
        } else {
            ""
        };
        Answer::done("", format!("heap {number} is in view{warning}"))
    }

    pub(super) fn heap_destroy(&mut self, number: Option<u32>) -> Answer {
        let Some(number) = number.or(self.in_view) else {
            return Answer::refused("there is no heap but the process heap, which stays");
        };
        let Some(here) = self.slot(number).map(Slot::here) else {
            return Self::no_heap(number);
        };
        let before = Moment::of(&here.heap);
        let call = format!("HeapDestroy(heap {number})");
        let done = self.process.HeapDestroy(here.handle);
        self.last.result = i64::from(done);
        if !done {
            let words = "the process heap lives as long as the process";
            return Answer::failed(self.failed(&call, "FALSE"), words);
        }
        let lock = self.actors.lose_lock(&here.heap);
        let lock = lock.map_or_else(String::new, |holder| {
            format!("; {holder} held its lock, which is gone with it")
        });
        // Undo may hold the handle; the memory goes back now.
        here.heap.give_everything_back();
        let bytes = before.figures.committed;
        self.book_return(
            number,
            bytes,
            Cause::Destroy,
            before.resident.map(|resident| (resident, 0)),
        );
        self.slots.retain(|slot| slot.number != number);
        let had_tag = self.crt == Some(number);
        if had_tag {
            self.crt = None;
        }
        let next = self.view_after(number);
        let tag = if had_tag {
            "; no heap bears the tag CRT now"
        } else {
            ""
        };
        let blocks = count(before.figures.busy_blocks, "busy block");
        let words = format!(
            "returned {} with {blocks} in it; nothing had to be freed first; {next}{tag}{lock}",
            rough(bytes)
        );
        Answer::done(format!("{call} = TRUE"), words)
    }

    /// Looks at another heap if the one in view is gone, and says at which.
    fn view_after(&mut self, gone: u32) -> String {
        if self.in_view == Some(gone) {
            self.in_view = self
                .slots
                .iter()
                .map(|slot| slot.number)
                .rfind(|&number| number != 0);
        }
        match self.in_view {
            Some(number) => format!("heap {number} is in view"),
            None => "no heap is left but the process heap (0); the next alloc makes a growable one"
                .to_owned(),
        }
    }

    pub(super) fn set_crt(&mut self, number: u32) {
        self.crt = Some(number);
        if let Some(slot) = self.slot(number) {
            self.process.set_crt(slot.handle);
        }
    }

    pub(super) fn heap_crt(&mut self, number: Option<u32>) -> Answer {
        let number = number.unwrap_or_else(|| self.number_in_view());
        if self.slot(number).is_none() {
            return Self::no_heap(number);
        }
        self.set_crt(number);
        let words =
            format!("heap {number} bears the tag CRT: _heapmin and the _heap functions act on it");
        Answer::done("", words)
    }

    pub(super) fn switch(
        &mut self,
        call: &str,
        change: impl FnOnce(&mut crate::heap::Settings),
        words: &str,
    ) -> Answer {
        let here = self.here();
        let before = here.heap.settings();
        here.heap.change_settings(change);
        self.touch(here.number);
        let same = if here.heap.settings() == before {
            "as before: "
        } else {
            ""
        };
        Answer::done(format!("{call} (heapwalk's own)"), format!("{same}{words}"))
    }

    pub(super) fn coalesce(&mut self, on: bool) -> Answer {
        let here = self.here();
        let settings = here.heap.settings();
        // Merging follows headers and links: on a heap that they lead astray it would spread the damage.
        if on && settings.checks && !settings.coalesce() {
            let (findings, total) = here.heap.inspect(1);
            if let Some(first) = findings.first() {
                return Answer::refused(damaged_words(Some(first), total)).about(Some(first.at));
            }
        }
        let before = Moment::of(&here.heap);
        let merged = self.process.set_coalesce(&here.heap, on);
        self.touch(here.number);
        self.last.merged = merged;
        let after = Moment::of(&here.heap);
        let words = match (on, merged) {
            _ if settings.coalesce() == on => {
                format!("it was {} already", if on { "ON" } else { "OFF" })
            }
            (false, _) => {
                "from now on HeapFree leaves free neighbours unmerged; HeapCompact (K) merges them"
                    .to_owned()
            }
            (true, 0) => "HeapFree merges free neighbours; none were waiting".to_owned(),
            (true, _) => format!(
                "merged {} at once (heapwalk's own doing: Windows fixes the flag when the heap is made); biggest request {}",
                count(merged, "waiting pair"),
                change(
                    before.figures.largest_request,
                    after.figures.largest_request
                )
            ),
        };
        let call = format!(
            "coalesce {} (heapwalk's own; HEAP_DISABLE_COALESCE_ON_FREE)",
            if on { "ON" } else { "OFF" }
        );
        Answer::done(call, words)
    }

    pub(super) fn serialize(&mut self, on: bool) -> Answer {
        let number = self.number_in_view();
        let words = match (on, number) {
            (true, _) => "calls take the heap's lock again",
            (false, 0) => {
                "HEAP_NO_SERIALIZE: calls skip the lock. The documentation says not to on the process heap: the system may have threads of its own there"
            }
            (false, _) => {
                "HEAP_NO_SERIALIZE: calls skip the lock; safe only while one thread uses this heap"
            }
        };
        let call = if on {
            "serialize ON"
        } else {
            "serialize OFF (no lock)"
        };
        self.switch(
            call,
            |settings| settings.flags = settings.flags.with(Flags::NO_SERIALIZE, !on),
            words,
        )
    }

    pub(super) fn decommit(&mut self, thresholds: Option<Thresholds>) -> Answer {
        let here = self.here();
        if let Some(Thresholds { block, total }) = thresholds {
            here.heap.set_thresholds(block, total);
        }
        let words = thresholds.map_or_else(
            || "HeapFree keeps free memory committed; _heapmin (M) gives it back".to_owned(),
            |Thresholds { block, total }| {
                format!(
                    "HeapFree gives back the whole pages of a free block of {} or more while {} or more are free in all",
                    rough(block),
                    rough(total)
                )
            },
        );
        let call = if thresholds.is_some() {
            "decommit auto"
        } else {
            "decommit off"
        };
        self.switch(
            call,
            |settings| settings.decommit = thresholds.is_some(),
            &words,
        )
    }

    pub(super) fn set_limit(&mut self, bytes: Option<u64>) -> Answer {
        let before = self.limit.limit();
        self.limit
            .set_limit(bytes.unwrap_or_else(crate::os::CommitLimit::default_bytes));
        let words = format!(
            "all heaps together may commit {} (was {}); {} are committed now",
            rough(self.limit.limit()),
            rough(before),
            rough(self.limit.used())
        );
        Answer::done("commit limit (heapwalk's own)", words)
    }
}
