//! Incidents and ends of threads in words.

use crate::heap::{LockCounts, Misuse};
use crate::lab::crew::{Held, Incident, Kind, Report, Seen, What};

use super::super::words::{Moment, address, count, grouped};
use super::CrewPicture;

/// The letters of a thread's blocks: `ta` for the first, `tb` for the second.
#[must_use]
pub fn base(worker: usize) -> String {
    const LETTERS: usize = 26;
    let letter = |nth: usize| char::from(b'a' + u8::try_from(nth % LETTERS).unwrap_or(0));
    match worker / LETTERS {
        0 => format!("t{}", letter(worker)),
        more => format!("t{}{}", letter(more - 1), letter(worker)),
    }
}

/// Threads are counted from 1.
fn thread(worker: usize) -> String {
    format!("thread {}", worker + 1)
}

/// An incident in a sentence. `numbered_from` is the index of slot 0 in the names of blocks.
#[must_use]
pub fn sentence(incident: &Incident, numbered_from: u64) -> String {
    let name = |worker: usize, slot: usize| {
        format!(
            "{}{}",
            base(worker),
            numbered_from.saturating_add(slot as u64)
        )
    };
    let block = |held: &Held| {
        let bytes = grouped(held.size);
        let place = address(held.payload);
        format!("{} ({bytes} B at {place})", name(held.worker, held.slot))
    };
    let who = match (incident.worker, incident.seen) {
        (Some(worker), Seen::Allocating) => format!("{}'s HeapAlloc", thread(worker)),
        (Some(worker), Seen::Freeing) => format!("{}'s HeapFree", thread(worker)),
        (Some(worker), Seen::Resizing) => format!("{}'s HeapReAlloc", thread(worker)),
        (_, Seen::Audit) | (None, _) => "an audit".to_owned(),
    };
    let what = match &incident.what {
        What::Handed { to, holder } => {
            let whose = match holder {
                Some(holder) => format!(
                    "{} holds since operation {}: {}",
                    thread(holder.worker),
                    grouped(holder.born),
                    block(holder)
                ),
                None => "was somebody's before".to_owned(),
            };
            format!(
                "was given {}, which {whose}; one block, two owners",
                block(to)
            )
        }
        What::Changed {
            block: held,
            words,
            of,
            at,
            writer,
            ..
        } => {
            let by = match writer {
                Some((worker, slot)) if *worker == held.worker => {
                    format!("what stands there is of its own {}", name(*worker, *slot))
                }
                Some((worker, slot)) => {
                    format!(
                        "{} wrote there for {}",
                        thread(*worker),
                        name(*worker, *slot)
                    )
                }
                None => "the heap wrote there".to_owned(),
            };
            format!(
                "found {} of {} words of {} changed, the first at {}: {by}",
                grouped(*words),
                grouped(*of),
                block(held),
                address(*at)
            )
        }
        What::Unknown { block: held, why } => {
            format!("lost {}: {}", block(held), reason(*why))
        }
        What::Orphan { bytes } => format!(
            "found {} B at {} busy, and nobody holds them",
            grouped(*bytes),
            address(incident.at)
        ),
        What::Damage(finding) => format!("found the heap damaged {finding}"),
        What::Cycle { granules } => format!(
            "found the free list of {} B running in a circle at {}",
            grouped(granules * crate::heap::GRANULE),
            address(incident.at)
        ),
    };
    format!("operation {}: {who} {what}", grouped(incident.operation))
}

fn reason(why: Misuse) -> String {
    format!("the heap says: {why}")
}

/// When the first damage was done, as closely as can be known.
#[must_use]
pub fn first_moment(report: &Report, numbered_from: u64) -> Option<String> {
    let first = report.first()?;
    let what = sentence(first, numbered_from);
    Some(match first.what {
        What::Handed { .. } => what,
        _ => format!(
            "between operation {}, when all was sound, and {}; {what}",
            grouped(first.sound),
            grouped(first.operation)
        ),
    })
}

/// `12 overlaps, 3 lost blocks`.
#[must_use]
pub(super) fn totals(report: &Report) -> String {
    let found = Kind::ALL.iter().zip(report.totals);
    let found = found.filter(|(_, total)| *total > 0);
    let words: Vec<String> = found
        .map(|(kind, total)| count(total, kind.name()))
        .collect();
    words.join(", ")
}

/// What has become of threads.
pub(super) fn ended(picture: &CrewPicture, after: &Moment) -> String {
    let report = &picture.report;
    let damage = match first_moment(report, picture.numbered_from) {
        Some(first) => format!("DAMAGED: {}; first {first}", totals(report)),
        None if report.damaged_before => "no new damage; the heap was damaged before".to_owned(),
        None => format!("no damage in {}", count(report.audits.0, "audit")),
    };
    format!(
        "{damage}; {}; {} live; real threads: this does not repeat",
        cost(picture),
        count(after.figures.busy_blocks, "block")
    )
}

/// How a lock was used: `lock taken 4 times, 0.41 % contended, 3 ms waited`. `taken` says how often in the words that
/// there is room for.
#[must_use]
pub fn lock_used(lock: &LockCounts, taken: &str) -> String {
    if lock.taken == 0 {
        return "lock never taken".to_owned();
    }
    format!(
        "lock taken {taken}, {:.2} % contended, {} ms waited",
        lock.contended as f64 * 100.0 / lock.taken as f64,
        grouped(lock.waited / 1_000_000)
    )
}

/// The lock's cost: how often it was taken, and what became of the throughput.
#[must_use]
pub(super) fn cost(picture: &CrewPicture) -> String {
    let lock = picture.report.lock;
    let used = lock_used(&lock, &count(lock.taken, "time"));
    let speed = crate::view::numbers::rounded(picture.throughput());
    match picture.alone {
        Some(alone) => format!(
            "{used}; {speed} op/s, {:.2} x one thread alone",
            picture.throughput() / alone
        ),
        None => format!("{used}; {speed} op/s"),
    }
}
