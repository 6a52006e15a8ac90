//! Numbers as people read them on the screen: exact where there is room, always with a unit.

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

/// A size as a command would take it: `64K` when that is exact, digits otherwise.
#[must_use]
pub fn typed_size(number: u64) -> String {
    const UNITS: [(u64, char); 3] = [(1 << 30, 'G'), (1 << 20, 'M'), (1 << 10, 'K')];
    UNITS
        .iter()
        .find(|(unit, _)| number >= *unit && number.is_multiple_of(*unit))
        .map_or_else(
            || number.to_string(),
            |(unit, letter)| format!("{}{letter}", number / unit),
        )
}

/// An address within the heap: `0x01230`.
#[must_use]
pub fn address(offset: u64) -> String {
    format!("{offset:#07x}")
}

/// A share of a whole in percent: `98 %`; what is not quite all is never shown as 100.
#[must_use]
pub fn percent(share: f64) -> String {
    let share = if share.is_finite() {
        share.clamp(0.0, 1.0)
    } else {
        0.0
    };
    let rounded = (share * 100.0).round();
    let shown = if rounded >= 100.0 && share < 1.0 {
        99.0
    } else {
        rounded
    };
    format!("{shown:.0} %")
}

/// What became of a figure since a baseline: `+80`, `-1,024`, `+0`.
#[must_use]
pub fn difference(now: u64, then: u64) -> String {
    let sign = if now < then { '-' } else { '+' };
    format!("{sign}{}", grouped(now.abs_diff(then)))
}

/// Tenths as people write them: `12`, `1.8`, `.3`, `0`.
#[must_use]
pub fn tenths(tenths: u64) -> String {
    match (tenths / 10, tenths % 10) {
        (whole, 0) => grouped(whole),
        (0, part) => format!(".{part}"),
        (whole, part) => format!("{}.{part}", grouped(whole)),
    }
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

/// `1 hole`, `49 holes`.
#[must_use]
pub fn counted(number: u64, one: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {one}{plural}", grouped(number))
}

/// Tenths of a unit whose shown values add up exactly to the shown total.
///
/// Each part is rounded down and the tenths still missing go to the parts that lost most, so that a
/// reader who adds up the screen finds what the screen says.
#[must_use]
pub fn apportion(parts: &[u64], unit: u64) -> (Vec<u64>, u64) {
    let unit = u128::from(unit.max(1));
    let tenths = |value: u128| value * 10 / unit;
    let total = parts.iter().map(|part| u128::from(*part)).sum::<u128>();
    let mut shown: Vec<u64> = parts
        .iter()
        .map(|part| clamp(tenths(u128::from(*part))))
        .collect();
    let missing = clamp(tenths(total)).saturating_sub(shown.iter().sum());
    let mut by_loss: Vec<usize> = (0..parts.len()).collect();
    by_loss.sort_by_key(|&at| std::cmp::Reverse(u128::from(parts[at]) * 10 % unit));
    for &at in by_loss
        .iter()
        .cycle()
        .take(usize::try_from(missing).unwrap_or(0))
    {
        shown[at] += 1;
    }
    (shown, clamp(tenths(total)))
}

fn clamp(value: u128) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(cases: &[(u64, &str)], shown: fn(u64) -> String) {
        for (number, text) in cases {
            assert_eq!(shown(*number), *text, "{number}");
        }
    }

    #[test]
    fn numbers_read_as_written() {
        check(
            &[
                (0, "0"),
                (999, "999"),
                (1000, "1,000"),
                (3920, "3,920"),
                (1_234_567, "1,234,567"),
            ],
            grouped,
        );
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
            &[
                (64, "64"),
                (4096, "4K"),
                (5000, "5000"),
                (1 << 20, "1M"),
                (3 << 30, "3G"),
            ],
            typed_size,
        );
        check(
            &[(0x720, "0x00720"), (0x12_3456_789a, "0x123456789a")],
            address,
        );
        check(
            &[
                (0, "0"),
                (3, ".3"),
                (18, "1.8"),
                (120, "12"),
                (43_210, "4,321"),
            ],
            tenths,
        );
        check(
            &[(0, "0 holes"), (1, "1 hole"), (1200, "1,200 holes")],
            |n| counted(n, "hole"),
        );
    }

    #[test]
    fn differences_bear_their_sign() {
        for (now, then, text) in [
            (3920, 3840, "+80"),
            (0, 1024, "-1,024"),
            (7, 7, "+0"),
            (u64::MAX, 0, "+18,446,744,073,709,551,615"),
        ] {
            assert_eq!(difference(now, then), text, "{now} after {then}");
        }
    }

    #[test]
    fn percent_never_rounds_to_all() {
        for (share, text) in [
            (0.0, "0 %"),
            (0.5, "50 %"),
            (0.999, "99 %"),
            (1.0, "100 %"),
            (f64::NAN, "0 %"),
        ] {
            assert_eq!(percent(share), text, "{share}");
        }
    }

    #[test]
    fn rates_are_rounded() {
        for (rate, text) in [
            (0.0, "0"),
            (8.4, "8"),
            (950.0, "950"),
            (24_060.0, "24.1k"),
            (2.4e6, "2.4M"),
            (f64::INFINITY, "0"),
        ] {
            assert_eq!(rounded(rate), text, "{rate}");
        }
    }

    #[test]
    fn apportioned_parts_add_up_to_the_shown_total() {
        for unit in [1 << 10, 1 << 20] {
            for parts in [
                vec![1896, 208, 392, 1776, 0, 3920],
                vec![1, 1, 1],
                vec![u64::MAX / 8; 6],
                vec![0; 6],
                vec![],
            ] {
                let (shown, total) = apportion(&parts, unit);
                assert_eq!(shown.iter().sum::<u64>(), total, "{parts:?}");
            }
        }
    }
}
