//! `heapwalk check`: lessons without a screen, and a learner's solution of a challenge.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use crate::lesson::{self, Attempt, Checked, Lesson, Report};
use crate::session::Value;

use super::args::Check;
use super::exit::{Exit, Failure};
use super::input::{self, Input};
use super::{lessons, out};

pub(super) fn run(args: &Check) -> Result<Exit, Failure> {
    match (&args.challenge, &args.solution) {
        (Some(challenge), Some(solution)) => grade(challenge, solution, args.json),
        _ => check(args),
    }
}

/// What became of one lesson.
struct Outcome {
    /// As the person named it.
    name: String,
    found: Result<Report, Failure>,
}

impl Outcome {
    fn exit(&self) -> Exit {
        match &self.found {
            Ok(report) if report.is_fine() => Exit::Success,
            Ok(_) => Exit::Failed,
            Err(failure) => failure.exit(),
        }
    }
}

/// Each lesson is checked, whatever becomes of the others.
fn check(args: &Check) -> Result<Exit, Failure> {
    let all = lessons::all();
    let asked = if args.lessons.is_empty() {
        &all
    } else {
        &args.lessons
    };
    let outcomes: Vec<Outcome> = asked.iter().map(|path| check_one(path)).collect();
    if args.json {
        out::write(|to| {
            serde_json::to_writer(&mut *to, &Checks::of(&outcomes))?;
            writeln!(to)
        })?;
    } else {
        out::write(|to| {
            for outcome in &outcomes {
                print(outcome, to)?;
            }
            summary(&outcomes, to)
        })?;
    }
    let worst = outcomes.iter().map(Outcome::exit);
    Ok(worst
        .max_by_key(|exit| exit.code())
        .unwrap_or(Exit::Success))
}

fn check_one(path: &Path) -> Outcome {
    let found = lessons::read(path).and_then(|lesson| Ok(lesson::check(&lesson)?));
    Outcome {
        name: input::name_of(path),
        found,
    }
}

fn print(outcome: &Outcome, to: &mut dyn Write) -> io::Result<()> {
    let report = match &outcome.found {
        Err(failure) => return writeln!(to, "unread  {}: {failure}", outcome.name),
        Ok(report) => report,
    };
    let word = if report.is_fine() { "fine  " } else { "FAILED" };
    let looked_at = looked_at(report.checked);
    writeln!(
        to,
        "{word}  {}: {}; {looked_at}",
        outcome.name, report.title
    )?;
    for failure in &report.failures {
        writeln!(to, "        {}:{}: {failure}", report.file, failure.line)?;
    }
    Ok(())
}

fn looked_at(checked: Checked) -> String {
    let parts = [
        (checked.steps, "step"),
        (checked.expectations, "expectation"),
        (checked.predictions, "prediction"),
        (checked.challenges, "challenge"),
    ];
    let counted = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| {
            let plural = if *number == 1 { "" } else { "s" };
            format!("{number} {what}{plural}")
        });
    counted.collect::<Vec<_>>().join(", ")
}

fn summary(outcomes: &[Outcome], to: &mut dyn Write) -> io::Result<()> {
    if outcomes.len() < 2 {
        return Ok(());
    }
    let count = |exit: Exit| {
        let ended = |outcome: &&Outcome| outcome.exit() == exit;
        outcomes.iter().filter(ended).count()
    };
    writeln!(
        to,
        "{} lessons: {} fine, {} failed, {} could not be read",
        outcomes.len(),
        count(Exit::Success),
        count(Exit::Failed),
        outcomes.len() - count(Exit::Success) - count(Exit::Failed)
    )
}

/// The JSON form. A field may be added without notice; `version` rises when one changes its meaning or goes.
#[derive(Serialize)]
struct Checks<'a> {
    schema: &'static str,
    version: u32,
    fine: bool,
    lessons: Vec<CheckedLesson<'a>>,
}

#[derive(Serialize)]
struct CheckedLesson<'a> {
    lesson: &'a str,
    file: Option<&'a str>,
    title: Option<&'a str>,
    fine: bool,
    steps: usize,
    expectations: usize,
    predictions: usize,
    challenges: usize,
    failures: Vec<Fault>,
    /// Why it could not be read; null where it could.
    mistake: Option<Mistake>,
}

#[derive(Serialize)]
struct Fault {
    line: usize,
    what: String,
    expected: String,
    found: String,
}

#[derive(Serialize)]
struct Mistake {
    /// Null where no line is to blame.
    line: Option<usize>,
    column: Option<usize>,
    message: String,
}

impl<'a> Checks<'a> {
    fn of(outcomes: &'a [Outcome]) -> Checks<'a> {
        Checks {
            schema: "heapwalk-check",
            version: 1,
            fine: outcomes
                .iter()
                .all(|outcome| outcome.exit() == Exit::Success),
            lessons: outcomes.iter().map(CheckedLesson::of).collect(),
        }
    }
}

impl<'a> CheckedLesson<'a> {
    fn of(outcome: &'a Outcome) -> CheckedLesson<'a> {
        let report = outcome.found.as_ref().ok();
        let checked = report.map_or_else(Checked::default, |report| report.checked);
        CheckedLesson {
            lesson: &outcome.name,
            file: report.map(|report| report.file.as_str()),
            title: report.map(|report| report.title.as_str()),
            fine: report.is_some_and(Report::is_fine),
            steps: checked.steps,
            expectations: checked.expectations,
            predictions: checked.predictions,
            challenges: checked.challenges,
            failures: report.map_or_else(Vec::new, |report| faults(&report.failures)),
            mistake: outcome.found.as_ref().err().map(Mistake::of),
        }
    }
}

impl Mistake {
    fn of(failure: &Failure) -> Mistake {
        let place = match failure {
            Failure::Script(error) => Some((error.line, error.error.column)),
            _ => None,
        };
        Mistake {
            line: place.map(|(line, _)| line),
            column: place.map(|(_, column)| column),
            message: failure.to_string(),
        }
    }
}

fn faults(failures: &[lesson::Failure]) -> Vec<Fault> {
    let fault = |failure: &lesson::Failure| Fault {
        line: failure.line,
        what: failure.what.clone(),
        expected: failure.expected.clone(),
        found: failure.found.clone(),
    };
    failures.iter().map(fault).collect()
}

/// A learner's commands on a challenge.
fn grade(challenge: &str, solution: &Path, as_json: bool) -> Result<Exit, Failure> {
    let (name, nth) = match challenge.rsplit_once(':') {
        Some((name, nth)) => match nth.parse::<usize>() {
            Ok(nth) => (name, nth),
            Err(_) => (challenge, 1),
        },
        None => (challenge, 1),
    };
    let lesson = lessons::read(Path::new(name))?;
    let lines = commands(solution)?;
    let step = lesson
        .challenges()
        .nth(nth.wrapping_sub(1))
        .ok_or_else(|| Failure::NoChallenge(challenge.to_owned()))?;
    let attempt = lesson::grade(&lesson, step, &lines)?
        .ok_or_else(|| Failure::NoChallenge(challenge.to_owned()))?;
    let file = input::name_of(solution);
    out::write(|to| {
        if as_json {
            let graded = Graded::of(&lesson, &file, step, &attempt);
            serde_json::to_writer(&mut *to, &graded)?;
            return writeln!(to);
        }
        print_grade(&lesson, &file, step, &attempt, to)
    })?;
    Ok(if attempt.is_solved() {
        Exit::Success
    } else {
        Exit::Failed
    })
}

/// The commands of a learner's file.
fn commands(solution: &Path) -> Result<Vec<lesson::Line>, Failure> {
    match input::script_or_trace(solution)? {
        Input::Script(lines) => Ok(lines
            .into_iter()
            .map(|(number, command)| lesson::Line { number, command })
            .collect()),
        Input::Trace(_) => Err(Failure::Read {
            file: input::name_of(solution),
            cause: io::Error::other("a trace; a solution is a script of commands"),
        }),
    }
}

fn print_grade(
    lesson: &Lesson,
    file: &str,
    step: usize,
    attempt: &Attempt,
    to: &mut dyn Write,
) -> io::Result<()> {
    let solved = attempt.is_solved();
    let word = if solved { "solved" } else { "NOT SOLVED" };
    writeln!(to, "{word}  {file}: {}", lesson.title)?;
    writeln!(to, "        {}", lesson.steps[step].words())?;
    for (goal, found, holds) in &attempt.goals {
        let found = found.map_or_else(|| "unknown here".to_owned(), |is| is.to_string());
        writeln!(
            to,
            "  {}  goal {}: is {found}",
            mark(*holds),
            goal.condition
        )?;
    }
    for (limit, used, kept) in &attempt.limits {
        let name = limit.counted.name();
        let most = limit.most;
        writeln!(to, "  {}  limit {name} <= {most}: {used} used", mark(*kept))?;
    }
    for failure in &attempt.failures {
        writeln!(to, "  no   {file}:{}: {failure}", failure.line)?;
    }
    Ok(())
}

const fn mark(holds: bool) -> &'static str {
    if holds { "yes" } else { "no " }
}

/// The JSON form of a graded solution.
#[derive(Serialize)]
struct Graded<'a> {
    schema: &'static str,
    version: u32,
    file: &'a str,
    lesson: &'a str,
    line: usize,
    solved: bool,
    goals: Vec<GradedGoal>,
    limits: Vec<GradedLimit>,
    failures: Vec<Fault>,
}

#[derive(Serialize)]
struct GradedGoal {
    condition: String,
    /// Null where the kernel is asked and does not tell.
    found: Option<f64>,
    holds: bool,
}

#[derive(Serialize)]
struct GradedLimit {
    counted: &'static str,
    most: u64,
    used: u64,
    kept: bool,
}

impl<'a> Graded<'a> {
    fn of(lesson: &'a Lesson, file: &'a str, step: usize, attempt: &Attempt) -> Graded<'a> {
        let number = |value: Value| match value {
            Value::Whole(number) => number as f64,
            Value::Fraction(number) => number,
        };
        let goals = attempt.goals.iter().map(|(goal, found, holds)| GradedGoal {
            condition: goal.condition.to_string(),
            found: found.map(number),
            holds: *holds,
        });
        let limits = attempt
            .limits
            .iter()
            .map(|(limit, used, kept)| GradedLimit {
                counted: limit.counted.name(),
                most: limit.most,
                used: *used,
                kept: *kept,
            });
        Graded {
            schema: "heapwalk-grade",
            version: 1,
            file,
            lesson: &lesson.file,
            line: lesson.steps[step].line,
            solved: attempt.is_solved(),
            goals: goals.collect(),
            limits: limits.collect(),
            failures: faults(&attempt.failures),
        }
    }
}
