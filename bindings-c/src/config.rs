//! The configuration.

use std::ffi::c_char;
use std::time::Duration;

use breaker::ConfigError;
use breaker::config::{Settings, WindowSize, nanos};
use breaker::machine::{NEVER, Rules};

use crate::boundary::{Answer, boundary};
use crate::pointer::wanted;
use crate::result::{K1S0_CB_INVALID_CONFIG, k1s0_cb_result};
use crate::sized::{self, Growing};

/// A wait that never ends.
pub const K1S0_CB_NEVER: u64 = 0xFFFF_FFFF_FFFF_FFFF;
const _: () = assert!(K1S0_CB_NEVER == NEVER, "never is never in every language");

/// Not configured: for fields that say so. It is no threshold, no rate, and not `K1S0_CB_NEVER`.
pub const K1S0_CB_OFF: u64 = 0xFFFF_FFFF_FFFF_FFF0;

/// The window is of the last `window_calls` calls.
pub const K1S0_CB_WINDOW_CALLS: u64 = 0;
/// The window is of the calls of the last `window_time_ns`.
pub const K1S0_CB_WINDOW_TIME: u64 = 1;

/// What a breaker is to do. Fill it with `k1s0_cb_config_init`, then change what you like. Fractions are in
/// parts in a million: 500000 is one half.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct k1s0_cb_config {
    /// `sizeof(k1s0_cb_config)`.
    pub struct_size: u64,
    /// Failures in a row that open the circuit: 1 to 4294967295, 5 by default. `K1S0_CB_OFF` where a rate is
    /// to open it instead.
    pub failure_threshold: u64,
    /// Successful probes that close it again: 1 to 4294967295, 3 by default.
    pub success_threshold: u64,
    /// How long an open circuit rejects calls; 30 s by default. 0 makes the next call a probe.
    pub timeout_ns: u64,
    /// How many probes may be unsettled at once: 1 to 65535, 1 by default.
    pub half_open_max_calls: u64,
    /// When a full set of unsettled probes is given up: 1 ms or more, 60 s by default.
    pub probe_timeout_ns: u64,
    /// How large a part of the window's calls must fail to open the circuit: 1 to 1000000, `K1S0_CB_OFF` by
    /// default.
    pub failure_rate_ppm: u64,
    /// Fewer calls in the window than this decide nothing: 1 to 4294967295, 20 by default; with a failure rate
    /// no more than a window of calls can hold.
    pub minimum_calls: u64,
    /// Which calls the rates are about: `K1S0_CB_WINDOW_CALLS` by default, or `K1S0_CB_WINDOW_TIME`.
    pub window_kind: u64,
    /// In a window of calls, how many: 1 to 65536, 100 by default.
    pub window_calls: u64,
    /// Of a window of time, its length: 10 ms to 24 h. It has no default.
    pub window_time_ns: u64,
    /// Of a window of time, in how many equal stretches it is cut, the oldest of which is forgotten at a time:
    /// 10 to 100, 10 by default.
    pub window_buckets: u64,
    /// Calls that take so long or longer are slow: 1 ns or more, `K1S0_CB_OFF` by default.
    pub slow_call_duration_ns: u64,
    /// How large a part of the window's calls must be slow to open the circuit: 1 to 1000000, 800000 by default.
    pub slow_call_rate_ppm: u64,
    /// As `minimum_calls`, for slow calls; 20 by default.
    pub slow_minimum_calls: u64,
    /// 1 if calls are to count as slow while they are still in flight; 0 by default. See `k1s0_cb_tick`.
    pub count_hung_calls: u64,
    /// Each wait by the one before it: 1000000 to 100000000, 1000000 by default.
    pub backoff_multiplier_ppm: u64,
    /// The longest wait, `timeout_ns` or more. `K1S0_CB_OFF`, the default: 10 minutes, or `timeout_ns` where that
    /// is longer.
    pub max_timeout_ns: u64,
    /// How large a part of itself a wait may be off, to either side: 0 to 1000000, 0 by default.
    pub jitter_ppm: u64,
    /// Where the random numbers for the jitter begin, if `has_jitter_seed` is 1.
    pub jitter_seed: u64,
    /// 0 by default: the breaker draws a seed of its own.
    pub has_jitter_seed: u64,
    /// 1 to decide and tell, but reject nothing; 0 by default.
    pub shadow: u64,
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
        let off_or_nanoseconds = |it: Option<Duration>| it.map_or(K1S0_CB_OFF, nanos);
        let (window_kind, window_calls, window_time_ns, window_buckets) = match settings.window {
            WindowSize::Calls(calls) => {
                (K1S0_CB_WINDOW_CALLS, calls, 0, WindowSize::DEFAULT_BUCKETS)
            }
            WindowSize::Time { length, buckets } => (
                K1S0_CB_WINDOW_TIME,
                WindowSize::DEFAULT_CALLS,
                nanos(length),
                buckets,
            ),
        };
        Self {
            struct_size: size_of::<Self>() as u64,
            failure_threshold: settings.failure_threshold.unwrap_or(K1S0_CB_OFF),
            success_threshold: settings.success_threshold,
            timeout_ns: nanos(settings.timeout),
            half_open_max_calls: settings.half_open_max_calls,
            probe_timeout_ns: nanos(settings.probe_timeout),
            failure_rate_ppm: settings.failure_rate.map_or(K1S0_CB_OFF, ppm),
            minimum_calls: settings.minimum_calls,
            window_kind,
            window_calls,
            window_time_ns,
            window_buckets,
            slow_call_duration_ns: off_or_nanoseconds(settings.slow_call_duration),
            slow_call_rate_ppm: ppm(settings.slow_call_rate),
            slow_minimum_calls: settings.slow_minimum_calls,
            count_hung_calls: settings.count_hung_calls.into(),
            backoff_multiplier_ppm: ppm(settings.backoff_multiplier),
            max_timeout_ns: off_or_nanoseconds(settings.max_timeout),
            jitter_ppm: ppm(settings.jitter),
            jitter_seed: settings.jitter_seed.unwrap_or(0),
            has_jitter_seed: settings.jitter_seed.is_some().into(),
            shadow: settings.shadow.into(),
        }
    }
}
/// A fraction of core's, which is a good one.
fn ppm(fraction: f64) -> u64 {
    (fraction * MILLION).round() as u64
}

/// Parts in a million as core takes them. It rounds to the nearest part, and so finds what was written here.
const fn fraction(ppm: u64) -> f64 {
    ppm as f64 / MILLION
}

const MILLION: f64 = 1e6;

const fn unless_off(value: u64) -> Option<u64> {
    match value {
        K1S0_CB_OFF => None,
        value => Some(value),
    }
}

/// Reads a config, NULL for the defaults, and checks it.
///
/// # Safety
///
/// `config` is NULL or as convention 9 says; `error` is NULL or good for writes.
pub(crate) unsafe fn rules(
    config: *const k1s0_cb_config,
    error: *mut k1s0_cb_config_error,
) -> Answer<Rules> {
    let settings = if config.is_null() {
        Ok(Settings::default())
    } else {
        // SAFETY: as the caller promises.
        unsafe { sized::read(config, k1s0_cb_config::default()) }?.settings()
    };
    let rules = settings.and_then(|settings| settings.rules().map_err(Refused::from));
    rules.map_err(|refused| {
        // SAFETY: as the caller promises.
        if let Some(place) = unsafe { wanted(error) } {
            place.write(refused.in_c());
        }
        K1S0_CB_INVALID_CONFIG
    })
}

impl k1s0_cb_config {
    /// In core's words. Numbers for what is an enum or a flag in core are checked here, everything else there.
    fn settings(&self) -> Result<Settings, Refused> {
        let window = match self.window_kind {
            K1S0_CB_WINDOW_CALLS => WindowSize::Calls(self.window_calls),
            K1S0_CB_WINDOW_TIME => WindowSize::Time {
                length: Duration::from_nanos(self.window_time_ns),
                buckets: self.window_buckets,
            },
            other => return Err(Refused::not_0_or_1("window_kind", other)),
        };
        let has_seed = flag("has_jitter_seed", self.has_jitter_seed)?;
        let mut settings = Settings::default();
        settings.failure_threshold = unless_off(self.failure_threshold);
        settings.success_threshold = self.success_threshold;
        settings.timeout = Duration::from_nanos(self.timeout_ns);
        settings.half_open_max_calls = self.half_open_max_calls;
        settings.probe_timeout = Duration::from_nanos(self.probe_timeout_ns);
        settings.failure_rate = unless_off(self.failure_rate_ppm).map(fraction);
        settings.minimum_calls = self.minimum_calls;
        settings.window = window;
        settings.slow_call_duration =
            unless_off(self.slow_call_duration_ns).map(Duration::from_nanos);
        settings.slow_call_rate = fraction(self.slow_call_rate_ppm);
        settings.slow_minimum_calls = self.slow_minimum_calls;
        settings.count_hung_calls = flag("count_hung_calls", self.count_hung_calls)?;
        settings.backoff_multiplier = fraction(self.backoff_multiplier_ppm);
        settings.max_timeout = unless_off(self.max_timeout_ns).map(Duration::from_nanos);
        settings.jitter = fraction(self.jitter_ppm);
        settings.jitter_seed = has_seed.then_some(self.jitter_seed);
        settings.shadow = flag("shadow", self.shadow)?;
        Ok(settings)
    }
}

fn flag(field: &'static str, value: u64) -> Result<bool, Refused> {
    match value {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Refused::not_0_or_1(field, value)),
    }
}

/// Why a configuration is refused, by core or here.
struct Refused {
    field: &'static str,
    value: String,
    range: String,
}

impl From<ConfigError> for Refused {
    fn from(error: ConfigError) -> Self {
        Self {
            field: error.field(),
            value: error.value().to_owned(),
            range: error.range().to_owned(),
        }
    }
}

impl Refused {
    fn not_0_or_1(field: &'static str, value: u64) -> Self {
        Self {
            field,
            value: value.to_string(),
            range: "0 or 1".to_owned(),
        }
    }

    fn in_c(&self) -> k1s0_cb_config_error {
        let Self {
            field,
            value,
            range,
        } = self;
        k1s0_cb_config_error {
            field: text(field),
            value: text(value),
            range: text(range),
            message: text(&format!("{field} is {value}; it must be {range}")),
        }
    }
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
    fn every_part_in_a_million_survives_its_way_through_a_fraction() {
        for parts in (0..=1_000_000).chain([1_000_001, 1_500_000, 99_999_999, 100_000_000]) {
            // As core rounds.
            assert_eq!((fraction(parts) * 1e6 + 0.5) as u64, parts);
            assert_eq!(ppm(fraction(parts)), parts);
        }
    }

    #[test]
    fn the_defaults_are_cores() {
        let ours = k1s0_cb_config::default().settings().ok();
        assert_eq!(ours, Some(Settings::default()));
    }

    #[test]
    fn a_text_that_does_not_fit_is_cut_between_characters() {
        assert_eq!(read(&text::<8>("1234567")), "1234567");
        assert_eq!(read(&text::<8>("12345678")), "1234567");
        assert_eq!(read(&text::<8>("123456µ")), "123456");
        assert_eq!(read(&text::<8>("")), "");
    }
}
