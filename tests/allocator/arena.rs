//! The one idea: a heap is a value in memory, so its bytes may be moved, copied and handed to another process.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::Ordering::Relaxed;

use heapwalk::heap::{Flags, Heap, Options, Policy, Source};
use heapwalk::os::{Memory, PAGE};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::support::{
    Hand, PAGE_WORDS, Sizes, assert_sound, busy_payloads, each_page, entries, fixed, hash, heap,
    image, mix, seeds, wide_limit,
};

/// Heaps whose bytes differ in kind: lists and tree, ranges and segments, large blocks, patterns, unmerged blocks.
fn shapes() -> Vec<(&'static str, Options, Sizes)> {
    let growable = Options::default();
    let with = |flags| Options { flags, ..growable };
    vec![
        ("growable", growable, Sizes::Mixed(9000)),
        ("growable, large blocks", growable, Sizes::Mixed(0x18_0000)),
        ("fixed", fixed(0x8_0000), Sizes::Mixed(20_000)),
        (
            "next fit, decommit on free",
            Options {
                policy: Policy::Next,
                decommit: true,
                ..growable
            },
            Sizes::Pages,
        ),
        (
            "no coalescing",
            with(Flags::DISABLE_COALESCE_ON_FREE),
            Sizes::Mixed(5000),
        ),
        (
            "patterns",
            with(Flags::TAIL_CHECKING | Flags::FREE_CHECKING),
            Sizes::Mixed(3000),
        ),
        (
            "buffer",
            Options {
                source: Source::Buffer,
                ..fixed(0x4_0000)
            },
            Sizes::Even(2000),
        ),
    ]
}

/// A new heap over a copy of an arena's words.
fn adopt(bytes: u64, image: &[(u64, u64)]) -> Heap {
    let memory = Memory::reserve(bytes, wide_limit()).expect("addresses for a copy");
    for &(at, word) in image {
        memory.words()[at as usize].store(word, Relaxed);
    }
    let heap = Heap::adopt(memory).expect("the copy of an arena");
    let (pages, _, side) = heap.look(|core| core.page_counts());
    heap.memory().recharge((pages + side) * PAGE);
    heap
}

/// Overwrites every page of an arena that holds anything.
fn scribble(heap: &Heap, seed: u64) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut pages = Vec::new();
    each_page(heap, |page| pages.push(page));
    for at in pages
        .into_iter()
        .flat_map(|page| page * PAGE_WORDS..(page + 1) * PAGE_WORDS)
    {
        heap.memory().words()[at as usize].store(rng.random(), Relaxed);
    }
}

#[test]
fn a_copied_arena_lives_on_when_the_original_is_destroyed() {
    for (name, options, sizes) in shapes() {
        for seed in seeds(2) {
            let (original, twin) = (heap(options), heap(options));
            let (mut hand, mut other) = (Hand::new(seed, sizes, 80), Hand::new(seed, sizes, 80));
            assert_eq!(hand.run(&original, 3000), other.run(&twin, 3000), "{name}");
            let copy = adopt(original.memory().bytes(), &image(&original));
            scribble(&original, seed);
            assert!(
                original.validate(Flags::NO_SERIALIZE, 1).1 > 0,
                "{name}: the original is in ruins"
            );
            assert_eq!(entries(&copy), entries(&twin), "{name}, seed {seed}");
            assert_sound(&copy, name);
            assert_eq!(hand.run(&copy, 3000), other.run(&twin, 3000), "{name}");
            assert_sound(&copy, name);
            assert_eq!(
                image(&copy),
                image(&twin),
                "{name}, seed {seed}: the move left a difference"
            );
        }
    }
}

#[test]
fn invariant_6_the_same_operations_give_the_same_bytes_at_any_address() {
    for (name, options, sizes) in shapes() {
        for seed in seeds(2) {
            let (one, two) = (heap(options), heap(options));
            assert_ne!(one.memory().base(), two.memory().base());
            let run = |heap: &Heap| Hand::new(seed, sizes, 80).run(heap, 3000);
            assert_eq!(run(&one), run(&two), "{name}, seed {seed}");
            assert!(image(&one).len() > 1000, "{name}: something was written");
            assert_eq!(image(&one), image(&two), "{name}, seed {seed}");
        }
    }
}

/// The space is 256 KiB: a pair of links cannot look like an address then, nor can a stamp.
#[test]
fn no_word_of_an_arena_is_an_address_within_it() {
    for policy in Policy::ALL {
        for seed in seeds(2) {
            let heap = heap(Options {
                policy,
                ..fixed(0x4_0000)
            });
            Hand::new(seed, Sizes::Mixed(9000), 80).run(&heap, 3000);
            let base = heap.memory().base();
            let arena = base..base + heap.memory().bytes();
            let inside: Vec<_> = image(&heap)
                .into_iter()
                .filter(|(_, word)| arena.contains(word))
                .collect();
            assert_eq!(inside, [], "seed {seed}, {policy}, base {base:#x}");
        }
    }
}

#[test]
fn adopt_gives_back_what_is_no_arena() {
    let donor = heap(fixed(0x1_0000));
    let image = image(&donor);
    let bytes = donor.memory().bytes();
    // (what is wrong, bytes of the memory, word to overwrite)
    for (wrong, bytes, word) in [
        ("too long", bytes + PAGE, None),
        ("no signature", bytes, Some((4, 1))),
        ("another space", bytes, Some((5, 0x2_0000))),
    ] {
        let memory = Memory::reserve(bytes, wide_limit()).expect("a small reserve");
        for (at, word) in image
            .iter()
            .copied()
            .chain(word)
            .filter(|&(at, _)| at < bytes / 8)
        {
            memory.words()[at as usize].store(word, Relaxed);
        }
        let refused = Heap::adopt(memory).expect_err(wrong);
        assert_eq!(refused.bytes(), bytes, "{wrong}");
    }
}

/// What the variable names is the file with the image, in the process that adopts it.
const IMAGE: &str = "HEAPWALK_TEST_IMAGE";

fn write_image(path: &Path, heap: &Heap) {
    let words = image(heap).into_iter().flat_map(|(at, word)| [at, word]);
    let bytes: Vec<u8> = std::iter::once(heap.memory().bytes())
        .chain(words)
        .flat_map(u64::to_le_bytes)
        .collect();
    fs::write(path, bytes).expect("a temporary file");
}

fn read_image(path: &Path) -> Heap {
    let bytes = fs::read(path).expect("the image");
    let words: Vec<u64> = bytes
        .chunks_exact(8)
        .map(|word| u64::from_le_bytes(word.try_into().expect("eight bytes")))
        .collect();
    let pairs: Vec<(u64, u64)> = words[1..]
        .chunks_exact(2)
        .map(|pair| (pair[0], pair[1]))
        .collect();
    adopt(words[0], &pairs)
}

/// Walks, validates and uses a heap on the strength of its bytes alone.
fn carry_on(heap: &Heap) -> u64 {
    assert_sound(heap, "carried on");
    let walked = entries(heap);
    let mut hand = Hand::new(7, Sizes::Mixed(9000), 80);
    hand.live = busy_payloads(heap);
    let answers = hand.run(heap, 2000);
    assert_sound(heap, "carried on");
    mix(mix(walked.len() as u64, answers), hash(heap))
}

/// Starts itself again as the other process, which finds the image's path in its environment.
#[test]
fn another_process_adopts_an_image_and_carries_on() {
    if let Some(path) = std::env::var_os(IMAGE) {
        println!("hash {:#x}", carry_on(&read_image(Path::new(&path))));
        return;
    }
    for (name, options, sizes) in shapes() {
        let original = heap(options);
        Hand::new(3, sizes, 80).run(&original, 3000);
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join("arena");
        write_image(&path, &original);
        let output = Command::new(std::env::current_exe().expect("this test's binary"))
            .args([
                "--exact",
                "arena::another_process_adopts_an_image_and_carries_on",
                "--nocapture",
            ])
            .env(IMAGE, &path)
            .output()
            .expect("a second process");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success(),
            "{name}: {said}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let expected = format!("hash {:#x}", carry_on(&original));
        assert!(
            said.lines().any(|line| line.contains(&expected)),
            "{name}: expected {expected} in {said}"
        );
    }
}
