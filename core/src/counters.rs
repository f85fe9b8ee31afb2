//! One breaker's counters: the calling thread's stripe on the way in, the sum of all on the way out.

use std::cell::OnceCell;
use std::fmt;
use std::sync::Arc;

use crate::machine::RejectReason;
use crate::stripe::{Chunk, Counts, HeldTable, Stripe, StripeTable, place_in, run_of};
use crate::sync::AtomicU64;

static TABLE: StripeTable = StripeTable::new();

thread_local! {
    static LEASES: Leases = const { Leases([const { OnceCell::new() }; SHELVES]) };
}

/// What the current thread has leased: shelves of chunks, both made when they are first needed.
///
/// Two levels of [`OnceCell`], not a `RefCell<Vec>`: reading one is a load and a null check, while the
/// borrow count of the other, written twice per call, would cost more than the counting.
struct Leases([OnceCell<Box<Shelf>>; SHELVES]);

type Shelf = [OnceCell<Arc<Chunk>>; SHELF];

/// Chunks on a shelf.
const SHELF: usize = 256;
/// Shelves; together room for two million breakers. Beyond, each count takes the table's lock.
const SHELVES: usize = 128;

impl Leases {
    #[inline(always)]
    fn get(&self, run: usize) -> Option<&Chunk> {
        let chunk = self.0.get(run / SHELF)?.get()?[run % SHELF].get()?;
        Some(chunk)
    }

    /// Keeps a lease; gives it back where there is no room, or where there is one already (an
    /// allocator or a signal handler that uses breakers came in between).
    fn keep(&self, run: usize, chunk: Arc<Chunk>) -> Result<(), Arc<Chunk>> {
        let Some(shelf) = self.0.get(run / SHELF) else {
            return Err(chunk);
        };
        if shelf.get().is_none() {
            let new = Box::new([const { OnceCell::new() }; SHELF]);
            // If there is one by now, that one is as good.
            let _ = shelf.set(new);
        }
        match shelf.get() {
            Some(shelf) => shelf[run % SHELF].set(chunk),
            None => Err(chunk),
        }
    }
}

impl Drop for Leases {
    fn drop(&mut self) {
        for (number, shelf) in self.0.iter_mut().enumerate() {
            for (place, lease) in shelf
                .take()
                .iter_mut()
                .flat_map(|it| it.iter_mut())
                .enumerate()
            {
                if let Some(chunk) = lease.take() {
                    TABLE.give_back(number * SHELF + place, chunk);
                }
            }
        }
    }
}

/// The counters of one breaker.
#[derive(Debug)]
pub(crate) struct Counters {
    column: u32,
}

impl Counters {
    pub(crate) fn new() -> Self {
        Self {
            column: TABLE.open_column(),
        }
    }

    #[inline(always)]
    pub(crate) fn success(&self) {
        self.with_stripe(Stripe::success);
    }

    /// Counts where the thread has a stripe already: never allocates, locks or panics.
    #[inline(always)]
    pub(crate) fn success_at_once(&self) -> bool {
        let counted = LEASES.try_with(|leases| match leases.get(run_of(self.column)) {
            Some(chunk) => {
                chunk[place_in(self.column)].success();
                true
            }
            None => false,
        });
        counted.unwrap_or(false)
    }

    pub(crate) fn rejected(&self, reason: RejectReason) {
        self.with_stripe(|stripe| stripe.rejected(reason));
    }

    /// Adds every thread's counts.
    pub(crate) fn sum(&self, counts: &mut Counts) {
        TABLE.sum(self.column, counts);
    }

    /// The hot path: a thread-local, then two loads, each with a null check.
    #[inline(always)]
    fn with_stripe(&self, count: impl Fn(&Stripe)) {
        let counted = LEASES.try_with(|leases| match leases.get(run_of(self.column)) {
            Some(chunk) => count(&chunk[place_in(self.column)]),
            None => self.with_new_lease(Some(leases), &count),
        });
        // The thread is ending, its leases are given back already.
        if counted.is_err() {
            self.with_new_lease(None, &count);
        }
    }

    #[cold]
    #[inline(never)]
    fn with_new_lease(&self, leases: Option<&Leases>, count: &dyn Fn(&Stripe)) {
        let run = run_of(self.column);
        let chunk = TABLE.lease(self.column);
        count(&chunk[place_in(self.column)]);
        let kept = match leases {
            Some(leases) => leases.keep(run, chunk),
            None => Err(chunk),
        };
        if let Err(chunk) = kept {
            TABLE.give_back(run, chunk);
        }
    }
}

impl Drop for Counters {
    fn drop(&mut self) {
        TABLE.close_column(self.column);
    }
}

/// Holds the table of all counters; see [`crate::engine::hold_counters`].
pub(crate) fn hold() -> HeldTable<'static> {
    TABLE.hold()
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
