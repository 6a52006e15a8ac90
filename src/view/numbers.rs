//! Numbers as people read them: exact where there is room, always with a unit.

use humansize::{BINARY, format_size};

/// Digits in groups of three: `3,920`.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Exact bytes: `3,920 B`.
#[must_use]
pub fn bytes(number: u64) -> String {
    format!("{} B", grouped(number))
}

/// A size in at most ten columns: exact below 10,000 bytes, then `36 KiB` or `36.4 KiB`.
#[must_use]
pub fn size(number: u64) -> String {
    if number < 10_000 {
        return if number >= 1024 && number.is_multiple_of(1024) {
            format!("{} KiB", number / 1024)
        } else {
            bytes(number)
        };
    }
    let shown = |number| format_size(number, BINARY.decimal_places(1).decimal_zeroes(0));
    let text = shown(number);
    // Just below a power of 1024 the rounding shows "1024.0 KiB".
    if text.starts_with("1024") {
        shown(number.next_power_of_two())
    } else {
        text
    }
}

/// An address within the heap: `0x01230`.
#[must_use]
pub fn address(offset: u64) -> String {
    format!("{offset:#07x}")
}

/// `1 hole`, `49 holes`.
#[must_use]
pub fn counted(number: u64, one: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {one}{plural}", grouped(number))
}

/// A rate in at most five columns: `8`, `950`, `24.1k`, `2.4M`.
#[must_use]
pub fn rounded(rate: f64) -> String {
    const UNITS: [(f64, &str); 3] = [(1e9, "G"), (1e6, "M"), (1e3, "k")];
    let rate = if rate.is_finite() { rate.max(0.0) } else { 0.0 };
    UNITS.iter().find(|(unit, _)| rate >= *unit).map_or_else(
        || format!("{rate:.0}"),
        |(unit, letter)| format!("{:.1}{letter}", rate / unit),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_written() {
        fn check(cases: &[(u64, &str)], shown: fn(u64) -> String) {
            for (number, text) in cases {
                assert_eq!(shown(*number), *text, "{number}");
            }
        }
        check(
            &[
                (0, "0"),
                (999, "999"),
                (1000, "1,000"),
                (1_234_567, "1,234,567"),
            ],
            grouped,
        );
        check(&[(0, "0 B"), (3920, "3,920 B"), (4096, "4,096 B")], bytes);
        check(
            &[
                (0, "0 B"),
                (3920, "3,920 B"),
                (4096, "4 KiB"),
                (36 << 10, "36 KiB"),
                (37_300, "36.4 KiB"),
                ((1 << 20) - 1, "1 MiB"),
                (1 << 30, "1 GiB"),
                (u64::MAX, "16 EiB"),
            ],
            size,
        );
        check(
            &[(0x720, "0x00720"), (0x12_3456_789a, "0x123456789a")],
            address,
        );
        check(
            &[(0, "0 holes"), (1, "1 hole"), (1200, "1,200 holes")],
            |number| counted(number, "hole"),
        );
    }
}
