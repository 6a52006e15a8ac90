//! The commands that lead through time.

use crate::session::command::Command;
use crate::session::error::ParseError;
use crate::session::lexer::Piece;
use crate::session::number;
use crate::session::parse::Words;
use crate::session::row::{Arg, CommandRow, Group};
use crate::session::time::{Direction, LETTERS, SeekTo};

use super::{heap, size_or_default};

/// The places that have a word.
const WORDS: [(&str, SeekTo); 4] = [
    (SeekTo::PRESENT, SeekTo::Present),
    (SeekTo::PEAK, SeekTo::Peak),
    (SeekTo::WORST, SeekTo::Worst),
    (SeekTo::FAILURE, SeekTo::Failure),
];
const DIRECTIONS: [(&str, Direction); 2] = [
    (Direction::Back.name(), Direction::Back),
    (Direction::Forward.name(), Direction::Forward),
];

/// Their rows, in the order in which help lists them.
pub(super) const ROWS: [CommandRow; 7] = [
    CommandRow {
        verb: "seek",
        call: None,
        usage: "seek N|present|peak|worst|failure",
        doc: "look at the moment behind operation N, or at the present, the most committed, the worst fragmentation, the first failure; changes nothing",
        example: "seek 48000",
        group: Group::Session,
        args: &[Arg::OneOf(&[
            SeekTo::PRESENT,
            SeekTo::PEAK,
            SeekTo::WORST,
            SeekTo::FAILURE,
        ])],
        parse: |words| Ok(Command::Seek(words.arg(moment)?)),
    },
    CommandRow {
        verb: "seek back",
        call: None,
        usage: "seek back [COUNT]",
        doc: "look at the place before: the end of a command, or of one operation inside one",
        example: "seek back 100",
        group: Group::Session,
        args: &[Arg::Free],
        parse: |words| by(words, Direction::Back),
    },
    CommandRow {
        verb: "seek forward",
        call: None,
        usage: "seek forward [COUNT]",
        doc: "look at the next place, as far as the present",
        example: "seek forward",
        group: Group::Session,
        args: &[Arg::Free],
        parse: |words| by(words, Direction::Forward),
    },
    CommandRow {
        verb: "seek mark",
        call: None,
        usage: "seek mark back|forward",
        doc: "look at the last mark before here, or the first behind: a C, S, K or M, or a bookmark",
        example: "seek mark back",
        group: Group::Session,
        args: &[Arg::OneOf(&[
            Direction::Back.name(),
            Direction::Forward.name(),
        ])],
        parse: |words| Ok(Command::Seek(SeekTo::Mark(words.arg(direction)?))),
    },
    CommandRow {
        verb: "seek next",
        call: None,
        usage: "seek next C|S|K|M",
        doc: "look at the next switch of coalescing or serializing, HeapCompact or _heapmin",
        example: "seek next M",
        group: Group::Session,
        args: &[Arg::OneOf(&["C", "S", "K", "M"])],
        parse: |words| Ok(Command::Seek(SeekTo::Next(words.arg(letter)?))),
    },
    CommandRow {
        verb: "branch",
        call: None,
        usage: "branch [N]",
        doc: "go on from the moment that is looked at; with a number, go to the end of that line of history",
        example: "branch 1",
        group: Group::Session,
        args: &[Arg::Free],
        parse: |words| Ok(Command::Branch(words.optional(heap)?)),
    },
    CommandRow {
        verb: "history",
        call: None,
        usage: "history SIZE|default",
        doc: "how much memory the way back may take; what is oldest goes first",
        example: "history 512M",
        group: Group::Session,
        args: &[Arg::SizeOrDefault],
        parse: |words| Ok(Command::History(words.arg(size_or_default)?)),
    },
];

fn moment(piece: Piece<'_>) -> Result<SeekTo, ParseError> {
    let word = WORDS.iter().find(|(word, _)| *word == piece.text);
    if let Some((_, to)) = word {
        return Ok(*to);
    }
    let known = WORDS.map(|(word, _)| word);
    number::size(piece).map(SeekTo::Operation).map_err(|_| {
        let others = known.into_iter().chain(["back", "forward", "mark", "next"]);
        ParseError::at(
            piece,
            "the number of an operation, present, peak, worst, failure, back, forward, mark or next",
        )
        .suggest(others)
    })
}

fn direction(piece: Piece<'_>) -> Result<Direction, ParseError> {
    let found = DIRECTIONS.iter().find(|(word, _)| *word == piece.text);
    let words = DIRECTIONS.map(|(word, _)| word);
    found
        .map(|(_, direction)| *direction)
        .ok_or_else(|| ParseError::at(piece, crate::session::error::either(&words)).suggest(words))
}

fn letter(piece: Piece<'_>) -> Result<char, ParseError> {
    let mut chars = piece.text.chars();
    let letter = chars.next().filter(|letter| LETTERS.contains(letter));
    letter
        .filter(|_| chars.next().is_none())
        .ok_or_else(|| ParseError::at(piece, "C, S, K or M"))
}

fn by(words: &mut Words<'_>, direction: Direction) -> Result<Command, ParseError> {
    let count = words
        .optional(|piece| number::within(piece, 1, u64::MAX))?
        .unwrap_or(1);
    Ok(Command::Seek(SeekTo::By(direction, count)))
}
