//! The lecture: holes, neighbours that are not merged, `HeapCompact`, `_heapmin`, and back again.

use crate::process::resident;
use crate::terminal::{Ended, Terminal};

/// The glyphs that the lecture is about.
struct Glyphs {
    hole: char,
    freed: char,
    unmerged: char,
    arrow: &'static str,
}

const UNICODE: Glyphs = Glyphs {
    hole: '┊',
    freed: '╳',
    unmerged: '║',
    arrow: "->",
};

const ASCII: Glyphs = Glyphs {
    hole: '(',
    freed: 'X',
    unmerged: '|',
    arrow: "->",
};

/// Blocks allocated: many enough for a good number of pages.
const BLOCKS: usize = 60;

/// The map's rows, without title and legend: all of them begin with an address.
fn map(screen: &str) -> String {
    let rows = screen
        .lines()
        .skip_while(|line| !line.contains("[1] Map"))
        .skip(1)
        .take_while(|line| line.starts_with("0x"));
    rows.map(|line| format!("{line}\n")).collect()
}

/// How many cells of the map show `glyph`.
fn cells(screen: &str, glyph: char) -> usize {
    let rows = map(screen);
    let unfolded = rows.lines().filter(|row| !row.contains("(folded)"));
    let cells = unfolded.filter_map(|row| row.split_once(' '));
    cells.map(|(_, cells)| cells.matches(glyph).count()).sum()
}

/// The number of KiB that follows `words` on the screen.
pub(crate) fn kib(screen: &str, words: &str) -> u64 {
    let (_, behind) = screen
        .split_once(words)
        .unwrap_or_else(|| panic!("no {words:?}:\n{screen}"));
    let (number, _) = behind
        .split_once(" KiB")
        .unwrap_or_else(|| panic!("no KiB behind {words:?}:\n{screen}"));
    number
        .trim()
        .parse()
        .unwrap_or_else(|_| panic!("{number:?}"))
}

fn lecture(arguments: &[&str], glyphs: &Glyphs) -> Ended {
    let mut terminal = Terminal::start(arguments);

    terminal.run(&format!("alloc b[0:{BLOCKS}] 100"));
    let screen = terminal.wait("the blocks", |screen| {
        screen.contains("x 60: 60 blocks") && screen.contains("#60")
    });
    assert!(screen.contains(" in 1 hole "), "{screen}");

    terminal.press("F");
    terminal.wait_for(": free b[::2]");
    terminal.press("\r");
    let screen = terminal.wait_for(" in 31 holes ");
    assert!(screen.contains("b[::2]) = TRUE x 30"), "{screen}");
    // The first hole is the selected block, the last one was there before.
    assert_eq!(cells(&screen, glyphs.freed), BLOCKS / 2 - 1, "{screen}");

    terminal.press("C");
    let screen = terminal.wait_for("| coalesce OFF |".replace('|', bar(glyphs)).as_str());
    assert_eq!(cells(&screen, glyphs.hole), BLOCKS / 2, "{screen}");
    assert_eq!(cells(&screen, glyphs.unmerged), 0, "{screen}");

    terminal.run("free b[1::2]");
    terminal.wait_for("60 unmerged pairs");
    // Another command, so that what was freed just now is no longer marked.
    terminal.press("S");
    terminal.wait_for("serialize OFF");
    terminal.press("S");
    let before = terminal.wait_for("serialize ON");
    assert!(before.contains("coalesce OFF"), "{before}");
    assert!(cells(&before, glyphs.unmerged) >= BLOCKS / 2, "{before}");
    assert_eq!(cells(&before, glyphs.freed), 0, "{before}");

    terminal.press("K");
    let compacted = terminal.wait_for("merged 60 pairs");
    assert_ne!(map(&compacted), map(&before));
    assert_eq!(cells(&compacted, glyphs.unmerged), 0, "{compacted}");
    assert!(compacted.contains(" in 1 hole "), "{compacted}");
    assert!(!compacted.contains("unmerged pairs"), "{compacted}");
    assert!(compacted.contains("returned so far 0 B"), "{compacted}");
    let resident_before = resident(terminal.process());

    terminal.press("M");
    let minimized = terminal.wait_for("= 0, success: returned");
    let returned = kib(&minimized, "success: returned ");
    assert!(returned > 0, "{minimized}");
    assert_eq!(kib(&minimized, "returned so far "), returned, "{minimized}");
    let (kernel_before, kernel) = (kib(&compacted, " kernel "), kib(&minimized, " kernel "));
    assert_eq!(kernel, kernel_before - returned, "{minimized}");
    let words = format!("{kernel_before} KiB {} {kernel} KiB", glyphs.arrow);
    assert!(minimized.contains(&words), "{words}: {minimized}");
    // The kernel, asked by somebody else, says the same.
    let fell = resident_before
        .iter()
        .zip(resident(terminal.process()))
        .any(|(before, after)| *before == after + returned && after >= kernel);
    assert!(
        fell,
        "{resident_before:?} {:?}\n{minimized}",
        resident(terminal.process())
    );

    terminal.press("u");
    let screen = terminal.wait_for("took back: heapmin");
    assert_eq!(map(&screen), map(&compacted), "{screen}");
    terminal.press("u");
    let screen = terminal.wait_for("took back: compact");
    assert_eq!(map(&screen), map(&before), "{screen}");
    assert!(screen.contains("60 unmerged pairs"), "{screen}");

    terminal.press("q");
    let ended = terminal.ended();
    assert_eq!(ended.code, 0);
    ended
}

fn bar(glyphs: &Glyphs) -> &'static str {
    if glyphs.hole.is_ascii() { "|" } else { "│" }
}

/// The parameters of every sequence that sets colours or attributes.
fn renditions(written: &[u8]) -> Vec<Vec<u16>> {
    let text = String::from_utf8_lossy(written).into_owned();
    let sequences = text.split("\x1b[").skip(1).filter_map(|sequence| {
        let end = sequence.find(|end: char| end.is_ascii_alphabetic())?;
        sequence[end..].starts_with('m').then(|| {
            let numbers = sequence[..end].split([';', ':']);
            numbers.map(|number| number.parse().unwrap_or(0)).collect()
        })
    });
    sequences.collect()
}

/// Whether a sequence asks for a colour other than the terminal's own.
fn colours(numbers: &[u16]) -> bool {
    numbers
        .iter()
        .any(|number| matches!(number, 30..=38 | 40..=48 | 58 | 90..=97 | 100..=107))
}

#[test]
fn in_a_terminal_that_can_do_everything() {
    let ended = lecture(&[], &UNICODE);
    assert!(!ended.written.is_ascii());
    let renditions = renditions(&ended.written);
    assert!(renditions.iter().any(|numbers| colours(numbers)));
}

#[test]
fn in_ascii_without_colours() {
    let ended = lecture(&["--glyphs", "ascii", "--color", "never"], &ASCII);
    assert!(ended.written.is_ascii(), "a byte that is not ASCII");
    for numbers in renditions(&ended.written) {
        assert!(!colours(&numbers), "{numbers:?}");
    }
}
