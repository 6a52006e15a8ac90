//! What the kernel tells of a process: threads, memory, time.

use std::fs;

/// The number behind `key:` in a status file of /proc.
fn number(status: &str, key: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(key));
    let word = line.and_then(|line| line.trim_start_matches(':').split_whitespace().next());
    word.and_then(|word| word.parse().ok())
        .unwrap_or_else(|| panic!("no {key} in {status}"))
}

/// How often the threads of a process went to sleep of their own will: each wake-up is one.
pub(crate) fn wake_ups(process: u32) -> u64 {
    let threads = fs::read_dir(format!("/proc/{process}/task")).expect("a live process");
    threads
        .map(|thread| {
            let path = thread.expect("an entry").path().join("status");
            let status = fs::read_to_string(path).expect("a live thread");
            number(&status, "voluntary_ctxt_switches")
        })
        .sum()
}

/// KiB of memory in use.
pub(crate) fn memory(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("a live process");
    number(&status, "VmRSS")
}

/// The state letter, and hundredths of a second of work done by all threads.
pub(crate) fn state_and_work(process: u32) -> (char, u64) {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).expect("a live process");
    // The name may hold anything; behind its last bracket come the state and the numbers.
    let (_, behind) = stat.rsplit_once(") ").expect("a name in brackets");
    let words: Vec<&str> = behind.split_whitespace().collect();
    let ticks = |word: &str| word.parse::<u64>().expect("ticks");
    let state = words[0].chars().next().expect("a letter");
    (state, ticks(words[11]) + ticks(words[12]))
}
