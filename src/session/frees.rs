//! Commands that free blocks: by name, by address, by what they are.

use crate::api::Exception;
use crate::heap::{Event, Flags, GRANULE};
use crate::os::PAGE;
use crate::view::{self, BlockFacts, Mark, facts};

use super::blocks::{Pointer, pointer_text, so_far};
use super::filter::Filter;
use super::frame::Answer;
use super::name::{Names, Operand};
use super::session::{Here, LastCall, Session, Slot};
use super::why::Request;
use super::words::{Moment, change, count, exact, flags_text, grouped, more, rough, times};

/// What freeing a series of blocks did.
#[derive(Default)]
struct Freed {
    done: u64,
    /// The first pointer that was refused, and how many were.
    refused: Option<u64>,
    failed: u64,
    exception: Option<Exception>,
    /// Address of the first block freed.
    block: Option<u64>,
}

impl Session {
    pub(super) fn free(&mut self, what: &Operand, flags: Flags) -> Answer {
        let here = self.here();
        let targets = match self.at(&here).pointers(what) {
            Ok(targets) => targets,
            Err(answer) => return answer,
        };
        let call = format!(
            "HeapFree(heap, {}, {})",
            flags_text(flags),
            pointer_text(what)
        );
        if matches!(what, Operand::Null) {
            let done = self.process.HeapFree(here.handle, flags.0, 0);
            self.last = LastCall {
                result: i64::from(done == Ok(true)),
                merged: 0,
            };
            let words =
                "nothing to free; Windows answers TRUE, the documentation calls it undefined";
            return Answer::done(format!("{call} = TRUE"), words);
        }
        self.free_all(&here, &targets, flags, &call)
    }

    /// Frees the block at `address` (its header), whatever its name.
    pub fn free_at(&mut self, address: u64) -> Answer {
        let payload = address + GRANULE;
        let what = match self.slot_here().names.owner(payload) {
            Some(owned) => Operand::Names(Names::One(owned.name.clone())),
            None => Operand::Address(payload),
        };
        self.apply(&super::Command::Free {
            what,
            flags: Flags::NONE,
        })
    }

    pub(super) fn free_where(&mut self, filter: &Filter) -> Answer {
        let (here, now) = (self.here(), self.operations);
        let mut targets = Vec::new();
        self.at(&here).search(filter, now, |block| {
            if block.is_busy() {
                targets.push((None, block.address + GRANULE));
            }
        });
        if targets.is_empty() {
            let busy = view::figures(&here.heap).busy_blocks;
            return Answer::refused(format!(
                "no busy block matches {filter}; {} in all",
                count(busy, "busy block")
            ));
        }
        self.free_all(&here, &targets, Flags::NONE, "HeapFree(heap, 0, block)")
    }

    fn free_all(&mut self, here: &Here, targets: &[Pointer], flags: Flags, call: &str) -> Answer {
        let before = Moment::of(&here.heap);
        let mut freed = Freed::default();
        for pointer in targets {
            if self.is_bound() {
                break;
            }
            self.free_one(here, pointer, flags, &mut freed);
        }
        self.touch(here.number);
        self.last = LastCall {
            result: i64::from(freed.failed == 0),
            merged: 0,
        };
        let after = Moment::of(&here.heap);
        self.book_returns(here.number, &before, &after);
        if freed.failed > 0 {
            let call = self.failed_or_raised(call, "FALSE", freed.exception);
            let others = match freed.failed - 1 {
                0 => String::new(),
                others => format!(" (and {} more failed)", grouped(others)),
            };
            let request = Request {
                payload: freed.refused,
                size: 0,
                flags,
            };
            let words = so_far(freed.done, "freed") + &self.at(here).why(request) + &others;
            return Answer::failed(call, words).about(freed.block);
        }
        let words = self.freed_words(here, &before, &after, &freed);
        let call = format!("{call} = TRUE{}", times(freed.done));
        Answer::done(call, words).about(freed.block)
    }

    /// HeapFree of one pointer, marked and with its name taken where that succeeds.
    pub(super) fn free_pointer(
        &mut self,
        here: &Here,
        pointer: &Pointer,
    ) -> Result<bool, Exception> {
        let mut freed = Freed::default();
        self.free_one(here, pointer, Flags::NONE, &mut freed);
        freed.exception.map_or(Ok(freed.failed == 0), Err)
    }

    fn free_one(&mut self, here: &Here, pointer: &Pointer, flags: Flags, freed: &mut Freed) {
        self.operations += 1;
        let (name, payload) = (pointer.0.as_ref(), pointer.1);
        let extent = here.extent(payload);
        let pointer = here.address(payload);
        let result = self.process.HeapFree(here.handle, flags.0, pointer);
        freed.exception = freed.exception.or(result.err());
        self.note_call(here.number, result != Ok(true));
        if result != Ok(true) {
            freed.failed += 1;
            freed.refused = freed.refused.or(Some(payload));
            return;
        }
        freed.done += 1;
        if let Some(extent) = extent {
            freed.block = freed.block.or(Some(extent.from));
            self.marks.add(extent.from, extent.to, Mark::Freed);
        }
        if let Some(table) = self.names_mut(here.number) {
            table.remove_as(payload, name);
        }
    }

    /// What freeing did, from before to after.
    fn freed_words(
        &mut self,
        here: &Here,
        before: &Moment,
        after: &Moment,
        freed: &Freed,
    ) -> String {
        let large = more(after.figures.large_blocks, before.figures.large_blocks);
        let merging = if freed.done == large {
            String::new()
        } else {
            self.merging_words(here, before, after) + "; "
        };
        let returned = after.returned(before).1;
        let back = match (returned, large) {
            (0, _) => String::new(),
            (_, 0) => format!("returned {} to the system (automatic); ", rough(returned)),
            _ => format!(
                "returned {} to the system (automatic: a large block's region goes with it); ",
                rough(returned)
            ),
        };
        let requests = change(
            before.figures.largest_request,
            after.figures.largest_request,
        );
        let fragmentation =
            view::external_fragmentation(after.figures.largest_free, after.figures.free_bytes);
        format!(
            "{merging}{back}biggest request {requests}; external fragmentation {:.0} %",
            fragmentation * 100.0
        )
    }

    /// Which free neighbours were joined, or were not and why.
    fn merging_words(&mut self, here: &Here, before: &Moment, after: &Moment) -> String {
        if !here.heap.settings().coalesce() {
            let waiting = after
                .figures
                .unmerged_pairs
                .saturating_sub(before.figures.unmerged_pairs);
            return match waiting {
                0 => "no free neighbour".to_owned(),
                _ => format!(
                    "left {} unmerged (coalesce OFF); K would merge them",
                    count(waiting, "free pair")
                ),
            };
        }
        let steps = self.steps();
        let is_merge = |event: &&Event| matches!(event, Event::Merge { .. });
        let merged = steps.events.iter().filter(is_merge).count() as u64;
        match (merged, steps.dropped) {
            (0, _) => "no free neighbour to merge with".to_owned(),
            (_, 0) => format!("merged with {}", count(merged, "free neighbour")),
            _ => format!("merged with more than {}", count(merged, "free neighbour")),
        }
    }

    pub(super) fn set_filter(&mut self, filter: Option<&Filter>) -> Answer {
        self.filter = filter.cloned().map(std::sync::Arc::new);
        self.seek_filter();
        let Some(filter) = filter else {
            return Answer::note("no filter: nothing is looked for");
        };
        let here = self.here();
        let (mut found, mut bytes, mut first) = (0, 0, None);
        self.at(&here).search(filter, self.operations, |block| {
            found += 1;
            bytes += block.bytes;
            first = first.or(Some(block.address));
        });
        let figures = view::figures(&here.heap);
        let of = format!(
            "{} and {}",
            count(figures.busy_blocks, "busy block"),
            count(figures.holes, "hole")
        );
        let words = if found == 0 {
            format!("nothing matches among {of}")
        } else {
            format!("{} of {of}, {} in all", matches_words(found), exact(bytes))
        };
        Answer::note(words).about(first)
    }
}

fn matches_words(found: u64) -> String {
    if found == 1 {
        "1 match".to_owned()
    } else {
        format!("{} matches", grouped(found))
    }
}

impl Slot {
    /// Calls `each` with every block that a filter matches, in address order, large blocks last.
    pub(super) fn search(&self, filter: &Filter, now: u64, mut each: impl FnMut(&BlockFacts<'_>)) {
        self.heap.look(|core| {
            for block in core.walk().filter_map(|entry| facts(&core, entry)) {
                let owned = if filter.needs_names() && block.is_busy() {
                    self.names.owner(block.address + GRANULE)
                } else {
                    None
                };
                let name = owned.as_ref().map(|owned| owned.name.to_string());
                let pinned = crate::heap::Block::at(block.address)
                    .filter(|_| filter.needs_pins() && block.is_busy())
                    .map_or(0, |block| core.pinned_by(block) * PAGE);
                let block = BlockFacts {
                    name: name.as_deref(),
                    born: owned.map(|owned| owned.born),
                    pins: pinned,
                    ..block
                };
                if filter.matches(&block, now) {
                    each(&block);
                }
            }
        });
    }
}
