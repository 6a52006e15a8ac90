use super::*;
use crate::tui::action::{ACTIONS, Action, Context};
use crate::tui::key::Key;

use setting::{Kind, Setting};

fn read_text(text: &str) -> Config {
    file::parse(text, "config.toml").unwrap_or_else(|error| panic!("{error} in {text}"))
}

fn refused(text: &str) -> String {
    match file::parse(text, "config.toml") {
        Err(error) => error.to_string(),
        Ok(config) => panic!("{text} is read as {config:?}"),
    }
}

fn bound(config: &Config, context: Context, key: Key) -> Option<String> {
    config.keys.find(context, key).map(Action::id)
}

#[test]
fn a_file_changes_what_it_names_and_nothing_else() {
    assert_eq!(read_text(""), Config::default());
    let config = read_text(
        r#"
        color = "always"     # even on a projector
        mouse = false
        frames_per_second = 0x0a

        [keys.map]
        heap-compact = ["c", "F5"]
        heap-free = []
        [keys]
        prompt.line-start = "Ctrl-b"
        "#,
    );
    let expected = Config {
        color: When::Always,
        mouse: false,
        frames_per_second: 10,
        keys: Arc::clone(&config.keys),
        ..Config::default()
    };
    assert_eq!(config, expected);
    for (context, key, id) in [
        (Context::Map, Key::Char('c'), Some("heap-compact")),
        (Context::Map, Key::Function(5), Some("heap-compact")),
        (Context::Map, Key::Char('K'), None),
        (Context::Map, Key::Char('f'), None),
        (Context::Map, Key::Char('a'), Some("alloc")),
        (Context::Prompt, Key::Ctrl('b'), Some("line-start")),
        (Context::Prompt, Key::Home, None),
    ] {
        assert_eq!(bound(&config, context, key).as_deref(), id, "{key}");
    }
}

#[test]
fn mistakes_are_told_with_their_place_and_what_was_expected() {
    for (text, message) in [
        (
            "colour = \"auto\"",
            "config.toml:1:1: found \"colour\", expected theme, color, glyphs, mouse, journal, \
             frames_per_second or keys (did you mean color?)",
        ),
        (
            "theme = \"dark\"\n\n  glyphs = \"unicod\"",
            "config.toml:3:12: found \"unicod\", expected auto, unicode or ascii for glyphs",
        ),
        (
            "mouse = \"on\"",
            "config.toml:1:9: found \"on\", expected true or false for mouse",
        ),
        (
            "frames_per_second = 61",
            "config.toml:1:21: found 61, expected a number from 1 to 60 for frames_per_second",
        ),
        (
            "frames_per_second = 0",
            "config.toml:1:21: found 0, expected a number from 1 to 60 for frames_per_second",
        ),
        (
            "frames_per_second = 99999999999999999999",
            "config.toml:1:21: found 99999999999999999999, expected a number from 1 to 60 for \
             frames_per_second",
        ),
        (
            "theme = []",
            "config.toml:1:9: found a list, expected auto, dark, light, high-contrast, mono, the name of a theme of yours or a file for theme",
        ),
        (
            "keys = 3",
            "config.toml:1:8: found 3, expected a table for keys",
        ),
        (
            "keys.map = true",
            "config.toml:1:12: found true, expected a table for map",
        ),
        (
            "[keys.mpa]\nquit = \"Q\"",
            "config.toml:1:7: found \"mpa\", expected map, everywhere, card, script, tour, lessons, lesson, \
             reading, question, hole, task, presenter, rows, stepping, playing, past, branch, lines, go-to, prompt, \
             help, explain, terms, search, bookmarks, faults, findings, export or paste (did you mean map?)",
        ),
        (
            "[keys.map]\nheap-comapct = [\"c\"]",
            "config.toml:2:1: found \"heap-comapct\", expected an action of [keys.map] as \
             --print-config lists them (did you mean heap-compact?)",
        ),
        (
            "[keys.prompt]\nheap-compact = [\"F5\"]",
            "config.toml:2:1: found \"heap-compact\" in [keys.prompt], expected it in [keys.map]",
        ),
        (
            "[keys.map]\nheap-compact = [\"c\", 5]",
            "config.toml:2:22: found 5, expected a key such as \"K\", or a list of keys",
        ),
        (
            "[keys.map]\nheap-compact = [\"c\", \"Kk\"]",
            "config.toml:2:22: found \"Kk\", expected a key such as K, Ctrl-r, F1, space, Enter, PgDn \
             or left",
        ),
        (
            "[keys.map]\nheap-compact = \"Ctrl-m\"",
            "config.toml:2:16: key Ctrl-m cannot be bound: terminals send the same for it as for Enter",
        ),
        (
            "[keys.map]\nheap-validate = [\"c\", \"K\"]",
            "config.toml:2:23: key K is bound to both HeapCompact and HeapValidate in the map",
        ),
        (
            "[keys.map]\nheap-validate = [\"c\"]\nheap-compact = [\"c\"]",
            "config.toml:3:17: key c is bound to both HeapCompact and HeapValidate in the map",
        ),
        (
            "[keys.map]\nheap-compact = [\"c\"]\n\n  quit = []",
            "config.toml:4:3: quit has no key in the map; expected at least one",
        ),
        (
            "[keys.prompt]\ndelete-word = [\"Ctrl-w\", \"x\"]",
            "config.toml:2:26: key x is bound to delete word, but is typed as a letter in the \
             prompt; expected Ctrl and a letter, or a named key",
        ),
        (
            "# ä\n\"ö\" = \"ü\" \"",
            "config.toml:2:11: unexpected key or value, expected newline, `#`",
        ),
        (
            "mouse = true\nmouse = true",
            "config.toml:2:1: duplicate key",
        ),
        (
            "[keys.map",
            "config.toml:1:10: unclosed table, expected `]`",
        ),
    ] {
        assert_eq!(refused(text), message, "{text}");
    }
}

#[test]
fn the_first_mistake_of_a_file_is_the_one_told() {
    let message = refused("zebra = 1\nant = 2\n[keys.map]\nx = 3");
    assert!(message.starts_with("config.toml:1:1: "), "{message}");
    let message = refused("[keys.map]\nzebra = 3\nant = 4");
    assert!(message.starts_with("config.toml:2:1: "), "{message}");
}

#[test]
fn what_is_printed_reads_back_the_same() {
    let changed = read_text(
        r#"
        theme = "light"
        color = "never"
        glyphs = "ascii"
        mouse = false
        journal = false
        frames_per_second = 7
        [keys.map]
        heap-compact = ["\\", "\"", "ä", "space", "Shift-Tab"]
        run = []
        previous-pane = "Ctrl-e"
        [keys.go-to]
        stay = ["Esc"]
        "#,
    );
    for config in [Config::default(), changed] {
        let text = to_toml(&config);
        assert_eq!(read_text(&text), config, "{text}");
    }
}

#[test]
fn every_line_that_is_printed_has_a_comment() {
    let text = to_toml(&Config::default());
    let lines = text.lines().filter(|line| !line.is_empty());
    assert!(lines.clone().all(|line| line.contains('#')), "{text}");
    let assignments = lines.filter(|line| line.contains(" = ")).count();
    assert_eq!(assignments, SETTINGS.len() + ACTIONS.len());
    for action in ACTIONS {
        assert!(text.contains(action.doc), "{}", action.name);
    }
}

#[test]
fn the_command_line_beats_the_environment_and_that_the_file() {
    let layered = |environment: &[(&str, &str)], given: &Overrides| {
        let mut config = read_text("color = \"always\"\nmouse = false\ntheme = \"light\"");
        let get = |name: &str| {
            let row = environment.iter().find(|(known, _)| *known == name);
            row.map(|(_, value)| (*value).to_owned())
        };
        config.take_environment(get).expect("values there are");
        config.take_arguments(given).expect("a theme there is");
        (config.color, config.mouse, config.theme.asked)
    };
    let nothing = Overrides::default();
    for (environment, expected) in [
        (&[][..], (When::Always, false, "light".to_owned())),
        (
            &[("NO_COLOR", "1")],
            (When::Never, false, "light".to_owned()),
        ),
        (
            &[("NO_COLOR", "")],
            (When::Always, false, "light".to_owned()),
        ),
        (
            &[("NO_COLOR", "1"), ("HEAPWALK_COLOR", "always")],
            (When::Always, false, "light".to_owned()),
        ),
        (
            &[("HEAPWALK_MOUSE", "on"), ("HEAPWALK_THEME", "dark")],
            (When::Always, true, "dark".to_owned()),
        ),
        (
            &[("HEAPWALK_THEME", "")],
            (When::Always, false, "light".to_owned()),
        ),
    ] {
        assert_eq!(layered(environment, &nothing), expected, "{environment:?}");
    }
    let given = Overrides {
        theme: Some("auto".to_owned()),
        color: Some(When::Auto),
        explorer: crate::cli::args::Behaviour {
            mouse: Some(false),
            ..Default::default()
        },
        ..Default::default()
    };
    let environment = [
        ("NO_COLOR", "1"),
        ("HEAPWALK_MOUSE", "true"),
        ("HEAPWALK_THEME", "dark"),
    ];
    assert_eq!(
        layered(&environment, &given),
        (When::Auto, false, "auto".to_owned())
    );
}

#[test]
fn the_environment_is_told_what_it_may_say() {
    for (variable, value, message) in [
        (
            "HEAPWALK_THEME",
            "blue",
            "HEAPWALK_THEME: found \"blue\", expected auto, dark, light, high-contrast, mono, the name of a theme of yours or a file",
        ),
        (
            "HEAPWALK_MOUSE",
            "maybe",
            "HEAPWALK_MOUSE: found \"maybe\", expected true or false",
        ),
        (
            "HEAPWALK_FRAMES_PER_SECOND",
            "fast",
            "HEAPWALK_FRAMES_PER_SECOND: found \"fast\", expected a number from 1 to 60",
        ),
    ] {
        let get = |name: &str| (name == variable).then(|| value.to_owned());
        let error = Config::default().take_environment(get).expect_err(value);
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn every_setting_takes_each_of_its_values_and_gives_it_back() {
    for Setting { name, kind, .. } in &SETTINGS {
        let values = match kind {
            Kind::Word { words, .. } => words(),
            Kind::Theme => theme::names().map(str::to_owned).collect(),
            Kind::Switch { .. } => vec!["true".to_owned(), "false".to_owned()],
            Kind::Number { range, .. } => vec![range.start().to_string(), range.end().to_string()],
        };
        assert!(values.len() >= 2, "{name}");
        for value in values {
            let mut config = Config::default();
            assert!(kind.take_text(&mut config, &value).is_ok(), "{name}");
            let kept = kind.value(&config).to_string();
            assert_eq!(kept.trim_matches('"'), value, "{name}");
        }
        let mut config = Config::default();
        for wrong in ["", "Auto", "-1", "1.5"] {
            assert!(
                kind.take_text(&mut config, wrong).is_err(),
                "{name} {wrong}"
            );
        }
        assert_eq!(config, Config::default(), "{name}");
    }
}
