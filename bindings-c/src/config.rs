//! The configuration.

use std::ffi::c_char;
use std::time::Duration;

use breaker::ConfigError;
use breaker::config::Settings;
use breaker::machine::{NEVER, Policy};

use crate::boundary::{Answer, boundary};
use crate::pointer::{Out, wanted};
use crate::result::{K1S0_CB_INVALID_CONFIG, k1s0_cb_result};
use crate::sized::{self, Growing};

/// A wait that never ends.
pub const K1S0_CB_NEVER: u64 = 0xFFFF_FFFF_FFFF_FFFF;
const _: () = assert!(K1S0_CB_NEVER == NEVER, "never is never in every language");

/// What a breaker is to do. Fill it with `k1s0_cb_config_init`, then change what you like.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct k1s0_cb_config {
    /// `sizeof(k1s0_cb_config)`.
    pub struct_size: u64,
    /// Failures in a row that open the circuit: 1 to 4294967295, 5 by default.
    pub failure_threshold: u64,
    /// Successful probes that close it again: 1 to 4294967295, 3 by default.
    pub success_threshold: u64,
    /// How long an open circuit rejects calls; 30 s by default. 0 makes the next call a probe.
    pub timeout_ns: u64,
    /// How many probes may be unsettled at once: 1 to 65535, 1 by default.
    pub half_open_max_calls: u64,
    /// When a full set of unsettled probes is given up: 1 ms or more, 60 s by default.
    pub probe_timeout_ns: u64,
}

// SAFETY: `u64`s only, the first of them the size.
unsafe impl Growing for k1s0_cb_config {}

/// Why a configuration was refused. All strings are UTF-8, terminated, and cut where they do not fit.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct k1s0_cb_config_error {
    /// The field, without its unit: "timeout" for `timeout_ns`.
    pub field: [c_char; 32],
    /// The value that it had.
    pub value: [c_char; 64],
    /// The values that it may have.
    pub range: [c_char; 64],
    /// All of it as a sentence.
    pub message: [c_char; 192],
}

/// Fills a config with the defaults and sets its `struct_size`. `size` is `sizeof` your struct.
///
/// `K1S0_CB_NULL_POINTER`; `K1S0_CB_INVALID_SIZE`.
///
/// # Safety
///
/// `config` is NULL, or `size` bytes of the caller's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn k1s0_cb_config_init(
    config: *mut k1s0_cb_config,
    size: u64,
) -> k1s0_cb_result {
    boundary(|| {
        // SAFETY: `size` bytes of the caller's, as it promises.
        unsafe { sized::write(config, size, &k1s0_cb_config::default()) }
    })
}

impl Default for k1s0_cb_config {
    fn default() -> Self {
        let settings = Settings::default();
        Self {
            struct_size: size_of::<Self>() as u64,
            failure_threshold: settings.failure_threshold,
            success_threshold: settings.success_threshold,
            timeout_ns: nanoseconds(settings.timeout),
            half_open_max_calls: settings.half_open_max_calls,
            probe_timeout_ns: nanoseconds(settings.probe_timeout),
        }
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(K1S0_CB_NEVER)
}

/// Reads a config, NULL for the defaults, and checks it.
///
/// # Safety
///
/// `config` is NULL or as convention 9 says; `error` is NULL or good for writes.
pub(crate) unsafe fn policy(
    config: *const k1s0_cb_config,
    error: *mut k1s0_cb_config_error,
) -> Answer<Policy> {
    let mut settings = Settings::default();
    if !config.is_null() {
        // SAFETY: as the caller promises.
        let config = unsafe { sized::read(config, k1s0_cb_config::default()) }?;
        settings.failure_threshold = config.failure_threshold;
        settings.success_threshold = config.success_threshold;
        settings.timeout = Duration::from_nanos(config.timeout_ns);
        settings.half_open_max_calls = config.half_open_max_calls;
        settings.probe_timeout = Duration::from_nanos(config.probe_timeout_ns);
    }
    settings.policy().map_err(|refused| {
        // SAFETY: as the caller promises.
        if let Some(place) = unsafe { wanted(error) } {
            explain(place, &refused);
        }
        K1S0_CB_INVALID_CONFIG
    })
}

fn explain(place: Out<k1s0_cb_config_error>, refused: &ConfigError) {
    place.write(k1s0_cb_config_error {
        field: text(refused.field()),
        value: text(refused.value()),
        range: text(refused.range()),
        message: text(&refused.to_string()),
    });
}

/// The text and a 0, or as many of its characters as fit.
fn text<const N: usize>(text: &str) -> [c_char; N] {
    let mut place = [0; N];
    let mut length = text.len().min(N - 1);
    while !text.is_char_boundary(length) {
        length -= 1;
    }
    for (to, from) in place.iter_mut().zip(&text.as_bytes()[..length]) {
        *to = *from as c_char;
    }
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(chars: &[c_char]) -> String {
        let bytes: Vec<u8> = chars.iter().map(|c| *c as u8).collect();
        let end = bytes.iter().position(|b| *b == 0).unwrap();
        String::from_utf8(bytes[..end].to_vec()).unwrap()
    }

    #[test]
    fn a_text_that_does_not_fit_is_cut_between_characters() {
        assert_eq!(read(&text::<8>("1234567")), "1234567");
        assert_eq!(read(&text::<8>("12345678")), "1234567");
        assert_eq!(read(&text::<8>("123456µ")), "123456");
        assert_eq!(read(&text::<8>("")), "");
    }
}
