//! A response body that holds the permit of its call.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Buf;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::grpc;
use crate::machine::Outcome;
use crate::permit::OwnedPermit;

pin_project! {
    /// The body of a gRPC response. It settles the call when it ends or is dropped; see
    /// [`GrpcStatus`](super::GrpcStatus). Otherwise it is the body that it wraps.
    pub struct GrpcBody<B>
    where
        B: Body,
    {
        #[pin]
        body: B,
        permit: Option<OwnedPermit>,
        at_first_message: bool,
        has_data: bool,
    }

    impl<B> PinnedDrop for GrpcBody<B>
    where
        B: Body,
    {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            // Settled here, not by the permit's own drop: a panic that drops a body is not the
            // callee's.
            if let Some(mut permit) = this.permit.take() {
                permit.settle(if this.body.is_end_stream() {
                    // It has ended, and no status came.
                    Outcome::Failure
                } else if *this.has_data {
                    Outcome::Success
                } else {
                    Outcome::Cancelled
                });
            }
        }
    }
}

impl<B: Body> GrpcBody<B> {
    pub(super) const fn new(body: B, permit: Option<OwnedPermit>, at_first_message: bool) -> Self {
        Self {
            body,
            permit,
            at_first_message,
            has_data: false,
        }
    }
}

impl<B: Body> Body for GrpcBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = self.project();
        let Some(mut permit) = this.permit.take() else {
            return this.body.poll_frame(cx);
        };
        // The permit is held in this frame while the body runs: a panic there is a failure
        // (SPEC 7.4).
        let polled = this.body.poll_frame(cx);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(trailers) = frame.trailers_ref() {
                    grpc::settle(&mut permit, trailers);
                    return polled;
                }
                *this.has_data |= frame.data_ref().is_some_and(Buf::has_remaining);
                if *this.has_data && *this.at_first_message {
                    permit.settle(Outcome::Success);
                    return polled;
                }
            }
            Poll::Ready(None | Some(Err(_))) => {
                permit.settle(Outcome::Failure);
                return polled;
            }
            Poll::Pending => {}
        }
        *this.permit = Some(permit);
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A body that belongs to no call.
impl<B: Body + Default> Default for GrpcBody<B> {
    fn default() -> Self {
        Self::new(B::default(), None, false)
    }
}

impl<B: Body + fmt::Debug> fmt::Debug for GrpcBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GrpcBody")
            .field("body", &self.body)
            .field("permit", &self.permit)
            .field("has_data", &self.has_data)
            .finish()
    }
}
