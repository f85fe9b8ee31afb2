//! What the standard library does not ask the system for.

use std::ffi::{CStr, CString, c_void};
use std::mem;

use anyhow::{Result, anyhow, bail};

/// The processors this process may run on.
pub(crate) fn processors() -> Vec<usize> {
    // SAFETY: an all-zero `cpu_set_t` is an empty set.
    let mut set: libc::cpu_set_t = unsafe { mem::zeroed() };
    // SAFETY: the set is as large as we say, and ours.
    let failed = unsafe { libc::sched_getaffinity(0, size_of_val(&set), &mut set) } != 0;
    if failed {
        return vec![0];
    }
    (0..libc::CPU_SETSIZE as usize)
        // SAFETY: the number is below the size of the set.
        .filter(|&number| unsafe { libc::CPU_ISSET(number, &set) })
        .collect()
}

/// Keeps the calling thread on one processor. Where the system refuses, it stays where it may be.
pub(crate) fn pin(processor: usize) {
    // SAFETY: an all-zero `cpu_set_t` is an empty set.
    let mut set: libc::cpu_set_t = unsafe { mem::zeroed() };
    // SAFETY: the number came out of such a set.
    unsafe { libc::CPU_SET(processor, &mut set) };
    // SAFETY: the set is as large as we say, and ours.
    unsafe { libc::sched_setaffinity(0, size_of_val(&set), &set) };
}

/// How often the calling thread lost its processor against its will.
pub(crate) fn involuntary_switches() -> i64 {
    // SAFETY: an all-zero `rusage` is valid.
    let mut usage: libc::rusage = unsafe { mem::zeroed() };
    // SAFETY: the structure is ours.
    unsafe { libc::getrusage(libc::RUSAGE_THREAD, &mut usage) };
    usage.ru_nivcsw
}

/// The coarse monotonic clock, in nanoseconds.
#[inline]
pub(crate) fn coarse_clock() -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the structure is ours.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC_COARSE, &mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// A shared object that stays loaded until the process ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SharedObject {
    handle: *mut c_void,
}

impl SharedObject {
    /// Loads it.
    pub(crate) fn open(path: &str) -> Result<Self> {
        let name = CString::new(path)?;
        // SAFETY: the name is a C string; the objects we load run no code of their own when loaded.
        let handle = unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_NOW) };
        if handle.is_null() {
            bail!("cannot load {path}");
        }
        Ok(Self { handle })
    }

    /// The address of a symbol.
    pub(crate) fn symbol(self, name: &CStr) -> Result<*mut c_void> {
        // SAFETY: the handle is open, the name is a C string.
        let address = unsafe { libc::dlsym(self.handle, name.as_ptr()) };
        if address.is_null() {
            return Err(anyhow!("no symbol {name:?}"));
        }
        Ok(address)
    }

    /// A function `void f(void)` that is sound to call.
    pub(crate) fn plain_function(
        self,
        name: &CStr,
    ) -> Result<impl Fn() + Copy + Send + Sync + 'static> {
        let address = self.symbol(name)?;
        // SAFETY: who calls names a function of this type; the object is never unloaded.
        let function = unsafe { mem::transmute::<*mut c_void, unsafe extern "C" fn()>(address) };
        Ok(move || {
            // SAFETY: as above.
            unsafe { function() }
        })
    }
}
