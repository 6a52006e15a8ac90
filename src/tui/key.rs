//! Keys as the actions table names them.

use std::fmt;
use std::str::FromStr;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// A key press. Alt is never bound: many terminals keep it for themselves.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Key {
    /// A character as typed; upper case stands for Shift.
    Char(char),
    /// Ctrl and a letter.
    Ctrl(char),
    /// The arrow.
    Up,
    /// The arrow.
    Down,
    /// The arrow.
    Left,
    /// The arrow.
    Right,
    /// Home.
    Home,
    /// End.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// Enter.
    Enter,
    /// Escape.
    Esc,
    /// Tab.
    Tab,
    /// Shift and Tab.
    BackTab,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
    /// A function key.
    Function(u8),
}

impl Key {
    /// The key of a terminal event; `None` for releases and for what is never bound.
    #[must_use]
    pub fn of_event(event: &KeyEvent) -> Option<Key> {
        if event.kind == KeyEventKind::Release || event.modifiers.contains(KeyModifiers::ALT) {
            return None;
        }
        Some(match event.code {
            KeyCode::Char(letter) if event.modifiers.contains(KeyModifiers::CONTROL) => {
                Key::Ctrl(letter.to_ascii_lowercase())
            }
            KeyCode::Char(letter) => Key::Char(letter),
            KeyCode::Up => Key::Up,
            KeyCode::Down => Key::Down,
            KeyCode::Left => Key::Left,
            KeyCode::Right => Key::Right,
            KeyCode::Home => Key::Home,
            KeyCode::End => Key::End,
            KeyCode::PageUp => Key::PageUp,
            KeyCode::PageDown => Key::PageDown,
            KeyCode::Enter => Key::Enter,
            KeyCode::Esc => Key::Esc,
            KeyCode::Tab => Key::Tab,
            KeyCode::BackTab => Key::BackTab,
            KeyCode::Backspace => Key::Backspace,
            KeyCode::Delete => Key::Delete,
            KeyCode::F(number) => Key::Function(number),
            _ => return None,
        })
    }
}

/// The keys with names, each as it is told.
const NAMED: [(Key, &str); 15] = [
    (Key::Char(' '), "space"),
    (Key::Up, "up"),
    (Key::Down, "down"),
    (Key::Left, "left"),
    (Key::Right, "right"),
    (Key::Home, "Home"),
    (Key::End, "End"),
    (Key::PageUp, "PgUp"),
    (Key::PageDown, "PgDn"),
    (Key::Enter, "Enter"),
    (Key::Esc, "Esc"),
    (Key::Tab, "Tab"),
    (Key::BackTab, "Shift-Tab"),
    (Key::Backspace, "Backspace"),
    (Key::Delete, "Delete"),
];

/// The last function key that terminals agree about.
const LAST_FUNCTION: u8 = 12;

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = NAMED.iter().find(|(key, _)| key == self);
        match (named, self) {
            (Some((_, name)), _) => f.pad(name),
            (None, Key::Char(letter)) => f.pad(letter.encode_utf8(&mut [0; 4])),
            (None, Key::Ctrl(letter)) => f.pad(&format!("Ctrl-{letter}")),
            (None, Key::Function(number)) => f.pad(&format!("F{number}")),
            // Every other key has a name, as a test sees.
            (None, other) => f.pad(&format!("{other:?}")),
        }
    }
}

/// Why a text names no key that can be bound.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum KeyError {
    /// It names no key at all.
    #[error("found {0:?}, expected a key such as K, Ctrl-r, F1, space, Enter, PgDn or left")]
    Unknown(String),
    /// Terminals send the same for it as for another key, or keep it.
    #[error("key {key} cannot be bound: {reason}")]
    Unusable {
        /// As it was written.
        key: String,
        /// What becomes of it.
        reason: &'static str,
    },
}

impl FromStr for Key {
    type Err = KeyError;

    /// Reads a key as it prints; names are read whatever their case.
    fn from_str(text: &str) -> Result<Key, KeyError> {
        let mut letters = text.chars();
        if let (Some(letter), None) = (letters.next(), letters.next())
            && !letter.is_control()
        {
            return Ok(Key::Char(letter));
        }
        let named = NAMED
            .iter()
            .find(|(_, name)| name.eq_ignore_ascii_case(text));
        if let Some((key, _)) = named {
            return Ok(*key);
        }
        if let Some(reason) = unusable(text) {
            let key = text.to_owned();
            return Err(KeyError::Unusable { key, reason });
        }
        function(text)
            .or_else(|| control(text))
            .ok_or_else(|| KeyError::Unknown(text.to_owned()))
    }
}

fn function(text: &str) -> Option<Key> {
    let number = text.strip_prefix(['F', 'f'])?.parse().ok()?;
    (1..=LAST_FUNCTION)
        .contains(&number)
        .then_some(Key::Function(number))
}

fn control(text: &str) -> Option<Key> {
    let letter = behind(text, "Ctrl-")?;
    let mut letters = letter.chars();
    match (letters.next(), letters.next()) {
        (Some(letter), None) if letter.is_ascii_alphabetic() => {
            Some(Key::Ctrl(letter.to_ascii_lowercase()))
        }
        _ => None,
    }
}

/// Why a key that a keyboard has does not arrive as itself.
fn unusable(text: &str) -> Option<&'static str> {
    if behind(text, "Alt-").is_some() {
        return Some("many terminals keep Alt for themselves, or send it as Esc and a key");
    }
    if behind(text, "Shift-").is_some() {
        return Some(
            "with Shift only Tab can be told apart; a letter with Shift is its upper case",
        );
    }
    let with_ctrl = behind(text, "Ctrl-")?;
    match with_ctrl.to_ascii_lowercase().as_str() {
        "h" => Some("terminals send the same for it as for Backspace"),
        "i" => Some("terminals send the same for it as for Tab"),
        "j" | "m" => Some("terminals send the same for it as for Enter"),
        "[" => Some("terminals send the same for it as for Esc"),
        "s" | "q" => Some("terminals take it for themselves, to stop and to resume output"),
        letter if letter.len() == 1 && letter.chars().all(|one| one.is_ascii_alphabetic()) => None,
        _ => Some("terminals tell Ctrl apart with letters only"),
    }
}

fn behind<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_become_keys_and_keys_have_names() {
        let rows = [
            (
                KeyCode::Char('K'),
                KeyModifiers::SHIFT,
                Some(Key::Char('K')),
                "K",
            ),
            (
                KeyCode::Char('r'),
                KeyModifiers::CONTROL,
                Some(Key::Ctrl('r')),
                "Ctrl-r",
            ),
            (
                KeyCode::Char(' '),
                KeyModifiers::NONE,
                Some(Key::Char(' ')),
                "space",
            ),
            (
                KeyCode::F(1),
                KeyModifiers::NONE,
                Some(Key::Function(1)),
                "F1",
            ),
            (
                KeyCode::PageDown,
                KeyModifiers::NONE,
                Some(Key::PageDown),
                "PgDn",
            ),
            (KeyCode::Char('x'), KeyModifiers::ALT, None, ""),
            (KeyCode::CapsLock, KeyModifiers::NONE, None, ""),
        ];
        for (code, modifiers, key, name) in rows {
            let found = Key::of_event(&KeyEvent::new(code, modifiers));
            assert_eq!(found, key, "{code:?}");
            assert_eq!(found.map(|key| key.to_string()).unwrap_or_default(), name);
        }
        let release =
            KeyEvent::new_with_kind(KeyCode::Enter, KeyModifiers::NONE, KeyEventKind::Release);
        assert_eq!(Key::of_event(&release), None);
    }

    #[test]
    fn keys_are_read_as_they_print() {
        let letters = ('!'..='~').map(Key::Char).chain([Key::Char('ä')]);
        let controls = ('a'..='z')
            .filter(|letter| !"hijmqs".contains(*letter))
            .map(Key::Ctrl);
        let functions = (1..=12).map(Key::Function);
        let named = NAMED.iter().map(|(key, _)| *key);
        for key in letters.chain(controls).chain(functions).chain(named) {
            assert_eq!(key.to_string().parse(), Ok(key));
        }
        for (text, key) in [
            ("pgdn", Key::PageDown),
            ("SPACE", Key::Char(' ')),
            (" ", Key::Char(' ')),
            ("ctrl-R", Key::Ctrl('r')),
            ("f10", Key::Function(10)),
            ("shift-tab", Key::BackTab),
        ] {
            assert_eq!(text.parse(), Ok(key), "{text}");
        }
    }

    #[test]
    fn what_is_no_key_or_cannot_be_told_apart_is_refused() {
        let unknown = |text: &str| {
            format!(
                "found {text:?}, expected a key such as K, Ctrl-r, F1, space, Enter, PgDn or left"
            )
        };
        for text in ["", "Kk", "F0", "F13", "Fx", "\u{1b}", "enter!", "Ctrl"] {
            let error = text.parse::<Key>().expect_err(text);
            assert_eq!(error.to_string(), unknown(text));
        }
        for (text, reason) in [
            ("Ctrl-h", "terminals send the same for it as for Backspace"),
            ("Ctrl-I", "terminals send the same for it as for Tab"),
            ("ctrl-j", "terminals send the same for it as for Enter"),
            ("Ctrl-m", "terminals send the same for it as for Enter"),
            ("Ctrl-[", "terminals send the same for it as for Esc"),
            (
                "Ctrl-s",
                "terminals take it for themselves, to stop and to resume output",
            ),
            (
                "Ctrl-q",
                "terminals take it for themselves, to stop and to resume output",
            ),
            ("Ctrl-1", "terminals tell Ctrl apart with letters only"),
            ("Ctrl-left", "terminals tell Ctrl apart with letters only"),
            ("Ctrl-", "terminals tell Ctrl apart with letters only"),
            (
                "Alt-x",
                "many terminals keep Alt for themselves, or send it as Esc and a key",
            ),
            (
                "Shift-up",
                "with Shift only Tab can be told apart; a letter with Shift is its upper case",
            ),
        ] {
            let error = text.parse::<Key>().expect_err(text);
            assert_eq!(
                error.to_string(),
                format!("key {text} cannot be bound: {reason}")
            );
        }
    }
}
