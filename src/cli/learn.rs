//! `heapwalk learn`: a lesson in the explorer, or, without a terminal, as text to read.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use crate::lesson::{Answers, Challenge, Lesson, Line, Part, Prediction};
use crate::session::Command;
use crate::tui::Opening;
use crate::tui::canvas::wrapped;

use super::args::Learn;
use super::config::Config;
use super::exit::{Exit, Failure};
use super::{explore, lessons, out};

/// Columns of the text.
const COLUMNS: u16 = 80;

const TEXT: &str = "this is the lesson as text; run heapwalk learn in a terminal to play it, or heapwalk check to check it";

pub(super) fn run(args: &Learn, config: &Config) -> Result<Exit, Failure> {
    begin(&args.lesson, args.present, config)
}

/// Begins a lesson that a person names.
pub(super) fn begin(named: &Path, present: bool, config: &Config) -> Result<Exit, Failure> {
    let lesson = lessons::read(named)?;
    if explore::has_terminal() {
        let opening = Opening {
            lesson: Arc::new(lesson),
            present,
        };
        return explore::play(opening, config);
    }
    out::write(|to| print(&lesson, to))?;
    out::say(&TEXT);
    Ok(Exit::Success)
}

fn print(lesson: &Lesson, to: &mut dyn Write) -> io::Result<()> {
    let number = lesson.number.map(|number| format!("{number} "));
    let title = format!("{}{}", number.unwrap_or_default(), lesson.title);
    writeln!(to, "{title} ({})", lessons::length(lesson))?;
    paragraph("", &lesson.about, to)?;
    let of = lesson.steps.len();
    for (index, step) in lesson.steps.iter().enumerate() {
        writeln!(to, "\nStep {} of {of}", index + 1)?;
        commands(&step.before, to)?;
        paragraph("  ", step.words(), to)?;
        match &step.part {
            Part::Words(_) => {}
            Part::Prediction(prediction) => print_prediction(prediction, to)?,
            Part::Challenge(challenge) => print_challenge(challenge, to)?,
        }
    }
    Ok(())
}

fn print_prediction(prediction: &Prediction, to: &mut dyn Write) -> io::Result<()> {
    match &prediction.answers {
        Answers::Choices(choices) => {
            for (index, choice) in choices.iter().enumerate() {
                writeln!(to, "    {}  {}", index + 1, choice.words)?;
            }
        }
        Answers::Hole(name) => writeln!(to, "    (the hole that {name} will lie in)")?,
    }
    commands(&prediction.then, to)?;
    paragraph("  ", &prediction.reveal, to)
}

fn print_challenge(challenge: &Challenge, to: &mut dyn Write) -> io::Result<()> {
    for goal in &challenge.goals {
        writeln!(to, "    goal: {}", goal.condition)?;
    }
    for limit in &challenge.limits {
        writeln!(to, "    at most {} {}", limit.most, limit.counted.name())?;
    }
    Ok(())
}

/// What is done, as it would be typed.
fn commands(lines: &[Line], to: &mut dyn Write) -> io::Result<()> {
    let shown = lines
        .iter()
        .filter(|line| !matches!(line.command, Command::Expect { .. }));
    for line in shown {
        writeln!(to, "      {}", line.command)?;
    }
    Ok(())
}

fn paragraph(indent: &str, words: &str, to: &mut dyn Write) -> io::Result<()> {
    let columns = COLUMNS.saturating_sub(u16::try_from(indent.len()).unwrap_or(0));
    for line in wrapped(words, columns) {
        writeln!(to, "{indent}{line}")?;
    }
    Ok(())
}
