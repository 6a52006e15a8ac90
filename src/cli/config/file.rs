//! The configuration file: TOML in, and every mistake with its line and column and what was expected there.

use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::DeValue;

use crate::tui::Bindings;
use crate::tui::action::{ACTIONS, Action, Context};
use crate::tui::bindings::{Change, Clash};
use crate::tui::key::Key;
use crate::tui::tables::{
    self, Mistake, Name, in_order, place, suggestion, table_of, told, unknown,
};

use super::setting::{SETTINGS, Setting};
use super::theme::Refused;
use super::{Config, ConfigError};

/// The table of keys.
const KEYS: &str = "keys";

/// The configuration of a file's text; `file` is its name in messages.
pub(super) fn parse(text: &str, file: &str) -> Result<Config, ConfigError> {
    config_of(text).map_err(|wrong| match wrong {
        Wrong::Here(mistake) => {
            let (line, column) = place(text, mistake.at.start);
            ConfigError::File {
                file: file.to_owned(),
                line,
                column,
                words: mistake.words,
            }
        }
        Wrong::InTheme(error) => error,
    })
}

/// What is wrong, and in which file.
enum Wrong {
    Here(Mistake),
    InTheme(ConfigError),
}

impl From<Mistake> for Wrong {
    fn from(mistake: Mistake) -> Wrong {
        Wrong::Here(mistake)
    }
}

fn config_of(text: &str) -> Result<Config, Wrong> {
    let table = tables::table(text)?;
    let mut config = Config::default();
    for (name, value) in in_order(table.get_ref()) {
        let setting = SETTINGS.iter().find(|setting| setting.name == name.text);
        match setting {
            Some(setting) => take(setting, &mut config, value)?,
            None if name.text == KEYS => config.keys = Arc::new(bindings_of(&name, value)?),
            None => {
                let names = SETTINGS.iter().map(|setting| setting.name).chain([KEYS]);
                return Err(unknown(&name, &names.collect::<Vec<_>>()).into());
            }
        }
    }
    Ok(config)
}

fn take(setting: &Setting, config: &mut Config, value: &Spanned<DeValue<'_>>) -> Result<(), Wrong> {
    let kind = &setting.kind;
    if let Some(found) = value
        .get_ref()
        .as_str()
        .and_then(|asked| kind.take_theme(config, asked))
    {
        return found.map_err(|refused| match refused {
            Refused::Unknown(words) => Wrong::Here(Mistake {
                at: value.span(),
                words,
            }),
            Refused::Broken(error) => Wrong::InTheme(error),
        });
    }
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
    Err(Wrong::Here(Mistake {
        at: value.span(),
        words: format!(
            "found {}, expected {} for {}",
            told(value.get_ref()),
            kind.expected(),
            setting.name
        ),
    }))
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
