//! Any mixture of commands, workloads beside the screen, seeks, branches, undo and redo against a model of lines: what
//! was done on each, and what straight execution left at each place.

mod model;

use prop::sample::Index;
use proptest::test_runner::TestCaseError;
use tempfile::TempDir;

use super::*;
use crate::session::apply::{changes, is_journalled};
use crate::session::{Journal, last_journal, read_journal};

use model::{Model, Part};

/// What a person does.
#[derive(Clone)]
enum Act {
    /// Types a command.
    Do(Command),
    /// Seeks an operation, of those there are and some more.
    Operation(Index),
    /// Goes on with a line, of those there are and one more.
    Line(Index),
    /// Begins a workload beside the screen.
    Begin(Workload),
    /// Lets it make some steps.
    Steps(u64),
    /// Lets it stand.
    Stand,
    /// Ends it.
    End,
}

impl fmt::Debug for Act {
    /// Commands as they are typed: a failing case is a script.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Act::Do(command) => write!(f, "{command}"),
            Act::Operation(index) => write!(f, "seek {index:?}"),
            Act::Line(index) => write!(f, "branch {index:?}"),
            Act::Begin(workload) => write!(f, "begin {}", Command::Run(*workload)),
            Act::Steps(steps) => write!(f, "{steps} steps"),
            Act::Stand => f.write_str("stand"),
            Act::End => f.write_str("end"),
        }
    }
}

fn any_act() -> impl Strategy<Value = Act> {
    let act = |text: &str| Just(Act::Do(parse(text))).boxed();
    let seek = prop_oneof![
        (1..60_u64).prop_map(|count| parse(&format!("seek back {count}"))),
        (1..60_u64).prop_map(|count| parse(&format!("seek forward {count}"))),
        Just(parse("seek back")),
        Just(parse("seek mark back")),
        Just(parse("seek mark forward")),
        Just(parse("seek present")),
    ];
    prop_oneof![
        8 => any_line().prop_map(Act::Do),
        3 => act("undo"),
        3 => act("redo"),
        2 => act("mark"),
        4 => seek.prop_map(Act::Do),
        4 => any::<Index>().prop_map(Act::Operation),
        3 => act("branch"),
        3 => any::<Index>().prop_map(Act::Line),
        1 => act("threads 2 { run random ops=40 live=9 }"),
        2 => any_workload().prop_map(Act::Begin),
        4 => (1..90_u64).prop_map(Act::Steps),
        1 => Just(Act::Stand),
        1 => Just(Act::End),
    ]
}

/// Whether it makes a heap, or needs one and is not refused.
fn makes_a_heap(command: &Command) -> bool {
    matches!(
        command,
        Command::HeapNew(_) | Command::Alloc { .. } | Command::Run(_)
    )
}

/// A session and what it is to be.
struct Tried {
    session: Session,
    model: Model,
    /// There may be no room for all of it.
    tight: bool,
    /// Where its journal is.
    directory: TempDir,
}

/// The number of the line that is gone on; of each other the number, and the operations done where it leaves this one
/// and at its present.
fn lines(time: &TimeShown) -> (u32, Vec<(u32, u64, u64)>) {
    let ends = |branch: &BranchShown| (branch.number, branch.left, branch.operations);
    (time.line, time.branches.iter().map(ends).collect())
}

type Checked = Result<(), TestCaseError>;

impl Tried {
    fn new() -> Tried {
        let directory = tempfile::tempdir().expect("a directory");
        let mut session = Session::new().expect("addresses");
        session.keep_journal(Journal::new(directory.path().join("sessions")));
        session.open_default_heap();
        let model = Model::new(Moment::of(&mut session));
        Tried {
            session,
            model,
            tight: false,
            directory,
        }
    }

    fn act(&mut self, act: &Act) -> Checked {
        match act {
            Act::Do(command) => self.command(command),
            Act::Operation(index) => {
                let most = self.model.operations().1 + 3;
                let to = index.index(usize::try_from(most).expect("few"));
                self.lead(&Command::Seek(SeekTo::Operation(to as u64)))
            }
            Act::Line(index) => {
                let number = index.index(self.model.lines as usize + 1) + 1;
                let number = u32::try_from(number).expect("few lines");
                self.lead(&Command::Branch(Some(number)))
            }
            Act::Begin(workload) => self.begin(*workload),
            Act::Steps(steps) => self.steps(*steps),
            Act::Stand => {
                self.session.close_part();
                self.model.close();
                self.stays()
            }
            Act::End => self.end_run(),
        }
    }

    fn command(&mut self, command: &Command) -> Checked {
        match command {
            Command::Undo | Command::Redo | Command::Seek(_) | Command::Branch(_) => {
                self.lead(command)
            }
            // What is refused or only looks would make a heap where there is none, which is no part of any line.
            command if self.session.in_view.is_none() && !makes_a_heap(command) => Ok(()),
            Command::Run(_) | Command::Threads(_) => {
                self.end_run()?;
                self.line(command)
            }
            command => self.line(command),
        }
    }

    /// A command that leads nowhere else.
    fn line(&mut self, command: &Command) -> Checked {
        self.tight |= matches!(command, Command::History(Some(_)));
        let before = Moment::of(&mut self.session);
        let answer = self.session.apply(command);
        let refused = answer.tone == Tone::Refused;
        if self.model.is_past() {
            prop_assert!(
                refused || !command.changes(),
                "{command} in the past: {}",
                answer.words
            );
            return self.stays();
        }
        if is_journalled(command) {
            self.model.close();
        }
        let after = Moment::of(&mut self.session);
        if refused || !changes(command) {
            prop_assert!(
                before.same_place(&after),
                "{command}: {}",
                before.differs(&after)
            );
            self.model.touch(after);
            if !refused && matches!(command, Command::Mark(_)) {
                self.model.mark();
            }
        } else {
            self.model.add(command.clone(), before, after);
        }
        self.check(&command.to_string())
    }

    /// A command that leads to another moment. What runs ends as the session's thread ends it.
    fn lead(&mut self, command: &Command) -> Checked {
        let leaves = !matches!(command, Command::Seek(_));
        if leaves && !self.session.leads_nowhere(command) {
            self.end_run()?;
        }
        let before = Moment::of(&mut self.session);
        let stays =
            self.held().is_some() && matches!(command, Command::Seek(_) | Command::Branch(_));
        let answer = self.session.apply(command);
        if !stays && matches!(command, Command::Seek(_)) {
            self.model.close();
        }
        let led = !stays && self.model.lead(command);
        prop_assert_eq!(
            answer.tone != Tone::Refused,
            led,
            "{}: {}",
            command,
            answer.words
        );
        if led && *command == Command::Branch(None) {
            // What is shown stays, and is a present from here on.
            let now = Moment::of(&mut self.session);
            prop_assert!(now.same_place(&before), "branch: {}", now.differs(&before));
            self.model.touch(now);
        }
        self.check(&command.to_string())
    }

    /// The number of a heap whose lock is held: nobody seeks or branches meanwhile.
    fn held(&self) -> Option<u32> {
        let mut slots = self.session.slots.iter();
        let held = slots.find(|slot| slot.heap.lock().holder().is_some());
        held.map(|slot| slot.number)
    }

    /// Lets go of all locks.
    fn let_go(&mut self) -> Checked {
        while let Some(number) = self.held() {
            self.line(&Command::HeapUse(number))?;
            self.line(&Command::Unlock)?;
        }
        Ok(())
    }

    /// Whether the moment is the one that the model says, but for counts of who looked.
    fn is_shown(&self, now: &Moment, what: &str) -> Checked {
        if let Some(expected) = self.model.shown() {
            prop_assert!(
                now.same_place(&expected),
                "{what}: {}",
                now.differs(&expected)
            );
        }
        Ok(())
    }

    fn begin(&mut self, workload: Workload) -> Checked {
        // Its heap is no part of any line.
        let Some(heap) = self.session.in_view else {
            return Ok(());
        };
        self.end_run()?;
        let begun = self.session.begin_run(&workload).is_ok();
        prop_assert_eq!(begun, !self.model.is_past());
        if begun {
            self.model.begin_run(Part::new(workload, heap));
        }
        self.stays()
    }

    fn steps(&mut self, steps: u64) -> Checked {
        if !self.session.has_steps() {
            return Ok(());
        }
        prop_assert!(!self.model.is_past(), "steps are made in the past");
        let before = Moment::of(&mut self.session);
        self.session.open_part();
        let made = self.session.run_steps(steps);
        self.session.journal_progress();
        let after = Moment::of(&mut self.session);
        self.model.steps(made, self.session.in_view, before, after);
        self.check("steps")
    }

    fn end_run(&mut self) -> Checked {
        self.session.finish_run();
        self.model.close();
        if !self.model.is_past() {
            self.model.stop();
            let now = Moment::of(&mut self.session);
            self.model.touch(now);
        }
        self.check("the end of what ran")
    }

    /// Nothing is another than before, but for counts of who looked.
    fn stays(&mut self) -> Checked {
        let now = Moment::of(&mut self.session);
        self.is_shown(&now, "what only looks")?;
        if !self.model.is_past() {
            self.model.touch(now);
        }
        self.check("what only looks")
    }

    /// The session is what the model says.
    fn check(&mut self, what: &str) -> Checked {
        let time = shown(&mut self.session);
        if self.tight {
            let numbers: Vec<u32> = time.branches.iter().map(|branch| branch.number).collect();
            let kept = self.session.history.line.ids.len();
            self.model.forget(kept, &numbers);
        }
        let model = &self.model;
        prop_assert_eq!(time.past, model.is_past(), "{}", what);
        prop_assert_eq!((time.at, time.present), model.operations(), "{}", what);
        prop_assert_eq!(self.session.depths(), model.depths(), "{}", what);
        prop_assert_eq!(lines(&time), model.numbers(), "{}", what);
        // The last command stays in any case, and nothing goes while the past is looked at.
        let fits = time.kept <= time.budget || time.past || model.depths().0 <= 1;
        prop_assert!(fits, "{}: {:?}", what, time);
        let now = Moment::of(&mut self.session);
        self.is_shown(&now, what)?;
        let present = self.model.present();
        match &self.session.looking {
            // The present is kept aside, byte for byte.
            Some(looking) => {
                let aside = Checkpoint {
                    state: looking.present.clone(),
                };
                prop_assert!(aside == present.checkpoint, "{what} touched the present");
            }
            None => prop_assert!(now == *present, "{what}: {}", now.differs(&present)),
        }
        Ok(())
    }

    /// Comes back to the present; then every line leads to its end.
    fn end(&mut self) -> Checked {
        if !self.model.is_past() {
            self.let_go()?;
        }
        self.lead(&Command::Seek(SeekTo::Present))?;
        self.end_run()?;
        for number in 1..=self.model.lines {
            self.lead(&Command::Branch(Some(number)))?;
            while self.session.depths().1 > 0 {
                self.lead(&Command::Redo)?;
                self.let_go()?;
            }
        }
        Ok(())
    }

    /// What a replay of the journal leads to is the same, and so are the other lines of it.
    fn replay(&mut self) -> Checked {
        let sessions = self.directory.path().join("sessions");
        let Some(file) = last_journal(&sessions).expect("readable") else {
            prop_assert_eq!(self.session.depths(), (0, 0));
            return Ok(());
        };
        let text = std::fs::read_to_string(&file).expect("a journal");
        let past = read_journal(text.as_bytes(), "the journal").expect("a journal");
        let mut again = Session::new().expect("addresses");
        again.set_source(&file);
        again.replay(&past);
        for number in 0..=self.model.lines {
            if number > 0 {
                tell(&mut again, &format!("branch {number}"));
                tell(&mut self.session, &format!("branch {number}"));
            }
            let (now, then) = (Moment::of(&mut again), Moment::of(&mut self.session));
            prop_assert!(
                now.same_place(&then),
                "line {number}: {}\n{text}",
                now.differs(&then)
            );
            prop_assert_eq!(
                again.depths(),
                self.session.depths(),
                "line {}\n{}",
                number,
                text
            );
            let (now, then) = (lines(&shown(&mut again)), lines(&shown(&mut self.session)));
            prop_assert_eq!(now, then, "{}", text);
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn any_way_through_time_leads_where_the_model_says(
        acts in proptest::collection::vec(any_act(), 1..50),
    ) {
        let mut tried = Tried::new();
        for act in &acts {
            tried.act(act)?;
        }
        tried.end()?;
        tried.replay()?;
    }

    #[test]
    fn what_there_is_room_for_leads_where_the_model_says(
        budgets in proptest::collection::vec((any::<Index>(), 10_000..400_000_u64), 1..4),
        acts in proptest::collection::vec(any_act(), 1..70),
    ) {
        let (mut tried, mut acts) = (Tried::new(), acts);
        for (at, bytes) in budgets {
            acts.insert(at.index(acts.len()), Act::Do(Command::History(Some(bytes))));
        }
        for act in &acts {
            tried.act(act)?;
        }
        tried.end()?;
    }
}
