//! Counters that cost no shared write: one writer each, summed when somebody looks.
//!
//! A [`Stripe`] belongs to one breaker and one writer at a time, so counting is a load, an add and
//! a store, without a locked instruction. A [`StripeTable`] gives every thread a stripe of every
//! breaker: a breaker owns a [`Place`], a run and an index in it; a thread leases *chunks*, the
//! stripes of one run. A thread that ends gives its chunks back, counts and all, and the next thread
//! goes on where it stopped: nothing is folded, nothing is lost, and the memory is bounded by the
//! threads alive at once.
//!
//! Cost: a [`Stripe`] (64 bytes) per breaker and thread. A chunk is made when a thread first counts
//! something in its run. Runs grow with the number of breakers: 64, 64, 128, 256 … 16,384 stripes, so
//! that a few breakers need little and many need few look-ups.

use crate::machine::{Effect, Outcome, RejectReason};
#[cfg(feature = "std")]
use crate::sync::MutexGuard;
use crate::sync::{AtomicU64, Mutex, Ordering, lock};

/// Everything that is counted of calls. One cache line.
///
/// Single writer. Any thread may read; a reader sees each count that happened before it.
#[derive(Debug, Default)]
#[repr(align(64))]
pub(crate) struct Stripe {
    settled: [AtomicU64; Outcome::ALL.len()],
    stale: AtomicU64,
    rejected: [AtomicU64; RejectReason::ALL.len()],
}

/// A sum of stripes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) settled: [u64; Outcome::ALL.len()],
    pub(crate) stale: u64,
    pub(crate) rejected: [u64; RejectReason::ALL.len()],
}

/// Counting; only the stripe's writer may do it.
impl Stripe {
    #[inline(always)]
    pub(crate) fn success(&self) {
        bump(self.success_cell());
    }

    /// Counts what became of a permit.
    pub(crate) fn settled(&self, outcome: Outcome, effect: Effect) {
        match effect {
            Effect::Applied => bump(&self.settled[outcome as usize]),
            Effect::Stale => bump(&self.stale),
            Effect::AlreadySettled | Effect::Shadowed => {}
        }
    }

    pub(crate) fn rejected(&self, reason: RejectReason) {
        bump(&self.rejected[reason as usize]);
    }

    /// The success counter itself, for a host that counts in place.
    #[inline(always)]
    pub(crate) const fn success_cell(&self) -> &AtomicU64 {
        &self.settled[Outcome::Success as usize]
    }

    fn counters(&self) -> impl Iterator<Item = &AtomicU64> {
        self.settled
            .iter()
            .chain([&self.stale])
            .chain(&self.rejected)
    }

    fn clear(&self) {
        for counter in self.counters() {
            counter.store(0, Ordering::Relaxed);
        }
    }
}

/// A plain add: the one writer's load cannot be stale, and a reader needs no more than the value.
#[inline(always)]
fn bump(counter: &AtomicU64) {
    counter.store(
        counter.load(Ordering::Relaxed).wrapping_add(1),
        Ordering::Relaxed,
    );
}

impl Counts {
    pub(crate) fn add(&mut self, stripe: &Stripe) {
        let sums = self
            .settled
            .iter_mut()
            .chain([&mut self.stale])
            .chain(&mut self.rejected);
        for (sum, counter) in sums.zip(stripe.counters()) {
            *sum += counter.load(Ordering::Relaxed);
        }
    }
}

/// The stripes of one thread for one run. Never freed: the table reuses it for as long as it lives,
/// and the one that is not a test's lives as long as the process.
pub(crate) type Chunk = &'static [Stripe];

/// Where a breaker's stripes are: the same place in every thread's chunk of this run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) run: u32,
    pub(crate) index: u32,
}

/// Stripes in the first run. Small under loom, which copes with few atomics only.
const FIRST: u32 = if cfg!(loom) { 1 } else { 64 };
/// Runs that double: then every run has as many stripes as all of these together.
const DOUBLING: u32 = 9;
const LARGEST: u32 = FIRST << (DOUBLING - 1);
/// Runs whose leases a thread keeps: two million breakers. Further ones are leased for each count,
/// under the table's lock.
pub(crate) const KEPT: usize = 136;

impl Place {
    /// The place of the n-th breaker.
    const fn nth(n: u32) -> Self {
        if n >= LARGEST {
            let run = DOUBLING - 1 + n / LARGEST;
            Self {
                run,
                index: n % LARGEST,
            }
        } else if n >= FIRST {
            let doubled = (n / FIRST).ilog2();
            Self {
                run: doubled + 1,
                index: n - (FIRST << doubled),
            }
        } else {
            Self { run: 0, index: n }
        }
    }
}

/// How many stripes a run has.
const fn size_of_run(run: u32) -> u32 {
    match run {
        0 => FIRST,
        run if run < DOUBLING => FIRST << (run - 1),
        _ => LARGEST,
    }
}

/// All threads' stripes of all breakers.
#[derive(Debug, Default)]
pub(crate) struct StripeTable {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    runs: Vec<Run>,
    /// Places given back, to be given out again.
    free: Vec<Place>,
    /// How many places were ever given out.
    places: u32,
}

#[derive(Debug, Default)]
struct Run {
    /// Every chunk of this run, leased or not.
    chunks: Vec<Chunk>,
    /// Those that no thread holds now.
    unleased: Vec<Chunk>,
}

impl StripeTable {
    #[cfg(not(loom))]
    pub(crate) const fn new() -> Self {
        Self {
            inner: Mutex::new(Inner {
                runs: Vec::new(),
                free: Vec::new(),
                places: 0,
            }),
        }
    }

    /// Gives a new breaker its place, every stripe of it at zero.
    pub(crate) fn open(&self) -> Place {
        let inner = &mut *lock(&self.inner);
        inner.free.pop().unwrap_or_else(|| {
            let place = Place::nth(inner.places);
            inner.places += 1;
            if inner.runs.len() <= place.run as usize {
                inner.runs.push(Run::default());
            }
            place
        })
    }

    /// Takes a place back. Nobody counts there any more: the breaker is gone, and every use of it
    /// happened before that.
    pub(crate) fn close(&self, place: Place) {
        let inner = &mut *lock(&self.inner);
        for chunk in &inner.runs[place.run as usize].chunks {
            chunk[place.index as usize].clear();
        }
        inner.free.push(place);
    }

    /// Leases a run to the calling thread, which becomes the one writer of its chunk.
    pub(crate) fn lease(&self, run: u32) -> Chunk {
        let inner = &mut *lock(&self.inner);
        let leased = &mut inner.runs[run as usize];
        leased.unleased.pop().unwrap_or_else(|| {
            let stripes = (0..size_of_run(run)).map(|_| Stripe::default());
            let chunk: Chunk = Box::leak(stripes.collect());
            leased.chunks.push(chunk);
            chunk
        })
    }

    /// Gives a lease back. The lock hands the counts over to the next lessee.
    pub(crate) fn give_back(&self, run: u32, chunk: Chunk) {
        lock(&self.inner).runs[run as usize].unleased.push(chunk);
    }

    /// Keeps everybody out until the answer is dropped.
    #[cfg(feature = "std")]
    pub(crate) fn hold(&self) -> HeldTable<'_> {
        HeldTable {
            _guard: lock(&self.inner),
        }
    }

    /// Adds up a place's successes.
    pub(crate) fn successes(&self, place: Place) -> u64 {
        lock(&self.inner).runs[place.run as usize]
            .chunks
            .iter()
            .map(|chunk| {
                chunk[place.index as usize]
                    .success_cell()
                    .load(Ordering::Relaxed)
            })
            .sum()
    }

    /// Adds up a place.
    pub(crate) fn sum(&self, place: Place, counts: &mut Counts) {
        for chunk in &lock(&self.inner).runs[place.run as usize].chunks {
            counts.add(&chunk[place.index as usize]);
        }
    }
}

/// The table's lock, held.
#[cfg(feature = "std")]
pub(crate) struct HeldTable<'a> {
    _guard: MutexGuard<'a, Inner>,
}

#[cfg(all(test, loom))]
mod loom_tests;
#[cfg(all(test, not(loom)))]
mod tests;
