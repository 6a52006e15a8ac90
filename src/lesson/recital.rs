//! A lesson played without anybody: as far as a step, on a session of its own.

use std::sync::Arc;

use crate::heap::CreateError;
use crate::session::{Command, Session, Watch};

use super::model::{Lesson, Point};
use super::player::{Ask, Player, Stage};

/// A lesson as it stands at a step.
pub struct Recital {
    /// Where it is.
    pub player: Player,
    /// Its heap.
    pub session: Session,
    /// Where the cursor is to be.
    pub cursor: Option<u64>,
    /// What the step is about.
    pub point: Option<Point>,
    watch: Watch,
}

impl Recital {
    /// Plays a lesson up to the step with this number, from 1, or to its last. A question at that step is asked; those
    /// before it are answered by what the heap does.
    ///
    /// # Errors
    /// When the system grants no addresses.
    pub fn up_to(lesson: Arc<Lesson>, step: usize) -> Result<Recital, CreateError> {
        let (player, asks) = Player::begin(lesson);
        let mut recital = Recital {
            player,
            session: Session::new()?,
            cursor: None,
            point: None,
            watch: Watch::default(),
        };
        recital.take(asks)?;
        while recital.player.number() < step && recital.goes_on()? {}
        Ok(recital)
    }

    fn goes_on(&mut self) -> Result<bool, CreateError> {
        let asks = match self.player.stage() {
            Stage::Asking { .. } => self.player.reveal(),
            _ => match self.player.go_on() {
                Ok(asks) => asks,
                Err(_) => return Ok(false),
            },
        };
        self.take(asks)?;
        Ok(*self.player.stage() != Stage::Over)
    }

    /// Does what the player needs, and lets it see what came of it.
    fn take(&mut self, asks: Vec<Ask>) -> Result<(), CreateError> {
        for ask in asks {
            match ask {
                Ask::Begin(commands) => {
                    self.session = Session::new()?;
                    self.all(&commands);
                }
                Ask::Do(commands) => self.all(&commands),
                Ask::Watch(watch) => self.watch = watch,
                Ask::Select(address) => self.cursor = Some(address),
                Ask::Show(point) => self.point = point,
            }
        }
        let watched = self.session.watched(&self.watch);
        match self.player.see(&watched, true) {
            asks if asks.is_empty() => Ok(()),
            asks => self.take(asks),
        }
    }

    fn all(&mut self, commands: &[Command]) {
        for command in commands {
            self.session.apply(command);
        }
    }
}
