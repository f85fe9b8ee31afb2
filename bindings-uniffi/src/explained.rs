//! Why a breaker is as it is.

use breaker::Explanation;
use breaker::config::nanos;

/// What a breaker is doing, why, and what would change it.
#[derive(Clone, Debug, uniffi::Record)]
pub struct Explained {
    /// All of it, as core's JSON.
    pub json: String,
    /// The same as some lines for a person.
    pub text: String,
    /// The state.
    pub state: u8,
    /// Whether a forced mode is on.
    pub forced: bool,
    /// The state that `automatic` would bring back.
    pub automatic_state: u8,
    /// Whether it decides and tells, but rejects nothing.
    pub shadow: bool,
    /// 1 at first, one more after each transition.
    pub epoch: u64,
    /// Why a call now would be rejected.
    pub would_reject: Option<u8>,
    /// What would change the state, a sentence each.
    pub needs: Vec<String>,
    /// What is left of the wait.
    pub remaining_wait: Option<u64>,
}

impl From<Explanation> for Explained {
    fn from(explanation: Explanation) -> Self {
        Self {
            json: explanation.to_json(),
            text: explanation.to_string(),
            state: explanation.state as u8,
            forced: explanation.forced,
            automatic_state: explanation.automatic_state as u8,
            shadow: explanation.shadow(),
            epoch: explanation.epoch,
            would_reject: explanation.would_reject.map(|reason| reason as u8),
            needs: explanation.needs.iter().map(ToString::to_string).collect(),
            remaining_wait: explanation.remaining_wait.map(nanos),
        }
    }
}
