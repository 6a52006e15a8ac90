//! Heaps to files.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::ZlibEncoder;

use crate::heap::{LockCounts, Stats};

use super::{
    CHECKSUM, HEAD, HeapFile, KeptName, MAGIC, MOST_COUNTED, MOST_NAMES, MOST_PAGES, VERSION,
};

impl HeapFile {
    /// Writes the file. Answers with its bytes.
    ///
    /// # Errors
    /// What the writer says, and [`io::ErrorKind::FileTooLarge`] for a heap beyond 4 GiB.
    pub fn write(&self, mut to: impl Write) -> io::Result<u64> {
        let pages = self.image.pages().count() as u64;
        let names = self.names.len() as u64;
        if pages > MOST_PAGES || names > MOST_NAMES {
            let words = "a heap image holds 4 GiB and 16 million names at most";
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, words));
        }
        let body = self.body()?;
        let mut bytes = Vec::with_capacity(HEAD + body.len() + CHECKSUM);
        bytes.extend(MAGIC);
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend(self.layout.space.to_le_bytes());
        bytes.extend((1 + u32::from(self.is_buffer)).to_le_bytes());
        let counts = words_of(self.image.stats());
        let numbers = [self.image.charged(), self.image.reached()];
        let sizes = [pages, names, body.len() as u64];
        for number in numbers.iter().chain(&counts).chain(&sizes) {
            bytes.extend(number.to_le_bytes());
        }
        debug_assert_eq!(bytes.len(), HEAD, "the head is as the module says");
        bytes.extend(body);
        bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
        to.write_all(&bytes)?;
        Ok(bytes.len() as u64)
    }

    /// The body, packed.
    fn body(&self) -> io::Result<Vec<u8>> {
        let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
        let mut bytes = Vec::new();
        for (page, words) in self.image.pages() {
            bytes.clear();
            bytes.extend(page.to_le_bytes());
            words
                .words()
                .iter()
                .for_each(|word| bytes.extend(word.to_le_bytes()));
            packed.write_all(&bytes)?;
        }
        for name in &self.names {
            write_name(name, &mut packed)?;
        }
        packed.finish()
    }
}

fn write_name(kept: &KeptName, to: &mut impl Write) -> io::Result<()> {
    let letters = kept.name.base.as_bytes();
    let length = u16::try_from(letters.len())
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "a name of more than 64 KiB"))?;
    to.write_all(&length.to_le_bytes())?;
    to.write_all(letters)?;
    to.write_all(&[u8::from(kept.name.index.is_some())])?;
    for number in [kept.name.index.unwrap_or(0), kept.payload, kept.born] {
        to.write_all(&number.to_le_bytes())?;
    }
    Ok(())
}

/// The counts of a handle as they stand in a file.
fn words_of(stats: Stats) -> [u64; 12] {
    let LockCounts {
        taken,
        contended,
        waited,
    } = stats.lock;
    [
        taken,
        contended,
        waited,
        stats.skipped,
        stats.allocs,
        stats.frees,
        stats.reallocs,
        stats.failures,
        stats.probes,
        stats.merged,
        stats.pages_automatic,
        stats.pages_heapmin,
    ]
    // What would be refused when it is read is not written: a file may have brought a count to the limit.
    .map(|count| count.min(MOST_COUNTED))
}

/// The same, read.
pub(super) fn stats_of(words: [u64; 12]) -> Stats {
    let [
        taken,
        contended,
        waited,
        skipped,
        allocs,
        frees,
        reallocs,
        failures,
        probes,
        merged,
        pages_automatic,
        pages_heapmin,
    ] = words;
    Stats {
        lock: LockCounts {
            taken,
            contended,
            waited,
        },
        skipped,
        allocs,
        frees,
        reallocs,
        failures,
        probes,
        merged,
        pages_automatic,
        pages_heapmin,
    }
}
