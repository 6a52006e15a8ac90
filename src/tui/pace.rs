//! When the next frame may be drawn. Knows no clock: it is told the time.

use std::time::{Duration, Instant};

/// News get at most one part in this many of a slow line's time, so that answers find it free.
const WRITING_SHARE: u32 = 3;

/// What a frame is drawn for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Reason {
    /// The heap goes on by itself.
    News,
    /// A person pressed a key, or is answered.
    Answer,
}

/// The pace of frames on one line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// The least time between two frames that only tell news.
    news: Duration,
    /// When the last frame was begun, and how long it took to write, as far as is known.
    last: Option<(Instant, Duration)>,
}

impl Pace {
    /// Before the first frame.
    pub(super) fn new(frames_per_second: u32) -> Pace {
        Pace {
            news: Duration::from_secs(1) / frames_per_second.max(1),
            last: None,
        }
    }

    /// A frame is begun.
    pub(super) fn begin(&mut self, now: Instant) {
        self.last = Some((now, Duration::ZERO));
    }

    /// The frame is out.
    pub(super) fn written(&mut self, now: Instant) {
        if let Some((begun, took)) = &mut self.last {
            *took = now.saturating_duration_since(*begun);
        }
    }

    /// How long to wait, from `now` on, until a frame may be drawn for this reason.
    pub(super) fn wait(&self, reason: Reason, now: Instant) -> Duration {
        let Some((begun, took)) = self.last else {
            return Duration::ZERO;
        };
        let least = match reason {
            Reason::News => self.news.max(took.saturating_mul(WRITING_SHARE)),
            Reason::Answer => self.news / 2,
        };
        least.saturating_sub(now.saturating_duration_since(begun))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames drawn in ten seconds of never-ending news on a line that takes `line` for each.
    fn frames(line: Duration) -> u32 {
        let start = Instant::now();
        let (mut now, mut pace, mut frames) = (start, Pace::new(25), 0);
        loop {
            now += pace.wait(Reason::News, now);
            if now - start >= Duration::from_secs(10) {
                return frames;
            }
            pace.begin(now);
            now += line;
            pace.written(now);
            frames += 1;
        }
    }

    #[test]
    fn a_slow_line_gets_fewer_frames() {
        for (line, expected) in [(0, 250), (1, 250), (13, 250), (100, 34), (1000, 4)] {
            assert_eq!(frames(Duration::from_millis(line)), expected, "{line} ms");
        }
    }

    /// Milliseconds that a frame took, that went by since its begin; waits of news and of answers.
    #[test]
    fn answers_do_not_wait_as_news_do() {
        let rows = [
            (0, 0, 40, 20),
            (2, 2, 38, 18),
            (2, 20, 20, 0),
            (2, 40, 0, 0),
            (400, 400, 800, 0),
            (400, 1100, 100, 0),
            (400, 2000, 0, 0),
        ];
        let start = Instant::now();
        let after = |milliseconds| start + Duration::from_millis(milliseconds);
        for (took, passed, news, answer) in rows {
            let mut pace = Pace::new(25);
            assert_eq!(pace.wait(Reason::News, start), Duration::ZERO);
            pace.begin(start);
            pace.written(after(took));
            let wait = |reason| pace.wait(reason, after(passed)).as_millis();
            assert_eq!(
                (wait(Reason::News), wait(Reason::Answer)),
                (news, answer),
                "{took} ms, after {passed} ms"
            );
        }
    }
}
