//! The manual page tells of everything that the tables know.

use std::process::Command;

use heapwalk::session::sections;
use heapwalk::tui::Bindings;
use heapwalk::tui::action::ACTIONS;

use super::support::{Files, heapwalk};
use super::usage::SUBCOMMANDS;

/// The words of a page in the language of `man`, without its marks.
fn words_of(page: &str) -> String {
    let marks = [
        ("\\fB", ""),
        ("\\fI", ""),
        ("\\fR", ""),
        ("\\-", "-"),
        ("\\*(Aq", "'"),
        ("\\&", ""),
        ("\\\\", "\\"),
    ];
    marks
        .into_iter()
        .fold(page.to_owned(), |page, (mark, word)| {
            page.replace(mark, word)
        })
}

#[test]
fn it_has_every_action_and_every_command() {
    let done = heapwalk(&["man"]).piped();
    let page = words_of(done.printed());
    let lines: Vec<&str> = page.lines().collect();
    let has = |line: &str| assert!(lines.contains(&line), "{line} is not in {page}");
    let bindings = Bindings::default();
    for action in ACTIONS {
        has(&format!(
            "{}  [{}]",
            bindings.key_names(action),
            action.id()
        ));
        has(action.doc);
    }
    for section in sections() {
        for entry in section.entries {
            has(&entry.words);
            has(&entry.doc);
            if let Some(example) = entry.example {
                has(&example);
            }
        }
    }
    for command in SUBCOMMANDS {
        has(&format!(".SS \"heapwalk {command}\""));
    }
    for heading in [
        "NAME",
        "SYNOPSIS",
        "OPTIONS",
        "ENVIRONMENT",
        "FILES",
        "EXAMPLES",
    ] {
        has(&format!(".SH {heading}"));
    }
    assert_eq!(page.matches(".SH OPTIONS").count(), 1);
    assert_eq!(
        page.matches("--no-config").count(),
        2,
        "in the synopsis and once more"
    );
}

#[test]
fn it_can_be_set() {
    let files = Files::new();
    let done = heapwalk(&["man"]).piped();
    let path = files.write("heapwalk.1", done.printed());
    // Where groff is missing nothing can be said.
    let Ok(output) = Command::new("groff")
        .args(["-man", "-ww", "-Tutf8", &path])
        .output()
    else {
        return;
    };
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && words.is_empty(), "{words}");
    let page = String::from_utf8_lossy(&output.stdout);
    assert!(page.contains("HeapCompact"), "{page}");
}
