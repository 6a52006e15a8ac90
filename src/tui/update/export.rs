//! What the keys of the export menu do, and what comes of a picture of the screen.

use std::path::Path;

use crate::session::{Command, EXPORTS, Export, parse_line};
use crate::tui::action::Screen;
use crate::tui::message::{Effect, Exported, Picture};
use crate::tui::numbers::bytes;
use crate::tui::prompt::Prompt;
use crate::tui::state::Layer;

use super::Update;

impl Update<'_> {
    /// Opens the prompt with a file name for the format that was chosen: one that says which heap, and when.
    pub(super) fn name_export(&mut self, chosen: usize) {
        let Some(row) = EXPORTS.get(chosen) else {
            return;
        };
        let what = match row.export {
            Export::Script => "session".to_owned(),
            _ => format!("heap{}", self.frame.picture.heap.number),
        };
        let file = format!("{what}-op{}.{}", self.frame.operations, row.extension);
        self.open_prompt(
            &Command::Export {
                file,
                replace: false,
            }
            .to_string(),
        );
    }

    /// Lets a picture of the screen be written, if that is what the line asks for; everything else that can be exported
    /// is the session's.
    pub(super) fn export_screen(&mut self, line: &str) -> bool {
        let Ok(Some(Command::Export { file, replace })) = parse_line(line) else {
            return false;
        };
        let Some(export) = Export::of(Path::new(&file)).filter(|export| export.row().of_screen)
        else {
            return false;
        };
        self.state.draft.clear();
        self.state.layer = None;
        let key = self.screen_key(Screen::OpenExport);
        self.echo(key, &format!("{file} is being written"));
        self.effects.push(Effect::Export(Picture {
            line: line.to_owned(),
            file,
            replace,
            export,
        }));
        true
    }

    /// Says what came of it. What was refused is back in the prompt, unless something else is open by now.
    pub(super) fn exported(&mut self, exported: Exported) {
        let key = self.screen_key(Screen::OpenExport);
        let Exported {
            line,
            outcome,
            file,
        } = exported;
        match outcome {
            Ok(written) => self.echo(key, &format!("the screen is in {file}: {}", bytes(written))),
            Err(why) if self.state.layer.is_none() => {
                self.state.notice = None;
                let mut prompt = Prompt::prefilled(&line);
                prompt.refuse(&why);
                self.state.layer = Some(Layer::Prompt(Box::new(prompt)));
            }
            Err(why) => self.echo(key, &why),
        }
    }
}
