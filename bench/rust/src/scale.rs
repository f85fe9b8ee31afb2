//! Whether a call costs the same with many breakers, and on an old one.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;
use k1s0_circuit_breaker::CircuitBreaker;

use crate::barrier::opaque;
use crate::cases::ours::breaker;
use crate::clock;
use crate::guarded::{healthy, repeat};
use crate::timing::median;

/// What of the size of the run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    /// Most breakers.
    pub breakers: usize,
    /// Calls that make a breaker old.
    pub calls: u64,
    /// Transitions that do.
    pub transitions: u64,
    /// Calls of one sample.
    pub sample: u64,
    /// Samples; the median is taken.
    pub samples: usize,
}

impl Size {
    /// For figures.
    pub(crate) const FULL: Self = Self {
        breakers: 100_000,
        calls: 100_000_000,
        transitions: 200_000,
        sample: 400_000,
        samples: 31,
    };

    /// For a look whether everything runs.
    pub(crate) const QUICK: Self = Self {
        breakers: 1_000,
        calls: 10_000,
        transitions: 200,
        sample: 1_000,
        samples: 1,
    };
}

/// A call with so many breakers, in nanoseconds, next to a load from as many objects.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Walk {
    /// Breakers.
    pub breakers: usize,
    /// One after the other.
    pub sequential: f64,
    /// In no order.
    pub random: f64,
    /// A relaxed load from as many objects of 128 bytes, one after the other.
    pub sequential_load: f64,
    /// The same in no order.
    pub random_load: f64,
}

/// A call on a breaker of some age, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Age {
    /// What has happened to it.
    pub after: &'static str,
    /// Nanoseconds.
    pub nanos: f64,
}

/// Measures with 1, 100, … breakers.
pub(crate) fn walks(size: Size) -> Result<Vec<Walk>> {
    let mut walks = Vec::new();
    let mut number = 1;
    while number <= size.breakers {
        let breakers = (0..number).map(|_| breaker()).collect::<Result<Vec<_>>>()?;
        let objects: Vec<Box<Object>> = (0..number).map(|_| Box::default()).collect();
        walks.push(Walk {
            breakers: number,
            sequential: each(size, number, next, |i| guard(&breakers[i])),
            random: each(size, number, leap, |i| guard(&breakers[i])),
            sequential_load: each(size, number, next, |i| objects[i].load()),
            random_load: each(size, number, leap, |i| objects[i].load()),
        });
        number *= 10;
    }
    Ok(walks)
}

/// Measures a breaker at several ages.
pub(crate) fn ages(size: Size) -> Result<Vec<Age>> {
    let breaker = breaker()?;
    let age = |after| Age {
        after,
        nanos: each(size, 1, next, |_| guard(&breaker)),
    };
    let mut ages = vec![age("new")];
    repeat(size.calls, |i| breaker.call_sync(|| healthy(i)));
    ages.push(age("10^8 calls"));
    for _ in 0..size.transitions / 2 {
        breaker.trip();
        breaker.reset();
    }
    ages.push(age("and 200,000 transitions"));
    Ok(ages)
}

#[inline(always)]
fn guard(breaker: &CircuitBreaker) {
    let _ = black_box(breaker.call_sync(|| healthy(0)).is_ok());
}

/// As large as a breaker may be.
#[derive(Default)]
#[repr(align(64))]
struct Object([AtomicU64; 16]);

impl Object {
    #[inline(always)]
    fn load(&self) {
        opaque(self.0[0].load(Ordering::Relaxed));
    }
}

/// The place after this one.
fn next(state: &mut u64, number: usize) -> usize {
    *state += 1;
    if *state >= number as u64 {
        *state = 0;
    }
    *state as usize
}

/// Some place.
fn leap(state: &mut u64, number: usize) -> usize {
    // Knuth's MMIX generator; its upper half is random enough to defeat a prefetcher.
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    (((*state >> 32) * number as u64) >> 32) as usize
}

#[inline(always)]
fn each(
    size: Size,
    number: usize,
    place: impl Fn(&mut u64, usize) -> usize,
    action: impl Fn(usize),
) -> f64 {
    let mut state = 1;
    let mut walk = || {
        let start = clock::now();
        for _ in 0..size.sample {
            action(place(&mut state, number));
        }
        clock::now().duration_since(start).as_nanos() as f64 / size.sample as f64
    };
    // Once for the caches.
    walk();
    median((0..size.samples).map(|_| walk()))
}
