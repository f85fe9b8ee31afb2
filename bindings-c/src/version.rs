//! Versions.

use std::ffi::c_char;

use crate::boundary::guarded;
use crate::names::c_name;

/// The version of the ABI that this header describes. It grows with an incompatible change only.
pub const K1S0_CB_ABI_VERSION: u32 = 2;

/// The version of the ABI that the library has. Refuse to go on if it is not
/// `K1S0_CB_ABI_VERSION`. 0 means a panic.
#[unsafe(no_mangle)]
pub extern "C" fn k1s0_cb_abi_version() -> u32 {
    guarded(0, || K1S0_CB_ABI_VERSION)
}

/// The version of the library, "1.2.3".
#[unsafe(no_mangle)]
pub extern "C" fn k1s0_cb_version() -> *const c_char {
    guarded(c_name!("panic"), || c_name!(env!("CARGO_PKG_VERSION")))
}
