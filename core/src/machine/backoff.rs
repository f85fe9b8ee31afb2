//! How long this opening waits. (SPEC 13)

use super::rules::{BackoffRule, WHOLE};
use super::{NEVER, Nanos};

/// What is remembered of earlier openings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Backoff {
    pub(super) rule: BackoffRule,
    /// Openings in a row without a stable closed period between.
    pub(super) openings: u64,
    /// The wait before jitter.
    base: Nanos,
    /// The wait of the last opening.
    pub(super) wait: Nanos,
    /// When the closed period began.
    closed_at: Nanos,
    random: u64,
}

/// How an opening comes about, as far as the wait depends on it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opening {
    pub(super) from_closed: bool,
    /// What the server asked for (13.4).
    pub(super) retry_after: Option<Nanos>,
    pub(super) now: Nanos,
}

impl Backoff {
    pub(super) const fn new(rule: BackoffRule, timeout: Nanos, seed: u64) -> Self {
        Self {
            rule,
            openings: 0,
            base: timeout,
            wait: timeout,
            closed_at: 0,
            random: seed,
        }
    }

    /// The breaker opens: how long it will wait.
    pub(super) fn open(&mut self, timeout: Nanos, opening: Opening) -> Nanos {
        let stable = opening.from_closed && opening.now.saturating_sub(self.closed_at) >= self.wait;
        if self.openings == 0 || stable {
            self.openings = 1;
            self.base = timeout;
        } else {
            self.openings = self.openings.saturating_add(1);
            self.base = self.rule.longer(self.base);
        }
        self.wait = self.spread();
        if let Some(asked) = opening.retry_after {
            self.wait = self.wait.max(asked.min(self.rule.max_timeout));
        }
        self.wait
    }

    /// The breaker closes.
    pub(super) const fn close(&mut self, now: Nanos) {
        self.closed_at = now;
    }

    /// The breaker is reset: the next opening is the first (10.1).
    pub(super) const fn reset(&mut self, timeout: Nanos, now: Nanos) {
        self.openings = 0;
        self.wait = timeout;
        self.closed_at = now;
    }

    /// The base, spread by the jitter to either side (13.1b).
    fn spread(&mut self) -> Nanos {
        if self.base == NEVER {
            return NEVER;
        }
        let base = u128::from(self.base);
        let spread = base * u128::from(self.rule.jitter) / u128::from(WHOLE);
        // floor(random * span / 2^64), where the span may have 65 bits: by halves.
        let (random, span) = (u128::from(self.draw()), 2 * spread + 1);
        let offset = random * (span >> 64) + ((random * (span & u128::from(u64::MAX))) >> 64);
        let wait = base - spread + offset;
        u64::try_from(wait).map_or(NEVER - 1, |wait| wait.min(NEVER - 1))
    }

    /// SplitMix64. Not a crate's: every language and every release must draw the same (P7).
    const fn draw(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}
