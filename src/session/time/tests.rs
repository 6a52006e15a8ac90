//! What all tests of time need: sessions that are told lines, moments to compare, and straight execution.

mod lines;
mod looking;
mod random;
mod room;
mod straight;
mod way;

use proptest::prelude::*;

use super::*;
use crate::heap::Stats;
use crate::session::arbitrary::small_workload;
use crate::session::frame::{Answer, Tone};
use crate::session::heap_file::KeptName;
use crate::session::session::Session;
use crate::session::{Command, Name, Names, Operand, Workload, parse_line};

fn parse(line: &str) -> Command {
    parse_line(line).expect(line).expect("not blank")
}

fn tell(session: &mut Session, line: &str) -> Answer {
    session.apply(&parse(line))
}

/// All that a moment is: heaps, figures, the counts of the handles, and names.
#[derive(Clone, PartialEq)]
struct Moment {
    operations: u64,
    checkpoint: Checkpoint,
    heaps: Vec<(u32, Stats, Vec<KeptName>)>,
    errors: (u32, i32),
}

impl Moment {
    fn of(session: &mut Session) -> Moment {
        let heap = |slot: &crate::session::session::Slot| {
            (slot.number, slot.heap.stats(), slot.names.kept())
        };
        Moment {
            operations: session.operations,
            heaps: session.slots.iter().map(heap).collect(),
            errors: (crate::api::GetLastError(), crate::api::errno()),
            checkpoint: session.image(),
        }
    }

    /// Whether heaps, names and calls are the same as at a place that was made again: what looked at it counts, too.
    fn same_place(&self, other: &Moment) -> bool {
        let made = |moment: &Moment| {
            let heap = |(number, stats, names): &(u32, Stats, Vec<KeptName>)| {
                let calls = (stats.allocs, stats.frees, stats.failures, stats.probes);
                (*number, calls, names.clone())
            };
            moment.heaps.iter().map(heap).collect::<Vec<_>>()
        };
        self.checkpoint.same_bytes(&other.checkpoint) && made(self) == made(other)
    }

    fn differs(&self, other: &Moment) -> String {
        let bytes = match self.checkpoint == other.checkpoint {
            true => "",
            false => "bytes or figures differ; ",
        };
        let errors = format!("errors {:?} {:?}; ", self.errors, other.errors);
        let heaps = self.heaps.iter().zip(&other.heaps).map(|(one, two)| {
            let names = if one.2 == two.2 { "" } else { ", names differ" };
            format!("heap {} {}: {:?} {:?}{names}", one.0, two.0, one.1, two.1)
        });
        format!("{bytes}{errors}{}", heaps.collect::<Vec<_>>().join("; "))
    }
}

/// Does the same as a command, one call at a time, without seeking; tells of each.
fn straight(session: &mut Session, command: &Command, each: &mut impl FnMut(&mut Session)) {
    straight_until(session, command, u64::MAX, each);
}

/// The same up to so many operations done in all.
fn straight_until(
    session: &mut Session,
    command: &Command,
    until: u64,
    each: &mut impl FnMut(&mut Session),
) {
    if let Command::Run(workload) = command {
        if session.begin_run(workload).is_ok() {
            while session.operations < until && session.run_steps(1) > 0 {
                each(session);
            }
            session.finish_run();
        }
        return;
    }
    let Some(calls) = calls(session, command) else {
        session.apply(command);
        return;
    };
    for call in calls {
        if session.operations >= until {
            break;
        }
        let answer = session.apply(&call);
        each(session);
        if answer.tone == Tone::Failed && !matches!(call, Command::Free { .. }) {
            break;
        }
    }
}

/// The commands that make one call each of what a command makes of many names; `None` for another.
fn calls(session: &mut Session, command: &Command) -> Option<Vec<Command>> {
    let mut named = |what: &Operand| match what {
        Operand::Names(names) => session.slot_here().names.select(names),
        _ => Vec::new(),
    };
    let operand = |name: Name| Operand::Names(Names::One(name));
    Some(match command {
        Command::Alloc { names, size, flags } => {
            let call = |name| Command::Alloc {
                names: Names::One(name),
                size: *size,
                flags: *flags,
            };
            names.each(0).map(call).collect()
        }
        Command::Free { what, flags } => {
            let call = |(name, _)| Command::Free {
                what: operand(name),
                flags: *flags,
            };
            named(what).into_iter().map(call).collect()
        }
        Command::Realloc { what, size, flags } => {
            let call = |(name, _)| Command::Realloc {
                what: operand(name),
                size: *size,
                flags: *flags,
            };
            named(what).into_iter().map(call).collect()
        }
        _ => return None,
    })
}

fn any_workload() -> impl Strategy<Value = Workload> {
    small_workload(300, 3_000)
}

fn any_line() -> impl Strategy<Value = Command> {
    let line = |text: &str| Just(parse(text)).boxed();
    let many = (0..3_u64, 1..40_u64, 1..600_u64).prop_map(|(base, to, size)| {
        parse(&format!(
            "alloc {}[0:{to}] {size}",
            ["a", "b", "c"][base as usize]
        ))
    });
    let block = prop::sample::select(vec!["a[::2]", "b[1::3]", "a0", "b3", "c[5:9]", "w[::4]"]);
    let whole = prop::sample::select(vec![
        "coalesce off",
        "coalesce on",
        "serialize off",
        "serialize on",
        "compact",
        "heapmin",
        "minimize",
        "policy first-fit",
        "stamp off",
        "decommit auto",
        "limit 300K",
        "limit default",
        "walk",
        "lock",
        "unlock",
        "validate",
        "alloc big 700K",
        "free big",
        "heapset 0xfe",
        "mark",
    ]);
    let heaps = prop::sample::select(vec![
        "heap new growable",
        "heap new fixed 64K",
        "heap new fixed 200K coalesce=off",
        "heap new buffer 64K",
        "heap use 1",
        "heap use 2",
        "heap destroy",
        "heap destroy 1",
        "heap crt",
    ]);
    prop_oneof![
        4 => any_workload().prop_map(Command::Run),
        4 => many,
        3 => (block.clone(), 1..5_000_u64).prop_map(|(block, size)| parse(&format!("realloc {block} {size}"))),
        4 => block.prop_map(|block| parse(&format!("free {block}"))),
        4 => whole.prop_map(parse),
        2 => heaps.prop_map(parse),
        1 => line("alloc x 100"),
    ]
}

fn session(lines: &[&str]) -> Session {
    let mut session = Session::new().expect("addresses");
    for line in lines {
        said(&mut session, line);
    }
    session
}

/// What a line that is not refused is answered with.
fn said(session: &mut Session, line: &str) -> String {
    let answer = tell(session, line);
    assert_ne!(answer.tone, Tone::Refused, "{line}: {}", answer.words);
    answer.words
}

fn refused(session: &mut Session, line: &str) -> String {
    let answer = tell(session, line);
    assert_eq!(answer.tone, Tone::Refused, "{line}: {}", answer.words);
    answer.words
}

fn shown(session: &mut Session) -> TimeShown {
    TimeShown::clone(&session.frame(&crate::view::Lens::default()).time)
}

/// A session with something of everything.
const PAST: &[&str] = &[
    "heap new growable",
    "alloc b[0:40] 300",
    "coalesce off",
    "free b[::2]",
    "run random ops=900 sizes=16..4000 live=60 realloc=10 seed=3",
    "heap new fixed 64K",
    "alloc c[0:300] 500",
    "heapmin",
    "heap use 1",
    "compact",
    "threads 2 { run random ops=200 live=30 }",
    "alloc d 100",
    "heap destroy 2",
];
