//! Workloads at one step, as moments inside their entries keep them.

use std::sync::Arc;

use crate::lab::{KeptChunks, KeptGenerator, Step};

use super::{Held, Running, Source};

/// A workload at one step, to keep.
#[derive(Clone)]
pub(in crate::session) struct KeptRun {
    /// All but what changes with its steps.
    rest: Box<Running>,
    steps: KeptSource,
    blocks: KeptChunks<Held>,
}

#[derive(Clone)]
enum KeptSource {
    Workload(Box<KeptGenerator>),
    Recorded(Arc<[Step]>, usize),
}

impl KeptSource {
    fn generator(&self) -> Option<&KeptGenerator> {
        match self {
            KeptSource::Workload(generator) => Some(generator),
            KeptSource::Recorded(..) => None,
        }
    }
}

impl KeptRun {
    /// The workload as it was.
    pub(in crate::session) fn running(&self) -> Running {
        Running {
            steps: match &self.steps {
                KeptSource::Workload(generator) => {
                    Source::Workload(Box::new(generator.generator()))
                }
                KeptSource::Recorded(steps, done) => Source::Recorded(Arc::clone(steps), *done),
            },
            blocks: self.blocks.row(),
            ..(*self.rest).clone()
        }
    }

    /// Bytes that it takes beside what it shares with another.
    pub(in crate::session) fn bytes_beside(&self, other: Option<&KeptRun>) -> u64 {
        let blocks = self.blocks.bytes_beside(other.map(|other| &other.blocks));
        let theirs = other.and_then(|other| other.steps.generator());
        let steps = self.steps.generator();
        let steps = steps.map_or(0, |mine| mine.bytes_beside(theirs));
        blocks + steps
    }
}

impl Source {
    fn keep(&mut self) -> KeptSource {
        match self {
            Source::Workload(generator) => KeptSource::Workload(Box::new(generator.keep())),
            Source::Recorded(steps, done) => KeptSource::Recorded(Arc::clone(steps), *done),
        }
    }
}

impl Running {
    /// A copy to keep: it shares with the one kept before what did not change since.
    pub(in crate::session) fn keep(&mut self) -> KeptRun {
        let (steps, blocks) = (self.steps.keep(), self.blocks.keep());
        // The rest is copied without the two.
        let mine = (
            std::mem::replace(&mut self.steps, Source::Recorded(Arc::default(), 0)),
            std::mem::take(&mut self.blocks),
        );
        let rest = Box::new(self.clone());
        (self.steps, self.blocks) = mine;
        KeptRun {
            rest,
            steps,
            blocks,
        }
    }
}
