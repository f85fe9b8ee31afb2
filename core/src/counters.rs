//! One breaker's counters: the calling thread's stripe on the way in, the sum of all on the way out.

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;

use crate::machine::{Effect, Outcome, RejectReason};
use crate::stripe::{Chunk, Counts, HeldTable, KEPT, Place, Stripe, StripeTable};
use crate::sync::AtomicU64;

static TABLE: StripeTable = StripeTable::new();

thread_local! {
    /// What the current thread has leased, by run; empty where it has not.
    ///
    /// It has no destructor, so that reading it does not ask whether that has run; see [`RETURN`].
    static LEASES: Leases = const { Leases([const { Cell::new(&[]) }; KEPT]) };

    /// Gives the leases back when the thread ends.
    static RETURN: Return = const { Return };
}

/// What one thread has leased of all breakers' counters. Its own: it can be neither sent nor shared.
///
/// A thread's leases stay at their address for as long as the thread runs.
pub struct Leases([Cell<Chunk>; KEPT]);

/// Shows the calling thread's leases.
pub fn with_leases<R>(show: impl FnOnce(&Leases) -> R) -> R {
    LEASES.with(show)
}

impl Leases {
    /// A stripe, if it is leased. An empty chunk stands for a lease not taken, so that one bounds
    /// check answers both questions.
    #[inline(always)]
    fn stripe(&self, Place { run, index }: Place) -> Option<&'static Stripe> {
        self.0.get(run as usize)?.get().get(index as usize)
    }
}

impl fmt::Debug for Leases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leases").finish_non_exhaustive()
    }
}

struct Return;

impl Drop for Return {
    fn drop(&mut self) {
        LEASES.with(|leases| {
            for (run, lease) in (0..).zip(&leases.0) {
                let chunk = lease.take();
                if !chunk.is_empty() {
                    TABLE.give_back(run, chunk);
                }
            }
        });
    }
}

/// The counters of one breaker.
#[derive(Debug)]
pub(crate) struct Counters {
    place: Place,
}

impl Counters {
    pub(crate) fn new() -> Self {
        Self {
            place: TABLE.open(),
        }
    }

    #[inline(always)]
    pub(crate) fn success(&self) {
        match self.stripe() {
            Some(stripe) => stripe.success(),
            None => self.with_new_lease(Stripe::success),
        }
    }

    /// Counts where the thread has a stripe already: never allocates, locks or panics.
    #[inline(always)]
    pub(crate) fn success_at_once(&self) -> bool {
        LEASES.with(|leases| self.success_in(leases))
    }

    /// As `success_at_once`; the leases are the calling thread's, for they are nobody else's to have.
    #[inline(always)]
    pub(crate) fn success_in(&self, leases: &Leases) -> bool {
        let stripe = leases.stripe(self.place);
        if let Some(stripe) = stripe {
            stripe.success();
        }
        stripe.is_some()
    }

    pub(crate) fn settled(&self, outcome: Outcome, effect: Effect) {
        match self.stripe() {
            Some(stripe) => stripe.settled(outcome, effect),
            None => self.with_new_lease(|stripe| stripe.settled(outcome, effect)),
        }
    }

    pub(crate) fn rejected(&self, reason: RejectReason) {
        match self.stripe() {
            Some(stripe) => stripe.rejected(reason),
            None => self.with_new_lease(|stripe| stripe.rejected(reason)),
        }
    }

    /// The calling thread's lease of this breaker's run, taken if need be. None where it is not kept.
    pub(crate) fn lease(&self) -> Option<Lease> {
        if self.stripe().is_none() {
            self.with_new_lease(|_| ());
        }
        let Place { run, index } = self.place;
        let chunk = LEASES.with(|leases| leases.0.get(run as usize).map(Cell::get))?;
        let stripe = chunk.get(index as usize)?;
        Some(Lease { chunk, run, stripe })
    }

    /// Adds every thread's counts.
    pub(crate) fn sum(&self, counts: &mut Counts) {
        TABLE.sum(self.place, counts);
    }

    /// How many successes all threads have counted.
    pub(crate) fn successes(&self) -> u64 {
        TABLE.successes(self.place)
    }

    /// The calling thread's stripe, if it has one.
    #[inline(always)]
    fn stripe(&self) -> Option<&'static Stripe> {
        LEASES.with(|leases| leases.stripe(self.place))
    }

    #[cold]
    #[inline(never)]
    fn with_new_lease(&self, count: impl Fn(&Stripe)) {
        let Place { run, index } = self.place;
        let chunk = TABLE.lease(run);
        count(&chunk[index as usize]);
        // Kept, if there is room, and none was kept since we looked (an allocator that uses breakers),
        // and the thread is not ending: then nobody would give it back.
        let kept = LEASES.with(|leases| match leases.0.get(run as usize) {
            Some(lease) if lease.get().is_empty() && RETURN.try_with(|_| ()).is_ok() => {
                lease.set(chunk);
                true
            }
            _ => false,
        });
        if !kept {
            TABLE.give_back(run, chunk);
        }
    }
}

impl Drop for Counters {
    fn drop(&mut self) {
        TABLE.close(self.place);
    }
}

/// Holds the table of all counters; see [`crate::engine::hold_counters`].
pub(crate) fn hold() -> HeldTable<'static> {
    TABLE.hold()
}

/// One thread's counters of a run of breakers, and which of them is whose; from
/// [`Engine::lease`](crate::engine::Engine::lease).
///
/// For a host whose threads count successes in place (DESIGN 5), as the thread itself would: where
/// [`HostCounters`] are memory of their own for each breaker, this is the memory that the thread counts in anyway.
pub struct Lease {
    chunk: Chunk,
    run: u32,
    stripe: &'static Stripe,
}

impl Lease {
    /// The run's number. A thread has one lease of a run, and it stays where it is for as long as the thread runs.
    pub const fn run(&self) -> u32 {
        self.run
    }

    /// All of the thread's counters of this run, as 64-bit numbers. They are never freed; once the thread has
    /// ended they are another's.
    pub fn memory(&self) -> *const [AtomicU64] {
        let first = self.chunk.as_ptr().cast::<AtomicU64>();
        let length = size_of_val(self.chunk) / size_of::<AtomicU64>();
        std::ptr::slice_from_raw_parts(first, length)
    }

    /// Which of these numbers is the breaker's counter of successes. Nobody but the thread that asked may add
    /// to it, and only while the breaker lives.
    pub fn success_index(&self) -> usize {
        let cell = std::ptr::from_ref(self.stripe.success_cell()).addr();
        (cell - self.chunk.as_ptr().addr()) / size_of::<AtomicU64>()
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease")
            .field("run", &self.run)
            .finish_non_exhaustive()
    }
}

/// A success counter that a foreign host owns and counts in, in place (DESIGN 5).
///
/// The host reads the [admission word](crate::CircuitBreaker::admission_word), runs the guarded
/// call, and if the call succeeded and the word is still the same, adds one to
/// [`success_cell`](Self::success_cell). The breaker's totals include it.
///
/// One writer at a time. When the handle is dropped, what was counted stays counted, and another
/// host may go on in the same memory.
pub struct HostCounters {
    stripe: Arc<Stripe>,
}

impl HostCounters {
    pub(crate) const fn new(stripe: Arc<Stripe>) -> Self {
        Self { stripe }
    }

    /// Counts one success.
    pub fn success(&self) {
        self.stripe.success();
    }

    /// The counter, at an address that stays the same while this handle lives.
    pub fn success_cell(&self) -> &AtomicU64 {
        self.stripe.success_cell()
    }
}

impl fmt::Debug for HostCounters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostCounters").finish_non_exhaustive()
    }
}
