//! Scripts that come with heapwalk: each shows one thing that goes wrong where two calls meet without a lock.

use super::command::Command;
use super::frame::Answer;
use super::parse::parse_script;
use super::session::Session;
use super::words::count;

/// A script that comes with heapwalk.
#[derive(PartialEq, Eq, Debug)]
pub struct Example {
    /// What it is called.
    pub name: &'static str,
    /// What it shows.
    pub doc: &'static str,
    /// The script, as a person could type it.
    pub text: &'static str,
}

/// All of them, the simplest first.
pub static EXAMPLES: [Example; 3] = [
    Example {
        name: "lost-update",
        doc: "two calls add to one counter, and one of the sums is lost",
        text: include_str!("../../assets/examples/lost-update.heap"),
    },
    Example {
        name: "double-handout",
        doc: "two requests are given one and the same block",
        text: include_str!("../../assets/examples/double-handout.heap"),
    },
    Example {
        name: "torn-list",
        doc: "two blocks are put at the head of one list, and one of them falls off",
        text: include_str!("../../assets/examples/torn-list.heap"),
    },
];

impl Example {
    /// The example of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Example> {
        EXAMPLES.iter().find(|example| example.name == name)
    }

    /// Its commands.
    #[must_use]
    pub fn commands(&self) -> Vec<Command> {
        parse_script(self.text, self.name).map_or_else(
            |_| Vec::new(),
            |lines| lines.into_iter().map(|(_, command)| command).collect(),
        )
    }
}

impl Session {
    /// `example NAME` where nothing goes from pause to pause: carries it out from beginning to end.
    pub(super) fn example(&mut self, example: &Example) -> Answer {
        let commands = example.commands();
        for command in &commands {
            self.apply_quietly(command);
        }
        let words = format!(
            "{}: {}",
            count(commands.len() as u64, "command"),
            example.doc
        );
        let answer = Answer {
            command: format!("example {}", example.name),
            ..Answer::note(words)
        };
        self.tell(answer.clone());
        answer
    }
}
