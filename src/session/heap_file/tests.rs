use std::io::{self, Read as _};
use std::sync::Arc;

use flate2::Compression;
use flate2::read::ZlibEncoder;
use proptest::prelude::*;

use super::*;
use crate::heap::{Access, Flags, Options, Stats};

fn limit() -> Arc<CommitLimit> {
    Arc::new(CommitLimit::new(1 << 30))
}

/// A heap of some kind with some blocks, of which every third was freed.
fn heap(source: Source, sizes: &[u64]) -> Heap {
    let options = Options {
        source,
        maximum: 0x4_0000,
        ..Options::default()
    };
    let heap = Heap::new(&options, &limit()).expect("a small heap");
    for (nth, &size) in sizes.iter().enumerate() {
        if let Ok(placed) = heap.alloc(size, Flags::NONE)
            && nth % 3 == 0
        {
            heap.free(placed.payload, Flags::NONE)
                .expect("a live block");
        }
    }
    heap
}

fn kept(base: &str, index: Option<u64>, payload: u64, born: u64) -> KeptName {
    let base = base.to_owned();
    KeptName {
        name: Name { base, index },
        payload,
        born,
    }
}

fn written(file: &HeapFile) -> Vec<u8> {
    let mut bytes = Vec::new();
    let length = file.write(&mut bytes).expect("memory takes all");
    assert_eq!(length, bytes.len() as u64);
    bytes
}

/// A file with two blocks and two names.
fn small() -> Vec<u8> {
    let heap = heap(Source::Fixed, &[40, 100]);
    let names = vec![
        kept("a", None, 0x730, 1),
        kept("b", Some(u64::MAX), 0x760, 2),
    ];
    written(&HeapFile::of(&heap, names))
}

fn refusal(bytes: &[u8]) -> String {
    match HeapFile::read(bytes) {
        Ok(_) => panic!("{} bytes were read as a heap", bytes.len()),
        Err(error) => error.to_string(),
    }
}

/// The bytes with another checksum, which is right.
fn summed(mut bytes: Vec<u8>) -> Vec<u8> {
    let at = bytes.len() - CHECKSUM;
    let sum = crc32fast::hash(&bytes[..at]).to_le_bytes();
    bytes[at..].copy_from_slice(&sum);
    bytes
}

fn any_source() -> impl Strategy<Value = Source> {
    prop_oneof![
        Just(Source::Growable),
        Just(Source::Fixed),
        Just(Source::Buffer)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_heap_comes_back_byte_for_byte_damaged_or_not(
        source in any_source(),
        sizes in prop::collection::vec(prop_oneof![4 => 0_u64..600, 1 => 0_u64..3_000_000], 0..60),
        damage in prop::collection::vec((0_usize..0x1800, any::<u64>()), 0..20),
        names in prop::collection::vec((0_u64..0x1000, any::<Option<u64>>(), any::<u64>()), 0..20),
    ) {
        let heap = heap(source, &sizes);
        for (word, value) in damage {
            heap.direct().store(word, value);
        }
        let names: Vec<KeptName> = names
            .into_iter()
            .map(|(payload, index, born)| kept("block", index, payload * 16, born))
            .collect();
        let file = HeapFile::of(&heap, names.clone());
        let bytes = written(&file);
        let read = HeapFile::read(&bytes[..]).expect("what was written");
        prop_assert_eq!(&read.names, &names);
        let limit = limit();
        let copy = read.make(&limit).expect("room");
        let again = HeapFile::of(&copy, names);
        prop_assert!(again.image.same_arena(&file.image));
        prop_assert_eq!(copy.stats(), heap.stats());
        prop_assert_eq!(limit.used(), heap.memory().charged());
        prop_assert!(written(&again) == bytes, "the copy gives the same file");
        // Into the heap it came from, whatever has become of it.
        heap.give_everything_back();
        prop_assert_eq!(read.restore(&heap), Ok(()));
        prop_assert!(heap.image(None).same_arena(&file.image));
    }
}

#[test]
fn a_file_that_is_cut_off_anywhere_is_refused_with_the_place() {
    let bytes = small();
    for length in 0..bytes.len() {
        let words = refusal(&bytes[..length]);
        let at = format!("the heap image is cut off at byte {length}: ");
        assert!(words.starts_with(&at), "{length}: {words}");
    }
    assert!(HeapFile::read(&bytes[..]).is_ok());
}

#[test]
fn every_flipped_bit_is_refused() {
    let bytes = small();
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let words = refusal(&flipped);
        if bit / 8 >= HEAD {
            assert!(words.contains("checksum"), "bit {bit}: {words}");
        }
    }
}

#[test]
fn a_refusal_says_what_is_wrong() {
    let with = |at: usize, value: u64, length: usize| {
        let mut bytes = small();
        bytes[at..at + length].copy_from_slice(&value.to_le_bytes()[..length]);
        summed(bytes)
    };
    let mut longer = small();
    let end = longer.len();
    longer.push(0);
    let impossible = |what: &str| format!("the heap image is impossible: {what}");
    for (bytes, expected) in [
        (
            b"alloc a 64\n".to_vec(),
            "this is not a heap image".to_owned(),
        ),
        (
            with(8, 2, 4),
            "this heap image has version 2, and version 1".to_owned(),
        ),
        (with(8, 0, 4), impossible("the version cannot be 0")),
        (
            longer,
            format!("the heap image ends at byte {end}, and more"),
        ),
        (
            with(12, 1000, 8),
            impossible("the bytes of its space cannot be 1000"),
        ),
        (with(12, 1 << 50, 8), impossible("the bytes of its space")),
        (
            with(20, 3, 4),
            impossible("the kind of its memory cannot be 3"),
        ),
        (
            with(24, u64::MAX, 8),
            impossible("the bytes it had committed"),
        ),
        (with(32, u64::MAX, 8), impossible("the bytes it had in use")),
        (
            with(40, u64::MAX, 8),
            impossible("a count cannot be 18446744073709551615"),
        ),
        (
            with(HEAD - 24, u64::MAX, 8),
            impossible("its number of pages"),
        ),
        (
            with(HEAD - 16, u64::MAX, 8),
            impossible("its number of names"),
        ),
        (
            with(HEAD - 8, u64::MAX, 8),
            impossible("the bytes of its body"),
        ),
        (with(HEAD - 24, 1, 8), impossible("the letters of a name")),
        (
            with(HEAD - 16, 1, 8),
            "the heap image cannot be unpacked: there is more".to_owned(),
        ),
        (
            with(HEAD, 0, 8),
            "the heap image cannot be unpacked".to_owned(),
        ),
    ] {
        let words = refusal(&bytes);
        assert!(words.starts_with(&expected), "{words}, expected {expected}");
    }
}

/// A body that would unpack to far more than the file says is read as far as it says.
#[test]
fn a_bomb_is_not_unpacked() {
    let mut bytes = small();
    let mut bomb = Vec::new();
    ZlibEncoder::new(io::repeat(0).take(200 << 20), Compression::fast())
        .read_to_end(&mut bomb)
        .expect("it packs");
    bytes.truncate(HEAD);
    bytes[HEAD - 8..].copy_from_slice(&(bomb.len() as u64).to_le_bytes());
    bytes.extend(bomb);
    bytes.extend([0; CHECKSUM]);
    let words = refusal(&summed(bytes));
    assert!(
        words.starts_with("the heap image is impossible: "),
        "{words}"
    );
}

#[test]
fn a_heap_beyond_the_commit_limit_is_not_made() {
    for source in [Source::Fixed, Source::Buffer] {
        let file = HeapFile::of(&heap(source, &[5000; 20]), Vec::new());
        let limit = Arc::new(CommitLimit::new(0x8000));
        assert!(file.make(&limit).is_err(), "{source:?}");
        assert_eq!(limit.used(), 0, "{source:?}");
    }
}

/// A file may say that as much was counted as can be: what its heap counts on from there is written as that.
#[test]
fn counts_at_their_limit_are_written_so_that_they_can_be_read() {
    let heap = heap(Source::Fixed, &[40]);
    let image = heap.image(None);
    let counted = Stats {
        allocs: u64::MAX,
        ..image.stats()
    };
    let file = HeapFile {
        image: image.with_stats(counted),
        ..HeapFile::of(&heap, Vec::new())
    };
    let mut bytes = Vec::new();
    file.write(&mut bytes).expect("memory takes all");
    let read = HeapFile::read(&bytes[..]).expect("a heap image");
    assert_eq!(read.image.stats().allocs, MOST_COUNTED);
}

#[test]
fn a_heap_of_another_layout_is_not_restored() {
    let file = HeapFile::of(&heap(Source::Fixed, &[40]), Vec::new());
    for source in [Source::Growable, Source::Buffer] {
        let other = heap(source, &[40]);
        let before = other.image(None);
        assert!(file.restore(&other).is_err(), "{source:?}");
        assert!(other.image(None).same_arena(&before), "{source:?}");
    }
}
