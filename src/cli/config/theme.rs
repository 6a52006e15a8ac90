//! Which theme: `auto`, a name, or a file.

use std::fs;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use crate::session::nearest;
use crate::tui::ThemeFile;

use super::ConfigError;

/// Follows the terminal between dark and light.
pub(in crate::cli) const AUTO: &str = "auto";
/// How the names of themes' files end.
const EXTENSION: &str = "toml";

/// A theme, as it was asked for and as it was found.
#[derive(Clone, PartialEq, Debug)]
pub(in crate::cli) struct Choice {
    /// `auto`, a name, or a file.
    pub(in crate::cli) asked: String,
    /// `None` for `auto`.
    pub(in crate::cli) theme: Option<ThemeFile>,
}

/// Why there is no such theme.
#[derive(Debug)]
pub(in crate::cli) enum Refused {
    /// Nothing has that name: words about where it stands.
    Unknown(String),
    /// There is a file, with a mistake.
    Broken(ConfigError),
}

impl Default for Choice {
    fn default() -> Choice {
        Choice {
            asked: AUTO.to_owned(),
            theme: None,
        }
    }
}

impl Choice {
    /// Finds what is asked for: heapwalk's own, a file that is named, or one in the folder for themes.
    pub(in crate::cli) fn find(asked: &str) -> Result<Choice, Refused> {
        let theme = match (asked, ThemeFile::find(asked)) {
            (AUTO, _) => None,
            (_, Some(theme)) => Some(theme.clone()),
            (_, None) => Some(of_file(asked)?),
        };
        Ok(Choice {
            asked: asked.to_owned(),
            theme,
        })
    }
}

/// What a theme can be, in words.
pub(in crate::cli) fn expected() -> String {
    let names: Vec<&str> = names().collect();
    format!(
        "{}, the name of a theme of yours or a file",
        names.join(", ")
    )
}

/// `auto` and heapwalk's own.
pub(in crate::cli) fn names() -> impl Iterator<Item = &'static str> {
    let own = ThemeFile::shipped().iter();
    std::iter::once(AUTO).chain(own.map(|theme| theme.name.as_str()))
}

/// `$XDG_CONFIG_HOME/heapwalk/themes`, unless there is no home at all.
pub(in crate::cli) fn folder() -> Option<PathBuf> {
    let folders = etcetera::choose_base_strategy().ok()?;
    Some(folders.config_dir().join("heapwalk").join("themes"))
}

/// The themes in that folder by name, each read or with what is wrong with it.
pub(in crate::cli) fn of_person() -> Vec<(String, Result<ThemeFile, ConfigError>)> {
    let entries = folder().and_then(|folder| fs::read_dir(folder).ok());
    let mut found: Vec<PathBuf> = entries
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == EXTENSION))
        .collect();
    found.sort();
    found
        .iter()
        .map(|path| (name_of(path), read(path)))
        .collect()
}

fn of_file(asked: &str) -> Result<ThemeFile, Refused> {
    let given = Path::new(asked);
    let is_file =
        given.components().count() > 1 || given.extension().is_some_and(|end| end == EXTENSION);
    let path = match (is_file, folder()) {
        (true, _) => given.to_owned(),
        (false, Some(folder)) => folder.join(format!("{asked}.{EXTENSION}")),
        (false, None) => return Err(unknown(asked)),
    };
    if !is_file && !path.exists() {
        return Err(unknown(asked));
    }
    read(&path).map_err(Refused::Broken)
}

fn unknown(asked: &str) -> Refused {
    let like = nearest(asked, names());
    let like = like.map_or_else(String::new, |word| format!(" (did you mean {word}?)"));
    Refused::Unknown(format!("found {asked:?}, expected {}{like}", expected()))
}

fn read(path: &Path) -> Result<ThemeFile, ConfigError> {
    let file = path.display().to_string();
    let text = fs::read_to_string(path).map_err(|cause| ConfigError::Theme {
        file: file.clone(),
        words: cause.to_string(),
    })?;
    ThemeFile::parse(&name_of(path), &text).map_err(|error| ConfigError::File {
        file,
        line: error.line,
        column: error.column,
        words: error.words,
    })
}

fn name_of(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}
