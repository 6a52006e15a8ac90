//! What actions have in common, for lists of them.

use super::action::{Context, Does, Screen};

/// Under which heading an action is listed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Group {
    /// From block to block.
    Move,
    /// What is shown, how large, and where.
    View,
    /// On the selected block or the next request.
    Block,
    /// On the heap as a whole.
    Heap,
    /// What runs beside the screen.
    Run,
    /// Back, forth, and moments to compare with.
    Time,
    /// The prompt, help, and the way out.
    Guide,
    /// In panes and lists that have the keys.
    Lists,
    /// In the line that is typed.
    Prompt,
}

impl Group {
    /// Every group, in the order in which they are listed.
    pub const ALL: [Group; 9] = [
        Group::Move,
        Group::View,
        Group::Block,
        Group::Heap,
        Group::Run,
        Group::Time,
        Group::Guide,
        Group::Lists,
        Group::Prompt,
    ];

    /// The heading.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Group::Move => "Move",
            Group::View => "View",
            Group::Block => "Block",
            Group::Heap => "Heap",
            Group::Run => "Run",
            Group::Time => "Time",
            Group::Guide => "Prompt, help, end",
            Group::Lists => "In panes and lists",
            Group::Prompt => "In the prompt",
        }
    }

    /// Where an action belongs that its row does not put elsewhere.
    pub(super) const fn of(context: Context, does: &Does) -> Group {
        match context {
            Context::Map | Context::GoTo | Context::Everywhere => {}
            Context::Card
            | Context::Script
            | Context::Tour
            | Context::Lesson
            | Context::Reading
            | Context::Question
            | Context::Hole
            | Context::Task
            | Context::Presenter => return Group::Guide,
            Context::Prompt | Context::Search => return Group::Prompt,
            _ => return Group::Lists,
        }
        match does {
            Does::Move(_) | Does::Page(_) | Does::Screen(Screen::OpenGoTo) => Group::Move,
            Does::Verb(_) => Group::Heap,
            Does::Ask(_) => Group::Run,
            Does::Prompt(_) | Does::Screen(Screen::Repeat) => Group::Block,
            Does::Screen(
                Screen::OpenHelp
                | Screen::OpenExplain
                | Screen::OpenPrompt
                | Screen::OpenLessons
                | Screen::BeginTour
                | Screen::EndTour
                | Screen::Back
                | Screen::Quit
                | Screen::Interrupt
                | Screen::Suspend,
            ) => Group::Guide,
            Does::Screen(_) => Group::View,
        }
    }
}
