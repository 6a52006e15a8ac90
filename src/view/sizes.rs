//! How many blocks there are of each size.

use crate::heap::{Flags, GRANULE, MAX_GRANULES, granules_for, overhead};

use super::picture::{Bucket, Fit};

/// Sizes below this many granules are counted in a table, one entry each.
const COUNTED: usize = 4096;
/// The least request that a row tells of.
const LEAST_REQUEST: u64 = 16;

/// Sizes being counted.
#[derive(Debug)]
pub(super) struct Tally {
    counted: Vec<u64>,
    larger: Vec<u64>,
}

impl Default for Tally {
    fn default() -> Tally {
        Tally {
            counted: vec![0; COUNTED],
            larger: Vec::new(),
        }
    }
}

impl Tally {
    /// Counts a block.
    #[inline]
    pub(super) fn add(&mut self, granules: u64) {
        match self.counted.get_mut(granules as usize) {
            Some(count) => *count += 1,
            None => self.larger.push(granules),
        }
    }

    /// The sizes, when all were counted.
    pub(super) fn finish(mut self) -> Sizes {
        self.larger.sort_unstable();
        let counted = (0..).zip(self.counted).filter(|&(_, count)| count != 0);
        let mut all: Vec<(u64, u64)> = counted.collect();
        for chunk in self.larger.chunk_by(|a, b| a == b) {
            all.push((chunk[0], chunk.len() as u64));
        }
        Sizes(all)
    }
}

/// How many blocks there are of each size: granules and count, ascending.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sizes(Vec<(u64, u64)>);

impl Sizes {
    /// Blocks of this many granules.
    #[must_use]
    pub fn of(&self, granules: u64) -> u64 {
        self.0
            .binary_search_by_key(&granules, |&(size, _)| size)
            .map_or(0, |nth| self.0[nth].1)
    }

    /// All blocks.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.iter().map(|&(_, count)| count).sum()
    }

    /// All bytes, headers included.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.sum(|granules| granules) * GRANULE
    }

    fn sum(&self, each: impl Fn(u64) -> u64) -> u64 {
        self.0
            .iter()
            .map(|&(granules, count)| each(granules).saturating_mul(count))
            .fold(0, u64::saturating_add)
    }

    /// Bars of powers of two, from the smallest block's to the largest's.
    #[must_use]
    pub fn buckets(&self) -> Vec<Bucket> {
        let mut bars: Vec<Bucket> = Vec::new();
        for &(granules, count) in &self.0 {
            let bytes = granules * GRANULE;
            let from = 1 << bytes.max(1).ilog2();
            while bars.last().is_none_or(|last| last.from < from) {
                let from = bars.last().map_or(from, |last| last.to);
                bars.push(Bucket {
                    from,
                    to: from * 2,
                    ..Bucket::default()
                });
            }
            if let Some(bar) = bars.last_mut() {
                bar.count += count;
                bar.bytes += bytes * count;
            }
        }
        bars
    }

    /// `1 - sqrt(sum f^2) / sum f`; 0 when there is nothing.
    #[must_use]
    pub fn l2(&self) -> f64 {
        let sum = self.sum(|granules| granules) as f64;
        if sum == 0.0 {
            return 0.0;
        }
        let square =
            |&(granules, count): &(u64, u64)| granules as f64 * granules as f64 * count as f64;
        1.0 - self.0.iter().map(square).sum::<f64>().sqrt() / sum
    }

    /// What becomes of requests of `request` bytes in a heap with these free blocks and `flags`.
    ///
    /// A block is cut as often as it holds the request; what is left over of a cut is smaller than the request, so that
    /// it does not matter whether it can stand by itself. Which block a policy takes first does not matter either.
    #[must_use]
    pub fn fit(&self, request: u64, flags: Flags) -> Fit {
        let free = self.sum(|granules| granules);
        // A block larger than any in a segment always gets a region of its own.
        let need = granules_for(request, overhead(flags))
            .filter(|&need| need <= MAX_GRANULES)
            .unwrap_or(u64::MAX);
        let unusable = self.sum(|granules| if granules < need { granules } else { 0 });
        Fit {
            request,
            times: self.sum(|granules| granules / need),
            unusable: if free == 0 {
                0.0
            } else {
                unusable as f64 / free as f64
            },
        }
    }

    /// A row for each power of two up to the first that does not fit any more, and one for the largest request that
    /// does.
    #[must_use]
    pub fn fits(&self, flags: Flags) -> Vec<Fit> {
        let largest = self.0.last().map_or(0, |&(granules, _)| granules);
        let most = (largest.min(MAX_GRANULES) * GRANULE).saturating_sub(overhead(flags));
        let mut requests: Vec<u64> = std::iter::successors(Some(LEAST_REQUEST), |&last| {
            (last <= most).then_some(last * 2)
        })
        .collect();
        if let Err(place) = requests.binary_search(&most)
            && most > 0
        {
            requests.insert(place, most);
        }
        requests
            .into_iter()
            .map(|request| self.fit(request, flags))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(all: &[u64]) -> Sizes {
        let mut tally = Tally::default();
        all.iter().for_each(|&granules| tally.add(granules));
        tally.finish()
    }

    #[test]
    fn bars_are_powers_of_two_without_a_gap() {
        let bars = sizes(&[2, 3, 4, 70_000, 70_000]).buckets();
        assert_eq!(bars.len(), 16, "from 32 bytes to a mebibyte");
        assert_eq!((bars[0].from, bars[0].to), (32, 64));
        assert_eq!((bars[0].count, bars[0].bytes), (2, 80));
        assert_eq!((bars[1].count, bars[1].bytes), (1, 64));
        assert_eq!((bars[15].count, bars[15].bytes), (2, 2_240_000));
        assert!(bars.windows(2).all(|pair| pair[0].to == pair[1].from));
        assert!(bars[2..15].iter().all(|bar| bar.count == 0));
        assert_eq!(sizes(&[]).buckets(), []);
    }

    #[test]
    fn what_fits_counts_headers_and_cuts() {
        // (free blocks in granules, request, times, unusable)
        for (holes, request, times, unusable) in [
            (&[2_u64][..], 16, 1, 0.0),
            (&[2], 24, 1, 0.0),
            (&[2], 25, 0, 1.0),
            (&[6], 24, 3, 0.0),
            (&[7], 24, 3, 0.0),
            (&[2, 6], 40, 2, 0.25),
            (&[5000, 5000], 79_992, 2, 0.0),
            (&[], 16, 0, 0.0),
            (&[0xFF00, 0xFFFFF], 0xF_F000, 0, 1.0),
        ] {
            let fit = sizes(holes).fit(request, Flags::NONE);
            assert_eq!(
                (fit.times, fit.unusable),
                (times, unusable),
                "{holes:?}, {request}"
            );
        }
    }

    #[test]
    fn rows_end_at_the_first_request_that_does_not_fit() {
        let requests = |all: &[u64]| -> Vec<u64> {
            let fits = sizes(all).fits(Flags::NONE);
            fits.iter().map(|fit| fit.request).collect()
        };
        assert_eq!(requests(&[]), [16]);
        assert_eq!(requests(&[2]), [16, 24, 32]);
        assert_eq!(requests(&[9]), [16, 32, 64, 128, 136, 256]);
        let most = MAX_GRANULES * GRANULE - 8;
        assert_eq!(requests(&[0xFFFFF])[16..], [most, 1 << 20]);
    }

    #[test]
    fn equal_holes_count_as_fragmented() {
        assert_eq!(sizes(&[100]).l2(), 0.0);
        assert_eq!(sizes(&[]).l2(), 0.0);
        assert!((sizes(&[7; 100]).l2() - 0.9).abs() < 1e-12);
    }
}
