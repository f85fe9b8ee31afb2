//! What a breaker with levels does without its lock. Each of these holds the lock meanwhile: who took it would
//! wait for ever.

use super::POLICY;
use crate::cell::{Cell, lock};
use crate::machine::{
    BackoffRule, Effect, Nanos, OFF, Outcome, Policy, Rate, Recorded, RejectReason, Rules,
    SlowRule, Ticket, Verdict, WHOLE, WindowRule, Word,
};

const WIDTH: Nanos = 10;
const SLOW: Nanos = 5;

/// Half of the calls, of four or more.
fn rated(window: WindowRule) -> Rules {
    Rules {
        failure_rate: Rate {
            ppm: WHOLE / 2,
            minimum_calls: 4,
        },
        window,
        ..Policy {
            failure_threshold: OFF,
            ..POLICY
        }
        .into()
    }
}

const CALLS: WindowRule = WindowRule::Calls(10);
const TIME: WindowRule = WindowRule::Time {
    width: WIDTH,
    buckets: 10,
};

/// A cell, and how many successes its home has counted.
struct Counted {
    cell: Cell,
    successes: u64,
}

impl Counted {
    fn new(rules: &Rules) -> Self {
        Self {
            cell: Cell::new(rules, 0),
            successes: 0,
        }
    }

    fn record(&mut self, recorded: Recorded, now: Nanos) {
        let recording = self.cell.record(recorded, Some(now), || self.successes);
        assert_eq!(recording.expect("decided").transitions, [None, None]);
        self.successes += u64::from(recorded == Recorded::Success);
    }

    /// What the window holds.
    fn window(&self, now: Nanos) -> (u64, u64) {
        let view = self.cell.view(Some(now), || self.successes);
        let window = view.expect("decided").window;
        (window.calls, window.failures)
    }

    fn word(&self) -> Word {
        self.cell.word()
    }
}

#[test]
fn a_success_in_a_quiet_window_of_calls_takes_no_lock() {
    let mut counted = Counted::new(&rated(CALLS));
    let permit = counted.word();
    assert!(permit.is_clear() && counted.cell.success_changes_nothing(permit));
    // Fewer calls than the minimum, one of them failed: the success that completes it may open.
    counted.record(Recorded::Failure, 0);
    for calls in 1..4 {
        assert!(!counted.word().is_clear(), "after {calls} calls");
        assert!(!counted.cell.success_changes_nothing(permit));
        assert_eq!(counted.cell.settle_unasked(permit, Outcome::Success), None);
        counted.record(Recorded::Success, 0);
    }
    assert!(counted.word().is_clear());
    assert_eq!(counted.window(0), (4, 1));

    // One failure more: of enough calls, so only the failures in a row are to be forgotten.
    counted.record(Recorded::Failure, 0);
    assert!(!counted.word().is_clear());
    let held = lock(&counted.cell.inner);
    let settle = |outcome| counted.cell.settle_unasked(permit, outcome);
    assert_eq!(settle(Outcome::Failure), None);
    assert_eq!(settle(Outcome::Ignored), Some(Effect::Applied));
    assert_eq!(settle(Outcome::Cancelled), Some(Effect::Applied));
    assert_eq!(settle(Outcome::Success), Some(Effect::Applied));
    assert!(counted.word().is_clear());
    drop(held);
    counted.successes += 1;
    assert_eq!(counted.window(0), (6, 2));
}

#[test]
fn a_success_in_the_newest_bucket_takes_no_lock() {
    let mut counted = Counted::new(&rated(TIME));
    let ticket = Ticket::from(counted.word());
    // There is no bucket yet.
    assert!(!counted.cell.success_is_usual(ticket, 0));
    counted.record(Recorded::Success, 25);
    for (now, usual) in [(19, false), (20, true), (25, true), (29, true), (30, false)] {
        let held = lock(&counted.cell.inner);
        assert_eq!(
            counted.cell.success_is_usual(ticket, now),
            usual,
            "at {now}"
        );
        drop(held);
    }
    // The next bucket, and a failure in it before there are enough calls.
    counted.record(Recorded::Failure, 31);
    assert!(!counted.cell.success_is_usual(ticket, 31));
    for _ in 0..2 {
        counted.record(Recorded::Success, 31);
    }
    assert!(counted.cell.success_is_usual(ticket, 31));
    assert!(!counted.cell.success_is_usual(ticket, 29));
    counted.successes += 1;
    // Where a bucket is gone its calls are, and the one that was counted meanwhile is not.
    assert_eq!(counted.window(119), (5, 1));
    assert_eq!(counted.window(120), (4, 1));
    // A new epoch: its permits are others.
    counted.cell.control(
        || counted.successes,
        |machine, policy, levels| Some(machine.reset(policy, levels, 31)),
    );
    counted.record(Recorded::Success, 31);
    assert!(!counted.cell.success_is_usual(ticket, 31));
    assert!(counted.cell.success_is_usual(counted.word().into(), 31));
}

#[test]
fn a_quick_call_takes_no_lock() {
    let slow = |count_hung_calls| SlowRule {
        duration: SLOW,
        rate: Rate {
            ppm: WHOLE,
            minimum_calls: 4,
        },
        count_hung_calls,
    };
    let counted = Counted::new(&Rules {
        slow: Some(slow(false)),
        ..rated(CALLS)
    });
    let held = lock(&counted.cell.inner);
    let admission = counted.cell.admit(Some(100), || 0).expect("now is given");
    let Verdict::Admitted(word) = admission.verdict else {
        panic!("closed");
    };
    let ticket = Ticket { word, began: 100 };
    for (now, usual) in [(99, true), (100, true), (104, true), (105, false)] {
        assert_eq!(
            counted.cell.success_is_usual(ticket, now),
            usual,
            "at {now}"
        );
        let settled = usual.then(|| {
            let (ending, none) = (Outcome::Success.into(), &mut None);
            counted.cell.settle(ticket, ending, Some(now), || 0, none)
        });
        assert!(settled.is_none_or(|effect| effect == Ok(Effect::Applied)));
    }
    drop(held);
    assert!(counted.cell.settling_needs_now(Outcome::Cancelled));
    assert!(!counted.cell.settling_needs_now(Outcome::Ignored));

    // Where calls in flight are watched, the end of each is to be told.
    let watched = Counted::new(&Rules {
        slow: Some(slow(true)),
        ..rated(CALLS)
    });
    let word = watched.word();
    assert!(
        !watched
            .cell
            .success_is_usual(Ticket { word, began: 100 }, 100)
    );
}

/// What is off makes no success wait for the lock, and what is on does only while it may be met.
#[test]
fn each_rate_is_quiet_for_itself() {
    let slow_only = Rules {
        failure_rate: Rate::OFF,
        slow: Some(SlowRule {
            duration: SLOW,
            rate: Rate {
                ppm: WHOLE,
                minimum_calls: 4,
            },
            count_hung_calls: false,
        }),
        ..rated(CALLS)
    };
    let mut counted = Counted::new(&slow_only);
    let ticket = Ticket::from(counted.word());
    counted.record(Recorded::Failure, 0);
    // The first success after a failure forgets it, and takes the lock for that.
    assert!(!counted.cell.success_is_usual(ticket, 0));
    counted.record(Recorded::Success, 0);
    assert!(counted.cell.success_is_usual(ticket, 0));
    for calls in 3..5 {
        let (ending, none) = (Outcome::Success.into(), &mut None);
        let now = if calls == 3 { SLOW } else { 0 };
        let settled = counted
            .cell
            .settle(ticket, ending, Some(now), || counted.successes, none);
        assert_eq!(settled, Ok(Effect::Applied));
        counted.successes += 1;
        assert_eq!(
            counted.cell.success_is_usual(ticket, 0),
            calls == 4,
            "{calls}"
        );
    }
}

/// A breaker whose window holds bad calls has something to remember (the registry asks).
#[test]
fn a_window_of_calls_is_idle_once_the_bad_ones_are_gone() {
    let mut counted = Counted::new(&rated(WindowRule::Calls(4)));
    counted.record(Recorded::Success, 0);
    assert!(counted.cell.is_idle());
    counted.record(Recorded::Failure, 0);
    counted.record(Recorded::Success, 0);
    assert!(!counted.cell.is_idle());
    for left in (0..3).rev() {
        counted.record(Recorded::Success, 0);
        counted.window(0);
        assert_eq!(counted.cell.is_idle(), left == 0);
    }
    let slow = Counted::new(&Rules {
        slow: Some(SlowRule {
            duration: SLOW,
            rate: Rate {
                ppm: WHOLE,
                minimum_calls: 4,
            },
            count_hung_calls: false,
        }),
        ..rated(WindowRule::Calls(4))
    });
    let (ending, none) = (Outcome::Success.into(), &mut None);
    let settled = slow
        .cell
        .settle(slow.word().into(), ending, Some(SLOW), || 0, none);
    assert_eq!(settled, Ok(Effect::Applied));
    assert!(!slow.cell.is_idle());

    // What time alone will drive out, nobody needs to keep.
    let mut counted = Counted::new(&rated(TIME));
    counted.record(Recorded::Failure, 0);
    counted.record(Recorded::Success, 0);
    assert!(counted.cell.is_idle());
}

/// The wait that an opening by hand at 0 leaves at `now`, told while somebody else has the lock.
fn rejected(rules: &Rules, openings: usize, now: Nanos) -> Verdict {
    let cell = Cell::new(rules, 0);
    for _ in 0..openings {
        cell.control(
            || 0,
            |machine, policy, levels| machine.trip(policy, levels, 0),
        );
    }
    let held = lock(&cell.inner);
    let admission = cell.admit(Some(now), || 0).expect("now is given");
    drop(held);
    assert_eq!(admission.transition, None);
    admission.verdict
}

#[test]
fn a_rejection_takes_no_lock_however_long_the_wait() {
    let growing = Rules {
        backoff: BackoffRule {
            multiplier: 3 * WHOLE,
            max_timeout: 50,
            jitter: 0,
            jitter_seed: None,
        },
        ..POLICY.into()
    };
    for (openings, wait) in [(1, 10), (2, 30), (3, 50), (4, 50)] {
        for now in [0, 9, wait - 1] {
            let expected = Verdict::Rejected {
                reason: RejectReason::Open,
                retry_after: Some(wait - now),
            };
            assert_eq!(rejected(&growing, openings, now), expected);
            let shadow = Rules {
                shadow: true,
                ..growing
            };
            let expected = Verdict::Shadowed {
                reason: RejectReason::Open,
            };
            assert_eq!(rejected(&shadow, openings, now), expected);
        }
    }
}

/// Which outcomes take a reading of the clock (2.1b).
#[test]
fn settling_takes_the_time_where_it_matters() {
    let needs = |rules: &Rules| {
        let cell = Cell::new(rules, 0);
        Outcome::ALL.map(|outcome| cell.settling_needs_now(outcome))
    };
    assert_eq!(needs(&POLICY.into()), [false; 4]);
    assert_eq!(needs(&rated(CALLS)), [false; 4]);
    assert_eq!(needs(&rated(TIME)), [true, true, false, false]);
    let slow = Rules {
        slow: Some(SlowRule {
            duration: SLOW,
            rate: Rate {
                ppm: WHOLE,
                minimum_calls: 4,
            },
            count_hung_calls: false,
        }),
        ..rated(CALLS)
    };
    assert_eq!(needs(&slow), [true, true, false, true]);
}

/// A clock that steps back restarts the wait, and rejections take no lock after that either.
#[test]
fn a_wait_that_began_anew_is_told_without_the_lock() {
    let rules = Rules {
        backoff: BackoffRule {
            multiplier: 2 * WHOLE,
            max_timeout: 50,
            jitter: 0,
            jitter_seed: None,
        },
        ..POLICY.into()
    };
    let cell = Cell::new(&rules, 0);
    cell.control(
        || 0,
        |machine, policy, levels| machine.trip(policy, levels, 100),
    );
    let word = cell.word();
    cell.admit(Some(50), || 0).expect("now is given");
    assert_eq!(cell.word(), word);
    let held = lock(&cell.inner);
    let admission = cell.admit(Some(53), || 0).expect("now is given");
    drop(held);
    let expected = Verdict::Rejected {
        reason: RejectReason::Open,
        retry_after: Some(7),
    };
    assert_eq!(admission.verdict, expected);
}
