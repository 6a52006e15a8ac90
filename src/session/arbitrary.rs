//! Any command that a line can say, for tests of properties.

use proptest::prelude::*;
use proptest::sample::select;

use crate::heap::{Flags, Policy};
use crate::lab::Order;
use crate::lab::crew::Guard;

use super::filter::{Figure, Kind, Term};
use super::time::{Direction, LETTERS, SeekTo};
use super::*;

fn any_name() -> impl Strategy<Value = Name> {
    let base = prop_oneof!["[a-z]", "[A-Za-z_]{1,8}"];
    (
        base,
        proptest::option::of(prop_oneof![0_u64..1000, any::<u64>()]),
    )
        .prop_filter_map("a word of the language", |(base, index)| match index {
            Some(index) => Name::indexed(&base, index),
            None => Name::plain(&base),
        })
}

fn any_slice(open: bool) -> impl Strategy<Value = Names> {
    let to = if open {
        any::<Option<u64>>().boxed()
    } else {
        any::<u64>().prop_map(Some).boxed()
    };
    (
        any_name(),
        prop_oneof![Just(0), any::<u64>()],
        to,
        prop_oneof![Just(1), 1..=u64::MAX],
    )
        .prop_map(|(name, from, to, step)| Names::Slice {
            base: name.base,
            from,
            to,
            step,
        })
}

fn any_names() -> impl Strategy<Value = Names> {
    prop_oneof![any_name().prop_map(Names::One), any_slice(true)]
}

fn any_operand() -> impl Strategy<Value = Operand> {
    prop_oneof![
        any_names().prop_map(Operand::Names),
        Just(Operand::Null),
        any::<u64>().prop_map(Operand::Address),
    ]
}

/// One name, null or an address.
fn any_pointer() -> impl Strategy<Value = Operand> {
    prop_oneof![
        any_name().prop_map(|name| Operand::Names(Names::One(name))),
        Just(Operand::Null),
        any::<u64>().prop_map(Operand::Address),
    ]
}

fn any_term() -> impl Strategy<Value = Term> {
    let figure = (
        select(Figure::ALL.to_vec()),
        select(Relation::ALL.to_vec()),
        any_size(),
    );
    prop_oneof![
        Just(Term::Is(Kind::Busy)),
        Just(Term::Is(Kind::Large)),
        Just(Term::Pin),
        figure.prop_map(|(figure, relation, value)| Term::Figure(figure, relation, value)),
        any_name().prop_map(Term::Named),
        "[A-Za-z0-9_]{1,8}".prop_map(Term::NameHas),
        any::<u64>().prop_map(Term::From),
        any::<u64>().prop_map(Term::To),
    ]
}

fn any_filter() -> impl Strategy<Value = Filter> {
    prop_oneof![
        select(vec![Kind::Free, Kind::Damaged]).prop_map(|kind| Filter::of(vec![Term::Is(kind)])),
        proptest::collection::vec(any_term(), 1..5).prop_map(Filter::of),
    ]
}

/// The words of a verb, or fewer of them.
fn any_topic() -> impl Strategy<Value = Option<&'static str>> {
    (select(GRAMMAR.iter().collect::<Vec<_>>()), 0_usize..3).prop_map(|(row, count)| {
        let words = row.first_words(count);
        (!words.is_empty()).then_some(words)
    })
}

fn any_size() -> impl Strategy<Value = u64> {
    prop_oneof![
        any::<u64>(),
        0_u64..10_000,
        (0_u64..64).prop_map(|shift| 1 << shift)
    ]
}

/// Any set of the flags that a command takes.
fn any_flags(verb: &str) -> impl Strategy<Value = Flags> + use<> {
    let row = GRAMMAR.iter().find(|row| row.verb == verb).expect(verb);
    let taken = row.flags();
    any::<u32>().prop_map(move |bits| Flags(bits) & taken)
}

fn any_thresholds() -> impl Strategy<Value = Thresholds> {
    let changed = (any_size(), any_size()).prop_map(|(block, total)| Thresholds { block, total });
    prop_oneof![Just(Thresholds::NT), changed]
}

fn any_new_heap() -> impl Strategy<Value = NewHeap> {
    let mask = Flags::DISABLE_COALESCE_ON_FREE
        | Flags::NO_SERIALIZE
        | Flags::TAIL_CHECKING
        | Flags::FREE_CHECKING
        | Flags::GENERATE_EXCEPTIONS;
    let kind = prop_oneof![
        Just(NewHeapKind::Growable),
        (1..=u64::MAX).prop_map(NewHeapKind::Fixed),
        (1..=u64::MAX).prop_map(NewHeapKind::Buffer),
    ];
    let flags = any::<u32>().prop_map(move |bits| Flags(bits) & mask);
    let decommit = proptest::option::of(any_thresholds());
    (
        kind,
        any_size(),
        select(Policy::ALL.to_vec()),
        flags,
        decommit,
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(
            |(kind, initial, policy, flags, decommit, stamp, checks)| NewHeap {
                kind,
                initial,
                policy,
                flags,
                decommit,
                stamp,
                checks,
            },
        )
}

fn heap_number() -> impl Strategy<Value = Option<u32>> {
    proptest::option::of(1..=u32::MAX)
}

/// A workload of fewer steps and bytes than that, of any lifetime: short enough to be made again many times.
pub(super) fn small_workload(ops: u64, size_max: u64) -> impl Strategy<Value = Workload> + Clone {
    let rest = (
        select(&Lifetime::ALL[..]),
        1..60_u32,
        0..30_u8,
        any::<u64>(),
    );
    (1..ops, rest).prop_map(move |(ops, (lifetime, live, realloc, seed))| Workload {
        ops,
        size_max,
        lifetime,
        live,
        realloc,
        seed,
        ..Workload::default()
    })
}

fn any_workload() -> impl Strategy<Value = Workload> {
    let kinds = (
        select(Distribution::ALL.to_vec()),
        select(Lifetime::ALL.to_vec()),
    );
    (
        any::<u64>(),
        any_size(),
        any_size(),
        kinds,
        1..=u32::MAX,
        0_u8..=100,
        any::<u64>(),
        (
            prop_oneof![Just(0), any::<u64>()],
            any::<Option<u64>>(),
            heap_number(),
        ),
    )
        .prop_map(
            |(ops, a, b, (distribution, lifetime), live, realloc, seed, (from, until, heap))| {
                Workload {
                    ops,
                    size_min: a.min(b),
                    size_max: a.max(b),
                    distribution,
                    lifetime,
                    live,
                    realloc,
                    seed,
                    from,
                    until,
                    heap,
                }
            },
        )
}

fn any_threads() -> impl Strategy<Value = Command> {
    let left = proptest::option::of("[a-z0-9-]{1,9}[.][a-z]{1,4}");
    let guard = select(vec![Guard::Heap, Guard::Own]);
    let rest = (any::<bool>(), guard, left);
    (1_u32..=64, any_workload(), rest).prop_map(|(count, workload, (noserialize, guard, left))| {
        let workload = Workload {
            from: 0,
            until: None,
            ..workload
        };
        Command::Threads(Box::new(Threads {
            noserialize,
            guard,
            left,
            ..Threads::new(count, workload)
        }))
    })
}

fn any_situations() -> impl Strategy<Value = Command> {
    (1_u32..=64)
        .prop_flat_map(|threads| {
            (
                Just(threads),
                1..=10_000_000.min(20_000_000 / u64::from(threads)),
                any::<u64>(),
            )
        })
        .prop_map(|(threads, ops, seed)| Command::Situations(Situations { threads, ops, seed }))
}

fn any_expectation() -> impl Strategy<Value = Command> {
    use proptest::num::f64::{NEGATIVE, NORMAL, POSITIVE, SUBNORMAL, ZERO};
    let fraction = POSITIVE | NEGATIVE | NORMAL | SUBNORMAL | ZERO;
    let value = prop_oneof![
        any::<i64>().prop_map(Value::Whole),
        (-10_000_i64..10_000).prop_map(Value::Whole),
        (0.0..1.0).prop_map(Value::Fraction),
        fraction.prop_map(Value::Fraction),
    ];
    (
        select(Metric::ALL.to_vec()),
        select(Relation::ALL.to_vec()),
        value,
    )
        .prop_filter("only ratios are fractions", |(metric, _, value)| {
            matches!(value, Value::Whole(_)) || metric.unit() == Unit::Ratio
        })
        .prop_map(|(metric, relation, value)| Command::Expect {
            metric,
            relation,
            value,
        })
}

fn any_fault() -> impl Strategy<Value = Command> {
    let fault = select(FAULTS.map(|row| row.fault).to_vec());
    (fault, any_pointer(), any_size(), any::<bool>()).prop_map(|(fault, what, size, given)| {
        let amount = match fault.row().amount {
            Amount::Nothing => None,
            Amount::Bytes => Some(size),
            Amount::BytesOrAll => given.then_some(size),
            Amount::Bit => Some(size % 64),
        };
        Command::Fault {
            fault,
            what,
            amount,
        }
    })
}

fn any_one_call() -> impl Strategy<Value = OneCall> {
    let block = || {
        prop_oneof![
            any_name().prop_map(Pointer::Name),
            any::<u64>().prop_map(Pointer::Address),
        ]
    };
    prop_oneof![
        (any_name(), any_size(), any_flags("alloc"))
            .prop_map(|(name, size, flags)| OneCall::Alloc(name, size, flags)),
        (block(), any_flags("free")).prop_map(|(what, flags)| OneCall::Free(what, flags)),
        (block(), any_size(), any_flags("realloc"))
            .prop_map(|(what, size, flags)| OneCall::Realloc(what, size, flags)),
        any_flags("compact").prop_map(OneCall::Compact),
        Just(OneCall::Minimize),
        any_flags("validate").prop_map(OneCall::Validate),
    ]
}

fn any_interleave() -> impl Strategy<Value = Interleave> {
    let order = proptest::collection::vec((0_usize..2, 1..=1_000_000_u64), 1..8);
    let order = proptest::option::of(order.prop_map(|turns| turns.into_iter().collect::<Order>()));
    (any_one_call(), any_one_call(), order).prop_map(|(one, two, order)| Interleave {
        calls: [one, two],
        order,
    })
}

fn any_play() -> impl Strategy<Value = Playable> {
    let one = any_one_call().prop_filter("it changes something", |call| {
        !matches!(call, OneCall::Validate(_))
    });
    prop_oneof![Just(Playable::Heapmin), one.prop_map(Playable::One)]
}

fn any_step() -> impl Strategy<Value = StepTo> {
    let steps = || prop_oneof![Just(1), 1..=u64::MAX];
    prop_oneof![
        (0_usize..2, steps()).prop_map(|(actor, steps)| StepTo::Move(actor, steps)),
        steps().prop_map(StepTo::Back),
        steps().prop_map(StepTo::Forward),
        any::<u64>().prop_map(StepTo::To),
        Just(StepTo::End),
        Just(StepTo::Off),
    ]
}

fn any_seek() -> impl Strategy<Value = Command> {
    let direction = || select(vec![Direction::Back, Direction::Forward]);
    let count = prop_oneof![Just(1), 1..=u64::MAX];
    let to = prop_oneof![
        any_size().prop_map(SeekTo::Operation),
        (direction(), count).prop_map(|(direction, count)| SeekTo::By(direction, count)),
        direction().prop_map(SeekTo::Mark),
        select(LETTERS.to_vec()).prop_map(SeekTo::Next),
        select(vec![
            SeekTo::Present,
            SeekTo::Peak,
            SeekTo::Worst,
            SeekTo::Failure,
        ]),
    ];
    to.prop_map(Command::Seek)
}

/// Any command that a line can say; every variant among them.
pub(super) fn any_command() -> impl Strategy<Value = Command> {
    let heap = || proptest::option::of(any::<u32>());
    let new_names = prop_oneof![any_name().prop_map(Names::One), any_slice(false)];
    let simple = select(vec![
        Command::Walk,
        Command::FindingsOff,
        Command::Heapmin,
        Command::Minimize,
        Command::Heapchk,
        Command::CrtWalk,
        Command::Summary,
        Command::Lock,
        Command::Unlock,
        Command::Pause,
        Command::Undo,
        Command::Redo,
        Command::Quit,
    ]);
    let switch = (any::<bool>(), 0..4).prop_map(|(on, which)| match which {
        0 => Command::Coalesce(on),
        1 => Command::Serialize(on),
        2 => Command::Stamp(on),
        _ => Command::Checks(on),
    });
    let spoken = (
        "[a-z]{1,4}[0-9]{0,3}",
        select(vec![Command::Lock, Command::Unlock, Command::Walk]),
    )
        .prop_map(|(name, command)| Command::As {
            actor: Actor::new(&name).expect("letters and digits"),
            command: Box::new(command),
        });
    prop_oneof![
        simple,
        switch,
        spoken,
        any_new_heap().prop_map(Command::HeapNew),
        any::<u32>().prop_map(Command::HeapUse),
        heap().prop_map(Command::HeapDestroy),
        heap().prop_map(Command::HeapCrt),
        (new_names, any_size(), any_flags("alloc"))
            .prop_map(|(names, size, flags)| Command::Alloc { names, size, flags }),
        (any_operand(), any_size(), any_flags("realloc"))
            .prop_map(|(what, size, flags)| Command::Realloc { what, size, flags }),
        (any_operand(), any_flags("free")).prop_map(|(what, flags)| Command::Free { what, flags }),
        (any_operand(), any_flags("size")).prop_map(|(what, flags)| Command::Size { what, flags }),
        (proptest::option::of(any_operand()), any_flags("validate"))
            .prop_map(|(what, flags)| Command::Validate { what, flags }),
        any_flags("compact").prop_map(|flags| Command::Compact { flags }),
        any::<u8>().prop_map(Command::Heapset),
        (any_pointer(), any_size()).prop_map(|(what, size)| Command::Expand { what, size }),
        any_fault(),
        any_filter().prop_map(Command::FreeWhere),
        proptest::option::of(any_filter()).prop_map(Command::Filter),
        any_topic().prop_map(Command::Help),
        select(Policy::ALL.to_vec()).prop_map(Command::Policy),
        proptest::option::of(any_thresholds()).prop_map(Command::Decommit),
        proptest::option::of(any_size()).prop_map(Command::Limit),
        any_size().prop_map(Command::Probe),
        any_pointer().prop_map(|what| Command::Go(Place::Block(what))),
        any_size().prop_map(|number| Command::Go(Place::Operation(number))),
        proptest::option::of(1..=1_000_000_000_u64).prop_map(Command::Rate),
        proptest::option::of(any::<String>()).prop_map(Command::Mark),
        select(vec![Baseline::Here, Baseline::Mark(7), Baseline::Off]).prop_map(Command::Baseline),
        any_workload().prop_map(Command::Run),
        any_threads(),
        any_situations(),
        any::<String>().prop_map(Command::Say),
        any_interleave().prop_map(|asked| Command::Interleave(Box::new(asked))),
        any_play().prop_map(|call| Command::Play(Box::new(call))),
        any_step().prop_map(Command::Step),
        any_seek(),
        proptest::option::of(any::<u32>()).prop_map(Command::Branch),
        proptest::option::of(any_size()).prop_map(Command::History),
        select(EXAMPLES.iter().collect::<Vec<_>>()).prop_map(Command::Example),
        (any::<String>(), any::<bool>())
            .prop_map(|(file, replace)| Command::Save { file, replace }),
        (any::<String>(), any::<bool>())
            .prop_map(|(file, replace)| Command::Export { file, replace }),
        any::<String>().prop_map(Command::Load),
        any_expectation(),
    ]
}
