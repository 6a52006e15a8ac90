//! What `--help` adds to the options: examples, exit codes, keys and commands. The lists come from the tables that
//! the program itself reads.

use std::fmt::Write;

use crate::session::reference;
use crate::tui::Bindings;
use crate::tui::action::{ACTIONS, Context};

use super::exit::Exit;

/// The examples of the whole program.
pub(super) const EXAMPLES: &str = "  heapwalk                        explore a heap
  heapwalk lesson.heap            explore what a script does, step by step
  heapwalk run lesson.heap        run it without a screen
  heapwalk replay ls.rep.gz       measure a recorded program
  heapwalk --print-config         the settings and all keys, to be changed";

/// What `-h` adds.
pub(super) fn main_short() -> String {
    format!("Examples:\n{EXAMPLES}\n\n--help tells more: keys, commands, exit codes.")
}

pub(super) const RUN: &str = "\
Examples:
  heapwalk run lesson.heap
  echo 'alloc a 64
  expect busy_blocks == 1' | heapwalk run -
  heapwalk run lesson.heap --json | jq .metrics.largest_free

JSON (version 1): {schema, version, file, answers: [{line, command, call, words, tone}],
failed_expectations, metrics: {NAME: number}}. tone is done, note, failed or refused.

Exit codes: 0 all expectations held, 1 an expectation failed, 2 FILE:LINE:COLUMN tells a mistake.";

pub(super) const OPEN: &str = "\
Examples:
  heapwalk open last
  heapwalk open ~/.local/state/heapwalk/sessions/20260131T101500Z-4711.heap

A journal that ends in the middle of a line opens with all whole lines. The file itself is left as
it is: what is done from here on goes to a journal of its own, which begins with all of the earlier
one. Until everything is done again nothing else can be changed; Ctrl-C stops there and goes on with
what was done. --journal off keeps none; a session on a trace has none, since the steps of a trace
are no commands.

Exit codes: 0 the explorer ended, 2 there is no such session, or FILE:LINE:COLUMN tells a mistake.";

pub(super) const REPLAY: &str = "\
Examples:
  heapwalk replay ls.rep.gz
  heapwalk replay --policy first-fit --coalesce off a.rep b.rep
  zcat big.rep.gz | heapwalk replay --no-check --json - | jq .utilization
  heapwalk replay --limit 8M --decommit 64K,1M a.rep

One trace gives a page, several give a table with a line each. The time of an operation includes
filling and reading blocks back, or touching them with --no-check. Utilization is the peak of the
bytes asked for, divided by the peak of the memory committed, side tables included.

JSON (version 1), sizes in bytes, one object a trace and line: {schema, version, file, variant,
policy, coalesce, serialize, decommit: {block, total} | null, check, limit, ops, allocs, reallocs,
frees, failed, peak_payload, peak_committed, side_tables_peak, peak_footprint, utilization,
live_blocks, live_bytes, holes, free_bytes, largest_free, external_fragmentation, at_peak:
{holes, free_bytes, largest_free, external_fragmentation} | null, returned, probes, probes_per_op,
elapsed_ns, ns_per_op, notes: [{line, count, text}], damage: {op, block, text} | null}.
holes to external_fragmentation are taken after the last operation, before anything that is still
live is freed; at_peak when the bytes asked for were at their peak.

Exit codes: 0 blocks were as they were left, 1 damage was found, 2 a trace could not be read.";

pub(super) const FRAME: &str = "\
Examples:
  heapwalk frame --size 120x40
  heapwalk frame --run lesson.heap --format svg > lesson.svg
  heapwalk frame --format png --output map.png
  heapwalk frame --format json | jq .memory
  heapwalk frame --glyphs ascii --size 80x24

JSON is described by assets/schema/heapwalk-1.schema.json: {schema: \"heapwalk/1\", heap, operations,
memory, metrics, regions, blocks, returns, returns_total}, sizes and addresses in bytes from the first
byte of the heap. CSV has a line for each block (RFC 4180), with the units in its first line.";

pub(super) const LESSONS: &str = "\
Examples:
  heapwalk lessons
  heapwalk learn 2";

pub(super) const LEARN: &str = "\
Examples:
  heapwalk learn 2
  heapwalk learn fragmentation --present
  heapwalk learn my.lesson

Presenting: space, PgDn or an arrow goes on and reveals, PgUp goes back, a digit chooses what the
class has answered, b or . blanks the screen, Esc shows the whole explorer, q ends.

Exit codes: 0 the explorer ended, 2 there is no such lesson, or FILE:LINE:COLUMN tells a mistake.";

pub(super) const CHECK: &str = "\
Examples:
  heapwalk check
  heapwalk check my.lesson 2
  heapwalk check my.lesson --json | jq '.lessons[].failures'
  echo 'free b1' | heapwalk check --challenge my.lesson --solution -

JSON (version 1): {schema, version, fine, lessons: [{lesson, file, title, fine, steps, expectations,
predictions, challenges, failures: [{line, what, expected, found}], mistake: {line, column, message}
| null}]}. mistake says why a lesson could not be read; file and title are null then.
Of a solution: {schema, version, file, lesson, line, solved, goals: [{condition, found, holds}],
limits: [{counted, most, used, kept}], failures: [{line, what, expected, found}]}. found is null
where the kernel does not tell.

Exit codes: 0 all holds, or the challenge is solved; 1 something does not hold; 2 a file cannot be
read or has a mistake, which FILE:LINE:COLUMN tells.";

pub(super) const CAST: &str = "\
Examples:
  heapwalk cast demo --output demo.cast
  heapwalk cast lesson.heap --size 80x24 --speed 1.5 > lesson.cast
  asciinema play demo.cast

An asciicast (version 2) is text: a line of JSON with the size, and one for each piece of output with
its second. asciinema, svg-term, agg and players for browsers read it.

Exit codes: as of heapwalk run; the recording is written all the same.";

pub(super) const THEMES: &str = "\
Examples:
  heapwalk themes
  heapwalk --theme high-contrast
  heapwalk frame --format png --theme ./mine.toml --output mine.png

A theme is a TOML file: `ground` is dark or light, [colors] names seven colours (busy, overhead, free,
free-ink, accent, accent-ink, faint), and what is left out is as in heapwalk's own. [colors-256] and
[colors-16] are for terminals with fewer colours, [image] for what images take for letters and ground.";

pub(super) const MAN: &str = "\
Examples:
  heapwalk man | man -l -
  heapwalk man > ~/.local/share/man/man1/heapwalk.1";

pub(super) const COMPLETIONS: &str = "\
Examples:
  heapwalk completions bash > ~/.local/share/bash-completion/completions/heapwalk
  heapwalk completions zsh > ~/.zfunc/_heapwalk
  heapwalk completions fish > ~/.config/fish/completions/heapwalk.fish
  heapwalk completions nushell > completions-heapwalk.nu
  heapwalk completions powershell >> $PROFILE";

/// All there is to know on one page.
pub(super) fn main_long() -> String {
    let mut page = format!("Examples:\n{EXAMPLES}\n\nExit codes:\n");
    for exit in Exit::ALL {
        line(&mut page, &exit.code().to_string(), exit.doc());
    }
    page.push_str("\nKeys of the explorer:\n");
    let contexts = [Context::Map, Context::GoTo, Context::Everywhere];
    let bindings = Bindings::default();
    for action in ACTIONS
        .iter()
        .filter(|action| contexts.contains(&action.context))
    {
        line(&mut page, &bindings.key_names(action), action.doc);
    }
    page.push_str("\nCommands of the prompt and of scripts:\n");
    page.push_str(&reference());
    page
}

/// A term and its sentence.
fn line(page: &mut String, term: &str, words: &str) {
    const COLUMN: usize = 24;
    // Writing to a `String` cannot fail.
    let _ = if term.chars().count() < COLUMN {
        writeln!(page, "  {term:COLUMN$}{words}")
    } else {
        writeln!(page, "  {term}\n  {:COLUMN$}{words}", "")
    };
}
