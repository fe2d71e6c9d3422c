//! Which byte ranges are fetched in one request. Pure.
//!
//! A request has a price: a round trip, and with most stores money. Reading over a gap has one too: its
//! bytes. Ranges are joined where the gap between them costs less than another request would.

use std::ops::Range;

/// What a request costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestCost {
    /// Bytes that could be fetched in the time that one more request takes. A larger gap is not read
    /// over. 1 MiB is what `object_store` takes for the clouds.
    pub gap: u64,
    /// Bytes of a request that nothing more is added to: decoding begins when a request is complete, so
    /// one for all would have it wait for all.
    pub most: u64,
}

impl Default for RequestCost {
    fn default() -> Self {
        RequestCost { gap: 1 << 20, most: 8 << 20 }
    }
}

/// Cuts ranges, in the order of their starts, into runs that are fetched in one request each.
pub fn coalesce(ranges: &[Range<u64>], cost: RequestCost) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    let mut current: Option<Range<u64>> = None;
    for (index, range) in ranges.iter().enumerate() {
        match (&mut current, runs.last_mut()) {
            (Some(bytes), Some(run)) if joins(bytes, range, cost) => {
                bytes.end = bytes.end.max(range.end);
                run.end = index + 1;
            }
            _ => {
                current = Some(range.clone());
                runs.push(index..index + 1);
            }
        }
    }
    runs
}

fn joins(bytes: &Range<u64>, range: &Range<u64>, cost: RequestCost) -> bool {
    let gap = range.start.saturating_sub(bytes.end);
    // What lies within is there already.
    range.end <= bytes.end || gap <= cost.gap && range.end - bytes.start <= cost.most
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const COST: RequestCost = RequestCost { gap: 10, most: 100 };

    #[test]
    fn gaps_and_sizes_part_requests() {
        let ranges = [0..40, 50..60, 71..90, 80..85, 95..120, 119..180, 170..171];
        assert_eq!(coalesce(&ranges, COST), [0..2, 2..5, 5..7]);
        assert!(coalesce(&[], COST).is_empty());
    }

    proptest! {
        /// Each range is in one run, and a run is not larger than it may be unless it is one range.
        #[test]
        fn runs_hold_every_range_once(mut ranges in prop::collection::vec((0u64..1000, 1u64..200), 0..40)) {
            ranges.sort_unstable();
            let ranges: Vec<Range<u64>> = ranges.into_iter().map(|(start, len)| start..start + len).collect();
            let runs = coalesce(&ranges, COST);
            prop_assert_eq!(runs.iter().cloned().flatten().collect::<Vec<_>>(), (0..ranges.len()).collect::<Vec<_>>());
            for run in runs {
                let run = &ranges[run];
                let end = run.iter().map(|range| range.end).max().unwrap();
                let longest = run.iter().map(|range| range.end - range.start).max().unwrap();
                prop_assert!(end - run[0].start <= COST.most.max(longest));
            }
        }
    }
}
