//! Seeded workloads: what `run random` asks for. How one unfolds: [`Generator`](super::Generator).

/// A random sequence of allocations and frees, the same for the same values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Workload {
    /// `ops=COUNT`: steps in all, each one allocation, free or reallocation.
    pub ops: u64,
    /// `sizes=MIN..MAX`: the smallest request.
    pub size_min: u64,
    /// `sizes=MIN..MAX`: the largest request, itself included.
    pub size_max: u64,
    /// `dist=NAME`: how requests spread between the two.
    pub distribution: Distribution,
    /// `life=NAME`: which block is freed, and when.
    pub lifetime: Lifetime,
    /// `live=COUNT`: how many blocks live at the same time; what it means in detail depends on `lifetime`.
    pub live: u32,
    /// `realloc=PERCENT`: how many steps of a hundred give a random live block
    /// a new size instead (steps taken while nothing lives excepted).
    pub realloc: u8,
    /// `seed=NUMBER`: another number, another sequence of the same kind.
    pub seed: u64,
    /// `from=COUNT`: the first COUNT steps were made by a run that ended there; this one goes on behind them.
    pub from: u64,
    /// `until=COUNT`: end behind step COUNT of the `ops`. The steps are those of the whole workload, which the shape of
    /// a ramp follows.
    pub until: Option<u64>,
    /// `heap=HEAP`: the number of the heap to work on; `None` for the one in view. One that goes on stays where it was.
    pub heap: Option<u32>,
}

impl Workload {
    /// The step behind which it ends.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.until.map_or(self.ops, |until| until.min(self.ops))
    }

    /// The same workload without its bounds, on any heap.
    #[must_use]
    pub fn whole(&self) -> Workload {
        Workload {
            from: 0,
            until: None,
            heap: None,
            ..*self
        }
    }
}

impl Default for Workload {
    fn default() -> Workload {
        Workload {
            ops: 10_000,
            size_min: 16,
            size_max: 512,
            distribution: Distribution::Uniform,
            lifetime: Lifetime::Random,
            live: 1_000,
            realloc: 0,
            seed: 1,
            from: 0,
            until: None,
            heap: None,
        }
    }
}

/// How request sizes spread between the smallest and the largest.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Distribution {
    /// Every size equally often.
    Uniform,
    /// Small sizes more often: `size - min` falls off exponentially with mean
    /// `(max - min) / 8`, cut at `max` (which moves the mean by 0.3 %).
    Exponential,
    /// Two kinds of block: four of five requests are uniform in the lowest
    /// eighth of the range, the fifth is uniform in the highest.
    Bimodal,
}

/// Which block is freed, and when.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Lifetime {
    /// Any live block, equally likely. The number of live blocks climbs to
    /// `live` and stays within an eighth of it (at least one block).
    Random,
    /// The newest; the number as for `random`. The live blocks are a stack.
    Lifo,
    /// The oldest; the number as for `random`. The live blocks are a queue.
    Fifo,
    /// One program from start to end: the number of live blocks climbs
    /// evenly to `live` at half of the steps and falls evenly to none at the
    /// last. With too few steps for that it turns at half of those that do not
    /// reallocate. Any live block is freed, equally likely.
    Ramp,
    /// Phases: three of four steps allocate and one frees any live block,
    /// until `live` are live; then blocks are freed, any one equally likely,
    /// until a quarter of `live` is left; and so on.
    Sawtooth,
}

impl Distribution {
    /// Every distribution.
    pub const ALL: [Distribution; 3] = [
        Distribution::Uniform,
        Distribution::Exponential,
        Distribution::Bimodal,
    ];

    /// The name in commands.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Distribution::Uniform => "uniform",
            Distribution::Exponential => "exponential",
            Distribution::Bimodal => "bimodal",
        }
    }
}

impl Lifetime {
    /// Every lifetime.
    pub const ALL: [Lifetime; 5] = [
        Lifetime::Random,
        Lifetime::Lifo,
        Lifetime::Fifo,
        Lifetime::Ramp,
        Lifetime::Sawtooth,
    ];

    /// The name in commands.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Lifetime::Random => "random",
            Lifetime::Lifo => "lifo",
            Lifetime::Fifo => "fifo",
            Lifetime::Ramp => "ramp",
            Lifetime::Sawtooth => "sawtooth",
        }
    }
}
