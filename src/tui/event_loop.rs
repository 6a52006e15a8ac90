//! One channel for keys, frames and signals: drain, update, draw once, sleep until something happens.

use std::io;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use color_eyre::eyre::{Result, WrapErr};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use rustix::io::Errno;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGTSTP};
use signal_hook::flag::register_conditional_default;
use signal_hook::low_level::emulate_default_handler;

use crate::lesson::Lesson;
use crate::session::Command;
use crate::session::frame::{Frame, Request};

use super::background::{Answers, QUESTION};
use super::bindings::Bindings;
use super::draw::{cursor, draw};
use super::environment::Appearance;
use super::export::Job;
use super::input::{News, fault_point, listen_to_signals, listen_to_terminal, spawn};
use super::message::{Effect, Message, Picture};
use super::pace::{Pace, Reason};
use super::state::State;
use super::terminal::{self, Guard, Screen};
use super::theme::Theme;
use super::update::{begin_lesson, first, refuse_lesson, update};
use super::writer::Writer;

/// Drawings a second of a heap that goes on by itself, unless asked otherwise.
pub const FRAMES_PER_SECOND: u32 = 30;

/// How long the first frame waits for a terminal to tell its background: most answer sooner, and then nobody sees a
/// frame in colours for another one.
const AT_ONCE: Duration = Duration::from_millis(40);

/// How long after the question the explorer stays for an answer that is on its way, when it is left so soon.
const ON_ITS_WAY: Duration = Duration::from_millis(500);

/// The session as the screen sees it.
pub trait Source {
    /// Asks something of the session; the answer is part of a later frame.
    fn send(&self, request: Request);
    /// The latest frame.
    fn frame(&self) -> Arc<Frame>;
    /// Makes a session of its own for a lesson, in place of the lesson's last one, and has it do this: requests go there
    /// and frames come from there until [`Source::leave`].
    ///
    /// # Errors
    /// When the system grants no addresses or no thread; then everything is as it was.
    fn enter(&self, _commands: Vec<Command>) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
    /// Ends the lesson's session: requests and frames are those of one's own again.
    fn leave(&self) {}
    /// Whether anything more can come. Whoever makes frames wakes the screen when this becomes false.
    fn is_alive(&self) -> bool;
    /// The lines of the prompt that are remembered from before, oldest first.
    fn history(&self) -> Vec<String> {
        Vec::new()
    }
    /// Remembers lines of the prompt for the next time.
    fn remember(&self, _lines: &[String]) {}
    /// The names of lessons that were played to their end before.
    fn finished(&self) -> Vec<String> {
        Vec::new()
    }
    /// Remembers that the lesson of this name was played to its end.
    fn finish(&self, _lesson: &str) {}
}

/// A thread that the screen cannot do without has panicked; its report follows where the screen was.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the thread \"{0}\" panicked")]
pub struct Lost(pub &'static str);

/// How the screen behaves.
#[derive(Clone, Debug)]
pub struct Options {
    /// Colours and glyphs.
    pub theme: Theme,
    /// Clicks, drags and the wheel are taken from the terminal.
    pub mouse: bool,
    /// The most drawings a second of a heap that goes on by itself; what a person does is shown up to twice as often.
    pub frames_per_second: u32,
    /// Which keys do what.
    pub bindings: Arc<Bindings>,
    /// Ask the terminal whether it is dark or light, and follow its answer whenever it comes.
    pub ask_background: bool,
    /// The lesson to begin with.
    pub lesson: Option<Opening>,
}

/// A lesson to begin with.
#[derive(Clone, Debug)]
pub struct Opening {
    /// Which.
    pub lesson: Arc<Lesson>,
    /// It is presented.
    pub present: bool,
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
            ask_background: false,
            lesson: None,
        }
    }
}

/// Wakes the screen; whoever publishes frames keeps one.
#[derive(Clone, Debug)]
pub struct Waker {
    sender: Sender<News>,
    rung: Arc<AtomicBool>,
}

impl Waker {
    /// Says that a newer frame can be had. Cheap: only the first call since the screen last looked sends anything.
    pub fn wake(&self) {
        if !self.rung.swap(true, Ordering::AcqRel) {
            // Without a screen there is nobody to wake.
            let _ = self.sender.send(News::Message(Message::FrameReady));
        }
    }
}

/// The other end of a [`Waker`]: where the screen listens.
#[derive(Debug)]
pub struct Inbox {
    sender: Sender<News>,
    receiver: Receiver<News>,
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
/// When the terminal cannot be set up or written to; [`Lost`] when a thread panicked that the screen needs.
pub fn run(source: &dyn Source, inbox: Inbox, options: Options) -> Result<()> {
    let farewell = Farewell::prepared().wrap_err("failed to listen to signals")?;
    let signals =
        listen_to_signals(inbox.sender.clone()).wrap_err("failed to listen to signals")?;
    let writer = start_writer(&inbox.sender).wrap_err("failed to start the output thread")?;
    let guard =
        Guard::enter(options.mouse, writer.clone()).wrap_err("failed to set up the terminal")?;
    let asked = options.ask_background.then(Instant::now);
    if asked.is_some() {
        writer.send(QUESTION);
    }
    listen_to_terminal(inbox.sender.clone(), Answers::to(asked))
        .wrap_err("failed to start the input thread")?;
    let area = terminal::area();
    let mut explorer = Explorer {
        source,
        inbox,
        theme: options.theme,
        guard,
        writer,
        screen: Screen::default(),
        state: State {
            history: source.history(),
            finished: source.finished(),
            ..State::new((area.width, area.height)).with_bindings(options.bindings)
        },
        frame: source.frame(),
        pace: Pace::new(options.frames_per_second),
        reason: Reason::Answer,
        copy: None,
        exports: Vec::new(),
        asked,
        lesson: options.lesson,
    };
    let result = explorer.run();
    if result.is_ok() {
        explorer.await_answer();
    }
    let exports = std::mem::take(&mut explorer.exports);
    drop(explorer);
    for thread in exports {
        // What was asked for is written, however soon one leaves; a panic of it was reported by its hook.
        let _ = thread.join();
    }
    signals.close();
    drop(farewell);
    result
}

/// Lets signals end the process as they do by default, as soon as this is dropped.
///
/// Nobody listens to them when the screen is gone, and what is left to do may take its time.
struct Farewell(Arc<AtomicBool>);

impl Farewell {
    /// Handlers stay for good, so that all screens of a process share theirs.
    fn prepared() -> io::Result<Farewell> {
        static OVER: OnceLock<Arc<AtomicBool>> = OnceLock::new();
        if let Some(over) = OVER.get() {
            over.store(false, Ordering::Release);
            return Ok(Farewell(Arc::clone(over)));
        }
        let over = Arc::new(AtomicBool::new(false));
        for signal in [SIGTERM, SIGHUP, SIGINT] {
            register_conditional_default(signal, Arc::clone(&over))?;
        }
        Ok(Farewell(Arc::clone(OVER.get_or_init(|| over))))
    }
}

impl Drop for Farewell {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// The thread that writes to the terminal, past the buffer of the standard output, which has no use for whole frames.
fn start_writer(news: &Sender<News>) -> io::Result<Writer> {
    let out = std::fs::File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let told = news.clone();
    let (writer, body) = Writer::new(out, move |result| {
        fault_point("output");
        // Without a screen there is nobody to tell.
        let _ = told.send(News::Written(result));
    });
    spawn("output", news, body)?;
    Ok(writer)
}

struct Explorer<'a> {
    source: &'a dyn Source,
    inbox: Inbox,
    theme: Theme,
    guard: Guard,
    writer: Writer,
    screen: Screen,
    state: State,
    frame: Arc<Frame>,
    pace: Pace,
    /// What the next frame is for.
    reason: Reason,
    /// What goes to the clipboard with the next frame; only the last wish counts.
    copy: Option<Vec<u8>>,
    /// Pictures of the screen that are being written.
    exports: Vec<JoinHandle<()>>,
    /// When the terminal was asked for its background, until it answers.
    asked: Option<Instant>,
    /// The lesson to begin with.
    lesson: Option<Opening>,
}

/// Whether the loop goes on.
#[derive(PartialEq, Eq)]
enum Flow {
    On,
    Ended,
}

impl Explorer<'_> {
    fn run(&mut self) -> Result<()> {
        let effects = first(&mut self.state, &self.frame);
        if self.apply(effects)? == Flow::Ended {
            return Ok(());
        }
        if let Some(opening) = self.lesson.take() {
            let effects = begin_lesson(&mut self.state, &self.frame, opening);
            if self.apply(effects)? == Flow::Ended {
                return Ok(());
            }
        }
        loop {
            self.draw_if_due()
                .wrap_err("failed to write to the terminal")?;
            let Some(news) = self.next()? else {
                continue;
            };
            if self.drain(news)? == Flow::Ended {
                return Ok(());
            }
        }
    }

    /// The next news; `None` when it is time to draw what changed.
    fn next(&self) -> Result<Option<News>> {
        // While a frame is on its way there is nothing to draw for: its arrival is news.
        if !self.state.dirty || !self.writer.is_idle() {
            let news = self.inbox.receiver.recv();
            return Ok(Some(
                news.wrap_err("failed to receive: every sender is gone")?,
            ));
        }
        let wait = self.wait(Instant::now());
        match self.inbox.receiver.recv_timeout(wait) {
            Ok(news) => Ok(Some(news)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => {
                Err(RecvTimeoutError::Disconnected).wrap_err("failed to receive")
            }
        }
    }

    /// Takes in `news` and all that waits behind them.
    fn drain(&mut self, news: News) -> Result<Flow> {
        let mut next = Some(news);
        while let Some(news) = next {
            let flow = match news {
                News::Message(message) => self.take(message)?,
                News::Written(Err(error)) if is_hangup(&error) => Flow::Ended,
                News::Written(result) => {
                    result.wrap_err("failed to write to the terminal")?;
                    self.pace.written(Instant::now());
                    Flow::On
                }
                News::Background(appearance) => {
                    self.follow(appearance);
                    Flow::On
                }
                News::Lost(thread) => return Err(Lost(thread).into()),
            };
            if flow == Flow::Ended {
                return Ok(Flow::Ended);
            }
            next = self.inbox.receiver.try_recv().ok();
        }
        Ok(Flow::On)
    }

    fn take(&mut self, message: Message) -> Result<Flow> {
        fault_point("main");
        if message == Message::FrameReady {
            // Cleared before looking: a frame published from here on rings again.
            self.inbox.rung.store(false, Ordering::Release);
            if !self.source.is_alive() {
                return Err(Lost("session").into());
            }
            let frame = self.source.frame();
            if frame.version == self.frame.version {
                return Ok(Flow::On);
            }
            if frame.requests != self.frame.requests {
                self.reason = Reason::Answer;
            }
            self.frame = frame;
        } else {
            self.reason = Reason::Answer;
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
                Effect::Enter(commands) => self.enter(commands),
                Effect::Leave => {
                    self.source.leave();
                    self.frame = self.source.frame();
                    self.reason = Reason::Answer;
                }
                Effect::Remember(lines) => self.source.remember(&lines),
                Effect::Finished(lesson) => self.source.finish(lesson),
                Effect::Quit => return Ok(Flow::Ended),
                Effect::Suspend => self.suspend().wrap_err("failed to suspend")?,
                // A closed window is told by a hangup and, for what was stopped, a continuation right behind it.
                Effect::Repaint => match self.repaint() {
                    Err(error) if is_hangup(&error) => return Ok(Flow::Ended),
                    result => result.wrap_err("failed to set up the terminal again")?,
                },
                Effect::Copy(text) => self.copy(&text),
                Effect::Export(picture) => self.export(picture),
            }
        }
        Ok(Flow::On)
    }

    /// Draws the screen as it is without what lies over it, and lets it be written beside everything else.
    fn export(&mut self, picture: Picture) {
        let state = State {
            layer: None,
            notice: None,
            ..self.state.clone()
        };
        let told = self.inbox.sender.clone();
        let tell = move |exported| {
            // Without a screen there is nobody to tell.
            let _ = told.send(News::Message(Message::Exported(exported)));
        };
        let job = Job::of(picture, &state, &self.frame, &self.theme);
        self.exports.retain(|thread| !thread.is_finished());
        self.exports.extend(job.begin(tell));
    }

    /// A lesson that gets no session is over.
    fn enter(&mut self, commands: Vec<Command>) {
        if let Err(error) = self.source.enter(commands) {
            refuse_lesson(&mut self.state, &error);
        }
        self.frame = self.source.frame();
        self.reason = Reason::Answer;
    }

    /// Whether a terminal does as it is told is never known: some ask first, some are set to refuse.
    fn copy(&mut self, text: &str) {
        let words = match terminal::copying(text) {
            Ok(bytes) => {
                self.copy = Some(bytes);
                format!(
                    "sent {} B to the terminal's clipboard (OSC 52): {text}",
                    text.len()
                )
            }
            Err(error) => error.to_string(),
        };
        self.state.notice = Some(words);
        self.state.dirty = true;
    }

    /// Takes the colours for what the terminal says of its background.
    fn follow(&mut self, appearance: Appearance) {
        self.asked = None;
        self.theme = self.theme.on(appearance);
        self.state.dirty = true;
        self.reason = Reason::Answer;
    }

    /// Gives an answer that is on its way the time to arrive here: the shell would read it as typed.
    fn await_answer(&self) {
        let Some(asked) = self.asked else { return };
        loop {
            let left = ON_ITS_WAY.saturating_sub(asked.elapsed());
            match self.inbox.receiver.recv_timeout(left) {
                Ok(News::Background(_)) | Err(_) => return,
                Ok(_) => {}
            }
        }
    }

    /// How long the next frame has to wait.
    fn wait(&self, now: Instant) -> Duration {
        let answer = self.asked.map_or(Duration::ZERO, |asked| {
            AT_ONCE.saturating_sub(now.saturating_duration_since(asked))
        });
        self.pace.wait(self.reason, now).max(answer)
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
        let resized = Message::Resize(area.width, area.height);
        let _ = self.inbox.sender.send(News::Message(resized));
        Ok(())
    }

    fn draw_if_due(&mut self) -> io::Result<()> {
        let now = Instant::now();
        let due = self.state.dirty && self.wait(now).is_zero();
        if !due || !self.writer.is_idle() {
            return Ok(());
        }
        self.pace.begin(now);
        let area = Rect::new(0, 0, self.state.size.0, self.state.size.1);
        let mut buffer = Buffer::empty(area);
        draw(&self.state, &self.frame, &self.theme, area, &mut buffer);
        let mut bytes = self.screen.frame(buffer, cursor(&self.state))?;
        bytes.extend(self.copy.take().into_iter().flatten());
        self.writer.send(&bytes);
        self.state.dirty = false;
        self.reason = Reason::News;
        Ok(())
    }
}

/// Whether the terminal is gone, as it is when its window was closed. Nobody is left to be told.
fn is_hangup(error: &io::Error) -> bool {
    let gone = [Errno::IO, Errno::NXIO].map(Errno::raw_os_error);
    error
        .raw_os_error()
        .is_some_and(|number| gone.contains(&number))
}
