//! What a lesson says in its stage, before it is cut into lines.

use crate::lesson::{Answers, Challenge, Given, Player, Prediction, Stage, Trial, course};
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
        Stage::Over => over(state, player),
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
    said.extend(standing(challenge, trial).map(plain));
    if trial.is_over(challenge) {
        let words = "That is more than the limit: {undo} takes a command back, {restart-challenge} begins anew.";
        said.push(strong(state.bindings.spell(words)));
    }
    said.extend(hinted(player, trial.hints));
    if trial.shown {
        let lines = challenge.solution.iter();
        let lines: Vec<String> = lines.map(|line| line.command.to_string()).collect();
        said.push(plain(format!("A solution: {}", lines.join("; "))));
    }
    said
}

/// Each goal with its figure, and each limit with what was used.
fn standing(challenge: &Challenge, trial: &Trial) -> impl Iterator<Item = String> {
    let goals = challenge.goals.iter().zip(&trial.goals);
    let mut parts: Vec<String> = goals
        .map(|(goal, (found, holds))| {
            let found = found.map_or_else(|| "?".to_owned(), |found| found.to_string());
            let mark = if *holds { "done" } else { "to do" };
            format!("{mark}: {} (is {found})", goal.condition)
        })
        .collect();
    parts.extend(challenge.limits.iter().map(|limit| {
        let name = limit.counted.name();
        format!(
            "{} of {} {name} used",
            trial.used(limit.counted),
            limit.most
        )
    }));
    // One text, so that it takes no more lines than it must.
    (!parts.is_empty()).then(|| parts.join(" | ")).into_iter()
}

fn solved(state: &State, player: &Player, trial: &Trial) -> Vec<Said> {
    let Some(challenge) = player.challenge() else {
        return Vec::new();
    };
    let words = "Solved! {next-step-of-the-lesson} goes on; until then the heap is yours.";
    let mut said = vec![strong(state.bindings.spell(words))];
    said.extend(standing(challenge, trial).map(plain));
    said
}

fn over(state: &State, player: &Player) -> Vec<Said> {
    let lesson = player.lesson();
    let (right, answered) = player.score();
    let mut parts = Vec::new();
    if answered > 0 {
        let asked = counted(answered as u64, "prediction");
        parts.push(format!("{right} of {asked} right"));
    }
    let challenges = lesson.challenges().count();
    if challenges > 0 {
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
    let next = lesson.number.and_then(|number| {
        let is_next =
            |other: &&std::sync::Arc<crate::lesson::Lesson>| other.number == Some(number + 1);
        course().iter().find(is_next)
    });
    let words = match next {
        Some(next) => format!(
            "{{next-step-of-the-lesson}} begins the next lesson: {} ({}). {{lessons}} lists all, {{leave-lesson}} returns to your own heap.",
            next.title,
            length(next)
        ),
        None => "{lessons} lists all lessons, {leave-lesson} returns to your own heap.".to_owned(),
    };
    said.push(plain(state.bindings.spell(&words)));
    said
}
