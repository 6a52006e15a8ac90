//! Completions: every shell is told of every sub-command, and the shells that are here can read what is for them.

use std::process::Command;

use super::support::{Files, heapwalk};
use super::usage::SUBCOMMANDS;

/// Each shell, the name of its program, and the arguments that make it read a file without running it.
const SHELLS: [(&str, &str, &[&str]); 4] = [
    ("bash", "bash", &["-n"]),
    ("zsh", "zsh", &["-n"]),
    ("fish", "fish", &["--no-execute"]),
    ("nushell", "nu", &["--ide-check", "100"]),
];

#[test]
fn every_shell_is_told_of_every_sub_command() {
    for shell in ["bash", "zsh", "fish", "nushell", "powershell"] {
        let done = heapwalk(&["completions", shell]).piped();
        let script = done.printed();
        for word in SUBCOMMANDS
            .iter()
            .chain(&["theme", "no-config", "coalesce"])
        {
            assert!(script.contains(word), "{word} is not in that for {shell}");
        }
    }
}

#[test]
fn the_shells_that_are_here_can_read_theirs() {
    let files = Files::new();
    let mut read = 0;
    for (shell, program, arguments) in SHELLS {
        let done = heapwalk(&["completions", shell]).piped();
        let path = files.write(shell, done.printed());
        let Ok(output) = Command::new(program).args(arguments).arg(&path).output() else {
            continue;
        };
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && words.is_empty(),
            "{shell}: {words}"
        );
        read += 1;
    }
    assert!(read > 0, "not even bash is here");
}

#[test]
fn bash_completes_sub_commands_options_and_values() {
    let files = Files::new();
    let done = heapwalk(&["completions", "bash"]).piped();
    let path = files.write("bash", done.printed());
    for (words, expected) in [
        (&["heapwalk", "rep"][..], "replay"),
        (&["heapwalk", "--print"], "--print-config"),
        (&["heapwalk", "--theme", "l"], "light"),
        (&["heapwalk", "replay", "--coalesce", "of"], "off"),
        (&["heapwalk", "completions", "nu"], "nushell"),
    ] {
        let last = words.len() - 1;
        let script = format!(
            "source '{path}'; COMP_WORDS=({}); COMP_CWORD={last}; \
             _heapwalk heapwalk '{}' '{}'; echo \"${{COMPREPLY[@]}}\"",
            words.join(" "),
            words[last],
            words[last - 1]
        );
        let output = Command::new("bash")
            .args(["-c", &script])
            .output()
            .expect("bash is here");
        let completed = String::from_utf8_lossy(&output.stdout);
        assert_eq!(completed.trim(), expected, "{words:?}");
    }
}
