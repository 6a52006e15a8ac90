//! Lessons: commands with words between them, questions that are answered before the heap answers them, and
//! challenges that the program checks.
//!
//! A [`Lesson`] is read from a text file of the command language with a few words more ([`parse()`]). The same file is
//! played by a screen ([`Player`]) and carried out headless by the checker ([`check()`]), which holds that everything
//! it says comes true. This module knows neither the terminal nor files.

mod attempt;
mod check;
mod condition;
mod model;
mod parse;
mod player;
mod reader;
mod recital;
mod run;
mod shipped;
mod words;

pub use attempt::Attempt;
pub use check::{Checked, Failure, Report, check, grade};
pub use condition::{all_hold, exceeded, unmet, used};
pub use model::{
    Answers, Challenge, Choice, Counted, Goal, Lesson, Limit, Line, Part, Place, Point, Prediction,
    Step,
};
pub use parse::parse;
pub use player::{Ask, Given, Player, Stage, Trial};
pub use recital::Recital;
pub use shipped::{SHIPPED, Shipped, behind, course, find, place_in_course};
pub use words::{WORDS, Word, WordRow};
