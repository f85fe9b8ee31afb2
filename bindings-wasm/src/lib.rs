//! The pure machine with a home for one thread, as a wasm module: numbers in, numbers out, nothing imported.
//!
//! README.md says what the module exports and how a host uses it; `exports.rs` is that list in code. Nothing here
//! decides anything: [`home`] keeps a machine and counts, core decides.
//!
//! What the numbers mean is a library ([`numbers`], [`rows`], [`config`]): Node's addon offers the same interface.

#![cfg_attr(all(target_arch = "wasm32", not(feature = "retry-after")), no_std)]

extern crate alloc;

pub mod config;
pub mod nanos;
pub mod numbers;
pub mod rows;

// The module itself. Elsewhere its names (`free` is one) would be those of the whole program.
#[cfg(target_arch = "wasm32")]
mod answer;
#[cfg(target_arch = "wasm32")]
mod exports;
#[cfg(target_arch = "wasm32")]
mod home;
#[cfg(target_arch = "wasm32")]
mod place;
#[cfg(all(target_arch = "wasm32", not(feature = "retry-after")))]
mod platform;
