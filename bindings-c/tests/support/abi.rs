//! The library as a stranger sees it: opened by name, its functions looked up, its structs retyped
//! from the header.

use std::ffi::{CStr, c_char};
use std::ptr;
use std::sync::OnceLock;

use libloading::Library;

/// The handle.
#[repr(C)]
pub(crate) struct Breaker([u8; 0]);

/// The counter.
#[repr(C)]
pub(crate) struct Counter([u8; 0]);

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Config {
    pub(crate) struct_size: u64,
    pub(crate) failure_threshold: u64,
    pub(crate) success_threshold: u64,
    pub(crate) timeout_ns: u64,
    pub(crate) half_open_max_calls: u64,
    pub(crate) probe_timeout_ns: u64,
    pub(crate) failure_rate_ppm: u64,
    pub(crate) minimum_calls: u64,
    pub(crate) window_kind: u64,
    pub(crate) window_calls: u64,
    pub(crate) window_time_ns: u64,
    pub(crate) window_buckets: u64,
    pub(crate) slow_call_duration_ns: u64,
    pub(crate) slow_call_rate_ppm: u64,
    pub(crate) slow_minimum_calls: u64,
    pub(crate) count_hung_calls: u64,
    pub(crate) backoff_multiplier_ppm: u64,
    pub(crate) max_timeout_ns: u64,
    pub(crate) jitter_ppm: u64,
    pub(crate) jitter_seed: u64,
    pub(crate) has_jitter_seed: u64,
    pub(crate) shadow: u64,
}

pub(crate) const NEVER: u64 = u64::MAX;
pub(crate) const OFF: u64 = 0xFFFF_FFFF_FFFF_FFF0;

#[repr(C)]
pub(crate) struct ConfigError {
    pub(crate) field: [c_char; 32],
    pub(crate) value: [c_char; 64],
    pub(crate) range: [c_char; 64],
    pub(crate) message: [c_char; 192],
}

#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Permit {
    pub(crate) word: u32,
    pub(crate) mark: u32,
    pub(crate) breaker: u64,
    pub(crate) began_ns: u64,
}

#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rejection {
    pub(crate) retry_after_ns: u64,
    pub(crate) has_retry_after: u32,
    pub(crate) reason: u32,
}

#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Transition {
    pub(crate) epoch: u64,
    pub(crate) at_ns: u64,
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) reason: u32,
    pub(crate) reserved: u32,
}

#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Transitions {
    pub(crate) count: u32,
    pub(crate) reserved: u32,
    pub(crate) items: [Transition; 2],
}

#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Metrics {
    pub(crate) struct_size: u64,
    pub(crate) success: u64,
    pub(crate) failure: u64,
    pub(crate) ignored: u64,
    pub(crate) cancelled: u64,
    pub(crate) rejected: u64,
    pub(crate) rejected_open: u64,
    pub(crate) rejected_half_open: u64,
    pub(crate) rejected_forced_open: u64,
    pub(crate) stale: u64,
    pub(crate) transitions: u64,
    pub(crate) transitions_between: [[u64; 3]; 3],
    pub(crate) epoch: u64,
    pub(crate) remaining_wait_ns: u64,
    pub(crate) success_rate: f64,
    pub(crate) has_remaining_wait: u32,
    pub(crate) has_success_rate: u32,
    pub(crate) state: u32,
    pub(crate) forced: u32,
    pub(crate) consecutive_failures: u32,
    pub(crate) probes_in_flight: u32,
    pub(crate) slow: u64,
    pub(crate) would_reject: u64,
    pub(crate) would_reject_open: u64,
    pub(crate) would_reject_half_open: u64,
    pub(crate) would_reject_forced_open: u64,
    pub(crate) window_calls: u64,
    pub(crate) window_failures: u64,
    pub(crate) window_slow: u64,
}

pub(crate) const OK: i32 = 0;
pub(crate) const REJECTED: i32 = 1;
pub(crate) const ALREADY_SETTLED: i32 = 2;
pub(crate) const INVALID_CONFIG: i32 = 104;
pub(crate) const PANIC: i32 = 111;

type Control = unsafe extern "C" fn(*const Breaker, u64, *mut Transitions) -> i32;
type Settle =
    unsafe extern "C" fn(*const Breaker, *mut Permit, u32, u64, *mut u32, *mut Transitions) -> i32;
pub(crate) type SettleWord<W> =
    unsafe extern "C" fn(*const Breaker, W, u64, u32, u64, *mut u32, *mut Transitions) -> i32;
type Acquire<P> =
    unsafe extern "C" fn(*const Breaker, u64, *mut P, *mut Rejection, *mut Transitions) -> i32;
type Explain = unsafe extern "C" fn(*const Breaker, u64, *mut c_char, u64, *mut u64) -> i32;
type Name<N> = extern "C" fn(N) -> *const c_char;

macro_rules! abi {
    ($($name:ident: $type:ty,)*) => {
        /// Every exported function.
        pub(crate) struct Abi {
            $(pub(crate) $name: $type,)*
        }

        /// The names of the exported functions.
        pub(crate) const NAMES: &[&str] = &[$(concat!("k1s0_cb_", stringify!($name)),)*];

        impl Abi {
            /// Opens a library and looks everything up.
            pub(crate) fn open(path: &std::path::Path) -> Self {
                // SAFETY: our own library, which does nothing when it is loaded.
                let library = unsafe { Library::new(path) };
                let library = library.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                let abi = Self {
                    $($name: {
                        let name = concat!("k1s0_cb_", stringify!($name));
                        // SAFETY: the type is that of the header.
                        let found = unsafe { library.get::<$type>(name.as_bytes()) };
                        *found.unwrap_or_else(|error| panic!("{name}: {error}"))
                    },)*
                };
                // The functions must stay where they are.
                std::mem::forget(library);
                abi
            }
        }
    };
}

abi! {
    abi_version: extern "C" fn() -> u32,
    version: extern "C" fn() -> *const c_char,
    config_init: unsafe extern "C" fn(*mut Config, u64) -> i32,
    new: unsafe extern "C" fn(*const Config, *mut *mut Breaker, *mut ConfigError) -> i32,
    new_named: unsafe extern "C" fn(
        *const c_char, u64, *const Config, *mut *mut Breaker, *mut ConfigError
    ) -> i32,
    clone: unsafe extern "C" fn(*const Breaker, *mut *mut Breaker) -> i32,
    free: unsafe extern "C" fn(*mut Breaker),
    get_name: unsafe extern "C" fn(*const Breaker, *mut c_char, u64, *mut u64) -> i32,
    shared: unsafe extern "C" fn(
        *const c_char, u64, *const Config, *mut *mut Breaker, *mut ConfigError
    ) -> i32,
    try_acquire: Acquire<Permit>,
    settle: Settle,
    settle_retry_after: unsafe extern "C" fn(
        *const Breaker, *mut Permit, u32, u64, u64, *mut u32, *mut Transitions
    ) -> i32,
    record_success: Control,
    record_failure: Control,
    tick: Control,
    reset: Control,
    trip: Control,
    force_open: Control,
    force_closed: Control,
    automatic: Control,
    get_state: unsafe extern "C" fn(*const Breaker, u64, *mut u32) -> i32,
    recent_transitions: unsafe extern "C" fn(
        *const Breaker, *mut Transition, u64, *mut u64
    ) -> i32,
    explain_json: Explain,
    explain_text: Explain,
    get_metrics: unsafe extern "C" fn(*const Breaker, u64, *mut Metrics) -> i32,
    admission_word: unsafe extern "C" fn(*const Breaker, *mut *const u64) -> i32,
    acquire_word: Acquire<u64>,
    settle_word: SettleWord<u64>,
    settle_low_word: SettleWord<u32>,
    settle_word_retry_after: unsafe extern "C" fn(
        *const Breaker, u64, u64, u32, u64, u64, *mut u32, *mut Transitions
    ) -> i32,
    counter_new: unsafe extern "C" fn(*const Breaker, *mut *mut Counter) -> i32,
    counter_address: unsafe extern "C" fn(*const Counter, *mut *mut u64) -> i32,
    counter_free: unsafe extern "C" fn(*mut Counter),
    classify_http_status: unsafe extern "C" fn(i32, *mut u32) -> i32,
    classify_grpc_status: unsafe extern "C" fn(i32, *mut u32) -> i32,
    classify_transport_error: unsafe extern "C" fn(u32, *mut u32) -> i32,
    http_retry_after: unsafe extern "C" fn(
        i32, *const c_char, u64, *const c_char, u64, *mut u64
    ) -> i32,
    grpc_retry_pushback: unsafe extern "C" fn(*const c_char, u64, *mut u64) -> i32,
    result_name: Name<i32>,
    state_name: Name<u32>,
    outcome_name: Name<u32>,
    effect_name: Name<u32>,
    reason_name: Name<u32>,
    reject_reason_name: Name<u32>,
    transport_error_name: Name<u32>,
}

/// The library as it is shipped.
pub(crate) fn abi() -> &'static Abi {
    static OPENED: OnceLock<Abi> = OnceLock::new();
    OPENED.get_or_init(|| Abi::open(&super::shared_library()))
}

/// A static string of the library.
pub(crate) fn string(text: *const c_char) -> &'static str {
    // SAFETY: the library's static strings are terminated.
    unsafe { CStr::from_ptr(text) }.to_str().unwrap()
}

/// A string in a buffer.
pub(crate) fn buffer(chars: &[c_char]) -> String {
    let bytes: Vec<u8> = chars.iter().map(|c| *c as u8).collect();
    CStr::from_bytes_until_nul(&bytes)
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned()
}

/// A reference to a breaker.
pub(crate) struct Handle(pub(crate) *mut Breaker);

// SAFETY: convention 6.
unsafe impl Send for Handle {}
// SAFETY: convention 6.
unsafe impl Sync for Handle {}

impl Handle {
    pub(crate) fn new(config: Option<&Config>) -> Result<Self, (i32, Box<ConfigError>)> {
        let mut breaker = ptr::null_mut();
        // SAFETY: all zero is a good value.
        let mut error: Box<ConfigError> = Box::new(unsafe { std::mem::zeroed() });
        // SAFETY: good pointers.
        let result = unsafe {
            (abi().new)(
                config.map_or(ptr::null(), |it| it),
                &mut breaker,
                &mut *error,
            )
        };
        match result {
            OK => Ok(Self(breaker)),
            _ => Err((result, error)),
        }
    }

    pub(crate) fn metrics(&self, now: u64) -> Metrics {
        let mut metrics = Metrics {
            struct_size: size_of::<Metrics>() as u64,
            ..Metrics::default()
        };
        // SAFETY: good pointers.
        let result = unsafe { (abi().get_metrics)(self.0, now, &mut metrics) };
        assert_eq!(result, OK);
        metrics
    }

    pub(crate) fn recent_transitions(&self) -> Vec<k1s0_conformance::vocabulary::Transition> {
        let (mut items, mut count) = ([Transition::default(); 32], 0);
        // SAFETY: good pointers, and so many items.
        let result =
            unsafe { (abi().recent_transitions)(self.0, items.as_mut_ptr(), 32, &mut count) };
        assert_eq!(result, OK);
        let items = &items[..count as usize];
        items.iter().map(super::words::transition).collect()
    }

    pub(crate) fn state(&self, now: u64) -> u32 {
        let mut state = u32::MAX;
        // SAFETY: good pointers.
        let result = unsafe { (abi().get_state)(self.0, now, &mut state) };
        assert_eq!(result, OK);
        state
    }

    pub(crate) fn record_failure(&self, now: u64) {
        // SAFETY: good pointers.
        let result = unsafe { (abi().record_failure)(self.0, now, ptr::null_mut()) };
        assert_eq!(result, OK);
    }

    pub(crate) fn try_clone(&self) -> Self {
        let mut copy = ptr::null_mut();
        // SAFETY: good pointers.
        let result = unsafe { (abi().clone)(self.0, &mut copy) };
        assert_eq!(result, OK);
        Self(copy)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: a reference of our own.
        unsafe { (abi().free)(self.0) }
    }
}

/// The defaults.
pub(crate) fn config() -> Config {
    // SAFETY: all zero is a good value.
    let mut config: Config = unsafe { std::mem::zeroed() };
    // SAFETY: a good pointer to so many bytes.
    let result = unsafe { (abi().config_init)(&mut config, size_of::<Config>() as u64) };
    assert_eq!(result, OK);
    config
}
