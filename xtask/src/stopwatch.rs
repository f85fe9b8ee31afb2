//! Measures how long a command took; nothing is decided by it.

use std::time::{Duration, Instant};

/// A running measurement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(
        clippy::disallowed_methods,
        reason = "a figure for people, in a tool that is no part of the breaker"
    )]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    #[expect(clippy::disallowed_methods, reason = "as above")]
    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}
