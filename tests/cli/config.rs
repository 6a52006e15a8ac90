//! The configuration as a shell sees it: which file is read, what beats what, and how mistakes are told.

use super::support::{Call, Files, heapwalk};

/// A folder with `text` as heapwalk's configuration, as `XDG_CONFIG_HOME` names it.
fn home(text: &str) -> (Files, String) {
    let files = Files::new();
    let home = files.path("config");
    std::fs::create_dir_all(files.path("config/heapwalk")).expect("folders can be made");
    files.write("config/heapwalk/config.toml", text);
    (files, home)
}

/// The line of `--print-config` about `name`, without its comment.
fn printed(call: Call, name: &str) -> String {
    let done = call.piped();
    let page = done.is_plain().printed();
    let line = page
        .lines()
        .find(|line| line.starts_with(&format!("{name} = ")));
    let line = line.unwrap_or_else(|| panic!("{name} is not in {page}"));
    line.split("  #").next().unwrap_or(line).trim().to_owned()
}

#[test]
fn the_file_at_the_usual_place_is_read_unless_it_is_not_wanted() {
    let (files, home) = home("glyphs = \"ascii\"\n[keys.map]\nheap-compact = [\"F5\"]\n");
    let other = files.write("other.toml", "glyphs = \"unicode\"\n");
    for (args, glyphs, compact) in [
        (&[][..], "ascii", "F5"),
        (&["--no-config"], "auto", "K"),
        (&["--config", &other], "unicode", "K"),
        (&["--glyphs", "auto"], "auto", "F5"),
    ] {
        let call = || {
            let args: Vec<&str> = args.iter().copied().chain(["--print-config"]).collect();
            heapwalk(&args).env("XDG_CONFIG_HOME", &home)
        };
        assert_eq!(printed(call(), "glyphs"), format!("glyphs = \"{glyphs}\""));
        let keys = format!("heap-compact = [\"{compact}\"]");
        assert_eq!(printed(call(), "heap-compact"), keys, "{args:?}");
    }
}

#[test]
fn the_environment_lies_between_the_file_and_the_command_line() {
    let (_files, home) = home("color = \"always\"\n");
    let call = |args: &[&str]| heapwalk(args).env("XDG_CONFIG_HOME", &home);
    let color = |call| printed(call, "color");
    assert_eq!(color(call(&["--print-config"])), "color = \"always\"");
    let with = |args: &[&str]| call(args).env("NO_COLOR", "1");
    assert_eq!(color(with(&["--print-config"])), "color = \"never\"");
    let auto = with(&["--print-config"]).env("HEAPWALK_COLOR", "auto");
    assert_eq!(color(auto), "color = \"auto\"");
    let always = with(&["--print-config", "--color", "always"]);
    assert_eq!(color(always), "color = \"always\"");
}

#[test]
fn what_is_printed_can_be_read_again() {
    let files = Files::new();
    let first = heapwalk(&["--print-config", "--mouse", "off"]).piped();
    let path = files.write("printed.toml", first.printed());
    let second = heapwalk(&["--print-config", "--config", &path]).piped();
    assert_eq!(first.printed(), second.printed());
    assert!(first.printed().contains("mouse = false"));
}

#[test]
fn a_picture_follows_the_configuration() {
    let (_files, home) = home("glyphs = \"ascii\"\n[keys.map]\nheap-compact = [\"F5\"]\n");
    let done = heapwalk(&["frame", "--size", "120x40"])
        .env("XDG_CONFIG_HOME", &home)
        .piped();
    let picture = done.printed();
    assert!(picture.is_ascii(), "{picture}");
    assert!(picture.contains("F5 compact"), "{picture}");
}

#[test]
fn mistakes_name_file_line_and_column() {
    let (_files, home) = home("theme = \"dark\"\n[keys.map]\n  heap-validate = [\"K\"]\n");
    for args in [&[][..], &["frame"], &["--print-config"]] {
        let done = heapwalk(args).env("XDG_CONFIG_HOME", &home).piped();
        assert_eq!(
            done.message(2),
            format!(
                "heapwalk: failed to read {home}/heapwalk/config.toml:3:20: key K is bound to both \
                 HeapCompact and HeapValidate in the map\n"
            )
        );
    }
    // What draws nothing asks no configuration.
    assert_eq!(
        heapwalk(&["run", "demo"])
            .env("XDG_CONFIG_HOME", &home)
            .piped()
            .code,
        Some(0)
    );
}

#[test]
fn wrong_requests_for_a_configuration_are_refused() {
    let files = Files::new();
    let missing = files.path("missing.toml");
    for (args, variable, words) in [
        (
            &["--print-config", "--config", &missing][..],
            ("", ""),
            "missing.toml: No such file or directory",
        ),
        (
            &["--print-config"],
            ("HEAPWALK_THEME", "blue"),
            "failed to read HEAPWALK_THEME: found \"blue\", expected auto, dark, light, high-contrast, mono, the name",
        ),
        (
            &["--config", &missing, "--no-config"],
            ("", ""),
            "cannot be used with",
        ),
        (
            &["--print-config", "frame"],
            ("", ""),
            "found --print-config and a sub-command",
        ),
        (
            &["--frames-per-second", "61"],
            ("", ""),
            "61 is not in 1..=60",
        ),
        (
            &["--mouse", "maybe"],
            ("", ""),
            "[possible values: on, off]",
        ),
    ] {
        let mut call = heapwalk(args);
        if !variable.0.is_empty() {
            call = call.env(variable.0, variable.1);
        }
        let done = call.piped();
        assert!(done.message(2).contains(words), "{args:?}: {}", done.stderr);
    }
}
