//! The journal of a session: every command that changed something, a line of the command language each, in a file that
//! grows as the session does, so that nothing is lost when the program is killed.
//!
//! A replay of the file gives the same heaps, byte for byte. What was taken back and brought back stands there as `undo`
//! and `redo`; a workload stands there as the parts that were made of it.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::command::Command;
use super::error::ScriptError;
use super::frame::{Answer, Tone};
use super::parse::parse_line;
use super::session::Session;

/// Journals kept in a directory.
const KEPT: usize = 20;
/// What the names of journals end with.
const EXTENSION: &str = "heap";
/// What tells a journal from any other script: its first words.
const HEADING: &str = "# heapwalk session of ";
/// The heap that an explorer begins with, which is no command of anybody's and cannot be taken back.
const FIRST_HEAP: &str = "heap new growable # as the explorer begins";
const UNDO: &str = "undo";
const REDO: &str = "redo";

/// A journal that is being written.
#[derive(Debug)]
pub struct Journal {
    directory: PathBuf,
    file: Option<File>,
    /// Lines that stand before the first that is worth a file.
    begin: String,
}

impl Journal {
    /// A journal in this directory. The file is made with its first line: a session that changes nothing leaves none.
    #[must_use]
    pub fn new(directory: PathBuf) -> Journal {
        Journal {
            directory,
            file: None,
            begin: String::new(),
        }
    }

    /// Writes a line at once, so that it is there even if the program is killed.
    fn write(&mut self, line: &str) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            None => {
                let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
                let file = self.file.insert(create(&self.directory, &now)?);
                let heading = format!(
                    "{HEADING}{now}; `heapwalk open FILE` goes on with it\n{}",
                    self.begin
                );
                file.write_all(heading.as_bytes())?;
                file
            }
        };
        file.write_all(format!("{line}\n").as_bytes())
    }
}

/// A new file in `directory`, named for `now` and for this process. Makes room for it first.
fn create(directory: &Path, now: &str) -> io::Result<File> {
    make_directory(directory)?;
    forget_old(directory)?;
    let time: String = now.chars().filter(char::is_ascii_alphanumeric).collect();
    let process = std::process::id();
    let mut nth = 1;
    loop {
        let again = if nth > 1 {
            format!("-{nth}")
        } else {
            String::new()
        };
        let name = format!("{time}-{process}{again}.{EXTENSION}");
        match OpenOptions::new()
            .append(true)
            .create_new(true)
            .open(directory.join(name))
        {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => nth += 1,
            result => return result,
        }
    }
}

/// Makes a directory for the person alone, with all above it.
pub(super) fn make_directory(directory: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

/// The journals in a directory, the oldest first: their names begin with their time.
fn journals(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == EXTENSION) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Leaves as many journals as make room for one more. Those of explorers that still run stay.
fn forget_old(directory: &Path) -> io::Result<()> {
    let found = journals(directory)?;
    let too_many = (found.len() + 1).saturating_sub(KEPT);
    for path in found.iter().take(too_many).filter(|path| !is_written(path)) {
        match fs::remove_file(path) {
            // Another explorer was faster.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            result => result?,
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

/// One thing that a journal says was done.
#[derive(Clone, PartialEq, Debug)]
pub enum Deed {
    /// The explorer began with a heap.
    FirstHeap,
    /// A command.
    Command(Command),
    /// The last command was taken back.
    Undo,
    /// It was brought back.
    Redo,
}

/// A journal that was read.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Past {
    /// What was done, in order.
    pub deeds: Vec<Deed>,
    /// What of its last line is there, when the writer was stopped in the middle of it.
    pub cut: Option<String>,
}

/// Reads a journal, or any script. `file` is only repeated in the error.
///
/// # Errors
/// The first mistake, with its place.
pub fn read_journal(bytes: &[u8], file: &str) -> Result<Past, ScriptError> {
    let (whole, cut) = match bytes.iter().rposition(|&byte| byte == b'\n') {
        Some(end) if bytes.starts_with(HEADING.as_bytes()) => bytes.split_at(end + 1),
        None if bytes.starts_with(HEADING.as_bytes()) => (&[][..], bytes),
        // A person may well end a script without a newline.
        _ => (bytes, &[][..]),
    };
    let text = std::str::from_utf8(whole)
        .map_err(|error| ScriptError::not_text(file, whole, error.valid_up_to()))?;
    let cut = (!cut.is_empty()).then(|| String::from_utf8_lossy(cut).into_owned());
    let mut deeds = Vec::new();
    for (index, line) in text.lines().enumerate() {
        deeds.extend(match line.trim() {
            FIRST_HEAP => Some(Deed::FirstHeap),
            UNDO => Some(Deed::Undo),
            REDO => Some(Deed::Redo),
            line => command(line, index + 1, file)?.map(Deed::Command),
        });
    }
    Ok(Past { deeds, cut })
}

fn command(text: &str, line: usize, file: &str) -> Result<Option<Command>, ScriptError> {
    let file = file.to_owned();
    parse_line(text).map_err(|error| ScriptError { file, line, error })
}

impl Session {
    /// Writes down from here on what changes something. A heap that is there already is the one the explorer begins
    /// with.
    pub fn keep_journal(&mut self, journal: Journal) {
        self.journal = Some(journal);
    }

    /// Notes that a heap was made without a command.
    pub(super) fn journal_first_heap(&mut self) {
        let Some(journal) = &mut self.journal else {
            return;
        };
        if journal.file.is_none() {
            journal.begin.push_str(FIRST_HEAP);
            journal.begin.push('\n');
        } else {
            self.journal(FIRST_HEAP);
        }
    }

    /// Writes down what was done, for a replay. A journal that cannot be written ends, and a note says so.
    pub(super) fn journal(&mut self, line: &str) {
        let Some(journal) = &mut self.journal else {
            return;
        };
        if let Err(error) = journal.write(line) {
            let directory = journal.directory.display();
            let words = format!(
                "the journal in {directory} cannot be written: {error}; this session goes on without"
            );
            self.journal = None;
            self.note(words);
        }
    }

    /// Puts words into the log.
    pub fn note(&mut self, words: String) {
        self.tell(Answer {
            words,
            tone: Tone::Note,
            ..Answer::default()
        });
    }

    /// Does what a journal says, from its first line to its last.
    pub fn replay(&mut self, past: &Past) {
        for deed in &past.deeds {
            self.do_again(deed);
        }
        if let Some(cut) = &past.cut {
            self.note_cut(cut);
        }
    }

    /// Does one thing that a journal says.
    pub(super) fn do_again(&mut self, deed: &Deed) {
        match deed {
            Deed::FirstHeap => self.open_default_heap(),
            Deed::Command(command) => {
                self.apply(command);
            }
            Deed::Undo => {
                self.undo();
            }
            Deed::Redo => {
                self.redo();
            }
        }
    }

    /// Says what a journal lacks.
    pub(super) fn note_cut(&mut self, cut: &str) {
        self.note(format!(
            "the journal ends in the middle of a line, \"{cut}\": all before it was done"
        ));
    }

    /// Takes down, while a journal is kept, that a command needed a heap and there was none.
    pub(super) fn journal_made_heap(&mut self, had: bool) {
        if !had && self.in_view.is_some() {
            self.journal_first_heap();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tempfile::TempDir;

    use super::*;
    use crate::session::{Lifetime, Workload};

    fn journalled() -> (TempDir, Session) {
        let directory = tempfile::tempdir().expect("a directory");
        let mut session = Session::new().expect("addresses");
        session.keep_journal(Journal::new(directory.path().join("sessions")));
        (directory, session)
    }

    fn written(directory: &TempDir) -> String {
        match last_journal(&directory.path().join("sessions")).expect("readable") {
            Some(path) => fs::read_to_string(path).expect("a journal"),
            None => String::new(),
        }
    }

    /// The session that a journal leads to.
    fn replayed(text: &str) -> Session {
        let past = read_journal(text.as_bytes(), "the journal").expect("a journal");
        let mut session = Session::new().expect("addresses");
        session.replay(&past);
        session
    }

    fn tell(session: &mut Session, line: &str) {
        match line {
            UNDO => drop(session.undo()),
            REDO => drop(session.redo()),
            "begin" => session.open_default_heap(),
            line => drop(session.apply(&parse_line(line).expect(line).expect("not blank"))),
        }
    }

    /// What a person did, and the lines that the journal has below its heading.
    #[test]
    fn what_changes_something_is_written() {
        for (done, lines) in [
            (&["begin"][..], &[][..]),
            (&["begin", "walk", "probe 64", "say \"x\"", "undo"], &[]),
            (&["alloc a 64"], &["alloc a 64"]),
            (
                &["begin", "alloc  a 0x40 # words"],
                &[FIRST_HEAP, "alloc a 64"],
            ),
            // A heap that was made for something that is not written itself.
            (&["walk", "alloc a 64"], &[FIRST_HEAP, "alloc a 64"]),
            (
                &["free nobody", "heap new fixed 64K"],
                &[FIRST_HEAP, "heap new fixed 64K"],
            ),
            (&["limit 64M", "walk"], &["limit 64M", FIRST_HEAP]),
            (
                &["alloc a 1", "free nobody", "free a"],
                &["alloc a 1", "free a"],
            ),
            // Calls that fail count, and may be taken back.
            (
                &["heap new fixed 64K", "alloc a 1M"],
                &["heap new fixed 64K", "alloc a 1M"],
            ),
            (
                &["alloc a 1", "undo", "undo", "redo"],
                &["alloc a 1", "undo", "redo"],
            ),
            (
                &["alloc a 1", "mark x y", "baseline off", "lock", "rate 5"],
                &["alloc a 1", "mark \"x y\"", "baseline off", "lock"],
            ),
            (
                &[
                    "run random ops=100 until=40",
                    "alloc a 1",
                    "run random ops=100 from=40",
                ],
                &[
                    "run random ops=100 until=40",
                    "alloc a 1",
                    "run random ops=100 from=40",
                ],
            ),
        ] {
            let (directory, mut session) = journalled();
            done.iter().for_each(|line| tell(&mut session, line));
            let text = written(&directory);
            let mut rest = text.lines();
            assert_eq!(
                rest.next().is_some_and(|line| line.starts_with(HEADING)),
                !lines.is_empty()
            );
            assert_eq!(rest.collect::<Vec<_>>(), lines, "{done:?}");
            assert!(replayed(&text).same_heaps(&session.image()) || lines.is_empty());
        }
    }

    #[test]
    fn a_line_that_was_cut_is_left_out_and_told() {
        let whole = format!("{HEADING}today\nalloc a 64\nundo\nalloc b 48\n");
        let deeds = read_journal(whole.as_bytes(), "x")
            .expect("a journal")
            .deeds;
        assert_eq!(deeds.len(), 3);
        for end in HEADING.len()..=whole.len() {
            let past = read_journal(&whole.as_bytes()[..end], "x").expect("a journal");
            assert!(deeds.starts_with(&past.deeds), "{past:?}");
            let last = whole[..end].rsplit('\n').next().expect("a line");
            assert_eq!(past.cut.as_deref().unwrap_or_default(), last);
            let mut session = Session::new().expect("addresses");
            session.replay(&past);
            let notes = session
                .log()
                .filter(|answer| answer.words.contains("in the middle"));
            assert_eq!(notes.count(), usize::from(!last.is_empty()));
        }
        // What is no journal may end without a newline.
        let past = read_journal(b"alloc a 64\nalloc b 48", "x").expect("a script");
        assert_eq!((past.deeds.len(), past.cut), (2, None));
        let error = read_journal(b"alloc a 64\nredo\nfre a\n", "x").expect_err("a mistake");
        assert!(error.to_string().starts_with("x:3:1: "), "{error}");
        let error = read_journal(b"undo\n\xFF\n", "x").expect_err("no text");
        assert!(error.to_string().starts_with("x:2:1: "), "{error}");
    }

    #[test]
    fn twenty_journals_are_kept_and_those_that_are_written() {
        let directory = tempfile::tempdir().expect("a directory");
        let sessions = directory.path().join("sessions");
        make_directory(&sessions).expect("made");
        // Of this process, which runs, and of one that cannot.
        let here = format!("20000101T000000Z-{}.heap", std::process::id());
        fs::write(sessions.join(&here), "").expect("written");
        for nth in 10..40 {
            let name = format!("200001{nth}T000000Z-2147483647.heap");
            fs::write(sessions.join(name), "").expect("written");
        }
        fs::write(sessions.join("notes.txt"), "").expect("written");
        let mut journal = Journal::new(sessions.clone());
        journal.write("alloc a 1").expect("written");
        let left = journals(&sessions).expect("readable");
        assert_eq!(left.len(), KEPT + 1, "{left:?}");
        assert_eq!(left[0], sessions.join(here));
        assert!(left[1].ends_with("20000121T000000Z-2147483647.heap"));
        assert!(sessions.join("notes.txt").exists());
        let last = last_journal(&sessions)
            .expect("readable")
            .expect("a journal");
        let text = fs::read_to_string(last).expect("text");
        assert!(text.ends_with("\nalloc a 1\n"), "{text}");
    }

    #[test]
    fn a_journal_that_cannot_be_written_is_told_once_and_stops_nothing() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("file");
        fs::write(&file, "").expect("written");
        let mut session = Session::new().expect("addresses");
        session.keep_journal(Journal::new(file.join("sessions")));
        for line in ["alloc a 64", "alloc b 64", "undo", "free a"] {
            tell(&mut session, line);
        }
        let notes: Vec<_> = session
            .log()
            .filter(|answer| answer.words.contains("cannot be written"))
            .collect();
        assert_eq!(notes.len(), 1);
        assert_eq!(notes[0].tone, Tone::Note);
        assert_eq!(
            session
                .log()
                .filter(|answer| answer.tone == Tone::Done)
                .count(),
            4
        );
    }

    /// What can be done to a session.
    #[derive(Clone, Debug)]
    enum Act {
        Line(String),
        /// Begins a workload beside the screen.
        Begin(Workload),
        /// Makes some steps of it.
        Steps(u64),
        Pause,
        Finish,
    }

    impl Act {
        fn on(&self, session: &mut Session) {
            match self {
                Act::Line(line) if line == UNDO || line == REDO => {
                    // What runs ends before the past is entered.
                    session.finish_run();
                    tell(session, line);
                }
                Act::Line(line) => tell(session, line),
                Act::Begin(workload) => {
                    session.finish_run();
                    let had = session.in_view.is_some();
                    session.begin_run(workload).expect("from its first step");
                    session.journal_made_heap(had);
                }
                Act::Steps(steps) if session.has_steps() => {
                    session.open_part();
                    session.run_steps(*steps);
                }
                Act::Steps(_) => {}
                Act::Pause => session.close_part(),
                Act::Finish => drop(session.finish_run()),
            }
        }
    }

    fn any_act() -> impl Strategy<Value = Act> {
        let line = |text: &str| Just(Act::Line(text.to_owned()));
        let block = || (0..6_u32).prop_map(|nth| format!("b{nth}"));
        let workload = (1..400_u64, 0..5_usize, 1..60_u32, 0..30_u8, any::<u64>()).prop_map(
            |(ops, lifetime, live, realloc, seed)| Workload {
                ops,
                size_max: 6_000,
                lifetime: Lifetime::ALL[lifetime],
                live,
                realloc,
                seed,
                ..Workload::default()
            },
        );
        let whole = prop_oneof![
            line("compact"),
            line("heapmin"),
            line("minimize"),
            line("coalesce on"),
            line("coalesce off"),
            line("policy first-fit"),
            line("policy best-fit"),
            line("stamp off"),
            line("heapset 0xfe"),
            line("mark"),
            line("lock"),
            line("unlock"),
            line("walk"),
            line("decommit auto"),
            line("limit 2M"),
            line("limit default"),
        ];
        let heaps = prop_oneof![
            line("heap new fixed 64K"),
            line("heap new growable serialize=off"),
            line("heap use 1"),
            line("heap use 2"),
            line("heap destroy"),
            line("heap crt"),
        ];
        prop_oneof![
            4 => (block(), 0..9_000_u64).prop_map(|(name, size)| Act::Line(format!("alloc {name} {size}"))),
            2 => (block(), 0..9_000_u64).prop_map(|(name, size)| Act::Line(format!("realloc {name} {size}"))),
            3 => block().prop_map(|name| Act::Line(format!("free {name}"))),
            1 => line("free w[::3]"),
            2 => whole,
            1 => heaps,
            4 => line(UNDO),
            2 => line(REDO),
            2 => workload.clone().prop_map(Act::Begin),
            1 => workload.prop_map(|workload| Act::Line(Command::Run(workload).to_string())),
            4 => (1..120_u64).prop_map(Act::Steps),
            1 => Just(Act::Pause),
            1 => Just(Act::Finish),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]
        #[test]
        fn a_replay_gives_the_same_heaps(acts in proptest::collection::vec(any_act(), 1..60)) {
            let (directory, mut session) = journalled();
            for act in &acts {
                act.on(&mut session);
            }
            session.finish_run();
            let text = written(&directory);
            if text.is_empty() {
                // Nothing is written of a session in which at most its first heap was made.
                let mut untouched = Session::new().expect("addresses");
                if session.in_view.is_some() {
                    untouched.open_default_heap();
                }
                prop_assert!(session.same_heaps(&untouched.image()), "{acts:?}");
                prop_assert_eq!(session.depths(), (0, 0));
                return Ok(());
            }
            let mut again = replayed(&text);
            prop_assert!(again.same_heaps(&session.image()), "{text}");
            prop_assert!(again.depths() == session.depths(), "{text}");
            // What was replayed can be taken back as what was done could.
            while session.depths().0 > 0 {
                session.undo();
                again.undo();
                prop_assert!(again.same_heaps(&session.image()), "{text}");
            }
        }
    }
}
