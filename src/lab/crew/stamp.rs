//! What workers write into their blocks: a word that names its writer.
//!
//! ```text
//! 63       52 51      44 43              24 23                   0
//! +----------+----------+------------------+---------------------+
//! |  0xC4E   |  worker  |       slot       |       serial        |
//! +----------+----------+------------------+---------------------+
//! ```
//!
//! Slots and serials beyond their bits come round again: a stamp is compared as a whole, and names whose it is only for
//! people.

/// What tells a stamp from other words.
const TAG: u64 = 0xC4E;
const WORKER_BITS: u32 = 8;
const SLOT_BITS: u32 = 20;
const SERIAL_BITS: u32 = 24;

/// A word that a worker writes over the block in one of its slots.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Stamp(pub(super) u64);

impl Stamp {
    /// The stamp of the `serial`th block of a worker, in this slot.
    pub(super) fn new(worker: usize, slot: usize, serial: u64) -> Stamp {
        let part = |value: u64, bits: u32| value & ((1 << bits) - 1);
        Stamp(
            TAG << (WORKER_BITS + SLOT_BITS + SERIAL_BITS)
                | part(worker as u64, WORKER_BITS) << (SLOT_BITS + SERIAL_BITS)
                | part(slot as u64, SLOT_BITS) << SERIAL_BITS
                | part(serial, SERIAL_BITS),
        )
    }

    /// Worker and slot of the one who wrote a word, if it is a stamp of one of `workers`.
    pub(super) fn writer(word: u64, workers: usize) -> Option<(usize, usize)> {
        let rest = word ^ TAG << (WORKER_BITS + SLOT_BITS + SERIAL_BITS);
        let worker = (rest >> (SLOT_BITS + SERIAL_BITS)) as usize;
        let slot = (rest >> SERIAL_BITS & ((1 << SLOT_BITS) - 1)) as usize;
        (worker < workers).then_some((worker, slot))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_names_its_writer_and_other_words_name_nobody() {
        for (worker, slot, serial) in [(0, 0, 0), (3, 17, 9), (63, 0xF_FFFF, u64::MAX)] {
            let word = Stamp::new(worker, slot, serial).0;
            assert_eq!(Stamp::writer(word, 64), Some((worker, slot)));
            assert_eq!(Stamp::writer(word, worker), None);
        }
        for word in [0, 1, u64::MAX, 0x5354_414D_0000_0001, 0xFEEE_FEEE_FEEE_FEEE] {
            assert_eq!(Stamp::writer(word, 64), None, "{word:#x}");
        }
    }

    #[test]
    fn serials_tell_one_block_of_a_slot_from_the_next() {
        assert_ne!(Stamp::new(1, 5, 1), Stamp::new(1, 5, 2));
    }
}
