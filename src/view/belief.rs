//! Whether the counters of a heap can be true together: what damage may do to them, sums over them must survive.

use crate::heap::GRANULE;

use super::picture::{Figures, MemoryLine, Picture};

impl Picture {
    /// Whether the counters fit each other. Where they do not, no figure made of them is worth showing.
    ///
    /// Costs nothing: blocks are not looked at, so counters that fit may still be wrong.
    #[must_use]
    pub fn counters_fit(&self) -> bool {
        counters_fit(&self.figures, &self.memory)
    }
}

/// No part is more than the whole, no block is less than a granule, and the memory line adds up.
fn counters_fit(figures: &Figures, memory: &MemoryLine) -> bool {
    let parts_within = [
        (figures.requested, figures.busy_bytes),
        (figures.largest_free, figures.free_bytes),
        (figures.unmerged_pairs, figures.holes),
        (figures.committed, figures.reserved),
        (
            figures.busy_blocks.saturating_mul(GRANULE),
            figures.busy_bytes,
        ),
        (figures.holes.saturating_mul(GRANULE), figures.free_bytes),
        (
            figures.busy_bytes.saturating_add(figures.free_bytes),
            figures.committed,
        ),
    ];
    let is_any = |count: u64| count > 0;
    parts_within.iter().all(|(part, whole)| part <= whole)
        && is_any(figures.holes) == is_any(figures.free_bytes)
        && is_any(figures.holes) == is_any(figures.largest_free)
        && memory.sum() == Some(memory.committed)
}

impl MemoryLine {
    /// The sum of the parts; `None` if there is no such number.
    #[must_use]
    pub fn sum(&self) -> Option<u64> {
        [
            self.live,
            self.slack,
            self.headers,
            self.control,
            self.holes_returnable,
            self.holes_pinned,
        ]
        .into_iter()
        .try_fold(0, u64::checked_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound() -> (Figures, MemoryLine) {
        let figures = Figures {
            busy_blocks: 2,
            busy_bytes: 160,
            requested: 128,
            holes: 1,
            free_bytes: 2112,
            largest_free: 2112,
            reserved: 65_536,
            committed: 4096,
            ..Figures::default()
        };
        let memory = MemoryLine {
            live: 128,
            slack: 16,
            headers: 16,
            control: 1824,
            holes_pinned: 2112,
            committed: 4096,
            ..MemoryLine::default()
        };
        (figures, memory)
    }

    #[test]
    fn counters_that_cannot_all_be_true_are_seen() {
        let (figures, memory) = sound();
        assert!(counters_fit(&figures, &memory));
        type Harm = fn(&mut Figures, &mut MemoryLine);
        let harms: [Harm; 10] = [
            |figures, _| figures.requested = 0_u64.wrapping_sub(64),
            |figures, _| figures.largest_free = 5_592_400,
            |figures, _| figures.largest_free = 0,
            |figures, _| figures.unmerged_pairs = u64::from(u32::MAX),
            |figures, _| figures.committed = 1 << 20,
            |figures, _| figures.busy_blocks = u64::from(u32::MAX),
            |figures, _| figures.holes = 0,
            |figures, _| figures.free_bytes = 64,
            |figures, _| figures.busy_bytes = 65_536,
            |_, memory| memory.slack = u64::MAX,
        ];
        for (nth, harm) in harms.into_iter().enumerate() {
            let (mut figures, mut memory) = (figures, memory);
            harm(&mut figures, &mut memory);
            assert!(!counters_fit(&figures, &memory), "harm {nth}");
        }
    }
}
