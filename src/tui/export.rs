//! Pictures of the screen, drawn at once and written by a thread of their own.

use std::io::{self, Write};
use std::path::Path;
use std::thread::{self, JoinHandle};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::export;
use crate::export::Scheme;
use crate::session::frame::Frame;
use crate::session::{Export, not_written_words, whole_file};

use super::draw::draw;
use super::message::{Exported, Picture};
use super::state::State;
use super::theme::Theme;

/// A picture that is drawn and not yet written.
pub(super) struct Job {
    picture: Picture,
    cells: Buffer,
    scheme: Scheme,
}

impl Job {
    /// The screen as `state` has it.
    pub(super) fn of(picture: Picture, state: &State, frame: &Frame, theme: &Theme) -> Job {
        let area = Rect::new(0, 0, state.size.0, state.size.1);
        let mut cells = Buffer::empty(area);
        // An image has all colours, whatever the terminal has of them.
        let theme = match picture.export {
            Export::Svg | Export::Png => theme.in_full_colour(),
            _ => *theme,
        };
        draw(state, frame, &theme, area, &mut cells);
        Job {
            picture,
            cells,
            scheme: theme.scheme(),
        }
    }

    /// Writes it beside everything else; `tell` hears what came of it. Answers with the thread that does so.
    pub(super) fn begin(
        self,
        tell: impl Fn(Exported) + Clone + Send + 'static,
    ) -> Option<JoinHandle<()>> {
        let (picture, told) = (self.picture.clone(), tell.clone());
        let body = move || told(exported(&self.picture, self.write()));
        let begun = thread::Builder::new().name("export".to_owned()).spawn(body);
        begun
            .inspect_err(|error| {
                let words = not_written_words(&picture.file, error);
                tell(exported(&picture, Err(words)));
            })
            .ok()
    }

    fn write(&self) -> Result<u64, String> {
        let Picture { file, replace, .. } = &self.picture;
        let bytes = self.bytes()?;
        whole_file(Path::new(file), *replace, |mut to| to.write_all(&bytes))
            .map(|()| bytes.len() as u64)
            .map_err(|error: io::Error| not_written_words(file, &error))
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        Ok(match self.picture.export {
            Export::Ansi => export::ansi(&self.cells).into_bytes(),
            Export::Svg => export::svg(&self.cells, &self.scheme).into_bytes(),
            Export::Png => export::png(&self.cells, &self.scheme)
                .map_err(|error| format!("failed to {error}"))?,
            _ => export::text(&self.cells).into_bytes(),
        })
    }
}

fn exported(picture: &Picture, outcome: Result<u64, String>) -> Exported {
    Exported {
        line: picture.line.clone(),
        outcome,
        file: picture.file.clone(),
    }
}
