//! What keys and the mouse do to time: the chart is a scrubber, and a verb in the past asks first.

use ratatui::layout::Position;

use crate::session::frame::Request;
use crate::session::time::{Direction, SeekTo};
use crate::session::{Command, parse_line};
use crate::tui::pane::{memory, time};
use crate::tui::panes::Pane;

use super::Update;

impl Update<'_> {
    /// Whether a request has to wait for a yes: it would change something, and the past is looked at.
    pub(super) fn asks_to_branch(&self, request: &Request) -> bool {
        // Nobody begins another future to keep a bookmark: the session says what there is instead.
        let changes = |command: &Command| {
            let beside = matches!(command, Command::Undo | Command::Redo | Command::Mark(_));
            !beside && command.changes()
        };
        self.frame.time.past
            && match request {
                Request::Line(line) => {
                    matches!(parse_line(line), Ok(Some(command)) if changes(&command))
                }
                Request::Command(command) => changes(command),
                Request::FreeAt(_) => true,
                _ => false,
            }
    }

    /// Goes on from the moment that is looked at, and does there what was asked for.
    pub(super) fn branch(&mut self, request: Request) {
        self.send_now(Request::Command(Command::Branch(None)));
        self.send_now(request);
    }

    /// The button went down in the chart of time, or is dragged from there. Answers whether it did.
    pub(super) fn scrub(&mut self, position: Position, drags: bool) -> bool {
        if self.state.layer.is_some() {
            return false;
        }
        let Some(to) = self.moment_at(position, drags) else {
            return false;
        };
        let here = match (to, self.frame.time.past) {
            (SeekTo::Present, past) => !past,
            (to, past) => past && to == SeekTo::Operation(self.frame.time.at),
        };
        if !here {
            self.send(Request::Command(Command::Seek(to)));
        }
        true
    }

    /// The moment at a place of the chart, or of the line of time where the chart has no place.
    fn moment_at(&self, position: Position, drags: bool) -> Option<SeekTo> {
        let layout = self.state.layout()?;
        let chart = layout.pane(Pane::Time);
        let (axis, column) = if chart.is_empty() {
            memory::column_at(self.frame, layout.memory, position, drags)?
        } else {
            time::column_at(self.frame, chart, position, drags)?
        };
        // A column stands for all of its operations: the last of them.
        Some(match column + 1 {
            next if next >= axis.columns() => SeekTo::Present,
            next => {
                let last = axis.operation(next).saturating_sub(1);
                SeekTo::Operation(last.max(axis.operation(column)))
            }
        })
    }

    /// The wheel over the chart of time: a column on, and at least an operation. Answers whether it was there.
    pub(super) fn wheel_of_time(&mut self, up: bool, position: Position) -> bool {
        let Some(layout) = self.state.layout() else {
            return false;
        };
        let chart = layout.pane(Pane::Time);
        let found = if chart.is_empty() {
            memory::column_at(self.frame, layout.memory, position, false)
        } else {
            chart
                .contains(position)
                .then(|| time::axis(self.frame, chart))
                .flatten()
                .map(|axis| (axis, 0))
        };
        let Some((axis, _)) = found else {
            return false;
        };
        let column = (axis.last - axis.first + 1) / axis.columns().max(1) as u64;
        let direction = if up {
            Direction::Back
        } else {
            Direction::Forward
        };
        // On from wherever it is by then: the wheel turns faster than frames come.
        let to = SeekTo::By(direction, column.max(1));
        self.send(Request::Command(Command::Seek(to)));
        true
    }
}
