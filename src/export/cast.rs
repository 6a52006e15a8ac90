//! What a terminal is sent over time, as an asciicast (version 2): a line of JSON for the head, and one for each piece
//! of output with its moment. Players are found in browsers and terminals. No clock is asked: the same pieces and pauses
//! give the same bytes.

use serde::Serialize;

/// The first line.
#[derive(Serialize)]
struct Head<'a> {
    version: u32,
    width: u16,
    height: u16,
    title: &'a str,
    env: Environment,
}

#[derive(Serialize)]
struct Environment {
    #[serde(rename = "TERM")]
    term: &'static str,
}

/// A recording that is being made.
#[derive(Debug)]
pub struct Cast {
    lines: String,
    /// Milliseconds since the begin, before the speed is taken into account.
    now: u64,
    speed: f64,
}

impl Cast {
    /// A recording of a terminal of so many columns and rows; `speed` is how many times faster than it was paced.
    #[must_use]
    pub fn new(size: (u16, u16), title: &str, speed: f64) -> Cast {
        let mut cast = Cast {
            lines: String::new(),
            now: 0,
            speed,
        };
        cast.line(&Head {
            version: 2,
            width: size.0,
            height: size.1,
            title,
            env: Environment {
                term: "xterm-256color",
            },
        });
        cast
    }

    /// The terminal is sent this now. What is no text in UTF-8 is none of ours.
    pub fn output(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.event(&String::from_utf8_lossy(bytes));
        }
    }

    /// So many milliseconds pass.
    pub fn wait(&mut self, milliseconds: u64) {
        self.now += milliseconds;
    }

    /// The whole recording; the last picture stays for as long as was waited since.
    #[must_use]
    pub fn finish(mut self) -> String {
        self.event("");
        self.lines
    }

    fn event(&mut self, text: &str) {
        let seconds = self.now as f64 / 1000.0 / self.speed;
        // Thousandths are finer than anybody sees.
        let seconds = (seconds * 1000.0).round() / 1000.0;
        self.line(&(seconds, "o", text));
    }

    fn line(&mut self, value: &impl Serialize) {
        // Numbers and texts always become JSON.
        if let Ok(line) = serde_json::to_string(value) {
            self.lines.push_str(&line);
            self.lines.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_is_a_head_and_events_in_time() {
        let mut cast = Cast::new((80, 24), "a \"title\"", 2.0);
        cast.output(b"\x1b[2J\xE2\x96\x90");
        cast.wait(1500);
        cast.output(b"");
        cast.output(b"\r\n");
        cast.wait(1001);
        let lines: Vec<serde_json::Value> = cast
            .finish()
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect();
        assert_eq!(
            lines,
            [
                serde_json::json!({"version": 2, "width": 80, "height": 24, "title": "a \"title\"", "env": {"TERM": "xterm-256color"}}),
                serde_json::json!([0.0, "o", "\u{1b}[2J\u{2590}"]),
                serde_json::json!([0.75, "o", "\r\n"]),
                serde_json::json!([1.251, "o", ""]),
            ]
        );
    }
}
