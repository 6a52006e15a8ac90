//! The table of settings: what the file, the environment and `--print-config` know about each.

use std::ops::RangeInclusive;

use clap::ValueEnum;

use crate::session::either;

use super::Config;
use super::theme::{self, Choice, Refused};

/// One row of the table.
pub(in crate::cli) struct Setting {
    /// Its name in the file.
    pub(in crate::cli) name: &'static str,
    /// What it decides, in a sentence.
    pub(in crate::cli) doc: &'static str,
    pub(in crate::cli) kind: Kind,
}

/// What values a setting has, and where they are kept.
pub(in crate::cli) enum Kind {
    /// One of some words.
    Word {
        words: fn() -> Vec<String>,
        get: fn(&Config) -> String,
        /// Answers whether the word is one of them.
        set: fn(&mut Config, &str) -> bool,
    },
    /// The name of a theme, or a file with one.
    Theme,
    /// True or false.
    Switch {
        get: fn(&Config) -> bool,
        set: fn(&mut Config, bool),
    },
    /// A whole number.
    Number {
        range: RangeInclusive<i64>,
        get: fn(&Config) -> u32,
        set: fn(&mut Config, u32),
    },
}

/// Every setting that is not a key, in the order in which they are printed.
pub(in crate::cli) static SETTINGS: [Setting; 6] = [
    Setting {
        name: "theme",
        doc: "the colours; auto asks the terminal whether it is dark or light",
        kind: Kind::Theme,
    },
    Setting {
        name: "color",
        doc: "when to use colours; auto asks the environment",
        kind: Kind::Word {
            words: words_of::<super::When>,
            get: |config| word_of(&config.color),
            set: |config, word| read_word(&mut config.color, word),
        },
    },
    Setting {
        name: "glyphs",
        doc: "which characters to draw with; auto asks the locale",
        kind: Kind::Word {
            words: words_of::<super::Glyphs>,
            get: |config| word_of(&config.glyphs),
            set: |config, word| read_word(&mut config.glyphs, word),
        },
    },
    Setting {
        name: "mouse",
        doc: "whether clicks and the wheel are for the explorer",
        kind: Kind::Switch {
            get: |config| config.mouse,
            set: |config, on| config.mouse = on,
        },
    },
    Setting {
        name: "journal",
        doc: "whether what is done in the explorer is kept in a journal",
        kind: Kind::Switch {
            get: |config| config.journal,
            set: |config, on| config.journal = on,
        },
    },
    Setting {
        name: "frames_per_second",
        doc: "how often the explorer draws at most",
        kind: Kind::Number {
            range: FRAMES,
            get: |config| config.frames_per_second,
            set: |config, number| config.frames_per_second = number,
        },
    },
];

/// How often the explorer may draw in a second.
pub(in crate::cli) const FRAMES: RangeInclusive<i64> = 1..=60;

/// The variable of the environment that stands for a setting.
pub(in crate::cli) fn variable(name: &str) -> String {
    format!("HEAPWALK_{}", name.to_ascii_uppercase())
}

impl Kind {
    /// The values there are, in words: `auto, always or never`.
    pub(in crate::cli) fn expected(&self) -> String {
        match self {
            Kind::Word { words, .. } => either(&words()),
            Kind::Theme => theme::expected(),
            Kind::Switch { .. } => "true or false".to_owned(),
            Kind::Number { range, .. } => {
                format!("a number from {} to {}", range.start(), range.end())
            }
        }
    }

    /// The value as it stands in a file.
    pub(in crate::cli) fn value(&self, config: &Config) -> toml::Value {
        match self {
            Kind::Word { get, .. } => get(config).into(),
            Kind::Theme => config.theme.asked.as_str().into(),
            Kind::Switch { get, .. } => get(config).into(),
            Kind::Number { get, .. } => get(config).into(),
        }
    }

    /// Takes a word; answers whether it is one that the setting has.
    pub(in crate::cli) fn take_word(&self, config: &mut Config, word: &str) -> bool {
        match self {
            Kind::Word { set, .. } => set(config, word),
            Kind::Theme | Kind::Switch { .. } | Kind::Number { .. } => false,
        }
    }

    /// Takes the name of a theme or a file; `None` where the setting is no theme.
    pub(in crate::cli) fn take_theme(
        &self,
        config: &mut Config,
        asked: &str,
    ) -> Option<Result<(), Refused>> {
        let found = matches!(self, Kind::Theme).then(|| Choice::find(asked))?;
        Some(found.map(|choice| config.theme = choice))
    }

    /// Takes a truth value; answers whether the setting has such.
    pub(in crate::cli) fn take_switch(&self, config: &mut Config, on: bool) -> bool {
        match self {
            Kind::Switch { set, .. } => set(config, on),
            Kind::Word { .. } | Kind::Theme | Kind::Number { .. } => return false,
        }
        true
    }

    /// Takes a number; answers whether it is one that the setting has.
    pub(in crate::cli) fn take_number(&self, config: &mut Config, number: i64) -> bool {
        match (self, u32::try_from(number)) {
            (Kind::Number { range, set, .. }, Ok(value)) if range.contains(&number) => {
                set(config, value);
                true
            }
            _ => false,
        }
    }

    /// Takes a value as the environment has it: always a text.
    pub(in crate::cli) fn take_text(&self, config: &mut Config, text: &str) -> Result<(), Refused> {
        if let Some(found) = self.take_theme(config, text) {
            return found;
        }
        let taken = match self {
            Kind::Word { .. } | Kind::Theme => self.take_word(config, text),
            Kind::Switch { .. } => match text {
                "true" | "on" | "1" => self.take_switch(config, true),
                "false" | "off" | "0" => self.take_switch(config, false),
                _ => false,
            },
            Kind::Number { .. } => text
                .parse()
                .is_ok_and(|number| self.take_number(config, number)),
        };
        if taken {
            Ok(())
        } else {
            let expected = self.expected();
            Err(Refused::Unknown(format!(
                "found {text:?}, expected {expected}"
            )))
        }
    }
}

fn words_of<T: ValueEnum>() -> Vec<String> {
    T::value_variants().iter().map(word_of).collect()
}

/// The name of a value; the values of settings all have one.
fn word_of<T: ValueEnum>(value: &T) -> String {
    let named = value.to_possible_value();
    named.map_or_else(String::new, |value| value.get_name().to_owned())
}

fn read_word<T: ValueEnum>(place: &mut T, word: &str) -> bool {
    match T::from_str(word, false) {
        Ok(value) => {
            *place = value;
            true
        }
        Err(_) => false,
    }
}
