//! The calls that `interleave` takes: commands that are one call on one block, or on the heap.

use std::fmt;

use crate::heap::Flags;
use crate::lab::{ACTORS, Order};
use crate::session::blocks::pointer_text;
use crate::session::command::Command;
use crate::session::flags::write_flags;
use crate::session::name::{Name, Names, Operand};
use crate::session::number::Size;
use crate::session::words::flags_text;

/// What `interleave` says.
#[derive(Clone, PartialEq, Debug)]
pub struct Interleave {
    /// The calls: of t1 and of t2.
    pub calls: [OneCall; ACTORS],
    /// `order=TURNS`: who moves when; what is left is made at the end, t1 first. Without one, `step` says who moves.
    pub order: Option<Order>,
}

/// A command that is one call on one block or on the heap.
#[derive(Clone, PartialEq, Debug)]
pub enum OneCall {
    /// `alloc NAME SIZE [flags]`
    Alloc(Name, u64, Flags),
    /// `free NAME|0xADDRESS [flags]`
    Free(Pointer, Flags),
    /// `realloc NAME|0xADDRESS SIZE [flags]`
    Realloc(Pointer, u64, Flags),
    /// `compact [flags]`
    Compact(Flags),
    /// `minimize`
    Minimize,
    /// `validate [flags]`
    Validate(Flags),
}

/// One block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Pointer {
    /// By its name.
    Name(Name),
    /// By its address.
    Address(u64),
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.operand().fmt(f)
    }
}

impl Pointer {
    /// The same as any command has it.
    pub(super) fn operand(&self) -> Operand {
        match self {
            Pointer::Name(name) => Operand::Names(Names::One(name.clone())),
            Pointer::Address(address) => Operand::Address(*address),
        }
    }

    fn of(operand: &Operand) -> Option<Pointer> {
        match operand {
            Operand::Names(Names::One(name)) => Some(Pointer::Name(name.clone())),
            Operand::Address(address) => Some(Pointer::Address(*address)),
            _ => None,
        }
    }
}

impl OneCall {
    /// The single call that a command is, if it is one.
    pub(in crate::session) fn of(command: &Command) -> Option<OneCall> {
        Some(match command {
            Command::Alloc {
                names: Names::One(name),
                size,
                flags,
            } => OneCall::Alloc(name.clone(), *size, *flags),
            Command::Free { what, flags } => OneCall::Free(Pointer::of(what)?, *flags),
            Command::Realloc { what, size, flags } => {
                OneCall::Realloc(Pointer::of(what)?, *size, *flags)
            }
            Command::Compact { flags } => OneCall::Compact(*flags),
            Command::Minimize => OneCall::Minimize,
            Command::Validate { what: None, flags } => OneCall::Validate(*flags),
            _ => return None,
        })
    }

    /// The command that it is.
    pub(in crate::session) fn command(&self) -> Command {
        match self {
            OneCall::Alloc(name, size, flags) => Command::Alloc {
                names: Names::One(name.clone()),
                size: *size,
                flags: *flags,
            },
            OneCall::Free(what, flags) => Command::Free {
                what: what.operand(),
                flags: *flags,
            },
            OneCall::Realloc(what, size, flags) => Command::Realloc {
                what: what.operand(),
                size: *size,
                flags: *flags,
            },
            OneCall::Compact(flags) => Command::Compact { flags: *flags },
            OneCall::Minimize => Command::Minimize,
            OneCall::Validate(flags) => Command::Validate {
                what: None,
                flags: *flags,
            },
        }
    }

    /// The call with its arguments, as C has it.
    pub(super) fn text(&self) -> String {
        let heap = |name: &str, flags: Flags, rest: &str| {
            format!("{name}(heap, {}{rest})", flags_text(flags))
        };
        match self {
            OneCall::Alloc(_, size, flags) => heap("HeapAlloc", *flags, &format!(", {size}")),
            OneCall::Free(what, flags) => {
                let pointer = pointer_text(&what.operand());
                heap("HeapFree", *flags, &format!(", {pointer}"))
            }
            OneCall::Realloc(what, size, flags) => {
                let pointer = pointer_text(&what.operand());
                heap("HeapReAlloc", *flags, &format!(", {pointer}, {size}"))
            }
            OneCall::Compact(flags) => heap("HeapCompact", *flags, ""),
            OneCall::Minimize => "minimize".to_owned(),
            OneCall::Validate(flags) => heap("HeapValidate", *flags, ", NULL"),
        }
    }

    /// Whether HEAP_GENERATE_EXCEPTIONS concerns it, and with which flags it was called.
    pub(super) fn raising(&self) -> Option<Flags> {
        match self {
            OneCall::Alloc(_, _, flags) | OneCall::Realloc(_, _, flags) => Some(*flags),
            _ => None,
        }
    }
}

impl fmt::Display for OneCall {
    /// The command, as it stands in the braces.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flags = match self {
            OneCall::Alloc(name, size, flags) => {
                write!(f, "alloc {name} {}", Size(*size))?;
                flags
            }
            OneCall::Free(what, flags) => {
                write!(f, "free {what}")?;
                flags
            }
            OneCall::Realloc(what, size, flags) => {
                write!(f, "realloc {what} {}", Size(*size))?;
                flags
            }
            OneCall::Compact(flags) => {
                f.write_str("compact")?;
                flags
            }
            OneCall::Minimize => return f.write_str("minimize"),
            OneCall::Validate(flags) => {
                f.write_str("validate")?;
                flags
            }
        };
        write_flags(f, *flags)
    }
}
