//! One allocator code, three ways to run it: directly, telling what it does, and step by step.

use std::cell::RefCell;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use heapwalk::heap::{
    Access, AllocError, Block, Event, Flags, Gate, Heap, Options, Policy, Step, Stepped, Traced,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::support::{assert_sound, fixed, hash, heap, image, seeds};

/// The events that tell where blocks come from and go to; the others tell how that is found and written down.
fn is_placement(event: &Event) -> bool {
    matches!(
        event,
        Event::Probe { .. }
            | Event::Split { .. }
            | Event::Merge { .. }
            | Event::Link(_)
            | Event::Unlink(_)
            | Event::Commit { .. }
            | Event::Decommit { .. }
    )
}

/// What a request did, event by event.
fn trace(heap: &Heap, request: Request, live: &[u64]) -> Vec<Event> {
    let access = Traced::new(heap.memory(), 1000).only(is_placement);
    heap.with(&access, Flags::NONE, |core| match request {
        Request::Alloc(size) => drop(core.alloc(size, Flags::NONE).expect("room")),
        Request::Free(nth) => drop(core.free(live[nth]).expect("a live block")),
        Request::Realloc(nth, size) => {
            core.realloc(live[nth], size, Flags::NONE).expect("room");
        }
        Request::Compact => drop(core.compact()),
        Request::Minimize => drop(core.minimize().expect("a mapping")),
    });
    let (events, dropped) = access.finish();
    assert_eq!(dropped, 0);
    events
}

#[derive(Clone, Copy, Debug)]
enum Request {
    Alloc(u64),
    /// The block allocated as the n-th of the setup.
    Free(usize),
    Realloc(usize, u64),
    Compact,
    Minimize,
}

/// A heap with blocks allocated and some of them freed, a request, and what it should tell.
struct Situation {
    name: &'static str,
    options: Options,
    sizes: &'static [u64],
    freed: &'static [usize],
    request: Request,
    events: Vec<Event>,
}

/// The first block of a heap (fact I7: the control block has 0x720 bytes).
const FIRST: u32 = 0x72;
/// The descriptor before the range of a fresh heap, which has two pages committed.
const DESCRIPTOR: u32 = 0x1FC;

fn probe(block: u32, size: u64, need: u64) -> Event {
    let block = Block(block);
    Event::Probe { block, size, need }
}

fn split(block: u32, size: u64, rest: u64) -> Event {
    let block = Block(block);
    Event::Split { block, size, rest }
}

fn merge(block: u32, with: u32) -> Event {
    let (block, with) = (Block(block), Block(with));
    Event::Merge { block, with }
}

fn link(block: u32) -> Event {
    Event::Link(Block(block))
}

fn unlink(block: u32) -> Event {
    Event::Unlink(Block(block))
}

/// Requests of 104 bytes take 7 granules, so that the n-th block of them starts at `FIRST + 7 * n`.
const SEVEN: [u64; 6] = [104; 6];

fn nth(nth: u32) -> u32 {
    FIRST + 7 * nth
}

fn situations() -> Vec<Situation> {
    let fresh = Options::default();
    let first = Options {
        policy: Policy::First,
        ..fresh
    };
    let next = Options {
        policy: Policy::Next,
        ..fresh
    };
    let uncoalesced = Options {
        flags: Flags::DISABLE_COALESCE_ON_FREE,
        ..fresh
    };
    let all = u64::from(DESCRIPTOR - FIRST);
    // What six blocks of seven granules leave.
    let rest = all - 42;
    let situation = |name, options, freed, request, events| Situation {
        name,
        options,
        sizes: &SEVEN,
        freed,
        request,
        events,
    };
    vec![
        Situation {
            sizes: &[],
            ..situation(
                "the first request splits the only block",
                fresh,
                &[],
                Request::Alloc(104),
                vec![
                    probe(FIRST, all, 7),
                    split(FIRST, 7, all - 7),
                    unlink(FIRST),
                    link(nth(1)),
                ],
            )
        },
        situation(
            "best fit goes to the hole that fits",
            fresh,
            &[1, 3],
            Request::Alloc(104),
            vec![probe(nth(3), 7, 7), unlink(nth(3))],
        ),
        situation(
            "a remainder of one granule is not split off (I6)",
            fresh,
            &[1],
            Request::Alloc(80),
            vec![probe(nth(1), 7, 6), unlink(nth(1))],
        ),
        situation(
            "first fit tries the holes in the order of addresses",
            first,
            &[3, 1],
            Request::Alloc(200),
            vec![
                probe(nth(1), 7, 13),
                probe(nth(3), 7, 13),
                probe(nth(6), rest, 13),
                split(nth(6), 13, rest - 13),
                unlink(nth(6)),
                link(nth(6) + 13),
            ],
        ),
        situation(
            "next fit goes on behind the last block",
            next,
            &[3, 1],
            Request::Alloc(104),
            vec![
                probe(nth(6), rest, 7),
                split(nth(6), 7, rest - 7),
                unlink(nth(6)),
                link(nth(7)),
            ],
        ),
        situation(
            "a block between busy ones is only linked",
            fresh,
            &[],
            Request::Free(1),
            vec![link(nth(1))],
        ),
        situation(
            "a block between free ones joins both (F6: backward, then forward)",
            fresh,
            &[1, 3],
            Request::Free(2),
            vec![
                unlink(nth(1)),
                merge(nth(1), nth(2)),
                unlink(nth(3)),
                merge(nth(1), nth(3)),
                link(nth(1)),
            ],
        ),
        situation(
            "without coalescing it joins none",
            uncoalesced,
            &[1, 3],
            Request::Free(2),
            vec![link(nth(2))],
        ),
        situation(
            "HeapCompact joins what waited (K3)",
            uncoalesced,
            &[1, 2, 3],
            Request::Compact,
            vec![
                unlink(nth(1)),
                unlink(nth(2)),
                merge(nth(1), nth(2)),
                unlink(nth(3)),
                merge(nth(1), nth(3)),
                link(nth(1)),
                // The largest is looked up for the answer.
                probe(nth(6), rest, 0),
            ],
        ),
        situation(
            "growing in place takes of the block behind (R5)",
            fresh,
            &[2],
            Request::Realloc(1, 150),
            vec![unlink(nth(2)), link(nth(1) + 10)],
        ),
        situation(
            "what nothing can hold commits pages and joins them to the last hole",
            fresh,
            &[],
            Request::Alloc(0x3000),
            vec![
                // 0x301 granules and a descriptor, less what is there, are two pages.
                Event::Commit { page: 2, pages: 2 },
                unlink(nth(6)),
                merge(nth(6), DESCRIPTOR),
                link(nth(6)),
                split(nth(6), 0x301, rest + 0x200 - 0x301),
                unlink(nth(6)),
                link(nth(6) + 0x301),
            ],
        ),
        situation(
            "a large block commits a region",
            fresh,
            &[],
            Request::Alloc(0x10_0000),
            vec![Event::Commit {
                page: 16,
                pages: 257,
            }],
        ),
        Situation {
            sizes: &[0x10_0000],
            ..situation(
                "a freed large block goes back at once",
                fresh,
                &[],
                Request::Free(0),
                vec![Event::Decommit {
                    page: 16,
                    pages: 257,
                }],
            )
        },
        situation(
            "heapmin gives the second page back and keeps the hole before the descriptor",
            fresh,
            &[],
            Request::Minimize,
            vec![
                unlink(nth(6)),
                link(nth(6)),
                Event::Decommit { page: 1, pages: 1 },
            ],
        ),
    ]
}

#[test]
fn a_traced_request_tells_each_step_in_order() {
    for Situation {
        name,
        options,
        sizes,
        freed,
        request,
        events,
    } in situations()
    {
        let heap = heap(options);
        let live: Vec<u64> = sizes
            .iter()
            .map(|&size| heap.alloc(size, Flags::NONE).expect("room").payload)
            .collect();
        for &nth in freed {
            heap.free(live[nth], Flags::NONE).expect("a live block");
        }
        assert_eq!(trace(&heap, request, &live), events, "{name}");
        assert_sound(&heap, name);
    }
}

#[test]
fn a_trace_keeps_the_first_events_and_counts_the_rest() {
    let heap = heap(Options::default());
    let access = Traced::new(heap.memory(), 3).only(is_placement);
    heap.with(&access, Flags::NONE, |core| core.alloc(104, Flags::NONE))
        .expect("room");
    let (events, dropped) = access.finish();
    assert_eq!((events.len(), dropped), (3, 1));
    assert_eq!(events[2], unlink(FIRST));
}

/// Random requests through any access.
fn drive<A: Access>(heap: &Heap, access: A, seed: u64) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut live: Vec<u64> = Vec::new();
    for step in 0..1500 {
        let size = if rng.random_bool(0.03) {
            rng.random_range(0..0x12_0000)
        } else {
            rng.random_range(0..2000)
        };
        heap.with(access, Flags::NONE, |core| match rng.random_range(0..5) {
            0..2 => live.extend(core.alloc(size, Flags::NONE).map(|placed| placed.payload)),
            _ if live.is_empty() => {}
            2 => {
                let nth = rng.random_range(0..live.len());
                if let Ok(moved) = core.realloc(live[nth], size, Flags::NONE) {
                    live[nth] = moved.payload;
                }
            }
            _ => {
                let nth = rng.random_range(0..live.len());
                core.free(live.swap_remove(nth)).expect("a live block");
            }
        });
        if step % 100 == 99 {
            heap.with(access, Flags::NONE, |core| core.minimize())
                .expect("a mapping");
            let on = rng.random();
            heap.with(access, Flags::NONE, |core| core.set_coalesce(on));
        }
    }
}

/// Lets everyone pass.
struct Open;

impl Gate for Open {
    fn pass(&self, _step: Step) {}
}

#[test]
fn direct_traced_and_stepped_runs_leave_the_same_bytes() {
    for policy in Policy::ALL {
        for seed in seeds(2) {
            let options = Options {
                policy,
                ..Options::default()
            };
            let [direct, traced, stepped] = [0; 3].map(|_| heap(options));
            drive(&direct, direct.direct(), seed);
            drive(&traced, &Traced::new(traced.memory(), 10), seed);
            drive(&stepped, &Stepped::new(stepped.memory(), Open), seed);
            let bytes = image(&direct);
            assert!(bytes.len() > 1000);
            assert!(bytes == image(&traced), "{policy}, seed {seed}: traced");
            assert!(bytes == image(&stepped), "{policy}, seed {seed}: stepped");
            assert_sound(&direct, "driven");
        }
    }
}

/// Keeps the stores.
#[derive(Default)]
struct Stores(RefCell<Vec<(usize, u64)>>);

impl Gate for &Stores {
    fn pass(&self, step: Step) {
        if let Step::Store(at, value) = step {
            self.0.borrow_mut().push((at, value));
        }
    }
}

#[test]
fn the_steps_are_all_that_changes_an_arena() {
    for (payload, size) in [
        (0, 40),
        (0, 0x3000),
        (0, 0x4_0000),
        (1, 0),
        (2, 30),
        (2, 200),
    ] {
        let [stepped, replayed] = [0; 2].map(|_| heap(Options::default()));
        let run = |heap: &Heap| {
            [100, 24, 3000, 24].map(|size| heap.alloc(size, Flags::NONE).expect("room").payload)
        };
        let live = run(&stepped);
        assert_eq!(run(&replayed), live);
        let stores = Stores::default();
        let access = Stepped::new(stepped.memory(), &stores);
        stepped.with(&access, Flags::NONE, |core| match payload {
            0 => drop(core.alloc(size, Flags::NONE).expect("room")),
            1 => drop(core.free(live[2]).expect("a live block")),
            _ => drop(core.realloc(live[2], size, Flags::NONE).expect("room")),
        });
        // Commits are no stores: the other memory is told how far it is used.
        replayed.memory().reach(stepped.memory().reached());
        for (at, value) in stores.0.into_inner() {
            replayed.memory().words()[at].store(value, Relaxed);
        }
        assert!(image(&stepped) == image(&replayed), "{payload}, {size}");
    }
}

/// The worker's side of a gate that a scheduler opens: tells the step, waits to be let through.
struct Turnstile {
    steps: Sender<Step>,
    go: Receiver<()>,
}

impl Gate for Turnstile {
    fn pass(&self, step: Step) {
        self.steps.send(step).expect("a scheduler");
        self.go.recv().expect("a scheduler");
    }
}

/// The scheduler's side: a worker that stands before its next step.
struct Worker {
    steps: Receiver<Step>,
    go: Sender<()>,
    next: Option<Step>,
}

impl Worker {
    fn new(steps: Receiver<Step>, go: Sender<()>) -> Worker {
        let next = steps.recv().ok();
        Worker { steps, go, next }
    }

    /// Lets it make steps while `wanted` likes the next one; answers with their number.
    fn run_while(&mut self, wanted: impl Fn(u64, Step) -> bool) -> u64 {
        let mut made = 0;
        while self.next.is_some_and(|step| wanted(made, step)) {
            self.go.send(()).expect("a worker");
            self.next = self.steps.recv().ok();
            made += 1;
        }
        made
    }
}

/// What a request got.
type Answer = Result<u64, AllocError>;

/// Two allocations that take no lock, run as `schedule` wants. Answers with both answers and the arena's hash.
fn race(schedule: impl FnOnce(Worker, Worker)) -> (Answer, Answer, u64) {
    let heap = heap(Options {
        flags: Flags::NO_SERIALIZE,
        ..fixed(0x2000)
    });
    let (one, two) = thread::scope(|scope| {
        let [(one, first), (two, second)] = [0; 2].map(|_| {
            let (steps, told) = channel();
            let (go, waits) = channel();
            let gate = Turnstile { steps, go: waits };
            let heap = &heap;
            let work = move || {
                let access = Stepped::new(heap.memory(), gate);
                let placed = heap.with(&access, Flags::NONE, |core| core.alloc(40, Flags::NONE));
                placed.map(|placed| placed.payload)
            };
            (scope.spawn(work), Worker::new(told, go))
        });
        schedule(first, second);
        (one.join().expect("no panic"), two.join().expect("no panic"))
    });
    (one, two, hash(&heap))
}

fn is_load(step: Step) -> bool {
    matches!(step, Step::Load(_))
}

#[test]
fn two_unserialised_requests_interleaved_by_hand_get_one_block() {
    // The first has chosen its block and is about to write; the second comes in between.
    let interleaved = || {
        race(|mut first, mut second| {
            assert!(first.run_while(|_, step| is_load(step)) > 0);
            assert!(second.run_while(|_, _| true) > 0);
            assert!(first.run_while(|_, _| true) > 0);
        })
    };
    let (one, two, bytes) = interleaved();
    assert!(one.is_ok(), "{one:?}");
    assert_eq!(one, two, "both were given the same block");
    for _ in 0..20 {
        assert_eq!(interleaved(), (one, two, bytes), "the same way every time");
    }
    let (one, two, _) = race(|mut first, mut second| {
        first.run_while(|_, _| true);
        second.run_while(|_, _| true);
    });
    assert!(
        one.is_ok() && two.is_ok() && one != two,
        "one after the other they get a block each"
    );
}

#[test]
fn every_interleaving_of_two_requests_is_survived_and_repeats() {
    let mut steps = 0;
    let (one, two, _) = race(|mut first, mut second| {
        steps = first.run_while(|_, _| true);
        second.run_while(|_, _| true);
    });
    assert!(one.is_ok() && two.is_ok());
    let mut shared = 0;
    for pause in 0..=steps {
        let run = || {
            race(|mut first, mut second| {
                assert_eq!(first.run_while(|made, _| made < pause), pause);
                second.run_while(|_, _| true);
                first.run_while(|_, _| true);
            })
        };
        let outcome = run();
        assert_eq!(run(), outcome, "paused after {pause} steps");
        // The second found a heap in order or refused it; nobody was given an address beyond the arena.
        for answer in [outcome.0, outcome.1] {
            match answer {
                Ok(payload) => assert!(payload < 0x2000, "{payload:#x}"),
                Err(error) => assert!(matches!(error, AllocError::Damaged(_)), "{error}"),
            }
        }
        shared += u64::from(outcome.0.is_ok() && outcome.0 == outcome.1);
    }
    assert!(
        shared > 0 && shared < steps,
        "{shared} of {steps} pauses end in a double handout"
    );
}
