//! What goes wrong when several threads work on one heap: kinds, places, and which was the first.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::heap::{Damage, Finding, Misuse};

use super::registry::Held;

/// Incidents kept; all are counted.
const KEPT: usize = 100;
/// Places at which an audit found something that are remembered, so that the next does not count them again.
const PLACES: usize = 65_536;

/// Kinds of incident, as people look for them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// Bytes that belong to two owners.
    Overlap,
    /// Bytes of a block that the heap itself wrote to.
    Overwritten,
    /// A block that its owner cannot give back, or that is busy and nobody's.
    Lost,
    /// A link of a list, or the bit that says whether it is empty.
    Link,
    /// A list that comes back to where it was.
    Cycle,
    /// A counter.
    Counter,
    /// A header, a descriptor or a bitmap.
    Structure,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 7] = [
        Kind::Overlap,
        Kind::Overwritten,
        Kind::Lost,
        Kind::Link,
        Kind::Cycle,
        Kind::Counter,
        Kind::Structure,
    ];

    /// What one is called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Overlap => "overlap",
            Kind::Overwritten => "overwritten block",
            Kind::Lost => "lost block",
            Kind::Link => "broken link",
            Kind::Cycle => "list cycle",
            Kind::Counter => "wrong counter",
            Kind::Structure => "broken structure",
        }
    }

    /// What one is likely to mean.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Kind::Overlap => {
                "bytes with two owners: what one writes there destroys what the other keeps"
            }
            Kind::Overwritten => {
                "the heap wrote into a block that is in use: what its owner kept there is gone"
            }
            Kind::Lost => {
                "a block that nobody can give back: its memory is gone until the heap is destroyed"
            }
            Kind::Link => {
                "two calls changed a free list at once: blocks on it may be lost, or handed out twice"
            }
            Kind::Cycle => {
                "a free list leads back to itself: a search on it would never end, and finds blocks twice"
            }
            Kind::Counter => {
                "two calls read the same value and both wrote: one of the changes is lost"
            }
            Kind::Structure => {
                "two calls wrote here at once: the heap no longer knows where its blocks begin"
            }
        }
    }

    const fn of(damage: Damage) -> Kind {
        match damage {
            Damage::Link | Damage::ListBit => Kind::Link,
            Damage::Counter => Kind::Counter,
            Damage::Tail | Damage::FreeFill => Kind::Overwritten,
            Damage::Control
            | Damage::Region
            | Damage::Header
            | Damage::Size
            | Damage::PreviousSize
            | Damage::LastMark
            | Damage::Bitmap
            | Damage::Unmerged => Kind::Structure,
        }
    }
}

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum What {
    /// HeapAlloc or HeapReAlloc gave out bytes that belong to someone: to a worker's block, or to one that was there
    /// before the workers.
    Handed {
        /// The block as it was given.
        to: Held,
        /// Whose it was already.
        holder: Option<Held>,
    },
    /// A block does not hold what its owner wrote.
    Changed {
        /// The block.
        block: Held,
        /// Words of it that changed.
        words: u64,
        /// Words that its owner wrote.
        of: u64,
        /// The first of the changed words.
        at: u64,
        /// What stands there.
        found: u64,
        /// Worker and slot that wrote it, where it names them.
        writer: Option<(usize, usize)>,
    },
    /// The heap does not know a block of its owner's.
    Unknown {
        /// The block.
        block: Held,
        /// What the heap says.
        why: Misuse,
    },
    /// A block is busy and nobody holds it.
    Orphan {
        /// The bytes its header says.
        bytes: u64,
    },
    /// A structure of the heap is damaged.
    Damage(Finding),
    /// A free list comes back to where it was.
    Cycle {
        /// Granules of the blocks on the list.
        granules: u64,
    },
}

/// What someone was about when an incident was seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Seen {
    /// HeapAlloc.
    Allocating,
    /// HeapFree.
    Freeing,
    /// HeapReAlloc.
    Resizing,
    /// All workers stood still, and everything was looked at.
    Audit,
}

/// Something that no heap does to a careful caller.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Incident {
    /// What happened.
    pub what: What,
    /// First byte of the block or structure concerned.
    pub at: u64,
    /// The operation at which it was seen, by the number that all workers count on.
    pub operation: u64,
    /// The operation after which everything was sound when it was looked at last.
    pub sound: u64,
    /// Who saw it, from 0; nobody in an audit.
    pub worker: Option<usize>,
    /// What they were about.
    pub seen: Seen,
}

impl Incident {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self.what {
            What::Handed { .. }
            | What::Changed {
                writer: Some(_), ..
            } => Kind::Overlap,
            What::Changed { writer: None, .. } => Kind::Overwritten,
            What::Unknown { .. } | What::Orphan { .. } => Kind::Lost,
            What::Damage(finding) => Kind::of(finding.what),
            What::Cycle { .. } => Kind::Cycle,
        }
    }
}

/// All that went wrong: the first incidents in full, and how many there were of each kind.
#[derive(Default, Debug)]
pub(super) struct Incidents {
    kept: Mutex<Kept>,
    totals: [AtomicU64; Kind::ALL.len()],
    /// The operation behind which an audit found everything sound.
    sound: AtomicU64,
}

#[derive(Default, Debug)]
struct Kept {
    incidents: Vec<Incident>,
    places: HashSet<(Kind, u64)>,
}

impl Incidents {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that everything was sound behind this operation.
    pub(super) fn all_sound(&self, operation: u64) {
        self.sound.store(operation, Relaxed);
    }

    /// The operation behind which everything was sound when it was looked at last.
    pub(super) fn sound(&self) -> u64 {
        self.sound.load(Relaxed)
    }

    /// Counts an incident and keeps it if there is room.
    pub(super) fn add(&self, incident: Incident) {
        self.totals[incident.kind() as usize].fetch_add(1, Relaxed);
        let mut kept = self.kept();
        if kept.incidents.len() < KEPT {
            kept.incidents.push(incident);
        }
    }

    /// As [`Incidents::add`], for what stays as it is until someone looks: once for each place.
    pub(super) fn add_place(&self, incident: Incident) {
        if self.knows(&incident) {
            return;
        }
        self.add(incident);
    }

    /// Remembers the place of an incident. Whether it was known.
    pub(super) fn knows(&self, incident: &Incident) -> bool {
        let places = &mut self.kept().places;
        places.len() >= PLACES || !places.insert((incident.kind(), incident.at))
    }

    /// How many there were of each kind, in the order of [`Kind::ALL`].
    pub(super) fn totals(&self) -> [u64; Kind::ALL.len()] {
        std::array::from_fn(|kind| self.totals[kind].load(Relaxed))
    }

    /// Whether there were any.
    pub(super) fn any(&self) -> bool {
        self.totals().iter().any(|&count| count > 0)
    }

    /// The incidents that are kept, the first first.
    pub(super) fn list(&self) -> Vec<Incident> {
        self.kept().incidents.clone()
    }
}
