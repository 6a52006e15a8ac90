//! What comes from outside, as news for the screen: keys, mouse and pasted text, and signals. A thread for each source.

use std::io;
use std::sync::mpsc::Sender;
use std::thread;
use std::time::Instant;

use ratatui::crossterm::event::{
    self, Event, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGTSTP, SIGWINCH};
use signal_hook::iterator::{Handle, Signals};

use super::background::{Answers, Heard};
use super::environment::Appearance;
use super::key::Key;
use super::message::{Message, Mouse, Signal};
use super::terminal;

/// The most bytes of pasted text that are looked at: more than a session of a day, and drawn in no time.
const PASTE_LIMIT: usize = 4 << 20;

/// What the event loop hears.
#[derive(Debug)]
pub(super) enum News {
    /// Something for the screen.
    Message(Message),
    /// The terminal told its background.
    Background(Appearance),
    /// All that waited for the terminal is written, or cannot be.
    Written(io::Result<()>),
    /// A thread panicked that the screen cannot do without.
    Lost(&'static str),
}

/// Starts a thread that the screen cannot do without: its panic is news, since nothing else would come from it.
///
/// # Errors
///
/// When the system gives no thread.
pub(super) fn spawn(
    name: &'static str,
    news: &Sender<News>,
    body: impl FnOnce() + Send + 'static,
) -> io::Result<()> {
    let tripwire = Tripwire {
        name,
        news: news.clone(),
    };
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || {
            let _tripwire = tripwire;
            body();
        })?;
    Ok(())
}

struct Tripwire {
    name: &'static str,
    news: Sender<News>,
}

impl Drop for Tripwire {
    fn drop(&mut self) {
        if thread::panicking() {
            // Without a screen there is nobody to tell.
            let _ = self.news.send(News::Lost(self.name));
        }
    }
}

/// Panics where a test of a debug build wants it: no panic of these threads is known that could be had otherwise.
pub(super) fn fault_point(thread: &str) {
    if cfg!(debug_assertions)
        && std::env::var("HEAPWALK_TEST_PANIC").is_ok_and(|name| name == thread)
    {
        panic!("as the test wants it");
    }
}

/// Keys, mouse and pasted text from here on, and the terminal's answer to what was asked.
///
/// # Errors
///
/// When the system gives no thread.
pub(super) fn listen_to_terminal(news: Sender<News>, answers: Answers) -> io::Result<()> {
    spawn("input", &news.clone(), move || {
        let mut gestures = Gestures::default();
        let mut answers = answers;
        loop {
            let heard = heard(&mut answers);
            fault_point("input");
            let Ok(heard) = heard else {
                // The terminal is gone.
                let _ = news.send(News::Message(Message::Signal(Signal::End)));
                return;
            };
            for heard in heard {
                let told = match heard {
                    Heard::Background(appearance) => Some(News::Background(appearance)),
                    Heard::Event(event) => translated(event, &mut gestures).map(News::Message),
                };
                if told.is_some_and(|told| news.send(told).is_err()) {
                    return;
                }
            }
        }
    })
}

/// What comes next from the terminal, or what was kept back and turns out to be complete.
fn heard(answers: &mut Answers) -> io::Result<Vec<Heard>> {
    match answers.patience() {
        Some(patience) if !event::poll(patience)? => Ok(answers.give_up()),
        _ => Ok(answers.hear(event::read()?, Instant::now())),
    }
}

/// Signals from here on, until the handle is closed.
///
/// # Errors
///
/// When the system takes no handler or gives no thread.
pub(super) fn listen_to_signals(news: Sender<News>) -> io::Result<Handle> {
    let mut signals = Signals::new([SIGTERM, SIGHUP, SIGINT, SIGTSTP, SIGCONT, SIGWINCH])?;
    let handle = signals.handle();
    spawn("signals", &news.clone(), move || {
        for signal in signals.forever() {
            fault_point("signals");
            let message = match signal {
                SIGWINCH => {
                    let area = terminal::area();
                    Message::Resize(area.width, area.height)
                }
                SIGINT => Message::Signal(Signal::Interrupt),
                SIGTSTP => Message::Signal(Signal::Suspend),
                SIGCONT => Message::Signal(Signal::Resume),
                _ => Message::Signal(Signal::End),
            };
            if news.send(News::Message(message)).is_err() {
                return;
            }
        }
    })?;
    Ok(handle)
}

/// A terminal's event as a message; `None` for what the screen has no use for.
fn translated(event: Event, gestures: &mut Gestures) -> Option<Message> {
    match event {
        Event::Key(event) => Key::of_event(&event).map(Message::Key),
        Event::Paste(text) if text.len() > PASTE_LIMIT => Some(Message::TooMuchPasted(text.len())),
        Event::Paste(text) => Some(Message::Paste(text)),
        Event::Mouse(event) => gestures.take(&event).map(Message::Mouse),
        // crossterm loses a resize that comes together with a key; the signal thread does not.
        Event::Resize(..) | Event::FocusGained | Event::FocusLost => None,
    }
}

/// Tells clicks from drags.
#[derive(Debug, Default)]
struct Gestures {
    held: Option<Held>,
}

/// The left button is down.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Held {
    at: (u16, u16),
    moved: bool,
}

impl Gestures {
    fn take(&mut self, event: &MouseEvent) -> Option<Mouse> {
        // With Shift the mouse is the terminal's own, for selecting text; some tell of it all the same.
        if event.modifiers.contains(KeyModifiers::SHIFT) {
            return None;
        }
        let (column, row) = (event.column, event.row);
        match event.kind {
            MouseEventKind::Down(MouseButton::Left) => {
                self.held = Some(Held {
                    at: (column, row),
                    moved: false,
                });
                Some(Mouse::Press(column, row))
            }
            MouseEventKind::Drag(MouseButton::Left) => self.drag(column, row),
            MouseEventKind::Up(MouseButton::Left) => self.release(column, row),
            MouseEventKind::ScrollUp => Some(Mouse::WheelUp(column, row)),
            MouseEventKind::ScrollDown => Some(Mouse::WheelDown(column, row)),
            _ => None,
        }
    }

    fn drag(&mut self, column: u16, row: u16) -> Option<Mouse> {
        let held = self.held.as_mut()?;
        if held.at == (column, row) {
            return None;
        }
        *held = Held {
            at: (column, row),
            moved: true,
        };
        Some(Mouse::Drag(column, row))
    }

    fn release(&mut self, column: u16, row: u16) -> Option<Mouse> {
        let held = self.held.take()?;
        // A terminal that tells of no motion still tells of the end of a drag.
        let click = !held.moved && held.at == (column, row);
        Some(if click {
            Mouse::Click(column, row)
        } else {
            Mouse::Release(column, row)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use MouseEventKind::{Down, Drag, Moved, ScrollDown, ScrollUp, Up};

    const LEFT: MouseButton = MouseButton::Left;
    const RIGHT: MouseButton = MouseButton::Right;

    fn messages(events: &[(MouseEventKind, u16, u16)], modifiers: KeyModifiers) -> Vec<Mouse> {
        let mut gestures = Gestures::default();
        let events = events.iter().map(|&(kind, column, row)| MouseEvent {
            kind,
            column,
            row,
            modifiers,
        });
        events
            .filter_map(
                |event| match translated(Event::Mouse(event), &mut gestures) {
                    Some(Message::Mouse(mouse)) => Some(mouse),
                    other => {
                        assert_eq!(other, None);
                        None
                    }
                },
            )
            .collect()
    }

    #[test]
    fn clicks_drags_and_the_wheel_are_told_apart() {
        let click = [(Down(LEFT), 3, 4), (Up(LEFT), 3, 4)];
        let rows: [(&[_], &[_]); 8] = [
            (&click, &[Mouse::Press(3, 4), Mouse::Click(3, 4)]),
            (
                &[
                    (Down(LEFT), 3, 4),
                    (Drag(LEFT), 3, 4),
                    (Drag(LEFT), 5, 4),
                    (Drag(LEFT), 5, 4),
                    (Drag(LEFT), 3, 4),
                    (Up(LEFT), 3, 4),
                ],
                &[
                    Mouse::Press(3, 4),
                    Mouse::Drag(5, 4),
                    Mouse::Drag(3, 4),
                    Mouse::Release(3, 4),
                ],
            ),
            (
                &[(Down(LEFT), 3, 4), (Up(LEFT), 9, 9)],
                &[Mouse::Press(3, 4), Mouse::Release(9, 9)],
            ),
            (
                &[(ScrollUp, 1, 2), (ScrollDown, 3, 4)],
                &[Mouse::WheelUp(1, 2), Mouse::WheelDown(3, 4)],
            ),
            // What began elsewhere, other buttons and mere motion.
            (&[(Drag(LEFT), 3, 4), (Up(LEFT), 3, 4)], &[]),
            (&[(Down(RIGHT), 3, 4), (Up(RIGHT), 3, 4)], &[]),
            (&[(Moved, 3, 4), (Moved, 4, 4)], &[]),
            (
                &[(Down(LEFT), 3, 4), (Up(RIGHT), 3, 4), (Up(LEFT), 3, 4)],
                &[Mouse::Press(3, 4), Mouse::Click(3, 4)],
            ),
        ];
        for (events, expected) in rows {
            assert_eq!(messages(events, KeyModifiers::NONE), expected, "{events:?}");
        }
        assert_eq!(messages(&click, KeyModifiers::SHIFT), []);
    }

    #[test]
    fn pasted_text_is_bounded() {
        let paste = |length| translated(Event::Paste("a".repeat(length)), &mut Gestures::default());
        let most = Some(Message::Paste("a".repeat(PASTE_LIMIT)));
        assert!(paste(PASTE_LIMIT) == most, "the longest text is taken");
        let over = PASTE_LIMIT + 1;
        assert_eq!(paste(over), Some(Message::TooMuchPasted(over)));
    }
}
