//! Bytes from a seed, and configurations from bytes.

use k1s0_conformance::scenario::{Config, Ns, Threshold};
use k1s0_conformance::vocabulary::Outcome;

/// Bytes without end, from splitmix64: a seed means the same on every machine.
pub(crate) struct Bytes(pub(crate) u64);

impl Bytes {
    pub(crate) const fn next(&mut self) -> u8 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) as u8
    }

    pub(crate) const fn below(&mut self, n: usize) -> usize {
        self.next() as usize % n
    }

    pub(crate) const fn one_in(&mut self, n: u8) -> bool {
        self.next().is_multiple_of(n)
    }

    pub(crate) fn outcome(&mut self) -> Outcome {
        match self.next() % 8 {
            0..=2 => Outcome::Success,
            3..=5 => Outcome::Failure,
            6 => Outcome::Ignored,
            _ => Outcome::Cancelled,
        }
    }
}

/// What a breaker and its model are made of.
pub(crate) fn config(bytes: &mut Bytes) -> Config {
    const TIMES: [u64; 6] = [0, 1, 1_000_000, 50_000_000, u64::MAX - 1, u64::MAX];
    let ns = |ns: u64| Some(Ns(ns.into()));
    let mut config = Config {
        failure_threshold: Some(Threshold::Count(1 + bytes.below(4) as u64)),
        success_threshold: Some(1 + bytes.below(3) as u64),
        half_open_max_calls: Some(1 + bytes.below(3) as u64),
        // Mostly one that ends while the sequence lasts.
        timeout_ns: ns(TIMES[[2, 2, 2, 3, 3, 0, 1, 4, 5][bytes.below(9)]]),
        probe_timeout_ns: ns(TIMES[[2, 3, 3, 4, 5][bytes.below(5)]]),
        ..Config::default()
    };
    // Half of them are as they were before there were levels.
    if bytes.one_in(2) {
        rates(&mut config, bytes);
        waits(&mut config, bytes);
        config.shadow = bytes.one_in(3).then_some(true);
    }
    config
}

fn rates(config: &mut Config, bytes: &mut Bytes) {
    let (failures, slow) = (bytes.below(4) != 0, bytes.one_in(2));
    if !failures && !slow {
        return;
    }
    config.failure_threshold = Some(match bytes.below(6) {
        0 => Threshold::Count(2),
        1 => Threshold::Count(5),
        _ => Threshold::Off,
    });
    let mut minimum = 1 + bytes.below(4) as u64;
    if bytes.one_in(2) {
        let calls = [1, 2, 3, 5, 8, 64][bytes.below(6)];
        config.window_calls = Some(calls);
        minimum = minimum.min(calls);
    } else {
        config.window_time_ns = Some(Ns(10_000_000 + bytes.below(9) as u128));
        config.window_buckets = Some(10 + bytes.below(5) as u64);
    }
    config.minimum_calls = Some(minimum);
    config.slow_minimum_calls = Some(minimum);
    if failures {
        config.failure_rate = Some([0.000_001, 0.25, 1.0 / 3.0, 0.5, 1.0][bytes.below(5)]);
    }
    if slow {
        let duration = [1, 16, 400, 1_000_000, 1_700_000][bytes.below(5)];
        config.slow_call_duration_ns = Some(Ns(duration));
        config.slow_call_rate = Some([0.1, 0.5, 0.8, 1.0][bytes.below(4)]);
        config.count_hung_calls = Some(bytes.one_in(2));
    }
}

fn waits(config: &mut Config, bytes: &mut Bytes) {
    if bytes.one_in(2) {
        config.backoff_multiplier = Some([1.0, 1.5, 2.0, 100.0][bytes.below(4)]);
    }
    if bytes.one_in(2) {
        // Never shorter than the timeout.
        let timeout = config.timeout_ns.map_or(0, |ns| ns.0);
        let more = [0, 1, 1_000_000, 1 << 40, 1 << 64][bytes.below(5)];
        config.max_timeout_ns = Some(Ns(timeout + more));
    }
    if bytes.one_in(3) {
        config.jitter = Some([0.1, 0.5, 1.0][bytes.below(3)]);
        config.jitter_seed = Some(u64::from(bytes.next()) << 56 | u64::from(bytes.next()));
    }
}
