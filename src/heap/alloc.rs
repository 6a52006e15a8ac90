//! HeapAlloc, HeapFree, HeapReAlloc, HeapSize on an arena. Each plans first and then acts: when one fails the arena
//! is bit for bit as it was.

use super::access::Access;
use super::control::{BUSY, Core, FREE, REQUESTED, Settings};
use super::event::Event;
use super::finding::{AllocError, Misuse};
use super::flags::Flags;
use super::grow::Growth;
use super::header::Header;
use super::place::Fit;
use super::policy::Policy;
use super::units::{
    Block, GRANULE, MAX_GRANULES, MAX_SPACE, MIN_GRANULES, NET_HEADER, PAGE_GRANULES, TAIL_BYTES,
    granules_for, high, pair,
};
use super::verify::Found;

/// A block handed out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Placed {
    /// Address for the owner, from the start of the arena.
    pub payload: u64,
    /// Free blocks looked at.
    pub probes: u64,
    /// No free block was large enough: memory was committed.
    pub grew: bool,
}

/// What HeapFree did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Freed {
    /// Bytes the owner had asked for.
    pub requested: u64,
    /// Pages given back to the system.
    pub returned_pages: u64,
}

/// What HeapReAlloc did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Resized {
    /// Address for the owner, the old one or another.
    pub payload: u64,
    /// Free blocks looked at.
    pub probes: u64,
    /// Pages given back to the system.
    pub returned_pages: u64,
}

/// The flags under which a block's header counts in full (fact A4).
const DEBUG: Flags = Flags(
    Flags::TAIL_CHECKING.0
        | Flags::FREE_CHECKING.0
        | Flags::VALIDATE_ALL.0
        | Flags::VALIDATE_PARAMETERS.0,
);

/// What a block grows by in a heap that validates with each call.
const VALIDATE_BYTES: u64 = 16;

/// Bytes that a block costs beside what is asked for, under heap or call flags `flags` (facts A3, A4).
#[inline]
#[must_use]
pub fn overhead(flags: Flags) -> u64 {
    if !flags.any(DEBUG) {
        return NET_HEADER;
    }
    let part = |of: Flags, bytes| if flags.any(of) { bytes } else { 0 };
    2 * NET_HEADER
        + part(Flags::TAIL_CHECKING, TAIL_BYTES)
        + part(
            Flags::VALIDATE_ALL | Flags::VALIDATE_PARAMETERS,
            VALIDATE_BYTES,
        )
}

/// What a request needs of a block: granules, header flags, bytes not asked for.
#[derive(Clone, Copy)]
struct Need {
    granules: u64,
    flags: u64,
    unused: u64,
}

impl Need {
    /// `None` for sizes that cannot be expressed at all.
    #[inline]
    fn of(size: u64, flags: Flags) -> Option<Need> {
        let granules = granules_for(size, overhead(flags))?;
        let tail = if flags.has(Flags::TAIL_CHECKING) {
            Header::TAIL
        } else {
            0
        };
        let extra = if flags.any(DEBUG) { Header::EXTRA } else { 0 };
        let flags = tail | extra;
        Some(Need {
            granules,
            flags,
            unused: (granules * GRANULE).wrapping_sub(size),
        })
    }
}

impl<A: Access> Core<'_, A> {
    /// Allocates `size` bytes.
    ///
    /// # Errors
    /// Every [`AllocError`] but `InPlace` and `Misuse`. The arena is unchanged.
    #[inline]
    pub fn alloc(&self, size: u64, call: Flags) -> Result<Placed, AllocError> {
        let settings = self.settings();
        let flags = settings.flags | call;
        let need = Need::of(size, flags)
            .filter(|_| size < MAX_SPACE)
            .ok_or(AllocError::Absurd)?;
        self.rounded(size, need);
        if need.granules > MAX_GRANULES {
            return self.alloc_large(size);
        }
        let mut probes = 0;
        let mut grew = false;
        let fit = match self.find(need.granules, settings.policy, &mut probes) {
            Some(fit) => {
                if settings.checks {
                    self.verify_free(fit).map_err(AllocError::Damaged)?;
                    self.mem.event(Event::Check(fit.block));
                }
                fit
            }
            None => {
                grew = true;
                // The only block that fits. A heap so damaged that its ranges lie may yield less.
                Some(self.grow(need.granules, settings)?)
                    .filter(|fit| fit.size >= need.granules)
                    .ok_or(AllocError::Full)?
            }
        };
        self.hand_out(fit, need, size, flags, settings);
        Ok(Placed {
            payload: fit.block.payload(),
            probes,
            grew,
        })
    }

    /// As `alloc`, where [`Core::is_plain`] and a free block is large enough. Otherwise nothing happens.
    #[inline(always)]
    pub(super) fn alloc_plain(&self, size: u64) -> Option<Placed> {
        let need = Need::of(size, Flags::NONE).filter(|need| need.granules <= MAX_GRANULES)?;
        let mut probes = 0;
        let fit = self.find(need.granules, Policy::Best, &mut probes)?;
        self.hand_out(fit, need, size, Flags::NONE, Settings::PLAIN);
        Some(Placed {
            payload: fit.block.payload(),
            probes,
            grew: false,
        })
    }

    /// A size was rounded to what a block needs.
    #[inline(always)]
    fn rounded(&self, bytes: u64, need: Need) {
        let need = need.granules;
        self.mem.event(Event::Request { bytes, need });
    }

    /// Makes of a free block, or of its first part, what the request is given.
    #[inline(always)]
    fn hand_out(&self, fit: Fit, need: Need, size: u64, flags: Flags, settings: Settings) {
        let granules = self.take(fit, need.granules, need.flags, need.unused, settings);
        self.add(BUSY, pair(1, granules as u32));
        self.add(REQUESTED, size);
        self.prepare(fit.block, granules, size, flags, settings);
    }

    /// The free block that a request would get, if one is large enough. Changes nothing; run with
    /// [`Traced`](super::Traced) it tells which ones were looked at.
    #[must_use]
    pub fn probe(&self, size: u64, call: Flags) -> Option<Block> {
        let settings = self.settings();
        let need = Need::of(size, settings.flags | call)?;
        if need.granules > MAX_GRANULES {
            return None;
        }
        self.find(need.granules, settings.policy, &mut 0)
            .map(|fit| fit.block)
    }

    /// How the heap would grow for a request that no free block can hold. Changes nothing, and does not ask the commit
    /// limit.
    ///
    /// # Errors
    /// Why it cannot grow.
    pub fn growth_for(&self, size: u64, call: Flags) -> Result<Growth, AllocError> {
        let settings = self.settings();
        let need = Need::of(size, settings.flags | call)
            .filter(|_| size < MAX_SPACE)
            .ok_or(AllocError::Absurd)?;
        if need.granules > MAX_GRANULES {
            return self.plan_large(size);
        }
        self.plan_growth(need.granules)
    }

    /// Writes what a fresh payload is to hold.
    #[inline(always)]
    fn prepare(&self, block: Block, granules: u64, size: u64, flags: Flags, settings: Settings) {
        if flags.has(Flags::ZERO_MEMORY) {
            self.zero_block(block, granules);
        } else if flags.has(Flags::FREE_CHECKING) {
            self.fill_fresh(block, granules);
        } else if settings.stamp && settings.checks {
            self.stamp_block(block, granules);
        } else if settings.stamp {
            self.stamp_behind_links(block, granules);
        }
        if flags.has(Flags::TAIL_CHECKING) {
            self.write_tail(block.payload(), size);
        }
    }

    /// Frees the block whose payload starts at `payload`.
    ///
    /// # Errors
    /// [`AllocError::Misuse`] when that is no busy block, [`AllocError::Damaged`] when checks are on and its
    /// neighbourhood is damaged. The arena is unchanged.
    #[inline]
    pub fn free(&self, payload: u64) -> Result<Freed, AllocError> {
        let settings = self.settings();
        match self.locate(payload, settings.checks)? {
            Found::Block(block, header) => {
                if settings.checks {
                    self.verify_around(block, header)
                        .map_err(AllocError::Damaged)?;
                    self.mem.event(Event::Check(block));
                }
                Ok(self.free_block(block, header, settings))
            }
            Found::Large(region) => Ok(self.free_large(region)),
        }
    }

    /// As `free`, where [`Core::is_plain`] and there is an ordinary block. Otherwise nothing happens.
    #[inline(always)]
    pub(super) fn free_plain(&self, payload: u64) -> Option<Freed> {
        let (block, header) = self.locate_plain(payload)?;
        Some(self.free_block(block, header, Settings::PLAIN))
    }

    #[inline(always)]
    fn free_block(&self, block: Block, header: Header, settings: Settings) -> Freed {
        let size = header.size();
        let requested = (size * GRANULE).saturating_sub(header.unused());
        self.sub(BUSY, pair(1, size as u32));
        self.sub(REQUESTED, requested);
        self.mark_freed(block);
        let (hole, granules) = self.give_marked(
            block,
            size,
            header.previous(),
            header.flags() & Header::LAST,
            settings,
        );
        let returned_pages = if settings.decommit {
            self.decommit_on_free(hole, granules, settings)
        } else {
            0
        };
        Freed {
            requested,
            returned_pages,
        }
    }

    /// NT's rule for giving memory back on free (fact F7): the block and all free memory must reach their thresholds.
    fn decommit_on_free(&self, hole: Block, granules: u64, settings: Settings) -> u64 {
        let (block, total) = self.thresholds();
        let free = u64::from(high(self.slot(FREE))) * GRANULE;
        if granules * GRANULE < block || free < total || !self.mem.memory().can_return() {
            return 0;
        }
        let pages = self.decommit_hole(hole, granules, settings);
        pages
            + self
                .region_at(hole.address())
                .map_or(0, |segment| self.release_if_empty(segment))
    }

    /// Changes the size of a block, in place where that is possible.
    ///
    /// # Errors
    /// As `alloc` and `free`; [`AllocError::InPlace`] under HEAP_REALLOC_IN_PLACE_ONLY. The arena is unchanged.
    pub fn realloc(&self, payload: u64, size: u64, call: Flags) -> Result<Resized, AllocError> {
        let settings = self.settings();
        let flags = settings.flags | call;
        let found = self.locate(payload, settings.checks)?;
        let need = Need::of(size, flags)
            .filter(|_| size < MAX_SPACE)
            .ok_or(AllocError::Absurd)?;
        self.rounded(size, need);
        let old = self.requested(found);
        let in_place = match found {
            Found::Block(block, header) => {
                if settings.checks {
                    self.verify_around(block, header)
                        .map_err(AllocError::Damaged)?;
                    self.mem.event(Event::Check(block));
                }
                self.resize_block(block, header, need, settings)
            }
            Found::Large(region) => self.resize_large(region, size),
        };
        if let Some(returned_pages) = in_place {
            self.add(REQUESTED, size.wrapping_sub(old));
            self.prepare_growth(payload, old, size, flags);
            return Ok(Resized {
                payload,
                probes: 0,
                returned_pages,
            });
        }
        if flags.has(Flags::REALLOC_IN_PLACE_ONLY) {
            return Err(AllocError::InPlace);
        }
        self.move_block(found, payload, old, size, call)
    }

    /// Writes what the new part of a payload that stayed in place is to hold.
    fn prepare_growth(&self, payload: u64, old: u64, size: u64, flags: Flags) {
        if flags.has(Flags::ZERO_MEMORY) && size > old {
            self.zero_bytes(payload + old, size - old);
        }
        let is_tailed = |block: Block| self.header(block).has(Header::TAIL | Header::BUSY);
        if flags.has(Flags::TAIL_CHECKING) && Block::of_payload(payload).is_some_and(is_tailed) {
            self.write_tail(payload, size);
        }
    }

    fn move_block(
        &self,
        from: Found,
        payload: u64,
        old: u64,
        size: u64,
        call: Flags,
    ) -> Result<Resized, AllocError> {
        let placed = self.alloc(size, call)?;
        self.copy_payload(payload, placed.payload, old.min(size));
        let settings = self.settings();
        let freed = match from {
            // The neighbours of the old block may have changed: its header is read again.
            Found::Block(block, _) => self.free_block(block, self.header(block), settings),
            Found::Large(region) => self.free_large(region),
        };
        Ok(Resized {
            payload: placed.payload,
            probes: placed.probes,
            returned_pages: freed.returned_pages,
        })
    }

    /// Resizes a block of a segment where it stands. Answers with the pages given back, or nothing if it must move.
    fn resize_block(
        &self,
        block: Block,
        header: Header,
        need: Need,
        settings: Settings,
    ) -> Option<u64> {
        if need.granules > MAX_GRANULES {
            return None;
        }
        let have = header.size();
        if need.granules > have && !self.grow_in_place(block, header, need.granules, settings) {
            return None;
        }
        let header = self.header(block);
        let size = header.size();
        // In growing, a remainder of two granules is absorbed too (fact R5).
        let least = if need.granules > have {
            MIN_GRANULES + 1
        } else {
            MIN_GRANULES
        };
        // Another thread has cut it meanwhile, without the lock: then it has to move.
        let rest = size.checked_sub(need.granules)?;
        let kept = if rest < least { size } else { need.granules };
        let unused = need.unused + (kept - need.granules) * GRANULE;
        let last = header.flags() & Header::LAST;
        let own_last = if kept == size { last } else { 0 };
        self.set_header(
            block,
            Header::new(
                kept,
                header.previous(),
                Header::BUSY | need.flags | own_last,
                unused,
            ),
        );
        self.add(BUSY, pair(0, kept as u32));
        self.sub(BUSY, pair(0, have as u32));
        if kept == size {
            return Some(0);
        }
        let (hole, granules) = self.give(block.forward(kept), size - kept, kept, last, settings);
        Some(if settings.decommit {
            self.decommit_on_free(hole, granules, settings)
        } else {
            0
        })
    }

    /// Joins the free block behind `block` to it, committing pages for that if the run ends there. The block's header
    /// then has all the granules; counters and flags are the caller's.
    fn grow_in_place(&self, block: Block, header: Header, need: u64, settings: Settings) -> bool {
        if header.has(Header::LAST) {
            return false;
        }
        let mut behind = block.forward(header.size());
        let short = need - header.size();
        let free_size = |block: Block| {
            let header = self.header(block);
            if header.is_free() { header.size() } else { 0 }
        };
        if free_size(behind) < short && !self.extend_behind(behind, short, settings) {
            return false;
        }
        // Without coalescing, what was committed stands as a free block of its own behind the first.
        let mut header = header;
        while header.size() < need {
            let free = self.header(behind);
            // Only in a damaged heap is there anything else now; the block keeps what it got and has to move.
            if !free.is_free() || free.size() < MIN_GRANULES {
                return false;
            }
            self.unlink(behind, free.size(), settings);
            self.mark_none(behind);
            let total = header.size() + free.size();
            let flags = header.flags() | free.flags() & Header::LAST;
            header = Header::new(total, header.previous(), flags, header.unused());
            self.set_header(block, header);
            behind = behind.forward(free.size());
            if !header.has(Header::LAST) {
                self.set_previous(behind, total);
            }
        }
        true
    }

    /// Commits pages behind the free block (or right behind the busy one) that `at` is, so that `short` granules are
    /// free there.
    fn extend_behind(&self, at: Block, short: u64, settings: Settings) -> bool {
        let header = self.header(at);
        let (free, descriptor) = match header.is_free() {
            true if header.has(Header::LAST) => return false,
            true => (header.size(), at.forward(header.size())),
            false => (0, at),
        };
        if !self.header(descriptor).has(Header::RANGE | Header::BUSY)
            || !self.header(descriptor).is_valid()
        {
            return false;
        }
        let range = self.range(descriptor);
        let last_granule = u64::from(self.ends_segment(range));
        if free + range.size + range.pages * PAGE_GRANULES < short + last_granule {
            return false;
        }
        // `extend_run` counts on the free block before the range only when it may join it.
        let need = if settings.coalesce() {
            short
        } else {
            short - free
        };
        self.extend_run(range, need, settings).is_ok()
    }

    /// Bytes the owner of the block at `payload` asked for.
    ///
    /// # Errors
    /// [`Misuse`] when that is no busy block. With checks off a freed block answers with bogus figures.
    pub fn size(&self, payload: u64) -> Result<u64, Misuse> {
        self.locate(payload, self.settings().checks)
            .map(|found| self.requested(found))
    }

    pub(super) fn requested(&self, found: Found) -> u64 {
        match found {
            Found::Block(_, header) => (header.size() * GRANULE).saturating_sub(header.unused()),
            Found::Large(region) => self.large_requested(region),
        }
    }
}
