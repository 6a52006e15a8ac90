//! What the session thread publishes for screens, and what screens may ask of it.

use std::fmt;
use std::sync::Arc;

use crate::view::{Figures, Lens, MemoryLine, Picture};

pub use crate::view::Target;

pub use super::threads::{CrewPicture, CrewState};
pub use super::time::{BranchShown, Progress64, TimeShown};

use super::{Command, Watch, Watched};

/// One moment of a session, ready to be drawn. Immutable; shared by `Arc`.
#[derive(Clone, PartialEq, Debug)]
pub struct Frame {
    /// Rises with every published frame.
    pub version: u64,
    /// Requests taken in so far: when this is n, the frame shows the effect of the first n.
    /// A screen counts what it sends and so never acts on a cursor that is about to move.
    pub requests: u64,
    /// `quit` was typed: the screen is to close.
    pub over: bool,
    /// The heap in view.
    pub picture: Arc<Picture>,
    /// The latest answers, oldest first (bounded; `log_total` counts all).
    pub log: Vec<Arc<Answer>>,
    /// Answers given in all.
    pub log_total: u64,
    /// Memory returned to the system, newest last (bounded).
    pub returned: Vec<Returned>,
    /// Heap operations done so far in this session.
    pub operations: u64,
    /// Operations a second over about the last second, while something runs.
    pub rate: Option<f64>,
    /// The workload or trace in progress.
    pub run: Option<Run>,
    /// How far the measurements of `situations` have come, while they are made.
    pub measuring: Option<Progress>,
    /// Real threads that work on a heap, or have ended last.
    pub crew: Option<Arc<CrewPicture>>,
    /// The script that has not come to its end yet.
    pub script: Option<Script>,
    /// Commands that `u` can take back.
    pub undo: usize,
    /// Commands that Ctrl-r can bring back.
    pub redo: usize,
    /// The name the next `alloc` on a key would give.
    pub next_name: String,
    /// The size the next `alloc` on a key would ask for.
    pub next_size: u64,
    /// What was measured over time; of the present, also while the past is looked at.
    pub timeline: Arc<Timeline>,
    /// Where in time this is.
    pub time: Arc<TimeShown>,
    /// What figures are compared with, if a baseline was set.
    pub baseline: Option<Arc<Bookmark>>,
    /// Moments kept by the person, oldest first.
    pub bookmarks: Arc<Vec<Arc<Bookmark>>>,
    /// Names of blocks to complete, some of very many.
    pub names: Arc<Vec<String>>,
    /// What the filter finds, while there is one.
    pub found: Option<Found>,
    /// Who holds the lock of the heap in view by hand, and then who waits for it.
    pub actors: Vec<ActorState>,
    /// What the last check found in the heap in view, if anything.
    pub check: Option<Check>,
    /// Two calls under way step by step, or those that were the last thing done.
    pub interleaved: Option<Arc<Interleaved>>,
    /// A call that is played slowly.
    pub played: Option<Arc<Played>>,
    /// The heap made after the one in view, by number; behind the last comes the first. `None` while there is no other.
    pub next_heap: Option<u32>,
    /// The answers to what is watched.
    pub watched: Watched,
}

/// An actor that has to do with the lock of the heap in view.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ActorState {
    /// Its name: t1 is the session's own thread.
    pub name: String,
    /// The call in which it waits for the lock; `None` for the one who holds it.
    pub waits: Option<String>,
}

/// What was measured over time: a bounded number of samples; when there would be more, neighbours are joined.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Timeline {
    /// The samples, oldest first.
    pub samples: Vec<Sample>,
    /// What happened in between, oldest first.
    pub events: Vec<TimeEvent>,
}

/// The heap in view at one operation. Sizes in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Sample {
    /// The operation.
    pub at: u64,
    /// Bytes of busy blocks, headers included.
    pub busy: u64,
    /// Bytes the heap may use.
    pub committed: u64,
    /// Bytes that the kernel holds in real pages; `None` where it does not tell, or was not asked because asking
    /// took too much of the time.
    pub resident: Option<u64>,
}

/// Something that deserves a letter on the axis of time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TimeEvent {
    /// Operations done before it happened.
    pub at: u64,
    /// The key that stands for it: C coalesce, S serialize, K HeapCompact, M _heapmin, m a bookmark.
    pub letter: char,
}

/// A moment that a person wants to come back to, or to compare with.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Bookmark {
    /// Operations done before it.
    pub at: u64,
    /// Its number, from 1; 0 for a baseline that is not kept as a bookmark.
    pub number: u32,
    /// What the person said about it; empty where nothing was said.
    pub words: String,
    /// The number of the heap that was in view.
    pub heap: u32,
    /// It lies in a past that was taken back and left for another: no undo or redo leads there any more.
    pub gone: bool,
    /// The last command before it.
    pub command: String,
    /// The figures then.
    pub figures: Figures,
    /// The memory line then.
    pub memory: MemoryLine,
}

/// What a filter finds in the heap in view.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// The filter as typed.
    pub filter: String,
    /// How many blocks match; `None` while they are being counted.
    pub count: Option<u64>,
    /// Which of them the cursor is on, from 1.
    pub position: Option<u64>,
}

/// The findings of the last check, and how they stand to what is shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Check {
    /// What was found.
    pub findings: Arc<Findings>,
    /// Nothing has changed since.
    pub fresh: bool,
    /// They are the newest thing looked for: no filter was set since.
    pub sought: bool,
}

/// What a check of a heap found; at least one thing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Findings {
    /// The number of the heap.
    pub heap: u32,
    /// Operations done before the check.
    pub at: u64,
    /// How many things were found.
    pub total: u64,
    /// The first of them (bounded; `total` counts all), in the order in which they were found.
    pub kept: Vec<Located>,
}

/// A finding, and the block that it lies in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Located {
    /// Address of the first byte concerned.
    pub at: u64,
    /// Address of the block that it lies in; `None` in the heap's own structures.
    pub block: Option<u64>,
    /// That block in words: its name, or what it is and where.
    pub called: String,
    /// What was seen there.
    pub sight: Sight,
    /// What it is, and what it likely means.
    pub meaning: &'static str,
}

/// What was seen at a place that is not as it should be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Sight {
    /// Another value than there should be.
    Value {
        /// The value that should be there.
        expected: u64,
        /// The value that is.
        found: u64,
    },
    /// What real threads ran into, in a sentence.
    Incident(String),
}

impl fmt::Display for Sight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Sight::Value { expected, found } => {
                write!(f, "expected {expected:#x}, found {found:#x}")
            }
            Sight::Incident(sentence) => f.write_str(sentence),
        }
    }
}

/// Two calls that are made step by step.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Interleaved {
    /// t1 and t2.
    pub sides: [Side; 2],
    /// The latest steps, oldest first (bounded; `steps` counts all): who made each, 0 or 1, and what it was.
    pub made: Vec<(usize, String)>,
    /// Steps made so far.
    pub steps: u64,
    /// Who moved when, in turns.
    pub order: String,
}

impl Interleaved {
    /// Whether both calls have ended.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.sides.iter().all(|side| side.ended)
    }
}

/// A call that is played slowly. Its rows are one more than its steps: before the first stands the call itself.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Played {
    /// The call as a command.
    pub call: String,
    /// Steps made: the present row.
    pub at: u64,
    /// Steps in all, the answer as the last.
    pub total: u64,
    /// The row that `rows` begin with.
    pub first: u64,
    /// What happens in each step, for those around the present one.
    pub rows: Vec<String>,
    /// The words that the present step wrote (bounded).
    pub stored: Vec<String>,
}

/// One of two calls that are made step by step.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Side {
    /// The call as a command.
    pub call: String,
    /// Steps it has made.
    pub steps: u64,
    /// The step it would make next, why it makes none, or what it answered.
    pub next: String,
    /// Another holds the lock that it would take.
    pub blocked: bool,
    /// It has answered.
    pub ended: bool,
}

/// The answer to one command: the call, its result, its error, and words.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Answer {
    /// The command as it would be typed.
    pub command: String,
    /// The call in C's words with its result: `HeapFree(heap, 0, b48) = TRUE`.
    pub call: String,
    /// What happened, what did not, and why; before -> after.
    pub words: String,
    /// How it ended.
    pub tone: Tone,
    /// Address of the block it was about.
    pub block: Option<u64>,
    /// What a check found, to be listed below the words.
    pub findings: Option<Arc<Findings>>,
}

/// How an answer is to be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Tone {
    /// Done.
    #[default]
    Done,
    /// Words of a script (`say`), or information.
    Note,
    /// What a word means that the next answer brings up for the first time.
    Word,
    /// The call failed, as it would on Windows.
    Failed,
    /// Nothing was done: the command could not be read or does not apply.
    Refused,
}

/// One return of memory to the system.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Returned {
    /// Operation at which it happened.
    pub at: u64,
    /// Bytes the heap gave back.
    pub bytes: u64,
    /// Why.
    pub cause: Cause,
    /// Resident bytes of the heap before and after, read from the kernel.
    pub resident: Option<(u64, u64)>,
}

/// Why memory went back to the system.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cause {
    /// HeapFree returned a large free range by itself (or shrank or freed a large block).
    Automatic,
    /// `_heapmin` or `minimize`.
    Heapmin,
    /// The heap was destroyed.
    Destroy,
}

impl Cause {
    /// The word on the screen.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Cause::Automatic => "automatic",
            Cause::Heapmin => "heapmin",
            Cause::Destroy => "destroy",
        }
    }
}

/// Progress of a workload or recording beside the screen.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Run {
    /// What runs, as typed.
    pub what: String,
    /// Operations or lines done.
    pub done: u64,
    /// How many there will be, when known.
    pub of: Option<u64>,
    /// Stopped for the moment.
    pub paused: bool,
    /// Operations a second that it is held to; `None` when it runs flat out.
    pub target: Option<u64>,
    /// Operations a second that it reached over about the last second.
    pub reached: Option<f64>,
    /// Allocations that succeeded.
    pub allocs: u64,
    /// Frees that succeeded.
    pub frees: u64,
    /// Reallocations that succeeded.
    pub reallocs: u64,
    /// Operations that failed.
    pub failed: u64,
    /// Blocks of the workload that live now.
    pub live: u64,
}

/// How many of a known number are done.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Progress {
    /// Done.
    pub done: usize,
    /// In all.
    pub of: usize,
}

/// How far a script beside the screen has come. Its pauses part it into steps.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Script {
    /// The step that was done last or is being done, from 1.
    pub step: usize,
    /// Steps in all.
    pub of: usize,
    /// It waits at a pause.
    pub waits: bool,
}

/// What a screen may ask of the session thread.
#[derive(Clone, PartialEq, Debug)]
pub enum Request {
    /// A line as typed at the prompt. It is parsed by the session thread; mistakes come back as an [`Answer`].
    Line(String),
    /// A command from a key.
    Command(Command),
    /// Free the block at this address (its header), whatever its name.
    FreeAt(u64),
    /// Another part of the map or another cursor; a cursor of `None` leaves it where it is.
    Look(Lens),
    /// Take back the last command.
    Undo,
    /// Bring back the last command taken back.
    Redo,
    /// Start the default workload, or pause or resume what runs.
    ToggleRun,
    /// One operation of what runs.
    Step,
    /// Tell something beside the picture with every frame, from the next one on.
    Watch(Box<Watch>),
    /// Answer to this line that it is not done here, and why: the screen's own rules, told where answers are.
    Refuse(String, String),
    /// Carry out these commands up to the first `pause`, in place of what is left of a script. None end the script.
    Script(Vec<Command>),
    /// Stop what runs.
    Cancel,
    /// The next slower rate for what runs, from flat out down to one operation a second.
    Slower,
    /// The next faster rate, up to flat out.
    Faster,
    /// Move the cursor, let the map follow it, and publish a frame with it there.
    Select(Target),
    /// End the session thread.
    Quit,
    /// End it without the lines that wait before this.
    QuitNow,
}
