//! `heapwalk frame`, and heapwalk without a terminal.

use roxmltree::Document;

use super::support::{Files, heapwalk};

const HINT: &str = "heapwalk: this is one still picture; run heapwalk in a terminal to explore, or see heapwalk --help\n";

#[test]
fn a_picture_fills_its_size_without_escape_codes() {
    for (size, width, height) in [
        ("80x24", 80, 24),
        ("120x40", 120, 40),
        ("200x60", 200, 60),
        ("10x3", 10, 3),
        ("1x1", 1, 1),
    ] {
        let done = heapwalk(&["frame", "--size", size]).piped();
        let lines: Vec<&str> = done.is_plain().printed().lines().collect();
        assert_eq!(lines.len(), height, "{size}");
        assert!(
            lines.iter().all(|line| line.chars().count() <= width),
            "{size}"
        );
        assert!(lines.iter().all(|line| !line.ends_with(' ')), "{size}");
    }
    let picture = heapwalk(&["frame"]).piped();
    assert!(
        picture.printed().contains("heap 1 CRT fixed 64K"),
        "{picture:?}"
    );
}

#[test]
fn glyphs_follow_the_option_and_then_the_locale() {
    for (args, locale, ascii) in [
        (&["frame"][..], "C.UTF-8", false),
        (&["frame"], "C", true),
        (&["frame", "--glyphs", "ascii"], "C.UTF-8", true),
        (&["--glyphs", "ascii", "frame"], "C.UTF-8", true),
        (&["frame", "--glyphs", "unicode"], "C", false),
        (&["--glyphs", "ascii"], "C.UTF-8", true),
    ] {
        let done = heapwalk(args).env("LANG", locale).piped();
        assert_eq!(done.code, Some(0), "{done:?}");
        assert_eq!(
            done.stdout.is_ascii(),
            ascii,
            "{args:?} {locale}: {}",
            done.stdout
        );
    }
}

#[test]
fn an_image_is_xml_with_colours_unless_they_are_unwanted() {
    // Every colour that is not one of two greys of the scheme.
    let colours = |args: &[&str], no_color: &str| {
        let args = [&["frame", "--format", "svg"], args].concat();
        let done = heapwalk(&args).env("NO_COLOR", no_color).piped();
        let image = done.printed().to_owned();
        let document = Document::parse(&image).expect("the image is XML");
        let mut fills: Vec<String> = document
            .descendants()
            .filter_map(|node| node.attribute("fill").map(str::to_owned))
            .filter(|fill| fill.starts_with('#'))
            .collect();
        fills.sort();
        fills.dedup();
        fills
    };
    let busy = "#56b4e9".to_owned();
    assert!(colours(&[], "").contains(&busy));
    assert!(!colours(&[], "1").contains(&busy));
    assert!(!colours(&["--color", "never"], "").contains(&busy));
    assert!(colours(&["--color", "always"], "1").contains(&busy));
    assert!(colours(&["--background", "light"], "").contains(&"#0072b2".to_owned()));
    assert!(colours(&["--theme", "light"], "").contains(&"#0072b2".to_owned()));
}

#[test]
fn a_picture_shows_the_heap_after_a_script() {
    let files = Files::new();
    let script = files.write("t.heap", "heap new fixed 128K\nalloc a 100\n");
    let done = heapwalk(&["frame", "--run", &script]).piped();
    assert!(done.is_plain().printed().contains("fixed 128K"), "{done:?}");
    let failing = files.write("f.heap", "alloc a 100\nexpect holes == 77\n");
    let done = heapwalk(&["frame", "--run", &failing]).piped();
    assert_eq!(done.code, Some(1));
    assert_eq!(done.stdout.lines().count(), 24);
    assert!(
        done.stderr.starts_with(&format!("heapwalk: {failing}:2: ")),
        "{done:?}"
    );
}

#[test]
fn without_a_terminal_the_explorer_is_a_still_picture() {
    let alone = heapwalk::<&str>(&[]).piped();
    assert_eq!((alone.code, alone.stderr.as_str()), (Some(0), HINT));
    assert_eq!(
        alone.is_plain().stdout,
        heapwalk(&["frame"]).piped().printed()
    );
    assert_eq!(alone.stdout.lines().count(), 24);
    let files = Files::new();
    let script = files.write("t.heap", "heap new fixed 128K\nalloc a 100\n");
    let trace = files.write("t.rep", "a 0 100\n");
    for file in [&script, &trace] {
        let done = heapwalk(&[file]).piped();
        assert_eq!((done.code, done.stderr.as_str()), (Some(0), HINT));
        assert_eq!(
            done.is_plain().stdout,
            heapwalk(&["frame", "--run", file]).piped().printed()
        );
    }
    // Colours do not come in by force either.
    let forced = heapwalk(&["--color", "always"]).piped();
    assert_eq!(forced.is_plain().stdout, alone.stdout);
}

#[test]
fn the_shell_says_how_wide_a_picture_is() {
    let widest = |columns: &str| {
        let done = heapwalk::<&str>(&[]).env("COLUMNS", columns).piped();
        done.stdout.lines().map(|line| line.chars().count()).max()
    };
    assert!(widest("132") > Some(80));
    assert!(widest("70") <= Some(70));
    assert_eq!(widest("nonsense"), widest("80"));
}
