//! Looking at everything while all workers stand still: the heap's structures, and every block that someone holds.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use crate::heap::{AllocError, Core, Damage, Direct, Entry, GRANULE, Header, LARGE_BYTES};

use super::Shared;
use super::incident::{Incident, Seen, What};
use super::registry::{Held, Registry};
use super::stamp::Stamp;

/// Findings of one audit that are told.
const FINDINGS: usize = 1_000;
/// Operations between audits at least.
const LEAST: u64 = 64;
/// Audits take at most one part in so many of the time: until the first damage, which is to be named closely, and
/// behind it.
const DENSE: u32 = 3;
const RARE: u32 = 20;

/// When the next audit is due, and how the last ones went.
#[derive(Default, Debug)]
pub(super) struct Audits {
    due: AtomicU64,
    made: AtomicU64,
    /// Nanoseconds since the crew began, at the end of the last one, and that it took.
    ended: AtomicU64,
}

impl Audits {
    /// Whether an audit is due behind this operation.
    #[inline]
    pub(super) fn is_due(&self, operation: u64) -> bool {
        operation >= self.due.load(Relaxed)
    }

    /// Has one made at the next boundary.
    pub(super) fn hurry(&self) {
        self.due.store(0, Relaxed);
    }

    /// How many were made.
    pub(super) fn made(&self) -> u64 {
        self.made.load(Relaxed)
    }

    /// Notes one that took so long, behind `operation`, and sets the next so that they take no more than their share.
    fn done(&self, operation: u64, since_begin: Duration, took: Duration, share: u32) {
        let nanoseconds = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let now = nanoseconds(since_begin);
        let made = self.made.fetch_add(1, Relaxed) + 1;
        let before = self.ended.swap(now, Relaxed);
        // By the operations of a nanosecond since the begin: how many fit between this audit and the next.
        let between = nanoseconds(took).saturating_mul(u64::from(share));
        let fit = u128::from(operation) * u128::from(between) / u128::from(now.max(1));
        let least = if made < 2 || before == 0 {
            LEAST
        } else {
            LEAST.max(u64::try_from(fit).unwrap_or(LEAST))
        };
        self.due.store(operation.saturating_add(least), Relaxed);
    }
}

impl Shared {
    /// Looks at everything. All workers stand still.
    pub(super) fn audit(&self) {
        let begin = Instant::now();
        let operation = self.sequence.load(Relaxed);
        let before = self.incidents.any();
        let found = self.look(&mut |incident| self.incidents.add_place(incident));
        if !found && !self.incidents.any() {
            self.incidents.all_sound(operation);
        }
        let share = if self.races() && !before { DENSE } else { RARE };
        self.audits
            .done(operation, self.begun.elapsed(), begin.elapsed(), share);
    }

    /// What is wrong before any worker has begun is nothing that workers did. Answers with whether there was anything.
    pub(super) fn audit_before(&self) -> bool {
        self.look(&mut |incident| {
            self.incidents.knows(&incident);
        })
    }

    /// Tells all that is wrong, and answers with whether there was anything.
    fn look(&self, tell: &mut dyn FnMut(Incident)) -> bool {
        let mut any = false;
        let mut tell = |what: What, at: u64| {
            any = true;
            tell(Incident {
                what,
                at,
                operation: self.sequence.load(Relaxed),
                sound: self.incidents.sound(),
                worker: None,
                seen: Seen::Audit,
            });
        };
        self.heap.look(|core| {
            structures(core, &mut tell);
            self.blocks(core, &mut tell);
            self.orphans(core, &mut tell);
        });
        any
    }

    /// Every block that a worker holds.
    fn blocks(&self, core: Core<'_, Direct<'_>>, tell: &mut dyn FnMut(What, u64)) {
        for (worker, registry) in self.registries.iter().enumerate() {
            for (block, stamp) in registry.all(worker) {
                let wrong = match core.validate_block(block.payload) {
                    Err(AllocError::Misuse(why)) => Some(What::Unknown { block, why }),
                    _ => changed(core, &block, stamp, self.registries.len()),
                };
                if let Some(what) = wrong.filter(|_| registry.tells(block.slot)) {
                    tell(what, block.payload);
                }
            }
        }
    }

    /// Busy blocks that are nobody's.
    fn orphans(&self, core: Core<'_, Direct<'_>>, tell: &mut dyn FnMut(What, u64)) {
        for (payload, bytes) in busy_blocks(core) {
            if !self.claims.is_claimed(payload) {
                tell(What::Orphan { bytes }, payload);
            }
        }
    }

    /// Claims every busy block, for whoever made it, but those that workers are giving back: they stand still in front of
    /// the lock, and what they free may be given to another before they could say that it is nobody's.
    pub(super) fn claim_all(&self) {
        let leaving = self.registries.iter().filter_map(Registry::leaving);
        let leaving: Vec<u64> = leaving.collect();
        self.claims.clear();
        self.heap.look(|core| {
            for (payload, bytes) in busy_blocks(core).filter(|(at, _)| !leaving.contains(at)) {
                self.claims.claim(payload, bytes);
            }
        });
    }
}

/// Payloads of all busy blocks, and the bytes that were asked for.
fn busy_blocks<'a>(core: Core<'a, Direct<'a>>) -> impl Iterator<Item = (u64, u64)> {
    core.walk().filter_map(move |entry| match entry {
        Entry::Block(block, header) if header.has(Header::BUSY) => {
            let bytes = (header.size() * GRANULE).saturating_sub(header.unused());
            Some((block.payload(), bytes))
        }
        Entry::Large(region) => {
            Some((region.address() + LARGE_BYTES, core.large_requested(region)))
        }
        _ => None,
    })
}

fn structures(core: Core<'_, Direct<'_>>, tell: &mut dyn FnMut(What, u64)) {
    let (mut told, mut links) = (0, false);
    core.validate(&mut |finding| {
        links |= finding.what == Damage::Link;
        if told < FINDINGS {
            told += 1;
            tell(What::Damage(finding), finding.at);
        }
    });
    if links {
        for (granules, block) in core.list_cycles() {
            tell(What::Cycle { granules }, block.payload());
        }
    }
}

/// What of a block is no longer as its owner wrote it.
pub(super) fn changed(
    core: Core<'_, Direct<'_>>,
    block: &Held,
    stamp: Stamp,
    workers: usize,
) -> Option<What> {
    let mut others = core.other_words(block.payload, block.size, stamp.0);
    let (at, found) = others.next()?;
    let (mut words, mut writer) = (1, Stamp::writer(found, workers));
    for (_, word) in others {
        words += 1;
        writer = writer.or_else(|| Stamp::writer(word, workers));
    }
    Some(What::Changed {
        block: *block,
        words,
        of: block.size / 8,
        at,
        found,
        writer,
    })
}
