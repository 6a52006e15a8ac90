//! A lesson on the screen: the player, what presenters need, and the way back to one's own screen.

use crate::lesson::{Answers, Challenge, Place, Player, Point, Stage, Trial};

use super::action::Context;
use super::layout::Arrangement;
use super::panes::Pane;
use super::state::State;

/// A lesson that is played.
#[derive(Clone, Debug)]
pub struct Playing {
    /// Where it is.
    pub player: Player,
    /// How it is presented, if it is.
    pub presenting: Option<Presenting>,
    /// One's own screen, as it was left.
    pub own: Box<State>,
    /// The numbers of requests in a challenge that took a command back.
    pub undone: Vec<u64>,
}

/// How a lesson is presented.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Presenting {
    /// The screen is blank: the audience is to look elsewhere.
    pub blank: bool,
}

impl State {
    /// The screen of a lesson that nobody plays, at the step where `player` is.
    #[must_use]
    pub fn in_lesson(self, player: Player, point: Option<&Point>) -> State {
        let mut state = State {
            lesson: Some(Box::new(Playing {
                player,
                presenting: None,
                own: Box::new(State::new(self.size)),
                undone: Vec::new(),
            })),
            ..self
        };
        state.show_point(point);
        state
    }

    /// The normal screen shows what a lesson's step is about beside all else.
    pub(super) fn show_point(&mut self, point: Option<&Point>) {
        let pane = self.lesson.as_ref().map_or(Pane::Map, |playing| {
            match point {
                // The cursor says which block it is.
                Some(Point::Block(_)) | None => Pane::Map,
                Some(Point::Place(_)) => playing.pane(),
            }
        });
        self.arrangement = Arrangement::Usual;
        let usual = self.layout_in(Arrangement::Usual);
        if usual.is_some_and(|layout| layout.pane(pane).is_empty()) {
            self.arrangement = Arrangement::InMapsPlace(pane);
        }
        self.focus = pane;
    }
}

impl Playing {
    /// Whose keys count.
    #[must_use]
    pub fn context(&self) -> Context {
        if self.presenting.is_some() {
            return Context::Presenter;
        }
        match self.player.stage() {
            Stage::Asking { .. } if self.asks_for_hole() => Context::Hole,
            Stage::Asking { .. } => Context::Question,
            Stage::Trying(_) => Context::Task,
            Stage::Reading
            | Stage::Answering(_)
            | Stage::Revealed { .. }
            | Stage::Solved(_)
            | Stage::Shown(_)
            | Stage::Over => Context::Reading,
        }
    }

    /// The challenge that is not solved yet.
    #[must_use]
    pub fn trial(&self) -> Option<(&Challenge, &Trial)> {
        match self.player.stage() {
            Stage::Trying(trial) => Some((self.player.challenge()?, trial)),
            _ => None,
        }
    }

    /// Whether a hole of the map is the answer.
    #[must_use]
    pub fn asks_for_hole(&self) -> bool {
        let asked = self.player.prediction();
        asked.is_some_and(|asked| matches!(asked.answers, Answers::Hole(_)))
    }

    /// The pane that shows what the step is about.
    #[must_use]
    pub fn pane(&self) -> Pane {
        match self.player.point() {
            _ if self.asks_for_hole() => Pane::Map,
            None => Pane::Map,
            Some(Point::Block(_)) => Pane::Block,
            Some(Point::Place(place)) => pane_of(*place),
        }
    }
}

/// The pane that a lesson names.
#[must_use]
pub const fn pane_of(place: Place) -> Pane {
    match place {
        Place::Map => Pane::Map,
        Place::Fragmentation => Pane::Fragmentation,
        Place::FreeList => Pane::FreeList,
        Place::Time => Pane::Time,
        Place::Returned => Pane::Returned,
        Place::Log => Pane::Log,
        Place::Memory => Pane::Pins,
        Place::Bytes => Pane::Bytes,
        Place::Threads => Pane::Threads,
        Place::Interleave => Pane::Interleave,
    }
}
