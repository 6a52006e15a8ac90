//! Two calls on one heap, advanced step by step: a step is one load or store of the allocator, or the taking or
//! releasing of the lock. Whoever asks chooses who moves.
//!
//! Each call has a thread of its own, an *actor*, which stops before every step until its turn comes. One actor moves
//! at a time, so that the same order of turns gives the same heap, byte for byte. Going back restores the copy that was
//! taken at the start and makes the same turns again, less the last.
//!
//! Actors never wait for the heap's lock: while another holds it, an actor before it is *blocked*, and choosing it does
//! nothing. Whoever drops an [`Interleaving`] before both calls have ended gets the heap back as it was.

mod actor;
mod call;
mod order;

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::thread::JoinHandle;

use crate::heap::{Heap, Image, Part, Step, Word};

use actor::Stage;
pub use call::{Call, Outcome};
pub use order::{NoOrder, Order, Turn};

/// How many actors there are.
pub const ACTORS: usize = 2;
/// Steps made that are kept to be looked at.
const KEPT: usize = 400;

/// Two calls under way.
pub struct Interleaving {
    heap: Arc<Heap>,
    calls: [Call; ACTORS],
    start: Image,
    stage: Arc<Stage>,
    threads: Vec<JoinHandle<()>>,
    order: Order,
}

/// A step that was made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Made {
    /// Who made it: 0 or 1.
    pub actor: usize,
    /// What was done.
    pub step: Step,
    /// What the word was then.
    pub part: Option<Part>,
    /// What stood in the word before the step.
    pub before: u64,
}

impl Made {
    /// The word that it is about, if it is about one.
    #[must_use]
    pub fn word(&self) -> Option<Word> {
        match self.step {
            Step::Load(at) | Step::Store(at, _) => Some(at),
            Step::Lock | Step::Unlock => None,
        }
    }
}

impl fmt::Display for Made {
    /// `loads head of list 5: 0x00770`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.step, self.part) {
            (Step::Lock, _) => f.write_str("takes the lock"),
            (Step::Unlock, _) => f.write_str("releases the lock"),
            (Step::Load(_), Some(part)) => write!(f, "loads {part}: {}", part.value(self.before)),
            (Step::Store(_, value), Some(part)) => {
                write!(f, "stores {part}: {}", part.change(self.before, value))
            }
            (Step::Load(at) | Step::Store(at, _), None) => write!(f, "touches word {at:#x}"),
        }
    }
}

/// How far an actor has come.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Standing {
    /// It would make this step next.
    Before(Made),
    /// It would take the lock next, which another holds: one of the actors, or a thread that is none of them.
    Blocked(Option<usize>),
    /// Its call has ended.
    Ended(Outcome),
}

/// Why calls cannot be interleaved.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refused {
    /// A thread that is no actor holds the lock: what waits for it would never end.
    #[error("the heap's lock is held: a call that waits for it would never end")]
    LockHeld,
    /// The system gives no thread.
    #[error("the system gives no thread for a call")]
    NoThread,
}

impl Interleaving {
    /// Steps that both calls together may make.
    pub const MOST_STEPS: u64 = actor::MOST_STEPS;

    /// Brings two calls before their first steps.
    ///
    /// # Errors
    /// [`Refused`]; the heap is as it was.
    pub fn start(heap: Arc<Heap>, calls: [Call; ACTORS]) -> Result<Interleaving, Refused> {
        if heap.lock().held().1 {
            return Err(Refused::LockHeld);
        }
        let start = heap.image(None);
        let mut interleaving = Interleaving {
            stage: Arc::new(Stage::new(Arc::clone(&heap))),
            heap,
            calls,
            start,
            threads: Vec::new(),
            order: Order::default(),
        };
        interleaving.enter()?;
        Ok(interleaving)
    }

    /// Starts the actors, one after the other, up to their first steps.
    fn enter(&mut self) -> Result<(), Refused> {
        for actor in 0..ACTORS {
            let thread = actor::start(&self.stage, actor, self.calls[actor]);
            self.threads.push(thread.map_err(|_| Refused::NoThread)?);
            self.stage.wait_for(actor);
        }
        Ok(())
    }

    /// The calls.
    #[must_use]
    pub fn calls(&self) -> &[Call; ACTORS] {
        &self.calls
    }

    /// Lets an actor make up to `steps` steps. Answers with how many it made: fewer where its call ends or is blocked.
    pub fn advance(&mut self, actor: usize, steps: u64) -> u64 {
        let made = self.stage.give_turn(actor, steps);
        self.order.push(actor, made);
        made
    }

    /// Makes the turns of `order`, as far as they can be made.
    pub fn follow(&mut self, order: &Order) {
        for turn in order.turns() {
            self.advance(turn.actor, turn.steps);
        }
    }

    /// Runs what is left to the end, the first call first.
    pub fn finish(&mut self) {
        // The second call can hold up the first one once: by the lock.
        for actor in [0, 1, 0] {
            self.advance(actor, u64::MAX);
        }
    }

    /// Whether a call was broken off because both together made [`Interleaving::MOST_STEPS`]. It stands in the middle then,
    /// and so does the heap: all that is left is to [give up](Interleaving::give_up).
    #[must_use]
    pub fn is_too_long(&self) -> bool {
        let broken_off = |actor| self.standing(actor) == Standing::Ended(Outcome::Endless);
        (0..ACTORS).any(broken_off)
    }

    /// Gives both calls up, wherever they stand or have ended: the heap is as it was before them.
    pub fn give_up(mut self) {
        self.abandon();
    }

    /// Takes the last `steps` steps back: the heap is restored, and the steps before them are made again.
    ///
    /// # Errors
    /// [`Refused`]; the heap is as it was at the start then, and nothing is under way.
    pub fn back(&mut self, steps: u64) -> Result<(), Refused> {
        let order = self.order.without_last(steps);
        self.abandon();
        self.stage = Arc::new(Stage::new(Arc::clone(&self.heap)));
        self.order = Order::default();
        self.enter()?;
        self.follow(&order);
        Ok(())
    }

    /// Who moved when, so far.
    #[must_use]
    pub fn order(&self) -> &Order {
        &self.order
    }

    /// How far an actor has come.
    #[must_use]
    pub fn standing(&self, actor: usize) -> Standing {
        self.stage.standing(actor)
    }

    /// How many steps an actor has made.
    #[must_use]
    pub fn steps_of(&self, actor: usize) -> u64 {
        self.stage.steps_of(actor)
    }

    /// Whether both calls have ended.
    #[must_use]
    pub fn is_over(&self) -> bool {
        (0..ACTORS).all(|actor| matches!(self.standing(actor), Standing::Ended(_)))
    }

    /// What both calls answered, once they have ended.
    #[must_use]
    pub fn outcomes(&self) -> Option<[Outcome; ACTORS]> {
        match [0, 1].map(|actor| self.standing(actor)) {
            [Standing::Ended(one), Standing::Ended(two)] => Some([one, two]),
            _ => None,
        }
    }

    /// The latest steps, oldest first; of very many the last four hundred.
    #[must_use]
    pub fn made(&self) -> VecDeque<Made> {
        self.stage.made()
    }

    /// Ends the actors wherever they stand and restores the heap.
    fn abandon(&mut self) {
        self.stage.abandon();
        self.join();
        self.heap.restore(&self.start);
    }

    fn join(&mut self) {
        for thread in self.threads.drain(..) {
            // A panic of an actor was reported by its hook; the heap is restored all the same.
            let _ = thread.join();
        }
    }
}

impl Drop for Interleaving {
    fn drop(&mut self) {
        if self.is_over() {
            self.join();
        } else {
            self.abandon();
        }
    }
}

#[cfg(test)]
mod tests;
