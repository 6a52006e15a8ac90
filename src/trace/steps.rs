//! Traces in the words of workloads, for sessions.

use crate::session::Step;

use super::op::{Op, Trace};

impl Trace {
    /// The trace as steps of a workload: a slot is an id.
    ///
    /// Operations that reach no heap are left out: `f -1`, and with them the reallocations to size 0 of ids without a
    /// block. Frees of such ids remain, since whether a request succeeded is not known yet.
    #[must_use]
    pub fn steps(&self) -> Vec<Step> {
        let mut asked = vec![false; self.ids as usize];
        let step = |op: &Op| {
            let (id, step) = match *op {
                Op::Alloc { id, size } => (
                    id,
                    Step::Alloc {
                        slot: id as usize,
                        size,
                    },
                ),
                Op::Realloc { id, size: 0 } if !asked[id as usize] => return None,
                Op::Realloc { id, size: 0 } | Op::Free { id } => {
                    (id, Step::Free { slot: id as usize })
                }
                Op::Realloc { id, size } => (
                    id,
                    Step::Realloc {
                        slot: id as usize,
                        size,
                    },
                ),
                Op::FreeNull => return None,
            };
            asked[id as usize] = !matches!(step, Step::Free { .. });
            Some(step)
        };
        self.ops.iter().filter_map(step).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_a_workload() {
        let text = "r 9 64\na 3 0\nf -1\nr 3 8\nr 9 0\nr 9 0\nf 3\nf 3\nr 3 1\n";
        let trace = Trace::read("t.rep", text.as_bytes()).expect("the trace can be read");
        let words: Vec<String> = trace
            .steps()
            .iter()
            .map(|step| match step {
                Step::Alloc { slot, size } => format!("a{slot}:{size}"),
                Step::Realloc { slot, size } => format!("r{slot}:{size}"),
                Step::Free { slot } => format!("f{slot}"),
            })
            .collect();
        let expected = "r0:64 a1:0 r1:8 f0 f1 f1 r1:1";
        assert_eq!(words.join(" "), expected);
    }
}
