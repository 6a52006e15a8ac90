//! Numbers as people read them on the screen: exact where there is room, always with a unit.

use crate::session::Size;
pub use crate::view::numbers::{address, bytes, counted, grouped, rounded, size};

/// A size as a command would take it: `64K` when that is exact, digits otherwise.
#[must_use]
pub fn typed_size(number: u64) -> String {
    Size(number).to_string()
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

    #[test]
    fn sizes_are_typed_as_commands_take_them() {
        for (number, text) in [
            (64, "64"),
            (4096, "4K"),
            (5000, "5000"),
            (1 << 20, "1M"),
            (3 << 30, "3G"),
        ] {
            assert_eq!(typed_size(number), text, "{number}");
        }
    }

    #[test]
    fn tenths_have_a_point_only_where_they_need_one() {
        for (number, text) in [
            (0, "0"),
            (3, ".3"),
            (18, "1.8"),
            (120, "12"),
            (43_210, "4,321"),
        ] {
            assert_eq!(tenths(number), text, "{number}");
        }
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
