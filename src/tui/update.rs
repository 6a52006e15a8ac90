//! From (state, frame, message) to the next state and what must be done: no terminal, no clock, no session.

mod copy;
mod export;
mod guide;
mod lab;
mod layers;
mod lesson;
mod mouse;
mod panes;
mod prompt;
mod range;
mod small;
mod time;

use crate::session::frame::{Frame, Request, Target};

use super::action::{Action, Context, Does, Screen};
use super::key::Key;
use super::layout::Arrangement;
use super::message::{Effect, Message, Mouse, Signal};
use super::panes::Pane;
use super::prompt::Prompt;
use super::state::{Explain, Finder, Layer, State, Verb};

/// Messages kept while a frame is awaited; more than a person types.
const HELD: usize = 1024;

/// Rows that a turn of the wheel scrolls.
const WHEEL: u64 = 3;

/// The least bytes in a cell: one granule.
const LEAST_ZOOM: u64 = 16;

/// The most: no heap is larger than a row of such cells.
const MOST_ZOOM: u64 = 1 << 40;

/// Takes in one message.
pub fn update(state: &mut State, frame: &Frame, message: Message) -> Vec<Effect> {
    let mut update = Update {
        state,
        frame,
        effects: Vec::new(),
        swapped: false,
    };
    update.take(message);
    update.effects
}

pub(super) use lesson::{begin_lesson, refuse_lesson};

/// Says what must be asked when the screen first appears, and greets where nothing was done yet.
pub fn first(state: &mut State, frame: &Frame) -> Vec<Effect> {
    state.dirty = true;
    if guide::is_fresh(frame) {
        state.layer = Some(Layer::Card);
    }
    let request = state.look();
    request
        .map(|request| sent(state, request))
        .into_iter()
        .collect()
}

/// The effects so far, with all that decides them.
struct Update<'a> {
    state: &'a mut State,
    frame: &'a Frame,
    effects: Vec<Effect>,
    /// Another session is in front from here on: the frame says nothing of it.
    swapped: bool,
}

impl Update<'_> {
    fn take(&mut self, message: Message) {
        self.state.dirty = true;
        match message {
            Message::FrameReady => self.frame_ready(),
            Message::Resize(columns, rows) => {
                self.state.size = (columns, rows);
                if self.state.layout().is_none() {
                    // What was said there is about what was seen.
                    self.state.notice = None;
                }
                self.look();
            }
            Message::Signal(signal) => self.signal(signal),
            Message::Key(key) if self.is_urgent(key) => self.key(key),
            message if self.must_wait(&message) => {
                // What is typed between two interrupts keeps them apart, carried out or not.
                self.state.interrupted = false;
                self.hold(message);
            }
            message => self.input(message),
        }
    }

    /// Keeps what was typed ahead. Of a drag only the last place matters, and its end is never lost.
    fn hold(&mut self, message: Message) {
        let held = &mut self.state.held;
        let drag = |message: &Message| matches!(message, Message::Mouse(Mouse::Drag(..)));
        let end = matches!(message, Message::Mouse(Mouse::Release(..)));
        if drag(&message) && held.back().is_some_and(drag) {
            held.pop_back();
        }
        if end || held.len() < HELD {
            held.push_back(message);
        } else {
            self.say(format!(
                "more than {HELD} keys wait for an answer: this one was dropped"
            ));
        }
    }

    /// Whether `message` was typed ahead of a frame that it depends on.
    ///
    /// Only the session knows where the cursor is after `l`; an `f` typed right behind must not
    /// free the block that was selected before.
    fn must_wait(&self, message: &Message) -> bool {
        if !self.state.held.is_empty() || self.swapped || self.waits_for_lesson(message) {
            return true;
        }
        if self.state.is_current(self.frame) {
            return false;
        }
        if matches!(&self.state.layer, Some(Layer::Prompt(prompt)) if prompt.submitted.is_some()) {
            return true;
        }
        match message {
            Message::Key(key) => self.found(*key).is_some_and(Action::reads_frame),
            Message::Mouse(mouse) => self.mouse_reads_frame(*mouse),
            _ => false,
        }
    }

    fn input(&mut self, message: Message) {
        if self.is_out_of_sight(&message) {
            return;
        }
        match message {
            Message::Exported(exported) => self.exported(exported),
            Message::Key(key) => self.key(key),
            Message::Mouse(mouse) => self.mouse(mouse),
            Message::Paste(text) => self.paste(&text),
            Message::TooMuchPasted(bytes) => self.say(format!(
                "not taken: {bytes} B were pasted; save them as a file and open that"
            )),
            Message::Resize(..) | Message::FrameReady | Message::Signal(_) => {}
        }
    }

    fn frame_ready(&mut self) {
        let new = usize::try_from(self.frame.log_total.saturating_sub(self.state.seen))
            .unwrap_or(usize::MAX);
        if new > 0 {
            self.state.notice = None;
            self.state.answered_by = self.state.asked_by.take();
        }
        self.answer_prompt(new);
        self.follow_guide();
        if self.follow_lesson() {
            return;
        }
        self.place_guest();
        self.state.past = self.frame.time.past;
        self.follow_calls();
        if self.frame.over && self.state.lesson.is_some() {
            return self.leave_lesson();
        }
        if self.frame.over {
            self.quit();
        }
        self.state.seen = self.frame.log_total;
        // A command may have made the map follow its block: the wheel goes on from what is shown.
        if self.state.is_current(self.frame) {
            self.state.view.top = self.frame.picture.map.top;
            self.extend_range();
            self.clamp_lists(new);
        }
        while self.may_go_on() {
            let Some(message) = self.state.held.pop_front() else {
                break;
            };
            // What waits behind this message must not make it wait again.
            let rest = std::mem::take(&mut self.state.held);
            self.take(message);
            self.state.held.extend(rest);
        }
    }

    fn signal(&mut self, signal: Signal) {
        match signal {
            Signal::End => {
                // Whoever asks for the end does not wait for pasted lines.
                self.send(Request::QuitNow);
                self.effects.push(Effect::Quit);
            }
            Signal::Interrupt => self.interrupt(),
            Signal::Suspend => self.effects.push(Effect::Suspend),
            Signal::Resume => self.effects.push(Effect::Repaint),
        }
    }

    fn found(&self, key: Key) -> Option<&'static Action> {
        self.state.bindings.find(self.state.context(), key)
    }

    /// Whether a key must work even while an answer is awaited.
    fn is_urgent(&self, key: Key) -> bool {
        self.found(key).is_some_and(|action| {
            action.is_screen(Screen::Interrupt) || action.is_screen(Screen::Suspend)
        })
    }

    /// The key that an action is told by.
    fn key_for(&self, action: &Action) -> Option<Key> {
        self.state.bindings.key(action)
    }

    fn key(&mut self, key: Key) {
        if self.unblank() {
            return;
        }
        let found = self.found(key);
        if !found.is_some_and(|action| action.is_screen(Screen::Interrupt)) {
            self.state.interrupted = false;
        }
        match (found, key) {
            (Some(action), _) => self.perform(action, Some(key)),
            (None, Key::Char(letter)) if self.type_letter(letter) => {}
            (None, _) => self.say_meaningless(key),
        }
    }

    /// Does what an action says; `key` is told with the answer.
    fn perform(&mut self, action: &'static Action, key: Option<Key>) {
        if action.context == Context::GoTo || matches!(self.state.layer, Some(Layer::Card)) {
            self.state.layer = None;
            if action.context == Context::Card && matches!(action.does, Does::Screen(Screen::Back))
            {
                return;
            }
        }
        if self.is_held_back(action, key)
            || self.is_kept_by_lesson(action, key)
            || self.is_after_the_script(action, key)
        {
            return;
        }
        match action.does {
            Does::Move(target) => self.select(target),
            Does::Page(pages) => {
                let rows = self
                    .state
                    .layout()
                    .map_or(1, |layout| layout.map_rows().max(1));
                self.select(Target::Rows(pages * i32::from(rows)));
            }
            Does::Verb(ask) => {
                self.ask(action, key, ask);
                self.state.last_verb = Some(Verb::Action(action));
            }
            Does::Ask(ask) => self.ask(action, key, ask),
            Does::Prompt(line) => self.open_prompt(&line(self.frame)),
            Does::Screen(Screen::Validate) => self.validate(action, key),
            Does::Screen(Screen::Digit) => self.choose_digit(key),
            Does::Screen(screen) => self.screen(screen),
        }
    }

    fn ask(
        &mut self,
        action: &Action,
        key: Option<Key>,
        ask: fn(&Frame) -> Result<Request, String>,
    ) {
        match ask(self.frame) {
            Ok(request) => {
                self.echo(key, action.name);
                self.state.asked_by = key;
                self.state.view.follow |= matches!(request, Request::Select(_));
                self.send(request);
            }
            Err(why) => {
                let why = self.state.bindings.spell(&why);
                self.echo(key, &why);
            }
        }
    }

    fn screen(&mut self, screen: Screen) {
        match screen {
            Screen::ZoomIn => self.zoom(|bytes| bytes / 4),
            Screen::ZoomOut => self.zoom(|bytes| bytes.saturating_mul(4)),
            Screen::ZoomFit => self.fit(),
            Screen::OpenGoTo => self.state.layer = Some(Layer::GoTo),
            Screen::OpenHelp => self.state.layer = Some(Layer::Help(Finder::default())),
            Screen::OpenExplain => self.state.layer = Some(Layer::Explain(Explain::default())),
            Screen::OpenBookmarks => self.open_bookmarks(),
            Screen::OpenFaults => self.open_faults(),
            Screen::OpenExport => self.state.layer = Some(Layer::Export(0)),
            // They need to know the key, and are done before.
            Screen::Validate | Screen::Digit => {}
            Screen::Copy => self.copy(),
            Screen::Search => self.search(),
            Screen::TakeFound => self.take_found(),
            Screen::CommandHelp => self.toggle_command_help(),
            Screen::OpenPrompt => {
                self.state.layer = Some(Layer::Prompt(Box::new(Prompt::with_draft(
                    &self.state.draft,
                ))));
            }
            Screen::OpenLessons => self.open_lessons(),
            Screen::Lesson(act) => self.lesson_act(act),
            Screen::BeginTour => self.begin_tour(),
            Screen::EndTour => self.end_tour(),
            Screen::Repeat => self.repeat(),
            Screen::Back => self.back(),
            Screen::Quit if self.state.layer.is_none() => {
                // A pane in another's place is a layer to who looks at it.
                if self.state.arrangement == Arrangement::Usual || !self.leave_pane() {
                    self.quit();
                }
            }
            Screen::Quit => self.back(),
            Screen::Interrupt => self.interrupt(),
            Screen::Suspend => self.effects.push(Effect::Suspend),
            Screen::Accept => self.accept(),
            Screen::Complete => self.complete(),
            Screen::Up => self.scroll(-1),
            Screen::Down => self.scroll(1),
            Screen::PageUp => self.scroll(-self.page()),
            Screen::PageDown => self.scroll(self.page()),
            Screen::Edit(request) => self.edit(request),
            Screen::Threads => self.show_threads(),
            Screen::Pane(pane) => self.show_pane(pane),
            Screen::NextPane => self.next_pane(1),
            Screen::PreviousPane => self.next_pane(-1),
            Screen::Maximise => self.maximise(),
            Screen::Range => self.toggle_range(),
            Screen::Row(step) => self.step_rows(step),
            Screen::OpenRow => self.open_row(),
            Screen::GiveUp => self.give_up(),
        }
    }

    fn zoom(&mut self, change: fn(u64) -> u64) {
        let map = &self.frame.picture.map;
        let now = self
            .state
            .view
            .zoom
            .unwrap_or(map.cell_bytes)
            .max(LEAST_ZOOM);
        let next = change(now).clamp(LEAST_ZOOM, MOST_ZOOM);
        if next == now {
            // Nothing is finer than a granule but its bytes.
            self.show_pane(Pane::Bytes);
        } else if next > now && map.total_rows <= 1 {
            self.say("the whole heap is in one row already".to_owned());
        } else {
            self.state.view.zoom = Some(next);
            self.state.view.follow = true;
            self.look();
        }
    }

    fn fit(&mut self) {
        self.state.view.zoom = None;
        self.state.view.follow = true;
        self.look();
    }

    fn repeat(&mut self) {
        match self.state.last_verb.clone() {
            None => self.say("there is no verb to repeat yet".to_owned()),
            Some(Verb::Action(action)) => self.perform(action, self.key_for(action)),
            Some(Verb::Alloc(rest)) => {
                self.run_line(format!("alloc {} {rest}", self.frame.next_name));
            }
            Some(Verb::Line(line)) => self.run_line(line),
        }
    }

    fn run_line(&mut self, line: String) {
        let key = self.screen_key(Screen::Repeat);
        self.echo(key, &line);
        self.state.asked_by = key;
        self.send(Request::Line(line));
    }

    fn back(&mut self) {
        if self.step_back_in_layer() {
            return;
        }
        match self.state.layer.take() {
            Some(Layer::Prompt(prompt)) => {
                if prompt.text() != prompt.prefill {
                    self.state.draft = prompt.text().to_owned();
                }
            }
            Some(_) => {}
            None if self.leave_range() => {}
            None if self.leave_findings() => {}
            None if self.leave_filter() => {}
            None if self.leave_pane() => {}
            None if self.state.view.zoom.is_some() => self.fit(),
            None => self.spell(
                "{leave} leaves popups, range, filter, panes and zoom; {quit} ends heapwalk",
            ),
        }
    }

    /// Drops the filter. Answers whether there was one.
    fn leave_filter(&mut self) -> bool {
        let was = self.frame.found.is_some();
        if was {
            self.send(Request::Line("filter off".to_owned()));
        }
        was
    }

    fn quit(&mut self) {
        self.send(Request::Quit);
        self.effects.push(Effect::Quit);
    }

    fn interrupt(&mut self) {
        if self.state.interrupted {
            return self.quit();
        }
        self.state.held.clear();
        if self.frame.run.is_some()
            || self.frame.measuring.is_some()
            || self.frame.time.seeking.is_some()
        {
            self.send(Request::Cancel);
            self.spell("{cancel}  cancelled; again ends heapwalk");
        } else if self.state.layer.is_some() {
            return self.back();
        } else if !self.state.is_current(self.frame) {
            // Pasted lines, above all: those that have not begun are dropped.
            self.send(Request::Cancel);
            self.spell("{cancel}  what waits is cancelled; again ends heapwalk");
        } else {
            self.spell("nothing runs; {cancel} again ends heapwalk");
        }
        self.state.interrupted = true;
    }

    fn select(&mut self, target: Target) {
        self.state.view.follow = true;
        self.send(Request::Select(target));
    }

    fn look(&mut self) {
        if let Some(request) = self.state.look() {
            self.send(request);
        }
    }

    /// Asks the session for something; in the past a verb waits for a yes.
    fn send(&mut self, request: Request) {
        if !self.is_trying() && self.asks_to_branch(&request) {
            self.state.layer = Some(Layer::Branch(Box::new(request)));
            return;
        }
        self.send_now(request);
    }

    fn send_now(&mut self, request: Request) {
        let request = self.by_the_rules(request);
        let effect = sent(self.state, request);
        self.effects.push(effect);
    }

    fn say(&mut self, words: String) {
        self.state.notice = Some(words);
    }

    /// Says words that name keys by what they do: `{quit} ends heapwalk`.
    fn spell(&mut self, words: &str) {
        self.say(self.state.bindings.spell(words));
    }

    /// Says words behind the key that they are about.
    fn echo(&mut self, key: Option<Key>, words: &str) {
        self.say(key.map_or_else(|| words.to_owned(), |key| format!("{key}  {words}")));
    }

    /// The key on the map by which the screen does this.
    fn screen_key(&self, screen: Screen) -> Option<Key> {
        self.state.bindings.key_of(Context::Map, screen)
    }
}

fn sent(state: &mut State, request: Request) -> Effect {
    state.sent += 1;
    Effect::Send(request)
}

fn moved(from: usize, lines: i32, last: usize) -> usize {
    let step = usize::try_from(lines.unsigned_abs()).unwrap_or(usize::MAX);
    if lines < 0 {
        from.saturating_sub(step)
    } else {
        from.saturating_add(step).min(last)
    }
}
