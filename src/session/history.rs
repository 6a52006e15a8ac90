//! The lines typed at the prompt, kept from session to session.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write};
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
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        // Not while another explorer makes it short.
        file.lock_shared()?;
        Ok(lines(&read(&mut file)?))
    }

    /// Adds a line at once, so that it is there even if the program is killed.
    ///
    /// # Errors
    /// When the file cannot be made or written.
    pub fn append(&self, line: &str) -> io::Result<()> {
        let line: String = line.chars().filter(|char| !char.is_control()).collect();
        if line.trim().is_empty() {
            return Ok(());
        }
        if let Some(directory) = self.path.parent() {
            make_directory(directory)?;
        }
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(&self.path)?;
        file.lock()?;
        file.write_all(format!("{line}\n").as_bytes())?;
        if file.metadata()?.len() > LONG {
            make_short(&mut file)?;
        }
        Ok(())
    }
}

/// Leaves the lines that are loaded, in the same file: whoever has it open goes on with it.
fn make_short(file: &mut File) -> io::Result<()> {
    file.rewind()?;
    let mut kept = lines(&read(file)?).join("\n");
    kept.push('\n');
    file.set_len(0)?;
    file.write_all(kept.as_bytes())
}

/// What is no text is a line nobody typed; it must not cost the others.
fn read(file: &mut File) -> io::Result<String> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
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
    use std::fs;

    use super::*;

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
                history.append(line).expect("written");
            }
            assert_eq!(history.load().expect("read"), kept);
        }
    }

    #[test]
    fn the_last_thousand_stay_and_the_file_stays_short() {
        let (_directory, history) = history();
        for nth in 0..20_000 {
            history
                .append(&format!("alloc some_long_name_{nth} 4096"))
                .expect("written");
        }
        let kept = history.load().expect("read");
        assert_eq!(kept.len(), KEPT);
        assert_eq!(kept[KEPT - 1], "alloc some_long_name_19999 4096");
        assert_eq!(kept[0], "alloc some_long_name_19000 4096");
        let bytes = fs::metadata(&history.path).expect("a file").len();
        assert!(bytes <= LONG + 100, "{bytes}");
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
                        history.append(&line).expect("written");
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
        history.append("walk").expect("written");
        let mut file = OpenOptions::new()
            .append(true)
            .open(&history.path)
            .expect("a file");
        file.write_all(b"\xFF\xFE\n").expect("written");
        history.append("compact").expect("written");
        let kept = history.load().expect("read");
        assert_eq!((kept.len(), &*kept[0], &*kept[2]), (3, "walk", "compact"));
    }
}
