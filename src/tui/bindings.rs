//! Which keys do what: the table of actions with what a configuration changes in it.
//!
//! Footer, `?`, the echo of an answer and the dispatch of keys ask the [`Bindings`] alone, so that a remapped key is
//! told as it is wherever keys are told.

use std::collections::HashMap;

use super::action::{ACTIONS, Action, Context, Does, Screen};
use super::key::Key;

/// How far a hint ranks behind those of the context itself if its key counts in a parent's.
const INHERITED: u8 = 100;

/// The keys of every action, and the action of every key.
#[derive(Clone, PartialEq, Debug)]
pub struct Bindings {
    keys: HashMap<&'static str, Vec<Key>>,
    actions: HashMap<(Context, Key), &'static Action>,
}

/// Other keys for an action.
#[derive(Clone, PartialEq, Debug)]
pub struct Change {
    /// Which action.
    pub action: &'static Action,
    /// All its keys; none unbinds it.
    pub keys: Vec<Key>,
}

/// Why keys cannot be as a configuration wants them.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum Clash {
    /// Two actions would answer to one key.
    #[error("key {key} is bound to both {} and {} {}", .actions[0].name, .actions[1].name, scope(.actions))]
    Both {
        /// The key.
        key: Key,
        /// The actions, in the order of the table.
        actions: [&'static Action; 2],
    },
    /// A character that could no longer be typed into a line.
    #[error(
        "key {key} is bound to {}, but is typed as a letter in {}; expected Ctrl and a letter, or a named key",
        .action.name, .context.place()
    )]
    Letter {
        /// The key.
        key: Key,
        /// The action.
        action: &'static Action,
        /// Where the line is.
        context: Context,
    },
    /// An action without which one cannot get out, or cannot find out how.
    #[error("{} has no key {}; expected at least one", .0.name, scope(&[.0]))]
    Unreachable(&'static Action),
}

impl Clash {
    /// The key and the actions that it is about.
    #[must_use]
    pub fn concerns(&self, action: &'static Action, key: Option<Key>) -> bool {
        match self {
            Clash::Both { key: of, actions } => key == Some(*of) && actions.contains(&action),
            Clash::Letter {
                key: of,
                action: one,
                ..
            } => key == Some(*of) && *one == action,
            Clash::Unreachable(one) => *one == action,
        }
    }
}

/// Where the keys of actions meet, in words: `in the map`.
fn scope(actions: &[&'static Action]) -> String {
    // A key that counts everywhere meets another one where that one counts.
    let context = actions
        .iter()
        .map(|action| action.context)
        .find(|context| *context != Context::Everywhere);
    context.map_or("anywhere".to_owned(), |context| {
        format!("in {}", context.place())
    })
}

impl Default for Bindings {
    /// The keys of the table.
    fn default() -> Bindings {
        Bindings::of(
            ACTIONS
                .iter()
                .map(|action| (action.name, action.keys.to_vec()))
                .collect(),
        )
    }
}

impl Bindings {
    /// The keys of the table with some of them changed.
    ///
    /// # Errors
    ///
    /// [`Clash`] if a key would be bound twice in a context or in one and everywhere, if a letter would be taken from
    /// a line that is typed, or if an action that must be reachable has no key.
    pub fn with(changes: &[Change]) -> Result<Bindings, Clash> {
        let mut keys = Bindings::default().keys;
        for change in changes {
            let mut of_action: Vec<Key> = Vec::with_capacity(change.keys.len());
            for key in &change.keys {
                if !of_action.contains(key) {
                    of_action.push(*key);
                }
            }
            keys.insert(change.action.name, of_action);
        }
        check(&keys)?;
        Ok(Bindings::of(keys))
    }

    fn of(keys: HashMap<&'static str, Vec<Key>>) -> Bindings {
        let actions = ACTIONS
            .iter()
            .flat_map(|action| {
                keys[action.name]
                    .iter()
                    .map(move |key| ((action.context, *key), action))
            })
            .collect();
        Bindings { keys, actions }
    }

    /// The action of a key where the keys of `context` count.
    #[must_use]
    pub fn find(&self, context: Context, key: Key) -> Option<&'static Action> {
        context
            .chain()
            .find_map(|context| self.actions.get(&(context, key)).copied())
    }

    /// The keys of an action.
    #[must_use]
    pub fn keys(&self, action: &Action) -> &[Key] {
        self.keys.get(action.name).map_or(&[], Vec::as_slice)
    }

    /// The key that an action is told by, unless it has none.
    #[must_use]
    pub fn key(&self, action: &Action) -> Option<Key> {
        self.keys(action).first().copied()
    }

    /// The key by which the screen does `screen` in `context` or in those behind it.
    #[must_use]
    pub fn key_of(&self, context: Context, screen: Screen) -> Option<Key> {
        context.chain().find_map(|context| {
            ACTIONS
                .iter()
                .filter(|action| action.context == context && action.is_screen(screen))
                .find_map(|action| self.key(action))
        })
    }

    /// The keys of an action in words: `h left`, or `gl` of a key that follows another.
    #[must_use]
    pub fn key_names(&self, action: &Action) -> String {
        let prefix = if action.context == Context::GoTo {
            let opens = self.key_of(Context::Map, Screen::OpenGoTo);
            opens.map_or_else(String::new, |key| key.to_string())
        } else {
            String::new()
        };
        let names: Vec<String> = self
            .keys(action)
            .iter()
            .map(|key| format!("{prefix}{key}"))
            .collect();
        names.join(" ")
    }

    /// Puts keys into words: `{heap-compact} merges them` becomes `K merges them`.
    ///
    /// An action without a key is told by its name. Braces around anything else stay as they are.
    #[must_use]
    pub fn spell(&self, words: &str) -> String {
        let mut spelled = String::with_capacity(words.len());
        let mut rest = words;
        while let Some((before, behind)) = rest.split_once('{') {
            spelled.push_str(before);
            match behind
                .split_once('}')
                .and_then(|(id, rest)| Some((Action::of_id(id)?, rest)))
            {
                Some((action, behind)) => {
                    let key = self.key(action);
                    spelled.push_str(
                        &key.map_or_else(|| action.name.to_owned(), |key| key.to_string()),
                    );
                    rest = behind;
                }
                None => {
                    spelled.push('{');
                    rest = behind;
                }
            }
        }
        spelled.push_str(rest);
        spelled
    }

    /// The hints of a context's footer in the order of the table, and behind them those of the contexts that its keys
    /// fall back to: the action, its key, its rank and its word.
    pub fn hints(
        &self,
        context: Context,
    ) -> impl Iterator<Item = (&'static Action, Key, u8, &'static str)> {
        let contexts = context.chain();
        contexts
            .flat_map(|origin| {
                let of_origin = move |action: &&Action| action.context == origin;
                ACTIONS.iter().filter(of_origin)
            })
            .filter_map(move |action| {
                let (rank, word) = action.footer?;
                let key = self.key(action)?;
                let own = action.context == context;
                // What means something else here is no hint; nor is what the tour keeps from acting.
                let counts = self.find(context, key) == Some(action)
                    && (own || !context.holds_back() || !action.acts());
                let behind = if own { 0 } else { INHERITED };
                counts.then(|| (action, key, rank.saturating_add(behind), word))
            })
    }
}

/// Whether a person who has no key for `action` would be stuck.
fn is_needed(action: &Action) -> bool {
    match action.does {
        Does::Screen(Screen::Quit | Screen::OpenHelp | Screen::Interrupt) => true,
        // What lies over the map must be left; from its panes the map's own keys lead out.
        Does::Screen(Screen::Back) => action.context.is_layer(),
        _ => false,
    }
}

/// Where letters are typed while the keys of `context` count.
fn line_of(context: Context) -> Option<Context> {
    match context {
        Context::Everywhere => Some(Context::Prompt),
        context => context.types_letters().then_some(context),
    }
}

fn check(keys: &HashMap<&'static str, Vec<Key>>) -> Result<(), Clash> {
    let mut bound: HashMap<(Context, Key), &'static Action> = HashMap::new();
    for action in ACTIONS {
        let of_action = &keys[action.name];
        if of_action.is_empty() && is_needed(action) {
            return Err(Clash::Unreachable(action));
        }
        for key in of_action.iter().copied() {
            if let Some(context) = line_of(action.context)
                && matches!(key, Key::Char(_))
            {
                return Err(Clash::Letter {
                    key,
                    action,
                    context,
                });
            }
            if let Some(other) = bound.insert((action.context, key), action) {
                return Err(Clash::Both {
                    key,
                    actions: [other, action],
                });
            }
        }
    }
    // What counts everywhere must not be hidden anywhere.
    let everywhere = ACTIONS
        .iter()
        .filter(|action| action.context == Context::Everywhere);
    for action in everywhere {
        for key in keys[action.name].iter().copied() {
            let hiding = ACTIONS.iter().find(|other| {
                other.context != Context::Everywhere && keys[other.name].contains(&key)
            });
            if let Some(other) = hiding {
                return Err(Clash::Both {
                    key,
                    actions: [other, action],
                });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action(id: &str) -> &'static Action {
        Action::of_id(id).unwrap_or_else(|| panic!("{id} is no action"))
    }

    fn change(id: &str, keys: &[Key]) -> Change {
        Change {
            action: action(id),
            keys: keys.to_vec(),
        }
    }

    #[test]
    fn the_table_itself_is_without_clashes() {
        assert_eq!(Bindings::with(&[]), Ok(Bindings::default()));
    }

    #[test]
    fn changed_keys_take_the_place_of_those_of_the_table() {
        let bindings = Bindings::with(&[
            change(
                "heap-compact",
                &[Key::Char('c'), Key::Char('c'), Key::Function(5)],
            ),
            change("heap-free", &[]),
            change("choose-below", &[Key::Char('K')]),
        ])
        .expect("no key is bound twice");
        for (context, key, id) in [
            (Context::Map, Key::Char('c'), Some("heap-compact")),
            (Context::Map, Key::Function(5), Some("heap-compact")),
            (Context::Map, Key::Char('K'), None),
            (Context::Map, Key::Char('f'), None),
            (Context::Rows, Key::Char('K'), Some("choose-below")),
            (Context::Rows, Key::Char('c'), Some("heap-compact")),
            (Context::Rows, Key::Ctrl('c'), Some("cancel")),
            (Context::Prompt, Key::Char('c'), None),
        ] {
            let found = bindings.find(context, key).map(Action::id);
            assert_eq!(found.as_deref(), id, "{key} in {context:?}");
        }
        assert_eq!(bindings.key_names(action("heap-compact")), "c F5");
        assert_eq!(bindings.key(action("heap-free")), None);
        let in_footer = |id| {
            bindings
                .hints(Context::Map)
                .any(|hint| hint.0 == action(id))
        };
        assert!(in_footer("heap-compact") && !in_footer("heap-free"));
    }

    #[test]
    fn what_cannot_be_is_refused_with_its_reason() {
        for (changes, reason) in [
            (
                vec![change("heap-validate", &[Key::Char('K')])],
                "key K is bound to both HeapCompact and HeapValidate in the map",
            ),
            (
                vec![
                    change("go-to-last", &[Key::Char('x')]),
                    change("go-to-first", &[Key::Char('x')]),
                ],
                "key x is bound to both go to first and go to last in the go-to list",
            ),
            (
                vec![change("line-end", &[Key::Ctrl('z')])],
                "key Ctrl-z is bound to both line end and suspend in the prompt",
            ),
            (
                vec![change("suspend", &[Key::Function(1)])],
                "key F1 is bound to both keys and suspend in the map",
            ),
            (
                vec![change("cancel", &[Key::Ctrl('z')])],
                "key Ctrl-z is bound to both cancel and suspend anywhere",
            ),
            (
                vec![change("delete-word", &[Key::Char('w')])],
                "key w is bound to delete word, but is typed as a letter in the prompt; \
                 expected Ctrl and a letter, or a named key",
            ),
            (
                vec![change("suspend", &[Key::Char('Q')])],
                "key Q is bound to suspend, but is typed as a letter in the prompt; \
                 expected Ctrl and a letter, or a named key",
            ),
            (
                vec![change("quit", &[])],
                "quit has no key in the map; expected at least one",
            ),
            (
                vec![change("keys", &[])],
                "keys has no key in the map; expected at least one",
            ),
            (
                vec![change("cancel", &[])],
                "cancel has no key anywhere; expected at least one",
            ),
            (
                vec![change("close-prompt", &[])],
                "close prompt has no key in the prompt; expected at least one",
            ),
        ] {
            let clash = Bindings::with(&changes).expect_err(reason);
            assert_eq!(clash.to_string(), reason);
            let concerned =
                |change: &Change| clash.concerns(change.action, change.keys.last().copied());
            assert!(changes.iter().any(concerned), "{reason}");
        }
    }

    #[test]
    fn two_actions_may_exchange_their_keys() {
        let exchanged = Bindings::with(&[
            change("heap-compact", &[Key::Char('M')]),
            change("heapmin", &[Key::Char('K')]),
        ]);
        let bindings = exchanged.expect("each key is bound once");
        assert_eq!(
            bindings.find(Context::Map, Key::Char('K')),
            Some(action("heapmin"))
        );
    }

    #[test]
    fn words_name_the_keys_of_the_moment() {
        let bindings = Bindings::with(&[
            change("next-block", &[Key::Char('Z'), Key::Right]),
            change("previous-block", &[]),
        ])
        .expect("no key is bound twice");
        for (words, spelled) in [
            (
                "{previous-block} and {next-block} select one",
                "previous block and Z select one",
            ),
            ("{quit}", "q"),
            ("{no such action} {quit", "{no such action} {quit"),
            ("{ {quit} }", "{ q }"),
            ("none", "none"),
        ] {
            assert_eq!(bindings.spell(words), spelled);
        }
    }

    #[test]
    fn keys_behind_another_are_told_with_it() {
        let default = Bindings::default();
        assert_eq!(default.key_names(action("go-to-largest-hole")), "gl");
        let bindings = Bindings::with(&[change("go-to", &[Key::Char('Y')])]).expect("Y is free");
        assert_eq!(bindings.key_names(action("go-to-largest-hole")), "Yl");
        assert_eq!(
            default.key_of(Context::Rows, Screen::OpenHelp),
            Some(Key::Char('?'))
        );
    }
}
