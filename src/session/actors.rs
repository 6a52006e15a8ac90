//! Named actors: `as t2: alloc x 64`. What a command does is then done by another than the session's own thread, as far
//! as the lock of the heap can tell; t1 is that thread itself.
//!
//! An actor whose call meets a lock that another actor holds waits, as its thread would: a real thread of its own waits
//! at the real lock, and the call is made when its turn has come. The session, and with it the screen, goes on.
//! Whoever waits cannot call again before.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use crate::heap::{Caller, Flags, Heap};

use super::command::Command;
use super::error::ParseError;
use super::frame::{ActorState, Answer, Tone};
use super::lexer::Piece;
use super::run::Running;
use super::session::Session;

/// Actors there can be at most.
const MOST: usize = 16;
/// Letters that a name may have.
const LONGEST: usize = 12;

/// The name of someone who calls: letters, then digits or none.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Actor(String);

impl Actor {
    /// The session's own thread.
    pub const MAIN: &'static str = "t1";

    /// An actor of this name; `None` if it is none.
    #[must_use]
    pub fn new(name: &str) -> Option<Actor> {
        let letters = name.trim_end_matches(|char: char| char.is_ascii_digit());
        let good = !letters.is_empty()
            && letters.chars().all(|char| char.is_ascii_alphabetic())
            && name.len() <= LONGEST;
        good.then(|| Actor(name.to_owned()))
    }

    fn is_main(&self) -> bool {
        self.0 == Actor::MAIN
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Reads `t2:`.
pub(super) fn actor(piece: Piece<'_>) -> Result<Actor, ParseError> {
    let name = piece.text.strip_suffix(':');
    name.and_then(Actor::new)
        .ok_or_else(|| ParseError::at(piece, "the name of an actor and a colon, such as t2:"))
}

/// Refuses what is no call on a heap.
pub(super) fn call(piece: Piece<'_>, command: Command) -> Result<Command, ParseError> {
    // A workload beside the screen is the session's own.
    let workload = matches!(command, Command::Run(_) | Command::Threads(_));
    if (command.locks() && !workload) || command == Command::Unlock {
        return Ok(command);
    }
    let error = ParseError::at(piece, "a call such as alloc, free or lock");
    Err(error.hint("only calls on a heap are made by an actor"))
}

/// A call that waits for a lock.
struct Waiting {
    actor: Actor,
    heap: Arc<Heap>,
    /// As it was given, with the actor's name if it had one.
    command: Command,
    /// Hears when the turn has come.
    turn: Receiver<()>,
}

/// Who calls beside the session's own thread, and who waits.
pub(super) struct Actors {
    /// The session's own thread.
    main: Caller,
    others: Vec<(Actor, Caller)>,
    waiting: VecDeque<Waiting>,
    /// What was answered to calls whose turn came during the last command.
    pub(super) late: Vec<Answer>,
}

impl Default for Actors {
    fn default() -> Actors {
        Actors {
            main: Caller::here(),
            others: Vec::new(),
            waiting: VecDeque::new(),
            late: Vec::new(),
        }
    }
}

impl Actors {
    /// The part to play for an actor; `None` where there would be too many.
    fn caller(&mut self, actor: &Actor) -> Option<Caller> {
        if actor.is_main() {
            return Some(self.main);
        }
        let known = self.others.iter().find(|(other, _)| other == actor);
        if let Some((_, caller)) = known {
            return Some(*caller);
        }
        if self.others.len() == MOST {
            return None;
        }
        let caller = Caller::new();
        self.others.push((actor.clone(), caller));
        Some(caller)
    }

    pub(super) fn name_of(&self, caller: Caller) -> Option<&str> {
        if caller == self.main {
            return Some(Actor::MAIN);
        }
        let other = self.others.iter().find(|(_, other)| *other == caller);
        other.map(|(actor, _)| actor.0.as_str())
    }

    /// The actor who holds the heap's lock.
    pub(super) fn holder(&self, heap: &Heap) -> Option<(Caller, &str)> {
        let caller = heap.lock().holder()?;
        Some((caller, self.name_of(caller)?))
    }

    /// A heap that goes takes its lock with it. Answers with who held it.
    pub(super) fn lose_lock(&self, heap: &Heap) -> Option<&str> {
        let (holder, name) = self.holder(heap)?;
        holder.play(|| heap.lock().release());
        Some(name)
    }

    /// The first who waits, in words.
    pub(super) fn first_waits(&self) -> Option<String> {
        let first = self.waiting.front()?;
        let holder = self.holder(&first.heap).map_or("another", |(_, name)| name);
        Some(format!(
            "{} waits for the lock that {holder} holds",
            first.actor
        ))
    }
}

/// The answer to a call of an actor, in whose name it is told.
fn by(actor: &Actor, mut answer: Answer) -> Answer {
    if !actor.is_main() && !answer.call.is_empty() {
        answer.call = format!("{actor}: {}", answer.call);
    }
    answer
}

/// Whether a call can be made now.
enum Entry {
    Now(Caller),
    Answered(Answer),
}

impl Command {
    /// Who is to do it, and what.
    #[must_use]
    pub fn spoken(&self) -> (Actor, &Command) {
        match self {
            Command::As { actor, command } => (actor.clone(), command),
            command => (Actor(Actor::MAIN.to_owned()), command),
        }
    }

    /// Whether it calls functions that take the heap's lock, unless it is skipped.
    fn locks(&self) -> bool {
        !matches!(
            self,
            Command::HeapNew(_)
                | Command::HeapUse(_)
                | Command::HeapDestroy(_)
                | Command::HeapCrt(_)
                | Command::Save { .. }
                | Command::Export { .. }
                | Command::Load(_)
                | Command::Unlock
                | Command::Limit(_)
                | Command::Situations(_)
                | Command::Go(_)
                | Command::Probe(_)
                | Command::Rate(_)
                | Command::Mark(_)
                | Command::Baseline(_)
                | Command::Say(_)
                | Command::Expect { .. }
                | Command::Pause
                | Command::Filter(_)
                | Command::FindingsOff
                | Command::Undo
                | Command::Redo
                | Command::Seek(_)
                | Command::Branch(_)
                | Command::History(_)
                | Command::Help(_)
                | Command::Quit
                | Command::Interleave(_)
                | Command::Play(_)
                | Command::Step(_)
                | Command::Example(_)
                | Command::As { .. }
        )
    }

    fn call_flags(&self) -> Flags {
        match self {
            Command::Alloc { flags, .. }
            | Command::Realloc { flags, .. }
            | Command::Free { flags, .. }
            | Command::Size { flags, .. }
            | Command::Validate { flags, .. }
            | Command::Compact { flags } => *flags,
            _ => Flags::NONE,
        }
    }
}

impl Session {
    /// The heaps whose lock a command may take.
    fn locked_by(&self, command: &Command) -> Option<Arc<Heap>> {
        let number = match command {
            Command::Heapmin
            | Command::Heapchk
            | Command::Heapset(_)
            | Command::CrtWalk
            | Command::Expand { .. } => self.crt,
            Command::Run(workload) => workload.heap.or(self.in_view),
            _ => self.in_view,
        };
        let slot = self.slot(number?)?;
        Some(Arc::clone(&slot.heap))
    }

    /// Carries out a command as whoever is to do it, or lets it wait for a lock.
    pub(super) fn apply_by_actor(&mut self, command: &Command) -> Answer {
        self.actors.main = Caller::here();
        let (actor, call) = command.spoken();
        match self.enter_call(&actor, call, command) {
            Entry::Now(caller) => {
                let skips = self.skipped_lock(caller, call);
                let answer = caller.play(|| self.apply_untold(command, true));
                let mut answer = by(&actor, answer);
                if let (Some(holder), Tone::Done) = (skips, answer.tone) {
                    answer.words.push_str(&format!(
                        "; the lock that {holder} holds was not asked for (HEAP_NO_SERIALIZE)"
                    ));
                }
                answer
            }
            Entry::Answered(answer) => Answer {
                command: command.to_string(),
                ..answer
            },
        }
    }

    fn enter_call(&mut self, actor: &Actor, call: &Command, command: &Command) -> Entry {
        let Some(caller) = self.actors.caller(actor) else {
            let words = format!("there are {MOST} actors already; one of them can do it");
            return Entry::Answered(Answer::refused(words));
        };
        if !call.locks() && *call != Command::Unlock {
            return match self.is_in_use(call) {
                Some(words) => Entry::Answered(Answer::refused(words)),
                None => Entry::Now(caller),
            };
        }
        let waits = self.actors.waiting.iter().find(|one| one.actor == *actor);
        if let Some(waiting) = waits {
            let words = format!(
                "{actor} is still in {}, waiting for the lock",
                waiting.command.spoken().1
            );
            return Entry::Answered(Answer::refused(words));
        }
        let Some(heap) = self.locked_by(call).filter(|heap| {
            let other = self.actors.holder(heap);
            let held = other.is_some_and(|(holder, _)| holder != caller);
            held && call.locks() && heap.settings().serialized(call.call_flags())
        }) else {
            return Entry::Now(caller);
        };
        Entry::Answered(self.begin_wait(actor, caller, heap, command))
    }

    /// Why a heap cannot be destroyed: someone is in a call on it.
    fn is_in_use(&self, call: &Command) -> Option<String> {
        let Command::HeapDestroy(number) = call else {
            return None;
        };
        let slot = self.slot(number.or(self.in_view)?)?;
        let waits = |waiting: &&Waiting| Arc::ptr_eq(&waiting.heap, &slot.heap);
        let waiting = self.actors.waiting.iter().find(waits)?;
        Some(format!(
            "{} is in a call on heap {}: it waits for the lock",
            waiting.actor, slot.number
        ))
    }

    /// Who holds the lock that this call passes by.
    fn skipped_lock(&self, caller: Caller, call: &Command) -> Option<String> {
        if !call.locks() || !call.call_flags().has(Flags::NO_SERIALIZE) {
            return None;
        }
        let heap = self.locked_by(call)?;
        let (holder, name) = self.actors.holder(&heap)?;
        (holder != caller).then(|| name.to_owned())
    }

    /// Sends a thread to the lock; the call is made when it is there.
    fn begin_wait(
        &mut self,
        actor: &Actor,
        caller: Caller,
        heap: Arc<Heap>,
        command: &Command,
    ) -> Answer {
        let (sender, turn) = channel();
        let (at_lock, before) = (Arc::clone(&heap), heap.lock().waiting());
        let thread = std::thread::Builder::new().name(actor.to_string());
        let sent = thread.spawn(move || {
            caller.play(|| at_lock.lock().await_turn());
            // Nobody hears it where the session has ended.
            let _ = sender.send(());
        });
        if let Err(error) = sent {
            return Answer::refused(format!("the system gives no thread for {actor}: {error}"));
        }
        // Whoever comes later stands behind. The lock is held until a command of this thread gives it back.
        while heap.lock().waiting() == before {
            std::thread::yield_now();
        }
        self.journal_wait(command);
        let call = command.spoken().1;
        let holder = self
            .actors
            .holder(&heap)
            .map_or("another", |(_, name)| name);
        let words = format!(
            "{actor} waits in `{call}`: {holder} holds the heap's lock, and a serialized call returns only after HeapUnlock; `as {holder}: unlock` lets it go on"
        );
        self.actors.waiting.push_back(Waiting {
            actor: actor.clone(),
            heap,
            command: command.clone(),
            turn,
        });
        Answer::note(words)
    }

    /// Makes the calls whose turn has come, in the order in which they came.
    pub(super) fn let_in(&mut self) {
        while let Some(at) = self.next_turn() {
            let Some(waiting) = self.actors.waiting.remove(at) else {
                return;
            };
            // The lock is free, or about to be: nobody but threads that work holds it.
            let _ = waiting.turn.recv();
            let Some(caller) = self.actors.caller(&waiting.actor) else {
                return;
            };
            let answer = caller.play(|| self.apply_untold(&waiting.command, false));
            let mut answer = by(&waiting.actor, answer);
            answer.words = format!("its turn came: {}", answer.words);
            self.tell(answer.clone());
            self.actors.late.push(answer);
        }
    }

    fn next_turn(&self) -> Option<usize> {
        let free = |waiting: &Waiting| self.actors.holder(&waiting.heap).is_none();
        self.actors.waiting.iter().position(free)
    }

    /// The answers to calls whose turn came with the last command.
    #[must_use]
    pub fn late_answers(&self) -> &[Answer] {
        &self.actors.late
    }

    /// Who still waits for a lock, in words; `None` if nobody does.
    #[must_use]
    pub fn waits(&self) -> Option<String> {
        self.actors.first_waits()
    }

    /// Whether another actor holds the lock that what runs would take.
    pub(super) fn is_locked_out(&self) -> bool {
        let heap = self.running.as_ref().map(Running::heap);
        let Some(slot) = heap.and_then(|number| self.slot(number)) else {
            return false;
        };
        let others = |(holder, _)| holder != self.actors.main;
        self.actors.holder(&slot.heap).is_some_and(others)
            && slot.heap.settings().serialized(Flags::NONE)
    }

    /// Who has to do with the lock of the heap in view.
    pub(super) fn actor_states(&self) -> Vec<ActorState> {
        let heap = &self.shown().heap;
        let holds = self.actors.holder(heap).map(|(_, name)| ActorState {
            name: name.to_owned(),
            waits: None,
        });
        let here = |waiting: &&Waiting| Arc::ptr_eq(&waiting.heap, heap);
        let waits = self.actors.waiting.iter().filter(here);
        let waits = waits.map(|waiting| ActorState {
            name: waiting.actor.to_string(),
            waits: Some(waiting.command.spoken().1.to_string()),
        });
        holds.into_iter().chain(waits).collect()
    }

    /// Gives back what actors hold, so that no thread waits for a session that is gone.
    pub(super) fn release_locks(&mut self) {
        let heaps: Vec<Arc<Heap>> = self
            .slots
            .iter()
            .map(|slot| Arc::clone(&slot.heap))
            .collect();
        let waiting = self.actors.waiting.iter().map(|one| Arc::clone(&one.heap));
        for heap in heaps.into_iter().chain(waiting.collect::<Vec<_>>()) {
            if let Some((holder, _)) = self.actors.holder(&heap) {
                holder.play(|| while heap.lock().unlock() {});
            }
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.release_locks();
    }
}

#[cfg(test)]
mod tests;
