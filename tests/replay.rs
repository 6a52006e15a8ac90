//! Replays: shipped and odd traces on real heaps, with every byte looked after.

use heapwalk::heap::Policy;
use heapwalk::session::Thresholds;
use heapwalk::trace::replay::{Damage, Replay, Settings};
use heapwalk::trace::samples::SAMPLES;
use heapwalk::trace::{Report, Trace};

fn replay(trace: &Trace, settings: Settings) -> Report {
    let mut replay = Replay::new(trace, settings).expect("the heap can be made");
    while replay.run(100).expect("the heap is sound") {}
    let heap = replay.heap();
    let totals = heap.look(|core| core.totals());
    assert_eq!(
        heap.memory().limit().used(),
        totals.committed + totals.side,
        "what the heap counts is what it was charged"
    );
    replay.finish("t.rep")
}

fn read(text: &str) -> Trace {
    Trace::read("t.rep", text.as_bytes()).expect("the trace can be read")
}

/// Every combination of what a person can switch.
fn all_settings() -> Vec<Settings> {
    let mut all = Vec::new();
    for policy in Policy::ALL {
        for coalesce in [true, false] {
            for decommit in [None, Some(Thresholds::NT)] {
                for check in [true, false] {
                    all.push(Settings {
                        policy,
                        coalesce,
                        decommit,
                        check,
                        serialize: check,
                        ..Settings::default()
                    });
                }
            }
        }
    }
    all
}

#[test]
fn shipped_traces_keep_their_payloads_under_all_settings() {
    for sample in &SAMPLES {
        let trace = sample.read().expect("shipped traces are sound");
        for settings in all_settings() {
            let report = replay(&trace, settings);
            let case = format!("{} {settings:?}", sample.name);
            assert_eq!((report.damage, report.failed), (None, 0), "{case}");
            assert_eq!(report.ops, trace.ops.len() as u64, "{case}");
            let totals = trace.totals;
            assert_eq!(report.peak_payload, totals.peak_payload, "{case}");
            assert_eq!(
                (report.live_blocks, report.live_bytes),
                (totals.end_blocks, totals.end_payload),
                "{case}"
            );
            assert!(report.peak_committed >= report.peak_payload, "{case}");
            assert!(
                report.peak_footprint <= report.peak_committed + report.side_tables_peak
                    && report.peak_footprint >= report.peak_committed,
                "{case}"
            );
            assert_eq!(
                report.utilization,
                report.peak_payload as f64 / report.peak_footprint as f64,
                "{case}"
            );
            assert!(report.at_peak.is_some(), "{case}");
            assert!((0.0..=1.0).contains(&report.at_end.external_fragmentation));
            assert!(report.at_end.largest_free <= report.at_end.free_bytes);
        }
    }
}

#[test]
fn outcomes_depend_on_nothing_but_trace_and_settings() {
    let trace = SAMPLES[0].read().expect("shipped traces are sound");
    let timeless = |report: Report| Report {
        elapsed_ns: 0,
        ns_per_op: 0.0,
        ..report
    };
    for settings in all_settings() {
        assert_eq!(
            timeless(replay(&trace, settings)),
            timeless(replay(&trace, settings)),
            "{settings:?}"
        );
    }
}

#[test]
fn settings_reach_the_heap() {
    let trace = SAMPLES[0].read().expect("shipped traces are sound");
    for settings in all_settings() {
        let replay = Replay::new(&trace, settings).expect("the heap can be made");
        let heap = replay.heap();
        let now = heap.settings();
        assert_eq!(now.policy, settings.policy);
        assert_eq!(now.coalesce(), settings.coalesce);
        assert_eq!(now.decommit, settings.decommit.is_some());
        assert_eq!(
            now.serialized(heapwalk::heap::Flags::NONE),
            settings.serialize
        );
        assert!(!now.stamp, "the replay writes the payloads");
    }
}

#[test]
fn decommit_gives_back_what_its_thresholds_say() {
    // Two blocks of 128 KiB between small ones, then freed.
    let trace = read("a 0 64\na 1 131072\na 2 64\na 3 131072\na 4 64\nf 1\nf 3\n");
    let with = |decommit| {
        replay(
            &trace,
            Settings {
                decommit,
                ..Settings::default()
            },
        )
    };
    let thresholds = |block, total| Some(Thresholds { block, total });
    assert_eq!(with(None).returned, 0);
    assert_eq!(with(thresholds(1 << 20, 0)).returned, 0);
    // Only the second free finds so much free in all.
    let second = with(thresholds(4096, 200 << 10)).returned;
    let both = with(Some(Thresholds::NT)).returned;
    assert!(second > 100 << 10 && both > second, "{second} {both}");
}

#[test]
fn what_cannot_succeed_is_counted_and_the_rest_goes_on() {
    const LIMIT: u64 = 1 << 20;
    let limited = Settings {
        limit: LIMIT,
        ..Settings::default()
    };
    for (text, settings, failed, live) in [
        // Sizes that no machine has: the id has no block, and its free is that of NULL.
        (
            "a 0 84000000000000000\nf 0\na 1 64\n",
            Settings::default(),
            1,
            (1, 64),
        ),
        // A failed realloc leaves its block as it was, byte for byte.
        (
            "a 0 3000\nr 0 18446744073709551615\nr 0 84000000000000000\n",
            Settings::default(),
            2,
            (1, 3000),
        ),
        // Beyond the limit: in a segment, in a region of its own, by moving.
        (
            "a 0 600000\na 1 600000\na 2 4000000\na 3 64\nr 0 900000\n",
            limited,
            3,
            (2, 600_064),
        ),
        // Freed memory counts again.
        (
            "a 0 600000\na 1 600000\nf 0\na 2 600000\n",
            limited,
            1,
            (1, 600_000),
        ),
    ] {
        let report = replay(&read(text), settings);
        assert_eq!(
            (report.failed, report.damage),
            (failed, None),
            "{text:?}: {report:?}"
        );
        assert_eq!((report.live_blocks, report.live_bytes), live, "{text:?}");
        assert!(report.peak_footprint <= settings.limit, "{text:?}");
    }
}

#[test]
fn shipped_traces_survive_low_limits() {
    for sample in &SAMPLES {
        let trace = sample.read().expect("shipped traces are sound");
        for limit in [32 << 10, 64 << 10, 256 << 10] {
            let tight = trace.totals.peak_payload > limit;
            for settings in all_settings() {
                let report = replay(&trace, Settings { limit, ..settings });
                let case = format!("{} {limit} {settings:?}", sample.name);
                assert_eq!(report.damage, None, "{case}");
                assert!(report.peak_footprint <= limit, "{case}");
                if tight {
                    assert!(report.failed > 0 && report.at_peak.is_none(), "{case}");
                }
            }
        }
    }
}

#[test]
fn a_limit_below_an_empty_heap_makes_none() {
    let trace = read("a 0 64\n");
    let limit = 4096;
    let error = Replay::new(
        &trace,
        Settings {
            limit,
            ..Settings::default()
        },
    )
    .err()
    .expect("an empty heap takes more than a page");
    assert!(error.to_string().contains("4096"), "{error}");
}

#[test]
fn odd_operations_have_their_one_meaning() {
    for (text, calls, live) in [
        // Allocations, reallocations, frees that reach the heap.
        ("r 0 64\nr 0 0\n", (1, 0, 1), (0, 0)),
        ("r 0 0\n", (0, 0, 0), (0, 0)),
        ("a 0 0\nr 0 16\nr 0 8\n", (1, 2, 0), (1, 8)),
        ("a 0 8\nf 0\nf 0\nf -1\nf 7\n", (1, 0, 1), (0, 0)),
        // `a` of a live id: the old block stays.
        ("a 5 8\na 5 16\nf 5\n", (2, 0, 1), (1, 8)),
        ("a 0 8\nf 0\na 0 24\n", (2, 0, 1), (1, 24)),
    ] {
        let trace = read(text);
        let report = replay(&trace, Settings::default());
        assert_eq!(
            (report.allocs, report.reallocs, report.frees),
            calls,
            "{text:?}"
        );
        assert_eq!((report.live_blocks, report.live_bytes), live, "{text:?}");
        assert_eq!((report.failed, report.damage), (0, None), "{text:?}");
        assert_eq!(report.ops, trace.ops.len() as u64, "{text:?}");
    }
}

/// Replays `text`, writes a wrong byte at `at` bytes into the lowest live block after `ops` operations, and answers what was found where.
fn sabotaged(text: &str, ops: usize, at: u64, settings: Settings) -> Option<Damage> {
    let trace = read(text);
    let mut replay = Replay::new(&trace, settings).expect("the heap can be made");
    replay.run(ops).expect("the heap is sound so far");
    let target = replay.heap().look(|core| {
        let (block, _) = core
            .segment_blocks(core.first_segment())
            .find(|(_, header)| !header.is_free())
            .expect("a block lives");
        block.payload() + at
    });
    replay
        .heap()
        .look(|core| core.set_byte(target, !core.byte(target)));
    let mut met = None;
    loop {
        match replay.run(1) {
            Ok(true) => {}
            Ok(false) => break,
            Err(damage) => met = Some(damage),
        }
    }
    let report = replay.finish("t.rep");
    assert!(met.is_none() || met == report.damage);
    report.damage
}

#[test]
fn a_wrong_byte_is_found_where_it_is_next_read() {
    const CALLS: &str = "a 7 100\na 8 50\nr 7 300\nf 8\nf 7\n";
    for (text, ops, at, words) in [
        (
            CALLS,
            3,
            49,
            "operation 4: block 8: byte 49 of the payload at",
        ),
        (CALLS, 2, 0, "operation 3: block 7: byte 0 of the payload"),
        (
            "a 7 100\nr 7 8\nf 7\n",
            1,
            50,
            "operation 2: block 7: byte 50 of the payload",
        ),
        (
            "a 7 100\na 8 8\n",
            2,
            1,
            "after the last operation: block 7: byte 1 of the payload",
        ),
        // The header of the block behind.
        (
            "a 7 24\na 8 24\nf 8\n",
            2,
            24,
            "operation 3: block 8: the block's header is damaged",
        ),
    ] {
        let damage = sabotaged(text, ops, at, Settings::default())
            .unwrap_or_else(|| panic!("nothing found in {text:?}"));
        assert!(
            damage.to_string().contains(words),
            "{text:?}: {damage}, expected {words}"
        );
    }
}

#[test]
fn without_checking_payloads_are_not_read() {
    let unchecked = Settings {
        check: false,
        ..Settings::default()
    };
    let text = "a 7 100\na 8 50\nf 7\n";
    assert!(sabotaged(text, 2, 5, Settings::default()).is_some());
    assert_eq!(sabotaged(text, 2, 5, unchecked), None);
}

#[test]
fn the_structure_is_validated_at_the_end() {
    let unchecked = Settings {
        check: false,
        ..Settings::default()
    };
    // The header behind the only block; no later operation meets it.
    let damage = sabotaged("a 0 24\na 1 24\n", 2, 24, unchecked).expect("HeapValidate finds it");
    assert_eq!((damage.op, damage.block), (None, None));
    assert!(damage.to_string().contains("the heap is damaged at"));
}

#[test]
fn touched_pages_are_resident_and_others_are_not() {
    let trace = read("a 0 400000\n");
    let mut replay = Replay::new(
        &trace,
        Settings {
            check: false,
            ..Settings::default()
        },
    )
    .expect("the heap can be made");
    while replay.run(1).expect("the heap is sound") {}
    let heap = replay.heap();
    let committed = heap.look(|core| core.totals()).committed / 4096;
    let pages = heap.look(|core| core.units_end()) * heapwalk::heap::UNIT_PAGES;
    let mut resident = 0;
    let told = heap
        .memory()
        .resident(0..pages, |_, is| resident += u64::from(is));
    if told.is_some() {
        assert!(
            (400_000 / 4096..=committed).contains(&resident),
            "{resident} of {committed}"
        );
    }
}

#[test]
fn the_report_serialises_as_documented() {
    let trace = read("1\n2\n4\n300\na 0 100\nr 0 200\na 1 84000000000000000\nf 0\n");
    let report = replay(
        &trace,
        Settings {
            policy: Policy::Next,
            decommit: Some(Thresholds::NT),
            limit: 1 << 30,
            ..Settings::default()
        },
    );
    let json = serde_json::to_value(&report).expect("a report is plain data");
    for (field, expected) in [
        ("schema", serde_json::json!("heapwalk-replay")),
        ("version", serde_json::json!(1)),
        ("file", serde_json::json!("t.rep")),
        ("variant", serde_json::json!("V3")),
        ("policy", serde_json::json!("next-fit")),
        ("coalesce", serde_json::json!(true)),
        ("serialize", serde_json::json!(true)),
        (
            "decommit",
            serde_json::json!({"block": 4096, "total": 65536}),
        ),
        ("check", serde_json::json!(true)),
        ("limit", serde_json::json!(1u64 << 30)),
        ("ops", serde_json::json!(4)),
        ("failed", serde_json::json!(1)),
        ("peak_payload", serde_json::json!(200)),
        ("live_blocks", serde_json::json!(0)),
        ("returned", serde_json::json!(0)),
        ("external_fragmentation", serde_json::json!(0.0)),
        ("damage", serde_json::Value::Null),
    ] {
        assert_eq!(json[field], expected, "{field}");
    }
    let notes: Vec<_> = json["notes"]
        .as_array()
        .expect("notes are a list")
        .iter()
        .map(|note| note["text"].as_str().expect("a note has words").to_owned())
        .collect();
    let words: Vec<_> = trace.notes.iter().map(ToString::to_string).collect();
    assert_eq!(notes, words);
    assert!(!notes.is_empty());
    for field in [
        "allocs",
        "reallocs",
        "frees",
        "peak_committed",
        "side_tables_peak",
        "peak_footprint",
        "utilization",
        "live_bytes",
        "holes",
        "free_bytes",
        "largest_free",
        "probes",
        "probes_per_op",
        "elapsed_ns",
        "ns_per_op",
    ] {
        assert!(json[field].is_number(), "{field}");
    }
    assert_eq!(json["largest_free"], json["free_bytes"]);
    assert!(json["at_peak"]["free_bytes"].is_number());
}
