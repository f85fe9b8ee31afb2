//! What the numbers of the interface mean, for whoever offers it: this module, and Node's addon.

use breaker::classify::{self, TransportError};
use breaker::config::nanos;
use breaker::machine::{Nanos, Outcome, Recorded, RejectReason, Verdict, Word};

/// The number of this interface; hosts refuse another.
pub const INTERFACE: u32 = 1;

/// What an admission answers where it needs the time. Permits are even, but for the shadow's.
pub const ASK_WITH_TIME: u32 = 3;
/// What everything else answers where it needs the time.
pub const NEEDS_NOW: i32 = -1;
/// Added to an effect for each transition that was made.
pub const MADE_ONE: i32 = 16;
/// The first of the rejections.
const REJECTED: u32 = 5;

/// All of a word that its permit needs. Bit 0 is left out, so that an epoch has one permit.
pub const fn permit(word: Word) -> u32 {
    word.epoch() << 1
}

/// An admission's answer, and what is left of the wait if it is a rejection.
pub const fn verdict(verdict: Verdict) -> (u32, Option<Nanos>) {
    match verdict {
        Verdict::Admitted(word) => (permit(word), None),
        Verdict::Shadowed { .. } => (Word::SHADOW.to_bits() as u32, None),
        Verdict::Rejected {
            reason,
            retry_after,
        } => (REJECTED + 2 * reason as u32, retry_after),
    }
}

/// Whether an admission's answer is a rejection.
pub const fn is_rejection(answer: u32) -> bool {
    answer >= REJECTED && answer & 1 == 1
}

/// A number that is no outcome says nothing about the service.
pub fn outcome(number: u32) -> Outcome {
    let known = Outcome::ALL.get(number as usize);
    known.copied().unwrap_or(Outcome::Ignored)
}

/// A result that no permit was taken for: a success, or a failure.
pub const fn recorded(outcome: u32) -> Recorded {
    if outcome == Outcome::Success as u32 {
        Recorded::Success
    } else {
        Recorded::Failure
    }
}

/// By hand, or by the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// 0
    Reset,
    /// 1
    Trip,
    /// 2
    ForceOpen,
    /// 3
    ForceClosed,
    /// 4
    Automatic,
    /// 5: looks for calls that hang.
    Tick,
}

impl Control {
    /// None where the number is no control.
    pub const fn numbered(number: u32) -> Option<Self> {
        Some(match number {
            0 => Self::Reset,
            1 => Self::Trip,
            2 => Self::ForceOpen,
            3 => Self::ForceClosed,
            4 => Self::Automatic,
            5 => Self::Tick,
            _ => return None,
        })
    }
}

/// The outcome of an HTTP status.
pub fn http_status(status: u32) -> u32 {
    classify::http_status(u16::try_from(status).unwrap_or_default()) as u32
}

/// The outcome of a gRPC status.
pub const fn grpc_status(code: i32) -> u32 {
    classify::grpc_status(code) as u32
}

/// The outcome of a transport error, by its number; of one that is not known, ignored.
pub fn transport_error(error: u32) -> u32 {
    let known = TransportError::ALL.get(error as usize);
    known.map_or(Outcome::Ignored, |error| classify::transport_error(*error)) as u32
}

/// For how many nanoseconds an HTTP response asks not to be called, by its `Retry-After` and `Date`.
#[cfg(feature = "retry-after")]
pub fn retry_after(status: u32, retry_after: &str, date: Option<&str>) -> Option<Nanos> {
    let status = u16::try_from(status).unwrap_or_default();
    classify::retry_after(status, retry_after, date).map(nanos)
}

/// The same of a gRPC response, by its `grpc-retry-pushback-ms`.
pub fn grpc_retry_pushback(value: &str) -> Option<Nanos> {
    classify::grpc_retry_pushback(value).map(nanos)
}

const _: () = assert!(RejectReason::ALL.len() == 3, "README.md names them");
