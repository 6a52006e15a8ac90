//! `heapwalk cast`: a script or a lesson as a recording, played as the explorer would draw it.

use std::path::Path;
use std::sync::Arc;

use ratatui::buffer::Buffer;

use crate::export::Cast;
use crate::lesson::{Lesson, Line, Part};
use crate::session::{Command, Session};
use crate::tui::prompt::Prompt;
use crate::tui::state::Layer;
use crate::tui::terminal::Screen;
use crate::tui::{self, Environment, GlyphSet, State, Theme};
use crate::view::Lens;

use super::args::{self, Format, FrameSize};
use super::config::Config;
use super::exit::{Exit, Failure};
use super::frame::{self, Destination};
use super::input::{self, Input};
use super::lessons;
use super::script::{self, Tally};

/// Columns and rows unless others are asked for.
const SIZE: FrameSize = FrameSize {
    width: 120,
    height: 40,
};

/// Milliseconds for a typed letter, and the most for a line.
const LETTER: u64 = 45;
const LINE: u64 = 1_500;
/// Between the last letter and what comes of it.
const ENTER: u64 = 350;
/// Before the first and behind the last thing that happens.
const EDGES: (u64, u64) = (800, 3_000);
/// What an answer is given to be read, however short, and for each of its letters; and the most.
const ANSWER: u64 = 900;
const READING: u64 = 45;
const LONGEST: u64 = 12_000;
/// How often a workload is shown on the way, and for how long each time.
const PARTS: u64 = 16;
const PART: u64 = 250;
/// What a pause of a script adds.
const PAUSE: u64 = 1_000;

/// One thing that a recording shows.
enum Step {
    /// Typed at the prompt and carried out.
    Typed(Command),
    /// Carried out without being typed: words, and what is only checked.
    Silent(Command),
    /// A moment to think.
    Pause,
}

pub(super) fn run(args: &args::Cast, config: &Config) -> Result<Exit, Failure> {
    let (session, steps) = steps_of(&args.script)?;
    let mut player = Player::new(session, args, config)?;
    let mut tally = Tally::default();
    player.begin();
    for step in &steps {
        player.play(step, &mut tally);
    }
    let recording = player.end();
    let to = match &args.output {
        Some(file) => Destination::File(file),
        None => Destination::Output,
    };
    to.write(|to| to.write_all(recording.as_bytes()))?;
    Ok(tally.outcome.exit())
}

/// The session before the first step, and the steps: of a script, or of a lesson, told by what is in the file.
fn steps_of(path: &Path) -> Result<(Session, Vec<Step>), Failure> {
    if lessons::is_one(path) {
        let lesson = lessons::read(path)?;
        let commands = lesson_steps(&lesson);
        let mut session = Session::new()?;
        session.set_source(path);
        return Ok((session, commands));
    }
    match input::script_or_trace(path)? {
        Input::Script(script) => {
            let commands = script.into_iter().map(|(_, command)| command);
            let commands: Vec<Command> = commands
                .take_while(|command| *command != Command::Quit)
                .collect();
            let session = script::session_for(path, commands.iter())?;
            Ok((session, commands.into_iter().map(step_of).collect()))
        }
        Input::Trace(_) => Err(Failure::Read {
            file: input::name_of(path),
            cause: std::io::Error::other("found a trace, expected a script or a lesson"),
        }),
    }
}

fn step_of(command: Command) -> Step {
    match command {
        Command::Pause | Command::Say(_) | Command::Expect { .. } => Step::Silent(command),
        command => Step::Typed(command),
    }
}

/// A lesson as somebody would show it who knows all the answers.
fn lesson_steps(lesson: &Lesson) -> Vec<Step> {
    let mut steps = Vec::new();
    let all = |lines: &[Line], steps: &mut Vec<Step>| {
        steps.extend(lines.iter().map(|line| step_of(line.command.clone())));
    };
    let say = |words: &str| Step::Silent(Command::Say(words.to_owned()));
    for step in &lesson.steps {
        all(&step.before, &mut steps);
        match &step.part {
            Part::Words(words) => steps.push(say(words)),
            Part::Prediction(asked) => {
                steps.extend([say(&asked.question), Step::Pause]);
                all(&asked.then, &mut steps);
                steps.push(say(&asked.reveal));
            }
            Part::Challenge(challenge) => {
                steps.extend([say(&challenge.task), Step::Pause]);
                all(&challenge.solution, &mut steps);
            }
        }
        steps.push(Step::Pause);
    }
    steps
}

/// A session, and the terminal that it is shown on.
struct Player {
    session: Session,
    stage: Stage,
}

/// A terminal that is recorded.
struct Stage {
    state: State,
    theme: Theme,
    screen: Screen,
    cast: Cast,
}

impl Stage {
    fn show(&mut self, session: &mut Session) {
        let frame = session.frame(&Lens::default());
        let state = self.state.clone().attending(&frame);
        let buffer: Buffer = frame::still(session, &state, &self.theme);
        // It writes to memory.
        if let Ok(bytes) = self.screen.frame(buffer, tui::draw::cursor(&state)) {
            self.cast.output(&bytes);
        }
    }
}

impl Player {
    fn new(session: Session, args: &args::Cast, config: &Config) -> Result<Player, Failure> {
        let size = args.size.unwrap_or(SIZE);
        let environment = Environment::of_process();
        let theme = Theme::of(
            frame::depth(Format::Ansi, config.color.into(), &environment),
            config.glyphs.or_else(|| GlyphSet::Unicode),
            config.colors(&environment),
        );
        let title = input::name_of(&args.script);
        Ok(Player {
            session,
            stage: Stage {
                state: State::new((size.width, size.height))
                    .with_bindings(Arc::clone(&config.keys)),
                theme,
                screen: Screen::default(),
                cast: Cast::new((size.width, size.height), &title, args.speed),
            },
        })
    }

    fn begin(&mut self) {
        self.show();
        self.stage.cast.wait(EDGES.0);
    }

    fn play(&mut self, step: &Step, tally: &mut Tally) {
        match step {
            Step::Pause => self.stage.cast.wait(PAUSE),
            Step::Typed(command) => {
                self.type_line(&command.to_string());
                let read = self.carry_out(command, tally);
                self.show();
                self.stage.cast.wait(read);
            }
            Step::Silent(command) => {
                let read = self.carry_out(command, tally);
                self.show();
                self.stage.cast.wait(match command {
                    Command::Say(_) => read,
                    Command::Pause => PAUSE,
                    _ => 0,
                });
            }
        }
    }

    /// Does it, and answers with how long a reader needs for what is said then, in milliseconds.
    fn carry_out(&mut self, command: &Command, tally: &mut Tally) -> u64 {
        let answer = match command {
            Command::Run(workload) => {
                let stage = &mut self.stage;
                self.session.run_in_parts(workload, PARTS, |session| {
                    stage.show(session);
                    stage.cast.wait(PART);
                })
            }
            command => self.session.apply(command),
        };
        tally.count(&self.session, &answer);
        let letters = answer.call.chars().count() + answer.words.chars().count();
        (ANSWER + READING * letters as u64).min(LONGEST)
    }

    /// Types a line into the prompt, letter by letter; long ones faster, so that nobody waits for them.
    fn type_line(&mut self, line: &str) {
        let ends: Vec<usize> = line
            .char_indices()
            .map(|(at, letter)| at + letter.len_utf8())
            .collect();
        let pace = (LINE / ends.len().max(1) as u64).min(LETTER);
        for end in std::iter::once(0).chain(ends) {
            let prompt = Prompt::prefilled(&line[..end]);
            self.stage.state.layer = Some(Layer::Prompt(Box::new(prompt)));
            self.show();
            self.stage.cast.wait(pace);
        }
        self.stage.cast.wait(ENTER);
        self.stage.state.layer = None;
    }

    fn show(&mut self) {
        self.stage.show(&mut self.session);
    }

    fn end(mut self) -> String {
        self.stage.cast.wait(EDGES.1);
        self.stage.cast.finish()
    }
}
