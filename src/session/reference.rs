//! The language on one page, made from its tables.

use std::fmt::Write;

use super::filter::FILTER_WORDS;
use super::flags::CALL_FLAGS;
use super::grammar::GRAMMAR;
use super::metric::Metric;
use super::options::OptionRow;
use super::row::{CommandRow, Group};

/// A part of the page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReferenceSection {
    /// What its entries have in common.
    pub title: String,
    /// Its entries, in the order of the tables.
    pub entries: Vec<ReferenceEntry>,
}

/// A word or a form of the language.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReferenceEntry {
    /// How it is written.
    pub words: String,
    /// What it does or is.
    pub doc: String,
    /// A line that can be typed, with the documented call behind it.
    pub example: Option<String>,
}

/// All commands, options, call flags and metrics as plain text of at most 100
/// columns, for `help` and the README.
#[must_use]
pub fn reference() -> String {
    let mut page = Text::default();
    for section in sections() {
        page.heading(&section.title);
        for entry in &section.entries {
            page.entry(entry);
        }
    }
    page.text
}

/// The same in parts, for those who set it in another way: the manual.
#[must_use]
pub fn sections() -> Vec<ReferenceSection> {
    let mut page = Page::default();
    for group in Group::ALL {
        page.heading(group.name());
        let rows = GRAMMAR.iter().filter(|row| row.group == group);
        rows.for_each(|row| page.command(row));
    }
    for (verb, options) in option_tables() {
        page.heading(&format!("options of {verb}"));
        options.iter().for_each(|option| page.option(option));
    }
    page.heading("words of filters");
    for word in FILTER_WORDS {
        page.entry(word.usage, word.doc);
    }
    page.heading("call flags");
    CALL_FLAGS
        .iter()
        .for_each(|flag| page.entry(flag.word, &format!("{}: {}", flag.constant, flag.doc)));
    page.heading("metrics");
    for metric in Metric::ALL {
        page.entry(
            metric.name(),
            &format!("{}: {}", metric.unit().name(), metric.doc()),
        );
    }
    page.sections
}

/// Each table of options once, with what the verbs that take it have in common.
fn option_tables() -> Vec<(&'static str, Vec<&'static OptionRow>)> {
    let mut tables: Vec<(&'static str, Vec<&'static OptionRow>)> = Vec::new();
    for row in GRAMMAR {
        let options = row.options();
        match tables.iter_mut().find(|(_, known)| *known == options) {
            _ if options.is_empty() => {}
            Some((verb, _)) => *verb = common_words(verb, row.verb),
            None => tables.push((row.verb, options)),
        }
    }
    tables
}

/// The words with which both verbs begin.
fn common_words(a: &'static str, b: &str) -> &'static str {
    let alike = a.split(' ').zip(b.split(' ')).take_while(|(a, b)| a == b);
    let length: usize = alike.map(|(word, _)| word.len() + 1).sum();
    &a[..length.saturating_sub(1)]
}

/// Widest line of the page.
const WIDTH: usize = 100;

/// Where explanations begin.
const INDENT: usize = 6;

/// The page as it is gathered from the tables.
#[derive(Default)]
struct Page {
    sections: Vec<ReferenceSection>,
}

impl Page {
    fn heading(&mut self, words: &str) {
        self.sections.push(ReferenceSection {
            title: words.to_owned(),
            entries: Vec::new(),
        });
    }

    fn command(&mut self, row: &CommandRow) {
        let call = row.call.map_or(String::new(), |call| format!("  # {call}"));
        self.add(row.usage, row.doc, Some(format!("{}{call}", row.example)));
    }

    fn option(&mut self, option: &OptionRow) {
        let default = format!("{} (default {})", option.doc, option.default);
        self.entry(&format!("{}={}", option.key, option.values), &default);
    }

    fn entry(&mut self, words: &str, doc: &str) {
        self.add(words, doc, None);
    }

    fn add(&mut self, words: &str, doc: &str, example: Option<String>) {
        if let Some(section) = self.sections.last_mut() {
            section.entries.push(ReferenceEntry {
                words: words.to_owned(),
                doc: doc.to_owned(),
                example,
            });
        }
    }
}

/// The page as plain text.
#[derive(Default)]
struct Text {
    text: String,
}

impl Text {
    fn heading(&mut self, words: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.line(0, words);
        self.text.push('\n');
    }

    /// A line, and below it its explanation, wrapped, and its example.
    fn entry(&mut self, entry: &ReferenceEntry) {
        self.line(2, &entry.words);
        let mut line = String::new();
        for word in entry.doc.split(' ') {
            if !line.is_empty() && INDENT + line.len() + 1 + word.len() > WIDTH {
                self.line(INDENT, &std::mem::take(&mut line));
            }
            let blank = if line.is_empty() { "" } else { " " };
            line.push_str(blank);
            line.push_str(word);
        }
        self.line(INDENT, &line);
        if let Some(example) = &entry.example {
            self.line(INDENT, example);
        }
    }

    fn line(&mut self, indent: usize, words: &str) {
        writeln!(self.text, "{:indent$}{words}", "").expect("a String takes all");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_everything_once_and_fits() {
        let page = reference();
        let has = |line: &str| page.lines().filter(|other| *other == line).count();
        for row in GRAMMAR {
            assert_eq!(has(&format!("  {}", row.usage)), 1, "{}", row.usage);
        }
        for word in CALL_FLAGS
            .map(|flag| flag.word)
            .into_iter()
            .chain(Metric::ALL.map(Metric::name))
        {
            assert_eq!(
                has(&format!("  {word}")),
                1 + usize::from(GRAMMAR.iter().any(|row| row.usage == word))
                    + usize::from(FILTER_WORDS.iter().any(|other| other.usage == word)),
                "{word}"
            );
        }
        for heading in [
            "options of heap new",
            "options of decommit auto",
            "options of run random",
        ] {
            assert_eq!(has(heading), 1, "{heading}");
        }
        for line in page.lines() {
            assert!(
                line.chars().count() <= WIDTH && line == line.trim_end(),
                "{line:?}"
            );
        }
    }

    #[test]
    fn examples_on_the_page_can_be_pasted() {
        let page = reference();
        let examples = page.lines().filter(|line| {
            GRAMMAR
                .iter()
                .any(|row| line.trim_start().starts_with(row.example))
        });
        let pasted: Vec<_> = examples
            .filter(|line| line.starts_with("      "))
            .map(super::super::parse_line)
            .collect();
        assert!(pasted.len() >= GRAMMAR.len());
        assert!(
            pasted.iter().all(|line| matches!(line, Ok(Some(_)))),
            "{pasted:?}"
        );
    }
}
