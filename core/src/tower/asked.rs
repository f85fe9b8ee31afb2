//! For how long a response asks not to be called.

use std::time::Duration;

use http::header::{DATE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, StatusCode};

use crate::classify;
use crate::machine::Outcome;
use crate::permit::OwnedPermit;

/// The `Retry-After` of a response.
pub(super) fn http(status: StatusCode, headers: &HeaderMap) -> Option<Duration> {
    let text = |name: HeaderName| headers.get(name)?.to_str().ok();
    classify::retry_after(status.as_u16(), text(RETRY_AFTER)?, text(DATE))
}

/// The `grpc-retry-pushback-ms` of headers or trailers.
pub(super) fn grpc(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get("grpc-retry-pushback-ms")?;
    classify::grpc_retry_pushback(value.to_str().ok()?)
}

/// Settles a call, with the wait that its response asked for.
pub(super) fn settle(permit: &mut OwnedPermit, outcome: Outcome, asked: Option<Duration>) {
    match asked {
        Some(asked) => permit.settle_with_retry_after(outcome, asked),
        None => permit.settle(outcome),
    };
}
