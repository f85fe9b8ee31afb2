//! Percentiles.

use std::time::Duration;

/// The `percent`-th percentile by nearest rank: the smallest value that at least so many percent of
/// the values do not exceed. None of no values.
pub(crate) fn percentile(values: &mut [Duration], percent: u32) -> Option<Duration> {
    values.sort_unstable();
    let rank = (values.len() * percent as usize).div_ceil(100);
    values.get(rank.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(values: impl IntoIterator<Item = u64>) -> Vec<Duration> {
        values.into_iter().map(Duration::from_millis).collect()
    }

    #[test]
    fn of_nothing_there_is_none() {
        assert_eq!(percentile(&mut [], 99), None);
    }

    #[test]
    fn nearest_rank() {
        let mut values = millis((1..=100).rev());
        assert_eq!(percentile(&mut values, 50), Some(Duration::from_millis(50)));
        assert_eq!(percentile(&mut values, 99), Some(Duration::from_millis(99)));
        assert_eq!(
            percentile(&mut values, 100),
            Some(Duration::from_millis(100))
        );
        assert_eq!(percentile(&mut values, 0), Some(Duration::from_millis(1)));
    }

    #[test]
    fn of_few_values_the_99th_is_the_last() {
        assert_eq!(
            percentile(&mut millis([3, 1, 2]), 99),
            Some(Duration::from_millis(3))
        );
    }
}
