//! A table of the threads that count; see [`super`].

use std::arch::asm;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

use breaker::engine::{Engine, Leases, with_leases};

/// 16 KiB, shared by all breakers. Of a hundred threads at unrelated addresses some five go without.
const BITS: u32 = 10;

/// Written by the thread that it belongs to, from the moment that it does; 0 is nobody. Other threads
/// read `thread` only to see that it is not theirs, so nothing has to be ordered between threads.
struct Line {
    thread: AtomicUsize,
    leases: AtomicPtr<Leases>,
}

static TABLE: [Line; 1 << BITS] = [const {
    Line {
        thread: AtomicUsize::new(0),
        leases: AtomicPtr::new(ptr::null_mut()),
    }
}; 1 << BITS];

/// The calling thread's pointer: which of the living threads it is.
#[inline(always)]
fn this_thread() -> usize {
    let pointer: usize;
    // SAFETY: a load of what the ABI puts there: the thread pointer's own address (ELF TLS, x86-64).
    unsafe {
        asm!(
            "mov {}, qword ptr fs:[0]",
            out(reg) pointer,
            options(pure, readonly, nostack, preserves_flags),
        );
    }
    pointer
}

#[inline(always)]
fn line_of(thread: usize) -> &'static Line {
    &TABLE[number_of(thread)]
}

/// Fibonacci hashing: the pointers of threads that begin one after the other lie a stack's size apart.
#[inline(always)]
const fn number_of(thread: usize) -> usize {
    /// 2^64 over the golden ratio.
    const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;
    ((thread as u64).wrapping_mul(SPREAD) >> (u64::BITS - BITS)) as usize
}

/// Counts a success if that takes no more than an addition; false means nothing was done.
#[inline(always)]
pub(crate) fn count_success_at_once(engine: &Engine) -> bool {
    leases().is_some_and(|leases| engine.count_success_in(leases))
}

/// Counts a success, whatever it takes, so that the thread's next one is counted at once.
pub(crate) fn count_success(engine: &Engine) {
    engine.count_success();
    with_leases(remember);
}

/// The leases of the calling thread, if they are written down.
#[inline(always)]
fn leases<'a>() -> Option<&'a Leases> {
    let thread = this_thread();
    let line = line_of(thread);
    if line.thread.load(Ordering::Relaxed) != thread {
        return None;
    }
    // SAFETY: NULL, or what this very thread has put there in `remember`: it strikes it out when it ends,
    // and a child of a fork strikes out those of threads that it does not have. What it points at is a
    // thread-local of core's without a destructor, which is there for as long as its thread is.
    unsafe { line.leases.load(Ordering::Relaxed).as_ref() }
}

/// Whether the calling thread's line has an owner, be it this thread or another: there is nothing to be written down.
pub(crate) fn goes_without() -> bool {
    line_of(this_thread()).thread.load(Ordering::Relaxed) != 0
}

/// Writes down the calling thread's leases, if the line is free.
fn remember(leases: &Leases) {
    let thread = this_thread();
    let line = line_of(thread);
    // A thread that is about to be gone could not strike them out any more.
    if STRIKE_OUT.try_with(|_| ()).is_ok()
        && line
            .thread
            .compare_exchange(0, thread, Ordering::Acquire, Ordering::Relaxed)
            .is_ok()
    {
        let leases = ptr::from_ref(leases).cast_mut();
        line.leases.store(leases, Ordering::Relaxed);
    }
}

impl Line {
    fn strike_out(&self) {
        self.leases.store(ptr::null_mut(), Ordering::Relaxed);
        self.thread.store(0, Ordering::Release);
    }
}

/// In the child of a fork: the other threads are not here, and their memory may be used again.
pub(crate) fn forget_the_others() {
    let thread = this_thread();
    for line in &TABLE {
        if line.thread.load(Ordering::Relaxed) != thread {
            line.strike_out();
        }
    }
}

thread_local! {
    static STRIKE_OUT: StrikeOut = const { StrikeOut };
}

struct StrikeOut;

impl Drop for StrikeOut {
    fn drop(&mut self) {
        let thread = this_thread();
        let line = line_of(thread);
        if line.thread.load(Ordering::Relaxed) == thread {
            line.strike_out();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::thread;

    use breaker::engine::with_leases;

    use super::{BITS, Ordering, leases, line_of, number_of, ptr, remember, this_thread};

    #[test]
    fn threads_that_begin_one_after_the_other_have_lines_of_their_own() {
        for stack in [0x2_1000, 0x20_1000, 0x80_0000, 0x80_1000, 0x400_1000] {
            let lines = (0..100).map(|n| number_of(0x7FFF_F7D8_B6C0 - n * stack));
            assert!(lines.clone().all(|line| line < 1 << BITS));
            assert!(lines.collect::<BTreeSet<_>>().len() >= 75, "{stack:#x}");
        }
    }

    #[test]
    fn a_thread_finds_its_own_leases_and_leaves_nothing_behind() {
        for _ in 0..1_000 {
            let ended = thread::spawn(|| {
                assert!(leases().is_none(), "nobody's, or another thread's");
                with_leases(remember);
                // Another test's thread may have the line.
                if let Some(found) = leases() {
                    with_leases(|mine| assert!(ptr::eq(mine, found)));
                }
                this_thread()
            })
            .join()
            .expect("it does not panic");
            let line = line_of(ended).thread.load(Ordering::Relaxed);
            assert_ne!(line, ended, "it is struck out");
        }
    }
}
