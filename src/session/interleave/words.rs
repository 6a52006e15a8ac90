//! What is said of two calls that are made step by step.

use crate::api::{self, Exception};
use crate::heap::{AllocError, Finding, Flags};
use crate::lab::{Order, Outcome, Standing};
use crate::session::words::{address, count, exact, grouped};

use super::{OneCall, Stepping};

/// `t1` or `t2`.
pub(super) fn actor_name(actor: usize) -> String {
    format!("t{}", actor + 1)
}

pub(super) fn begun_words(stepping: &Stepping) -> String {
    let [one, two] = &stepping.calls;
    format!(
        "t1 calls {}, t2 calls {}; neither has made a step. {}",
        one.text(),
        two.text(),
        next_words(stepping)
    )
}

pub(super) fn moved_words(stepping: &Stepping, actor: usize, made: u64) -> String {
    let name = actor_name(actor);
    if made == 0 {
        return match stepping.lab.standing(actor) {
            Standing::Blocked(holder) => format!("{name} {}: it makes no step", waits(holder)),
            _ => format!("{name}'s call has ended: it makes no step"),
        };
    }
    let last = stepping.lab.made();
    let last = last.back().map_or_else(String::new, ToString::to_string);
    let did = match made {
        1 => format!("{name} {last}"),
        made => format!("{name} made {} steps, the last: {last}", grouped(made)),
    };
    format!("{did}; {}", next_words(stepping))
}

/// What each actor would do.
pub(super) fn next_words(stepping: &Stepping) -> String {
    let next = |actor: usize| {
        let name = actor_name(actor);
        match stepping.lab.standing(actor) {
            Standing::Before(next) => format!("{name} {next}"),
            Standing::Blocked(holder) => format!("{name} {}", waits(holder)),
            Standing::Ended(_) => format!("{name} has ended"),
        }
    };
    format!("next: {} | {}", next(0), next(1))
}

pub(super) fn waits(holder: Option<usize>) -> String {
    match holder {
        Some(actor) => format!("waits for the lock held by {}", actor_name(actor)),
        None => "waits for the lock that another thread holds".to_owned(),
    }
}

/// A call with what it answered. A failure sets the last error.
pub(super) fn answered(call: &OneCall, outcome: &Outcome, heap: Flags) -> String {
    let text = call.text();
    let failed = |null: &str, error: &AllocError| {
        api::SetLastError(api::last_error_of(error));
        let raised = call
            .raising()
            .filter(|&flags| (heap | flags).has(Flags::GENERATE_EXCEPTIONS));
        match raised {
            Some(_) => format!("{text}: {}", Exception::of(error)),
            None => format!(
                "{text} = {null}, error {}: {error}",
                api::error_text(api::last_error_of(error))
            ),
        }
    };
    match outcome {
        Outcome::Placed(Ok(placed)) => format!("{text} = {}", address(placed.payload)),
        Outcome::Resized(Ok(resized)) => format!("{text} = {}", address(resized.payload)),
        Outcome::Placed(Err(error)) | Outcome::Resized(Err(error)) => failed("NULL", error),
        Outcome::Freed(Ok(_)) => format!("{text} = TRUE"),
        Outcome::Freed(Err(error)) => failed("FALSE", error),
        Outcome::Compacted(Ok(done)) => format!("{text} = {}", done.largest),
        Outcome::Compacted(Err(finding)) => format!("{text} = 0: the heap is damaged {finding}"),
        Outcome::Minimized(Ok(done)) => {
            let bytes = done.pages * crate::os::PAGE;
            format!("{text} gave {} back", exact(bytes))
        }
        Outcome::Minimized(Err(error)) => format!("{text} failed: {error}"),
        Outcome::Validated(_, 0) => format!("{text} = TRUE"),
        Outcome::Validated(Some(first), _) => format!("{text} = FALSE: {first}"),
        Outcome::Validated(None, _) => format!("{text} = FALSE"),
        Outcome::Endless => format!("{text} went in circles and was broken off"),
    }
}

/// What came of both calls together.
pub(super) fn verdict(
    twice: Option<u64>,
    first: Option<&Finding>,
    total: u64,
    order: &Order,
) -> String {
    let twice = twice.map(|payload| format!("{}: ONE BLOCK HANDED OUT TWICE", address(payload)));
    let wrong = first.map(|first| format!("{}: {first}", count(total, "finding")));
    let mut parts: Vec<String> = twice.into_iter().chain(wrong).collect();
    if parts.is_empty() {
        parts.push("the heap is sound".to_owned());
    }
    parts.push(format!("{}: {order}", count(order.steps(), "step")));
    parts.join("; ")
}
