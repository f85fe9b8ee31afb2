//! The libraries people use today, called without futures.

use std::time::Duration;

use anyhow::{Result, anyhow, ensure};
use circuitbreaker_rs::{CircuitBreaker as RsBreaker, DefaultPolicy};
use failsafe::CircuitBreaker as _;
use failsafe::{backoff, failure_policy};
use ferryman_core::{Breaker, BreakerConfig};
use recloser::Recloser;

use crate::case::{Case, Group};
use crate::guarded::{Fault, healthy, repeat, ten_percent};

/// The rows' names.
pub(crate) const RECLOSER: &str = "recloser 1.4.0";
/// See [`RECLOSER`].
pub(crate) const FAILSAFE: &str = "failsafe 1.3.0 (consecutive)";
/// See [`RECLOSER`].
pub(crate) const FERRYMAN: &str = "ferryman-core 0.3.0";
/// See [`RECLOSER`].
pub(crate) const CIRCUITBREAKER_RS: &str = "circuitbreaker-rs 0.1.1";

const HOUR: Duration = Duration::from_secs(3600);

/// How often a breaker is failed to be sure that it is open.
const SURELY: u64 = 1_000;

/// Makes a closed [`Recloser`].
pub(crate) fn recloser() -> Recloser {
    Recloser::custom().open_wait(HOUR).build()
}

/// failsafe with the policy that is nearest to ours.
pub(crate) type Failsafe =
    failsafe::StateMachine<failure_policy::ConsecutiveFailures<backoff::Constant>, ()>;

/// Makes a closed failsafe breaker.
pub(crate) fn failsafe() -> Failsafe {
    let policy = failure_policy::consecutive_failures(5, backoff::constant(HOUR));
    failsafe::Config::new().failure_policy(policy).build()
}

/// circuitbreaker-rs as it comes.
pub(crate) type Rs = RsBreaker<DefaultPolicy, Fault>;

/// Makes a closed circuitbreaker-rs breaker.
pub(crate) fn circuitbreaker_rs() -> Rs {
    Rs::builder().cooldown(HOUR).build()
}

/// Makes a closed ferryman breaker.
pub(crate) fn ferryman() -> Result<Breaker> {
    let config = BreakerConfig::default()
        .with_failure_threshold(5)
        .with_cooldown(HOUR);
    Breaker::new(config).map_err(|error| anyhow!("{error}"))
}

/// Guards a call with a ferryman breaker, as its own example does.
#[inline(always)]
pub(crate) fn through_ferryman(
    breaker: &Breaker,
    function: impl FnOnce() -> Result<u64, Fault>,
) -> Result<u64, Fault> {
    let Some(ticket) = breaker.try_acquire() else {
        return Err(Fault);
    };
    let result = function();
    match result {
        Ok(_) => breaker.record_success(ticket),
        Err(_) => breaker.record_failure(ticket),
    }
    result
}

/// The rows.
pub(crate) fn all() -> Result<Vec<Case>> {
    let mut cases = rows(Group::Success, Breakers::new()?, healthy);
    cases.extend(rows(Group::Failures, Breakers::new()?, ten_percent));
    let open = Breakers::new()?;
    open.open()?;
    cases.extend(rows(Group::Rejected, open, healthy));
    Ok(cases)
}

struct Breakers {
    ferryman: Breaker,
    recloser: Recloser,
    failsafe: Failsafe,
    rs: Rs,
}

impl Breakers {
    fn new() -> Result<Self> {
        Ok(Self {
            ferryman: ferryman()?,
            recloser: recloser(),
            failsafe: failsafe(),
            rs: circuitbreaker_rs(),
        })
    }

    fn open(&self) -> Result<()> {
        for _ in 0..SURELY {
            // What they answer meanwhile is of no interest.
            let _ = through_ferryman(&self.ferryman, || Err(Fault));
            let _ = self.recloser.call(|| Err::<u64, _>(Fault));
            let _ = self.failsafe.call(|| Err::<u64, _>(Fault));
        }
        self.rs.force_open();
        let admits = through_ferryman(&self.ferryman, || Ok(0)).is_ok()
            || self.recloser.call(|| Ok::<u64, Fault>(0)).is_ok()
            || self.failsafe.call(|| Ok::<u64, Fault>(0)).is_ok()
            || self.rs.call(|| Ok(0_u64)).is_ok();
        ensure!(!admits, "a peer does not open");
        Ok(())
    }
}

/// One row per peer.
fn rows<F>(group: Group, breakers: Breakers, guarded: F) -> Vec<Case>
where
    F: Fn(u64) -> Result<u64, Fault> + Copy + Send + Sync + 'static,
{
    let Breakers {
        ferryman,
        recloser,
        failsafe,
        rs,
    } = breakers;
    vec![
        Case::new(group, FERRYMAN, move |calls| {
            repeat(calls, |i| through_ferryman(&ferryman, || guarded(i)));
        }),
        Case::new(group, RECLOSER, move |calls| {
            repeat(calls, |i| recloser.call(|| guarded(i)));
        }),
        Case::new(group, FAILSAFE, move |calls| {
            repeat(calls, |i| failsafe.call(|| guarded(i)));
        }),
        Case::new(group, CIRCUITBREAKER_RS, move |calls| {
            repeat(calls, |i| rs.call(|| guarded(i)));
        }),
    ]
}
