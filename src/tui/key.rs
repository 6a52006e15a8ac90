//! Keys as the actions table names them.

use std::fmt;

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

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Key::Char(' ') => "space",
            Key::Char(letter) => return f.pad(letter.encode_utf8(&mut [0; 4])),
            Key::Ctrl(letter) => return f.pad(&format!("Ctrl-{letter}")),
            Key::Function(number) => return f.pad(&format!("F{number}")),
            Key::Up => "up",
            Key::Down => "down",
            Key::Left => "left",
            Key::Right => "right",
            Key::Home => "Home",
            Key::End => "End",
            Key::PageUp => "PgUp",
            Key::PageDown => "PgDn",
            Key::Enter => "Enter",
            Key::Esc => "Esc",
            Key::Tab => "Tab",
            Key::BackTab => "Shift-Tab",
            Key::Backspace => "Backspace",
            Key::Delete => "Delete",
        };
        f.pad(name)
    }
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
}
