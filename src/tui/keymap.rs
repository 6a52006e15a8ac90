//! The table of actions and the requests behind its rows.

use tui_input::InputRequest;

use crate::heap::{Flags, Policy};
use crate::session::frame::{Frame, Request, Target};
use crate::session::time::{Direction, SeekTo};
use crate::session::{Command, StepTo};
use crate::view::BlockState;

use super::action::{
    Action, Context, Does, Group, LessonAct, RUN, RowStep, SCRIPT_GOES_ON, Screen,
};
use super::key::Key;
use super::numbers;
use super::pane::findings;
use super::panes::Pane;

const fn row(
    context: Context,
    keys: &'static [Key],
    footer: Option<(u8, &'static str)>,
    name: &'static str,
    doc: &'static str,
    does: Does,
) -> Action {
    Action {
        context,
        keys,
        footer,
        name,
        doc,
        group: Group::of(context, &does),
        does,
    }
}

impl Action {
    /// The same in another group than its like.
    const fn among(self, group: Group) -> Action {
        Action { group, ..self }
    }
}

use Context::{
    Bookmarks, Branch, Card, Everywhere, Explain, Faults, Findings, GoTo, Help, Hole, Lesson,
    Lessons, Lines, Map, Past, Paste, Playing, Presenter, Prompt, Question, Reading, Rows, Script,
    Search, Stepping, Task, Terms, Tour,
};
use Does::{Ask, Move, Page, Verb};
use Key::{Char, Ctrl};

/// The answers of a question.
const DIGITS: [Key; 5] = [Char('1'), Char('2'), Char('3'), Char('4'), Char('5')];

/// Every action, in the order of `?` and of the footer.
#[rustfmt::skip]
pub static ACTIONS: &[Action] = &[
    row(Map, &[Char('a')], Some((1, "alloc")), "alloc", "allocate: opens the prompt with the next name and size", Does::Prompt(alloc_line)),
    row(Map, &[Char('f')], Some((1, "free")), "HeapFree", "free the selected block, or all blocks of the range", Verb(free_selected)).among(Group::Block),
    row(Map, &[Char('r')], Some((4, "realloc")), "realloc", "resize the selected block: opens the prompt with its name", Does::Prompt(realloc_line)),
    row(Map, &[Char('p')], Some((6, "probe")), "probe", "ask where a request would land, and why not elsewhere; changes nothing", Does::Prompt(|_| "probe ".to_owned())),
    row(Map, &[Char('x')], Some((6, "break")), "break block", "misuse the selected block on purpose: a menu of faults", Does::Screen(Screen::OpenFaults)).among(Group::Block),
    row(Map, &[Char('o')], Some((5, "play")), "play", "play one call slowly: opens the prompt with the free of the selected block, else with the next alloc", Does::Prompt(play_line)),
    row(Map, &[Char('.')], None, "repeat", "repeat the last verb; alloc takes the next name", Does::Screen(Screen::Repeat)),
    row(Map, &[Char('C')], Some((2, "coalesce")), "coalesce", "switch merging of free neighbours on HeapFree; on merges waiting neighbours at once", Verb(toggle_coalesce)),
    row(Map, &[Char('S')], Some((7, "serialize")), "serialize", "switch the lock that calls take (off is HEAP_NO_SERIALIZE)", Verb(toggle_serialize)),
    row(Map, &[Char('K')], Some((1, "compact")), "HeapCompact", "HeapCompact: report the largest committed free block; merges only while coalescing is off", Verb(|_| command(Command::Compact { flags: Flags::NONE }))),
    row(Map, &[Char('M')], Some((1, "heapmin")), "_heapmin", "_heapmin: give wholly free pages back to the system (on a heap without the CRT tag: minimize)", Verb(heapmin)),
    row(Map, &[Char('V')], Some((5, "validate")), "HeapValidate", "HeapValidate: check the whole heap; with findings, list them", Does::Screen(Screen::Validate)).among(Group::Heap),
    row(Map, &[Char('F')], Some((5, "free half")), "free every second", "free every second block of a name: opens the prompt", Does::Prompt(free_half_line)),
    row(Map, &[Char('P')], Some((5, "policy")), "policy", "take the next placement policy: best, first, next, worst fit", Verb(next_policy)),
    row(Map, &[Char('H')], Some((6, "heaps")), "heap", "look at the next heap", Ask(next_heap)).among(Group::Heap),
    row(Map, &[Char('W')], Some((7, "workload")), "workload", "run a seeded workload: opens the prompt", Does::Prompt(|_| "run random ops=10000 sizes=16..512 live=1000 seed=7".to_owned())).among(Group::Run),
    row(Map, &[Char('T')], Some((8, "threads")), "threads", "start real threads on the heap: opens the prompt; while some work, their pane", Does::Screen(Screen::Threads)).among(Group::Run),
    row(Map, &[Char('L')], Some((7, "lessons")), "lessons", "list the lessons, each on a heap of its own", Does::Screen(Screen::OpenLessons)),
    row(Map, &[Char(' ')], Some((2, "run")), RUN, "start the default workload, or pause or resume what runs", Ask(|_| Ok(Request::ToggleRun))),
    row(Map, &[Char('s')], Some((7, "step")), "step", "one operation of what runs", Ask(|_| Ok(Request::Step))),
    row(Map, &[Char('<')], None, "slower", "hold what runs to the next lower rate: flat out, 1,000,000, 500,000 ... 1 operation a second", Ask(|_| Ok(Request::Slower))),
    row(Map, &[Char('>')], None, "faster", "the next higher rate, up to flat out", Ask(|_| Ok(Request::Faster))),
    row(Map, &[Char('m')], None, "mark", "keep this moment as a bookmark, and compare figures with it from here on", Ask(|_| command(Command::Mark(None)))).among(Group::Time),
    row(Map, &[Char('\'')], None, "bookmarks", "list the moments that were kept, and what has changed since each", Does::Screen(Screen::OpenBookmarks)).among(Group::Time),
    row(Map, &[Char('u')], Some((5, "undo")), "undo", "take back the last command", Ask(undo)).among(Group::Time),
    row(Map, &[Ctrl('r'), Char('U')], None, "redo", "bring back the last command taken back", Ask(redo)).among(Group::Time),
    row(Map, &[Char('[')], None, "operation back", "look at the heap one operation earlier", Ask(|frame| seek(frame, SeekTo::By(Direction::Back, 1)))).among(Group::Time),
    row(Map, &[Char(']')], None, "operation forward", "one operation later, up to the present", Ask(|frame| seek(frame, SeekTo::By(Direction::Forward, 1)))).among(Group::Time),
    row(Map, &[Char('{')], None, "mark back", "look at the moment of the mark before: a letter C, S, K or M on the axis of time, or a bookmark", Ask(|frame| seek(frame, SeekTo::Mark(Direction::Back)))).among(Group::Time),
    row(Map, &[Char('}')], None, "mark forward", "the moment of the next mark", Ask(|frame| seek(frame, SeekTo::Mark(Direction::Forward)))).among(Group::Time),
    row(Map, &[Char(':')], Some((1, "prompt")), "prompt", "type a command; what was left there with Esc is still there", Does::Screen(Screen::OpenPrompt)),
    row(Map, &[Char('E')], Some((8, "export")), "export", "write the screen, the heap or the session to a file: a menu of formats", Does::Screen(Screen::OpenExport)),
    row(Map, &[Char('y')], None, "copy", "copy a line about what is chosen: the block, the answer, the row", Does::Screen(Screen::Copy)),
    row(Map, &[Char('i')], Some((3, "explain")), "explain", "the words and formulas of the focused pane, with its figures, then all others", Does::Screen(Screen::OpenExplain)),
    row(Map, &[Char('?'), Key::Function(1)], Some((0, "keys")), "keys", "search all keys and commands, and run one", Does::Screen(Screen::OpenHelp)),
    row(Map, &[Char('h'), Key::Left], None, "previous block", "select the block before", Move(Target::PreviousBlock)),
    row(Map, &[Char('l'), Key::Right], None, "next block", "select the block behind", Move(Target::NextBlock)),
    row(Map, &[Char('j'), Key::Down], None, "row down", "select the block a row below", Move(Target::Rows(1))),
    row(Map, &[Char('k'), Key::Up], None, "row up", "select the block a row above", Move(Target::Rows(-1))),
    row(Map, &[Char('w')], None, "next hole", "select the next free block", Move(Target::NextHole)),
    row(Map, &[Char('b')], None, "previous hole", "select the free block before", Move(Target::PreviousHole)),
    row(Map, &[Ctrl('d'), Key::PageDown], None, "page down", "select the block a screen below", Page(1)),
    row(Map, &[Ctrl('u'), Key::PageUp], None, "page up", "select the block a screen above", Page(-1)),
    row(Map, &[Key::Home], None, "first block", "select the first block", Move(Target::First)),
    row(Map, &[Key::End, Char('G')], None, "last block", "select the last block", Move(Target::Last)),
    row(Map, &[Char('g')], Some((6, "go to")), "go to", "list the places to go to", Does::Screen(Screen::OpenGoTo)),
    row(Map, &[Key::Enter, Char('+')], Some((5, "zoom in")), "zoom in", "fewer bytes in a cell", Does::Screen(Screen::ZoomIn)),
    row(Map, &[Char('-')], Some((6, "out")), "zoom out", "more bytes in a cell", Does::Screen(Screen::ZoomOut)),
    row(Map, &[Char('0')], Some((6, "fit")), "fit", "fit the heap to the screen", Does::Screen(Screen::ZoomFit)),
    row(Map, &[Char('1')], None, "map", "the map: focus it, or bring it back to its place", Does::Screen(Screen::Pane(Pane::Map))),
    row(Map, &[Char('2')], None, "block pane", "the selected block in full", Does::Screen(Screen::Pane(Pane::Block))),
    row(Map, &[Char('3')], Some((4, "fragm.")), "fragmentation pane", "what still fits, and holes and blocks by size", Does::Screen(Screen::Pane(Pane::Fragmentation))),
    row(Map, &[Char('4')], None, "time pane", "busy, committed and resident over time", Does::Screen(Screen::Pane(Pane::Time))),
    row(Map, &[Char('5')], None, "returned pane", "the ledger of memory given back to the system", Does::Screen(Screen::Pane(Pane::Returned))),
    row(Map, &[Char('6')], None, "log pane", "every answer, whole; Enter selects its block", Does::Screen(Screen::Pane(Pane::Log))),
    row(Map, &[Char('7')], None, "free-list pane", "free blocks in the order in which they are tried", Does::Screen(Screen::Pane(Pane::FreeList))),
    row(Map, &[Char('8')], Some((4, "pins")), "pins pane", "where the memory is, and which blocks keep pages from being returned", Does::Screen(Screen::Pane(Pane::Pins))),
    row(Map, &[Char('9')], None, "bytes pane", "the bytes of the selected block", Does::Screen(Screen::Pane(Pane::Bytes))),
    row(Map, &[Char('I')], None, "interleave pane", "two calls made step by step, and examples of what goes wrong without a lock", Does::Screen(Screen::Pane(Pane::Interleave))),
    row(Map, &[Char('O')], None, "play pane", "the call that is played slowly, step by step", Does::Screen(Screen::Pane(Pane::Play))),
    row(Map, &[Char('/')], None, "filter", "look for blocks: opens the prompt with filter (busy free size>4K age>1000 name~b ...)", Does::Prompt(filter_line)).among(Group::Move),
    row(Map, &[Char('n')], None, "next match", "select the next block that the filter matches, or the next finding", Ask(|frame| found(frame, Target::NextFound))).among(Group::Move),
    row(Map, &[Char('N')], None, "previous match", "select the block before that the filter matches, or the finding before", Ask(|frame| found(frame, Target::PreviousFound))).among(Group::Move),
    row(Map, &[Char('v')], None, "range", "begin a range of addresses at the selected block: moving extends it, f frees in it; again drops it", Does::Screen(Screen::Range)),
    row(Map, &[Key::Tab], None, "next pane", "focus the next pane on the screen", Does::Screen(Screen::NextPane)),
    row(Map, &[Key::BackTab], None, "previous pane", "focus the pane before", Does::Screen(Screen::PreviousPane)),
    row(Map, &[Char('z')], None, "maximise", "give the focused pane the whole screen, or put it back", Does::Screen(Screen::Maximise)),
    row(Map, &[Key::Esc], None, "leave", "leave popup, range, filter, pane and zoom, in turn; never the program", Does::Screen(Screen::Back)),
    row(Map, &[Char('q')], Some((0, "quit")), "quit", "close the layer on top or the pane in the map's place, else end heapwalk", Does::Screen(Screen::Quit)),
    row(Everywhere, &[Ctrl('c')], Some((1, "cancel")), "cancel", "cancel what runs; again ends heapwalk", Does::Screen(Screen::Interrupt)),
    row(Everywhere, &[Ctrl('z')], None, "suspend", "stop heapwalk until the shell resumes it (fg)", Does::Screen(Screen::Suspend)),

    row(Card, &[Key::Enter], Some((0, "tour")), "tour", "take the 30-second tour, on a heap of its own", Does::Screen(Screen::BeginTour)),
    row(Card, &[Key::Esc], None, "close card", "close the card", Does::Screen(Screen::Back)),

    row(Script, &[Char(' ')], Some((0, "next step")), "next step", "go on to the script's next pause", Ask(|_| Ok(Request::ToggleRun))),

    row(Tour, &[Char(' '), Key::Enter, Key::PageDown], Some((0, "next step")), "next step of the tour", "go on with the tour", Ask(|_| Ok(Request::ToggleRun))),
    row(Tour, &[Key::Esc], Some((0, "ends the tour")), "end tour", "end the tour and stay on its heap", Does::Screen(Screen::EndTour)),

    row(Lessons, &[Key::Enter], Some((0, "begins it")), "begin lesson", "begin the chosen lesson", Does::Screen(Screen::Accept)),
    row(Lessons, &[Key::Up], None, "lesson above", "choose the lesson above", Does::Screen(Screen::Up)),
    row(Lessons, &[Key::Down], Some((0, "and up choose")), "lesson below", "choose the lesson below", Does::Screen(Screen::Down)),
    row(Lessons, &[Key::PageUp], None, "lessons above", "a page up", Does::Screen(Screen::PageUp)),
    row(Lessons, &[Key::PageDown], None, "lessons below", "a page down", Does::Screen(Screen::PageDown)),
    row(Lessons, &[Key::Backspace], None, "widen lessons", "delete a character of what lessons are looked for by", Does::Screen(Screen::Edit(InputRequest::DeletePrevChar))),
    row(Lessons, &[Ctrl('u')], None, "all lessons", "show all lessons again", Does::Screen(Screen::Edit(InputRequest::DeleteLine))),
    row(Lessons, &[Key::Esc], Some((0, "closes")), "close lessons", "close the list of lessons", Does::Screen(Screen::Back)),

    row(Lesson, &[Key::PageDown], None, "lesson goes on", "go on with the lesson, past a challenge too", Does::Screen(Screen::Lesson(LessonAct::Next))),
    row(Lesson, &[Key::PageUp], Some((2, "back")), "lesson back", "go back in the lesson: it is done again up to there", Does::Screen(Screen::Lesson(LessonAct::Back))),
    row(Lesson, &[Char('q')], Some((1, "own heap")), "leave lesson", "end the lesson and return to one's own heap, which is as it was", Does::Screen(Screen::Lesson(LessonAct::Leave))),
    row(Lesson, &[Key::Function(5)], Some((3, "present")), "present lesson", "present: only what the step is about, with a large caption", Does::Screen(Screen::Lesson(LessonAct::Present))),
    row(Reading, &[Char(' '), Key::Enter], Some((0, "next")), "next step of the lesson", "go on with the lesson", Does::Screen(Screen::Lesson(LessonAct::Next))),
    row(Reading, &[Key::Left], None, "step of the lesson before", "go back in the lesson", Does::Screen(Screen::Lesson(LessonAct::Back))),
    row(Question, &[Key::Down, Char('j')], Some((0, "and up choose")), "answer below", "choose the answer below", Does::Screen(Screen::Lesson(LessonAct::Choose(1)))),
    row(Question, &[Key::Up, Char('k')], None, "answer above", "choose the answer above", Does::Screen(Screen::Lesson(LessonAct::Choose(-1)))),
    row(Question, &DIGITS, None, "answer by number", "choose the answer with this number", Does::Screen(Screen::Digit)),
    row(Question, &[Key::Enter, Char(' ')], Some((0, "answers")), "answer", "give the chosen answer; then the heap gives its own", Does::Screen(Screen::Lesson(LessonAct::Next))),
    row(Question, &[Char('i')], Some((0, "hint")), "hint", "a hint; again for the next one", Does::Screen(Screen::Lesson(LessonAct::Hint))),
    row(Hole, &[Key::Enter, Char(' ')], Some((0, "answers")), "answer with hole", "answer with the hole under the cursor", Does::Screen(Screen::Lesson(LessonAct::Hole))),
    row(Hole, &[Char('i')], Some((0, "hint")), "hint about hole", "a hint; again for the next one", Does::Screen(Screen::Lesson(LessonAct::Hint))),
    row(Task, &[Char('i')], Some((0, "hint")), "hint for challenge", "a hint; again for the next one", Does::Screen(Screen::Lesson(LessonAct::Hint))),
    row(Task, &[Char(' '), Key::Enter], None, "stay in challenge", "say how the challenge can be left: nothing is begun by accident", Does::Screen(Screen::Lesson(LessonAct::Stay))),
    row(Task, &[Char('R')], Some((0, "restart")), "restart challenge", "begin the challenge anew", Does::Screen(Screen::Lesson(LessonAct::Restart))),
    row(Task, &[Char('A')], Some((1, "solution")), "show solution", "show a solution, once something was tried", Does::Screen(Screen::Lesson(LessonAct::Solution))),
    row(Presenter, &[Char(' '), Key::Enter, Key::Right, Key::Down], Some((0, "next")), "present next", "go on; a question and the solution of a challenge are revealed", Does::Screen(Screen::Lesson(LessonAct::Next))),
    row(Presenter, &[Key::Left, Key::Up, Key::Backspace], Some((0, "back")), "present before", "go back", Does::Screen(Screen::Lesson(LessonAct::Back))),
    row(Presenter, &DIGITS, Some((1, "answer")), "presented answer", "choose the answer that the class has given", Does::Screen(Screen::Digit)),
    row(Presenter, &[Char('R')], None, "present challenge anew", "begin the challenge anew, as before anybody tried", Does::Screen(Screen::Lesson(LessonAct::Restart))),
    row(Presenter, &[Char('b'), Char('.')], Some((0, "blank")), "blank screen", "blank the screen; any key brings it back", Does::Screen(Screen::Lesson(LessonAct::Blank))),
    row(Presenter, &[Key::Esc, Key::Function(5)], Some((0, "ends presenting")), "end presenting", "back to the whole explorer, in the same step", Does::Screen(Screen::Lesson(LessonAct::Present))),

    row(Rows, &[Char('j'), Key::Down], Some((0, "down")), "choose below", "choose the row below", Does::Screen(Screen::Row(RowStep::Rows(1)))),
    row(Rows, &[Char('k'), Key::Up], Some((0, "up")), "choose above", "choose the row above", Does::Screen(Screen::Row(RowStep::Rows(-1)))),
    row(Rows, &[Ctrl('d'), Key::PageDown], None, "choose a page below", "choose the row a page below", Does::Screen(Screen::Row(RowStep::Pages(1)))),
    row(Rows, &[Ctrl('u'), Key::PageUp], None, "choose a page above", "choose the row a page above", Does::Screen(Screen::Row(RowStep::Pages(-1)))),
    row(Rows, &[Key::Home], None, "choose first", "choose the first row", Does::Screen(Screen::Row(RowStep::First))),
    row(Rows, &[Key::End, Char('G')], None, "choose last", "choose the last row", Does::Screen(Screen::Row(RowStep::Last))),
    row(Rows, &[Key::Enter], Some((0, "opens it")), "open row", "open the chosen row: select its block, or filter by its bar", Does::Screen(Screen::OpenRow)),
    row(Rows, &[Key::Tab], Some((1, "next pane")), "pane behind from rows", "focus the next pane on the screen", Does::Screen(Screen::NextPane)),
    row(Rows, &[Key::Esc], Some((1, "back to the map")), "leave rows", "back to the map", Does::Screen(Screen::Back)),

    row(Stepping, &[Char('h'), Key::Left], Some((0, "t1 moves")), "t1 moves", "let the first of the two calls make one step", Ask(|frame| step(frame, StepTo::Move(0, 1)))),
    row(Stepping, &[Char('l'), Key::Right], Some((0, "t2 moves")), "t2 moves", "let the second of the two calls make one step", Ask(|frame| step(frame, StepTo::Move(1, 1)))),
    row(Stepping, &[Char('H')], Some((2, "t1 x 10")), "t1 moves by ten", "let the first of the two calls make ten steps", Ask(|frame| step(frame, StepTo::Move(0, 10)))),
    row(Stepping, &[Char('L')], Some((2, "t2 x 10")), "t2 moves by ten", "let the second of the two calls make ten steps", Ask(|frame| step(frame, StepTo::Move(1, 10)))),
    row(Stepping, &[Key::Backspace, Char('[')], Some((0, "back")), "step back", "take the last step back", Ask(|frame| step(frame, StepTo::Back(1)))),
    row(Stepping, &[Char('e')], Some((0, "end")), "to the end", "make all that is left of the two calls, the first one first", Ask(|frame| step(frame, StepTo::End))),
    row(Stepping, &[Char(' ')], Some((0, "script")), SCRIPT_GOES_ON, "go on to the next pause of the script that began the calls", Ask(script_goes_on)),
    row(Stepping, &[Key::Esc, Char('q')], Some((0, "gives up")), "give up", "give up the calls under way, as if they had never begun, and leave the pane", Does::Screen(Screen::GiveUp)),

    row(Playing, &[Char('['), Char('h'), Char('k'), Key::Left, Key::Up], Some((0, "back")), "play back", "take the last step of the call that is played back", Ask(|frame| play_step(frame, StepTo::Back(1)))),
    row(Playing, &[Char(']'), Char('l'), Char('j'), Key::Right, Key::Down], Some((0, "forward")), "play forward", "make the next step of the call that is played", Ask(|frame| play_step(frame, StepTo::Forward(1)))),
    row(Playing, &[Char('{'), Key::Home], Some((1, "to the begin")), "play from the begin", "take all steps of the call that is played back", Ask(|frame| play_step(frame, StepTo::To(0)))),
    row(Playing, &[Char('}'), Key::End, Char('G')], Some((1, "to the end")), "play to the end", "make all steps of the call that is played; it can still be taken back step by step", Ask(|frame| play_step(frame, StepTo::To(last_step(frame))))),
    row(Playing, &[Ctrl('d'), Key::PageDown], None, "play ten forward", "make the next ten steps of the call that is played", Ask(|frame| play_step(frame, StepTo::Forward(10)))),
    row(Playing, &[Ctrl('u'), Key::PageUp], None, "play ten back", "take the last ten steps of the call that is played back", Ask(|frame| play_step(frame, StepTo::Back(10)))),
    row(Playing, &[Key::Enter], Some((0, "finishes")), "finish play", "make the call that is played in one, as if it had been typed: that is what undo takes back", Ask(|frame| play_step(frame, StepTo::End))),
    row(Playing, &[Key::Tab], Some((3, "next pane")), "pane behind from play", "focus the next pane on the screen", Does::Screen(Screen::NextPane)),
    row(Playing, &[Key::Esc, Char('q')], Some((0, "gives up")), "give up play", "give up the call that is played, as if it had never begun", Does::Screen(Screen::GiveUp)),

    row(Past, &[Char('['), Key::Left], Some((0, "op back")), "earlier", "one operation earlier", Ask(|frame| seek(frame, SeekTo::By(Direction::Back, 1)))),
    row(Past, &[Char(']'), Key::Right], Some((0, "op forward")), "later", "one operation later", Ask(|frame| seek(frame, SeekTo::By(Direction::Forward, 1)))),
    row(Past, &[Char('{')], Some((1, "mark back")), "earlier mark", "the mark before", Ask(|frame| seek(frame, SeekTo::Mark(Direction::Back)))),
    row(Past, &[Char('}')], Some((1, "mark forward")), "later mark", "the next mark", Ask(|frame| seek(frame, SeekTo::Mark(Direction::Forward)))),
    row(Past, &[Key::Esc, Char('q')], Some((0, "to the present")), "back to the present", "leave the past", Ask(|frame| seek(frame, SeekTo::Present))),

    row(Lines, &[Char('j'), Key::Down], Some((0, "down")), "scroll down", "scroll to the line below", Does::Screen(Screen::Row(RowStep::Rows(1)))),
    row(Lines, &[Char('k'), Key::Up], Some((0, "up")), "scroll up", "scroll to the line above", Does::Screen(Screen::Row(RowStep::Rows(-1)))),
    row(Lines, &[Ctrl('d'), Key::PageDown], None, "scroll a page down", "scroll to the line a page below", Does::Screen(Screen::Row(RowStep::Pages(1)))),
    row(Lines, &[Ctrl('u'), Key::PageUp], None, "scroll a page up", "scroll to the line a page above", Does::Screen(Screen::Row(RowStep::Pages(-1)))),
    row(Lines, &[Key::Home], None, "scroll to the start", "scroll to the first line", Does::Screen(Screen::Row(RowStep::First))),
    row(Lines, &[Key::End, Char('G')], None, "scroll to the end", "scroll to the last line", Does::Screen(Screen::Row(RowStep::Last))),
    row(Lines, &[Key::Tab], Some((1, "next pane")), "pane behind from lines", "focus the next pane on the screen", Does::Screen(Screen::NextPane)),
    row(Lines, &[Key::Esc], Some((1, "back to the map")), "leave lines", "back to the map", Does::Screen(Screen::Back)),

    row(GoTo, &[Char('g')], Some((0, "first block")), "go to first", "select the first block", Move(Target::First)),
    row(GoTo, &[Char('e')], Some((0, "last block")), "go to last", "select the last block", Move(Target::Last)),
    row(GoTo, &[Char('l')], Some((0, "largest hole")), "go to largest hole", "select the largest free block", Move(Target::LargestHole)),
    row(GoTo, &[Char('p')], Some((0, "worst pin")), "go to worst pin", "select the block that keeps most pages from being returned", Move(Target::WorstPin)),
    row(GoTo, &[Char('o')], Some((0, "operation")), "go to operation", "select the block that an operation made: opens the prompt for its number", Does::Prompt(|_| "go op ".to_owned())),
    row(GoTo, &[Char('x')], Some((0, "address")), "go to address", "select the block that holds an address: opens the prompt for it", Does::Prompt(|_| "go 0x".to_owned())),
    row(GoTo, &[Char('n')], Some((1, "now")), "go to the present", "leave the past: the present", Ask(|frame| seek(frame, SeekTo::Present))),
    row(GoTo, &[Char('t')], Some((1, "moment")), "go to a moment", "look at the heap behind an operation: opens the prompt for its number", Does::Prompt(|_| "seek ".to_owned())),
    row(GoTo, &[Char('c')], Some((1, "peak")), "go to the peak", "look at the moment at which most was committed", Ask(|frame| seek(frame, SeekTo::Peak))),
    row(GoTo, &[Char('w')], Some((1, "worst")), "go to the worst fragmentation", "look at the moment of the worst external fragmentation", Ask(|frame| seek(frame, SeekTo::Worst))),
    row(GoTo, &[Char('f')], Some((1, "failure")), "go to the first failure", "look at the moment at which an operation failed first", Ask(|frame| seek(frame, SeekTo::Failure))),
    row(GoTo, &[Char('C')], None, "go to the next coalesce", "look at the next moment at which coalescing was switched", Ask(|frame| seek(frame, SeekTo::Next('C')))),
    row(GoTo, &[Char('S')], None, "go to the next serialize", "look at the next moment at which the lock was switched", Ask(|frame| seek(frame, SeekTo::Next('S')))),
    row(GoTo, &[Char('K')], None, "go to the next HeapCompact", "look at the moment of the next HeapCompact", Ask(|frame| seek(frame, SeekTo::Next('K')))),
    row(GoTo, &[Char('M')], None, "go to the next _heapmin", "look at the moment of the next _heapmin", Ask(|frame| seek(frame, SeekTo::Next('M')))),
    row(GoTo, &[Char('b')], Some((1, "branch")), "go to a branch", "go to the end of another line of history: opens the prompt", Does::Prompt(branch_line)),
    row(GoTo, &[Key::Esc, Char('q')], Some((0, "stay")), "stay", "close the list", Does::Screen(Screen::Back)),

    row(Prompt, &[Key::Enter], Some((0, "runs")), "run line", "run the line", Does::Screen(Screen::Accept)),
    row(Prompt, &[Key::Esc], Some((0, "keeps the draft")), "close prompt", "close the prompt and keep the draft", Does::Screen(Screen::Back)),
    row(Prompt, &[Key::Up], Some((1, "history")), "older line", "the line before that starts as typed", Does::Screen(Screen::Up)),
    row(Prompt, &[Key::Down], None, "newer line", "the line after that starts as typed", Does::Screen(Screen::Down)),
    row(Prompt, &[Key::Tab], Some((1, "completes")), "complete", "complete the line; again shows the next completion", Does::Screen(Screen::Complete)),
    row(Prompt, &[Ctrl('r')], Some((1, "searches")), "search history", "look for an earlier line by any part of it", Does::Screen(Screen::Search)),
    row(Prompt, &[Key::Function(1)], Some((1, "command help")), "command help", "all that is known of the command being typed, or put it away", Does::Screen(Screen::CommandHelp)),
    row(Prompt, &[Ctrl('a'), Key::Home], None, "line start", "to the start of the line", Does::Screen(Screen::Edit(InputRequest::GoToStart))),
    row(Prompt, &[Ctrl('e'), Key::End], None, "line end", "to the end of the line", Does::Screen(Screen::Edit(InputRequest::GoToEnd))),
    row(Prompt, &[Ctrl('w')], None, "delete word", "delete the word before the cursor", Does::Screen(Screen::Edit(InputRequest::DeletePrevWord))),
    row(Prompt, &[Ctrl('u')], Some((3, "clears")), "delete to start", "delete to the start of the line", Does::Screen(Screen::Edit(InputRequest::DeleteFromStart))),
    row(Prompt, &[Ctrl('k')], None, "delete to end", "delete to the end of the line", Does::Screen(Screen::Edit(InputRequest::DeleteTillEnd))),
    row(Prompt, &[Key::Left], None, "left", "a character to the left", Does::Screen(Screen::Edit(InputRequest::GoToPrevChar))),
    row(Prompt, &[Key::Right], None, "right", "a character to the right", Does::Screen(Screen::Edit(InputRequest::GoToNextChar))),
    row(Prompt, &[Key::Backspace], None, "delete left", "delete the character before the cursor", Does::Screen(Screen::Edit(InputRequest::DeletePrevChar))),
    row(Prompt, &[Key::Delete], None, "delete right", "delete the character at the cursor", Does::Screen(Screen::Edit(InputRequest::DeleteNextChar))),

    row(Search, &[Key::Enter], Some((0, "runs it")), "run found line", "run the line that was found", Does::Screen(Screen::Accept)),
    row(Search, &[Ctrl('r'), Key::Up], Some((0, "older")), "older match", "look for an older line that has the same", Does::Screen(Screen::Search)),
    row(Search, &[Key::Tab, Key::Right], Some((0, "edits it")), "edit found line", "take the line that was found, to change it", Does::Screen(Screen::TakeFound)),
    row(Search, &[Key::Backspace], None, "widen search", "delete a character of what is looked for", Does::Screen(Screen::Edit(InputRequest::DeletePrevChar))),
    row(Search, &[Ctrl('u')], None, "search anew", "delete all that is looked for", Does::Screen(Screen::Edit(InputRequest::DeleteLine))),
    row(Search, &[Key::Esc], Some((0, "back to the line")), "end search", "back to the line as it was", Does::Screen(Screen::Back)),

    row(Help, &[Key::Enter], Some((0, "runs it")), "run action", "run the chosen action, or open the prompt with the chosen command", Does::Screen(Screen::Accept)),
    row(Help, &[Key::Up], None, "action up", "choose the action above", Does::Screen(Screen::Up)),
    row(Help, &[Key::Down], Some((0, "and up choose")), "action down", "choose the action below", Does::Screen(Screen::Down)),
    row(Help, &[Key::PageUp], None, "actions up", "a page up", Does::Screen(Screen::PageUp)),
    row(Help, &[Key::PageDown], None, "actions down", "a page down", Does::Screen(Screen::PageDown)),
    row(Help, &[Key::Backspace], None, "widen filter", "delete a character of the filter", Does::Screen(Screen::Edit(InputRequest::DeletePrevChar))),
    row(Help, &[Ctrl('u')], None, "clear filter", "show everything again", Does::Screen(Screen::Edit(InputRequest::DeleteLine))),
    row(Help, &[Key::Esc], Some((0, "closes")), "close list", "close the list", Does::Screen(Screen::Back)),

    row(Explain, &[Key::Up, Char('k')], None, "text up", "a line up", Does::Screen(Screen::Up)),
    row(Explain, &[Key::Down, Char('j')], Some((0, "and up scroll")), "text down", "a line down", Does::Screen(Screen::Down)),
    row(Explain, &[Key::PageUp, Ctrl('u')], None, "page of text up", "a page up", Does::Screen(Screen::PageUp)),
    row(Explain, &[Key::PageDown, Ctrl('d'), Char(' ')], Some((0, "page")), "page of text down", "a page down", Does::Screen(Screen::PageDown)),
    row(Explain, &[Key::Esc, Char('i'), Char('q')], Some((0, "closes")), "close text", "close the explanations", Does::Screen(Screen::Back)),

    row(Explain, &[Char('/')], Some((0, "searches")), "search text", "look for a term", Does::Screen(Screen::Search)),

    row(Terms, &[Key::Enter], Some((0, "keeps what is found")), "keep found terms", "keep what is found, and scroll in it", Does::Screen(Screen::Accept)),
    row(Terms, &[Key::Up], None, "found text up", "a line up", Does::Screen(Screen::Up)),
    row(Terms, &[Key::Down], None, "found text down", "a line down", Does::Screen(Screen::Down)),
    row(Terms, &[Key::Backspace], None, "widen terms", "delete a character of what is looked for", Does::Screen(Screen::Edit(InputRequest::DeletePrevChar))),
    row(Terms, &[Ctrl('u')], None, "clear terms", "look for nothing: all terms", Does::Screen(Screen::Edit(InputRequest::DeleteLine))),
    row(Terms, &[Key::Esc], Some((0, "all terms")), "end term search", "all terms again", Does::Screen(Screen::Back)),

    row(Bookmarks, &[Key::Enter], Some((0, "compares with it")), "compare with bookmark", "compare figures with the chosen moment from here on", Does::Screen(Screen::Accept)),
    row(Bookmarks, &[Key::Down, Char('j')], Some((0, "and up choose")), "bookmark below", "choose the bookmark below", Does::Screen(Screen::Down)),
    row(Bookmarks, &[Key::Up, Char('k')], None, "bookmark above", "choose the bookmark above", Does::Screen(Screen::Up)),
    row(Bookmarks, &[Key::Esc, Char('q'), Char('\'')], Some((0, "closes")), "close bookmarks", "close the list of bookmarks", Does::Screen(Screen::Back)),

    row(Faults, &[Key::Enter], Some((0, "does it")), "commit fault", "do it, or ask for the number that it needs", Does::Screen(Screen::Accept)),
    row(Faults, &[Char('1'), Char('2'), Char('3'), Char('4'), Char('5'), Char('6'), Char('7'), Char('8'), Char('9'), Char('0')], Some((1, "to 0 too")), "commit fault by number", "do what stands at this digit", Does::Screen(Screen::Digit)),
    row(Faults, &[Key::Down, Char('j')], Some((0, "and up choose")), "fault below", "choose the fault below", Does::Screen(Screen::Down)),
    row(Faults, &[Key::Up, Char('k')], None, "fault above", "choose the fault above", Does::Screen(Screen::Up)),
    row(Faults, &[Key::Esc, Char('q'), Char('x')], Some((0, "closes")), "close faults", "close the menu; nothing is done", Does::Screen(Screen::Back)),

    row(Findings, &[Key::Enter], Some((0, "goes there")), "go to finding", "close the list and stay at the chosen finding", Does::Screen(Screen::Accept)),
    row(Findings, &[Key::Down, Char('j'), Char('n')], Some((0, "and up choose")), "finding below", "choose the finding below, and select its block", Does::Screen(Screen::Down)),
    row(Findings, &[Key::Up, Char('k'), Char('N')], None, "finding above", "choose the finding above, and select its block", Does::Screen(Screen::Up)),
    row(Findings, &[Key::Esc, Char('q'), Char('V')], Some((0, "closes")), "close findings", "close the list of findings", Does::Screen(Screen::Back)),

    row(Context::Export, &[Key::Enter], Some((0, "asks for the file")), "name the file", "open the prompt with a file name for what is chosen", Does::Screen(Screen::Accept)),
    row(Context::Export, &[Char('1'), Char('2'), Char('3'), Char('4'), Char('5'), Char('6'), Char('7'), Char('8')], Some((1, "to 8 too")), "export by number", "ask for the file of what stands at this digit", Does::Screen(Screen::Digit)),
    row(Context::Export, &[Key::Down, Char('j')], Some((0, "and up choose")), "format below", "choose the format below", Does::Screen(Screen::Down)),
    row(Context::Export, &[Key::Up, Char('k')], None, "format above", "choose the format above", Does::Screen(Screen::Up)),
    row(Context::Export, &[Key::Esc, Char('q'), Char('E')], Some((0, "closes")), "close export", "close the menu; nothing is written", Does::Screen(Screen::Back)),

    row(Paste, &[Key::Enter], Some((0, "runs them")), "run pasted lines", "run the pasted lines in order", Does::Screen(Screen::Accept)),
    row(Branch, &[Key::Enter, Char('y')], Some((0, "branches")), "branch here", "go on from this moment, and do what was asked; the old future stays reachable", Does::Screen(Screen::Accept)),
    row(Branch, &[Key::Esc, Char('q'), Char('n')], Some((0, "changes nothing")), "change nothing", "do nothing: the past is looked at as before", Does::Screen(Screen::Back)),

    row(Paste, &[Key::Esc, Char('q')], Some((0, "drops them")), "drop pasted lines", "forget the pasted lines", Does::Screen(Screen::Back)),
];

#[expect(
    clippy::unnecessary_wraps,
    reason = "rows of the table share one signature"
)]
fn command(command: Command) -> Result<Request, String> {
    Ok(Request::Command(command))
}

fn filter_line(frame: &Frame) -> String {
    let words = frame
        .found
        .as_ref()
        .map_or("", |found| found.filter.as_str());
    format!("filter {words}")
}

fn found(frame: &Frame, target: Target) -> Result<Request, String> {
    match &frame.check {
        Some(check) if check.sought => finding(frame, target).map(Request::Select),
        _ if frame.found.is_some() => Ok(Request::Select(target)),
        _ => Err(
            "there is no filter: {filter} sets one; {heap-validate} looks for damage".to_owned(),
        ),
    }
}

/// The block of the next finding, or of the one before; behind the last comes the first.
fn finding(frame: &Frame, target: Target) -> Result<Target, String> {
    let found = findings::kept(frame).iter();
    let mut blocks: Vec<u64> = found.filter_map(|found| found.block).collect();
    blocks.sort_unstable();
    let here = frame.picture.selected.as_ref().map(|block| block.address);
    let next = match target {
        Target::PreviousFound => {
            let before = blocks.iter().rfind(|&&block| Some(block) < here);
            before.or(blocks.last())
        }
        _ => {
            let behind = blocks.iter().find(|&&block| Some(block) > here);
            behind.or(blocks.first())
        }
    };
    let next = next.ok_or("what was found lies in no block; {heap-validate} lists it")?;
    Ok(Target::Address(*next))
}

fn free_selected(frame: &Frame) -> Result<Request, String> {
    if frame.played.is_some() {
        // The cursor is on what the step is about; in the middle of a call nothing is free or busy already.
        return Err(
            "a call is played: {finish-play} finishes it, {give-up-play} gives it up".to_owned(),
        );
    }
    if let Some(range) = &frame.picture.range {
        let (from, to) = (numbers::address(range.from), numbers::address(range.to));
        return Ok(Request::Line(format!(
            "free where busy from={from} to={to}"
        )));
    }
    let block = frame
        .picture
        .selected
        .as_ref()
        .ok_or("no block is selected; {previous-block} and {next-block} select one")?;
    match block.state {
        BlockState::Busy | BlockState::Large | BlockState::Damaged => {
            Ok(Request::FreeAt(block.address))
        }
        BlockState::Free => Err(
            "this block is free already; {previous-block} and {next-block} select another"
                .to_owned(),
        ),
        BlockState::Control => Err(
            "this is the heap's own memory; {previous-block} and {next-block} select a block"
                .to_owned(),
        ),
    }
}

fn toggle_coalesce(frame: &Frame) -> Result<Request, String> {
    command(Command::Coalesce(!frame.picture.heap.coalesce))
}

fn toggle_serialize(frame: &Frame) -> Result<Request, String> {
    command(Command::Serialize(!frame.picture.heap.serialize))
}

fn heapmin(frame: &Frame) -> Result<Request, String> {
    command(if frame.picture.heap.crt {
        Command::Heapmin
    } else {
        Command::Minimize
    })
}

fn next_policy(frame: &Frame) -> Result<Request, String> {
    let current = Policy::ALL
        .iter()
        .position(|policy| *policy == frame.picture.heap.policy)
        .unwrap_or(0);
    command(Command::Policy(
        Policy::ALL[(current + 1) % Policy::ALL.len()],
    ))
}

/// A step of the calls under way.
fn step(frame: &Frame, to: StepTo) -> Result<Request, String> {
    match &frame.interleaved {
        Some(calls) if !calls.is_over() => command(Command::Step(to)),
        Some(_) => Err("both calls have ended; {undo} takes them back".to_owned()),
        None => Err("no calls are under way; {open-row} on an example begins two".to_owned()),
    }
}

/// Another moment. While a call is played, its steps are the moments that can be looked at.
fn seek(frame: &Frame, to: SeekTo) -> Result<Request, String> {
    match (&frame.played, to) {
        (None, _) => command(Command::Seek(to)),
        (Some(_), SeekTo::By(Direction::Back, by)) => command(Command::Step(StepTo::Back(by))),
        (Some(_), SeekTo::By(Direction::Forward, by)) => {
            command(Command::Step(StepTo::Forward(by)))
        }
        (Some(_), SeekTo::Mark(Direction::Back)) => command(Command::Step(StepTo::To(0))),
        (Some(_), SeekTo::Mark(Direction::Forward)) => {
            command(Command::Step(StepTo::To(last_step(frame))))
        }
        (Some(_), _) => Err("a call is played: {finish-play} finishes it first".to_owned()),
    }
}

/// The line that leads to another line of history.
fn branch_line(frame: &Frame) -> String {
    let other = frame.time.branches.first();
    other.map_or("branch ".to_owned(), |other| {
        format!("branch {}", other.number)
    })
}

/// How many steps the call that is played has.
fn last_step(frame: &Frame) -> u64 {
    frame.played.as_ref().map_or(0, |played| played.total)
}

/// A step of the call that is played.
fn play_step(frame: &Frame, to: StepTo) -> Result<Request, String> {
    match &frame.played {
        Some(_) => command(Command::Step(to)),
        None => Err("no call is played; {play} offers one".to_owned()),
    }
}

fn script_goes_on(frame: &Frame) -> Result<Request, String> {
    match frame.script {
        Some(_) => Ok(Request::ToggleRun),
        None => Err("no script waits here; {t1-moves} and {t2-moves} make steps".to_owned()),
    }
}

fn next_heap(frame: &Frame) -> Result<Request, String> {
    match frame.next_heap {
        Some(number) => command(Command::HeapUse(number)),
        None => Err("there is only one heap; \"heap new growable\" makes another".to_owned()),
    }
}

fn undo(frame: &Frame) -> Result<Request, String> {
    if frame.undo == 0 {
        Err("there is nothing to undo".to_owned())
    } else {
        Ok(Request::Undo)
    }
}

fn redo(frame: &Frame) -> Result<Request, String> {
    if frame.redo == 0 {
        Err("there is nothing to redo".to_owned())
    } else {
        Ok(Request::Redo)
    }
}

fn alloc_line(frame: &Frame) -> String {
    format!(
        "alloc {} {}",
        frame.next_name,
        numbers::typed_size(frame.next_size)
    )
}

/// What a person who looks at a block most likely wants to see: a busy one freed, a hole filled, else the next request.
fn play_line(frame: &Frame) -> String {
    // In the past that is what was done next.
    if let Some(next) = frame.time.next.as_ref().filter(|_| frame.time.past) {
        return format!("play {next}");
    }
    let selected = frame.picture.selected.as_ref();
    match selected.map(|block| (block.state, block)) {
        Some((BlockState::Busy | BlockState::Large, block)) => {
            let address = || numbers::address(block.payload);
            let name = block.name.clone().unwrap_or_else(address);
            format!("play free {name}")
        }
        _ => format!("play {}", alloc_line(frame)),
    }
}

fn realloc_line(frame: &Frame) -> String {
    let selected = frame.picture.selected.as_ref();
    let name = selected.map(|block| {
        block
            .name
            .clone()
            .unwrap_or_else(|| numbers::address(block.payload))
    });
    format!("realloc {} ", name.unwrap_or_else(|| "NAME".to_owned()))
}

fn free_half_line(frame: &Frame) -> String {
    let name = frame
        .picture
        .selected
        .as_ref()
        .and_then(|block| block.name.as_deref())
        .unwrap_or("b");
    let base = name.trim_end_matches(|end: char| end.is_ascii_digit() || "[]".contains(end));
    format!("free {}[::2]", if base.is_empty() { "b" } else { base })
}
