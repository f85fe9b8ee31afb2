//! The last seconds.

use alloc::boxed::Box;
use alloc::vec;

use super::{Content, Sample};

/// The samples of the last so many equal stretches of time (SPEC 11.3).
///
/// A reading belongs to the stretch `floor(reading / width)`. The window ends at the newest stretch
/// that a sample was put in, or at the one of the reading, whichever is later. A reading so old that its stretch
/// is not in the window means that the clock stepped back: the window begins anew there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeWindow {
    buckets: Box<[Content]>,
    /// All buckets together.
    sum: Content,
    width: u64,
    /// The newest stretch, if there has been a sample.
    newest: Option<u64>,
}

impl TimeWindow {
    /// An empty window of so many buckets, each `width` nanoseconds wide, at least 1.
    pub fn new(width: u64, buckets: usize) -> Self {
        debug_assert!(width > 0 && buckets > 0);
        Self {
            buckets: vec![Content::default(); buckets].into_boxed_slice(),
            sum: Content::default(),
            width,
            newest: None,
        }
    }

    /// How wide a bucket is, in nanoseconds.
    pub const fn width(&self) -> u64 {
        self.width
    }

    /// How many buckets there are.
    pub const fn buckets(&self) -> usize {
        self.buckets.len()
    }

    /// When the newest bucket begins; none while the window is empty.
    pub fn newest_begins(&self) -> Option<u64> {
        Some(self.newest? * self.width)
    }

    /// What it holds at `now`; changes nothing.
    pub fn content(&self, now: u64) -> Content {
        let mut content = Content::default();
        let Some(newest) = self.newest else {
            return content;
        };
        let tick = now / self.width;
        if self.is_before_window(tick, newest) {
            return content;
        }
        // Those that the reading has not pushed out.
        let left = (self.len()).saturating_sub(tick.saturating_sub(newest));
        if left == self.len() {
            return self.sum;
        }
        for back in 0..left {
            let Some(tick) = newest.checked_sub(back) else {
                break;
            };
            let bucket = self.buckets[self.place(tick)];
            content.calls += bucket.calls;
            content.failures += bucket.failures;
            content.slow += bucket.slow;
        }
        content
    }

    /// Puts so many equal samples where the reading belongs; answers what it holds then.
    pub fn put(&mut self, sample: Sample, times: u64, now: u64) -> Content {
        let tick = now / self.width;
        self.advance(tick);
        self.buckets[self.place(tick)].add(sample, times);
        self.sum.add(sample, times);
        self.sum
    }

    /// Puts so many successes, none of them slow, in the newest bucket. In an empty window that is
    /// none, and they are forgotten.
    pub fn put_successes_in_newest(&mut self, successes: u64) {
        if let Some(newest) = self.newest {
            self.buckets[self.place(newest)].add(Sample::SUCCESS, successes);
            self.sum.add(Sample::SUCCESS, successes);
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        if self.newest.take().is_some() {
            self.buckets.fill(Content::default());
            self.sum = Content::default();
        }
    }

    /// Makes room for the stretch `tick`, and drops what it pushes out.
    fn advance(&mut self, tick: u64) {
        match self.newest {
            Some(newest) if self.is_before_window(tick, newest) => self.clear(),
            Some(newest) if tick <= newest => return,
            Some(newest) if tick - newest >= self.len() => self.clear(),
            Some(newest) => {
                for passed in newest + 1..=tick {
                    let place = self.place(passed);
                    self.sum.remove(core::mem::take(&mut self.buckets[place]));
                }
            }
            None => {}
        }
        self.newest = Some(tick);
    }

    const fn is_before_window(&self, tick: u64, newest: u64) -> bool {
        newest.saturating_sub(tick) >= self.len()
    }

    const fn len(&self) -> u64 {
        self.buckets.len() as u64
    }

    const fn place(&self, tick: u64) -> usize {
        (tick % self.len()) as usize
    }
}
