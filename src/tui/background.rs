//! The background of the terminal, asked of the terminal itself (OSC 11).
//!
//! Nobody waits for the answer. It comes among the keys, at once or seconds later over a slow line, and is picked out
//! of them there: as keys its letters would free blocks. A terminal that does not know the question ignores it.

use std::time::{Duration, Instant};

use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use xterm_color::Color;

use super::environment::Appearance;

/// What the terminal is asked. Ended by BEL: some terminals end their answer as the question ends, and one of them
/// (urxvt) forgets half of the other end.
pub(super) const QUESTION: &[u8] = b"\x1b]11;?\x07";

/// How every answer begins.
const HEAD: &str = "\x1b]11;";

/// The longest colour that is part of an answer: `rgba:ffff/ffff/ffff/ffff` with room to spare.
const LONGEST: usize = 40;

/// What Alt and a key sends; an answer that has begun is longer.
const ALT_KEY: usize = "\x1b]".len();

/// How long the keys that may begin an answer are kept back.
const BEGINNING: Duration = Duration::from_millis(20);

/// How long the rest of an answer may take that has begun.
const REST: Duration = Duration::from_secs(1);

/// How long after the question an Esc is taken for the possible beginning of an answer in two pieces.
const EXPECTED: Duration = Duration::from_secs(10);

/// Whether a terminal of this name is asked. The others show the question, or answer for somebody else.
#[must_use]
pub fn can_be_asked(term: &str) -> bool {
    !matches!(term, "" | "dumb" | "linux" | "screen" | "Eterm") && !term.starts_with("screen.")
}

/// What the terminal sent, as far as it is understood.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Heard {
    /// What it is for others to understand.
    Event(Event),
    /// Its background.
    Background(Appearance),
}

/// Finds the answer among what the terminal sends.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// When the question was asked that is not answered.
    asked: Option<Instant>,
    /// Kept back, because it may be an answer; and its characters.
    held: Vec<Event>,
    text: String,
}

/// What some characters are.
#[derive(PartialEq, Eq, Debug)]
enum Verdict<'a> {
    /// They may become an answer.
    Beginning,
    /// They are one without its end.
    Part,
    /// This colour.
    Answer(&'a str),
    /// Something that began as an answer does.
    Broken,
    /// Something else.
    Other,
}

impl Answers {
    /// Expects an answer if it was asked for, or none.
    pub(super) fn to(asked: Option<Instant>) -> Answers {
        Answers {
            asked,
            ..Answers::default()
        }
    }

    /// How long to wait for what follows; `None` when nothing is kept back.
    pub(super) fn patience(&self) -> Option<Duration> {
        if self.held.is_empty() {
            None
        } else if self.text.len() > ALT_KEY {
            Some(REST)
        } else {
            Some(BEGINNING)
        }
    }

    /// Nothing followed: what was kept back was no answer, or the rest of it is lost.
    pub(super) fn give_up(&mut self) -> Vec<Heard> {
        let is_answer = self.text.starts_with(HEAD);
        self.text.clear();
        let held = std::mem::take(&mut self.held);
        if is_answer {
            return Vec::new();
        }
        held.into_iter().map(Heard::Event).collect()
    }

    /// Takes in what the terminal sent at `now`; answers with what can be passed on.
    pub(super) fn hear(&mut self, event: Event, now: Instant) -> Vec<Heard> {
        let piece = match &event {
            Event::Key(key) => characters(key),
            Event::Paste(_) => None,
            // What the mouse and the window do comes in between.
            _ => return vec![Heard::Event(event)],
        };
        let may_begin = piece
            .as_deref()
            .is_some_and(|piece| self.begins(piece, now));
        let Some(piece) = piece.filter(|_| may_begin || !self.held.is_empty()) else {
            let mut heard = self.give_up();
            heard.push(Heard::Event(event));
            return heard;
        };
        self.text.push_str(&piece);
        self.held.push(event);
        match judge(&self.text) {
            Verdict::Beginning | Verdict::Part => Vec::new(),
            Verdict::Answer(color) => {
                let appearance = appearance(color);
                self.asked = None;
                self.text.clear();
                self.held.clear();
                appearance.map(Heard::Background).into_iter().collect()
            }
            // The last key was a person's, or the answer is none that is known.
            Verdict::Broken | Verdict::Other => {
                let last = self.held.pop();
                self.text.truncate(self.text.len() - piece.len());
                let mut heard = self.give_up();
                if let Some(event) = last {
                    heard.extend(self.hear(event, now));
                }
                heard
            }
        }
    }

    /// Whether an answer may begin with these characters.
    fn begins(&self, piece: &str, now: Instant) -> bool {
        let expected = self
            .asked
            .is_some_and(|asked| now.saturating_duration_since(asked) < EXPECTED);
        // Alt and `]` is no key of ours. Esc is one, and so is told late only while an answer may come.
        piece == "\x1b]" || (expected && piece == "\x1b")
    }
}

/// The characters that a terminal sends for a key, of those that answers consist of.
fn characters(key: &KeyEvent) -> Option<String> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    let modifiers = key.modifiers.difference(KeyModifiers::SHIFT);
    match key.code {
        KeyCode::Esc if modifiers.is_empty() => Some("\x1b".to_owned()),
        KeyCode::Char(letter) if modifiers.is_empty() => Some(letter.to_string()),
        KeyCode::Char(letter) if modifiers == KeyModifiers::ALT => Some(format!("\x1b{letter}")),
        KeyCode::Char('g') if modifiers == KeyModifiers::CONTROL => Some("\x07".to_owned()),
        _ => None,
    }
}

fn judge(text: &str) -> Verdict<'_> {
    if HEAD.starts_with(text) {
        return Verdict::Beginning;
    }
    let Some(body) = text.strip_prefix(HEAD) else {
        return Verdict::Other;
    };
    let ended = body
        .strip_suffix('\x07')
        .or_else(|| body.strip_suffix("\x1b\\"));
    let color = ended.unwrap_or_else(|| body.strip_suffix('\x1b').unwrap_or(body));
    let is_color = |letter: char| letter.is_ascii_alphanumeric() || "#:/.-".contains(letter);
    if color.len() > LONGEST || !color.chars().all(is_color) {
        Verdict::Broken
    } else if ended.is_some() {
        Verdict::Answer(color)
    } else {
        Verdict::Part
    }
}

/// Whether letters on this colour have to be dark; `None` if it cannot be read.
fn appearance(color: &str) -> Option<Appearance> {
    /// The luminance of the middle grey that the eye sees halfway between black and white.
    const MIDDLE: f64 = 0.184;
    let color = Color::parse(color.as_bytes()).ok()?;
    let linear = |channel: u16| {
        let value = f64::from(channel) / f64::from(u16::MAX);
        if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    };
    let luminance =
        0.2126 * linear(color.red) + 0.7152 * linear(color.green) + 0.0722 * linear(color.blue);
    Some(if luminance > MIDDLE {
        Appearance::Light
    } else {
        Appearance::Dark
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(code: KeyCode, modifiers: KeyModifiers) -> Event {
        Event::Key(KeyEvent::new(code, modifiers))
    }

    /// The events that crossterm makes of bytes that arrive in one piece.
    fn events(piece: &str) -> Vec<Event> {
        let mut events = Vec::new();
        let mut letters = piece.chars().peekable();
        while let Some(letter) = letters.next() {
            events.push(match (letter, letters.peek()) {
                ('\x1b', Some(next)) if *next != '\x1b' => {
                    let next = key(KeyCode::Char(*next), KeyModifiers::ALT);
                    letters.next();
                    next
                }
                ('\x1b', _) => key(KeyCode::Esc, KeyModifiers::NONE),
                ('\x07', _) => key(KeyCode::Char('g'), KeyModifiers::CONTROL),
                (letter, _) if letter.is_uppercase() => {
                    key(KeyCode::Char(letter), KeyModifiers::SHIFT)
                }
                (letter, _) => key(KeyCode::Char(letter), KeyModifiers::NONE),
            });
        }
        events
    }

    fn heard(answers: &mut Answers, pieces: &[&str]) -> Vec<Heard> {
        let now = Instant::now();
        pieces
            .iter()
            .flat_map(|piece| events(piece))
            .flat_map(|event| answers.hear(event, now))
            .collect()
    }

    fn keys(text: &str) -> Vec<Heard> {
        events(text).into_iter().map(Heard::Event).collect()
    }

    #[test]
    fn an_answer_is_found_however_it_comes() {
        let light = vec![Heard::Background(Appearance::Light)];
        let dark = vec![Heard::Background(Appearance::Dark)];
        for (pieces, expected) in [
            (&["\x1b]11;rgb:ffff/FFFF/ffff\x07"][..], &light),
            (&["\x1b]11;rgb:fd/f6/e3\x1b\\"], &light),
            (&["\x1b]11;rgba:0000/0000/0000/ffff\x07"], &dark),
            (&["\x1b]11;rgb:0000/2b2b/3636\x1b\\"], &dark),
            // In two pieces, the Esc alone in one of them.
            (&["\x1b", "]11;rgb:ffff/ffff/ffff\x07"], &light),
            (&["\x1b]11;rgb:ff", "ff/ffff/ffff\x1b", "\\"], &light),
            (&["\x1b]1", "1;rgb:0000/0000/0000\x07"], &dark),
        ] {
            let mut answers = Answers::to(Some(Instant::now()));
            assert_eq!(&heard(&mut answers, pieces), expected, "{pieces:?}");
            assert_eq!(answers.patience(), None, "nothing is kept back");
            // Another one is none of a person's keys either.
            assert_eq!(&heard(&mut answers, &[&pieces.concat()]), expected);
        }
    }

    #[test]
    fn what_a_person_types_arrives_as_it_was_typed() {
        for text in [
            "f",
            "]11;",
            "K\x1b",
            "\x1bq",
            "\x1b]x",
            "\x1b]1\x1b]2",
            "\x1b\x1b",
            "\x07",
        ] {
            for asked in [None, Some(Instant::now())] {
                let mut answers = Answers::to(asked);
                let pieces: Vec<String> = text.chars().map(String::from).collect();
                let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
                let expected: Vec<Heard> = pieces.iter().flat_map(|piece| keys(piece)).collect();
                let mut all = heard(&mut answers, &pieces);
                all.extend(answers.give_up());
                assert_eq!(all, expected, "{text:?} {asked:?}");
            }
        }
    }

    #[test]
    fn keys_typed_into_an_answer_are_kept_and_the_answer_is_not() {
        let mut answers = Answers::default();
        let all = heard(&mut answers, &["\x1b]11;rgb:ffff", "!", "K"]);
        assert_eq!(all, keys("!K"));
        // So long that it can be no colour: what follows is typed.
        let long = format!("\x1b]11;{}", "f".repeat(LONGEST));
        assert_eq!(heard(&mut answers, &[&long]), []);
        assert_eq!(heard(&mut answers, &["f"]), keys("f"));
        // A rest that does not come is no reason to read the beginning as keys.
        assert_eq!(heard(&mut answers, &["\x1b]11;rgb:ff"]), []);
        assert_eq!(answers.patience(), Some(REST));
        assert_eq!(answers.give_up(), []);
        assert_eq!(heard(&mut answers, &["j"]), keys("j"));
    }

    #[test]
    fn esc_is_kept_back_only_while_an_answer_is_expected() {
        let asked = Instant::now();
        let esc = || key(KeyCode::Esc, KeyModifiers::NONE);
        for (answers, now, patience) in [
            (Answers::default(), asked, None),
            (Answers::to(Some(asked)), asked, Some(BEGINNING)),
            (Answers::to(Some(asked)), asked + EXPECTED, None),
        ] {
            let mut answers = answers;
            let heard = answers.hear(esc(), now);
            assert_eq!(
                (heard.is_empty(), answers.patience()),
                (patience.is_some(), patience)
            );
        }
        let mut answers = Answers::to(Some(asked));
        heard(&mut answers, &["\x1b]11;rgb:0/0/0\x07"]);
        assert_eq!(answers.hear(esc(), asked), [Heard::Event(esc())]);
    }

    #[test]
    fn the_mouse_and_pasted_text_lose_nothing() {
        let mut answers = Answers::to(Some(Instant::now()));
        let resize = Event::Resize(3, 4);
        let paste = Event::Paste("text".to_owned());
        let now = Instant::now();
        assert_eq!(heard(&mut answers, &["\x1b]1"]), []);
        assert_eq!(answers.hear(resize.clone(), now), [Heard::Event(resize)]);
        let expected: Vec<Heard> = keys("\x1b]1")
            .into_iter()
            .chain([Heard::Event(paste.clone())])
            .collect();
        assert_eq!(answers.hear(paste, now), expected);
    }

    #[test]
    fn backgrounds_of_known_themes_are_told_apart() {
        for (color, expected) in [
            ("rgb:0000/0000/0000", Some(Appearance::Dark)),
            ("rgb:ffff/ffff/ffff", Some(Appearance::Light)),
            // Solarized, Gruvbox, Dracula, One Light.
            ("rgb:0000/2b2b/3636", Some(Appearance::Dark)),
            ("rgb:fdfd/f6f6/e3e3", Some(Appearance::Light)),
            ("rgb:28/28/28", Some(Appearance::Dark)),
            ("rgb:fb/f1/c7", Some(Appearance::Light)),
            ("#282a36", Some(Appearance::Dark)),
            ("rgb:fa/fa/fa", Some(Appearance::Light)),
            ("rgb:", None),
            ("white", None),
            ("", None),
        ] {
            assert_eq!(appearance(color), expected, "{color}");
        }
    }

    #[test]
    fn terminals_that_mishandle_the_question_are_not_asked() {
        for (term, asked) in [
            ("xterm-256color", true),
            ("tmux-256color", true),
            ("screen-256color", true),
            ("rxvt-unicode", true),
            ("screen", false),
            ("screen.xterm-256color", false),
            ("linux", false),
            ("dumb", false),
            ("", false),
        ] {
            assert_eq!(can_be_asked(term), asked, "{term}");
        }
    }
}
