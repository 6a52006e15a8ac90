use super::*;
use crate::lesson::parse;
use crate::session::{Session, parse_line};

/// A player with the session that it asks for things.
struct Class {
    player: Player,
    session: Session,
    watch: Watch,
    selected: Option<u64>,
    /// Sessions so far.
    begun: usize,
}

impl Class {
    fn on(text: &str) -> Class {
        let lesson = parse(text, "t.lesson").unwrap_or_else(|error| panic!("{error}"));
        let (player, asks) = Player::begin(Arc::new(lesson));
        let mut class = Class {
            player,
            session: Session::new().expect("a session"),
            watch: Watch::default(),
            selected: None,
            begun: 0,
        };
        class.take(asks);
        class
    }

    fn at_the_challenge() -> Class {
        let mut class = Class::on(LESSON);
        for _ in 0..3 {
            let asks = class.player.enter(class.player.at + 1);
            class.take(asks);
        }
        assert!(matches!(class.player.stage(), Stage::Trying(_)));
        class
    }

    /// Does what is asked for, and lets the player see it.
    fn take(&mut self, asks: Vec<Ask>) {
        for ask in asks {
            match ask {
                Ask::Begin(commands) => {
                    self.begun += 1;
                    self.session = Session::new().expect("a session");
                    self.all(&commands);
                }
                Ask::Do(commands) => self.all(&commands),
                Ask::Watch(watch) => self.watch = watch,
                Ask::Select(address) => self.selected = Some(address),
                Ask::Show(_) => {}
            }
        }
        let watched = self.session.watched(&self.watch);
        let asks = self.player.see(&watched, true);
        if !asks.is_empty() {
            self.take(asks);
        }
    }

    fn all(&mut self, commands: &[Command]) {
        for command in commands {
            self.session.apply(command);
        }
    }

    /// The learner types.
    fn types(&mut self, line: &str) {
        let command = parse_line(line).expect("a line").expect("a command");
        self.session.apply(&command);
        self.take(Vec::new());
    }

    fn next(&mut self) {
        let asks = self.player.go_on().expect("the way on");
        self.take(asks);
    }

    fn back(&mut self) {
        let asks = self.player.back().expect("the way back");
        self.take(asks);
    }

    fn blocks(&self) -> String {
        let value = self.session.metric(crate::session::Metric::BusyBlocks);
        value.expect("known").to_string()
    }
}

const LESSON: &str = "lesson \"T\"
heap new fixed 64K
alloc b[0:4] 64
expect busy_blocks == 4
say \"Four.\"
pause
predict \"How many?\" {
\"three\" if busy_blocks == 3
\"five\" if busy_blocks == 5
}
hint \"One goes.\"
free b1
reveal \"Three.\"
predict \"Where?\" hole of x
alloc x 64
reveal \"There.\"
challenge \"Two blocks.\" {
goal busy_blocks == 2
limit frees <= 2
forbid heap
hint \"Free.\"
solution {
free b0
free b2
}
}
alloc z 8
say \"End.\"
pause
";

#[test]
fn a_lesson_is_played_from_its_first_step_to_its_end() {
    let mut class = Class::on(LESSON);
    assert_eq!(
        (class.player.stage(), class.blocks().as_str()),
        (&Stage::Reading, "4")
    );
    class.next();
    assert_eq!(class.player.go_on(), Err("choose an answer first"));
    assert!(class.player.choose(0) && !class.player.choose(2));
    class.next();
    let Stage::Revealed { truth, right, .. } = class.player.stage() else {
        panic!("{:?}", class.player.stage());
    };
    assert_eq!(
        (*truth, *right, class.blocks().as_str()),
        (Some(0), true, "3")
    );
    class.next();
    let hole = class.session.holes()[0];
    let asks = class.player.answer_hole(hole.0, hole.1);
    class.take(asks);
    assert!(matches!(
        class.player.stage(),
        Stage::Revealed { right: true, .. }
    ));
    assert_eq!(class.selected, Some(hole.0));
    class.next();
    assert!(class.player.is_open());
    class.types("free b0");
    assert!(matches!(class.player.stage(), Stage::Trying(trial) if !trial.failed));
    class.types("free x");
    assert!(matches!(class.player.stage(), Stage::Solved(_)));
    // Behind a challenge the lesson goes on from its own solution.
    assert_eq!(class.begun, 1);
    class.next();
    assert_eq!((class.begun, class.blocks().as_str()), (2, "3"));
    class.next();
    assert_eq!(class.player.stage(), &Stage::Over);
    assert_eq!((class.player.score(), class.player.solved()), ((2, 2), 1));
}

#[test]
fn a_wrong_answer_is_told_and_counted_once() {
    let mut class = Class::on(LESSON);
    class.next();
    class.player.choose(1);
    class.next();
    assert!(matches!(
        class.player.stage(),
        Stage::Revealed {
            truth: Some(0),
            right: false,
            ..
        }
    ));
    // Back to the question, and now right: the first answer counts.
    class.back();
    assert_eq!(class.blocks(), "4");
    class.player.choose(0);
    class.next();
    assert!(matches!(
        class.player.stage(),
        Stage::Revealed { right: true, .. }
    ));
    assert_eq!(class.player.score(), (0, 1));
    class.next();
    let last = *class.session.holes().last().expect("a hole");
    let asks = class.player.answer_hole(last.0, last.1);
    class.take(asks);
    assert!(matches!(
        class.player.stage(),
        Stage::Revealed { right: false, .. }
    ));
}

#[test]
fn back_leads_to_the_step_before_as_it_was_left() {
    let mut class = Class::on(LESSON);
    assert_eq!(class.player.back(), Err("this is the first step"));
    class.next();
    class.player.choose(0);
    class.next();
    class.next();
    assert_eq!((class.player.number(), class.blocks().as_str()), (3, "3"));
    class.back();
    assert_eq!(class.player.number(), 2);
    assert!(matches!(
        class.player.stage(),
        Stage::Revealed { right: true, .. }
    ));
    class.back();
    assert!(matches!(class.player.stage(), Stage::Asking { .. }));
    assert_eq!(class.blocks(), "4");
    class.back();
    assert_eq!((class.player.number(), class.blocks().as_str()), (1, "4"));
}

#[test]
fn a_challenge_has_limits_hints_and_a_way_to_begin_anew() {
    let mut class = Class::on(LESSON);
    for _ in 0..2 {
        class.next();
        let asks = class.player.reveal();
        class.take(asks);
    }
    // Whoever presents answers nothing.
    assert_eq!(class.player.score(), (0, 0));
    class.next();
    assert_eq!(class.player.show_solution(), Err("try it first"));
    assert!(class.player.hint() && !class.player.hint());
    class.types("free b0");
    class.types("undo");
    class.types("free b[2:4]");
    assert!(matches!(class.player.stage(), Stage::Solved(_)));
    let asks = class.player.restart();
    class.take(asks);
    assert_eq!(class.blocks(), "4");
    class.types("free b[0:4]");
    class.types("alloc y 8");
    let Stage::Trying(trial) = class.player.stage() else {
        panic!("{:?}", class.player.stage());
    };
    let challenge = class.player.challenge().expect("a challenge");
    assert!(trial.is_over(challenge));
    assert_eq!(trial.used(crate::lesson::Counted::Frees), 3);
    assert_eq!(class.player.show_solution(), Ok(()));
}

/// In the past there were two blocks, too.
#[test]
fn the_figures_of_a_solved_challenge_go_on_to_be_those_of_the_heap() {
    let mut class = Class::at_the_challenge();
    for line in ["free b0", "free b2"] {
        class.types(line);
    }
    let holds = |class: &Class| match class.player.stage() {
        Stage::Solved(trial) => (trial.goals[0].1, trial.used(crate::lesson::Counted::Frees)),
        other => panic!("{other:?}"),
    };
    assert_eq!(holds(&class), (true, 2));
    class.types("alloc again 200");
    assert_eq!(holds(&class), (false, 2), "what solved it stays as it was");
    assert_eq!(class.player.solved(), 1);
}

#[test]
fn a_solution_is_shown_where_the_challenge_begins_and_counts_for_nobody() {
    let mut class = Class::at_the_challenge();
    class.types("free b0");
    let mut asks = class.player.demonstrate();
    // What the lesson does before comes first, however long that takes.
    asks.extend(class.player.see(&Watched::default(), false));
    assert!(
        !asks.iter().any(|ask| matches!(ask, Ask::Do(_))),
        "{asks:?}"
    );
    class.take(asks);
    match class.player.stage() {
        Stage::Shown(trial) => assert!(trial.goals[0].1, "{trial:?}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(class.player.solved(), 0);
    class.back();
    assert!(matches!(class.player.stage(), Stage::Trying(_)));
    assert_eq!(class.blocks(), "4", "the challenge is open again");
}

#[test]
fn looking_at_the_past_solves_no_challenge() {
    let mut class = Class::at_the_challenge();
    class.types("seek 2");
    assert_eq!(class.blocks(), "2");
    let Stage::Trying(trial) = class.player.stage() else {
        panic!("{:?}", class.player.stage());
    };
    assert!(trial.goals.iter().all(|(_, holds)| *holds) && !trial.failed);
    class.types("seek present");
    assert!(matches!(class.player.stage(), Stage::Trying(trial) if !trial.failed));
    class.types("free b0");
    class.types("seek back");
    class.types("seek present");
    class.types("free b2");
    assert!(matches!(class.player.stage(), Stage::Solved(_)));
}

/// Commands that are about to be taken back are as good as taken back.
#[test]
fn a_challenge_has_no_way_behind_its_beginning() {
    let mut class = Class::on(LESSON);
    for _ in 0..3 {
        let asks = class.player.enter(class.player.at + 1);
        class.take(asks);
    }
    let refused = |class: &Class, line: &str, undoing: u64| {
        let Stage::Trying(trial) = class.player.stage() else {
            panic!("{:?}", class.player.stage());
        };
        let command = parse_line(line).expect("a line").expect("a command");
        let challenge = class.player.challenge().expect("a challenge");
        trial.refuses(challenge, &command, undoing).is_some()
    };
    for (line, undoing, expected) in [
        ("undo", 0, true),
        ("branch", 0, true),
        ("branch 1", 0, true),
        ("history 1K", 0, true),
        ("heap new growable", 0, true),
        ("seek 0", 0, false),
        ("free b0", 0, false),
    ] {
        assert_eq!(refused(&class, line, undoing), expected, "{line}");
    }
    class.types("free b0");
    for (undoing, expected) in [(0, false), (1, true), (2, true)] {
        assert_eq!(refused(&class, "undo", undoing), expected, "{undoing}");
    }
}
