//! The side that watches: starts the same test in a process of its own and waits until it ends, stands still or dies.

use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use std::{env, fs, thread};

use crate::child::{Cases, REPORT, SEED, seed_given};

/// How long a target runs if nobody says otherwise.
const SECONDS: u64 = 4;
/// One case takes milliseconds. A machine may be slow and busy, but not by this factor.
const STANDSTILL: Duration = Duration::from_secs(30);
/// What the child may take beside running cases: to begin, and for the last round. A tenth of the time if that is more:
/// who fuzzes for an hour does it beside other work, and a round that takes a second may take a minute then.
const GRACE: Duration = Duration::from_secs(60);

/// Runs a target: in this process if it is the child, else in a child that is watched.
pub(crate) fn target(test: &str, run: fn(&mut Cases)) {
    match watched(test, STANDSTILL, run) {
        Ok(said) => println!("{said}"),
        Err(words) => panic!("{words}"),
    }
}

/// The same, with what the child said, or how it failed.
pub(crate) fn watched(
    test: &str,
    standstill: Duration,
    run: fn(&mut Cases),
) -> Result<String, String> {
    if let Some(file) = env::var_os(REPORT) {
        run(&mut Cases::new(Path::new(&file), seconds()));
        return Ok(String::new());
    }
    let folder = tempfile::tempdir().expect("a folder for the child");
    let (report, output) = (folder.path().join("case"), folder.path().join("output"));
    let child = start(test, folder.path(), &report, &output);
    let end = wait(child, &report, standstill);
    let said = fs::read(&output).unwrap_or_default();
    let said = String::from_utf8_lossy(&said);
    let what = match end {
        Ok(status) if status.success() => return Ok(said.into_owned()),
        Ok(status) => format!("the child ended with {status}"),
        Err(words) => words,
    };
    let case = fs::read_to_string(&report).unwrap_or_default();
    Err(format!(
        "{what}\nrepeat with {}\n{}",
        case.trim_end(),
        tail(&said)
    ))
}

fn seconds() -> Duration {
    let given = env::var("HEAPWALK_FUZZ_SECONDS").ok();
    let seconds = given.map_or(SECONDS, |text| {
        text.parse().expect("HEAPWALK_FUZZ_SECONDS: a number")
    });
    Duration::from_secs(seconds)
}

/// Starts the test again, as the child.
fn start(test: &str, folder: &Path, report: &Path, output: &Path) -> Child {
    let seed = seed_given().unwrap_or_else(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        now.map_or(1, |since| since.as_nanos() as u64)
    });
    let written = fs::File::create(output).expect("a file for what the child says");
    Command::new(env::current_exe().expect("this test"))
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(REPORT, report)
        .env(SEED, seed.to_string())
        .env("RUST_BACKTRACE", "1")
        .current_dir(folder)
        .stdout(written.try_clone().expect("the same file"))
        .stderr(written)
        .spawn()
        .expect("this test can be started")
}

/// Waits for the child as long as it goes from case to case.
fn wait(mut child: Child, report: &Path, standstill: Duration) -> Result<ExitStatus, String> {
    let begun = Instant::now();
    let most = seconds() + GRACE.max(seconds() / 10);
    let (mut last, mut since) = (Vec::new(), Instant::now());
    loop {
        if let Some(status) = child.try_wait().expect("the child is ours") {
            return Ok(status);
        }
        let now = fs::read(report).unwrap_or_default();
        if now != last {
            (last, since) = (now, Instant::now());
        }
        let stands = !last.is_empty() && since.elapsed() > standstill;
        if stands || begun.elapsed() > most {
            child.kill().expect("the child is ours");
            child.wait().expect("it was killed");
            let what = if stands {
                "one case"
            } else {
                "all cases together"
            };
            return Err(format!("the child hangs: {what} took too long"));
        }
        // How often is looked changes nothing but how soon a hang is told.
        thread::park_timeout(Duration::from_millis(20));
    }
}

/// The last lines of what the child said: the panic and where it came from.
fn tail(said: &str) -> String {
    let lines: Vec<&str> = said.lines().collect();
    lines[lines.len().saturating_sub(60)..].join("\n")
}
