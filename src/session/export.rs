//! What a session can be written as, and `export`: the end of a file's name says which.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::frame::Answer;
use super::saving::{not_written, whole_file};
use super::session::Session;
use super::words::{count, rough};

/// Something that can be written.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Export {
    /// The screen as plain text.
    Text,
    /// The screen as text with colours.
    Ansi,
    /// The screen as an image of shapes.
    Svg,
    /// The screen as an image of pixels.
    Png,
    /// The heap in view as data.
    Json,
    /// Its blocks as a table.
    Csv,
    /// The session as a script.
    Script,
    /// The heap in view as an image file.
    Image,
}

/// What is to be known of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ExportRow {
    /// What.
    pub export: Export,
    /// How the names of its files end, without the dot.
    pub extension: &'static str,
    /// What it is called.
    pub title: &'static str,
    /// What it is good for.
    pub doc: &'static str,
    /// It shows the screen, which a session knows nothing of.
    pub of_screen: bool,
}

const fn row(
    export: Export,
    extension: &'static str,
    title: &'static str,
    doc: &'static str,
    of_screen: bool,
) -> ExportRow {
    ExportRow {
        export,
        extension,
        title,
        doc,
        of_screen,
    }
}

/// Everything that can be written, in the order of menus.
pub const EXPORTS: [ExportRow; 8] = [
    row(
        Export::Text,
        "txt",
        "screen as text",
        "plain characters, for mails and issues",
        true,
    ),
    row(
        Export::Ansi,
        "ansi",
        "screen as ANSI text",
        "with its colours: cat shows it again",
        true,
    ),
    row(
        Export::Svg,
        "svg",
        "screen as SVG",
        "for browsers and documents, sharp at every size",
        true,
    ),
    row(
        Export::Png,
        "png",
        "screen as PNG",
        "for slides and chats, the same on every machine",
        true,
    ),
    row(
        Export::Json,
        "json",
        "heap as JSON",
        "settings, figures, segments, blocks, returned memory",
        false,
    ),
    row(
        Export::Csv,
        "csv",
        "blocks as CSV",
        "a line for each block, for spreadsheets",
        false,
    ),
    row(
        Export::Script,
        "heap",
        "session as a script",
        "the commands that lead here; heapwalk FILE does them",
        false,
    ),
    row(
        Export::Image,
        "heapimage",
        "heap as an image",
        "byte for byte, names included; heapwalk FILE shows it",
        false,
    ),
];

impl Export {
    /// What a file of this name is; `None` where its end says nothing.
    #[must_use]
    pub fn of(file: &Path) -> Option<Export> {
        let end = file.extension()?.to_str()?.to_ascii_lowercase();
        let row = EXPORTS.iter().find(|row| row.extension == end);
        row.map(|row| row.export)
    }

    /// What is to be known of it.
    #[must_use]
    pub fn row(self) -> &'static ExportRow {
        &EXPORTS[self as usize]
    }
}

impl Session {
    /// Writes what the end of the name says.
    pub(super) fn export(&mut self, file: &str, replace: bool) -> Answer {
        match Export::of(Path::new(file)) {
            Some(Export::Script) => self.save_script(file, replace),
            Some(Export::Image) => self.save_image(file, replace),
            Some(Export::Json) => self.export_data(file, replace, Session::write_json),
            Some(Export::Csv) => {
                self.export_data(file, replace, |session, to| session.write_csv(to))
            }
            Some(_) => Answer::refused(format!(
                "{file} would show a screen, and there is none here; `heapwalk frame --output {file}` draws one"
            )),
            None => {
                let ends: Vec<String> = EXPORTS
                    .iter()
                    .map(|row| format!(".{}", row.extension))
                    .collect();
                Answer::refused(format!(
                    "the end of {file} does not say what to write; it is one of {}",
                    ends.join(" ")
                ))
            }
        }
    }

    fn export_data(
        &mut self,
        file: &str,
        replace: bool,
        write: impl FnOnce(&mut Session, &mut dyn Write) -> io::Result<()>,
    ) -> Answer {
        let number = self.number_in_view();
        let written = whole_file(Path::new(file), replace, |to| {
            let mut to = BufWriter::new(to);
            write(self, &mut to)?;
            to.flush()?;
            size_of(to.get_ref())
        });
        match written {
            Ok(bytes) => Answer::done(
                format!("export (heapwalk's own) = {bytes} bytes"),
                format!("heap {number} is in {file}: {}", rough(bytes)),
            ),
            Err(error) => not_written(file, &error),
        }
    }

    /// Writes the commands that lead here, and beside them images of what threads left.
    pub(super) fn save_script(&mut self, file: &str, replace: bool) -> Answer {
        let path = Path::new(file);
        let mut images = Images::beside(path);
        let mut told = self.record.script(|old| {
            let image = self.kept_beside_journal(old)?;
            Some(images.add(image))
        });
        // The lines lead to the present; whoever looks at the past is led there.
        for seek in self.way_here() {
            told.script.push_str(&seek);
            told.script.push('\n');
            told.commands += 1;
        }
        let written = whole_file(path, replace, |mut to| {
            images.copy()?;
            to.write_all(told.script.as_bytes())?;
            size_of(to)
        });
        let bytes = match written {
            Ok(bytes) => bytes,
            Err(error) => return not_written(file, &error),
        };
        let beside = match told.images {
            0 => String::new(),
            images => format!(
                ", with {} of what threads left beside it",
                count(images, "image")
            ),
        };
        let lost = match told.lost {
            0 => "",
            _ => "; what real threads left was not kept, so that it does not lead to the same heap",
        };
        Answer::done(
            format!("save (heapwalk's own) = {bytes} bytes"),
            format!(
                "{file} leads here in {}{beside}{lost}; heapwalk {file} does it again",
                count(told.commands, "line")
            ),
        )
    }
}

fn size_of(file: &File) -> io::Result<u64> {
    Ok(file.metadata()?.len())
}

/// Images that are copied beside a script.
struct Images {
    directory: PathBuf,
    /// What their names begin with: letters that a line can say without quotes.
    stem: String,
    /// Where each is, and its new name.
    copies: Vec<(PathBuf, String)>,
}

impl Images {
    fn beside(script: &Path) -> Images {
        let stem = script.file_stem().unwrap_or_default().to_string_lossy();
        let plain = |char: char| {
            if char.is_ascii_alphanumeric() {
                char
            } else {
                '-'
            }
        };
        Images {
            directory: script.parent().unwrap_or(Path::new("")).to_owned(),
            stem: stem.chars().map(plain).collect(),
            copies: Vec::new(),
        }
    }

    /// The name that an image gets.
    fn add(&mut self, image: PathBuf) -> String {
        let named = |nth| format!("{}-{nth}.{}", self.stem, Export::Image.row().extension);
        let is_free = |name: &String| {
            let taken = self.copies.iter().any(|(_, other)| other == name);
            !taken && !self.directory.join(name).exists()
        };
        let name = (1..).map(named).find(is_free).unwrap_or_default();
        self.copies.push((image, name.clone()));
        name
    }

    fn copy(&self) -> io::Result<()> {
        for (from, name) in &self.copies {
            let mut from = File::open(from)?;
            whole_file(&self.directory.join(name), false, |mut to| {
                io::copy(&mut from, &mut to)
            })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::session::frame::Tone;
    use crate::session::{Command, parse_script};

    fn applied(session: &mut Session, script: &str) -> Answer {
        let commands = parse_script(script, "test").expect("a script");
        let mut answer = Answer::default();
        for (_, command) in &commands {
            answer = session.apply(command);
        }
        answer
    }

    fn session(script: &str) -> Session {
        let mut session = Session::new().expect("a session");
        applied(&mut session, script);
        session
    }

    fn export(session: &mut Session, file: &Path) -> Answer {
        session.apply(&Command::Export {
            file: file.display().to_string(),
            replace: false,
        })
    }

    #[test]
    fn the_end_of_a_name_says_what_it_is() {
        for (at, row) in EXPORTS.iter().enumerate() {
            assert_eq!(row.export as usize, at);
            assert_eq!(row.export.row(), row);
            let file = format!("a/b.{}", row.extension.to_uppercase());
            assert_eq!(Export::of(Path::new(&file)), Some(row.export));
        }
        for file in ["", "heap", ".json", "a.jpeg", "a.json/b"] {
            assert_eq!(Export::of(Path::new(file)), None, "{file}");
        }
    }

    #[test]
    fn a_script_leads_to_the_same_heaps_without_what_was_taken_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("s.heap");
        let mut session = session(
            "heap new fixed 64K coalesce=off\nalloc b[0:20] 48\nfree b[::2]\ncompact\nundo\nalloc x 4K\nundo\nredo\n\
             run random ops=50 seed=3\nheap new growable\nalloc a 2M\nfree a\nundo\n",
        );
        let answer = export(&mut session, &file);
        assert_eq!(answer.tone, Tone::Done, "{answer:?}");
        let script = fs::read_to_string(&file).expect("a script");
        assert!(
            !script.contains("undo") && !script.contains("compact"),
            "{script}"
        );
        let mut again = self::session(&script);
        let copy = session.image();
        assert!(again.same_heaps(&copy), "{script}");
    }

    #[test]
    fn nothing_is_written_over_unless_asked() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut session = session("heap new fixed 64K\nalloc a 100\n");
        for row in EXPORTS.iter().filter(|row| !row.of_screen) {
            let file = folder.path().join(format!("x.{}", row.extension));
            fs::write(&file, "mine").expect("written");
            let refused = export(&mut session, &file);
            assert_eq!(refused.tone, Tone::Refused);
            assert!(
                refused.words.contains("is there already; add `replace`"),
                "{refused:?}"
            );
            assert_eq!(fs::read(&file).expect("still there"), b"mine");
            let name = file.display().to_string();
            let done = session.apply(&Command::Export {
                file: name,
                replace: true,
            });
            assert_eq!(done.tone, Tone::Done, "{done:?}");
            let bytes = fs::metadata(&file).expect("a file").len();
            assert!(done.call.ends_with(&format!("= {bytes} bytes")), "{done:?}");
        }
        let left = fs::read_dir(folder.path()).expect("a folder").count();
        assert_eq!(left, 4, "nothing else is left behind");
    }

    #[test]
    fn what_cannot_be_written_says_so() {
        let mut session = session("heap new fixed 64K\n");
        for (file, words) in [
            (
                "/nowhere/at/all.json",
                "failed to write /nowhere/at/all.json: there is no folder /nowhere/at",
            ),
            ("x.png", "x.png would show a screen, and there is none here"),
            (
                "x.jpeg",
                "it is one of .txt .ansi .svg .png .json .csv .heap .heapimage",
            ),
        ] {
            let answer = export(&mut session, Path::new(file));
            assert_eq!(answer.tone, Tone::Refused);
            assert!(answer.words.contains(words), "{answer:?}");
        }
    }
}
