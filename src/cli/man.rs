//! `heapwalk man`: the manual page, made from the grammar of the command line, the table of actions and the tables of
//! the command language.

use std::io::{self, Write};

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, italic, roman};

use crate::session::sections;
use crate::tui::Bindings;
use crate::tui::action::{ACTIONS, Context};

use super::config::{self, SETTINGS};
use super::exit::{Exit, Failure};
use super::{args, help, out};

pub(super) fn run() -> Result<Exit, Failure> {
    out::write(write)?;
    Ok(Exit::Success)
}

fn write(to: &mut dyn Write) -> io::Result<()> {
    let command = args::command();
    let page = Man::new(command.clone())
        .manual("User Commands")
        .source(concat!("heapwalk ", env!("CARGO_PKG_VERSION")));
    page.render_title(to)?;
    page.render_name_section(to)?;
    page.render_synopsis_section(to)?;
    page.render_description_section(to)?;
    page.render_options_section(to)?;
    let mut roff = Roff::new();
    roff.control("SH", ["SUB-COMMANDS"]);
    roff.to_writer(to)?;
    for sub in command.get_subcommands() {
        write_sub(sub, to)?;
    }
    let mut roff = Roff::new();
    keys(&mut roff);
    commands(&mut roff);
    environment(&mut roff);
    files(&mut roff);
    exit_status(&mut roff);
    examples(&mut roff);
    roff.to_writer(to)
}

/// A sub-command with the options that are its own: those that count everywhere have been told.
fn write_sub(sub: &Command, to: &mut dyn Write) -> io::Result<()> {
    const HEADING: &str = ".SH OPTIONS\n";
    let name = sub.get_name().to_owned();
    let mut roff = Roff::new();
    roff.control("SS", [format!("heapwalk {name}").as_str()]);
    let about = sub.get_long_about().or_else(|| sub.get_about());
    if let Some(about) = about {
        paragraphs(&mut roff, &about.to_string());
    }
    roff.to_writer(to)?;

    let mut options = Vec::new();
    let alone = sub.clone().disable_help_flag(true);
    Man::new(alone).render_options_section(&mut options)?;
    let options = String::from_utf8_lossy(&options);
    let listed = options
        .split_once(HEADING)
        .map_or(&*options, |(_, listed)| listed);
    to.write_all(listed.as_bytes())?;

    if let Some(after) = sub.get_after_help() {
        let mut roff = Roff::new();
        roff.control("PP", []);
        verbatim(&mut roff, &after.to_string());
        roff.to_writer(to)?;
    }
    Ok(())
}

fn keys(roff: &mut Roff) {
    let bindings = Bindings::default();
    roff.control("SH", ["KEYS"]);
    roff.text([roman(
        "These are the keys of the explorer without a configuration, which may name others under [keys]. The word in \
         brackets is the name of the action there.",
    )]);
    for context in Context::ALL {
        let place = match context {
            Context::Everywhere => "everywhere".to_owned(),
            context => format!("in {}", context.place()),
        };
        roff.control(
            "SS",
            [format!("{place} ([keys.{}])", context.name()).as_str()],
        );
        for action in ACTIONS.iter().filter(|action| action.context == context) {
            let head = [
                bold(bindings.key_names(action)),
                roman("  "),
                roman(format!("[{}]", action.id())),
            ];
            entry(roff, head, action.doc);
        }
    }
}

fn commands(roff: &mut Roff) {
    roff.control("SH", ["COMMANDS"]);
    roff.text([roman(
        "What is typed at the prompt, what a script holds and what the log shows are the same lines.",
    )]);
    for section in sections() {
        roff.control("SS", [section.title.as_str()]);
        for row in &section.entries {
            entry(roff, [bold(row.words.as_str())], &row.doc);
            if let Some(example) = &row.example {
                roff.control("br", []);
                roff.text([italic(example.as_str())]);
            }
        }
    }
}

fn environment(roff: &mut Roff) {
    roff.control("SH", ["ENVIRONMENT"]);
    for setting in &SETTINGS {
        let doc = format!("{}: {}", setting.doc, setting.kind.expected());
        entry(roff, [bold(config::variable(setting.name))], &doc);
    }
    for (variable, doc) in [
        ("NO_COLOR", "no colours, if it is not empty"),
        (
            "COLORTERM, TERM",
            "how many colours there are: truecolor, 256color",
        ),
        (
            "COLORFGBG",
            "the background, where the terminal does not tell it",
        ),
        (
            "LC_ALL, LC_CTYPE, LANG",
            "whether characters beyond ASCII can be shown: UTF-8",
        ),
        ("COLUMNS", "how wide a still picture is"),
    ] {
        entry(roff, [bold(variable)], doc);
    }
}

fn files(roff: &mut Roff) {
    roff.control("SH", ["FILES"]);
    entry(
        roff,
        [bold("$XDG_CONFIG_HOME/heapwalk/config.toml")],
        "the configuration; heapwalk --print-config prints one that can be changed. The command line beats the \
         environment, and that the file.",
    );
}

fn exit_status(roff: &mut Roff) {
    roff.control("SH", ["EXIT STATUS"]);
    for exit in Exit::ALL {
        entry(roff, [bold(exit.code().to_string())], exit.doc());
    }
}

fn examples(roff: &mut Roff) {
    roff.control("SH", ["EXAMPLES"]);
    let lines = help::EXAMPLES.lines().map(str::trim_start);
    verbatim(roff, &lines.collect::<Vec<_>>().join("\n"));
}

/// A term and its sentence.
fn entry(roff: &mut Roff, head: impl Into<Vec<Inline>>, doc: &str) {
    roff.control("TP", []);
    roff.text(head);
    roff.text([roman(doc)]);
}

fn paragraphs(roff: &mut Roff, words: &str) {
    for line in words.lines() {
        if line.trim().is_empty() {
            roff.control("PP", []);
        } else {
            roff.text([roman(line)]);
        }
    }
}

/// Lines as they stand.
fn verbatim(roff: &mut Roff, lines: &str) {
    roff.control("nf", []);
    for line in lines.lines() {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
}
