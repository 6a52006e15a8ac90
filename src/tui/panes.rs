//! The numbered panes: one table of what there is, read by layout, keys, titles and docs.

/// A numbered part of the screen.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Pane {
    /// The block map.
    #[default]
    Map,
    /// The selected block.
    Block,
    /// What still fits, and histograms.
    Fragmentation,
    /// Busy, committed and resident over time.
    Time,
    /// The ledger of returned memory.
    Returned,
    /// Answers.
    Log,
    /// Free blocks in the order of their lists.
    FreeList,
    /// Where memory is, and which blocks keep pages.
    Pins,
    /// Bytes of the selected block.
    Bytes,
    /// Real threads at work on the heap.
    Threads,
    /// Two calls made step by step.
    Interleave,
    /// One call played slowly.
    Play,
}

/// One row of the table of panes.
#[derive(Debug)]
pub struct PaneRow {
    /// Which pane.
    pub pane: Pane,
    /// The key that shows or focuses it: a digit, or a letter for one that has no place of its own.
    pub number: char,
    /// Its title.
    pub title: &'static str,
    /// What it shows, in a sentence.
    pub doc: &'static str,
    /// How keys move in it once it has the focus.
    pub motion: Motion,
}

/// What keys that move do in a pane that has the focus.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Motion {
    /// They move from block to block, as in the map.
    Blocks,
    /// They choose a row, which Enter opens.
    Rows,
    /// The same, and others say who of two makes the next step.
    Steps,
    /// They make and take back steps of a call that is played.
    Play,
    /// They scroll.
    Lines,
}

const fn row(
    pane: Pane,
    number: char,
    title: &'static str,
    doc: &'static str,
    motion: Motion,
) -> PaneRow {
    PaneRow {
        pane,
        number,
        title,
        doc,
        motion,
    }
}

/// Every pane, by number.
#[rustfmt::skip]
pub static PANES: [PaneRow; 12] = [
    row(Pane::Map, '1', "Map", "the heap block by block, with what is committed and resident", Motion::Blocks),
    row(Pane::Block, '2', "Block", "the selected block: its header field by field, its parts, its neighbours", Motion::Blocks),
    row(Pane::Fragmentation, '3', "Fragmentation", "what still fits, and holes and blocks by size; Enter on a bar filters by it", Motion::Rows),
    row(Pane::Time, '4', "Time", "busy, committed and resident bytes over time, with a letter for each C, S, K, M and m", Motion::Blocks),
    row(Pane::Returned, '5', "Returned", "the ledger of memory given back to the system: how much, why, and what the kernel says", Motion::Lines),
    row(Pane::Log, '6', "Log", "every answer; Enter selects the block it was about", Motion::Rows),
    row(Pane::FreeList, '7', "Free lists", "the free blocks in the order in which they are tried", Motion::Rows),
    row(Pane::Pins, '8', "Where memory is", "the parts of the committed memory, and the blocks that keep pages from being returned", Motion::Rows),
    row(Pane::Bytes, '9', "Bytes", "the bytes of the selected block, where their page is in memory", Motion::Lines),
    row(Pane::Threads, 'T', "Threads", "real threads: a lane each, what the lock costs, and what went wrong; Enter selects the place", Motion::Rows),
    row(Pane::Interleave, 'I', "Interleave", "two calls made step by step, and examples of what goes wrong without a lock; while calls are under way it stands beside the map", Motion::Steps),
    row(Pane::Play, 'O', "Play", "one call played slowly, step by step, forwards and backwards; it has a place while one is played", Motion::Play),
];

/// Every pane with what it shows, as a table in Markdown.
#[must_use]
pub fn table() -> String {
    let mut text = "| key | pane | shows |\n|---|---|---|\n".to_owned();
    for row in &PANES {
        text += &format!("| {} | {} | {} |\n", row.number, row.title, row.doc);
    }
    text
}

impl Pane {
    /// Its row of the table.
    #[must_use]
    pub fn row(self) -> &'static PaneRow {
        &PANES[self as usize]
    }

    /// Its title with its number: `[3] Fragmentation`.
    #[must_use]
    pub fn title(self) -> String {
        let row = self.row();
        format!("[{}] {}", row.number, row.title)
    }

    /// The pane of a number key.
    #[must_use]
    pub fn of_number(number: char) -> Option<Pane> {
        PANES
            .iter()
            .find(|row| row.number == number)
            .map(|row| row.pane)
    }
}

/// How far a list is scrolled and which row of it is chosen.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ListView {
    /// The chosen row, counted from the first of the whole list.
    pub chosen: u64,
    /// The first row shown.
    pub top: u64,
}

impl ListView {
    /// Moves the choice by `rows` in a list of `total` rows of which `height` are shown.
    pub fn choose(&mut self, rows: i64, total: u64, height: u16) {
        let last = total.saturating_sub(1);
        self.chosen = self.chosen.min(last).saturating_add_signed(rows).min(last);
        self.keep_in_sight(total, height);
    }

    /// Scrolls by `rows` without choosing.
    pub fn scroll(&mut self, rows: i64, total: u64, height: u16) {
        let last = total.saturating_sub(u64::from(height));
        self.top = self.top.saturating_add_signed(rows).min(last);
    }

    /// The first row to show, with the chosen row in sight.
    pub fn keep_in_sight(&mut self, total: u64, height: u16) {
        let height = u64::from(height.max(1));
        self.top = self
            .top
            .clamp(self.chosen.saturating_sub(height - 1), self.chosen)
            .min(total.saturating_sub(height));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pane_stands_at_its_number() {
        for (index, row) in PANES.iter().enumerate() {
            assert_eq!(row.pane as usize, index);
            let digit = char::from(b'1' + u8::try_from(index).expect("few"));
            let expected = if index < 9 { digit } else { row.number };
            assert_eq!(row.number, expected);
            assert_eq!(Pane::of_number(row.number), Some(row.pane));
            assert!(!row.doc.ends_with('.'), "{}", row.doc);
        }
    }

    /// Moves, total, height; chosen and top in the end.
    #[test]
    fn the_chosen_row_stays_in_sight() {
        for (moves, total, height, expected) in [
            (&[1, 1, 1][..], 10, 3, (3, 1)),
            (&[100], 10, 3, (9, 7)),
            (&[100, -2], 10, 3, (7, 7)),
            (&[100, -100], 10, 3, (0, 0)),
            (&[5], 0, 3, (0, 0)),
            (&[5], 2, 3, (1, 0)),
            (&[1], 5, 0, (1, 1)),
        ] {
            let mut list = ListView::default();
            for step in moves {
                list.choose(*step, total, height);
            }
            assert_eq!(
                (list.chosen, list.top),
                expected,
                "{moves:?} of {total} in {height}"
            );
        }
    }
}
