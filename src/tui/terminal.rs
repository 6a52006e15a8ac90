//! The terminal as a guest leaves it: whatever ends the program, everything that was switched on is switched off.

use std::cell::RefCell;
use std::io::{self, Write};
use std::panic::{self, PanicHookInfo};
use std::rc::Rc;
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::crossterm::cursor::{Hide, Show};
use ratatui::crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste};
use ratatui::crossterm::queue;
use ratatui::crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode, size,
};
use ratatui::layout::{Position, Rect};

use super::writer::Writer;

/// How long a terminal may take nothing before it is left as it is.
///
/// Only one that never reads, as behind a stalled connection, is left so: a slow one takes a piece now and then.
const PATIENCE: Duration = Duration::from_secs(5);

/// Presses, drags and the wheel are reported, in numbers of any size; mere motion is not, so that it costs nothing.
const MOUSE_ON: &[u8] = b"\x1b[?1000h\x1b[?1002h\x1b[?1015h\x1b[?1006h";

/// Ends what may have been cut off; does nothing where nothing was.
const STRING_TERMINATOR: &[u8] = b"\x1b\\";

/// The most bytes that are copied at once: many terminals take no more.
pub const COPY_LIMIT: usize = 100_000;

/// Who has set the terminal up, and what other threads' panics had to say meanwhile.
struct Held {
    owner: Option<ThreadId>,
    writer: Option<Writer>,
    reports: Vec<String>,
}

static HELD: Mutex<Held> = Mutex::new(Held {
    owner: None,
    writer: None,
    reports: Vec::new(),
});

/// The terminal in raw mode on its alternate screen, until dropped.
#[derive(Debug)]
pub struct Guard {
    mouse: bool,
    writer: Writer,
}

impl Guard {
    /// Sets the terminal up; the panic hook installed before (color-eyre's) prints only after it is restored.
    ///
    /// # Errors
    ///
    /// When the terminal cannot be switched; it is then as it was.
    pub fn enter(mouse: bool, writer: Writer) -> io::Result<Guard> {
        install_hook();
        let guard = Guard { mouse, writer };
        guard.set_up()?;
        Ok(guard)
    }

    /// Sets the terminal up again, after a suspension or after somebody else changed it.
    ///
    /// # Errors
    ///
    /// When the terminal cannot be switched; it is then as it was.
    pub fn set_up(&self) -> io::Result<()> {
        {
            let mut held = held();
            held.owner = Some(thread::current().id());
            held.writer = Some(self.writer.clone());
        }
        let result = set_up(self.mouse, &self.writer);
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
        self.writer.close();
    }
}

fn set_up(mouse: bool, writer: &Writer) -> io::Result<()> {
    // A shell that stopped us may have changed the mode behind crossterm's back, which would then do nothing.
    disable_raw_mode()?;
    enable_raw_mode()?;
    let mut bytes = Vec::new();
    queue!(bytes, EnterAlternateScreen, EnableBracketedPaste, Hide)?;
    if mouse {
        bytes.extend_from_slice(MOUSE_ON);
    }
    writer.send(&bytes);
    Ok(())
}

/// Switches off all that [`set_up`] switched on, once; then says what could not be said before.
fn restore() {
    let (writer, reports) = {
        let mut held = held();
        if held.owner.take().is_none() {
            return;
        }
        (held.writer.take(), std::mem::take(&mut held.reports))
    };
    let bytes = restoring();
    if let Some(writer) = writer {
        writer.abandon_for(&bytes);
        // Nothing can be done about errors here: the terminal may be gone.
        if !writer.settle(PATIENCE) && writer.is_over() {
            let _ = io::stdout().write_all(&bytes);
            let _ = io::stdout().flush();
        }
    }
    let _ = disable_raw_mode();
    for report in reports {
        eprintln!("{report}");
    }
}

fn restoring() -> Vec<u8> {
    let mut bytes = STRING_TERMINATOR.to_vec();
    // A vector takes everything.
    let _ = queue!(
        bytes,
        EndSynchronizedUpdate,
        DisableMouseCapture,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        Show
    );
    bytes
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
                    held().reports.push(report(info));
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

/// What a thread that is not the screen's has to say of its end.
fn report(info: &PanicHookInfo<'_>) -> String {
    let thread = thread::current();
    let name = thread.name().unwrap_or("without a name");
    format!("the thread \"{name}\" {info}")
}

/// Bytes on their way to the terminal: flushing is ours to do, once a frame.
#[derive(Clone, Debug, Default)]
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
pub struct Screen {
    gathered: Gathered,
    backend: CrosstermBackend<Gathered>,
    shown: Option<Buffer>,
    cursor: Option<Position>,
}

impl Default for Screen {
    /// A screen of which nothing is known yet.
    fn default() -> Screen {
        let gathered = Gathered::default();
        let backend = CrosstermBackend::new(gathered.clone());
        Screen {
            gathered,
            backend,
            shown: None,
            cursor: None,
        }
    }
}

impl Screen {
    /// Forgets what is shown: the next frame is written whole.
    pub fn forget(&mut self) {
        self.shown = None;
    }

    /// The bytes that make the terminal show `next`: synchronized output, or none at all when nothing changed.
    ///
    /// There are at most as many as `next` has cells, times what the longest change of colour takes.
    ///
    /// # Errors
    ///
    /// None in practice: crossterm writes to memory here, but says that it may fail.
    pub fn frame(&mut self, next: Buffer, cursor: Option<Position>) -> io::Result<Vec<u8>> {
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
        Ok(self.gathered.0.take())
    }
}

/// The bytes that put `text` on the clipboard of whoever sits at the terminal, however far away that is (OSC 52).
///
/// # Errors
///
/// When `text` is longer than [`COPY_LIMIT`].
pub fn copying(text: &str) -> Result<Vec<u8>, TooLong> {
    if text.len() > COPY_LIMIT {
        return Err(TooLong(text.len()));
    }
    Ok(format!("\x1b]52;c;{}\x1b\\", BASE64_STANDARD.encode(text)).into_bytes())
}

/// A text too long to be copied.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not copied: found {0} B, terminals take at most {COPY_LIMIT} B")]
pub struct TooLong(pub usize);

/// The terminal's area; 80x24 where it does not tell.
#[must_use]
pub fn area() -> Rect {
    let (columns, rows) = size().unwrap_or((80, 24));
    Rect::new(0, 0, columns, rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::style::{Color, Style};

    fn written(screen: &mut Screen, text: &str, cursor: Option<Position>) -> String {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 10, 2));
        buffer.set_string(0, 0, text, Style::new());
        let bytes = screen.frame(buffer, cursor).expect("memory takes all");
        String::from_utf8(bytes).expect("text")
    }

    #[test]
    fn a_frame_is_synchronized_and_no_change_is_none() {
        let mut screen = Screen::default();
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

    /// Each cell in other colours than the one before: no frame of a screen this large is longer.
    #[test]
    fn a_frame_is_bounded_by_its_cells() {
        let area = Rect::new(0, 0, 80, 24);
        let mut buffer = Buffer::empty(area);
        for (index, cell) in (0..=255).cycle().zip(&mut buffer.content) {
            let colour =
                |shift: u8| Color::Rgb(shift.wrapping_add(index), 255 - index, 200 + shift);
            cell.set_symbol("\u{2588}")
                .set_fg(colour(3))
                .set_bg(colour(50));
        }
        let bytes = Screen::default()
            .frame(buffer, None)
            .expect("memory takes all");
        assert!(bytes.len() > 20 * usize::from(area.width * area.height));
        assert!(bytes.len() < 64 * usize::from(area.width * area.height));
    }

    #[test]
    fn what_is_copied_is_encoded_and_not_too_long() {
        let rows = [
            ("", Ok("\x1b]52;c;\x1b\\".to_owned())),
            ("b3 0x1230", Ok("\x1b]52;c;YjMgMHgxMjMw\x1b\\".to_owned())),
            // Nothing in the text can end the sequence.
            ("\x1b\\", Ok("\x1b]52;c;G1w=\x1b\\".to_owned())),
            (&"a".repeat(COPY_LIMIT + 1), Err(TooLong(COPY_LIMIT + 1))),
        ];
        for (text, expected) in rows {
            let found = copying(text).map(|bytes| String::from_utf8(bytes).expect("ASCII"));
            assert_eq!(found, expected);
        }
        assert!(copying(&"a".repeat(COPY_LIMIT)).is_ok());
        assert_eq!(
            TooLong(123_456).to_string(),
            "not copied: found 123456 B, terminals take at most 100000 B"
        );
    }
}
