//! What each word of an arena is: its name, and what a value in it says.
//!
//! A single step of the allocator touches one word. The tables here turn its number into words: `head of list 5`,
//! `header of 0x00770`, `busy bits of 0x00400`.

use std::fmt;

use super::access::Access;
use super::control::{Core, EXACT, RANGE_CLASSES, Settings, TREE_BINS};
use super::header::Header;
use super::region::RegionKind;
use super::units::{Block, CONTROL_BYTES, GRANULE, PAGE_GRANULES, UNIT, Word, high, low, word_at};

/// A word of an arena, by what it is part of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Part {
    /// What it is.
    pub piece: Piece,
    /// Of which: the address of a block, region or run of granules, or the number of a list, bin, class or unit.
    pub of: u64,
}

/// What a word can be.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Piece {
    /// A word of the control block: a row of the table of its fields.
    Field(u8),
    /// A word of a region's descriptor: a row of the table of those.
    Descriptor(u8),
    /// A block's header.
    Header,
    /// Word A of a free block: links of its list, or a node's parent and chain.
    Links,
    /// Word B of a free block in the size tree.
    Children,
    /// The rest of a free block.
    Hole,
    /// What the owner of a busy block may use.
    Payload,
    /// Word A of the hidden block before an uncommitted range: links of its list.
    RangeLinks,
    /// Word B of that block: pages of the range.
    RangePages,
    /// A unit's region and its committed pages.
    UnitMap,
    /// Bits that say where blocks start.
    Starts,
    /// Bits that say which of them are busy.
    Busy,
    /// Part of nothing: not committed, or between the parts.
    Nothing,
}

/// What words are kept for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Keeps {
    /// Blocks, and the lists that they are on.
    Blocks,
    /// The bitmaps.
    Bits,
    /// Counts.
    Counts,
    /// The map of address space.
    Units,
}

/// How a value reads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Reads {
    /// A number.
    Number,
    /// Bits that mean nothing by themselves.
    Bits,
    /// The heap's settings.
    Settings,
    /// A number of bytes.
    Bytes,
    /// A number of things in the low half, their granules in the high one.
    Granules,
    /// Two numbers.
    Pair,
    /// A block, by its granule.
    Link,
    /// Two blocks.
    Links,
    /// A bit for each list, bin or class that holds something.
    Set,
    /// A header word.
    Header,
    /// A bit for each granule of a run.
    Run,
}

/// Words of one kind, one behind the other.
struct Row {
    first: Word,
    count: usize,
    /// With `#` where the number among them goes.
    name: &'static str,
    reads: Reads,
}

const fn row(first: Word, count: usize, name: &'static str, reads: Reads) -> Row {
    Row {
        first,
        count,
        name,
        reads,
    }
}

/// The control block behind the descriptor of the first segment. The picture at the top of `control.rs` has the same.
static FIELDS: [Row; 23] = [
    row(4, 1, "signature of the heap", Reads::Bits),
    row(5, 1, "bytes of the space", Reads::Bytes),
    row(6, 1, "flags and policy", Reads::Settings),
    row(7, 1, "decommit thresholds", Reads::Pair),
    row(8, 1, "count of busy blocks", Reads::Granules),
    row(9, 1, "count of free blocks", Reads::Granules),
    row(10, 1, "bytes requested", Reads::Bytes),
    row(11, 1, "pages committed, and their peak", Reads::Pair),
    row(12, 1, "side pages committed", Reads::Number),
    row(13, 1, "pages reserved, and the next reserve", Reads::Pair),
    row(14, 1, "first and last segment", Reads::Pair),
    row(15, 1, "count of large blocks, and pages", Reads::Pair),
    row(16, 1, "first and last large block", Reads::Pair),
    row(17, 1, "rover of next fit", Reads::Link),
    row(18, 1, "count of uncommitted ranges", Reads::Pair),
    row(19, 1, "units in use", Reads::Pair),
    row(20, 1, "count of unmerged pairs", Reads::Number),
    row(21, 2, "bits of the lists from #", Reads::Set),
    row(23, 1, "bits of the tree bins", Reads::Set),
    row(24, 1, "bits of the range classes", Reads::Set),
    row(25, RANGE_CLASSES, "head of range class #", Reads::Link),
    row(40, TREE_BINS, "root of tree bin #", Reads::Link),
    row(66, EXACT as usize, "head of list #", Reads::Link),
];

/// The descriptor at the start of every region; the picture at the top of `region.rs` has the same.
static DESCRIPTOR: [Row; 6] = [
    row(0, 1, "signature of region #", Reads::Bits),
    row(1, 1, "bytes reserved of region #", Reads::Bytes),
    row(2, 1, "links of region #", Reads::Pair),
    row(3, 1, "pages committed of region #", Reads::Number),
    row(4, 1, "bytes requested of region #", Reads::Bytes),
    row(5, 1, "flags of region #", Reads::Bits),
];

/// Words that the descriptor of a segment has; that of a large block has all.
const SEGMENT_WORDS: usize = 4;

/// Lists of a word of their bitmap.
const LISTS_OF_WORD: usize = 64;

impl Piece {
    /// What a person calls it, with `#` for which one it is, and how its values read.
    fn row(self) -> (&'static str, Reads) {
        match self {
            Piece::Field(row) => named(&FIELDS, row),
            Piece::Descriptor(row) => named(&DESCRIPTOR, row),
            Piece::Header => ("header of #", Reads::Header),
            Piece::Links => ("links of #", Reads::Links),
            Piece::Children => ("children of #", Reads::Links),
            Piece::Hole => ("inside of hole #", Reads::Bits),
            Piece::Payload => ("payload of #", Reads::Bits),
            Piece::RangeLinks => ("links of the range behind #", Reads::Links),
            Piece::RangePages => ("pages of the range behind #", Reads::Number),
            Piece::UnitMap => ("entry # of the unit map", Reads::Pair),
            Piece::Starts => ("start bits from #", Reads::Run),
            Piece::Busy => ("busy bits from #", Reads::Run),
            Piece::Nothing => ("memory of no block at #", Reads::Bits),
        }
    }

    /// Whether `of` is the number of something rather than an address.
    fn is_numbered(self) -> bool {
        matches!(self, Piece::Field(_) | Piece::UnitMap)
    }
}

fn named(rows: &'static [Row], row: u8) -> (&'static str, Reads) {
    rows.get(usize::from(row))
        .map_or(("", Reads::Bits), |row| (row.name, row.reads))
}

impl fmt::Display for Part {
    /// `head of list 5`, `header of 0x00770`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, _) = self.piece.row();
        let Some((before, behind)) = name.split_once('#') else {
            return f.write_str(name);
        };
        if self.piece.is_numbered() {
            write!(f, "{before}{}{behind}", self.of)
        } else {
            write!(f, "{before}{:#07x}{behind}", self.of)
        }
    }
}

impl Part {
    /// What the word is kept for.
    #[must_use]
    pub fn keeps(self) -> Keeps {
        match (self.piece, self.piece.row().1) {
            (Piece::Starts | Piece::Busy, _) => Keeps::Bits,
            (Piece::UnitMap, _) => Keeps::Units,
            (Piece::Field(_), Reads::Number | Reads::Bytes | Reads::Granules | Reads::Pair) => {
                Keeps::Counts
            }
            _ => Keeps::Blocks,
        }
    }

    /// What `value` says in this word.
    #[must_use]
    pub fn value(self, value: u64) -> String {
        match self.piece.row().1 {
            Reads::Number => value.to_string(),
            Reads::Bits | Reads::Run => format!("{value:#x}"),
            Reads::Settings => {
                let settings = Settings::decode(value);
                format!("{:#x}, {}", settings.flags.0, settings.policy)
            }
            Reads::Bytes => format!("{value} B"),
            Reads::Granules => {
                let bytes = u64::from(high(value)) * GRANULE;
                format!("{} with {bytes} B", low(value))
            }
            Reads::Pair => format!("{}, {}", low(value), high(value)),
            Reads::Link => link(value as u32),
            Reads::Links if value == u64::MAX => "in a chain".to_owned(),
            Reads::Links => format!("{}, {}", link(low(value)), link(high(value))),
            Reads::Set => numbers(value, |bit| (bit + self.of).to_string()),
            Reads::Header => header(Header(value)),
        }
    }

    /// What a store of `new` over `old` says. Of bits only those that change matter.
    #[must_use]
    pub fn change(self, old: u64, new: u64) -> String {
        let of = self.of;
        let name: &dyn Fn(u64) -> String = match self.piece.row().1 {
            Reads::Set => &|bit| (bit + of).to_string(),
            Reads::Run => &|bit| format!("{:#07x}", of + bit * GRANULE),
            _ => return self.value(new),
        };
        let (set, cleared) = (new & !old, old & !new);
        match (set, cleared) {
            (0, 0) => "as it was".to_owned(),
            (_, 0) => format!("+{}", numbers(set, name)),
            (0, _) => format!("-{}", numbers(cleared, name)),
            _ => format!("+{} -{}", numbers(set, name), numbers(cleared, name)),
        }
    }
}

/// A block that a link names.
fn link(granule: u32) -> String {
    match granule {
        0 => "none".to_owned(),
        granule => format!("{:#07x}", Block(granule).address()),
    }
}

fn header(header: Header) -> String {
    if !header.is_valid() {
        return format!("{:#x}, no header", header.0);
    }
    let state = match (header.is_free(), header.has(Header::RANGE)) {
        (true, _) => "free",
        (_, true) => "hidden",
        _ => "busy",
    };
    format!("{state}, {} B", header.size() * GRANULE)
}

/// The names of the bits that are set, or how many there are.
fn numbers(bits: u64, name: impl Fn(u64) -> String) -> String {
    const TOLD: u32 = 3;
    match bits.count_ones() {
        0 => "none".to_owned(),
        1..=TOLD => {
            let set = (0..64).filter(|bit| bits >> bit & 1 != 0);
            set.map(name).collect::<Vec<_>>().join(" ")
        }
        count => format!("{count} bits"),
    }
}

/// The row of a table that has this word, and its number among the row's words.
fn find(rows: &[Row], word: Word) -> Option<(u8, usize)> {
    let has = |row: &Row| (row.first..row.first + row.count).contains(&word);
    let at = rows.iter().position(has)?;
    Some((u8::try_from(at).ok()?, word - rows[at].first))
}

impl<A: Access> Core<'_, A> {
    /// What a word of the arena is. Answers for any word, whatever the arena holds; reads no page that is not
    /// committed, but for the side tables.
    #[must_use]
    pub fn part_of(&self, word: Word) -> Part {
        let layout = self.layout;
        if word < layout.unit_map {
            return self.part_of_space(word);
        }
        let part = |piece, of| Part { piece, of };
        if let Some(at) = word.checked_sub(layout.bits) {
            let from = (at as u64 / 2).saturating_mul(64 * GRANULE);
            if from < layout.space {
                let piece = if at % 2 == 0 {
                    Piece::Starts
                } else {
                    Piece::Busy
                };
                return part(piece, from);
            }
        } else if ((word - layout.unit_map) as u64) < layout.units() {
            return part(Piece::UnitMap, (word - layout.unit_map) as u64);
        }
        nothing(word)
    }

    fn part_of_space(&self, word: Word) -> Part {
        let address = word as u64 * 8;
        let region = match self.region_at(address) {
            Some(region) if self.is_committed(address / GRANULE / PAGE_GRANULES) => region,
            // The control block names itself, whatever else is damaged.
            _ if address < CONTROL_BYTES => return part_of_control(word),
            _ => return nothing(word),
        };
        if address < CONTROL_BYTES {
            return part_of_control(word);
        }
        let large = self.region_kind(region) == Some(RegionKind::Large);
        let words = if large {
            DESCRIPTOR.len()
        } else {
            SEGMENT_WORDS
        };
        let own = word.saturating_sub(word_at(region.address()));
        if !region.is_first() && own < words {
            let (row, _) = find(&DESCRIPTOR, own).unwrap_or_default();
            return Part {
                piece: Piece::Descriptor(row),
                of: region.address(),
            };
        }
        // A block has its header and all up to the header of the next.
        let behind = Block(u32::try_from(word.saturating_sub(1) / 2 + 1).unwrap_or(u32::MAX));
        self.block_before(region, behind)
            .map_or(nothing(word), |block| self.part_of_block(block, word))
    }

    fn part_of_block(&self, block: Block, word: Word) -> Part {
        let part = |piece| Part {
            piece,
            of: block.address(),
        };
        if word == block.header() {
            return part(Piece::Header);
        }
        let header = self.header(block);
        let large = header.has(Header::LARGE);
        if !large && word >= block.forward(header.size()).header() {
            return nothing(word);
        }
        let hidden = header.has(Header::RANGE | Header::BUSY);
        part(match (hidden, header.has(Header::BUSY)) {
            (true, _) if word == block.link_a() => Piece::RangeLinks,
            (true, _) if word == block.link_b() => Piece::RangePages,
            (true, _) => Piece::Hole,
            (_, true) => Piece::Payload,
            _ if word == block.link_a() => Piece::Links,
            _ if word == block.link_b() && header.size() >= EXACT => Piece::Children,
            _ => Piece::Hole,
        })
    }
}

fn part_of_control(word: Word) -> Part {
    if let Some((row, _)) = find(&DESCRIPTOR[..SEGMENT_WORDS], word) {
        let piece = Piece::Descriptor(row);
        return Part { piece, of: 0 };
    }
    let Some((row, index)) = find(&FIELDS, word) else {
        return nothing(word);
    };
    let lists = FIELDS[usize::from(row)].reads == Reads::Set;
    let of = if lists { index * LISTS_OF_WORD } else { index } as u64;
    Part {
        piece: Piece::Field(row),
        of,
    }
}

fn nothing(word: Word) -> Part {
    Part {
        piece: Piece::Nothing,
        of: (word as u64).saturating_mul(8),
    }
}

const _: () = assert!(CONTROL_BYTES < UNIT);

#[cfg(test)]
mod tests;
