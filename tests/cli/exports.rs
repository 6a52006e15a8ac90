//! `heapwalk frame` in every format, read back by a program that knows the format.

use std::collections::BTreeMap;
use std::num::NonZero;

use super::support::{Files, asset, heapwalk};

/// The whole picture in `format`, in a file.
fn exported(format: &str, size: &str, more: &[&str]) -> Vec<u8> {
    let files = Files::new();
    let file = files.path("picture");
    let args = [
        "frame", "--format", format, "--size", size, "--output", &file,
    ];
    let done = heapwalk(&[&args[..], more].concat()).piped();
    assert_eq!(done.printed(), "", "{format}");
    std::fs::read(&file).expect("the file is there")
}

#[test]
fn ansi_shows_in_a_terminal_what_text_says() {
    let text = String::from_utf8(exported("text", "120x40", &[])).expect("text");
    let ansi = exported("ansi", "120x40", &[]);
    let side = |cells| NonZero::new(cells).expect("not 0");
    let mut terminal = vt100::Parser::new(side(40), side(120), 0);
    let ansi = String::from_utf8(ansi).expect("text");
    terminal.process(ansi.trim_end_matches('\n').replace('\n', "\r\n").as_bytes());
    let shown = terminal.screen().contents();
    let lines = |text: &str| -> Vec<String> {
        text.lines()
            .map(|line| line.trim_end().to_owned())
            .collect()
    };
    assert_eq!(lines(&shown), lines(&text));
    // The colour of busy blocks is there.
    assert!(ansi.contains("38;2;86;180;233"));
}

#[test]
fn png_is_an_image_of_twice_the_pixels_of_a_terminal() {
    for (size, pixels) in [("80x24", (1280, 768)), ("120x40", (1920, 1280))] {
        let bytes = exported("png", size, &[]);
        let image = tiny_skia::Pixmap::decode_png(&bytes).expect("an image");
        assert_eq!((image.width(), image.height()), pixels);
        let has = |color: [u8; 3]| {
            let is = |pixel: &tiny_skia::PremultipliedColorU8| {
                [pixel.red(), pixel.green(), pixel.blue()] == color
            };
            image.pixels().iter().filter(|pixel| is(pixel)).count()
        };
        assert!(has([0x56, 0xB4, 0xE9]) > 1000, "busy blocks");
        assert!(has([0x10, 0x14, 0x18]) > 100_000, "the ground");
    }
    let light = exported("png", "80x24", &["--theme", "light"]);
    let image = tiny_skia::Pixmap::decode_png(&light).expect("an image");
    assert_eq!(image.pixels()[0].red(), 255);
}

#[test]
fn the_same_heap_gives_the_same_bytes() {
    for format in ["text", "ansi", "svg", "png", "csv"] {
        assert_eq!(
            exported(format, "80x24", &[]),
            exported(format, "80x24", &[]),
            "{format}"
        );
    }
}

#[test]
fn json_and_csv_are_the_heap_after_the_script() {
    let files = Files::new();
    let script = files.write(
        "t.heap",
        "heap new fixed 128K coalesce=off\nalloc b[0:4] 100\nfree b[1]\n",
    );
    let data = heapwalk(&["frame", "--format", "json", "--run", &script]).piped();
    let data: serde_json::Value = serde_json::from_str(data.printed()).expect("JSON");
    assert_eq!(data["schema"], "heapwalk/1");
    assert_eq!(data["heap"]["maximum"], 128 << 10);
    assert_eq!(data["heap"]["coalesce"], false);
    let blocks = data["blocks"].as_array().expect("a list");
    let named: Vec<&str> = blocks
        .iter()
        .filter_map(|block| block["name"].as_str())
        .collect();
    assert_eq!(named, ["b0", "b2", "b3"]);
    let table = heapwalk(&["frame", "--format", "csv", "--run", &script]).piped();
    let mut reader = csv::Reader::from_reader(table.printed().as_bytes());
    let rows: Vec<BTreeMap<String, String>> =
        reader.deserialize().collect::<Result<_, _>>().expect("CSV");
    assert_eq!(rows.len(), blocks.len());
    assert_eq!(rows[0]["name"], "b0");
    assert_eq!(rows[1]["state"], "free");
}

#[test]
fn the_schema_that_is_shipped_describes_the_data() {
    let schema = std::fs::read(asset("schema/heapwalk-1.schema.json")).expect("the schema");
    let schema = serde_json::from_slice(&schema).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    for shipped in ["demo", "double-handout", "parser-ast"] {
        let data = heapwalk(&["frame", "--format", "json", "--run", shipped]).piped();
        let data = serde_json::from_str(&data.stdout).expect("JSON");
        let mistakes: Vec<String> = validator
            .iter_errors(&data)
            .map(|e| e.to_string())
            .collect();
        assert_eq!(mistakes, Vec::<String>::new(), "{shipped}");
    }
}

#[test]
fn a_file_that_cannot_be_written_is_named_and_nothing_is_left() {
    let done = heapwalk(&["frame", "--output", "/nowhere/at/all.txt"]).piped();
    assert_eq!(
        done.message(2),
        "heapwalk: failed to write /nowhere/at/all.txt: No such file or directory (os error 2)\n"
    );
    let files = Files::new();
    let folder = files.path("");
    let done = heapwalk(&["frame", "--output", &folder]).piped();
    assert!(done.message(2).contains("failed to write"), "{done:?}");
    assert_eq!(std::fs::read_dir(&folder).expect("a folder").count(), 0);
    let huge = heapwalk(&["frame", "--format", "png", "--size", "1000x1000"]).piped();
    assert!(
        huge.message(2)
            .contains("failed to draw an image of 16000 by 32000 pixels"),
        "{huge:?}"
    );
}

/// A file that is named on the command line is written over, as a shell does it; what it was is whole until then.
#[test]
fn what_stands_in_the_file_is_replaced() {
    let files = Files::new();
    let file = files.write("a.txt", "old");
    heapwalk(&["frame", "--output", &file]).piped().printed();
    let text = std::fs::read_to_string(&file).expect("text");
    assert_eq!(text, heapwalk(&["frame"]).piped().printed());
}
