//! All that can happen to the screen, and all that the screen can ask for.

use crate::session::frame::Request;
use crate::session::{Command, Export};

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
    /// Text was pasted that is too long to be looked at: this many bytes.
    TooMuchPasted(usize),
    /// The terminal has this many columns and rows.
    Resize(u16, u16),
    /// A newer frame can be had.
    FrameReady,
    /// The operating system wants something.
    Signal(Signal),
    /// A picture of the screen was written, or not.
    Exported(Exported),
}

/// What came of a picture of the screen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exported {
    /// The line that asked for it.
    pub line: String,
    /// The bytes of the file, or why there is none.
    pub outcome: Result<u64, String>,
    /// The file as the line names it.
    pub file: String,
}

/// A picture of the screen that is to be written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Picture {
    /// The line that asks for it.
    pub line: String,
    /// The file as the line names it.
    pub file: String,
    /// A file that is there already goes.
    pub replace: bool,
    /// As what.
    pub export: Export,
}

/// What the mouse did, at which column and row. Only the left button and the wheel count.
///
/// A button that goes down and up on one cell gives `Press`, `Click`; one that is moved meanwhile gives `Press`,
/// `Drag` for each cell it comes to, `Release`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mouse {
    /// The button went down.
    Press(u16, u16),
    /// The button went up where it went down.
    Click(u16, u16),
    /// The mouse came to another cell while the button is down.
    Drag(u16, u16),
    /// The button went up after a drag.
    Release(u16, u16),
    /// The wheel turned up (towards lower addresses).
    WheelUp(u16, u16),
    /// The wheel turned down.
    WheelDown(u16, u16),
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
    /// A session of its own for a lesson, in place of the lesson's last one; what is sent goes there from now on.
    Enter(Vec<Command>),
    /// Back to one's own session.
    Leave,
    /// Keep these lines for the prompt's history, beyond the end of the program.
    Remember(Vec<String>),
    /// Keep in mind that the lesson of this name was played to its end, beyond the end of the program.
    Finished(&'static str),
    /// Leave the screen for good.
    Quit,
    /// Restore the terminal and stop the process until it is resumed.
    Suspend,
    /// Set the terminal up again and draw everything.
    Repaint,
    /// Write the screen as it is to a file, beside everything else.
    Export(Picture),
    /// Put this on the clipboard through the terminal; the screen says so where answers are.
    Copy(String),
}
