//! Changes of state, as numbers.

use breaker::Transition;

/// One change of state.
#[derive(Clone, Copy, Debug, uniffi::Record)]
pub struct Made {
    /// The state before.
    pub from: u8,
    /// The state after.
    pub to: u8,
    /// Why.
    pub reason: u8,
    /// The epoch that began.
    pub epoch: u64,
    /// When, by the reading that was handed in.
    pub at: u64,
}

impl From<Transition> for Made {
    fn from(transition: Transition) -> Self {
        Self {
            from: transition.from as u8,
            to: transition.to as u8,
            reason: transition.reason as u8,
            epoch: transition.epoch,
            at: transition.at,
        }
    }
}

/// All of these.
pub(crate) fn all(transitions: impl IntoIterator<Item = Transition>) -> Vec<Made> {
    transitions.into_iter().map(Made::from).collect()
}
