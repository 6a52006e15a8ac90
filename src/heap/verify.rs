//! Finding a busy block by its address, and the checks that are made before anything is changed.

use super::access::Access;
use super::control::Core;
use super::event::Event;
use super::finding::{AllocError, Damage, Finding, Misuse};
use super::header::Header;
use super::place::Fit;
use super::region::{Region, RegionKind};
use super::units::{Block, GRANULE, MIN_GRANULES};

/// A busy block, found by its payload's address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Found {
    /// Inside a segment.
    Block(Block, Header),
    /// In a region of its own.
    Large(Region),
}

impl<A: Access> Core<'_, A> {
    /// The busy block whose payload starts at `payload`. Without checks whatever has a header there will do, as long
    /// as its page is committed (one that is not holds no header: it reads as zero).
    #[inline]
    pub(super) fn locate(&self, payload: u64, checks: bool) -> Result<Found, Misuse> {
        if !checks && let Some((block, header)) = self.locate_plain(payload) {
            self.found(block, header);
            return Ok(Found::Block(block, header));
        }
        if !payload.is_multiple_of(GRANULE) {
            return Err(Misuse::Misaligned);
        }
        let block = Block::of_payload(payload).ok_or(Misuse::Outside)?;
        if !self.is_committed(block.page()) {
            return Err(Misuse::Outside);
        }
        let header = self.header(block);
        if checks {
            self.check_block(block, header)?;
        }
        if header.has(Header::LARGE) {
            let region = self.large_at(block)?;
            self.found(block, header);
            return Ok(Found::Large(region));
        }
        if header.size() < MIN_GRANULES {
            return Err(Misuse::Damaged);
        }
        self.found(block, header);
        Ok(Found::Block(block, header))
    }

    #[inline(always)]
    fn found(&self, block: Block, header: Header) {
        let size = header.size();
        self.mem.event(Event::Found { block, size });
    }

    /// The block that has a header where one for `payload` would be, if it looks like one of a segment's.
    #[inline(always)]
    pub(super) fn locate_plain(&self, payload: u64) -> Option<(Block, Header)> {
        let block = Block::of_payload(payload).filter(|_| payload < self.layout.space)?;
        let header = self.header(block);
        (header.size() >= MIN_GRANULES && !header.has(Header::LARGE)).then_some((block, header))
    }

    fn large_at(&self, block: Block) -> Result<Region, Misuse> {
        let region = self.region_at(block.address()).ok_or(Misuse::Outside)?;
        let is_large = self.region_kind(region) == Some(RegionKind::Large);
        if is_large && self.large_block(region) == block {
            Ok(region)
        } else {
            Err(Misuse::NoBlock)
        }
    }

    #[inline]
    fn check_block(&self, block: Block, header: Header) -> Result<(), Misuse> {
        match self.marks(block) {
            (true, true) if !header.is_valid() => Err(Misuse::Damaged),
            (true, true) if !header.has(Header::BUSY) || header.has(Header::RANGE) => {
                Err(Misuse::NoBlock)
            }
            (true, true) => Ok(()),
            (true, false) => Err(Misuse::Freed),
            (false, _) if header.is_valid() && !header.has(Header::BUSY) => Err(Misuse::Freed),
            (false, _) => Err(Misuse::NoBlock),
        }
    }

    /// Checks the header and the links of a free block that is about to be handed out.
    pub(super) fn verify_free(&self, fit: Fit) -> Result<(), Finding> {
        let Fit { block, size } = fit;
        let header = self.header(block);
        let wrong = |what, expected, found| {
            Err(Finding {
                at: block.address() + 8,
                what,
                expected,
                found,
            })
        };
        if !header.is_free() {
            return wrong(
                Damage::Header,
                Header::new(size, header.previous(), header.flags() & Header::LAST, 0).0,
                header.0,
            );
        }
        if header.size() != size {
            return wrong(Damage::Size, size, header.size());
        }
        if !self.is_linked(block, size) {
            return wrong(Damage::Link, block.address(), self.mem.load(block.link_a()));
        }
        self.verify_behind(block, header)
    }

    /// The block behind must agree about the size of this one.
    fn verify_behind(&self, block: Block, header: Header) -> Result<(), Finding> {
        if header.has(Header::LAST) {
            return Ok(());
        }
        self.verify_next(block.forward(header.size()), header.size())
            .map(drop)
    }

    /// The header of `next`, which must name `previous` as the size of the block before it.
    fn verify_next(&self, next: Block, previous: u64) -> Result<Header, Finding> {
        let header = self.header(next);
        let at = next.address() + 8;
        if !header.is_valid() {
            return Err(Finding {
                at,
                what: Damage::Header,
                expected: header.with_check().0,
                found: header.0,
            });
        }
        if header.previous() != previous {
            return Err(Finding {
                at,
                what: Damage::PreviousSize,
                expected: previous,
                found: header.previous(),
            });
        }
        Ok(header)
    }

    /// Checks the block that starts a run, before the run in front of it grows up to it.
    pub(super) fn verify_head(&self, head: Block) -> Result<(), Finding> {
        self.verify_joined(head, 0)
    }

    /// Checks the block `next` before what stands in front of it is freed: if it is free it is joined, and the block
    /// behind it is written to.
    fn verify_joined(&self, next: Block, previous: u64) -> Result<(), Finding> {
        let header = self.verify_next(next, previous)?;
        if header.has(Header::BUSY) {
            return Ok(());
        }
        self.verify_linked(next, header.size())?;
        self.verify_behind(next, header)
    }

    /// Checks a busy block's neighbours before they are joined with it.
    pub(super) fn verify_around(&self, block: Block, header: Header) -> Result<(), Finding> {
        if !header.has(Header::LAST) {
            self.verify_joined(block.forward(header.size()), header.size())?;
        }
        if header.previous() == 0 {
            return Ok(());
        }
        let before = block.back(header.previous());
        let previous = self.header(before);
        let at = before.address() + 8;
        if !previous.is_valid() {
            return Err(Finding {
                at,
                what: Damage::Header,
                expected: previous.with_check().0,
                found: previous.0,
            });
        }
        if previous.size() != header.previous() {
            return Err(Finding {
                at,
                what: Damage::Size,
                expected: header.previous(),
                found: previous.size(),
            });
        }
        if previous.is_free() {
            self.verify_linked(before, previous.size())
        } else {
            Ok(())
        }
    }

    /// HeapValidate for one block: a busy block whose neighbourhood and tail pattern are whole.
    ///
    /// # Errors
    /// [`AllocError::Misuse`] or [`AllocError::Damaged`].
    pub fn validate_block(&self, payload: u64) -> Result<(), AllocError> {
        let Found::Block(block, header) = self.locate(payload, true)? else {
            return Ok(());
        };
        self.verify_around(block, header)
            .map_err(AllocError::Damaged)?;
        if header.has(Header::TAIL)
            && let Some((at, byte)) =
                self.changed_tail(payload, self.requested(Found::Block(block, header)))
        {
            let (expected, found) = (0xAB, u64::from(byte));
            return Err(AllocError::Damaged(Finding {
                at,
                what: Damage::Tail,
                expected,
                found,
            }));
        }
        Ok(())
    }

    fn verify_linked(&self, block: Block, size: u64) -> Result<(), Finding> {
        if self.is_linked(block, size) {
            return Ok(());
        }
        let at = block.payload();
        Err(Finding {
            at,
            what: Damage::Link,
            expected: block.address(),
            found: self.mem.load(block.link_a()),
        })
    }
}
