//! The terminal as a guest leaves it: whatever ends the program, everything that was switched on is switched off.

use std::cell::RefCell;
use std::io::{self, Stdout, Write};
use std::panic;
use std::rc::Rc;
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::thread::{self, ThreadId};

use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::crossterm::cursor::{Hide, Show};
use ratatui::crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
};
use ratatui::crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode, size,
};
use ratatui::crossterm::{execute, queue};
use ratatui::layout::{Position, Rect};

/// A frame's bytes, gathered before anything is written.
const BUFFER: usize = 128 * 1024;

/// Who has set the terminal up, and what other threads' panics had to say meanwhile.
struct Held {
    owner: Option<ThreadId>,
    reports: Vec<String>,
}

static HELD: Mutex<Held> = Mutex::new(Held {
    owner: None,
    reports: Vec::new(),
});

/// The terminal in raw mode on its alternate screen, until dropped.
#[derive(Debug)]
pub struct Guard {
    mouse: bool,
}

impl Guard {
    /// Sets the terminal up; the panic hook installed before (color-eyre's) prints only after it is restored.
    ///
    /// # Errors
    ///
    /// When the terminal cannot be switched; it is then as it was.
    pub fn enter(mouse: bool) -> io::Result<Guard> {
        install_hook();
        let guard = Guard { mouse };
        guard.set_up()?;
        Ok(guard)
    }

    /// Sets the terminal up again, after a suspension or after somebody else changed it.
    ///
    /// # Errors
    ///
    /// When the terminal cannot be switched; it is then as it was.
    pub fn set_up(&self) -> io::Result<()> {
        held().owner = Some(thread::current().id());
        let result = set_up(self.mouse);
        if result.is_err() {
            restore();
        }
        result
    }

    /// Restores the terminal for a while.
    pub fn pause(&self) {
        restore();
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        restore();
    }
}

fn set_up(mouse: bool) -> io::Result<()> {
    enable_raw_mode()?;
    let mut out = io::stdout();
    queue!(out, EnterAlternateScreen, EnableBracketedPaste, Hide)?;
    if mouse {
        queue!(out, EnableMouseCapture)?;
    }
    out.flush()
}

/// Switches off all that [`set_up`] switched on, once; then says what could not be said before.
fn restore() {
    let reports = {
        let mut held = held();
        if held.owner.take().is_none() {
            return;
        }
        std::mem::take(&mut held.reports)
    };
    // Nothing can be done about errors here: the terminal may be gone.
    let _ = execute!(
        io::stdout(),
        EndSynchronizedUpdate,
        DisableMouseCapture,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        Show
    );
    let _ = disable_raw_mode();
    for report in reports {
        eprintln!("{report}");
    }
}

fn held() -> MutexGuard<'static, Held> {
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Hooks in before the hook that is installed, once a process: hooks stack.
///
/// The hook runs for a panic of any thread. Only the owner's ends the screen; what another thread
/// has to say would be lost on the alternate screen, so it is kept until the screen is left.
fn install_hook() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let owner = held().owner;
            match owner {
                Some(owner) if owner != thread::current().id() => {
                    held().reports.push(info.to_string());
                }
                Some(_) => {
                    restore();
                    previous(info);
                }
                None => previous(info),
            }
        }));
    });
}

/// Bytes on their way to the terminal: flushing is ours to do, once a frame.
#[derive(Clone, Debug)]
struct Gathered(Rc<RefCell<Vec<u8>>>);

impl Write for Gathered {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    /// crossterm flushes after each of several commands; a frame has to go out as one.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What the terminal shows, and the way to change it with the fewest bytes.
#[derive(Debug)]
pub struct Screen<W: Write = Stdout> {
    out: W,
    gathered: Gathered,
    backend: CrosstermBackend<Gathered>,
    shown: Option<Buffer>,
    cursor: Option<Position>,
}

impl<W: Write> Screen<W> {
    /// A screen of which nothing is known yet.
    pub fn new(out: W) -> Screen<W> {
        let gathered = Gathered(Rc::new(RefCell::new(Vec::with_capacity(BUFFER))));
        let backend = CrosstermBackend::new(gathered.clone());
        Screen {
            out,
            gathered,
            backend,
            shown: None,
            cursor: None,
        }
    }

    /// Forgets what is shown: the next frame is written whole.
    pub fn forget(&mut self) {
        self.shown = None;
    }

    /// Shows `next`: one write inside synchronized output, or none at all when nothing changed.
    ///
    /// # Errors
    ///
    /// When the terminal cannot be written to.
    pub fn show(&mut self, next: Buffer, cursor: Option<Position>) -> io::Result<()> {
        let known = self.shown.take().filter(|shown| shown.area == next.area);
        let fresh = known.is_none();
        let shown = known.unwrap_or_else(|| Buffer::empty(next.area));
        let changes = shown.diff(&next);
        if fresh || !changes.is_empty() || cursor != self.cursor {
            queue!(self.gathered, BeginSynchronizedUpdate, Hide)?;
            if fresh {
                self.backend.clear()?;
            }
            self.backend.draw(changes.into_iter())?;
            if let Some(position) = cursor {
                self.backend.set_cursor_position(position)?;
                queue!(self.gathered, Show)?;
            }
            queue!(self.gathered, EndSynchronizedUpdate)?;
        }
        self.shown = Some(next);
        self.cursor = cursor;
        self.commit()
    }

    fn commit(&mut self) -> io::Result<()> {
        let mut bytes = self.gathered.0.borrow_mut();
        if bytes.is_empty() {
            return Ok(());
        }
        self.out.write_all(&bytes)?;
        bytes.clear();
        self.out.flush()
    }
}

/// The terminal's area; 80x24 where it does not tell.
#[must_use]
pub fn area() -> Rect {
    let (columns, rows) = size().unwrap_or((80, 24));
    Rect::new(0, 0, columns, rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::style::Style;

    fn written(screen: &mut Screen<Vec<u8>>, text: &str, cursor: Option<Position>) -> String {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 10, 2));
        buffer.set_string(0, 0, text, Style::new());
        screen.out.clear();
        screen
            .show(buffer, cursor)
            .expect("a vector takes everything");
        String::from_utf8(screen.out.clone()).expect("text")
    }

    #[test]
    fn a_frame_is_one_synchronized_write_and_no_change_is_none() {
        let mut screen = Screen::new(Vec::new());
        let first = written(&mut screen, "abc", None);
        assert!(
            first.starts_with("\x1b[?2026h") && first.ends_with("\x1b[?2026l"),
            "{first:?}"
        );
        assert_eq!(written(&mut screen, "abc", None), "");
        let second = written(&mut screen, "abd", None);
        assert!(second.contains('d') && !second.contains('a'), "{second:?}");
        assert!(written(&mut screen, "abd", Some(Position::new(1, 0))).contains("\x1b[?25h"));
        screen.forget();
        assert!(written(&mut screen, "abd", None).contains('a'));
    }
}
