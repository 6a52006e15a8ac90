//! `--print-config`: what is in effect, as a file that could be put in the place of the one that was read.

use std::fmt::Write;

use toml::Value;

use crate::tui::action::{ACTIONS, Context};

use super::Config;
use super::setting::SETTINGS;

/// Where comments begin behind an assignment that is not too long.
const COLUMN: usize = 34;

/// The whole configuration as TOML, a comment behind each line.
pub(in crate::cli) fn to_toml(config: &Config) -> String {
    let mut page = "# The configuration of heapwalk that is in effect.\n\
                    # Lines that are left out are as heapwalk has them; an empty list takes an action all its keys.\n\n"
        .to_owned();
    for setting in &SETTINGS {
        let doc = format!("{}: {}", setting.doc, setting.kind.expected());
        line(&mut page, setting.name, &setting.kind.value(config), &doc);
    }
    for context in Context::ALL {
        let name = context.name();
        // Writing to a `String` cannot fail.
        let _ = writeln!(page, "\n[keys.{name}]  # {}", heading(context));
        for action in ACTIONS.iter().filter(|action| action.context == context) {
            let keys = config.keys.keys(action).iter();
            let keys = Value::Array(keys.map(|key| key.to_string().into()).collect());
            line(&mut page, &action.id(), &keys, action.doc);
        }
    }
    page
}

fn heading(context: Context) -> String {
    match context {
        Context::Everywhere => "keys that count wherever one is".to_owned(),
        context => format!("keys that count in {}", context.place()),
    }
}

fn line(page: &mut String, name: &str, value: &Value, doc: &str) {
    let assignment = format!("{name} = {value}");
    let _ = writeln!(page, "{assignment:COLUMN$}  # {doc}");
}
