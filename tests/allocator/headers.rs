//! Damage: found wherever it is, refused where it would be touched, and never the end of this process.

use std::cell::Cell;
use std::sync::atomic::Ordering::Relaxed;

use heapwalk::heap::{
    Access, AllocError, Block, Core, Direct, Entry, Flags, Header, Heap, Misuse, Options, Policy,
    Settings, Word,
};
use heapwalk::os::Memory;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::support::{
    Hand, Sizes, Snapshot, assert_sound, busy_payloads, each_page, entries, fixed, hash, heap,
    seeds, small_growable,
};

/// A block as the walk tells it.
#[derive(Clone, Copy, Debug)]
struct Found {
    block: Block,
    header: Header,
}

impl Found {
    fn word(self) -> usize {
        self.block.address() as usize / 8 + 1
    }

    fn end(self) -> u64 {
        self.block.address() + self.header.size() * 16
    }

    fn is_busy(self) -> bool {
        self.header.has(Header::BUSY) && !self.header.has(Header::RANGE)
    }
}

/// Every block that has a header, hidden and large ones included.
fn blocks(heap: &Heap) -> Vec<Found> {
    let header = |block: Block| {
        let word = &heap.memory().words()[block.address() as usize / 8 + 1];
        Header(word.load(Relaxed))
    };
    let found = |entry| match entry {
        Entry::Block(block, header) | Entry::Descriptor(block, header) => {
            Some(Found { block, header })
        }
        Entry::Large(region) => {
            let block = heap.look(|core| core.large_block(region));
            Some(Found {
                block,
                header: header(block),
            })
        }
        _ => None,
    };
    entries(heap).into_iter().filter_map(found).collect()
}

fn allocate(heap: &Heap, sizes: &[u64]) -> Vec<u64> {
    let one = |&size| heap.alloc(size, Flags::NONE).expect("room").payload;
    sizes.iter().map(one).collect()
}

fn free(heap: &Heap, payloads: impl IntoIterator<Item = u64>) {
    for payload in payloads {
        heap.free(payload, Flags::NONE).expect("a live block");
    }
}

/// Heaps in which every kind of block stands beside every kind of neighbour.
fn neighbourhoods() -> Vec<(&'static str, Heap)> {
    let growable = Options::default();
    let mut heaps = vec![
        ("fresh", heap(growable)),
        ("fresh, fixed", heap(fixed(0x1000))),
    ];

    let lists = heap(growable);
    let payloads = allocate(&lists, &[24, 40, 200, 72, 500, 120, 300]);
    free(&lists, [1, 3, 5].map(|nth| payloads[nth]));
    heaps.push(("holes of different sizes", lists));

    let equal = heap(growable);
    let payloads = allocate(&equal, &[64; 8]);
    free(&equal, [1, 3, 5].map(|nth| payloads[nth]));
    heaps.push(("holes of one size", equal));

    let tree = heap(growable);
    let payloads = allocate(&tree, &[3000, 24, 3000, 24, 5000, 24, 3000, 24, 9000, 24]);
    free(&tree, [0, 2, 4, 6, 8].map(|nth| payloads[nth]));
    heaps.push(("the size tree", tree));

    let full = heap(fixed(0x2000));
    while full.alloc(1000, Flags::NONE).is_ok() {}
    while full.alloc(0, Flags::NONE).is_ok() {}
    heaps.push(("full, the last block busy", full));

    let last = heap(fixed(0x2000));
    allocate(&last, &[1000, 0x1000, 100]);
    heaps.push(("the last block free", last));

    let ranges = heap(growable);
    let payloads = allocate(&ranges, &[100, 0x3000, 100, 0x3000, 100]);
    free(&ranges, [1, 3].map(|nth| payloads[nth]));
    assert!(ranges.minimize(Flags::NONE).expect("undamaged").pages > 2);
    heaps.push(("between uncommitted ranges", ranges));

    let pairs = heap(Options {
        flags: Flags::DISABLE_COALESCE_ON_FREE,
        ..growable
    });
    let payloads = allocate(&pairs, &[24, 40, 24, 3000, 24]);
    free(&pairs, [0, 1, 2, 3].map(|nth| payloads[nth]));
    heaps.push(("free neighbours", pairs));

    let segments = heap(growable);
    allocate(&segments, &[0x8000, 0x8000, 0x2000, 100]);
    heaps.push(("a second segment", segments));

    let large = heap(growable);
    allocate(&large, &[0x10_0000, 24, 0x10_0000]);
    heaps.push(("large blocks", large));
    heaps
}

/// Every bit flipped, and nothing but zeros.
fn mutations(header: u64) -> impl Iterator<Item = (String, u64)> {
    let flips = (0..64).map(move |bit| (format!("bit {bit}"), header ^ 1 << bit));
    flips.chain([("all zero".to_owned(), 0)])
}

/// Calls `each` for every damaged header of every neighbourhood; puts things right afterwards.
fn each_damage(mut each: impl FnMut(&Heap, &[Found], usize, &str)) {
    let mut damaged = 0;
    for (name, heap) in neighbourhoods() {
        assert_sound(&heap, name);
        let found = blocks(&heap);
        let pristine = Snapshot::of(&heap);
        for (nth, block) in found.iter().enumerate() {
            for (mutation, word) in mutations(block.header.0) {
                heap.memory().words()[block.word()].store(word, Relaxed);
                each(
                    &heap,
                    &found,
                    nth,
                    &format!("{name}: {block:x?}, {mutation}"),
                );
                pristine.restore(&heap);
                damaged += 1;
            }
        }
        assert_sound(&heap, name);
    }
    assert!(damaged > 4000, "{damaged} cases");
}

#[test]
fn invariant_5_every_flipped_bit_of_every_header_is_found() {
    each_damage(|heap, found, nth, context| {
        let (findings, total) = heap.validate(Flags::NONE, 100);
        assert!(total > 0, "{context}");
        let at = found[nth].word() as u64 * 8;
        assert!(
            findings.iter().any(|finding| finding.at == at),
            "{context}: {findings:x?} tell of other places"
        );
        // The rest of the heap is still walked.
        let walked = blocks(heap);
        assert!(walked.len() + 1 >= found.len(), "{context}: {walked:x?}");
    });
}

/// Whether an error says that the heap is damaged.
fn says_damaged(error: AllocError) -> bool {
    matches!(
        error,
        AllocError::Damaged(_) | AllocError::Misuse(Misuse::Damaged)
    )
}

#[test]
fn s9_a_damaged_block_and_its_neighbours_are_refused_and_nothing_changes() {
    let mut refused = 0;
    each_damage(|heap, found, nth, context| {
        let before = hash(heap);
        let touching = |block: &Found| {
            let damaged = found[nth];
            let (start, end) = (block.block.address(), block.end());
            // Through a hole, which a freed block joins, its end is written to what follows.
            let mut holes = found
                .iter()
                .filter(|hole| !hole.header.has(Header::BUSY) && hole.block.address() == end);
            block.block == damaged.block
                || start == damaged.end()
                || end == damaged.block.address()
                || holes.any(|hole| hole.end() == damaged.block.address())
        };
        for block in found
            .iter()
            .filter(|block| block.is_busy())
            .filter(|block| touching(block))
        {
            let payload = block.block.payload();
            let error = heap.free(payload, Flags::NONE).expect_err(context);
            assert!(says_damaged(error), "{context}: free: {error}");
            for size in [0, 100, 0x2000, 0x20_0000] {
                let error = heap.realloc(payload, size, Flags::NONE).expect_err(context);
                assert!(says_damaged(error), "{context}: realloc {size:#x}: {error}");
            }
            let error = heap
                .validate_block(payload, Flags::NONE)
                .expect_err(context);
            assert!(says_damaged(error), "{context}: validate: {error}");
            refused += 1;
        }
        for sound in [
            heap.compact(Flags::NONE).is_ok(),
            heap.minimize(Flags::NONE).is_ok(),
        ] {
            assert!(
                !sound,
                "{context}: a damaged heap is neither compacted nor minimized"
            );
        }
        assert_eq!(
            hash(heap),
            before,
            "{context}: refused, yet something changed"
        );
    });
    assert!(refused > 4000, "{refused} refusals");
}

#[test]
fn s9_requests_stay_clear_of_damage() {
    let mut refused = 0;
    each_damage(|heap, found, nth, context| {
        let damaged = found[nth];
        let word = heap.memory().words()[damaged.word()].load(Relaxed);
        let untouched = Snapshot::of(heap);
        // What takes the damaged block, what takes a smaller part of it, what needs growth, what goes elsewhere.
        for granules in [
            damaged.header.size(),
            damaged.header.size() / 2,
            0x300,
            0xE000,
            0x1_0000,
        ] {
            let size = (granules.max(2)) * 16 - 8;
            let before = hash(heap);
            match heap.alloc(size, Flags::NONE) {
                Err(error) => {
                    assert_eq!(hash(heap), before, "{context}: alloc {size:#x}: {error}");
                    refused += u64::from(says_damaged(error));
                }
                Ok(placed) => {
                    let start = placed.payload - 16;
                    let inside = start..start + granules.max(2) * 16;
                    assert!(
                        !inside.contains(&damaged.block.address()),
                        "{context}: alloc {size:#x} got {start:#x}"
                    );
                    let now = heap.memory().words()[damaged.word()].load(Relaxed);
                    assert_eq!(
                        now, word,
                        "{context}: alloc {size:#x} wrote over the damage"
                    );
                    untouched.restore(heap);
                }
            }
        }
    });
    assert!(refused > 1000, "{refused} refusals");
}

/// Access that gives up when an operation takes more steps than any budget allows.
struct Watched<'a> {
    direct: Direct<'a>,
    left: Cell<u64>,
    kind: u64,
}

impl<'a> Watched<'a> {
    fn new(heap: &'a Heap, kind: u64, steps: u64) -> Watched<'a> {
        Watched {
            kind,
            direct: heap.direct(),
            left: Cell::new(steps),
        }
    }

    fn step(&self) {
        let left = self.left.get().checked_sub(1);
        self.left
            .set(left.unwrap_or_else(|| panic!("an operation of kind {} does not end", self.kind)));
    }
}

impl Access for &Watched<'_> {
    fn load(&self, at: Word) -> u64 {
        self.step();
        self.direct.load(at)
    }

    fn store(&self, at: Word, value: u64) {
        self.step();
        self.direct.store(at, value);
    }

    fn memory(&self) -> &Memory {
        self.direct.memory()
    }
}

/// Damages words and uses the heap all the same.
struct Vandal {
    heap: Heap,
    rng: ChaCha8Rng,
    payloads: Vec<u64>,
    resident: Vec<u64>,
}

impl Vandal {
    fn new(heap: Heap, seed: u64) -> Vandal {
        let mut resident = Vec::new();
        each_page(&heap, |page| resident.push(page));
        Vandal {
            payloads: busy_payloads(&heap),
            rng: ChaCha8Rng::seed_from_u64(seed),
            resident,
            heap,
        }
    }

    fn words(&self) -> usize {
        self.heap.memory().words().len()
    }

    /// A word: of the control block, a header, or any in use.
    fn place(&mut self) -> usize {
        let nth = self.rng.random_range(0..self.resident.len());
        let any = self.resident[nth] as usize * 512 + self.rng.random_range(0..512);
        let nth = self.rng.random_range(0..self.payloads.len());
        match self.rng.random_range(0..4) {
            0 => self.rng.random_range(0..228),
            // A damaged heap may hand out addresses beyond its arena.
            1 => (self.payloads[nth] as usize / 8).clamp(1, self.words()) - 1,
            _ => any,
        }
    }

    /// A value: random, nearly the old one, small, that of another place, or a header whose check holds.
    fn value(&mut self, old: u64) -> u64 {
        let other = self.place();
        let random: u64 = self.rng.random();
        match self.rng.random_range(0..7) {
            0 => random,
            1 => old ^ 1 << (random & 63),
            2 => random & 0xFFFF,
            3 => 0,
            4 => self.heap.memory().words()[other].load(Relaxed),
            5 => random & 0xFFFF_0000_FFFF,
            _ => {
                let size = [0, 1, 2, 100, 0xFFFFF, random & 0xFFFFF][(random >> 20) as usize % 6];
                let previous = [0, 1, 2, 0xFFFFF][(random >> 24) as usize % 4];
                Header::new(size, previous, random >> 32 & 0x7F, random >> 40 & 0xFF).0
            }
        }
    }

    fn damage(&mut self) {
        for _ in 0..self.rng.random_range(1..12) {
            let place = self.place();
            let old = self.heap.memory().words()[place].load(Relaxed);
            let value = self.value(old);
            self.heap.memory().words()[place].store(value, Relaxed);
        }
    }

    fn payload(&mut self) -> u64 {
        let nth = self.rng.random_range(0..self.payloads.len());
        match self.rng.random_range(0..8) {
            0 => self.rng.random_range(0..self.heap.layout().space / 16) * 16,
            1 => self.rng.random(),
            _ => self.payloads[nth],
        }
    }

    fn size(&mut self) -> u64 {
        match self.rng.random_range(0..10) {
            0 => self.rng.random(),
            1 => self.rng.random_range(0..0x20_0000),
            2..4 => self.rng.random_range(0..0x1_0000),
            _ => self.rng.random_range(0..500),
        }
    }

    fn operate(&mut self) {
        let (kind, payload, size) = (self.rng.random_range(0..KINDS), self.payload(), self.size());
        // Every word of the arena sixteen times, for traversals inside of others; and four times the largest block
        // that a header can claim, for filling and copying it.
        let steps = self.words() as u64 * 16 + (4 << 21);
        let access = Watched::new(&self.heap, kind, steps);
        let placed = self.heap.with(&access, Flags::NO_SERIALIZE, |core| {
            act(core, kind, payload, size)
        });
        self.payloads.extend(placed);
    }
}

/// Kinds of operations.
const KINDS: u64 = 24;

/// One operation; answers with the payload handed out.
fn act(core: Core<'_, &Watched<'_>>, kind: u64, payload: u64, size: u64) -> Option<u64> {
    match kind {
        0..6 => {
            return core
                .alloc(size, Flags::NONE)
                .ok()
                .map(|placed| placed.payload);
        }
        6 => {
            return core
                .alloc(size, Flags::ZERO_MEMORY)
                .ok()
                .map(|placed| placed.payload);
        }
        7..12 => drop(core.free(payload)),
        12..16 => {
            let moved = core.realloc(payload, size, Flags::NONE);
            return moved.ok().map(|moved| moved.payload);
        }
        16 => drop(core.realloc(payload, size, Flags::REALLOC_IN_PLACE_ONLY)),
        17 => drop(core.size(payload)),
        18 => drop(core.validate_block(payload)),
        19 => drop(core.validate(&mut |_| ())),
        20 => drop(core.walk().count()),
        21 => drop(core.compact()),
        22 => drop(core.set_coalesce(size.is_multiple_of(2))),
        _ => drop(core.minimize()),
    }
    None
}

fn settings(checks: bool, policy: Policy, decommit: bool) -> Settings {
    Settings {
        flags: Flags::NONE,
        policy,
        stamp: true,
        checks,
        decommit,
    }
}

#[test]
fn invariant_5_no_bytes_make_the_allocator_panic_or_hang() {
    for seed in seeds(1500) {
        let policy = Policy::ALL[seed as usize % 4];
        let settings = settings(seed % 8 < 4, policy, seed % 3 == 0);
        let heap = if seed % 5 == 0 {
            heap(Options {
                policy,
                checks: settings.checks,
                decommit: settings.decommit,
                ..fixed(0x2_0000)
            })
        } else {
            small_growable(0x40_0000, settings)
        };
        let mut hand = Hand::new(seed, Sizes::Mixed(0x4000), 40);
        hand.run(&heap, 150);
        if seed % 2 == 0 {
            heap.minimize(Flags::NONE).expect("undamaged");
        }
        heap.set_coalesce(seed % 7 != 0);
        let mut vandal = Vandal::new(heap, seed);
        for _ in 0..4 {
            vandal.damage();
            for _ in 0..12 {
                vandal.operate();
            }
        }
    }
}

/// Tells which word to overwrite, and with what, by the blocks there are.
type Damager = fn(&[Found]) -> (usize, u64);

/// Words to overwrite so that some traversal would not end.
fn endless() -> Vec<(&'static str, Damager)> {
    fn nth(found: &[Found], wanted: impl Fn(&&Found) -> bool) -> Found {
        *found.iter().find(wanted).expect("a block of this kind")
    }
    fn itself(found: Found) -> u64 {
        u64::from(found.block.0) << 32
    }
    fn descriptor(found: &[Found]) -> Found {
        nth(found, |found| found.header.has(Header::RANGE))
    }
    fn free(found: &[Found], large: bool) -> Found {
        nth(found, |found| {
            !found.header.has(Header::BUSY) && (found.header.size() >= 128) == large
        })
    }
    // A region's links are in its third word, a block's in the two words behind its header.
    vec![
        ("the second segment is followed by the first", |_| {
            (0x1_0000 / 8 + 2, 1 << 32 | 1)
        }),
        ("a large block is followed by itself", |found| {
            let large = nth(found, |found| found.header.has(Header::LARGE));
            let word = large.block.address() as usize / 0x1_0000 * 0x2000 + 2;
            (word, large.block.address() / 0x1_0000 + 1)
        }),
        ("a range has no pages", |found| {
            (descriptor(found).word() + 2, 0)
        }),
        ("a range has all pages", |found| {
            (descriptor(found).word() + 2, u64::MAX)
        }),
        ("a range is followed by itself", |found| {
            (descriptor(found).word() + 1, itself(descriptor(found)))
        }),
        ("an exact list runs in a circle", |found| {
            (free(found, false).word() + 1, itself(free(found, false)))
        }),
        ("a chain of the size tree runs in a circle", |found| {
            (free(found, true).word() + 1, itself(free(found, true)))
        }),
        ("a node of the size tree is its own child", |found| {
            let node = free(found, true);
            (
                node.word() + 2,
                u64::from(node.block.0) << 32 | u64::from(node.block.0),
            )
        }),
        ("a free block has no size", |found| {
            let free = free(found, false);
            let header = Header::new(0, free.header.previous(), 0, 0);
            (free.word(), header.0)
        }),
    ]
}

/// In the largest space there is, where a budget of half its granules would still take minutes.
#[test]
fn invariant_5_every_traversal_ends_soon_when_links_run_in_circles() {
    let heap = heap(Options {
        flags: Flags::DISABLE_COALESCE_ON_FREE,
        checks: false,
        ..Options::default()
    });
    let payloads = allocate(
        &heap,
        &[
            40, 24, 40, 24, 5000, 24, 5000, 0x6000, 0x6000, 24, 0x10_0000, 24,
        ],
    );
    free(&heap, [0, 1, 2, 4, 6].map(|nth| payloads[nth]));
    let found = blocks(&heap);
    let pristine = Snapshot::of(&heap);
    for (name, damage) in endless() {
        let (word, value) = damage(&found);
        for kind in 0..KINDS {
            for (payload, size) in [
                (payloads[3], 40),
                (payloads[3], 0x4000),
                (payloads[10], 0x8000),
            ] {
                heap.memory().words()[word].store(value, Relaxed);
                let found = heap.validate(Flags::NONE, 3);
                assert!(found.1 > 0, "{name}: {found:?}");
                let access = Watched::new(&heap, kind, 1 << 18);
                heap.with(&access, Flags::NO_SERIALIZE, |core| {
                    act(core, kind, payload, size)
                });
                pristine.restore(&heap);
            }
        }
    }
    assert_sound(&heap, "restored");
}

/// Words whose values could send a traversal through all the space there is: of the control block, of every region's
/// descriptor, of the unit map.
fn far_reaching(heap: &Heap) -> Vec<usize> {
    let map = heap.layout().unit_map;
    let units = heap.look(|core| core.units_end()) as usize;
    let descriptors = (0..units).flat_map(|unit| (0..6).map(move |word| unit * 0x2000 + word));
    (0..66).chain(descriptors).chain(map..map + units).collect()
}

/// As above: 64 GiB are a million units, and no traversal looks at more than a few words for each of those in use.
#[test]
fn invariant_5_no_word_sends_a_traversal_through_all_the_space() {
    for checks in [false, true] {
        let heap = heap(Options {
            flags: Flags::DISABLE_COALESCE_ON_FREE,
            policy: Policy::First,
            checks,
            ..Options::default()
        });
        let payloads = allocate(&heap, &[40, 24, 5000, 24, 0x6000, 24, 0x10_0000, 24]);
        free(&heap, [0, 2].map(|nth| payloads[nth]));
        let pristine = heap.image(None);
        for word in far_reaching(&heap) {
            for value in [u64::MAX, u64::MAX << 32, u64::from(u32::MAX), 64 << 30] {
                for kind in 0..KINDS {
                    heap.memory().words()[word].store(value, Relaxed);
                    let access = Watched::new(&heap, kind, 1 << 18);
                    heap.with(&access, Flags::NO_SERIALIZE, |core| {
                        act(core, kind, payloads[3], 0x4000)
                    });
                    heap.restore(&pristine);
                }
            }
        }
        assert_sound(&heap, "restored");
    }
}
