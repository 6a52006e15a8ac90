//! Help, version, wrong usage, and outputs that go wrong.

use std::fs::OpenOptions;
use std::io::pipe;

use super::support::heapwalk;

pub(crate) const SUBCOMMANDS: [&str; 6] = ["open", "run", "replay", "frame", "man", "completions"];

#[test]
fn help_is_short_and_long() {
    let short = heapwalk(&["-h"]).piped();
    let long = heapwalk(&["--help"]).piped();
    let (short, long) = (short.is_plain().printed(), long.is_plain().printed());
    assert!(short.lines().count() < 40, "{short}");
    for part in [
        "Usage: heapwalk",
        "Examples:",
        "Exit codes:",
        "Keys of the explorer:",
        "HeapCompact",
        "external_fragmentation",
        "0                       success",
    ] {
        assert!(long.contains(part), "{part}");
    }
    for command in SUBCOMMANDS {
        assert!(short.contains(command) && long.contains(command));
        let help = heapwalk(&[command, "--help"]).piped();
        assert!(help.is_plain().printed().contains("Examples:"), "{command}");
    }
    assert!(long.lines().all(|line| line.chars().count() <= 120));
}

#[test]
fn version_is_that_of_the_crate() {
    let done = heapwalk(&["--version"]).piped();
    assert_eq!(
        done.printed(),
        concat!("heapwalk ", env!("CARGO_PKG_VERSION"), "\n")
    );
}

#[test]
fn wrong_usage_ends_with_2_and_says_what_was_expected() {
    for (args, words) in [
        (&["--nonsense"][..], "--nonsense"),
        (&["run"], "<FILE>"),
        (&["replay"], "<TRACE>"),
        (
            &["replay", "--policy", "quick", "x"],
            "best-fit, first-fit, next-fit, worst-fit",
        ),
        (
            &["replay", "--coalesce", "maybe", "x"],
            "[possible values: on, off]",
        ),
        (
            &["replay", "--decommit", "4K", "x"],
            "expected off, auto, or two sizes such as 4K,64K",
        ),
        (
            &["replay", "--decommit", "4K,x", "x"],
            "expected a size such as 64, 0x40 or 4K",
        ),
        (&["replay", "--limit", "4KB", "x"], "write 4K or 4KiB"),
        (&["frame", "--size", "80"], "such as 120x40"),
        (&["frame", "--size", "0x24"], "from 1 to 1000"),
        (
            &["frame", "--format", "gif"],
            "text, ansi, svg, png, json, csv",
        ),
        (&["--color", "sometimes"], "auto, always, never"),
        (
            &["completions", "csh"],
            "bash, zsh, fish, nushell, powershell",
        ),
        (&["a.heap", "b.heap"], "b.heap"),
        (&["a.heap", "frame"], "expected one of them"),
    ] {
        let done = heapwalk(args).piped();
        done.is_plain();
        assert!(done.message(2).contains(words), "{args:?}: {}", done.stderr);
    }
}

#[test]
fn a_reader_that_stops_reading_is_no_failure() {
    for args in [
        &["--help"][..],
        &["replay", "checkerboard"],
        &["replay", "--json", "checkerboard", "fifo-queue"],
        &["run", "demo"],
        &["run", "--json", "demo"],
        &["frame"],
        &["frame", "--format", "svg"],
        &["man"],
        &["completions", "zsh"],
        &["--print-config"],
    ] {
        let (reader, writer) = pipe().expect("there are pipes");
        drop(reader);
        let done = heapwalk(args).stdout(writer).done();
        assert_eq!((done.code, done.stderr.as_str()), (Some(0), ""), "{args:?}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn output_that_cannot_be_written_is_told() {
    for args in [
        &["replay", "checkerboard"][..],
        &["replay", "--json", "checkerboard"],
        &["run", "demo"],
        &["run", "--json", "demo"],
        &["frame"],
    ] {
        let full = OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .expect("it is there");
        let done = heapwalk(args).stdout(full).done();
        assert_eq!(
            (done.code, done.stderr.as_str()),
            (
                Some(2),
                "heapwalk: failed to write to the standard output: No space left on device (os error 28)\n"
            ),
            "{args:?}"
        );
    }
}
