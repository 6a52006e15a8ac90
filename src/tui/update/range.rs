//! A range of addresses: from where it was begun to the cursor.

use super::Update;
use crate::tui::state::Range;

impl Update<'_> {
    /// Begins a range at the selected block, or drops the one there is.
    pub(super) fn toggle_range(&mut self) {
        if self.leave_range() {
            return self.spell("{range}  the range is dropped");
        }
        let Some(block) = &self.frame.picture.selected else {
            return self.spell(
                "{range}  no block is selected; {previous-block} and {next-block} select one",
            );
        };
        self.begin_range((block.address, block.address.saturating_add(block.bytes)));
        self.spell(
            "{range}  a range begins here: moving extends it, {heap-free} frees what is in it",
        );
    }

    /// Begins a range with these bytes.
    pub(super) fn begin_range(&mut self, anchor: (u64, u64)) {
        self.state.range = Some(Range {
            heap: self.frame.picture.heap.number,
            anchor,
            span: anchor,
        });
        self.look();
    }

    /// Drops the range. Answers whether there was one.
    pub(super) fn leave_range(&mut self) -> bool {
        let was = self.state.range.take().is_some();
        if was {
            self.look();
        }
        was
    }

    /// Lets the range reach to where the cursor is now; in another heap it ends.
    pub(super) fn extend_range(&mut self) {
        let here = self.frame.picture.heap.number;
        if self.state.range.is_some_and(|range| range.heap != here) {
            self.leave_range();
        }
        let (Some(range), Some(block)) = (&mut self.state.range, &self.frame.picture.selected)
        else {
            return;
        };
        let end = block.address.saturating_add(block.bytes);
        let span = (range.anchor.0.min(block.address), range.anchor.1.max(end));
        if std::mem::replace(&mut range.span, span) != span {
            self.look();
        }
    }
}
