//! What can be done to a heap by others than one careful caller: seeded workloads, and more of them at once.

pub mod crew;
mod generator;
mod interleave;
mod roster;
mod workload;

pub use generator::{Generator, Step};
pub use interleave::{
    ACTORS, Call, Interleaving, Made, NoOrder, Order, Outcome, Refused, Standing, Turn,
};
pub use workload::{Distribution, Lifetime, Workload};
