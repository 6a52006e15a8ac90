//! What can be done to a heap by others than one careful caller: seeded workloads, and more of them at once.

mod chunks;
pub mod crew;
mod generator;
mod interleave;
mod kept;
mod roster;
pub mod situations;
mod slow;
mod workload;

pub(crate) use chunks::{Chunks, KeptChunks};
pub(crate) use generator::KeptGenerator;
pub use generator::{Generator, Step};
pub use interleave::{
    ACTORS, Call, Interleaving, Made, NoOrder, Order, Outcome, Refused, Standing, Turn,
};
pub(crate) use kept::{Kept, Touched};
pub use slow::{Deed, SlowCall, SmallStep, Stored, Unplayed};
pub use workload::{Distribution, Lifetime, Workload};
