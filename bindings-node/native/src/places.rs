//! Where breakers stand: in slabs that are never freed, so that a view of one stays good.

use std::cell::UnsafeCell;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use breaker::engine::Engine;

/// Breakers of a slab: as many as a `u64` has bits, for who holds which.
pub(crate) const SLAB: u32 = u64::BITS;

/// Room for [`SLAB`] breakers.
pub(crate) struct Slab([UnsafeCell<MaybeUninit<Engine>>; SLAB as usize]);

// SAFETY: a place that is taken is only read, and engines may be shared; it is written by who takes it and by who
// gives it back, who are alone with it.
unsafe impl Sync for Slab {}

impl Slab {
    fn new() -> &'static Self {
        let empty = || UnsafeCell::new(MaybeUninit::uninit());
        Box::leak(Box::new(Self(std::array::from_fn(|_| empty()))))
    }

    /// The breaker at a place.
    ///
    /// # Safety
    ///
    /// The place is taken, and is not given back while the answer is used.
    #[inline(always)]
    pub(crate) const unsafe fn engine(&self, index: u32) -> &Engine {
        let place = self.0[index as usize].get();
        // SAFETY: `take` has written it, as the caller promises.
        unsafe { (*place).assume_init_ref() }
    }

    /// All of it, for a view.
    pub(crate) const fn memory(&'static self) -> (*const u8, usize) {
        (ptr::from_ref(self).cast(), size_of::<Self>())
    }
}

/// A breaker's number: its slab's number, and its place there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place(u32);

impl Place {
    /// The host's number for it; 0 is none.
    pub(crate) const fn number(self) -> u32 {
        self.0 + 1
    }

    /// The place of a host's number.
    pub(crate) const fn numbered(number: u32) -> Option<Self> {
        match number.checked_sub(1) {
            Some(place) => Some(Self(place)),
            None => None,
        }
    }

    /// The place at an index of a slab.
    pub(crate) const fn at(slab: usize, index: u32) -> Self {
        Self(slab as u32 * SLAB + index)
    }

    pub(crate) const fn slab(self) -> usize {
        (self.0 / SLAB) as usize
    }

    pub(crate) const fn index(self) -> u32 {
        self.0 % SLAB
    }
}

struct Places {
    slabs: Vec<&'static Slab>,
    /// Given back, to be taken again.
    free: Vec<Place>,
}

static PLACES: Mutex<Places> = Mutex::new(Places {
    slabs: Vec::new(),
    free: Vec::new(),
});

fn places() -> MutexGuard<'static, Places> {
    PLACES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The slab of a place that is taken.
pub(crate) fn slab_of(place: Place) -> &'static Slab {
    places().slabs[place.slab()]
}

/// How many places are taken.
pub(crate) fn taken() -> u32 {
    let places = places();
    places.slabs.len() as u32 * SLAB - places.free.len() as u32
}

/// Puts a breaker somewhere.
pub(crate) fn take(engine: Engine) -> Place {
    let places = &mut *places();
    let place = places.free.pop().unwrap_or_else(|| {
        let first = places.slabs.len() as u32 * SLAB;
        places.slabs.push(Slab::new());
        // The first is taken at once, the others in their order.
        places
            .free
            .extend((first + 1..first + SLAB).rev().map(Place));
        Place(first)
    });
    let slot = places.slabs[place.slab()].0[place.index() as usize].get();
    // SAFETY: nobody else has the place: it was free.
    unsafe { (*slot).write(engine) };
    place
}

/// Drops the breaker at a place.
///
/// # Safety
///
/// The place is taken, nobody uses it, and nobody gives it back a second time.
pub(crate) unsafe fn give_back(place: Place) {
    let slot = slab_of(place).0[place.index() as usize].get();
    // SAFETY: the caller's promise. Not under the lock, for the breaker has locks of its own to take.
    unsafe { (*slot).assume_init_drop() };
    places().free.push(place);
}
