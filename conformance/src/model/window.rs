//! The last samples (SPEC 11).

use std::collections::VecDeque;

/// How much a window holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Size {
    /// So many samples.
    Calls(u64),
    /// What so many buckets of so many nanoseconds hold.
    Time { width: u128, buckets: u128 },
}

/// What a sample says about its call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sample {
    pub(super) failed: bool,
    pub(super) slow: bool,
}

/// How many samples there are, of which kinds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) calls: usize,
    pub(super) failures: usize,
    pub(super) slow: usize,
}

/// Every sample that may still be in the window, oldest first as they were put, each with its bucket.
#[derive(Clone, Debug)]
pub(super) struct Window {
    size: Size,
    samples: VecDeque<(u128, Sample)>,
}

impl Window {
    pub(super) fn new(size: Size) -> Self {
        Self {
            size,
            samples: VecDeque::new(),
        }
    }

    /// 11.6: a state begins with nothing in it.
    pub(super) fn empty(&mut self) {
        self.samples.clear();
    }

    pub(super) fn put(&mut self, sample: Sample, now: u64) {
        match self.size {
            Size::Calls(calls) => {
                self.samples.push_back((0, sample));
                if self.samples.len() as u64 > calls {
                    self.samples.pop_front();
                }
            }
            Size::Time { width, buckets } => {
                let bucket = u128::from(now) / width;
                match self.end(bucket, buckets) {
                    // 11.3a: the clock stepped back by more than the window.
                    None => self.samples.clear(),
                    Some(end) => self.samples.retain(|(old, _)| old + buckets > end),
                }
                self.samples.push_back((bucket, sample));
            }
        }
    }

    /// What a sample at `now` would find. It changes nothing (11.3a).
    pub(super) fn content(&self, now: u64) -> Content {
        let in_it = |bucket: u128| match self.size {
            Size::Calls(_) => true,
            Size::Time { width, buckets } => self
                .end(u128::from(now) / width, buckets)
                .is_some_and(|end| bucket + buckets > end),
        };
        let mut content = Content::default();
        for (bucket, sample) in &self.samples {
            if in_it(*bucket) {
                content.calls += 1;
                content.failures += usize::from(sample.failed);
                content.slow += usize::from(sample.slow);
            }
        }
        content
    }

    /// The bucket that the window ends at, seen from the bucket of now; none where that is so far
    /// behind the newest that the clock stepped back.
    fn end(&self, bucket: u128, buckets: u128) -> Option<u128> {
        let newest = self.samples.iter().map(|(bucket, _)| *bucket).max();
        match newest {
            Some(newest) if newest >= bucket + buckets => None,
            Some(newest) => Some(newest.max(bucket)),
            None => Some(bucket),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAILED: Sample = Sample {
        failed: true,
        slow: false,
    };

    /// The largest window; a scenario would take a while, for it is asked after every sample.
    #[test]
    fn the_largest_window_goes_round() {
        let mut window = Window::new(Size::Calls(65_536));
        let fine = Sample {
            failed: false,
            slow: false,
        };
        window.put(FAILED, 0);
        for _ in 1..65_536 {
            window.put(fine, 0);
        }
        assert_eq!(
            (window.content(0).calls, window.content(0).failures),
            (65_536, 1)
        );
        window.put(fine, 0);
        assert_eq!(
            (window.content(0).calls, window.content(0).failures),
            (65_536, 0)
        );
    }

    /// The newest bucket is never dropped by a sample in an older one.
    #[test]
    fn a_sample_in_the_past_leaves_the_newest() {
        let mut window = Window::new(Size::Time {
            width: 10,
            buckets: 10,
        });
        window.put(FAILED, 500);
        window.put(FAILED, 410);
        assert_eq!(window.content(500).calls, 2);
        assert_eq!(window.content(410).calls, 2);
        assert_eq!(
            window.content(510).calls,
            1,
            "41 + 10 buckets are over at 51"
        );
        assert_eq!(window.content(409).calls, 0, "bucket 40 is 10 behind 50");
        window.put(FAILED, 409);
        assert_eq!(window.content(409).calls, 1);
        assert_eq!(window.content(499).calls, 1);
        assert_eq!(window.content(500).calls, 0, "it began anew at bucket 40");
    }
}
