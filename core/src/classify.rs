//! What an HTTP status, a gRPC status and a transport error say about the callee's health.
//!
//! The one home of these tables: every language takes them from here. They ask one question, "is
//! the callee able to do its work?", not "did the caller get what it wanted": a 404 is a healthy
//! server's answer. They are replayed from `conformance/constants.json`.

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
