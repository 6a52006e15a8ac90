//! Memory from the operating system: the only module that knows of a kernel.
//!
//! # What the layers above may rely on
//!
//! - A [`Memory`] is one contiguous range of 64-bit words, zero at first, readable and writable throughout for as
//!   long as it lives. Reserving costs addresses only; the kernel gives a page when one is first written.
//! - *Commit* is a charge against the [`CommitLimit`] of the session, nothing else; *decommit* ends the charge and
//!   gives the pages back, after which they read as zero again. Both take offsets and lengths in whole pages of
//!   [`PAGE`] bytes within the range; anything else is a mistake of the caller and panics.
//! - Where someone asks for it, a memory has notes of what was *written* ([`Memory::written`]). Whoever stores words
//!   notes them; giving pages back is noted here.
//! - Which pages are *resident* is read from the kernel ([`Memory::resident`]), never counted by ourselves.
//!
//! Unsafe code stands in `mapping.rs` alone. Above this module memory is `&[AtomicU64]`.

mod limit;
mod mapping;
mod memory;
mod residency;
mod written;

pub use limit::CommitLimit;
pub use memory::{CannotReturn, CommitRefused, Memory, ReserveFailed};
pub use written::{LINE_WORDS, Written};

/// Bytes of a page, the unit of commit and decommit. On systems with larger pages the heap keeps this unit and only
/// whole system pages go back to the kernel.
pub const PAGE: u64 = 4096;
