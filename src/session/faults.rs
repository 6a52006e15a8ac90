//! The fault lab: ways to misuse a heap, each with what Microsoft's documentation warns of.
//!
//! One table, [`FAULTS`]: the commands with their grammar and help, the menu on the screen and what is done all come
//! from its rows. A fault that needs a freed block frees a busy one first. What the program itself does (a store where
//! it has no business) no heap can refuse; what it asks of the heap is refused while checks are on.

mod deeds;
mod standing;

use super::error::ParseError;
use super::frame::{Answer, Tone};
use super::lexer::Piece;
use super::name::Operand;
use super::number::{self, Size};
use super::row::{Arg, CommandRow, Group};
use super::session::Session;

use deeds::Case;

/// A way to misuse a heap.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Fault {
    /// HeapFree of a block that is free already.
    DoubleFree,
    /// HeapFree of an address inside a block.
    FreeInterior,
    /// HeapFree of an address that is no multiple of 16.
    FreeMisaligned,
    /// HeapFree of what is not this heap's.
    FreeForeign,
    /// A store through a pointer that was freed.
    WriteAfterFree,
    /// A store behind the end of a block.
    Overrun,
    /// A store before the begin of a block.
    Underrun,
    /// One bit of a block's header.
    Flip,
    /// HeapSize of a block that is free.
    SizeFreed,
    /// HeapReAlloc of a block that is free.
    ReallocFreed,
}

/// What a fault is told beside the block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Amount {
    /// Nothing.
    Nothing,
    /// How many bytes; all that the block had if it is left out.
    BytesOrAll,
    /// How many bytes.
    Bytes,
    /// Which bit, from 0 to 63.
    Bit,
}

/// A row of the table.
pub struct FaultRow {
    /// The fault.
    pub fault: Fault,
    /// Its words in the menu.
    pub title: &'static str,
    /// What the documentation says of it, or the field where the documentation is silent.
    pub warning: &'static str,
    /// What it is told beside the block.
    pub amount: Amount,
    /// Its command.
    pub command: CommandRow,
    act: fn(&mut Session, &Case) -> Answer,
}

const BLOCK: &[Arg] = &[Arg::Operand];
const BLOCK_AND_MORE: &[Arg] = &[Arg::Operand, Arg::Free];

/// Every fault, in the order of the menu.
pub const FAULTS: [FaultRow; 10] = [
    FaultRow {
        fault: Fault::DoubleFree,
        title: "double free",
        warning: "twice corrupts the heap: later HeapAlloc calls return one pointer twice",
        amount: Amount::Nothing,
        command: CommandRow {
            verb: "double-free",
            call: Some("HeapFree"),
            usage: "double-free NAME|0xADDRESS",
            doc: "free a block twice, or a free one once more",
            example: "double-free b3",
            group: Group::Faults,
            args: BLOCK,
            parse: |words| words.fault(Fault::DoubleFree),
        },
        act: Session::double_free,
    },
    FaultRow {
        fault: Fault::FreeInterior,
        title: "free an interior pointer",
        warning: "HeapFree takes only what HeapAlloc or HeapReAlloc returned",
        amount: Amount::Nothing,
        command: CommandRow {
            verb: "free-interior",
            call: Some("HeapFree"),
            usage: "free-interior NAME|0xADDRESS",
            doc: "free an address in the middle of a block",
            example: "free-interior b3",
            group: Group::Faults,
            args: BLOCK,
            parse: |words| words.fault(Fault::FreeInterior),
        },
        act: Session::free_interior,
    },
    FaultRow {
        fault: Fault::FreeMisaligned,
        title: "free a misaligned pointer",
        warning: "blocks start at multiples of 16: no call ever returned such an address",
        amount: Amount::Nothing,
        command: CommandRow {
            verb: "free-misaligned",
            call: Some("HeapFree"),
            usage: "free-misaligned NAME|0xADDRESS",
            doc: "free the address 4 bytes into a block",
            example: "free-misaligned b3",
            group: Group::Faults,
            args: BLOCK,
            parse: |words| words.fault(Fault::FreeMisaligned),
        },
        act: Session::free_misaligned,
    },
    FaultRow {
        fault: Fault::FreeForeign,
        title: "free a foreign pointer",
        warning: "the handle must be that of the heap which the block came from",
        amount: Amount::Nothing,
        command: CommandRow {
            verb: "free-foreign",
            call: Some("HeapFree"),
            usage: "free-foreign NAME|0xADDRESS",
            doc: "through another heap's handle; then a variable",
            example: "free-foreign b3",
            group: Group::Faults,
            args: BLOCK,
            parse: |words| words.fault(Fault::FreeForeign),
        },
        act: Session::free_foreign,
    },
    FaultRow {
        fault: Fault::WriteAfterFree,
        title: "write after free",
        warning: "never refer to memory that was freed: the free lists run through it",
        amount: Amount::BytesOrAll,
        command: CommandRow {
            verb: "write-after-free",
            call: None,
            usage: "write-after-free NAME|0xADDRESS [BYTES]",
            doc: "free a block, then write all of it, or BYTES",
            example: "write-after-free b3 16",
            group: Group::Faults,
            args: BLOCK_AND_MORE,
            parse: |words| words.fault(Fault::WriteAfterFree),
        },
        act: Session::write_after_free,
    },
    FaultRow {
        fault: Fault::Overrun,
        title: "overrun by n bytes",
        warning: "past a block's end stands the header of the next; a later call finds out",
        amount: Amount::Bytes,
        command: CommandRow {
            verb: "overrun",
            call: None,
            usage: "overrun NAME|0xADDRESS BYTES",
            doc: "write BYTES behind a block's last byte",
            example: "overrun b3 16",
            group: Group::Faults,
            args: BLOCK_AND_MORE,
            parse: |words| words.fault(Fault::Overrun),
        },
        act: Session::overrun,
    },
    FaultRow {
        fault: Fault::Underrun,
        title: "underrun by n bytes",
        warning: "before a block's first byte stands its own header, then the block before",
        amount: Amount::Bytes,
        command: CommandRow {
            verb: "underrun",
            call: None,
            usage: "underrun NAME|0xADDRESS BYTES",
            doc: "write BYTES before a block's first byte",
            example: "underrun b3 8",
            group: Group::Faults,
            args: BLOCK_AND_MORE,
            parse: |words| words.fault(Fault::Underrun),
        },
        act: Session::underrun,
    },
    FaultRow {
        fault: Fault::Flip,
        title: "flip a bit of the header",
        warning: "memory goes bad too: the header's check finds any single bit that flips",
        amount: Amount::Bit,
        command: CommandRow {
            verb: "flip",
            call: None,
            usage: "flip NAME|0xADDRESS BIT",
            doc: "flip bit BIT (0 to 63) of a block's header",
            example: "flip b3 40",
            group: Group::Faults,
            args: BLOCK_AND_MORE,
            parse: |words| words.fault(Fault::Flip),
        },
        act: Session::flip,
    },
    FaultRow {
        fault: Fault::SizeFreed,
        title: "HeapSize of a freed block",
        warning: "undefined for what is no block: without checks HeapSize returns bogus data",
        amount: Amount::Nothing,
        command: CommandRow {
            verb: "size-freed",
            call: Some("HeapSize"),
            usage: "size-freed NAME|0xADDRESS",
            doc: "free a block, then ask HeapSize for its size",
            example: "size-freed b3",
            group: Group::Faults,
            args: BLOCK,
            parse: |words| words.fault(Fault::SizeFreed),
        },
        act: Session::size_freed,
    },
    FaultRow {
        fault: Fault::ReallocFreed,
        title: "HeapReAlloc of a freed block",
        warning: "only for what is still allocated: it may resize memory that others have",
        amount: Amount::Bytes,
        command: CommandRow {
            verb: "realloc-freed",
            call: Some("HeapReAlloc"),
            usage: "realloc-freed NAME|0xADDRESS SIZE",
            doc: "free a block, then resize it to SIZE",
            example: "realloc-freed b3 200",
            group: Group::Faults,
            args: BLOCK_AND_MORE,
            parse: |words| words.fault(Fault::ReallocFreed),
        },
        act: Session::realloc_freed,
    },
];

impl Fault {
    /// Its row.
    #[must_use]
    pub const fn row(self) -> &'static FaultRow {
        const ROWS: &[FaultRow; 10] = &FAULTS;
        // The table is in the order of the variants; a test holds it.
        &ROWS[self as usize]
    }
}

impl Amount {
    /// Whether a line cannot do without it.
    #[must_use]
    pub const fn is_needed(self) -> bool {
        matches!(self, Amount::Bytes | Amount::Bit)
    }

    /// Reads it.
    pub(super) fn read(self, piece: Piece<'_>) -> Result<u64, ParseError> {
        match self {
            Amount::Bit => number::within(piece, 0, 63),
            Amount::Nothing | Amount::Bytes | Amount::BytesOrAll => number::size(piece),
        }
    }

    /// Prints it.
    pub(super) fn text(self, amount: u64) -> String {
        match self {
            Amount::Bit => amount.to_string(),
            Amount::Nothing | Amount::Bytes | Amount::BytesOrAll => Size(amount).to_string(),
        }
    }
}

impl std::fmt::Debug for FaultRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FaultRow")
            .field("fault", &self.fault)
            .finish_non_exhaustive()
    }
}

impl Session {
    /// Does what a fault says to a block.
    pub(super) fn fault(&mut self, fault: Fault, what: &Operand, amount: Option<u64>) -> Answer {
        let here = self.here();
        let pointer = match self.at(&here).pointers(what) {
            Ok(pointers) => pointers.into_iter().next(),
            Err(answer) => return answer,
        };
        let Some(pointer) = pointer else {
            return Answer::refused("NULL is no block: a fault needs one, by name or address");
        };
        let case = Case::new(here, pointer, amount);
        let row = fault.row();
        let answer = (row.act)(self, &case);
        self.touch(case.here.number);
        if answer.tone == Tone::Refused {
            return answer;
        }
        let words = format!("{} | warning: {}", answer.words, row.warning);
        Answer { words, ..answer }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Columns for a warning in the menu at 80 columns, and for what a fault does.
    const ROOM: [usize; 2] = [75, 46];

    #[test]
    fn every_fault_has_its_own_row_and_fits_the_menu() {
        for row in &FAULTS {
            assert_eq!(row.fault.row().command.verb, row.command.verb);
            assert!(row.warning.len() <= ROOM[0], "{}", row.warning);
            assert!(row.command.doc.len() <= ROOM[1], "{}", row.command.doc);
            let example = row.command.example.split(' ').count();
            assert_eq!(
                row.amount.is_needed() || row.amount == Amount::BytesOrAll,
                example == 3
            );
        }
    }
}
