//! Nothing to do costs nothing; much to do keeps nobody waiting, whatever the terminal takes.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::process::{memory, state_and_work, wake_ups};
use crate::running::{ENDLESS, operations};
use crate::terminal::{Reading, Setup, Terminal};

/// How long an idle explorer is watched.
const WATCHED: Duration = Duration::from_secs(2);

/// A workload that does nothing for so long is paused.
const RESTED: Duration = Duration::from_millis(300);

/// A key's effect is to be seen within this time.
const ANSWERED: Duration = Duration::from_millis(50);

/// What a machine busy with other tests may take longer than [`ANSWERED`].
const LOADED: u32 = 10;

/// Keys timed.
const KEYS: usize = 40;

/// KiB that a process may grow by and still count as not growing.
const STEADY: u64 = 24 << 10;

/// Neither a byte nor a wake-up of any thread, over two seconds, once what was begun has come to rest.
///
/// The test looks again and again until it finds such a time; an explorer that ticks never lets it.
#[test]
fn doing_nothing_costs_nothing() {
    for setting in ["", "lock", "run random ops=1000 seed=7"] {
        let mut terminal = Terminal::start(&[]);
        if !setting.is_empty() {
            terminal.run(setting);
            terminal.wait("the answer", |screen| screen.contains("q quit"));
        }
        let process = terminal.process();
        let mut quiet = (Instant::now(), 0, 0);
        terminal.wait_until("two seconds of rest", |terminal| {
            let (written, woken) = (terminal.seen().len(), wake_ups(process));
            if (written, woken) != (quiet.1, quiet.2) {
                quiet = (Instant::now(), written, woken);
            }
            quiet.0.elapsed() >= WATCHED
        });
        terminal.press("q");
        assert_eq!(terminal.ended().code, 0);
    }
}

/// The time from a key to the whole frame that shows its effect.
fn answer_time(terminal: &mut Terminal, key: &str, effect: impl Fn(&str) -> bool) -> Duration {
    let pressed = Instant::now();
    terminal.press(key);
    terminal.wait(key, effect);
    pressed.elapsed()
}

/// Times of [`KEYS`] keys, sorted: the prompt opens and closes.
fn answer_times(terminal: &mut Terminal) -> Vec<Duration> {
    let open = |screen: &str| screen.lines().any(|row| row == ":");
    let mut times = Vec::new();
    for _ in 0..KEYS / 2 {
        times.push(answer_time(terminal, ":", open));
        times.push(answer_time(terminal, "\x1b", |screen| !open(screen)));
    }
    times.sort();
    times
}

/// The time that 19 of 20 keys do not exceed.
fn most(times: &[Duration]) -> Duration {
    times[times.len() * 19 / 20]
}

/// Thirty frames a second, or about, and keys answered at once, while the heap does a million operations a second.
#[test]
fn a_flat_out_workload_keeps_no_key_waiting() {
    let mut idle = Setup::heapwalk(&[]).size(120, 40).start();
    let alone = answer_times(&mut idle);
    idle.press("q");
    idle.ended();

    for lock in [false, true] {
        let mut terminal = Setup::heapwalk(&[]).size(120, 40).start();
        if lock {
            terminal.run("lock");
            terminal.wait_for("HeapLock(heap) = TRUE");
        }
        terminal.run(ENDLESS);
        let screen = terminal.wait_for("▶ 0 %");
        let (begun, frames, done) = (Instant::now(), terminal.frames(), operations(&screen));
        let times = answer_times(&mut terminal);
        terminal.wait_until("sixty frames", |terminal| terminal.frames() >= frames + 60);
        let seconds = begun.elapsed().as_secs_f64();
        let rate = (terminal.frames() - frames) as f64 / seconds;
        let screen = terminal.wait("further operations", |screen| operations(screen) > done);
        println!(
            "lock {lock}: 19 of 20 keys within {:?} ({:?} with nothing running), \
             {rate:.0} frames/s, {:.0} operations/s",
            most(&times),
            most(&alone),
            (operations(&screen) - done) as f64 / seconds
        );
        let allowed = ANSWERED.max(most(&alone) * LOADED).min(ANSWERED * LOADED);
        assert!(most(&times) <= allowed, "{times:?}\nalone {alone:?}");
        // Sixty is what keys may bring about; a machine busy with other tests gives fewer than thirty.
        assert!((5.0..=63.0).contains(&rate), "{rate} frames/s");
        terminal.press("\x03");
        terminal.wait("the end of the workload", |screen| !screen.contains('▶'));
        terminal.press("q");
        assert_eq!(terminal.ended().code, 0);
    }
}

/// Work done by the process for half a second, whatever the terminal takes meanwhile.
fn let_it_work(terminal: &mut Terminal) {
    let process = terminal.process();
    let (_, before) = state_and_work(process);
    terminal.wait_until("work done meanwhile", |_| {
        state_and_work(process).1 > before + 50
    });
}

#[test]
fn a_slow_reader_gets_fewer_frames_and_the_last_state() {
    for reading in [Reading::Slow(205), Reading::Not] {
        let mut terminal = Setup::heapwalk(&[]).size(120, 40).start();
        // What is measured is what frames leave behind, not the checkpoints of the past.
        terminal.run("history 1M");
        terminal.run(ENDLESS);
        terminal.wait_for("▶ 0 %");
        let_it_work(&mut terminal);
        let process = terminal.process();
        let before = memory(process);
        let frames = terminal.frames();

        terminal.read(reading);
        let begun = Instant::now();
        for _ in 0..6 {
            let_it_work(&mut terminal);
        }
        let elapsed = begun.elapsed();
        let rate = (terminal.frames() - frames) as f64 / elapsed.as_secs_f64();
        assert!(rate < 10.0, "{rate} frames/s, {reading:?}");

        // Keys are heard, though their echo has to wait.
        terminal.press(" ");
        let mut rest = (Instant::now(), 0);
        terminal.wait_until("the pause", |_| {
            let (_, work) = state_and_work(process);
            if work > rest.1 {
                rest = (Instant::now(), work);
            }
            rest.0.elapsed() >= RESTED
        });
        let after = memory(process);
        assert!(after < before + STEADY, "{before} -> {after} KiB");

        // Typed where nobody sees it yet.
        terminal.press(":say \"still here\"\r");
        terminal.read(Reading::Fast);
        let screen = terminal.wait("the last state", |screen| {
            screen.contains("still here")
                && screen.contains("‖ paused")
                && screen.contains("q quit")
        });
        let rest = operations(&screen);
        // Drawn anew it is the same: nothing was lost on the way.
        let seen = terminal.seen().len();
        terminal.signal(Signal::CONT);
        terminal.wait_until("the screen drawn anew", |terminal| {
            terminal.seen()[seen..]
                .windows(8)
                .any(|bytes| bytes == b"\x1b[?2026l")
        });
        let again = terminal.wait("the same picture", |again| again == screen);
        assert_eq!(operations(&again), rest);
        terminal.press("q");
        assert_eq!(terminal.ended().code, 0);
    }
}
