//! The configuration file: TOML in, and every mistake with its line and column and what was expected there.

use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::session::{either, nearest};
use crate::tui::Bindings;
use crate::tui::action::{ACTIONS, Action, Context};
use crate::tui::bindings::{Change, Clash};
use crate::tui::key::Key;

use super::setting::{SETTINGS, Setting};
use super::{Config, ConfigError};

/// The table of keys.
const KEYS: &str = "keys";

/// Words about a range of bytes.
struct Mistake {
    at: Range<usize>,
    words: String,
}

/// The configuration of a file's text; `file` is its name in messages.
pub(super) fn parse(text: &str, file: &str) -> Result<Config, ConfigError> {
    config_of(text).map_err(|mistake| {
        let (line, column) = place(text, mistake.at.start);
        ConfigError::File {
            file: file.to_owned(),
            line,
            column,
            words: mistake.words,
        }
    })
}

/// The line and the column of a byte, both from 1.
fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let begin = before.rfind('\n').map_or(0, |end| end + 1);
    (
        before.matches('\n').count() + 1,
        before[begin..].chars().count() + 1,
    )
}

fn config_of(text: &str) -> Result<Config, Mistake> {
    let table = DeTable::parse(text).map_err(|error| Mistake {
        at: error.span().unwrap_or_default(),
        words: error.message().replace('\n', "; "),
    })?;
    let mut config = Config::default();
    for (name, value) in in_order(table.get_ref()) {
        let setting = SETTINGS.iter().find(|setting| setting.name == name.text);
        match setting {
            Some(setting) => take(setting, &mut config, value)?,
            None if name.text == KEYS => config.keys = Arc::new(bindings_of(&name, value)?),
            None => {
                let names = SETTINGS.iter().map(|setting| setting.name).chain([KEYS]);
                return Err(unknown(&name, &names.collect::<Vec<_>>()));
            }
        }
    }
    Ok(config)
}

/// A key of a table with its place.
struct Name<'a> {
    text: &'a str,
    at: Range<usize>,
}

/// The entries of a table as they stand in the file, so that the first mistake is the one told.
fn in_order<'a>(table: &'a DeTable<'_>) -> Vec<(Name<'a>, &'a Spanned<DeValue<'a>>)> {
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

fn take(
    setting: &Setting,
    config: &mut Config,
    value: &Spanned<DeValue<'_>>,
) -> Result<(), Mistake> {
    let kind = &setting.kind;
    let taken = match value.get_ref() {
        DeValue::String(word) => kind.take_word(config, word),
        DeValue::Boolean(on) => kind.take_switch(config, *on),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .is_ok_and(|number| kind.take_number(config, number)),
        _ => false,
    };
    if taken {
        return Ok(());
    }
    Err(Mistake {
        at: value.span(),
        words: format!(
            "found {}, expected {} for {}",
            told(value.get_ref()),
            kind.expected(),
            setting.name
        ),
    })
}

/// A value in words: itself if it is short, else what it is.
fn told(value: &DeValue<'_>) -> String {
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

fn unknown(name: &Name<'_>, known: &[&str]) -> Mistake {
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

fn suggestion<'a>(text: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(text, known).map_or_else(String::new, |word| format!(" (did you mean {word}?)"))
}

/// Keys of actions, each with its place.
#[derive(Default)]
struct Keys {
    changes: Vec<Change>,
    places: Vec<(&'static Action, Option<Key>, Range<usize>)>,
}

fn bindings_of(name: &Name<'_>, value: &Spanned<DeValue<'_>>) -> Result<Bindings, Mistake> {
    let mut keys = Keys::default();
    for (name, value) in in_order(table_of(name, value)?) {
        let context = Context::ALL
            .into_iter()
            .find(|context| context.name() == name.text)
            .ok_or_else(|| unknown(&name, &Context::ALL.map(Context::name)))?;
        for (id, value) in in_order(table_of(&name, value)?) {
            keys.take(context, &id, value)?;
        }
    }
    Bindings::with(&keys.changes).map_err(|clash| keys.mistake(&clash))
}

fn table_of<'a>(
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

impl Keys {
    fn take(
        &mut self,
        context: Context,
        id: &Name<'_>,
        value: &Spanned<DeValue<'_>>,
    ) -> Result<(), Mistake> {
        let action = action_of(context, id)?;
        self.places.push((action, None, id.at.clone()));
        let mut keys = Vec::new();
        let listed = match value.get_ref() {
            DeValue::Array(list) => list.iter().collect(),
            _ => vec![value],
        };
        for value in listed {
            let key = key_of(value)?;
            self.places.push((action, Some(key), value.span()));
            keys.push(key);
        }
        self.changes.push(Change { action, keys });
        Ok(())
    }

    /// A clash at the last of the keys that it is about.
    fn mistake(&self, clash: &Clash) -> Mistake {
        let concerned = self
            .places
            .iter()
            .rfind(|(action, key, _)| clash.concerns(action, *key));
        Mistake {
            at: concerned.map_or(0..0, |(.., at)| at.clone()),
            words: clash.to_string(),
        }
    }
}

fn action_of(context: Context, id: &Name<'_>) -> Result<&'static Action, Mistake> {
    let words = match Action::of_id(id.text) {
        Some(action) if action.context == context => return Ok(action),
        Some(action) => format!(
            "found {:?} in [keys.{}], expected it in [keys.{}]",
            id.text,
            context.name(),
            action.context.name()
        ),
        None => {
            let ids: Vec<String> = ACTIONS
                .iter()
                .filter(|action| action.context == context)
                .map(Action::id)
                .collect();
            format!(
                "found {:?}, expected an action of [keys.{}] as --print-config lists them{}",
                id.text,
                context.name(),
                suggestion(id.text, ids.iter().map(String::as_str))
            )
        }
    };
    Err(Mistake {
        at: id.at.clone(),
        words,
    })
}

fn key_of(value: &Spanned<DeValue<'_>>) -> Result<Key, Mistake> {
    let mistake = |words: String| Mistake {
        at: value.span(),
        words,
    };
    match value.get_ref() {
        DeValue::String(text) => text
            .parse::<Key>()
            .map_err(|error| mistake(error.to_string())),
        other => Err(mistake(format!(
            "found {}, expected a key such as \"K\", or a list of keys",
            told(other)
        ))),
    }
}
