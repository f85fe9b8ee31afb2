//! What a status or a transport error says about a service's health: core's tables.

use std::ffi::c_char;
use std::slice;

use breaker::classify::{TransportError, grpc_status, http_status, retry_after, transport_error};

use crate::boundary::{Answer, boundary};
use crate::permit::{k1s0_cb_outcome, outcome_number};
use crate::pointer::{out, required};
use crate::result::{K1S0_CB_INVALID_ARGUMENT, K1S0_CB_INVALID_UTF8, k1s0_cb_result};

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

/// The longest header that is looked at. A date and a number of seconds are shorter by far.
const LONGEST_HEADER: u64 = 1024;

/// For how long an HTTP response asks not to be called, for `k1s0_cb_settle_retry_after`: its `Retry-After`, where its
/// status is 429 or 503, in seconds or as a date, which is taken against the response's own `Date`. Each header is so
/// many bytes; NULL and 0 where there is none. 0 where it asks for nothing, `K1S0_CB_NEVER` for ever.
///
/// `K1S0_CB_INVALID_UTF8`; `K1S0_CB_INVALID_ARGUMENT` for a length of more than 1024; `K1S0_CB_NULL_POINTER`.
///
/// # Safety
///
/// Each pointer is NULL or good (convention 4); `value` and `date` are to as many bytes as is said.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn k1s0_cb_classify_retry_after(
    status: i32,
    value: *const c_char,
    value_length: u64,
    date: *const c_char,
    date_length: u64,
    retry_after_ns: *mut u64,
) -> k1s0_cb_result {
    boundary(|| {
        // SAFETY: the host promises convention 4.
        let place = unsafe { out(retry_after_ns) }?;
        // SAFETY: the host promises convention 4, and so many bytes.
        let (value, date) = unsafe { (header(value, value_length)?, header(date, date_length)?) };
        let status = u16::try_from(status).unwrap_or(0);
        let asked = value.and_then(|value| retry_after(status, value, date));
        // More than 64 bits hold is never (SPEC 2.4).
        place.write(asked.map_or(0, |it| u64::try_from(it.as_nanos()).unwrap_or(u64::MAX)));
        Ok(())
    })
}

/// # Safety
///
/// As [`k1s0_cb_classify_retry_after`].
unsafe fn header<'a>(first: *const c_char, length: u64) -> Answer<Option<&'a str>> {
    if length == 0 {
        return Ok(None);
    }
    if length > LONGEST_HEADER {
        return Err(K1S0_CB_INVALID_ARGUMENT);
    }
    // SAFETY: the caller passes on the host's promise of convention 4.
    let first = std::ptr::from_ref(unsafe { required(first) }?).cast::<u8>();
    // SAFETY: the host promises `length` bytes, and the length is a sensible one.
    let bytes = unsafe { slice::from_raw_parts(first, length as usize) };
    str::from_utf8(bytes)
        .map(Some)
        .map_err(|_| K1S0_CB_INVALID_UTF8)
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
