//! Mistakes, pasted text, signals, odd sizes and wild typing.

use crate::running::{ENDLESS, operations};
use crate::terminal::Terminal;

/// Whether `key` is said to do nothing, which it is where no layer is open.
fn map_listens(screen: &str) -> bool {
    screen.contains("Z does nothing here; z is maximise; ? lists keys")
}

#[test]
fn a_mistake_keeps_the_line_and_says_where_it_is() {
    let mut terminal = Terminal::start(&[]);
    terminal.run("alloc b x4");
    let screen = terminal.wait_for("column 9: found \"x4\", expected a size");
    let rows: Vec<&str> = screen.lines().collect();
    let at = rows
        .iter()
        .position(|row| *row == ": alloc b x4")
        .unwrap_or_else(|| panic!("the line is kept:\n{screen}"));
    let caret = rows[at + 1].chars().position(|character| character == '↑');
    let column = ": ".len() + "alloc b ".len();
    assert_eq!(caret, Some(column), "{screen}");
    assert_eq!(operations(&screen), 0);

    // Two characters back, and a size.
    terminal.press("\x7f\x7f64");
    terminal.wait("the corrected line", |screen| {
        screen.contains(": alloc b 64") && !screen.contains('↑')
    });
    terminal.press("\r");
    let screen = terminal.wait_for("HeapAlloc(heap, 0, 64) = ");
    assert_eq!(operations(&screen), 1);
    assert!(!screen.contains(": alloc b 64"), "it is closed: {screen}");
    terminal.press("q");
    assert_eq!(terminal.ended().code, 0);
}

#[test]
fn pasted_lines_are_asked_about_and_fire_no_keys() {
    let mut terminal = Terminal::start(&[]);
    let pasted = "\x1b[200~alloc quit 64\nalloc more 64\nfree quit\n\x1b[201~";
    terminal.press(pasted);
    let screen = terminal.wait_for("Run 3 pasted lines?");
    assert!(screen.contains("alloc quit 64"), "{screen}");
    assert_eq!(operations(&screen), 0);
    terminal.press("q");
    let screen = terminal.wait("the question is gone", |screen| !screen.contains("pasted"));
    assert_eq!(operations(&screen), 0);

    terminal.press(pasted);
    terminal.wait_for("Run 3 pasted lines?");
    terminal.press("\r");
    let screen = terminal.wait("the lines", |screen| operations(screen) == 3);
    assert!(
        screen.contains("HeapFree(heap, 0, quit) = TRUE"),
        "{screen}"
    );
    terminal.press("q");
    assert_eq!(terminal.ended().code, 0);
}

#[test]
fn a_storm_of_sizes_during_a_workload() {
    let mut terminal = Terminal::start(&[]);
    terminal.run(ENDLESS);
    terminal.wait_for("▶ 0 %");
    let sizes = [
        (1, 1),
        (200, 60),
        (2, 40),
        (200, 1),
        (59, 16),
        (60, 15),
        (60, 16),
        (3, 2),
        (120, 40),
        (79, 23),
        (1, 60),
        (160, 24),
    ];
    for (columns, rows) in sizes.into_iter().cycle().take(5 * sizes.len()) {
        terminal.resize(columns, rows);
        terminal.press("l");
    }
    // One after the other, each seen.
    for (columns, rows) in [(200, 60), (120, 40), (60, 16), (80, 24)] {
        terminal.resize(columns, rows);
        let screen = terminal.wait("the whole screen", |screen| {
            let lines: Vec<&str> = screen.lines().collect();
            let footer = lines.last().copied().unwrap_or_default();
            lines.len() == usize::from(rows)
                && lines[0].starts_with("heap 1")
                && lines[0].contains('▶')
                && lines[2].contains("[1] Map")
                && footer.starts_with("a alloc f free")
                && footer.contains("? keys")
                && lines
                    .iter()
                    .all(|line| line.chars().count() <= usize::from(columns))
        });
        let seen = operations(&screen);
        terminal.wait("further operations", |screen| operations(screen) > seen);
    }
    terminal.resize(40, 10);
    terminal.wait_for("this terminal is 40x10");
    terminal.press("q");
    assert_eq!(terminal.ended().code, 0);
}

#[test]
fn every_printable_key_in_a_row() {
    let mut terminal = Terminal::start(&[]);
    let keys: String = (' '..='~').collect();
    terminal.press(&keys);
    // The slash or the colon opens the prompt, which takes the rest.
    let typed = keys.split_once(':').expect("a colon").1;
    terminal.wait_for(typed);
    terminal.press("\r");
    terminal.wait("the refusal", |screen| {
        // The reason is long: it stands above the line, to its last word.
        let told = screen.contains("column 8: found") && screen.contains("from=0x1000");
        told && screen.trim_end().ends_with("  ↑") && screen.contains(typed)
    });
    terminal.press("\x15");
    terminal.wait("an empty line", |screen| {
        screen.lines().any(|row| row.trim_end() == ":")
    });
    // The digits have brought other panes to the front: back to the map.
    terminal.press("\r\x1b");
    terminal.wait_for("q quit");
    terminal.press("Z");
    terminal.wait("the map listens", map_listens);
    terminal.press("q");
    assert_eq!(terminal.ended().code, 0);
}

/// What a terminal sends for a button or the wheel at a column and row from 1: `M` goes down, `m` up.
pub(crate) fn mouse(button: u8, column: u16, row: u16, end: char) -> String {
    format!("\x1b[<{button};{column};{row}{end}")
}

#[test]
fn a_click_chooses_and_a_drag_with_shift_is_left_alone() {
    let mut terminal = Terminal::start(&[]);
    terminal.run("alloc b[0:10] 100");
    let screen = terminal.wait("ten blocks", |screen| {
        screen.contains("x 10: 10 blocks") && screen.contains("q quit")
    });
    assert!(screen.contains(" b0 BUSY"), "{screen}");
    let click = |button: u8, column, row| {
        [
            mouse(button, column, row, 'M'),
            mouse(button, column, row, 'm'),
        ]
        .concat()
    };
    // The fifth row of the screen is the second of the map; its last cells belong to the second block.
    let row = 5;
    let cell = "0x00400 ".len() + 64;
    let column = u16::try_from(cell).expect("a column");
    // With Shift, and with another button: nothing.
    terminal.press(&click(4, column, row));
    terminal.press(&click(2, column, row));
    terminal.press("Z");
    let screen = terminal.wait_for("Z does nothing here");
    assert!(screen.contains(" b0 BUSY"), "{screen}");
    terminal.press(&click(0, column, row));
    terminal.wait_for(" b1 BUSY");
    // The hints in the footer are to be clicked at.
    let footer = terminal.text();
    let hints = footer.lines().last().expect("a footer");
    let column = hints.find("? keys").expect("a hint") + 1;
    terminal.press(&click(0, u16::try_from(column).expect("a column"), 24));
    terminal.wait_for("type to search, Enter runs");
    terminal.press("\x1b");
    terminal.wait_for("q quit");
    terminal.press("q");
    assert_eq!(terminal.ended().code, 0);
}
