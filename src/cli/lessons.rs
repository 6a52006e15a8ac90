//! `heapwalk lessons`, and reading a lesson that the command line names.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::lesson::{Lesson, SHIPPED, Shipped, find, parse};
use crate::session::{History, ScriptError};
use crate::tui::tables::suggestion;

use super::exit::{Exit, Failure};
use super::{input, out, places};

/// More than any lesson has.
const LARGEST: u64 = 4 << 20;

/// Lists the lessons that heapwalk brings along, and which of them were played to their end.
pub(super) fn run() -> Result<Exit, Failure> {
    let finished = places::finished().and_then(|file| History::new(file).load().ok());
    let finished = finished.unwrap_or_default();
    let lessons: Vec<(&Shipped, Lesson)> = SHIPPED
        .iter()
        .map(|shipped| Ok((shipped, shipped.lesson()?)))
        .collect::<Result<_, ScriptError>>()?;
    let name_width = SHIPPED.iter().map(|row| row.name.len()).max().unwrap_or(0);
    out::write(|to| {
        for (shipped, lesson) in &lessons {
            let number = lesson.number.map(|number| number.to_string());
            let number = number.unwrap_or_default();
            let is_finished = finished.iter().any(|name| name == shipped.name);
            let mark = if is_finished { ", finished" } else { "" };
            writeln!(
                to,
                "{number:>2}  {:name_width$}  {} ({}{mark})",
                shipped.name,
                lesson.title,
                length(lesson)
            )?;
            writeln!(to, "    {}", lesson.about)?;
        }
        writeln!(
            to,
            "\nheapwalk learn NAME begins one; in the explorer L lists them."
        )
    })?;
    Ok(Exit::Success)
}

/// How long a lesson takes, in words.
pub(super) fn length(lesson: &Lesson) -> String {
    match lesson.minutes {
        Some(1) => "a minute".to_owned(),
        Some(minutes) => format!("{minutes} minutes"),
        None => format!("{} steps", lesson.steps.len()),
    }
}

/// All lessons that heapwalk brings along, as the command line would name them.
pub(super) fn all() -> Vec<PathBuf> {
    SHIPPED.iter().map(|row| PathBuf::from(row.name)).collect()
}

/// Whether the command line names a lesson: one by its name where there is no such file, or a file that begins as one.
pub(super) fn is_one(path: &Path) -> bool {
    is_in(path) || (!path.exists() && path.to_str().and_then(find).is_some())
}

/// Whether there is a lesson in a file or in the standard input: its first word says so, whatever the name.
pub(super) fn is_in(path: &Path) -> bool {
    input::begin_of(path).is_some_and(|begin| {
        let text = String::from_utf8_lossy(&begin);
        let mut lines = text.lines().map(str::trim_start);
        let first = lines.find(|line| !line.is_empty() && !line.starts_with('#'));
        first.is_some_and(|line| line.starts_with("lesson "))
    })
}

/// Where there is no such file, a lesson was meant.
fn not_found(name: &str, failure: Failure) -> Failure {
    match failure {
        Failure::Read { cause, .. } if cause.kind() == io::ErrorKind::NotFound => {
            Failure::NoLesson {
                name: name.to_owned(),
                hint: suggestion(name, SHIPPED.iter().map(|row| row.name)),
            }
        }
        failure => failure,
    }
}

/// Reads a lesson: a file, the standard input, or, where there is no such file, a lesson by its name or number.
pub(super) fn read(path: &Path) -> Result<Lesson, Failure> {
    let name = input::name_of(path);
    let file = match input::open(path) {
        Ok(file) => file,
        Err(failure) => {
            return match path.to_str().and_then(find) {
                Some(shipped) => Ok(shipped.lesson()?),
                None => Err(not_found(&name, failure)),
            };
        }
    };
    let mut bytes = Vec::new();
    let failed = |cause| Failure::Read {
        file: name.clone(),
        cause,
    };
    file.take(LARGEST).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 >= LARGEST {
        return Err(failed(io::Error::other(
            "more than 4 MiB, which no lesson has",
        )));
    }
    let text = std::str::from_utf8(&bytes)
        .map_err(|error| ScriptError::not_text(&name, &bytes, error.valid_up_to()))?;
    Ok(parse(text, &name)?)
}
