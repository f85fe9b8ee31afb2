#![doc = include_str!("conventions.md")]
#![deny(clippy::undocumented_unsafe_blocks, clippy::missing_safety_doc)]
#![allow(
    non_camel_case_types,
    reason = "the types have their names from C, and the header is made from them"
)]
#![allow(
    unreachable_pub,
    reason = "the exported functions are used by the linker"
)]

mod boundary;
mod breaker;
mod classify;
mod config;
mod control;
mod counter;
mod explain;
mod fork;
mod history;
mod metrics;
mod names;
mod permit;
mod pointer;
mod result;
mod settle;
mod shared;
mod sized;
mod thread;
mod transition;
mod version;
mod word;
