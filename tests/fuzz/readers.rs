//! Random and mutated bytes for everything that reads.

use crate::child::Cases;

pub(crate) fn run(cases: &mut Cases) {
    while cases.next_round() {
        cases.tell("nothing");
    }
}
