//! Actions: what a row of the table in `keymap.rs` says. Which keys they have is asked of the bindings.

use tui_input::InputRequest;

use crate::session::frame::{Frame, Request, Target};

use super::key::Key;
use super::panes::Pane;

pub use super::group::Group;
pub use super::keymap::ACTIONS;

/// The name of the action that starts the default workload, or pauses what runs.
pub(super) const RUN: &str = "run";
/// The action of the same key beside calls that a script began, by name.
pub(super) const SCRIPT_GOES_ON: &str = "script goes on";

/// Where a key counts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Context {
    /// Nothing lies over the map.
    Map,
    /// A pane with rows to choose has the focus; keys that it does not bind count as in the map.
    Rows,
    /// The pane of calls made step by step has the focus; keys that it does not bind count as in a pane with rows.
    Stepping,
    /// The pane of a call that is played has the focus; keys that it does not bind count as in the map.
    Playing,
    /// The past is looked at; keys that it does not bind count as in the map.
    Past,
    /// A pane that scrolls has the focus; keys that it does not bind count as in the map.
    Lines,
    /// The card of the first minute lies over the map; keys that it does not bind count as in the map.
    Card,
    /// A script waits or runs; keys that it does not bind count as in the map.
    Script,
    /// The tour is under way; keys that it does not bind count as in the map, as far as they only look.
    Tour,
    /// The list of lessons is open.
    Lessons,
    /// A lesson is played; keys that it does not bind count as in the map.
    Lesson,
    /// A lesson's words are read; keys that it does not bind count as in a lesson, as far as they only look.
    Reading,
    /// A lesson asks for one of several answers; keys that it does not bind count as in a lesson, as far as they only look.
    Question,
    /// A lesson asks for a hole of the map; keys that it does not bind count as in a lesson, as far as they only look.
    Hole,
    /// A lesson's challenge is worked at; keys that it does not bind count as in a lesson.
    Task,
    /// A lesson is presented; keys that it does not bind count as in a lesson, as far as they only look.
    Presenter,
    /// After `g`.
    GoTo,
    /// The prompt is open.
    Prompt,
    /// The list of actions is open.
    Help,
    /// The explanations are open.
    Explain,
    /// What is looked for in the explanations is being typed.
    Terms,
    /// What is looked for in the history of the prompt is being typed.
    Search,
    /// The list of bookmarks is open.
    Bookmarks,
    /// The fault menu is open.
    Faults,
    /// The list of findings is open.
    Findings,
    /// The export menu is open.
    Export,
    /// A verb in the past waits for a yes.
    Branch,
    /// Pasted lines wait for a yes.
    Paste,
    /// Always.
    Everywhere,
}

/// One row of the table.
#[derive(Debug)]
pub struct Action {
    /// Where its keys count.
    pub context: Context,
    /// Its keys unless a configuration says otherwise; the first is shown in the footer.
    pub keys: &'static [Key],
    /// Its word in the footer, if it has a place there, and its rank: 0 is left out last.
    pub footer: Option<(u8, &'static str)>,
    /// Its name, as the answer line echoes it.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub doc: &'static str,
    /// Where lists of actions have it.
    pub group: Group,
    /// What it produces.
    pub does: Does,
}

/// What an action produces.
#[derive(Clone, Copy, Debug)]
pub enum Does {
    /// Moves the cursor.
    Move(Target),
    /// Moves the cursor by this many screens.
    Page(i32),
    /// Asks something of the heap; `Err` says why there is nothing to ask.
    Verb(fn(&Frame) -> Result<Request, String>),
    /// Asks something of the session that is no verb: not repeated by `.`.
    Ask(fn(&Frame) -> Result<Request, String>),
    /// Opens the prompt with these words.
    Prompt(fn(&Frame) -> String),
    /// Changes the screen itself.
    Screen(Screen),
}

/// What the screen does by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Screen {
    /// A quarter of the bytes in a cell.
    ZoomIn,
    /// Four times the bytes in a cell.
    ZoomOut,
    /// The whole heap.
    ZoomFit,
    /// The go-to list.
    OpenGoTo,
    /// The list of actions.
    OpenHelp,
    /// The explanations.
    OpenExplain,
    /// The prompt with its draft.
    OpenPrompt,
    /// The moments that were kept.
    OpenBookmarks,
    /// Ways to misuse the selected block.
    OpenFaults,
    /// What the screen, the heap and the session can be written as.
    OpenExport,
    /// Checks the heap, or lists what the last check found.
    Validate,
    /// What stands at a digit in the menu.
    Digit,
    /// Copies what is chosen where the focus is.
    Copy,
    /// Begins or goes on with a search: through the history of the prompt, or in the explanations.
    Search,
    /// The line that a search found, to be edited.
    TakeFound,
    /// All that is known of the command being typed.
    CommandHelp,
    /// The lessons.
    OpenLessons,
    /// What a learner does in a lesson.
    Lesson(LessonAct),
    /// The tour, from its first step.
    BeginTour,
    /// The tour is over.
    EndTour,
    /// The last verb again.
    Repeat,
    /// Leaves popup, prompt or zoom; never the program.
    Back,
    /// Closes the layer on top, else ends the program.
    Quit,
    /// Cancels what runs, then ends the program.
    Interrupt,
    /// Stops the process until it is resumed.
    Suspend,
    /// Runs what is in front: the typed line, the chosen action, the pasted lines.
    Accept,
    /// Up a line, or an older line of the history.
    Up,
    /// Down a line, or a newer line of the history.
    Down,
    /// Up a page.
    PageUp,
    /// Down a page.
    PageDown,
    /// Completes the typed line.
    Complete,
    /// Edits the typed line.
    Edit(InputRequest),
    /// Shows threads that work, or opens the prompt to start some.
    Threads,
    /// Focuses a pane, or shows it in the map's place.
    Pane(Pane),
    /// The next pane on the screen.
    NextPane,
    /// The pane before.
    PreviousPane,
    /// The pane with the focus on the whole screen, or back.
    Maximise,
    /// Begins a range of addresses, or drops it.
    Range,
    /// Another row of the pane with the focus.
    Row(RowStep),
    /// Opens the chosen row of the pane with the focus.
    OpenRow,
    /// Gives up the calls under way step by step, and leaves their pane.
    GiveUp,
}

/// What a learner does in a lesson.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LessonAct {
    /// Goes on; gives the chosen answer.
    Next,
    /// Goes back.
    Back,
    /// Chooses the answer so many rows below (negative: above).
    Choose(i32),
    /// Answers with the hole under the cursor.
    Hole,
    /// Stays where it is, and is told how to go on.
    Stay,
    /// Asks for a hint.
    Hint,
    /// Begins the challenge anew.
    Restart,
    /// Looks at the solution.
    Solution,
    /// Begins or ends presenting.
    Present,
    /// Blanks the screen.
    Blank,
    /// Ends the lesson.
    Leave,
}

/// A way through the rows of a pane.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RowStep {
    /// So many rows down (negative: up).
    Rows(i32),
    /// So many pages down (negative: up).
    Pages(i32),
    /// To the first.
    First,
    /// To the last.
    Last,
}

impl Context {
    /// Every context, in the order of the table.
    pub const ALL: [Context; 29] = [
        Context::Map,
        Context::Everywhere,
        Context::Card,
        Context::Script,
        Context::Tour,
        Context::Lessons,
        Context::Lesson,
        Context::Reading,
        Context::Question,
        Context::Hole,
        Context::Task,
        Context::Presenter,
        Context::Rows,
        Context::Stepping,
        Context::Playing,
        Context::Past,
        Context::Branch,
        Context::Lines,
        Context::GoTo,
        Context::Prompt,
        Context::Help,
        Context::Explain,
        Context::Terms,
        Context::Search,
        Context::Bookmarks,
        Context::Faults,
        Context::Findings,
        Context::Export,
        Context::Paste,
    ];

    /// Its name in a configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Context::Map => "map",
            Context::Card => "card",
            Context::Script => "script",
            Context::Tour => "tour",
            Context::Lessons => "lessons",
            Context::Lesson => "lesson",
            Context::Reading => "reading",
            Context::Question => "question",
            Context::Hole => "hole",
            Context::Task => "task",
            Context::Presenter => "presenter",
            Context::Rows => "rows",
            Context::Stepping => "stepping",
            Context::Playing => "playing",
            Context::Past => "past",
            Context::Branch => "branch",
            Context::Lines => "lines",
            Context::GoTo => "go-to",
            Context::Prompt => "prompt",
            Context::Help => "help",
            Context::Explain => "explain",
            Context::Terms => "terms",
            Context::Search => "search",
            Context::Bookmarks => "bookmarks",
            Context::Faults => "faults",
            Context::Findings => "findings",
            Context::Export => "export",
            Context::Paste => "paste",
            Context::Everywhere => "everywhere",
        }
    }

    /// Where its keys count, in words.
    #[must_use]
    pub fn place(self) -> &'static str {
        match self {
            Context::Map => "the map",
            Context::Card => "the card of the first minute",
            Context::Script => "a script",
            Context::Tour => "the tour",
            Context::Lessons => "the list of lessons",
            Context::Lesson => "a lesson",
            Context::Reading => "the words of a lesson",
            Context::Question => "a question of a lesson",
            Context::Hole => "a question about a hole",
            Context::Task => "a challenge",
            Context::Presenter => "the presentation of a lesson",
            Context::Rows => "a pane of rows",
            Context::Stepping => "the pane of calls made step by step",
            Context::Playing => "the pane of a call that is played",
            Context::Past => "the past",
            Context::Branch => "the question whether to branch",
            Context::Lines => "a pane that scrolls",
            Context::GoTo => "the go-to list",
            Context::Prompt => "the prompt",
            Context::Help => "the list of keys",
            Context::Explain => "the explanations",
            Context::Terms => "the search in the explanations",
            Context::Search => "the search in the history",
            Context::Bookmarks => "the list of bookmarks",
            Context::Faults => "the fault menu",
            Context::Findings => "the list of findings",
            Context::Export => "the export menu",
            Context::Paste => "the question about pasted lines",
            Context::Everywhere => "all places",
        }
    }

    /// Whether a letter without a meaning of its own is typed into a line.
    #[must_use]
    pub fn types_letters(self) -> bool {
        matches!(
            self,
            Context::Prompt | Context::Help | Context::Lessons | Context::Terms | Context::Search
        )
    }

    /// Whether it lies over the map and has to be left.
    #[must_use]
    pub fn is_layer(self) -> bool {
        self != Context::Map && self.parent() == Some(Context::Everywhere)
    }

    /// Where a key counts that means nothing here.
    #[must_use]
    pub fn parent(self) -> Option<Context> {
        match self {
            Context::Rows
            | Context::Playing
            | Context::Past
            | Context::Lines
            | Context::Card
            | Context::Script
            | Context::Tour => Some(Context::Map),
            Context::Lesson => Some(Context::Map),
            Context::Reading
            | Context::Question
            | Context::Hole
            | Context::Task
            | Context::Presenter => Some(Context::Lesson),
            Context::Stepping => Some(Context::Rows),
            Context::Everywhere => None,
            _ => Some(Context::Everywhere),
        }
    }

    /// Whether what acts waits here until the person leads again.
    #[must_use]
    pub fn holds_back(self) -> bool {
        self == Context::Tour || (self != Context::Task && self.parent() == Some(Context::Lesson))
    }

    /// This one, and those where a key counts that means nothing here, the nearest first.
    pub fn chain(self) -> impl Iterator<Item = Context> {
        std::iter::successors(Some(self), |context| context.parent())
    }

    /// Those of them that are peculiar to where one is: all but the map and what is behind it.
    pub fn here(self) -> impl Iterator<Item = Context> {
        self.chain()
            .take_while(|context| !matches!(context, Context::Map | Context::Everywhere))
    }

    /// Whether the keys of the map count here, but for those that mean something else.
    #[must_use]
    pub fn is_over_map(self) -> bool {
        self.chain().any(|context| context == Context::Map)
    }
}

impl Action {
    /// Whether it reads the frame, and so must not run on one that is out of date.
    #[must_use]
    pub fn reads_frame(&self) -> bool {
        match self.does {
            Does::Verb(_) | Does::Ask(_) | Does::Prompt(_) => true,
            Does::Screen(screen) => {
                matches!(
                    screen,
                    Screen::ZoomIn
                        | Screen::ZoomOut
                        | Screen::Repeat
                        | Screen::Accept
                        | Screen::Copy
                        | Screen::OpenBookmarks
                        | Screen::OpenFaults
                        | Screen::OpenExport
                        | Screen::Validate
                        | Screen::Digit
                        | Screen::Lesson(LessonAct::Hole)
                        | Screen::OpenRow
                        | Screen::GiveUp
                        | Screen::Row(_)
                        | Screen::Range
                )
            }
            Does::Move(_) | Does::Page(_) => false,
        }
    }

    /// Whether it asks something of the heap or of the session, or is about to; the others only look.
    #[must_use]
    pub fn acts(&self) -> bool {
        match self.does {
            Does::Verb(_) | Does::Ask(_) | Does::Prompt(_) => true,
            Does::Screen(screen) => matches!(
                screen,
                Screen::OpenPrompt
                    | Screen::Repeat
                    | Screen::BeginTour
                    | Screen::OpenFaults
                    | Screen::Validate
                    | Screen::GiveUp
            ),
            Does::Move(_) | Does::Page(_) => false,
        }
    }

    /// Whether it makes the screen do this.
    #[must_use]
    pub fn is_screen(&self, screen: Screen) -> bool {
        matches!(self.does, Does::Screen(does) if does == screen)
    }

    /// Whether it is this in a lesson.
    #[must_use]
    pub fn is_lesson(&self, act: LessonAct) -> bool {
        self.is_screen(Screen::Lesson(act))
    }

    /// Its name in a configuration: `HeapCompact` is `heap-compact`, `free every second` is `free-every-second`.
    #[must_use]
    pub fn id(&self) -> String {
        let mut id = String::with_capacity(self.name.len() + 4);
        let mut last = ' ';
        for letter in self.name.chars() {
            let begins = letter.is_uppercase() && last.is_lowercase();
            if (begins || !last.is_alphanumeric()) && letter.is_alphanumeric() && !id.is_empty() {
                id.push('-');
            }
            if letter.is_alphanumeric() {
                id.extend(letter.to_lowercase());
            }
            last = letter;
        }
        id
    }

    /// The action of this name in a configuration.
    #[must_use]
    pub fn of_id(id: &str) -> Option<&'static Action> {
        ACTIONS.iter().find(|action| action.id() == id)
    }
}

impl PartialEq for Action {
    fn eq(&self, other: &Action) -> bool {
        std::ptr::eq(self, other)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_key_stands_twice_in_a_context() {
        let mut seen = HashSet::new();
        for action in ACTIONS {
            assert!(
                !action.keys.is_empty() && !action.doc.is_empty(),
                "{}",
                action.name
            );
            for key in action.keys {
                assert!(
                    seen.insert((action.context, *key)),
                    "{key} twice in {:?}",
                    action.context
                );
                let everywhere = action.context != Context::Everywhere
                    && seen.contains(&(Context::Everywhere, *key));
                assert!(
                    !everywhere,
                    "{key} of {:?} hides a key that counts everywhere",
                    action.context
                );
            }
        }
    }

    #[test]
    fn keys_that_terminals_cannot_tell_apart_are_not_bound() {
        for action in ACTIONS {
            for key in action.keys {
                assert_eq!(key.to_string().parse(), Ok(*key), "{}", action.name);
            }
        }
    }

    #[test]
    fn ids_are_unique_and_lead_back() {
        let mut ids = HashSet::new();
        for action in ACTIONS {
            let id = action.id();
            let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
            assert!(id.starts_with(plain) && id.ends_with(plain), "{id}");
            assert!(
                id.chars().all(|letter| plain(letter) || letter == '-'),
                "{id}"
            );
            assert_eq!(Action::of_id(&id), Some(action), "{id}");
            assert!(ids.insert(id), "{} twice", action.name);
        }
        for id in ["heap-compact", "heapmin", "free-every-second", "go-to-last"] {
            assert!(ids.contains(id), "{id}");
        }
        assert_eq!(Action::of_id("HeapCompact"), None);
    }

    #[test]
    fn every_context_has_actions_and_a_name_of_its_own() {
        let mut names = HashSet::new();
        for context in Context::ALL {
            assert!(names.insert(context.name()), "{context:?}");
            assert!(ACTIONS.iter().any(|action| action.context == context));
        }
        assert!(
            ACTIONS
                .iter()
                .all(|action| Context::ALL.contains(&action.context))
        );
    }

    #[test]
    fn names_are_unique_and_sentences_are_fragments() {
        let mut names = HashSet::new();
        for action in ACTIONS {
            assert!(names.insert(action.name), "{} twice", action.name);
            assert!(!action.doc.ends_with('.'), "{}", action.doc);
        }
    }
}
