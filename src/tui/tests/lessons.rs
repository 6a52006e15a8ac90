//! Lessons on the screen: the list, and what coming to the end of one does.

use crate::lesson::{Player, Stage, course};
use crate::session::Watched;
use crate::session::frame::Frame;
use crate::tui::fixture::checkerboard;
use crate::tui::key::Key;
use crate::tui::lesson::Presenting;
use crate::tui::message::Effect;
use crate::tui::state::{Layer, State};
use crate::tui::tests::{keys_of, shown, typed};

fn frame() -> Frame {
    Frame {
        requests: u64::MAX,
        ..checkerboard().frame()
    }
}

/// The second lesson of the course at its last step.
fn at_the_last_step() -> State {
    at(|player| player.number() == player.lesson().steps.len())
}

/// The same lesson where it is so far.
fn at(so_far: impl Fn(&Player) -> bool) -> State {
    let (mut player, _) = Player::begin(course()[1].clone());
    while !so_far(&player) {
        match player.stage() {
            Stage::Asking { .. } => {
                player.reveal();
                player.see(&Watched::default(), true);
            }
            _ => drop(player.go_on()),
        }
    }
    State::new((80, 24)).in_lesson(player, None)
}

fn finished(effects: &[Effect]) -> Vec<&'static str> {
    let name = |effect: &Effect| match effect {
        Effect::Finished(name) => Some(*name),
        _ => None,
    };
    effects.iter().filter_map(name).collect()
}

#[test]
fn who_comes_to_the_end_of_a_lesson_has_finished_it() {
    let mut state = at_the_last_step();
    let effects = typed(&mut state, &frame(), &[Key::PageDown]);
    assert_eq!(finished(&effects), ["fragmentation"]);
    // Once more to the end is nothing new.
    let again = typed(&mut state, &frame(), &[Key::PageUp]);
    assert_eq!(finished(&again), [""; 0]);
    assert_eq!(state.finished, ["fragmentation"]);
    // The list goes on with the lesson behind it, and marks the one that is finished.
    let mut state = at_the_last_step();
    typed(&mut state, &frame(), &[Key::PageDown, Key::Char('L')]);
    assert!(matches!(&state.layer, Some(Layer::Lessons(open)) if open.chosen == 2));
    let screen = shown(&state, &frame()).join("\n");
    let marked = screen.matches("finished: ").count();
    assert_eq!(marked, 1, "{screen}");
    assert!(screen.contains("more below"), "{screen}");
}

#[test]
fn to_present_a_lesson_is_not_to_take_it() {
    let mut state = at_the_last_step();
    if let Some(playing) = &mut state.lesson {
        playing.presenting = Some(Presenting::default());
    }
    let effects = typed(&mut state, &frame(), &[Key::PageDown]);
    assert_eq!(finished(&effects), [""; 0]);
    // Pressed once more, the clicker begins nothing unasked.
    let effects = typed(&mut state, &frame(), &[Key::PageDown]);
    assert!(matches!(state.layer, Some(Layer::Lessons(_))));
    let begins = |effect: &Effect| matches!(effect, Effect::Enter(_));
    assert!(!effects.iter().any(begins), "{effects:?}");
}

/// A class tries a challenge together, and the words say how to begin it anew.
#[test]
fn a_presented_challenge_can_be_begun_anew() {
    let mut state = at(|player| matches!(player.stage(), Stage::Trying(_)));
    if let Some(playing) = &mut state.lesson {
        playing.presenting = Some(Presenting::default());
    }
    let begins = |effect: &Effect| matches!(effect, Effect::Enter(_));
    let stage = |state: &State| {
        let playing = state.lesson.as_ref();
        playing.map(|playing| matches!(playing.player.stage(), Stage::Trying(_)))
    };
    let shows = typed(&mut state, &frame(), &[Key::PageDown]);
    assert!(shows.iter().any(begins) && stage(&state) == Some(false));
    let anew = typed(&mut state, &frame(), &keys_of("R"));
    assert!(anew.iter().any(begins) && stage(&state) == Some(true));
}

/// What is typed, and the places of the lessons that have it.
#[test]
fn lessons_are_looked_for_by_what_is_typed() {
    for (words, expected) in [
        ("", (0..12).collect::<Vec<_>>()),
        ("2", vec![1]),
        ("1", vec![0, 9, 10, 11]),
        ("12", vec![11]),
        ("double", vec![4]),
        ("REALLOC", vec![9]),
        ("no such lesson", Vec::new()),
    ] {
        let mut state = State::new((80, 24));
        let keys: Vec<Key> = [Key::Char('L')].into_iter().chain(keys_of(words)).collect();
        typed(&mut state, &frame(), &keys);
        let Some(Layer::Lessons(open)) = &state.layer else {
            panic!("{words}: {:?}", state.layer);
        };
        assert_eq!(crate::tui::pane::lessons::found(open), expected, "{words}");
        let effects = typed(&mut state, &frame(), &[Key::Enter]);
        let begun = effects
            .iter()
            .any(|effect| matches!(effect, Effect::Enter(_)));
        assert_eq!(begun, !expected.is_empty(), "{words}");
        let playing = state.lesson.as_ref().map(|playing| playing.player.lesson());
        let first = expected.first().map(|&place| &course()[place]);
        assert_eq!(playing, first, "{words}");
    }
}
