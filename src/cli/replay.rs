//! `heapwalk replay`: traces on heaps, and what came of it as a page, a table or JSON.

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::os::CommitLimit;
use crate::session::Size;
use crate::trace::replay::{self, Settings};
use crate::trace::{Holes, Report, Trace};
use crate::tui::numbers::{bytes, counted, grouped, size};

use super::args::Replay;
use super::exit::{Exit, Failure};
use super::{input, out};

/// Replays every trace that can be read; the worst outcome decides the exit code.
pub(super) fn run(args: &Replay) -> Result<Exit, Failure> {
    let settings = settings(args);
    let mut exit = Exit::Success;
    let mut reports = Vec::new();
    for path in &args.traces {
        let report = match one(path, settings) {
            Ok(report) => report,
            // The others are still worth their replay.
            Err(failure) if args.traces.len() > 1 => {
                out::complain(&failure);
                exit = Exit::Refused;
                continue;
            }
            Err(failure) => return Err(failure),
        };
        if let Some(damage) = &report.damage {
            out::say(&format!("{}: {damage}", report.file));
            if exit == Exit::Success {
                exit = Exit::Failed;
            }
        }
        if args.json {
            out::write(|to| {
                serde_json::to_writer(&mut *to, &report)?;
                writeln!(to)
            })?;
        } else {
            reports.push(report);
        }
    }
    match reports.as_slice() {
        [] => {}
        [report] => out::write(|to| page(report, to))?,
        reports => out::write(|to| table(reports, to))?,
    }
    Ok(exit)
}

fn settings(args: &Replay) -> Settings {
    Settings {
        policy: args.policy,
        coalesce: args.coalesce,
        decommit: args.decommit.0,
        serialize: args.serialize,
        check: !args.no_check,
        limit: args
            .limit
            .map_or_else(CommitLimit::default_bytes, |Size(limit)| limit),
    }
}

fn one(path: &Path, settings: Settings) -> Result<Report, Failure> {
    let trace = input::trace(path)?;
    let mut replay = replay::Replay::new(&trace, settings)?;
    let mut progress = Progress::new(&trace);
    // Damage ends the replay, and the report tells it.
    while replay.run(CHUNK).unwrap_or(false) {
        progress.show(replay.done());
    }
    progress.clear();
    Ok(replay.finish(&input::name_of(path)))
}

/// Operations between looks at the clock.
const CHUNK: usize = 1 << 14;

/// How far a long replay is, on the standard error if somebody sits there.
struct Progress {
    of: u64,
    seen: bool,
    next: Option<Instant>,
}

impl Progress {
    /// Nothing is shown of replays that are shorter than this.
    const PATIENCE: Duration = Duration::from_millis(500);
    const PERIOD: Duration = Duration::from_millis(100);

    fn new(trace: &Trace) -> Progress {
        let watched = io::stderr().is_terminal();
        Progress {
            of: trace.ops.len() as u64,
            seen: false,
            next: watched.then(|| Instant::now() + Self::PATIENCE),
        }
    }

    fn show(&mut self, done: u64) {
        let now = Instant::now();
        if self.next.is_none_or(|next| now < next) {
            return;
        }
        self.next = Some(now + Self::PERIOD);
        self.seen = true;
        // Whoever watches it does not miss a line that could not be written.
        let _ = write!(
            io::stderr(),
            "\r{} of {} operations",
            grouped(done),
            grouped(self.of)
        );
    }

    fn clear(&mut self) {
        if self.seen {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

/// Everything about one replay.
fn page(report: &Report, to: &mut dyn Write) -> io::Result<()> {
    let both = |number: u64| match (size(number), bytes(number)) {
        (rough, exact) if rough == exact => exact,
        (rough, exact) => format!("{rough} ({exact})"),
    };
    let holes = |holes: &Holes| {
        format!(
            "{} in {}, largest {}; external fragmentation {:.1} %",
            bytes(holes.free_bytes),
            counted(holes.holes, "hole"),
            bytes(holes.largest_free),
            holes.external_fragmentation * 100.0
        )
    };
    let rows = [
        ("trace", format!("{} ({})", report.file, report.variant)),
        ("heap", heap_words(report)),
        (
            "operations",
            format!(
                "{}: {} allocs, {} reallocs, {} frees",
                grouped(report.ops),
                grouped(report.allocs),
                grouped(report.reallocs),
                grouped(report.frees)
            ),
        ),
        ("failed", counted(report.failed, "request")),
        ("peak payload", both(report.peak_payload)),
        ("peak committed", both(report.peak_committed)),
        ("side tables", both(report.side_tables_peak)),
        (
            "utilization",
            format!(
                "{:.1} % of {}",
                report.utilization * 100.0,
                both(report.peak_footprint)
            ),
        ),
        (
            "free at the peak",
            report
                .at_peak
                .as_ref()
                .map_or_else(|| "the trace's peak was not reached".to_owned(), holes),
        ),
        ("free at the end", holes(&report.at_end)),
        (
            "live at the end",
            format!(
                "{} in {}",
                bytes(report.live_bytes),
                counted(report.live_blocks, "block")
            ),
        ),
        ("returned", both(report.returned)),
        (
            "probes",
            format!("{:.2} an operation", report.probes_per_op),
        ),
        (
            "time",
            format!(
                "{:.1} ns an operation, {}",
                report.ns_per_op,
                work_words(report)
            ),
        ),
    ];
    for (name, words) in rows {
        writeln!(to, "{name:<18}{words}")?;
    }
    for note in &report.notes {
        writeln!(to, "{:<18}{note}", "note")?;
    }
    match &report.damage {
        Some(damage) => writeln!(to, "{:<18}{damage}", "DAMAGE"),
        None if report.check => {
            writeln!(to, "{:<18}none: every block was as it was left", "damage")
        }
        None => writeln!(
            to,
            "{:<18}none in the heap's structures; blocks were not read",
            "damage"
        ),
    }
}

fn heap_words(report: &Report) -> String {
    let switch = |on| if on { "on" } else { "off" };
    let decommit = report.decommit.map_or_else(
        || "off".to_owned(),
        |limits| format!("{},{}", Size(limits.block), Size(limits.total)),
    );
    format!(
        "growable, {}, coalesce {}, serialize {}, decommit {decommit}, limit {}",
        report.policy,
        switch(report.coalesce),
        switch(report.serialize),
        size(report.limit)
    )
}

const fn work_words(report: &Report) -> &'static str {
    if report.check {
        "filling and reading blocks back included"
    } else {
        "touching blocks included"
    }
}

/// The columns of the table: heading, and what a report shows under it.
type Column = (&'static str, fn(&Report) -> String);

const COLUMNS: [Column; 9] = [
    ("ops", |report| grouped(report.ops)),
    ("failed", |report| grouped(report.failed)),
    ("peak payload", |report| grouped(report.peak_payload)),
    ("committed", |report| grouped(report.peak_committed)),
    ("util %", |report| {
        format!("{:.1}", report.utilization * 100.0)
    }),
    ("ext. frag %", |report| {
        format!("{:.1}", report.at_end.external_fragmentation * 100.0)
    }),
    ("returned", |report| grouped(report.returned)),
    ("ns/op", |report| format!("{:.1}", report.ns_per_op)),
    ("probes/op", |report| format!("{:.2}", report.probes_per_op)),
];

/// A line for each replay; sizes in bytes.
fn table(reports: &[Report], to: &mut dyn Write) -> io::Result<()> {
    let mut rows = vec![
        std::iter::once("trace (sizes in bytes)".to_owned())
            .chain(COLUMNS.map(|(name, _)| name.to_owned()))
            .collect::<Vec<_>>(),
    ];
    rows.extend(reports.iter().map(|report| {
        std::iter::once(report.file.clone())
            .chain(COLUMNS.map(|(_, show)| show(report)))
            .collect()
    }));
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..=COLUMNS.len()).map(width).collect();
    for row in &rows {
        write!(to, "{:<width$}", row[0], width = widths[0])?;
        for (cell, width) in row.iter().zip(&widths).skip(1) {
            write!(to, "  {cell:>width$}")?;
        }
        writeln!(to)?;
    }
    let first = &reports[0];
    writeln!(to, "{}; {}", heap_words(first), work_words(first))
}
