//! The fault menu and the list of findings: what their keys do.

use ratatui::layout::{Position, Rect};

use crate::heap::Flags;
use crate::session::frame::{Request, Target};
use crate::session::{Command, EXPORTS, FAULTS};
use crate::tui::action::{Action, Screen};
use crate::tui::key::Key;
use crate::tui::pane::{export, faults, findings, lessons};
use crate::tui::state::{Layer, Verb};
use crate::view::BlockState;

use super::Update;

impl Update<'_> {
    /// Opens the menu for the selected block.
    pub(super) fn open_faults(&mut self) {
        let words = match self
            .frame
            .picture
            .selected
            .as_ref()
            .map(|block| block.state)
        {
            None => "no block is selected; {previous-block} and {next-block} select one",
            Some(BlockState::Control) => "this is the heap's own memory: select a block to break",
            Some(_) => return self.state.layer = Some(Layer::Faults(0)),
        };
        let words = self.state.bindings.spell(words);
        let key = self.screen_key(Screen::OpenFaults);
        self.echo(key, &words);
    }

    /// Commits the chosen fault, or asks in the prompt for what it must be told.
    pub(super) fn commit(&mut self, chosen: usize) {
        let (Some(row), Some(target)) = (FAULTS.get(chosen), faults::target(self.frame)) else {
            return;
        };
        let line = format!("{} {target}", row.command.verb);
        if row.amount.is_needed() {
            let example = row.command.example.rsplit(' ').next().unwrap_or_default();
            return self.open_prompt(&format!("{line} {example}"));
        }
        let key = self.screen_key(Screen::OpenFaults);
        self.echo(key, &line);
        self.state.asked_by = key;
        self.state.last_verb = Some(Verb::Line(line.clone()));
        self.send(Request::Line(line));
    }

    /// A digit does what stands at that number in the menu; 0 is the tenth.
    pub(super) fn choose_digit(&mut self, key: Option<Key>) {
        let Some(Key::Char(digit)) = key else { return };
        let number = digit.to_digit(10).unwrap_or(0) as usize;
        let chosen = (number + 9) % 10;
        match self.state.layer {
            Some(Layer::Faults(_)) if chosen < FAULTS.len() => {
                self.state.layer = None;
                self.commit(chosen);
            }
            Some(Layer::Export(_)) if chosen < EXPORTS.len() => {
                self.state.layer = None;
                self.name_export(chosen);
            }
            None => self.choose_answer(number),
            _ => {}
        }
    }

    /// Checks the heap; where that was done and nothing has changed since, lists what was found. What threads ran into is
    /// no check: they may have left more, or less.
    pub(super) fn validate(&mut self, action: &'static Action, key: Option<Key>) {
        let check = self.frame.check.as_ref();
        if check.is_some_and(|check| check.fresh && check.findings.is_of_check()) {
            return self.open_findings();
        }
        self.echo(key, action.name);
        self.state.asked_by = key;
        self.state.last_verb = Some(Verb::Action(action));
        self.send(Request::Command(Command::Validate {
            what: None,
            flags: Flags::NONE,
        }));
    }

    fn open_findings(&mut self) {
        let here = self
            .frame
            .picture
            .selected
            .as_ref()
            .map(|block| block.address);
        let kept = findings::kept(self.frame);
        let chosen = kept
            .iter()
            .position(|found| found.block == here && here.is_some());
        self.state.layer = Some(Layer::Findings(0));
        self.choose_finding(chosen.unwrap_or(0));
    }

    /// Chooses a finding; the cursor of the map goes there.
    pub(super) fn choose_finding(&mut self, chosen: usize) {
        let Some(found) = findings::kept(self.frame).get(chosen) else {
            return;
        };
        let place = found.block;
        self.state.layer = Some(Layer::Findings(chosen));
        if let Some(place) = place {
            self.select(Target::Address(place));
        }
    }

    /// A click on an entry of a list chooses it; on the chosen one, it does what Enter does.
    pub(super) fn click_choice(&mut self, at: Position) -> bool {
        let area = Rect::new(0, 0, self.state.size.0, self.state.size.1);
        let (chosen, entry) = match &self.state.layer {
            Some(Layer::Faults(chosen)) => (*chosen, faults::entry_at(*chosen, area, at)),
            Some(Layer::Export(chosen)) => (*chosen, export::entry_at(*chosen, area, at)),
            Some(Layer::Lessons(open)) => (open.chosen, lessons::entry_at(open, area, at)),
            Some(Layer::Findings(chosen)) => {
                let entry = findings::entry_at(self.frame, *chosen, area, at);
                (*chosen, entry)
            }
            _ => return false,
        };
        match (entry, &mut self.state.layer) {
            (Some(entry), _) if entry == chosen => self.accept(),
            (Some(entry), Some(Layer::Faults(chosen) | Layer::Export(chosen))) => *chosen = entry,
            (Some(entry), Some(Layer::Lessons(open))) => open.chosen = entry,
            (Some(entry), _) => self.choose_finding(entry),
            (None, _) => return false,
        }
        true
    }

    /// Forgets what was found. Answers whether there was anything, and it is what was looked for last.
    pub(super) fn leave_findings(&mut self) -> bool {
        let sought = self.frame.check.as_ref().is_some_and(|check| check.sought);
        if sought {
            self.send(Request::Line("findings off".to_owned()));
        }
        sought
    }
}
