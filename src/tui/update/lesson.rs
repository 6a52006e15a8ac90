//! Lessons: the list of them, and a lesson that is played on a session of its own.

use std::sync::Arc;

use ratatui::layout::{Position, Rect};

use crate::lesson::{Ask, Lesson, Player, Point, SHIPPED, Stage, behind, course, place_in_course};
use crate::session::frame::{CrewState, Frame, Request, Target};
use crate::session::{Command, parse_line};
use crate::tui::action::{Action, Context, LessonAct, SCRIPT_GOES_ON};
use crate::tui::event_loop::Opening;
use crate::tui::key::Key;
use crate::tui::lesson::{Playing, Presenting};
use crate::tui::message::{Effect, Message};
use crate::tui::pane::{self, lessons};
use crate::tui::state::{Finder, Layer, State};
use crate::view::BlockState;

use super::Update;

/// Begins a lesson right after [`first`](super::first).
pub(in crate::tui) fn begin_lesson(
    state: &mut State,
    frame: &Frame,
    opening: Opening,
) -> Vec<Effect> {
    let mut update = Update {
        state,
        frame,
        effects: Vec::new(),
        swapped: false,
    };
    let presenting = opening.present.then(Presenting::default);
    update.begin_lesson(opening.lesson, presenting);
    update.effects
}

/// What somebody is told who would change the past while a challenge waits.
const PAST_OF_TRIAL: &str =
    "this is the past, and a challenge is solved in the present: `seek present` leads back";

/// The command that a request stands for.
fn command_of(request: &Request) -> Option<Command> {
    match request {
        Request::Line(line) => parse_line(line).ok().flatten(),
        Request::Command(command) => Some(command.clone()),
        Request::Undo => Some(Command::Undo),
        Request::FreeAt(address) => parse_line(&format!("free {address:#x}")).ok().flatten(),
        Request::ToggleRun => parse_line("run random").ok().flatten(),
        _ => None,
    }
}

/// A lesson got no session: it is over before it began.
pub(in crate::tui) fn refuse_lesson(state: &mut State, error: &std::io::Error) {
    if let Some(playing) = state.lesson.take() {
        let size = state.size;
        *state = *playing.own;
        state.size = size;
    }
    state.notice = Some(format!("failed to begin the lesson: {error}"));
    state.dirty = true;
}

impl Update<'_> {
    /// The list, with the lesson chosen that is played, or the one that comes next.
    pub(super) fn open_lessons(&mut self) {
        let chosen = self.state.lesson.as_ref().and_then(|playing| {
            let player = &playing.player;
            let here = place_in_course(player.lesson())?;
            let over = usize::from(*player.stage() == Stage::Over);
            Some((here + over).min(course().len().saturating_sub(1)))
        });
        let open = Finder::at(chosen.unwrap_or(0));
        self.state.layer = Some(Layer::Lessons(open));
    }

    pub(super) fn begin_chosen_lesson(&mut self, open: Finder) {
        let chosen = lessons::found(&open).get(open.chosen).copied();
        match chosen.and_then(|place| course().get(place)) {
            Some(lesson) => {
                let presenting = self.presenting();
                self.begin_lesson(Arc::clone(lesson), presenting);
            }
            // There is nothing to begin yet.
            None => self.state.layer = Some(Layer::Lessons(open)),
        }
    }

    fn presenting(&self) -> Option<Presenting> {
        self.state.lesson.as_ref()?.presenting
    }

    /// One's own screen is put away, or stays away where one lesson follows another.
    fn begin_lesson(&mut self, lesson: Arc<Lesson>, presenting: Option<Presenting>) {
        let (player, asks) = Player::begin(lesson);
        let fresh = State {
            history: self.state.history.clone(),
            finished: self.state.finished.clone(),
            ..State::new(self.state.size).with_bindings(Arc::clone(&self.state.bindings))
        };
        let before = std::mem::replace(self.state, fresh);
        let own = match before.lesson {
            Some(playing) => playing.own,
            None => Box::new(State {
                layer: None,
                ..before
            }),
        };
        self.state.lesson = Some(Box::new(Playing {
            player,
            presenting,
            own,
            undone: Vec::new(),
        }));
        self.do_asks(asks);
        self.look();
    }

    /// Back to one's own heap and screen.
    pub(super) fn leave_lesson(&mut self) {
        let Some(playing) = self.state.lesson.take() else {
            return;
        };
        let left = std::mem::take(self.state);
        *self.state = State {
            size: left.size,
            history: left.history,
            finished: left.finished,
            dirty: true,
            ..*playing.own
        };
        self.effects.push(Effect::Leave);
        self.swapped = true;
        self.say("this is your own heap again, as you left it".to_owned());
        self.look();
    }

    /// Does what the player needs.
    fn do_asks(&mut self, asks: Vec<Ask>) {
        for ask in asks {
            match ask {
                Ask::Begin(commands) => {
                    self.effects.push(Effect::Enter(commands));
                    self.swapped = true;
                    self.state.sent = 0;
                    self.state.seen = 0;
                    if let Some(playing) = &mut self.state.lesson {
                        playing.undone.clear();
                    }
                    self.state.notice = None;
                    self.state.asked_by = None;
                    self.state.answered_by = None;
                    self.state.view.follow = true;
                }
                Ask::Do(commands) => {
                    self.state.view.follow = true;
                    self.send(Request::Script(commands));
                }
                Ask::Watch(watch) => self.send(Request::Watch(Box::new(watch))),
                Ask::Select(address) => self.select(Target::Address(address)),
                Ask::Show(point) => self.show_point(point.as_ref()),
            }
        }
    }

    /// The normal screen shows what the step is about beside all else.
    fn show_point(&mut self, point: Option<&Point>) {
        self.state.show_point(point);
        self.look();
    }

    /// Whether the lesson's own commands are done.
    fn is_settled(&self) -> bool {
        let crew = self.frame.crew.as_ref();
        let works = crew.is_some_and(|crew| crew.state == CrewState::Working);
        !self.swapped
            && self.state.is_current(self.frame)
            && self.frame.script.is_none()
            && self.frame.run.is_none()
            && self.frame.measuring.is_none()
            && !works
    }

    /// Whether what was typed ahead may be taken in now.
    pub(super) fn may_go_on(&self) -> bool {
        !self.swapped && self.state.is_current(self.frame) && !self.is_lesson_at_work()
    }

    /// Whether the lesson does something of its own.
    fn is_lesson_at_work(&self) -> bool {
        let leads = |playing: &Playing| !playing.player.is_open();
        let playing = self.state.lesson.as_deref();
        playing.is_some_and(|playing| {
            self.swapped || self.frame.script.is_some() || (leads(playing) && !self.is_settled())
        })
    }

    /// Whether a key goes on with the lesson, or acts, while the lesson still does something of its own.
    pub(super) fn waits_for_lesson(&self, message: &Message) -> bool {
        let Message::Key(key) = message else {
            return false;
        };
        let goes_on = |action: &Action| {
            action.acts() || action.is_lesson(LessonAct::Next) || action.is_lesson(LessonAct::Hole)
        };
        self.is_lesson_at_work() && self.found(*key).is_some_and(goes_on)
    }

    /// Takes in what a frame says about the lesson. Tells whether another session is in front now.
    pub(super) fn follow_lesson(&mut self) -> bool {
        let settled = self.is_settled();
        if self.swapped || !self.state.is_current(self.frame) {
            return self.swapped;
        }
        let Some(playing) = &mut self.state.lesson else {
            return false;
        };
        let before = playing.player.clone();
        let asks = playing.player.see(&self.frame.watched, settled);
        let changed = playing.player != before;
        let solved = matches!(playing.player.stage(), Stage::Solved(_));
        if solved && changed {
            self.state.notice = None;
        }
        self.do_asks(asks);
        if changed {
            self.look();
        }
        self.swapped
    }

    /// A key that unblanks a presented lesson does nothing else.
    pub(super) fn unblank(&mut self) -> bool {
        let presenting = self
            .state
            .lesson
            .as_mut()
            .and_then(|playing| playing.presenting.as_mut());
        presenting.is_some_and(|presenting| std::mem::take(&mut presenting.blank))
    }

    /// Whether a lesson keeps an action from changing what its words are about; says so then.
    pub(super) fn is_kept_by_lesson(&mut self, action: &Action, key: Option<Key>) -> bool {
        let Some(playing) = &self.state.lesson else {
            return false;
        };
        // The bar begins nothing in a challenge, unless a script of the learner's waits for it.
        let idle = action.name == SCRIPT_GOES_ON && self.frame.script.is_none();
        if idle && playing.trial().is_some() {
            self.lesson_act(LessonAct::Stay);
            return true;
        }
        let kept = action.acts() && !playing.player.is_open();
        if kept {
            let next = match playing.context() {
                Context::Question | Context::Hole => "{answer} answers",
                _ => "{next-step-of-the-lesson} goes on",
            };
            let words = format!(
                "{} waits for a challenge: {next}, {{leave-lesson}} ends the lesson",
                action.name
            );
            self.echo(key, &self.state.bindings.spell(&words));
        }
        kept
    }

    /// What a challenge does not take is answered where answers are.
    pub(super) fn by_the_rules(&mut self, request: Request) -> Request {
        let past = self.asks_to_branch(&request);
        let Some(playing) = self.state.lesson.as_deref_mut() else {
            return request;
        };
        let Some((challenge, trial)) = playing.trial() else {
            return request;
        };
        let Some(command) = command_of(&request) else {
            return request;
        };
        let refuse = |words: String| Request::Refuse(command.to_string(), words);
        if past {
            return refuse(PAST_OF_TRIAL.to_owned());
        }
        // Undo may come faster than frames.
        let seen = self.frame.requests;
        let undoing = playing.undone.iter().filter(|&&sent| sent > seen).count() as u64;
        if let Some(words) = trial.refuses(challenge, &command, undoing) {
            return refuse(words);
        }
        if command == Command::Undo {
            playing.undone.retain(|&sent| sent > seen);
            playing.undone.push(self.state.sent + 1);
        }
        request
    }

    /// Whether a challenge waits to be solved.
    pub(super) fn is_trying(&self) -> bool {
        let playing = self.state.lesson.as_deref();
        playing.is_some_and(|playing| playing.trial().is_some())
    }

    /// Whether a presented lesson is blank.
    pub(super) fn is_blank(&self) -> bool {
        self.presenting().is_some_and(|presenting| presenting.blank)
    }

    /// A click on an answer chooses it; on the chosen one, it is given.
    pub(super) fn click_answer(&mut self, at: Position, area: Rect) -> bool {
        let answer = pane::lesson::answer_at(self.state, area, at);
        let over = self.state.layer.is_some();
        let Some(answer) = answer.filter(|_| !over) else {
            return false;
        };
        let stage = self
            .state
            .lesson
            .as_ref()
            .map(|playing| playing.player.stage());
        match stage {
            Some(Stage::Asking { chosen, .. }) if *chosen == Some(answer) => self.lesson_next(),
            _ => self.choose_answer(answer + 1),
        }
        true
    }

    /// A digit chooses an answer.
    pub(super) fn choose_answer(&mut self, number: usize) {
        let Some(playing) = &mut self.state.lesson else {
            return;
        };
        let chosen = number.checked_sub(1);
        if !chosen.is_some_and(|choice| playing.player.choose(choice)) {
            self.say(format!("there is no answer {number} here"));
        }
    }

    pub(super) fn lesson_act(&mut self, act: LessonAct) {
        match act {
            LessonAct::Leave => self.leave_lesson(),
            LessonAct::Present => self.toggle_presenting(),
            LessonAct::Blank => self.with_presenting(|presenting| presenting.blank = true),
            LessonAct::Next => self.lesson_next(),
            LessonAct::Back => self.with_player(Player::back),
            LessonAct::Choose(rows) => {
                self.with_player(|player| {
                    player.choose_by(rows);
                    Ok(Vec::new())
                });
            }
            LessonAct::Hole => self.answer_with_hole(),
            LessonAct::Stay => {
                self.spell("the challenge is not solved yet; {lesson-goes-on} goes on without it");
            }
            LessonAct::Hint => self.with_player(|player| match player.hint() {
                true => Ok(Vec::new()),
                false if player.hints().is_empty() => Err("there is no hint for this"),
                false => Err("these are all hints"),
            }),
            LessonAct::Restart => self.with_player(|player| Ok(player.restart())),
            LessonAct::Solution => self.show_solution(),
        }
    }

    fn lesson_next(&mut self) {
        let Some(playing) = &mut self.state.lesson else {
            return;
        };
        let presents = playing.presenting.is_some();
        match playing.player.stage() {
            Stage::Over if presents => self.open_lessons(),
            Stage::Over => self.next_lesson(),
            Stage::Trying(_) if presents => self.with_player(|player| Ok(player.demonstrate())),
            Stage::Asking { .. } if presents => self.with_player(|player| Ok(player.reveal())),
            Stage::Asking { chosen: None, .. } if playing.asks_for_hole() => {
                self.spell("move to a hole and press {answer-with-hole}; {hint} is a hint");
            }
            Stage::Asking { chosen: None, .. } => {
                self.spell("choose an answer first: arrows or its number; {hint} is a hint");
            }
            _ => {
                self.with_player(Player::go_on);
                self.note_end();
            }
        }
    }

    /// A lesson of the course that somebody has come to the end of is finished; to present one is not to take it.
    fn note_end(&mut self) {
        let playing = self.state.lesson.as_deref();
        let over = playing.filter(|playing| {
            playing.presenting.is_none() && *playing.player.stage() == Stage::Over
        });
        let place = over.and_then(|playing| place_in_course(playing.player.lesson()));
        let Some(shipped) = place.and_then(|place| SHIPPED.get(place)) else {
            return;
        };
        if !self.state.finished.iter().any(|name| name == shipped.name) {
            self.state.finished.push(shipped.name.to_owned());
            self.effects.push(Effect::Finished(shipped.name));
        }
    }

    /// The lesson behind this one in the course.
    fn next_lesson(&mut self) {
        let playing = self.state.lesson.as_ref();
        match playing.and_then(|playing| behind(playing.player.lesson())) {
            Some(lesson) => {
                let presenting = self.presenting();
                self.begin_lesson(Arc::clone(lesson), presenting);
            }
            None => self.spell(
                "there is no lesson behind this one; {lessons} lists all, {leave-lesson} ends it",
            ),
        }
    }

    fn answer_with_hole(&mut self) {
        let selected = self.frame.picture.selected.as_ref();
        let hole = selected.filter(|block| block.state == BlockState::Free);
        match hole.map(|block| (block.address, block.bytes)) {
            Some((address, bytes)) => {
                self.with_player(|player| Ok(player.answer_hole(address, bytes)));
            }
            None => self.spell(
                "there is no hole under the cursor; {next-hole} and {previous-hole} go to the next and the one before",
            ),
        }
    }

    fn show_solution(&mut self) {
        let Some(playing) = &mut self.state.lesson else {
            return;
        };
        match playing.player.show_solution() {
            Ok(()) => self.look(),
            Err(_) => self.spell(
                "the solution is shown once you have tried: exceed a limit, or begin anew with {restart-challenge}",
            ),
        }
    }

    fn toggle_presenting(&mut self) {
        if let Some(playing) = &mut self.state.lesson {
            playing.presenting = match playing.presenting {
                None => Some(Presenting::default()),
                Some(_) => None,
            };
        }
        self.look();
    }

    fn with_presenting(&mut self, change: impl FnOnce(&mut Presenting)) {
        let playing = self.state.lesson.as_mut();
        if let Some(presenting) = playing.and_then(|playing| playing.presenting.as_mut()) {
            change(presenting);
        }
    }

    /// Lets the player do something, and does what it then needs.
    fn with_player(&mut self, act: impl FnOnce(&mut Player) -> Result<Vec<Ask>, &'static str>) {
        let Some(playing) = &mut self.state.lesson else {
            return;
        };
        match act(&mut playing.player) {
            Ok(asks) => {
                self.state.notice = None;
                self.do_asks(asks);
                self.look();
            }
            Err(why) => self.say(why.to_owned()),
        }
    }
}
