//! The threads of an interleaving, and the stage on which one of them moves at a time.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use crate::heap::{Access, Gate, Heap, Step, Stepped};

use super::{ACTORS, Call, KEPT, Made, Outcome, Standing};

/// Steps of both calls together after which they are broken off: about as many as are made in a second.
pub(super) const MOST_STEPS: u64 = 1 << 20;

/// What the actors and whoever directs them share.
pub(super) struct Stage {
    heap: Arc<Heap>,
    scene: Mutex<Scene>,
    /// Someone else may move now.
    moved: Condvar,
}

#[derive(Default)]
struct Scene {
    actors: [Role; ACTORS],
    /// Who moves; nobody while the director does.
    turn: Option<usize>,
    made: VecDeque<Made>,
    /// Who took the lock last and has not released it.
    holder: Option<usize>,
    /// The actors are to end wherever they stand.
    abandoned: bool,
}

/// What an actor is at.
#[derive(Default)]
struct Role {
    /// The step it stands before.
    next: Option<Step>,
    /// Steps it still may make in its turn.
    left: u64,
    /// Steps it has made.
    steps: u64,
    outcome: Option<Outcome>,
    /// Its thread does nothing any more.
    gone: bool,
}

/// What an actor unwinds with that is told to end.
struct Abandoned;

/// What an actor unwinds with that makes more steps than a call can need.
struct TooLong;

/// Starts the thread of an actor, which goes up to its first step.
pub(super) fn start(
    stage: &Arc<Stage>,
    actor: usize,
    call: Call,
) -> std::io::Result<JoinHandle<()>> {
    stage.scene().turn = Some(actor);
    let stage = Arc::clone(stage);
    std::thread::Builder::new()
        .name(format!("t{}", actor + 1))
        .spawn(move || {
            let heap = Arc::clone(&stage.heap);
            let gate = Turnstile {
                stage: &stage,
                actor,
            };
            let run = || call.run(&heap, &Stepped::new(heap.memory(), gate));
            let result = catch_unwind(AssertUnwindSafe(run));
            stage.leave(actor, result);
        })
}

/// An actor's gate: it opens when it is the actor's turn.
struct Turnstile<'a> {
    stage: &'a Stage,
    actor: usize,
}

impl Gate for Turnstile<'_> {
    fn pass(&self, step: Step) {
        self.stage.pass(self.actor, step);
    }
}

impl Stage {
    pub(super) fn new(heap: Arc<Heap>) -> Stage {
        Stage {
            heap,
            scene: Mutex::default(),
            moved: Condvar::new(),
        }
    }

    fn scene(&self) -> MutexGuard<'_, Scene> {
        self.scene.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&'a self, scene: MutexGuard<'a, Scene>) -> MutexGuard<'a, Scene> {
        self.moved
            .wait(scene)
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Holds an actor until it may make `step`. One that is to end unwinds out of its call: the heap is restored
    /// behind it, so that it does not matter where.
    fn pass(&self, actor: usize, step: Step) {
        // It unwinds already, and releases the lock on its way.
        if std::thread::panicking() {
            return;
        }
        let mut scene = self.scene();
        scene.actors[actor].next = Some(step);
        loop {
            if scene.abandoned {
                drop(scene);
                resume_unwind(Box::new(Abandoned));
            }
            let may = scene.turn == Some(actor) && scene.actors[actor].left > 0;
            if may && !self.is_blocked(step) {
                break;
            }
            if scene.turn == Some(actor) {
                scene.turn = None;
                self.moved.notify_all();
            }
            scene = self.wait(scene);
        }
        let role = &mut scene.actors[actor];
        role.next = None;
        role.left -= 1;
        role.steps += 1;
        let steps: u64 = scene.actors.iter().map(|role| role.steps).sum();
        if steps > MOST_STEPS {
            drop(scene);
            resume_unwind(Box::new(TooLong));
        }
        match step {
            Step::Lock => scene.holder = Some(actor),
            Step::Unlock => scene.holder = None,
            Step::Load(_) | Step::Store(..) => {}
        }
        let made = self.at(actor, step);
        if scene.made.len() == KEPT {
            scene.made.pop_front();
        }
        scene.made.push_back(made);
    }

    /// A step with what its word is now.
    fn at(&self, actor: usize, step: Step) -> Made {
        let made = Made {
            actor,
            step,
            part: None,
            before: 0,
        };
        made.word().map_or(made, |at| Made {
            part: Some(self.heap.look(|core| core.part_of(at))),
            before: self.heap.direct().load(at),
            ..made
        })
    }

    /// Whether a step has to wait for the lock. No call takes it twice.
    fn is_blocked(&self, step: Step) -> bool {
        step == Step::Lock && self.heap.lock().held().1
    }

    /// Notes how an actor's call ended.
    fn leave(&self, actor: usize, result: Result<Outcome, Box<dyn std::any::Any + Send>>) {
        let mut scene = self.scene();
        let role = &mut scene.actors[actor];
        role.gone = true;
        role.next = None;
        let panic = match result {
            Ok(outcome) => {
                role.outcome = Some(outcome);
                None
            }
            Err(panic) if panic.is::<TooLong>() => {
                role.outcome = Some(Outcome::Endless);
                None
            }
            Err(panic) => Some(panic),
        };
        if scene.holder == Some(actor) {
            scene.holder = None;
        }
        if scene.turn == Some(actor) {
            scene.turn = None;
        }
        self.moved.notify_all();
        drop(scene);
        if let Some(panic) = panic.filter(|panic| !panic.is::<Abandoned>()) {
            resume_unwind(panic);
        }
    }

    /// Waits until an actor stands before a step, or its call has ended.
    pub(super) fn wait_for(&self, actor: usize) {
        let mut scene = self.scene();
        while scene.turn == Some(actor) {
            scene = self.wait(scene);
        }
    }

    /// Lets an actor make up to `steps` steps, and waits for it. Answers with the steps it made.
    pub(super) fn give_turn(&self, actor: usize, steps: u64) -> u64 {
        let mut scene = self.scene();
        let before = scene.actors[actor].steps;
        if steps == 0 || scene.actors[actor].gone {
            return 0;
        }
        scene.actors[actor].left = steps;
        scene.turn = Some(actor);
        self.moved.notify_all();
        while scene.turn == Some(actor) {
            scene = self.wait(scene);
        }
        scene.actors[actor].left = 0;
        scene.actors[actor].steps - before
    }

    /// Tells the actors to end wherever they stand.
    pub(super) fn abandon(&self) {
        self.scene().abandoned = true;
        self.moved.notify_all();
    }

    pub(super) fn steps_of(&self, actor: usize) -> u64 {
        self.scene().actors[actor].steps
    }

    pub(super) fn made(&self) -> VecDeque<Made> {
        self.scene().made.clone()
    }

    pub(super) fn standing(&self, actor: usize) -> Standing {
        let scene = self.scene();
        let role = &scene.actors[actor];
        match (&role.outcome, role.next) {
            (Some(outcome), _) => Standing::Ended(outcome.clone()),
            (None, Some(step)) if self.is_blocked(step) => Standing::Blocked(scene.holder),
            (None, Some(step)) => Standing::Before(self.at(actor, step)),
            // Its thread panicked, which is a mistake of heapwalk's own: there is no answer, and no step comes.
            (None, None) => Standing::Ended(Outcome::Endless),
        }
    }
}
