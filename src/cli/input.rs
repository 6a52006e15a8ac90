//! Files that a person names: scripts, journals, heap images and traces, told apart by what is in them.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::OnceLock;

use crate::session::{
    Command, Deed, Example, HeapFile, Past, ScriptError, parse_script, read_journal,
};
use crate::trace::Trace;
use crate::trace::samples::Sample;

use super::exit::Failure;

/// What a file turned out to be.
#[derive(Debug)]
pub(super) enum Input {
    /// Commands with the numbers of their lines.
    Script(Vec<(usize, Command)>),
    /// A trace.
    Trace(Trace),
}

/// What the explorer can begin with.
#[derive(Debug)]
pub(super) enum Beginning {
    /// What is to be done again.
    Past(Past),
    /// A trace.
    Trace(Trace),
}

/// A file that was read, as far as it is told apart.
enum Read {
    Text(Vec<u8>),
    /// A heap image without a mistake, by the command that makes a heap of it.
    Image(Command),
    Trace(Trace),
}

/// More than any script has; traces are read piece by piece and may be larger.
const LARGEST_SCRIPT: u64 = 64 << 20;

const GZIP: [u8; 2] = [0x1F, 0x8B];

/// The name of a file in messages.
pub(super) fn name_of(path: &Path) -> String {
    if is_stdin(path) {
        "<stdin>".to_owned()
    } else {
        path.display().to_string()
    }
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// As much of the standard input as tells what it is. It stays to be read by [`open`].
fn begin_of_stdin() -> &'static [u8] {
    static BEGIN: OnceLock<Vec<u8>> = OnceLock::new();
    BEGIN.get_or_init(|| {
        let mut begin = Vec::new();
        // What cannot be read is told by whoever reads on.
        let _ = io::stdin().lock().take(BEGINNING).read_to_end(&mut begin);
        begin
    })
}

/// As much of a file or of the standard input as tells what it is; `None` for what can be read only once, such as a
/// pipe with a name.
pub(super) fn begin_of(path: &Path) -> Option<Cow<'static, [u8]>> {
    if is_stdin(path) {
        return Some(begin_of_stdin().into());
    }
    let file = File::open(path).ok().filter(|_| path.is_file())?;
    let mut begin = Vec::new();
    file.take(BEGINNING).read_to_end(&mut begin).ok()?;
    Some(begin.into())
}

/// The demonstration: its name and its script.
pub(super) const DEMO: (&str, &str) = ("demo", include_str!("../../assets/scripts/demo.heap"));

/// What heapwalk ships under this name.
fn shipped(path: &Path) -> Option<&'static [u8]> {
    let name = path.to_str()?;
    if name == DEMO.0 {
        return Some(DEMO.1.as_bytes());
    }
    if let Some(example) = Example::find(name) {
        return Some(example.text.as_bytes());
    }
    Sample::find(name).map(|sample| sample.bytes)
}

/// Opens a file, the standard input, or, where there is no such file, what heapwalk ships under that name.
pub(super) fn open(path: &Path) -> Result<Box<dyn io::Read>, Failure> {
    if is_stdin(path) {
        return Ok(Box::new(begin_of_stdin().chain(io::stdin().lock())));
    }
    match File::open(path) {
        Ok(file) => Ok(Box::new(file)),
        Err(cause) => match shipped(path) {
            Some(bytes) if cause.kind() == io::ErrorKind::NotFound => Ok(Box::new(bytes)),
            _ => Err(Failure::Read {
                file: name_of(path),
                cause,
            }),
        },
    }
}

/// Reads a trace.
pub(super) fn trace(path: &Path) -> Result<Trace, Failure> {
    Ok(Trace::read(&name_of(path), open(path)?)?)
}

/// Reads a script, a heap image or a trace.
pub(super) fn script_or_trace(path: &Path) -> Result<Input, Failure> {
    match read(path)? {
        Read::Text(text) => script(&name_of(path), &text).map(Input::Script),
        Read::Image(load) => Ok(Input::Script(vec![(1, load)])),
        Read::Trace(trace) => Ok(Input::Trace(trace)),
    }
}

/// Reads a journal, a script, a heap image or a trace.
pub(super) fn beginning(path: &Path) -> Result<Beginning, Failure> {
    match read(path)? {
        Read::Text(text) => Ok(Beginning::Past(read_journal(&text, &name_of(path))?)),
        Read::Image(load) => Ok(Beginning::Past(Past {
            deeds: vec![Deed::Command(load)],
            ..Past::default()
        })),
        Read::Trace(trace) => Ok(Beginning::Trace(trace)),
    }
}

fn read(path: &Path) -> Result<Read, Failure> {
    let name = name_of(path);
    let failed = |cause| Failure::Read {
        file: name.clone(),
        cause,
    };
    let mut rest = open(path)?;
    let mut begin = Vec::new();
    rest.by_ref()
        .take(BEGINNING)
        .read_to_end(&mut begin)
        .map_err(failed)?;
    if is_trace(&begin) {
        return Ok(Read::Trace(Trace::read(&name, begin.chain(rest))?));
    }
    // An empty file is a script without a line, unless it says by its name that it should be more.
    let is_named_image = path.extension().is_some_and(|kind| kind == "heapimage");
    if HeapFile::is_one(&begin) || (begin.is_empty() && is_named_image) {
        return image(path, begin.chain(rest)).map(Read::Image);
    }
    rest.take(LARGEST_SCRIPT)
        .read_to_end(&mut begin)
        .map_err(failed)?;
    if begin.len() as u64 >= LARGEST_SCRIPT {
        return Err(failed(io::Error::other(
            "more than 64 MiB, which no script has",
        )));
    }
    Ok(Read::Text(begin))
}

/// Reads a heap image to its end, so that nothing is opened of one that is cut off or damaged, and answers with the
/// command that makes a heap of it: this is what a journal needs to do it again.
fn image(path: &Path, bytes: impl io::Read) -> Result<Command, Failure> {
    let file = name_of(path);
    if let Err(cause) = HeapFile::read(bytes) {
        return Err(Failure::Image { file, cause });
    }
    if is_stdin(path) {
        let cause = io::Error::other("found a heap image, which has to be a file with a name");
        return Err(Failure::Read { file, cause });
    }
    // Wherever the session is opened again from.
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    Ok(Command::Load(whole.display().to_string()))
}

/// As much of a file as tells what it is.
const BEGINNING: u64 = 4096;

/// A trace is gzip, or its first line that is neither blank nor a comment is a number or begins with an operation of
/// one letter. No command is one letter long, and none begins with a digit.
fn is_trace(begin: &[u8]) -> bool {
    if begin.starts_with(&GZIP) {
        return true;
    }
    let word = begin
        .split(|&byte| byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .find(|line| !line.is_empty() && line[0] != b'#')
        .and_then(|line| line.split(u8::is_ascii_whitespace).next());
    word.is_some_and(|word| {
        matches!(word, b"a" | b"r" | b"f") || word.iter().all(u8::is_ascii_digit)
    })
}

fn script(name: &str, bytes: &[u8]) -> Result<Vec<(usize, Command)>, Failure> {
    let text = std::str::from_utf8(bytes)
        .map_err(|error| ScriptError::not_text(name, bytes, error.valid_up_to()))?;
    Ok(parse_script(text, name)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traces_are_told_from_scripts() {
        for (begin, trace) in [
            ("20000\n5\n10\n1\na 0 16\n", true),
            ("# words\n\n  a 0 16\n", true),
            ("f -1\r\n", true),
            ("3 a 0 16\n", true),
            ("12", true),
            ("\u{1f}", false),
            ("", false),
            ("# only words\n", false),
            ("alloc a 64\n", false),
            ("free a\n", false),
            ("run random ops=1\n", false),
            ("heap new growable\n", false),
            ("12x\n", false),
        ] {
            assert_eq!(is_trace(begin.as_bytes()), trace, "{begin:?}");
        }
        assert!(is_trace(&[0x1F, 0x8B, 8, 0]));
        assert!(!is_trace(&[0xFF, 0x00]));
    }

    #[test]
    fn bytes_that_are_no_text_are_refused_with_their_place() {
        let error = script("x.heap", b"walk\nsay \"\xFF\"\n").expect_err("that is not UTF-8");
        assert_eq!(
            error.to_string(),
            r#"read x.heap:2:6: found "byte 0xff", expected text in UTF-8"#
        );
    }
}
