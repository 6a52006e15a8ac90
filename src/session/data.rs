//! The heap in view as data: JSON in a schema with a version, and CSV, a line for each block.
//!
//! Both are written while the heap is walked, so that a million blocks take no memory, and both read only bitmaps,
//! headers and counters: exporting a heap touches no page that is not resident. `assets/schema/heapwalk-1.schema.json`
//! describes the JSON; a field may be added to version 1, none changes its meaning or goes.

mod csv;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;
use serde::ser::{SerializeSeq, Serializer};

use crate::heap::{Block, Core, Direct, Entry, RegionKind};
use crate::os::PAGE;
use crate::view::{self, BlockState, HeapKind, HeapTitle, MemoryLine};

use super::Value;
use super::frame::Returned;
use super::metric::Metric;
use super::session::{Session, Slot};

/// The schema that the JSON follows, and its version.
pub const SCHEMA: &str = "heapwalk/1";

/// All of it. Addresses are bytes from the first byte of the heap; sizes are in bytes.
#[derive(Serialize)]
struct Data<'a> {
    schema: &'static str,
    heap: Settings,
    /// Operations done in the session.
    operations: u64,
    memory: Memory,
    /// Null where the kernel is asked and does not tell.
    metrics: BTreeMap<&'static str, Option<Value>>,
    regions: Vec<Region>,
    blocks: Blocks<'a>,
    returns: Vec<Return>,
    /// Those that are not listed any more included.
    returns_total: u64,
}

#[derive(Serialize)]
struct Settings {
    number: u32,
    crt: bool,
    kind: &'static str,
    /// The size of a heap that cannot grow; null of one that can.
    maximum: Option<u64>,
    policy: &'static str,
    coalesce: bool,
    serialize: bool,
    decommit: Option<Decommit>,
    stamp: bool,
    checks: bool,
    tail_checking: bool,
    free_checking: bool,
}

#[derive(Serialize)]
struct Decommit {
    block: u64,
    total: u64,
}

#[derive(Serialize)]
struct Memory {
    live: u64,
    slack: u64,
    headers: u64,
    control: u64,
    holes_returnable: u64,
    holes_pinned: u64,
    committed: u64,
    resident: Option<u64>,
    side_tables: u64,
    returned_last: u64,
    returned_total: u64,
}

#[derive(Serialize)]
struct Region {
    kind: &'static str,
    address: u64,
    reserved: u64,
    committed: u64,
    /// Parts of it that are reserved and not committed.
    uncommitted: Vec<Span>,
}

#[derive(Serialize)]
struct Span {
    address: u64,
    bytes: u64,
}

/// One block, free or busy.
#[derive(Serialize)]
struct BlockRow {
    address: u64,
    /// Where its bytes for the caller begin.
    payload: u64,
    bytes: u64,
    state: &'static str,
    asked: u64,
    slack: u64,
    name: Option<String>,
    /// Names that it was given while it had one: a heap without checks handed it out more than once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    other_names: Vec<String>,
    /// The operation that made it.
    born: Option<u64>,
}

#[derive(Serialize)]
struct Return {
    operation: u64,
    bytes: u64,
    cause: &'static str,
    resident_before: Option<u64>,
    resident_after: Option<u64>,
}

impl Session {
    /// Writes the heap in view as one JSON object, `SCHEMA` says in which form.
    ///
    /// # Errors
    /// What `to` answers.
    pub fn write_json(&mut self, to: &mut dyn Write) -> io::Result<()> {
        let metrics = self.metrics();
        let slot = self.shown();
        let title = self.with_context(slot, None, false, |context| {
            view::title(&slot.heap, context)
        });
        let data = slot.heap.look(|core| {
            let data = Data {
                schema: SCHEMA,
                heap: Settings::of(&title),
                operations: self.operations,
                memory: Memory::of(&view::memory_line(&slot.heap, slot.returned)),
                metrics,
                regions: regions(&core),
                blocks: Blocks { core, slot },
                returns: self.ledger.kept().iter().map(Return::of).collect(),
                returns_total: self.ledger.total(),
            };
            serde_json::to_writer(&mut *to, &data)
        });
        data?;
        writeln!(to)
    }

    /// Writes the blocks of the heap in view as CSV (RFC 4180), a line for each.
    ///
    /// # Errors
    /// What `to` answers.
    pub fn write_csv(&self, to: &mut dyn Write) -> io::Result<()> {
        let slot = self.shown();
        slot.heap.look(|core| csv::write(rows(&core, slot), to))
    }

    /// Every metric by name; nothing where the kernel is asked and does not tell.
    #[must_use]
    pub fn metrics(&self) -> BTreeMap<&'static str, Option<Value>> {
        Metric::ALL
            .into_iter()
            .map(|metric| (metric.name(), self.metric(metric)))
            .collect()
    }
}

impl Settings {
    fn of(title: &HeapTitle) -> Settings {
        let (kind, maximum) = match title.kind {
            HeapKind::Growable => ("growable", None),
            HeapKind::Fixed(bytes) => ("fixed", Some(bytes)),
            HeapKind::Buffer(bytes) => ("buffer", Some(bytes)),
        };
        Settings {
            number: title.number,
            crt: title.crt,
            kind,
            maximum,
            policy: title.policy.name(),
            coalesce: title.coalesce,
            serialize: title.serialize,
            decommit: title
                .decommit
                .map(|(block, total)| Decommit { block, total }),
            stamp: title.stamp,
            checks: title.checks,
            tail_checking: title.tail_checking,
            free_checking: title.free_checking,
        }
    }
}

impl Memory {
    fn of(line: &MemoryLine) -> Memory {
        Memory {
            live: line.live,
            slack: line.slack,
            headers: line.headers,
            control: line.control,
            holes_returnable: line.holes_returnable,
            holes_pinned: line.holes_pinned,
            committed: line.committed,
            resident: line.resident,
            side_tables: line.side_tables,
            returned_last: line.returned_last,
            returned_total: line.returned_total,
        }
    }
}

impl Return {
    fn of(returned: &Returned) -> Return {
        Return {
            operation: returned.at,
            bytes: returned.bytes,
            cause: returned.cause.name(),
            resident_before: returned.resident.map(|(before, _)| before),
            resident_after: returned.resident.map(|(_, after)| after),
        }
    }
}

type Reader<'a> = Core<'a, Direct<'a>>;

/// Segments and the regions of large blocks, in the order of a walk.
fn regions(core: &Reader<'_>) -> Vec<Region> {
    let mut regions: Vec<Region> = Vec::new();
    for entry in core.walk() {
        let (kind, region) = match entry {
            Entry::Segment(region) => (RegionKind::Segment, region),
            Entry::Large(region) => (RegionKind::Large, region),
            Entry::Uncommitted { address, bytes } => {
                if let Some(region) = regions.last_mut() {
                    region.uncommitted.push(Span { address, bytes });
                }
                continue;
            }
            _ => continue,
        };
        regions.push(Region {
            kind: match kind {
                RegionKind::Segment => "segment",
                RegionKind::Large => "large",
            },
            address: region.address(),
            reserved: core.region_reserved(region),
            committed: core.region_committed(region) * PAGE,
            uncommitted: Vec::new(),
        });
    }
    regions
}

/// The blocks of a heap, written while they are walked.
struct Blocks<'a> {
    core: Reader<'a>,
    slot: &'a Slot,
}

impl Serialize for Blocks<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for row in rows(&self.core, self.slot) {
            list.serialize_element(&row)?;
        }
        list.end()
    }
}

fn rows<'a>(core: &'a Reader<'_>, slot: &'a Slot) -> impl Iterator<Item = BlockRow> + 'a {
    core.walk().filter_map(|entry| {
        let facts = view::facts(core, entry)?;
        let payload = Block::at(facts.address).map_or(facts.address, Block::payload);
        let slack = facts.slack();
        let owner = slot.names.owner(payload).filter(|_| facts.is_busy());
        let others = slot.names.others(payload).into_iter();
        Some(BlockRow {
            address: facts.address,
            payload,
            bytes: facts.bytes,
            state: state_name(facts.state),
            asked: facts.asked,
            slack,
            name: owner.as_ref().map(|owned| owned.name.to_string()),
            other_names: others
                .filter(|_| facts.is_busy())
                .map(|owned| owned.name.to_string())
                .collect(),
            born: owner.map(|owned| owned.born),
        })
    })
}

const fn state_name(state: BlockState) -> &'static str {
    match state {
        BlockState::Busy => "busy",
        BlockState::Free => "free",
        BlockState::Large => "large",
        BlockState::Control => "control",
        BlockState::Damaged => "damaged",
    }
}
