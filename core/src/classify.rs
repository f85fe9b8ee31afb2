//! What an HTTP status, a gRPC status and a transport error say about the callee's health, and for
//! how long it asks not to be called.
//!
//! The one home of these tables: every language takes them from here. They ask one question, "is
//! the callee able to do its work?", not "did the caller get what it wanted": a 404 is a healthy
//! server's answer. They are replayed from `conformance/constants.json`.

use core::time::Duration;

use crate::machine::Outcome;

/// Classifies an HTTP status code.
///
/// | status | outcome | why |
/// | --- | --- | --- |
/// | 408, 429 | failure | the server had no time, or no room |
/// | 425 | ignored | says something about the request's moment only |
/// | 501, 505 | success | a well server that does not do this |
/// | any other 5xx | failure | |
/// | 1xx to 4xx otherwise | success | |
/// | anything else | failure | not a status that HTTP has |
pub const fn http_status(status: u16) -> Outcome {
    match status {
        408 | 429 => Outcome::Failure,
        425 => Outcome::Ignored,
        100..=499 | 501 | 505 => Outcome::Success,
        _ => Outcome::Failure,
    }
}

/// Classifies a gRPC status code that came from the server, or that the client made of a deadline
/// or a broken connection.
///
/// Failures: `CANCELLED` (1) *sent by the server*, `UNKNOWN` (2), `DEADLINE_EXCEEDED` (4),
/// `RESOURCE_EXHAUSTED` (8), `INTERNAL` (13), `UNAVAILABLE` (14), `DATA_LOSS` (15), and codes that
/// gRPC does not have. Every other code is a well server's answer: a success. A call that its
/// caller cancelled is [`Outcome::Cancelled`], whatever status the client library makes of it.
pub const fn grpc_status(code: i32) -> Outcome {
    match code {
        0 | 3 | 5 | 6 | 7 | 9 | 10 | 11 | 12 | 16 => Outcome::Success,
        _ => Outcome::Failure,
    }
}

/// A call that ended without a status, by what ended it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum TransportError {
    /// The connection was refused, or the host not found or not reached.
    Connect = 0,
    /// The TLS handshake failed.
    Tls = 1,
    /// The connection broke during the call.
    Reset = 2,
    /// A deadline passed.
    Timeout = 3,
    /// The caller gave up.
    Cancelled = 4,
    /// The request never left: a malformed address, a violated protocol, on our side.
    InvalidRequest = 5,
}

impl TransportError {
    /// Every transport error, by number.
    pub const ALL: [Self; 6] = [
        Self::Connect,
        Self::Tls,
        Self::Reset,
        Self::Timeout,
        Self::Cancelled,
        Self::InvalidRequest,
    ];

    /// The name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Reset => "reset",
            Self::Timeout => "timeout",
            Self::Cancelled => "cancelled",
            Self::InvalidRequest => "invalid_request",
        }
    }
}

/// Classifies a transport error: failures, but for the caller's own doing.
pub const fn transport_error(error: TransportError) -> Outcome {
    match error {
        TransportError::Connect
        | TransportError::Tls
        | TransportError::Reset
        | TransportError::Timeout => Outcome::Failure,
        TransportError::Cancelled => Outcome::Cancelled,
        TransportError::InvalidRequest => Outcome::Ignored,
    }
}

/// For how long an HTTP response asks not to be called (SPEC 13.4): its `Retry-After`, where its status
/// is 429 or 503.
///
/// An HTTP-date is taken against the response's own `Date`, so that neither side's clock matters; one
/// that has passed asks for nothing, and so does one without a `Date`, or a value that is neither seconds
/// nor a date.
///
/// ```
/// use k1s0_circuit_breaker::classify::retry_after;
/// use std::time::Duration;
///
/// assert_eq!(retry_after(503, "120", None), Some(Duration::from_secs(120)));
/// let (until, date) = ("Sun, 06 Nov 1994 08:50:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT");
/// assert_eq!(retry_after(429, until, Some(date)), Some(Duration::from_secs(60)));
/// assert_eq!(retry_after(500, "120", None), None);
/// ```
#[cfg(feature = "retry-after")]
pub fn retry_after(status: u16, retry_after: &str, date: Option<&str>) -> Option<Duration> {
    if !matches!(status, 429 | 503) {
        return None;
    }
    let value = retry_after.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More seconds than 64 bits hold are for ever all the same.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let until = httpdate::parse_http_date(value).ok()?;
    let date = httpdate::parse_http_date(date?.trim()).ok()?;
    until.duration_since(date).ok()
}

/// For how long a gRPC response asks not to be called (SPEC 13.4): its `grpc-retry-pushback-ms`. A
/// negative value says "do not retry", and for how long it does not say: it asks for nothing here.
///
/// ```
/// use k1s0_circuit_breaker::classify::grpc_retry_pushback;
/// use std::time::Duration;
///
/// assert_eq!(grpc_retry_pushback("1500"), Some(Duration::from_millis(1500)));
/// assert_eq!(grpc_retry_pushback("-1"), None);
/// ```
pub fn grpc_retry_pushback(value: &str) -> Option<Duration> {
    value.parse().ok().map(Duration::from_millis)
}
