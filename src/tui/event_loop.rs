//! One channel for keys, frames and signals: drain, update, draw once, sleep until something happens.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use color_eyre::eyre::{Result, WrapErr};
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{self, Event, MouseButton, MouseEvent, MouseEventKind};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGTSTP, SIGWINCH};
use signal_hook::iterator::{Handle, Signals};
use signal_hook::low_level::emulate_default_handler;

use crate::session::frame::{Frame, Request};

use super::bindings::Bindings;
use super::draw::{cursor, draw};
use super::key::Key;
use super::message::{Effect, Message, Mouse, Signal};
use super::state::State;
use super::terminal::{self, Guard, Screen};
use super::theme::Theme;
use super::update::{first, update};

/// Drawings a second, unless asked otherwise.
pub const FRAMES_PER_SECOND: u32 = 30;

/// A slow line gets at most one part in this many of the time for writing.
const WRITING_SHARE: u32 = 3;

/// The session as the screen sees it.
pub trait Source {
    /// Asks something of the session; the answer is part of a later frame.
    fn send(&self, request: Request);
    /// The latest frame.
    fn frame(&self) -> Arc<Frame>;
    /// The lines of the prompt that are remembered from before, oldest first.
    fn history(&self) -> Vec<String> {
        Vec::new()
    }
    /// Remembers a line of the prompt for the next time.
    fn remember(&self, _line: &str) {}
}

/// How the screen behaves.
#[derive(Clone, Debug)]
pub struct Options {
    /// Colours and glyphs.
    pub theme: Theme,
    /// Clicks and the wheel are taken from the terminal.
    pub mouse: bool,
    /// The most drawings a second.
    pub frames_per_second: u32,
    /// Which keys do what.
    pub bindings: Arc<Bindings>,
}

impl Options {
    /// What is usual, with these colours and glyphs.
    #[must_use]
    pub fn new(theme: Theme) -> Options {
        Options {
            theme,
            mouse: true,
            frames_per_second: FRAMES_PER_SECOND,
            bindings: Arc::default(),
        }
    }
}

/// Wakes the screen; whoever publishes frames keeps one.
#[derive(Clone, Debug)]
pub struct Waker {
    sender: Sender<Message>,
    rung: Arc<AtomicBool>,
}

impl Waker {
    /// Says that a newer frame can be had. Cheap: only the first call since the screen last looked sends anything.
    pub fn wake(&self) {
        if !self.rung.swap(true, Ordering::AcqRel) {
            // Without a screen there is nobody to wake.
            let _ = self.sender.send(Message::FrameReady);
        }
    }
}

/// The other end of a [`Waker`]: where the screen listens.
#[derive(Debug)]
pub struct Inbox {
    sender: Sender<Message>,
    receiver: Receiver<Message>,
    rung: Arc<AtomicBool>,
}

/// A waker for the session and the inbox for [`run`].
#[must_use]
pub fn doorbell() -> (Waker, Inbox) {
    let (sender, receiver) = channel();
    let rung = Arc::new(AtomicBool::new(false));
    (
        Waker {
            sender: sender.clone(),
            rung: Arc::clone(&rung),
        },
        Inbox {
            sender,
            receiver,
            rung,
        },
    )
}

/// Shows `source` until the person leaves; the terminal is as before when this returns, panics or is killed.
///
/// # Errors
///
/// When the terminal cannot be set up or written to.
pub fn run(source: &dyn Source, inbox: Inbox, options: Options) -> Result<()> {
    let signals =
        listen_to_signals(inbox.sender.clone()).wrap_err("failed to listen to signals")?;
    let guard = Guard::enter(options.mouse).wrap_err("failed to set up the terminal")?;
    listen_to_terminal(inbox.sender.clone()).wrap_err("failed to start the input thread")?;
    let area = terminal::area();
    let mut explorer = Explorer {
        source,
        inbox,
        theme: options.theme,
        guard,
        screen: Screen::new(io::stdout()),
        frame_time: Duration::from_secs(1) / options.frames_per_second.max(1),
        state: State {
            history: source.history(),
            ..State::new((area.width, area.height)).with_bindings(options.bindings)
        },
        frame: source.frame(),
        next_drawing: Instant::now(),
    };
    let result = explorer.run();
    signals.close();
    result
}

struct Explorer<'a> {
    source: &'a dyn Source,
    inbox: Inbox,
    theme: Theme,
    guard: Guard,
    screen: Screen,
    state: State,
    frame: Arc<Frame>,
    /// The least time between two drawings.
    frame_time: Duration,
    next_drawing: Instant,
}

/// Whether the loop goes on.
#[derive(PartialEq, Eq)]
enum Flow {
    On,
    Ended,
}

impl Explorer<'_> {
    fn run(&mut self) -> Result<()> {
        let effects = first(&mut self.state);
        if self.apply(effects)? == Flow::Ended {
            return Ok(());
        }
        loop {
            self.draw_if_due()
                .wrap_err("failed to write to the terminal")?;
            let Some(message) = self.next()? else {
                continue;
            };
            if self.drain(message)? == Flow::Ended {
                return Ok(());
            }
        }
    }

    /// The next message; `None` when it is time to draw what changed.
    fn next(&self) -> Result<Option<Message>> {
        if !self.state.dirty {
            return Ok(Some(
                self.inbox
                    .receiver
                    .recv()
                    .wrap_err("failed to receive: every sender is gone")?,
            ));
        }
        let wait = self.next_drawing.saturating_duration_since(Instant::now());
        match self.inbox.receiver.recv_timeout(wait) {
            Ok(message) => Ok(Some(message)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => {
                Err(RecvTimeoutError::Disconnected).wrap_err("failed to receive")
            }
        }
    }

    /// Takes in `message` and all that waits behind it.
    fn drain(&mut self, message: Message) -> Result<Flow> {
        let mut next = Some(message);
        while let Some(message) = next {
            if self.take(message)? == Flow::Ended {
                return Ok(Flow::Ended);
            }
            next = self.inbox.receiver.try_recv().ok();
        }
        Ok(Flow::On)
    }

    fn take(&mut self, message: Message) -> Result<Flow> {
        if message == Message::FrameReady {
            // Cleared before looking: a frame published from here on rings again.
            self.inbox.rung.store(false, Ordering::Release);
            let frame = self.source.frame();
            if frame.version == self.frame.version {
                return Ok(Flow::On);
            }
            self.frame = frame;
        }
        if matches!(message, Message::Resize(..)) {
            // The terminal may have cut off what it showed, and be as large as before by now.
            self.screen.forget();
        }
        let effects = update(&mut self.state, &self.frame, message);
        self.apply(effects)
    }

    fn apply(&mut self, effects: Vec<Effect>) -> Result<Flow> {
        for effect in effects {
            match effect {
                Effect::Send(request) => self.source.send(request),
                Effect::Remember(line) => self.source.remember(&line),
                Effect::Quit => return Ok(Flow::Ended),
                Effect::Suspend => self.suspend().wrap_err("failed to suspend")?,
                Effect::Repaint => self
                    .repaint()
                    .wrap_err("failed to set up the terminal again")?,
            }
        }
        Ok(Flow::On)
    }

    fn suspend(&mut self) -> io::Result<()> {
        self.guard.pause();
        // Stops the whole process; goes on here when the shell resumes it.
        emulate_default_handler(SIGTSTP)?;
        self.repaint()
    }

    fn repaint(&mut self) -> io::Result<()> {
        self.guard.set_up()?;
        self.screen.forget();
        let area = terminal::area();
        let _ = self
            .inbox
            .sender
            .send(Message::Resize(area.width, area.height));
        Ok(())
    }

    fn draw_if_due(&mut self) -> io::Result<()> {
        let started = Instant::now();
        if !self.state.dirty || started < self.next_drawing {
            return Ok(());
        }
        let area = ratatui::layout::Rect::new(0, 0, self.state.size.0, self.state.size.1);
        let mut buffer = Buffer::empty(area);
        draw(&self.state, &self.frame, &self.theme, area, &mut buffer);
        self.screen.show(buffer, cursor(&self.state))?;
        self.state.dirty = false;
        // Writing blocks on a slow line: then there are fewer frames, and keys are still heard in between.
        self.next_drawing = started + self.frame_time.max(started.elapsed() * WRITING_SHARE);
        Ok(())
    }
}

fn listen_to_terminal(sender: Sender<Message>) -> io::Result<()> {
    thread::Builder::new()
        .name("terminal input".to_owned())
        .spawn(move || {
            loop {
                let message = match event::read() {
                    Ok(event) => translated(event),
                    // The terminal is gone.
                    Err(_) => Some(Message::Signal(Signal::End)),
                };
                let end = message == Some(Message::Signal(Signal::End));
                if message.is_some_and(|message| sender.send(message).is_err()) || end {
                    return;
                }
            }
        })?;
    Ok(())
}

/// A terminal's event as a message; `None` for what the screen has no use for, motion above all.
fn translated(event: Event) -> Option<Message> {
    match event {
        Event::Key(event) => Key::of_event(&event).map(Message::Key),
        Event::Paste(text) => Some(Message::Paste(text)),
        Event::Mouse(MouseEvent {
            kind, column, row, ..
        }) => match kind {
            MouseEventKind::Down(MouseButton::Left) => {
                Some(Message::Mouse(Mouse::Click(column, row)))
            }
            MouseEventKind::ScrollUp => Some(Message::Mouse(Mouse::WheelUp)),
            MouseEventKind::ScrollDown => Some(Message::Mouse(Mouse::WheelDown)),
            _ => None,
        },
        // crossterm loses a resize that comes together with a key; the signal thread does not.
        Event::Resize(..) | Event::FocusGained | Event::FocusLost => None,
    }
}

fn listen_to_signals(sender: Sender<Message>) -> io::Result<Handle> {
    let mut signals = Signals::new([SIGTERM, SIGHUP, SIGINT, SIGTSTP, SIGCONT, SIGWINCH])?;
    let handle = signals.handle();
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            for signal in signals.forever() {
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
                if sender.send(message).is_err() {
                    return;
                }
            }
        })?;
    Ok(handle)
}
