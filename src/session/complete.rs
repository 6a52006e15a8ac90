//! What the prompt offers while a line is being typed.

use std::fmt;

use crate::heap::Flags;

use super::command::Relation;
use super::examples::EXAMPLES;
use super::filter;
use super::flags::CALL_FLAGS;
use super::grammar::GRAMMAR;
use super::lexer::{Lexed, Piece, lex};
use super::metric::Metric;
use super::options::OptionRow;
use super::row::{Arg, CommandRow, row_of};

/// Something that could stand at the cursor.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Completion {
    /// Where it begins, in characters from 0: it replaces what stands between there and the cursor.
    pub start: usize,
    /// The text. An option's key ends with `=`, and its value can be completed in turn.
    pub text: String,
    /// What it means; empty for the name of a block.
    pub doc: &'static str,
}

/// What could stand at the cursor (in characters from 0), in the order of the
/// tables. `blocks` are the names of living blocks; those that fit come in
/// their order. Nothing is offered inside a quoted text or a comment.
///
/// ```
/// # use heapwalk::session::complete;
/// let offered = complete("coalesce o", 10, std::iter::empty::<&str>());
/// let texts: Vec<_> = offered.iter().map(|offer| (offer.start, offer.text.as_str())).collect();
/// assert_eq!(texts, [(9, "on"), (9, "off")]);
/// ```
pub fn complete<B>(line: &str, cursor: usize, blocks: B) -> Vec<Completion>
where
    B: IntoIterator,
    B::Item: fmt::Display,
{
    let typed = line
        .char_indices()
        .nth(cursor)
        .map_or(line, |(end, _)| &line[..end]);
    let Ok(Lexed {
        tokens,
        comment: false,
        ..
    }) = lex(typed)
    else {
        return Vec::new();
    };
    let mut words: Vec<Piece<'_>> = tokens.iter().map(|token| token.piece).collect();
    // The last word is still being typed unless a blank follows it.
    let partial = if typed.ends_with(char::is_whitespace) {
        None
    } else {
        words.pop()
    };
    let end = Piece {
        text: "",
        column: typed.chars().count() + 1,
    };
    let mut offers = Offers {
        partial: partial.unwrap_or(end),
        found: Vec::new(),
    };
    let words = folded(innermost(&words, |piece| piece.text));
    match row_of(|| words.iter().map(|piece| piece.text)) {
        Some((row, depth)) => offers.arguments(row, &words[depth..], blocks),
        None => offers.verbs(&words),
    }
    offers.found
}

/// The words of the command that is being typed: that of an actor, or the one in a brace that is still open.
fn innermost<W>(words: &[W], text: impl Fn(&W) -> &str) -> &[W] {
    let opened = words.iter().rposition(|word| text(word) == "{");
    let closed = words.iter().rposition(|word| text(word) == "}");
    let words = match opened {
        Some(at) if Some(at) > closed => &words[at + 1..],
        _ => words,
    };
    match words {
        [verb, _actor, call @ ..] if text(verb) == "as" => call,
        [verb, call @ ..] if text(verb) == "play" && !call.is_empty() => call,
        words => words,
    }
}

/// The same where what stands in braces is one word: the brace that closes it.
fn folded<'a>(words: &[Piece<'a>]) -> Vec<Piece<'a>> {
    let mut open = 0_usize;
    let outside = |piece: &&Piece<'_>| {
        match piece.text {
            "{" => open += 1,
            "}" => open = open.saturating_sub(1),
            _ => {}
        }
        open == 0
    };
    words.iter().filter(outside).copied().collect()
}

/// The command that a line means or can only become, for help beside the prompt.
///
/// ```
/// # use heapwalk::session::inline_help;
/// assert_eq!(inline_help("realloc a").unwrap().usage.split(' ').next(), Some("realloc"));
/// assert_eq!(inline_help("heap n").map(|row| row.verb), None); // three kinds of heap
/// ```
#[must_use]
pub fn inline_help(line: &str) -> Option<&'static CommandRow> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let words = match innermost(&words, |word| word) {
        [] => words.as_slice(),
        inner => inner,
    };
    if let Some((row, _)) = row_of(|| words.iter().copied()) {
        return Some(row);
    }
    let (partial, whole) = words.split_last()?;
    let mut rows = GRAMMAR.iter().filter(|row| continues(row, whole, partial));
    rows.next().filter(|_| rows.next().is_none())
}

/// Whether a verb begins with the words of `whole` and goes on with `partial`.
fn continues(row: &CommandRow, whole: &[&str], partial: &str) -> bool {
    let mut verb = row.words();
    whole.iter().all(|word| verb.next() == Some(word))
        && verb.next().is_some_and(|word| word.starts_with(partial))
}

struct Offers<'a> {
    partial: Piece<'a>,
    found: Vec<Completion>,
}

impl Offers<'_> {
    fn offer(&mut self, text: impl fmt::Display, doc: &'static str) {
        let text = text.to_string();
        if text.starts_with(self.partial.text) {
            self.found.push(Completion {
                start: self.partial.column - 1,
                text,
                doc,
            });
        }
    }

    fn verbs(&mut self, words: &[Piece<'_>]) {
        let whole: Vec<&str> = words.iter().map(|piece| piece.text).collect();
        for row in GRAMMAR
            .iter()
            .filter(|row| continues(row, &whole, self.partial.text))
        {
            let rest: Vec<&str> = row.words().skip(whole.len()).collect();
            self.offer(rest.join(" "), row.doc);
        }
    }

    fn arguments<B>(&mut self, row: &'static CommandRow, given: &[Piece<'_>], blocks: B)
    where
        B: IntoIterator,
        B::Item: fmt::Display,
    {
        let args = expected(row.args, given);
        let names = args
            .iter()
            .any(|arg| matches!(arg, Arg::Operand | Arg::OptionalOperand));
        if names {
            blocks.into_iter().for_each(|name| self.offer(name, ""));
        }
        args.iter().for_each(|arg| self.argument(row, *arg, given));
    }

    fn argument(&mut self, row: &'static CommandRow, arg: Arg, given: &[Piece<'_>]) {
        match arg {
            Arg::Free => {}
            Arg::SizeOrDefault => self.offer("default", row.doc),
            Arg::Operand | Arg::OptionalOperand => self.offer("null", "NULL, no block at all"),
            Arg::OneOf(words) => words.iter().for_each(|word| self.offer(word, row.doc)),
            Arg::Metric => Metric::ALL
                .iter()
                .for_each(|metric| self.offer(metric, metric.doc())),
            Arg::Relation => {
                Relation::ALL
                    .iter()
                    .for_each(|relation| self.offer(relation.sign(), ""));
            }
            Arg::Flags(mask) => self.flags(mask, given),
            Arg::Options(rows) => self.options(&rows(), given),
            Arg::Filter => self.filter(given),
            Arg::FilterOrOff => {
                if given.is_empty() {
                    self.offer("off", "find nothing in particular");
                }
                self.filter(given);
            }
            Arg::Verb => self.verbs(given),
            Arg::Call => self.offer("{", "a call in braces"),
            Arg::Example => EXAMPLES
                .iter()
                .for_each(|example| self.offer(example.name, example.doc)),
        }
    }

    /// Words of a filter, unless a value is due.
    fn filter(&mut self, given: &[Piece<'_>]) {
        if given
            .last()
            .is_some_and(|last| filter::awaits_value(last.text))
        {
            return;
        }
        for word in filter::FILTER_WORDS {
            self.offer(word.offer, word.doc);
        }
    }

    fn flags(&mut self, mask: Flags, given: &[Piece<'_>]) {
        for flag in CALL_FLAGS.iter().filter(|flag| mask.has(flag.flag)) {
            if !given.iter().any(|piece| piece.text == flag.word) {
                self.offer(flag.word, flag.doc);
            }
        }
    }

    fn options(&mut self, rows: &[&'static OptionRow], given: &[Piece<'_>]) {
        if let Some((key, value)) = self.partial.split_once('=') {
            let row = rows
                .iter()
                .find(|row| row.key == key.text && row.values.contains('|'));
            self.partial = value;
            for (row, word) in row
                .iter()
                .flat_map(|row| row.values.split('|').map(move |word| (row, word)))
            {
                self.offer(word, row.doc);
            }
            return;
        }
        let is_given = |key: &str| {
            given
                .iter()
                .any(|piece| piece.text.split('=').next() == Some(key))
        };
        for row in rows.iter().filter(|row| !is_given(row.key)) {
            self.offer(format_args!("{}=", row.key), row.doc);
        }
    }
}

/// The arguments that may come next, after those that were given.
fn expected(args: &'static [Arg], given: &[Piece<'_>]) -> &'static [Arg] {
    let mut left = args;
    for piece in given {
        let flag = CALL_FLAGS.iter().any(|flag| flag.word == piece.text);
        left = match left {
            [
                Arg::Flags(_) | Arg::Options(_) | Arg::Filter | Arg::FilterOrOff | Arg::Verb,
                ..,
            ] => left,
            [Arg::OptionalOperand, rest @ ..] if flag => rest,
            [_, rest @ ..] => rest,
            [] => return &[],
        };
    }
    match left {
        [Arg::OptionalOperand, ..] => left,
        [first, ..] => std::slice::from_ref(first),
        [] => &[],
    }
}
