//! The pure machine with a home for one thread, as a wasm module: numbers in, numbers out, nothing imported.
//!
//! README.md says what the module exports and how a host uses it; `exports.rs` is that list in code. Nothing here
//! decides anything: [`home`] keeps a machine and counts, core decides.
//!
//! The crate also compiles for other targets, so that it is looked at with the rest of the workspace.

#![cfg_attr(all(target_arch = "wasm32", not(feature = "retry-after")), no_std)]

extern crate alloc;

mod answer;
mod config;
mod exports;
mod home;
mod nanos;
mod place;
#[cfg(all(target_arch = "wasm32", not(feature = "retry-after")))]
mod platform;
