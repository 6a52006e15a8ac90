//! Fuzzing: nothing that stands in a heap, and nothing that is read, makes heapwalk panic, hang or reach outside.
//!
//! Each target runs in a process of its own, which tells every case before it begins it. So a crash or a hang is the
//! child's, and the parent knows the seed and the case to repeat it with.
//!
//! | variable | meaning |
//! |---|---|
//! | `HEAPWALK_FUZZ_SECONDS` | how long each target runs; a few seconds if not set |
//! | `HEAPWALK_FUZZ_SEED` | the seed to begin with; from the clock if not set |

mod arena;
mod child;
mod lines;
mod parent;
mod readers;

#[test]
fn whatever_stands_in_a_heap_no_command_panics_hangs_or_reaches_outside() {
    parent::target(
        "whatever_stands_in_a_heap_no_command_panics_hangs_or_reaches_outside",
        arena::run,
    );
}

#[test]
fn whatever_is_read_no_reader_panics_or_hangs() {
    parent::target("whatever_is_read_no_reader_panics_or_hangs", readers::run);
}

/// Runs a child that fails as `run` does, and answers with what is told of it.
fn failure(test: &str, run: fn(&mut child::Cases)) -> String {
    let standstill = std::time::Duration::from_secs(2);
    match parent::watched(test, standstill, run) {
        Ok(_) => String::new(),
        Err(words) => words,
    }
}

#[test]
fn a_child_that_panics_is_told_with_its_case() {
    let words = failure("a_child_that_panics_is_told_with_its_case", |cases| {
        cases.tell("it panics");
        panic!("as it should");
    });
    assert!(
        words.contains("case 1: it panics") && words.contains("as it should"),
        "{words}"
    );
}

#[test]
fn a_child_that_a_signal_ends_is_told_with_its_case() {
    let words = failure(
        "a_child_that_a_signal_ends_is_told_with_its_case",
        |cases| {
            cases.tell("it aborts");
            std::process::abort();
        },
    );
    assert!(
        words.contains("signal") && words.contains("case 1: it aborts"),
        "{words}"
    );
}

#[test]
fn a_child_that_hangs_is_ended_and_told_with_its_case() {
    let words = failure(
        "a_child_that_hangs_is_ended_and_told_with_its_case",
        |cases| {
            cases.tell("it hangs");
            loop {
                std::thread::park();
            }
        },
    );
    assert!(
        words.contains("hangs: one case") && words.contains("case 1: it hangs"),
        "{words}"
    );
}
