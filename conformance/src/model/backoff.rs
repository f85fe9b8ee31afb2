//! Longer and longer (SPEC 13).

use super::policy::Backoff;
use super::wait::Wait;

/// The waits of one opening after another.
#[derive(Clone, Debug)]
pub(super) struct Waits {
    policy: Backoff,
    /// Of the last opening, before jitter and Retry-After; none where the next opening is a first.
    base: Option<Wait>,
    /// The wait of the last opening.
    pub(super) last: Wait,
    random: u64,
}

impl Waits {
    pub(super) fn new(policy: Backoff) -> Self {
        Self {
            policy,
            base: None,
            last: policy.timeout,
            random: policy.seed,
        }
    }

    /// The next opening is a first one again: after `reset`, or a stable closed period (13.1a).
    pub(super) fn begin_anew(&mut self) {
        self.base = None;
    }

    /// An opening, with what came with the failure that opened (13.4a).
    pub(super) fn opening(&mut self, retry_after: Option<u64>) {
        let base = match self.base {
            None => self.policy.timeout,
            Some(Wait::Never) => Wait::Never,
            Some(Wait::Nanos(ns)) => {
                let grown = Wait::new(ns * self.policy.multiplier / 1_000_000);
                grown.min(self.policy.max_timeout)
            }
        };
        self.base = Some(base);
        let wait = self.spread(base);
        self.last = match retry_after {
            None => wait,
            Some(ns) => wait.max(Wait::new(ns.into()).min(self.policy.max_timeout)),
        };
    }

    /// 13.1b
    fn spread(&mut self, base: Wait) -> Wait {
        match base {
            Wait::Nanos(ns @ 1..) if self.policy.jitter > 0 => {
                let most = ns * self.policy.jitter / 1_000_000;
                let drawn = part(self.draw(), most);
                Wait::Nanos((ns - most + drawn).min(u128::from(u64::MAX) - 1))
            }
            _ => base,
        }
    }

    /// splitmix64
    fn draw(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

/// floor(r * (2s + 1) / 2^64). The product may have 129 bits, so it is not formed.
fn part(r: u64, s: u128) -> u128 {
    let product = u128::from(r) * s;
    let (high, low) = (product >> 64, product & u128::from(u64::MAX));
    2 * high + ((2 * low + u128::from(r)) >> 64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(timeout: u128, max_timeout: u128, jitter: u128) -> Waits {
        Waits::new(Backoff {
            timeout: Wait::new(timeout),
            multiplier: 1_500_000,
            max_timeout: Wait::new(max_timeout),
            jitter,
            seed: 7,
        })
    }

    /// 13.3, which would be a long scenario.
    #[test]
    fn ten_thousand_openings() {
        let mut to_a_limit = waits(1_000, 600_000_000_000, 0);
        let mut to_no_limit = waits(1_000, u128::MAX, 0);
        let mut to_the_last_number = waits(1_000, u128::from(u64::MAX) - 1, 1_000_000);
        for _ in 0..10_000 {
            to_a_limit.opening(None);
            to_no_limit.opening(None);
            to_the_last_number.opening(None);
            assert_ne!(to_the_last_number.last, Wait::Never);
        }
        assert_eq!(to_a_limit.last, Wait::Nanos(600_000_000_000));
        assert_eq!(to_no_limit.last, Wait::Never);
        assert_eq!(
            to_the_last_number.base,
            Some(Wait::Nanos(u128::from(u64::MAX) - 1))
        );
    }

    #[test]
    fn the_part_is_exact() {
        for s in [0, 1, 2, 999, u128::from(u64::MAX >> 2)] {
            for r in [0, 1, 1 << 63, u64::MAX - 1, u64::MAX] {
                assert_eq!(part(r, s), (u128::from(r) * (2 * s + 1)) >> 64);
            }
        }
        let most = u128::from(u64::MAX) - 1;
        assert_eq!(part(u64::MAX, most), 2 * most - 1, "129 bits");
    }

    /// The numbers of the published splitmix64, seed 1234567.
    #[test]
    fn the_generator_is_the_known_one() {
        let mut waits = waits(1, 1, 0);
        waits.random = 1_234_567;
        let drawn = [waits.draw(), waits.draw(), waits.draw()];
        assert_eq!(
            drawn,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }
}
