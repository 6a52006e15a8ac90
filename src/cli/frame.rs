//! `heapwalk frame`, and what stands in for the explorer without a terminal: one still picture.

use std::path::Path;

use ratatui::layout::Size;

use crate::export::{self, Scheme};
use crate::session::Session;
use crate::session::frame::Request;
use crate::tui::{self, Appearance, ColorChoice, ColorDepth, Environment, GlyphSet, State, Theme};
use crate::view::Lens;

use super::args::{Background, Format, Frame, FrameSize, Look};
use super::exit::{Exit, Failure};
use super::out;
use super::script::{self, Outcome};

pub(super) fn run(args: &Frame, look: &Look) -> Result<Exit, Failure> {
    picture(args.run.as_deref(), args.size, args.format, look)
}

/// The explorer's first screen as text, for when there is no terminal to show it on.
pub(super) fn instead_of_explorer(file: Option<&Path>, look: &Look) -> Result<Exit, Failure> {
    let exit = picture(file, None, Format::Text, look)?;
    out::say(
        &"this is one still picture; run heapwalk in a terminal to explore, or see heapwalk --help",
    );
    Ok(exit)
}

fn picture(
    file: Option<&Path>,
    size: Option<FrameSize>,
    format: Format,
    look: &Look,
) -> Result<Exit, Failure> {
    let (mut session, outcome) = match file {
        Some(path) => script::run_file(path, |_, _| Ok(()))?,
        None => (script::run_demo()?, Outcome::default()),
    };
    let size = size.unwrap_or_else(|| default_size(std::env::var("COLUMNS").ok().as_deref()));
    let environment = Environment::of_process();
    let appearance = appearance(look.background, &environment);
    let theme = Theme::new(
        depth(format, look.color.into(), &environment),
        glyphs(format, look, &environment),
        appearance,
    );
    let buffer = still(&mut session, &theme, size);
    let words = match format {
        Format::Text => export::text(&buffer),
        Format::Svg => export::svg(&buffer, scheme(appearance)),
    };
    out::write(|to| to.write_all(words.as_bytes()))?;
    Ok(outcome.exit())
}

fn still(
    session: &mut Session,
    theme: &Theme,
    FrameSize { width, height }: FrameSize,
) -> ratatui::buffer::Buffer {
    let lens = match State::new((width, height)).look() {
        Some(Request::Look(lens)) => lens,
        // Too small for a map: the screen says so.
        _ => Lens::default(),
    };
    tui::still(&session.frame(&lens), theme, Size { width, height })
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
fn glyphs(format: Format, look: &Look, environment: &Environment) -> GlyphSet {
    look.glyphs.or_else(|| match format {
        Format::Text => GlyphSet::detect(environment),
        Format::Svg => GlyphSet::Unicode,
    })
}

/// The background that was asked for, or what the environment says.
pub(super) fn appearance(background: Background, environment: &Environment) -> Appearance {
    match background {
        Background::Auto => Appearance::detect(environment),
        Background::Dark => Appearance::Dark,
        Background::Light => Appearance::Light,
    }
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
