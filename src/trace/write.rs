//! The writer of malloc-lab traces.

use std::io::{self, BufWriter, Write};

use super::op::{Header, Op, Trace};

/// Writes `trace` as a V3 `.rep`: LF line ends, dense ids, a true header.
///
/// Reading it again gives the same operations. The weight is kept where the
/// trace has one; else it is 1. For gzip, let `out` be an encoder.
///
/// # Errors
///
/// Whatever `out` fails with.
pub fn write_rep(trace: &Trace, out: impl Write) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    let weight = weight(&trace.header);
    let (ids, ops, peak) = (trace.ids, trace.ops.len(), trace.totals.peak_payload);
    write!(out, "{weight}\n{ids}\n{ops}\n{peak}\n")?;
    for op in &trace.ops {
        match op {
            Op::Alloc { id, size } => writeln!(out, "a {id} {size}"),
            Op::Realloc { id, size } => writeln!(out, "r {id} {size}"),
            Op::Free { id } => writeln!(out, "f {id}"),
            Op::FreeNull => writeln!(out, "f -1"),
        }?;
    }
    out.flush()
}

/// V1's weight is unused and may be anything; V3's is told from a heap size by being small.
fn weight(header: &Header) -> u64 {
    match *header {
        Header::V2 { weight, .. } | Header::V3 { weight, .. } => weight.min(3),
        Header::V0 { .. } | Header::V1 { .. } | Header::Script => 1,
    }
}
