//! Carrying out lines of a lesson without a screen.

use crate::session::frame::{Answer, Tone};
use crate::session::{Command, Condition, Metric, Session};

use super::check::Failure;
use super::model::{Line, leads_out};

/// What becomes of a call that fails as it would on Windows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Failing {
    /// The line below has to expect it.
    Expected,
    /// It is an answer like any other.
    Allowed,
}

const A_COMMAND: &str = "a command that can be done";

/// What came of some lines.
#[derive(Default)]
pub(super) struct Ran {
    /// Expectations that were looked at.
    pub(super) expectations: usize,
    /// What did not go as it should.
    pub(super) failures: Vec<Failure>,
}

/// Carries out lines to the last, whatever comes of each.
pub(super) fn run(session: &mut Session, lines: &[Line], failing: Failing) -> Ran {
    carry_out(session, lines, failing, None)
}

/// The same in a challenge, behind which lie so many commands: none leads to before its beginning.
pub(super) fn run_from(session: &mut Session, lines: &[Line], failing: Failing, begin: u64) -> Ran {
    carry_out(session, lines, failing, Some(begin))
}

fn carry_out(session: &mut Session, lines: &[Line], failing: Failing, begin: Option<u64>) -> Ran {
    let mut ran = Ran::default();
    for (index, line) in lines.iter().enumerate() {
        let own = begin.map(|begin| session.calls().commands.saturating_sub(begin));
        if let Some(words) = own.and_then(|own| leads_out(&line.command, own)) {
            ran.failures.push(Failure {
                line: line.number,
                what: line.command.to_string(),
                expected: A_COMMAND.to_owned(),
                found: words.to_owned(),
            });
            continue;
        }
        let answer = session.apply(&line.command);
        if let Command::Expect {
            metric,
            relation,
            value,
        } = line.command
        {
            ran.expectations += 1;
            let condition = Condition {
                metric,
                relation,
                value,
            };
            if answer.tone != Tone::Note {
                ran.failures.push(broken(session, line, condition));
            }
            continue;
        }
        // What real threads run into does not repeat, so no line can expect it.
        let excused = failing == Failing::Allowed
            || matches!(line.command, Command::Threads(_))
            || lines.get(index + 1).is_some_and(excuses);
        let expected = match answer.tone {
            Tone::Refused => A_COMMAND,
            Tone::Failed if !excused => {
                "a call that succeeds, or behind it a line such as expect result == 0"
            }
            _ => continue,
        };
        ran.failures.push(Failure {
            line: line.number,
            what: line.command.to_string(),
            expected: expected.to_owned(),
            found: told(&answer),
        });
    }
    ran
}

/// Whether a line says that the call above it fails on purpose.
fn excuses(line: &Line) -> bool {
    const OF_CALLS: [Metric; 5] = [
        Metric::Result,
        Metric::LastError,
        Metric::Errno,
        Metric::Findings,
        Metric::Failures,
    ];
    matches!(line.command, Command::Expect { metric, .. } if OF_CALLS.contains(&metric))
}

/// An expectation that does not hold.
pub(super) fn broken(session: &Session, line: &Line, condition: Condition) -> Failure {
    let found = session.metric(condition.metric);
    Failure {
        line: line.number,
        what: "expect".to_owned(),
        expected: condition.to_string(),
        found: found.map_or_else(|| "unknown here".to_owned(), |value| value.to_string()),
    }
}

/// An answer in a line.
fn told(answer: &Answer) -> String {
    match (answer.call.as_str(), answer.words.as_str()) {
        ("", words) => words.to_owned(),
        (call, "") => call.to_owned(),
        (call, words) => format!("{call}: {words}"),
    }
}
