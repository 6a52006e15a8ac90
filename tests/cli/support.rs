//! Runs the program with a known environment and without a terminal.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

/// A folder without a configuration: the person's own is no part of a test.
pub(crate) const NO_CONFIG: &str = "/nonexistent";

/// A way to call the program.
pub(crate) struct Call {
    command: Command,
    input: Vec<u8>,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The program with these arguments.
pub(crate) fn heapwalk<A: AsRef<std::ffi::OsStr>>(args: &[A]) -> Call {
    let mut command = Command::new(env!("CARGO_BIN_EXE_heapwalk"));
    command
        .args(args)
        .env_clear()
        .env("TERM", "xterm-256color")
        .env("LANG", "C.UTF-8")
        .env("XDG_CONFIG_HOME", NO_CONFIG);
    Call {
        command,
        input: Vec::new(),
    }
}

impl Call {
    pub(crate) fn env(mut self, name: &str, value: &str) -> Call {
        self.command.env(name, value);
        self
    }

    pub(crate) fn input(mut self, bytes: impl AsRef<[u8]>) -> Call {
        bytes.as_ref().clone_into(&mut self.input);
        self
    }

    pub(crate) fn stdout(mut self, to: impl Into<Stdio>) -> Call {
        self.command.stdout(to);
        self
    }

    pub(crate) fn done(mut self) -> Done {
        let mut child = self
            .command
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut stdin = child.stdin.take().expect("its input is a pipe");
        // A program that does not read its input closes it.
        let _ = stdin.write_all(&self.input);
        drop(stdin);
        let output = child.wait_with_output().expect("the program ends");
        let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8");
        Done {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// The outcome with the standard output in a pipe.
    pub(crate) fn piped(self) -> Done {
        self.stdout(Stdio::piped()).done()
    }
}

impl Done {
    /// What was printed, of a call that is to end with 0 and without a message.
    #[track_caller]
    pub(crate) fn printed(&self) -> &str {
        assert_eq!((self.code, self.stderr.as_str()), (Some(0), ""), "{self:?}");
        &self.stdout
    }

    /// The message, of a call that is to end with `code` and to print nothing.
    #[track_caller]
    pub(crate) fn message(&self, code: i32) -> &str {
        assert_eq!(
            (self.code, self.stdout.as_str()),
            (Some(code), ""),
            "{self:?}"
        );
        &self.stderr
    }

    /// No escape code and no other control character anywhere.
    #[track_caller]
    pub(crate) fn is_plain(&self) -> &Done {
        let control = |char: char| char.is_control() && char != '\n';
        assert!(!self.stdout.contains(control), "{self:?}");
        assert!(!self.stderr.contains(control), "{self:?}");
        self
    }
}

/// Files for one test.
pub(crate) struct Files(TempDir);

impl Files {
    pub(crate) fn new() -> Files {
        Files(TempDir::new().expect("there is a place for temporary files"))
    }

    /// Writes a file and gives its path.
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::write(&path, bytes).expect("the file can be written");
        path
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }
}

/// A file that heapwalk ships.
pub(crate) fn asset(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("assets")
        .join(name)
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory takes all");
    encoder.finish().expect("memory takes all")
}
