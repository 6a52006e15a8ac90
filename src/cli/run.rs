//! `heapwalk run`: a script or trace without a screen.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};

use serde::Serialize;

use crate::session::Value;
use crate::session::frame::{Answer, Located, Sight, Tone};

use super::args::Run;
use super::exit::{Exit, Failure};
use super::script::{self, Outcome};
use super::{input, out};

pub(super) fn run(args: &Run) -> Result<Exit, Failure> {
    if args.json { json(args) } else { text(args) }
}

/// Answers go out as they come: whoever reads them along sees how far it is.
fn text(args: &Run) -> Result<Exit, Failure> {
    let mut to = BufWriter::new(io::stdout().lock());
    let (_, outcome) = script::run_file(&args.file, |_, answer| {
        print(answer, &mut to)?;
        Ok(to.flush()?)
    })?;
    Ok(outcome.exit())
}

/// The command on a line of its own; behind it, indented, the call and what happened. Words of a script stand alone.
fn print(answer: &Answer, to: &mut dyn Write) -> io::Result<()> {
    let failed = if answer.tone == Tone::Failed {
        "FAILED "
    } else {
        ""
    };
    let says = answer.tone == Tone::Note && answer.command.starts_with("say ");
    if says {
        return writeln!(to, "# {}", answer.words);
    }
    writeln!(to, "{}", answer.command)?;
    match (answer.call.as_str(), answer.words.as_str()) {
        ("", "") => {}
        ("", words) => writeln!(to, "    {failed}{words}")?,
        (call, "") => writeln!(to, "    {call}")?,
        (call, words) => writeln!(to, "    {call}: {words}")?,
    }
    let findings = answer.findings.iter().flat_map(|findings| findings.lines());
    for line in findings {
        writeln!(to, "        {line}")?;
    }
    Ok(())
}

/// The JSON form of a run. A field may be added without notice; `version` rises when one changes its meaning or goes.
#[derive(Serialize)]
struct Report {
    schema: &'static str,
    version: u32,
    file: String,
    answers: Vec<Line>,
    failed_expectations: u64,
    refused: u64,
    /// Null where the kernel is asked and does not tell.
    metrics: BTreeMap<&'static str, Option<Value>>,
}

#[derive(Serialize)]
struct Line {
    line: usize,
    command: String,
    call: String,
    words: String,
    tone: &'static str,
    /// What a check found; left out where it found nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    findings: Vec<Finding>,
}

/// A finding of a check.
#[derive(Serialize)]
struct Finding {
    at: u64,
    /// Address of the block that it lies in; null in the heap's own structures.
    block: Option<u64>,
    called: String,
    /// The value that should stand there, and the one that does.
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<u64>,
    /// What threads ran into.
    #[serde(skip_serializing_if = "Option::is_none")]
    incident: Option<String>,
    meaning: &'static str,
}

fn json(args: &Run) -> Result<Exit, Failure> {
    let mut answers = Vec::new();
    let (session, outcome) = script::run_file(&args.file, |line, answer| {
        answers.push(Line {
            line,
            command: answer.command.clone(),
            call: answer.call.clone(),
            words: answer.words.clone(),
            tone: tone_name(answer.tone),
            findings: findings_of(answer),
        });
        Ok(())
    })?;
    let Outcome { failed, refused } = outcome;
    let report = Report {
        schema: "heapwalk-run",
        version: 1,
        file: input::name_of(&args.file),
        answers,
        failed_expectations: failed,
        refused,
        metrics: session.metrics(),
    };
    out::write(|to| {
        serde_json::to_writer(&mut *to, &report)?;
        writeln!(to)
    })?;
    Ok(outcome.exit())
}

fn findings_of(answer: &Answer) -> Vec<Finding> {
    let kept = answer.findings.iter().flat_map(|findings| &findings.kept);
    kept.map(finding_of).collect()
}

fn finding_of(located: &Located) -> Finding {
    let (expected, found, incident) = match &located.sight {
        Sight::Value { expected, found } => (Some(*expected), Some(*found), None),
        Sight::Incident(words) => (None, None, Some(words.clone())),
    };
    Finding {
        at: located.at,
        block: located.block,
        called: located.called.clone(),
        expected,
        found,
        incident,
        meaning: located.meaning,
    }
}

const fn tone_name(tone: Tone) -> &'static str {
    match tone {
        Tone::Done => "done",
        Tone::Note | Tone::Word => "note",
        Tone::Failed => "failed",
        Tone::Refused => "refused",
    }
}
