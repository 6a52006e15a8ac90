//! Runs a trace against a heap, and looks after every byte that the heap hands out.
//!
//! Payloads are filled as the malloc-lab driver fills them, each byte telling the block's id. A block is read back when
//! it is freed, resized, and when the trace ends, so that two blocks that overlap, a copy that went wrong or a page that
//! was given back too early come to light as [`Damage`].

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::heap::{AllocError, CreateError, Finding, Flags, Heap, Options, Policy, Source};
use crate::os::{CommitLimit, PAGE};
use crate::session::Thresholds;

use super::op::{Op, Trace};
use super::report::{Holes, Report};

/// How a trace is replayed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settings {
    /// The placement policy.
    pub policy: Policy,
    /// HeapFree joins free neighbours.
    pub coalesce: bool,
    /// HeapFree gives large free ranges back by itself.
    pub decommit: Option<Thresholds>,
    /// Calls take the heap's lock.
    pub serialize: bool,
    /// Payloads are filled and read back. Otherwise one byte in each of their pages is written, and nothing is read.
    pub check: bool,
    /// The most bytes that the heap may commit, side tables included.
    pub limit: u64,
}

impl Default for Settings {
    /// Best fit, coalescing, serialised, nothing given back by HeapFree, checking, half of the machine's memory.
    fn default() -> Settings {
        Settings {
            policy: Policy::Best,
            coalesce: true,
            decommit: None,
            serialize: true,
            check: true,
            limit: CommitLimit::default_bytes(),
        }
    }
}

impl Settings {
    /// A growable heap, unstamped: the replay writes the payloads itself.
    fn heap(&self) -> Result<Heap, CreateError> {
        let flags = Flags::NONE
            .with(Flags::DISABLE_COALESCE_ON_FREE, !self.coalesce)
            .with(Flags::NO_SERIALIZE, !self.serialize);
        let heap = Heap::new(
            &Options {
                source: Source::Growable,
                flags,
                policy: self.policy,
                stamp: false,
                decommit: self.decommit.is_some(),
                ..Options::default()
            },
            &Arc::new(CommitLimit::new(self.limit)),
        )?;
        if let Some(Thresholds { block, total }) = self.decommit {
            heap.set_thresholds(block, total);
        }
        Ok(heap)
    }
}

/// A heap that is not what it should be: the allocator is wrong, or somebody wrote into its arena.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Damage {
    /// The operation that met it, from 1; `None` if it was met after the last one.
    pub op: Option<u64>,
    /// The block's number in the trace, if it is about one.
    pub block: Option<u64>,
    /// What was found.
    pub what: DamageKind,
}

/// What was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DamageKind {
    /// A byte of a payload is not what was written there.
    Payload {
        /// Where the payload starts, from the start of the arena.
        payload: u64,
        /// The byte, counted from there.
        offset: u64,
        /// What was written.
        expected: u8,
        /// What stands there.
        found: u8,
    },
    /// The heap refused a call that nothing is wrong with.
    Call(AllocError),
    /// HeapValidate found something after the last operation.
    Structure(Finding),
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.op {
            Some(op) => write!(f, "operation {op}: ")?,
            None => f.write_str("after the last operation: ")?,
        }
        if let Some(block) = self.block {
            write!(f, "block {block}: ")?;
        }
        match self.what {
            DamageKind::Payload {
                payload,
                offset,
                expected,
                found,
            } => write!(
                f,
                "byte {offset} of the payload at {payload:#07x}: expected {expected:#04x}, found {found:#04x}"
            ),
            DamageKind::Call(error) => error.fmt(f),
            DamageKind::Structure(finding) => write!(f, "the heap is damaged {finding}"),
        }
    }
}

/// A block of the trace. No payload starts at address 0, where the control block is: 0 stands for "none".
#[derive(Clone, Copy, Default)]
struct Held {
    payload: u64,
    size: u64,
}

/// What the payload of a block is filled with. Never 0: a page that was given back and came again reads as zeroes.
#[inline]
fn fill_of(id: u32) -> u8 {
    (id % 255) as u8 + 1
}

/// Sums over the operations done so far.
#[derive(Clone, Copy, Default)]
pub(super) struct Tally {
    pub(super) failed: u64,
    pub(super) live_blocks: u64,
    pub(super) live_bytes: u64,
    pub(super) peak_payload: u64,
    pub(super) peak_committed: u64,
    pub(super) peak_footprint: u64,
    pub(super) peak_side: u64,
    pub(super) at_peak: Option<Holes>,
}

/// A replay in progress, so that a caller can show how far it is, or stop it.
///
/// ```
/// use heapwalk::trace::samples::Sample;
/// use heapwalk::trace::replay::{Replay, Settings};
///
/// let trace = Sample::find("checkerboard").unwrap().read().unwrap();
/// let mut replay = Replay::new(&trace, Settings::default()).unwrap();
/// while replay.run(1000).unwrap() {}
/// let report = replay.finish("checkerboard");
/// assert_eq!((report.failed, report.damage), (0, None));
/// ```
pub struct Replay<'a> {
    trace: &'a Trace,
    settings: Settings,
    heap: Heap,
    blocks: Vec<Held>,
    next: usize,
    tally: Tally,
    elapsed: Duration,
    damage: Option<Damage>,
}

impl<'a> Replay<'a> {
    /// Makes the heap; nothing of the trace is done yet.
    ///
    /// # Errors
    /// [`CreateError`] when there are no addresses, or the limit is too low even for an empty heap.
    pub fn new(trace: &'a Trace, settings: Settings) -> Result<Replay<'a>, CreateError> {
        let mut replay = Replay {
            trace,
            settings,
            heap: settings.heap()?,
            blocks: vec![Held::default(); trace.ids as usize],
            next: 0,
            tally: Tally::default(),
            elapsed: Duration::ZERO,
            damage: None,
        };
        replay.measure();
        replay.note_peak();
        Ok(replay)
    }

    /// Operations done.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.next as u64
    }

    /// The heap as it stands.
    #[must_use]
    pub fn heap(&self) -> &Heap {
        &self.heap
    }

    /// Does up to `most` further operations, and answers whether some are left.
    ///
    /// # Errors
    /// [`Damage`], with which the replay ends: nothing is left then.
    pub fn run(&mut self, most: usize) -> Result<bool, Damage> {
        if self.damage.is_some() {
            return Ok(false);
        }
        let started = Instant::now();
        let trace = self.trace;
        let end = self.next.saturating_add(most).min(trace.ops.len());
        let mut result = Ok(());
        for &op in &trace.ops[self.next..end] {
            self.next += 1;
            result = self.step(op);
            if result.is_err() {
                break;
            }
        }
        self.elapsed += started.elapsed();
        result.map_err(|damage| *self.damage.insert(damage))?;
        Ok(end < trace.ops.len())
    }

    /// Reads back what is still live, validates the heap, and reports; `file` is how the report calls the trace.
    ///
    /// Neither is part of the time an operation takes, and nothing is freed.
    #[must_use]
    pub fn finish(mut self, file: &str) -> Report {
        if self.damage.is_none() {
            self.damage = self.last_check().err();
        }
        Report::new(
            file,
            self.trace,
            &self.settings,
            &self.heap,
            &self.tally,
            (self.done(), self.elapsed),
            self.damage,
        )
    }

    #[inline]
    fn step(&mut self, op: Op) -> Result<(), Damage> {
        match op {
            Op::Alloc { id, size } => self.alloc(id, size),
            Op::Realloc { id, size } => match (self.held(id).payload, size) {
                // As the trace's own books have it: realloc(NULL, 0) makes no block.
                (0, 0) => Ok(()),
                (0, _) => self.alloc(id, size),
                (_, 0) => self.free(id),
                _ => self.realloc(id, size),
            },
            // A block that could not be had is NULL here, and a double free is not done twice: the reader noted it.
            Op::Free { id } if self.held(id).payload == 0 => Ok(()),
            Op::Free { id } => self.free(id),
            Op::FreeNull => Ok(()),
        }
    }

    #[inline]
    fn held(&self, id: u32) -> Held {
        self.blocks[id as usize]
    }

    fn alloc(&mut self, id: u32, size: u64) -> Result<(), Damage> {
        let placed = match self.heap.alloc(size, Flags::NONE) {
            Ok(placed) => placed,
            Err(error) => return self.failed(id, error),
        };
        let payload = placed.payload;
        self.blocks[id as usize] = Held { payload, size };
        self.write(id, 0);
        self.tally.live_blocks += 1;
        self.tally.live_bytes += size;
        if placed.grew {
            self.measure();
        }
        self.note_peak();
        Ok(())
    }

    fn free(&mut self, id: u32) -> Result<(), Damage> {
        let Held { payload, size } = self.held(id);
        self.verify(id, 0..size)?;
        self.heap
            .free(payload, Flags::NONE)
            .map_err(|error| self.refused(id, error))?;
        self.blocks[id as usize] = Held::default();
        self.tally.live_blocks -= 1;
        self.tally.live_bytes -= size;
        Ok(())
    }

    fn realloc(&mut self, id: u32, size: u64) -> Result<(), Damage> {
        let old = self.held(id);
        // What a shorter block loses is read before, what it keeps after the call: each byte once.
        let kept = old.size.min(size);
        self.verify(id, kept..old.size)?;
        let resized = match self.heap.realloc(old.payload, size, Flags::NONE) {
            Ok(resized) => resized,
            Err(error) => return self.failed(id, error),
        };
        let payload = resized.payload;
        self.blocks[id as usize] = Held { payload, size };
        self.verify(id, 0..kept)?;
        self.write(id, kept);
        self.tally.live_bytes = self.tally.live_bytes - old.size + size;
        self.measure();
        self.note_peak();
        Ok(())
    }

    /// A request that did not succeed: either that is in order, and the block is as it was, or the heap is damaged.
    #[cold]
    fn failed(&mut self, id: u32, error: AllocError) -> Result<(), Damage> {
        match error {
            AllocError::Damaged(_) | AllocError::Misuse(_) | AllocError::Strayed(_) => {
                Err(self.refused(id, error))
            }
            AllocError::Absurd
            | AllocError::TooLargeForFixed
            | AllocError::Full
            | AllocError::NoAddresses
            | AllocError::Commit(_)
            | AllocError::InPlace => {
                self.tally.failed += 1;
                Ok(())
            }
        }
    }

    #[cold]
    fn refused(&self, id: u32, error: AllocError) -> Damage {
        self.damage_of(id, DamageKind::Call(error))
    }

    fn damage_of(&self, id: u32, what: DamageKind) -> Damage {
        Damage {
            op: Some(self.done()),
            block: Some(self.trace.file_id(id)),
            what,
        }
    }

    /// Writes a block's payload from byte `from` on.
    #[inline]
    fn write(&self, id: u32, from: u64) {
        let Held { payload, size } = self.held(id);
        let byte = fill_of(id);
        self.heap.look(|core| {
            if self.settings.check {
                core.fill_bytes(payload + from, size - from, byte);
                return;
            }
            let mut at = payload + from;
            while at < payload + size {
                core.set_byte(at, byte);
                at = (at + 1).next_multiple_of(PAGE);
            }
        });
    }

    /// Reads a part of a block's payload back.
    #[inline]
    fn verify(&self, id: u32, part: std::ops::Range<u64>) -> Result<(), Damage> {
        if !self.settings.check || part.is_empty() {
            return Ok(());
        }
        let payload = self.held(id).payload;
        let expected = fill_of(id);
        let wrong = self.heap.look(|core| {
            core.find_other(payload + part.start, part.end - part.start, expected)
                .map(|at| (at, core.byte(at)))
        });
        wrong.map_or(Ok(()), |(at, found)| {
            Err(self.damage_of(
                id,
                DamageKind::Payload {
                    payload,
                    offset: at - payload,
                    expected,
                    found,
                },
            ))
        })
    }

    /// Takes in what the heap holds of the system now.
    #[inline]
    fn measure(&mut self) {
        let (committed, peak, side) = self.heap.look(|core| core.page_counts());
        let tally = &mut self.tally;
        // A block that moved was committed twice for a moment, which only the heap's own peak has seen.
        let most = if peak * PAGE > tally.peak_committed {
            peak
        } else {
            committed
        };
        tally.peak_committed = peak * PAGE;
        tally.peak_footprint = tally.peak_footprint.max((most + side) * PAGE);
        tally.peak_side = tally.peak_side.max(side * PAGE);
    }

    /// Takes in how much is live, and the holes when that is the most of the whole trace.
    #[inline]
    fn note_peak(&mut self) {
        let tally = &mut self.tally;
        if tally.live_bytes <= tally.peak_payload {
            return;
        }
        tally.peak_payload = tally.live_bytes;
        if tally.live_bytes == self.trace.totals.peak_payload {
            tally.at_peak = Some(Holes::of(&self.heap));
        }
    }

    fn last_check(&self) -> Result<(), Damage> {
        let later = |damage| Damage { op: None, ..damage };
        for id in 0..self.trace.ids {
            self.verify(id, 0..self.held(id).size).map_err(later)?;
        }
        let (findings, _) = self.heap.validate(Flags::NONE, 1);
        findings.first().map_or(Ok(()), |&finding| {
            Err(Damage {
                op: None,
                block: None,
                what: DamageKind::Structure(finding),
            })
        })
    }
}
