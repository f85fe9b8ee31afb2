//! gRPC: `grpc-status` says it, in the headers or in the trailers.

use std::fmt;

use http::{HeaderMap, Response, StatusCode};
use http_body::Body;

use super::{ClassifyError, GrpcBody, ResponseClassifier, asked};
use crate::classifier::ErrorsAreFailures;
use crate::classify;
use crate::machine::Outcome;
use crate::permit::OwnedPermit;

/// gRPC's code for a status that is missing or no number.
const UNKNOWN: i32 = 2;

/// Classifies a gRPC response by its `grpc-status`, with the table of
/// [`crate::classify::grpc_status`]; every error of the client is a failure. A failure's
/// `grpc-retry-pushback-ms` is handed on (SPEC 13.4).
///
/// | what comes | outcome |
/// | --- | --- |
/// | `grpc-status` in the headers (a response of trailers only), or in the trailers | as the table says |
/// | an HTTP status other than 200, without `grpc-status` | as [`crate::classify::http_status`] says: a proxy's answer |
/// | the body ends with an error (a reset, a lost connection) | failure |
/// | the body ends without `grpc-status` | failure: gRPC reads it as `UNKNOWN` |
/// | the caller drops the body after data came | success |
/// | the caller drops the body before any came | cancelled |
///
/// So a call keeps its permit until its response ends, a stream as long as it is open; while
/// half-open it keeps a probe's slot, for at most [`probe_timeout`](crate::Builder::probe_timeout)
/// (SPEC 6.5). Where streams live longer than that, use
/// [`settle_at_first_message`](Self::settle_at_first_message).
#[derive(Clone, Copy)]
pub struct GrpcStatus<G = ErrorsAreFailures> {
    errors: G,
    at_first_message: bool,
}

impl GrpcStatus {
    /// The table, and every error a failure.
    pub const fn new() -> Self {
        Self {
            errors: ErrorsAreFailures,
            at_first_message: false,
        }
    }
}

impl<G> GrpcStatus<G> {
    /// Classifies the client's errors with a function instead of counting all as failures.
    pub fn errors<E, H: Fn(&E) -> Outcome>(self, errors: H) -> GrpcStatus<H> {
        GrpcStatus {
            errors,
            at_first_message: self.at_first_message,
        }
    }

    /// Settles a call as a success when its first data comes; what ends it later counts nowhere.
    /// For streams that live long.
    pub const fn settle_at_first_message(mut self) -> Self {
        self.at_first_message = true;
        self
    }
}

impl Default for GrpcStatus {
    fn default() -> Self {
        Self::new()
    }
}

impl<B, E, G> ResponseClassifier<Response<B>, E> for GrpcStatus<G>
where
    B: Body,
    G: ClassifyError<E>,
{
    type Response = Response<GrpcBody<B>>;

    fn observe(
        &self,
        mut permit: OwnedPermit,
        result: Result<Response<B>, E>,
    ) -> Result<Self::Response, E> {
        let response = match result {
            Ok(response) => response,
            Err(error) => {
                permit.settle(self.errors.classify_error(&error));
                return Err(error);
            }
        };
        let headers = response.headers();
        let permit = match response.status() {
            _ if has_status(headers) => {
                settle(&mut permit, headers);
                None
            }
            StatusCode::OK => Some(permit),
            other => {
                let outcome = classify::http_status(other.as_u16());
                asked::settle(&mut permit, outcome, asked::http(other, headers));
                None
            }
        };
        Ok(response.map(|body| GrpcBody::new(body, permit, self.at_first_message)))
    }
}

fn has_status(headers: &HeaderMap) -> bool {
    headers.contains_key("grpc-status")
}

/// Settles a call as its `grpc-status` says.
pub(super) fn settle(permit: &mut OwnedPermit, headers: &HeaderMap) {
    asked::settle(permit, outcome(headers), asked::grpc(headers));
}

fn outcome(headers: &HeaderMap) -> Outcome {
    let code = headers
        .get("grpc-status")
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse().ok())
        .unwrap_or(UNKNOWN);
    classify::grpc_status(code)
}

impl<G> fmt::Debug for GrpcStatus<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GrpcStatus")
            .field("at_first_message", &self.at_first_message)
            .finish_non_exhaustive()
    }
}
