//! What keys do to whatever lies over the map.

use ratatui::layout::Position;
use tui_input::{Input, InputRequest};

use crate::session::frame::Request;
use crate::session::{CommandRow, EXPORTS, FAULTS};
use crate::tui::action::{Context, Screen};
use crate::tui::palette::Entry;
use crate::tui::pane::{explain, findings, help, lessons};
use crate::tui::state::{Finder, Guide, Layer};

use super::{Update, moved};

impl Update<'_> {
    /// Types into the line that is open, if any.
    pub(super) fn type_letter(&mut self, letter: char) -> bool {
        let types = self.state.context().types_letters();
        if types {
            self.edit(InputRequest::InsertChar(letter));
        }
        types
    }

    pub(super) fn edit(&mut self, request: InputRequest) {
        match &mut self.state.layer {
            Some(Layer::Prompt(_)) => self.edit_prompt(request),
            Some(Layer::Help(open) | Layer::Lessons(open)) => {
                open.filter.handle(request);
                open.chosen = 0;
            }
            Some(Layer::Explain(explain)) => {
                if let Some(search) = &mut explain.search {
                    search.handle(request);
                    explain.top = 0;
                }
            }
            _ => {}
        }
    }

    pub(super) fn accept(&mut self) {
        match self.state.layer.take() {
            Some(Layer::Prompt(prompt)) => self.accept_prompt(prompt),
            Some(Layer::Help(help)) => self.run_chosen(&help),
            Some(Layer::Explain(mut explain)) => {
                explain.typing = false;
                self.state.layer = Some(Layer::Explain(explain));
            }
            Some(Layer::Bookmarks(chosen)) => self.compare_with(chosen),
            Some(Layer::Faults(chosen)) => self.commit(chosen),
            Some(Layer::Export(chosen)) => self.name_export(chosen),
            Some(Layer::Lessons(open)) => self.begin_chosen_lesson(open),
            // The cursor is there already.
            Some(Layer::Findings(_)) => {}
            Some(Layer::Branch(request)) => self.branch(*request),
            Some(Layer::Paste(lines)) => {
                self.remember(&lines);
                for line in lines {
                    self.send(Request::Line(line));
                }
            }
            other => self.state.layer = other,
        }
    }

    /// Leaves what is open inside of a layer: a search, help about a command. Answers whether there was something.
    pub(super) fn step_back_in_layer(&mut self) -> bool {
        match &mut self.state.layer {
            Some(Layer::Prompt(prompt)) if prompt.search().is_some() => prompt.end_search(false),
            Some(Layer::Prompt(prompt)) if prompt.help => prompt.help = false,
            Some(Layer::Explain(explain)) if explain.search.is_some() => {
                explain.search = None;
                explain.typing = false;
                explain.top = 0;
            }
            _ => return false,
        }
        true
    }

    /// Begins a search, or goes on with it.
    pub(super) fn search(&mut self) {
        match &mut self.state.layer {
            Some(Layer::Explain(explain)) => {
                explain.search.get_or_insert_with(Input::default);
                explain.typing = true;
            }
            _ => self.search_history(),
        }
    }

    pub(super) fn open_bookmarks(&mut self) {
        match self.frame.bookmarks.len().checked_sub(1) {
            Some(last) => self.state.layer = Some(Layer::Bookmarks(last)),
            None => {
                let key = self.screen_key(Screen::OpenBookmarks);
                let words = self
                    .state
                    .bindings
                    .spell("no moment is kept yet; {mark} keeps this one");
                self.echo(key, &words);
            }
        }
    }

    /// The chosen bookmark becomes the baseline.
    fn compare_with(&mut self, chosen: usize) {
        if let Some(bookmark) = self.frame.bookmarks.get(chosen) {
            let line = format!("baseline {}", bookmark.number);
            let key = self.screen_key(Screen::OpenBookmarks);
            self.echo(key, &line);
            self.state.asked_by = key;
            self.send(Request::Line(line));
        }
    }

    pub(super) fn run_chosen(&mut self, help: &Finder) {
        let action = match help::found(self.state, help).get(help.chosen) {
            Some(Entry::Action(action)) => *action,
            Some(Entry::Command(row)) => return self.open_command(row),
            None => return self.state.layer = Some(Layer::Help(help.clone())),
        };
        let anywhere = matches!(
            action.context,
            Context::Map | Context::GoTo | Context::Card | Context::Everywhere
        );
        if anywhere || Entry::Action(action).is_of(self.state.context()) {
            self.perform(action, self.key_for(action));
        } else {
            self.say(format!(
                "{}: works while {} is open",
                action.name,
                action.context.place()
            ));
        }
    }

    /// Moves by lines in whatever is open; in the prompt, through the history.
    pub(super) fn scroll(&mut self, lines: i32) {
        match &mut self.state.layer {
            Some(Layer::Prompt(prompt)) if lines < 0 => prompt.older(&self.state.history),
            Some(Layer::Prompt(prompt)) => prompt.newer(&self.state.history),
            Some(Layer::Help(_)) => self.choose_entry(lines),
            Some(Layer::Explain(_)) => self.scroll_text(lines),
            Some(Layer::Bookmarks(chosen)) => {
                let last = self.frame.bookmarks.len().saturating_sub(1);
                *chosen = moved(*chosen, lines, last);
            }
            Some(Layer::Faults(chosen)) => *chosen = moved(*chosen, lines, FAULTS.len() - 1),
            Some(Layer::Export(chosen)) => *chosen = moved(*chosen, lines, EXPORTS.len() - 1),
            Some(Layer::Lessons(open)) => {
                let last = lessons::found(open).len().saturating_sub(1);
                open.chosen = moved(open.chosen, lines, last);
            }
            Some(Layer::Findings(chosen)) => {
                let last = findings::kept(self.frame).len().saturating_sub(1);
                let next = moved(*chosen, lines, last);
                self.choose_finding(next);
            }
            _ => {}
        }
    }

    fn scroll_text(&mut self, lines: i32) {
        let Some(Layer::Explain(explain)) = &self.state.layer else {
            return;
        };
        let last = explain::last_top(self.state, self.frame, explain);
        let top = moved(usize::from(explain.top), lines, usize::from(last));
        if let Some(Layer::Explain(explain)) = &mut self.state.layer {
            explain.top = u16::try_from(top).unwrap_or(last);
        }
    }

    pub(super) fn page(&self) -> i32 {
        i32::from(self.state.size.1.saturating_sub(6).max(1))
    }

    pub(super) fn paste(&mut self, text: &str) {
        let lines: Vec<String> = text
            .split(['\n', '\r'])
            .map(|line| {
                line.chars()
                    .filter(|character| !character.is_control())
                    .collect::<String>()
            })
            .filter(|line| !line.trim().is_empty())
            .collect();
        let Some(first) = lines.first() else { return };
        if self
            .state
            .lesson
            .as_ref()
            .is_some_and(|playing| !playing.player.is_open())
        {
            return self
                .spell("what was pasted waits for a challenge; {leave-lesson} ends the lesson");
        }
        match &mut self.state.layer {
            Some(Layer::Prompt(prompt)) if lines.len() == 1 => prompt.insert(first),
            Some(Layer::Help(_) | Layer::Lessons(_)) => first
                .chars()
                .for_each(|letter| self.edit(InputRequest::InsertChar(letter))),
            _ => {
                if matches!(self.state.layer, Some(Layer::Prompt(_))) {
                    self.back();
                }
                self.state.layer = Some(Layer::Paste(lines));
            }
        }
    }

    /// Chooses another entry of the palette.
    pub(super) fn choose_entry(&mut self, lines: i32) {
        let Some(Layer::Help(help)) = &self.state.layer else {
            return;
        };
        let last = help::found(self.state, help).len().saturating_sub(1);
        if let Some(Layer::Help(help)) = &mut self.state.layer {
            help.chosen = moved(help.chosen, lines, last);
        }
    }

    /// A click on an entry of the palette chooses it; on the chosen one, it runs it.
    pub(super) fn click_entry(&mut self, at: Position) -> bool {
        let Some(Layer::Help(help)) = &self.state.layer else {
            return false;
        };
        let Some(entry) = help::entry_at(self.state, help, at) else {
            return false;
        };
        if entry == help.chosen {
            self.accept();
        } else if let Some(Layer::Help(help)) = &mut self.state.layer {
            help.chosen = entry;
        }
        true
    }

    /// Opens the prompt for a command; what follows its verb is for the person to type.
    pub(super) fn open_command(&mut self, row: &CommandRow) {
        if self
            .state
            .lesson
            .as_ref()
            .is_some_and(|playing| !playing.player.is_open())
        {
            return self.spell("the prompt waits for a challenge; {leave-lesson} ends the lesson");
        }
        if self.state.guide == Guide::Tour {
            return self.spell("the prompt waits until the tour is over: {end-tour} ends it");
        }
        let blank = if row.usage == row.verb { "" } else { " " };
        self.open_prompt(&format!("{}{blank}", row.verb));
    }
}
