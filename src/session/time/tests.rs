use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::heap::Stats;
use crate::session::frame::{Answer, Tone};
use crate::session::heap_file::KeptName;
use crate::session::session::Session;
use crate::session::{Command, Lifetime, Names, Operand, Workload, parse_line};

fn parse(line: &str) -> Command {
    parse_line(line).expect(line).expect("not blank")
}

fn tell(session: &mut Session, line: &str) -> Answer {
    session.apply(&parse(line))
}

/// All that a moment is: heaps, figures, the counts of the handles, and names.
#[derive(PartialEq)]
struct Moment {
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
            heaps: session.slots.iter().map(heap).collect(),
            errors: (crate::api::GetLastError(), crate::api::errno()),
            checkpoint: session.image(),
        }
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
    let operand = |name: &crate::session::Name| Operand::Names(Names::One(name.clone()));
    let named = |session: &mut Session, what: &Operand| match what {
        Operand::Names(names) => session.slot_here().names.select(names),
        _ => Vec::new(),
    };
    match command {
        Command::Run(workload) => {
            if session.begin_run(workload).is_ok() {
                while session.run_steps(1) > 0 {
                    each(session);
                }
                session.finish_run();
            }
        }
        Command::Alloc { names, size, flags } => {
            for name in names.each(0) {
                let (names, size, flags) = (Names::One(name), *size, *flags);
                let answer = session.apply(&Command::Alloc { names, size, flags });
                each(session);
                if answer.tone == Tone::Failed {
                    break;
                }
            }
        }
        Command::Free { what, flags } => {
            for (name, _) in named(session, what) {
                let (what, flags) = (operand(&name), *flags);
                session.apply(&Command::Free { what, flags });
                each(session);
            }
        }
        Command::Realloc { what, size, flags } => {
            for (name, _) in named(session, what) {
                let (what, size, flags) = (operand(&name), *size, *flags);
                let answer = session.apply(&Command::Realloc { what, size, flags });
                each(session);
                if answer.tone == Tone::Failed {
                    break;
                }
            }
        }
        command => {
            session.apply(command);
        }
    }
}

fn any_line() -> impl Strategy<Value = Command> {
    let line = |text: &str| Just(parse(text)).boxed();
    let workload = (1..300_u64, 0..5_usize, 1..60_u32, 0..30_u8, 0..50_u64).prop_map(
        |(ops, lifetime, live, realloc, seed)| {
            Command::Run(Workload {
                ops,
                size_max: 3_000,
                lifetime: Lifetime::ALL[lifetime],
                live,
                realloc,
                seed,
                ..Workload::default()
            })
        },
    );
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
        4 => workload,
        4 => many,
        3 => (block.clone(), 1..5_000_u64).prop_map(|(block, size)| parse(&format!("realloc {block} {size}"))),
        4 => block.prop_map(|block| parse(&format!("free {block}"))),
        4 => whole.prop_map(parse),
        2 => heaps.prop_map(parse),
        1 => line("alloc x 100"),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn every_operation_is_found_as_straight_execution_leaves_it(
        commands in proptest::collection::vec(any_line(), 1..14),
        places in proptest::collection::vec(any::<prop::sample::Index>(), 30),
    ) {
        let mut session = Session::new().expect("addresses");
        let mut twin = Session::new().expect("addresses");
        twin.without_undo();
        let mut moments = BTreeMap::new();
        moments.insert(0, Moment::of(&mut twin));
        for command in &commands {
            if matches!(command, Command::Lock | Command::Unlock) {
                continue;
            }
            session.apply(command);
            let mut keep = |twin: &mut Session| {
                moments.insert(twin.operations, Moment::of(twin));
            };
            straight(&mut twin, command, &mut keep);
            keep(&mut twin);
            prop_assert_eq!(session.operations, twin.operations, "{}", command);
        }
        let present = Moment::of(&mut session);
        for place in places {
            let to = place.index(session.looking.as_ref().map_or(session.operations, |l| l.present.operations()) as usize + 1);
            let answer = tell(&mut session, &format!("seek {to}"));
            prop_assert_ne!(answer.tone, Tone::Refused, "{}", answer.words);
            prop_assert_eq!(session.operations, to as u64, "{}", answer.words);
            let (found, expected) = (Moment::of(&mut session), &moments[&(to as u64)]);
            prop_assert!(found.checkpoint.same_bytes(&expected.checkpoint), "operation {to}: {}", answer.words);
            let names = |moment: &Moment| moment.heaps.iter().map(|heap| heap.2.clone()).collect::<Vec<_>>();
            prop_assert_eq!(names(&found), names(expected), "operation {}", to);
            let calls = |moment: &Moment| moment.heaps.iter().map(|heap| (heap.1.allocs, heap.1.frees, heap.1.failures, heap.1.probes)).collect::<Vec<_>>();
            prop_assert_eq!(calls(&found), calls(expected), "operation {}", to);
        }
        tell(&mut session, "seek present");
        let back = Moment::of(&mut session);
        prop_assert!(back == present, "{}", back.differs(&present));
    }
}
