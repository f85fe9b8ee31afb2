//! The C ABI, called in the shared library as any host would.
//!
//! Rows are there only if the library is: `cargo build --profile measure -p k1s0-circuit-breaker-c`
//! puts it beside this program, `K1S0_CB_LIBRARY` names another one.

use std::ffi::{CStr, c_void};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::{env, mem, ptr};

use anyhow::{Context, Result, ensure};

use crate::case::{Case, Group};
use crate::guarded::{Fault, healthy, repeat};
use crate::os::SharedObject;

/// Acquire and settle.
pub(crate) const TWO_CALLS: &str = "k1s0 C ABI, try_acquire + settle";
/// The admission word, read in place.
pub(crate) const WORD: &str = "k1s0 C ABI, admission word";
/// A rejection.
pub(crate) const REJECTED: &str = "k1s0 C ABI, rejected";

/// As in the header.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Permit {
    word: u64,
    breaker: u64,
}

type New = unsafe extern "C" fn(*const c_void, *mut *mut c_void, *mut c_void) -> i32;
type TryAcquire =
    unsafe extern "C" fn(*const c_void, u64, *mut Permit, *mut c_void, *mut c_void) -> i32;
type Settle =
    unsafe extern "C" fn(*const c_void, *mut Permit, u32, u64, *mut u32, *mut c_void) -> i32;
type Trip = unsafe extern "C" fn(*const c_void, u64, *mut c_void) -> i32;
type AdmissionWord = unsafe extern "C" fn(*const c_void, *mut *const AtomicU64) -> i32;
type CounterNew = unsafe extern "C" fn(*const c_void, *mut *mut c_void) -> i32;
type CounterAddress = unsafe extern "C" fn(*const c_void, *mut *const AtomicU64) -> i32;
type CounterFree = unsafe extern "C" fn(*mut c_void);

const SUCCESS: u32 = 0;
const FAILURE: u32 = 1;

/// The functions of the library.
#[derive(Clone, Copy)]
struct Library {
    new: New,
    try_acquire: TryAcquire,
    settle: Settle,
    trip: Trip,
    admission_word: AdmissionWord,
    counter_new: CounterNew,
    counter_address: CounterAddress,
    counter_free: CounterFree,
}

/// A breaker that is never freed: the cases live as long as the process.
#[derive(Clone, Copy)]
struct Handle(*const c_void);

// SAFETY: the header says that every function may be called from any thread.
unsafe impl Send for Handle {}
// SAFETY: as above.
unsafe impl Sync for Handle {}

/// Where the library is, if it is.
pub(crate) fn library() -> Option<PathBuf> {
    if let Some(path) = env::var_os("K1S0_CB_LIBRARY") {
        return Some(path.into());
    }
    let beside = env::current_exe()
        .ok()?
        .with_file_name("libk1s0_circuit_breaker.so");
    beside.exists().then_some(beside)
}

/// The rows, none without the library.
pub(crate) fn all() -> Result<Vec<Case>> {
    let Some(path) = library() else {
        return Ok(Vec::new());
    };
    let library = Library::load(path.to_str().context("the library's path is not UTF-8")?)?;
    let (calls, word, open) = (library.breaker()?, library.breaker()?, library.breaker()?);
    // SAFETY: the handle is good; a transition is not asked for.
    let tripped = unsafe { (library.trip)(open.0, 1, ptr::null_mut()) };
    ensure!(tripped == 0, "k1s0_cb_trip: {tripped}");
    Ok(vec![
        Case::new(Group::Abi, TWO_CALLS, move |n| {
            let it = calls;
            repeat(n, |i| library.guard(it, || healthy(i)));
        }),
        Case::new(Group::Abi, WORD, move |n| {
            let it = word;
            library.through_word(it, n);
        }),
        Case::new(Group::AbiRejected, REJECTED, move |n| {
            let it = open;
            repeat(n, |i| library.guard(it, || healthy(i)));
        }),
    ])
}

impl Library {
    fn load(path: &str) -> Result<Self> {
        let object = SharedObject::open(path)?;
        let symbol = |name: &CStr| object.symbol(name);
        let new = symbol(c"k1s0_cb_new")?;
        let try_acquire = symbol(c"k1s0_cb_try_acquire")?;
        let settle = symbol(c"k1s0_cb_settle")?;
        let trip = symbol(c"k1s0_cb_trip")?;
        let admission_word = symbol(c"k1s0_cb_admission_word")?;
        let counter_new = symbol(c"k1s0_cb_counter_new")?;
        let counter_address = symbol(c"k1s0_cb_counter_address")?;
        let counter_free = symbol(c"k1s0_cb_counter_free")?;
        // SAFETY: the types are those of the header; the object is never unloaded.
        Ok(unsafe {
            Self {
                new: mem::transmute::<*mut c_void, New>(new),
                try_acquire: mem::transmute::<*mut c_void, TryAcquire>(try_acquire),
                settle: mem::transmute::<*mut c_void, Settle>(settle),
                trip: mem::transmute::<*mut c_void, Trip>(trip),
                admission_word: mem::transmute::<*mut c_void, AdmissionWord>(admission_word),
                counter_new: mem::transmute::<*mut c_void, CounterNew>(counter_new),
                counter_address: mem::transmute::<*mut c_void, CounterAddress>(counter_address),
                counter_free: mem::transmute::<*mut c_void, CounterFree>(counter_free),
            }
        })
    }

    fn breaker(&self) -> Result<Handle> {
        let mut handle = ptr::null_mut();
        // SAFETY: no config means the defaults, no error that we do not want to know.
        let result = unsafe { (self.new)(ptr::null(), &mut handle, ptr::null_mut()) };
        ensure!(result == 0, "k1s0_cb_new: {result}");
        Ok(Handle(handle))
    }

    #[inline(always)]
    fn guard(
        &self,
        breaker: Handle,
        function: impl FnOnce() -> Result<u64, Fault>,
    ) -> Result<u64, Fault> {
        let mut permit = Permit::default();
        // SAFETY: the handle is good, the permit ours; the others may be NULL.
        let admitted = unsafe {
            (self.try_acquire)(breaker.0, 2, &mut permit, ptr::null_mut(), ptr::null_mut())
        };
        if admitted != 0 {
            return Err(Fault);
        }
        let result = function();
        let outcome = if result.is_ok() { SUCCESS } else { FAILURE };
        // SAFETY: as above.
        unsafe {
            (self.settle)(
                breaker.0,
                &mut permit,
                outcome,
                2,
                ptr::null_mut(),
                ptr::null_mut(),
            );
        }
        result
    }

    fn through_word(&self, breaker: Handle, calls: u64) {
        let (mut word, mut counter, mut address) = (ptr::null(), ptr::null_mut(), ptr::null());
        // SAFETY: the handle is good, the out-parameters are ours.
        let failed = unsafe {
            (self.admission_word)(breaker.0, &mut word) != 0
                || (self.counter_new)(breaker.0, &mut counter) != 0
                || (self.counter_address)(counter, &mut address) != 0
        };
        assert!(!failed, "the library refuses a counter");
        // SAFETY: both are good while the breaker and the counter live, which they do here.
        let (word, counted) = unsafe { (&*word, &*address) };
        repeat(calls, |i| {
            let seen = word.load(Ordering::Acquire);
            if seen & 1 != 0 {
                return self.guard(breaker, || healthy(i));
            }
            let result = healthy(i);
            if result.is_ok() && word.load(Ordering::Acquire) == seen {
                counted.store(
                    counted.load(Ordering::Relaxed).wrapping_add(1),
                    Ordering::Relaxed,
                );
                result
            } else {
                // No call here fails, and nothing else uses this breaker.
                Err(Fault)
            }
        });
        // SAFETY: it is not used any more.
        unsafe { (self.counter_free)(counter) };
    }
}
