//! The command line's grammar.

use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::{PossibleValue, PossibleValuesParser, StringValueParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{ArgAction, Args, CommandFactory, Parser, Subcommand, ValueEnum};

use crate::heap::Policy;
use crate::session::{Size, Thresholds};
use crate::tui::{ColorChoice, GlyphSet};

use super::config::{FRAMES, theme};
use super::help;

/// The whole grammar, for those who tell of it.
pub(super) fn command() -> clap::Command {
    Arguments::command()
}

/// Reads the command line.
pub(super) fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Arguments, clap::Error> {
    let arguments = Arguments::try_parse_from(words)?;
    let beside = match (&arguments.command, &arguments.file) {
        (None, _) => return Ok(arguments),
        (Some(_), Some(file)) => format!("the file {}", file.display()),
        (Some(_), None) if arguments.print_config => "--print-config".to_owned(),
        (Some(_), None) => return Ok(arguments),
    };
    Err(command().error(
        ErrorKind::ArgumentConflict,
        format!("found {beside} and a sub-command, expected one of them"),
    ))
}

/// An interactive heap explorer: a real Win32-style heap one can drive and watch.
///
/// Without a sub-command heapwalk opens the explorer, on FILE if one is given. Where there is no terminal it prints
/// one still picture as plain text instead.
#[derive(Debug, Parser)]
#[command(
    name = "heapwalk",
    version,
    max_term_width = 100,
    after_help = help::main_short(),
    after_long_help = help::main_long()
)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Option<Sub>,
    /// A script of commands, or a malloc-lab trace (.rep, also gzip); `-` is the standard input
    #[arg(value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
    /// Print the configuration that is in effect, as TOML, and end
    #[arg(long)]
    pub(super) print_config: bool,
    #[command(flatten)]
    pub(super) overrides: Overrides,
}

#[derive(Debug, Subcommand)]
pub(super) enum Sub {
    /// Go on with an earlier session of the explorer
    ///
    /// What the explorer is told is kept in a journal, $XDG_STATE_HOME/heapwalk/sessions/TIME-PROCESS.heap, a command a
    /// line, written as soon as it is answered, and about once a second what was made of a workload that runs; the last
    /// twenty are kept. Opening one does everything in it again, undo and redo included, and so leads to the same heaps.
    /// What real threads do does not repeat: their heap is kept as they leave it whenever they pause or end, or a
    /// command comes in between.
    #[command(after_help = help::OPEN)]
    Open(Open),
    /// Run a script without a screen and print each answer
    ///
    /// The answers go to the standard output as they come: the command as it would be typed, the call with its
    /// result, and what happened. `pause` does not wait. A trace is replayed on the heap, as the explorer does it.
    #[command(after_help = help::RUN)]
    Run(Run),
    /// Replay traces of real programs and measure
    ///
    /// Each block is filled with bytes that tell its number, and read back when it is freed or resized and at the end.
    /// A block that is not as it was left is damage: it is reported with its operation and ends with exit code 1.
    /// Requests that cannot succeed fail and are counted.
    #[command(after_help = help::REPLAY)]
    Replay(Replay),
    /// Print one still picture of the explorer
    ///
    /// The picture is that of the heap after the script or trace; without one, of the demonstration heap.
    #[command(after_help = help::FRAME)]
    Frame(Frame),
    /// List the lessons
    ///
    /// Each with its number, its name for `heapwalk learn`, how long it takes and what it is about.
    #[command(after_help = help::LESSONS)]
    Lessons,
    /// Play a lesson in the explorer, or present it to a class
    ///
    /// The lesson has a heap of its own; q returns to the heap that the explorer began with. Where there is no terminal
    /// the lesson is printed as text.
    #[command(after_help = help::LEARN)]
    Learn(Learn),
    /// Check lessons without a screen, or a solution of a lesson's challenge
    ///
    /// A lesson is carried out from its first line to its last. Every command must be done, every `expect` must hold,
    /// every prediction must have exactly one true answer, and every challenge must be open before its solution and
    /// solved after it, within its limits. Each lesson is checked, whatever becomes of the others; without any, those
    /// that heapwalk brings along are.
    #[command(after_help = help::CHECK)]
    Check(Check),
    /// Record a script or a lesson as an asciicast
    ///
    /// It is played as the explorer would draw it: commands are typed at the prompt, and each answer stays for as long
    /// as it takes to read. No clock is asked, so that the same script gives the same recording.
    #[command(after_help = help::CAST)]
    Cast(Cast),
    /// List the themes
    ///
    /// Heapwalk's own, and those in $XDG_CONFIG_HOME/heapwalk/themes, each with what it is for.
    #[command(after_help = help::THEMES)]
    Themes,
    /// Print the manual page
    ///
    /// It tells of options, keys and commands; the keys are those that heapwalk has without a configuration.
    #[command(after_help = help::MAN)]
    Man,
    /// Print completions for a shell
    #[command(after_help = help::COMPLETIONS)]
    Completions {
        /// Which shell
        #[arg(value_enum)]
        shell: Shell,
    },
}

/// The shells that completions are made for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(super) enum Shell {
    /// bash
    Bash,
    /// zsh
    Zsh,
    /// fish
    Fish,
    /// Nushell
    Nushell,
    /// PowerShell
    #[value(name = "powershell")]
    Pwsh,
}

/// What the command line says about the configuration.
#[derive(Debug, Default, Args)]
pub(super) struct Overrides {
    /// Which colours
    ///
    /// A theme that `heapwalk themes` lists, or a file with one. `auto` asks the terminal whether it is dark or light,
    /// then COLORFGBG, and else takes dark.
    #[arg(
        long,
        alias = "background",
        value_name = "NAME|FILE",
        value_parser = ThemeNames,
        hide_possible_values = true,
        global = true,
        display_order = 100
    )]
    pub(super) theme: Option<String>,
    /// When to use colours
    ///
    /// NO_COLOR is honoured unless this or HEAPWALK_COLOR is given.
    #[arg(
        long,
        value_enum,
        value_name = "WHEN",
        global = true,
        display_order = 100
    )]
    pub(super) color: Option<When>,
    /// Which characters to draw with
    ///
    /// `auto` takes Unicode where LC_ALL, LC_CTYPE or LANG says UTF-8, and ASCII elsewhere.
    #[arg(
        long,
        value_enum,
        value_name = "SET",
        global = true,
        display_order = 100
    )]
    pub(super) glyphs: Option<Glyphs>,
    /// Read this configuration instead of $XDG_CONFIG_HOME/heapwalk/config.toml
    #[arg(long, value_name = "FILE", global = true, display_order = 101)]
    pub(super) config: Option<PathBuf>,
    /// Read no configuration file
    #[arg(long, global = true, conflicts_with = "config", display_order = 101)]
    pub(super) no_config: bool,
    #[command(flatten)]
    pub(super) explorer: Behaviour,
}

/// How the explorer behaves.
#[derive(Debug, Default, Args)]
pub(super) struct Behaviour {
    /// Whether clicks and the wheel are for the explorer
    #[arg(long, hide_short_help = true, value_name = "on|off", value_parser = switch(), hide_possible_values = true, action = ArgAction::Set)]
    pub(super) mouse: Option<bool>,
    /// Whether what is done in the explorer is kept in a journal
    #[arg(long, hide_short_help = true, value_name = "on|off", value_parser = switch(), hide_possible_values = true, action = ArgAction::Set)]
    pub(super) journal: Option<bool>,
    /// How often the explorer draws at most, from 1 to 60
    #[arg(long, hide_short_help = true, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(FRAMES))]
    pub(super) frames_per_second: Option<u32>,
}

#[derive(Debug, Args)]
pub(super) struct Open {
    /// `last` for the session begun last, or a journal
    #[arg(value_name = "last|FILE")]
    pub(super) session: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct Run {
    /// The script or trace; `-` is the standard input
    pub(super) file: PathBuf,
    /// Print one JSON object: the answers, and the metrics at the end
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Learn {
    /// The name or number that `heapwalk lessons` lists, or a file
    #[arg(value_name = "LESSON")]
    pub(super) lesson: PathBuf,
    /// Present it: only what each step is about, with large captions and a clicker's keys
    #[arg(long)]
    pub(super) present: bool,
}

#[derive(Debug, Args)]
pub(super) struct Check {
    /// Lessons: files, or the names and numbers that `heapwalk lessons` lists; `-` is the standard input
    #[arg(value_name = "LESSON")]
    pub(super) lessons: Vec<PathBuf>,
    /// Check a solution of this lesson's challenge; LESSON:2 is its second one
    #[arg(
        long,
        value_name = "LESSON",
        requires = "solution",
        conflicts_with = "lessons"
    )]
    pub(super) challenge: Option<String>,
    /// The commands that are to solve it, a line each; `-` is the standard input
    #[arg(long, value_name = "FILE", requires = "challenge")]
    pub(super) solution: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Replay {
    /// Traces in malloc-lab's .rep format in any of its variants, also gzip; `-` is the standard input
    #[arg(value_name = "TRACE", required = true)]
    pub(super) traces: Vec<PathBuf>,
    /// How requests choose among free blocks
    #[arg(long, default_value = Policy::Best.name(), value_parser = policy())]
    pub(super) policy: Policy,
    /// Whether HeapFree joins free neighbours
    #[arg(long, value_name = "on|off", default_value = "on", value_parser = switch(), hide_possible_values = true, action = ArgAction::Set)]
    pub(super) coalesce: bool,
    /// When HeapFree gives memory back: `off`, `auto` (NT's 4K,64K), or from which sizes of a block and of all free
    /// memory on
    #[arg(long, value_name = "off|auto|BLOCK,TOTAL", default_value = "off")]
    pub(super) decommit: Decommit,
    /// Whether calls take the heap's lock
    #[arg(long, value_name = "on|off", default_value = "on", value_parser = switch(), hide_possible_values = true, action = ArgAction::Set)]
    pub(super) serialize: bool,
    /// Write one byte in each page of a block instead of filling it, and read nothing back
    #[arg(long)]
    pub(super) no_check: bool,
    /// The most the heap may commit, such as 64M; half of the machine's memory unless given
    #[arg(long, value_name = "SIZE")]
    pub(super) limit: Option<Size>,
    /// Print one JSON object for each trace, one on a line
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Frame {
    /// Columns and rows; 80x24 unless given, with COLUMNS columns if that is set
    #[arg(long, value_name = "WIDTHxHEIGHT")]
    pub(super) size: Option<FrameSize>,
    /// What to print: a picture of the screen, or the heap as data
    #[arg(long, value_enum, default_value = "text")]
    pub(super) format: Format,
    /// Write to this file instead of the standard output; what is there is replaced
    #[arg(long, short, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// The script or trace to run first, or a lesson to draw at its first step; `-` is the standard input
    #[arg(long, value_name = "FILE", conflicts_with = "lesson")]
    pub(super) run: Option<PathBuf>,
    /// A lesson to draw, at a step such as `blocks:4`; at its first challenge unless given
    #[arg(long, value_name = "LESSON[:STEP]")]
    pub(super) lesson: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Cast {
    /// A script, or a lesson: a file, or the name of one that heapwalk brings along
    pub(super) script: PathBuf,
    /// Write to this file instead of the standard output; what is there is replaced
    #[arg(long, short, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Columns and rows; 120x40 unless given
    #[arg(long, value_name = "WIDTHxHEIGHT")]
    pub(super) size: Option<FrameSize>,
    /// How many times faster than somebody would read it, from 0.1 to 100
    #[arg(long, value_name = "NUMBER", default_value = "1", value_parser = speed)]
    pub(super) speed: f64,
}

/// How much faster a recording goes.
fn speed(text: &str) -> Result<f64, String> {
    let speed: Option<f64> = text.parse().ok();
    let found = speed.filter(|speed| (0.1..=100.0).contains(speed));
    found.ok_or_else(|| "expected a number from 0.1 to 100".to_owned())
}

/// Any text; the names that are known are offered.
#[derive(Clone)]
struct ThemeNames;

impl TypedValueParser for ThemeNames {
    type Value = String;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &std::ffi::OsStr,
    ) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(theme::names().map(PossibleValue::new)))
    }
}

/// `on` and `off`.
fn switch() -> impl TypedValueParser<Value = bool> {
    PossibleValuesParser::new(["on", "off"]).map(|word| word == "on")
}

/// The names of the policies, also without `-fit`.
fn policy() -> impl TypedValueParser<Value = Policy> {
    let short = |policy: Policy| policy.name().trim_end_matches("-fit");
    PossibleValuesParser::new(
        Policy::ALL.map(|policy| PossibleValue::new(policy.name()).alias(short(policy))),
    )
    .map(move |name| {
        let named = |policy: &Policy| policy.name() == name || short(*policy) == name;
        Policy::ALL.into_iter().find(named).unwrap_or_default()
    })
}

/// `off`, `auto`, or two sizes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Decommit(pub(super) Option<Thresholds>);

impl FromStr for Decommit {
    type Err = String;

    fn from_str(text: &str) -> Result<Decommit, String> {
        match text {
            "off" => return Ok(Decommit(None)),
            "auto" => return Ok(Decommit(Some(Thresholds::NT))),
            _ => {}
        }
        let (block, total) = text
            .split_once(',')
            .ok_or("expected off, auto, or two sizes such as 4K,64K")?;
        let size = |text: &str| text.parse().map_err(|error| format!("\"{text}\": {error}"));
        let (Size(block), Size(total)) = (size(block)?, size(total)?);
        Ok(Decommit(Some(Thresholds { block, total })))
    }
}

/// Columns and rows of a still picture.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct FrameSize {
    pub(super) width: u16,
    pub(super) height: u16,
}

impl FrameSize {
    /// A picture of more cells than this is a slip of the finger.
    const MOST: u16 = 1000;
}

impl FromStr for FrameSize {
    type Err = String;

    fn from_str(text: &str) -> Result<FrameSize, String> {
        let number = |text: &str| {
            text.parse()
                .ok()
                .filter(|number| (1..=FrameSize::MOST).contains(number))
        };
        text.split_once('x')
            .and_then(|(width, height)| Some((number(width)?, number(height)?)))
            .map(|(width, height)| FrameSize { width, height })
            .ok_or_else(|| {
                format!(
                    "expected columns and rows from 1 to {}, such as 120x40",
                    FrameSize::MOST
                )
            })
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(super) enum Format {
    /// Plain text without escape codes
    Text,
    /// Text with the colours that a terminal is given
    Ansi,
    /// An image that looks like the terminal, of shapes
    Svg,
    /// The same of pixels, 16 by 32 a character
    Png,
    /// The heap's settings, figures, segments, blocks and returned memory
    Json,
    /// The heap's blocks, one a line
    Csv,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(super) enum When {
    /// As the terminal and the environment say
    Auto,
    /// Even if NO_COLOR is set
    Always,
    /// Never
    Never,
}

impl From<When> for ColorChoice {
    fn from(when: When) -> ColorChoice {
        match when {
            When::Auto => ColorChoice::Auto,
            When::Always => ColorChoice::Always,
            When::Never => ColorChoice::Never,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(super) enum Glyphs {
    /// As the locale says
    Auto,
    /// Blocks, lines and shades
    Unicode,
    /// Printable ASCII only
    Ascii,
}

impl Glyphs {
    /// The set that was asked for, or what `detect` finds.
    pub(super) fn or_else(self, detect: impl FnOnce() -> GlyphSet) -> GlyphSet {
        match self {
            Glyphs::Auto => detect(),
            Glyphs::Unicode => GlyphSet::Unicode,
            Glyphs::Ascii => GlyphSet::Ascii,
        }
    }
}
