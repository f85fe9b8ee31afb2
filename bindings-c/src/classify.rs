//! What a status or a transport error says about a service's health: core's tables.

use breaker::classify::{TransportError, grpc_status, http_status, transport_error};

use crate::boundary::boundary;
use crate::permit::{k1s0_cb_outcome, outcome_number};
use crate::pointer::out;
use crate::result::{K1S0_CB_INVALID_ARGUMENT, k1s0_cb_result};

/// What ended a call that has no status.
pub type k1s0_cb_transport_error = u32;
/// The connection was refused, or the host not found or not reached.
pub const K1S0_CB_TRANSPORT_CONNECT: k1s0_cb_transport_error = 0;
/// The TLS handshake failed.
pub const K1S0_CB_TRANSPORT_TLS: k1s0_cb_transport_error = 1;
/// The connection broke during the call.
pub const K1S0_CB_TRANSPORT_RESET: k1s0_cb_transport_error = 2;
/// A deadline passed.
pub const K1S0_CB_TRANSPORT_TIMEOUT: k1s0_cb_transport_error = 3;
/// The caller gave up.
pub const K1S0_CB_TRANSPORT_CANCELLED: k1s0_cb_transport_error = 4;
/// The request never left: a malformed address, a violated protocol, on our side.
pub const K1S0_CB_TRANSPORT_INVALID_REQUEST: k1s0_cb_transport_error = 5;

/// The outcome that an HTTP status means: 5xx but for 501 and 505, 408, 429 and what is no status are
/// failures, 425 is ignored, everything else is a success.
///
/// `K1S0_CB_NULL_POINTER`.
///
/// # Safety
///
/// `outcome` is NULL or good (convention 4).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn k1s0_cb_classify_http_status(
    status: i32,
    outcome: *mut k1s0_cb_outcome,
) -> k1s0_cb_result {
    boundary(|| {
        // SAFETY: the host promises convention 4.
        let outcome = unsafe { out(outcome) }?;
        // What does not fit is no status, and neither is 0.
        let status = u16::try_from(status).unwrap_or(0);
        outcome.write(outcome_number(http_status(status)));
        Ok(())
    })
}

/// The outcome that a gRPC status code means, if it came from the server or the client library made it of a
/// deadline or a broken connection.
///
/// `K1S0_CB_NULL_POINTER`.
///
/// # Safety
///
/// `outcome` is NULL or good (convention 4).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn k1s0_cb_classify_grpc_status(
    code: i32,
    outcome: *mut k1s0_cb_outcome,
) -> k1s0_cb_result {
    boundary(|| {
        // SAFETY: the host promises convention 4.
        let outcome = unsafe { out(outcome) }?;
        outcome.write(outcome_number(grpc_status(code)));
        Ok(())
    })
}

/// The outcome that a transport error means: failures, but for the caller's own doing.
///
/// `K1S0_CB_INVALID_ARGUMENT`; `K1S0_CB_NULL_POINTER`.
///
/// # Safety
///
/// `outcome` is NULL or good (convention 4).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn k1s0_cb_classify_transport_error(
    error: k1s0_cb_transport_error,
    outcome: *mut k1s0_cb_outcome,
) -> k1s0_cb_result {
    boundary(|| {
        // SAFETY: the host promises convention 4.
        let outcome = unsafe { out(outcome) }?;
        let error = *TransportError::ALL
            .get(error as usize)
            .ok_or(K1S0_CB_INVALID_ARGUMENT)?;
        outcome.write(outcome_number(transport_error(error)));
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_cores() {
        let ours = [
            K1S0_CB_TRANSPORT_CONNECT,
            K1S0_CB_TRANSPORT_TLS,
            K1S0_CB_TRANSPORT_RESET,
            K1S0_CB_TRANSPORT_TIMEOUT,
            K1S0_CB_TRANSPORT_CANCELLED,
            K1S0_CB_TRANSPORT_INVALID_REQUEST,
        ];
        assert_eq!(TransportError::ALL.map(|error| error as u32), ours);
    }
}
