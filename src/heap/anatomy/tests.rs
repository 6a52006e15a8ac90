//! Every word of a control block has a name, and says what it is.

use std::collections::HashMap;
use std::sync::Arc;

use super::*;
use crate::heap::control::{
    BUSY, FREE, LARGE, LARGE_LIST, LIST_BITS, RANGE_BITS, REQUESTED, ROVER, SETTINGS, TREE_BITS,
    UNITS, UNMERGED,
};
use crate::heap::{Flags, Heap, Options, Source};
use crate::os::CommitLimit;

fn heap(options: &Options) -> Heap {
    let limit = Arc::new(CommitLimit::new(1 << 30));
    Heap::new(options, &limit).expect("addresses")
}

fn small() -> Heap {
    heap(&Options {
        source: Source::Fixed,
        maximum: 0x1_0000,
        initial: 0x4000,
        ..Options::default()
    })
}

#[test]
fn the_tables_name_the_slots_that_the_allocator_uses() {
    let heap = small();
    let name = |word: Word| heap.look(|core| core.part_of(word)).to_string();
    for (slot, expected) in [
        (SETTINGS, "flags and policy"),
        (BUSY, "count of busy blocks"),
        (FREE, "count of free blocks"),
        (REQUESTED, "bytes requested"),
        (LARGE, "count of large blocks, and pages"),
        (LARGE_LIST, "first and last large block"),
        (ROVER, "rover of next fit"),
        (UNITS, "units in use"),
        (UNMERGED, "count of unmerged pairs"),
        (LIST_BITS, "bits of the lists from 0"),
        (TREE_BITS, "bits of the tree bins"),
        (RANGE_BITS, "bits of the range classes"),
    ] {
        assert_eq!(name(slot.0), expected);
    }
    heap.look(|core| {
        for (slot, expected) in [
            (core.list_head(5), "head of list 5"),
            (core.list_head(127), "head of list 127"),
            (core.tree_root(0), "root of tree bin 0"),
            (core.tree_root(25), "root of tree bin 25"),
            (core.range_head(3), "head of range class 3"),
        ] {
            assert_eq!(core.part_of(slot.0).to_string(), expected);
        }
    });
    assert_eq!(name(LIST_BITS.0 + 1), "bits of the lists from 64");
    assert_eq!(name(1), "bytes reserved of region 0x00000");
}

/// Every word is what a walk from block to block says it is.
#[test]
fn every_word_of_a_small_arena_is_what_a_walk_says() {
    let heap = small();
    let blocks: Vec<u64> = [40, 64, 3000, 64, 200, 64, 2100, 24]
        .map(|size| heap.alloc(size, Flags::NONE).expect("room").payload)
        .to_vec();
    for at in [1, 4, 6] {
        heap.free(blocks[at], Flags::NONE).expect("a live block");
    }
    let layout = heap.layout();
    heap.look(|core| {
        let mut expected: HashMap<Word, Part> = HashMap::new();
        let mut seen = HashMap::new();
        let region = core.region_at(0).expect("a segment");
        for (block, header) in core.segment_blocks(region) {
            let of = block.address();
            let mut word = block.header();
            let mut put = |piece: Piece| {
                expected.insert(word, Part { piece, of });
                *seen.entry(piece).or_insert(0) += 1;
                word += 1;
            };
            put(Piece::Header);
            let first = match (header.has(Header::RANGE), header.is_free()) {
                (true, _) => [Piece::RangeLinks, Piece::RangePages],
                (_, true) if header.size() >= EXACT => [Piece::Links, Piece::Children],
                (_, true) => [Piece::Links, Piece::Hole],
                _ => [Piece::Payload; 2],
            };
            first.into_iter().for_each(&mut put);
            let rest = if first[0] == Piece::Payload {
                Piece::Payload
            } else {
                Piece::Hole
            };
            for _ in 3..header.size() * 2 {
                put(rest);
            }
        }
        for piece in [
            Piece::Header,
            Piece::Links,
            Piece::Children,
            Piece::Hole,
            Piece::Payload,
            Piece::RangeLinks,
            Piece::RangePages,
        ] {
            assert!(seen.contains_key(&piece), "{piece:?}");
        }
        for word in CONTROL_BYTES as usize / 8..layout.unit_map {
            // The last eight bytes of the run lie in a page that is not committed.
            let committed = core.is_committed(word as u64 / 2 / PAGE_GRANULES);
            let part = expected.get(&word).filter(|_| committed);
            let part = part.copied().unwrap_or(nothing(word));
            assert_eq!(core.part_of(word), part, "word {word:#x}");
        }
        for word in layout.bits..layout.total as usize / 8 {
            let part = core.part_of(word);
            let of = (word - layout.bits) as u64 / 2 * 1024;
            if of < layout.space {
                let busy = (word - layout.bits) % 2 == 1;
                let piece = if busy { Piece::Busy } else { Piece::Starts };
                assert_eq!(part, Part { piece, of }, "word {word:#x}");
            } else {
                assert_eq!(part.piece, Piece::Nothing);
            }
        }
        for word in layout.unit_map..layout.bits {
            let unit = (word - layout.unit_map) as u64;
            let piece = if unit < layout.units() {
                Piece::UnitMap
            } else {
                Piece::Nothing
            };
            assert_eq!(core.part_of(word).piece, piece);
        }
    });
}

#[test]
fn large_blocks_and_words_beyond_the_arena_have_names_too() {
    let heap = heap(&Options::default());
    let payload = heap.alloc(2 << 20, Flags::NONE).expect("room").payload;
    heap.look(|core| {
        let name = |address: u64| core.part_of(word_at(address)).to_string();
        let region = payload - 0x40;
        assert_eq!(
            name(region + 32),
            format!("bytes requested of region {region:#07x}")
        );
        let block = payload - 16;
        assert_eq!(name(payload - 8), format!("header of {block:#07x}"));
        assert_eq!(name(payload + 8000), format!("payload of {block:#07x}"));
        for word in [core.layout.total as usize / 8, usize::MAX / 16] {
            assert_eq!(core.part_of(word).piece, Piece::Nothing);
        }
    });
}

#[test]
fn values_read_as_what_they_mean() {
    let field = |name: &str| {
        let row = FIELDS.iter().position(|row| row.name == name).expect(name);
        Part {
            piece: Piece::Field(row as u8),
            of: 64,
        }
    };
    let header_word = Header::new(5, 2, Header::BUSY, 8).0;
    let part = |piece| Part { piece, of: 0x1000 };
    for (part, value, text) in [
        (field("head of list #"), 0, "none"),
        (field("head of list #"), 0x77, "0x00770"),
        (field("count of busy blocks"), 3 | 15 << 32, "3 with 240 B"),
        (field("bits of the lists from #"), 0b101, "64 66"),
        (field("bits of the lists from #"), u64::MAX, "64 bits"),
        (part(Piece::Header), header_word, "busy, 80 B"),
        (part(Piece::Header), header_word ^ 1, "no header"),
        (part(Piece::Links), 0x72 << 32, "none, 0x00720"),
        (part(Piece::Children), u64::MAX, "in a chain"),
    ] {
        let found = part.value(value);
        assert!(found.ends_with(text), "{found}, expected {text}");
    }
    for (part, old, new, text) in [
        (part(Piece::Busy), 0b1, 0b101, "+0x01020"),
        (part(Piece::Starts), 0b11, 0b101, "+0x01020 -0x01010"),
        (part(Piece::Starts), 1, 1, "as it was"),
        (field("bits of the lists from #"), 1, 0, "-64"),
        (field("bytes requested"), 1, 64, "64 B"),
    ] {
        assert_eq!(part.change(old, new), text);
    }
}
