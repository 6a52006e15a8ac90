//! Real threads: a lane each, what the lock costs, and what went wrong.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::session::Step;
use crate::session::frame::{CrewPicture, CrewState, Frame};
use crate::session::threads::{Doing, Kind, LaneView, base, first_moment, sentence};
use crate::tui::canvas::{clipped, put, put_line, row, wrapped};
use crate::tui::numbers::{counted, grouped, rounded};
use crate::tui::panes::Pane;
use crate::tui::theme::Role;

use super::Scene;

/// The height from which the chosen row is shown whole below the others, and the rows that this takes.
const WITH_WHOLE: u16 = 13;
const WHOLE: u16 = 5;

/// A row of the pane.
struct Row {
    role: Role,
    text: String,
    /// Where Enter leads.
    at: Option<u64>,
}

impl Row {
    fn new(role: Role, text: String) -> Row {
        Row {
            role,
            text,
            at: None,
        }
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
    crew.map_or(0, |crew| {
        let report = &crew.report;
        (2 + report.lanes.len() + report.incidents.len()) as u64
    })
}

/// The place of the incident in a row.
pub(super) fn opened(frame: &Frame, chosen: u64) -> Option<u64> {
    let rows = rows(frame.crew.as_deref()?);
    rows.get(usize::try_from(chosen).ok()?)?.at
}

/// A row in all its words.
pub(in crate::tui) fn text(frame: &Frame, chosen: u64) -> Option<String> {
    let mut rows = rows(frame.crew.as_deref()?);
    let chosen = usize::try_from(chosen).ok()?;
    (chosen < rows.len()).then(|| rows.swap_remove(chosen).text)
}

pub(in crate::tui) fn draw(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let crew = scene.frame.crew.as_deref();
    let right = crew.map_or_else(String::new, title);
    let inner = scene.titled(Pane::Threads, area, &right, buffer);
    let Some(crew) = crew else {
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
    let text = wrapped(&line.text, inner.width);
    for (index, text) in (first + 1..inner.height).zip(text) {
        put(
            buffer,
            row(inner, index),
            &text,
            scene.theme.style(line.role),
        );
    }
}

fn title(crew: &CrewPicture) -> String {
    let state = match crew.state {
        CrewState::Working => "working",
        CrewState::Paused => "paused",
        CrewState::Ended => "ended",
    };
    let threads = counted(crew.report.lanes.len() as u64, "thread");
    format!("{threads} {state}")
}

fn rows(crew: &CrewPicture) -> Vec<Row> {
    let report = &crew.report;
    let mut rows = vec![damage(crew), Row::new(Role::Text, lock(crew))];
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
    rows.extend(report.incidents.iter().map(|incident| Row {
        role: Role::Bad,
        text: format!(
            "{}: {}",
            incident.kind().name(),
            sentence(incident, crew.numbered_from)
        ),
        at: Some(incident.at),
    }));
    rows
}

/// What went wrong, with the first moment of it; or that nothing did.
fn damage(crew: &CrewPicture) -> Row {
    let report = &crew.report;
    let Some(first) = first_moment(report, crew.numbered_from) else {
        let before = if report.damaged_before {
            "no new damage; the heap was damaged before"
        } else {
            "no damage"
        };
        let audits = counted(report.audits.0, "audit");
        return Row::new(Role::Text, format!("{before}, {audits} so far"));
    };
    let totals = Kind::ALL.iter().zip(report.totals);
    let totals: Vec<String> = totals
        .filter(|(_, total)| *total > 0)
        .map(|(kind, total)| counted(total, kind.name()))
        .collect();
    Row {
        role: Role::Bad,
        text: format!("DAMAGED: {}; first {first}", totals.join(", ")),
        at: report.first().map(|incident| incident.at),
    }
}

/// `1.9M op/s, 0.80 x one alone; lock taken 4.0M x, 0.41 % contended, 3 ms waited`
fn lock(crew: &CrewPicture) -> String {
    let used = crew.report.lock;
    let lock = if used.taken == 0 {
        "lock never taken".to_owned()
    } else {
        format!(
            "lock taken {} x, {:.2} % contended, {} ms waited",
            rounded(used.taken as f64),
            used.contended as f64 * 100.0 / used.taken as f64,
            grouped(used.waited / 1_000_000)
        )
    };
    let throughput = crew.throughput();
    let compared = crew.alone.map_or_else(String::new, |alone| {
        format!(", {:.2} x one alone", throughput / alone)
    });
    format!("{} op/s{compared}; {lock}", rounded(throughput))
}

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
        "{} {doing:<7} {call:<17} {:>5} op/s, {} waits {} ms, {} live, {} failed, {} done, op {}",
        worker + 1,
        rounded(rate),
        grouped(lane.contended),
        grouped(lane.waited / 1_000_000),
        grouped(lane.live),
        grouped(lane.failed),
        grouped(lane.done),
        grouped(lane.operation),
    )
}
