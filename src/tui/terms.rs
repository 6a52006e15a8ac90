//! What `i` explains: every word and formula on the screen, with the figures of the heap in view put in.

use crate::session::glossary::meaning;
use crate::view::Picture;

use super::numbers::{bytes, counted, grouped, percent};
use super::panes::Pane;

/// One term.
#[derive(Debug)]
pub struct Term {
    /// The word.
    pub name: &'static str,
    /// The panes that show it.
    pub panes: &'static [Pane],
    /// What it is now: a figure, or a formula with its figures.
    pub now: fn(&Picture) -> Option<String>,
    /// What is to be said beyond the glossary.
    more: &'static str,
}

const fn term(
    name: &'static str,
    panes: &'static [Pane],
    now: fn(&Picture) -> Option<String>,
    more: &'static str,
) -> Term {
    Term {
        name,
        panes,
        now,
        more,
    }
}

use Pane::{
    Block, Bytes, Fragmentation, FreeList, Interleave, Log, Map, Pins, Play, Returned, Threads,
    Time,
};

/// Every term, the most asked for first.
#[rustfmt::skip]
pub static TERMS: &[Term] = &[
    term("hole", &[Map, Fragmentation, FreeList, Play], |picture| Some(counted(picture.figures.holes, "hole")), "the first cell of each has a glyph of its own, so that neighbours that were not merged can be told from one large hole"),
    term("free", &[Map, Fragmentation, FreeList], |picture| Some(format!("{} in {}", bytes(picture.figures.free_bytes), counted(picture.figures.holes, "hole"))), "committed memory in holes, their headers included"),
    term("biggest request", &[Map, Fragmentation, FreeList], |picture| Some(format!("{} - 8 = {}", grouped(picture.figures.largest_free), bytes(picture.figures.largest_request))), "largest hole - 8: the largest request that a hole can take. Anything larger makes the heap grow, or fails"),
    term("external fragmentation", &[Fragmentation], external, "0 when nothing is free"),
    term("fragmentation, L2", &[Fragmentation], |picture| picture.fragmentation.as_ref().map(|shapes| percent(shapes.l2)), "1 - sqrt(sum of squared hole sizes) / sum of hole sizes: sees many equal holes, which the largest hole alone does not show"),
    term("unusable for n", &[Fragmentation], unusable, "U(n) = (free - free in holes that can take n) / free: the part of the free memory that is of no use to requests of n bytes"),
    term("internal fragmentation", &[Fragmentation, Block], |picture| share(picture.memory.slack, picture.figures.busy_bytes), "slack / bytes of busy blocks; headers are counted as overhead, not here"),
    term("overhead", &[Fragmentation, Pins], |picture| share(picture.memory.headers, picture.memory.committed), "headers / committed"),
    term("HeapCompact", &[Fragmentation, Log], |picture| Some(bytes(picture.figures.largest_free)), "its number includes the header, so the biggest request is 8 less. Not a garbage collector's compaction"),
    term("coalesce", &[Map, Log, FreeList, Play], |picture| Some(on_off(picture.heap.coalesce)), "off is the flag HEAP_DISABLE_COALESCE_ON_FREE; the live switch is heapwalk's own: Windows fixes the flag when the heap is made"),
    term("unmerged pairs", &[Map, Fragmentation, FreeList], |picture| Some(grouped(picture.figures.unmerged_pairs)), "pairs of free neighbours that were not joined: each is one larger hole that the heap cannot use"),
    term("step", &[Interleave], |_| None, "one load or one store of the allocator, or the taking or releasing of its lock: between two steps of one call another can make any number of its own"),
    term("step of a call", &[Play], |_| None, "something that the allocator does for one call: it looks at a hole, chooses, cuts, writes a header, a link or a bit, joins, commits, gives back. Each is made and taken back on the heap itself"),
    term("in motion", &[Play, Interleave], |picture| (!picture.quiet).then(|| "a call is under way".to_owned()), "in the middle of a call the parts of a heap may disagree: a header that is written while its bits are not set yet is no damage"),
    term("order", &[Interleave], |_| None, "who moved when: 1x8,2x23 are eight steps of t1 and then twenty-three of t2; the same order on the same heap gives the same bytes"),
    term("race", &[Interleave], |picture| Some(format!("serialize {}", if picture.heap.serialize { "ON: it cannot happen" } else { "OFF: it can" })), "what comes of two calls depends on their order; with the lock it is always one call after the other"),
    term("reserved", &[Map, Time], |picture| Some(bytes(picture.figures.reserved)), ""),
    term("committed", &[Map, Time, Pins], |picture| Some(bytes(picture.memory.committed)), "C at the right edge of the map; c is a part of the row"),
    term("resident", &[Map, Time, Bytes], |picture| picture.memory.resident.map(bytes), "R at the right edge of the map; r is a part of the row, ? means that the kernel does not tell. A byte whose page is not resident is not read: reading would make it so"),
    term("kept", &[Time, Pins], |picture| Some(format!("{} - {} = {}", grouped(picture.memory.committed), grouped(picture.memory.live), bytes(picture.memory.committed.saturating_sub(picture.memory.live)))), "committed but not live"),
    term("live", &[Block, Pins], |picture| Some(bytes(picture.memory.live)), "bytes that callers asked for and still hold"),
    term("slack", &[Block, Pins, Bytes], |picture| Some(bytes(picture.memory.slack)), "bytes of busy blocks that nobody asked for: rounding to 16, and remainders too small to stand alone"),
    term("headers", &[Block, Pins, Bytes], |picture| Some(format!("8 x {} = {}", grouped(picture.memory.headers / 8), bytes(picture.memory.headers))), "8 bytes net a busy block: the other 8 of its header lie in the block before"),
    term("control", &[Pins, Map], |picture| Some(bytes(picture.memory.control)), "the heap's own: control block, descriptors of segments and large blocks"),
    term("returnable", &[Pins, Returned], |picture| Some(bytes(picture.memory.holes_returnable)), "bytes of holes that _heapmin would give back now: whole pages without a byte of anything else"),
    term("pinned", &[Pins, Returned], |picture| Some(bytes(picture.memory.holes_pinned)), "bytes of holes that stay, because something lives in their pages"),
    term("the sum", &[Pins], sum, "live + slack + headers + control + returnable + pinned = committed, always exactly. Side tables lie outside of it"),
    term("side tables", &[Pins], |picture| Some(bytes(picture.memory.side_tables)), "heapwalk's bitmaps beside the blocks, for the map; a Windows heap has none"),
    term("pin", &[Block, Pins, Returned], |picture| picture.selected.as_ref().map(|block| format!("the selected block keeps {}", bytes(block.pins))), "the answer to \"why does memory not go down?\": what _heapmin would return in addition if this block alone were freed"),
    term("returned", &[Returned, Log], |picture| Some(format!("{} last, {} in all", bytes(picture.memory.returned_last), bytes(picture.memory.returned_total))), "by HeapFree itself (automatic), by _heapmin, or when the heap is destroyed"),
    term("_heapmin", &[Returned, Log], |_| None, "it acts on the heap tagged CRT"),
    term("decommit", &[Returned, Log], |picture| Some(on_off(picture.heap.decommit.is_some())), "with automatic decommit HeapFree itself does so to large holes; else only _heapmin does"),
    term("serialize", &[Log, Threads], |picture| Some(format!("{}; taken {}, skipped {}, contended {}", on_off(picture.heap.serialize), grouped(picture.figures.lock_taken), grouped(picture.figures.lock_skipped), grouped(picture.figures.lock_contended))), "faster without, and safe only with one thread"),
    term("contended", &[Threads], |picture| Some(grouped(picture.figures.lock_contended)), "how often a thread found the lock held by another and had to wait; waited is the time of all threads together"),
    term("audit", &[Threads], |_| None, "all threads stand still between two operations, and the heap's structures and every block are looked at: damage is known to have come since the last one that found all sound"),
    term("overlap", &[Threads], |_| None, "one block, two owners: HeapAlloc gave out bytes that another thread holds. Threads write their own words into their blocks and claim them outside of the heap, so that it is seen when it happens, or when the first owner looks at its block"),
    term("lost block", &[Threads], |_| None, "a block that the heap does not know when its owner frees it, or one that is busy and nobody's"),
    term("probes", &[FreeList], |picture| Some(grouped(picture.figures.probes)), "holes looked at by all requests so far: what the placement policy costs"),
];

impl Term {
    /// What it means: the glossary's words, and what there is to add.
    #[must_use]
    pub fn words(&self) -> String {
        match meaning(self.name) {
            Some(meaning) if self.more.is_empty() => format!("{meaning}."),
            Some(meaning) => format!("{meaning}. {}.", capital(self.more)),
            None => format!("{}.", self.more),
        }
    }

    /// Its name, with what it is now.
    #[must_use]
    pub fn heading(&self, picture: &Picture) -> String {
        // What counters say that cannot be true explains nothing.
        if !picture.counters_fit() {
            return self.name.to_owned();
        }
        let now = (self.now)(picture).map_or_else(String::new, |now| format!(" = {now}"));
        format!("{}{now}", self.name)
    }

    /// Whether every word of `typed` occurs in it, whatever the case.
    #[must_use]
    pub fn matches(&self, typed: &str) -> bool {
        let text = format!("{} {}", self.name, self.words()).to_lowercase();
        typed
            .to_lowercase()
            .split_whitespace()
            .all(|word| text.contains(word))
    }
}

fn external(picture: &Picture) -> Option<String> {
    let figures = &picture.figures;
    (figures.free_bytes > 0).then(|| {
        format!(
            "1 - {}/{} = {}",
            grouped(figures.largest_free),
            grouped(figures.free_bytes),
            percent(figures.external_fragmentation)
        )
    })
}

/// For the smallest request of the curve that half of the free memory is of no use to.
fn unusable(picture: &Picture) -> Option<String> {
    let fits = &picture.fragmentation.as_ref()?.fits;
    let fit = fits.iter().find(|fit| fit.unusable >= 0.5)?;
    Some(format!(
        "{} for requests of {}",
        percent(fit.unusable),
        bytes(fit.request)
    ))
}

fn share(part: u64, whole: u64) -> Option<String> {
    (whole > 0).then(|| {
        let share = percent(part as f64 / whole as f64);
        format!("{}/{} = {share}", grouped(part), grouped(whole))
    })
}

fn sum(picture: &Picture) -> Option<String> {
    let memory = &picture.memory;
    let parts = [
        memory.live,
        memory.slack,
        memory.headers,
        memory.control,
        memory.holes_returnable,
        memory.holes_pinned,
    ];
    let parts: Vec<String> = parts.iter().map(|part| grouped(*part)).collect();
    Some(format!(
        "{} = {}",
        parts.join(" + "),
        bytes(memory.committed)
    ))
}

fn on_off(on: bool) -> String {
    if on { "ON" } else { "OFF" }.to_owned()
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| {
        // Names that begin with a sign stay as they are.
        format!("{}{}", first.to_uppercase(), letters.as_str())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::glossary::GLOSSARY;
    use crate::tui::fixture::checkerboard;
    use crate::tui::panes::PANES;

    #[test]
    fn every_word_of_the_glossary_and_every_pane_has_its_terms() {
        for word in GLOSSARY {
            assert!(
                TERMS.iter().any(|term| term.name == word.name),
                "{}",
                word.name
            );
        }
        for pane in &PANES {
            let of_pane = TERMS.iter().filter(|term| term.panes.contains(&pane.pane));
            assert!(of_pane.count() >= 3, "{}", pane.title);
        }
        for (at, term) in TERMS.iter().enumerate() {
            let words = term.words();
            assert!(
                !words.contains("..") && words.len() > 15,
                "{}: {words}",
                term.name
            );
            assert!(
                !TERMS[..at].iter().any(|other| other.name == term.name),
                "{}",
                term.name
            );
        }
    }

    #[test]
    fn formulas_have_the_figures_put_in() {
        let frame = checkerboard().frame();
        let picture = &frame.picture;
        let figures = &picture.figures;
        for (name, expected) in [
            (
                "external fragmentation",
                format!(
                    "external fragmentation = 1 - {}/{} = {}",
                    grouped(figures.largest_free),
                    grouped(figures.free_bytes),
                    percent(1.0 - figures.largest_free as f64 / figures.free_bytes as f64)
                ),
            ),
            (
                "biggest request",
                format!(
                    "biggest request = {} - 8 = {}",
                    grouped(figures.largest_free),
                    bytes(figures.largest_free - 8)
                ),
            ),
            ("coalesce", "coalesce = OFF".to_owned()),
        ] {
            let term = TERMS.iter().find(|term| term.name == name).expect("a term");
            assert_eq!(term.heading(picture), expected);
        }
    }
}
