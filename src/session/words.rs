//! Words for answers: sizes, counts, and what changed from before to after.

use humansize::{BINARY, format_size};

use crate::heap::{AllocError, Heap, Stats};
use crate::view::{self, Figures};

/// `3,920 B`.
pub(super) fn exact(bytes: u64) -> String {
    format!("{} B", grouped(bytes))
}

/// `36 KiB`; exact bytes below one KiB.
pub(super) fn rough(bytes: u64) -> String {
    if bytes < 1024 {
        exact(bytes)
    } else {
        format_size(bytes, BINARY.decimal_places(1))
    }
}

/// Digits in groups of three.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 pair`, `24 pairs`.
pub(super) fn count(number: u64, one: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {one}{plural}", grouped(number))
}

/// `72 -> 152`, or one figure when nothing changed.
pub(super) fn change(before: u64, after: u64) -> String {
    if before == after {
        format!("{} as before", exact(after))
    } else {
        format!("{} -> {}", exact(before), exact(after))
    }
}

/// A heap before and after a command.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) figures: Figures,
    pub(super) stats: Stats,
    pub(super) resident: Option<u64>,
}

impl Moment {
    /// The heap now. Residency is read from the kernel.
    pub(super) fn of(heap: &Heap) -> Moment {
        Moment {
            figures: view::figures(heap),
            stats: heap.stats(),
            resident: view::resident(heap),
        }
    }

    /// Bytes given back to the system since, by `_heapmin` and by freeing itself.
    pub(super) fn returned(&self, before: &Moment) -> (u64, u64) {
        let pages = |now: u64, then: u64| now.saturating_sub(then) * crate::os::PAGE;
        (
            pages(self.stats.pages_heapmin, before.stats.pages_heapmin),
            pages(self.stats.pages_automatic, before.stats.pages_automatic),
        )
    }
}

/// `kernel resident 128 KiB -> 92 KiB`.
pub(super) fn residency(before: &Moment, after: &Moment) -> String {
    match (before.resident, after.resident) {
        (Some(before), Some(after)) if before == after => {
            format!("kernel resident {} as before", rough(after))
        }
        (Some(before), Some(after)) => {
            format!("kernel resident {} -> {}", rough(before), rough(after))
        }
        _ => "the kernel does not tell what is resident here".to_owned(),
    }
}

/// Why a request of `size` bytes failed, in words.
pub(super) fn failure(error: &AllocError, figures: &Figures, need: u64) -> String {
    let holes = format!(
        "{} free in {}, biggest {}",
        exact(figures.free_bytes),
        count(figures.holes, "hole"),
        exact(figures.largest_free)
    );
    match error {
        AllocError::Full => format!(
            "no hole of {} ({holes}), and a fixed-size heap cannot grow",
            exact(need)
        ),
        AllocError::Commit(refused) => format!(
            "no hole of {} ({holes}), and the commit limit of {} allows no more: {} are committed in all",
            exact(need),
            rough(refused.limit),
            rough(refused.used)
        ),
        AllocError::InPlace => {
            format!(
                "{error}: what stands behind it is busy or too small ({holes}); the block is as it was"
            )
        }
        other => format!("{other}; nothing changed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(exact(3_920), "3,920 B");
        assert_eq!(rough(36 * 1024), "36 KiB");
        assert_eq!(rough(1_000), "1,000 B");
        assert_eq!(count(1, "pair"), "1 pair");
        assert_eq!(count(24, "pair"), "24 pairs");
        assert_eq!(change(72, 152), "72 B -> 152 B");
    }
}
