//! What the last command did, and where: told by the allocator's own steps, kept until the next command.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::api::Steps;
use crate::heap::{Block, Core, Direct, Event, GRANULE, Heap};
use crate::os::PAGE;
use crate::view::{self, Mark, MarkedRange};

/// Ranges kept of each kind: more than a screen has cells.
const MOST: usize = 4096;
/// Ranges kept while a workload runs.
const MOST_RECENT: usize = 1024;
/// How long they stay.
const RECENT: Duration = Duration::from_secs(1);

/// Marks of one heap. Where two cover one place, the later in the list counts.
#[derive(Clone, Default, Debug)]
pub(super) struct Marks {
    /// The heap that they are about.
    heap: Option<u32>,
    ranges: Vec<MarkedRange>,
    /// What the commands themselves know: where blocks that were resized end now, and which blocks came and went.
    cut: Vec<u64>,
    freed: Vec<MarkedRange>,
    fresh: Vec<MarkedRange>,
    /// What the allocator told.
    steps: Steps,
    /// What the latest steps of a workload did, and when.
    recent: VecDeque<(Instant, MarkedRange)>,
}

/// Adds a range, joined with the one before it where they touch.
fn push(ranges: &mut Vec<MarkedRange>, from: u64, to: u64, mark: Mark) {
    if let Some(last) = ranges.last_mut().filter(|last| last.mark == mark)
        && from <= last.to
        && last.from <= to
    {
        last.from = last.from.min(from);
        last.to = last.to.max(to);
    } else if ranges.len() < MOST && from < to {
        ranges.push(MarkedRange { from, to, mark });
    }
}

impl Marks {
    /// Notes that a command changes this heap.
    pub(super) fn about(&mut self, heap: u32) {
        self.heap = Some(heap);
    }

    /// The heap that a command changed.
    pub(super) fn heap(&self) -> Option<u32> {
        self.heap
    }

    /// Notes that a command made a block of `from..to` ([`Mark::New`]) or freed one ([`Mark::Freed`]).
    pub(super) fn add(&mut self, from: u64, to: u64, mark: Mark) {
        let ranges = match mark {
            Mark::New => &mut self.fresh,
            _ => &mut self.freed,
        };
        push(ranges, from, to, mark);
    }

    /// Notes that a block that was resized ends at `address`: a hole there is what stayed free of it.
    pub(super) fn add_cut(&mut self, address: u64) {
        if self.cut.len() < MOST {
            self.cut.push(address);
        }
    }

    /// Takes in what the allocator told; all that it told of this command.
    pub(super) fn tell(&mut self, steps: Steps) -> &Steps {
        self.steps.events.extend(steps.events);
        self.steps.dropped += steps.dropped;
        &self.steps
    }

    /// Makes the marks of a command that has ended, from what `heap` is now.
    ///
    /// A place may have been split, joined and handed out in turn: the hole that is there now bears the last of it.
    /// Above that stand the blocks that were freed, the pages that went back, and the blocks that are new.
    pub(super) fn settle(&mut self, heap: &Heap) {
        let (mut ranges, mut returned) = (Vec::new(), Vec::new());
        for address in std::mem::take(&mut self.cut) {
            push_hole(&mut ranges, heap, address, Mark::Split);
        }
        for event in std::mem::take(&mut self.steps).events {
            match event {
                Event::Split { block, size, .. } => {
                    let rest = block.address() + size * GRANULE;
                    push_hole(&mut ranges, heap, rest, Mark::Split);
                }
                Event::Merge { block, .. } => {
                    push_hole(&mut ranges, heap, block.address(), Mark::Merged);
                }
                Event::Decommit { page, pages } => push_pages(&mut returned, heap, page, pages),
                _ => {}
            }
        }
        ranges.append(&mut self.freed);
        ranges.append(&mut returned);
        ranges.append(&mut self.fresh);
        self.ranges = ranges;
    }

    /// Notes what a step of a workload did.
    pub(super) fn add_recent(&mut self, now: Instant, from: u64, bytes: u64, mark: Mark) {
        if self.recent.len() == MOST_RECENT {
            self.recent.pop_front();
        }
        let to = from + bytes;
        self.recent.push_back((now, MarkedRange { from, to, mark }));
    }

    /// Lets go of steps made too long ago.
    pub(super) fn forget_old(&mut self, now: Instant) {
        let is_old = |(at, _): &(Instant, MarkedRange)| now.duration_since(*at) > RECENT;
        while self.recent.front().is_some_and(is_old) {
            self.recent.pop_front();
        }
    }

    /// Lets go of all that a workload did so far.
    pub(super) fn forget_recent(&mut self) {
        self.recent.clear();
    }

    /// Ends a workload: what it did last stays marked.
    pub(super) fn settle_recent(&mut self) {
        self.ranges = self.recent.drain(..).map(|(_, range)| range).collect();
    }

    /// The marks to show of this heap.
    pub(super) fn of_heap(&self, heap: u32) -> Vec<MarkedRange> {
        if self.heap != Some(heap) {
            return Vec::new();
        }
        let recent = self.recent.iter().map(|(_, range)| *range);
        self.ranges.iter().copied().chain(recent).collect()
    }
}

/// Marks the hole that covers `address` now, if there is one.
fn push_hole(ranges: &mut Vec<MarkedRange>, heap: &Heap, address: u64, mark: Mark) {
    let Some((from, to)) = view::extent(heap, address) else {
        return;
    };
    let is_free = |core: Core<'_, Direct<'_>>| {
        Block::at(from).is_some_and(|block| core.header_at(block).is_free())
    };
    if heap.look(is_free) {
        push(ranges, from, to, mark);
    }
}

/// Marks those of the pages that are still uncommitted.
fn push_pages(ranges: &mut Vec<MarkedRange>, heap: &Heap, page: u64, pages: u64) {
    heap.look(|core| {
        for page in (page..page + pages).filter(|&page| !core.is_committed(page)) {
            push(ranges, page * PAGE, (page + 1) * PAGE, Mark::Returned);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{Session, parse_line};
    use crate::view::{Cell, Lens, MapRow};

    fn run(session: &mut Session, line: &str) {
        let command = parse_line(line).expect(line).expect(line);
        session.apply(&command);
    }

    /// The marks of the heap in view: what, first byte, bytes.
    fn marks(session: &Session) -> Vec<String> {
        let number = session.shown().number;
        let text = |range: &MarkedRange| {
            let bytes = range.to - range.from;
            format!("{:?} {:#x}+{bytes}", range.mark, range.from)
        };
        session.marks.of_heap(number).iter().map(text).collect()
    }

    /// What `command` marks after the lines before it, where that is not what is expected.
    fn wrong(before: &[&str], command: &str, expected: &[&str]) -> Option<String> {
        let mut session = Session::new().expect("addresses");
        for line in before {
            run(&mut session, line);
        }
        run(&mut session, command);
        let found = marks(&session);
        (found != expected).then(|| format!("{before:?} {command}: {found:?}, not {expected:?}"))
    }

    /// Blocks of 80 bytes: b0 at 0x720, b1 at 0x770, b2 at 0x7c0, b3 at 0x810, b4 at 0x860, then a hole.
    const BLOCKS: &str = "alloc b[0:5] 72";

    #[test]
    fn commands_leave_their_marks() {
        let rows = [
            // Allocating: what is new, and the hole it was cut from.
            (
                &[][..],
                "alloc a 64",
                &["Split 0x770+6224", "New 0x720+80"][..],
            ),
            (
                &[],
                "alloc a[0:3] 64",
                &["Split 0x810+6064", "New 0x720+240"],
            ),
            (&[BLOCKS, "free b1"], "alloc a 72", &["New 0x770+80"]),
            (&[], "alloc big 2M", &["New 0x10030+2101200"]),
            // Growth joins the tail, which is busy now, with new pages; their rest was split.
            (
                &[],
                "alloc a 8000",
                &["Split 0x2670+2384", "New 0x720+8016"],
            ),
            (
                &[BLOCKS, "free b[1:3]"],
                "alloc a 40",
                &["Split 0x7a0+112", "New 0x770+48"],
            ),
            (
                &[BLOCKS],
                "alloc a 100000",
                &["Split 0x286f0+2256", "New 0x10040+100016"],
            ),
            // Nothing was made: nothing is marked. Of a series, what was made before the first that failed.
            (&["heap new fixed 64K", BLOCKS], "alloc a 64000", &[]),
            (
                &["heap new fixed 64K"],
                "alloc a[0:20] 4000",
                &["Split 0xf270+3456", "New 0x720+60240"],
            ),
            (&[BLOCKS], "free b1", &["Freed 0x770+80"]),
            // What was freed stays told apart from the neighbours that it was joined with.
            (
                &[BLOCKS, "free b1"],
                "free b2",
                &["Merged 0x770+160", "Freed 0x7c0+80"],
            ),
            (
                &[BLOCKS, "free b1", "free b3"],
                "free b2",
                &["Merged 0x770+240", "Freed 0x7c0+80"],
            ),
            (
                &[BLOCKS],
                "free b[1:4]",
                &["Merged 0x770+240", "Freed 0x770+240"],
            ),
            (
                &[BLOCKS],
                "free b4",
                &["Merged 0x860+5984", "Freed 0x860+80"],
            ),
            (
                &[BLOCKS],
                "free where name~b from=0x7c0 to=0x860",
                &["Merged 0x7c0+160", "Freed 0x7c0+160"],
            ),
            (
                &[BLOCKS, "coalesce off", "free b1"],
                "free b2",
                &["Freed 0x7c0+80"],
            ),
            (
                &[BLOCKS, "coalesce off", "free b[1:4]"],
                "compact",
                &["Merged 0x770+240"],
            ),
            (
                &[BLOCKS, "coalesce off", "free b[1:4]"],
                "coalesce on",
                &["Merged 0x770+240"],
            ),
            (&[BLOCKS, "free b[1:4]"], "compact", &[]),
            (&[BLOCKS, "coalesce off", "free b1"], "coalesce on", &[]),
            // What goes back: by freeing a large block, by heapmin, by freeing itself.
            (
                &["alloc big 2M"],
                "free big",
                &["Freed 0x10030+2101200", "Returned 0x10000+2101248"],
            ),
            (
                &["alloc a 20000", "alloc end 16", "free a"],
                "heapmin",
                &["Returned 0x1000+16384"],
            ),
            (
                // A busy block pins the page that it stands in.
                &[
                    "alloc a 20000",
                    "alloc pin 16",
                    "alloc b 20000",
                    "alloc end 16",
                    "free a",
                    "free b",
                ],
                "heapmin",
                &["Returned 0x1000+16384", "Returned 0x6000+16384"],
            ),
            (
                &["alloc a 20000", "alloc end 16", "free a"],
                "minimize",
                &["Returned 0x1000+16384"],
            ),
            (&["alloc a 20000"], "heapmin", &[]),
            (
                &[
                    "alloc a 20000",
                    "alloc end 16",
                    "decommit auto block=4K total=4K",
                ],
                "free a",
                &["Freed 0x720+20016", "Returned 0x1000+16384"],
            ),
            // Resizing: in place what was won or what stayed free, else both blocks.
            (
                &[BLOCKS],
                "realloc b4 200",
                &["Split 0x930+5776", "New 0x8b0+128"],
            ),
            (
                &[BLOCKS],
                "realloc b4 9000",
                &["Split 0x2b90+1072", "New 0x8b0+8928"],
            ),
            (&[BLOCKS], "realloc b1 1300 inplace", &[]),
            (
                &[BLOCKS],
                "expand b4 100",
                &["Split 0x8d0+5872", "New 0x8b0+32"],
            ),
            (
                &[BLOCKS],
                "realloc b1 200",
                &["Split 0x980+5696", "Freed 0x770+80", "New 0x8b0+208"],
            ),
            (
                &[BLOCKS, "free b0"],
                "realloc b1 200",
                &[
                    "Split 0x980+5696",
                    "Merged 0x720+160",
                    "Freed 0x770+80",
                    "New 0x8b0+208",
                ],
            ),
            (&[BLOCKS], "realloc b1 20", &["Split 0x790+48"]),
            (
                &[BLOCKS, "free b2"],
                "realloc b1 20",
                &["Split 0x790+128", "Merged 0x790+128"],
            ),
            (
                &[BLOCKS, "free b2"],
                "realloc b1 100",
                &["Split 0x7e0+48", "New 0x7c0+32"],
            ),
            (&[BLOCKS], "realloc b1 70", &[]),
            (
                &["alloc big 2M"],
                "realloc big 1200K",
                &["Returned 0x13d000+868352"],
            ),
            (&["alloc big 2M"], "realloc big 2097200", &[]),
            (
                &["alloc big 2M"],
                "realloc big 3M",
                &[
                    "Freed 0x10030+2101200",
                    "Returned 0x10000+2101248",
                    "New 0x220030+3149776",
                ],
            ),
            // Commands that only look, and those of other things, leave none; what was not done leaves the old ones.
            (&[BLOCKS], "validate", &[]),
            (&[BLOCKS], "walk", &[]),
            (&[BLOCKS], "probe 64", &[]),
            (&[BLOCKS], "size b1", &[]),
            (&[BLOCKS], "expect holes == 1", &[]),
            (&[BLOCKS], "filter busy", &[]),
            (&[BLOCKS], "filter off", &[]),
            (&[BLOCKS], "heapchk", &[]),
            (&[BLOCKS], "summary", &[]),
            (&[BLOCKS], "lock", &[]),
            (&[BLOCKS], "say \"words\"", &[]),
            (&[BLOCKS], "policy first-fit", &[]),
            (&[BLOCKS], "heap use 1", &[]),
            (&[BLOCKS], "heap new growable", &[]),
            (&[BLOCKS], "heap destroy", &[]),
            (&[BLOCKS], "free 0x738", &[]),
            (&[BLOCKS], "size 0x738", &[]),
            (&[BLOCKS, "undo"], "redo", &[]),
            (&[BLOCKS, "free b1"], "undo", &[]),
            (&[BLOCKS], "run random ops=100", &[]),
            (&[BLOCKS], "free b9", &["Split 0x8b0+5904", "New 0x720+400"]),
        ];
        let wrong: Vec<String> = rows
            .into_iter()
            .filter_map(|(before, command, expected)| wrong(before, command, expected))
            .collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn marks_belong_to_the_heap_that_was_changed() {
        let mut session = Session::new().expect("addresses");
        for line in [
            "alloc a 20000",
            "alloc end 16",
            "free a",
            "heap new growable",
        ] {
            run(&mut session, line);
        }
        run(&mut session, "heapmin");
        assert!(
            marks(&session).is_empty(),
            "heap 1 was minimised, heap 2 is in view"
        );
        assert_eq!(session.marks.of_heap(1).len(), 1);
    }

    /// The marks that cells of 16 bytes bear, in the map's rows and in the overview above it: what and where, each run
    /// of cells once.
    fn drawn(session: &mut Session) -> [Vec<(u64, u64, Mark)>; 2] {
        let mut lens = Lens {
            zoom: Some(16),
            rows: 400,
            ..Lens::default()
        };
        lens.parts.overview = 4096;
        let picture = session.frame(&lens).picture;
        let (overview, mut map) = (&picture.overview, Vec::new());
        for row in &picture.map.rows {
            if let MapRow::Cells { address, cells, .. } = row {
                add_runs(&mut map, cells, *address, picture.map.cell_bytes);
            }
        }
        let mut line = Vec::new();
        add_runs(&mut line, &overview.cells, 0, overview.cell_bytes);
        [map, line]
    }

    fn add_runs(runs: &mut Vec<(u64, u64, Mark)>, cells: &[Cell], address: u64, bytes: u64) {
        for (cell, at) in cells.iter().zip((address..).step_by(bytes as usize)) {
            match (runs.last_mut(), cell.mark) {
                (Some((_, to, last)), Some(mark)) if *last == mark && *to == at => *to += bytes,
                (_, Some(mark)) => runs.push((at, at + bytes, mark)),
                (_, None) => {}
            }
        }
    }

    #[test]
    fn cells_bear_the_marks_until_the_next_command() {
        let mut session = Session::new().expect("addresses");
        run(&mut session, BLOCKS);
        run(&mut session, "free b1");
        run(&mut session, "free b2");
        // What was freed lies over the hole that it became a part of.
        let expected = [(0x770, 0x7c0, Mark::Merged), (0x7c0, 0x810, Mark::Freed)];
        let [map, overview] = drawn(&mut session);
        assert_eq!(map, expected);
        assert_eq!(overview, expected);
        run(&mut session, "walk");
        assert_eq!(drawn(&mut session), [Vec::new(), Vec::new()]);
    }

    #[test]
    fn ranges_are_joined_and_bounded() {
        let mut marks = Marks::default();
        for nth in 0..3 * MOST as u64 {
            marks.add(nth * 32, nth * 32 + 16, Mark::Freed);
            marks.add(nth * 16, nth * 16 + 16, Mark::New);
        }
        assert_eq!(marks.freed.len(), MOST);
        let all = MarkedRange {
            from: 0,
            to: 3 * MOST as u64 * 16,
            mark: Mark::New,
        };
        assert_eq!(marks.fresh, [all]);
    }

    #[test]
    fn a_workload_that_is_watched_marks_what_it_did_last() {
        let mut session = Session::new().expect("addresses");
        let workload = crate::session::Workload {
            ops: 5000,
            ..crate::session::Workload::default()
        };
        assert!(session.begin_run(&workload).is_ok());
        while session.run_steps(64) > 0 {
            let shown = session.marks.of_heap(1);
            assert!((1..=MOST_RECENT).contains(&shown.len()));
        }
        session.finish_run();
        let kinds = |mark| {
            session
                .marks
                .of_heap(1)
                .iter()
                .any(|range| range.mark == mark)
        };
        assert!(kinds(Mark::New) && kinds(Mark::Freed));
        session.marks.add_recent(Instant::now(), 0, 16, Mark::New);
        session.marks.forget_old(Instant::now() + 2 * RECENT);
        assert!(session.marks.recent.is_empty());
    }

    /// One that is looked at in the past does, too: what led there, not the way from a checkpoint.
    #[test]
    fn a_moment_of_a_workload_is_marked_with_what_led_there() {
        let mut session = Session::new().expect("addresses");
        run(&mut session, "run random ops=300 live=60 seed=7");
        for place in [200, 199, 198, 250, 12] {
            run(&mut session, &format!("seek {place}"));
            let marked = session.marks.of_heap(1).len();
            // A block that is resized may go elsewhere.
            assert!((1..=2).contains(&marked), "operation {place}: {marked}");
        }
    }
}
