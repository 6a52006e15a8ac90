//! `heapwalk frame`, and what stands in for the explorer without a terminal: one still picture.

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::export;
use crate::lesson::{Lesson, Part, Recital, Step};
use crate::session::Session;
use crate::session::frame::Request;
use crate::tui::{self, ColorChoice, ColorDepth, Environment, GlyphSet, State, Theme};
use crate::view::Lens;

use super::args::{Format, Frame, FrameSize};
use super::config::Config;
use super::exit::{Exit, Failure};
use super::lessons;
use super::out;
use super::script::{self, Outcome};

pub(super) fn run(args: &Frame, config: &Config) -> Result<Exit, Failure> {
    let to = Destination::of(args)?;
    if let Some(name) = &args.lesson {
        return lesson(name, args, &to, config);
    }
    if let Some(file) = args.run.as_deref().filter(|file| lessons::is_in(file)) {
        return lesson_at(lessons::read(file)?, 1, args, &to, config);
    }
    let (session, outcome) = after(args.run.as_deref())?;
    print(session, args.size, args.format, &to, config)?;
    Ok(outcome.exit())
}

/// The explorer's first screen as text, for when there is no terminal to show it on.
pub(super) fn instead_of_explorer(file: Option<&Path>, config: &Config) -> Result<Exit, Failure> {
    let (session, outcome) = after(file)?;
    instead_of_opening(session, config)?;
    Ok(outcome.exit())
}

/// The same of a session that was opened.
pub(super) fn instead_of_opening(session: Session, config: &Config) -> Result<Exit, Failure> {
    print(session, None, Format::Text, &Destination::Output, config)?;
    out::say(&STILL);
    Ok(Exit::Success)
}

const STILL: &str =
    "this is one still picture; run heapwalk in a terminal to explore, or see heapwalk --help";

/// Where a picture goes.
pub(super) enum Destination<'a> {
    Output,
    File(&'a Path),
}

impl<'a> Destination<'a> {
    /// Refuses before anything is done: nobody wants the bytes of an image on a screen.
    fn of(args: &'a Frame) -> Result<Destination<'a>, Failure> {
        match &args.output {
            Some(file) => Ok(Destination::File(file)),
            None if args.format == Format::Png && io::stdout().is_terminal() => {
                Err(Failure::Terminal)
            }
            None => Ok(Destination::Output),
        }
    }

    pub(super) fn write(
        &self,
        print: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Failure> {
        match self {
            Destination::Output => out::write(print),
            Destination::File(file) => out::write_file(file, print),
        }
    }
}

/// The session after a script or trace, or else after the demonstration.
fn after(file: Option<&Path>) -> Result<(Session, Outcome), Failure> {
    match file {
        Some(path) => script::run_file(path, |_, _| Ok(())),
        None => Ok((script::run_demo()?, Outcome::default())),
    }
}

fn print(
    mut session: Session,
    size: Option<FrameSize>,
    format: Format,
    to: &Destination<'_>,
    config: &Config,
) -> Result<(), Failure> {
    let state = state(&mut session, size, config);
    let cursor = pointed_at(&session);
    print_as((&mut session, cursor), &state, format, to, config)
}

/// The screen in `state` of a session with the cursor at a block, or the session's heap.
fn print_as(
    (session, cursor): (&mut Session, Option<u64>),
    state: &State,
    format: Format,
    to: &Destination<'_>,
    config: &Config,
) -> Result<(), Failure> {
    match format {
        Format::Json => return to.write(|to| session.write_json(to)),
        Format::Csv => return to.write(|to| session.write_csv(to)),
        Format::Text | Format::Ansi | Format::Svg | Format::Png => {}
    }
    let environment = Environment::of_process();
    let theme = Theme::of(
        depth(format, config.color.into(), &environment),
        glyphs(format, config, &environment),
        config.colors(&environment),
    );
    let buffer = still_at((session, cursor), state, &theme);
    let scheme = &theme.scheme();
    let bytes = match format {
        Format::Ansi => export::ansi(&buffer).into_bytes(),
        Format::Svg => export::svg(&buffer, scheme).into_bytes(),
        Format::Png => export::png(&buffer, scheme)?,
        Format::Text | Format::Json | Format::Csv => export::text(&buffer).into_bytes(),
    };
    to.write(|to| to.write_all(&bytes))
}

/// The explorer's first screen.
fn state(session: &mut Session, size: Option<FrameSize>, config: &Config) -> State {
    let size = size.unwrap_or_else(|| default_size(std::env::var("COLUMNS").ok().as_deref()));
    State::new((size.width, size.height))
        .with_bindings(Arc::clone(&config.keys))
        .attending(&session.frame(&Lens::default()))
}

/// A lesson at one of its steps.
fn lesson(
    name: &str,
    args: &Frame,
    to: &Destination<'_>,
    config: &Config,
) -> Result<Exit, Failure> {
    let (name, step) = match name.rsplit_once(':') {
        Some((before, step)) => match step.parse() {
            Ok(step) => (before, Some(step)),
            Err(_) => (name, None),
        },
        None => (name, None),
    };
    let lesson = lessons::read(Path::new(name))?;
    let is_challenge = |step: &Step| matches!(step.part, Part::Challenge(_));
    let challenge = || lesson.steps.iter().position(is_challenge);
    let step = step.unwrap_or_else(|| challenge().map_or(usize::MAX, |index| index + 1));
    lesson_at(lesson, step, args, to, config)
}

/// A lesson at the step of this number.
fn lesson_at(
    lesson: Lesson,
    step: usize,
    args: &Frame,
    to: &Destination<'_>,
    config: &Config,
) -> Result<Exit, Failure> {
    let Recital {
        player,
        mut session,
        cursor,
        point,
        ..
    } = Recital::up_to(Arc::new(lesson), step)?;
    let state = state(&mut session, args.size, config).in_lesson(player, point.as_ref());
    print_as((&mut session, cursor), &state, args.format, to, config)?;
    Ok(Exit::Success)
}

pub(super) fn still(session: &mut Session, state: &State, theme: &Theme) -> Buffer {
    let cursor = pointed_at(session);
    still_at((session, cursor), state, theme)
}

fn still_at(
    (session, cursor): (&mut Session, Option<u64>),
    state: &State,
    theme: &Theme,
) -> Buffer {
    let lens = match state.look() {
        Some(Request::Look(lens)) => lens,
        // Too small for a map: the screen says so.
        _ => Lens::default(),
    };
    let lens = Lens { cursor, ..lens };
    let area = Rect::new(0, 0, state.size.0, state.size.1);
    let mut buffer = Buffer::empty(area);
    tui::draw(state, &session.frame(&lens), theme, area, &mut buffer);
    buffer
}

/// The block that the picture selects: the one that a script points at with `go` in its last line.
fn pointed_at(session: &Session) -> Option<u64> {
    let last = session.log().last()?;
    last.block.filter(|_| last.command.starts_with("go "))
}

/// 80 columns, or as many as the shell says, and 24 rows.
fn default_size(columns: Option<&str>) -> FrameSize {
    let width = columns.and_then(|columns| format!("{columns}x24").parse().ok());
    width.unwrap_or(FrameSize {
        width: 80,
        height: 24,
    })
}

/// Text has no colours; everything else has all of them, whatever terminal it is made in.
pub(super) fn depth(format: Format, choice: ColorChoice, environment: &Environment) -> ColorDepth {
    match (format, choice) {
        (Format::Text, _) | (_, ColorChoice::Never) => ColorDepth::Mono,
        (_, ColorChoice::Auto) if !environment.no_color.is_empty() => ColorDepth::Mono,
        (_, ColorChoice::Auto | ColorChoice::Always) => ColorDepth::True,
    }
}

/// An image draws its own blocks and lines; text is shown in the reader's locale.
fn glyphs(format: Format, config: &Config, environment: &Environment) -> GlyphSet {
    config.glyphs.or_else(|| match format {
        Format::Svg | Format::Png => GlyphSet::Unicode,
        _ => GlyphSet::detect(environment),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shell_says_how_wide() {
        for (columns, width) in [
            (None, 80),
            (Some("132"), 132),
            (Some(""), 80),
            (Some("0"), 80),
            (Some("-1"), 80),
            (Some("99999"), 80),
            (Some("wide"), 80),
        ] {
            assert_eq!(
                default_size(columns),
                FrameSize { width, height: 24 },
                "{columns:?}"
            );
        }
    }

    #[test]
    fn everything_but_text_has_colours() {
        let environment = |no_color: &str| Environment {
            no_color: no_color.to_owned(),
            ..Environment::default()
        };
        for (format, choice, no_color, expected) in [
            (Format::Text, ColorChoice::Always, "", ColorDepth::Mono),
            (Format::Svg, ColorChoice::Auto, "", ColorDepth::True),
            (Format::Svg, ColorChoice::Auto, "1", ColorDepth::Mono),
            (Format::Svg, ColorChoice::Always, "1", ColorDepth::True),
            (Format::Svg, ColorChoice::Never, "", ColorDepth::Mono),
            (Format::Png, ColorChoice::Auto, "", ColorDepth::True),
            (Format::Ansi, ColorChoice::Auto, "", ColorDepth::True),
            (Format::Ansi, ColorChoice::Auto, "1", ColorDepth::Mono),
        ] {
            assert_eq!(
                depth(format, choice, &environment(no_color)),
                expected,
                "{format:?} {choice:?}"
            );
        }
    }
}
