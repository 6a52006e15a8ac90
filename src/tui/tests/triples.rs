//! (heap, keys, expectations) as files: each in `triples/` names a pretended heap and a size of the screen, and then
//! for keys typed on a fresh screen what is asked, said and shown. Adding a case is adding a file, or lines to one.
//!
//! ```text
//! heap checkerboard      the pretended heap, by its name in the fixture
//! size 80x24
//!
//! keys g l               keys by name, "text" letter by letter; ANSWER lets the session answer what was asked
//! asks Select(LargestHole)
//! says ...               the notice; `prompt ...` the open line; `shows ...` and `hides ...` parts of the screen's rows
//! ends                   the program ends
//! ```
//!
//! All that is asked has to be listed, in order; without a line `asks` nothing may be.

use std::fs;
use std::path::Path;

use crate::session::frame::Request;
use crate::tui::fixture::{Model, heaps};
use crate::tui::key::Key;
use crate::tui::message::{Effect, Message};
use crate::tui::state::{Layer, State};
use crate::tui::tests::shown;
use crate::tui::update::update;

/// What a file says above its cases.
struct Setting {
    model: Model,
    size: (u16, u16),
}

/// What became of a case.
struct Outcome {
    state: State,
    model: Model,
    asked: Vec<String>,
    ends: bool,
}

fn setting(lines: &[&str]) -> Setting {
    let value = |name: &str| {
        let line = lines.iter().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("no {name:?}")).trim()
    };
    let heap = value("heap ");
    let (_, model) = heaps()
        .into_iter()
        .find(|(name, _)| *name == heap)
        .unwrap_or_else(|| panic!("no heap {heap:?}"));
    let (width, height) = value("size ")
        .split_once('x')
        .expect("a size such as 80x24");
    let size = (
        width.parse().expect("columns"),
        height.parse().expect("rows"),
    );
    Setting { model, size }
}

/// The words of a line, with what stands in quotation marks as one; whether it did.
fn words(line: &str) -> Vec<(String, bool)> {
    line.split('"')
        .enumerate()
        .flat_map(|(at, part)| match at % 2 {
            1 => vec![(part.to_owned(), true)],
            _ => part
                .split_whitespace()
                .map(|word| (word.to_owned(), false))
                .collect(),
        })
        .collect()
}

/// A request as files write it: commands as they would be typed.
fn written(request: &Request) -> String {
    match request {
        Request::Command(command) => command.to_string(),
        Request::Line(line) => format!(": {line}"),
        Request::Look(lens) => format!(
            "Look zoom={} top={}",
            lens.zoom
                .map_or_else(|| "fit".to_owned(), |zoom| zoom.to_string()),
            lens.top
        ),
        Request::Script(commands) if commands.is_empty() => "end of the script".to_owned(),
        Request::Script(_) => "a script".to_owned(),
        other => format!("{other:?}"),
    }
}

fn typed(setting: &Setting, keys: &str) -> Outcome {
    let mut outcome = Outcome {
        state: State::new(setting.size),
        model: setting.model.clone(),
        asked: Vec::new(),
        ends: false,
    };
    let mut unanswered = Vec::new();
    for (word, quoted) in words(keys) {
        let messages: Vec<Message> = match word.as_str() {
            _ if quoted => word.chars().map(Key::Char).map(Message::Key).collect(),
            "ANSWER" => {
                for request in std::mem::take(&mut unanswered) {
                    outcome.model.take(&request);
                }
                vec![Message::FrameReady]
            }
            key => vec![Message::Key(
                key.parse().unwrap_or_else(|_| panic!("no key {key:?}")),
            )],
        };
        for message in messages {
            let frame = outcome.model.frame();
            for effect in update(&mut outcome.state, &frame, message) {
                match effect {
                    Effect::Send(Request::Quit) => {}
                    Effect::Send(request) => {
                        outcome.asked.push(written(&request));
                        unanswered.push(request);
                    }
                    Effect::Quit => outcome.ends = true,
                    other => outcome.asked.push(format!("{other:?}")),
                }
            }
        }
    }
    outcome
}

impl Outcome {
    fn screen(&self) -> Vec<String> {
        let rows = shown(&self.state, &self.model.frame());
        rows.iter().map(|row| row.trim_end().to_owned()).collect()
    }

    /// Whether an expectation holds; what is there instead.
    fn meets(&self, what: &str, value: &str) -> Result<(), String> {
        let is = |found: Option<&str>| {
            if found == Some(value) {
                Ok(())
            } else {
                Err(format!("found {found:?}"))
            }
        };
        let screen = self.screen();
        let shown = screen.iter().any(|row| row.contains(value));
        match what {
            // Compared as a whole.
            "asks" => Ok(()),
            "says" => is(self.state.notice.as_deref()),
            "prompt" => is(match &self.state.layer {
                // Files have no blanks at the ends of lines.
                Some(Layer::Prompt(prompt)) => Some(prompt.text().trim_end()),
                _ => None,
            }),
            "ends" => is(self.ends.then_some("")),
            "shows" if shown => Ok(()),
            "hides" if !shown => Ok(()),
            "shows" | "hides" => Err(format!("the screen is\n{}", screen.join("\n"))),
            other => Err(format!("{other:?} is no expectation")),
        }
    }
}

fn check(path: &Path) -> usize {
    let text = fs::read_to_string(path).expect("a file of cases");
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    let mut cases = lines.split_inclusive(|line| line.starts_with("keys "));
    // Each piece ends with the keys of the next case.
    let head = cases.next().expect("keys");
    let setting = setting(head);
    let mut keys = head[head.len() - 1];
    let mut count = 0;
    let rest: Vec<&[&str]> = cases.collect();
    for (at, piece) in rest.iter().enumerate() {
        let last = at + 1 == rest.len();
        let (expected, next) = match piece.split_last() {
            Some((next, expected)) if !last || next.starts_with("keys ") => (expected, *next),
            _ => (*piece, ""),
        };
        let outcome = typed(&setting, &keys["keys ".len()..]);
        let case = format!("{}: {keys}", path.display());
        let asks: Vec<&str> = expected
            .iter()
            .filter_map(|line| line.strip_prefix("asks "))
            .collect();
        assert_eq!(outcome.asked, asks, "{case}");
        let ends = expected.contains(&"ends");
        assert_eq!(outcome.ends, ends, "{case}");
        for line in expected {
            let (what, value) = line.split_once(' ').unwrap_or((line, ""));
            if let Err(found) = outcome.meets(what, value) {
                panic!("{case}\n{line}: {found}");
            }
        }
        assert!(!expected.is_empty(), "{case}: nothing is expected");
        count += 1;
        keys = next;
    }
    count
}

#[test]
fn keys_do_what_the_files_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tui/tests/triples");
    let mut cases = 0;
    for entry in fs::read_dir(&folder).expect("the folder of cases") {
        cases += check(&entry.expect("an entry").path());
    }
    assert!(cases > 50, "{cases} cases in {}", folder.display());
}
