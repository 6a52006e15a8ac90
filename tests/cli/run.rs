//! `heapwalk run`.

use std::fs;

use heapwalk::session::Metric;
use serde_json::Value;

use super::support::{Files, asset, gzip, heapwalk};

/// Three lines whose outcome is known.
const SCRIPT: &str = "alloc b[0:4] 100\nfree b1\nexpect busy_blocks == 3\n";

#[test]
fn answers_are_printed_as_they_come() {
    let done = heapwalk(&["run", "-"])
        .input(format!("say \"To begin.\"\n{SCRIPT}"))
        .piped();
    let printed = done.is_plain().printed();
    let starts: Vec<&str> = printed
        .lines()
        .filter(|line| !line.starts_with(' '))
        .collect();
    assert_eq!(
        starts,
        [
            "# To begin.",
            "alloc b[0:4] 100",
            "free b1",
            "expect busy_blocks == 3"
        ]
    );
    assert!(
        printed.contains("    HeapFree(heap, 0, b1) = TRUE: "),
        "{printed}"
    );
    assert!(
        printed.contains("\n    holds: busy_blocks is 3\n"),
        "{printed}"
    );
}

#[test]
fn runs_are_the_same_each_time() {
    for script in ["demo", "checkerboard"] {
        for form in [&["run", script][..], &["run", script, "--json"]] {
            let first = heapwalk(form).piped();
            assert_eq!(
                heapwalk(form).piped().printed(),
                first.printed(),
                "{form:?}"
            );
        }
    }
}

#[test]
fn a_failed_expectation_ends_with_1_and_the_rest_runs() {
    let files = Files::new();
    let path = files.write(
        "t.heap",
        "alloc a 8\n\nexpect busy_blocks > 1\nsay \"on\"\nexpect busy_blocks == 2\n",
    );
    let done = heapwalk(&["run", &path]).piped();
    assert_eq!(done.code, Some(1));
    assert_eq!(
        done.stderr,
        format!(
            "heapwalk: {path}:3: expect busy_blocks > 1: does not hold: busy_blocks is 1, expected > 1\n\
             heapwalk: {path}:5: expect busy_blocks == 2: does not hold: busy_blocks is 1, expected == 2\n"
        )
    );
    assert!(done.stdout.contains("    FAILED does not hold"), "{done:?}");
    assert!(done.stdout.contains("# on\n"), "{done:?}");
}

#[test]
fn mistakes_are_told_before_anything_runs() {
    let files = Files::new();
    for (name, bytes, words) in [
        (
            "verb.heap",
            &b"alloc a 8\nfre a\n"[..],
            ":2:1: found \"fre\", expected a command such as alloc, free or compact (did you mean free?)",
        ),
        (
            "size.heap",
            b"alloc a x4\n",
            ":1:9: found \"x4\", expected a size such as 64, 0x40 or 4K",
        ),
        (
            "bytes.heap",
            b"walk\nsay \"\xFF\"\n",
            ":2:6: found \"byte 0xff\", expected text in UTF-8",
        ),
        (
            "trace.rep",
            b"a 0 8\nb 1 8\n",
            ":2:1: found \"b\", expected an operation (a, r or f)",
        ),
    ] {
        let path = files.write(name, bytes);
        let expected = format!("heapwalk: failed to read {path}{words}\n");
        for form in [
            &["run", &path][..],
            &["run", "--json", &path],
            &["frame", "--run", &path],
            &[&path],
        ] {
            assert_eq!(heapwalk(form).piped().message(2), expected, "{form:?}");
        }
        let expected = expected.replace(&path, "<stdin>");
        assert_eq!(
            heapwalk(&["run", "-"]).input(bytes).piped().message(2),
            expected
        );
    }
    let missing = files.path("none.heap");
    assert_eq!(
        heapwalk(&["run", &missing]).piped().message(2),
        format!("heapwalk: failed to read {missing}: No such file or directory (os error 2)\n")
    );
    let folder = files.path("");
    let done = heapwalk(&["run", &folder]).piped();
    assert!(
        done.message(2).ends_with("Is a directory (os error 21)\n"),
        "{done:?}"
    );
}

#[test]
fn a_command_that_does_not_apply_is_a_mistake_too() {
    let done = heapwalk(&["run", "-"])
        .input("alloc a 8\nfree b\nsay \"on\"\n")
        .piped();
    assert_eq!(done.code, Some(2));
    assert!(
        done.stderr.starts_with("heapwalk: <stdin>:2: free b: "),
        "{done:?}"
    );
    assert_eq!(done.stderr.lines().count(), 1);
    assert!(done.stdout.contains("# on\n"), "{done:?}");
}

#[test]
fn json_has_the_documented_form() {
    let script = format!("{SCRIPT}expect holes == 99\nsay \"x\"\n");
    let done = heapwalk(&["run", "--json", "-"]).input(script).piped();
    assert_eq!(done.code, Some(1));
    let json: Value = serde_json::from_str(&done.stdout).expect("one JSON object");
    for (field, expected) in [
        ("schema", Value::from("heapwalk-run")),
        ("version", 1.into()),
        ("file", "<stdin>".into()),
        ("failed_expectations", 1.into()),
        ("refused", 0.into()),
    ] {
        assert_eq!(json[field], expected, "{field}");
    }
    let answers = json["answers"].as_array().expect("a list");
    let column = |field| {
        answers
            .iter()
            .map(|answer| answer[field].clone())
            .collect::<Vec<Value>>()
    };
    assert_eq!(column("line"), [1, 2, 3, 4, 5]);
    assert_eq!(column("tone"), ["done", "done", "note", "failed", "note"]);
    assert_eq!(answers[1]["command"], "free b1");
    assert!(
        answers
            .iter()
            .all(|answer| answer["call"].is_string() && answer["words"].is_string())
    );
    let metrics = json["metrics"].as_object().expect("an object");
    assert_eq!(metrics.len(), Metric::ALL.len());
    for metric in Metric::ALL {
        assert!(metrics[metric.name()].is_number(), "{metric}");
    }
    assert_eq!(
        (&metrics["busy_blocks"], &metrics["requested"]),
        (&3.into(), &300.into())
    );
    assert!(metrics["external_fragmentation"].is_f64());
}

#[test]
fn a_trace_runs_like_a_script() {
    let text = b"a 0 100\nr 0 200\na 1 100\nf 0\n";
    for input in [text.to_vec(), gzip(text)] {
        let done = heapwalk(&["run", "--json", "-"]).input(input).piped();
        let json: Value = serde_json::from_str(done.printed()).expect("one JSON object");
        assert_eq!(json["answers"].as_array().map(Vec::len), Some(1));
        assert_eq!(json["metrics"]["requested"], 100);
        assert_eq!(json["metrics"]["busy_blocks"], 1);
    }
    let done = heapwalk(&["run", "large-blocks"]).piped();
    assert!(
        done.is_plain().printed().contains("none failed"),
        "{done:?}"
    );
}

#[test]
fn the_demonstration_holds_what_it_says() {
    let done = heapwalk(&["run", "demo"]).piped();
    let printed = done.is_plain().printed();
    let script = fs::read_to_string(asset("scripts/demo.heap")).expect("it is shipped");
    let lines = |start: &str| {
        script
            .lines()
            .filter(|line| line.starts_with(start))
            .count()
    };
    assert_eq!(
        printed.matches("    holds: ").count(),
        lines("expect "),
        "{printed}"
    );
    assert_eq!(printed.matches("# ").count(), lines("say "), "{printed}");
}

#[test]
fn scripts_may_go_back_and_end_early() {
    let script = "alloc a 64\nalloc b 64\nundo\nexpect busy_blocks == 1\nredo\nexpect busy_blocks == 2\n\
                  quit\nexpect busy_blocks == 7\n";
    let done = heapwalk(&["run", "-"]).input(script).piped();
    let printed = done.printed();
    assert!(printed.contains("took back: alloc b 64"), "{printed}");
    assert_eq!(printed.matches("    holds: ").count(), 2, "{printed}");
    let done = heapwalk(&["run", "-"]).input("undo\n").piped();
    assert_eq!(done.code, Some(2), "{done:?}");
}
