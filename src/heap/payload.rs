//! Bytes of payloads: filled, copied, compared. Bytes are written by load, modify, store.

use super::access::Access;
use super::control::Core;
use super::event::{Event, Written};
use super::header::Header;
use super::units::{Block, TAIL_BYTES, word_at};

/// What `alloc` stamps payloads with when asked to: a recognisable word that also names the block.
const STAMP: u64 = 0x5354_414D_0000_0000;
/// Fresh memory under free checking (fact G4).
const FRESH: u64 = 0xBAAD_F00D_BAAD_F00D;
/// Freed memory under free checking (fact G5).
pub(super) const FREED: u64 = 0xFEEE_FEEE_FEEE_FEEE;
/// The pattern behind a payload under tail checking (fact G3).
const TAIL: u8 = 0xAB;

impl<A: Access> Core<'_, A> {
    /// Fills all that the owner of a block of `size` granules may use with one word.
    fn fill_block(&self, block: Block, size: u64, what: Written, value: u64) {
        self.write_run(block.link_a()..block.forward(size).header(), what, value);
    }

    fn write_run(&self, run: std::ops::Range<usize>, what: Written, value: u64) {
        self.writes(run.start as u64 * 8, run.len() as u64 * 8, what);
        self.mem.fill(run, value);
    }

    #[inline(always)]
    fn writes(&self, from: u64, bytes: u64, what: Written) {
        self.mem.event(Event::Write { from, bytes, what });
    }

    /// Zeroes all that the owner of a block may use.
    pub(super) fn zero_block(&self, block: Block, size: u64) {
        self.fill_block(block, size, Written::Zero, 0);
    }

    /// Zeroes bytes of a payload.
    pub(super) fn zero_bytes(&self, from: u64, bytes: u64) {
        self.writes(from, bytes, Written::Zero);
        self.fill_bytes(from, bytes, 0);
    }

    /// Writes the stamp over a fresh block.
    pub(super) fn stamp_block(&self, block: Block, size: u64) {
        self.fill_block(block, size, Written::Stamp, STAMP | block.granule());
    }

    /// The same behind the words that were its links. In a heap without checks a block that was freed twice is handed
    /// out while a free list still runs through it: the stamp is to show that, not to cut the list.
    pub(super) fn stamp_behind_links(&self, block: Block, size: u64) {
        let run = block.link_b() + 1..block.forward(size).header();
        self.write_run(run, Written::Stamp, STAMP | block.granule());
    }

    /// Writes the free-checking pattern over a fresh block.
    pub(super) fn fill_fresh(&self, block: Block, size: u64) {
        self.fill_block(block, size, Written::Fresh, FRESH);
    }

    /// The words of a free block that hold the free-checking pattern: all behind its links.
    fn filled_words(block: Block, size: u64) -> std::ops::Range<usize> {
        block.link_b() + 1..block.forward(size).header() - 1
    }

    /// Fills every free block with bytes of `value` as far as the fill may reach: from behind the links to the next
    /// header. What free checking had written there is gone, so that the blocks no longer count as filled.
    pub fn fill_free(&self, value: u8) {
        let mut from = Block(1);
        while let Some(hole) = self.next_hole(from) {
            let header = self.header(hole);
            for word in Self::filled_words(hole, header.size()) {
                self.mem.store(word, u64::from_ne_bytes([value; 8]));
            }
            let flags = header.flags() & !Header::FILLED;
            self.set_header(
                hole,
                Header::new(header.size(), header.previous(), flags, header.unused()),
            );
            from = hole.forward(header.size().max(1));
        }
    }

    /// Fills a free block behind its links.
    pub(super) fn fill_freed(&self, block: Block, size: u64) {
        self.write_run(Self::filled_words(block, size), Written::Freed, FREED);
    }

    /// The first word of a filled free block that was changed.
    pub(super) fn changed_fill(&self, block: Block, size: u64) -> Option<(u64, u64)> {
        Self::filled_words(block, size)
            .find(|&word| self.mem.load(word) != FREED)
            .map(|word| (word as u64 * 8, self.mem.load(word)))
    }

    /// Writes the tail pattern behind `size` bytes of payload.
    pub(super) fn write_tail(&self, payload: u64, size: u64) {
        self.writes(payload + size, TAIL_BYTES, Written::Tail);
        self.fill_bytes(payload + size, TAIL_BYTES, TAIL);
    }

    /// The first byte of a tail pattern that was changed.
    pub(super) fn changed_tail(&self, payload: u64, size: u64) -> Option<(u64, u8)> {
        (payload + size..payload + size + TAIL_BYTES)
            .map(|at| (at, self.byte(at)))
            .find(|&(_, byte)| byte != TAIL)
    }

    /// The byte at `address`; 0 beyond the arena.
    #[must_use]
    pub fn byte(&self, address: u64) -> u8 {
        self.mem.load(word_at(address)).to_le_bytes()[(address % 8) as usize]
    }

    /// Writes one byte.
    pub fn set_byte(&self, address: u64, value: u8) {
        let at = word_at(address);
        let mut bytes = self.mem.load(at).to_le_bytes();
        bytes[(address % 8) as usize] = value;
        self.mem.store(at, u64::from_le_bytes(bytes));
    }

    /// Writes `length` bytes of `value`: whole words where it can.
    pub fn fill_bytes(&self, address: u64, length: u64, value: u8) {
        let end = address.saturating_add(length);
        let first = address.next_multiple_of(8).min(end);
        let last = (end / 8 * 8).max(first);
        (address..first).for_each(|at| self.set_byte(at, value));
        let word = u64::from_ne_bytes([value; 8]);
        self.mem.fill(word_at(first)..word_at(last), word);
        (last..end).for_each(|at| self.set_byte(at, value));
    }

    /// Writes one value in the whole words among `length` bytes.
    pub fn fill_words(&self, address: u64, length: u64, value: u64) {
        let first = word_at(address);
        self.mem.fill(first..first + word_at(length), value);
    }

    /// The whole words among `length` bytes that are not `value`: their addresses, and what stands there.
    pub fn other_words(
        &self,
        address: u64,
        length: u64,
        value: u64,
    ) -> impl Iterator<Item = (u64, u64)> {
        (address..address.saturating_add(length / 8 * 8))
            .step_by(8)
            .map(|at| (at, self.mem.load(word_at(at))))
            .filter(move |&(_, word)| word != value)
    }

    /// The first of `length` bytes that is not `value`.
    #[must_use]
    pub fn find_other(&self, address: u64, length: u64, value: u8) -> Option<u64> {
        let end = address.saturating_add(length);
        let word = u64::from_ne_bytes([value; 8]);
        let mut at = address;
        while at < end {
            if at.is_multiple_of(8) && end - at >= 8 && self.mem.load(word_at(at)) == word {
                at += 8;
            } else if self.byte(at) == value {
                at += 1;
            } else {
                return Some(at);
            }
        }
        None
    }

    /// Reads bytes.
    pub fn read_bytes(&self, address: u64, into: &mut [u8]) {
        for (at, byte) in (address..).zip(into) {
            *byte = self.byte(at);
        }
    }

    /// Writes bytes.
    pub fn write_bytes(&self, address: u64, from: &[u8]) {
        for (at, &byte) in (address..).zip(from) {
            self.set_byte(at, byte);
        }
    }

    /// Copies `length` bytes between payloads, both 16-byte aligned.
    pub(super) fn copy_payload(&self, from: u64, to: u64, length: u64) {
        self.writes(to, length, Written::Copy);
        let whole = length / 8 * 8;
        self.mem
            .copy(word_at(from)..word_at(from + whole), word_at(to));
        if whole == length {
            return;
        }
        let (source, target) = (word_at(from + whole), word_at(to + whole));
        let kept = u64::MAX << (length % 8 * 8);
        let word = self.mem.load(source) & !kept | self.mem.load(target) & kept;
        self.mem.store(target, word);
    }
}
