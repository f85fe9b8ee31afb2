//! The result numbers. A number is never given a second meaning; a retired one leaves a comment.

/// What a function answers. 0 is OK, 1 to 99 are ordinary answers, from 100 on they are errors.
pub type k1s0_cb_result = i32;

/// Done.
pub const K1S0_CB_OK: k1s0_cb_result = 0;
/// The call is not admitted: do not make it. Nothing is wrong.
pub const K1S0_CB_REJECTED: k1s0_cb_result = 1;
/// The permit was settled before; nothing was done.
pub const K1S0_CB_ALREADY_SETTLED: k1s0_cb_result = 2;

/// A pointer is NULL that must not be.
pub const K1S0_CB_NULL_POINTER: k1s0_cb_result = 100;
/// A number is not one of those it may be, or a length is out of range.
pub const K1S0_CB_INVALID_ARGUMENT: k1s0_cb_result = 101;
/// A `struct_size` is not a multiple of 8 from 16 to 4096.
pub const K1S0_CB_INVALID_SIZE: k1s0_cb_result = 102;
/// A struct says something in a field that this version of the library does not have.
pub const K1S0_CB_UNKNOWN_FIELD: k1s0_cb_result = 103;
/// A configured value is out of range; the `k1s0_cb_config_error` says which.
pub const K1S0_CB_INVALID_CONFIG: k1s0_cb_result = 104;
/// No breaker gave this permit.
pub const K1S0_CB_INVALID_PERMIT: k1s0_cb_result = 105;
/// Another breaker gave this permit.
pub const K1S0_CB_WRONG_BREAKER: k1s0_cb_result = 106;
/// A string does not fit into the buffer.
pub const K1S0_CB_BUFFER_TOO_SMALL: k1s0_cb_result = 107;
/// A string is not UTF-8.
pub const K1S0_CB_INVALID_UTF8: k1s0_cb_result = 108;
/// There is a breaker of this name already, with another configuration.
pub const K1S0_CB_CONFIG_MISMATCH: k1s0_cb_result = 109;
/// The system has no room for what the library needs.
pub const K1S0_CB_OUT_OF_RESOURCES: k1s0_cb_result = 110;
/// A defect in this library.
pub const K1S0_CB_PANIC: k1s0_cb_result = 111;
// Last added: 111.
