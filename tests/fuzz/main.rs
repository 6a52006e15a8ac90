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
