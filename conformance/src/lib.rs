//! The rules of the circuit breaker, in a form that every language can be held against.
//!
//! * [`scenario`]: what stands in `scenarios/*.json`; [`suite`] reads the files.
//! * [`subject`]: what a face must offer to be judged; [`replay`](replay::replay) judges it.
//! * [`model`]: the rules once more, apart from the core, to judge random sequences.
//!
//! Nothing here depends on the core: a mistake there cannot repeat itself here. Only the tool
//! (feature `tool`), which writes `constants.json`, looks at it.

pub mod model;
pub mod replay;
pub mod scenario;
pub mod subject;
pub mod suite;
pub mod vocabulary;
