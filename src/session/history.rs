//! The lines typed at the prompt, kept from session to session.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;

use super::journal::make_directory;

/// Lines kept.
const KEPT: usize = 1000;
/// Bytes from which on the file is made short again: several times what the lines kept need.
const LONG: u64 = 256 << 10;

/// The file with the lines. Several explorers may read and write it at once.
#[derive(Clone, Debug)]
pub struct History {
    path: PathBuf,
}

impl History {
    /// The history in this file, which need not be there yet.
    #[must_use]
    pub fn new(path: PathBuf) -> History {
        History { path }
    }

    /// The lines, oldest first: of equal lines the newest, and the last thousand of them.
    ///
    /// # Errors
    /// When there is a file that cannot be read.
    pub fn load(&self) -> io::Result<Vec<String>> {
        // Without a lock: whoever makes it short puts another whole file in its place.
        match fs::read(&self.path) {
            Ok(bytes) => Ok(lines(&text(&bytes))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Adds lines at once, so that they are there even if the program is killed.
    ///
    /// # Errors
    /// When the file cannot be made or written.
    pub fn append(&self, lines: &[String]) -> io::Result<()> {
        let text: String = lines.iter().filter_map(|line| as_kept(line)).collect();
        if text.is_empty() {
            return Ok(());
        }
        if let Some(directory) = self.path.parent() {
            make_directory(directory)?;
        }
        let _lock = self.lock()?;
        let mut file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(&self.path)?;
        file.write_all(text.as_bytes())?;
        if file.metadata()?.len() > LONG {
            self.make_short()?;
        }
        Ok(())
    }

    /// Keeps other explorers from writing, until it is dropped. It is a file of its own, since the one with the lines is
    /// replaced, and a lock goes with the file that it was taken on.
    fn lock(&self) -> io::Result<File> {
        let lock = OpenOptions::new()
            .append(true)
            .create(true)
            .open(self.path.with_extension("lock"))?;
        lock.lock()?;
        Ok(lock)
    }

    /// Leaves the lines that are loaded. Whenever the program is killed, either all lines are there or these.
    fn make_short(&self) -> io::Result<()> {
        let mut kept = lines(&text(&fs::read(&self.path)?)).join("\n");
        kept.push('\n');
        let short = self.path.with_extension("short");
        fs::write(&short, kept)?;
        fs::rename(&short, &self.path)
    }
}

/// A line as it stands in the file; `None` where there is nothing worth it.
fn as_kept(line: &str) -> Option<String> {
    let line: String = line.chars().filter(|char| !char.is_control()).collect();
    (!line.trim().is_empty()).then(|| line + "\n")
}

/// What is no text is a line nobody typed; it must not cost the others.
fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

fn lines(text: &str) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut kept: Vec<String> = text
        .lines()
        .rev()
        .filter(|line| !line.trim().is_empty() && seen.insert(*line))
        .take(KEPT)
        .map(str::to_owned)
        .collect();
    kept.reverse();
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn append(history: &History, line: &str) {
        history.append(&[line.to_owned()]).expect("written");
    }

    fn history() -> (tempfile::TempDir, History) {
        let directory = tempfile::tempdir().expect("a directory");
        let history = History::new(directory.path().join("state/heapwalk/history"));
        (directory, history)
    }

    #[test]
    fn lines_are_kept_once_and_the_newest_last() {
        for (appended, kept) in [
            (&[][..], &[][..]),
            (&["a", "b", "a"], &["b", "a"]),
            (
                &["a", " ", "", "two\nlines", "tab\there"],
                &["a", "twolines", "tabhere"],
            ),
        ] {
            let (_directory, history) = history();
            for line in appended {
                append(&history, line);
            }
            assert_eq!(history.load().expect("read"), kept);
            // All at once comes to the same.
            let (_directory, history) = self::history();
            let appended: Vec<String> = appended.iter().map(|&line| line.to_owned()).collect();
            history.append(&appended).expect("written");
            assert_eq!(history.load().expect("read"), kept);
        }
    }

    #[test]
    fn the_last_thousand_stay_and_the_file_stays_short() {
        let (_directory, history) = history();
        for nth in 0..20_000 {
            append(&history, &format!("alloc some_long_name_{nth} 4096"));
        }
        let kept = history.load().expect("read");
        assert_eq!(kept.len(), KEPT);
        assert_eq!(kept[KEPT - 1], "alloc some_long_name_19999 4096");
        assert_eq!(kept[0], "alloc some_long_name_19000 4096");
        let bytes = fs::metadata(&history.path).expect("a file").len();
        assert!(bytes <= LONG + 100, "{bytes}");
        // What was left of a shortening that was stopped is no obstacle to the next.
        fs::write(history.path.with_extension("short"), "half a li").expect("written");
        let many: Vec<String> = (0..20_000)
            .map(|nth| format!("free some_long_name_{nth}"))
            .collect();
        history.append(&many).expect("written");
        assert_eq!(history.load().expect("read"), many[19_000..]);
        assert!(!history.path.with_extension("short").exists());
    }

    #[test]
    fn two_explorers_lose_no_line() {
        let (_directory, history) = history();
        std::thread::scope(|scope| {
            for explorer in ["a", "b"] {
                let history = &history;
                scope.spawn(move || {
                    for nth in 0..400 {
                        // Long enough for the file to be made short several times.
                        let line = format!("say {explorer}{nth} {}", "x".repeat(1_000));
                        append(history, &line);
                    }
                });
            }
        });
        let kept = history.load().expect("read");
        assert_eq!(kept.len(), 800);
        for explorer in ["a", "b"] {
            let of = |line: &&String| line.starts_with(&format!("say {explorer}"));
            let numbers: Vec<usize> = kept
                .iter()
                .filter(of)
                .map(|line| {
                    line[5..]
                        .split(' ')
                        .next()
                        .and_then(|n| n.parse().ok())
                        .expect("a number")
                })
                .collect();
            assert_eq!(numbers, Vec::from_iter(0..400));
        }
    }

    #[test]
    fn what_is_no_text_costs_no_other_line() {
        let (_directory, history) = history();
        append(&history, "walk");
        let mut file = OpenOptions::new()
            .append(true)
            .open(&history.path)
            .expect("a file");
        file.write_all(b"\xFF\xFE\n").expect("written");
        append(&history, "compact");
        let kept = history.load().expect("read");
        assert_eq!((kept.len(), &*kept[0], &*kept[2]), (3, "walk", "compact"));
    }
}
