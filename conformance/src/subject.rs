//! What a face must offer to be judged.

use crate::scenario::Config;
use crate::vocabulary::{
    CallResult, Control, Metrics, Outcome, Recorded, Rejection, Settled, State, Transition, Verdict,
};

/// One entry point of one face: it makes a breaker for each scenario.
pub trait Face {
    /// Makes a breaker whose clock stands at 0.
    ///
    /// # Errors
    ///
    /// [`Refused`] if the face refuses the configuration.
    fn make(&self, config: &Config) -> Result<Box<dyn Subject>, Refused>;
}

/// A refused configuration, as the face's error says it (SPEC 3.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The field, by its name in SPEC 3.
    pub field: String,
    /// The value, as the error prints it.
    pub value: String,
    /// The range, as the error prints it.
    pub range: String,
}

/// What became of a guarded call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Called {
    /// The function ran once, and its result came back unchanged.
    Ran,
    /// The function did not run.
    Rejected(Rejection),
    /// Neither: what happened instead.
    Wrong(String),
}

/// One breaker under test. Each method is one step, through the entry point under test where the
/// step goes through one.
pub trait Subject {
    /// Sets the clock, backwards too.
    fn set_clock(&mut self, now: u64);

    /// How often the clock was read since this was last asked; none where that cannot be counted.
    fn clock_reads(&mut self) -> Option<u64>;

    /// Begins a call.
    fn acquire(&mut self, permit: &str) -> Verdict;

    /// Ends a call; none where the entry point does not say what that did. `retry_after` is a
    /// server's Retry-After in nanoseconds (SPEC 13.4), 2^64 - 1 for never.
    fn settle(
        &mut self,
        permit: &str,
        outcome: Outcome,
        retry_after: Option<u64>,
    ) -> Option<Settled>;

    /// Abandons a call.
    fn drop_permit(&mut self, permit: &str);

    /// A whole call. Its function, where it runs, moves the clock on by `takes` nanoseconds from
    /// where it stands.
    fn call(&mut self, result: CallResult, takes: u64) -> Called;

    /// Records a result without a permit.
    fn record(&mut self, recorded: Recorded);

    /// Looks for hung calls (SPEC 12.5).
    fn tick(&mut self);

    /// The operator's hand.
    fn control(&mut self, control: Control);

    /// The state now.
    fn state(&mut self) -> State;

    /// Everything that can be read.
    fn metrics(&mut self) -> Metrics;

    /// The transitions that a listener was told of since this was last asked, in order.
    fn transitions(&mut self) -> Vec<Transition>;
}
