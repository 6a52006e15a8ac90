//! Placement against brute force over the walk, after every operation.

use std::collections::BTreeMap;

use heapwalk::heap::{
    AllocError, Event, Flags, Heap, Options, Placed, Policy, Traced, granules_for,
};

use crate::support::{Hand, Sizes, assert_sound, fixed, free_blocks, heap, seeds};

/// Sizes from here on live in the size tree, smaller ones on exact lists.
const TREE: u64 = 128;

/// The free blocks by size in granules, each size in the order in which its blocks will be reused: what the links and
/// unlinks of a trace make of it.
#[derive(Default)]
struct Order(BTreeMap<u64, Vec<u32>>);

impl Order {
    /// Follows a trace. `sizes` tells the sizes of the blocks that are linked at its end; blocks linked and unlinked
    /// again within it do not matter.
    fn follow(&mut self, events: &[Event], sizes: &BTreeMap<u32, u64>) {
        for (nth, event) in events.iter().enumerate() {
            match *event {
                Event::Unlink(block) => self.unlink(block.0),
                Event::Link(block) => {
                    let gone = events[nth + 1..].contains(&Event::Unlink(block));
                    if !gone {
                        self.link(block.0, sizes[&block.0]);
                    }
                }
                _ => {}
            }
        }
        let linked: usize = self.0.values().map(Vec::len).sum();
        assert_eq!(linked, sizes.len(), "every free block is linked once");
    }

    /// The newest is reused first; in the tree the first of a size is its node, which is reused last.
    fn link(&mut self, block: u32, size: u64) {
        self.0.entry(size).or_default().insert(0, block);
    }

    /// Where a node leaves the tree the newest of its size takes its place.
    fn unlink(&mut self, block: u32) {
        for (&size, blocks) in &mut self.0 {
            let Some(at) = blocks.iter().position(|&found| found == block) else {
                continue;
            };
            blocks.remove(at);
            if size >= TREE && at == blocks.len() && !blocks.is_empty() {
                blocks.rotate_left(1);
            }
        }
        self.0.retain(|_, blocks| !blocks.is_empty());
    }

    /// The block that best fit or worst fit gives.
    fn choose(&self, need: u64, policy: Policy) -> Option<u32> {
        let mut fitting = self.0.range(need..);
        let (_, blocks) = if policy == Policy::Best {
            fitting.next()?
        } else {
            fitting.next_back()?
        };
        blocks.first().copied()
    }
}

/// A heap, its free blocks as brute force knows them, and next fit's rover.
struct Watch {
    heap: Heap,
    policy: Policy,
    order: Order,
    rover: u32,
}

impl Watch {
    fn new(options: Options) -> Watch {
        let heap = heap(options);
        let mut order = Order::default();
        for (&block, &size) in &sizes(&heap) {
            order.link(block, size);
        }
        Watch {
            heap,
            policy: options.policy,
            order,
            rover: 1,
        }
    }

    /// Where a request goes by brute force, and how many free blocks a scan looks at before it knows. `None` if
    /// nothing fits.
    fn expected(&self, need: u64) -> (Option<u32>, Option<u64>) {
        let free = sizes(&self.heap);
        let from = match self.policy {
            Policy::First => 1,
            Policy::Next => self.rover,
            policy => return (self.order.choose(need, policy), None),
        };
        // A heap without so many free granules at all is not scanned.
        if free.values().sum::<u64>() < need {
            return (None, Some(0));
        }
        let scan: Vec<_> = free.range(from..).chain(free.range(..from)).collect();
        let hit = scan.iter().position(|&(_, &size)| size >= need);
        let probes = hit.map_or(scan.len(), |hit| hit + 1) as u64;
        (hit.map(|hit| *scan[hit].0), Some(probes))
    }

    /// Allocates and compares.
    fn alloc(&mut self, size: u64, context: &str) -> Result<Placed, AllocError> {
        let need = granules_for(size, heapwalk::heap::NET_HEADER).expect("a sane size");
        let (block, probes) = self.expected(need);
        let access = Traced::new(self.heap.memory(), 1000);
        let answer = self
            .heap
            .with(&access, Flags::NONE, |core| core.alloc(size, Flags::NONE));
        let (events, dropped) = access.finish();
        assert_eq!(dropped, 0, "{context}");
        let probed = events
            .iter()
            .filter(|event| matches!(event, Event::Probe { .. }));
        let probed = probed.count() as u64;
        if let Some(probes) = probes {
            assert_eq!(
                probed, probes,
                "{context}: blocks looked at for {need} granules"
            );
        }
        let placed = match answer {
            Ok(placed) => placed,
            Err(error) => {
                assert_eq!(block, None, "{context}: {error}, though a block fits");
                let looks = |event: &Event| {
                    matches!(
                        event,
                        Event::Probe { .. }
                            | Event::Request { .. }
                            | Event::Lists { .. }
                            | Event::NoFit { .. }
                    )
                };
                assert!(events.iter().all(looks));
                return Err(error);
            }
        };
        assert_eq!(placed.probes, probed, "{context}: probes reported");
        assert_eq!(
            placed.grew,
            block.is_none(),
            "{context}: grows iff nothing fits"
        );
        let start = (placed.payload / 16 - 1) as u32;
        if let Some(block) = block {
            assert_eq!(start, block, "{context}: {need} granules");
            assert!(probed > 0, "{context}: the block was looked at");
        }
        let after = sizes(&self.heap);
        self.order.follow(&events, &after);
        let taken = events.iter().find_map(|event| match *event {
            Event::Split { size, .. } => Some(size),
            _ => None,
        });
        let whole = || {
            self.heap
                .look(|core| core.walk().find_map(|entry| block_size(entry, start)))
        };
        let taken = taken.or_else(whole).expect("the block handed out");
        if self.policy == Policy::Next {
            self.rover = start + taken as u32;
        }
        Ok(placed)
    }

    fn traced<R>(&mut self, work: impl FnOnce(heapwalk::heap::Core<'_, &Traced<'_>>) -> R) -> R {
        let access = Traced::new(self.heap.memory(), 100_000);
        let result = self.heap.with(&access, Flags::NONE, work);
        let (events, dropped) = access.finish();
        assert_eq!(dropped, 0);
        self.order.follow(&events, &sizes(&self.heap));
        result
    }
}

/// The free blocks in granules, by address.
fn sizes(heap: &Heap) -> BTreeMap<u32, u64> {
    free_blocks(heap)
        .into_iter()
        .map(|(block, bytes)| (block.0, bytes / 16))
        .collect()
}

fn block_size(entry: heapwalk::heap::Entry, start: u32) -> Option<u64> {
    match entry {
        heapwalk::heap::Entry::Block(block, header) if block.0 == start => Some(header.size()),
        _ => None,
    }
}

fn run(options: Options, sizes: Sizes, target: usize, seed: u64) {
    let mut watch = Watch::new(options);
    let mut hand = Hand::new(seed, sizes, target);
    let mut fitted = 0;
    for step in 0..2500 {
        let context = format!("{}, {sizes:?}, seed {seed}, step {step}", options.policy);
        match hand.below(200) {
            0 => {
                watch.traced(|core| core.compact());
            }
            1 if options.source == heapwalk::heap::Source::Growable => {
                watch.traced(|core| core.minimize()).expect("a mapping");
            }
            _ if hand.grows() => {
                let size = hand.size();
                if let Ok(placed) = watch.alloc(size, &context) {
                    fitted += u64::from(!placed.grew);
                    hand.live.push(placed.payload);
                }
            }
            _ => {
                let payload = hand.take();
                watch
                    .traced(|core| core.free(payload))
                    .expect("a live block");
            }
        }
    }
    assert_sound(&watch.heap, "after the run");
    assert!(fitted > 500, "{fitted} placements were compared");
}

#[test]
fn i1_every_policy_agrees_with_brute_force_over_the_walk() {
    let shapes = [
        (Options::default(), Sizes::Even(300), 200),
        (Options::default(), Sizes::Mixed(0x8000), 100),
        (Options::default(), Sizes::Pages, 80),
        (fixed(0x4_0000), Sizes::Mixed(9000), 400),
        (
            Options {
                flags: Flags::DISABLE_COALESCE_ON_FREE,
                ..Options::default()
            },
            Sizes::Mixed(6000),
            100,
        ),
    ];
    for policy in Policy::ALL {
        for (options, sizes, target) in shapes {
            for seed in seeds(2) {
                run(Options { policy, ..options }, sizes, target, seed);
            }
        }
    }
}

/// Few sizes, so that there are many blocks of each, in lists and in the tree's chains.
#[test]
fn i1_of_equal_blocks_the_most_recently_freed_is_reused_first() {
    for (size, policy) in [
        (40, Policy::Best),
        (40, Policy::Worst),
        (4000, Policy::Best),
        (4000, Policy::Worst),
    ] {
        let heap = heap(Options {
            policy,
            ..fixed(0x1_0000)
        });
        let mut payloads = Vec::new();
        while let Ok(placed) = heap.alloc(size, Flags::NONE) {
            // Kept apart, so that the holes do not join.
            heap.alloc(0, Flags::NONE).ok();
            payloads.push(placed.payload);
        }
        while heap.alloc(0, Flags::NONE).is_ok() {}
        let order: Vec<u64> = [3, 0, 5, 1, 7].map(|nth| payloads[nth]).into();
        for &payload in &order {
            heap.free(payload, Flags::NONE).expect("a live block");
        }
        let again: Vec<u64> = (0..5)
            .map(|_| heap.alloc(size, Flags::NONE).expect("a hole").payload)
            .collect();
        let newest_first: Vec<u64> = order.into_iter().rev().collect();
        assert_eq!(again, newest_first, "{size} bytes, {policy}");
    }
}
