//! `save` and `load` as a person types them.

use std::fs;
use std::path::PathBuf;

use heapwalk::session::frame::{Answer, Tone};
use heapwalk::session::{HeapFile, Session, parse_line};
use heapwalk::view::Target;

/// A session with a heap of some past, and a folder to save it in.
struct Bench {
    session: Session,
    folder: tempfile::TempDir,
}

impl Bench {
    fn new(lines: &[&str]) -> Bench {
        let mut bench = Bench {
            session: Session::new().expect("addresses"),
            folder: tempfile::tempdir().expect("a folder"),
        };
        for line in lines {
            bench.tell(line);
        }
        bench
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    /// Applies a line in which `@` stands for the folder.
    fn tell(&mut self, line: &str) -> Answer {
        let folder = self.folder.path().display().to_string();
        let line = line.replace('@', &folder);
        let command = parse_line(&line).expect("a line").expect("a command");
        self.session.apply(&command)
    }

    fn overwrite(&mut self, address: u64, word: u64) {
        self.session
            .look(|core| core.write_bytes(address, &word.to_le_bytes()));
    }

    fn file(&self, name: &str) -> HeapFile {
        let bytes = fs::read(self.path(name)).expect("the file");
        HeapFile::read(&bytes[..]).expect("a heap image")
    }

    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).expect("the folder");
        let mut names: Vec<String> = entries
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .into_string()
                    .expect("text")
            })
            .collect();
        names.sort();
        names
    }
}

const PAST: &[&str] = &[
    "heap new growable policy=first-fit coalesce=off",
    "alloc b[0:40] 300",
    "alloc big 3M",
    "free b[::2]",
];

#[test]
fn a_saved_heap_comes_back_as_a_new_one_with_its_names() {
    let mut bench = Bench::new(PAST);
    let saved = bench.tell("save \"@/a.heapimage\"");
    assert_eq!(saved.tone, Tone::Done, "{}", saved.words);
    assert!(saved.words.contains("with 21 names"), "{}", saved.words);
    let before = bench.session.heap_file(1).expect("heap 1");
    let loaded = bench.tell("load \"@/a.heapimage\"");
    assert_eq!(loaded.call, "load (heapwalk's own) = heap 2");
    assert!(loaded.words.contains("21 names"), "{}", loaded.words);
    assert!(loaded.words.ends_with("nothing wrong"), "{}", loaded.words);
    let after = bench.session.heap_file(2).expect("heap 2");
    assert!(after.image.same_arena(&before.image));
    assert_eq!(after.names, before.names);
    // It goes on where it stood: the same calls do the same to both.
    for line in [
        "free b[1:9]",
        "alloc c[0:9] 200",
        "free big",
        "compact",
        "minimize",
    ] {
        let here = bench.tell(line);
        bench.tell("heap use 1");
        let there = bench.tell(line);
        assert_eq!(here.call, there.call, "{line}");
        bench.tell("heap use 2");
    }
    let [one, two] = [1, 2].map(|number| bench.session.heap_file(number).expect("a heap"));
    assert!(one.image.same_arena(&two.image));
}

#[test]
fn a_damaged_heap_is_saved_and_loaded_as_damaged_as_it_is() {
    let mut bench = Bench::new(PAST);
    let block = bench
        .session
        .seek(None, Target::First, 1024)
        .expect("a block");
    // Its header, the signature of the control block, and the bytes of the space.
    for (address, word) in [(block + 8, 0x1234), (0x20, 0), (0x28, u64::MAX)] {
        bench.overwrite(address, word);
    }
    bench.tell("save \"@/a.heapimage\"");
    let loaded = bench.tell("load \"@/a.heapimage\"");
    assert_eq!(loaded.tone, Tone::Done, "{}", loaded.words);
    assert!(
        loaded.words.contains("it was saved damaged"),
        "{}",
        loaded.words
    );
    let [one, two] = [1, 2].map(|number| bench.session.heap_file(number).expect("a heap"));
    assert!(one.image.same_arena(&two.image));
}

#[test]
fn a_file_that_is_there_stays_unless_it_is_to_be_replaced() {
    let mut bench = Bench::new(PAST);
    bench.tell("save \"@/a.heapimage\"");
    let first = fs::read(bench.path("a.heapimage")).expect("the file");
    bench.tell("alloc more 50");
    let refused = bench.tell("save \"@/a.heapimage\"");
    assert_eq!(refused.tone, Tone::Refused);
    assert!(refused.words.contains("there already"), "{}", refused.words);
    assert_eq!(
        fs::read(bench.path("a.heapimage")).expect("the file"),
        first
    );
    let replaced = bench.tell("save \"@/a.heapimage\" replace");
    assert_eq!(replaced.tone, Tone::Done, "{}", replaced.words);
    assert_eq!(bench.file("a.heapimage").names.len(), 22);
    let nowhere = bench.tell("save \"@/no/such/folder\"");
    assert_eq!(nowhere.tone, Tone::Refused);
    assert_eq!(bench.files(), ["a.heapimage"], "nothing is left behind");
}

#[test]
fn undo_removes_a_loaded_heap_and_redo_brings_it_back() {
    let mut bench = Bench::new(PAST);
    bench.tell("save \"@/a.heapimage\"");
    let before = bench.session.image();
    bench.tell("load \"@/a.heapimage\"");
    let loaded = bench.session.image();
    bench.tell("undo");
    assert!(bench.session.image() == before);
    assert!(bench.session.heap_file(2).is_none());
    bench.tell("redo");
    assert!(bench.session.image() == loaded);
}

#[test]
fn what_cannot_be_loaded_changes_nothing() {
    let mut bench = Bench::new(PAST);
    bench.tell("save \"@/a.heapimage\"");
    let bytes = fs::read(bench.path("a.heapimage")).expect("the file");
    fs::write(bench.path("cut"), &bytes[..bytes.len() / 2]).expect("a folder to write in");
    fs::write(bench.path("script"), "alloc a 64\n").expect("a folder to write in");
    bench.tell("limit 4M");
    let before = bench.session.image();
    for (line, words) in [
        ("load \"@/none\"", "No such file"),
        ("load \"@\"", "directory"),
        ("load \"@/cut\"", "is cut off at byte"),
        ("load \"@/script\"", "this is not a heap image"),
        ("load \"@/a.heapimage\"", "commit limit"),
    ] {
        let answer = bench.tell(line);
        assert_eq!(answer.tone, Tone::Refused, "{line}: {}", answer.words);
        assert!(answer.words.contains(words), "{line}: {}", answer.words);
        assert!(bench.session.image() == before, "{line}");
    }
}

#[test]
fn a_heap_is_restored_to_what_a_file_keeps() {
    let mut bench = Bench::new(PAST);
    bench.tell("save \"@/a.heapimage\"");
    let kept = bench.file("a.heapimage");
    bench.tell("free b[1:30]");
    bench.tell("alloc other[0:50] 7000");
    bench
        .session
        .restore_heap(1, &kept)
        .expect("the same arena");
    let now = bench.session.heap_file(1).expect("heap 1");
    assert!(now.image.same_arena(&kept.image));
    assert_eq!(now.names, kept.names);
    bench.tell("heap new fixed 64K");
    bench
        .session
        .restore_heap(2, &kept)
        .expect_err("another arena");
}
