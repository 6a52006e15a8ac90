//! Bars whose parts stand for parts of a whole.

use ratatui::text::{Line, Span};

use super::theme::{Role, Theme};

/// How many of `columns` each part gets, in proportion: what is not nothing gets one, and all together get all,
/// as long as there is room.
#[must_use]
pub fn shares(parts: &[u64], columns: u16) -> Vec<u16> {
    let whole: u128 = parts.iter().map(|part| u128::from(*part)).sum();
    let mut shares: Vec<u16> = parts
        .iter()
        .map(|part| {
            let share = u128::from(*part) * u128::from(columns) / whole.max(1);
            u16::try_from(share)
                .unwrap_or(columns)
                .max(u16::from(*part > 0))
        })
        .collect();
    // Rounding and the least widths miss the whole by a little: the widest part makes up for it.
    let mut used: u16 = shares.iter().copied().fold(0, u16::saturating_add);
    if whole > 0
        && let Some(widest) = shares.iter_mut().max()
    {
        let target = columns.saturating_sub(used - *widest);
        used = used - *widest + target;
        *widest = target;
    }
    // More parts than columns: the last ones go.
    while used > columns {
        let Some(last) = shares.iter_mut().rev().find(|share| **share > 0) else {
            break;
        };
        *last -= 1;
        used -= 1;
    }
    shares
}

/// A bar of parts, each with its glyph and its meaning.
#[must_use]
pub fn stacked(theme: &Theme, parts: &[(u64, char, Role)], columns: u16) -> Line<'static> {
    let sizes: Vec<u64> = parts.iter().map(|(size, ..)| *size).collect();
    let spans = parts
        .iter()
        .zip(shares(&sizes, columns))
        .map(|((_, glyph, role), count)| {
            Span::styled(
                glyph.to_string().repeat(usize::from(count)),
                theme.style(*role),
            )
        });
    Line::from_iter(spans)
}

/// A bar of one thing: `value` of `most` on at most `columns`, at least one for what is not nothing.
#[must_use]
pub fn single(
    theme: &Theme,
    (glyph, role): (char, Role),
    (value, most): (u64, u64),
    columns: u16,
) -> Span<'static> {
    let filled = super::chart::steps(value, most, columns);
    let bar = glyph.to_string().repeat(usize::from(filled));
    Span::styled(bar, theme.style(role))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_fill_the_bar_and_hide_nothing() {
        for (parts, columns, expected) in [
            (&[1, 1][..], 10, &[5, 5][..]),
            (&[1000, 1, 0, 1], 10, &[8, 1, 0, 1]),
            (&[0, 0], 10, &[0, 0]),
            (&[1, 1, 1], 10, &[3, 3, 4]),
            (&[1, 1, 1], 2, &[1, 1, 0]),
            (&[5, 5], 0, &[0, 0]),
            (&[u64::MAX, u64::MAX], 7, &[3, 4]),
            (&[], 7, &[]),
        ] {
            assert_eq!(shares(parts, columns), expected, "{parts:?} in {columns}");
        }
    }
}
