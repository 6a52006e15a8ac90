//! A script beside the screen: what is left of it, and how far it has come.

use std::collections::VecDeque;

use super::Command;
use super::frame::Script;
use super::journal::Deed;

/// What is left of a script. Its pauses part it into steps.
#[derive(Default)]
pub(super) struct ScriptRun {
    left: VecDeque<Deed>,
    /// It goes on as soon as nothing else runs.
    runs: bool,
    steps: usize,
    /// Pauses that it has come to.
    passed: usize,
}

impl ScriptRun {
    /// A script at its first line, about to begin.
    pub(super) fn new(deeds: Vec<Deed>) -> ScriptRun {
        let pauses = deeds
            .iter()
            .take(deeds.len().saturating_sub(1))
            .filter(|deed| is_pause(deed));
        ScriptRun {
            runs: true,
            steps: pauses.count() + 1,
            passed: 0,
            left: deeds.into(),
        }
    }

    /// How many lines are left.
    pub(super) fn left(&self) -> usize {
        self.left.len()
    }

    /// Whether lines are left.
    pub(super) fn is_left(&self) -> bool {
        !self.left.is_empty()
    }

    /// Whether its next line is due.
    pub(super) fn is_due(&self) -> bool {
        self.runs && self.is_left()
    }

    /// Goes on to the next pause.
    pub(super) fn go_on(&mut self) {
        self.runs = true;
    }

    /// Waits, as at a pause.
    pub(super) fn wait(&mut self) {
        self.runs = false;
    }

    /// The next line; at a pause it waits, and there is none.
    pub(super) fn next_line(&mut self) -> Option<Deed> {
        match self.left.pop_front() {
            Some(deed) if is_pause(&deed) => {
                self.passed += 1;
                self.wait();
                None
            }
            line => line,
        }
    }

    /// How far it has come; `None` once it is over.
    pub(super) fn progress(&self) -> Option<Script> {
        let waits = !self.runs;
        self.is_left().then(|| Script {
            step: (self.passed + usize::from(!waits)).clamp(1, self.steps),
            of: self.steps,
            waits,
        })
    }
}

fn is_pause(deed: &Deed) -> bool {
    *deed == Deed::Command(Command::Pause)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(lines: &str) -> ScriptRun {
        let command = |line: char| match line {
            '|' => Deed::Command(Command::Pause),
            _ => Deed::Command(Command::Walk),
        };
        ScriptRun::new(lines.chars().map(command).collect())
    }

    /// `|` is a pause, anything else a line; what is told after each line until the script waits, and whether it does.
    #[test]
    fn steps_are_counted_by_pauses() {
        let at = |step, of, waits| Some(Script { step, of, waits });
        for (lines, begin, first, second) in [
            ("", None, None, None),
            ("a", at(1, 1, false), None, None),
            ("a|", at(1, 1, false), None, None),
            ("aa|b", at(1, 2, false), at(1, 2, true), None),
            ("|a|b", at(1, 3, false), at(1, 3, true), at(2, 3, true)),
        ] {
            let mut script = script(lines);
            assert_eq!(script.progress(), begin, "{lines:?}");
            for expected in [first, second] {
                script.go_on();
                while script.is_due() {
                    script.next_line();
                }
                assert_eq!(script.progress(), expected, "{lines:?}");
            }
        }
    }
}
