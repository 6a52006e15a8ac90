//! Holds the layering, and where unsafe code and atomics may stand.

use std::fs;
use std::path::{Path, PathBuf};

/// Each layer with those it may use, bottom up.
const LAYERS: &[(&str, &[&str])] = &[
    ("os", &[]),
    ("heap", &["os"]),
    ("api", &["os", "heap"]),
    ("view", &["os", "heap"]),
    ("lab", &["os", "heap"]),
    ("session", &["os", "heap", "api", "view", "lab"]),
    ("trace", &["os", "heap", "api", "view", "session"]),
    ("lesson", &["os", "heap", "api", "view", "session"]),
    ("export", &[]),
    (
        "tui",
        &[
            "os", "heap", "api", "view", "session", "trace", "lesson", "export",
        ],
    ),
    (
        "cli",
        &[
            "os", "heap", "api", "view", "session", "trace", "lesson", "tui", "export",
        ],
    ),
];

/// The only files with unsafe code.
const UNSAFE: &[&str] = &["src/os/mapping.rs"];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of the crate") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn all(folder: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    sources(&root.join(folder), &mut found);
    let name = |path: &Path| {
        path.strip_prefix(root)
            .expect("below the root")
            .display()
            .to_string()
    };
    found
        .iter()
        .map(|path| (name(path), fs::read_to_string(path).expect("text")))
        .collect()
}

/// Names that follow `crate::` in a file, comments left out.
fn used_layers(text: &str) -> Vec<String> {
    let code: String = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n");
    let word = |rest: &str| {
        rest.chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect::<String>()
    };
    code.split("crate::")
        .skip(1)
        .map(word)
        .filter(|word| !word.is_empty())
        .collect()
}

#[test]
fn each_layer_uses_only_those_below_it() {
    for (layer, allowed) in LAYERS {
        let files = all(&format!("src/{layer}"));
        assert!(!files.is_empty(), "src/{layer} is empty");
        for (file, text) in files {
            for used in used_layers(&text) {
                let known = LAYERS.iter().any(|(name, _)| *name == used);
                assert!(known, "{file} uses crate::{used}, which is no layer");
                assert!(
                    used == *layer || allowed.contains(&used.as_str()),
                    "{file}: {layer} may not use {used}"
                );
            }
        }
    }
}

#[test]
fn every_folder_is_a_layer() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in fs::read_dir(root).expect("src") {
        let path = entry.expect("an entry").path();
        let name = path
            .file_stem()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let known = LAYERS.iter().any(|(layer, _)| *layer == name)
            || ["lib", "main"].contains(&name.as_str());
        assert!(known, "src/{name} is in no layer");
    }
}

#[test]
fn invariant_8_unsafe_code_stands_only_in_the_named_files() {
    for (file, text) in all("src") {
        let code = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        // The word alone may stand in what the program says.
        let forms = ["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern"];
        let is_unsafe = |line: &&str| forms.iter().any(|form| line.contains(form));
        let unsafe_lines = code.filter(is_unsafe).count();
        assert_eq!(unsafe_lines > 0, UNSAFE.contains(&file.as_str()), "{file}");
    }
}

#[test]
fn invariant_8_only_atomic_words_appear_in_the_raw_module() {
    let (_, text) = all("src/heap")
        .into_iter()
        .find(|(file, _)| file.ends_with("raw.rs"))
        .expect("raw.rs");
    for foreign in [
        "*const",
        "*mut",
        "Cell",
        "AtomicU8",
        "AtomicU16",
        "AtomicU32",
        "AtomicPtr",
        "transmute",
    ] {
        assert!(!text.contains(foreign), "raw.rs mentions {foreign}");
    }
    assert!(text.contains("AtomicU64"));
}

#[test]
fn the_heap_knows_no_terminal_file_clock_or_colour() {
    for (file, text) in all("src/heap") {
        // The lock measures how long threads wait: that is about running a heap, not about the heap.
        let clock = file.ends_with("lock.rs");
        for foreign in [
            "ratatui",
            "std::fs",
            "std::io",
            "SystemTime",
            "std::env",
            "println!",
        ] {
            assert!(!text.contains(foreign), "{file} mentions {foreign}");
        }
        assert!(
            clock || !text.contains("std::time"),
            "{file} looks at a clock"
        );
    }
}
