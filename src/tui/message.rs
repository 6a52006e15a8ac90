//! All that can happen to the screen, and all that the screen can ask for.

use crate::session::frame::Request;

use super::key::Key;

/// One thing that happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Message {
    /// A key was pressed.
    Key(Key),
    /// The mouse did something that matters; mere motion is dropped before.
    Mouse(Mouse),
    /// Text was pasted.
    Paste(String),
    /// The terminal has this many columns and rows.
    Resize(u16, u16),
    /// A newer frame can be had.
    FrameReady,
    /// The operating system wants something.
    Signal(Signal),
}

/// What the mouse did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mouse {
    /// The left button went down on this column and row.
    Click(u16, u16),
    /// The wheel turned up (towards lower addresses).
    WheelUp,
    /// The wheel turned down.
    WheelDown,
}

/// A signal of the operating system, by meaning.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Signal {
    /// End: SIGTERM, SIGHUP, or the terminal is gone.
    End,
    /// As Ctrl-C: SIGINT.
    Interrupt,
    /// As Ctrl-Z: SIGTSTP.
    Suspend,
    /// In the foreground again: SIGCONT.
    Resume,
}

/// What the event loop has to do after an update.
#[derive(Clone, PartialEq, Debug)]
pub enum Effect {
    /// Hand this to the session.
    Send(Request),
    /// Keep this line for the prompt's history, beyond the end of the program.
    Remember(String),
    /// Leave the screen for good.
    Quit,
    /// Restore the terminal and stop the process until it is resumed.
    Suspend,
    /// Set the terminal up again and draw everything.
    Repaint,
}
