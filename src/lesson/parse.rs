//! Text to a lesson.
//!
//! ```ebnf
//! lesson     = title [ about ] { step } ;
//! title      = "lesson" TEXT [ "number=" COUNT ] [ "minutes=" COUNT ] ;
//! about      = "about" TEXT ;
//! step       = { line } ( words | prediction | challenge ) ;                  (* behind the latter two also "point" *)
//! line       = command | "point" ( PLACE | "block" name ) ;
//! words      = "say" TEXT { line } "pause" ;
//! prediction = "predict" TEXT ( choices | "hole" "of" name ) { line | hint } "reveal" TEXT ;
//! choices    = "{" { TEXT "if" condition { "and" condition } } "}" ;          (* two to five, a line each *)
//! challenge  = "challenge" TEXT "{" { goal | limit | forbid | hint | solution } "}" ;
//! goal       = "goal" condition ;
//! limit      = "limit" ( "allocs" | "frees" | "reallocs" | "commands" ) "<=" COUNT ;
//! forbid     = "forbid" VERB { "," VERB } ;
//! hint       = "hint" TEXT ;
//! solution   = "solution" "{" { command } "}" ;                               (* a line each *)
//! condition  = METRIC RELATION VALUE ;
//! ```
//!
//! A word stands at the beginning of its line; a brace ends the line that opens it and has a line of its own where it
//! closes. Commands, names, metrics, relations, values and texts are those of the command language.

mod blocks;

use crate::session::{Command, ParseError, Piece, ScriptError, Words};
use crate::session::{either, nearest};

use super::model::{Lesson, Line, Part, Place, Point, Step};
use super::reader::{Content, Reader};
use super::words::{WORDS, Word, word};

const TITLE: &str = "lesson \"TITLE\"";
const PAUSE: &str = "pause";
const NUMBER: &str = "number";
const MINUTES: &str = "minutes";

/// Reads a lesson. `file` is only repeated, in mistakes and reports.
///
/// # Errors
///
/// The first mistake, with its place.
///
/// ```
/// # use heapwalk::lesson::parse;
/// let lesson = parse("lesson \"Two blocks\"\nalloc a 64\nsay \"One.\"\npause\n", "two.lesson").unwrap();
/// assert_eq!((lesson.title.as_str(), lesson.steps.len()), ("Two blocks", 1));
///
/// let error = parse("lesson \"Two blocks\"\nalloc a 64\npause\n", "two.lesson").unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     r#"two.lesson:3:1: found "pause", expected say "WORDS" before it (every step has a caption)"#,
/// );
/// ```
pub fn parse(text: &str, file: &str) -> Result<Lesson, ScriptError> {
    let mut reader = Reader::new(text, file);
    let first = reader.must(TITLE, || "a lesson has a title".to_owned())?;
    let mut steps = Steps {
        lesson: title(&reader, first, file)?,
        reader,
        before: Vec::new(),
        point: None,
        words: None,
    };
    while let Some(content) = steps.reader.next()? {
        steps.take(content)?;
    }
    steps.end()
}

/// The lesson so far, and the step that is being read.
struct Steps<'a> {
    reader: Reader<'a>,
    lesson: Lesson,
    before: Vec<Line>,
    point: Option<Point>,
    /// The caption, and its line.
    words: Option<(usize, String)>,
}

impl<'a> Steps<'a> {
    /// Takes in a line.
    fn take(&mut self, content: Content<'a>) -> Result<(), ScriptError> {
        let Some(row) = word(content.first.text) else {
            let line = command(&self.reader, content)?;
            self.before.push(line);
            return Ok(());
        };
        match row.word {
            Word::About => self.about(content),
            Word::Say => self.say(content),
            Word::Point => self.point(content),
            Word::Pause => self.pause(content),
            Word::Predict => {
                self.nothing_said(&content)?;
                let number = content.number;
                let prediction = blocks::prediction(&mut self.reader, content)?;
                self.step(number, Part::Prediction(prediction));
                Ok(())
            }
            Word::Challenge => {
                self.nothing_said(&content)?;
                let number = content.number;
                let challenge = blocks::challenge(&mut self.reader, content)?;
                self.step(number, Part::Challenge(challenge));
                Ok(())
            }
            Word::Lesson => self.refuse(&content, "a step", "a file has one lesson"),
            Word::Hint | Word::Reveal => {
                let hint = format!("{} belongs to a prediction", row.name);
                self.refuse(&content, "a command, say, predict or challenge", &hint)
            }
            Word::Goal | Word::Limit | Word::Forbid | Word::Solution => {
                let hint = format!("{} stands within the braces of a challenge", row.name);
                self.refuse(&content, "a command, say, predict or challenge", &hint)
            }
        }
    }

    fn about(&mut self, content: Content<'a>) -> Result<(), ScriptError> {
        let begun = !self.lesson.steps.is_empty() || !self.before.is_empty();
        if begun || !self.lesson.about.is_empty() {
            return self.refuse(&content, "a step", "about stands once, behind the title");
        }
        self.lesson.about = self.reader.read(content, Words::text)?;
        Ok(())
    }

    fn say(&mut self, content: Content<'a>) -> Result<(), ScriptError> {
        if self.words.is_some() {
            return self.refuse(&content, PAUSE, "a step has one caption");
        }
        let number = content.number;
        self.words = Some((number, self.reader.read(content, Words::text)?));
        Ok(())
    }

    /// Right behind a `reveal` or a challenge it belongs to that; anywhere else to the step that is being read.
    fn point(&mut self, content: Content<'a>) -> Result<(), ScriptError> {
        let is_behind = self.before.is_empty() && self.words.is_none() && self.point.is_none();
        let behind = self
            .lesson
            .steps
            .last_mut()
            .filter(|_| is_behind)
            .and_then(Step::point_behind);
        match behind {
            Some(place) => *place = Some(self.reader.read(content, point)?),
            None if self.point.is_some() => {
                return self.refuse(&content, "no second point", "a step is about one thing");
            }
            None => self.point = Some(self.reader.read(content, point)?),
        }
        Ok(())
    }

    fn pause(&mut self, content: Content<'a>) -> Result<(), ScriptError> {
        let Some((number, words)) = self.words.take() else {
            let hint = "every step has a caption";
            return self.refuse(&content, "say \"WORDS\" before it", hint);
        };
        self.reader.read(content, |_| Ok(()))?;
        self.step(number, Part::Words(words));
        Ok(())
    }

    /// A question or a task begins: a caption above it would have to be a step of its own.
    fn nothing_said(&self, content: &Content<'_>) -> Result<(), ScriptError> {
        if self.words.is_some() {
            return self.refuse(
                content,
                PAUSE,
                "the caption above it makes a step of its own",
            );
        }
        Ok(())
    }

    /// A step is complete.
    fn step(&mut self, line: usize, part: Part) {
        self.words = None;
        self.lesson.steps.push(Step {
            line,
            before: std::mem::take(&mut self.before),
            point: self.point.take(),
            part,
        });
    }

    fn refuse(&self, content: &Content<'_>, expected: &str, hint: &str) -> Result<(), ScriptError> {
        let error = ParseError::at(content.first, expected).hint(hint);
        Err(self.reader.mistake(content.number, error))
    }

    /// At the end of the file a caption needs no pause; lines without a caption are no step.
    fn end(mut self) -> Result<Lesson, ScriptError> {
        if let Some((line, words)) = self.words.take() {
            self.step(line, Part::Words(words));
        }
        let hint = if !self.before.is_empty() || self.point.is_some() {
            "every step has a caption"
        } else if self.lesson.steps.is_empty() {
            "a lesson has at least one step"
        } else {
            return Ok(self.lesson);
        };
        Err(self
            .reader
            .at_end("say \"WORDS\" and pause", hint.to_owned()))
    }
}

/// The first line.
fn title<'a>(reader: &Reader<'a>, content: Content<'a>, file: &str) -> Result<Lesson, ScriptError> {
    if word(content.first.text).is_none_or(|row| row.word != Word::Lesson) {
        let error = ParseError::at(content.first, TITLE).hint("a lesson begins with its title");
        return Err(reader.mistake(content.number, error));
    }
    reader.read(content, |words| {
        let mut lesson = Lesson {
            file: file.to_owned(),
            title: words.text()?,
            number: None,
            minutes: None,
            about: String::new(),
            steps: Vec::new(),
        };
        while let Some((key, count)) = words.optional(setting)? {
            let field = match key {
                NUMBER => &mut lesson.number,
                _ => &mut lesson.minutes,
            };
            *field = Some(count);
        }
        Ok(lesson)
    })
}

/// `number=2` and `minutes=7`.
fn setting(piece: Piece<'_>) -> Result<(&'static str, u64), ParseError> {
    const EXPECTED: &str = "number=N, minutes=N or the end of the line";
    let unknown = || ParseError::at(piece, EXPECTED).suggest([NUMBER, MINUTES]);
    let (key, value) = piece.split_once('=').ok_or_else(unknown)?;
    let key = [NUMBER, MINUTES]
        .into_iter()
        .find(|name| *name == key.text)
        .ok_or_else(unknown)?;
    let count = value
        .text
        .parse()
        .ok()
        .filter(|_| !value.text.starts_with('+'));
    let count = count.ok_or_else(|| ParseError::at(value, "a count such as 7"))?;
    Ok((key, count))
}

/// What stands behind `point`.
fn point(words: &mut Words<'_>) -> Result<Point, ParseError> {
    const BLOCK: &str = "block";
    let names = || Place::ALL.iter().map(|place| place.name());
    let place = |piece: Piece<'_>| {
        if piece.text == BLOCK {
            return Ok(None);
        }
        let named = Place::ALL
            .into_iter()
            .find(|place| place.name() == piece.text);
        let expected = || either(&names().chain([BLOCK]).collect::<Vec<_>>());
        let unknown = || ParseError::at(piece, expected()).suggest(names());
        named.map(Some).ok_or_else(unknown)
    };
    match words.arg(place)? {
        Some(place) => Ok(Point::Place(place)),
        None => Ok(Point::Block(words.name()?)),
    }
}

/// A line of the command language.
fn command(reader: &Reader<'_>, mut content: Content<'_>) -> Result<Line, ScriptError> {
    let number = content.number;
    let command = content.words.command().map_err(|error| {
        // Verbs are suggested by the language; what comes closer is a word of lessons.
        let unknown = error.column == content.first.column;
        let close = nearest(&error.found, WORDS.iter().map(|row| row.name));
        match close.filter(|_| unknown && error.hint.is_none()) {
            Some(word) => error.hint(format!("did you mean {word}?")),
            None => error,
        }
    });
    let command = command.map_err(|error| reader.mistake(number, error))?;
    if command == Command::Quit {
        let error = ParseError::at(content.first, "another command");
        return Err(reader.mistake(number, error.hint("a lesson ends with its last step")));
    }
    Ok(Line { number, command })
}
