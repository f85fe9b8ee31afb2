//! Sliding windows: what the last calls, or the last seconds, were like. (SPEC 11.2, 11.3)
//!
//! Data structures without a policy: they hold samples and answer how many there are of each kind.
//! They allocate when they are made and not after that.

mod calls;
#[cfg(test)]
mod tests;
mod time;

pub use calls::CallWindow;
pub use time::TimeWindow;

/// One settled call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// It failed.
    pub failure: bool,
    /// It took long (SPEC 12.1).
    pub slow: bool,
}

impl Sample {
    /// A success that did not take long.
    pub const SUCCESS: Self = Self {
        failure: false,
        slow: false,
    };
}

/// How many samples a window holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// All.
    pub calls: u64,
    /// Those that failed.
    pub failures: u64,
    /// Those that took long.
    pub slow: u64,
}

impl Content {
    fn add(&mut self, sample: Sample, times: u64) {
        self.calls += times;
        self.failures += u64::from(sample.failure) * times;
        self.slow += u64::from(sample.slow) * times;
    }

    fn remove(&mut self, other: Self) {
        self.calls -= other.calls;
        self.failures -= other.failures;
        self.slow -= other.slow;
    }
}
