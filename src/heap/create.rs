//! Laying out a new heap in an empty arena.

use crate::os::PAGE;

use super::access::Access;
use super::control::{Core, RESERVED, SIGNATURE, SIGNATURE_SLOT, SPACE, Settings, THRESHOLDS};
use super::finding::AllocError;
use super::region::Region;
use super::units::{MAX_SEGMENT, SEGMENT_RESERVE, high, low, pair};

/// What a new heap is to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Birth {
    /// Bytes to reserve for the first segment (for a fixed heap: all it will ever have), a multiple of a page.
    pub reserve: u64,
    /// Bytes to commit at once, a multiple of a page, at least one.
    pub commit: u64,
    /// Flags, policy and switches.
    pub settings: Settings,
}

/// The default thresholds: a page and 64 KiB, in granules (fact F8).
const DEFAULT_THRESHOLDS: (u32, u32) = (0x100, 0x1000);

impl<A: Access> Core<'_, A> {
    /// Makes a heap of an arena whose words are all zero.
    ///
    /// # Errors
    /// [`AllocError::Commit`] and [`AllocError::NoAddresses`]; the arena must be thrown away then.
    pub fn create(&self, birth: Birth) -> Result<(), AllocError> {
        self.set_slot(SIGNATURE_SLOT, SIGNATURE);
        self.set_slot(SPACE, self.layout.space);
        self.set_settings(birth.settings);
        self.set_slot(THRESHOLDS, pair(DEFAULT_THRESHOLDS.0, DEFAULT_THRESHOLDS.1));
        self.set_slot(RESERVED, pair(0, (SEGMENT_RESERVE / PAGE) as u32));
        self.charge_unit_map()?;
        // Blocks are at most a segment long, so a larger heap is laid out as several segments.
        let (mut reserve, mut commit) = (birth.reserve, birth.commit.min(birth.reserve));
        while reserve > 0 {
            let part = reserve.min(MAX_SEGMENT);
            let pages = (commit.min(part) / PAGE).max(1);
            let segment = self
                .find_units(part.div_ceil(super::units::UNIT))
                .ok_or(AllocError::NoAddresses)?;
            self.add_segment(segment, part, pages, birth.settings)?;
            reserve -= part;
            commit = commit.saturating_sub(pages * PAGE);
        }
        Ok(())
    }

    /// The first page of the unit map is in use as long as the heap lives; it is charged like the bitmaps.
    fn charge_unit_map(&self) -> Result<(), AllocError> {
        self.mem.commit(PAGE)?;
        self.add(super::control::SIDE, 1);
        Ok(())
    }

    /// Pages committed in segments and large blocks, the most there ever were, and pages of side tables.
    #[must_use]
    pub fn page_counts(&self) -> (u64, u64, u64) {
        let word = self.slot(super::control::COMMITTED);
        (
            u64::from(low(word)),
            u64::from(high(word)),
            self.slot(super::control::SIDE),
        )
    }

    /// The region that begins the arena.
    #[must_use]
    pub fn first_segment(&self) -> Region {
        Region(0)
    }
}
