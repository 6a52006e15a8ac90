//! Workloads and recordings from begin to end, without anybody in between.

use std::sync::Arc;

use crate::lab::{Step, Workload};
use crate::session::command::Command;
use crate::session::frame::Answer;
use crate::session::session::Session;

/// Samples of a run that nobody watches.
const SAMPLES: u64 = 128;

impl Session {
    /// Makes all steps of a recording on the heap in view, and answers.
    pub fn run_recorded(&mut self, what: &str, steps: Arc<[Step]>) -> Answer {
        self.begin_recorded(what, steps);
        self.run_out(|_| {});
        let answer = Answer {
            command: what.to_owned(),
            ..self.finish_run().unwrap_or_default()
        };
        self.tell(answer.clone());
        answer
    }

    /// Carries out a workload as [`Session::apply`] does, and calls `each` on the way, about so many times.
    pub fn run_in_parts(
        &mut self,
        workload: &Workload,
        parts: u64,
        mut each: impl FnMut(&mut Session),
    ) -> Answer {
        let command = Command::Run(*workload);
        if let Some(answer) = self.step_in_time(&command) {
            return answer;
        }
        let answer = match self.begin_run(workload) {
            Err(refused) => refused,
            Ok(()) => {
                self.open_part();
                let between = (SAMPLES / parts.max(1)).max(1);
                let mut samples = 0;
                self.run_out(|session| {
                    samples += 1;
                    if samples % between == 0 && session.has_steps() {
                        each(session);
                    }
                });
                self.finish_run().unwrap_or_default()
            }
        };
        let answer = Answer {
            command: command.to_string(),
            ..answer
        };
        self.tell(answer.clone());
        answer
    }

    /// A workload from begin to end; the way back is kept by whoever asked for it.
    pub(in crate::session) fn run_to_end(&mut self, workload: &Workload) -> Answer {
        if let Err(refused) = self.begin_run(workload) {
            return refused;
        }
        if let Some(running) = &mut self.running {
            running.part.open = true;
        }
        self.begin_inner();
        self.run_out(|_| {});
        self.finish_run().unwrap_or_default()
    }

    /// Makes all steps that are left. Samples are taken by steps and not by time, so that each run has the same; `each`
    /// is called after each of them.
    fn run_out(&mut self, mut each: impl FnMut(&mut Session)) {
        let Some((number, steps)) = self.running.as_mut().map(|running| {
            running.watched = false;
            (
                running.heap,
                running.of.saturating_sub(running.steps.done()),
            )
        }) else {
            return;
        };
        let between = (steps / SAMPLES).max(1);
        while self.run_steps(between) > 0 {
            self.sample(number);
            each(self);
        }
    }
}
