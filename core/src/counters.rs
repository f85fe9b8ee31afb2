//! One breaker's counters: the calling thread's stripe on the way in, the sum of all on the way out.

use std::cell::RefCell;
use std::fmt;
use std::sync::{Arc, PoisonError};

use crate::machine::RejectReason;
use crate::stripe::{Chunk, Counts, Stripe, StripeTable, place_in, run_of};
use crate::sync::AtomicU64;

static TABLE: StripeTable = StripeTable::new();

thread_local! {
    static LEASES: RefCell<Leases> = const { RefCell::new(Leases(Vec::new())) };
}

/// What the current thread has leased, by run.
struct Leases(Vec<Option<Arc<Chunk>>>);

impl Drop for Leases {
    fn drop(&mut self) {
        for (run, lease) in self.0.drain(..).enumerate() {
            if let Some(chunk) = lease {
                TABLE.give_back(run, chunk);
            }
        }
    }
}

/// The counters of one breaker.
#[derive(Debug)]
pub(crate) struct Counters {
    column: u32,
    hosts: std::sync::Mutex<Hosts>,
}

/// The stripes that foreign hosts count in, and what those left that are gone.
#[derive(Debug, Default)]
struct Hosts(Vec<Arc<Stripe>>);

impl Counters {
    pub(crate) fn new() -> Self {
        Self {
            column: TABLE.open_column(),
            hosts: std::sync::Mutex::default(),
        }
    }

    #[inline]
    pub(crate) fn success(&self) {
        self.with_stripe(Stripe::success);
    }

    pub(crate) fn rejected(&self, reason: RejectReason) {
        self.with_stripe(|stripe| stripe.rejected(reason));
    }

    pub(crate) fn sum(&self) -> Counts {
        let mut counts = Counts::default();
        TABLE.sum(self.column, &mut counts);
        for stripe in &self.hosts().0 {
            counts.add(stripe);
        }
        counts
    }

    /// A stripe for a host to count in.
    pub(crate) fn host_stripe(&self) -> Arc<Stripe> {
        let hosts = &mut self.hosts().0;
        // A stripe that only we hold has been given up; its counts stay in it for the next host.
        // `get_mut`, unlike `strong_count`, also orders us after everything that host has counted.
        let given_up = hosts
            .iter_mut()
            .position(|stripe| Arc::get_mut(stripe).is_some());
        if let Some(index) = given_up {
            return Arc::clone(&hosts[index]);
        }
        let stripe = Arc::<Stripe>::default();
        hosts.push(Arc::clone(&stripe));
        stripe
    }

    fn hosts(&self) -> std::sync::MutexGuard<'_, Hosts> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The hot path: a thread-local, one bounds check, one null check.
    #[inline]
    fn with_stripe(&self, count: impl Fn(&Stripe)) {
        let counted = LEASES.try_with(|leases| {
            if let Ok(leases) = leases.try_borrow()
                && let Some(Some(chunk)) = leases.0.get(run_of(self.column))
            {
                count(&chunk[place_in(self.column)]);
                return;
            }
            self.with_new_lease(leases, &count);
        });
        if counted.is_err() {
            self.with_passing_lease(&count);
        }
    }

    #[cold]
    fn with_new_lease(&self, leases: &RefCell<Leases>, count: &dyn Fn(&Stripe)) {
        let run = run_of(self.column);
        let chunk = TABLE.lease(self.column);
        count(&chunk[place_in(self.column)]);
        match leases.try_borrow_mut() {
            Ok(mut leases) => {
                if leases.0.len() <= run {
                    leases.0.resize_with(run + 1, || None);
                }
                leases.0[run] = Some(chunk);
            }
            // A signal handler or an allocator hook came in between: keep nothing.
            Err(_) => TABLE.give_back(run, chunk),
        }
    }

    /// For a thread whose thread-locals are gone already: a lease for this one count.
    #[cold]
    fn with_passing_lease(&self, count: &dyn Fn(&Stripe)) {
        let chunk = TABLE.lease(self.column);
        count(&chunk[place_in(self.column)]);
        TABLE.give_back(run_of(self.column), chunk);
    }
}

impl Drop for Counters {
    fn drop(&mut self) {
        TABLE.close_column(self.column);
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
