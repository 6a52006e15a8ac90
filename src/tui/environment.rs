//! What the environment says about the terminal: colours, characters, background.
//!
//! Detection is a function of a snapshot, so that it can be tested without touching the process.

/// The variables that matter, as found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Environment {
    /// `TERM`
    pub term: String,
    /// `COLORTERM`
    pub colorterm: String,
    /// `NO_COLOR`
    pub no_color: String,
    /// `COLORFGBG`, as rxvt and Konsole set it.
    pub colorfgbg: String,
    /// `LC_ALL`
    pub lc_all: String,
    /// `LC_CTYPE`
    pub lc_ctype: String,
    /// `LANG`
    pub lang: String,
}

/// When colours are used: `--color auto|always|never`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ColorChoice {
    /// As the environment says.
    #[default]
    Auto,
    /// Even if NO_COLOR is set.
    Always,
    /// Never.
    Never,
}

/// How many colours are used.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ColorDepth {
    /// None: glyphs, bold and reverse only.
    Mono,
    /// The sixteen of the terminal's own palette.
    Ansi16,
    /// The cube of 256.
    Ansi256,
    /// 24 bits.
    True,
}

/// Which characters are used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GlyphSet {
    /// Blocks, lines and shades.
    Unicode,
    /// Printable ASCII only.
    Ascii,
}

/// The background the palette is made for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Appearance {
    /// Light letters on dark.
    #[default]
    Dark,
    /// Dark letters on light.
    Light,
}

impl Environment {
    /// The environment of this process, now.
    #[must_use]
    pub fn of_process() -> Environment {
        let get = |name: &str| std::env::var(name).unwrap_or_default();
        Environment {
            term: get("TERM"),
            colorterm: get("COLORTERM"),
            no_color: get("NO_COLOR"),
            colorfgbg: get("COLORFGBG"),
            lc_all: get("LC_ALL"),
            lc_ctype: get("LC_CTYPE"),
            lang: get("LANG"),
        }
    }
}

impl ColorDepth {
    /// The depth to use: `choice` first, then NO_COLOR, then COLORTERM and TERM.
    #[must_use]
    pub fn detect(choice: ColorChoice, environment: &Environment) -> ColorDepth {
        let offered = offered_depth(environment);
        match choice {
            ColorChoice::Never => ColorDepth::Mono,
            ColorChoice::Always => offered.max(ColorDepth::Ansi16),
            ColorChoice::Auto if !environment.no_color.is_empty() => ColorDepth::Mono,
            ColorChoice::Auto => offered,
        }
    }
}

impl GlyphSet {
    /// Unicode where the locale is UTF-8 and the terminal is not the Linux console, whose font lacks most of it.
    #[must_use]
    pub fn detect(environment: &Environment) -> GlyphSet {
        let locale = [
            &environment.lc_all,
            &environment.lc_ctype,
            &environment.lang,
        ]
        .into_iter()
        .find(|value| !value.is_empty())
        .map(|value| value.to_ascii_lowercase())
        .unwrap_or_default();
        let utf8 = locale.contains("utf-8") || locale.contains("utf8");
        if utf8 && environment.term != "linux" {
            GlyphSet::Unicode
        } else {
            GlyphSet::Ascii
        }
    }
}

impl Appearance {
    /// Light if COLORFGBG names a light background; dark otherwise.
    #[must_use]
    pub fn detect(environment: &Environment) -> Appearance {
        let background = environment
            .colorfgbg
            .rsplit(';')
            .next()
            .and_then(|number| number.parse::<u8>().ok());
        match background {
            Some(7 | 9..=15) => Appearance::Light,
            _ => Appearance::Dark,
        }
    }
}

fn offered_depth(environment: &Environment) -> ColorDepth {
    let term = environment.term.as_str();
    if term.is_empty() || term == "dumb" {
        ColorDepth::Mono
    } else if matches!(environment.colorterm.as_str(), "truecolor" | "24bit")
        || term.ends_with("-direct")
    {
        ColorDepth::True
    } else if term.contains("256color") {
        ColorDepth::Ansi256
    } else {
        ColorDepth::Ansi16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(term: &str, colorterm: &str, no_color: &str) -> Environment {
        Environment {
            term: term.into(),
            colorterm: colorterm.into(),
            no_color: no_color.into(),
            ..Environment::default()
        }
    }

    #[test]
    fn depth_follows_choice_then_no_color_then_terminal() {
        use ColorChoice::{Always, Auto, Never};
        use ColorDepth::{Ansi16, Ansi256, Mono, True};
        let rows = [
            (Auto, with("xterm-256color", "truecolor", ""), True),
            (Auto, with("xterm-256color", "", ""), Ansi256),
            (Auto, with("xterm-direct", "", ""), True),
            (Auto, with("xterm", "", ""), Ansi16),
            (Auto, with("dumb", "truecolor", ""), Mono),
            (Auto, with("", "", ""), Mono),
            (Auto, with("xterm-256color", "truecolor", "1"), Mono),
            (Always, with("xterm-256color", "truecolor", "1"), True),
            (Always, with("", "", "1"), Ansi16),
            (Never, with("xterm-256color", "truecolor", ""), Mono),
        ];
        for (choice, environment, depth) in rows {
            assert_eq!(
                ColorDepth::detect(choice, &environment),
                depth,
                "{choice:?} {environment:?}"
            );
        }
    }

    #[test]
    fn glyphs_follow_the_first_locale_variable_set() {
        let rows = [
            (["", "", "en_US.UTF-8"], "xterm", GlyphSet::Unicode),
            (["C", "", "en_US.UTF-8"], "xterm", GlyphSet::Ascii),
            (["", "de_DE.utf8", "C"], "xterm", GlyphSet::Unicode),
            (["", "", ""], "xterm", GlyphSet::Ascii),
            (["", "", "C.UTF-8"], "linux", GlyphSet::Ascii),
            (["", "C", "en_US.UTF-8"], "xterm", GlyphSet::Ascii),
            (
                ["POSIX", "en_US.UTF-8", "en_US.UTF-8"],
                "xterm",
                GlyphSet::Ascii,
            ),
            (["", "", "de_DE.ISO-8859-15"], "xterm", GlyphSet::Ascii),
            (["", "", "de_DE@euro"], "xterm", GlyphSet::Ascii),
            (["C.utf8", "C", "C"], "xterm", GlyphSet::Unicode),
            (["", "", "en_US.utf8@variant"], "xterm", GlyphSet::Unicode),
            // macOS names the characters alone.
            (["", "UTF-8", ""], "xterm", GlyphSet::Unicode),
        ];
        for ([lc_all, lc_ctype, lang], term, glyphs) in rows {
            let environment = Environment {
                term: term.into(),
                lc_all: lc_all.into(),
                lc_ctype: lc_ctype.into(),
                lang: lang.into(),
                ..Environment::default()
            };
            assert_eq!(GlyphSet::detect(&environment), glyphs, "{environment:?}");
        }
    }

    #[test]
    fn appearance_follows_the_background_number() {
        for (value, appearance) in [
            ("", Appearance::Dark),
            ("15;0", Appearance::Dark),
            ("0;15", Appearance::Light),
            ("0;default;7", Appearance::Light),
        ] {
            let environment = Environment {
                colorfgbg: value.into(),
                ..Environment::default()
            };
            assert_eq!(Appearance::detect(&environment), appearance, "{value}");
        }
    }
}
