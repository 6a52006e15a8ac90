//! `heapwalk replay`.

use heapwalk::heap::Policy;
use heapwalk::trace::samples::SAMPLES;
use serde_json::Value;

use super::support::{Done, Files, asset, gzip, heapwalk};

/// The fields of a report in the order in which the help names them.
const FIELDS: [&str; 36] = [
    "schema",
    "version",
    "file",
    "variant",
    "policy",
    "coalesce",
    "serialize",
    "decommit",
    "check",
    "limit",
    "ops",
    "allocs",
    "reallocs",
    "frees",
    "failed",
    "peak_payload",
    "peak_committed",
    "side_tables_peak",
    "peak_footprint",
    "utilization",
    "live_blocks",
    "live_bytes",
    "holes",
    "free_bytes",
    "largest_free",
    "external_fragmentation",
    "at_peak",
    "returned",
    "probes",
    "probes_per_op",
    "elapsed_ns",
    "ns_per_op",
    "notes",
    "damage",
    // Of `at_peak` and `decommit`, so that the help is held to them too.
    "total",
    "block",
];

fn reports(done: &Done) -> Vec<Value> {
    done.stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line is a JSON object"))
        .collect()
}

#[track_caller]
fn report(args: &[&str]) -> Value {
    let done = heapwalk(&[&["replay", "--json"], args].concat()).piped();
    done.printed();
    let mut reports = reports(&done);
    assert_eq!(reports.len(), 1);
    reports.remove(0)
}

#[test]
fn every_shipped_trace_under_every_policy() {
    for policy in Policy::ALL {
        let names = SAMPLES.map(|sample| sample.name);
        let args = [&["replay", "--json", "--policy", policy.name()], &names[..]].concat();
        let done = heapwalk(&args).piped();
        done.printed();
        let reports = reports(&done);
        assert_eq!(reports.len(), SAMPLES.len());
        for (report, sample) in reports.iter().zip(&SAMPLES) {
            let trace = sample.read().expect("shipped traces are sound");
            for (field, expected) in [
                ("file", Value::from(sample.name)),
                ("policy", policy.name().into()),
                ("check", true.into()),
                ("damage", Value::Null),
                ("failed", 0.into()),
                ("ops", trace.ops.len().into()),
                ("peak_payload", trace.totals.peak_payload.into()),
                ("live_bytes", trace.totals.end_payload.into()),
            ] {
                assert_eq!(report[field], expected, "{} {policy} {field}", sample.name);
            }
        }
    }
}

#[test]
fn reports_have_the_documented_fields() {
    let help = heapwalk(&["replay", "--help"]).piped();
    let report = report(&["--decommit", "auto", "checkerboard"]);
    let found: Vec<&String> = report.as_object().expect("an object").keys().collect();
    let mut sorted: Vec<&str> = FIELDS[..FIELDS.len() - 2].to_vec();
    sorted.sort_unstable();
    let mut names: Vec<&str> = found.iter().map(|name| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, sorted);
    for field in FIELDS {
        assert!(help.printed().contains(field), "{field}");
    }
    assert_eq!(
        report["decommit"],
        serde_json::json!({"block": 4096, "total": 65536})
    );
    for part in [
        "holes",
        "free_bytes",
        "largest_free",
        "external_fragmentation",
    ] {
        assert!(report["at_peak"][part].is_number(), "{part}");
    }
    let utilization = report["utilization"].as_f64().expect("a number");
    assert!(utilization > 0.0 && utilization <= 1.0);
}

#[test]
fn switches_reach_the_heap() {
    for (args, field, expected) in [
        (
            &["--policy", "worst-fit"][..],
            "policy",
            Value::from("worst-fit"),
        ),
        (&["--policy", "next"], "policy", "next-fit".into()),
        (&["--coalesce", "off"], "coalesce", false.into()),
        (&["--serialize", "off"], "serialize", false.into()),
        (&["--no-check"], "check", false.into()),
        (&["--limit", "1M"], "limit", (1 << 20).into()),
        (&["--decommit", "off"], "decommit", Value::Null),
        (
            &["--decommit", "8K,0x20000"],
            "decommit",
            serde_json::json!({"block": 8192, "total": 0x2_0000}),
        ),
    ] {
        let report = report(&[args, &["checkerboard"]].concat());
        assert_eq!(report[field], expected, "{args:?}");
    }
    // With coalescing off the freed neighbours of a checkerboard stay apart.
    let holes = |switch| report(&["--coalesce", switch, "fifo-queue"])["at_peak"]["holes"].as_u64();
    assert!(holes("off") > holes("on"));
}

#[test]
fn a_trace_comes_from_a_file_or_a_pipe_plain_or_packed() {
    let text = b"1\n2\n4\n300\na 0 100\nr 0 200\na 1 100\nf 0\n";
    let files = Files::new();
    let plain = files.write("plain", text);
    let packed = files.write("packed", gzip(text));
    for (arg, input) in [
        (plain.as_str(), &b""[..]),
        (&packed, b""),
        ("-", text),
        ("-", &gzip(text)),
    ] {
        let done = heapwalk(&["replay", "--json", arg]).input(input).piped();
        done.printed();
        let report = &reports(&done)[0];
        let name = if arg == "-" { "<stdin>" } else { arg };
        assert_eq!(report["file"], name);
        assert_eq!(report["peak_payload"], 300, "{report}");
        assert_eq!(report["live_bytes"], 100);
    }
}

#[test]
fn variants_and_oddities_are_read_and_told() {
    let files = Files::new();
    for (text, variant, live, notes) in [
        ("2\n3\na 0 16\na 1 16\nf 0\n", "V0", 16, &[][..]),
        ("99\n1\n2\n1\na 0 16\nr 0 32\n", "V1", 32, &["blocks live"]),
        (
            "1\r\n1\r\n2\r\n1\r\na 0 8\r\nf -1\r\n",
            "V2",
            8,
            &["CR LF", "free of NULL"],
        ),
        (
            "# words\na 0 8\n\nf 0\nf 0\n",
            "script",
            0,
            &["without a block"],
        ),
        (
            "1\n1\n9\n40\na 0 40\nf 0",
            "V3",
            0,
            &["9 operations", "without a line end"],
        ),
        ("4 a 0 8\n5 f 0\n", "script", 0, &["thread numbers"]),
    ] {
        let report = report(&[&files.write("t.rep", text)]);
        assert_eq!(report["variant"], variant, "{text:?}");
        assert_eq!(report["live_bytes"], live, "{text:?}");
        let told = report["notes"].to_string();
        for note in notes {
            assert!(told.contains(note), "{note} in {told}");
        }
    }
}

#[test]
fn requests_that_cannot_succeed_are_counted() {
    let files = Files::new();
    let giant = files.write("giant.rep", "a 0 84000000000000000\nf 0\na 1 64\n");
    let report_ = report(&[&giant]);
    assert_eq!(
        (&report_["failed"], &report_["allocs"]),
        (&1.into(), &1.into())
    );
    // Payloads that do fit stay intact all the same: the replay reads them back.
    let tight = report(&["--limit", "200K", "checkerboard"]);
    assert!(tight["failed"].as_u64() > Some(0), "{tight}");
    assert_eq!(tight["damage"], Value::Null);
    assert!(tight["peak_footprint"].as_u64() <= Some(200 << 10));
}

#[test]
fn mistakes_are_told_with_their_place() {
    let files = Files::new();
    for (name, bytes, words) in [
        (
            "cut.rep",
            &b"1\n1\n2\n8\na 0 8\nf"[..],
            ":6:2: found end of file, expected an id or -1",
        ),
        (
            "words.rep",
            b"hello\n",
            ":1:1: found \"hello\", expected a header number or an operation (a, r or f)",
        ),
        (
            "op.rep",
            b"a 0 8\nx 0\n",
            ":2:1: found \"x\", expected an operation (a, r or f)",
        ),
    ] {
        let path = files.write(name, bytes);
        let done = heapwalk(&["replay", &path]).piped();
        let expected = format!("heapwalk: failed to read {path}{words}\n");
        assert_eq!(done.message(2), expected);
    }
    let missing = files.path("none.rep");
    assert_eq!(
        heapwalk(&["replay", &missing]).piped().message(2),
        format!("heapwalk: failed to read {missing}: No such file or directory (os error 2)\n")
    );
    let broken = files.write("broken.gz", &gzip(&b"a 0 16\n".repeat(999))[..40]);
    let done = heapwalk(&["replay", &broken]).piped();
    assert!(
        done.message(2)
            .starts_with(&format!("heapwalk: failed to read {broken}:"))
    );
    let done = heapwalk(&["replay", "--limit", "4K", "checkerboard"]).piped();
    assert!(
        done.message(2)
            .starts_with("heapwalk: failed to make a heap: "),
        "{done:?}"
    );
}

#[test]
fn one_bad_trace_does_not_stop_the_others() {
    let missing = Files::new().path("none.rep");
    let done = heapwalk(&["replay", "--json", "checkerboard", &missing, "fifo-queue"]).piped();
    assert_eq!(done.code, Some(2));
    assert_eq!(done.stderr.lines().count(), 1);
    assert!(done.stderr.contains(&missing));
    let files: Vec<Value> = reports(&done)
        .iter()
        .map(|report| report["file"].clone())
        .collect();
    assert_eq!(files, ["checkerboard", "fifo-queue"]);
}

#[test]
fn one_trace_gives_a_page_and_several_a_table() {
    let path = asset("traces/large-blocks.rep").display().to_string();
    let done = heapwalk(&["replay", &path]).piped();
    let page = done.is_plain().printed();
    for line in [
        "operations        312: 120 allocs, 72 reallocs, 120 frees\n",
        "failed            0 requests\n",
        "peak payload      18.7 MiB (19,581,810 B)\n",
        "damage            none: every block was as it was left\n",
    ] {
        assert!(page.contains(line), "{line} in {page}");
    }
    let done = heapwalk(&["replay", "checkerboard", "large-blocks"]).piped();
    let table: Vec<&str> = done.is_plain().printed().lines().collect();
    assert_eq!(table.len(), 4, "{table:?}");
    assert!(table[0].ends_with("ns/op  probes/op"));
    assert!(table[2].starts_with("large-blocks ") && table[2].contains(" 19,581,810 "));
    // Columns of numbers end below their headings.
    let ends = |line: &str| line.chars().count();
    assert_eq!(
        (ends(table[1]), ends(table[2])),
        (ends(table[0]), ends(table[0]))
    );
}
