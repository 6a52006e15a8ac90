//! Workloads unfold as their options say, and the same each time.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

fn workload(distribution: Distribution, lifetime: Lifetime) -> Workload {
    Workload {
        distribution,
        lifetime,
        ..Workload::default()
    }
}

fn lifetime(lifetime: Lifetime) -> Workload {
    workload(Distribution::Uniform, lifetime)
}

/// The number of live blocks after each step.
fn levels(workload: &Workload) -> Vec<usize> {
    let mut generator = Generator::new(workload);
    let mut levels = Vec::new();
    while generator.next().is_some() {
        levels.push(generator.live());
    }
    levels
}

fn sizes(distribution: Distribution) -> Vec<u64> {
    let workload = Workload {
        ops: 200_000,
        ..workload(distribution, Lifetime::Random)
    };
    Generator::new(&workload)
        .filter_map(|step| match step {
            Step::Alloc { size, .. } => Some(size),
            _ => None,
        })
        .collect()
}

fn mean(sizes: &[u64]) -> f64 {
    sizes.iter().sum::<u64>() as f64 / sizes.len() as f64
}

/// Follows the steps of a workload and holds what is true of all of them.
fn follow(workload: &Workload, fails: impl Fn(u64) -> bool) -> Result<(), TestCaseError> {
    let mut generator = Generator::new(workload);
    let mut order: Vec<usize> = Vec::new();
    let mut most = 0;
    let (mut steps, mut resized) = (0, 0_u64);
    while let Some(step) = generator.next() {
        steps += 1;
        if let Step::Alloc { size, .. } | Step::Realloc { size, .. } = step {
            prop_assert!((workload.size_min..=workload.size_max).contains(&size));
        }
        match step {
            Step::Alloc { slot, .. } => {
                prop_assert!(!order.contains(&slot), "slot {} is taken", slot);
                order.push(slot);
                most = most.max(order.len());
                prop_assert!(slot < most, "slot {} of {}", slot, most);
                if fails(steps) {
                    generator.failed(slot);
                    order.pop();
                }
            }
            Step::Free { slot } => {
                let at = order.iter().position(|&live| live == slot);
                prop_assert!(at.is_some(), "slot {} is empty", slot);
                match workload.lifetime {
                    Lifetime::Lifo => prop_assert_eq!(at, Some(order.len() - 1)),
                    Lifetime::Fifo => prop_assert_eq!(at, Some(0)),
                    _ => {}
                }
                order.remove(at.unwrap());
            }
            Step::Realloc { slot, .. } => {
                prop_assert!(order.contains(&slot));
                resized += 1;
            }
        }
        prop_assert_eq!(generator.live(), order.len());
        prop_assert_eq!(generator.done(), steps);
    }
    prop_assert_eq!(steps, workload.ops);
    prop_assert!(workload.realloc > 0 || resized == 0);
    Ok(())
}

proptest! {
    #[test]
    fn steps_are_possible_whatever_the_workload(
        ops in 0_u64..600,
        (size_min, size_max) in prop_oneof![
            (0_u64..5000, 0_u64..5000).prop_map(|(a, b)| (a.min(b), a.max(b))),
            Just((0, u64::MAX)),
            Just((u64::MAX, u64::MAX)),
        ],
        distribution in prop::sample::select(Distribution::ALL.to_vec()),
        lifetime in prop::sample::select(Lifetime::ALL.to_vec()),
        live in prop_oneof![1_u32..80, Just(u32::MAX)],
        realloc in 0_u8..=100,
        seed: u64,
        failing in 1_u64..20,
    ) {
        let workload =
            Workload { ops, size_min, size_max, distribution, lifetime, live, realloc, seed, ..Workload::default() };
        follow(&workload, |step| failing > 1 && step % failing == 0)?;
    }
}

#[test]
fn the_same_seed_gives_the_same_steps_for_good() {
    let steps = |seed| {
        Generator::new(&Workload {
            seed,
            ..Workload::default()
        })
    };
    assert!(steps(7).eq(steps(7)));
    assert!(!steps(7).eq(steps(8)));
    let mut half = steps(7);
    half.by_ref().take(5000).for_each(drop);
    assert!(half.clone().eq(steps(7).skip(5000)));
}

/// Sessions on disk rely on these very numbers.
#[test]
fn seeds_mean_the_same_for_good() {
    let drawn = Distribution::ALL.map(|distribution| sizes(distribution)[..6].to_vec());
    assert_eq!(drawn, DRAWN);
    let digests = Lifetime::ALL
        .map(|kind| {
            digest(&Workload {
                realloc: 10,
                ..lifetime(kind)
            })
        })
        .map(|digest| format!("{digest:016x}"));
    assert_eq!(digests, DIGESTS);
}

/// All that the steps of a workload say, in one number.
fn digest(workload: &Workload) -> u64 {
    let parts = |step| match step {
        Step::Alloc { slot, size } => [1, slot as u64, size],
        Step::Free { slot } => [2, slot as u64, 0],
        Step::Realloc { slot, size } => [3, slot as u64, size],
    };
    let mix = |digest: u64, part: u64| (digest ^ part).wrapping_mul(0x0100_0000_01b3);
    Generator::new(workload).flat_map(parts).fold(0, mix)
}

const DRAWN: [[u64; 6]; 3] = [
    [205, 412, 441, 380, 217, 435],
    [45, 115, 136, 98, 48, 131],
    [34, 459, 65, 69, 63, 77],
];
const DIGESTS: [&str; 5] = [
    "2bfdf6191713a1da",
    "792585f70ae667ba",
    "49ab1a90d37c7a05",
    "47e6a626e2937501",
    "97122d4ac850beea",
];

#[test]
fn uniform_sizes_are_all_equally_frequent() {
    let sizes = sizes(Distribution::Uniform);
    let mut counts: HashMap<u64, u32> = HashMap::new();
    sizes
        .iter()
        .for_each(|&size| *counts.entry(size).or_default() += 1);
    assert_eq!(counts.len(), 512 - 16 + 1);
    let each = sizes.len() as f64 / counts.len() as f64;
    for (size, count) in counts {
        assert!(
            (f64::from(count) - each).abs() < each * 0.5,
            "{size}: {count} times"
        );
    }
    assert!((mean(&sizes) - 264.0).abs() < 2.0);
}

#[test]
fn exponential_sizes_halve_evenly() {
    let sizes = sizes(Distribution::Exponential);
    let eighth = (512.0 - 16.0) / 8.0;
    assert!(
        (mean(&sizes) - (16.0 + eighth)).abs() < 1.0,
        "{}",
        mean(&sizes)
    );
    // Beyond each further mean there is 1/e of what was there before.
    for means in 1..4 {
        let beyond = |means: i32| {
            let least = 16.0 + f64::from(means) * eighth;
            sizes.iter().filter(|&&size| size as f64 >= least).count() as f64
        };
        let ratio = beyond(means + 1) / beyond(means);
        assert!((ratio - (-1.0_f64).exp()).abs() < 0.03, "{means}: {ratio}");
    }
}

#[test]
fn bimodal_sizes_leave_the_middle_empty() {
    let sizes = sizes(Distribution::Bimodal);
    let small = sizes.iter().filter(|&&size| size <= 16 + 62).count();
    let large = sizes.iter().filter(|&&size| size >= 512 - 62).count();
    assert_eq!(small + large, sizes.len());
    let share = small as f64 / sizes.len() as f64;
    assert!((share - 0.8).abs() < 0.01, "{share}");
    for end in [16, 78, 450, 512] {
        assert!(sizes.contains(&end), "{end}");
    }
}

#[test]
fn the_number_of_live_blocks_is_held() {
    for kind in [Lifetime::Random, Lifetime::Lifo, Lifetime::Fifo] {
        for live in [1, 10, 1000] {
            let levels = levels(&Workload {
                live,
                ..lifetime(kind)
            });
            let live = live as usize;
            let band = (live / 8).max(1);
            let held = &levels[2 * live..];
            let (least, most) = (held.iter().min().unwrap(), held.iter().max().unwrap());
            let place = format!("{} live={live}: {least} to {most}", kind.name());
            assert!(*least >= live - band && *most <= live + band, "{place}");
            assert!(least < most, "{place}");
            assert!(
                levels[..live - band]
                    .iter()
                    .enumerate()
                    .all(|(at, &n)| n == at + 1),
                "{place}"
            );
        }
    }
}

#[test]
fn random_frees_young_and_old_alike() {
    let workload = Workload {
        ops: 50_000,
        live: 100,
        ..lifetime(Lifetime::Random)
    };
    let mut born = HashMap::new();
    let mut ages = Vec::new();
    for (at, step) in Generator::new(&workload).enumerate() {
        match step {
            Step::Alloc { slot, .. } => {
                born.insert(slot, at);
            }
            Step::Free { slot } => ages.push((at - born[&slot]) as f64),
            Step::Realloc { .. } => {}
        }
    }
    // The chance to die is the same at any age, so ages are geometric with a
    // mean of two steps a live block; 1 - exp(-1) of them are below the mean.
    let mean = ages.iter().sum::<f64>() / ages.len() as f64;
    assert!((mean - 200.0).abs() < 10.0, "{mean}");
    let young = ages.iter().filter(|&&age| age < mean).count() as f64 / ages.len() as f64;
    assert!((young - 0.632).abs() < 0.02, "{young}");
}

#[test]
fn a_ramp_climbs_and_falls_once() {
    let levels = levels(&lifetime(Lifetime::Ramp));
    for (at, level) in levels.iter().enumerate() {
        let expected = if at < 5000 { at / 5 } else { (10_000 - at) / 5 };
        assert!(
            level.abs_diff(expected) <= 3,
            "step {at}: {level}, expected about {expected}"
        );
    }
    assert!(*levels.last().unwrap() <= 1);
}

#[test]
fn a_short_ramp_turns_early_and_still_ends_empty() {
    for (realloc, peak, noise) in [(0, 500, 1), (40, 300, 40)] {
        let short = Workload {
            ops: 1000,
            realloc,
            ..lifetime(Lifetime::Ramp)
        };
        let levels = levels(&short);
        let (most, last) = (*levels.iter().max().unwrap(), *levels.last().unwrap());
        assert!(most.abs_diff(peak) <= noise, "{realloc}: {most}");
        assert!(last <= noise, "{realloc}: {last}");
    }
}

#[test]
fn a_sawtooth_has_teeth() {
    let levels = levels(&lifetime(Lifetime::Sawtooth));
    let peaks = levels
        .windows(2)
        .filter(|pair| pair == &[1000, 999])
        .count();
    let troughs = levels.windows(2).filter(|pair| pair == &[251, 250]).count();
    assert_eq!(*levels.iter().max().unwrap(), 1000);
    assert!((3..=5).contains(&peaks), "{peaks} peaks");
    assert!((3..=5).contains(&troughs), "{troughs} troughs");
    // While it falls nothing is allocated.
    let peak = levels.iter().position(|&level| level == 1000).unwrap();
    assert!(
        levels[peak..=peak + 750]
            .windows(2)
            .all(|pair| pair[1] == pair[0] - 1)
    );
}

#[test]
fn reallocations_take_their_share() {
    let workload = Workload {
        realloc: 30,
        ..Workload::default()
    };
    let resized = Generator::new(&workload).filter(|step| matches!(step, Step::Realloc { .. }));
    let resized = resized.count();
    assert!(resized.abs_diff(3000) < 150, "{resized}");
}

#[test]
fn a_heap_that_always_fails_is_asked_to_the_end() {
    let mut generator = Generator::new(&Workload::default());
    let mut asked = 0;
    while let Some(step) = generator.next() {
        let Step::Alloc { slot, .. } = step else {
            panic!("{step:?} of nothing")
        };
        generator.failed(slot);
        generator.failed(slot);
        asked += 1;
    }
    assert_eq!((asked, generator.live()), (10_000, 0));
}

#[test]
fn the_logarithm_is_one() {
    for n in 1..=10_000 {
        let x = f64::from(n) / 10_000.0;
        assert!((ln(x) - x.ln()).abs() < 1e-12, "{x}");
    }
}
