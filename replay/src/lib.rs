//! What other configurations would have made of recorded calls: `cargo xtask replay`.
//!
//! A trace is what `TraceRecorder` writes (feature `trace` of the core). It is replayed through the pure machine,
//! with the recorded times as the only clock:
//!
//! * A call asks for admission at its recorded time, and if it is admitted, it is settled after its recorded
//!   duration, with its recorded outcome. What ends at the very moment when another begins, ends first.
//! * A call that the configuration rejects is never settled.
//! * A call that was rejected when the trace was recorded has no outcome. It is offered, and if it is admitted, it
//!   is settled as ignored, at once.
//!
//! What a replay cannot know is what the callee would have done: a service that is spared may recover
//! sooner than it did.

pub mod config;
pub mod examples;
pub mod length;
pub mod replay;
pub mod report;
pub mod trace;

pub use config::Config;
pub use replay::{Told, replay};
pub use trace::Trace;
