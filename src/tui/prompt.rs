//! The `:` prompt: a line being edited, its history, and what came back for it.

use tui_input::{Input, InputRequest};

use crate::session::{Completion, complete};

/// Lines of history kept.
pub(super) const HISTORY: usize = 1000;

/// An open prompt.
#[derive(Clone, Debug, Default)]
pub struct Prompt {
    /// The line and the cursor in it.
    pub input: Input,
    /// What a key wrote before the person did.
    pub prefill: String,
    /// Why the line was refused; gone with the next edit.
    pub refusal: Option<Refusal>,
    /// The number of the request that carries the line, while its answer is awaited.
    pub submitted: Option<u64>,
    /// The whole help of the command is shown.
    pub help: bool,
    /// The line was left there when the prompt was open before, and nothing was done to it since.
    left_over: bool,
    browse: Option<Browse>,
    offers: Option<Offers>,
    search: Option<Search>,
}

/// A search backwards through the history.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Search {
    /// What is looked for, anywhere in a line.
    pub typed: String,
    /// The line found last: its place and its text.
    found: Option<(usize, String)>,
}

impl Search {
    /// The line found last.
    #[must_use]
    pub fn line(&self) -> Option<&str> {
        self.found.as_ref().map(|(_, line)| line.as_str())
    }

    /// Goes to the latest line before `end` that has what is typed; stays where there is none.
    fn look(&mut self, history: &[String], end: usize) {
        let before = &history[..end.min(history.len())];
        let found = before
            .iter()
            .rposition(|line| !self.typed.is_empty() && line.contains(&self.typed));
        if let Some(at) = found {
            self.found = Some((at, history[at].clone()));
        }
    }
}

/// A refused line's reason.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// The answer's words.
    pub words: String,
    /// The column they name, from 1.
    pub column: Option<usize>,
}

/// Walking through the history: the prefix that lines must have, and the line shown.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Browse {
    prefix: String,
    at: usize,
}

/// Completions being cycled through, and what they complete.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Offers {
    found: Vec<Completion>,
    at: usize,
    line: String,
    cursor: usize,
}

impl Prompt {
    /// A prompt that shows `text`, as a key prepared it.
    #[must_use]
    pub fn prefilled(text: &str) -> Prompt {
        Prompt {
            input: Input::new(text.to_owned()),
            prefill: text.to_owned(),
            ..Prompt::default()
        }
    }

    /// A prompt that shows what a person left there.
    #[must_use]
    pub fn with_draft(draft: &str) -> Prompt {
        Prompt {
            input: Input::new(draft.to_owned()),
            left_over: !draft.is_empty(),
            ..Prompt::default()
        }
    }

    /// Whether the line was left there when the prompt was open before, and nothing was done to it since.
    #[must_use]
    pub fn is_left_over(&self) -> bool {
        self.left_over
    }

    /// The line as it stands.
    #[must_use]
    pub fn text(&self) -> &str {
        self.input.value()
    }

    /// Changes the line or moves the cursor.
    pub fn edit(&mut self, request: InputRequest) {
        self.give_way_to(request);
        self.left_over = false;
        if self
            .input
            .handle(request)
            .is_some_and(|changed| changed.value)
        {
            self.refusal = None;
            self.browse = None;
        }
        self.offers = None;
    }

    /// The first digit typed behind a number that a key suggested stands in its place: few want `642`.
    fn give_way_to(&mut self, request: InputRequest) {
        let types_digit = matches!(request, InputRequest::InsertChar('0'..='9'));
        let suggested = !self.prefill.is_empty()
            && self.text() == self.prefill
            && self.input.cursor() == self.text().chars().count();
        let last = self.prefill.rsplit(' ').next().unwrap_or_default();
        let is_size =
            last.starts_with(|first: char| first.is_ascii_digit()) && !last.starts_with("0x");
        if types_digit && suggested && is_size {
            self.input.handle(InputRequest::DeletePrevWord);
        }
    }

    /// The search through the history, if one is under way.
    #[must_use]
    pub fn search(&self) -> Option<&Search> {
        self.search.as_ref()
    }

    /// Begins a search through the history, or looks for an older line that has the same.
    pub fn search_older(&mut self, history: &[String]) {
        match &mut self.search {
            Some(search) => {
                let end = search.found.as_ref().map_or(history.len(), |(at, _)| *at);
                search.look(history, end);
            }
            None => self.search = Some(Search::default()),
        }
    }

    /// Changes what is looked for, and looks for it from the latest line on.
    pub fn search_for(&mut self, history: &[String], change: impl FnOnce(&mut String)) {
        if let Some(search) = &mut self.search {
            change(&mut search.typed);
            search.found = None;
            search.look(history, history.len());
        }
    }

    /// Ends the search; what it found becomes the line, if it is wanted.
    pub fn end_search(&mut self, wanted: bool) {
        let found = self.search.take().and_then(|search| search.found);
        if let Some((_, line)) = found.filter(|_| wanted) {
            self.show(line, None);
        }
    }

    /// Inserts `text` at the cursor.
    pub fn insert(&mut self, text: &str) {
        for character in text.chars().filter(|character| !character.is_control()) {
            self.edit(InputRequest::InsertChar(character));
        }
    }

    /// Notes that the line was refused: it stays, with the reason.
    pub fn refuse(&mut self, words: &str) {
        self.submitted = None;
        self.refusal = Some(Refusal {
            words: words.to_owned(),
            column: column_in(words),
        });
    }

    /// The line of the history before the one shown that has the typed prefix.
    pub fn older(&mut self, history: &[String]) {
        let browse = self.browse_from(history.len());
        let found = history[..browse.at.min(history.len())]
            .iter()
            .rposition(|line| line.starts_with(&browse.prefix));
        if let Some(at) = found {
            self.show(history[at].clone(), Some(Browse { at, ..browse }));
        }
    }

    /// The line of the history after the one shown; after the last, what was typed.
    pub fn newer(&mut self, history: &[String]) {
        let Some(browse) = self.browse.clone() else {
            return;
        };
        let next = browse.at + 1;
        let found = history
            .iter()
            .skip(next)
            .position(|line| line.starts_with(&browse.prefix));
        match found {
            Some(further) => self.show(
                history[next + further].clone(),
                Some(Browse {
                    at: next + further,
                    ..browse
                }),
            ),
            None => self.show(browse.prefix, None),
        }
    }

    /// Shows the first completion, or the next one; false when there is none. `names` are those of living blocks.
    pub fn complete(&mut self, names: &[&str]) -> bool {
        let offers = match self.offers.take() {
            Some(Offers {
                found,
                at,
                line,
                cursor,
            }) => Offers {
                at: (at + 1) % found.len().max(1),
                found,
                line,
                cursor,
            },
            None => {
                let (line, cursor) = (self.text().to_owned(), self.input.cursor());
                Offers {
                    found: complete(&line, cursor, names),
                    at: 0,
                    line,
                    cursor,
                }
            }
        };
        let Some(offer) = offers.found.get(offers.at) else {
            return false;
        };
        let kept: String = offers.line.chars().take(offer.start).collect();
        let behind: String = offers.line.chars().skip(offers.cursor).collect();
        let cursor = offer.start + offer.text.chars().count();
        self.show(format!("{kept}{}{behind}", offer.text), None);
        self.input = self.input.clone().with_cursor(cursor);
        self.offers = Some(offers);
        true
    }

    /// The completions being cycled through, and which of them is shown.
    #[must_use]
    pub fn offers(&self) -> Option<(&[Completion], usize)> {
        self.offers
            .as_ref()
            .map(|offers| (offers.found.as_slice(), offers.at))
    }

    fn browse_from(&self, end: usize) -> Browse {
        self.browse.clone().unwrap_or_else(|| Browse {
            prefix: self.text().to_owned(),
            at: end,
        })
    }

    fn show(&mut self, line: String, browse: Option<Browse>) {
        self.left_over = false;
        self.input = Input::new(line);
        self.refusal = None;
        self.offers = None;
        self.browse = browse;
    }
}

/// Adds a line to the history; the same line twice in a row counts once.
pub fn remember(history: &mut Vec<String>, line: &str) {
    if line.trim().is_empty() || history.last().is_some_and(|last| last == line) {
        return;
    }
    if history.len() == HISTORY {
        history.remove(0);
    }
    history.push(line.to_owned());
}

/// The column that the words of a refusal name: `column 9: found ...`.
fn column_in(words: &str) -> Option<usize> {
    let (_, behind) = words.split_once("column ")?;
    let digits: String = behind.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok().filter(|column| *column > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history() -> Vec<String> {
        ["alloc a 64", "free a", "alloc b 32", "compact"]
            .map(str::to_owned)
            .to_vec()
    }

    type Walk = fn(&mut Prompt, &[String]);

    #[test]
    fn history_is_walked_by_prefix_and_gives_back_what_was_typed() {
        let mut prompt = Prompt::prefilled("al");
        let steps: [(Walk, &str); 6] = [
            (Prompt::older, "alloc b 32"),
            (Prompt::older, "alloc a 64"),
            (Prompt::older, "alloc a 64"),
            (Prompt::newer, "alloc b 32"),
            (Prompt::newer, "al"),
            (Prompt::newer, "al"),
        ];
        for (at, (step, line)) in steps.into_iter().enumerate() {
            step(&mut prompt, &history());
            assert_eq!(prompt.text(), line, "step {at}");
        }
    }

    #[test]
    fn an_edit_ends_the_walk_and_forgets_the_refusal() {
        let mut prompt = Prompt::default();
        prompt.older(&history());
        prompt.refuse("column 3: found x");
        assert_eq!(
            prompt.refusal.as_ref().and_then(|refusal| refusal.column),
            Some(3)
        );
        prompt.edit(InputRequest::DeletePrevChar);
        assert_eq!((prompt.text(), prompt.refusal.is_none()), ("compac", true));
        prompt.older(&history());
        assert_eq!(prompt.text(), "compact", "the new text is the prefix");
    }

    #[test]
    fn tab_cycles_through_what_the_language_offers() {
        let mut prompt = Prompt::prefilled("free b");
        let names = ["b1", "b2", "c"];
        let shown = [0; 3].map(|_| {
            assert!(prompt.complete(&names));
            prompt.text().to_owned()
        });
        assert_eq!(shown, ["free b1", "free b2", "free b1"]);
        assert_eq!(prompt.input.cursor(), "free b1".len());
        prompt.edit(InputRequest::InsertChar('7'));
        assert!(
            prompt.offers().is_none() && !prompt.complete(&names),
            "{}",
            prompt.text()
        );
    }

    #[test]
    fn a_search_goes_back_through_lines_that_have_what_is_typed() {
        let mut prompt = Prompt::prefilled("draft");
        prompt.search_older(&history());
        let shown = |prompt: &Prompt| {
            let search = prompt.search().expect("a search");
            search.line().map(str::to_owned)
        };
        assert_eq!(shown(&prompt), None, "nothing is typed yet");
        prompt.search_for(&history(), |typed| typed.push('a'));
        assert_eq!(shown(&prompt).as_deref(), Some("compact"));
        for older in ["alloc b 32", "free a", "alloc a 64", "alloc a 64"] {
            prompt.search_older(&history());
            assert_eq!(shown(&prompt).as_deref(), Some(older));
        }
        prompt.search_for(&history(), |typed| typed.push_str("c x"));
        assert_eq!(shown(&prompt), None);
        let mut left = prompt.clone();
        left.end_search(true);
        assert_eq!(left.text(), "draft", "nothing was found");
        prompt.search_for(&history(), |typed| typed.truncate(2));
        prompt.end_search(true);
        assert_eq!(
            (prompt.text(), prompt.search().is_none()),
            ("compact", true)
        );
    }

    #[test]
    fn columns_are_read_from_words() {
        let rows = [
            ("column 9: found \"x4\"", Some(9)),
            ("line 2, column 12: found", Some(12)),
            ("column zero", None),
            ("column 0:", None),
            ("no block is called b", None),
        ];
        for (words, column) in rows {
            assert_eq!(column_in(words), column, "{words}");
        }
    }

    #[test]
    fn history_is_bounded_and_skips_repeats() {
        let mut lines = Vec::new();
        for line in ["a", "a", " ", "b", "a"] {
            remember(&mut lines, line);
        }
        assert_eq!(lines, ["a", "b", "a"]);
        for number in 0..2 * HISTORY {
            remember(&mut lines, &number.to_string());
        }
        assert_eq!(lines.len(), HISTORY);
    }
}
