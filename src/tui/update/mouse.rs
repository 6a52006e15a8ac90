//! What the mouse does: clicks choose, dragging chooses a range, the wheel scrolls what is under it.

use ratatui::layout::Position;

use crate::session::frame::Target;
use crate::tui::action::{Action, RowStep};
use crate::tui::message::Mouse;
use crate::tui::pane::{self, footer, map};
use crate::tui::panes::{Motion, Pane};
use crate::tui::state::Layer;

use super::{Update, WHEEL};

impl Update<'_> {
    /// Whether what the mouse did depends on what the frame shows.
    pub(super) fn mouse_reads_frame(&self, mouse: Mouse) -> bool {
        match mouse {
            Mouse::Click(column, row) => self.hint_at(column, row).is_some_and(Action::reads_frame),
            // A range reaches from block to block, and only a frame knows where the blocks are.
            Mouse::Drag(..) => true,
            _ => false,
        }
    }

    pub(super) fn mouse(&mut self, mouse: Mouse) {
        if self.is_blank() {
            if matches!(mouse, Mouse::Click(..)) {
                self.unblank();
            }
            return;
        }
        match mouse {
            Mouse::Press(column, row) => self.press(Position { x: column, y: row }),
            Mouse::Click(column, row) => self.click(column, row),
            Mouse::Drag(column, row) => self.drag(Position { x: column, y: row }),
            Mouse::Release(..) => {
                self.state.dragging = false;
                self.state.scrubbing = false;
            }
            Mouse::WheelUp(column, row) => self.turn(true, Position { x: column, y: row }),
            Mouse::WheelDown(column, row) => self.turn(false, Position { x: column, y: row }),
        }
    }

    /// Where a range may begin: the block is selected at once, so that dragging finds it in the frame.
    fn press(&mut self, position: Position) {
        self.state.scrubbing = self.scrub(position, false);
        if self.state.scrubbing {
            return;
        }
        let address = self.map_address(position);
        self.state.dragging = address.is_some();
        if let Some(address) = address {
            self.leave_range();
            self.select(Target::Address(address));
        }
    }

    fn drag(&mut self, position: Position) {
        if self.state.scrubbing {
            self.scrub(position, true);
            return;
        }
        if !self.state.dragging {
            return;
        }
        if self.state.range.is_none()
            && let Some(block) = &self.frame.picture.selected
        {
            self.begin_range((block.address, block.address.saturating_add(block.bytes)));
        }
        if let Some(address) = self.map_address(position) {
            self.select(Target::Address(address));
        }
    }

    /// The address under the mouse, where the map is and nothing lies over it.
    fn map_address(&self, position: Position) -> Option<u64> {
        let area = self.state.layout()?.pane(Pane::Map);
        if self.state.layer.is_some() || !area.contains(position) {
            return None;
        }
        map::address_at(self.frame, area, position)
    }

    fn pane_at(&self, position: Position) -> Option<Pane> {
        let layout = self.state.layout()?;
        layout
            .shown()
            .find(|pane| layout.pane(*pane).contains(position))
    }

    fn turn(&mut self, up: bool, position: Position) {
        if matches!(self.state.layer, Some(Layer::Card)) {
            self.state.layer = None;
        }
        let step = if up { -1 } else { 1 };
        if self.state.layer.is_some() {
            return self.scroll(step);
        }
        if self.wheel_of_time(up, position) {
            return;
        }
        match self.pane_at(position) {
            Some(pane) if pane.row().motion != Motion::Blocks => {
                self.focus(pane);
                self.step_rows(RowStep::Rows(step));
            }
            _ => self.wheel(up),
        }
    }

    fn wheel(&mut self, up: bool) {
        let total = self.frame.picture.map.total_rows;
        let rows = self
            .state
            .layout()
            .map_or(1, |layout| u64::from(layout.map_rows()));
        let top = self.state.view.top;
        let next = if up {
            top.saturating_sub(WHEEL)
        } else {
            top.saturating_add(WHEEL).min(total.saturating_sub(rows))
        };
        if next != top {
            self.state.view.top = next;
            self.state.view.follow = false;
            self.look();
        }
    }

    fn click(&mut self, column: u16, row: u16) {
        if let Some(action) = self.hint_at(column, row) {
            return self.perform(action, self.key_for(action));
        }
        let Some(layout) = self.state.layout() else {
            return;
        };
        let position = Position { x: column, y: row };
        if self.click_entry(position)
            || self.click_choice(position)
            || self.click_answer(position, layout.lesson)
        {
            return;
        }
        if let Some(action) = self.click_card(position) {
            return self.perform(action, self.key_for(action));
        }
        if self.state.layer.is_some() {
            return;
        }
        let Some(pane) = self.pane_at(position) else {
            return;
        };
        self.focus(pane);
        let area = layout.pane(pane);
        if pane == Pane::Map {
            self.leave_range();
            if let Some(address) = map::address_at(self.frame, area, position) {
                self.select(Target::Address(address));
            }
        } else if let Some(row) = pane::row_at(pane, self.frame, area, position, &self.state.lists)
        {
            self.click_row(row);
        }
    }

    pub(super) fn hint_at(&self, column: u16, row: u16) -> Option<&'static Action> {
        let layout = self.state.layout()?;
        let position = Position { x: column, y: row };
        footer::action_at(self.state, self.frame, layout.footer, position)
    }
}
