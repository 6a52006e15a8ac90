//! Placement: which free block a request gets.

use super::access::Access;
use super::control::{Core, FREE, ROVER, Settings, UNMERGED};
use super::event::Event;
use super::header::Header;
use super::policy::Policy;
use super::units::{Block, PAGE_GRANULES, UNIT_PAGES, high, pair};

/// A free block chosen for a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Fit {
    /// The block.
    pub(super) block: Block,
    /// Its granules.
    pub(super) size: u64,
}

impl<A: Access> Core<'_, A> {
    /// The free block that `policy` gives to a request of `need` granules; adds the blocks looked at to `probes`.
    #[inline(always)]
    pub(super) fn find(&self, need: u64, policy: Policy, probes: &mut u64) -> Option<Fit> {
        let found = match policy {
            Policy::Best => self.best_fit(need, probes),
            Policy::First => self.scan_fit(need, Block(1), probes),
            Policy::Next => self.next_fit(need, probes),
            Policy::Worst => self.worst_fit(need, probes),
        };
        self.mem.event(match found {
            Some(Fit { block, size }) => Event::Choice { block, size, need },
            None => Event::NoFit { need },
        });
        found
    }

    #[inline(always)]
    fn best_fit(&self, need: u64, probes: &mut u64) -> Option<Fit> {
        let found = self.exact_fit(need);
        self.mem.event(Event::Lists { need, found });
        if let Some(size) = found
            && let Some(block) = self.list_first(size)
        {
            *probes += 1;
            self.mem.event(Event::Probe { block, size, need });
            return Some(Fit { block, size });
        }
        let (found, more) = self.tree_fit(need);
        *probes += more;
        found
    }

    #[inline(never)]
    fn worst_fit(&self, need: u64, probes: &mut u64) -> Option<Fit> {
        self.largest(need, probes).filter(|fit| fit.size >= need)
    }

    /// The largest free block; of equal ones the most recently freed.
    pub(super) fn largest(&self, need: u64, probes: &mut u64) -> Option<Fit> {
        if let Some((block, size)) = self.tree_largest(need, probes) {
            return Some(Fit { block, size });
        }
        let size = self.exact_largest()?;
        let block = self.list_first(size)?;
        *probes += 1;
        self.mem.event(Event::Probe { block, size, need });
        Some(Fit { block, size })
    }

    #[inline(never)]
    fn next_fit(&self, need: u64, probes: &mut u64) -> Option<Fit> {
        let rover = Block((self.slot(ROVER) as u32).max(1));
        self.scan(need, rover, self.space_end(), probes)
            .or_else(|| self.scan(need, Block(1), rover, probes))
    }

    #[inline(never)]
    fn scan_fit(&self, need: u64, from: Block, probes: &mut u64) -> Option<Fit> {
        self.scan(need, from, self.space_end(), probes)
    }

    /// Looks at every free block that starts in `[from, end)`, in address order, until one fits.
    fn scan(&self, need: u64, from: Block, end: Block, probes: &mut u64) -> Option<Fit> {
        // Nothing can fit: spares a full heap the scan, and counts no probe that was not made.
        if u64::from(high(self.slot(FREE))) < need {
            return None;
        }
        let mut from = from;
        while let Some(block) = self.next_marked(from, end, |starts, busy| starts & !busy) {
            let header = self.header(block);
            let size = header.size();
            *probes += 1;
            self.mem.event(Event::Probe { block, size, need });
            if size >= need && header.is_free() {
                return Some(Fit { block, size });
            }
            from = block.forward(1);
        }
        None
    }

    /// The block behind the last that can be.
    pub(super) fn space_end(&self) -> Block {
        Block(u32::try_from(self.units_end() * UNIT_PAGES * PAGE_GRANULES).unwrap_or(u32::MAX))
    }

    /// Makes the first `need` granules of a free block busy; a remainder that can stand stays free. Answers with the
    /// granules taken.
    #[inline(always)]
    pub(super) fn take(
        &self,
        fit: Fit,
        need: u64,
        flags: u64,
        unused: u64,
        settings: Settings,
    ) -> u64 {
        let Fit { block, size } = fit;
        if !settings.coalesce() {
            self.sub(UNMERGED, self.free_neighbours(block));
        }
        let header = self.header(block);
        let last = header.flags() & Header::LAST;
        let filled = header.flags() & Header::FILLED;
        let rest = size - need;
        let taken = if rest < super::units::MIN_GRANULES {
            self.detach(block, size);
            let unused = unused + rest * super::units::GRANULE;
            self.set_header(
                block,
                Header::new(size, header.previous(), Header::BUSY | flags | last, unused),
            );
            self.sub(FREE, pair(1, size as u32));
            size
        } else {
            self.mem.event(Event::Split {
                block,
                size: need,
                rest,
            });
            self.set_header(
                block,
                Header::new(need, header.previous(), Header::BUSY | flags, unused),
            );
            let behind = block.forward(need);
            let moved = settings.coalesce() && self.tree_move(block, size, behind, rest);
            if !moved {
                self.detach(block, size);
            }
            self.set_header(behind, Header::new(rest, need, last | filled, 0));
            self.mark_cut(behind);
            if last == 0 {
                self.set_previous(behind.forward(rest), rest);
            }
            if !moved {
                self.attach(behind, rest, settings);
            }
            self.sub(FREE, pair(0, need as u32));
            need
        };
        if settings.policy == Policy::Next {
            self.set_slot(ROVER, block.forward(taken).granule());
        }
        self.mark_taken(block);
        taken
    }

    /// Writes the previous size of a block.
    #[inline(always)]
    pub(super) fn set_previous(&self, block: Block, previous: u64) {
        let header = self.header(block);
        if header.previous() != previous {
            self.set_header(block, header.with_previous(previous));
        }
    }
}
