//! The prompt on the screen: what it says of a line.

use crate::tui::fixture::checkerboard;
use crate::tui::key::Key;
use crate::tui::prompt::Prompt;
use crate::tui::state::{Layer, State};
use crate::tui::tests::{keys_of, shown, typed};

/// The words of a screen with one blank between each.
fn words(state: &State) -> String {
    let screen = shown(state, &checkerboard().frame()).join("\n");
    screen.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Where in a line the mistake is, and how long the reason.
#[test]
fn a_refusal_is_never_cut() {
    for size in [(60, 16), (80, 24), (200, 60)] {
        for column in [1, 8, 40, 79] {
            for length in [1, 5, 12, 30] {
                let why: Vec<String> = (0..length).map(|nth| format!("why{nth}")).collect();
                let why = format!("column {column}: {} end", why.join(" "));
                let mut prompt = Prompt::prefilled(&"alloc b ".repeat(10));
                prompt.refuse(&why);
                let state = State {
                    layer: Some(Layer::Prompt(Box::new(prompt))),
                    ..State::new(size)
                };
                let screen = words(&state);
                assert!(screen.contains(&why), "{size:?} {why}: {screen}");
                assert!(
                    screen.contains("alloc b alloc b"),
                    "{size:?} {why}: {screen}"
                );
            }
        }
    }
}

#[test]
fn what_was_left_in_the_prompt_says_how_to_get_rid_of_it() {
    const LEFT: &str = "left here before: Enter runs it, Ctrl-u empties the line";
    let frame = checkerboard().frame();
    let mut state = State::new((80, 24));
    let open = [Key::Char(':')];
    typed(&mut state, &frame, &open);
    assert!(!words(&state).contains(LEFT));
    typed(&mut state, &frame, &keys_of("free b"));
    typed(&mut state, &frame, &[Key::Esc]);
    typed(&mut state, &frame, &open);
    assert!(words(&state).contains(LEFT), "{}", words(&state));
    // With the first edit the line is one's own again.
    typed(&mut state, &frame, &keys_of("1"));
    let screen = words(&state);
    assert!(
        screen.contains(": free b1") && !screen.contains(LEFT),
        "{screen}"
    );
}
