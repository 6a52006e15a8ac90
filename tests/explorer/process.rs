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

/// KiB resident in each of the mappings that a heap may live in: anonymous, private, larger than all else.
pub(crate) fn resident(process: u32) -> Vec<u64> {
    let maps = fs::read_to_string(format!("/proc/{process}/smaps")).expect("a live process");
    let mut mappings: Vec<(u64, u64)> = Vec::new();
    let mut wanted = false;
    for line in maps.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        if let Some((from, to)) = words[0].split_once('-') {
            let address = |hex| u64::from_str_radix(hex, 16).expect("an address");
            wanted = words.len() == 5 && words[1] == "rw-p";
            if wanted {
                mappings.push((address(to) - address(from), 0));
            }
        } else if wanted && words[0] == "Rss:" {
            let last = mappings.last_mut().expect("a mapping");
            last.1 = words[1].parse().expect("a number");
        }
    }
    let largest = mappings.iter().map(|mapping| mapping.0).max();
    let of_heaps = mappings
        .into_iter()
        .filter(|mapping| Some(mapping.0) == largest);
    of_heaps.map(|mapping| mapping.1).collect()
}
