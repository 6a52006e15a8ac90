//! What a session's lines are to be: lists of what was done, and the moments that straight execution went through.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::rc::Rc;

use super::super::*;
use crate::session::timeline::letter;

/// A command that was done, or a part of a workload.
pub(super) struct Done {
    /// What its end is called, for marks.
    id: u64,
    command: Command,
    /// What was done before it on its line.
    behind: Option<Rc<Done>>,
    before: Rc<Moment>,
    made: u64,
    /// The moments inside it, when they were asked for.
    inside: OnceCell<Vec<Rc<Moment>>>,
}

impl Done {
    /// Operations done before it.
    fn begin(&self) -> u64 {
        self.before.operations
    }

    /// Whether each of its operations is a place.
    fn repeats(&self) -> bool {
        !matches!(self.command, Command::Threads(_))
    }

    fn places(&self) -> u64 {
        if self.repeats() { self.made.max(1) } else { 1 }
    }

    /// Whether straight execution can be made again up to here.
    fn all_repeats(&self) -> bool {
        self.repeats()
            && self
                .behind
                .as_ref()
                .is_none_or(|behind| behind.all_repeats())
    }

    /// Makes it again on a session that made all before it.
    fn again(&self, twin: &mut Session, each: &mut impl FnMut(&mut Session)) {
        let end = self.begin() + self.made;
        assert_eq!(twin.operations, self.begin(), "before {}", self.command);
        straight_until(twin, &self.command, end, each);
        assert_eq!(twin.operations, end, "behind {}", self.command);
    }

    /// A session that made all before it.
    fn twin(&self) -> Session {
        let Some(behind) = &self.behind else {
            let mut twin = Session::new().expect("addresses");
            twin.without_undo();
            twin.open_default_heap();
            return twin;
        };
        let mut twin = behind.twin();
        behind.again(&mut twin, &mut |_| ());
        twin
    }

    /// The moment behind so many of its operations; `None` where that cannot be made again.
    fn inside(&self, nth: u64) -> Option<Rc<Moment>> {
        let moments = self.inside.get_or_init(|| {
            if !self.all_repeats() {
                return Vec::new();
            }
            // Sessions of one thread share its last error.
            let errors = (crate::api::GetLastError(), crate::api::errno());
            let mut twin = self.twin();
            let before = Moment::of(&mut twin);
            assert!(
                before.same_place(&self.before),
                "{}",
                before.differs(&self.before)
            );
            let mut moments = Vec::new();
            self.again(&mut twin, &mut |twin| {
                moments.push(Rc::new(Moment::of(twin)));
            });
            crate::api::SetLastError(errors.0);
            crate::api::_set_errno(errors.1);
            moments
        });
        let nth = usize::try_from(nth).ok()?.checked_sub(1)?;
        moments.get(nth).cloned()
    }
}

/// The workload beside the screen, and the part of it that is being made.
pub(super) struct Part {
    workload: Workload,
    heap: u32,
    done: u64,
    from: u64,
    open: bool,
}

impl Part {
    pub(super) fn new(workload: Workload, heap: u32) -> Part {
        Part {
            workload,
            heap,
            done: 0,
            from: 0,
            open: false,
        }
    }

    /// The command that does the same.
    fn command(&self, in_view: Option<u32>) -> Command {
        let elsewhere = self.from == 0 && in_view != Some(self.heap);
        Command::Run(Workload {
            heap: elsewhere.then_some(self.heap),
            from: self.from,
            until: (self.done < self.workload.ops).then_some(self.done),
            ..self.workload
        })
    }
}

/// A line of history.
struct Line {
    number: u32,
    /// What was done before all that is kept.
    gone: Option<Rc<Done>>,
    done: Vec<Rc<Done>>,
    /// How many of them are done; redo leads to the others.
    at: usize,
    /// Behind the last, where not all are done.
    tip: Option<Rc<Moment>>,
    /// At its present.
    present: Rc<Moment>,
}

/// Behind so many commands, and so many operations of the next.
type Place = (usize, u64);

/// All lines of a session.
pub(super) struct Model {
    line: Line,
    others: Vec<Line>,
    /// Lines so far.
    pub(super) lines: u32,
    /// The place in the past that is looked at.
    here: Option<Place>,
    /// The workload beside the screen; it stands while the past is looked at.
    run: Option<Part>,
    /// What was marked, by the command that it is behind; 0 is the begin.
    marks: HashSet<u64>,
    ids: u64,
}

impl Model {
    pub(super) fn new(begin: Moment) -> Model {
        Model {
            line: Line {
                number: 1,
                gone: None,
                done: Vec::new(),
                at: 0,
                tip: None,
                present: Rc::new(begin),
            },
            others: Vec::new(),
            lines: 1,
            here: None,
            run: None,
            marks: HashSet::new(),
            ids: 0,
        }
    }

    pub(super) fn is_past(&self) -> bool {
        self.here.is_some()
    }

    /// What the present is.
    pub(super) fn present(&self) -> Rc<Moment> {
        Rc::clone(&self.line.present)
    }

    /// What is shown: the present or a place in the past. `None` where only the session knows.
    pub(super) fn shown(&self) -> Option<Rc<Moment>> {
        match self.here {
            None => Some(self.present()),
            Some((entry, 0)) => Some(Rc::clone(&self.line.done[entry].before)),
            Some((entry, inside)) => self.line.done[entry].inside(inside),
        }
    }

    /// Operations done at the place that is shown, and at the present.
    pub(super) fn operations(&self) -> (u64, u64) {
        let present = self.line.present.operations;
        let here = |(entry, inside): Place| self.line.done[entry].begin() + inside;
        (self.here.map_or(present, here), present)
    }

    /// Commands that can be taken back, and brought back.
    pub(super) fn depths(&self) -> (usize, usize) {
        (self.line.at, self.line.done.len() - self.line.at)
    }

    /// The number of the line that is gone on; of each other the number, and the operations done where it leaves this
    /// one and at its present.
    pub(super) fn numbers(&self) -> (u32, Vec<(u32, u64, u64)>) {
        let other = |other: &Line| {
            let pairs = self.line.done.iter().zip(&other.done);
            let common = pairs.take_while(|(one, two)| Rc::ptr_eq(one, two)).count();
            let operations = other.present.operations;
            let left = other.done.get(common);
            (
                other.number,
                left.map_or(operations, |left| left.begin()),
                operations,
            )
        };
        let mut others: Vec<_> = self.others.iter().map(other).collect();
        others.sort_unstable();
        (self.line.number, others)
    }

    /// There was no room: only so many commands of the line are kept, and of the others those with these numbers.
    pub(super) fn forget(&mut self, kept: usize, others: &[u32]) {
        let gone = self.line.done.len() - kept;
        if let Some(last) = self.line.done.drain(..gone).next_back() {
            self.line.gone = Some(last);
        }
        self.line.at -= gone;
        self.others.retain(|line| others.contains(&line.number));
    }

    /// The present is this now.
    pub(super) fn touch(&mut self, now: Moment) {
        self.line.present = Rc::new(now);
    }

    /// The end of the line is marked.
    pub(super) fn mark(&mut self) {
        self.marks.insert(self.id_behind(self.line.at));
    }

    /// What stands behind so many commands is called.
    fn id_behind(&self, entries: usize) -> u64 {
        self.behind(entries).map_or(0, |done| done.id)
    }

    /// The command that led to what stands behind so many.
    fn behind(&self, entries: usize) -> Option<&Rc<Done>> {
        match entries.checked_sub(1) {
            Some(last) => self.line.done.get(last),
            None => self.line.gone.as_ref(),
        }
    }

    /// A command was done.
    pub(super) fn add(&mut self, command: Command, before: Moment, after: Moment) {
        if self.line.at < self.line.done.len() {
            self.part(self.line.at, Rc::new(before.clone()));
        }
        self.ids += 1;
        self.line.done.push(Rc::new(Done {
            id: self.ids,
            command,
            behind: self.behind(self.line.at).cloned(),
            made: after.operations - before.operations,
            before: Rc::new(before),
            inside: OnceCell::new(),
        }));
        self.line.at += 1;
        self.touch(after);
    }

    /// Another line begins behind so many commands of this one, which stays with its present.
    fn part(&mut self, common: usize, present: Rc<Moment>) {
        self.lines += 1;
        let new = Line {
            number: self.lines,
            gone: self.line.gone.clone(),
            done: self.line.done[..common].to_vec(),
            at: common,
            tip: None,
            present: Rc::clone(&present),
        };
        let old = std::mem::replace(&mut self.line, new);
        self.others.push(old);
    }

    pub(super) fn begin_run(&mut self, part: Part) {
        self.run = Some(part);
    }

    /// What ran is over.
    pub(super) fn stop(&mut self) {
        self.run = None;
    }

    /// What ran until now is a command of its own.
    pub(super) fn close(&mut self) {
        if let Some(run) = &mut self.run {
            (run.from, run.open) = (run.done, false);
        }
    }

    /// The workload beside the screen made so many steps.
    pub(super) fn steps(&mut self, made: u64, in_view: Option<u32>, before: Moment, after: Moment) {
        let run = self.run.as_mut().expect("a workload");
        run.done += made;
        let new = !std::mem::replace(&mut run.open, true);
        let command = run.command(in_view);
        if new {
            return self.add(command, before, after);
        }
        // Nobody else has it: whoever leaves this line closes the part first.
        let last = self.line.done.last_mut().and_then(Rc::get_mut);
        let last = last.expect("a part that is open");
        (last.command, last.made) = (command, last.made + made);
        self.touch(after);
    }

    /// Goes where a command leads. Whether it leads anywhere.
    pub(super) fn lead(&mut self, command: &Command) -> bool {
        match command {
            Command::Seek(to) => self.seek(*to),
            Command::Undo => self.here.is_none() && self.undo(),
            Command::Redo => self.here.is_none() && self.redo(),
            Command::Branch(None) => self.branch(),
            Command::Branch(Some(number)) => self.branch_to(*number),
            command => panic!("{command} leads nowhere"),
        }
    }

    fn undo(&mut self) -> bool {
        if self.line.at == 0 {
            return false;
        }
        if self.line.at == self.line.done.len() {
            self.line.tip = Some(self.present());
        }
        self.line.at -= 1;
        self.line.present = Rc::clone(&self.line.done[self.line.at].before);
        true
    }

    fn redo(&mut self) -> bool {
        if self.line.at == self.line.done.len() {
            return false;
        }
        self.line.at += 1;
        let next = self.line.done.get(self.line.at).map(|next| &next.before);
        let tip = || self.line.tip.as_ref().expect("the end of the line");
        self.line.present = Rc::clone(next.unwrap_or_else(tip));
        true
    }

    /// All places of the line, and the operations done there.
    fn places(&self) -> Vec<(Place, u64)> {
        let done = self.line.done[..self.line.at].iter().enumerate();
        let inside = done.flat_map(|(entry, done)| {
            let begin = done.begin();
            (0..done.places()).map(move |inside| ((entry, inside), begin + inside))
        });
        let end = ((self.line.at, 0), self.line.present.operations);
        inside.chain([end]).collect()
    }

    fn seek(&mut self, to: SeekTo) -> bool {
        let places = self.places();
        let last = places.len() - 1;
        let here = self
            .here
            .and_then(|here| places.iter().position(|(place, _)| *place == here));
        let here = here.unwrap_or(last);
        let count = |count: u64| usize::try_from(count).expect("few");
        let marks = || {
            self.marked()
                .filter_map(|mark| places.iter().position(|(place, _)| *place == (mark, 0)))
        };
        let found = match to {
            SeekTo::Operation(number) => Some(
                places
                    .iter()
                    .rposition(|(_, done)| *done <= number)
                    .unwrap_or(0),
            ),
            SeekTo::By(Direction::Back, by) => Some(here.saturating_sub(count(by))),
            SeekTo::By(Direction::Forward, by) => Some((here + count(by)).min(last)),
            SeekTo::Mark(Direction::Back) => marks().filter(|&mark| mark < here).max(),
            SeekTo::Mark(Direction::Forward) => marks().filter(|&mark| mark > here).min(),
            SeekTo::Present => Some(last),
            to => panic!("no model of seek {to}"),
        };
        if let Some(found) = found {
            self.here = (found < last).then(|| places[found].0);
        }
        found.is_some()
    }

    /// Behind how many commands of the line a mark is: a bookmark, or the letter of the command before.
    fn marked(&self) -> impl Iterator<Item = usize> + '_ {
        (0..=self.line.at).filter(|&entries| {
            let led = entries
                .checked_sub(1)
                .map(|last| &self.line.done[last].command);
            self.marks.contains(&self.id_behind(entries))
                || led.is_some_and(|command| letter(command).is_some())
        })
    }

    /// The present of the new line is what is shown: whoever knows it tells.
    fn branch(&mut self) -> bool {
        let Some((entry, inside)) = self.here.take() else {
            return false;
        };
        let parted = Rc::clone(&self.line.done[entry]);
        self.part(entry, Rc::clone(&parted.before));
        if inside > 0 {
            self.ids += 1;
            self.line.done.push(Rc::new(Done {
                id: self.ids,
                command: parted.command.clone(),
                behind: parted.behind.clone(),
                before: Rc::clone(&parted.before),
                made: inside,
                inside: OnceCell::new(),
            }));
            self.line.at += 1;
        }
        self.run = None;
        true
    }

    fn branch_to(&mut self, number: u32) -> bool {
        let Some(at) = self.others.iter().position(|line| line.number == number) else {
            return false;
        };
        let line = self.others.remove(at);
        self.others.push(std::mem::replace(&mut self.line, line));
        (self.here, self.run) = (None, None);
        true
    }
}
