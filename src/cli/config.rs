//! How heapwalk behaves, from weakest to strongest: defaults, the configuration file, the environment, the command line.

mod file;
mod print;
mod setting;
pub(super) mod theme;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use etcetera::BaseStrategy;

use crate::tui::{
    self, Appearance, Bindings, ColorDepth, Colors, Environment, FRAMES_PER_SECOND, GlyphSet,
    Options, Theme,
};

use super::args::{Glyphs, Overrides, When};
use super::exit::Failure;

pub(super) use print::to_toml;
pub(super) use setting::{FRAMES, SETTINGS, variable};

/// Everything that can be configured.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Config {
    pub(super) theme: theme::Choice,
    pub(super) color: When,
    pub(super) glyphs: Glyphs,
    pub(super) mouse: bool,
    pub(super) journal: bool,
    pub(super) frames_per_second: u32,
    pub(super) keys: Arc<Bindings>,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            theme: theme::Choice::default(),
            color: When::Auto,
            glyphs: Glyphs::Auto,
            mouse: true,
            journal: true,
            frames_per_second: FRAMES_PER_SECOND,
            keys: Arc::default(),
        }
    }
}

/// A mistake in a configuration. The words fit after "failed to read".
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ConfigError {
    /// In a file.
    #[error("{file}:{line}:{column}: {words}")]
    File {
        /// Its name.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The column in characters, from 1.
        column: usize,
        /// What was found and what was expected.
        words: String,
    },
    /// A theme that cannot be read at all.
    #[error("the theme {file}: {words}")]
    Theme {
        /// Its file.
        file: String,
        /// What the system said.
        words: String,
    },
    /// In the environment or on the command line.
    #[error("{variable}: {words}")]
    Environment {
        /// Which variable or option.
        variable: String,
        /// What was found and what was expected.
        words: String,
    },
}

impl Config {
    /// What is in effect for this command line, in the environment of this process.
    pub(super) fn load(given: &Overrides) -> Result<Config, Failure> {
        let mut config = match file_to_read(given) {
            Some((path, is_asked_for)) => read(&path, is_asked_for)?,
            None => Config::default(),
        };
        config.take_environment(|name| std::env::var(name).ok())?;
        config.take_arguments(given)?;
        Ok(config)
    }

    /// Lets the environment say otherwise: NO_COLOR, and `HEAPWALK_` with the name of a setting.
    fn take_environment(
        &mut self,
        get: impl Fn(&str) -> Option<String>,
    ) -> Result<(), ConfigError> {
        let get = |name: &str| get(name).filter(|value| !value.is_empty());
        if get("NO_COLOR").is_some() {
            self.color = When::Never;
        }
        for setting in &SETTINGS {
            let variable = variable(setting.name);
            let Some(text) = get(&variable) else { continue };
            setting
                .kind
                .take_text(self, &text)
                .map_err(|refused| match refused {
                    theme::Refused::Unknown(words) => ConfigError::Environment { variable, words },
                    theme::Refused::Broken(error) => error,
                })?;
        }
        Ok(())
    }

    fn take_arguments(&mut self, given: &Overrides) -> Result<(), ConfigError> {
        fn put<T: Copy>(place: &mut T, given: Option<T>) {
            *place = given.unwrap_or(*place);
        }
        if let Some(asked) = &given.theme {
            self.theme = theme::Choice::find(asked).map_err(|refused| match refused {
                theme::Refused::Unknown(words) => ConfigError::Environment {
                    variable: "--theme".to_owned(),
                    words,
                },
                theme::Refused::Broken(error) => error,
            })?;
        }
        put(&mut self.color, given.color);
        put(&mut self.glyphs, given.glyphs);
        put(&mut self.mouse, given.explorer.mouse);
        put(&mut self.journal, given.explorer.journal);
        put(
            &mut self.frames_per_second,
            given.explorer.frames_per_second,
        );
        Ok(())
    }

    /// The explorer's options in a terminal.
    pub(super) fn options(&self, environment: &Environment) -> Options {
        let depth = ColorDepth::detect(self.color.into(), environment);
        let theme = Theme::of(
            depth,
            self.glyphs.or_else(|| GlyphSet::detect(environment)),
            self.colors(environment),
        );
        Options {
            mouse: self.mouse,
            frames_per_second: self.frames_per_second,
            bindings: Arc::clone(&self.keys),
            ask_background: self.theme.theme.is_none()
                && depth > ColorDepth::Mono
                && tui::can_be_asked(&environment.term),
            theme,
            lesson: None,
        }
    }

    /// The colours to draw with, as far as they can be told without asking the terminal.
    pub(super) fn colors(&self, environment: &Environment) -> Colors {
        match &self.theme.theme {
            Some(theme) => theme.colors,
            None => Colors::of(Appearance::detect(environment)),
        }
    }
}

/// The file to read, and whether it was asked for by name; one that was not may be missing.
fn file_to_read(given: &Overrides) -> Option<(PathBuf, bool)> {
    if given.no_config {
        return None;
    }
    match &given.config {
        Some(path) => Some((path.clone(), true)),
        None => usual_file().map(|path| (path, false)),
    }
}

/// `$XDG_CONFIG_HOME/heapwalk/config.toml`, unless there is no home at all.
fn usual_file() -> Option<PathBuf> {
    let folders = etcetera::choose_base_strategy().ok()?;
    Some(folders.config_dir().join("heapwalk").join("config.toml"))
}

fn read(path: &Path, is_asked_for: bool) -> Result<Config, Failure> {
    let name = path.display().to_string();
    match fs::read_to_string(path) {
        Ok(text) => Ok(file::parse(&text, &name)?),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound && !is_asked_for => {
            Ok(Config::default())
        }
        Err(cause) => Err(Failure::Read { file: name, cause }),
    }
}

#[cfg(test)]
mod tests;
