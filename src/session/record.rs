//! What was done in a session, as the lines of a script: `save "FILE.heap"` writes them.
//!
//! The lines are those of a journal, kept whether or not there is one. What was taken back and not brought back is left
//! out, where that is sure to lead to the same heaps. It is not where calls waited for a lock: they go in later than they
//! were made, so that the order of the lines is not the one in which they would be taken back. Nor is it where somebody
//! went on from the past. Then `undo`, `redo`, `seek` and `branch` stand in the script as they were done.

use std::fmt::Write;

use super::Command;
use super::apply::changes;
use super::journal::{Deed, deed};

/// The first line of a script that was saved. No journal begins so.
const HEADING: &str =
    "# heapwalk script: `heapwalk FILE` shows it, `heapwalk run FILE` does it without a screen\n";

/// The lines so far.
#[derive(Debug, Default)]
pub(super) struct Record {
    /// Whole lines.
    lines: String,
    /// The line of a workload of which more may come.
    part: String,
}

impl Record {
    /// Adds a line, before the one of a part that is not over.
    pub(super) fn add(&mut self, line: &str) {
        self.lines.push_str(line);
        self.lines.push('\n');
    }

    /// The line of a part, in the place of what stands there of it.
    pub(super) fn set_part(&mut self, line: &str, closed: bool) {
        if closed {
            self.part.clear();
            self.add(line);
        } else {
            line.clone_into(&mut self.part);
        }
    }

    /// The script that leads here. `keep_left` makes sure of an image that threads left and answers with its name for
    /// whoever opens the script; nothing where it is lost.
    pub(super) fn script(&self, mut keep_left: impl FnMut(&str) -> Option<String>) -> Retold {
        let part = (!self.part.is_empty()).then_some(&*self.part);
        let lines = self.lines.lines().chain(part);
        let done: Vec<Line<'_>> = lines.map(Line::of).collect();
        let (told, folded) = match folded(&done) {
            Some(left) => (left, true),
            None => (done.iter().collect(), false),
        };
        let mut script = HEADING.to_owned();
        // Writing to a `String` cannot fail.
        let _ = writeln!(
            script,
            "# written by heapwalk {}",
            env!("CARGO_PKG_VERSION")
        );
        let goes_back = |line: &&Line<'_>| {
            matches!(
                line.deed,
                Some(
                    Deed::Undo | Deed::Redo | Deed::Command(Command::Seek(_) | Command::Branch(_))
                )
            )
        };
        if !folded && told.iter().any(goes_back) {
            script.push_str(
                "# the way back stands here as it was gone: what was taken back cannot be told from what was not\n",
            );
        }
        let (mut images, mut lost, mut commands) = (0, 0, 0);
        for line in told {
            let (text, fate) = line.told(&mut keep_left);
            match fate {
                Some(Fate::Kept) => {
                    images += 1;
                    script
                        .push_str("# real threads do not repeat: the image holds what they left\n");
                }
                Some(Fate::Lost) => {
                    lost += 1;
                    script.push_str(
                        "# real threads do not repeat, and no image was kept: from here on the heap may be another\n",
                    );
                }
                None => {}
            }
            commands += 1;
            script.push_str(&text);
            script.push('\n');
        }
        Retold {
            script,
            commands,
            images,
            lost,
        }
    }
}

/// A session as a script.
pub(super) struct Retold {
    pub(super) script: String,
    /// Lines that are commands.
    pub(super) commands: u64,
    /// Images beside the script.
    pub(super) images: u64,
    /// Threads of which nothing was kept.
    pub(super) lost: u64,
}

/// What became of what threads left.
enum Fate {
    Kept,
    Lost,
}

/// A line, read.
struct Line<'a> {
    text: &'a str,
    deed: Option<Deed>,
}

impl Line<'_> {
    fn of(text: &str) -> Line<'_> {
        // What this session wrote, it can read.
        let deed = deed(text.trim(), 1, "").ok().flatten();
        Line { text, deed }
    }

    /// How it stands in the script, and what became of what threads left.
    fn told(&self, keep_left: &mut impl FnMut(&str) -> Option<String>) -> (String, Option<Fate>) {
        let plain = || self.text.trim_end().to_owned();
        match &self.deed {
            Some(Deed::FirstHeap) => ("heap new growable".to_owned(), None),
            Some(Deed::Command(Command::Threads(threads))) => {
                let left = threads.left.as_deref().and_then(keep_left);
                let fate = if left.is_some() {
                    Fate::Kept
                } else {
                    Fate::Lost
                };
                let mut threads = threads.clone();
                threads.left = left;
                (Command::Threads(threads).to_string(), Some(fate))
            }
            _ => (plain(), None),
        }
    }
}

/// The lines without what was taken back; `None` where that may lead elsewhere.
fn folded<'a>(done: &'a [Line<'a>]) -> Option<Vec<&'a Line<'a>>> {
    let mut kept: Vec<&Line<'_>> = Vec::new();
    // What was taken back, the latest last: a step and what was kept behind it.
    let mut ahead: Vec<Vec<&Line<'_>>> = Vec::new();
    for line in done {
        match line.deed.as_ref()? {
            Deed::Undo => {
                let last = kept.iter().rposition(|line| is_step(line))?;
                let behind = kept.split_off(last).into_iter();
                let (stays, gone) = behind.partition(|line| is_history(line));
                kept.extend::<Vec<_>>(stays);
                ahead.push(gone);
            }
            Deed::Redo => kept.append(&mut ahead.pop()?),
            Deed::FirstHeap => kept.push(line),
            Deed::Command(Command::Mark(_) | Command::Baseline(_) | Command::History(_)) => {
                kept.push(line);
            }
            Deed::Command(_) if is_step(line) => {
                ahead.clear();
                kept.push(line);
            }
            Deed::Command(_) => return None,
        }
    }
    Some(kept)
}

/// Whether the line says how much the way back may take, which no undo takes back.
fn is_history(line: &Line<'_>) -> bool {
    matches!(line.deed, Some(Deed::Command(Command::History(_))))
}

/// Whether one undo takes back what the line does, and nothing else.
fn is_step(line: &Line<'_>) -> bool {
    match &line.deed {
        Some(Deed::Command(Command::As { .. })) => false,
        // Both calls, with the order in which their steps were made.
        Some(Deed::Command(Command::Interleave(_))) => true,
        Some(Deed::Command(command)) => changes(command),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retold(lines: &str) -> String {
        let mut record = Record::default();
        for line in lines.split(';') {
            record.add(line);
        }
        let script = record.script(|_| None).script;
        let commands: Vec<&str> = script
            .lines()
            .filter(|line| !line.starts_with('#'))
            .collect();
        commands.join(";")
    }

    #[test]
    fn what_was_taken_back_is_left_out() {
        for (done, told) in [
            ("alloc a 1;alloc b 2", "alloc a 1;alloc b 2"),
            ("alloc a 1;alloc b 2;undo", "alloc a 1"),
            ("alloc a 1;undo;alloc b 2", "alloc b 2"),
            ("alloc a 1;undo;redo;alloc b 2", "alloc a 1;alloc b 2"),
            (
                "alloc a 1;alloc b 2;undo;undo;redo;alloc c 3",
                "alloc a 1;alloc c 3",
            ),
            // A bookmark goes with the moment that it was kept of.
            ("alloc a 1;mark \"x\";undo", ""),
            ("alloc a 1;history 512M;undo", "history 512M"),
            (
                "history 512M;alloc a 1;history 1M;undo;redo",
                "history 512M;history 1M;alloc a 1",
            ),
            ("alloc a 1;mark \"x\";undo;redo", "alloc a 1;mark \"x\""),
            (
                "heap new growable # as the explorer begins;alloc a 1;undo",
                "heap new growable",
            ),
        ] {
            assert_eq!(retold(done), told, "{done}");
        }
    }

    #[test]
    fn where_calls_waited_everything_stays() {
        let done = "lock;as t2: alloc x 64;alloc a 64;unlock;undo;alloc b 8";
        assert_eq!(retold(done), done);
        let mut record = Record::default();
        record.add("lock");
        record.add("undo");
        let script = record.script(|_| None).script;
        assert!(script.contains("# the way back stands here as it was gone"));
    }

    #[test]
    fn the_line_of_a_part_grows_until_it_is_over() {
        let mut record = Record::default();
        record.set_part("run random ops=10", false);
        record.set_part("run random ops=20", false);
        record.add("alloc a 1");
        let now = record.script(|_| None);
        assert!(now.script.ends_with("alloc a 1\nrun random ops=20\n"));
        record.set_part("run random ops=30", true);
        let then = record.script(|_| None);
        assert!(then.script.ends_with("alloc a 1\nrun random ops=30\n"));
        assert_eq!(then.commands, 2);
    }

    #[test]
    fn threads_refer_to_their_image_or_say_that_there_is_none() {
        let mut record = Record::default();
        record.add("threads 2 { run random ops=5 } left=old.heapimage # real threads: this does not repeat");
        let kept = record.script(|old| {
            assert_eq!(old, "old.heapimage");
            Some("new.heapimage".to_owned())
        });
        assert_eq!((kept.images, kept.lost), (1, 0));
        assert!(kept.script.ends_with(
            "# real threads do not repeat: the image holds what they left\nthreads 2 { run random ops=5 } left=new.heapimage\n"
        ), "{}", kept.script);
        let lost = record.script(|_| None);
        assert_eq!((lost.images, lost.lost), (0, 1));
        assert!(lost.script.contains("no image was kept"));
    }
}
