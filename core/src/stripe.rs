//! Counters that cost no shared write: one writer each, summed when somebody looks.
//!
//! A [`Stripe`] belongs to one breaker and one writer at a time, so counting is a load, an add and
//! a store, without a locked instruction. A [`StripeTable`] gives every thread a stripe of every
//! breaker: breakers own *columns* (an index), threads lease *chunks* (a run of columns). A thread
//! that ends gives its chunks back, counts and all, and the next thread goes on where it stopped; so
//! nothing is folded, nothing is lost, and the memory is bounded by the threads alive at once.
//!
//! Cost: [`Stripe`] (32 bytes) per breaker and thread, allocated [`CHUNK`] at a time when a
//! thread first counts something for a breaker in that run.

use std::sync::Arc;

use crate::machine::RejectReason;
#[cfg(feature = "std")]
use crate::sync::MutexGuard;
use crate::sync::{AtomicU64, Mutex, Ordering, lock};

/// What happens without the lock: successes, and rejections by reason.
///
/// Single writer. Any thread may read; a reader sees each count that happened before it.
#[derive(Debug)]
pub(crate) struct Stripe {
    success: AtomicU64,
    rejected: [AtomicU64; RejectReason::ALL.len()],
}

/// A sum of stripes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) success: u64,
    pub(crate) rejected: [u64; RejectReason::ALL.len()],
}

impl Default for Stripe {
    fn default() -> Self {
        Self {
            success: AtomicU64::new(0),
            rejected: [(); RejectReason::ALL.len()].map(|()| AtomicU64::new(0)),
        }
    }
}

impl Stripe {
    /// Counts a success. Only the stripe's writer may call it.
    #[inline]
    pub(crate) fn success(&self) {
        bump(&self.success);
    }

    /// Counts a rejection. Only the stripe's writer may call it.
    #[inline]
    pub(crate) fn rejected(&self, reason: RejectReason) {
        bump(&self.rejected[reason as usize]);
    }

    /// The success counter itself, for a host that counts in place.
    pub(crate) const fn success_cell(&self) -> &AtomicU64 {
        &self.success
    }

    fn clear(&self) {
        self.success.store(0, Ordering::Relaxed);
        for rejected in &self.rejected {
            rejected.store(0, Ordering::Relaxed);
        }
    }
}

/// A plain add: the one writer's load cannot be stale, and a reader needs no more than the value.
#[inline]
fn bump(counter: &AtomicU64) {
    counter.store(
        counter.load(Ordering::Relaxed).wrapping_add(1),
        Ordering::Relaxed,
    );
}

impl Counts {
    pub(crate) fn add(&mut self, stripe: &Stripe) {
        self.success += stripe.success.load(Ordering::Relaxed);
        for (sum, rejected) in self.rejected.iter_mut().zip(&stripe.rejected) {
            *sum += rejected.load(Ordering::Relaxed);
        }
    }
}

/// How many columns a chunk runs over. Small under loom, which copes with few atomics only.
pub(crate) const CHUNK: usize = if cfg!(loom) { 1 } else { 64 };

/// The stripes of one thread for a run of [`CHUNK`] breakers.
pub(crate) type Chunk = [Stripe; CHUNK];

/// All threads' stripes of all breakers.
#[derive(Debug, Default)]
pub(crate) struct StripeTable {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// By run of columns.
    runs: Vec<Run>,
    /// Columns given back, to be given out again.
    free: Vec<u32>,
    /// Columns ever given out.
    columns: u32,
}

#[derive(Debug, Default)]
struct Run {
    /// Every chunk of this run, leased or not.
    chunks: Vec<Arc<Chunk>>,
    /// Those that no thread holds now.
    unleased: Vec<Arc<Chunk>>,
}

impl StripeTable {
    #[cfg(not(loom))]
    pub(crate) const fn new() -> Self {
        Self {
            inner: Mutex::new(Inner {
                runs: Vec::new(),
                free: Vec::new(),
                columns: 0,
            }),
        }
    }

    /// Gives a new breaker its column, every stripe of it at zero.
    pub(crate) fn open_column(&self) -> u32 {
        let inner = &mut *lock(&self.inner);
        inner.free.pop().unwrap_or_else(|| {
            let column = inner.columns;
            inner.columns += 1;
            if inner.runs.len() <= run_of(column) {
                inner.runs.push(Run::default());
            }
            column
        })
    }

    /// Takes a column back. Nobody counts in it any more: the breaker is gone, and every use of it
    /// happened before that.
    pub(crate) fn close_column(&self, column: u32) {
        let inner = &mut *lock(&self.inner);
        for chunk in &inner.runs[run_of(column)].chunks {
            chunk[place_in(column)].clear();
        }
        inner.free.push(column);
    }

    /// Leases the run of `column` to the calling thread, which becomes its one writer.
    pub(crate) fn lease(&self, column: u32) -> Arc<Chunk> {
        let inner = &mut *lock(&self.inner);
        let run = &mut inner.runs[run_of(column)];
        run.unleased.pop().unwrap_or_else(|| {
            let chunk: Arc<Chunk> = Arc::new([(); CHUNK].map(|()| Stripe::default()));
            run.chunks.push(Arc::clone(&chunk));
            chunk
        })
    }

    /// Gives a lease back. The lock hands the counts over to the next lessee.
    pub(crate) fn give_back(&self, run: usize, chunk: Arc<Chunk>) {
        lock(&self.inner).runs[run].unleased.push(chunk);
    }

    /// Keeps everybody out until the answer is dropped.
    #[cfg(feature = "std")]
    pub(crate) fn hold(&self) -> HeldTable<'_> {
        HeldTable {
            _guard: lock(&self.inner),
        }
    }

    /// Adds up a column.
    pub(crate) fn sum(&self, column: u32, counts: &mut Counts) {
        for chunk in &lock(&self.inner).runs[run_of(column)].chunks {
            counts.add(&chunk[place_in(column)]);
        }
    }
}

/// The table's lock, held.
#[cfg(feature = "std")]
pub(crate) struct HeldTable<'a> {
    _guard: MutexGuard<'a, Inner>,
}

pub(crate) const fn run_of(column: u32) -> usize {
    column as usize / CHUNK
}

pub(crate) const fn place_in(column: u32) -> usize {
    column as usize % CHUNK
}

#[cfg(all(test, loom))]
mod loom_tests;
#[cfg(all(test, not(loom)))]
mod tests;
