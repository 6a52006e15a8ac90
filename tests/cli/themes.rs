//! Themes by name, of one's own, and as files.

use super::support::{Files, heapwalk};

/// A picture in this theme, with a folder for configurations.
fn svg(theme: &str, home: &str) -> super::support::Done {
    heapwalk(&["frame", "--format", "svg", "--theme", theme])
        .env("XDG_CONFIG_HOME", home)
        .piped()
}

fn home(files: &Files, name: &str, text: &str) -> String {
    let folder = files.path("heapwalk/themes");
    std::fs::create_dir_all(&folder).expect("made");
    std::fs::write(format!("{folder}/{name}.toml"), text).expect("written");
    files.path("")
}

#[test]
fn themes_are_found_by_name_in_ones_own_folder_and_as_files() {
    let files = Files::new();
    let text = "about = \"mine\"\n[colors]\nbusy = \"#123456\"\n";
    let home = home(&files, "mine", text);
    let file = files.write("other.toml", "[image]\nground = \"#654321\"\n");
    for (theme, color) in [
        ("dark", "#56b4e9"),
        ("light", "#0072b2"),
        ("high-contrast", "#5aaeff"),
        ("mine", "#123456"),
        (&*file, "#654321"),
    ] {
        let done = svg(theme, &home);
        assert!(done.printed().contains(color), "{theme}");
    }
    let mono = svg("mono", &home);
    for color in ["#56b4e9", "#0072b2", "#e69f00"] {
        assert!(!mono.printed().contains(color), "{color}");
    }
}

#[test]
fn the_list_tells_of_all_and_of_what_is_wrong() {
    let files = Files::new();
    home(&files, "mine", "about = \"all mine\"\n");
    let home = home(&files, "wrong", "[colors]\nbusy = 3\n");
    let done = heapwalk(&["themes"]).env("XDG_CONFIG_HOME", &home).piped();
    let list = done.printed();
    let rows: Vec<&str> = list.lines().collect();
    for (row, begin) in rows.iter().zip([
        "auto ",
        "dark ",
        "light ",
        "high-contrast ",
        "mono ",
        "mine ",
    ]) {
        assert!(row.starts_with(begin), "{list}");
    }
    assert!(rows[5].ends_with("all mine"), "{list}");
    assert!(rows[6].starts_with("wrong "), "{list}");
    assert!(
        rows[6].ends_with(
            "wrong.toml:2:8: found 3, expected a colour such as \"#56b4e9\", or \"none\", for busy"
        ),
        "{list}"
    );
}

#[test]
fn a_configuration_may_name_a_theme_and_print_config_tells_it() {
    let files = Files::new();
    home(&files, "mine", "about = \"mine\"\n");
    std::fs::write(files.path("heapwalk/config.toml"), "theme = \"mine\"\n").expect("written");
    let home = files.path("");
    let done = heapwalk(&["--print-config"])
        .env("XDG_CONFIG_HOME", &home)
        .piped();
    assert!(done.printed().contains("theme = \"mine\""), "{done:?}");
}

#[test]
fn mistakes_name_the_place_and_what_was_expected() {
    let files = Files::new();
    let home = home(&files, "wrong", "ground = \"dark\"\nbusy = \"#123456\"\n");
    let folder = files.path("heapwalk/themes");
    for (theme, message) in [
        (
            "darkk",
            "failed to read --theme: found \"darkk\", expected auto, dark, light, high-contrast, mono, the name of a theme of yours or a file (did you mean dark?)".to_owned(),
        ),
        (
            "wrong",
            format!("failed to read {folder}/wrong.toml:2:1: found \"busy\", expected about, ground, colors, colors-256, colors-16 or image"),
        ),
        (
            "/nowhere/x.toml",
            "failed to read the theme /nowhere/x.toml: No such file or directory (os error 2)".to_owned(),
        ),
    ] {
        let done = svg(theme, &home);
        let told = done.message(2).replace("//", "/");
        assert_eq!(told, format!("heapwalk: {}\n", message.replace("//", "/")), "{theme}");
    }
    std::fs::write(
        files.path("heapwalk/config.toml"),
        "mouse = true\ntheme = \"nope\"\n",
    )
    .expect("written");
    let done = heapwalk(&["--print-config"])
        .env("XDG_CONFIG_HOME", &home)
        .piped();
    assert!(
        done.message(2)
            .contains("config.toml:2:9: found \"nope\", expected auto, dark, light,"),
        "{done:?}"
    );
}
