//! Frames of heaps that never were, exact enough to be drawn: what they show adds up.

mod parts;
mod picture;

use std::sync::Arc;

use crate::heap::Policy;
use crate::session::frame::{
    Answer, Bookmark, Cause, Check, Found, Frame, Interleaved, Played, Request, Returned, Run,
    Script, Target, Tone,
};
use crate::view::{BlockState, HeapKind, HeapTitle, Lens, Mark, Parts, Window};

/// Bytes of a page.
const PAGE: u64 = 4096;

/// Every part of a picture, with the first rows of every list.
const EVERYTHING: Parts = Parts::all(64, FIRST_ROWS);

const FIRST_ROWS: Window = Window { top: 0, rows: 200 };

/// One block of the pretended heap.
#[derive(Clone, Debug)]
pub(super) struct Block {
    pub(super) state: BlockState,
    pub(super) bytes: u64,
    pub(super) asked: u64,
    pub(super) name: Option<String>,
    pub(super) mark: Option<Mark>,
}

/// A pretended heap and what is looked at.
#[derive(Clone, Debug)]
pub(super) struct Model {
    pub(super) blocks: Vec<Block>,
    pub(super) reserved: u64,
    pub(super) title: HeapTitle,
    pub(super) lens: Lens,
    pub(super) selected: usize,
    pub(super) log: Vec<Arc<Answer>>,
    pub(super) returned: Vec<Returned>,
    pub(super) run: Option<Run>,
    pub(super) baseline: Option<Arc<Bookmark>>,
    pub(super) filtered: bool,
    pub(super) check: Option<Check>,
    pub(super) interleaved: Option<Arc<Interleaved>>,
    pub(super) played: Option<Arc<Played>>,
    pub(super) script: Option<Script>,
    pub(super) version: u64,
    pub(super) requests: u64,
}

/// The heaps that tests draw.
pub(super) fn heaps() -> Vec<(&'static str, Model)> {
    vec![
        ("checkerboard", checkerboard()),
        ("empty", empty()),
        ("grown", grown()),
        ("damaged", damaged()),
    ]
}

/// Forty-eight blocks of which every second was freed with coalescing off, and some neighbours too.
pub(super) fn checkerboard() -> Model {
    let mut model = Model::of(64 << 10, HeapKind::Fixed(64 << 10));
    model.push(BlockState::Control, 0x720, 0, None);
    for number in 0..72_u64 {
        let free = number % 2 == 0 || number % 9 == 3;
        let bytes = [80, 48, 160][usize::try_from(number % 3).unwrap_or(0)];
        let state = if free {
            BlockState::Free
        } else {
            BlockState::Busy
        };
        let name = (!free).then(|| format!("b{number}"));
        model.push(
            state,
            bytes,
            if free { 0 } else { bytes - 8 - number % 5 },
            name,
        );
    }
    model.blocks[9].mark = Some(Mark::New);
    model.blocks[13].mark = Some(Mark::Freed);
    model.fill_page();
    model.title.coalesce = false;
    model.selected = 18;
    model.answer(
        "free b60",
        "HeapFree(heap, 0, b60) = TRUE",
        "freed 160 B; not merged with the free neighbours (coalesce OFF); K would merge 24 pairs",
    );
    model.answer(
        "compact",
        "HeapCompact(heap, 0) = 160",
        "merged 24 pairs, moved nothing; biggest request 72 -> 152 B; the heap keeps its 8 KiB, M gives back what is wholly free",
    );
    model
}

/// A heap that was just made.
pub(super) fn empty() -> Model {
    let mut model = Model::of(64 << 10, HeapKind::Growable);
    model.push(BlockState::Control, 0x720, 0, None);
    model.push(BlockState::Free, 0x2000 - 0x720, 0, None);
    model.selected = 1;
    model
}

/// A heap of many megabytes with a workload on it.
pub(super) fn grown() -> Model {
    let mut model = Model::of(64 << 20, HeapKind::Growable);
    model.push(BlockState::Control, 0x720, 0, None);
    for number in 0..6000_u64 {
        let bytes = 16 * (2 + number * 7919 % 61) * if number % 50 == 0 { 40 } else { 1 };
        let free = number % 3 == 1 && number < 4000;
        let state = if free {
            BlockState::Free
        } else {
            BlockState::Busy
        };
        model.push(state, bytes, if free { 0 } else { bytes - 11 }, None);
    }
    model.fill_page();
    model.lens.zoom = Some(1024);
    model.title.number = 2;
    model.title.of = 3;
    model.title.crt = false;
    model.title.serialize = false;
    model.title.decommit = Some((0x1000, 0x1_0000));
    model.selected = 1500;
    model.run = Some(Run {
        what: "run random ops=10000".to_owned(),
        done: 4200,
        of: Some(10_000),
        paused: false,
        ..Run::default()
    });
    for at in 1..9_u64 {
        let bytes = at * 3 * PAGE;
        let cause = if at % 2 == 0 {
            Cause::Heapmin
        } else {
            Cause::Automatic
        };
        model.returned.push(Returned {
            at: at * 500,
            bytes,
            cause,
            resident: Some((40 << 20, (40 << 20) - bytes)),
        });
    }
    model
}

/// A heap whose blocks cannot all be read.
pub(super) fn damaged() -> Model {
    let mut model = checkerboard();
    for block in &mut model.blocks[20..24] {
        block.state = BlockState::Damaged;
        block.name = None;
    }
    model.selected = 21;
    model.say(Answer {
        command: "validate".to_owned(),
        call: "HeapValidate(heap, 0, NULL) = FALSE".to_owned(),
        words: "the header at 0x00b10 cannot be read: check 0x5c, expected 0x31".to_owned(),
        tone: Tone::Failed,
        block: Some(0xb10),
        findings: None,
    });
    model
}

impl Model {
    fn of(reserved: u64, kind: HeapKind) -> Model {
        Model {
            blocks: Vec::new(),
            reserved,
            title: HeapTitle {
                number: 1,
                of: 1,
                crt: true,
                kind,
                coalesce: true,
                serialize: true,
                policy: Policy::Best,
                decommit: None,
                checks: true,
                stamp: true,
                tail_checking: false,
                free_checking: false,
            },
            lens: Lens {
                cells: 64,
                rows: 13,
                zoom: Some(16),
                top: 0,
                cursor: None,
                follow: true,
                parts: EVERYTHING,
                ..Lens::default()
            },
            selected: 0,
            log: Vec::new(),
            returned: Vec::new(),
            run: None,
            baseline: None,
            filtered: false,
            check: None,
            interleaved: None,
            played: None,
            script: None,
            version: 1,
            requests: 0,
        }
    }

    fn push(&mut self, state: BlockState, bytes: u64, asked: u64, name: Option<String>) {
        self.blocks.push(Block {
            state,
            bytes,
            asked,
            name,
            mark: None,
        });
    }

    fn committed(&self) -> u64 {
        self.blocks.iter().map(|block| block.bytes).sum()
    }

    /// A last hole up to the end of the page.
    fn fill_page(&mut self) {
        let rest = PAGE - self.committed() % PAGE;
        self.push(BlockState::Free, rest, 0, None);
    }

    pub(super) fn answer(&mut self, command: &str, call: &str, words: &str) {
        let [command, call, words] = [command, call, words].map(str::to_owned);
        self.say(Answer {
            command,
            call,
            words,
            ..Answer::default()
        });
    }

    pub(super) fn say(&mut self, answer: Answer) {
        self.log.push(Arc::new(answer));
    }

    fn address(&self, index: usize) -> u64 {
        self.blocks[..index].iter().map(|block| block.bytes).sum()
    }

    fn at(&self, address: u64) -> usize {
        let mut end = 0;
        let found = self.blocks.iter().position(|block| {
            end += block.bytes;
            address < end
        });
        found.unwrap_or(self.blocks.len() - 1)
    }

    /// The session's part of a request, as far as screens can tell.
    pub(super) fn take(&mut self, request: &Request) {
        self.requests += 1;
        self.version += 1;
        match request {
            Request::Look(lens) => self.lens = *lens,
            Request::Select(target) => self.select(*target),
            Request::FreeAt(address) => {
                let index = self.at(*address);
                let name = self.blocks[index].name.take().unwrap_or_default();
                self.blocks[index].state = BlockState::Free;
                self.blocks[index].mark = Some(Mark::Freed);
                self.answer(
                    &format!("free {name}"),
                    &format!("HeapFree(heap, 0, {name}) = TRUE"),
                    "freed",
                );
            }
            Request::Line(line) if line.starts_with("alloc") => {
                self.answer(line, "HeapAlloc(heap, 0, 64) = 0x01234", "split a hole");
            }
            Request::Line(line) => self.say(Answer {
                command: line.clone(),
                words: "column 1: found a word that is no command, expected alloc, free or another"
                    .to_owned(),
                tone: Tone::Refused,
                ..Answer::default()
            }),
            Request::Command(command) => {
                self.answer(&format!("{command:?}"), &format!("{command:?}"), "done");
            }
            _ => {}
        }
    }

    fn select(&mut self, target: Target) {
        let last = self.blocks.len() - 1;
        let hole = |index: &usize| self.blocks[*index].state == BlockState::Free;
        let here = self.address(self.selected);
        let row = i64::try_from(self.cell_bytes() * u64::from(self.lens.cells)).unwrap_or(i64::MAX);
        let index = match target {
            Target::NextBlock => self.selected + 1,
            Target::PreviousBlock => self.selected.saturating_sub(1),
            Target::NextHole => (self.selected + 1..=last)
                .find(hole)
                .unwrap_or(self.selected),
            Target::PreviousHole => (0..self.selected).rev().find(hole).unwrap_or(self.selected),
            Target::Rows(rows) => {
                self.at(here.saturating_add_signed(row.saturating_mul(i64::from(rows))))
            }
            Target::First => 0,
            Target::Last => last,
            Target::LargestHole => (0..=last)
                .filter(hole)
                .max_by_key(|index| self.blocks[*index].bytes)
                .unwrap_or(0),
            Target::Address(address) => self.at(address),
            // The model knows nothing of these.
            Target::NextFound | Target::PreviousFound | Target::WorstPin | Target::Born(_) => {
                self.selected
            }
        };
        self.selected = index.min(last);
        self.lens.follow = true;
    }

    fn cell_bytes(&self) -> u64 {
        self.lens.zoom.unwrap_or_else(|| {
            let cells = u64::from(self.lens.cells) * u64::from(self.lens.rows.max(1));
            self.committed().div_ceil(cells).next_power_of_two().max(16)
        })
    }

    pub(super) fn frame(&self) -> Frame {
        Frame {
            version: self.version,
            over: false,
            requests: self.requests,
            picture: Arc::new(self.picture()),
            log: self.log.clone(),
            log_total: u64::try_from(self.log.len()).unwrap_or(0),
            returned: self.returned.clone(),
            operations: parts::OPERATIONS,
            rate: self.run.as_ref().map(|_| 2_400_000.0),
            crew: None,
            run: self.run.clone(),
            script: self.script,
            undo: 3,
            redo: 0,
            next_name: "c".to_owned(),
            next_size: 64,
            timeline: Arc::new(self.timeline()),
            time: Arc::default(),
            baseline: self.baseline.clone(),
            bookmarks: Arc::new(self.baseline.iter().cloned().collect()),
            names: Arc::default(),
            actors: Vec::new(),
            interleaved: self.interleaved.clone(),
            played: self.played.clone(),
            measuring: None,
            watched: crate::session::Watched::default(),
            next_heap: (self.title.of > 1).then_some(self.title.number % self.title.of + 1),
            check: self.check.clone(),
            found: self.filtered.then(|| Found {
                filter: "free size>=100".to_owned(),
                count: Some(self.found() as u64),
                position: None,
            }),
        }
    }
}
