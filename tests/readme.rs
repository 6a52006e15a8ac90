//! The README claims only what runs: its commands, its reference, its list of what is not modelled, its pictures.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use heapwalk::tui::Bindings;
use heapwalk::tui::action::{ACTIONS, Context};

/// Screenshots: the file, and the arguments that make it.
const SCREENSHOTS: &[(&str, &[&str])] = &[
    (
        "demo-80x24.svg",
        &[
            "frame", "--size", "80x24", "--format", "svg", "--run", "demo",
        ],
    ),
    (
        "demo-120x40.svg",
        &[
            "frame", "--size", "120x40", "--format", "svg", "--run", "demo",
        ],
    ),
    (
        "demo-200x60.svg",
        &[
            "frame", "--size", "200x60", "--format", "svg", "--run", "demo",
        ],
    ),
    (
        "demo-light.svg",
        &[
            "frame", "--size", "80x24", "--format", "svg", "--run", "demo", "--theme", "light",
        ],
    ),
    (
        "overlap.svg",
        &[
            "frame",
            "--size",
            "120x40",
            "--format",
            "svg",
            "--run",
            "assets/scripts/overlap.heap",
        ],
    ),
    (
        "double-free.svg",
        &[
            "frame",
            "--size",
            "120x40",
            "--format",
            "svg",
            "--run",
            "assets/scripts/double-free.heap",
        ],
    ),
];

/// Lessons, each at the step that its picture shows: at its challenge unless a step is named. What real threads do in the
/// sixth does not repeat, so its picture is of a step before them.
const LESSONS: [&str; 12] = [
    "blocks",
    "fragmentation",
    "coalescing",
    "returning",
    "double-free",
    "no-serialize:8",
    "free-lists",
    "internal",
    "policies",
    "realloc",
    "large",
    "real-program",
];

/// The example of the double handout, up to the pause behind its last step, and how large it is drawn.
const HANDOUT: (&str, &str, usize) = ("double-handout.svg", "120x40", 4);

/// Set to write what should be there instead of comparing with it.
const WRITE: &str = "HEAPWALK_WRITE_SCREENSHOTS";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).expect("the README")
}

fn heapwalk(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_heapwalk"))
        .args(arguments)
        .current_dir(root())
        .env_remove("NO_COLOR")
        .env("LANG", "C.UTF-8")
        // The reader's own configuration is no part of this.
        .env("XDG_CONFIG_HOME", "/nonexistent")
        .env_remove("LC_ALL")
        .env_remove("COLORFGBG")
        .env_remove("COLUMNS")
        .output()
        .expect("the program starts")
}

/// Compares what stands between two marks of the README with what should, or writes it.
fn check_part(mark: &str, expected: &str) {
    let text = readme();
    let (begin, end) = (
        format!("<!-- {mark} -->\n"),
        format!("<!-- end of {mark} -->"),
    );
    let from = text.find(&begin).expect("the mark") + begin.len();
    let to = text.find(&end).expect("the end mark");
    if std::env::var_os(WRITE).is_some() {
        let written = format!("{}{expected}{}", &text[..from], &text[to..]);
        fs::write(root().join("README.md"), written).expect("the README can be written");
    } else {
        assert_eq!(&text[from..to], expected, "set {WRITE}=1 to write it");
    }
}

#[test]
fn parts_made_from_tables_are_current() {
    let reference = heapwalk::session::reference();
    check_part(
        "reference",
        &format!("```text\n{}\n```\n", reference.trim_end()),
    );
    check_part("panes", &format!("\n{}\n", heapwalk::tui::panes::table()));
    check_part("sizes", &format!("\n{}\n", heapwalk::tui::layout::table()));
    let rows = heapwalk::api::NOT_MODELLED.iter();
    let list: String = rows
        .map(|(row, reason)| format!("- {row}: {reason}\n"))
        .collect();
    check_part("not modelled", &format!("\n{list}\n"));
    check_part("keys", &format!("\n{}\n", keys()));
}

/// A table for each place where keys count.
fn keys() -> String {
    let bindings = Bindings::default();
    let table = |context: Context| {
        let rows = ACTIONS.iter().filter(|action| action.context == context);
        let row = |action| {
            let keys = bindings.key_names(action).replace(' ', "` `");
            format!("| `{keys}` | {} |\n", action.doc)
        };
        let place = match context {
            Context::Everywhere => "Everywhere".to_owned(),
            context => format!("In {}", context.place()),
        };
        let rows: String = rows.map(row).collect();
        format!("{place}:\n\n| keys | what they do |\n|---|---|\n{rows}")
    };
    Context::ALL.map(table).join("\n")
}

#[test]
fn the_configuration_that_is_shown_can_be_read() {
    let text = readme();
    let blocks = text.split("```toml\n").skip(1);
    let shown: Vec<&str> = blocks
        .filter_map(|block| block.split_once("```").map(|(shown, _)| shown))
        .collect();
    assert!(!shown.is_empty());
    for shown in shown {
        let folder = tempfile::tempdir().expect("a place for a file");
        let path = folder.path().join("config.toml");
        fs::write(&path, shown).expect("the file can be written");
        let path = path.display().to_string();
        let output = heapwalk(&["--print-config", "--config", &path]);
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{words}");
        let printed = String::from_utf8_lossy(&output.stdout);
        let lines = shown.lines().filter(|line| line.contains(" = "));
        for line in lines.map(|line| line.split("  #").next().unwrap_or(line).trim_end()) {
            let stands = |other: &str| other.trim_end() == line;
            let assignments = printed.lines();
            let mut assignments = assignments.map(|line| line.split("  #").next().unwrap_or(line));
            assert!(assignments.any(stands), "{line} is not in {printed}");
        }
    }
}

#[test]
fn every_command_runs() {
    let mut ran = 0;
    let text = readme();
    let blocks = text.split("```sh\n").skip(1);
    let code = blocks.filter_map(|block| block.split_once("```").map(|(code, _)| code));
    for line in code.flat_map(str::lines) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["heapwalk", arguments @ ..] => {
                let output = heapwalk(arguments);
                assert!(
                    output.status.success(),
                    "{line}: {}",
                    String::from_utf8_lossy(&output.stderr)
                );
                assert!(!output.stdout.is_empty(), "{line} prints nothing");
                ran += 1;
            }
            // The explorer; here, without a terminal, the still picture.
            ["cargo", "run", "--release"] => {
                let output = heapwalk(&[]);
                assert!(output.status.success());
                assert!(String::from_utf8_lossy(&output.stdout).contains("heap 1"));
                ran += 1;
            }
            _ => {}
        }
    }
    assert!(ran >= 8, "only {ran} commands were found");
}

#[test]
fn files_that_are_named_exist() {
    let text = readme();
    let named = text.split(['`', '(', ')']).filter(|part| {
        ["src/", "tests/", "assets/", "screenshots/"]
            .iter()
            .any(|folder| part.starts_with(folder))
            && !part.contains([' ', '*'])
    });
    let named: Vec<&str> = named.collect();
    assert!(named.len() > 10, "only {named:?} are named");
    for part in named {
        assert!(
            Path::new(&root()).join(part).exists(),
            "{part} is named but is not there"
        );
    }
}

/// A shipped example up to its pause of this number, as a script of its own.
fn up_to_pause(name: &str, number: usize, folder: &Path) -> String {
    let example = heapwalk::session::Example::find(name).expect(name);
    let parts: Vec<&str> = example.text.split("\npause\n").take(number).collect();
    assert_eq!(parts.len(), number);
    let path = folder.join("example.heap");
    fs::write(&path, parts.join("\n")).expect("the script can be written");
    path.display().to_string()
}

#[test]
fn every_lesson_has_a_screenshot() {
    let drawn = LESSONS.map(|lesson| lesson.split(':').next().unwrap_or(lesson));
    let shipped: Vec<&str> = heapwalk::lesson::SHIPPED
        .iter()
        .map(|row| row.name)
        .collect();
    assert_eq!(shipped, drawn);
}

#[test]
fn screenshots_are_what_the_program_draws() {
    let folder = tempfile::tempdir().expect("a place for a script");
    let (file, size, pause) = HANDOUT;
    let script = up_to_pause("double-handout", pause, folder.path());
    let handout = ["frame", "--size", size, "--format", "svg", "--run", &script];
    let lessons = LESSONS.map(|lesson| {
        let name = lesson.split(':').next().unwrap_or(lesson);
        let drawn = [
            "frame", "--size", "80x24", "--format", "svg", "--lesson", lesson,
        ];
        (format!("lesson-{name}.svg"), drawn)
    });
    let lessons = lessons
        .iter()
        .map(|(file, drawn)| (file.as_str(), drawn.as_slice()));
    let screenshots = SCREENSHOTS
        .iter()
        .copied()
        .chain([(file, handout.as_slice())])
        .chain(lessons);
    for (file, arguments) in screenshots {
        let output = heapwalk(arguments);
        assert!(
            output.status.success(),
            "{file}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let path = root().join("screenshots").join(file);
        if std::env::var_os(WRITE).is_some() {
            fs::write(&path, &output.stdout).expect("the screenshot can be written");
        } else {
            let there = fs::read(&path).expect("the screenshot");
            assert!(
                there == output.stdout,
                "{file} is not what the program draws; set {WRITE}=1 to make it again"
            );
        }
    }
}
