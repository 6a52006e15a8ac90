//! Cuts a line into words, quoted texts, comparison signs and braces.

use super::error::ParseError;

/// A part of the line and where it stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Piece<'a> {
    /// The characters as typed.
    pub(crate) text: &'a str,
    /// Column of the first, in characters from 1.
    pub(crate) column: usize,
}

impl<'a> Piece<'a> {
    /// Both sides of the first `separator`, without it.
    pub(crate) fn split_once(self, separator: char) -> Option<(Piece<'a>, Piece<'a>)> {
        let (before, after) = self.text.split_once(separator)?;
        let column = self.column + before.chars().count() + 1;
        Some((
            Piece {
                text: before,
                ..self
            },
            Piece {
                text: after,
                column,
            },
        ))
    }

    /// What follows the first `bytes` bytes, which must end a character.
    pub(super) fn skip(self, bytes: usize) -> Piece<'a> {
        let (before, text) = self.text.split_at(bytes);
        Piece {
            text,
            column: self.column + before.chars().count(),
        }
    }
}

/// One word, text or sign.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Token<'a> {
    /// The token as typed, quotes included.
    pub(super) piece: Piece<'a>,
    /// For a quoted text what it says.
    pub(super) says: Option<String>,
}

/// A line cut up.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Lexed<'a> {
    /// The tokens in order.
    pub(super) tokens: Vec<Token<'a>>,
    /// The end of what is not comment: an empty piece.
    pub(super) end: Piece<'a>,
    /// A `#` ended the line.
    pub(super) comment: bool,
}

/// Cuts up one line. Fails only inside a quoted text.
pub(super) fn lex(line: &str) -> Result<Lexed<'_>, ParseError> {
    let mut rest = Piece {
        text: line,
        column: 1,
    };
    let mut tokens = Vec::new();
    loop {
        let blank = rest.text.len() - rest.text.trim_start().len();
        let end = rest;
        rest = rest.skip(blank);
        match rest.text.chars().next() {
            None | Some('#') => {
                let comment = !rest.text.is_empty();
                let end = Piece { text: "", ..end };
                return Ok(Lexed {
                    tokens,
                    end,
                    comment,
                });
            }
            Some('"') => {
                let (length, says) = text(rest)?;
                rest = push(&mut tokens, rest, length, Some(says));
            }
            Some(_) => {
                let length = sign(rest.text).unwrap_or_else(|| word(rest.text));
                rest = push(&mut tokens, rest, length, None);
            }
        }
    }
}

/// Takes the first `length` bytes of `rest` as a token; returns what follows.
fn push<'a>(
    tokens: &mut Vec<Token<'a>>,
    rest: Piece<'a>,
    length: usize,
    says: Option<String>,
) -> Piece<'a> {
    tokens.push(Token {
        piece: Piece {
            text: &rest.text[..length],
            ..rest
        },
        says,
    });
    rest.skip(length)
}

/// Bytes of the comparison sign or brace at the start. A single `=` is none: it belongs to `key=value`.
pub(super) fn sign(text: &str) -> Option<usize> {
    ["<=", "==", "!=", ">=", "<", ">", "{", "}"]
        .into_iter()
        .find(|sign| text.starts_with(sign))
        .map(str::len)
}

/// Bytes of the word at the start.
fn word(text: &str) -> usize {
    let ends = |&(at, char): &(usize, char)| {
        char.is_whitespace() || matches!(char, '"' | '#') || sign(&text[at..]).is_some()
    };
    text.char_indices()
        .find(ends)
        .map_or(text.len(), |(at, _)| at)
}

/// Bytes of the quoted text at the start, and what it says.
fn text(piece: Piece<'_>) -> Result<(usize, String), ParseError> {
    let mut says = String::new();
    let mut at = 1;
    loop {
        let rest = &piece.text[at..];
        let Some(char) = rest.chars().next() else {
            return Err(ParseError::at(
                piece,
                "a closing \" before the end of the line",
            ));
        };
        match char {
            '"' => return Ok((at + 1, says)),
            '\\' => {
                let (length, char) = escape(rest).ok_or_else(|| {
                    let shown = rest
                        .char_indices()
                        .nth(2)
                        .map_or(rest, |(end, _)| &rest[..end]);
                    let shown = Piece {
                        text: shown,
                        ..piece.skip(at)
                    };
                    ParseError::at(shown, r#"one of \" \\ \n \t \u{1F600}"#)
                })?;
                says.push(char);
                at += length;
            }
            char => {
                says.push(char);
                at += char.len_utf8();
            }
        }
    }
}

/// Bytes of the escape at the start, and the character it stands for.
fn escape(text: &str) -> Option<(usize, char)> {
    let simple = |char| Some((2, char));
    match text.as_bytes().get(1)? {
        b'"' => simple('"'),
        b'\\' => simple('\\'),
        b'n' => simple('\n'),
        b't' => simple('\t'),
        b'u' => {
            let (digits, _) = text.strip_prefix("\\u{")?.split_once('}')?;
            let plain =
                (1..=6).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit());
            let code = u32::from_str_radix(digits, 16).ok().filter(|_| plain)?;
            Some((digits.len() + 4, char::from_u32(code)?))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: &[(usize, &str)]) {
        let lexed = lex(line).unwrap();
        let found: Vec<_> = lexed
            .tokens
            .iter()
            .map(|t| (t.piece.column, t.piece.text))
            .collect();
        assert_eq!(found, expected, "{line:?}");
    }

    #[test]
    fn lines_fall_into_tokens() {
        check("", &[]);
        check("  # words", &[]);
        check("alloc a 64", &[(1, "alloc"), (7, "a"), (9, "64")]);
        check("\talloc\u{a0}a\r", &[(2, "alloc"), (8, "a")]);
        check("free b[::2]# half", &[(1, "free"), (6, "b[::2]")]);
        check(
            "expect free<=4K",
            &[(1, "expect"), (8, "free"), (12, "<="), (14, "4K")],
        );
        check(
            "a==b!=c=d",
            &[(1, "a"), (2, "=="), (4, "b"), (5, "!="), (7, "c=d")],
        );
        check("say\"a # b\"x", &[(1, "say"), (4, "\"a # b\""), (11, "x")]);
        check("é \u{0} ü", &[(1, "é"), (3, "\u{0}"), (5, "ü")]);
        check("! =", &[(1, "!"), (3, "=")]);
        check(
            "x{a b}}",
            &[(1, "x"), (2, "{"), (3, "a"), (5, "b"), (6, "}"), (7, "}")],
        );
    }

    #[test]
    fn quoted_texts_are_unescaped() {
        for (line, says) in [
            (r#""""#, ""),
            (r#""a \"b\" \\""#, r#"a "b" \"#),
            (r#""\n\t\u{e9}\u{1F600}""#, "\n\té😀"),
        ] {
            let lexed = lex(line).unwrap();
            assert_eq!(lexed.tokens[0].says.as_deref(), Some(says), "{line}");
        }
    }

    #[test]
    fn faulty_texts_are_placed() {
        for (line, column, found) in [
            ("say \"abc", 5, "\"abc"),
            ("say \"é\\x\"", 7, "\\x"),
            ("say \"\\u{110000}\"", 6, "\\u"),
            ("say \"\\u{+41}\"", 6, "\\u"),
            ("say \"\\u{41\"", 6, "\\u"),
            ("say \"\\é\"", 6, "\\é"),
            ("say \"\\", 6, "\\"),
        ] {
            let error = lex(line).unwrap_err();
            assert_eq!(
                (error.column, error.found.as_str()),
                (column, found),
                "{line}"
            );
        }
    }

    #[test]
    fn the_end_is_where_something_is_missing() {
        for (line, column, comment) in [
            ("", 1, false),
            ("alloc a", 8, false),
            ("alloc a   ", 8, false),
            ("alloc # x", 6, true),
        ] {
            let lexed = lex(line).unwrap();
            assert_eq!(
                (lexed.end.column, lexed.comment),
                (column, comment),
                "{line:?}"
            );
        }
    }
}
