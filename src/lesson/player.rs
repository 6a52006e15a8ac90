//! A lesson being played: which step it is at, what the learner answered, and what is to be done next.
//!
//! The player knows no session and no screen. It is told what the learner does ([`Player::go_on`], [`Player::choose`] and
//! their like) and what the heap is like ([`Player::see`]), and says what has to be asked for: each of these answers
//! with [`Ask`]s. Going back means to do all from the beginning up to where it is to be, in a session of its own.

mod trial;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::session::{Command, Watch, Watched};

use super::condition::all_hold;
use super::model::{Answers, Challenge, Lesson, Line, Part, Point, Prediction, Step};

pub use trial::Trial;

/// What the player needs.
#[derive(Clone, PartialEq, Debug)]
pub enum Ask {
    /// A fresh session in which this is done.
    Begin(Vec<Command>),
    /// This, in the session that is there.
    Do(Vec<Command>),
    /// To know this from now on.
    Watch(Watch),
    /// The cursor at this address.
    Select(u64),
    /// The screen to show what the step is about; nothing in particular is the map.
    Show(Option<Point>),
}

/// Where a step stands.
#[derive(Clone, PartialEq, Debug)]
pub enum Stage {
    /// Words are read.
    Reading,
    /// A question waits for its answer.
    Asking {
        /// The answer that is chosen, not given yet.
        chosen: Option<usize>,
        /// Hints that are shown.
        hints: usize,
    },
    /// The answer is given; the heap does what was asked about.
    Answering(Given),
    /// The heap has answered.
    Revealed {
        /// What the learner said.
        given: Given,
        /// The true one of several answers.
        truth: Option<usize>,
        /// The learner was right.
        right: bool,
    },
    /// A challenge is worked at.
    Trying(Trial),
    /// It is solved; the figures of its goals go on to be those of the heap.
    Solved(Trial),
    /// Its solution is shown on the heap.
    Shown(Trial),
    /// The lesson is over.
    Over,
}

/// An answer to a question.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Given {
    /// None: whoever presents a lesson reveals without one.
    Nothing,
    /// One of several.
    Choice(usize),
    /// A hole: its first byte, and its bytes.
    Hole(u64, u64),
}

/// A lesson being played.
#[derive(Clone, PartialEq, Debug)]
pub struct Player {
    lesson: Arc<Lesson>,
    at: usize,
    stage: Stage,
    /// The first answer to each question, and whether it was right.
    answers: BTreeMap<usize, (Given, bool)>,
    /// Challenges that were solved.
    solved: Vec<usize>,
    /// The heap is not as the lesson would have left it: a challenge lies behind.
    strayed: bool,
    /// The block that the step points at is still to be found.
    finding: bool,
    /// What is to be done as soon as the heap is as the step begins.
    due: Vec<Command>,
}

impl Player {
    /// A lesson at its first step, and what that needs.
    #[must_use]
    pub fn begin(lesson: Arc<Lesson>) -> (Player, Vec<Ask>) {
        let mut player = Player {
            lesson,
            at: 0,
            stage: Stage::Reading,
            answers: BTreeMap::new(),
            solved: Vec::new(),
            strayed: false,
            finding: false,
            due: Vec::new(),
        };
        let asks = player.anew(0, |step| step.before.iter().collect());
        (player, asks)
    }

    /// The lesson.
    #[must_use]
    pub fn lesson(&self) -> &Arc<Lesson> {
        &self.lesson
    }

    /// The step it is at, from 1; at the end the last one.
    #[must_use]
    pub fn number(&self) -> usize {
        self.at + 1
    }

    /// The step it is at.
    #[must_use]
    pub fn step(&self) -> &Step {
        &self.lesson.steps[self.at]
    }

    /// How the step stands.
    #[must_use]
    pub fn stage(&self) -> &Stage {
        &self.stage
    }

    /// The question it is at.
    #[must_use]
    pub fn prediction(&self) -> Option<&Prediction> {
        match &self.step().part {
            Part::Prediction(prediction) if self.stage != Stage::Over => Some(prediction),
            _ => None,
        }
    }

    /// The challenge it is at.
    #[must_use]
    pub fn challenge(&self) -> Option<&Challenge> {
        match &self.step().part {
            Part::Challenge(challenge) if self.stage != Stage::Over => Some(challenge),
            _ => None,
        }
    }

    /// The learner leads: commands change the heap as anywhere else.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(
            self.stage,
            Stage::Trying(_) | Stage::Solved(_) | Stage::Shown(_)
        )
    }

    /// Questions answered right at first, and questions answered.
    #[must_use]
    pub fn score(&self) -> (usize, usize) {
        let right = self.answers.values().filter(|(_, right)| *right).count();
        (right, self.answers.len())
    }

    /// How many challenges were solved.
    #[must_use]
    pub fn solved(&self) -> usize {
        self.solved.len()
    }

    /// What the screen shows: what the step is about.
    #[must_use]
    pub fn point(&self) -> Option<&Point> {
        let step = self.step();
        let of_question = match &step.part {
            Part::Prediction(prediction) => prediction.point.as_ref(),
            _ => None,
        };
        match self.stage {
            Stage::Asking { .. } => step.point.as_ref().or(of_question),
            _ => of_question.or(step.point.as_ref()),
        }
    }

    /// Goes on. `Err` says what has to come first.
    ///
    /// # Errors
    /// While a question waits for its answer, and at the end.
    pub fn go_on(&mut self) -> Result<Vec<Ask>, &'static str> {
        match &self.stage {
            Stage::Asking { chosen: None, .. } => Err("choose an answer first"),
            Stage::Asking {
                chosen: Some(chosen),
                ..
            } => Ok(self.give(Given::Choice(*chosen))),
            Stage::Answering(_) => Err("the heap is at work"),
            Stage::Over => Err("the lesson is over"),
            Stage::Reading
            | Stage::Revealed { .. }
            | Stage::Trying(_)
            | Stage::Solved(_)
            | Stage::Shown(_) => Ok(self.enter(self.at + 1)),
        }
    }

    /// Goes on from a question without an answer, as in front of a class that has said its own.
    pub fn reveal(&mut self) -> Vec<Ask> {
        let given = match self.stage {
            Stage::Asking {
                chosen: Some(chosen),
                ..
            } => Given::Choice(chosen),
            _ => Given::Nothing,
        };
        self.give(given)
    }

    /// Goes back to the question or the challenge, or to the end of the step before.
    ///
    /// # Errors
    /// At the first step.
    pub fn back(&mut self) -> Result<Vec<Ask>, &'static str> {
        match self.stage {
            Stage::Over => Ok(self.settle_in(self.at)),
            Stage::Revealed { .. } | Stage::Answering(_) | Stage::Solved(_) | Stage::Shown(_) => {
                Ok(self.anew(self.at, |step| step.before.iter().collect()))
            }
            _ if self.at == 0 => Err("this is the first step"),
            _ => Ok(self.settle_in(self.at - 1)),
        }
    }

    /// Chooses an answer by its place.
    pub fn choose(&mut self, choice: usize) -> bool {
        let count = self.choices();
        match &mut self.stage {
            Stage::Asking { chosen, .. } if choice < count => {
                *chosen = Some(choice);
                true
            }
            _ => false,
        }
    }

    /// Chooses the answer below or above.
    pub fn choose_by(&mut self, rows: i32) {
        let count = self.choices();
        let Stage::Asking { chosen, .. } = &mut self.stage else {
            return;
        };
        let last = count.saturating_sub(1);
        *chosen = match *chosen {
            _ if count == 0 => None,
            None if rows < 0 => Some(last),
            None => Some(0),
            Some(at) if rows < 0 => Some(at.saturating_sub(1)),
            Some(at) => Some((at + 1).min(last)),
        };
    }

    fn choices(&self) -> usize {
        match self.prediction().map(|prediction| &prediction.answers) {
            Some(Answers::Choices(choices)) => choices.len(),
            _ => 0,
        }
    }

    /// Points at a hole: its first byte, and its bytes.
    pub fn answer_hole(&mut self, address: u64, bytes: u64) -> Vec<Ask> {
        self.give(Given::Hole(address, bytes))
    }

    /// The next hint, if there is another. Tells whether one came.
    pub fn hint(&mut self) -> bool {
        let all = self.hints().len();
        let shown = match &mut self.stage {
            Stage::Asking { hints, .. } => hints,
            Stage::Trying(trial) => &mut trial.hints,
            _ => return false,
        };
        let more = *shown < all;
        *shown = (*shown + 1).min(all);
        more
    }

    /// All hints of the step.
    #[must_use]
    pub fn hints(&self) -> &[String] {
        match &self.step().part {
            Part::Words(_) => &[],
            Part::Prediction(prediction) => &prediction.hints,
            Part::Challenge(challenge) => &challenge.hints,
        }
    }

    /// Begins a challenge anew.
    pub fn restart(&mut self) -> Vec<Ask> {
        let (Stage::Trying(trial) | Stage::Solved(trial) | Stage::Shown(trial)) = &self.stage
        else {
            return Vec::new();
        };
        let again = trial.again();
        let asks = self.anew(self.at, |step| step.before.iter().collect());
        self.stage = Stage::Trying(again);
        asks
    }

    /// Shows the solution of a challenge, once something was tried.
    ///
    /// # Errors
    /// When nothing was tried yet.
    pub fn show_solution(&mut self) -> Result<(), &'static str> {
        match &mut self.stage {
            Stage::Trying(trial) if !trial.failed => Err("try it first"),
            Stage::Trying(trial) => {
                trial.shown = true;
                Ok(())
            }
            _ => Err("there is nothing to solve here"),
        }
    }

    /// Shows the solution of a challenge on the heap, as in front of a class that has said its own. It is done where the
    /// challenge begins, whatever was tried before, and counts for nobody.
    pub fn demonstrate(&mut self) -> Vec<Ask> {
        let Some(challenge) = self.challenge() else {
            return Vec::new();
        };
        let solution = played(&challenge.solution);
        let asks = self.anew(self.at, |step| step.before.iter().collect());
        self.due = solution;
        if let Stage::Trying(trial) = &self.stage {
            self.stage = Stage::Shown(trial.clone());
        }
        asks
    }

    /// Takes in what the heap is like. `settled`: all that was asked for is done.
    pub fn see(&mut self, watched: &Watched, settled: bool) -> Vec<Ask> {
        let mut asks = Vec::new();
        if settled && self.finding {
            self.finding = false;
            if matches!(self.point(), Some(Point::Block(_))) {
                asks.extend(watched.block.map(Ask::Select));
            }
        }
        if settled && !self.due.is_empty() {
            asks.push(Ask::Do(std::mem::take(&mut self.due)));
        }
        match self.stage.clone() {
            Stage::Answering(given) if settled => self.judge(given, watched, &mut asks),
            Stage::Solved(_) | Stage::Shown(_) => self.look(watched),
            Stage::Trying(mut trial) => {
                if let Some(challenge) = self.challenge() {
                    let solved = trial.see(challenge, watched, settled);
                    if solved && !self.solved.contains(&self.at) {
                        self.solved.push(self.at);
                    }
                    self.stage = if solved {
                        Stage::Solved(trial)
                    } else {
                        Stage::Trying(trial)
                    };
                }
            }
            _ => {}
        }
        asks
    }

    /// The figures of a challenge that is behind follow the heap.
    fn look(&mut self, watched: &Watched) {
        if let (Stage::Solved(trial) | Stage::Shown(trial), Part::Challenge(challenge)) =
            (&mut self.stage, &self.lesson.steps[self.at].part)
        {
            trial.look(challenge, watched);
        }
    }

    /// The heap has done what was asked about: the answer is right or wrong.
    fn judge(&mut self, given: Given, watched: &Watched, asks: &mut Vec<Ask>) {
        let Some(prediction) = self.prediction() else {
            return;
        };
        let truth = match &prediction.answers {
            Answers::Choices(choices) => choices
                .iter()
                .position(|choice| all_hold(&choice.when, |metric| watched.value(metric))),
            Answers::Hole(_) => {
                asks.extend(watched.block.map(Ask::Select));
                None
            }
        };
        let right = match given {
            Given::Nothing => false,
            Given::Choice(choice) => truth == Some(choice),
            Given::Hole(address, bytes) => watched
                .block
                .is_some_and(|block| (address..address + bytes).contains(&block)),
        };
        if given != Given::Nothing {
            self.answers.entry(self.at).or_insert((given, right));
        }
        self.stage = Stage::Revealed {
            given,
            truth,
            right,
        };
        asks.push(self.shown());
    }

    /// Gives an answer: now it is done.
    fn give(&mut self, given: Given) -> Vec<Ask> {
        let Some(prediction) = self.prediction() else {
            return Vec::new();
        };
        let commands = played(&prediction.then);
        let watch = self.watch();
        self.stage = Stage::Answering(given);
        let mut asks = vec![Ask::Watch(watch)];
        if !commands.is_empty() {
            asks.push(Ask::Do(commands));
        }
        asks
    }

    /// Enters a step from the one before.
    fn enter(&mut self, step: usize) -> Vec<Ask> {
        self.strayed |= self.is_open();
        if step >= self.lesson.steps.len() {
            self.stage = Stage::Over;
            return Vec::new();
        }
        let commands = played(&self.lesson.steps[step].before);
        // Behind a challenge the lesson goes on from its own solution, as it was checked: that is what its words are
        // about, whether the learner found another, or passed it by.
        if self.strayed {
            return self.anew(step, |step| step.before.iter().collect());
        }
        self.begin_step(step);
        let mut asks = self.entered();
        if !commands.is_empty() {
            asks.push(Ask::Do(commands));
        }
        asks
    }

    /// Enters a step as it was when it was left: questions answered, if they had been.
    fn settle_in(&mut self, step: usize) -> Vec<Ask> {
        let given = self.answers.get(&step).map(|(given, _)| *given);
        let asked = matches!(self.lesson.steps[step].part, Part::Prediction(_));
        match given.filter(|_| asked) {
            None => self.anew(step, |step| step.before.iter().collect()),
            Some(given) => {
                let asks = self.anew(step, |step| step.commands().collect());
                self.stage = Stage::Answering(given);
                asks
            }
        }
    }

    /// Enters a step in a fresh session, with `lines` of it done.
    fn anew(&mut self, step: usize, lines: fn(&Step) -> Vec<&Line>) -> Vec<Ask> {
        let before = self.lesson.commands_before(step);
        let lines = before.chain(lines(&self.lesson.steps[step]));
        let commands = lines
            .map(|line| &line.command)
            .filter(|command| is_played(command))
            .cloned()
            .collect();
        self.strayed = false;
        self.begin_step(step);
        let mut asks = vec![Ask::Begin(commands)];
        asks.extend(self.entered());
        asks
    }

    /// The step is at its beginning.
    fn begin_step(&mut self, step: usize) {
        self.at = step;
        self.finding = true;
        self.due.clear();
        self.stage = match &self.step().part {
            Part::Words(_) => Stage::Reading,
            Part::Prediction(_) => Stage::Asking {
                chosen: None,
                hints: 0,
            },
            Part::Challenge(challenge) => Stage::Trying(Trial::of(challenge)),
        };
    }

    /// What a step needs beside its commands.
    fn entered(&self) -> Vec<Ask> {
        vec![Ask::Watch(self.watch()), self.shown()]
    }

    fn shown(&self) -> Ask {
        Ask::Show(self.point().cloned())
    }

    /// What decides about the answers or goals of the step, and the block that it is about.
    fn watch(&self) -> Watch {
        let mut watch = Watch::default();
        if let Some(Point::Block(name)) = self.point() {
            watch.block = Some(name.clone());
        }
        let conditions = match &self.step().part {
            Part::Words(_) => Vec::new(),
            Part::Prediction(prediction) => match &prediction.answers {
                Answers::Choices(choices) => choices
                    .iter()
                    .flat_map(|choice| choice.when.clone())
                    .collect(),
                Answers::Hole(name) => {
                    watch.block = Some(name.clone());
                    Vec::new()
                }
            },
            Part::Challenge(challenge) => {
                challenge.goals.iter().map(|goal| goal.condition).collect()
            }
        };
        for condition in conditions {
            if !watch.metrics.contains(&condition.metric) {
                watch.metrics.push(condition.metric);
            }
        }
        watch
    }
}

/// The commands that a player has done: all but what only a checker looks at.
fn played(lines: &[Line]) -> Vec<Command> {
    let commands = lines.iter().map(|line| &line.command);
    commands
        .filter(|command| is_played(command))
        .cloned()
        .collect()
}

fn is_played(command: &Command) -> bool {
    !matches!(
        command,
        Command::Expect { .. } | Command::Pause | Command::Say(_)
    )
}

#[cfg(test)]
mod tests;
