//! The session's commit limit: what makes a commit fail, as on a Windows machine whose page file is full.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Bytes that may be committed by all heaps together, and how many are.
#[derive(Debug)]
pub struct CommitLimit {
    limit: AtomicU64,
    used: AtomicU64,
}

impl CommitLimit {
    /// A limit of `bytes`.
    #[must_use]
    pub fn new(bytes: u64) -> CommitLimit {
        CommitLimit {
            limit: AtomicU64::new(bytes),
            used: AtomicU64::new(0),
        }
    }

    /// Half of the machine's memory, or of the control group's limit where that is lower.
    #[must_use]
    pub fn default_bytes() -> u64 {
        let info = rustix::system::sysinfo();
        let physical = info.totalram.saturating_mul(u64::from(info.mem_unit));
        let group = std::fs::read_to_string("/sys/fs/cgroup/memory.max")
            .ok()
            .and_then(|text| text.trim().parse().ok())
            .unwrap_or(u64::MAX);
        physical.min(group) / 2
    }

    /// The limit in bytes.
    #[must_use]
    pub fn limit(&self) -> u64 {
        self.limit.load(Relaxed)
    }

    /// Another limit. One below what is in use makes every further commit fail; nothing is taken away.
    pub fn set_limit(&self, bytes: u64) {
        self.limit.store(bytes, Relaxed);
    }

    /// Bytes committed now.
    #[must_use]
    pub fn used(&self) -> u64 {
        self.used.load(Relaxed)
    }

    /// Charges `bytes`, or changes nothing and answers false.
    pub(super) fn charge(&self, bytes: u64) -> bool {
        let within = |used: u64| used.checked_add(bytes).filter(|&sum| sum <= self.limit());
        self.used.try_update(Relaxed, Relaxed, within).is_ok()
    }

    /// Ends a charge.
    pub(super) fn discharge(&self, bytes: u64) {
        self.used.fetch_sub(bytes, Relaxed);
    }

    /// Charges `bytes` even beyond the limit: for restoring a heap that was within it once.
    pub(super) fn charge_anyway(&self, bytes: u64) {
        self.used.fetch_add(bytes, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_charge_beyond_the_limit_changes_nothing() {
        let limit = CommitLimit::new(100);
        assert!(limit.charge(60));
        assert!(!limit.charge(41));
        assert_eq!(limit.used(), 60);
        assert!(limit.charge(40));
        limit.discharge(100);
        assert_eq!(limit.used(), 0);
        assert!(!limit.charge(u64::MAX));
    }
}
