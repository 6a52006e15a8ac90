//! What a lesson says in its stage, before it is cut into lines.

use crate::lesson::{Answers, Challenge, Given, Lesson, Player, Prediction, Stage, Trial, behind};
use crate::tui::lesson::Playing;
use crate::tui::numbers::counted;
use crate::tui::state::State;
use crate::tui::theme::Role;

use crate::tui::pane::lessons::length;

/// Something that is said, in lines of its own.
pub(super) struct Said {
    pub(super) role: Role,
    pub(super) text: String,
    /// It is this answer.
    pub(super) answer: Option<usize>,
    /// The answer is the chosen one.
    pub(super) chosen: bool,
}

fn strong(text: impl Into<String>) -> Said {
    Said {
        role: Role::Strong,
        text: text.into(),
        answer: None,
        chosen: false,
    }
}

fn faint(text: impl Into<String>) -> Said {
    Said {
        role: Role::Faint,
        ..strong(text)
    }
}

fn plain(text: impl Into<String>) -> Said {
    Said {
        role: Role::Text,
        ..strong(text)
    }
}

/// All that is said now.
pub(super) fn said(state: &State, playing: &Playing) -> Vec<Said> {
    let player = &playing.player;
    let presented = playing.presenting.is_some();
    match player.stage() {
        Stage::Reading => vec![strong(player.step().words())],
        Stage::Asking { chosen, hints } => asked(state, player, *chosen, *hints, presented),
        Stage::Answering(_) => vec![strong(player.step().words())],
        Stage::Revealed {
            given,
            truth,
            right,
        } => revealed(player, *given, *truth, *right),
        Stage::Trying(trial) => trying(state, player, trial),
        Stage::Solved(trial) => solved(state, player, trial),
        Stage::Shown(trial) => shown(player, trial),
        Stage::Over => over(state, player, presented),
    }
}

fn asked(
    state: &State,
    player: &Player,
    chosen: Option<usize>,
    hints: usize,
    presented: bool,
) -> Vec<Said> {
    let mut said = vec![strong(player.step().words())];
    match player.prediction().map(|asked| &asked.answers) {
        Some(Answers::Choices(choices)) => {
            let answers = choices.iter().enumerate().map(|(index, choice)| Said {
                answer: Some(index),
                chosen: chosen == Some(index),
                ..plain(choice.words.as_str())
            });
            said.extend(answers);
        }
        Some(Answers::Hole(_)) if !presented => {
            let words = "Move the cursor to a hole ({next-hole}, {previous-hole}, arrows, mouse), then {answer-with-hole}.";
            said.push(faint(state.bindings.spell(words)));
        }
        _ => {}
    }
    said.extend(hinted(player, hints));
    said
}

fn hinted(player: &Player, hints: usize) -> impl Iterator<Item = Said> {
    let shown = player.hints().iter().take(hints);
    shown.map(|hint| plain(format!("Hint: {hint}")))
}

fn revealed(player: &Player, given: Given, truth: Option<usize>, right: bool) -> Vec<Said> {
    let Some(asked) = player.prediction() else {
        return Vec::new();
    };
    let mut said = verdict(asked, given, truth, right);
    said.push(strong(asked.reveal.as_str()));
    said
}

/// Right, or what was said and what is so; nothing where nothing was said.
fn verdict(asked: &Prediction, given: Given, truth: Option<usize>, right: bool) -> Vec<Said> {
    let words = |choice: usize| match &asked.answers {
        Answers::Choices(choices) => choices.get(choice).map(|choice| choice.words.as_str()),
        Answers::Hole(_) => None,
    };
    let quoted = |choice: Option<usize>| choice.and_then(words).unwrap_or_default();
    match given {
        Given::Nothing => truth.and_then(words).map(strong).into_iter().collect(),
        Given::Choice(choice) if right => vec![plain(format!(
            "Right, as you said: {}",
            quoted(Some(choice))
        ))],
        Given::Choice(choice) => vec![plain(format!(
            "Not so. You said: {}. It is: {}",
            quoted(Some(choice)),
            quoted(truth)
        ))],
        Given::Hole(..) if right => vec![plain("Right, in the hole that you chose.")],
        Given::Hole(address, bytes) => vec![plain(format!(
            "Not so. You chose the hole of {bytes} B at {address:#07x}; the cursor is on the block now."
        ))],
    }
}

fn trying(state: &State, player: &Player, trial: &Trial) -> Vec<Said> {
    let Some(challenge) = player.challenge() else {
        return Vec::new();
    };
    let mut said = vec![strong(challenge.task.as_str())];
    said.extend(standing(
        goals(challenge, trial, "to do"),
        limits(challenge, trial),
    ));
    if trial.is_over(challenge) {
        let words = "That is more than the limit: {undo} takes a command back, {restart-challenge} begins anew.";
        said.push(strong(state.bindings.spell(words)));
    }
    said.extend(hinted(player, trial.hints));
    if trial.shown {
        said.push(plain(solution(challenge)));
    }
    said
}

fn solution(challenge: &Challenge) -> String {
    let lines = challenge.solution.iter();
    let lines: Vec<String> = lines.map(|line| line.command.to_string()).collect();
    format!("A solution: {}", lines.join("; "))
}

/// Each goal with its figure; `open` is said of one that does not hold.
fn goals<'a>(
    challenge: &'a Challenge,
    trial: &'a Trial,
    open: &'a str,
) -> impl Iterator<Item = String> + 'a {
    let goals = challenge.goals.iter().zip(&trial.goals);
    goals.map(move |(goal, (found, holds))| {
        let found = found.map_or_else(|| "?".to_owned(), |found| found.to_string());
        let mark = if *holds { "done" } else { open };
        format!("{mark}: {} (is {found})", goal.condition)
    })
}

/// Each limit with what was used.
fn limits<'a>(challenge: &'a Challenge, trial: &'a Trial) -> impl Iterator<Item = String> + 'a {
    challenge.limits.iter().map(|limit| {
        let (used, name) = (trial.used(limit.counted), limit.counted.name());
        format!("{used} of {} {name} used", limit.most)
    })
}

/// How things stand, as one text, so that it takes no more lines than it must.
fn standing(
    goals: impl Iterator<Item = String>,
    limits: impl Iterator<Item = String>,
) -> Option<Said> {
    let parts: Vec<String> = goals.chain(limits).collect();
    (!parts.is_empty()).then(|| plain(parts.join(" | ")))
}

/// The heap is the learner's from here on: what holds is what holds now, and the calls are those that solved it.
fn solved(state: &State, player: &Player, trial: &Trial) -> Vec<Said> {
    let Some(challenge) = player.challenge() else {
        return Vec::new();
    };
    let words = "Solved! {next-step-of-the-lesson} goes on; until then the heap is yours.";
    let mut said = vec![strong(state.bindings.spell(words))];
    let goals = goals(challenge, trial, "no longer");
    said.extend(standing(goals, limits(challenge, trial)));
    said
}

/// The solution, with what the heap says to it.
fn shown(player: &Player, trial: &Trial) -> Vec<Said> {
    let Some(challenge) = player.challenge() else {
        return Vec::new();
    };
    let mut said = vec![strong(challenge.task.as_str()), strong(solution(challenge))];
    said.extend(standing(
        goals(challenge, trial, "to do"),
        std::iter::empty(),
    ));
    said
}

fn over(state: &State, player: &Player, presented: bool) -> Vec<Said> {
    let lesson = player.lesson();
    let (right, answered) = player.score();
    let mut parts = Vec::new();
    if answered > 0 {
        let asked = counted(answered as u64, "prediction");
        parts.push(format!("{right} of {asked} right"));
    }
    let challenges = lesson.challenges().count();
    if challenges > 0 && !presented {
        let all = counted(challenges as u64, "challenge");
        parts.push(format!("{} of {all} solved", player.solved()));
    }
    let score = if parts.is_empty() {
        String::new()
    } else {
        format!(" {}.", parts.join(", "))
    };
    let mut said = vec![strong(format!(
        "This is the end of \"{}\".{score}",
        lesson.title
    ))];
    if answered > 0 {
        said.push(faint(
            "The first answer to each prediction is the one that counts.",
        ));
    }
    said.push(plain(state.bindings.spell(&onwards(lesson, presented))));
    said
}

/// Where one goes from the end of a lesson.
fn onwards(lesson: &Lesson, presented: bool) -> String {
    let next = match behind(lesson) {
        None => {
            return "{lessons} lists all lessons, {leave-lesson} returns to your own heap."
                .to_owned();
        }
        Some(next) => format!("{} ({})", next.title, length(next)),
    };
    if presented {
        // A clicker pressed once more is no wish for another lesson.
        format!(
            "The next lesson would be {next}: {{present-next}} lists them, {{leave-lesson}} returns to your own heap."
        )
    } else {
        format!(
            "{{next-step-of-the-lesson}} begins the next lesson: {next}. {{lessons}} lists all, {{leave-lesson}} returns to your own heap."
        )
    }
}
