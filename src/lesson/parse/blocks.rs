//! What takes several lines: predictions with their choices, challenges with their solutions.

use crate::session::{GRAMMAR, ParseError, Piece, ScriptError, Words, either};

use crate::lesson::model::{Answers, Challenge, Choice, Counted, Goal, Limit, Line, Prediction};
use crate::lesson::reader::{Content, Reader};
use crate::lesson::words::{Word, word};

use super::{command, point};

/// How many answers a question has.
const CHOICES: std::ops::RangeInclusive<usize> = 2..=5;

const CHOICE: &str = "\"ANSWER\" if METRIC OP VALUE, or }";
const REVEAL: &str = "a command, hint, point or reveal \"WORDS\"";
const CLOSE: &str = "}";

/// A question, the answers, what is done then, and why it is so.
pub(super) fn prediction<'a>(
    reader: &mut Reader<'a>,
    content: Content<'a>,
) -> Result<Prediction, ScriptError> {
    let asked = content.number;
    let (question, hole) = reader.read(content, |words| {
        let question = words.text()?;
        if words.first().is_some_and(|next| next.text == "hole") {
            words.sign("hole")?;
            words.sign("of")?;
            return Ok((question, Some(words.name()?)));
        }
        let brace = |piece: Piece<'a>| opens(piece, "{ or hole of NAME");
        words.arg(brace)?;
        Ok((question, None))
    })?;
    let answers = match hole {
        Some(name) => Answers::Hole(name),
        None => Answers::Choices(choices(reader, asked)?),
    };
    let mut prediction = Prediction {
        question,
        answers,
        hints: Vec::new(),
        point: None,
        then: Vec::new(),
        reveal: String::new(),
        reveal_line: asked,
    };
    loop {
        let why = || format!("the prediction of line {asked} is not revealed yet");
        let content = reader.must(REVEAL, why)?;
        let (number, first) = (content.number, content.first);
        match word(first.text).map(|row| row.word) {
            None => prediction.then.push(command(reader, content)?),
            Some(Word::Hint) => prediction.hints.push(reader.read(content, Words::text)?),
            Some(Word::Point) if prediction.point.is_none() => {
                prediction.point = Some(reader.read(content, point)?);
            }
            Some(Word::Reveal) => {
                prediction.reveal = reader.read(content, Words::text)?;
                prediction.reveal_line = number;
                return Ok(prediction);
            }
            Some(_) => {
                return Err(reader.mistake(number, ParseError::at(first, REVEAL).hint(why())));
            }
        }
    }
}

/// The lines between the braces of a question.
fn choices(reader: &mut Reader<'_>, asked: usize) -> Result<Vec<Choice>, ScriptError> {
    let mut choices = Vec::new();
    loop {
        let content = reader.must(CHOICE, || still_open(asked))?;
        let (number, first) = (content.number, content.first);
        let closes = first.text == CLOSE;
        let wrong = |expected: &str| {
            let error = ParseError::at(first, expected);
            let error = error.hint("a question has two to five answers");
            Err(reader.mistake(number, error))
        };
        if closes && choices.len() < *CHOICES.start() {
            return wrong("another \"ANSWER\" if METRIC OP VALUE");
        }
        if !closes && choices.len() == *CHOICES.end() {
            return wrong(CLOSE);
        }
        if closes {
            reader.read(content, |_| Ok(()))?;
            return Ok(choices);
        }
        choices.push(choice(reader, content)?);
    }
}

/// `"72 B" if largest_request == 72 and holes > 1`
fn choice(reader: &Reader<'_>, mut content: Content<'_>) -> Result<Choice, ScriptError> {
    let number = content.number;
    let mut read = || {
        let words = content.words.text().map_err(|error| ParseError {
            expected: CHOICE.to_owned(),
            ..error
        })?;
        content.words.sign("if")?;
        let mut when = vec![content.words.condition()?];
        while content.words.optional(and)?.is_some() {
            when.push(content.words.condition()?);
        }
        Ok(Choice {
            line: number,
            words,
            when,
        })
    };
    read().map_err(|error| reader.mistake(number, error))
}

fn and(piece: Piece<'_>) -> Result<(), ParseError> {
    let joins = piece.text == "and";
    joins
        .then_some(())
        .ok_or_else(|| ParseError::at(piece, "and or the end of the line"))
}

/// A task with all between its braces.
pub(super) fn challenge<'a>(
    reader: &mut Reader<'a>,
    content: Content<'a>,
) -> Result<Challenge, ScriptError> {
    const INSIDE: &str = "goal, limit, forbid, hint, solution or }";
    let asked = content.number;
    let task = reader.read(content, |words| {
        let task = words.text()?;
        words.arg(|piece| opens(piece, "{"))?;
        Ok(task)
    })?;
    let mut challenge = Challenge {
        task,
        goals: Vec::new(),
        limits: Vec::new(),
        forbidden: Vec::new(),
        hints: Vec::new(),
        solution: Vec::new(),
    };
    loop {
        let content = reader.must(INSIDE, || still_open(asked))?;
        let (number, first) = (content.number, content.first);
        if first.text == CLOSE {
            let missing = missing(&challenge).map(|what| ParseError::at(first, what));
            reader.read(content, |_| missing.map_or(Ok(()), Err))?;
            return Ok(challenge);
        }
        match word(first.text).map(|row| row.word) {
            Some(Word::Goal) => {
                let condition = reader.read(content, Words::condition)?;
                challenge.goals.push(Goal {
                    line: number,
                    condition,
                });
            }
            Some(Word::Limit) => challenge.limits.push(limit(reader, content)?),
            Some(Word::Forbid) => challenge.forbidden.extend(reader.read(content, forbidden)?),
            Some(Word::Hint) => challenge.hints.push(reader.read(content, Words::text)?),
            Some(Word::Solution) if challenge.solution.is_empty() => {
                challenge.solution = solution(reader, content)?;
            }
            Some(Word::Solution) => {
                let error = ParseError::at(first, INSIDE).hint("a solution stands there already");
                return Err(reader.mistake(number, error));
            }
            _ => {
                let inner = ["goal", "limit", "forbid", "hint", "solution"];
                let error = ParseError::at(first, INSIDE).suggest(inner);
                return Err(reader.mistake(number, error));
            }
        }
    }
}

/// What a challenge lacks.
fn missing(challenge: &Challenge) -> Option<&'static str> {
    if challenge.goals.is_empty() {
        return Some("goal METRIC OP VALUE before it");
    }
    challenge
        .solution
        .is_empty()
        .then_some("solution { before it")
}

/// `limit frees <= 3`
fn limit<'a>(reader: &Reader<'a>, content: Content<'a>) -> Result<Limit, ScriptError> {
    let line = content.number;
    reader.read(content, |words| {
        let names = Counted::ALL.map(Counted::name);
        let counted = words.arg(|piece| {
            let named = Counted::ALL
                .into_iter()
                .find(|counted| counted.name() == piece.text);
            named.ok_or_else(|| ParseError::at(piece, either(&names)).suggest(names))
        })?;
        words.sign("<=")?;
        let most = words.count()?;
        Ok(Limit {
            line,
            counted,
            most,
        })
    })
}

/// `forbid heap, threads`
fn forbidden(words: &mut Words<'_>) -> Result<Vec<String>, ParseError> {
    let mut forbidden = vec![words.arg(verb)?];
    while let Some(more) = words.optional(verb)? {
        forbidden.push(more);
    }
    Ok(forbidden)
}

/// The first word of a verb, perhaps with a comma behind it.
fn verb(piece: Piece<'_>) -> Result<String, ParseError> {
    let text = piece.text.trim_end_matches(',');
    let firsts = || GRAMMAR.iter().filter_map(|row| row.verb.split(' ').next());
    if firsts().any(|first| first == text) {
        return Ok(text.to_owned());
    }
    Err(ParseError::at(piece, "verbs such as heap, threads").suggest(firsts()))
}

/// The commands between the braces of a solution.
fn solution<'a>(reader: &mut Reader<'a>, content: Content<'a>) -> Result<Vec<Line>, ScriptError> {
    let (asked, first) = (content.number, content.first);
    reader.read(content, |words| words.sign("{"))?;
    let mut lines = Vec::new();
    loop {
        let content = reader.must("a command or }", || still_open(asked))?;
        if content.first.text != CLOSE {
            lines.push(command(reader, content)?);
            continue;
        }
        reader.read(content, |_| Ok(()))?;
        if lines.is_empty() {
            let error = ParseError::at(first, "a command between the braces");
            return Err(reader.mistake(asked, error));
        }
        return Ok(lines);
    }
}

fn opens(piece: Piece<'_>, expected: &str) -> Result<(), ParseError> {
    let found = piece.text == "{";
    found
        .then_some(())
        .ok_or_else(|| ParseError::at(piece, expected))
}

fn still_open(line: usize) -> String {
    format!("the {{ of line {line} is still open")
}
