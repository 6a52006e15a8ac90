//! Real threads: a lane each, what the lock costs, and what went wrong.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::session::Step;
use crate::session::frame::{CrewPicture, CrewState, Frame};
use crate::session::threads::{Doing, Kind, LaneView, base, first_moment, lock_used, sentence};
use crate::tui::canvas::{clipped, put, put_line, row, wrapped};
use crate::tui::numbers::{counted, grouped, rounded};
use crate::tui::panes::Pane;
use crate::tui::theme::Role;

use super::Scene;

/// The height from which the chosen row is shown whole below the others, and the rows that this takes.
const WITH_WHOLE: u16 = 13;
const WHOLE: u16 = 5;

/// Columns into which what went wrong is wrapped, and the rows that it may take.
const HEAD_COLUMNS: u16 = 76;
const HEAD_ROWS: usize = 2;
/// Calls fail if more than one in so many does: how fast failing goes is no speed.
const FEW_FAIL: u64 = 10;

/// A row of the pane.
#[derive(Clone)]
struct Row {
    role: Role,
    text: String,
    /// All its words, where the row shows a part of them.
    whole: Option<String>,
    /// Where Enter leads.
    at: Option<u64>,
}

impl Row {
    fn new(role: Role, text: String) -> Row {
        Row {
            role,
            text,
            whole: None,
            at: None,
        }
    }

    fn words(&self) -> &str {
        self.whole.as_deref().unwrap_or(&self.text)
    }
}

/// Rows of the list that fit into `area`.
pub(super) fn rows_in(area: Rect) -> u16 {
    let whole = if area.height >= WITH_WHOLE { WHOLE } else { 0 };
    area.height.saturating_sub(1 + whole)
}

/// All rows that there are.
pub(super) fn rows_of(frame: &Frame) -> u64 {
    let crew = frame.crew.as_deref();
    crew.map_or(0, |crew| rows(crew).len() as u64)
}

/// The place of the incident in a row.
pub(super) fn opened(frame: &Frame, chosen: u64) -> Option<u64> {
    let rows = rows(frame.crew.as_deref()?);
    rows.get(usize::try_from(chosen).ok()?)?.at
}

/// A row in all its words.
pub(in crate::tui) fn text(frame: &Frame, chosen: u64) -> Option<String> {
    let rows = rows(frame.crew.as_deref()?);
    let row = rows.get(usize::try_from(chosen).ok()?)?;
    Some(row.words().to_owned())
}

pub(in crate::tui) fn draw(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let crew = scene.frame.crew.as_deref();
    let Some(crew) = crew else {
        let inner = scene.titled(Pane::Threads, area, "", buffer);
        let words =
            "no threads have worked on this heap since the last command; {threads} starts some";
        return scene.say(words, inner, buffer);
    };
    let rows = rows(crew);
    let height = rows_in(area);
    let list = scene.state.lists[Pane::Threads as usize];
    let top = list
        .top
        .min((rows.len() as u64).saturating_sub(u64::from(height)));
    let shown = (top, u64::from(height), rows.len() as u64);
    let inner = scene.titled(Pane::Threads, area, &title(crew, shown), buffer);
    for (index, (number, line)) in (0..height).zip((0_u64..).zip(&rows).skip(top as usize)) {
        let (mark, role) = scene.row_mark(Pane::Threads, number);
        let role = if role == Role::Selected {
            role
        } else {
            line.role
        };
        let text = clipped(
            &format!("{mark} {}", line.text),
            inner.width,
            scene.theme.glyphs.more,
        );
        put_line(
            buffer,
            row(inner, index),
            &Line::from(scene.span(role, text)),
        );
    }
    if area.height >= WITH_WHOLE {
        draw_whole(scene, &rows, list.chosen, inner, buffer);
    }
}

/// The chosen row with all its words; before anyone chooses, the first: what went wrong.
fn draw_whole(scene: &Scene<'_>, rows: &[Row], chosen: u64, inner: Rect, buffer: &mut Buffer) {
    let Some(line) = rows.get(chosen as usize).or(rows.first()) else {
        return;
    };
    let first = inner.height.saturating_sub(WHOLE);
    let rule = scene.theme.glyphs.rule.to_string();
    let style = scene.theme.style(Role::Faint);
    put(
        buffer,
        row(inner, first),
        &rule.repeat(usize::from(inner.width)),
        style,
    );
    let text = wrapped(line.words(), inner.width);
    for (index, text) in (first + 1..inner.height).zip(text) {
        put(
            buffer,
            row(inner, index),
            &text,
            scene.theme.style(line.role),
        );
    }
}

/// How many threads there are and which rows are shown: `top`, how many fit, and all that there are.
fn title(crew: &CrewPicture, (top, height, all): (u64, u64, u64)) -> String {
    let state = match crew.state {
        CrewState::Working => "working",
        CrewState::Paused => "paused",
        CrewState::Ended => "ended",
    };
    let threads = counted(crew.report.lanes.len() as u64, "thread");
    let rows = if height == 0 || all <= height {
        String::new()
    } else {
        let last = top.saturating_add(height).min(all);
        format!(", rows {}-{last} of {all}", top.saturating_add(1))
    };
    format!("{threads} {state}{rows}")
}

fn rows(crew: &CrewPicture) -> Vec<Row> {
    let report = &crew.report;
    let mut rows: Vec<Row> = failing(crew).into_iter().collect();
    rows.extend(damage(crew));
    rows.push(Row::new(Role::Text, lock(crew)));
    let lanes = report.lanes.iter().enumerate();
    rows.extend(lanes.map(|(worker, lane)| {
        let rate = crew.rates.get(worker).copied().unwrap_or(0.0);
        let role = match lane.doing {
            Doing::Waiting => Role::Strong,
            Doing::Crashed => Role::Bad,
            Doing::Resting | Doing::Working | Doing::Done | Doing::Stopped => Role::Text,
        };
        Row::new(role, lane_words(crew, worker, lane, rate))
    }));
    rows.extend(report.incidents.iter().map(|incident| {
        let kind = incident.kind();
        let text = format!(
            "{}: {}",
            kind.name(),
            sentence(incident, crew.numbered_from)
        );
        Row {
            role: Role::Bad,
            whole: Some(format!("{text}; {}", kind.meaning())),
            text,
            at: Some(incident.at),
        }
    }));
    rows
}

/// Calls that failed, and calls that ended.
fn failures(crew: &CrewPicture) -> (u64, u64) {
    let failed = crew.report.lanes.iter().map(|lane| lane.failed);
    (failed.sum(), crew.report.done())
}

/// That most calls fail, before anything else: rates of such threads say nothing.
fn failing(crew: &CrewPicture) -> Option<Row> {
    let (failed, done) = failures(crew);
    if failed <= done / 2 {
        return None;
    }
    let of_five = (failed.saturating_mul(5) + done / 2) / done.max(1);
    let broken = crew.report.first().is_some() || crew.report.damaged_before;
    let why = if broken { ": the heap is broken" } else { "" };
    let words = match of_five.min(5) {
        5 => format!("nearly all calls fail{why}"),
        some => format!("{some} of 5 calls fail{why}"),
    };
    Some(Row::new(Role::Bad, words))
}

/// What went wrong: the first moment of it in full words, and how much there was; or that nothing did.
fn damage(crew: &CrewPicture) -> Vec<Row> {
    let report = &crew.report;
    let Some(first) = first_moment(report, crew.numbered_from) else {
        let before = if report.damaged_before {
            "no new damage; the heap was damaged before"
        } else {
            "no damage"
        };
        let audits = counted(report.audits.0, "audit");
        return vec![Row::new(Role::Text, format!("{before}, {audits} so far"))];
    };
    let totals = Kind::ALL.iter().zip(report.totals);
    let totals: Vec<String> = totals
        .filter(|(_, total)| *total > 0)
        .map(|(kind, total)| counted(total, kind.name()))
        .collect();
    let whole = format!("DAMAGED: {}; first {first}", totals.join(", "));
    let row = |text: String| Row {
        role: Role::Bad,
        text,
        whole: Some(whole.clone()),
        at: report.first().map(|incident| incident.at),
    };
    let mut lines = wrapped(&format!("DAMAGED first {first}"), HEAD_COLUMNS);
    // What does not fit stands behind the last line: wider screens show more of it, and the chosen row all.
    let rest = lines.split_off(lines.len().min(HEAD_ROWS));
    if let Some(last) = lines.last_mut() {
        for line in rest {
            last.push(' ');
            last.push_str(&line);
        }
    }
    lines.push(format!("in all {}", totals.join(", ")));
    lines.into_iter().map(row).collect()
}

/// `1.9M op/s, 0.45 x one alone (4.2M); lock taken 4.0M x, 0.41 % contended, 3 ms waited`
fn lock(crew: &CrewPicture) -> String {
    let used = crew.report.lock;
    let lock = lock_used(&used, &format!("{} x", rounded(used.taken as f64)));
    let throughput = crew.throughput();
    let (failed, done) = failures(crew);
    let compared = match crew.alone {
        None => String::new(),
        Some(alone) if failed > done / FEW_FAIL => {
            format!(" with failures (one alone {} op/s)", rounded(alone))
        }
        Some(alone) => format!(
            ", {:.2} x one alone ({})",
            throughput / alone,
            rounded(alone)
        ),
    };
    format!("{} op/s{compared}; {lock}", rounded(throughput))
}

/// `1 works   alloc ta122 93    1.3M op/s  122 live  3.7M failed  0 waits 0 ms`: what counts most first.
fn lane_words(crew: &CrewPicture, worker: usize, lane: &LaneView, rate: f64) -> String {
    let doing = match lane.doing {
        Doing::Resting => "rests",
        Doing::Working => "works",
        Doing::Waiting => "WAITS",
        Doing::Done => "done",
        Doing::Stopped => "stopped",
        Doing::Crashed => "CRASHED",
    };
    let name = |slot: usize| {
        format!(
            "{}{}",
            base(worker),
            crew.numbered_from.saturating_add(slot as u64)
        )
    };
    let call = match lane.step {
        None => String::new(),
        Some(Step::Alloc { slot, size }) => format!("alloc {} {size}", name(slot)),
        Some(Step::Free { slot }) => format!("free {}", name(slot)),
        Some(Step::Realloc { slot, size }) => format!("realloc {} {size}", name(slot)),
    };
    format!(
        "{} {doing:<7} {call:<17} {:>6} op/s  {} live  {} failed  {} waits {} ms  {} done, op {}",
        worker + 1,
        rounded(rate),
        rounded(lane.live as f64),
        rounded(lane.failed as f64),
        rounded(lane.contended as f64),
        grouped(lane.waited / 1_000_000),
        rounded(lane.done as f64),
        grouped(lane.operation),
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::session::crew::{Held, Incident, LaneView, Report, Seen, What};
    use crate::tui::canvas::width;

    /// Four threads of which one was given a block of another's; so many of a thousand calls each failed.
    fn broken(failed: u64) -> CrewPicture {
        let held = |worker, slot, born| Held {
            worker,
            slot,
            payload: 0x870,
            size: 93,
            born,
        };
        let lane = LaneView {
            doing: Doing::Working,
            step: Some(Step::Alloc {
                slot: 122,
                size: 93,
            }),
            done: 1000,
            live: 122,
            failed,
            ..LaneView::default()
        };
        let incident = Incident {
            what: What::Handed {
                to: held(1, 12, 1300),
                holder: Some(held(0, 12, 1250)),
            },
            at: 0x870,
            operation: 1300,
            sound: 1200,
            worker: Some(1),
            seen: Seen::Allocating,
        };
        let mut report = Report {
            lanes: vec![lane; 4],
            active: Duration::from_millis(1),
            incidents: vec![incident; 6],
            ..Report::default()
        };
        report.totals[0] = 6;
        CrewPicture {
            report,
            rates: vec![1.3e6; 4],
            alone: Some(4.2e6),
            ..CrewPicture::default()
        }
    }

    fn texts(crew: &CrewPicture) -> Vec<String> {
        rows(crew).into_iter().map(|row| row.text).collect()
    }

    #[test]
    fn what_went_wrong_comes_first_and_its_first_moment_in_full_words() {
        let rows = texts(&broken(0));
        assert!(
            rows[0].starts_with("DAMAGED first operation 1,300"),
            "{rows:#?}"
        );
        assert!(width(&rows[0]) <= HEAD_COLUMNS, "{rows:#?}");
        assert!(rows[1].contains("thread 1 holds"), "{rows:#?}");
        assert_eq!(rows[2], "in all 6 overlaps");
        assert_eq!(rows.len(), 3 + 1 + 4 + 6);
        assert!(
            rows[3].contains(" x one alone (4.2M); lock never taken"),
            "{rows:#?}"
        );
    }

    #[test]
    fn threads_whose_calls_fail_say_so_first_and_have_no_speed() {
        for (failed, first) in [
            (300, "DAMAGED"),
            (510, "3 of 5 calls fail: the heap is broken"),
            (800, "4 of 5 calls fail: the heap is broken"),
            (1000, "nearly all calls fail: the heap is broken"),
        ] {
            let rows = texts(&broken(failed));
            assert!(rows[0].starts_with(first), "{rows:#?}");
            let speed = rows
                .iter()
                .find(|row| row.contains("; lock "))
                .expect("a row");
            assert!(!speed.contains("x one alone"), "{speed}");
            assert!(speed.contains("(one alone 4.2M op/s)"), "{speed}");
        }
        let mut full = broken(900);
        full.report.incidents.clear();
        assert_eq!(rows(&full)[0].text, "nearly all calls fail");
    }

    #[test]
    fn a_lane_shows_its_failures_on_a_narrow_screen() {
        let rows = texts(&broken(3_700_000));
        let lane = rows
            .iter()
            .find(|row| row.contains("alloc ta122"))
            .expect("a lane");
        let cut = clipped(lane, 74, '~');
        assert!(cut.contains("122 live  3.7M failed"), "{cut}");
    }

    #[test]
    fn the_title_tells_of_rows_that_are_not_shown() {
        let crew = broken(0);
        assert_eq!(
            title(&crew, (0, 6, 12)),
            "4 threads working, rows 1-6 of 12"
        );
        assert_eq!(
            title(&crew, (6, 6, 12)),
            "4 threads working, rows 7-12 of 12"
        );
        assert_eq!(title(&crew, (0, 12, 12)), "4 threads working");
    }
}
