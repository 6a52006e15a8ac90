//! `heapwalk` and `heapwalk FILE`: the explorer, where there is a terminal.

use std::io::{self, IsTerminal};
use std::path::Path;
use std::sync::Arc;

use color_eyre::eyre::WrapErr;

use crate::session::frame::{Frame, Request};
use crate::session::{Command, Session, SessionThread};
use crate::tui::{self, Environment, Source};

use super::config::Config;
use super::exit::{Exit, Failure};
use super::frame;
use super::input::{self, Input};

/// Shows the explorer if somebody sits at both ends; else prints what it would show first.
pub(super) fn run(file: Option<&Path>, config: &Config) -> Result<Exit, Failure> {
    if !(io::stdin().is_terminal() && io::stdout().is_terminal()) {
        return frame::instead_of_explorer(file, config);
    }
    let (session, script) = begin(file)?;
    show(session, script, config).map_err(Failure::Explorer)?;
    Ok(Exit::Success)
}

/// A session, and the script that is to run beside the screen.
fn begin(file: Option<&Path>) -> Result<(Session, Vec<Command>), Failure> {
    let mut session = Session::new()?;
    let Some(path) = file else {
        return Ok((session, Vec::new()));
    };
    let script = match input::script_or_trace(path)? {
        Input::Script(script) => script.into_iter().map(|(_, command)| command).collect(),
        Input::Trace(trace) => {
            session.begin_recorded(&input::name_of(path), trace.steps().into());
            Vec::new()
        }
    };
    Ok((session, script))
}

fn show(session: Session, script: Vec<Command>, config: &Config) -> color_eyre::Result<()> {
    let options = config.options(&Environment::of_process());
    let thread =
        SessionThread::spawn(session, script).wrap_err("failed to start the session thread")?;
    let (waker, inbox) = tui::doorbell();
    thread.on_frame(move || waker.wake());
    tui::run(&Heaps(thread), inbox, options)
}

/// The session thread as the screen sees it.
struct Heaps(SessionThread);

impl Source for Heaps {
    fn send(&self, request: Request) {
        self.0.send(request);
    }

    fn frame(&self) -> Arc<Frame> {
        self.0.frame()
    }

    fn is_alive(&self) -> bool {
        self.0.is_alive()
    }
}
