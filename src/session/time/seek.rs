//! Looking at the past: a place is entered from the nearest checkpoint before it, and the rest is made again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::session::Command;
use crate::session::apply::only_looks;
use crate::session::findings::Checked;
use crate::session::frame::Answer;
use crate::session::marks::Marks;
use crate::session::run::Running;
use crate::session::session::Session;
use crate::session::threads::CrewPicture;
use crate::session::words::grouped;

use super::extremes::Extremes;
use super::line::{Again, Inner};
use super::place::Place;
use super::state::State;
use super::{Direction, Progress64, SeekTo};

/// Steps made again between looks at the clock.
const STEPS: u64 = 1_024;

/// The past that is looked at, and the present that is kept aside.
pub(in crate::session) struct Looking {
    pub(super) place: Place,
    /// The place that is on the way.
    pub(super) going_to: Place,
    pub(super) present: State,
    /// What the present has beside its state.
    aside: Aside,
    /// What goes on at the place: a workload at its operation.
    pub(super) running: Option<Running>,
    /// The extremes of the place's entry, up to where it has been made again.
    pub(super) extremes: Extremes,
    /// What was looked for may have left its trace in counts of calls.
    touched: bool,
    /// The way to a place that has not been reached yet.
    way: Option<Way>,
}

/// Operations on the way to a place: done where it begins, and where it ends.
#[derive(Clone, Copy)]
struct Way {
    begin: u64,
    to: u64,
}

/// What the present has that no state holds.
struct Aside {
    running: Option<Running>,
    ended: Option<Running>,
    marks: Marks,
    checked: Checked,
    crew_left: Option<Arc<CrewPicture>>,
}

impl Command {
    /// Whether the past has no room for it: it would change something, and what is past stays as it was. A screen may
    /// ask whether to `branch` before.
    #[must_use]
    pub fn changes(&self) -> bool {
        !only_looks(self.spoken().1)
    }

    /// Whether it leads to another moment.
    const fn leads_through_time(&self) -> bool {
        matches!(self, Command::Seek(_) | Command::Branch(_))
    }
}

impl Session {
    /// Whether the past is looked at.
    #[must_use]
    pub fn is_past(&self) -> bool {
        self.looking.is_some()
    }

    /// Why a command does not come to be while the past is looked at, if it does not.
    pub(in crate::session) fn kept_from_past(&self, command: &Command) -> Option<Answer> {
        self.looking.as_ref()?;
        let operation = grouped(self.operations);
        let words = if matches!(command.spoken().1, Command::Mark(_)) {
            format!(
                "this is the past, and bookmarks are kept in the present: `seek {}` leads back here, `seek present` leads there, `branch` goes on from here",
                self.operations
            )
        } else if command.changes() {
            format!(
                "this is the past, operation {operation}: nothing changes here; `branch` goes on from this place, `seek present` leads back"
            )
        } else if self.in_view.is_none() && !command.leads_through_time() {
            "there is no heap yet at this moment".to_owned()
        } else {
            return None;
        };
        Some(Answer {
            command: command.to_string(),
            ..Answer::refused(words)
        })
    }

    /// Notes that a command looked at the past: even that counts calls.
    pub(in crate::session) fn touch_past(&mut self) {
        if let Some(looking) = &mut self.looking {
            looking.touched = true;
        }
    }

    /// Goes through time, if that is what a command wants.
    pub(in crate::session) fn lead_through_time(&mut self, command: &Command) -> Option<Answer> {
        if !command.leads_through_time() {
            return None;
        }
        let answer = match self.stays_here() {
            Some(words) => Answer::refused(words),
            None => match command {
                Command::Seek(to) => self.seek_to(*to),
                Command::Branch(line) => self.branch(*line),
                _ => return None,
            },
        };
        let answer = Answer {
            command: command.to_string(),
            ..answer
        };
        self.tell(answer.clone());
        Some(answer)
    }

    /// Why nobody leaves the present now.
    fn stays_here(&self) -> Option<String> {
        if let Some(words) = self.waits() {
            return Some(format!("{words}: the call has to end first"));
        }
        if !self.undoes {
            return Some("no history is kept here".to_owned());
        }
        let held = self
            .slots
            .iter()
            .find_map(|slot| self.actors.holder(&slot.heap));
        held.map(|(_, holder)| format!("{holder} holds a heap's lock: `as {holder}: unlock` first"))
    }

    /// Whether a way through time is sure to be refused: nothing that runs need end for it.
    pub(in crate::session) fn leads_nowhere(&self, command: &Command) -> bool {
        let refused = match command {
            Command::Seek(to) => self.place_sought(*to).is_err(),
            Command::Branch(None) => !self.is_past(),
            Command::Branch(Some(number)) => !self.history.has_other(*number),
            Command::Undo => self.is_past() || self.depths().0 == 0 && !self.is_in_steps(),
            Command::Redo => self.is_past() || self.depths().1 == 0,
            _ => return false,
        };
        refused
            || match command {
                Command::Undo | Command::Redo => self.waits().is_some(),
                _ => self.stays_here().is_some(),
            }
    }

    fn seek_to(&mut self, to: SeekTo) -> Answer {
        // What runs stands still, and is a whole command until here.
        self.close_part();
        if to == SeekTo::Present {
            return self.come_back();
        }
        let from = self.here_in_time();
        match self.place_sought(to) {
            // What is refused leaves a way that is being gone alone.
            Err(words) => Answer::refused(words),
            Ok(place) if place == from => {
                // Whoever is on the way to elsewhere wants to stay after all.
                self.give_up_seeking();
                Answer::note(match (from == self.end_of_line(), to) {
                    (true, SeekTo::By(Direction::Forward, _)) => "this is the present",
                    (false, SeekTo::By(Direction::Back, _)) => "nothing older is kept",
                    _ => "this is the place",
                })
            }
            Ok(place) if place == self.end_of_line() => self.come_back(),
            Ok(place) => {
                self.look_at(place);
                let (command, inside) = self.led_by(place);
                Answer::note(format!(
                    "behind operation {}{inside}{command}",
                    grouped(self.place_operation(place))
                ))
            }
        }
    }

    /// The place that a person names.
    fn place_sought(&self, to: SeekTo) -> Result<Place, String> {
        match to {
            SeekTo::Operation(number) => Ok(self.place_of_operation(number)),
            SeekTo::By(direction, count) => {
                Ok(self.place_on(self.here_in_time(), direction, count))
            }
            SeekTo::Mark(direction) => self.place_of_mark(direction),
            SeekTo::Next(letter) => self.place_of_letter(letter),
            SeekTo::Peak | SeekTo::Worst | SeekTo::Failure => self.place_of_extreme(to),
            SeekTo::Present => Ok(self.end_of_line()),
        }
    }

    fn led_by(&self, place: Place) -> (String, String) {
        let index = match place.inside {
            0 => place.entry.checked_sub(1),
            _ => Some(place.entry),
        };
        let command = index
            .and_then(|index| self.history.entry(index))
            .map_or_else(String::new, |entry| entry.command.to_string());
        match place.inside {
            _ if command.is_empty() && self.history.cut => {
                (": the oldest that is kept".to_owned(), String::new())
            }
            _ if command.is_empty() => (": as the session began".to_owned(), String::new()),
            0 => (format!(", behind `{command}`"), String::new()),
            inside => (
                format!(" of `{command}`"),
                format!(
                    ", the {} of {}",
                    grouped(inside),
                    grouped(self.operations_of(place.entry))
                ),
            ),
        }
    }

    /// Brings back the present, as it was.
    fn come_back(&mut self) -> Answer {
        let Some(looking) = self.looking.take() else {
            return Answer::note("this is the present");
        };
        self.enter(&looking.present);
        let Aside {
            running,
            ended,
            marks,
            checked,
            crew_left,
        } = looking.aside;
        (self.running, self.ended) = (running, ended);
        (self.marks, self.checked, self.crew_left) = (marks, checked, crew_left);
        self.make_room();
        Answer::note(format!(
            "the present, operation {}",
            grouped(self.operations)
        ))
    }

    /// Looks at a place that is not the present.
    fn look_at(&mut self, place: Place) {
        if self.looking.is_none() {
            let present = self.state();
            let mut running = self.running.take();
            if let Some(running) = &mut running {
                running.paused = true;
            }
            let aside = Aside {
                running,
                ended: self.ended.take(),
                marks: std::mem::take(&mut self.marks),
                checked: std::mem::take(&mut self.checked),
                crew_left: self.crew_left.take(),
            };
            self.looking = Some(Looking {
                place: self.end_of_line(),
                going_to: place,
                present,
                aside,
                running: None,
                extremes: Extremes::default(),
                touched: true,
                way: None,
            });
        }
        self.begin_way(place);
        if !self.in_slices {
            self.end_seeking();
        }
    }

    /// Makes the session what it was at a place.
    pub(super) fn enter_place(&mut self, place: Place) {
        self.begin_way(place);
        self.end_seeking();
    }

    /// Goes to the nearest checkpoint before a place, or stays where it is if that is nearer.
    fn begin_way(&mut self, place: Place) {
        let nearest = self.nearest_inner(place).map(Inner::at);
        let goes_on = self.looking.as_ref().is_some_and(|looking| {
            let before = looking.place.entry == place.entry && looking.place <= place;
            // A checkpoint may lie between here and there.
            let here = self.place_operation(looking.place);
            let near = nearest.is_none_or(|nearest| nearest <= here);
            before && near && !looking.touched && looking.running.is_some()
        });
        let running = self
            .looking
            .as_mut()
            .and_then(|looking| looking.running.take());
        let to = self.place_operation(place);
        let running = if goes_on {
            if let Some(running) = &running {
                self.leave_names(place.entry, running, to);
            }
            running
        } else {
            self.enter_checkpoint(place)
        };
        let way = Way {
            begin: self.operations,
            to,
        };
        if let Some(looking) = &mut self.looking {
            looking.going_to = place;
            looking.running = running;
            looking.touched = true;
            looking.way = Some(way);
        }
    }

    /// Makes operations again for some time on the way to a place. Whether that is reached.
    pub(in crate::session) fn go_on_seeking(&mut self, time: Duration) -> bool {
        let Some(looking) = self.looking.as_mut() else {
            return true;
        };
        let Some(way) = looking.way else {
            return true;
        };
        let (place, running) = (looking.going_to, looking.running.take());
        let running = self.make_again(place, running, way.to, time);
        let reached = self.operations >= way.to || running.is_none();
        if reached
            && self.nameless
            && let Some(running) = &running
        {
            self.give_names(place.entry, running);
        }
        if let Some(looking) = &mut self.looking {
            looking.running = running;
            if reached {
                looking.place = place;
                looking.touched = false;
                looking.way = None;
            }
        }
        reached
    }

    /// Goes the whole way to the place that is sought.
    pub(in crate::session) fn end_seeking(&mut self) {
        while !self.go_on_seeking(Duration::MAX) {}
    }

    /// How far the way to a place has been gone, if it is long.
    pub(in crate::session) fn seeking(&self) -> Option<Progress64> {
        let way = self.looking.as_ref()?.way?;
        Some(Progress64 {
            done: self.operations.saturating_sub(way.begin),
            of: way.to.saturating_sub(way.begin),
        })
    }

    /// Gives up the way: the old place stands. Whether there was one.
    pub(in crate::session) fn give_up_seeking(&mut self) -> bool {
        let old = self.looking.as_mut().and_then(|looking| {
            looking.way.take()?;
            Some(looking.place)
        });
        match old {
            None => return false,
            Some(place) if place == self.end_of_line() => drop(self.come_back()),
            Some(place) => self.enter_place(place),
        }
        true
    }

    /// The last checkpoint inside a place's entry that lies before it.
    fn nearest_inner(&self, place: Place) -> Option<&Inner> {
        let entry = self
            .history
            .entry(place.entry)
            .filter(|_| place.inside > 0)?;
        let to = self.place_operation(place);
        entry.inner.iter().rfind(|inner| inner.at() <= to)
    }

    /// Enters the nearest checkpoint before a place. Answers with the workload that went on there.
    fn enter_checkpoint(&mut self, place: Place) -> Option<Running> {
        let inner = self.nearest_inner(place).cloned();
        if let Some(looking) = &mut self.looking {
            looking.extremes = inner
                .as_ref()
                .map_or_else(Extremes::default, |inner| inner.extremes);
        }
        if let Some(inner) = inner {
            let to = self.place_operation(place);
            return Some(self.enter_inner(place.entry, &inner, to));
        }
        let entry = self.history.entry(place.entry);
        let behind = entry.map(|entry| Arc::clone(&entry.before));
        let before = behind.or_else(|| self.history.line.tip.clone());
        if let Some(before) = before {
            self.enter(&before);
        }
        None
    }

    /// Makes operations of a place's entry again, up to so many in all, or as many as there is time for.
    fn make_again(
        &mut self,
        place: Place,
        running: Option<Running>,
        to: u64,
        time: Duration,
    ) -> Option<Running> {
        if place.inside == 0 {
            return None;
        }
        let again = self
            .history
            .entry(place.entry)
            .map(|entry| entry.again.clone())?;
        self.process.watch(false);
        self.made_again = true;
        let running = match again {
            Again::Ends => None,
            Again::Run => {
                let begin = Instant::now();
                if let Some(running) = &running {
                    self.marks.about(running.heap());
                }
                self.marks.forget_recent();
                self.running = running;
                while self.operations < to && begin.elapsed() < time {
                    let left = to - self.operations;
                    // What is marked is what the operation did that led to this place, not all that came before.
                    if let Some(running) = &mut self.running {
                        running.watch(left == 1);
                    }
                    if self.run_steps((left - 1).clamp(1, STEPS)) == 0 {
                        break;
                    }
                }
                self.marks.settle_recent();
                self.running.take()
            }
            Again::Command(command) => {
                self.bound = Some(to);
                self.carry_out_again(&command);
                self.bound = None;
                None
            }
        };
        self.made_again = false;
        running
    }

    /// Whether a series of calls has come to the operation at which it is to stop.
    pub(in crate::session) fn is_bound(&self) -> bool {
        self.bound.is_some_and(|to| self.operations >= to)
    }

    /// The step that comes next at the place that is looked at, as it would be typed.
    pub(super) fn next_step(&self) -> Option<String> {
        self.looking.as_ref()?.running.as_ref()?.next_step()
    }

    fn place_of_mark(&self, direction: Direction) -> Result<Place, String> {
        let here = self.here_in_time();
        let marks = self.bookmarked().into_iter().chain(self.lettered());
        let found = match direction {
            Direction::Back => marks.filter(|&place| place < here).max(),
            Direction::Forward => marks.filter(|&place| place > here).min(),
        };
        let way = match direction {
            Direction::Back => "before",
            Direction::Forward => "behind",
        };
        found
            .ok_or_else(|| format!("there is no mark {way} this moment: no C, S, K, M or bookmark"))
    }

    /// The ends of commands that have a letter on the axis of time.
    fn lettered(&self) -> impl Iterator<Item = Place> + '_ {
        let has_letter = |index: &usize| {
            let entry = self.history.entry(*index);
            entry.is_some_and(|entry| entry.letter().is_some())
        };
        let done = 0..self.history.line.at;
        done.filter(has_letter)
            .map(|index| Place::behind(index + 1))
    }

    fn place_of_letter(&self, letter: char) -> Result<Place, String> {
        let from = self.here_in_time().entry;
        let has = |index: &usize| {
            let entry = self.history.entry(*index);
            entry.is_some_and(|entry| entry.letter() == Some(letter))
        };
        (from..self.history.line.at)
            .find(has)
            .map(|index| Place::behind(index + 1))
            .ok_or_else(|| format!("there is no {letter} behind this moment"))
    }
}
