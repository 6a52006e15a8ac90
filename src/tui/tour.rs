//! The tour: a script of the command language that shows in a dozen steps what a heap can do.

use crate::session::{Command, parse_script};

/// The script as a person could type it. Its captions have room in two lines of 80 columns.
pub const TOUR: &str = include_str!("../../assets/scripts/tour.heap");

/// The commands of the tour.
///
/// ```
/// assert!(heapwalk::tui::tour::commands().len() > 60);
/// ```
#[must_use]
pub fn commands() -> Vec<Command> {
    parse_script(TOUR, "tour").map_or_else(
        |_| Vec::new(),
        |lines| lines.into_iter().map(|(_, command)| command).collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Session;
    use crate::session::frame::Tone;
    use crate::tui::canvas::wrapped;

    fn steps() -> Vec<Vec<Command>> {
        commands()
            .split(|command| *command == Command::Pause)
            .map(<[Command]>::to_vec)
            .collect()
    }

    #[test]
    fn each_step_ends_with_a_caption_of_two_lines() {
        let steps = steps();
        assert_eq!(steps.len(), 12);
        for step in steps {
            let Some(Command::Say(words)) = step.last() else {
                panic!("{step:?}");
            };
            let lines = wrapped(words, 80);
            assert!((1..=2).contains(&lines.len()), "{words}");
        }
    }

    /// Examples are followed on the same screens.
    #[test]
    fn captions_of_examples_have_two_lines() {
        for example in &crate::session::EXAMPLES {
            for command in example.commands() {
                if let Command::Say(words) = command {
                    assert!(wrapped(&words, 80).len() <= 2, "{}: {words}", example.name);
                }
            }
        }
    }

    /// Numbers of four digits and more, as captions write them, are checked right above; and they hold.
    #[test]
    fn what_the_captions_say_is_expected_and_holds() {
        let mut session = Session::new().expect("a session");
        for step in steps() {
            for command in &step {
                let answer = session.apply(command);
                let wanted = match command {
                    Command::Say(_) | Command::Expect { .. } => Tone::Note,
                    // The tour shows one call that fails.
                    Command::Alloc { size: 2000, .. } => answer.tone,
                    _ => Tone::Done,
                };
                assert_eq!(answer.tone, wanted, "{command}: {}", answer.words);
            }
        }
        let pairs = |session: &mut Session| {
            let frame = session.frame(&crate::view::Lens::default());
            (
                frame.picture.figures.unmerged_pairs,
                frame.picture.figures.largest_request,
            )
        };
        assert_eq!(pairs(&mut session), (16, 3480));
        // What the last caption asks for is worth doing.
        session.apply(&Command::Coalesce(true));
        assert_eq!(pairs(&mut session), (0, 24_472));
    }
}
