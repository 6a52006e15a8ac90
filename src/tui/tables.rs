//! TOML as people write it: entries in the order in which they stand, and mistakes with their places.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::session::{either, nearest};

/// Words about a range of bytes.
#[derive(Debug)]
pub(crate) struct Mistake {
    /// Where.
    pub(crate) at: Range<usize>,
    /// What was found and what was expected.
    pub(crate) words: String,
}

/// The line and the column of a byte, both from 1.
pub(crate) fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let begin = before.rfind('\n').map_or(0, |end| end + 1);
    (
        before.matches('\n').count() + 1,
        before[begin..].chars().count() + 1,
    )
}

/// A key of a table with its place.
pub(crate) struct Name<'a> {
    pub(crate) text: &'a str,
    pub(crate) at: Range<usize>,
}

/// The entries of a table as they stand in the file, so that the first mistake is the one told.
pub(crate) fn in_order<'a>(table: &'a DeTable<'_>) -> Vec<(Name<'a>, &'a Spanned<DeValue<'a>>)> {
    let mut entries: Vec<_> = table
        .iter()
        .map(|(name, value)| {
            let text = name.get_ref().as_ref();
            let at = name.span();
            (Name { text, at }, value)
        })
        .collect();
    entries.sort_by_key(|(name, _)| name.at.start);
    entries
}

/// A value in words: itself if it is short, else what it is.
pub(crate) fn told(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("{text:?}"),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(on) => on.to_string(),
        DeValue::Datetime(_) => "a date".to_owned(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

pub(crate) fn unknown(name: &Name<'_>, known: &[&str]) -> Mistake {
    Mistake {
        at: name.at.clone(),
        words: format!(
            "found {:?}, expected {}{}",
            name.text,
            either(known),
            suggestion(name.text, known.iter().copied())
        ),
    }
}

pub(crate) fn suggestion<'a>(text: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(text, known).map_or_else(String::new, |word| format!(" (did you mean {word}?)"))
}

pub(crate) fn table_of<'a>(
    name: &Name<'_>,
    value: &'a Spanned<DeValue<'a>>,
) -> Result<&'a DeTable<'a>, Mistake> {
    value.get_ref().as_table().ok_or_else(|| Mistake {
        at: value.span(),
        words: format!(
            "found {}, expected a table for {}",
            told(value.get_ref()),
            name.text
        ),
    })
}

/// Reads a text as a table.
pub(crate) fn table(text: &str) -> Result<Spanned<DeTable<'_>>, Mistake> {
    DeTable::parse(text).map_err(|error| Mistake {
        at: error.span().unwrap_or_default(),
        words: error.message().replace('\n', "; "),
    })
}
