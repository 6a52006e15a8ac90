//! `apply`: the only place that changes a heap.

use crate::api;
use crate::heap::{Finding, Flags};
use crate::view;

use super::command::{Command, Relation, Value};
use super::frame::{Answer, Tone};
use super::grammar::GRAMMAR;
use super::metric::Metric;
use super::row::CommandRow;
use super::session::{Here, LastCall, Session, Slot};
use super::time::Again;
use super::words::{Moment, change, count, flags_text, more, residency, rough};

impl Session {
    /// Carries out one command to its end and answers.
    pub fn apply(&mut self, command: &Command) -> Answer {
        let played = self.ends_play(command);
        let command = played.as_ref().unwrap_or(command);
        if let Some(answer) = self.step_in_time(command) {
            return answer;
        }
        let answer = self.apply_by_actor(command);
        self.explain_once(&answer);
        self.tell(answer.clone());
        self.let_in();
        answer
    }

    /// Carries out a line of a script: the log is told of expectations only where they do not hold.
    pub(super) fn apply_quietly(&mut self, command: &Command) -> Answer {
        let played = self.ends_play(command);
        let command = played.as_ref().unwrap_or(command);
        if let Some(answer) = self.step_in_time(command) {
            return answer;
        }
        let answer = self.apply_by_actor(command);
        let held = matches!(command, Command::Expect { .. }) && answer.tone == Tone::Note;
        if !held {
            self.tell(answer.clone());
        }
        self.let_in();
        answer
    }

    /// Does what is no single command: takes back or brings back one, or carries out many. Refuses what has to wait.
    pub(super) fn step_in_time(&mut self, command: &Command) -> Option<Answer> {
        self.actors.late.clear();
        if let Some(refused) = self.kept_from_past(command) {
            self.tell(refused.clone());
            return Some(refused);
        }
        match command {
            Command::Undo => Some(self.undo()),
            Command::Redo => Some(self.redo()),
            Command::Example(example) if !self.is_in_steps() => Some(self.example(example)),
            _ => {
                if let Some(refused) = self.held_up(command) {
                    self.tell(refused.clone());
                    return Some(refused);
                }
                let led = self.lead_through_time(command);
                if led.is_none() {
                    self.touch_past();
                }
                led
            }
        }
    }

    /// Writes down a call that waits: it is made again when what follows it is.
    pub(super) fn journal_wait(&mut self, command: &Command) {
        if is_journalled(command.spoken().1) {
            self.close_part();
            self.journal(&command.to_string());
        }
    }

    /// Carries out a command, and writes it down if it is `new` and not one that was written down when it began to wait.
    pub(super) fn apply_untold(&mut self, command: &Command, new: bool) -> Answer {
        let text = command.to_string();
        let command = command.spoken().1;
        let changes = changes(command);
        let written = new && is_journalled(command);
        if written {
            self.close_part();
        }
        let had = self.in_view.is_some();
        let before = if changes { self.before() } else { None };
        let marks = std::mem::take(&mut self.marks);
        // A workload makes more steps than anyone could look at.
        let many = matches!(command, Command::Run(_) | Command::Threads(_));
        self.process.watch(!many);
        let mut answer = self.carry_out(command);
        self.steps();
        self.process.watch(false);
        answer.command.clone_from(&text);
        let refused = answer.tone == Tone::Refused;
        if !written || refused {
            self.journal_made_heap(had);
        }
        if refused {
            self.marks = marks;
        } else {
            self.settle_marks();
            if changes && !matches!(command, Command::Threads(_)) {
                self.crew_left = None;
            }
            if changes && !self.keep(&text, again(command), before) {
                answer
                    .words
                    .push_str(" (the heaps are too large now for undo to keep)");
            }
        }
        if answer.tone != Tone::Refused {
            // A run has written itself, as what was made of it.
            if written && !many {
                self.journal(&text);
            }
            self.sample_after(command, answer.tone == Tone::Done);
        }
        answer
    }

    /// Carries out a command that was carried out from here before: nobody is told of it, and nothing is written down.
    pub(super) fn carry_out_again(&mut self, command: &Command) {
        let journal = self.journal.take();
        self.carry_out(command);
        self.journal = journal;
    }

    /// What the allocator did since the command began.
    pub(super) fn steps(&mut self) -> &api::Steps {
        self.marks.tell(self.process.take_steps())
    }

    fn settle_marks(&mut self) {
        let heap = self.marks.heap().and_then(|number| self.slot(number));
        if let Some(heap) = heap.map(|slot| std::sync::Arc::clone(&slot.heap)) {
            self.marks.settle(&heap);
        }
    }

    fn carry_out(&mut self, command: &Command) -> Answer {
        match command {
            Command::HeapNew(new) => self.heap_new(new),
            Command::HeapUse(number) => self.heap_use(*number),
            Command::HeapDestroy(number) => self.heap_destroy(*number),
            Command::HeapCrt(number) => self.heap_crt(*number),
            Command::Save { file, replace } => self.save(file, *replace),
            Command::Export { file, replace } => self.export(file, *replace),
            Command::Load(file) => self.load(file),
            Command::Alloc { names, size, flags } => self.alloc(names, *size, *flags),
            Command::Realloc { what, size, flags } => self.realloc(what, *size, *flags),
            Command::Free { what, flags } => self.free(what, *flags),
            Command::FreeWhere(filter) => self.free_where(filter),
            Command::Fault {
                fault,
                what,
                amount,
            } => self.fault(*fault, what, *amount),
            Command::FindingsOff => self.drop_findings(),
            Command::Size { what, flags } => self.size(what, *flags),
            Command::Validate { what, flags } => self.validate(what.as_ref(), *flags),
            Command::Walk => self.walk(),
            Command::Compact { flags } => self.compact(*flags),
            Command::Heapmin => self.heapmin(),
            Command::Minimize => self.minimize(),
            Command::Heapchk => self.heapchk(),
            Command::Heapset(fill) => self.heapset(*fill),
            Command::CrtWalk => self.crt_walk(),
            Command::Expand { what, size } => self.expand(what, *size),
            Command::Summary => self.summary(),
            Command::Lock => self.lock(true),
            Command::Unlock => self.lock(false),
            Command::Coalesce(on) => self.coalesce(*on),
            Command::Serialize(on) => self.serialize(*on),
            Command::Policy(policy) => self.switch(
                "policy",
                |settings| settings.policy = *policy,
                &format!("{policy} from the next request on"),
            ),
            Command::Filter(filter) => self.set_filter(filter.as_ref()),
            Command::Interleave(asked) => self.interleave(asked),
            Command::Play(call) => self.play(call),
            Command::Step(to) => self.step(*to),
            Command::Example(example) => self.example(example),
            Command::Undo => self.undo(),
            Command::Redo => self.redo(),
            Command::History(bytes) => self.set_history(*bytes),
            // These lead elsewhere before anything is carried out.
            Command::Seek(_) | Command::Branch(_) => Answer::default(),
            Command::Help(topic) => Answer::note(help(*topic)),
            Command::Quit => Answer::note("the end"),
            Command::Decommit(thresholds) => self.decommit(*thresholds),
            Command::Stamp(on) => {
                self.switch("stamp", |settings| settings.stamp = *on, stamp_words(*on))
            }
            Command::Checks(on) => self.switch(
                "checks",
                |settings| settings.checks = *on,
                checks_words(*on),
            ),
            Command::Limit(bytes) => self.set_limit(*bytes),
            Command::Go(place) => self.go(place),
            Command::Probe(size) => self.probe(*size),
            Command::Run(workload) => self.run_to_end(workload),
            Command::Threads(threads) => self.threads_to_end(threads),
            Command::Situations(situations) => self.situations_to_end(situations),
            Command::Rate(rate) => self.set_rate(*rate),
            Command::Mark(words) => self.bookmark(words.as_deref()),
            Command::Baseline(baseline) => self.set_baseline(*baseline),
            Command::Say(words) => Answer::note(words),
            Command::Expect {
                metric,
                relation,
                value,
            } => self.expect(*metric, *relation, *value),
            Command::Pause => Answer::note("pause"),
            Command::As { command, .. } => self.carry_out(command),
        }
    }

    /// A call with its result and the last error.
    pub(super) fn failed(&self, call: &str, result: &str) -> String {
        format!(
            "{call} = {result}, error {}",
            api::error_text(api::GetLastError())
        )
    }

    fn compact(&mut self, flags: Flags) -> Answer {
        let here = self.here();
        let before = Moment::of(&here.heap);
        let largest = self.process.HeapCompact(here.handle, flags.0) as u64;
        self.touch(here.number);
        let after = Moment::of(&here.heap);
        let merged = after.stats.merged - before.stats.merged;
        self.last = LastCall {
            result: largest as i64,
            merged,
        };
        let call = format!("HeapCompact(heap, {})", flags_text(flags));
        if largest == 0 && api::GetLastError() != 0 {
            return self.damaged(&here, self.failed(&call, "0"));
        }
        let words = if largest == 0 {
            "no committed free block at all: 0 with NO_ERROR".to_owned()
        } else {
            let what = match (here.heap.settings().coalesce(), merged) {
                (true, _) => {
                    "coalescing is on, so HeapFree merged already: nothing to merge, moved nothing"
                        .to_owned()
                }
                (false, 0) => "no free neighbours to merge, moved nothing".to_owned(),
                (false, _) => format!("merged {}, moved nothing", count(merged, "pair")),
            };
            let requests = change(
                before.figures.largest_request,
                after.figures.largest_request,
            );
            format!("{what}; biggest request {requests} (HeapCompact's number includes the header)")
        };
        Answer::done(format!("{call} = {largest}"), words)
    }

    /// The answer of a call that found the heap damaged.
    fn damaged(&mut self, here: &Here, call: String) -> Answer {
        let findings = self.check(here);
        let words = format!(
            "the heap is damaged, {}; nothing changed",
            count(findings.total, "finding")
        );
        Answer::failed(call, words).listing(findings)
    }

    fn heapmin(&mut self) -> Answer {
        let Some(number) = self.crt else {
            self.number_in_view();
            return if self.crt.is_some() {
                self.heapmin()
            } else {
                Self::no_crt()
            };
        };
        let Some(here) = self.slot(number).map(Slot::here) else {
            return Self::no_crt();
        };
        let before = Moment::of(&here.heap);
        let result = self.process._heapmin();
        let call = if result == 0 {
            "_heapmin() = 0, success".to_owned()
        } else {
            format!(
                "_heapmin() = {result}, errno {}",
                api::errno_text(api::errno())
            )
        };
        let answer = self.minimized(&here, &before, call, result == 0, i64::from(result));
        self.on_the_crt_heap(number, answer)
    }

    /// The CRT's functions take no handle: where they acted on a heap that is not in view, the answer says so.
    pub(super) fn on_the_crt_heap(&self, number: u32, mut answer: Answer) -> Answer {
        if self.in_view != Some(number) {
            answer.words = format!(
                "on heap {number}, which bears the tag CRT: {}",
                answer.words
            );
        }
        answer
    }

    pub(super) fn no_crt() -> Answer {
        Answer::refused("no heap bears the tag CRT; `heap crt N` gives it to one")
    }

    fn minimize(&mut self) -> Answer {
        let here = self.here();
        let before = Moment::of(&here.heap);
        let done = self.process.minimize(&here.heap).is_ok();
        let own =
            "minimize (heapwalk's own: _heapmin takes no handle and acts on the heap tagged CRT)";
        self.minimized(
            &here,
            &before,
            own.to_owned(),
            done,
            if done { 0 } else { -1 },
        )
    }

    fn minimized(
        &mut self,
        here: &Here,
        before: &Moment,
        call: String,
        done: bool,
        result: i64,
    ) -> Answer {
        self.touch(here.number);
        self.last = LastCall { result, merged: 0 };
        let after = Moment::of(&here.heap);
        self.book_returns(here.number, before, &after);
        if !done && here.heap.memory().can_return() {
            return self.damaged(here, call);
        }
        if !done {
            let words = "this heap's memory is a fixed buffer, which cannot give pages back; nothing changed";
            return Answer::failed(call, words);
        }
        let returned = after.returned(before).0;
        let what = if returned == 0 {
            "nothing to return".to_owned()
        } else {
            format!("returned {}", rough(returned))
        };
        let segments = more(after.figures.segments, before.figures.segments);
        let released = if segments == 0 {
            String::new()
        } else {
            format!(", {} released", count(segments, "segment"))
        };
        let kept = if after.figures.free_bytes == 0 {
            String::new()
        } else {
            format!(
                "; {} free stay in pages that hold something else",
                rough(after.figures.free_bytes)
            )
        };
        let words = format!("{what}{released}; {}{kept}", residency(before, &after));
        Answer::done(call, words)
    }

    fn expect(&mut self, metric: Metric, relation: Relation, value: Value) -> Answer {
        let Some(found) = self.metric(metric) else {
            return Answer::refused(format!(
                "{metric} is unknown here: the kernel does not tell what of this heap is resident"
            ));
        };
        if relation.holds(found, value) {
            return Answer::note(format!("holds: {metric} is {found}"));
        }
        self.failed_expectations += 1;
        let words = format!(
            "does not hold: {metric} is {found}, expected {} {value}",
            relation.sign()
        );
        Answer::failed("", words)
    }

    /// The value of a figure now: of the heap in view, of the session, or of the last call. Nothing where the kernel
    /// is asked and does not tell.
    pub fn metric(&self, metric: Metric) -> Option<Value> {
        let slot = self.shown();
        let figures = view::figures(&slot.heap);
        let line = view::memory_line(&slot.heap, slot.returned);
        let whole = match metric {
            Metric::LargestFree => figures.largest_free,
            Metric::LargestRequest => figures.largest_request,
            Metric::Free => figures.free_bytes,
            Metric::Holes => figures.holes,
            Metric::Busy => figures.busy_bytes,
            Metric::BusyBlocks => figures.busy_blocks,
            Metric::Requested => figures.requested,
            Metric::Slack => line.slack,
            Metric::Headers => line.headers,
            Metric::Control => line.control,
            Metric::Returnable => line.holes_returnable,
            Metric::Pinned => line.holes_pinned,
            Metric::Committed => figures.committed,
            Metric::PeakCommitted => figures.peak_committed,
            Metric::Reserved => figures.reserved,
            Metric::Resident => line.resident?,
            Metric::SideTables => line.side_tables,
            Metric::Returned => line.returned_total,
            Metric::ReturnedLast => line.returned_last,
            Metric::ExternalFragmentation => {
                return Some(Value::Fraction(figures.external_fragmentation));
            }
            Metric::UnmergedPairs => figures.unmerged_pairs,
            Metric::Merged => self.last.merged,
            Metric::LargeBlocks => figures.large_blocks,
            Metric::Segments => figures.segments,
            Metric::Findings => slot.heap.look(|core| core.validate(&mut |_| {})),
            Metric::Entries => slot.heap.look(|core| core.recount().entries),
            Metric::Probes => figures.probes,
            Metric::LockTaken => figures.lock_taken,
            Metric::LockSkipped => figures.lock_skipped,
            Metric::LockContended => figures.lock_contended,
            Metric::Result => return Some(Value::Whole(self.last.result)),
            Metric::LastError => u64::from(api::GetLastError()),
            Metric::Errno => return Some(Value::Whole(i64::from(api::errno()))),
            Metric::Failures => self
                .slots
                .iter()
                .map(|slot| slot.heap.stats().failures)
                .sum(),
        };
        Some(Value::Whole(i64::try_from(whole).unwrap_or(i64::MAX)))
    }
}

/// How the operations of a command can be made again.
fn again(command: &Command) -> Again {
    match command {
        Command::Run(_) => Again::Run,
        Command::Threads(_) | Command::Load(_) => Again::Ends,
        command => Again::Command(Box::new(command.clone())),
    }
}

/// What is wrong with a heap that a call refuses to work on.
pub(super) fn damaged_words(first: Option<&Finding>, total: u64) -> String {
    let first = first.map_or_else(String::new, |finding| format!(": {finding}"));
    let findings = count(total, "finding");
    format!("the heap is damaged, {findings}{first}; nothing changed")
}

/// The lines of the reference about a command, or about all that begin with these words.
fn help(topic: Option<&str>) -> String {
    let Some(topic) = topic else {
        let verbs: Vec<&str> = GRAMMAR.iter().map(|row| row.verb).collect();
        return format!("{}; help COMMAND explains one", verbs.join(", "));
    };
    let asked = |row: &&CommandRow| {
        let rest = row.verb.strip_prefix(topic);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    };
    let lines: Vec<String> = GRAMMAR.iter().filter(asked).map(CommandRow::line).collect();
    lines.join(" | ")
}

/// Whether a command only looks, at any moment: heaps, names and figures are what they were before it.
pub(super) fn only_looks(command: &Command) -> bool {
    matches!(
        command,
        Command::Save { .. }
            | Command::Export { .. }
            | Command::Size { .. }
            | Command::Validate { .. }
            | Command::Walk
            | Command::CrtWalk
            | Command::Heapchk
            | Command::Summary
            | Command::Go(_)
            | Command::Probe(_)
            | Command::Rate(_)
            | Command::Situations(_)
            | Command::Filter(_)
            | Command::FindingsOff
            | Command::Seek(_)
            | Command::Branch(_)
            | Command::Help(_)
            | Command::Quit
            | Command::Say(_)
            | Command::Expect { .. }
            | Command::Pause
    )
}

/// Whether a command can change anything that undo would bring back.
pub(super) fn changes(command: &Command) -> bool {
    let is_beside_undo = matches!(
        command,
        Command::Lock
            | Command::Unlock
            | Command::Mark(_)
            | Command::Baseline(_)
            // These write down themselves what came of them.
            | Command::Interleave(_)
            | Command::Play(_)
            | Command::Step(_)
            | Command::Example(_)
            | Command::Undo
            | Command::Redo
            | Command::History(_)
    );
    !only_looks(command) && !is_beside_undo
}

/// Whether a command leaves anything that a replay has to bring back.
pub(super) fn is_journalled(command: &Command) -> bool {
    changes(command) || is_kept_beside(command)
}

/// Whether a command leaves something that undo does not touch, and that a replay has to bring back.
fn is_kept_beside(command: &Command) -> bool {
    matches!(
        command,
        Command::Lock
            | Command::Unlock
            | Command::Mark(_)
            | Command::Baseline(_)
            // What the way back has forgotten, `undo` and `seek` do not lead to.
            | Command::History(_)
    )
}

fn stamp_words(on: bool) -> &'static str {
    if on {
        "allocations write their payload, so that its pages become resident"
    } else {
        "allocations leave their payload alone: pages nobody touches are never resident"
    }
}

fn checks_words(on: bool) -> &'static str {
    if on {
        "misuse and damage are looked for and refused"
    } else {
        "misuse is carried out: a double free may hand out one pointer twice"
    }
}
