//! A long way through time: it is gone in slices, so that the screen shows how far it is. What is asked meanwhile is asked
//! of the place that is sought, and waits in order until that is reached; whoever leaves or cancels does not wait.

use std::time::Duration;

use crate::session::frame::Request;
use crate::session::{Command, parse_line};

use super::{Next, SLICE, Worker};

/// How long a way through time is gone before it is shown that it is long.
const NEAR: Duration = Duration::from_millis(40);
/// Whether a request is one of these commands, typed or not.
fn is_command(request: &Request, which: impl Fn(&Command) -> bool) -> bool {
    match request {
        Request::Command(command) => which(command),
        Request::Line(line) => {
            parse_line(line).is_ok_and(|parsed| parsed.as_ref().is_some_and(which))
        }
        _ => false,
    }
}

/// Whether a request ends all that goes on: it waits for nothing.
fn leaves(request: &Request) -> bool {
    match request {
        Request::Cancel | Request::Quit | Request::QuitNow => true,
        request => is_command(request, |command| *command == Command::Quit),
    }
}

/// Whether it makes no difference to a request which place is shown, or it leads to another anyway.
fn is_asked_of_no_place(request: &Request) -> bool {
    match request {
        Request::Look(_) | Request::Watch(_) | Request::Refuse(..) => true,
        request => {
            leaves(request) || is_command(request, |command| matches!(command, Command::Seek(_)))
        }
    }
}

impl Worker {
    /// Looks at another moment. A workload stands meanwhile; threads end, since nobody can bring them back.
    pub(super) fn seek(&mut self, command: &Command) {
        if self.session.crew.is_some() && !self.session.leads_nowhere(command) {
            self.finish();
        }
        self.session.apply(command);
        // Most places are near: they are shown with the answer.
        self.session.go_on_seeking(NEAR);
    }

    /// Keeps a request back until the place that is on the way is reached. Gives back one that need not wait.
    pub(super) fn hold(&mut self, request: Request) -> Option<Request> {
        let on_the_way = self.session.seeking().is_some();
        let behind_others = !self.held.is_empty() && !leaves(&request);
        if on_the_way && (behind_others || !is_asked_of_no_place(&request)) {
            self.held.push_back(request);
            return None;
        }
        Some(request)
    }

    /// Goes on for a slice. When the place is reached what waited for it is done.
    pub(super) fn go_on_seeking(&mut self) -> Next {
        self.session.go_on_seeking(SLICE);
        while self.session.seeking().is_none()
            && let Some(request) = self.held.pop_front()
        {
            if self.handle_now(request) == Next::Quit {
                return Next::Quit;
            }
        }
        Next::Go
    }

    /// What waited is not done any more.
    pub(super) fn drop_held(&mut self) {
        let held = self.held.len() as u64;
        self.session.requests += held;
        self.dropped += held;
        self.held.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_leaves_does_not_arrive_first() {
        let line = |text: &str| Request::Line(text.to_owned());
        for (request, leaves) in [
            (line("seek present"), true),
            (line(" seek  back 3 # words"), true),
            (line("quit"), true),
            (line("seek nowhere"), false),
            (line("branch"), false),
            (line("walk"), false),
            (Request::Undo, false),
            (Request::Command(Command::Quit), true),
            (Request::Cancel, true),
            (Request::Quit, true),
            (Request::QuitNow, true),
        ] {
            assert_eq!(is_asked_of_no_place(&request), leaves, "{request:?}");
        }
    }
}
