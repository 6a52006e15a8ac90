//! `go`: points at a block. Nothing changes; the screen's cursor follows the answer.

use crate::heap::GRANULE;
use crate::view::Target;

use super::frame::Answer;
use super::name::Operand;
use super::session::Session;

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
            Some(address) => {
                Answer::note(format!("the block at {address:#07x}")).about(Some(address))
            }
            None => Answer::refused(match place {
                Place::Operation(number) => {
                    format!("no live block was made by operation {number}")
                }
                Place::Block(_) => "no block holds this address".to_owned(),
            }),
        }
    }
}
