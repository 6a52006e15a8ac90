//! Which pages hold memory, as `/proc/self/pagemap` tells it.
//!
//! Bit 63 of an entry says that the page is present, bit 62 that it is swapped out, bit 56 that it is mapped by this
//! process alone. A page that was only read is present too (it maps the kernel's shared zero page) but never
//! exclusive, so bit 56 (or 62) is what tells memory of our own.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::OnceLock;

use super::PAGE;

const SWAPPED: u64 = 1 << 62;
const EXCLUSIVE: u64 = 1 << 56;

/// Entries read from the kernel at a time.
const CHUNK: u64 = 4096;

fn pagemap() -> Option<&'static File> {
    static FILE: OnceLock<Option<File>> = OnceLock::new();
    FILE.get_or_init(|| File::open("/proc/self/pagemap").ok())
        .as_ref()
}

/// Calls `each` for every page of the range that starts at address `base`.
pub(super) fn read(base: u64, pages: Range<u64>, mut each: impl FnMut(u64, bool)) -> Option<()> {
    let file = pagemap()?;
    let system = rustix::param::page_size() as u64;
    let mut buffer = Vec::new();
    let mut page = pages.start;
    while page < pages.end {
        let until = pages.end.min(page + CHUNK);
        let first = (base + page * PAGE) / system;
        let last = (base + until * PAGE - 1) / system;
        buffer.resize(((last - first + 1) * 8) as usize, 0);
        file.read_exact_at(&mut buffer, first * 8).ok()?;
        for page in page..until {
            let at = ((base + page * PAGE) / system - first) as usize * 8;
            let entry = u64::from_ne_bytes(buffer[at..at + 8].try_into().ok()?);
            each(page, entry & (SWAPPED | EXCLUSIVE) != 0);
        }
        page = until;
    }
    Some(())
}
