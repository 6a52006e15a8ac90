//! What the allocator benchmark is made of: scripts, subjects that run them, and a table.

mod region;
mod script;
mod subject;
mod table;

pub(crate) use script::{Script, scripts};
pub(crate) use subject::SUBJECTS;
pub(crate) use table::print_table;
