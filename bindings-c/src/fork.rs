//! `fork`: a child inherits locks, but not the threads that would release them.
//!
//! Before a fork every lock of ours is taken, and after it released, in parent and child. So nobody
//! is inside one at the moment of the copy. What goes on without a lock (counting, reading the
//! word) consists of single loads and stores, and is whole at every moment.
//!
//! The order of locks, here and everywhere: names, the list of breakers, each breaker, the table of
//! counters. Nobody takes an earlier one while holding a later one.

use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::breaker::k1s0_cb;

/// Every breaker that is alive.
static ALIVE: Mutex<Vec<Alive>> = Mutex::new(Vec::new());

struct Alive(*const k1s0_cb);

// SAFETY: the pointer is used under the list's lock alone, and a breaker leaves the list under that
// lock before it is gone; a breaker itself may be used by any thread.
unsafe impl Send for Alive {}

fn alive() -> MutexGuard<'static, Vec<Alive>> {
    ALIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Puts a new breaker on the list.
pub(crate) fn register(breaker: &k1s0_cb) {
    let mut alive = alive();
    breaker.place.store(alive.len(), Ordering::Relaxed);
    alive.push(Alive(breaker));
}

/// Takes a breaker off the list; the last one takes its place.
pub(crate) fn unregister(breaker: &k1s0_cb) {
    let mut alive = alive();
    let place = breaker.place.load(Ordering::Relaxed);
    alive.swap_remove(place);
    if let Some(moved) = alive.get(place) {
        // SAFETY: it is on the list, so it is not gone, and it cannot go while we hold the lock.
        unsafe { &*moved.0 }.place.store(place, Ordering::Relaxed);
    }
}

#[cfg(unix)]
pub(crate) use unix::prepare_for_forks;

/// There is no `fork` here.
#[cfg(not(unix))]
pub(crate) const fn prepare_for_forks() -> crate::boundary::Answer {
    Ok(())
}

#[cfg(unix)]
mod unix {
    use std::cell::UnsafeCell;
    use std::sync::{MutexGuard, OnceLock};

    use breaker::engine::{Held, HeldCounters, hold_counters};

    use super::{Alive, alive};
    use crate::boundary::Answer;
    use crate::result::K1S0_CB_OUT_OF_RESOURCES;
    use crate::shared::{self, Names};
    use crate::thread;

    /// Has `fork` call us, once for the process.
    pub(crate) fn prepare_for_forks() -> Answer {
        static REGISTERED: OnceLock<bool> = OnceLock::new();
        let registered = REGISTERED.get_or_init(|| {
            // SAFETY: the functions may be called at any time and from any thread; when the library is
            // unloaded, the C library forgets them.
            unsafe { libc::pthread_atfork(Some(before), Some(after), Some(in_child)) == 0 }
        });
        if *registered {
            Ok(())
        } else {
            Err(K1S0_CB_OUT_OF_RESOURCES)
        }
    }

    /// All locks, in the order in which they are released.
    struct Everything {
        _counters: HeldCounters,
        _breakers: Vec<Held<'static>>,
        _alive: MutexGuard<'static, Vec<Alive>>,
        _names: MutexGuard<'static, Names>,
    }

    /// Between `before` and `after`. Whoever holds the lock of the names, which is the first to be
    /// taken, owns it; that is the thread that forks.
    struct Between(UnsafeCell<Option<Everything>>);

    // SAFETY: see `Between`: one thread at a time.
    unsafe impl Sync for Between {}

    static BETWEEN: Between = Between(UnsafeCell::new(None));

    extern "C" fn before() {
        let names = shared::names();
        let alive = alive();
        let breakers = alive
            .iter()
            // SAFETY: it is on the list, and no breaker leaves the list, and so its memory, before
            // `after` has released the list; the guards are released before that.
            .map(|one| unsafe { &*one.0 }.engine.hold())
            .collect();
        let everything = Everything {
            _counters: hold_counters(),
            _breakers: breakers,
            _alive: alive,
            _names: names,
        };
        // SAFETY: we hold the lock of the names.
        unsafe { *BETWEEN.0.get() = Some(everything) };
    }

    extern "C" fn in_child() {
        thread::forget_the_others();
        after();
    }

    extern "C" fn after() {
        // SAFETY: `before` ran in this thread (of the parent), so we hold the lock of the names.
        let everything = unsafe { (*BETWEEN.0.get()).take() };
        drop(everything);
    }
}
