//! Numbers as a person writes them: sizes, counts, addresses, values.

use std::fmt;
use std::str::FromStr;

use super::command::Value;
use super::error::ParseError;
use super::lexer::Piece;

/// The binary units, smallest first: letter and power of two.
const UNITS: [(char, u32); 3] = [('K', 10), ('M', 20), ('G', 30)];

const SIZE: &str = "a size such as 64, 0x40 or 4K";

/// Bytes as the command language writes them: `72`, `4K`, `1M`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Size(pub u64);

impl fmt::Display for Size {
    /// The largest unit that divides the size; a size of 0 and odd sizes stay plain.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let divides = |&&(_, shift): &&(char, u32)| self.0.trailing_zeros() >= shift;
        match UNITS.iter().rev().find(divides).filter(|_| self.0 != 0) {
            Some((letter, shift)) => write!(f, "{}{letter}", self.0 >> shift),
            None => write!(f, "{}", self.0),
        }
    }
}

impl FromStr for Size {
    type Err = ParseError;

    /// Reads a size as commands take it: `64`, `0x40`, `4K`, `4KiB`.
    fn from_str(text: &str) -> Result<Size, ParseError> {
        size(Piece { text, column: 1 }).map(Size)
    }
}

/// `64`, `0x40`, `4K`, `4KiB`.
pub(super) fn size(piece: Piece<'_>) -> Result<u64, ParseError> {
    magnitude(piece, SIZE)
}

/// A size that is not 0.
pub(super) fn some_size(piece: Piece<'_>) -> Result<u64, ParseError> {
    match size(piece)? {
        0 => Err(ParseError::at(piece, "a size above 0")),
        size => Ok(size),
    }
}

/// A plain decimal count, which takes no unit.
pub(super) fn count(piece: Piece<'_>) -> Result<u64, ParseError> {
    const COUNT: &str = "a count such as 1000";
    if piece.text.is_empty() || !piece.text.bytes().all(|byte| byte.is_ascii_digit()) {
        let error = ParseError::at(piece, COUNT);
        let with_unit = piece.text.starts_with(|char: char| char.is_ascii_digit());
        return Err(if with_unit {
            error.hint("counts are plain decimal numbers")
        } else {
            error
        });
    }
    piece
        .text
        .parse()
        .map_err(|_| ParseError::at(piece, "a count below 2^64"))
}

/// A decimal or hexadecimal number between two bounds.
pub(super) fn within(piece: Piece<'_>, low: u64, high: u64) -> Result<u64, ParseError> {
    let expected = || format!("a number from {low} to {high}");
    let number = match hexadecimal(piece, expected())? {
        Some(number) => number,
        None if piece.text.bytes().all(|byte| byte.is_ascii_digit()) => piece
            .text
            .parse()
            .map_err(|_| ParseError::at(piece, expected()))?,
        None => return Err(ParseError::at(piece, expected())),
    };
    if (low..=high).contains(&number) {
        Ok(number)
    } else {
        Err(ParseError::at(piece, expected()))
    }
}

/// `0x1230`; `None` for anything that does not begin like it.
pub(super) fn hexadecimal(
    piece: Piece<'_>,
    expected: impl Into<String>,
) -> Result<Option<u64>, ParseError> {
    let Some(digits) = piece
        .text
        .strip_prefix("0x")
        .or_else(|| piece.text.strip_prefix("0X"))
    else {
        return Ok(None);
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(
            ParseError::at(piece, expected).hint("after 0x come the digits 0-9 and a-f only")
        );
    }
    match u64::from_str_radix(digits, 16) {
        Ok(number) => Ok(Some(number)),
        Err(_) => Err(ParseError::at(piece, "a number below 2^64")),
    }
}

/// The right-hand side of `expect`: `128`, `4K`, `-1`, `0.25`.
pub(super) fn value(piece: Piece<'_>) -> Result<Value, ParseError> {
    const VALUE: &str = "a number such as 128, 4K, -1 or 0.25";
    let negative = piece.text.starts_with('-');
    let digits = piece.skip(usize::from(negative));
    if let Some((whole, fraction)) = digits.text.split_once('.') {
        let plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = piece
            .text
            .parse::<f64>()
            .ok()
            .filter(|_| plain(whole) && plain(fraction));
        return match number {
            Some(number) if number.is_finite() => Ok(Value::Fraction(number)),
            Some(_) => Err(ParseError::at(piece, "a number below 10^308")),
            None => Err(ParseError::at(piece, VALUE)),
        };
    }
    let magnitude = magnitude(digits, VALUE).map_err(|error| ParseError {
        hint: error.hint,
        ..ParseError::at(piece, error.expected)
    })?;
    let signed = if negative {
        -i128::from(magnitude)
    } else {
        i128::from(magnitude)
    };
    i64::try_from(signed).map(Value::Whole).map_err(|_| {
        ParseError::at(piece, "a number from -2^63 to 2^63 - 1")
            .hint("(SIZE_T)-1 is written -1 here")
    })
}

fn magnitude(piece: Piece<'_>, expected: &str) -> Result<u64, ParseError> {
    if let Some(size) = hexadecimal(piece, expected)? {
        return Ok(size);
    }
    let digits = piece.text.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 {
        return Err(ParseError::at(piece, expected));
    }
    let (digits, suffix) = piece.text.split_at(digits);
    let shift = unit(suffix).ok_or_else(|| {
        let error = ParseError::at(piece, expected);
        match unit_hint(suffix) {
            Some(hint) => error.hint(hint),
            None => error,
        }
    })?;
    let too_large = || ParseError::at(piece, "a size below 2^64 bytes");
    let number: u64 = digits.parse().map_err(|_| too_large())?;
    number.checked_mul(1 << shift).ok_or_else(too_large)
}

/// The power of two that a suffix stands for.
fn unit(suffix: &str) -> Option<u32> {
    if suffix.is_empty() {
        return Some(0);
    }
    let is = |letter: char| {
        let mut buffer = [0; 4];
        let letter: &str = letter.encode_utf8(&mut buffer);
        suffix.eq_ignore_ascii_case(letter)
            || (suffix.len() == 3
                && suffix.is_char_boundary(1)
                && suffix[..1].eq_ignore_ascii_case(letter)
                && suffix[1..].eq_ignore_ascii_case("ib"))
    };
    UNITS
        .iter()
        .find(|&&(letter, _)| is(letter))
        .map(|&(_, shift)| shift)
}

fn unit_hint(suffix: &str) -> Option<&'static str> {
    match suffix.to_ascii_lowercase().as_str() {
        "kb" | "mb" | "gb" => Some("units are binary: write 4K or 4KiB"),
        "b" => Some("bytes take no unit"),
        "t" | "tib" | "tb" => Some("the largest unit is G"),
        other if other.starts_with('.') || other.starts_with(',') => {
            Some("sizes are whole numbers")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(text: &str) -> Piece<'_> {
        Piece { text, column: 1 }
    }

    #[test]
    fn sizes_are_binary() {
        for (text, bytes, shown) in [
            ("0", 0, "0"),
            ("64", 64, "64"),
            ("0x40", 64, "64"),
            ("0XfF", 255, "255"),
            ("4K", 4096, "4K"),
            ("4k", 4096, "4K"),
            ("4KiB", 4096, "4K"),
            ("4kib", 4096, "4K"),
            ("1M", 1 << 20, "1M"),
            ("1024K", 1 << 20, "1M"),
            ("1025K", 1025 << 10, "1025K"),
            ("2G", 2 << 30, "2G"),
            ("4096G", 4 << 40, "4096G"),
            ("0007", 7, "7"),
            ("18446744073709551615", u64::MAX, "18446744073709551615"),
            ("0xffffffffffffffff", u64::MAX, "18446744073709551615"),
        ] {
            assert_eq!(size(piece(text)), Ok(bytes), "{text}");
            assert_eq!(Size(bytes).to_string(), shown, "{text}");
        }
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for (text, words) in [
            ("", "a size such as"),
            ("x4", "a size such as"),
            ("-4", "a size such as"),
            ("+4", "a size such as"),
            ("4KB", "units are binary"),
            ("4T", "the largest unit is G"),
            ("64B", "bytes take no unit"),
            ("1.5K", "whole numbers"),
            ("0x", "after 0x"),
            ("0x4K", "after 0x"),
            ("0x+4", "after 0x"),
            ("4é", "a size such as"),
            ("4éib", "a size such as"),
            ("18446744073709551616", "below 2^64"),
            ("17179869184G", "below 2^64"),
            ("0x10000000000000000", "below 2^64"),
        ] {
            let error = size(piece(text)).unwrap_err().to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
    }

    #[test]
    fn values_are_signed_or_fractions() {
        for (text, expected) in [
            ("128", Value::Whole(128)),
            ("-1", Value::Whole(-1)),
            ("-4K", Value::Whole(-4096)),
            ("0x10", Value::Whole(16)),
            ("-9223372036854775808", Value::Whole(i64::MIN)),
            ("0.25", Value::Fraction(0.25)),
            ("-0.5", Value::Fraction(-0.5)),
        ] {
            assert_eq!(value(piece(text)), Ok(expected), "{text}");
        }
        for text in [
            "",
            "-",
            "--1",
            ".5",
            "5.",
            "1.5K",
            "0.5.5",
            "1e3",
            "nan",
            "9223372036854775808",
            "0xffffffffffffffff",
        ] {
            assert!(value(piece(text)).is_err(), "{text}");
        }
        let huge = format!("{}.0", "9".repeat(400));
        assert!(value(piece(&huge)).is_err());
    }

    #[test]
    fn counts_take_no_unit() {
        assert_eq!(count(piece("10000")), Ok(10_000));
        for text in ["", "10K", "0x10", "-1", "a", "18446744073709551616"] {
            assert!(count(piece(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn bounds_are_inclusive() {
        for (text, expected) in [
            ("0", None),
            ("1", Some(1)),
            ("255", Some(255)),
            ("0xff", Some(255)),
            ("256", None),
            ("", None),
        ] {
            assert_eq!(within(piece(text), 1, 255).ok(), expected, "{text}");
        }
    }
}
