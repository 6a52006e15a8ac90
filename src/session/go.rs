//! `go`: points at a block. Nothing changes; the screen's cursor follows the answer.

use crate::heap::{Block, GRANULE};
use crate::view::Target;

use super::frame::Answer;
use super::name::Operand;
use super::session::Session;
use super::words::{address, exact};

/// A place that `go` names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// `go NAME|0xADDRESS`: a block, or the block that holds an address.
    Block(Operand),
    /// `go op N`: the block that an operation made.
    Operation(u64),
}

impl Session {
    pub(super) fn go(&mut self, place: &Place) -> Answer {
        let target = match place {
            Place::Operation(number) => Target::Born(*number),
            Place::Block(Operand::Null) => return Answer::refused("null is no block"),
            Place::Block(Operand::Address(address)) => Target::Address(*address),
            Place::Block(what @ Operand::Names(_)) => match self.slot_here().operand(what) {
                Err(answer) => return answer,
                Ok(payloads) => {
                    let payload = payloads.first().copied().unwrap_or(0);
                    Target::Address(payload.saturating_sub(GRANULE))
                }
            },
        };
        match self.seek(None, target, 0) {
            Some(address) => Answer::note(self.block_in_words(address)).about(Some(address)),
            None => Answer::refused(match place {
                Place::Operation(number) => {
                    format!("no live block was made by operation {number}")
                }
                Place::Block(_) => "no block holds this address".to_owned(),
            }),
        }
    }

    /// The block at an address as one would say which it is.
    fn block_in_words(&mut self, at: u64) -> String {
        let slot = self.slot_here();
        let block = Block::at(at);
        let header = block.map(|block| slot.heap.look(|core| core.header_at(block)));
        let place = address(at);
        match (block.zip(header), slot.owner(at + GRANULE)) {
            (Some((_, header)), _) if header.is_valid() && header.is_free() => {
                let bytes = exact(header.size() * GRANULE);
                format!("the cursor is on the hole of {bytes} at {place}")
            }
            (_, Some((name, _))) => format!("the cursor is on {name} at {place}"),
            (_, None) => format!("the cursor is on the block at {place}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::session::{Session, parse_line};

    #[test]
    fn the_answer_says_which_block_the_cursor_is_on() {
        let mut session = Session::new().expect("a heap");
        let mut said = |line: &str| {
            let command = parse_line(line).expect(line).expect("a command");
            session.apply(&command).words
        };
        said("heap new fixed 64K");
        said("alloc b[0:3] 100");
        said("free b1");
        for (line, expected) in [
            ("go b2", "the cursor is on b2 at 0x00800"),
            ("go op 1", "the cursor is on b0 at 0x00720"),
            ("go 0x7a8", "the cursor is on the hole of 112 B at 0x00790"),
            ("go 0x10", "no block holds this address"),
        ] {
            assert_eq!(said(line), expected, "{line}");
        }
    }
}
