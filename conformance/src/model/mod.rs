//! The rules of SPEC.md, sections 1 to 14, once more: one thread, plain fields, no cleverness.
//!
//! It follows SPEC.md and shares no code and no representation with the core: it
//! keeps the set of live permits, each with its epoch and its beginning, and asks that set
//! everything; the window is the list of its samples, counted anew each time; waits are 128
//! bits wide, so that nothing has to saturate. A random sequence on which the two differ shows a
//! mistake in one of them.

mod backoff;
mod hung;
mod judging;
mod policy;
mod reading;
mod subject;
mod wait;
mod window;

use std::collections::{BTreeMap, BTreeSet};

use self::backoff::Waits;
use self::hung::Steps;
use self::judging::Ended;
use self::policy::Policy;
use self::window::Window;
use crate::scenario::Config;
use crate::subject::Refused;
use crate::vocabulary::{
    Control, Effect, Outcome, Reason, Recorded, RejectReason, Rejection, Settled, State, Transition,
};

pub use policy::defaults;
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
    would_reject: [u64; 3],
    slow: u64,
    stale: u64,
    transitions: u64,
}

/// A permit that is not settled.
#[derive(Clone, Copy, Debug)]
struct Live {
    epoch: u64,
    since: u64,
}

/// A breaker by the book.
#[derive(Clone, Debug)]
pub struct Model {
    policy: Policy,

    mode: Mode,
    /// The automatic state; while forced, the one underneath.
    automatic: State,
    failures_in_a_row: u64,
    good_probes: u64,
    window: Window,
    /// When the closed state began.
    closed_at: u64,
    opened_at: u64,
    waits: Waits,
    /// When the last probe was given.
    last_probe_at: u64,
    epoch: u64,
    /// Every permit that is not settled.
    live: BTreeMap<PermitId, Live>,
    /// The permits of calls that would have been rejected (14.1a).
    shadows: BTreeSet<PermitId>,
    /// None where hung calls do not count.
    steps: Option<Steps>,
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
        let policy = Policy::new(config)?;
        Ok(Self {
            policy,
            mode: Mode::Automatic,
            automatic: State::Closed,
            failures_in_a_row: 0,
            good_probes: 0,
            window: Window::new(policy.window),
            closed_at: 0,
            opened_at: 0,
            waits: Waits::new(policy.backoff),
            last_probe_at: 0,
            epoch: 1,
            live: BTreeMap::new(),
            shadows: BTreeSet::new(),
            steps: Steps::new(policy.slow),
            next_permit: 1,
            totals: Totals::default(),
            told: Vec::new(),
        })
    }

    /// Asks for admission (4.1, 5, 6.1, 6.5, 10.3, 12.5). A call that would have been rejected but
    /// for `shadow` is admitted.
    pub fn acquire(&mut self, now: u64) -> Answer {
        match self.mode {
            Mode::ForcedClosed => return self.admit(now),
            Mode::ForcedOpen => return self.reject(RejectReason::ForcedOpen, None),
            Mode::Automatic => {}
        }
        self.end_of_wait(now);
        match self.automatic {
            State::Closed => {
                self.find_hung(now);
                if self.automatic == State::Closed {
                    self.admit(now)
                } else {
                    self.reject_open(now)
                }
            }
            State::Open => self.reject_open(now),
            State::HalfOpen => self.acquire_probe(now),
        }
    }

    fn acquire_probe(&mut self, now: u64) -> Answer {
        if self.probes() < self.policy.half_open_max_calls {
            self.last_probe_at = now;
            return self.admit(now);
        }
        if now < self.last_probe_at {
            self.last_probe_at = now;
        }
        let left = self.policy.probe_timeout.left(self.last_probe_at, now);
        if left.is_over() {
            self.open(Reason::ProbeTimeout, None, now);
            return self.reject_open(now);
        }
        self.reject(RejectReason::HalfOpen, None)
    }

    /// Looks for hung calls (12.5), and admits none.
    pub fn tick(&mut self, now: u64) {
        if self.counts() {
            self.find_hung(now);
        }
    }

    /// Settles a permit (7), with a server's Retry-After in nanoseconds where there is one (13.4).
    /// A permit is live until it is settled; dropping one is [`Outcome::Cancelled`].
    pub fn settle(
        &mut self,
        permit: PermitId,
        outcome: Outcome,
        retry_after: Option<u64>,
        now: u64,
    ) -> Settled {
        let told = self.told.len();
        let effect = match self.live.remove(&permit) {
            None if self.shadows.remove(&permit) => Effect::Shadowed,
            None => Effect::AlreadySettled,
            Some(live) if live.epoch != self.epoch => {
                self.totals.stale += 1;
                Effect::Stale
            }
            Some(live) => {
                let counts = self.counts();
                let steps = self.steps.as_mut().filter(|_| counts);
                let was_hung = steps.is_some_and(|steps| steps.end(live.since));
                self.count(outcome, Ended::of(live, was_hung, retry_after, now), now);
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
            Ended::RECORDED,
            now,
        );
    }

    /// The operator's hand (10).
    pub fn control(&mut self, control: Control, now: u64) {
        match (control, self.mode) {
            (Control::Reset, _) => {
                self.waits.begin_anew();
                self.change(Mode::Automatic, State::Closed, Reason::Reset, now);
            }
            (Control::Trip, Mode::Automatic) => self.open(Reason::Trip, None, now),
            (Control::Trip, _)
            | (Control::Automatic, Mode::Automatic)
            | (Control::ForceOpen, Mode::ForcedOpen)
            | (Control::ForceClosed, Mode::ForcedClosed) => {}
            (Control::ForceOpen, _) => self.overlay(Mode::ForcedOpen, Reason::Forced, now),
            (Control::ForceClosed, _) => self.overlay(Mode::ForcedClosed, Reason::Forced, now),
            (Control::Automatic, _) => self.overlay(Mode::Automatic, Reason::Automatic, now),
        }
    }

    /// The transitions since this was last asked, in order (9.3).
    pub fn transitions(&mut self) -> Vec<Transition> {
        std::mem::take(&mut self.told)
    }

    /// How many permits are not settled; those of calls that would have been rejected are not among them.
    pub fn live_permits(&self) -> usize {
        self.live.len()
    }

    fn shown(&self) -> State {
        match self.mode {
            Mode::Automatic => self.automatic,
            Mode::ForcedOpen => State::Open,
            Mode::ForcedClosed => State::Closed,
        }
    }

    /// 5.3 where the wait is over, 2.3 where the clock stepped back.
    fn end_of_wait(&mut self, now: u64) {
        if self.automatic != State::Open {
            return;
        }
        if now < self.opened_at {
            self.opened_at = now;
        }
        if self.waits.last.left(self.opened_at, now).is_over() {
            self.change(
                Mode::Automatic,
                State::HalfOpen,
                Reason::TimeoutElapsed,
                now,
            );
        }
    }

    /// Opens: from closed or half-open, or once more (13.1a).
    fn open(&mut self, reason: Reason, retry_after: Option<u64>, now: u64) {
        if self.automatic == State::Closed && self.was_stable(now) {
            self.waits.begin_anew();
        }
        self.waits.opening(retry_after);
        self.opened_at = now;
        self.change(Mode::Automatic, State::Open, reason, now);
    }

    /// 13.2
    fn was_stable(&self, now: u64) -> bool {
        self.waits.last.left(self.closed_at, now).is_over()
    }

    /// Enters an automatic state, from where nothing is counted yet.
    fn change(&mut self, mode: Mode, automatic: State, reason: Reason, now: u64) {
        let from = self.shown();
        self.mode = mode;
        self.automatic = automatic;
        self.failures_in_a_row = 0;
        self.good_probes = 0;
        self.window.empty();
        if automatic == State::Closed {
            self.closed_at = now;
        }
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
        if let Some(steps) = &mut self.steps {
            steps.forget();
        }
        self.totals.transitions += 1;
        self.told.push(Transition {
            from,
            to: self.shown(),
            epoch: self.epoch,
            reason,
            at: now,
        });
    }

    /// Whether results are counted to open.
    fn counts(&self) -> bool {
        self.mode == Mode::Automatic && self.automatic == State::Closed
    }

    fn admit(&mut self, now: u64) -> Answer {
        if self.counts()
            && let Some(steps) = &mut self.steps
        {
            steps.begin(now);
        }
        let permit = self.new_permit();
        self.live.insert(
            permit,
            Live {
                epoch: self.epoch,
                since: now,
            },
        );
        Answer::Admitted(permit)
    }

    fn reject_open(&mut self, now: u64) -> Answer {
        let left = self.waits.last.left(self.opened_at, now);
        self.reject(RejectReason::Open, left.told())
    }

    fn reject(&mut self, reason: RejectReason, retry_after: Option<u64>) -> Answer {
        if self.policy.shadow {
            self.totals.would_reject[reason as usize] += 1;
            let permit = self.new_permit();
            self.shadows.insert(permit);
            return Answer::Admitted(permit);
        }
        self.totals.rejected[reason as usize] += 1;
        Answer::Rejected(Rejection {
            reason,
            retry_after,
        })
    }

    fn new_permit(&mut self) -> PermitId {
        let permit = self.next_permit;
        self.next_permit += 1;
        permit
    }
}
