//! Lines and scripts to commands.
//!
//! ```ebnf
//! script     = { line newline } ;
//! line       = [ command ] [ "#" anything ] ;
//! command    = "heap" "new" "growable" { option }       (* heap new growable policy=first-fit *)
//!            | "heap" "new" "fixed" SIZE { option }     (* heap new fixed 256K init=8K *)
//!            | "heap" "new" "buffer" SIZE { option }    (* heap new buffer 64K *)
//!            | "heap" "use" NUMBER                      (* heap use 2 *)
//!            | "heap" "destroy" [ NUMBER ]              (* heap destroy 2 *)
//!            | "heap" "crt" [ NUMBER ]                  (* heap crt *)
//!            | "save" FILE [ "replace" ]                (* save "holes.heapimage" replace *)
//!            | "export" FILE [ "replace" ]              (* export holes.csv *)
//!            | "load" FILE                              (* load "holes.heapimage" *)
//!            | "alloc" names SIZE { flag }              (* alloc b[0:100] 48 *)
//!            | "realloc" operand SIZE { flag }          (* realloc a 4K inplace *)
//!            | "free" operand { flag }                  (* free b[::2] *)
//!            | "free" "where" word { word }             (* free where size>4K name~b *)
//!            | "double-free" pointer                    (* double-free b3 *)
//!            | "free-interior" pointer                  (* free-interior b3 *)
//!            | "free-misaligned" pointer                (* free-misaligned b3 *)
//!            | "free-foreign" pointer                   (* free-foreign b3 *)
//!            | "write-after-free" pointer [ SIZE ]      (* write-after-free b3 16 *)
//!            | "overrun" pointer SIZE                   (* overrun b3 16 *)
//!            | "underrun" pointer SIZE                  (* underrun b3 8 *)
//!            | "flip" pointer NUMBER                    (* flip b3 40 *)
//!            | "size-freed" pointer                     (* size-freed b3 *)
//!            | "realloc-freed" pointer SIZE             (* realloc-freed b3 200 *)
//!            | "findings" "off"                         (* findings off *)
//!            | "size" operand { flag }                  (* size b3 *)
//!            | "validate" [ operand ] { flag }          (* validate b3 *)
//!            | "walk"                                   (* walk *)
//!            | "compact" { flag }                       (* compact *)
//!            | "minimize"                               (* minimize *)
//!            | "summary"                                (* summary *)
//!            | "lock"                                   (* lock *)
//!            | "unlock"                                 (* unlock *)
//!            | "heapmin"                                (* heapmin *)
//!            | "heapchk"                                (* heapchk *)
//!            | "heapset" NUMBER                         (* heapset 0xfe *)
//!            | "heapwalk"                               (* heapwalk *)
//!            | "expand" pointer SIZE                    (* expand a 96 *)
//!            | "coalesce" switch                        (* coalesce off *)
//!            | "serialize" switch                       (* serialize off *)
//!            | "policy" POLICY                          (* policy first-fit *)
//!            | "decommit" "off"                         (* decommit off *)
//!            | "decommit" "auto" { option }             (* decommit auto block=8K total=128K *)
//!            | "stamp" switch                           (* stamp off *)
//!            | "checks" switch                          (* checks off *)
//!            | "limit" ( SIZE | "default" )             (* limit 16M *)
//!            | "go" pointer                             (* go b3 *)
//!            | "go" "op" NUMBER                         (* go op 12 *)
//!            | "probe" SIZE                             (* probe 4K *)
//!            | "run" "random" { option }                (* run random ops=10000 sizes=16..512 dist=exponential live=1000 seed=7 *)
//!            | "threads" COUNT "{" command "}" { option }  (* threads 4 { run random ops=100000 } calls=noserialize *)
//!            | "situations" { option }                  (* situations threads=4 *)
//!            | "rate" ( COUNT | "max" )                 (* rate 100 *)
//!            | "interleave" "{" call "}" "{" call "}" { option }   (* interleave { alloc a 64 } { alloc b 64 } order=1x12,2x90 *)
//!            | "play" ( call | "heapmin" )              (* play alloc a 64 *)
//!            | "step" "t1" [ COUNT ]                    (* step t1 12 *)
//!            | "step" "t2" [ COUNT ]                    (* step t2 30 *)
//!            | "step" "back" [ COUNT ]                  (* step back *)
//!            | "step" "forward" [ COUNT ]               (* step forward *)
//!            | "step" "to" NUMBER                       (* step to 5 *)
//!            | "step" "end"                             (* step end *)
//!            | "step" "off"                             (* step off *)
//!            | "example" EXAMPLE                        (* example double-handout *)
//!            | "mark" [ TEXT | WORDS ]                 (* mark before the flood *)
//!            | "baseline" ( "here" | COUNT | "off" )   (* baseline here *)
//!            | "say" TEXT                               (* say "Every second block is free." *)
//!            | "expect" METRIC RELATION VALUE           (* expect largest_free < 128 *)
//!            | "pause"                                  (* pause *)
//!            | "filter" ( "off" | word { word } )       (* filter free size>4K *)
//!            | "undo"                                   (* undo *)
//!            | "redo"                                   (* redo *)
//!            | "seek" ( SIZE | "present" | "peak" | "worst" | "failure" )   (* seek 48000 *)
//!            | "seek" "back" [ COUNT ]                  (* seek back 100 *)
//!            | "seek" "forward" [ COUNT ]               (* seek forward *)
//!            | "seek" "mark" ( "back" | "forward" )     (* seek mark back *)
//!            | "seek" "next" ( "C" | "S" | "K" | "M" )  (* seek next M *)
//!            | "branch" [ NUMBER ]                      (* branch 1 *)
//!            | "history" ( SIZE | "default" )           (* history 512M *)
//!            | "help" [ VERB ]                          (* help realloc *)
//!            | "as" ACTOR ":" command                    (* as t2: alloc x 64 *)
//!            | "quit" ;                                 (* quit *)
//! call       = "alloc" name SIZE { flag } | "free" block { flag } | "realloc" block SIZE { flag }
//!            | "compact" { flag } | "minimize" | "validate" { flag } ;
//! block      = name | "0x" HEX ;
//! operand    = names | "null" | "0x" HEX ;
//! pointer    = name | "null" | "0x" HEX ;
//! word       = "busy" | "free" | "large" | "damaged" | "pin"
//!            | ( "size" | "asked" | "slack" ) RELATION SIZE | ( "age" | "born" ) RELATION DIGITS
//!            | "name" "=" name | "name" "~" LETTERS | ( "from" | "to" ) "=" "0x" HEX ;
//! names      = name | LETTERS "[" [ INDEX ] ":" [ INDEX ] [ ":" [ INDEX ] ] "]" ;
//! name       = LETTERS [ INDEX ] | LETTERS "[" INDEX "]" ;
//! flag       = "zero" | "inplace" | "noserialize" | "exceptions" ;
//! option     = KEY "=" VALUE ;                          (* each key once, no blanks around = *)
//! switch     = "on" | "off" ;
//! TURNS      = ( "1" | "2" ) "x" COUNT { "," ( "1" | "2" ) "x" COUNT } ;
//! SIZE       = DIGITS [ ( "K" | "M" | "G" ) [ "iB" ] ] | "0x" HEX ;
//! VALUE      = [ "-" ] SIZE | [ "-" ] DIGITS "." DIGITS ;
//! RELATION   = "<" | "<=" | "==" | "!=" | ">=" | ">" ;  (* in filters equality is written = *)
//! FILE       = TEXT | character { character } ;         (* without quotes no blanks, quotes, braces or relations *)
//! TEXT       = '"' { character | '\"' | '\\' | '\n' | '\t' | '\u{' HEX '}' } '"' ;
//! ```
//!
//! Words are separated by blanks; none is needed around a relation. Names,
//! verbs and keys are case-sensitive, units are not. Units are binary. The
//! tables in `grammar`, `flags`, `options` and `metric` say which flags, keys
//! and metrics there are.

mod condition;

use crate::heap::Flags;

use super::actors;
use super::command::{Command, NewHeap, NewHeapKind, Situations, Threads, Thresholds};
use super::error::{ParseError, ScriptError, either};
use super::faults::{Amount, Fault};
use super::filter::Filter;
use super::flags::{CALL_FLAGS, words_of};
use super::grammar::{GRAMMAR, REPLACE};
use super::interleave::{Interleave, OneCall};
use super::lexer::{Lexed, Piece, Token, lex, sign};
use super::name::{self, Name};
use super::number;
use super::options::{self, set_fields};
use super::play;
use super::row::{CommandRow, row_of};
use crate::lab::Workload;
use crate::view::numbers::grouped;

/// Reads one line; `None` for a line that is blank or only a comment.
///
/// # Errors
///
/// The first mistake, with its place.
///
/// ```
/// # use heapwalk::session::parse_line;
/// let command = parse_line("free b[0::2]  # every second").unwrap().unwrap();
/// assert_eq!(command.to_string(), "free b[::2]");
/// assert_eq!(parse_line("  # nothing to do"), Ok(None));
/// ```
pub fn parse_line(line: &str) -> Result<Option<Command>, ParseError> {
    let mut words = Words::of(line)?;
    if words.first().is_none() {
        return Ok(None);
    }
    words.command().map(Some)
}

/// Reads a script: its commands with the numbers of their lines, from 1.
/// `file` is only repeated in the error.
///
/// # Errors
///
/// The first mistake, with its place.
///
/// ```
/// # use heapwalk::session::parse_script;
/// let error = parse_script("alloc a 64\nfre a\n", "demo.heap").unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     r#"demo.heap:2:1: found "fre", expected a command such as alloc, free or compact (did you mean free?)"#,
/// );
/// ```
pub fn parse_script(text: &str, file: &str) -> Result<Vec<(usize, Command)>, ScriptError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut commands = Vec::new();
    for (line, content) in (1..).zip(text.lines()) {
        match parse_line(content) {
            Ok(Some(command)) => commands.push((line, command)),
            Ok(None) => {}
            Err(error) => {
                return Err(ScriptError {
                    file: file.to_owned(),
                    line,
                    error,
                });
            }
        }
    }
    Ok(commands)
}

/// The words of a line that were not yet read.
pub(crate) struct Words<'a> {
    tokens: std::vec::IntoIter<Token<'a>>,
    end: Piece<'a>,
}

impl<'a> Words<'a> {
    /// The words of `line`.
    pub(crate) fn of(line: &'a str) -> Result<Words<'a>, ParseError> {
        let Lexed { tokens, end, .. } = lex(line)?;
        Ok(Words {
            tokens: tokens.into_iter(),
            end,
        })
    }

    /// The word that comes next, if any is left.
    pub(crate) fn first(&self) -> Option<Piece<'a>> {
        self.tokens.as_slice().first().map(|token| token.piece)
    }

    /// Reads the next word; at the end of the line `parse` is given an empty one, which it refuses.
    pub(crate) fn arg<T>(
        &mut self,
        parse: impl Fn(Piece<'a>) -> Result<T, ParseError>,
    ) -> Result<T, ParseError> {
        parse(self.tokens.next().map_or(self.end, |token| token.piece))
    }

    /// Reads the next word if there is one.
    pub(crate) fn optional<T>(
        &mut self,
        parse: impl Fn(Piece<'a>) -> Result<T, ParseError>,
    ) -> Result<Option<T>, ParseError> {
        self.tokens
            .next()
            .map(|token| parse(token.piece))
            .transpose()
    }

    /// Reads a whole command between braces.
    pub(super) fn braced(&mut self) -> Result<Command, ParseError> {
        self.arg(|piece| brace(piece, "{"))?;
        let rest = self.tokens.as_slice();
        let mut open = 1_usize;
        let closing = rest.iter().position(|token| {
            match token.piece.text {
                "{" => open += 1,
                "}" => open -= 1,
                _ => {}
            }
            open == 0
        });
        let Some(length) = closing else {
            return Err(ParseError::at(self.end, "a closing }"));
        };
        let end = Piece {
            text: "",
            ..rest[length].piece
        };
        let tokens: Vec<Token<'a>> = self.tokens.by_ref().take(length).collect();
        self.tokens.next();
        let mut inner = Words {
            tokens: tokens.into_iter(),
            end,
        };
        inner.command()
    }

    /// Reads an actor and the call that it makes.
    pub(super) fn spoken(&mut self) -> Result<Command, ParseError> {
        let actor = self.arg(actors::actor)?;
        let first = self.tokens.as_slice().first();
        let begin = first.map_or(self.end, |token| token.piece);
        let command = Box::new(actors::call(begin, self.command()?)?);
        Ok(Command::As { actor, command })
    }

    /// Reads the call that is to be played.
    pub(super) fn play(&mut self) -> Result<Command, ParseError> {
        let first = self.tokens.as_slice().first();
        let begin = first.map_or(self.end, |token| token.piece);
        let command = self.command()?;
        Ok(Command::Play(Box::new(play::playable(begin, &command)?)))
    }

    /// Reads a command to the end of the line.
    pub(crate) fn command(&mut self) -> Result<Command, ParseError> {
        let row = self.verb()?;
        let command = (row.parse)(self)?;
        self.done()?;
        Ok(command)
    }

    /// Reads a quoted text.
    pub(crate) fn text(&mut self) -> Result<String, ParseError> {
        const TEXT: &str = "words in double quotes";
        match self.tokens.next() {
            Some(token) => token.says.ok_or_else(|| ParseError::at(token.piece, TEXT)),
            None => Err(ParseError::at(self.end, TEXT)),
        }
    }

    /// Reads the name of a file: one without blanks needs no quotes.
    pub(super) fn file(&mut self) -> Result<String, ParseError> {
        const FILE: &str = "the name of a file, in double quotes if there are blanks in it";
        let Some(token) = self.tokens.next() else {
            return Err(ParseError::at(self.end, FILE));
        };
        let bare = token.piece.text;
        match token.says {
            Some(says) => Ok(says),
            // A file of such a name would surprise whoever forgot to name one.
            None if bare == REPLACE || sign(bare).is_some() => {
                Err(ParseError::at(token.piece, FILE))
            }
            None => Ok(bare.to_owned()),
        }
    }

    /// Reads what is left as words of a person, quoted or not; `None` where nothing is left.
    pub(super) fn said(&mut self) -> Option<String> {
        let said = |token: Token<'a>| token.says.unwrap_or_else(|| token.piece.text.to_owned());
        let words: Vec<String> = self.tokens.by_ref().map(said).collect();
        (!words.is_empty()).then(|| words.join(" "))
    }

    /// Whether the next word is a call flag.
    pub(super) fn at_flag(&self) -> bool {
        let next = self.tokens.as_slice().first();
        next.is_some_and(|token| CALL_FLAGS.iter().any(|flag| flag.word == token.piece.text))
    }

    /// Reads call flags to the end of the line; those within `mask` are taken.
    pub(super) fn flags(&mut self, mask: Flags) -> Result<Flags, ParseError> {
        let mut flags = Flags::NONE;
        for token in self.tokens.by_ref() {
            let flag = call_flag(token.piece, mask)?;
            if flags.has(flag) {
                return Err(ParseError::at(token.piece, "each call flag once"));
            }
            flags |= flag;
        }
        Ok(flags)
    }

    /// Reads what a fault is told: the block, and how much.
    pub(super) fn fault(&mut self, fault: Fault) -> Result<Command, ParseError> {
        let what = self.arg(name::one_operand)?;
        let how = fault.row().amount;
        let read = |piece: Piece<'a>| how.read(piece);
        let amount = match how {
            Amount::Nothing => None,
            _ if how.is_needed() => Some(self.arg(read)?),
            _ => self.optional(read)?,
        };
        Ok(Command::Fault {
            fault,
            what,
            amount,
        })
    }

    pub(super) fn new_heap(&mut self, kind: NewHeapKind) -> Result<Command, ParseError> {
        let mut heap = NewHeap::new(kind);
        set_fields(&mut heap, &options::NEW_HEAP, self.rest())?;
        Ok(Command::HeapNew(heap))
    }

    pub(super) fn decommit(&mut self) -> Result<Command, ParseError> {
        let mut thresholds = Thresholds::NT;
        set_fields(&mut thresholds, &options::DECOMMIT, self.rest())?;
        Ok(Command::Decommit(Some(thresholds)))
    }

    pub(super) fn workload(&mut self) -> Result<Command, ParseError> {
        let mut workload = Workload::default();
        set_fields(&mut workload, &options::WORKLOAD, self.rest())?;
        Ok(Command::Run(workload))
    }

    pub(super) fn threads(&mut self) -> Result<Command, ParseError> {
        let count = self.arg(options::threads)?;
        let inner = self.tokens.as_slice().get(1);
        let begin = inner.map_or(self.end, |token| token.piece);
        let Command::Run(workload) = self.braced()? else {
            return Err(ParseError::at(begin, "run random"));
        };
        if workload.from > 0 || workload.until.is_some() {
            let error = ParseError::at(begin, "a whole workload");
            return Err(error.hint("threads do not repeat, so there is nothing to go on behind"));
        }
        let mut threads = Threads::new(count, workload);
        set_fields(&mut threads, &options::THREADS, self.rest())?;
        Ok(Command::Threads(Box::new(threads)))
    }

    pub(super) fn situations(&mut self) -> Result<Command, ParseError> {
        let mut situations = Situations::default();
        let pieces: Vec<Piece<'a>> = self.rest().collect();
        set_fields(
            &mut situations,
            &options::SITUATIONS,
            pieces.iter().copied(),
        )?;
        let steps = situations.ops * u64::from(situations.threads);
        match pieces.last() {
            Some(&last) if steps > options::MOST_SITUATION_STEPS => {
                let most = grouped(options::MOST_SITUATION_STEPS);
                let expected = format!("at most {most} operations of all threads together");
                let hint = "they are drawn before the clock starts, and so have to be kept";
                Err(ParseError::at(last, expected).hint(hint))
            }
            _ => Ok(Command::Situations(situations)),
        }
    }

    pub(super) fn interleave(&mut self) -> Result<Command, ParseError> {
        let calls = [self.call()?, self.call()?];
        let mut asked = Interleave { calls, order: None };
        set_fields(&mut asked.order, &options::INTERLEAVE, self.rest())?;
        Ok(Command::Interleave(Box::new(asked)))
    }

    /// Reads a command in braces that is one call.
    fn call(&mut self) -> Result<OneCall, ParseError> {
        let inside = self.tokens.as_slice().get(1);
        let at = inside.map_or(self.end, |token| token.piece);
        let command = self.braced()?;
        OneCall::of(&command).ok_or_else(|| {
            let error = ParseError::at(
                at,
                "one call: alloc, free or realloc of one block, compact, minimize or validate",
            );
            error.hint("two calls are interleaved, not two series of calls")
        })
    }

    /// Reads the name of one block.
    pub(crate) fn name(&mut self) -> Result<Name, ParseError> {
        self.arg(name::name)
    }

    /// Reads a plain decimal count.
    pub(crate) fn count(&mut self) -> Result<u64, ParseError> {
        self.arg(number::count)
    }

    /// Reads a sign or a word that must stand here.
    pub(crate) fn sign(&mut self, sign: &str) -> Result<(), ParseError> {
        self.arg(|piece| brace(piece, sign))
    }

    /// Reads the words of a filter.
    pub(super) fn filter(&mut self) -> Result<Filter, ParseError> {
        let end = self.end;
        Filter::read(self.tokens.by_ref(), end)
    }

    pub(super) fn filter_or_off(&mut self) -> Result<Command, ParseError> {
        let next = self.tokens.as_slice().first();
        if next.is_some_and(|token| token.piece.text == "off") {
            self.tokens.next();
            return Ok(Command::Filter(None));
        }
        let filter = self
            .filter()
            .map_err(|error| match error.found.is_empty() {
                true => error.or("off"),
                false => error,
            })?;
        Ok(Command::Filter(Some(filter)))
    }

    /// Reads what help is asked about: as many words as verbs begin with.
    pub(super) fn topic(&mut self) -> Result<Command, ParseError> {
        let given = self.tokens.as_slice();
        let asked = |row: &CommandRow| {
            let begins = given
                .iter()
                .zip(row.words())
                .all(|(token, word)| token.piece.text == word);
            let words = row.words().count();
            (begins && words >= given.len()).then(|| row.first_words(given.len()))
        };
        let Some(words) = GRAMMAR.iter().find_map(asked) else {
            // A whole verb with more behind it, or none: the end of the line is missed by the caller.
            return self.verb().map(|row| Command::Help(Some(row.verb)));
        };
        self.tokens.by_ref().for_each(drop);
        Ok(Command::Help(Some(words).filter(|words| !words.is_empty())))
    }

    fn rest(&mut self) -> impl Iterator<Item = Piece<'a>> {
        self.tokens.by_ref().map(|token| token.piece)
    }

    /// Reads as many words as make a verb.
    fn verb(&mut self) -> Result<&'static CommandRow, ParseError> {
        let words = || self.tokens.as_slice().iter().map(|token| token.piece.text);
        match row_of(words) {
            Some((row, depth)) => {
                self.tokens.by_ref().take(depth).for_each(drop);
                Ok(row)
            }
            None => Err(self.no_verb()),
        }
    }

    /// The mistake of a line that begins with no verb: its first word that no verb goes on with.
    fn no_verb(&self) -> ParseError {
        let mut candidates: Vec<&'static CommandRow> = GRAMMAR.iter().collect();
        let pieces = self
            .tokens
            .as_slice()
            .iter()
            .map(|token| token.piece)
            .chain([self.end]);
        for (depth, piece) in pieces.enumerate() {
            let here = |row: &&CommandRow| row.words().nth(depth);
            let mut words: Vec<&str> = candidates.iter().filter_map(here).collect();
            words.dedup();
            candidates.retain(|row| here(row) == Some(piece.text));
            if candidates.is_empty() {
                return unknown(piece, depth, &words);
            }
        }
        ParseError::at(self.end, "a command")
    }

    /// Reads that nothing is left.
    pub(crate) fn done(&mut self) -> Result<(), ParseError> {
        match self.tokens.next() {
            Some(token) => Err(ParseError::at(token.piece, "the end of the line")),
            None => Ok(()),
        }
    }
}

fn brace(piece: Piece<'_>, sign: &str) -> Result<(), ParseError> {
    let found = piece.text == sign;
    found
        .then_some(())
        .ok_or_else(|| ParseError::at(piece, sign))
}

/// The mistake of a verb's word that is none of `words`.
fn unknown(piece: Piece<'_>, depth: usize, words: &[&str]) -> ParseError {
    if depth > 0 {
        return ParseError::at(piece, either(words)).suggest(words.iter().copied());
    }
    let error = ParseError::at(piece, "a command such as alloc, free or compact");
    let call = piece.text.split('(').next().unwrap_or_default();
    let named = |row: &&CommandRow| row.call.is_some_and(|name| name.eq_ignore_ascii_case(call));
    match GRAMMAR.iter().find(named) {
        Some(row) => error.hint(format!("the command is: {}", row.usage)),
        None => error.suggest(words.iter().copied()),
    }
}

/// One call flag, if it is within `mask`.
fn call_flag(piece: Piece<'_>, mask: Flags) -> Result<Flags, ParseError> {
    let taken = words_of(mask);
    let error = ParseError::at(
        piece,
        format!("{} or the end of the line", taken.join(", ")),
    );
    let Some(row) = CALL_FLAGS.iter().find(|row| row.word == piece.text) else {
        return Err(error.suggest(taken));
    };
    if mask.has(row.flag) {
        return Ok(row.flag);
    }
    let takers = GRAMMAR
        .iter()
        .filter(|command| command.flags().has(row.flag));
    let takers: Vec<&str> = takers.map(|command| command.verb).collect();
    Err(error.hint(format!("{} is a flag of {}", row.word, takers.join(", "))))
}
