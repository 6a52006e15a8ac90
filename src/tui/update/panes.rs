//! What keys do to the panes: focus, place, size, and the rows chosen in them.

use crate::session::frame::{Request, Target};
use crate::session::{Command, StepTo};
use crate::tui::action::{Context, RowStep, Screen};
use crate::tui::key::Key;
use crate::tui::layout::Arrangement;
use crate::tui::pane;
use crate::tui::panes::{Motion, Pane};

use super::Update;

impl Update<'_> {
    /// A number key: focuses the pane where it is on the screen, else shows it in the map's place; again goes back.
    pub(super) fn show_pane(&mut self, pane: Pane) {
        let shown = |arrangement| {
            self.state
                .layout_in(arrangement)
                .is_some_and(|layout| !layout.pane(pane).is_empty())
        };
        self.state.arrangement = match self.state.arrangement {
            Arrangement::InMapsPlace(old) | Arrangement::Whole(old) if old == pane => {
                self.state.focus = Pane::Map;
                return self.arrange(Arrangement::Usual);
            }
            Arrangement::Whole(_) if pane != Pane::Map => Arrangement::Whole(pane),
            _ if shown(Arrangement::Usual) => Arrangement::Usual,
            _ => Arrangement::InMapsPlace(pane),
        };
        self.focus(pane);
        self.arrange(self.state.arrangement);
    }

    /// The key of threads: their pane while there are some, else the prompt to start them.
    pub(super) fn show_threads(&mut self) {
        if self.frame.crew.is_some() {
            return self.show_pane(Pane::Threads);
        }
        self.open_prompt("threads 4 { run random ops=10000000 sizes=16..512 live=200 seed=7 }");
    }

    /// Makes a place for a pane as long as there is something to see of it: a call that is played, or threads.
    pub(super) fn place_guest(&mut self) {
        let guest = match (&self.frame.played, &self.frame.crew) {
            (Some(_), _) => Some(Pane::Play),
            (None, Some(_)) => Some(Pane::Threads),
            (None, None) => None,
        };
        let old = std::mem::replace(&mut self.state.guest, guest);
        if old == guest {
            return;
        }
        if old == Some(self.state.focus) {
            self.state.focus = Pane::Map;
        }
        if guest == Some(Pane::Play) {
            // Its keys lead through the call, and the map shows where it is.
            self.state.arrangement = Arrangement::Usual;
            self.state.focus = Pane::Play;
        }
        self.look();
    }

    /// The next pane on the screen, or the one before.
    pub(super) fn next_pane(&mut self, step: isize) {
        let Some(layout) = self.state.layout() else {
            return;
        };
        let shown: Vec<Pane> = layout.shown().collect();
        let count = isize::try_from(shown.len()).unwrap_or(isize::MAX);
        if count < 2 {
            return self.say(
                "no other pane is on the screen; 2 to 9 show one in the map's place".to_owned(),
            );
        }
        let here = shown
            .iter()
            .position(|pane| *pane == self.state.focus)
            .and_then(|at| isize::try_from(at).ok())
            .unwrap_or(0);
        let next = usize::try_from((here + step).rem_euclid(count)).unwrap_or(0);
        self.focus(shown[next]);
        self.look();
    }

    /// The pane with the focus takes the whole screen, or goes back to its place.
    pub(super) fn maximise(&mut self) {
        let next = match self.state.arrangement {
            Arrangement::Whole(_) => Arrangement::Usual,
            _ => Arrangement::Whole(self.state.focus),
        };
        self.arrange(next);
    }

    /// Moves the choice in the pane that has the focus.
    pub(super) fn step_rows(&mut self, step: RowStep) {
        let pane = self.state.focus;
        let Some(height) = self
            .state
            .layout()
            .map(|layout| pane::rows_in(pane, layout.pane(pane)))
        else {
            return;
        };
        let total = pane::rows_of(pane, self.frame);
        let rows = match step {
            RowStep::Rows(rows) => i64::from(rows),
            RowStep::Pages(pages) => i64::from(pages) * i64::from(height.max(1)),
            RowStep::First => i64::MIN,
            RowStep::Last => i64::MAX,
        };
        // Answers are counted from the newest, which stands at the bottom: up leads to an older one.
        let rows = if pane == Pane::Log {
            rows.saturating_neg()
        } else {
            rows
        };
        let list = &mut self.state.lists[pane as usize];
        match pane.row().motion {
            Motion::Rows | Motion::Steps => list.choose(rows, total, height),
            Motion::Lines | Motion::Blocks => list.scroll(rows, total, height),
            Motion::Play => return self.play_on(rows),
        }
        self.look();
    }

    /// Makes so many steps of the call that is played, or takes them back.
    fn play_on(&mut self, rows: i64) {
        let Some(played) = self.frame.played.as_deref() else {
            return;
        };
        let at = played.at.saturating_add_signed(rows).min(played.total);
        if at != played.at {
            // So many steps on from wherever it is by then: the wheel turns faster than frames come.
            let steps = rows.unsigned_abs();
            let to = match rows < 0 {
                true => StepTo::Back(steps),
                false => StepTo::Forward(steps),
            };
            self.send(Request::Command(Command::Step(to)));
        }
    }

    /// Enter on a row of the pane that has the focus.
    pub(super) fn open_row(&mut self) {
        let pane = self.state.focus;
        let chosen = self.state.lists[pane as usize].chosen;
        match pane::opened(pane, self.frame, chosen) {
            Some(pane::Opened::Block(address)) => self.select(Target::Address(address)),
            Some(pane::Opened::Line(line)) => {
                let key = self.open_row_key();
                self.echo(key, &line);
                self.state.asked_by = key;
                self.send(Request::Line(line));
            }
            None => self.echo(self.open_row_key(), "this row leads nowhere"),
        }
    }

    fn open_row_key(&self) -> Option<Key> {
        self.state.bindings.key_of(Context::Rows, Screen::OpenRow)
    }

    /// A click on a row chooses it; on the chosen row it opens it.
    pub(super) fn click_row(&mut self, row: u64) {
        let pane = self.state.focus;
        if pane.row().motion == Motion::Play {
            return self.send(Request::Command(Command::Step(StepTo::To(row))));
        }
        let list = &mut self.state.lists[pane as usize];
        let again = std::mem::replace(&mut list.chosen, row) == row;
        if again && matches!(pane.row().motion, Motion::Rows | Motion::Steps) {
            self.open_row();
        }
    }

    /// Keeps lists within what there is to show, and the chosen answer where `new` ones came after it.
    pub(super) fn clamp_lists(&mut self, new: usize) {
        let Some(layout) = self.state.layout() else {
            return;
        };
        let log = &mut self.state.lists[Pane::Log as usize];
        if log.chosen > 0 {
            log.chosen = log
                .chosen
                .saturating_add(u64::try_from(new).unwrap_or(u64::MAX));
        }
        for pane in layout.shown() {
            let total = pane::rows_of(pane, self.frame);
            let height = u64::from(pane::rows_in(pane, layout.pane(pane)));
            let list = &mut self.state.lists[pane as usize];
            // A part of the picture that was not asked for yet has no rows: that says nothing of the list.
            if total > 0 {
                list.chosen = list.chosen.min(total - 1);
                list.top = list.top.min(total.saturating_sub(height));
            }
        }
    }

    /// Leaves a pane that is not in its place, or gives the focus back to the map. Answers whether there was one.
    pub(super) fn leave_pane(&mut self) -> bool {
        if self.state.arrangement != Arrangement::Usual {
            self.state.focus = Pane::Map;
            self.arrange(Arrangement::Usual);
            return true;
        }
        let away = self.state.focus != Pane::Map;
        self.state.focus = Pane::Map;
        away
    }

    /// The pane of calls made step by step comes when they begin, and goes when nothing is left to see of them.
    pub(super) fn follow_calls(&mut self) {
        if !self.state.is_current(self.frame) {
            return;
        }
        let calls = self.frame.interleaved.as_deref();
        let begun = calls.is_some_and(|calls| !calls.is_over());
        let had = std::mem::replace(&mut self.state.stepping, calls.is_some());
        let shown = self.state.arrangement == Arrangement::InMapsPlace(Pane::Interleave);
        if begun && !had && !shown {
            self.show_pane(Pane::Interleave);
        } else if had && calls.is_none() && shown {
            self.leave_pane();
        }
    }

    /// Gives up the calls under way, if there are any, and leaves their pane.
    pub(super) fn give_up(&mut self) {
        let calls = self.frame.interleaved.as_deref();
        let played = self.frame.played.is_some();
        if played || calls.is_some_and(|calls| !calls.is_over()) {
            self.send(Request::Command(Command::Step(StepTo::Off)));
        }
        self.leave_pane();
    }

    pub(super) fn focus(&mut self, pane: Pane) {
        self.state.focus = pane;
    }

    fn arrange(&mut self, arrangement: Arrangement) {
        self.state.arrangement = arrangement;
        self.look();
    }
}
