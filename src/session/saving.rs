//! `save` and `load`: heaps in files.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::heap::Flags;

use super::export::Export;
use super::frame::Answer;
use super::heap_file::{HeapFile, OtherLayout};
use super::names::NameTable;
use super::session::Session;
use super::words::{count, rough};

/// What is added to the name of a file while it is written.
const UNFINISHED: &str = ".part";

impl Session {
    /// Keeps the heap in view, or the session as a script, as the end of the name says.
    pub(super) fn save(&mut self, file: &str, replace: bool) -> Answer {
        match Export::of(Path::new(file)) {
            Some(Export::Script) => self.save_script(file, replace),
            Some(Export::Image) | None => self.save_image(file, replace),
            Some(_) => Answer::refused(format!(
                "{file} has the name of something else than a heap; `export` writes that"
            )),
        }
    }

    pub(super) fn save_image(&mut self, file: &str, replace: bool) -> Answer {
        let slot = self.slot_here();
        let (number, names) = (slot.number, slot.names.kept());
        let named = names.len() as u64;
        let kept = HeapFile::of(&slot.heap, names);
        let written = whole_file(Path::new(file), replace, |to| kept.write(to));
        match written {
            Ok(bytes) => Answer::done(
                format!("save (heapwalk's own) = {bytes} bytes"),
                format!(
                    "heap {number} is in {file}: {} of pages in {}, with {}",
                    rough(kept.image.bytes()),
                    rough(bytes),
                    count(named, "name")
                ),
            ),
            Err(error) => not_written(file, &error),
        }
    }

    pub(super) fn load(&mut self, file: &str) -> Answer {
        let refused = |error: &dyn std::fmt::Display| {
            Answer::refused(format!("failed to load {file}: {error}"))
        };
        let kept = match File::open(file)
            .map_err(Into::into)
            .and_then(HeapFile::read)
        {
            Ok(kept) => kept,
            Err(error) => return refused(&error),
        };
        let heap = match kept.make(&self.limit) {
            Ok(heap) => Arc::new(heap),
            Err(error) => return refused(&error),
        };
        let number = self.next_number;
        let handle = self.process.attach(Arc::clone(&heap));
        self.next_number += 1;
        self.add_slot(number, handle);
        let names = count(kept.names.len() as u64, "name");
        let stats = heap.stats();
        if let Some(slot) = self.slot_mut(number) {
            slot.names = Arc::new(NameTable::of(kept.names));
            // What it gave back in its earlier life is in the ledger of that time.
            slot.booked = (stats.pages_heapmin, stats.pages_automatic);
        }
        self.in_view = Some(number);
        if self.crt.is_none() {
            self.set_crt(number);
        }
        self.last.result = 1;
        let (findings, total) = heap.validate(Flags::NO_SERIALIZE, 1);
        let state = match findings.first() {
            None => "HeapValidate finds nothing wrong".to_owned(),
            Some(first) => {
                let findings = count(total, "finding");
                format!("it was saved damaged, {findings}: {first}")
            }
        };
        let pages = rough(kept.image.bytes());
        Answer::done(
            format!("load (heapwalk's own) = heap {number}"),
            format!("{pages} of pages and {names} as they were saved; {state}"),
        )
        .about(findings.first().map(|finding| finding.at))
    }
}

impl Session {
    /// A heap of the session with the names of its blocks, as a file would keep it.
    #[must_use]
    pub fn heap_file(&self, number: u32) -> Option<HeapFile> {
        let slot = self.slot(number)?;
        Some(HeapFile::of(&slot.heap, slot.names.kept()))
    }

    /// Makes a heap of the session what `kept` is, its names included. Nothing happens where there is no such heap.
    ///
    /// # Errors
    /// [`OtherLayout`] where the two have different arenas; nothing changes.
    pub fn restore_heap(&mut self, number: u32, kept: &HeapFile) -> Result<(), OtherLayout> {
        let Some(slot) = self.slot_mut(number) else {
            return Ok(());
        };
        kept.restore(&slot.heap)?;
        slot.names = Arc::new(NameTable::of(kept.names.iter().cloned()));
        self.touch(number);
        Ok(())
    }
}

/// The folder that a file would be in, if it is not there.
fn missing_folder(file: &str) -> Option<&Path> {
    let folder = Path::new(file).parent()?;
    (!folder.as_os_str().is_empty() && !folder.exists()).then_some(folder)
}

/// Why a file was not written.
pub(super) fn not_written(file: &str, error: &io::Error) -> Answer {
    Answer::refused(not_written_words(file, error))
}

/// The same in words.
#[must_use]
pub fn not_written_words(file: &str, error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::AlreadyExists => {
            format!("{file} is there already; add `replace` behind its name to write over it")
        }
        ErrorKind::NotFound if let Some(folder) = missing_folder(file) => format!(
            "failed to write {file}: there is no folder {}; make it first, or name one that is there",
            folder.display()
        ),
        _ => format!("failed to write {file}: {error}"),
    }
}

/// Writes a file under another name and gives it its own when all of it is there: whatever happens, what stands under
/// the name is whole. A file that is there already goes only where it may be replaced; devices and pipes are written
/// to as they are.
///
/// # Errors
/// What the system answers; nothing has changed then. `AlreadyExists` where nothing may be replaced.
pub fn whole_file<T>(
    file: &Path,
    replace: bool,
    write: impl FnOnce(&File) -> io::Result<T>,
) -> io::Result<T> {
    if replace && fs::metadata(file).is_ok_and(|what| !what.is_file() && !what.is_dir()) {
        return write(&OpenOptions::new().write(true).open(file)?);
    }
    // A link stays one: what it leads to is replaced.
    let file = &fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    // Held from the beginning, so that nobody else can take the name meanwhile.
    let claimed = !replace
        && OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(file)
            .map(|_| true)?;
    let mut unfinished = file.as_os_str().to_owned();
    unfinished.push(UNFINISHED);
    let unfinished = PathBuf::from(unfinished);
    let done = (|| {
        let to = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .open(&unfinished)?;
        let finish = || {
            let done = write(&to)?;
            to.sync_all()?;
            fs::rename(&unfinished, file)?;
            Ok(done)
        };
        finish().inspect_err(|_: &io::Error| drop(fs::remove_file(&unfinished)))
    })();
    if done.is_err() && claimed {
        // Empty, and ours.
        let _ = fs::remove_file(file);
    }
    done
}
