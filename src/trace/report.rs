//! What a replay found out, in the form in which programs read it.

use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::heap::Heap;
use crate::os::PAGE;
use crate::session::Thresholds;

use super::note::Note;
use super::op::{Trace, Variant};
use super::replay::{Damage, Settings, Tally};

/// The result of one replay. Serialised it is one JSON object with these fields, in this order; the free space
/// fields of [`Holes`] stand among them and again under `at_peak`. All sizes are in bytes.
///
/// A field may be added without notice; [`Report::VERSION`] rises when one changes its meaning or goes.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Report {
    /// `heapwalk-replay`.
    pub schema: &'static str,
    /// [`Report::VERSION`].
    pub version: u32,
    /// The trace, as the person named it.
    pub file: String,
    /// The dialect: `V0` to `V3` or `script`.
    pub variant: &'static str,
    /// The placement policy, as commands name it.
    pub policy: &'static str,
    /// Whether HeapFree joined free neighbours.
    pub coalesce: bool,
    /// Whether calls took the heap's lock.
    pub serialize: bool,
    /// From what sizes on HeapFree gave memory back by itself; `null`: never.
    #[serde(serialize_with = "thresholds")]
    pub decommit: Option<Thresholds>,
    /// Whether payloads were filled and read back. If not, one byte in each of their pages was written.
    pub check: bool,
    /// The commit limit.
    pub limit: u64,
    /// Operations done: all of the trace, unless damage ended it.
    pub ops: u64,
    /// Calls of HeapAlloc that succeeded.
    pub allocs: u64,
    /// Calls of HeapReAlloc that succeeded.
    pub reallocs: u64,
    /// Calls of HeapFree that succeeded.
    pub frees: u64,
    /// Requests that failed: beyond the limit, or of a size that no heap has. Their blocks stayed as they were.
    pub failed: u64,
    /// The most bytes that were asked for and held at one time.
    pub peak_payload: u64,
    /// The most bytes committed in segments and large blocks.
    pub peak_committed: u64,
    /// The most bytes of side tables (bitmaps and maps beside the blocks).
    pub side_tables_peak: u64,
    /// The most of both together, at one time.
    pub peak_footprint: u64,
    /// `peak_payload / peak_footprint`, from 0 to 1.
    pub utilization: f64,
    /// Blocks live after the last operation. They were not freed.
    pub live_blocks: u64,
    /// Bytes asked for in them.
    pub live_bytes: u64,
    /// Free space after the last operation, before anything that lives on is freed.
    #[serde(flatten)]
    pub at_end: Holes,
    /// Free space when `peak_payload` was first reached; `null` if failed requests kept it below the trace's peak.
    pub at_peak: Option<Holes>,
    /// Bytes that HeapFree and HeapReAlloc gave back to the system.
    pub returned: u64,
    /// Free blocks looked at by all requests.
    pub probes: u64,
    /// `probes / ops`.
    pub probes_per_op: f64,
    /// Time of all operations in nanoseconds, filling and reading back (or touching) included.
    pub elapsed_ns: u64,
    /// `elapsed_ns / ops`.
    pub ns_per_op: f64,
    /// What was odd about the file.
    #[serde(serialize_with = "notes")]
    pub notes: Vec<Note>,
    /// What was found damaged, with the operation and the block; `null` if nothing.
    #[serde(serialize_with = "words")]
    pub damage: Option<Damage>,
}

/// Free space at one moment.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Holes {
    /// Free blocks.
    pub holes: u64,
    /// Their bytes, headers included.
    pub free_bytes: u64,
    /// The largest of them.
    pub largest_free: u64,
    /// `1 - largest_free / free_bytes`; 0 when nothing is free.
    pub external_fragmentation: f64,
}

impl Holes {
    /// Those of `heap` now.
    pub(super) fn of(heap: &Heap) -> Holes {
        let totals = heap.look(|core| core.totals());
        Holes {
            holes: totals.free_blocks,
            free_bytes: totals.free_bytes,
            largest_free: totals.largest_free,
            external_fragmentation: 1.0 - ratio(totals.largest_free, totals.free_bytes, 1.0),
        }
    }
}

impl Report {
    /// The version of the JSON form.
    pub const VERSION: u32 = 1;

    pub(super) fn new(
        file: &str,
        trace: &Trace,
        settings: &Settings,
        heap: &Heap,
        tally: &Tally,
        (ops, elapsed): (u64, Duration),
        damage: Option<Damage>,
    ) -> Report {
        let stats = heap.stats();
        let elapsed_ns = u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX);
        Report {
            schema: "heapwalk-replay",
            version: Report::VERSION,
            file: file.to_owned(),
            variant: variant_name(trace.variant()),
            policy: settings.policy.name(),
            coalesce: settings.coalesce,
            serialize: settings.serialize,
            decommit: settings.decommit,
            check: settings.check,
            limit: settings.limit,
            ops,
            allocs: stats.allocs,
            reallocs: stats.reallocs,
            frees: stats.frees,
            failed: tally.failed,
            peak_payload: tally.peak_payload,
            peak_committed: tally.peak_committed,
            side_tables_peak: tally.peak_side,
            peak_footprint: tally.peak_footprint,
            utilization: ratio(tally.peak_payload, tally.peak_footprint, 0.0),
            live_blocks: tally.live_blocks,
            live_bytes: tally.live_bytes,
            at_end: Holes::of(heap),
            at_peak: tally.at_peak,
            returned: stats.pages_automatic * PAGE,
            probes: stats.probes,
            probes_per_op: ratio(stats.probes, ops, 0.0),
            elapsed_ns,
            ns_per_op: ratio(elapsed_ns, ops, 0.0),
            notes: trace.notes.clone(),
            damage,
        }
    }
}

/// `part / whole`, or `empty` when there is no whole.
fn ratio(part: u64, whole: u64, empty: f64) -> f64 {
    if whole == 0 {
        empty
    } else {
        part as f64 / whole as f64
    }
}

const fn variant_name(variant: Variant) -> &'static str {
    match variant {
        Variant::V0 => "V0",
        Variant::V1 => "V1",
        Variant::V2 => "V2",
        Variant::V3 => "V3",
        Variant::Script => "script",
    }
}

fn thresholds<S: Serializer>(value: &Option<Thresholds>, to: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Form {
        block: u64,
        total: u64,
    }
    value
        .map(|Thresholds { block, total }| Form { block, total })
        .serialize(to)
}

fn notes<S: Serializer>(value: &[Note], to: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Form {
        line: u32,
        count: u64,
        text: String,
    }
    to.collect_seq(value.iter().map(|note| Form {
        line: note.line,
        count: note.count,
        text: note.to_string(),
    }))
}

fn words<S: Serializer>(value: &Option<Damage>, to: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Form {
        op: Option<u64>,
        block: Option<u64>,
        text: String,
    }
    value
        .map(|damage| Form {
            op: damage.op,
            block: damage.block,
            text: damage.to_string(),
        })
        .serialize(to)
}
