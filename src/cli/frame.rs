//! `heapwalk frame`, and what stands in for the explorer without a terminal: one still picture.

use std::path::Path;
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::export::{self, Scheme};
use crate::session::Session;
use crate::session::frame::Request;
use crate::tui::{self, Appearance, ColorChoice, ColorDepth, Environment, GlyphSet, State, Theme};
use crate::view::Lens;

use super::args::{Format, Frame, FrameSize};
use super::config::Config;
use super::exit::{Exit, Failure};
use super::out;
use super::script::{self, Outcome};

pub(super) fn run(args: &Frame, config: &Config) -> Result<Exit, Failure> {
    picture(args.run.as_deref(), args.size, args.format, config)
}

/// The explorer's first screen as text, for when there is no terminal to show it on.
pub(super) fn instead_of_explorer(file: Option<&Path>, config: &Config) -> Result<Exit, Failure> {
    let exit = picture(file, None, Format::Text, config)?;
    out::say(&STILL);
    Ok(exit)
}

/// The same of a session that was opened.
pub(super) fn instead_of_opening(session: Session, config: &Config) -> Result<Exit, Failure> {
    print(session, None, Format::Text, config)?;
    out::say(&STILL);
    Ok(Exit::Success)
}

const STILL: &str =
    "this is one still picture; run heapwalk in a terminal to explore, or see heapwalk --help";

fn picture(
    file: Option<&Path>,
    size: Option<FrameSize>,
    format: Format,
    config: &Config,
) -> Result<Exit, Failure> {
    let (session, outcome) = match file {
        Some(path) => script::run_file(path, |_, _| Ok(()))?,
        None => (script::run_demo()?, Outcome::default()),
    };
    print(session, size, format, config)?;
    Ok(outcome.exit())
}

fn print(
    mut session: Session,
    size: Option<FrameSize>,
    format: Format,
    config: &Config,
) -> Result<(), Failure> {
    let size = size.unwrap_or_else(|| default_size(std::env::var("COLUMNS").ok().as_deref()));
    let environment = Environment::of_process();
    let appearance = config.appearance(&environment);
    let theme = Theme::new(
        depth(format, config.color.into(), &environment),
        glyphs(format, config, &environment),
        appearance,
    );
    let state = State::new((size.width, size.height))
        .with_bindings(Arc::clone(&config.keys))
        .attending(&session.frame(&Lens::default()));
    let buffer = still(&mut session, &state, &theme);
    let words = match format {
        Format::Text => export::text(&buffer),
        Format::Svg => export::svg(&buffer, scheme(appearance)),
    };
    out::write(|to| to.write_all(words.as_bytes()))
}

fn still(session: &mut Session, state: &State, theme: &Theme) -> Buffer {
    let lens = match state.look() {
        Some(Request::Look(lens)) => lens,
        // Too small for a map: the screen says so.
        _ => Lens::default(),
    };
    let lens = Lens {
        cursor: pointed_at(session),
        ..lens
    };
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

/// Text has no colours. An image has all of them, whatever terminal it is made in.
fn depth(format: Format, choice: ColorChoice, environment: &Environment) -> ColorDepth {
    match (format, choice) {
        (Format::Text, _) | (Format::Svg, ColorChoice::Never) => ColorDepth::Mono,
        (Format::Svg, ColorChoice::Auto) if !environment.no_color.is_empty() => ColorDepth::Mono,
        (Format::Svg, ColorChoice::Auto | ColorChoice::Always) => ColorDepth::True,
    }
}

/// An image draws its own blocks and lines; text is shown in the reader's locale.
fn glyphs(format: Format, config: &Config, environment: &Environment) -> GlyphSet {
    config.glyphs.or_else(|| match format {
        Format::Text => GlyphSet::detect(environment),
        Format::Svg => GlyphSet::Unicode,
    })
}

const fn scheme(appearance: Appearance) -> &'static Scheme {
    match appearance {
        Appearance::Dark => &Scheme::DARK,
        Appearance::Light => &Scheme::LIGHT,
    }
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
    fn only_images_have_colours() {
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
        ] {
            assert_eq!(
                depth(format, choice, &environment(no_color)),
                expected,
                "{format:?} {choice:?}"
            );
        }
    }
}
