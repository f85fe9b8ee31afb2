//! Names of numbers, as static strings: core's own, with the end that C wants.

use std::ffi::c_char;

use breaker::classify::TransportError;
use breaker::{Effect, Outcome, Reason, RejectReason};

use crate::boundary::guarded;
use crate::classify::*;
use crate::permit::*;
use crate::result::*;
use crate::transition::*;

/// A constant `&str` as a static C string.
macro_rules! c_name {
    ($text:expr) => {{
        const TEXT: &str = $text;
        static BYTES: [u8; TEXT.len() + 1] = $crate::names::terminated(TEXT);
        BYTES.as_ptr().cast::<std::ffi::c_char>()
    }};
}
pub(crate) use c_name;

/// The text and a 0.
pub(crate) const fn terminated<const N: usize>(text: &str) -> [u8; N] {
    let text = text.as_bytes();
    let mut bytes = [0; N];
    let mut at = 0;
    while at < text.len() {
        assert!(text[at] != 0, "a C string ends at the first 0");
        bytes[at] = text[at];
        at += 1;
    }
    bytes
}

/// One name per number, "unknown" for every other.
macro_rules! names {
    ($value:expr; $($number:pat => $name:expr,)*) => {{
        let value = $value;
        guarded(c_name!("panic"), || match value {
            $($number => c_name!($name),)*
            _ => c_name!("unknown"),
        })
    }};
}

/// The name of a result, "rejected" for `K1S0_CB_REJECTED`.
#[unsafe(no_mangle)]
pub extern "C" fn k1s0_cb_result_name(result: k1s0_cb_result) -> *const c_char {
    names! { result;
        K1S0_CB_OK => "ok",
        K1S0_CB_REJECTED => "rejected",
        K1S0_CB_ALREADY_SETTLED => "already_settled",
        K1S0_CB_NULL_POINTER => "null_pointer",
        K1S0_CB_INVALID_ARGUMENT => "invalid_argument",
        K1S0_CB_INVALID_SIZE => "invalid_size",
        K1S0_CB_UNKNOWN_FIELD => "unknown_field",
        K1S0_CB_INVALID_CONFIG => "invalid_config",
        K1S0_CB_INVALID_PERMIT => "invalid_permit",
        K1S0_CB_WRONG_BREAKER => "wrong_breaker",
        K1S0_CB_BUFFER_TOO_SMALL => "buffer_too_small",
        K1S0_CB_INVALID_UTF8 => "invalid_utf8",
        K1S0_CB_CONFIG_MISMATCH => "config_mismatch",
        K1S0_CB_OUT_OF_RESOURCES => "out_of_resources",
        K1S0_CB_PANIC => "panic",
    }
}

/// The name of a state as a label of a metric: "closed", "open", "half_open".
#[unsafe(no_mangle)]
pub extern "C" fn k1s0_cb_state_name(state: k1s0_cb_state) -> *const c_char {
    use breaker::CircuitBreakerState as State;
    names! { state;
        K1S0_CB_CLOSED => State::Closed.label(),
        K1S0_CB_OPEN => State::Open.label(),
        K1S0_CB_HALF_OPEN => State::HalfOpen.label(),
    }
}

/// The name of an outcome: "success", "failure", "ignored", "cancelled".
#[unsafe(no_mangle)]
pub extern "C" fn k1s0_cb_outcome_name(outcome: k1s0_cb_outcome) -> *const c_char {
    names! { outcome;
        K1S0_CB_SUCCESS => Outcome::Success.name(),
        K1S0_CB_FAILURE => Outcome::Failure.name(),
        K1S0_CB_IGNORED => Outcome::Ignored.name(),
        K1S0_CB_CANCELLED => Outcome::Cancelled.name(),
    }
}

/// The name of what a settlement did: "applied", "stale", "already_settled", "shadowed".
#[unsafe(no_mangle)]
pub extern "C" fn k1s0_cb_effect_name(effect: k1s0_cb_effect) -> *const c_char {
    names! { effect;
        K1S0_CB_EFFECT_APPLIED => Effect::Applied.name(),
        K1S0_CB_EFFECT_STALE => Effect::Stale.name(),
        K1S0_CB_EFFECT_ALREADY_SETTLED => Effect::AlreadySettled.name(),
        K1S0_CB_EFFECT_SHADOWED => Effect::Shadowed.name(),
    }
}

/// The name of a transition's reason: "failure_threshold" and so on.
#[unsafe(no_mangle)]
pub extern "C" fn k1s0_cb_reason_name(reason: k1s0_cb_reason) -> *const c_char {
    names! { reason;
        K1S0_CB_REASON_FAILURE_THRESHOLD => Reason::FailureThreshold.name(),
        K1S0_CB_REASON_TIMEOUT_ELAPSED => Reason::TimeoutElapsed.name(),
        K1S0_CB_REASON_SUCCESS_THRESHOLD => Reason::SuccessThreshold.name(),
        K1S0_CB_REASON_PROBE_FAILED => Reason::ProbeFailed.name(),
        K1S0_CB_REASON_PROBE_TIMEOUT => Reason::ProbeTimeout.name(),
        K1S0_CB_REASON_FAILURE_RATE => Reason::FailureRate.name(),
        K1S0_CB_REASON_SLOW_CALL_RATE => Reason::SlowCallRate.name(),
        K1S0_CB_REASON_RESET => Reason::Reset.name(),
        K1S0_CB_REASON_TRIP => Reason::Trip.name(),
        K1S0_CB_REASON_FORCED => Reason::Forced.name(),
        K1S0_CB_REASON_AUTOMATIC => Reason::Automatic.name(),
    }
}

/// The name of a rejection's reason: "open", "half_open", "forced_open".
#[unsafe(no_mangle)]
pub extern "C" fn k1s0_cb_reject_reason_name(reason: k1s0_cb_reject_reason) -> *const c_char {
    names! { reason;
        K1S0_CB_REJECT_OPEN => RejectReason::Open.name(),
        K1S0_CB_REJECT_HALF_OPEN => RejectReason::HalfOpen.name(),
        K1S0_CB_REJECT_FORCED_OPEN => RejectReason::ForcedOpen.name(),
    }
}

/// The name of a transport error: "connect", "tls", "reset", "timeout", "cancelled",
/// "invalid_request".
#[unsafe(no_mangle)]
pub extern "C" fn k1s0_cb_transport_error_name(error: k1s0_cb_transport_error) -> *const c_char {
    names! { error;
        K1S0_CB_TRANSPORT_CONNECT => TransportError::Connect.name(),
        K1S0_CB_TRANSPORT_TLS => TransportError::Tls.name(),
        K1S0_CB_TRANSPORT_RESET => TransportError::Reset.name(),
        K1S0_CB_TRANSPORT_TIMEOUT => TransportError::Timeout.name(),
        K1S0_CB_TRANSPORT_CANCELLED => TransportError::Cancelled.name(),
        K1S0_CB_TRANSPORT_INVALID_REQUEST => TransportError::InvalidRequest.name(),
    }
}
