//! What the last check found: kept until another finds nothing, or the heap is another.

use std::sync::Arc;

use crate::heap::{Block, CONTROL_BYTES, Finding, GRANULE, Header};
use crate::lab::crew::Incident;
use crate::view;

use super::frame::{Answer, Check, Findings, Located, Sight};
use super::session::{Here, Session, Slot};
use super::threads::{CrewPicture, sentence};
use super::words::{address, exact, grouped};

/// Findings kept of one check; those beyond are counted.
const KEPT: usize = 500;

/// What is looked for with `n` and `N`, and what the last check found.
#[derive(Clone, Default, Debug)]
pub(super) struct Checked {
    findings: Option<Arc<Findings>>,
    /// The count of changes when it was made.
    changes: u64,
    /// The findings are the newest thing looked for: no filter was set since.
    sought: bool,
}

impl Session {
    /// Checks a heap and keeps what is found for screens.
    pub(super) fn check(&mut self, here: &Here) -> Arc<Findings> {
        let (kept, total) = here.heap.inspect(KEPT);
        self.keep_findings(here, &kept, total)
    }

    pub(super) fn keep_findings(
        &mut self,
        here: &Here,
        kept: &[Finding],
        total: u64,
    ) -> Arc<Findings> {
        let slot = self.at(here);
        let kept = kept.iter().map(|finding| slot.located(finding)).collect();
        self.keep_located(here, kept, total)
    }

    /// Keeps what threads ran into, as if a check had found it: it is listed, marked and gone to like all that is wrong.
    pub(super) fn keep_incidents(&mut self, here: &Here, picture: &CrewPicture) {
        let slot = self.at(here);
        let located = |incident: &Incident| {
            let (block, called) = slot.lies_in(incident.at);
            Located {
                at: incident.at,
                block,
                called,
                sight: Sight::Incident(sentence(incident, picture.numbered_from)),
                meaning: incident.kind().meaning(),
            }
        };
        let kept = picture.report.incidents.iter().map(located).collect();
        self.keep_located(here, kept, picture.report.found());
    }

    fn keep_located(&mut self, here: &Here, kept: Vec<Located>, total: u64) -> Arc<Findings> {
        let findings = Arc::new(Findings {
            heap: here.number,
            at: self.operations,
            total,
            kept,
        });
        self.checked = Checked {
            findings: (total > 0).then(|| Arc::clone(&findings)),
            changes: self.changes,
            sought: total > 0,
        };
        findings
    }

    /// A filter is looked for from here on.
    pub(super) fn seek_filter(&mut self) {
        self.checked.sought = false;
    }

    /// Forgets what was found.
    pub(super) fn forget_findings(&mut self) {
        self.checked = Checked::default();
    }

    /// `findings off`.
    pub(super) fn drop_findings(&mut self) -> Answer {
        let words = match self.checked.findings {
            Some(_) => "findings are forgotten; the heap is as it was",
            None => "nothing was found that could be forgotten",
        };
        self.forget_findings();
        Answer::note(words)
    }

    /// What the last check of the heap in view found.
    pub(super) fn check_shown(&self) -> Option<Check> {
        let findings = self.checked.findings.as_ref()?;
        (findings.heap == self.shown().number).then(|| Check {
            findings: Arc::clone(findings),
            fresh: self.checked.changes == self.changes,
            sought: self.checked.sought,
        })
    }

    /// Addresses on the map that are wrong: what was found, and blocks that were handed out twice.
    pub(super) fn bad_places(&self, slot: &Slot) -> Vec<u64> {
        let findings = self.checked.findings.as_ref();
        let findings = findings.filter(|findings| findings.heap == slot.number);
        let found = findings.into_iter().flat_map(|findings| &findings.kept);
        let twice = slot.names.shared().map(|payload| payload - GRANULE);
        let found = found.map(|found| found.at).chain(twice);
        let mut places: Vec<u64> = found.chain(self.incident_places(slot.number)).collect();
        places.sort_unstable();
        places
    }
}

impl Slot {
    /// A finding with the block that it lies in.
    fn located(&self, finding: &Finding) -> Located {
        let (block, called) = self.lies_in(finding.at);
        Located {
            at: finding.at,
            block,
            called,
            sight: Sight::Value {
                expected: finding.expected,
                found: finding.found,
            },
            meaning: finding.what.meaning(),
        }
    }

    /// The block that holds an address, and its words; the parts of a heap that are no blocks have words alone.
    pub(super) fn lies_in(&self, at: u64) -> (Option<u64>, String) {
        if at >= self.heap.layout().space {
            return (None, "the tables beside the blocks".to_owned());
        }
        let Some((from, to)) = view::extent(&self.heap, at) else {
            let words = match at {
                ..CONTROL_BYTES => "the control block",
                _ => "memory that no block stands in",
            };
            return (None, words.to_owned());
        };
        if let Some(owned) = self.names.owner(from + GRANULE) {
            return (Some(from), owned.name.to_string());
        }
        let header = self
            .heap
            .look(|core| Block::at(from).map(|block| core.header_at(block)));
        let place = address(from);
        let words = match header {
            Some(header) if header.is_free() => {
                format!("the hole of {} at {place}", exact(to.saturating_sub(from)))
            }
            Some(header) if header.is_valid() && header.has(Header::RANGE) => {
                format!("the range's descriptor at {place}")
            }
            _ => format!("the block at {place}"),
        };
        (Some(from), words)
    }
}

impl Findings {
    /// Whether a check found them, and not threads that ran into them.
    #[must_use]
    pub fn is_of_check(&self) -> bool {
        let first = self.kept.first();
        !first.is_some_and(|found| matches!(found.sight, Sight::Incident(_)))
    }

    /// A line for each finding that is kept, and one for those that are not.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.kept.iter().map(Located::line).collect();
        let more = self.total.saturating_sub(self.kept.len() as u64);
        if more > 0 {
            lines.push(format!("and {} more", grouped(more)));
        }
        lines
    }
}

impl Located {
    /// All of it in a line.
    #[must_use]
    pub fn line(&self) -> String {
        format!(
            "at {} in {}: {}: {}",
            address(self.at),
            self.called,
            self.sight,
            self.meaning
        )
    }
}
