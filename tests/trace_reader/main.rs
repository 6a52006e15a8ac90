//! Reading `.rep` traces: every dialect, every oddity, and what is refused.

mod properties;
mod support;

use std::io;

use heapwalk::trace::rep::read;
use heapwalk::trace::{Header, IMPOSSIBLE_SIZE, Limits, Op, Totals, Trace, TraceError, Variant};

use support::{Drip, gzip, lines, readable, refusal, words, written};

/// Reads `text` and compares header, operations and notes.
fn check(text: &str, header: Header, ops: &str, notes: &[&str]) {
    let trace = readable(text);
    assert_eq!(trace.header, header, "{text:?}");
    assert_eq!(words(&trace), ops, "{text:?}");
    assert_eq!(lines(&trace), notes, "{text:?}");
}

#[test]
fn every_dialect() {
    let ops = "a0:2040 a1:48 f1 r0:64 f0";
    let body = "a 0 2040\na 1 48\nf 1\nr 0 64\nf 0\n";
    let rows = [
        ("2\n5\n", Header::V0 { ids: 2, ops: 5 }),
        (
            "20000000\n2\n5\n1\n",
            Header::V1 {
                heap_size: 20_000_000,
                ids: 2,
                ops: 5,
                weight: 1,
            },
        ),
        (
            "4\n2\n5\n0\n",
            Header::V1 {
                heap_size: 4,
                ids: 2,
                ops: 5,
                weight: 0,
            },
        ),
        (
            "0\n2\n5\n1\n",
            Header::V2 {
                weight: 0,
                ids: 2,
                ops: 5,
                ignore_ranges: 1,
            },
        ),
        (
            "3\n2\n5\n0\n",
            Header::V2 {
                weight: 3,
                ids: 2,
                ops: 5,
                ignore_ranges: 0,
            },
        ),
        (
            "3\n2\n5\n2088\n",
            Header::V3 {
                weight: 3,
                ids: 2,
                ops: 5,
                peak: 2088,
            },
        ),
        ("", Header::Script),
        ("# words\n\n", Header::Script),
    ];
    for (head, header) in rows {
        check(&format!("{head}{body}"), header, ops, &[]);
    }
    let variants: Vec<Variant> = rows.iter().map(|(_, header)| header.variant()).collect();
    use Variant::{Script, V0, V1, V2, V3};
    assert_eq!(variants, [V0, V1, V1, V2, V2, V3, Script, Script]);
}

#[test]
fn the_threaded_form() {
    check(
        "2\n4\n0 a 0 16\n1 a 1 32\n17 f 0\n0 f 1\n",
        Header::V0 { ids: 2, ops: 4 },
        "a0:16 a1:32 f0 f1",
        &["thread numbers, dropped: 4, first on line 3"],
    );
}

#[test]
fn a_header_may_announce_nothing() {
    check("0\n0\n", Header::V0 { ids: 0, ops: 0 }, "", &[]);
    check(
        "1\n0\n0\n0\n",
        Header::V2 {
            weight: 1,
            ids: 0,
            ops: 0,
            ignore_ranges: 0,
        },
        "",
        &[],
    );
}

/// Each oddity alone, in a file that is otherwise as it should be.
#[test]
fn every_oddity_is_read_and_reported() {
    let script = |text, ops, notes: &[&str]| check(text, Header::Script, ops, notes);
    script(
        "a 0 8\r\nf 0\r\n",
        "a0:8 f0",
        &["lines ending in CR LF: 2, first on line 1"],
    );
    script(
        "a 0 8\nf 0 \t\n",
        "a0:8 f0",
        &["lines with trailing blanks: 1, first on line 2"],
    );
    script(
        "a 0 8\nf 0",
        "a0:8 f0",
        &["last line without a line end, line 2"],
    );
    script(
        "a 0 8\nf 0\na 0 9\nf 0\nr 0 7\nf 0\n",
        "a0:8 f0 a0:9 f0 r0:7 f0",
        &[
            "ids used again after a free: 2, first on line 3",
            "r of an id without a block (an allocation): 1, first on line 5",
        ],
    );
    script(
        "a 5 8\na 2 9\nf 5\nf 2\n",
        "a0:8 a1:9 f0 f1",
        &["ids missing below the highest: 4, first on line 1"],
    );
    script(
        "r 0 8\nf 0\n",
        "r0:8 f0",
        &["r of an id without a block (an allocation): 1, first on line 1"],
    );
    script(
        "a 0 8\nr 0 0\n",
        "a0:8 r0:0",
        &["r to size 0 (a free): 1, first on line 2"],
    );
    script(
        "a 0 8\nf -1\nf 0\nf -1\n",
        "a0:8 f-1 f0 f-1",
        &["f -1 (free of NULL): 2, first on line 2"],
    );
    script(
        "a 0 8\nf 0\nf 0\nf 1\n",
        "a0:8 f0 f0 f1",
        &["f of an id without a block: 2, first on line 3"],
    );
    script(
        "a 0 8\nr 0 0\nf 0\n",
        "a0:8 r0:0 f0",
        &[
            "r to size 0 (a free): 1, first on line 2",
            "f of an id without a block: 1, first on line 3",
        ],
    );
    script(
        "a 0 8\na 1\nr 1 7\na 2\nf 0\nf 1\nf 2\n",
        "a0:8 a1:8 r1:7 a2:7 f0 f1 f2",
        &["no size given (the last one read is taken): 2, first on line 2"],
    );
    script(
        "a 0\nf 0\n",
        "a0:0 f0",
        &["no size given (the last one read is taken): 1, first on line 1"],
    );
    script(
        "a 0 140737488355328\nf 0\na 1 140737488355327\nf 1\n",
        "a0:140737488355328 f0 a1:140737488355327 f1",
        &["sizes of 2^47 and more (bound to fail): 1, first on line 1"],
    );
    script(
        "a 0 1\na 1 8\na 2 8\nf 0\n",
        "a0:1 a1:8 a2:8 f0",
        &["blocks live at the end: 2, first on line 2"],
    );
    script(" a\t0   8\n\tf 0\n", "a0:8 f0", &[]);
}

#[test]
fn empty_lines_and_comments_are_odd_below_a_header_only() {
    let body = "# words\n\na 0 8\n\nf 0\n";
    check(body, Header::Script, "a0:8 f0", &[]);
    check(
        &format!("1\n2\n{body}"),
        Header::V0 { ids: 1, ops: 2 },
        "a0:8 f0",
        &[
            "comments, skipped: 1, first on line 3",
            "empty lines, skipped: 2, first on line 4",
        ],
    );
}

#[test]
fn a_header_that_is_wrong_is_kept_and_reported() {
    let body = "a 0 8\na 1 8\nf 0\nf 1\n";
    let ops = "a0:8 a1:8 f0 f1";
    check(
        &format!("2\n4\n{body}"),
        Header::V0 { ids: 2, ops: 4 },
        ops,
        &[],
    );
    check(
        &format!("9\n0\n{body}"),
        Header::V0 { ids: 9, ops: 0 },
        ops,
        &[
            "header says 9 ids, found 2, line 1",
            "header says 0 operations, found 4, line 2",
        ],
    );
    check(
        &format!("\n2\n3\n5\n99\n{body}"),
        Header::V3 {
            weight: 2,
            ids: 3,
            ops: 5,
            peak: 99,
        },
        ops,
        &[
            "empty lines, skipped: 1, first on line 1",
            "header says 3 ids, found 2, line 3",
            "header says 5 operations, found 4, line 4",
            "header says 99 bytes at the peak, found 16, line 5",
        ],
    );
    check(
        &format!("99\n2\n4\n77\n{body}"),
        Header::V1 {
            heap_size: 99,
            ids: 2,
            ops: 4,
            weight: 77,
        },
        ops,
        &[],
    );
}

/// The old block stays where it is: overwriting a pointer frees nothing.
#[test]
fn an_allocation_over_a_live_block_gets_an_id_of_its_own() {
    let text = "1\n4\na 0 8\na 0 20\nf 0\nf 0\n";
    check(
        text,
        Header::V0 { ids: 1, ops: 4 },
        "a0:8 a1:20 f1 f1",
        &[
            "blocks live at the end: 1, first on line 3",
            "a of an id whose block lives (it stays, unreachable): 1, first on line 4",
            "f of an id without a block: 1, first on line 6",
        ],
    );
    let trace = readable(text);
    assert_eq!((trace.ids, trace.file_id(0), trace.file_id(1)), (2, 0, 0));
    assert_eq!(
        (trace.totals.peak_payload, trace.totals.end_payload),
        (28, 8)
    );
}

#[test]
fn ids_are_dense_and_remember_the_files_numbers() {
    let trace = readable("a 7 1\na 18446744073709551615 2\na 0 3\nf 18446744073709551615\n");
    assert_eq!(words(&trace), "a0:1 a1:2 a2:3 f1");
    assert_eq!([0, 1, 2].map(|id| trace.file_id(id)), [7, u64::MAX, 0]);
    assert_eq!(readable("a 0 1\na 1 2\n").file_id(1), 1);
}

#[test]
fn totals_are_counted_over_the_operations() {
    let totals = |text| readable(text).totals;
    assert_eq!(
        totals("a 0 100\na 1 50\nr 0 300\nf 1\nr 0 10\nf -1\na 2 0\n"),
        Totals {
            allocs: 3,
            reallocs: 2,
            frees: 2,
            max_size: 300,
            peak_payload: 350,
            peak_blocks: 2,
            end_payload: 10,
            end_blocks: 2,
        }
    );
    // What must fail makes no block, and a realloc that must fail keeps the old one.
    let failing =
        totals("a 0 58432548578713656\na 1 7\nr 1 18446744073709551615\na 2 36507238400\nf 0\n");
    assert_eq!(
        (failing.peak_payload, failing.peak_blocks),
        (36_507_238_407, 2)
    );
    assert_eq!((failing.max_size, failing.end_blocks), (u64::MAX, 2));
    // Sums beyond 2^64 saturate, and come down again exactly.
    let most = IMPOSSIBLE_SIZE - 1;
    let count = 1 << 18;
    let ops = (0..count).map(|id| Op::Alloc { id, size: most });
    let frees = (1..count).map(|id| Op::Free { id });
    let huge = Trace::from_ops(ops.chain(frees)).totals;
    assert_eq!((huge.peak_payload, huge.end_payload), (u64::MAX, most));
}

#[test]
fn broken_files_are_refused_with_the_place() {
    let rows = [
        (
            "",
            r#"t.rep:1:1: found end of file, expected a header number or an operation (a, r or f)"#,
        ),
        (
            "# only words\n\n",
            r#"t.rep:3:1: found end of file, expected a header number or an operation (a, r or f)"#,
        ),
        (
            "hello",
            r#"t.rep:1:1: found "hello", expected a header number or an operation (a, r or f)"#,
        ),
        (
            "1\n3\n6\n300\nhello\n",
            r#"t.rep:5:1: found "hello", expected an operation (a, r or f)"#,
        ),
        (
            "a 0 1\nA 0 1\n",
            r#"t.rep:2:1: found "A", expected an operation (a, r or f)"#,
        ),
        (
            "a 0 1\nab 0 1\n",
            r#"t.rep:2:1: found "ab", expected an operation (a, r or f)"#,
        ),
        (
            "a 0 1\n0 m 0 1\n",
            r#"t.rep:2:3: found "m", expected an operation (a, r or f)"#,
        ),
        (
            "a 0 1\n5\n",
            r#"t.rep:2:1: found "5", expected an operation (a, r or f)"#,
        ),
        (
            "1\n2\n3\n4\n5\na 0 1\n",
            r#"t.rep:5:1: found "5", expected an operation (a, r or f)"#,
        ),
        (
            "6\na 0 1\n",
            r#"t.rep:2:1: found "a", expected a header number (a header has 2 or 4)"#,
        ),
        (
            "1\n3\n6\n",
            r#"t.rep:4:1: found end of file, expected a header number (a header has 2 or 4)"#,
        ),
        (
            "1\n6\n",
            r#"t.rep:3:1: found end of file, expected an operation (a, r or f)"#,
        ),
        (
            "1\n-6\n",
            r#"t.rep:2:1: found "-6", expected a header number (a header has 2 or 4)"#,
        ),
        (
            "18446744073709551616\n",
            r#"t.rep:1:1: found "18446744073709551616", expected a number below 2^64"#,
        ),
        ("a x 10\n", r#"t.rep:1:3: found "x", expected an id"#),
        ("a -1 10\n", r#"t.rep:1:3: found "-1", expected an id"#),
        ("r -1 10\n", r#"t.rep:1:3: found "-1", expected an id"#),
        ("a\n", r#"t.rep:1:2: found end of line, expected an id"#),
        (
            "f\r\n",
            r#"t.rep:1:2: found end of line, expected an id or -1"#,
        ),
        ("f -2\n", r#"t.rep:1:3: found "-2", expected an id or -1"#),
        (
            "f 99999999999999999999\n",
            r#"t.rep:1:3: found "99999999999999999999", expected an id or -1 below 2^64"#,
        ),
        ("a 1 -5\n", r#"t.rep:1:5: found "-5", expected a size"#),
        ("a 1 0x10\n", r#"t.rep:1:5: found "0x10", expected a size"#),
        ("a 1 1.5\n", r#"t.rep:1:5: found "1.5", expected a size"#),
        (
            "a 1 18446744073709551616\n",
            r#"t.rep:1:5: found "18446744073709551616", expected a size below 2^64"#,
        ),
        ("r 1\n", r#"t.rep:1:4: found end of line, expected a size"#),
        (
            "a 0 10\na 2",
            r#"t.rep:2:4: found end of file, expected a size"#,
        ),
        (
            "a 0 10\na",
            r#"t.rep:2:2: found end of file, expected an id"#,
        ),
        (
            "a 0 10 7\n",
            r#"t.rep:1:8: found "7", expected end of line"#,
        ),
        ("f 0 10\n", r#"t.rep:1:5: found "10", expected end of line"#),
        (
            "f -1 10\n",
            r#"t.rep:1:6: found "10", expected end of line"#,
        ),
        (
            "a 0 10\rf 0\n",
            r#"t.rep:1:5: found "10\rf", expected a size"#,
        ),
        (
            "a 0 \u{7}\u{e9}\"\n",
            r#"t.rep:1:5: found "\x07\xc3\xa9\"", expected a size"#,
        ),
    ];
    for (text, expected) in rows {
        assert_eq!(refusal(text), expected, "{text:?}");
    }
    let long = refusal(format!("a 0 {}\n", "z".repeat(1000)));
    assert_eq!(
        long,
        format!(
            r#"t.rep:1:5: found "{}...", expected a size"#,
            "z".repeat(32)
        )
    );
}

#[test]
fn an_error_tells_its_place_in_fields_too() {
    let error = Trace::read("dir/x.rep", &b"a 0 1\nf x\n"[..]).expect_err("x is no id");
    let TraceError::Malformed {
        file,
        line,
        column,
        found,
        expected,
    } = error
    else {
        panic!("{error}");
    };
    assert_eq!((file.as_str(), line, column), ("dir/x.rep", 2, 3));
    assert_eq!(
        (found.as_str(), expected.as_str()),
        ("\"x\"", "an id or -1")
    );
}

#[test]
fn limits_are_announced() {
    let limits = Limits {
        line_bytes: 10,
        lines: 4,
        ops: 2,
    };
    let rows = [
        ("a 0 123456\n\n\nf 0\n", Ok(2)),
        ("a 0 123456", Ok(1)),
        (
            "a 0 1234567\n",
            Err("t.rep:1:11: found a longer one, expected a line of at most 10 bytes"),
        ),
        (
            "\na 0 1234567",
            Err("t.rep:2:11: found a longer one, expected a line of at most 10 bytes"),
        ),
        (
            "a 0 1\n\n\n\nf 0\n",
            Err("t.rep:5:1: found one more line, expected at most 4 lines"),
        ),
        (
            "a 0 1\nf 0\n#\nf 0\n",
            Err("t.rep:4:1: found one more operation, expected at most 2 operations"),
        ),
    ];
    for (text, expected) in rows {
        let answer = read("t.rep", text.as_bytes(), limits);
        let answer = answer
            .map(|trace| trace.ops.len())
            .map_err(|error| error.to_string());
        assert_eq!(answer, expected.map_err(str::to_owned), "{text:?}");
    }
    // A line without end is refused before it fills the memory.
    let endless = read("t.rep", io::repeat(b'7'), Limits::default()).expect_err("no trace");
    assert_eq!(
        endless.to_string(),
        "t.rep:1:4097: found a longer one, expected a line of at most 4096 bytes"
    );
}

#[test]
fn gzip_is_seen_through_whatever_the_name() {
    let text = "a 0 8\na 1 9\nf 0\nf 1\n";
    let whole = gzip(text.as_bytes());
    assert_eq!(readable(&whole), readable(text));
    // Members that part in the middle of a line.
    let parts = [gzip(&text.as_bytes()[..9]), gzip(&text.as_bytes()[9..])].concat();
    assert_eq!(readable(&parts), readable(text));
    assert_eq!(
        refusal(gzip(b"a 0 8\nf x\n")),
        r#"t.rep:2:3: found "x", expected an id or -1"#
    );
}

#[test]
fn a_damaged_gzip_stream_is_refused_wherever_the_damage_is() {
    let text: String = (0..200)
        .map(|id| format!("a {id} {}\n", id * 37 % 101))
        .collect();
    let packed = gzip(text.as_bytes());
    for length in 2..packed.len() {
        let error = refusal(&packed[..length]);
        assert!(
            error.ends_with("found the end of the gzip stream, expected more of it"),
            "{length}: {error}"
        );
    }
    let mut wrong_sum = packed.clone();
    let sum = packed.len() - 8;
    wrong_sum[sum] ^= 1;
    // All 200 lines were good; that they are not the ones written shows behind them.
    assert_eq!(
        refusal(&wrong_sum),
        "t.rep:201:1: found a damaged gzip stream, expected an intact one"
    );
    let trailing = [&packed[..], b"a 0 8\nf 0\nf -1\n"].concat();
    assert_eq!(
        refusal(&trailing),
        "t.rep:201:1: found a damaged gzip stream, expected an intact one"
    );
}

#[test]
fn errors_of_the_system_are_told_apart_from_bad_files() {
    let text = b"a 0 8\nf 0\na";
    for kind in [
        io::ErrorKind::PermissionDenied,
        io::ErrorKind::UnexpectedEof,
        io::ErrorKind::InvalidData,
    ] {
        let error =
            Trace::read("t.rep", Drip::new(text, 4, Some(kind))).expect_err("the reader failed");
        assert!(
            matches!(&error, TraceError::Io { file, cause } if file == "t.rep" && cause.kind() == kind),
            "{error}"
        );
    }
    let packed = gzip(text);
    let denied = Drip::new(&packed[..20], 4, Some(io::ErrorKind::PermissionDenied));
    let error = Trace::read("t.rep", denied).expect_err("the reader failed");
    assert_eq!(error.to_string(), "t.rep: permission denied");
    let error = Trace::open("no/such/file.rep").expect_err("there is none");
    assert!(
        error.to_string().starts_with("no/such/file.rep: "),
        "{error}"
    );
}

#[test]
fn lines_may_cross_the_chunks_in_which_they_are_read() {
    // More than one chunk of 64 KiB, with lines of changing length.
    let text: String = (0..12_000)
        .map(|id| format!("a {id} {}\nf {id}\n", id * id))
        .collect();
    let trace = readable(&text);
    assert_eq!(trace.ops.len(), 24_000);
    assert_eq!(
        trace.ops[23_998],
        Op::Alloc {
            id: 11_999,
            size: 11_999 * 11_999
        }
    );
    for piece in [1, 7, 65_536, 65_537] {
        let dripped =
            Trace::read("t.rep", Drip::new(text.as_bytes(), piece, None)).expect("a trace");
        assert!(dripped == trace, "in pieces of {piece}");
    }
}

#[test]
fn the_writer_writes_v3() {
    let ops = [
        Op::Alloc { id: 70, size: 100 },
        Op::Realloc {
            id: 4_000_000_000,
            size: 5,
        },
        Op::FreeNull,
        Op::Free { id: 70 },
    ];
    let trace = Trace::from_ops(ops);
    assert_eq!(
        trace.header,
        Header::V3 {
            weight: 1,
            ids: 2,
            ops: 4,
            peak: 105
        }
    );
    assert_eq!(
        written(&trace),
        b"1\n2\n4\n105\na 0 100\nr 1 5\nf -1\nf 0\n"
    );
    let weights = [
        ("3\n1\n1\n0\n", "3"),
        ("2\n1\n1\n9\n", "2"),
        ("900\n1\n1\n7\n", "1"),
        ("1\n1\n", "1"),
        ("", "1"),
    ];
    for (head, weight) in weights {
        let file = written(&readable(format!("{head}a 0 9\n")));
        assert_eq!(
            String::from_utf8(file).expect("text"),
            format!("{weight}\n1\n1\n9\na 0 9\n"),
            "{head:?}"
        );
    }
}
