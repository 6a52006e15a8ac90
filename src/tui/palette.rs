//! What `?` lists: every action with its keys and every command of the language, searched by a few typed letters.

use nucleo_matcher::pattern::{Atom, AtomKind, CaseMatching, Normalization};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use crate::session::{CommandRow, GRAMMAR};

use super::action::{ACTIONS, Action, Context, Group};
use super::bindings::Bindings;

/// Something that can be chosen.
#[derive(Clone, Copy, Debug)]
pub enum Entry {
    /// An action: Enter does it.
    Action(&'static Action),
    /// A command: Enter opens the prompt with its verb.
    Command(&'static CommandRow),
}

/// One line of the list.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Line {
    /// The entries below count where one is.
    Here(Context),
    /// What the entries below have in common.
    Heading(&'static str),
    /// An entry, and its place among the entries.
    Entry(usize, Entry),
}

/// How much more a match in a name counts than one in a sentence.
const NAME: u32 = 4;

/// Words that people look for, and the names of what they mean by them.
const ALSO_CALLED: [(&str, &[&str]); 7] = [
    (
        "corruption corrupted damaged breaking broken bug",
        &[
            "break block",
            "HeapValidate",
            "validate",
            "double-free",
            "free-interior",
            "free-misaligned",
            "free-foreign",
            "write-after-free",
            "overrun",
            "underrun",
            "flip",
            "realloc-freed",
            "checks",
            "threads",
            "example",
        ],
    ),
    (
        "race condition data races concurrency parallel",
        &["threads", "interleave", "example", "serialize"],
    ),
    ("deadlock hang blocked", &["lock", "unlock", "as"]),
    (
        "leak leaks",
        &["walk", "summary", "filter", "free where", "pins pane"],
    ),
    ("buffer overflow", &["overrun", "underrun"]),
    ("screenshot picture image share", &["export"]),
    (
        "use after free dangling",
        &["write-after-free", "size-freed", "realloc-freed"],
    ),
];

impl Entry {
    /// Its name: the action's, or the verb.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Entry::Action(action) => action.name,
            Entry::Command(row) => row.verb,
        }
    }

    /// What it does, in a sentence.
    #[must_use]
    pub fn doc(self) -> &'static str {
        match self {
            Entry::Action(action) => action.doc,
            Entry::Command(row) => row.doc,
        }
    }

    /// Its keys, or `:` of a command.
    #[must_use]
    pub fn keys(self, bindings: &Bindings) -> String {
        match self {
            Entry::Action(action) => bindings.key_names(action),
            Entry::Command(_) => ":".to_owned(),
        }
    }

    /// Whether it is an action of the place where one is.
    #[must_use]
    pub fn is_of(self, here: Context) -> bool {
        match self {
            Entry::Action(action) => here.here().any(|context| context == action.context),
            Entry::Command(_) => false,
        }
    }

    /// Below which line it stands while nothing is searched.
    fn heading(self, here: Context) -> Line {
        match self {
            _ if self.is_of(here) => Line::Here(here),
            Entry::Action(action) => Line::Heading(action.group.name()),
            Entry::Command(_) => Line::Heading("Commands of the prompt"),
        }
    }

    /// What is searched beside the name.
    fn text(self, bindings: &Bindings) -> String {
        let (keys, doc) = (self.keys(bindings), self.doc());
        let text = match self {
            Entry::Action(action) => format!("{keys} {doc} {}", action.group.name()),
            Entry::Command(row) => {
                let call = row.call.unwrap_or_default();
                format!("{} {call} {doc}", row.usage)
            }
        };
        ALSO_CALLED
            .iter()
            .filter(|(_, names)| names.contains(&self.name()))
            .fold(text, |text, (words, _)| format!("{text} {words}"))
    }

    /// Whether `typed` is one of its keys, as it is written.
    fn has_key(self, typed: &str, bindings: &Bindings) -> bool {
        match self {
            Entry::Action(action) => bindings
                .key_names(action)
                .split(' ')
                .any(|name| name == typed),
            Entry::Command(_) => false,
        }
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Entry) -> bool {
        match (self, other) {
            (Entry::Action(one), Entry::Action(other)) => one == other,
            (Entry::Command(one), Entry::Command(other)) => one.verb == other.verb,
            _ => false,
        }
    }
}

/// Everything there is: what counts where one is, then group by group.
fn all(here: Context) -> impl Iterator<Item = Entry> {
    let of_context = |context: Context| {
        let of_context = move |action: &&Action| action.context == context;
        ACTIONS.iter().filter(of_context).map(Entry::Action)
    };
    let elsewhere = everything().filter(move |entry| !entry.is_of(here));
    here.here().flat_map(of_context).chain(elsewhere)
}

fn everything() -> impl Iterator<Item = Entry> {
    let of_group = |group: Group| {
        let of_group = move |action: &&Action| action.group == group;
        ACTIONS.iter().filter(of_group).map(Entry::Action)
    };
    Group::ALL
        .into_iter()
        .flat_map(of_group)
        .chain(GRAMMAR.iter().map(Entry::Command))
}

/// How many entries there are.
#[must_use]
pub fn count() -> usize {
    ACTIONS.len() + GRAMMAR.len()
}

/// The entries that `typed` finds, the best first; if it is empty, all: those that count `here`, then group by group.
///
/// Each word has to be met: letter by letter in the name, or as it stands in the sentence. A key as it is written
/// comes before everything else.
///
/// ```
/// # use heapwalk::tui::{action::Context, bindings::Bindings, palette};
/// let found = palette::found("hpcmp", &Bindings::default(), Context::Map);
/// assert_eq!(found[0].name(), "HeapCompact");
/// ```
#[must_use]
pub fn found(typed: &str, bindings: &Bindings, here: Context) -> Vec<Entry> {
    let words = typed.split_whitespace();
    let patterns: Vec<[Atom; 2]> = words
        .map(|word| [AtomKind::Fuzzy, AtomKind::Substring].map(|kind| pattern(word, kind)))
        .collect();
    if patterns.is_empty() {
        return all(here).collect();
    }
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut scored: Vec<(u32, Entry)> = all(here)
        .filter_map(|entry| {
            if entry.has_key(typed.trim(), bindings) {
                return Some((u32::MAX, entry));
            }
            let text = entry.text(bindings);
            let score = patterns
                .iter()
                .try_fold(0, |sum: u32, [fuzzy, substring]| {
                    let of_name =
                        score(fuzzy, entry.name(), &mut matcher).map(|score| score * NAME);
                    let of_text = score(substring, &text, &mut matcher);
                    Some(sum.saturating_add(of_name.max(of_text)?))
                })?;
            Some((score, entry))
        })
        .collect();
    // Equal ones stay in the order of the groups.
    scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    scored.into_iter().map(|(_, entry)| entry).collect()
}

/// The lines of the list: headings only while nothing is searched.
#[must_use]
pub fn lines(typed: &str, bindings: &Bindings, here: Context) -> Vec<Line> {
    let headings = typed.trim().is_empty();
    let mut lines = Vec::new();
    let mut last = None;
    for (at, entry) in found(typed, bindings, here).into_iter().enumerate() {
        let heading = entry.heading(here);
        if headings && Some(heading) != last {
            lines.push(heading);
            last = Some(heading);
        }
        lines.push(Line::Entry(at, entry));
    }
    lines
}

fn pattern(word: &str, kind: AtomKind) -> Atom {
    Atom::new(
        word,
        CaseMatching::Ignore,
        Normalization::Smart,
        kind,
        false,
    )
}

fn score(pattern: &Atom, text: &str, matcher: &mut Matcher) -> Option<u32> {
    let mut letters = Vec::new();
    pattern
        .score(Utf32Str::new(text, &mut letters), matcher)
        .map(u32::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_comes_first() {
        for (typed, first) in [
            ("compact", "compact"),
            ("hpcmp", "HeapCompact"),
            ("largest committed", "HeapCompact"),
            ("K", "HeapCompact"),
            ("k", "row up"),
            ("gl", "go to largest hole"),
            ("every second", "free every second"),
            ("free-list", "free-list pane"),
            ("heap new fi", "heap new fixed"),
            ("_heapwalk", "heapwalk"),
            ("UNDO", "undo"),
        ] {
            let found = found(typed, &Bindings::default(), Context::Map);
            assert_eq!(
                found.first().map(|entry| entry.name()),
                Some(first),
                "{typed}"
            );
        }
        assert_eq!(
            found("no such thing at all", &Bindings::default(), Context::Map),
            []
        );
    }

    #[test]
    fn what_people_call_it_is_found_under_its_name_here() {
        for (typed, wanted) in [
            ("corrupt", &["break block", "HeapValidate", "threads"][..]),
            ("damage", &["break block", "HeapValidate", "overrun"]),
            ("break", &["break block", "flip"]),
            ("race", &["threads", "interleave"]),
            ("deadlock", &["lock"]),
            ("leak", &["walk", "pins pane"]),
            ("overflow", &["overrun"]),
        ] {
            let found = found(typed, &Bindings::default(), Context::Map);
            for name in wanted {
                assert!(
                    found.iter().any(|entry| entry.name() == *name),
                    "{typed} does not find {name}"
                );
            }
        }
        let names = ALSO_CALLED.iter().flat_map(|(_, names)| *names);
        for name in names {
            assert!(everything().any(|entry| entry.name() == *name), "{name}");
        }
    }

    #[test]
    fn everything_is_listed_once_under_one_heading_each() {
        for here in Context::ALL {
            check_list(here);
        }
    }

    fn check_list(here: Context) {
        let lines = lines(" ", &Bindings::default(), here);
        let entries: Vec<Entry> = lines
            .iter()
            .filter_map(|line| match line {
                Line::Entry(_, entry) => Some(*entry),
                Line::Here(_) | Line::Heading(_) => None,
            })
            .collect();
        assert_eq!(entries.len(), count(), "{here:?}");
        for (at, entry) in entries.iter().enumerate() {
            assert!(!entries[..at].contains(entry), "{entry:?}");
        }
        let headings = lines.iter().filter(|line| !matches!(line, Line::Entry(..)));
        let headings: Vec<&Line> = headings.collect();
        for (at, heading) in headings.iter().enumerate() {
            assert!(!headings[..at].contains(heading), "{here:?}: {heading:?}");
        }
        if here == Context::Map {
            assert_eq!(headings.len(), Group::ALL.len() + 1, "no group is empty");
        }
        let first = here.here().next().map(Line::Here);
        assert_eq!(first, first.and(lines.first().copied()), "{here:?}");
    }
}
