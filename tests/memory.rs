//! What the way back takes: the memory that the kernel says the process has, against what `history` says.
//!
//! Each case is a process of its own, since memory that was given back to the allocator of the process stays with it.

#![cfg(target_os = "linux")]

use std::process::Command;

use heapwalk::session::{Session, parse_line};
use heapwalk::view::Lens;

/// The variable that names the case to a process of its own.
const CASE: &str = "HEAPWALK_MEMORY_CASE";
/// Bytes that come and go beside the way back: answers, samples, what the allocator of the process keeps for later.
const BESIDE: u64 = 8 << 20;
/// A page of the kernel's count.
const PAGE: u64 = 4_096;

/// A name, and what is typed.
type Case = (&'static str, fn() -> Vec<String>);

const CASES: [Case; 4] = [
    ("names of many letters", names_of_many_letters),
    ("a long workload", a_long_workload),
    ("a long workload with little room", with_little_room),
    ("many commands with little room", many_commands),
];

fn lines(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|&line| line.to_owned()).collect()
}

/// The nth of many words of letters alone.
fn letters(nth: u32) -> String {
    let digit = |place| (b'a' + (nth / 26_u32.pow(place) % 26) as u8) as char;
    [
        "block_of_",
        &String::from_iter([digit(0), digit(1), digit(2)]),
    ]
    .concat()
}

fn names_of_many_letters() -> Vec<String> {
    let alloc = |nth| format!("alloc {} 64", letters(nth));
    let free = |nth| format!("free {}", letters(nth));
    (0..4_000)
        .map(alloc)
        .chain((0..4_000).step_by(3).map(free))
        .collect()
}

fn a_long_workload() -> Vec<String> {
    lines(&["run random ops=400000 sizes=16..2000 live=4000 realloc=5 seed=1"])
}

fn with_little_room() -> Vec<String> {
    let run = |seed| format!("run random ops=60000 sizes=16..900 live=700 seed={seed}");
    lines(&["history 8M"])
        .into_iter()
        .chain((0..6).map(run))
        .collect()
}

fn many_commands() -> Vec<String> {
    let command = |nth: u32| match nth % 4 {
        3 => format!("free b{}", nth - 2),
        _ => format!("alloc b{nth} {}", nth * 37 % 5_000),
    };
    lines(&["history 8M"])
        .into_iter()
        .chain((0..6_000).map(command))
        .collect()
}

/// Bytes that the process has.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").expect("the kernel's word");
    let pages = text.split(' ').nth(1).and_then(|pages| pages.parse().ok());
    pages.map(|pages: u64| pages * PAGE).expect("pages")
}

/// Types a case, and prints what the kernel and `history` say of it.
fn measured(name: &str) {
    let (_, lines) = CASES
        .iter()
        .find(|(case, _)| *case == name)
        .expect("a case");
    let lines = lines();
    let mut session = Session::new().expect("addresses");
    session.open_default_heap();
    let of_heap = |session: &mut Session| {
        let memory = session.frame(&Lens::default()).picture.memory;
        memory.resident.expect("the kernel's word")
    };
    let before = resident() - of_heap(&mut session);
    for line in &lines {
        session.apply(&parse_line(line).expect(line).expect("not blank"));
    }
    let after = resident() - of_heap(&mut session);
    let time = session.frame(&Lens::default()).time.clone();
    println!("{CASE} {} {} {}", after - before, time.kept, time.budget);
}

/// What the process has more than before, what `history` says, and what it may take.
fn measure(case: &str) -> [u64; 3] {
    let output = Command::new(std::env::current_exe().expect("this test"))
        .args([
            "--exact",
            "the_way_back_takes_what_history_says",
            "--nocapture",
        ])
        .env(CASE, case)
        .output()
        .expect("a process");
    let text = String::from_utf8_lossy(&output.stdout);
    let found = text
        .split(CASE)
        .nth(1)
        .unwrap_or_else(|| panic!("{case}: {output:?}"));
    let mut numbers = found.split_whitespace().map_while(|word| word.parse().ok());
    [(); 3].map(|()| numbers.next().expect("three numbers"))
}

#[test]
fn the_way_back_takes_what_history_says() {
    // The same test is what each process runs.
    if let Ok(case) = std::env::var(CASE) {
        return measured(&case);
    }
    for (case, _) in CASES {
        let [real, said, budget] = measure(case);
        let words = format!("{case}: {real} bytes, said to be {said} of {budget}");
        assert!(said > 0 && said <= budget, "{words}");
        assert!(real <= said / 2 * 3 + BESIDE, "{words}");
        assert!(said <= real / 2 * 3 + BESIDE, "{words}");
    }
}
