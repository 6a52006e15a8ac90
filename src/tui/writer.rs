//! The way to the terminal: a thread of its own writes, so that a terminal that does not read holds up nothing else.
//!
//! The screen offers a frame only when the one before has gone out. A slow line so gets fewer frames, each of them the
//! newest, and what waits in memory is never more than one frame.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Bytes written at a time: between two pieces the writer looks whether the rest is still wanted.
const PIECE: usize = 4096;
/// How long a terminal that refuses to wait is left alone.
const REFUSED: Duration = Duration::from_millis(10);

/// A handle on the thread that writes. Clones speak to the same thread, which ends with [`Writer::close`].
#[derive(Clone)]
pub struct Writer {
    shared: Arc<Shared>,
}

struct Shared {
    work: Mutex<Work>,
    changed: Condvar,
}

/// What the writing thread has to do, and how far it is.
#[derive(Debug, Default)]
struct Work {
    waiting: Vec<u8>,
    writing: bool,
    /// Pieces written in all: patience is with a terminal that takes some.
    pieces: u64,
    /// What was begun is not wanted any more.
    abandoned: bool,
    closed: bool,
    /// The thread is gone: it was closed, or panicked.
    over: bool,
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Writer").field(&*self.work()).finish()
    }
}

impl Writer {
    /// A writer to `out`, and what its thread has to do: the caller starts the thread that calls it.
    ///
    /// `written` is told of each end of writing: all that waited is out, or could not be written.
    pub fn new(
        out: impl Write + Send,
        written: impl FnMut(io::Result<()>) + Send,
    ) -> (Writer, impl FnOnce() + Send) {
        let writer = Writer {
            shared: Arc::new(Shared {
                work: Mutex::default(),
                changed: Condvar::new(),
            }),
        };
        let thread = WritingThread {
            writer: writer.clone(),
            out,
            written,
        };
        (writer, move || thread.run())
    }

    /// Whether nothing waits and nothing is being written.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.work().is_idle()
    }

    /// Hands over bytes to be written behind what waits already. Never blocks.
    pub fn send(&self, bytes: &[u8]) {
        self.work().waiting.extend_from_slice(bytes);
        self.shared.changed.notify_all();
    }

    /// Drops what waits and what is left of what is being written, at the end of its piece; then sends `bytes`.
    pub fn abandon_for(&self, bytes: &[u8]) {
        let mut work = self.work();
        work.abandoned = work.writing;
        work.waiting.clear();
        work.waiting.extend_from_slice(bytes);
        drop(work);
        self.shared.changed.notify_all();
    }

    /// Waits until all is out. Gives up when the terminal took no piece for as long as `patience`.
    #[must_use]
    pub fn settle(&self, patience: Duration) -> bool {
        let mut work = self.work();
        let (mut pieces, mut deadline) = (work.pieces, Instant::now() + patience);
        while !work.is_idle() && !work.over {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let waited = self.shared.changed.wait_timeout(work, left);
            work = waited.unwrap_or_else(PoisonError::into_inner).0;
            if work.pieces != pieces {
                (pieces, deadline) = (work.pieces, Instant::now() + patience);
            }
        }
        work.is_idle()
    }

    /// Whether its thread is gone.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.work().over
    }

    /// Lets the thread end when all is out.
    pub fn close(&self) {
        self.work().closed = true;
        self.shared.changed.notify_all();
    }

    fn work(&self) -> MutexGuard<'_, Work> {
        self.shared
            .work
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Work {
    fn is_idle(&self) -> bool {
        self.waiting.is_empty() && !self.writing
    }
}

/// What the thread owns. Dropped with the thread, also when it panics: then nobody waits for it any longer.
struct WritingThread<W, F> {
    writer: Writer,
    out: W,
    written: F,
}

impl<W: Write, F: FnMut(io::Result<()>)> WritingThread<W, F> {
    fn run(mut self) {
        while let Some(bytes) = self.next() {
            let result = self.write(&bytes);
            let failed = result.is_err();
            {
                let mut work = self.writer.work();
                work.writing = false;
                work.abandoned = false;
                if failed {
                    work.waiting.clear();
                }
                if !work.waiting.is_empty() {
                    // More came meanwhile: it is not all out yet.
                    continue;
                }
            }
            self.writer.shared.changed.notify_all();
            (self.written)(result);
        }
    }

    /// All that waits; `None` when nothing will.
    fn next(&self) -> Option<Vec<u8>> {
        let mut work = self.writer.work();
        loop {
            if !work.waiting.is_empty() {
                work.writing = true;
                return Some(std::mem::take(&mut work.waiting));
            }
            if work.closed {
                return None;
            }
            let woken = self.writer.shared.changed.wait(work);
            work = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Writes all of `piece`, also where another program has made the terminal refuse instead of wait.
    fn write_piece(&mut self, mut piece: &[u8]) -> io::Result<()> {
        while !piece.is_empty() {
            match self.out.write(piece) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => piece = &piece[written..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if self.writer.work().abandoned {
                        return Ok(());
                    }
                    std::thread::sleep(REFUSED);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        for piece in bytes.chunks(PIECE) {
            self.write_piece(piece)?;
            let mut work = self.writer.work();
            work.pieces += 1;
            let enough = work.abandoned;
            drop(work);
            self.writer.shared.changed.notify_all();
            if enough {
                break;
            }
        }
        self.out.flush()
    }
}

impl<W, F> Drop for WritingThread<W, F> {
    fn drop(&mut self) {
        let mut work = self.writer.work();
        work.writing = false;
        work.over = true;
        drop(work);
        self.writer.shared.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::thread;

    use super::*;

    /// For what must come.
    const LONG: Duration = Duration::from_secs(20);

    /// A terminal that takes a piece for each permit, then refuses.
    struct Reader {
        permits: Receiver<()>,
        begun: Sender<()>,
        taken: Sender<Vec<u8>>,
    }

    impl Write for Reader {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.begun.send(());
            self.permits.recv().map_err(|_| io::ErrorKind::BrokenPipe)?;
            let _ = self.taken.send(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    struct Line {
        writer: Writer,
        permits: Option<Sender<()>>,
        begun: Receiver<()>,
        taken: Receiver<Vec<u8>>,
        written: Receiver<Result<(), io::ErrorKind>>,
    }

    fn line() -> Line {
        let (permits, wanted) = channel();
        let (begins, begun) = channel();
        let (takes, taken) = channel();
        let (tell, written) = channel();
        let reader = Reader {
            permits: wanted,
            begun: begins,
            taken: takes,
        };
        let (writer, body) = Writer::new(reader, move |result| {
            let _ = tell.send(result.map_err(|error| error.kind()));
        });
        thread::spawn(body);
        Line {
            writer,
            permits: Some(permits),
            begun,
            taken,
            written,
        }
    }

    impl Line {
        fn permit(&self, pieces: usize) {
            let permits = self.permits.as_ref().expect("still reading");
            (0..pieces).for_each(|_| permits.send(()).expect("a writer"));
        }

        /// All that was taken, when the writer says that all is written.
        fn taken(&self) -> Vec<u8> {
            let result = self.written.recv_timeout(LONG).expect("news");
            assert_eq!(result, Ok(()));
            self.taken.try_iter().flatten().collect()
        }
    }

    #[test]
    fn what_is_sent_is_written_in_order_and_told_once() {
        let line = line();
        assert!(line.writer.is_idle());
        line.writer.send(b"one ");
        line.begun.recv_timeout(LONG).expect("it writes");
        assert!(!line.writer.is_idle());
        line.writer.send(b"two ");
        line.writer.send(b"three");
        line.permit(2);
        assert_eq!(line.taken(), b"one two three");
        assert!(line.writer.is_idle());
        assert!(line.written.try_recv().is_err(), "told once");
    }

    #[test]
    fn what_is_abandoned_ends_with_its_piece() {
        let line = line();
        let frame = vec![b'f'; 3 * PIECE];
        line.writer.send(&frame);
        line.begun.recv_timeout(LONG).expect("it writes");
        line.writer.send(b"more of it");
        line.writer.abandon_for(b"the end");
        line.permit(2);
        let expected = [&frame[..PIECE], b"the end"].concat();
        assert!(line.taken() == expected, "one piece, then the end");
        // Nothing of that is left over for what comes next.
        line.writer.abandon_for(&frame);
        line.permit(3);
        assert!(line.taken() == frame, "whole");
    }

    #[test]
    fn patience_is_with_a_reader_that_takes_some() {
        let line = line();
        line.writer.send(&vec![b'f'; 2 * PIECE]);
        line.begun.recv_timeout(LONG).expect("it writes");
        assert!(!line.writer.settle(Duration::from_millis(20)), "no piece");
        assert!(!line.writer.is_over());
        line.permit(2);
        assert!(line.writer.settle(LONG));
    }

    #[test]
    fn a_reader_that_is_gone_is_told_and_keeps_nobody_waiting() {
        let mut line = line();
        line.writer.send(b"to nobody");
        line.permits = None;
        let result = line.written.recv_timeout(LONG).expect("news");
        assert_eq!(result, Err(io::ErrorKind::BrokenPipe));
        assert!(line.writer.is_idle());
        line.writer.send(b"again");
        assert!(line.writer.settle(LONG));
    }

    #[test]
    fn a_writer_that_is_over_keeps_nobody_waiting() {
        let (writer, body) = Writer::new(Vec::new(), |_| {});
        drop(body);
        assert!(writer.is_over());
        writer.send(b"to nobody");
        assert!(!writer.settle(LONG), "and at once");

        let line = line();
        line.writer.close();
        assert!(line.written.recv_timeout(LONG).is_err(), "the thread ends");
        assert!(line.writer.is_over());
    }
}
