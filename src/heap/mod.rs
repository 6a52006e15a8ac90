//! The allocator: a heap that is a value in memory.

pub mod flags;
pub mod policy;

pub use flags::Flags;
pub use policy::Policy;
