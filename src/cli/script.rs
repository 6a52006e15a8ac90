//! Scripts and traces on a session, from beginning to end.

use std::path::Path;

use crate::session::frame::{Answer, Tone};
use crate::session::{Command, Session, parse_script};

use super::exit::{Exit, Failure};
use super::input::{self, DEMO, Input};
use super::out;

/// What was run, and how it ended.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Outcome {
    /// Expectations that did not hold.
    pub(super) failed: u64,
    /// Commands that do not apply, such as a free of a name that no block has.
    pub(super) refused: u64,
}

impl Outcome {
    /// A command that does not apply is a mistake of the script, as one that cannot be read is.
    pub(super) fn exit(self) -> Exit {
        match self {
            Outcome { refused: 1.., .. } => Exit::Refused,
            Outcome { failed: 1.., .. } => Exit::Failed,
            Outcome {
                failed: 0,
                refused: 0,
            } => Exit::Success,
        }
    }
}

/// Reads a file and carries it out on a new session. `each` sees every answer with the number of its line.
pub(super) fn run_file(
    path: &Path,
    mut each: impl FnMut(usize, &Answer) -> Result<(), Failure>,
) -> Result<(Session, Outcome), Failure> {
    let name = input::name_of(path);
    match input::script_or_trace(path)? {
        Input::Script(script) => {
            let commands = script.iter().map(|(_, command)| command);
            run_script(session_for(path, commands)?, &name, &script, each)
        }
        Input::Trace(trace) => {
            let mut session = Session::new()?;
            session.without_undo();
            let answer = session.run_recorded(&name, trace.steps().into());
            each(1, &answer)?;
            Ok((session, Outcome::default()))
        }
    }
}

/// The session after the demonstration.
pub(super) fn run_demo() -> Result<Session, Failure> {
    let script = parse_script(DEMO.1, DEMO.0)?;
    let commands = script.iter().map(|(_, command)| command);
    let session = session_for(Path::new(DEMO.0), commands)?;
    Ok(run_script(session, DEMO.0, &script, |_, _| Ok(()))?.0)
}

/// A session for a script: nobody is there to undo anything, unless the script itself does.
pub(super) fn session_for<'a>(
    path: &Path,
    mut commands: impl Iterator<Item = &'a Command>,
) -> Result<Session, Failure> {
    let mut session = Session::new()?;
    session.set_source(path);
    let goes_back = |command: &Command| {
        matches!(
            command,
            Command::Undo | Command::Redo | Command::Seek(_) | Command::Branch(_)
        )
    };
    if !commands.any(goes_back) {
        session.without_undo();
    }
    Ok(session)
}

/// What is counted while a script is carried out.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Tally {
    pub(super) outcome: Outcome,
}

impl Tally {
    /// Takes in an answer of the session; answers whether it is one that the script did not want.
    pub(super) fn count(&mut self, session: &Session, answer: &Answer) -> bool {
        let failed = session.failed_expectations() - self.outcome.failed;
        self.outcome.failed += failed;
        let refused = answer.tone == Tone::Refused;
        self.outcome.refused += u64::from(refused);
        failed > 0 || refused
    }
}

fn run_script(
    mut session: Session,
    name: &str,
    script: &[(usize, Command)],
    mut each: impl FnMut(usize, &Answer) -> Result<(), Failure>,
) -> Result<(Session, Outcome), Failure> {
    let mut tally = Tally::default();
    let until_quit = script
        .iter()
        .take_while(|(_, command)| *command != Command::Quit);
    for (line, command) in until_quit {
        let answer = session.apply(command);
        each(*line, &answer)?;
        for late in session.late_answers() {
            each(*line, late)?;
        }
        if tally.count(&session, &answer) {
            out::say(&format_args!(
                "{name}:{line}: {}: {}",
                answer.command, answer.words
            ));
        }
    }
    if let Some(waits) = session.waits() {
        out::say(&format_args!("{name}: at the end {waits}"));
    }
    Ok((session, tally.outcome))
}
