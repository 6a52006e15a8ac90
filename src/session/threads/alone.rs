//! How fast one thread is alone, measured beside the session: nobody waits for it but those who would disturb it.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::Duration;

use crate::heap::Heap;
use crate::lab::crew::{self, Plan};

/// How long one thread may show how fast it is alone.
const ALONE: Duration = Duration::from_millis(100);

/// A measurement that goes on, or what came of it.
#[derive(Default)]
pub(super) struct Alone {
    told: Option<Receiver<Option<f64>>>,
    rate: Option<f64>,
}

impl Alone {
    /// Begins to measure. Nothing comes of it where the system gives no thread.
    pub(super) fn measure(heap: &Arc<Heap>, plan: Plan) -> Alone {
        let (sender, told) = channel();
        let heap = Arc::clone(heap);
        let thread = std::thread::Builder::new().name("alone".to_owned());
        let measure = move || {
            // Nobody hears it where the threads have ended before.
            let _ = sender.send(crew::alone(&heap, &plan, ALONE));
        };
        Alone {
            told: thread.spawn(measure).ok().map(|_| told),
            rate: None,
        }
    }

    /// Whether it is still measured.
    pub(super) fn goes_on(&mut self) -> bool {
        let told = self.told.as_ref().map(Receiver::try_recv);
        let goes_on = matches!(told, Some(Err(TryRecvError::Empty)));
        if let Some(Ok(rate)) = told {
            self.rate = rate;
        }
        if !goes_on {
            self.told = None;
        }
        goes_on
    }

    /// Waits until it is measured.
    pub(super) fn wait(&mut self) {
        if let Some(told) = self.told.take() {
            self.rate = told.recv().ok().flatten();
        }
    }

    /// Operations a second, once they are known.
    pub(super) fn rate(&self) -> Option<f64> {
        self.rate
    }
}
