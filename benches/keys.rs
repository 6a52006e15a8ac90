//! Keys and frames of the explorer in a real terminal: how long from a key to its effect on the screen, and how many
//! frames and bytes a second, with nothing running and beside workloads.
//!
//! The prompt is opened and closed; the time counts from the key's first byte to the last byte of the frame.

#[expect(dead_code, reason = "the tests' terminal does more than a bench needs")]
#[path = "../tests/explorer/terminal.rs"]
mod terminal;

use std::time::{Duration, Instant};

use terminal::{Setup, Terminal};

/// A workload that is never seen to end.
const ENDLESS: &str = "run random ops=4000000000 sizes=16..512 live=1000 seed=7";

/// One with so many blocks that the map has many to a cell.
const LARGE: &str = "run random ops=4000000000 sizes=16..512 live=100000 seed=7";

/// What runs, in words and as typed.
const LOADS: [(&str, &[&str]); 4] = [
    ("nothing", &[]),
    ("1,000 live", &[ENDLESS]),
    ("1,000 live, HeapLock", &["lock", ENDLESS]),
    ("100,000 live", &[LARGE]),
];

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

/// The time from a key to the whole frame that shows its effect.
fn answer_time(terminal: &mut Terminal, key: &str, effect: impl Fn(&str) -> bool) -> Duration {
    let pressed = Instant::now();
    terminal.press(key);
    terminal.wait(key, effect);
    pressed.elapsed()
}

/// What lies between two keys of a person who types fast, never quite the same.
fn pause(number: usize) {
    let milliseconds = 40 + number * 7 % 33;
    std::thread::sleep(Duration::from_millis(milliseconds as u64));
}

/// Times of so many pairs of keys, sorted.
fn answer_times(terminal: &mut Terminal, pairs: usize) -> Vec<Duration> {
    let open = |screen: &str| screen.lines().any(|row| row == ":");
    let mut times = Vec::new();
    for pair in 0..pairs {
        pause(pair);
        times.push(answer_time(terminal, ":", open));
        pause(pair + 13);
        times.push(answer_time(terminal, "\x1b", |screen| !open(screen)));
    }
    times.sort();
    times
}

/// Frames and bytes a second over so many frames; none where nothing is drawn.
fn rates(terminal: &mut Terminal, frames: usize) -> (f64, f64) {
    let (begun, before, bytes) = (Instant::now(), terminal.frames(), terminal.seen().len());
    terminal.wait_until("frames", |terminal| terminal.frames() >= before + frames);
    let seconds = begun.elapsed().as_secs_f64();
    let drawn = (terminal.frames() - before) as f64;
    let written = (terminal.seen().len() - bytes) as f64;
    (drawn / seconds, written / seconds)
}

fn main() {
    // `cargo test --benches` only wants to know that it works.
    let measured = std::env::args().any(|argument| argument == "--bench");
    let (pairs, frames) = if measured { (50, 150) } else { (2, 5) };
    println!("size     beside                  median      p95      max  frames/s    KiB/s");
    for (columns, rows) in SIZES {
        for (words, lines) in LOADS {
            let mut terminal = Setup::heapwalk(&[]).size(columns, rows).start();
            for line in lines {
                terminal.run(line);
                terminal.wait("the answer", |screen| screen.contains("q quit"));
            }
            let (drawn, written) = if lines.is_empty() {
                (0.0, 0.0)
            } else {
                rates(&mut terminal, frames)
            };
            let times = answer_times(&mut terminal, pairs);
            let at = |part: usize| times[(times.len() - 1) * part / 100].as_secs_f64() * 1e3;
            println!(
                "{:8} {words:20} {:6.1} ms {:5.1} ms {:5.1} ms {drawn:9.1} {:8.1}",
                format!("{columns}x{rows}"),
                at(50),
                at(95),
                at(100),
                written / 1024.0
            );
            terminal.press("\x03");
            terminal.press("\x03");
            assert_eq!(terminal.ended().code, 0);
        }
    }
}
