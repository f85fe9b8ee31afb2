//! The rules of SPEC.md, sections 1 to 10, once more: one thread, plain fields, no cleverness.
//!
//! It follows SPEC.md and shares no code and no representation with the core: it
//! keeps the set of live permits, each with its epoch, and asks that set everything; waits are 128
//! bits wide, so that nothing has to saturate. A random sequence on which the two differ shows a
//! mistake in one of them.

mod subject;
mod wait;

use std::collections::BTreeMap;

use self::wait::Wait;
use crate::scenario::Config;
use crate::subject::Refused;
use crate::vocabulary::{
    Control, Effect, Metrics, Outcome, Reason, Recorded, RejectReason, Rejection, Settled, State,
    Transition,
};

pub use subject::ModelFace;

/// A permit's name in the model.
pub type PermitId = u64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Automatic,
    ForcedOpen,
    ForcedClosed,
}

/// What an admission question was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// With a permit.
    Admitted(PermitId),
    /// With a rejection.
    Rejected(Rejection),
}

#[derive(Clone, Copy, Debug, Default)]
struct Totals {
    outcomes: [u64; 4],
    rejected: [u64; 3],
    stale: u64,
    transitions: u64,
}

/// A breaker by the book.
#[derive(Clone, Debug)]
pub struct Model {
    failure_threshold: u64,
    success_threshold: u64,
    timeout: Wait,
    half_open_max_calls: u64,
    probe_timeout: Wait,

    mode: Mode,
    /// The automatic state; while forced, the one underneath.
    automatic: State,
    failures_in_a_row: u64,
    good_probes: u64,
    opened_at: u64,
    /// When the last probe was given.
    last_probe_at: u64,
    epoch: u64,
    /// Every permit that is not settled, with its epoch.
    live: BTreeMap<PermitId, u64>,
    next_permit: PermitId,
    totals: Totals,
    told: Vec<Transition>,
}

impl Model {
    /// A breaker as it is made.
    ///
    /// # Errors
    ///
    /// [`Refused`] where a value is out of the range of SPEC 3.
    pub fn new(config: &Config) -> Result<Self, Refused> {
        let probe_timeout = config.probe_timeout().unwrap_or(60_000_000_000);
        if probe_timeout < 1_000_000 {
            return Err(refused(
                "probe_timeout",
                &format!("{probe_timeout}ns"),
                "1ms or more",
            ));
        }
        Ok(Self {
            failure_threshold: within(
                "failure_threshold",
                config.failure_threshold.unwrap_or(5),
                (1 << 32) - 1,
            )?,
            success_threshold: within(
                "success_threshold",
                config.success_threshold.unwrap_or(3),
                (1 << 32) - 1,
            )?,
            timeout: Wait::new(config.timeout().unwrap_or(30_000_000_000)),
            half_open_max_calls: within(
                "half_open_max_calls",
                config.half_open_max_calls.unwrap_or(1),
                (1 << 16) - 1,
            )?,
            probe_timeout: Wait::new(probe_timeout),
            mode: Mode::Automatic,
            automatic: State::Closed,
            failures_in_a_row: 0,
            good_probes: 0,
            opened_at: 0,
            last_probe_at: 0,
            epoch: 1,
            live: BTreeMap::new(),
            next_permit: 1,
            totals: Totals::default(),
            told: Vec::new(),
        })
    }

    /// Asks for admission (4.1, 5, 6.1, 6.5, 10.3).
    pub fn acquire(&mut self, now: u64) -> Answer {
        match self.mode {
            Mode::ForcedClosed => return self.admit(),
            Mode::ForcedOpen => return self.reject(RejectReason::ForcedOpen, None),
            Mode::Automatic => {}
        }
        self.end_of_wait(now);
        match self.automatic {
            State::Closed => self.admit(),
            State::Open => {
                let left = self.timeout.left(self.opened_at, now);
                self.reject(RejectReason::Open, left.told())
            }
            State::HalfOpen => self.acquire_probe(now),
        }
    }

    fn acquire_probe(&mut self, now: u64) -> Answer {
        if self.probes() < self.half_open_max_calls {
            self.last_probe_at = now;
            return self.admit();
        }
        if now < self.last_probe_at {
            self.last_probe_at = now;
        }
        if self.probe_timeout.left(self.last_probe_at, now).is_over() {
            self.open(Reason::ProbeTimeout, now);
            let left = self.timeout.left(now, now);
            return self.reject(RejectReason::Open, left.told());
        }
        self.reject(RejectReason::HalfOpen, None)
    }

    /// Settles a permit (7). A permit is live until it is settled; dropping one is
    /// [`Outcome::Cancelled`].
    pub fn settle(&mut self, permit: PermitId, outcome: Outcome, now: u64) -> Settled {
        let told = self.told.len();
        let effect = match self.live.remove(&permit) {
            None => Effect::AlreadySettled,
            Some(epoch) if epoch != self.epoch => {
                self.totals.stale += 1;
                Effect::Stale
            }
            Some(_) => {
                self.count(outcome, now);
                Effect::Applied
            }
        };
        Settled {
            effect,
            transition: self.told.get(told).copied(),
        }
    }

    /// Records a result without a permit (8.1).
    pub fn record(&mut self, recorded: Recorded, now: u64) {
        if self.mode == Mode::Automatic {
            self.end_of_wait(now);
        }
        self.count(
            match recorded {
                Recorded::Success => Outcome::Success,
                Recorded::Failure => Outcome::Failure,
            },
            now,
        );
    }

    /// The operator's hand (10).
    pub fn control(&mut self, control: Control, now: u64) {
        match (control, self.mode) {
            (Control::Reset, _) => {
                self.change(Mode::Automatic, State::Closed, Reason::Reset, now);
            }
            (Control::Trip, Mode::Automatic) => self.open(Reason::Trip, now),
            (Control::Trip, _)
            | (Control::Automatic, Mode::Automatic)
            | (Control::ForceOpen, Mode::ForcedOpen)
            | (Control::ForceClosed, Mode::ForcedClosed) => {}
            (Control::ForceOpen, _) => self.overlay(Mode::ForcedOpen, Reason::Forced, now),
            (Control::ForceClosed, _) => self.overlay(Mode::ForcedClosed, Reason::Forced, now),
            (Control::Automatic, _) => self.overlay(Mode::Automatic, Reason::Automatic, now),
        }
    }

    /// The state as a caller sees it (9.1).
    pub fn state(&self, now: u64) -> State {
        match self.remaining(now) {
            Some(left) if left.is_over() => State::HalfOpen,
            _ => self.shown(),
        }
    }

    /// Everything that can be read (9.2).
    pub fn metrics(&self, now: u64) -> Metrics {
        let [success, failure, ignored, cancelled] = self.totals.outcomes;
        let [open, half_open, forced_open] = self.totals.rejected;
        let closed = self.automatic == State::Closed;
        Metrics {
            state: self.state(now),
            epoch: self.epoch,
            forced: self.mode != Mode::Automatic,
            success,
            failure,
            ignored,
            cancelled,
            rejected: open + half_open + forced_open,
            rejected_open: open,
            rejected_half_open: half_open,
            rejected_forced_open: forced_open,
            stale: self.totals.stale,
            transitions: self.totals.transitions,
            consecutive_failures: if closed { self.failures_in_a_row } else { 0 },
            probes_in_flight: self.probes(),
            success_rate: (success + failure > 0)
                .then(|| success as f64 / (success + failure) as f64),
            remaining_wait: self.remaining(now).and_then(Wait::told),
        }
    }

    /// The transitions since this was last asked, in order (9.3).
    pub fn transitions(&mut self) -> Vec<Transition> {
        std::mem::take(&mut self.told)
    }

    /// How many permits are not settled.
    pub fn live_permits(&self) -> usize {
        self.live.len()
    }

    fn remaining(&self, now: u64) -> Option<Wait> {
        (self.mode == Mode::Automatic && self.automatic == State::Open)
            .then(|| self.timeout.left(self.opened_at, now))
    }

    fn shown(&self) -> State {
        match self.mode {
            Mode::Automatic => self.automatic,
            Mode::ForcedOpen => State::Open,
            Mode::ForcedClosed => State::Closed,
        }
    }

    /// Probes are the live permits of this epoch, while half-open (6.1).
    fn probes(&self) -> u64 {
        if self.mode != Mode::Automatic || self.automatic != State::HalfOpen {
            return 0;
        }
        let of_now = self.live.values().filter(|epoch| **epoch == self.epoch);
        of_now.count() as u64
    }

    /// 5.3 where the wait is over, 2.3 where the clock stepped back.
    fn end_of_wait(&mut self, now: u64) {
        if self.automatic != State::Open {
            return;
        }
        if now < self.opened_at {
            self.opened_at = now;
        }
        if self.timeout.left(self.opened_at, now).is_over() {
            self.change(
                Mode::Automatic,
                State::HalfOpen,
                Reason::TimeoutElapsed,
                now,
            );
        }
    }

    fn count(&mut self, outcome: Outcome, now: u64) {
        self.totals.outcomes[outcome as usize] += 1;
        if self.mode != Mode::Automatic {
            return;
        }
        match (self.automatic, outcome) {
            (State::Closed, Outcome::Success) => self.failures_in_a_row = 0,
            (State::Closed, Outcome::Failure) => {
                self.failures_in_a_row += 1;
                if self.failures_in_a_row == self.failure_threshold {
                    self.open(Reason::FailureThreshold, now);
                }
            }
            (State::HalfOpen, Outcome::Success) => {
                self.good_probes += 1;
                if self.good_probes == self.success_threshold {
                    self.change(
                        Mode::Automatic,
                        State::Closed,
                        Reason::SuccessThreshold,
                        now,
                    );
                }
            }
            (State::HalfOpen, Outcome::Failure) => self.open(Reason::ProbeFailed, now),
            (State::Open, _) | (_, Outcome::Ignored | Outcome::Cancelled) => {}
        }
    }

    fn open(&mut self, reason: Reason, now: u64) {
        self.opened_at = now;
        self.change(Mode::Automatic, State::Open, reason, now);
    }

    /// Enters an automatic state, from where nothing is counted yet.
    fn change(&mut self, mode: Mode, automatic: State, reason: Reason, now: u64) {
        let from = self.shown();
        self.mode = mode;
        self.automatic = automatic;
        self.failures_in_a_row = 0;
        self.good_probes = 0;
        self.tell(from, reason, now);
    }

    /// Changes the mode; what is underneath is left alone (10.4).
    fn overlay(&mut self, mode: Mode, reason: Reason, now: u64) {
        let from = self.shown();
        self.mode = mode;
        self.tell(from, reason, now);
    }

    fn tell(&mut self, from: State, reason: Reason, now: u64) {
        self.epoch += 1;
        self.totals.transitions += 1;
        self.told.push(Transition {
            from,
            to: self.shown(),
            epoch: self.epoch,
            reason,
            at: now,
        });
    }

    fn admit(&mut self) -> Answer {
        let permit = self.next_permit;
        self.next_permit += 1;
        self.live.insert(permit, self.epoch);
        Answer::Admitted(permit)
    }

    fn reject(&mut self, reason: RejectReason, retry_after: Option<u64>) -> Answer {
        self.totals.rejected[reason as usize] += 1;
        Answer::Rejected(Rejection {
            reason,
            retry_after,
        })
    }
}

fn within(field: &str, value: u64, largest: u64) -> Result<u64, Refused> {
    if (1..=largest).contains(&value) {
        Ok(value)
    } else {
        Err(refused(
            field,
            &value.to_string(),
            &format!("1 to {largest}"),
        ))
    }
}

fn refused(field: &str, value: &str, range: &str) -> Refused {
    Refused {
        field: field.to_owned(),
        value: value.to_owned(),
        range: range.to_owned(),
    }
}
