//! Node's native addon: core behind the functions of numbers that the wasm module has (`bindings-wasm/README.md`), and
//! what only an addon can: admission words and counters that JavaScript reads and writes in place, and breakers that all
//! threads of the process share by name.
//!
//! Nothing here decides anything. `entries.rs` is the list of what is exported; `src/native.ts` uses it.

#[cfg(target_endian = "big")]
compile_error!(
    "JavaScript counts in the lower half of a number where it stands on little-endian machines"
);

mod boundary;
mod entries;
mod instance;
mod js;
mod names;
mod places;
mod reading;

use std::ptr;

use napi_sys::{napi_env, napi_value};

/// The version of Node-API that is asked for; Node 14 has it.
const NODE_API: i32 = 6;

/// What Node asks for before it loads the addon.
#[unsafe(no_mangle)]
extern "C" fn node_api_module_get_api_version_v1() -> i32 {
    NODE_API
}

/// Called by Node for each thread that loads the addon, and each time it does: fills the exports.
///
/// # Safety
///
/// Node calls it, on the thread of this environment.
#[unsafe(no_mangle)]
unsafe extern "C" fn napi_register_module_v1(env: napi_env, exports: napi_value) -> napi_value {
    boundary::guarded(ptr::null_mut(), || {
        // SAFETY: Node's promise.
        match unsafe { instance::start(env, exports) } {
            Ok(()) => exports,
            // Node says that the addon registered nothing, and the loader does without.
            Err(_) => ptr::null_mut(),
        }
    })
}
