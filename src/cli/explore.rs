//! `heapwalk`, `heapwalk FILE` and `heapwalk open`: the explorer, where there is a terminal.

use std::cell::RefCell;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use color_eyre::eyre::WrapErr;

use crate::session::frame::{Frame, Request};
use crate::session::{Command, History, Journal, Past, Session, SessionThread, last_journal};
use crate::tui::{self, Environment, Opening, Options, Source, Waker};

use super::args::Open;
use super::config::Config;
use super::exit::{Exit, Failure};
use super::input::{self, Beginning};
use super::{frame, learn, lessons, places};

/// The session begun last, as the command line names it.
const LAST: &str = "last";

const NO_JOURNAL_OF_TRACE: &str = "no journal is kept of a session on a trace: its steps are no commands that could be done again";

/// Shows the explorer if somebody sits at both ends; else prints what it would show first.
pub(super) fn run(file: Option<&Path>, config: &Config) -> Result<Exit, Failure> {
    if let Some(lesson) = file.filter(|file| lessons::is_in(file)) {
        return learn::begin(lesson, false, config);
    }
    if !has_terminal() {
        return frame::instead_of_explorer(file, config);
    }
    let (session, past) = begin(file, config)?;
    show(session, past, config, None).map_err(Failure::Explorer)?;
    Ok(Exit::Success)
}

/// Shows the explorer with a lesson over a fresh heap of one's own.
pub(super) fn play(opening: Opening, config: &Config) -> Result<Exit, Failure> {
    let (session, past) = begin(None, config)?;
    show(session, past, config, Some(opening)).map_err(Failure::Explorer)?;
    Ok(Exit::Success)
}

/// Shows the explorer on an earlier session.
pub(super) fn open(args: &Open, config: &Config) -> Result<Exit, Failure> {
    let journal = if args.session.as_os_str() == LAST {
        last()?
    } else {
        args.session.clone()
    };
    if has_terminal() || lessons::is_in(&journal) {
        return run(Some(&journal), config);
    }
    let Beginning::Past(past) = input::beginning(&journal)? else {
        return frame::instead_of_explorer(Some(&journal), config);
    };
    let mut session = Session::new()?;
    session.set_source(&journal);
    session.replay(&past);
    frame::instead_of_opening(session, config)
}

/// Whether somebody sits at both ends.
pub(super) fn has_terminal() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// The journal of the session that was begun last.
fn last() -> Result<PathBuf, Failure> {
    let directory = places::sessions()
        .ok_or_else(|| Failure::NoSession("there is no home directory".to_owned()))?;
    let found = last_journal(&directory).map_err(|cause| Failure::Read {
        file: directory.display().to_string(),
        cause,
    })?;
    found.ok_or_else(|| {
        Failure::NoSession(format!("no session was kept in {}", directory.display()))
    })
}

/// A session, and what is to be done beside the screen.
fn begin(file: Option<&Path>, config: &Config) -> Result<(Session, Past), Failure> {
    let mut session = Session::new()?;
    session.explain_words();
    let beginning = file.map(|path| Ok::<_, Failure>((path, input::beginning(path)?)));
    if let Some(source) = file {
        session.set_source(source);
    }
    let past = match beginning.transpose()? {
        // The steps of a trace are no commands, so that no journal could say what was done.
        Some((path, Beginning::Trace(trace))) => {
            if config.journal {
                session.note(NO_JOURNAL_OF_TRACE.to_owned());
            }
            session.begin_recorded(&input::name_of(path), trace.steps().into());
            return Ok((session, Past::default()));
        }
        Some((_, Beginning::Past(past))) => past,
        None => Past::default(),
    };
    if config.journal {
        match places::sessions() {
            Some(directory) => {
                let journal = Journal::new(directory);
                session.keep_journal(match file {
                    Some(source) => journal.behind(source.to_owned()),
                    None => journal,
                });
            }
            None => session.note("there is no home directory, so no journal is kept".to_owned()),
        }
    }
    Ok((session, past))
}

fn show(
    session: Session,
    past: Past,
    config: &Config,
    lesson: Option<Opening>,
) -> color_eyre::Result<()> {
    let options = Options {
        lesson,
        ..config.options(&Environment::of_process())
    };
    let thread =
        SessionThread::resume(session, past).wrap_err("failed to start the session thread")?;
    let (waker, inbox) = tui::doorbell();
    let rings = waker.clone();
    thread.on_frame(move || rings.wake());
    let history = places::history().filter(|_| config.journal);
    let heaps = Heaps {
        thread,
        lesson: RefCell::new(None),
        waker,
        history: history.map(History::new),
        finished: places::finished()
            .filter(|_| config.journal)
            .map(History::new),
    };
    tui::run(&heaps, inbox, options)
}

/// The session thread and the history as the screen sees them.
struct Heaps {
    /// One's own.
    thread: SessionThread,
    /// That of the lesson being played, in front of one's own.
    lesson: RefCell<Option<SessionThread>>,
    waker: Waker,
    history: Option<History>,
    /// The lessons that were played to their end.
    finished: Option<History>,
}

/// What is remembered. What cannot be read or written is no reason to bother anybody at the prompt: the journal, which
/// lies beside it, says so.
fn remembered(lines: Option<&History>) -> Vec<String> {
    lines
        .and_then(|lines| lines.load().ok())
        .unwrap_or_default()
}

/// Remembers lines, as far as that can be.
fn keep(lines: &[String], kept: Option<&History>) {
    if let Some(kept) = kept {
        let _ = kept.append(lines);
    }
}

/// Of sessions that end with the program only one's own is waited for, which has a journal to end.
impl Drop for Heaps {
    fn drop(&mut self) {
        self.leave();
    }
}

/// Drops something on a thread of its own. The end of a session is waited for, and what it is at may be long: a screen
/// goes on meanwhile.
fn drop_beside<T: Send + 'static>(what: T) {
    let beside = std::thread::Builder::new().name("leaving".to_owned());
    // Without a thread it is dropped here.
    let _ = beside.spawn(move || drop(what));
}

impl Source for Heaps {
    fn send(&self, request: Request) {
        match &*self.lesson.borrow() {
            Some(lesson) => lesson.send(request),
            None => self.thread.send(request),
        }
    }

    fn frame(&self) -> Arc<Frame> {
        match &*self.lesson.borrow() {
            Some(lesson) => lesson.frame(),
            None => self.thread.frame(),
        }
    }

    fn enter(&self, commands: Vec<Command>) -> io::Result<()> {
        let session = Session::new().map_err(io::Error::other)?;
        let lesson = SessionThread::spawn(session, commands)?;
        let waker = self.waker.clone();
        lesson.on_frame(move || waker.wake());
        let before = self.lesson.replace(Some(lesson));
        drop_beside(before);
        Ok(())
    }

    fn leave(&self) {
        drop_beside(self.lesson.take());
    }

    fn history(&self) -> Vec<String> {
        remembered(self.history.as_ref())
    }

    fn remember(&self, lines: &[String]) {
        keep(lines, self.history.as_ref());
    }

    fn finished(&self) -> Vec<String> {
        remembered(self.finished.as_ref())
    }

    fn finish(&self, lesson: &str) {
        keep(&[lesson.to_owned()], self.finished.as_ref());
    }

    fn is_alive(&self) -> bool {
        let lesson = self.lesson.borrow();
        self.thread.is_alive() && lesson.as_ref().is_none_or(SessionThread::is_alive)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::time::{Duration, Instant};

    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    /// Whose end takes until somebody lets it go, and tells whether somebody did.
    struct Slow(Receiver<()>, Sender<bool>);

    impl Drop for Slow {
        fn drop(&mut self) {
            let _ = self.1.send(self.0.recv_timeout(LONG).is_ok());
        }
    }

    #[test]
    fn nobody_waits_for_what_is_dropped_beside() {
        let (let_go, waits) = channel();
        let (tells, told) = channel();
        drop_beside(Slow(waits, tells));
        let_go.send(()).expect("it still waits");
        assert_eq!(told.recv_timeout(LONG), Ok(true));
    }

    /// A thread that is dropped is waited for five seconds; nobody is to be held up so long.
    #[test]
    fn nobody_waits_for_the_session_of_a_lesson_when_the_program_ends() {
        let session = || {
            let session = Session::new().expect("addresses");
            SessionThread::spawn(session, Vec::new()).expect("a thread")
        };
        let (let_go, waits) = channel();
        let (tells, told) = channel();
        let lesson = session();
        let (waits, mine) = (Mutex::new(waits), std::thread::current().id());
        lesson.on_frame(move || {
            // The first call is for what came before.
            if std::thread::current().id() != mine {
                let waits = waits.lock().expect("no panic");
                let _ = tells.send(waits.recv_timeout(LONG).is_ok());
            }
        });
        lesson.send(Request::Line("alloc a 8".to_owned()));
        let heaps = Heaps {
            thread: session(),
            lesson: RefCell::new(Some(lesson)),
            waker: tui::doorbell().0,
            history: None,
            finished: None,
        };
        let begun = Instant::now();
        drop(heaps);
        assert!(begun.elapsed() < Duration::from_secs(4), "{begun:?}");
        let_go.send(()).expect("it still waits");
        assert_eq!(told.recv_timeout(LONG), Ok(true));
    }
}
