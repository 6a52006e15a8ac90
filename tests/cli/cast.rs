//! `heapwalk cast`, read line by line and played in a terminal.

use std::num::NonZero;

use serde_json::Value;

use super::support::{Files, heapwalk};

/// The lines of a recording.
fn lines(cast: &str) -> Vec<Value> {
    cast.lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

/// A terminal that was sent all of it.
fn played(lines: &[Value]) -> vt100::Parser {
    let side = |name: &str| {
        let side = lines[0][name]
            .as_u64()
            .and_then(|side| u16::try_from(side).ok());
        side.and_then(NonZero::new).expect("a size")
    };
    let mut terminal = vt100::Parser::new(side("height"), side("width"), 0);
    for line in &lines[1..] {
        terminal.process(line[2].as_str().expect("output").as_bytes());
    }
    terminal
}

const SCRIPT: &str = "heap new fixed 64K coalesce=off\nsay \"Some blocks.\"\nalloc b[0:20] 48\npause\nfree b[::2]\n\
                      expect holes > 3\nprobe 200\ncompact\n";

#[test]
fn the_last_screen_is_the_still_picture() {
    let files = Files::new();
    let script = files.write("t.heap", SCRIPT);
    for size in ["80x24", "120x40"] {
        let done = heapwalk(&["cast", &script, "--size", size]).piped();
        let played = played(&lines(done.printed()));
        let still = heapwalk(&[
            "frame", "--run", &script, "--size", size, "--format", "ansi",
        ])
        .piped();
        let screen = played.screen();
        let (rows, columns) = screen.size();
        let mut other = vt100::Parser::new(rows, columns, 0);
        let still = still.printed().trim_end_matches('\n').replace('\n', "\r\n");
        other.process(still.as_bytes());
        for row in 0..rows.get() {
            for column in 0..columns.get() {
                let (one, other) = (screen.cell(row, column), other.screen().cell(row, column));
                let (one, other) = (one.expect("a cell"), other.expect("a cell"));
                let text = |cell: &vt100::Cell| cell.contents().trim_end().to_owned();
                assert_eq!(text(one), text(other), "{size}: {row},{column}");
                assert_eq!(one.bgcolor(), other.bgcolor(), "{size}: {row},{column}");
                if !text(one).is_empty() {
                    assert_eq!(one.fgcolor(), other.fgcolor(), "{size}: {row},{column}");
                    assert_eq!(one.bold(), other.bold(), "{size}: {row},{column}");
                }
            }
        }
    }
}

#[test]
fn it_is_typed_and_read_in_time() {
    let files = Files::new();
    let script = files.write("t.heap", SCRIPT);
    let done = heapwalk(&["cast", &script]).piped();
    let lines = lines(done.printed());
    assert_eq!(lines[0]["version"], 2);
    assert_eq!(
        (&lines[0]["width"], &lines[0]["height"]),
        (&Value::from(120), &Value::from(40))
    );
    let times: Vec<f64> = lines[1..]
        .iter()
        .map(|line| {
            assert_eq!(line[1], "o");
            line[0].as_f64().expect("seconds")
        })
        .collect();
    assert!(times.is_sorted());
    // Five typed lines, and time to read five answers: neither a flash nor a sermon.
    let last = times.last().copied().expect("some output");
    assert!((10.0..90.0).contains(&last), "{last}");
    // Somewhere in between a line stood half typed.
    let mut seen = false;
    for end in 1..lines.len() {
        seen |= played(&lines[..end])
            .screen()
            .contents()
            .contains(": alloc b[0:2");
        if seen {
            break;
        }
    }
    assert!(seen);
    let twice = heapwalk(&["cast", &script, "--speed", "2"]).piped();
    let faster = self::lines(twice.printed());
    let half = faster
        .last()
        .and_then(|line| line[0].as_f64())
        .expect("seconds");
    assert!((half * 2.0 - last).abs() < 0.01, "{half} {last}");
}

#[test]
fn the_same_script_gives_the_same_bytes() {
    let files = Files::new();
    let script = files.write("t.heap", SCRIPT);
    let file = files.path("t.cast");
    let done = heapwalk(&["cast", &script, "-o", &file]).piped();
    assert_eq!(done.printed(), "");
    let again = heapwalk(&["cast", &script]).piped();
    assert_eq!(
        std::fs::read_to_string(file).expect("text"),
        again.printed()
    );
}

#[test]
fn a_lesson_is_told_from_a_script_and_played_with_its_answers() {
    let done = heapwalk(&["cast", "blocks", "--size", "80x24"]).piped();
    let lines = lines(done.printed());
    assert!(lines.len() > 100);
    let end = played(&lines);
    assert!(
        end.screen().contents().starts_with("heap "),
        "{}",
        end.screen().contents()
    );
}

/// The map is seen to change while a workload runs, and its last screen is what it comes to in one go.
#[test]
fn a_workload_is_shown_on_the_way() {
    let files = Files::new();
    let script = files.write(
        "t.heap",
        "heap new fixed 64K\nrun random ops=2000 live=80\n",
    );
    let done = heapwalk(&["cast", &script, "--size", "80x24"]).piped();
    let lines = lines(done.printed());
    let mut shown = std::collections::BTreeSet::new();
    for end in 2..=lines.len() {
        let text = played(&lines[..end]).screen().contents();
        let top = text.lines().next().unwrap_or_default().to_owned();
        // `▶ 31 %`: how far it is.
        shown.extend(
            top.split_once('▶')
                .map(|(_, far)| far.trim_start().to_owned()),
        );
    }
    assert!(shown.len() >= 10, "{shown:?}");
    let end = played(&lines).screen().contents();
    let still = heapwalk(&["frame", "--run", &script, "--size", "80x24"]).piped();
    let map = |screen: &str| {
        let rows = screen.lines().filter(|row| row.starts_with("0x"));
        rows.map(|row| row.trim_end().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(map(&end), map(still.printed()), "{end}");
}

#[test]
fn what_cannot_be_recorded_is_refused() {
    let files = Files::new();
    let script = files.write("t.heap", "alloc a 64\nexpect holes == 99\n");
    let done = heapwalk(&["cast", &script]).piped();
    assert_eq!(done.code, Some(1), "{done:?}");
    assert!(
        lines(&done.stdout).len() > 10,
        "it is recorded all the same"
    );
    let wrong = files.write("w.heap", "alloc a\n");
    assert!(
        heapwalk(&["cast", &wrong])
            .piped()
            .message(2)
            .contains(":1:8: ")
    );
    let trace = heapwalk(&["cast", "parser-ast"]).piped();
    assert!(
        trace
            .message(2)
            .contains("found a trace, expected a script or a lesson")
    );
    let speed = heapwalk(&["cast", &script, "--speed", "0"]).piped();
    assert!(
        speed
            .message(2)
            .contains("expected a number from 0.1 to 100")
    );
}
