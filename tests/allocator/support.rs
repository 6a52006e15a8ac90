//! What the proofs share: heaps, their bytes, and hands that use them.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use heapwalk::heap::{
    AllocError, Birth, Block, Core, Direct, Entry, Flags, Header, Heap, Layout, Options, Settings,
    Source,
};
use heapwalk::os::{CommitLimit, Memory, PAGE};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Words of a page.
pub(crate) const PAGE_WORDS: u64 = PAGE / 8;

/// A commit limit no test here reaches by accident.
pub(crate) fn wide_limit() -> Arc<CommitLimit> {
    Arc::new(CommitLimit::new(128 << 30))
}

/// A heap under a limit of its own.
pub(crate) fn heap(options: Options) -> Heap {
    Heap::new(&options, &wide_limit()).expect("the heap is small")
}

/// A fixed heap of `maximum` bytes.
pub(crate) fn fixed(maximum: u64) -> Options {
    Options {
        source: Source::Fixed,
        maximum,
        ..Options::default()
    }
}

/// A growable heap in a small space, which can be scanned whole and used up.
pub(crate) fn small_growable(space: u64, settings: Settings) -> Heap {
    let layout = Layout::of(space);
    let memory = Memory::reserve(layout.total, wide_limit()).expect("a small reserve");
    let flags = settings.flags | Flags::GROWABLE;
    Core::new(Direct::new(&memory), layout)
        .create(Birth {
            reserve: 0x1_0000,
            commit: 0x2000,
            settings: Settings { flags, ..settings },
        })
        .expect("there is room");
    Heap::adopt(memory).expect("it was just made")
}

/// Runs printed so that a failure can be repeated.
pub(crate) fn seeds(count: u64) -> impl Iterator<Item = u64> {
    (1..=count).inspect(|seed| println!("seed {seed}"))
}

/// Everything a walk meets.
pub(crate) fn entries(heap: &Heap) -> Vec<Entry> {
    heap.look(|core| core.walk().collect())
}

/// First byte of a block and of what follows it.
pub(crate) fn bytes_of(block: Block, header: Header) -> Range<u64> {
    block.address()..block.address() + header.size() * 16
}

/// The free blocks, by address, with their bytes.
pub(crate) fn free_blocks(heap: &Heap) -> Vec<(Block, u64)> {
    let free = |entry: &Entry| match *entry {
        Entry::Block(block, header) if !header.has(Header::BUSY) => {
            Some((block, header.size() * 16))
        }
        _ => None,
    };
    entries(heap).iter().filter_map(free).collect()
}

/// Payloads of all busy blocks, large ones last.
pub(crate) fn busy_payloads(heap: &Heap) -> Vec<u64> {
    let busy = |entry: &Entry| match *entry {
        Entry::Block(block, header) if header.has(Header::BUSY) => Some(block.payload()),
        Entry::Large(region) => Some(heap.look(|core| core.large_block(region)).payload()),
        _ => None,
    };
    entries(heap).iter().filter_map(busy).collect()
}

/// The pages of an arena that can hold anything: of the regions, the unit map and the bitmaps.
fn used_pages(heap: &Heap) -> [Range<u64>; 3] {
    let layout = heap.layout();
    let units = heap.look(|core| core.units_end());
    let map = layout.space / PAGE;
    let bits = layout.bits as u64 / PAGE_WORDS;
    [
        0..units * 16,
        map..map + (units * 8).div_ceil(PAGE),
        bits..bits + units.div_ceil(4),
    ]
}

/// Calls `each` with every resident page of the arena that is in use (with all of them for a buffer).
pub(crate) fn each_page(heap: &Heap, mut each: impl FnMut(u64)) {
    for pages in used_pages(heap) {
        let told = heap.memory().resident(pages.clone(), |page, resident| {
            if resident {
                each(page);
            }
        });
        if told.is_none() {
            pages.for_each(&mut each);
        }
    }
}

/// Every word of the arena that is not zero, with its index, read without touching a page that is not resident.
pub(crate) fn image(heap: &Heap) -> Vec<(u64, u64)> {
    let words = heap.memory().words();
    let mut image = Vec::new();
    each_page(heap, |page| {
        let from = page * PAGE_WORDS;
        let page = &words[from as usize..(from + PAGE_WORDS) as usize];
        let words = page.iter().map(|word| word.load(Relaxed));
        image.extend((from..).zip(words).filter(|&(_, word)| word != 0));
    });
    image
}

/// A hash over `image`: equal for equal bytes.
pub(crate) fn hash(heap: &Heap) -> u64 {
    image(heap)
        .into_iter()
        .flat_map(|(at, word)| [at, word])
        .fold(0xcbf2_9ce4_8422_2325, mix)
}

/// One step of a hash.
pub(crate) fn mix(hash: u64, value: u64) -> u64 {
    (hash ^ value)
        .wrapping_mul(0x9E37_79B9_7F4A_7C15)
        .rotate_left(29)
}

/// Fails with the findings if the heap has any.
#[track_caller]
pub(crate) fn assert_sound(heap: &Heap, context: &str) {
    let (findings, total) = heap.validate(Flags::NO_SERIALIZE, 3);
    assert_eq!(total, 0, "{context}: {findings:?}");
}

/// Random requests to a heap, which depend on nothing but the seed and the heap's answers.
#[derive(Clone)]
pub(crate) struct Hand {
    /// Payloads that are allocated.
    pub(crate) live: Vec<u64>,
    rng: ChaCha8Rng,
    sizes: Sizes,
    target: usize,
}

/// What sizes a hand asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sizes {
    /// Up to so many bytes, evenly.
    Even(u64),
    /// Mostly small, now and then up to so many bytes.
    Mixed(u64),
    /// Within a few granules of one to four pages, where fragments of every size arise at page boundaries.
    Pages,
}

impl Hand {
    pub(crate) fn new(seed: u64, sizes: Sizes, target: usize) -> Hand {
        Hand {
            live: Vec::new(),
            rng: ChaCha8Rng::seed_from_u64(seed),
            sizes,
            target,
        }
    }

    /// The next size.
    pub(crate) fn size(&mut self) -> u64 {
        match self.sizes {
            Sizes::Even(most) => self.rng.random_range(0..most),
            Sizes::Mixed(most) if self.rng.random_bool(0.05) => self.rng.random_range(0..most),
            Sizes::Mixed(most) => self.rng.random_range(0..most.min(400)),
            Sizes::Pages if self.rng.random_bool(0.4) => self.rng.random_range(0..200),
            Sizes::Pages => {
                let pages = self.rng.random_range(1..5);
                pages * PAGE + self.rng.random_range(0..12) * 16 - 100
            }
        }
    }

    /// Whether the next step should allocate, so that about `target` blocks live.
    pub(crate) fn grows(&mut self) -> bool {
        let share = if self.live.len() < self.target {
            0.7
        } else {
            0.3
        };
        self.live.is_empty() || self.rng.random_bool(share)
    }

    /// Takes one of the live payloads at random.
    pub(crate) fn take(&mut self) -> u64 {
        let nth = self.rng.random_range(0..self.live.len());
        self.live.swap_remove(nth)
    }

    /// A random number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.rng.random_range(0..end)
    }

    /// One request. Answers with a number that stands for the heap's answer.
    pub(crate) fn step(&mut self, heap: &Heap) -> u64 {
        if self.grows() {
            let size = self.size();
            return self.keep(heap.alloc(size, Flags::NONE).map(|placed| placed.payload));
        }
        let payload = self.take();
        if self.rng.random_bool(0.2) {
            let size = self.size();
            let moved = heap.realloc(payload, size, Flags::NONE);
            if moved.is_err() {
                self.live.push(payload);
            }
            return self.keep(moved.map(|moved| moved.payload));
        }
        let freed = heap.free(payload, Flags::NONE).expect("a live block");
        freed.requested
    }

    fn keep(&mut self, answer: Result<u64, AllocError>) -> u64 {
        let Ok(payload) = answer else {
            return u64::MAX;
        };
        self.live.push(payload);
        payload
    }

    /// Many requests. Answers with a hash of all answers.
    pub(crate) fn run(&mut self, heap: &Heap, steps: u64) -> u64 {
        (0..steps).fold(0, |hash, _| mix(hash, self.step(heap)))
    }
}

/// Lines of a file of `/proc/self` that describe mappings within the arena, each with the lines that belong to it.
#[cfg(target_os = "linux")]
pub(crate) fn mappings(heap: &Heap, file: &str) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(format!("/proc/self/{file}")).expect("a Linux /proc");
    let base = heap.memory().base();
    let arena = base..base + heap.memory().bytes();
    let range = |line: &str| {
        let (from, to) = line.split_once(' ')?.0.split_once('-')?;
        let number = |text| u64::from_str_radix(text, 16).ok();
        Some(number(from)?..number(to)?)
    };
    let mut found: Vec<Vec<String>> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        if let Some(range) = range(line) {
            inside = range.start < arena.end && arena.start < range.end;
            if inside {
                found.push(Vec::new());
            }
        }
        if inside && let Some(mapping) = found.last_mut() {
            mapping.push(line.to_owned());
        }
    }
    found
}

/// The words and the charge of an arena at one moment.
pub(crate) struct Snapshot {
    image: Vec<(u64, u64)>,
    pages: u64,
}

impl Snapshot {
    pub(crate) fn of(heap: &Heap) -> Snapshot {
        let (pages, _, side) = heap.look(|core| core.page_counts());
        Snapshot {
            image: image(heap),
            pages: pages + side,
        }
    }

    /// Makes the arena what it was.
    pub(crate) fn restore(&self, heap: &Heap) {
        let words = heap.memory().words();
        each_page(heap, |page| {
            let from = (page * PAGE_WORDS) as usize;
            for word in &words[from..from + PAGE_WORDS as usize] {
                word.store(0, Relaxed);
            }
        });
        for &(at, word) in &self.image {
            words[at as usize].store(word, Relaxed);
        }
        heap.memory().recharge(self.pages * PAGE);
    }
}
