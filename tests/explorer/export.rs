//! The export menu at a terminal: each entry is chosen, its file named and read back.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::terminal::{Setup, Terminal};

/// An explorer with some blocks, and a folder to write to.
fn with_blocks() -> (Terminal, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut terminal = Setup::heapwalk(&[]).size(120, 40).start();
    terminal.run("alloc b[0:10] 64");
    terminal.wait_for("10 blocks,");
    terminal.run("alloc gone 128");
    terminal.wait_for("gone BUSY");
    terminal.press("u");
    terminal.wait_for("took back: alloc gone 128");
    terminal.run("free b[::2]");
    terminal.wait_for("in 6 holes");
    (terminal, folder)
}

/// Chooses entry `nth` of the menu, gives the prompt this file instead of its own, and waits for the answer.
fn export(terminal: &mut Terminal, nth: usize, file: &Path, more: &str) {
    terminal.press("E");
    terminal.wait_for("nothing is written over unasked");
    terminal.press(&nth.to_string());
    terminal.wait_for(": export \"");
    let line = format!("export \"{}\"{more}", file.display());
    terminal.press(&format!("\x15{line}"));
    terminal.wait("the line is there", |screen| !screen.contains("-op"));
    terminal.press("\r");
}

fn written(terminal: &mut Terminal, nth: usize, file: &Path) -> Vec<u8> {
    export(terminal, nth, file, "");
    terminal.wait_until("the file is there", |_| {
        file.metadata().is_ok_and(|file| file.len() > 0)
    });
    terminal.wait("the prompt is closed", |screen| {
        !screen.contains(": export \"")
    });
    fs::read(file).expect("the file")
}

fn in_folder(folder: &TempDir, name: &str) -> PathBuf {
    folder.path().join(name)
}

#[test]
fn pictures_show_the_screen_without_the_menu() {
    let (mut terminal, folder) = with_blocks();
    let text = written(&mut terminal, 1, &in_folder(&folder, "a.txt"));
    let text = String::from_utf8(text).expect("text");
    assert_eq!(text.lines().count(), 40);
    assert!(text.starts_with("heap 1"), "{text}");
    assert!(
        !text.contains("unasked") && !text.contains(": export \""),
        "{text}"
    );
    assert!(text.contains("in 6 holes"), "{text}");
    terminal.wait_for("the screen is in ");

    let ansi = written(&mut terminal, 2, &in_folder(&folder, "a.ansi"));
    let mut parser = vt100::Parser::new(
        40.try_into().expect("not 0"),
        120.try_into().expect("not 0"),
        0,
    );
    let ansi = String::from_utf8(ansi).expect("text").replace('\n', "\r\n");
    parser.process(ansi.trim_end().as_bytes());
    assert!(parser.screen().contents().starts_with("heap 1"));

    let svg = written(&mut terminal, 3, &in_folder(&folder, "a.svg"));
    let svg = String::from_utf8(svg).expect("text");
    let document = roxmltree::Document::parse(&svg).expect("the image is XML");
    assert_eq!(document.root_element().attribute("width"), Some("960"));

    let png = written(&mut terminal, 4, &in_folder(&folder, "a.png"));
    let image = tiny_skia::Pixmap::decode_png(&png).expect("an image");
    assert_eq!((image.width(), image.height()), (1920, 1280));
    terminal.press("q");
    assert_eq!(terminal.ended().code, 0);
}

#[test]
fn data_and_sessions_can_be_read_again() {
    let (mut terminal, folder) = with_blocks();
    let json = written(&mut terminal, 5, &in_folder(&folder, "a.json"));
    let json: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
    assert_eq!(json["schema"], "heapwalk/1");
    let blocks = json["blocks"].as_array().expect("a list").len();
    let csv = written(&mut terminal, 6, &in_folder(&folder, "a.csv"));
    assert_eq!(csv::Reader::from_reader(&*csv).records().count(), blocks);
    let script = in_folder(&folder, "a.heap");
    let told = written(&mut terminal, 7, &script);
    let told = String::from_utf8(told).expect("text");
    assert!(
        told.ends_with("heap new growable\nalloc b[0:10] 64\nfree b[::2]\n"),
        "{told}"
    );
    let image = in_folder(&folder, "a.heapimage");
    written(&mut terminal, 8, &image);
    terminal.press("q");
    assert_eq!(terminal.ended().code, 0);
    for file in [script, image] {
        let mut again = Setup::heapwalk(&[file.to_str().expect("text")])
            .size(120, 40)
            .start();
        again.wait_for("5 busy");
        again.press("q");
        assert_eq!(again.ended().code, 0);
    }
}

#[test]
fn what_is_refused_comes_back_to_the_prompt_with_the_reason() {
    let (mut terminal, folder) = with_blocks();
    for (nth, name) in [(1, "a.txt"), (5, "a.json"), (7, "a.heap")] {
        let file = in_folder(&folder, name);
        fs::write(&file, "mine").expect("written");
        export(&mut terminal, nth, &file, "");
        terminal.wait_for("is there already");
        assert_eq!(fs::read(&file).expect("still there"), b"mine");
        // One more word, and it is done.
        terminal.press(" replace\r");
        terminal.wait("the prompt is closed", |screen| {
            !screen.contains(": export \"")
        });
        terminal.wait_until("it was written over", |_| {
            fs::read(&file).is_ok_and(|bytes| bytes != b"mine")
        });
        let nowhere = in_folder(&folder, "no/such/folder").join(name);
        export(&mut terminal, nth, &nowhere, "");
        terminal.wait_for("failed to write");
        // The line stays until it is deleted, and the session goes on.
        terminal.press("\x15\x1b");
        terminal.wait("the prompt is closed", |screen| {
            !screen.contains(": export \"")
        });
    }
    terminal.run("walk");
    terminal.wait_for("HeapWalk");
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 3);
    terminal.press("q");
    assert_eq!(terminal.ended().code, 0);
}

#[test]
fn a_picture_that_was_asked_for_is_written_even_if_one_leaves_at_once() {
    let (mut terminal, folder) = with_blocks();
    let file = in_folder(&folder, "last.png");
    terminal.press(&format!(":export \"{}\"\rq", file.display()));
    assert_eq!(terminal.ended().code, 0);
    let png = fs::read(file).expect("the file");
    assert!(tiny_skia::Pixmap::decode_png(&png).is_ok());
}
