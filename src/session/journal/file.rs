//! The file of a journal: how it is begun, how it grows, and which earlier ones are kept.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::Kept;

/// Journals kept in a directory.
pub(super) const KEPT: usize = 20;
/// What the names of journals end with.
const EXTENSION: &str = "heap";
/// What the name ends with while an earlier journal is copied.
const UNFINISHED: &str = "part";
/// What the names of heap images beside journals end with.
const IMAGE: &str = "heapimage";
/// What tells a journal from any other script: its first words.
pub(super) const HEADING: &str = "# heapwalk session of ";

/// A journal that is being written.
#[derive(Debug)]
pub struct Journal {
    directory: PathBuf,
    /// The journal that is gone on with; it is never made room of.
    source: Option<PathBuf>,
    file: Option<Growing>,
    /// Lines that stand before the first that is worth a file.
    begin: String,
    /// Where the deeds end that stand in the file and are still being done again. Nothing is written meanwhile.
    held: Option<Vec<u64>>,
}

/// A file with whole lines.
#[derive(Debug)]
struct Growing {
    file: File,
    path: PathBuf,
    /// Where the next line goes. What stands behind is the line of a part that is not over.
    end: u64,
    /// That line, if there is one.
    part: String,
}

impl Growing {
    /// One write, so that whenever the program is killed, whole lines stand there.
    fn put(&mut self, text: &str) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.end))?;
        self.file.write_all(text.as_bytes())
    }

    /// Adds lines, before the one of a part that is not over.
    fn add(&mut self, lines: &str) -> io::Result<()> {
        self.put(&format!("{lines}{}", self.part))?;
        self.end += lines.len() as u64;
        Ok(())
    }

    /// The line of a part in the place of the one that stands there of it. It is never made shorter, since that would
    /// take two steps: the blanks at its end mean nothing.
    fn set_part(&mut self, line: &str) -> io::Result<()> {
        let width = self.part.trim_end_matches('\n').len();
        let line = format!("{line:width$}\n");
        self.put(&line)?;
        self.part = line;
        Ok(())
    }

    fn close_part(&mut self) {
        self.end += self.part.len() as u64;
        self.part.clear();
    }

    fn cut(&mut self, end: u64) -> io::Result<()> {
        self.file.set_len(end)?;
        self.end = end;
        Ok(())
    }
}

impl Journal {
    /// A journal in this directory. The file is made with its first line: a session that changes nothing leaves none.
    #[must_use]
    pub fn new(directory: PathBuf) -> Journal {
        Journal {
            directory,
            source: None,
            file: None,
            begin: String::new(),
            held: None,
        }
    }

    /// The same, of a session that goes on with `source`: that file stays, however many there are.
    #[must_use]
    pub fn behind(self, source: PathBuf) -> Journal {
        Journal {
            source: Some(source),
            ..self
        }
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(super) fn has_file(&self) -> bool {
        self.file.is_some()
    }

    /// A line that is to stand first, when there is a file.
    pub(super) fn begin_with(&mut self, line: &str) {
        self.begin.push_str(line);
        self.begin.push('\n');
    }

    /// Writes a line at once, so that it is there even if the program is killed.
    pub(super) fn write(&mut self, line: &str) -> io::Result<()> {
        if self.held.is_some() {
            return Ok(());
        }
        self.growing()?.add(&format!("{line}\n"))
    }

    /// Writes the line of a part in the place of what stands there of it.
    pub(super) fn write_part(&mut self, line: &str, closed: bool) -> io::Result<()> {
        if self.held.is_some() {
            return Ok(());
        }
        let file = self.growing()?;
        file.set_part(line)?;
        if closed {
            file.close_part();
        }
        Ok(())
    }

    /// Begins the file with all that `kept` holds, under another name until all of it is there.
    pub(super) fn hold(&mut self, kept: &Kept) -> io::Result<()> {
        make_directory(&self.directory)?;
        let (path, now) = self.free_path();
        let unfinished = path.with_extension(UNFINISHED);
        let mut file = Growing {
            file: File::create(&unfinished)?,
            path: path.clone(),
            end: 0,
            part: String::new(),
        };
        file.add(&heading(&now))?;
        let below = file.end;
        file.add(&kept.text)?;
        fs::rename(&unfinished, &path)?;
        self.file = Some(file);
        let ends = std::iter::once(0).chain(kept.ends.iter().copied());
        self.held = Some(ends.map(|end| below + end as u64).collect());
        // Only now, and without what was copied: a program that is killed in between has too many rather than too few.
        forget_old(
            &self.directory,
            KEPT,
            &[Some(&path), self.source.as_deref()],
        )
    }

    /// Goes on behind the first `deeds` deeds that are held; the others are left out.
    pub(super) fn let_go(&mut self, deeds: usize) -> io::Result<()> {
        let end = self
            .held
            .take()
            .filter(|ends| deeds + 1 < ends.len())
            .map(|ends| ends[deeds]);
        match (end, &mut self.file) {
            (Some(end), Some(file)) => file.cut(end),
            _ => Ok(()),
        }
    }

    /// Writes what lines of the journal refer to beside it. Answers with the name of that file; nothing while lines are
    /// being done again, which have theirs.
    pub(super) fn keep_beside(
        &mut self,
        write: impl FnOnce(&File) -> io::Result<u64>,
    ) -> io::Result<Option<String>> {
        if self.held.is_some() {
            return Ok(None);
        }
        let directory = self.directory.clone();
        let path = &self.growing()?.path;
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let free = |nth: &u64| !directory.join(image_name(&stem, *nth)).exists();
        let name = image_name(&stem, (1..).find(free).unwrap_or(0));
        let whole = directory.join(&name);
        let unfinished = whole.with_extension(UNFINISHED);
        write(&File::create(&unfinished)?)?;
        fs::rename(unfinished, whole)?;
        Ok(Some(name))
    }

    /// The file of this name beside the journal, or beside the one that it goes on with.
    pub(super) fn find_beside(&self, name: &str) -> Option<PathBuf> {
        let source = self.source.as_deref().and_then(Path::parent);
        let mut places = source.into_iter().chain([&*self.directory]);
        places.find_map(|place| file_beside(place, name))
    }

    /// The file, which is made for its first line.
    fn growing(&mut self) -> io::Result<&mut Growing> {
        let file = match self.file.take() {
            Some(file) => file,
            None => self.create()?,
        };
        Ok(self.file.insert(file))
    }

    /// A new file, with what stands first. Makes room for it before.
    fn create(&self) -> io::Result<Growing> {
        make_directory(&self.directory)?;
        forget_old(&self.directory, KEPT - 1, &[self.source.as_deref()])?;
        let (path, now) = self.free_path();
        let mut file = Growing {
            file: OpenOptions::new()
                .write(true)
                .create_new(true)
                .open(&path)?,
            path,
            end: 0,
            part: String::new(),
        };
        file.add(&format!("{}{}", heading(&now), self.begin))?;
        Ok(file)
    }

    /// A name that no journal has, for this time and this process, which nobody else takes meanwhile; and the time.
    /// The name has milliseconds: a session that is opened in the second in which it was killed is the last one then.
    fn free_path(&self) -> (PathBuf, String) {
        let now = SystemTime::now();
        let time = humantime::format_rfc3339_millis(now).to_string();
        let time: String = time.chars().filter(char::is_ascii_alphanumeric).collect();
        let now = humantime::format_rfc3339_seconds(now).to_string();
        let process = std::process::id();
        let mut path = self.directory.join(format!("{time}-{process}.{EXTENSION}"));
        let mut nth = 1;
        while path.exists() {
            nth += 1;
            path.set_file_name(format!("{time}-{process}-{nth}.{EXTENSION}"));
        }
        (path, now)
    }
}

/// The file of this name in a directory. A name and nothing else: no line leads out of the directory that it is in.
pub(in crate::session) fn file_beside(directory: &Path, name: &str) -> Option<PathBuf> {
    let file = directory.join(name);
    (file.file_name().is_some_and(|last| last == name) && file.is_file()).then_some(file)
}

fn heading(now: &str) -> String {
    format!("{HEADING}{now}; `heapwalk open FILE` goes on with it\n")
}

/// Makes a directory for the person alone, with all above it.
pub(in crate::session) fn make_directory(directory: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

/// The journals in a directory, the oldest first: their names begin with their time.
pub(super) fn journals(directory: &Path) -> io::Result<Vec<PathBuf>> {
    with_extension(directory, EXTENSION)
}

fn with_extension(directory: &Path, extension: &str) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == extension) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Leaves `most` journals. Those of explorers that still run stay, and so do the ones named. What was never finished by
/// an explorer that is gone holds nothing that does not stand elsewhere.
fn forget_old(directory: &Path, most: usize, stay: &[Option<&Path>]) -> io::Result<()> {
    let stay: Vec<PathBuf> = stay
        .iter()
        .flatten()
        .filter_map(|path| path.canonicalize().ok())
        .collect();
    let stays = |path: &Path| {
        is_written(path) || path.canonicalize().is_ok_and(|path| stay.contains(&path))
    };
    let found = journals(directory)?;
    let too_many = found.len().saturating_sub(most);
    let unfinished = with_extension(directory, UNFINISHED)?;
    let old = found.iter().take(too_many).chain(&unfinished);
    for path in old.filter(|path| !stays(path)) {
        match fs::remove_file(path) {
            // Another explorer was faster.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            result => result?,
        }
    }
    forget_images(directory)
}

/// The name of the `nth` image beside a journal.
fn image_name(stem: &str, nth: u64) -> String {
    format!("{stem}-{nth}.{IMAGE}")
}

/// Removes images that no journal in the directory speaks of, and that no explorer that runs may be about to.
fn forget_images(directory: &Path) -> io::Result<()> {
    let images = with_extension(directory, IMAGE)?;
    if images.is_empty() {
        return Ok(());
    }
    let texts: Vec<Vec<u8>> = journals(directory)?.iter().flat_map(fs::read).collect();
    let is_named = |image: &Path| {
        let name = image.file_name().unwrap_or_default().as_encoded_bytes();
        texts
            .iter()
            .any(|text| text.windows(name.len()).any(|part| part == name))
    };
    for image in images {
        if !is_written(&image) && !is_named(&image) {
            match fs::remove_file(&image) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                result => result?,
            }
        }
    }
    Ok(())
}

/// Whether the process that a journal is named for may still write it.
fn is_written(path: &Path) -> bool {
    let process = path
        .file_stem()
        .and_then(|name| name.to_str())
        .and_then(|name| name.split('-').nth(1))
        .and_then(|number| number.parse().ok())
        .and_then(rustix::process::Pid::from_raw);
    process.is_some_and(|process| rustix::process::test_kill_process(process).is_ok())
}

/// The journal of the session that was begun last, if there is one.
///
/// # Errors
/// When the directory cannot be read; that there is none is no error.
pub fn last_journal(directory: &Path) -> io::Result<Option<PathBuf>> {
    match journals(directory) {
        Ok(mut found) => Ok(found.pop()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
