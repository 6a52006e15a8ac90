//! Large blocks: each in a region of its own (fact B4).

use crate::os::PAGE;

use super::access::Access;
use super::alloc::{Freed, Placed};
use super::control::{Core, LARGE, REQUESTED};
use super::event::{Event, Written};
use super::finding::AllocError;
use super::flags::Flags;
use super::grow::Growth;
use super::header::Header;
use super::region::{Region, RegionKind};
use super::units::{Block, LARGE_BYTES, UNIT, pair, word_at};

impl<A: Access> Core<'_, A> {
    /// The block of a large region.
    #[must_use]
    pub fn large_block(&self, region: Region) -> Block {
        Block::of_payload(region.address() + LARGE_BYTES).unwrap_or(Block(u32::MAX))
    }

    /// Where a large block of `size` bytes would go, and how many pages it needs.
    fn place_large(&self, size: u64) -> Result<(Region, u64), AllocError> {
        if !self.settings().flags.has(Flags::GROWABLE) {
            return Err(AllocError::TooLargeForFixed);
        }
        let pages = (size + LARGE_BYTES).div_ceil(PAGE);
        let units = (pages * PAGE).div_ceil(UNIT);
        let region = self.find_units(units).ok_or(AllocError::NoAddresses)?;
        Ok((region, pages))
    }

    /// The growth that a large block of `size` bytes is.
    pub(super) fn plan_large(&self, size: u64) -> Result<Growth, AllocError> {
        let (region, pages) = self.place_large(size)?;
        Ok(Growth::Large {
            address: region.address(),
            bytes: pages * PAGE,
        })
    }

    #[cold]
    pub(super) fn alloc_large(&self, size: u64) -> Result<Placed, AllocError> {
        let settings = self.settings();
        let (region, pages) = self.place_large(size)?;
        let units = (pages * PAGE).div_ceil(UNIT);
        let side = self.charge(region.page(), pages)?;
        self.take_units(region, units);
        self.add_region(region, RegionKind::Large, pages * PAGE);
        self.commit_charged(region.page(), pages, side);
        self.set_large_requested(region, size);
        let block = self.large_block(region);
        self.set_header(
            block,
            Header::new(0, 0, Header::BUSY | Header::LARGE | Header::LAST, 0),
        );
        self.mark_busy(block);
        self.add(LARGE, pair(1, pages as u32));
        self.add(REQUESTED, size);
        if settings.stamp {
            self.touch(region, pages);
        }
        Ok(Placed {
            payload: block.payload(),
            probes: 0,
            grew: true,
        })
    }

    /// Large blocks are handed out zeroed (fact A6), so that stamping one is writing a zero to each page.
    fn touch(&self, region: Region, pages: u64) {
        let bytes = pages * PAGE;
        self.mem.event(Event::Write {
            from: region.address(),
            bytes,
            what: Written::Zero,
        });
        for page in region.page() + 1..region.page() + pages {
            self.mem.store(word_at(page * PAGE), 0);
        }
    }

    #[cold]
    pub(super) fn free_large(&self, region: Region) -> Freed {
        let requested = self.large_requested(region);
        let pages = self.region_committed(region);
        self.mark_none(self.large_block(region));
        self.sub(LARGE, pair(1, pages as u32));
        self.sub(REQUESTED, requested);
        let returned_pages = self.remove_region(region, RegionKind::Large);
        Freed {
            requested,
            returned_pages,
        }
    }

    /// Resizes a large block where it stands: within its committed pages, giving back those behind the new end
    /// (fact R8). Answers with the pages given back, or nothing if it must move.
    pub(super) fn resize_large(&self, region: Region, size: u64) -> Option<u64> {
        let pages = size.checked_add(LARGE_BYTES)?.div_ceil(PAGE);
        let have = self.region_committed(region);
        if pages > have {
            return None;
        }
        self.set_large_requested(region, size);
        let given = if pages < have {
            self.decommit(region.page() + pages, have - pages)
        } else {
            0
        };
        self.sub(LARGE, pair(0, given as u32));
        Some(given)
    }
}
