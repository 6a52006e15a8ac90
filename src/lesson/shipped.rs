//! The lessons that heapwalk brings along.

use std::sync::{Arc, OnceLock};

use crate::session::ScriptError;

use super::model::Lesson;
use super::parse::parse;

/// A lesson within the program.
#[derive(Clone, Copy, Debug)]
pub struct Shipped {
    /// Its name on the command line.
    pub name: &'static str,
    /// Its file in heapwalk's sources.
    pub file: &'static str,
    /// What stands in it.
    pub text: &'static str,
}

/// The row of a file in `assets/lessons`.
macro_rules! row {
    ($name:literal, $file:literal) => {
        Shipped {
            name: $name,
            file: concat!("assets/lessons/", $file),
            text: include_str!(concat!("../../assets/lessons/", $file)),
        }
    };
}

/// Every lesson, in the order of the course (a test holds that no file is missing).
pub const SHIPPED: &[Shipped] = &[
    row!("blocks", "01-blocks.lesson"),
    row!("fragmentation", "02-fragmentation.lesson"),
    row!("coalescing", "03-coalescing.lesson"),
    row!("returning", "04-returning.lesson"),
    row!("double-free", "05-double-free.lesson"),
    row!("no-serialize", "06-no-serialize.lesson"),
    row!("free-lists", "07-free-lists.lesson"),
    row!("internal", "08-internal.lesson"),
    row!("policies", "09-policies.lesson"),
    row!("realloc", "10-realloc.lesson"),
    row!("large", "11-large.lesson"),
    row!("real-program", "12-real-program.lesson"),
];

impl Shipped {
    /// The lesson, read.
    ///
    /// # Errors
    /// When its file has a mistake, which a test rules out.
    pub fn lesson(&self) -> Result<Lesson, ScriptError> {
        parse(self.text, self.file)
    }
}

/// Every lesson, read once.
pub fn course() -> &'static [Arc<Lesson>] {
    static COURSE: OnceLock<Vec<Arc<Lesson>>> = OnceLock::new();
    COURSE.get_or_init(|| {
        let lessons = SHIPPED.iter().filter_map(|row| row.lesson().ok());
        lessons.map(Arc::new).collect()
    })
}

/// Where a lesson stands in the course, if it comes along.
#[must_use]
pub fn place_in_course(lesson: &Lesson) -> Option<usize> {
    course().iter().position(|other| **other == *lesson)
}

/// The lesson that follows in the course.
#[must_use]
pub fn behind(lesson: &Lesson) -> Option<&'static Arc<Lesson>> {
    let number = lesson.number? + 1;
    course().iter().find(|other| other.number == Some(number))
}

/// The lesson of this name, number or file.
#[must_use]
pub fn find(name: &str) -> Option<&'static Shipped> {
    let number = name.parse::<u64>().ok();
    SHIPPED.iter().find(|shipped| {
        let numbered = || shipped.lesson().ok().and_then(|lesson| lesson.number);
        shipped.name == name
            || shipped.file == name
            || number.is_some_and(|number| numbered() == Some(number))
    })
}
