//! The words that lessons have beside the commands: one table, which the reader of lines and the manual share.

/// Which word it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Word {
    /// `lesson`
    Lesson,
    /// `about`
    About,
    /// `say`
    Say,
    /// `point`
    Point,
    /// `pause`
    Pause,
    /// `predict`
    Predict,
    /// `hint`
    Hint,
    /// `reveal`
    Reveal,
    /// `challenge`
    Challenge,
    /// `goal`
    Goal,
    /// `limit`
    Limit,
    /// `forbid`
    Forbid,
    /// `solution`
    Solution,
}

/// A word of lessons.
#[derive(Clone, Copy, Debug)]
pub struct WordRow {
    /// Which.
    pub word: Word,
    /// As it is written.
    pub name: &'static str,
    /// The whole line.
    pub usage: &'static str,
    /// What it does.
    pub doc: &'static str,
    /// It counts only within the braces of a challenge.
    pub in_challenge: bool,
}

const fn row(word: Word, name: &'static str, usage: &'static str, doc: &'static str) -> WordRow {
    WordRow {
        word,
        name,
        usage,
        doc,
        in_challenge: false,
    }
}

const fn inner(word: Word, name: &'static str, usage: &'static str, doc: &'static str) -> WordRow {
    WordRow {
        in_challenge: true,
        ..row(word, name, usage, doc)
    }
}

/// Every word of lessons.
#[rustfmt::skip]
pub const WORDS: [WordRow; 13] = [
    row(Word::Lesson, "lesson", "lesson \"TITLE\" [number=N] [minutes=N]", "the first line"),
    row(Word::About, "about", "about \"WORDS\"", "what the lesson is about"),
    row(Word::Say, "say", "say \"WORDS\"", "the caption of a step"),
    row(Word::Point, "point", "point map|block NAME|PANE", "what a step is about: it gets the focus, and presenters see only this"),
    row(Word::Pause, "pause", "pause", "ends a step"),
    row(Word::Predict, "predict", "predict \"QUESTION\" { | predict \"QUESTION\" hole of NAME", "asks before it is done; two to five lines \"ANSWER\" if METRIC OP VALUE [and ...] and a } follow, or the answer is a hole on the map"),
    row(Word::Hint, "hint", "hint \"WORDS\"", "helps with a question or a challenge, if asked for"),
    row(Word::Reveal, "reveal", "reveal \"WORDS\"", "tells right or wrong, then these words; ends the step"),
    row(Word::Challenge, "challenge", "challenge \"TASK\" {", "a task that the program checks; ends the step with its }"),
    inner(Word::Goal, "goal", "goal METRIC OP VALUE", "what has to hold in the end"),
    inner(Word::Limit, "limit", "limit allocs|frees|reallocs|commands <= COUNT", "how much of something may be used; undo gives it back"),
    inner(Word::Forbid, "forbid", "forbid VERB, VERB", "commands that are not taken in the challenge"),
    inner(Word::Solution, "solution", "solution {", "commands that solve it, a line each, and a }; the checker carries them out"),
];

/// The row of a word as it is written.
pub(super) fn word(text: &str) -> Option<&'static WordRow> {
    WORDS.iter().find(|row| row.name == text)
}
