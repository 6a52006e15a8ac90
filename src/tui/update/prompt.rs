//! What keys do to the prompt: typing, running, completing, searching the history.

use tui_input::InputRequest;

use crate::session::frame::{Request, Tone};
use crate::tui::action::Screen;
use crate::tui::message::Effect;
use crate::tui::prompt::{self, Prompt};
use crate::tui::state::{Layer, Verb};

use super::Update;

impl Update<'_> {
    pub(super) fn open_prompt(&mut self, line: &str) {
        self.state.layer = Some(Layer::Prompt(Box::new(Prompt::prefilled(line))));
    }

    /// Closes the prompt whose line was taken in, or shows why it was refused.
    pub(super) fn answer_prompt(&mut self, new: usize) {
        let Some(Layer::Prompt(prompt)) = &mut self.state.layer else {
            return;
        };
        if prompt
            .submitted
            .is_none_or(|number| self.frame.requests < number)
        {
            return;
        }
        let answers = self.frame.log.iter().rev().take(new);
        let line = prompt.text().trim().to_owned();
        let refused = answers
            .clone()
            .find(|answer| answer.tone == Tone::Refused && answer.command.trim() == line);
        match refused {
            Some(answer) => prompt.refuse(&answer.words),
            None => {
                self.state.layer = None;
                self.state.draft.clear();
            }
        }
    }

    pub(super) fn submit(&mut self, mut prompt: Box<Prompt>) {
        let line = prompt.text().trim().to_owned();
        if line.is_empty() {
            self.state.draft.clear();
            return;
        }
        self.remember(std::slice::from_ref(&line));
        if self.export_screen(&line) {
            return;
        }
        self.state.last_verb = Some(Verb::of_line(&line));
        self.state.asked_by = self.screen_key(Screen::OpenPrompt);
        let request = Request::Line(line);
        if self.asks_to_branch(&request) {
            // Whoever leaves everything finds the line again.
            self.state.draft = prompt.text().to_owned();
            self.state.layer = Some(Layer::Branch(Box::new(request)));
            return;
        }
        self.send(request);
        prompt.refusal = None;
        prompt.submitted = Some(self.state.sent);
        self.state.layer = Some(Layer::Prompt(prompt));
    }

    /// Remembers lines, as far as a history holds so many: they are written in one go, however much was pasted.
    pub(super) fn remember(&mut self, lines: &[String]) {
        let newest = &lines[lines.len().saturating_sub(prompt::HISTORY)..];
        for line in newest {
            prompt::remember(&mut self.state.history, line);
        }
        self.effects.push(Effect::Remember(newest.to_vec()));
    }

    pub(super) fn complete(&mut self) {
        let names = self.names();
        let Some(Layer::Prompt(prompt)) = &mut self.state.layer else {
            return;
        };
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        if !prompt.complete(&names) {
            self.spell("{complete}  nothing completes this");
        }
    }

    /// Names of living blocks: the selected one and its neighbours first, as those that are most likely meant.
    fn names(&self) -> Vec<String> {
        let selected = self.frame.picture.selected.as_ref();
        let beside = selected
            .map(|block| [&block.before, &block.behind])
            .into_iter()
            .flatten()
            .flatten();
        let near = selected
            .map(|block| &block.name)
            .into_iter()
            .chain(beside.map(|neighbour| &neighbour.name));
        let mut names: Vec<String> = near.flatten().cloned().collect();
        let far = self.frame.names.iter().filter(|name| !names.contains(name));
        let far: Vec<String> = far.cloned().collect();
        names.extend(far);
        names
    }

    /// Types into the prompt, or changes what is looked for in its history.
    pub(super) fn edit_prompt(&mut self, request: InputRequest) {
        let Some(Layer::Prompt(prompt)) = &mut self.state.layer else {
            return;
        };
        if prompt.search().is_none() {
            return prompt.edit(request);
        }
        prompt.search_for(&self.state.history, |typed| match request {
            InputRequest::InsertChar(letter) => typed.push(letter),
            InputRequest::DeletePrevChar => {
                typed.pop();
            }
            _ => typed.clear(),
        });
    }

    /// Looks for an older line of the history.
    pub(super) fn search_history(&mut self) {
        if let Some(Layer::Prompt(prompt)) = &mut self.state.layer {
            prompt.search_older(&self.state.history);
        }
    }

    /// The line that was found becomes the line of the prompt.
    pub(super) fn take_found(&mut self) {
        if let Some(Layer::Prompt(prompt)) = &mut self.state.layer {
            prompt.end_search(true);
        }
    }

    /// Runs the line, or the line that a search has found.
    pub(super) fn accept_prompt(&mut self, mut prompt: Box<Prompt>) {
        if prompt
            .search()
            .is_some_and(|search| search.line().is_none())
        {
            // There is nothing to run yet.
            self.state.layer = Some(Layer::Prompt(prompt));
            return;
        }
        prompt.end_search(true);
        self.submit(prompt);
    }

    pub(super) fn toggle_command_help(&mut self) {
        let Some(Layer::Prompt(prompt)) = &mut self.state.layer else {
            return;
        };
        if prompt.help {
            prompt.help = false;
        } else if crate::session::inline_help(prompt.text()).is_some() {
            prompt.help = true;
        } else {
            self.spell("{command-help}  type the beginning of a command; {complete} offers those there are");
        }
    }
}
