//! What a lesson file says.

use crate::session::{Command, Condition, Name};

/// A lesson as its file has it.
#[derive(Clone, PartialEq, Debug)]
pub struct Lesson {
    /// The file, as the person named it.
    pub file: String,
    /// Its title.
    pub title: String,
    /// Its place in a course.
    pub number: Option<u64>,
    /// How long it takes.
    pub minutes: Option<u64>,
    /// What it is about, in a sentence or two; empty where nothing is said.
    pub about: String,
    /// Its steps, at least one.
    pub steps: Vec<Step>,
}

/// A command and the line that it stands in, from 1.
#[derive(Clone, PartialEq, Debug)]
pub struct Line {
    /// The line.
    pub number: usize,
    /// What is done.
    pub command: Command,
}

/// One step: what is done, and then what the learner has to do with it.
#[derive(Clone, PartialEq, Debug)]
pub struct Step {
    /// The line of its words, question or task.
    pub line: usize,
    /// Done before the words appear.
    pub before: Vec<Line>,
    /// What it is about.
    pub point: Option<Point>,
    /// What the learner has to do with it.
    pub part: Part,
}

/// What a learner has to do in a step.
#[derive(Clone, PartialEq, Debug)]
pub enum Part {
    /// To read.
    Words(String),
    /// To say what will come.
    Prediction(Prediction),
    /// To bring something about.
    Challenge(Challenge),
}

/// A question that the heap answers.
#[derive(Clone, PartialEq, Debug)]
pub struct Prediction {
    /// The question.
    pub question: String,
    /// What can be answered.
    pub answers: Answers,
    /// Hints for those who ask, one after the other.
    pub hints: Vec<String>,
    /// What the answer is about, where it is not what the question is about.
    pub point: Option<Point>,
    /// Done once the learner has answered.
    pub then: Vec<Line>,
    /// Why it is so.
    pub reveal: String,
    /// The line of `reveal`.
    pub reveal_line: usize,
}

/// What can be answered to a question.
#[derive(Clone, PartialEq, Debug)]
pub enum Answers {
    /// One of these.
    Choices(Vec<Choice>),
    /// A hole on the map: the one in which this block will lie.
    Hole(Name),
}

/// A possible answer.
#[derive(Clone, PartialEq, Debug)]
pub struct Choice {
    /// The line that it stands in.
    pub line: usize,
    /// Its words.
    pub words: String,
    /// It was right if all of these hold in the end.
    pub when: Vec<Condition>,
}

/// A task that the program checks.
#[derive(Clone, PartialEq, Debug)]
pub struct Challenge {
    /// The task.
    pub task: String,
    /// What has to hold; at least one.
    pub goals: Vec<Goal>,
    /// What there is only so much of.
    pub limits: Vec<Limit>,
    /// Words with which commands begin that are not taken here.
    pub forbidden: Vec<String>,
    /// Hints for those who ask, one after the other.
    pub hints: Vec<String>,
    /// A way to solve it.
    pub solution: Vec<Line>,
}

/// A condition of a challenge.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Goal {
    /// The line that it stands in.
    pub line: usize,
    /// What has to hold.
    pub condition: Condition,
}

/// How much of something a challenge may take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limit {
    /// The line that it stands in.
    pub line: usize,
    /// What is counted.
    pub counted: Counted,
    /// The most.
    pub most: u64,
}

/// What a limit can be of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Counted {
    /// Calls of HeapAlloc that succeeded.
    Allocs,
    /// Calls of HeapFree that succeeded.
    Frees,
    /// Calls of HeapReAlloc that succeeded.
    Reallocs,
    /// Commands that changed anything.
    Commands,
}

impl Counted {
    /// Everything that a limit can be of.
    pub const ALL: [Counted; 4] = [
        Counted::Allocs,
        Counted::Frees,
        Counted::Reallocs,
        Counted::Commands,
    ];

    /// Its word in a lesson.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Counted::Allocs => "allocs",
            Counted::Frees => "frees",
            Counted::Reallocs => "reallocs",
            Counted::Commands => "commands",
        }
    }
}

/// What a step is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Point {
    /// A part of the screen.
    Place(Place),
    /// A block.
    Block(Name),
}

/// A part of the screen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// The heap block by block.
    Map,
    /// What still fits.
    Fragmentation,
    /// The free blocks in the order in which they are tried.
    FreeList,
    /// Figures over time.
    Time,
    /// The ledger of returned memory.
    Returned,
    /// The answers.
    Log,
    /// The parts of the committed memory.
    Memory,
    /// The bytes of the selected block.
    Bytes,
    /// Real threads.
    Threads,
    /// Two calls step by step.
    Interleave,
}

impl Place {
    /// Every part.
    pub const ALL: [Place; 10] = [
        Place::Map,
        Place::Fragmentation,
        Place::FreeList,
        Place::Time,
        Place::Returned,
        Place::Log,
        Place::Memory,
        Place::Bytes,
        Place::Threads,
        Place::Interleave,
    ];

    /// Its word in a lesson.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Place::Map => "map",
            Place::Fragmentation => "fragmentation",
            Place::FreeList => "free-list",
            Place::Time => "time",
            Place::Returned => "returned",
            Place::Log => "log",
            Place::Memory => "memory",
            Place::Bytes => "bytes",
            Place::Threads => "threads",
            Place::Interleave => "interleave",
        }
    }
}

impl Step {
    /// The words that stand on the screen when the step begins.
    #[must_use]
    pub fn words(&self) -> &str {
        match &self.part {
            Part::Words(words) => words,
            Part::Prediction(prediction) => &prediction.question,
            Part::Challenge(challenge) => &challenge.task,
        }
    }

    /// Where a `point` right behind the step belongs, unless there is one already.
    pub(super) fn point_behind(&mut self) -> Option<&mut Option<Point>> {
        let place = match &mut self.part {
            Part::Words(_) => return None,
            Part::Prediction(prediction) => &mut prediction.point,
            Part::Challenge(_) => &mut self.point,
        };
        place.is_none().then_some(place)
    }

    /// All that the lesson itself does in this step; a challenge is left unsolved.
    pub fn commands(&self) -> impl Iterator<Item = &Line> {
        let then: &[Line] = match &self.part {
            Part::Prediction(prediction) => &prediction.then,
            Part::Words(_) | Part::Challenge(_) => &[],
        };
        self.before.iter().chain(then)
    }
}

impl Challenge {
    /// The word that forbids a command, if one does.
    #[must_use]
    pub fn forbids(&self, command: &Command) -> Option<&str> {
        let verb = command.spoken().1.verb();
        let first = verb.split(' ').next().unwrap_or(verb);
        let forbidden = self.forbidden.iter().map(String::as_str);
        forbidden.into_iter().find(|word| *word == first)
    }
}

/// Why a command would lead out of a challenge, whatever the lesson forbids, if it would: to a heap from before its
/// beginning, or to where what counts against the limits is forgotten. `own` is how many commands of the learner's can
/// be taken back.
#[must_use]
pub(super) fn leads_out(command: &Command, own: u64) -> Option<&'static str> {
    match command.spoken().1 {
        Command::Undo if own == 0 => {
            Some("nothing of yours is left to take back: the challenge is at its beginning")
        }
        Command::Branch(_) => Some(
            "a challenge has one line of history: `seek present` leads back to it, `undo` takes a command back",
        ),
        Command::History(_) => {
            Some("a challenge counts by the history that is kept: it stays whole")
        }
        _ => None,
    }
}

impl Lesson {
    /// How many questions it asks.
    #[must_use]
    pub fn predictions(&self) -> usize {
        let asks = |step: &&Step| matches!(step.part, Part::Prediction(_));
        self.steps.iter().filter(asks).count()
    }

    /// All that is done before a step, challenges solved as the lesson solves them.
    pub fn commands_before(&self, step: usize) -> impl Iterator<Item = &Line> {
        let before = &self.steps[..step.min(self.steps.len())];
        before.iter().flat_map(|step| {
            let solution: &[Line] = match &step.part {
                Part::Challenge(challenge) => &challenge.solution,
                _ => &[],
            };
            step.commands().chain(solution)
        })
    }

    /// The steps with its challenges.
    pub fn challenges(&self) -> impl Iterator<Item = usize> {
        let tasks = |(index, step): (usize, &Step)| {
            matches!(step.part, Part::Challenge(_)).then_some(index)
        };
        self.steps.iter().enumerate().filter_map(tasks)
    }
}
