//! Core is asked each time; see [`super`].

use breaker::engine::Engine;

/// Counts a success if that takes no more than an addition; false means nothing was done.
#[inline(always)]
pub(crate) fn count_success_at_once(engine: &Engine) -> bool {
    engine.count_success_at_once()
}

/// Counts a success, whatever it takes.
pub(crate) fn count_success(engine: &Engine) {
    engine.count_success();
}

/// There is nothing to be written down.
pub(crate) const fn goes_without() -> bool {
    true
}

/// There is nothing to be forgotten.
#[cfg(unix)]
pub(crate) const fn forget_the_others() {}
