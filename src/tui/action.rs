//! Actions: what a row of the table in `keymap.rs` says. Footer, `?` and key dispatch read nothing else.

use tui_input::InputRequest;

use crate::session::frame::{Frame, Request, Target};

use super::key::Key;
use super::panes::Pane;

pub use super::keymap::ACTIONS;

/// Where a key counts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Context {
    /// Nothing lies over the map.
    Map,
    /// A pane with rows to choose has the focus; keys that it does not bind count as in the map.
    Rows,
    /// A pane that scrolls has the focus; keys that it does not bind count as in the map.
    Lines,
    /// After `g`.
    GoTo,
    /// The prompt is open.
    Prompt,
    /// The list of actions is open.
    Help,
    /// The explanations are open.
    Explain,
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
    /// Its keys; the first is shown in the footer.
    pub keys: &'static [Key],
    /// Its word in the footer, if it has a place there, and its rank: 0 is left out last.
    pub footer: Option<(u8, &'static str)>,
    /// Its name, as the answer line echoes it.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub doc: &'static str,
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
    /// Where a key counts that means nothing here.
    #[must_use]
    pub fn parent(self) -> Option<Context> {
        match self {
            Context::Rows | Context::Lines => Some(Context::Map),
            Context::Everywhere => None,
            _ => Some(Context::Everywhere),
        }
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
                        | Screen::OpenRow
                        | Screen::Row(_)
                        | Screen::Range
                )
            }
            Does::Move(_) | Does::Page(_) => false,
        }
    }

    /// Its keys in words: `h left`.
    #[must_use]
    pub fn key_names(&self) -> String {
        let prefix = if self.context == Context::GoTo {
            "g"
        } else {
            ""
        };
        self.keys
            .iter()
            .map(|key| format!("{prefix}{key}"))
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// Whether every word of `filter` occurs in its keys, name or sentence, whatever the case.
    #[must_use]
    pub fn matches(&self, filter: &str) -> bool {
        let text = format!("{} {} {}", self.key_names(), self.name, self.doc).to_lowercase();
        filter
            .to_lowercase()
            .split_whitespace()
            .all(|word| text.contains(word))
    }
}

impl PartialEq for Action {
    fn eq(&self, other: &Action) -> bool {
        std::ptr::eq(self, other)
    }
}

/// The action of a key in a context.
#[must_use]
pub fn find(context: Context, key: Key) -> Option<&'static Action> {
    let of = |context: Context| {
        ACTIONS
            .iter()
            .find(|action| action.context == context && action.keys.contains(&key))
    };
    std::iter::successors(Some(context), |context| context.parent()).find_map(of)
}

/// The hints of a context's footer in the order of the table.
pub fn hints(context: Context) -> impl Iterator<Item = (&'static Action, u8, &'static str)> {
    ACTIONS
        .iter()
        .filter(move |action| action.context == context)
        .filter_map(|action| action.footer.map(|(rank, word)| (action, rank, word)))
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
                assert!(
                    !matches!(key, Key::Ctrl('h' | 'i' | 'j' | 'm' | '[' | 's' | 'q')),
                    "{}: {key}",
                    action.name
                );
            }
        }
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
