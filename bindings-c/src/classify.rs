//! What a status or a transport error says about a service's health: core's tables.

use std::ffi::c_char;
use std::slice;
use std::time::Duration;

use breaker::classify::{
    TransportError, grpc_retry_pushback, grpc_status, http_status, retry_after, transport_error,
};
use breaker::config::nanos;

use crate::boundary::boundary;
use crate::config::K1S0_CB_OFF;
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

/// For how long an HTTP response asks not to be called, for `k1s0_cb_settle_retry_after`: its `Retry-After`, where its status is
/// 429 or 503. A date is taken against the response's own `Date`. `wait_ns` is `K1S0_CB_OFF` where it asks for nothing, or for
/// what cannot be read.
///
/// Both headers are as they came, `length` bytes each; NULL where there is none.
///
/// `K1S0_CB_NULL_POINTER` for `wait_ns`.
///
/// # Safety
///
/// Each pointer is NULL or good (convention 4); a header is `length` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn k1s0_cb_http_retry_after(
    status: i32,
    retry_after_header: *const c_char,
    retry_after_length: u64,
    date_header: *const c_char,
    date_length: u64,
    wait_ns: *mut u64,
) -> k1s0_cb_result {
    boundary(|| {
        // SAFETY: the host promises convention 4.
        let wait_ns = unsafe { out(wait_ns) }?;
        // SAFETY: the host promises so many bytes.
        let asked = unsafe { header(retry_after_header, retry_after_length) };
        // SAFETY: as above.
        let date = unsafe { header(date_header, date_length) };
        let status = u16::try_from(status).unwrap_or(0);
        let wait = asked.and_then(|asked| retry_after(status, asked, date));
        wait_ns.write(wait_or_off(wait));
        Ok(())
    })
}

/// The same of a gRPC response: its `grpc-retry-pushback-ms`.
///
/// `K1S0_CB_NULL_POINTER` for `wait_ns`.
///
/// # Safety
///
/// Each pointer is NULL or good (convention 4); the header is `length` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn k1s0_cb_grpc_retry_pushback(
    pushback_header: *const c_char,
    length: u64,
    wait_ns: *mut u64,
) -> k1s0_cb_result {
    boundary(|| {
        // SAFETY: the host promises convention 4.
        let wait_ns = unsafe { out(wait_ns) }?;
        // SAFETY: the host promises so many bytes.
        let asked = unsafe { header(pushback_header, length) };
        wait_ns.write(wait_or_off(asked.and_then(grpc_retry_pushback)));
        Ok(())
    })
}

/// A header's text; none where there is no header, or bytes that are no text.
///
/// # Safety
///
/// A pointer that is not NULL is good for reads of `length` bytes for as long as the answer is used.
unsafe fn header<'a>(first: *const c_char, length: u64) -> Option<&'a str> {
    let length = usize::try_from(length).ok()?;
    if first.is_null() {
        return None;
    }
    // SAFETY: the caller passes on the host's promise of so many bytes.
    let bytes = unsafe { slice::from_raw_parts(first.cast::<u8>(), length) };
    str::from_utf8(bytes).ok()
}

fn wait_or_off(wait: Option<Duration>) -> u64 {
    wait.map_or(K1S0_CB_OFF, nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn http(status: i32, asked: Option<&str>, date: Option<&str>) -> u64 {
        let [asked, date] = [asked, date].map(|it| {
            it.map_or((std::ptr::null(), 0), |it| {
                (it.as_ptr().cast(), it.len() as u64)
            })
        });
        let mut wait = 0;
        // SAFETY: each pointer is NULL or to so many bytes.
        let result = unsafe {
            k1s0_cb_http_retry_after(status, asked.0, asked.1, date.0, date.1, &raw mut wait)
        };
        assert_eq!(result, 0);
        wait
    }

    #[test]
    fn a_retry_after_is_read_by_core() {
        assert_eq!(http(503, Some("120"), None), 120_000_000_000);
        let until = "Sun, 06 Nov 1994 08:50:37 GMT";
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        assert_eq!(http(429, Some(until), Some(date)), 60_000_000_000);
        for nothing in [None, Some(""), Some("soon"), Some(until)] {
            assert_eq!(http(503, nothing, None), K1S0_CB_OFF, "{nothing:?}");
        }
        assert_eq!(http(200, Some("120"), None), K1S0_CB_OFF);
        assert_eq!(http(-1, Some("120"), None), K1S0_CB_OFF);
        // More than 64 bits of nanoseconds hold is never.
        assert_eq!(http(503, Some("99999999999999999999"), None), u64::MAX);
    }

    #[test]
    fn a_pushback_is_read_by_core() {
        for (text, wait) in [("1500", 1_500_000_000), ("-1", K1S0_CB_OFF)] {
            let mut found = 0;
            // SAFETY: the pointers are to so many bytes.
            let result = unsafe {
                let length = text.len() as u64;
                k1s0_cb_grpc_retry_pushback(text.as_ptr().cast(), length, &raw mut found)
            };
            assert_eq!((result, found), (0, wait));
        }
    }

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
