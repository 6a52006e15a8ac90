//! Heap image files: a heap as it stands, damage and all, with the names of its blocks.
//!
//! ```text
//!  magic "\x89heapwlk"   8 bytes: no text, and no text once its eighth bit is lost
//!  version               u32
//!  bytes of the space    u64   the layout of the arena follows from it
//!  memory                u32   1 reserved from the system, 2 a buffer
//!  bytes charged         u64   to the session
//!  bytes reached         u64   of the space
//!  counts of the handle  12 u64
//!  pages, names          u64 each: how many there are in the body
//!  bytes of the body     u64
//!  body                  zlib: the pages, then the names
//!     a page             u64 its number, ascending; 512 words. Pages of zeroes and pages that are not there are left out
//!     a name             u16 bytes of letters, the letters, u8 whether there is an index, u64 index, payload, born
//!  checksum              u32   CRC-32 of all bytes before it
//! ```
//!
//! Numbers are little-endian. Flags, policy and switches of a heap stand in its arena. A file is checked whole before
//! anything of it is believed: its length, its checksum, then every number; memory is taken for what was read, never for
//! what was promised.

mod read;
mod write;

#[cfg(test)]
mod tests;

use std::io;
use std::sync::Arc;

use crate::heap::{CreateError, Heap, Image, Layout, Source};
use crate::os::{CommitLimit, PAGE};

use super::name::Name;

const MAGIC: [u8; 8] = *b"\x89heapwlk";
/// The version that is written, and the newest that can be read.
const VERSION: u32 = 1;
/// Bytes before the body.
const HEAD: usize = 8 + 4 + 8 + 4 + 2 * 8 + 12 * 8 + 3 * 8;
/// Bytes of the checksum.
const CHECKSUM: usize = 4;
/// Pages that a file may hold: 4 GiB.
const MOST_PAGES: u64 = 1 << 20;
/// Names that a file may hold.
const MOST_NAMES: u64 = 1 << 24;
/// The most that a handle can have counted: no heap lives long enough for more, and there is room to count on.
const MOST_COUNTED: u64 = 1 << 60;
/// Bytes that the body may have: what that many pages and names come to where nothing can be compressed.
const MOST_BODY: u64 = MOST_PAGES * (PAGE + 8) + MOST_NAMES * 64;

/// A block's name as a heap image keeps it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeptName {
    /// The name.
    pub name: Name,
    /// The payload of the block that bears it.
    pub payload: u64,
    /// The operation that made the block.
    pub born: u64,
}

/// A heap as a file keeps it.
#[derive(Clone, Debug)]
pub struct HeapFile {
    /// Every page that holds anything, and the counts of the handle.
    pub image: Image,
    /// Where the parts of the arena lie.
    pub layout: Layout,
    /// The memory cannot give pages back.
    pub is_buffer: bool,
    /// The names of blocks, by payload.
    pub names: Vec<KeptName>,
}

/// Why a heap cannot be read from a file.
#[derive(Debug, thiserror::Error)]
pub enum HeapFileError {
    /// The file cannot be read at all.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It does not begin as heap images do.
    #[error("this is not a heap image: it does not begin as one")]
    NotAnImage,
    /// It was written by a later heapwalk.
    #[error(
        "this heap image has version {0}, and version {VERSION} is the newest that can be read"
    )]
    Newer(u32),
    /// Its end is missing.
    #[error("the heap image is cut off at byte {at}: it should have {expected}")]
    Truncated {
        /// Bytes that are there.
        at: u64,
        /// Bytes that should be, as far as can be told.
        expected: u64,
    },
    /// Something stands behind its end.
    #[error("the heap image ends at byte {end}, and more follows")]
    TooLong {
        /// Where it should end.
        end: u64,
    },
    /// Some byte of it is not what was written.
    #[error(
        "the heap image is damaged: its checksum should be {expected:#010x} and is {found:#010x}"
    )]
    Checksum {
        /// What the bytes come to.
        expected: u32,
        /// What stands there.
        found: u32,
    },
    /// A number in it is impossible, though the checksum holds.
    #[error("the heap image is impossible: {what} cannot be {found}")]
    Impossible {
        /// What number.
        what: &'static str,
        /// What stands there.
        found: u64,
    },
    /// Its body cannot be unpacked, though the checksum holds.
    #[error("the heap image cannot be unpacked: {0}")]
    Packed(io::Error),
}

/// Why a heap cannot become what a file keeps.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "the heap has {found} bytes of addresses and the image {expected}, or their memory is of different kinds"
)]
pub struct OtherLayout {
    expected: u64,
    found: u64,
}

impl HeapFile {
    /// Whether a file that begins so is a heap image, or was to be one.
    #[must_use]
    pub fn is_one(begin: &[u8]) -> bool {
        let known = begin.len().min(MAGIC.len());
        known > 0 && begin[..known] == MAGIC[..known]
    }

    /// The heap as it stands. Touches no page that is not resident.
    #[must_use]
    pub fn of(heap: &Heap, names: Vec<KeptName>) -> HeapFile {
        HeapFile {
            image: heap.image(None),
            layout: heap.layout(),
            is_buffer: !heap.memory().can_return(),
            names,
        }
    }

    /// A new heap with the bytes of this one.
    ///
    /// # Errors
    /// When the system does not grant the addresses, or the commit limit the bytes. Nothing is left behind.
    pub fn make(&self, limit: &Arc<CommitLimit>) -> Result<Heap, CreateError> {
        let source = if self.is_buffer {
            Source::Buffer
        } else {
            Source::Growable
        };
        Heap::from_image(&self.image, self.layout, source, limit)
    }

    /// Makes a heap that is there what this one was, beyond the commit limit if need be. The names are the caller's.
    ///
    /// # Errors
    /// [`OtherLayout`]; nothing changes.
    pub fn restore(&self, heap: &Heap) -> Result<(), OtherLayout> {
        if heap.layout() != self.layout || heap.memory().can_return() == self.is_buffer {
            return Err(OtherLayout {
                expected: self.layout.space,
                found: heap.layout().space,
            });
        }
        heap.restore(&self.image);
        Ok(())
    }
}
