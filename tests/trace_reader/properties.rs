//! What holds for any operations and any bytes.

use std::collections::HashMap;
use std::io::Read;

use heapwalk::trace::{IMPOSSIBLE_SIZE, Op, Totals, Trace, Variant};
use proptest::prelude::*;

use crate::support::{Drip, gzip, lines, readable, written};

/// Any operations, on few enough ids that they meet.
fn any_ops() -> impl Strategy<Value = Vec<Op>> {
    let id = prop_oneof![8 => 0..12u32, 1 => any::<u32>()];
    let size = prop_oneof![6 => 0..5000u64, 1 => Just(0), 1 => any::<u64>()];
    let op = (0..8u8, id, size).prop_map(|(kind, id, size)| match kind {
        0..=2 => Op::Alloc { id, size },
        3..=4 => Op::Realloc { id, size },
        5..=6 => Op::Free { id },
        _ => Op::FreeNull,
    });
    prop::collection::vec(op, 0..80)
}

/// The totals by the simplest means: a map of live sizes, summed anew after each operation.
fn recount(ops: &[Op]) -> Totals {
    let mut live: HashMap<u32, u64> = HashMap::new();
    let mut totals = Totals::default();
    let mut peak = 0;
    let mut sum = 0;
    for &op in ops {
        match op {
            Op::Alloc { id, size } | Op::Realloc { id, size } => {
                let fails = size >= IMPOSSIBLE_SIZE;
                let frees = size == 0 && matches!(op, Op::Realloc { .. });
                match (fails, frees) {
                    (true, _) => {}
                    (_, true) => drop(live.remove(&id)),
                    _ => drop(live.insert(id, size)),
                }
                totals.max_size = totals.max_size.max(size);
            }
            Op::Free { id } => drop(live.remove(&id)),
            Op::FreeNull => {}
        }
        match op {
            Op::Alloc { .. } => totals.allocs += 1,
            Op::Realloc { .. } => totals.reallocs += 1,
            Op::Free { .. } | Op::FreeNull => totals.frees += 1,
        }
        sum = live.values().map(|&size| u128::from(size)).sum::<u128>();
        peak = peak.max(sum);
        totals.peak_blocks = totals.peak_blocks.max(live.len() as u64);
    }
    totals.peak_payload = u64::try_from(peak).unwrap_or(u64::MAX);
    totals.end_payload = u64::try_from(sum).unwrap_or(u64::MAX);
    totals.end_blocks = live.len() as u64;
    totals
}

/// What reading answers, comparable.
fn answer(input: impl Read) -> Result<Trace, String> {
    Trace::read("t.rep", input).map_err(|error| error.to_string())
}

/// The answer does not depend on how the bytes arrive; a trace keeps its promises.
fn hold(bytes: &[u8]) -> Result<(), TestCaseError> {
    let whole = answer(bytes);
    let dripped = answer(Drip::new(bytes, 1, None));
    if bytes.starts_with(&[0x1f, 0x8b]) {
        // How much can be unpacked before damage shows depends on the pieces.
        prop_assert_eq!(dripped.ok(), whole.clone().ok());
    } else {
        prop_assert_eq!(&dripped, &whole);
        prop_assert_eq!(&answer(&gzip(bytes)[..]), &whole);
    }
    let Ok(trace) = whole else { return Ok(()) };
    let ids = trace.ops.iter().filter_map(|op| match *op {
        Op::Alloc { id, .. } | Op::Realloc { id, .. } | Op::Free { id } => Some(id),
        Op::FreeNull => None,
    });
    prop_assert_eq!(ids.max().map_or(0, |id| id + 1), trace.ids);
    prop_assert_eq!(trace.totals, recount(&trace.ops));
    let again = answer(&written(&trace)[..]).expect("what was written");
    prop_assert_eq!(&again.ops, &trace.ops);
    Ok(())
}

proptest! {
    #[test]
    fn written_traces_read_the_same(ops in any_ops()) {
        let trace = Trace::from_ops(ops);
        let again = readable(written(&trace));
        prop_assert_eq!(&again.ops, &trace.ops);
        prop_assert_eq!((again.ids, again.totals), (trace.ids, trace.totals));
        // The header says what was found, so that there is no note about it. (Peaks of 0 and 1 read as V2.)
        let low = trace.totals.peak_payload < 2;
        prop_assert_eq!(again.variant(), if low { Variant::V2 } else { Variant::V3 });
        let header_notes = lines(&again).into_iter().filter(|note| note.starts_with("header"));
        prop_assert_eq!(header_notes.count(), 0);
    }

    #[test]
    fn totals_equal_a_recount(ops in any_ops()) {
        let trace = Trace::from_ops(ops);
        prop_assert_eq!(trace.totals, recount(&trace.ops));
    }

    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        hold(&bytes)?;
    }

    #[test]
    fn any_words_are_answered(text in "([0-9]{1,4}\n){0,5}([arf#x]? ?-?[0-9]{0,20} ?[0-9]{0,3}[ \t\r]?\n?){0,12}") {
        hold(text.as_bytes())?;
    }

    #[test]
    fn damaged_traces_are_answered(
        ops in any_ops(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0..4u8, any::<u8>()), 1..5),
        packed in any::<bool>(),
    ) {
        let mut bytes = written(&Trace::from_ops(ops));
        if packed {
            bytes = gzip(&bytes);
        }
        for (index, edit, byte) in edits {
            let at = index.index(bytes.len());
            match edit {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 if bytes.len() > 1 => drop(bytes.remove(at)),
                _ => bytes.truncate(at.max(1)),
            }
        }
        hold(&bytes)?;
    }
}
