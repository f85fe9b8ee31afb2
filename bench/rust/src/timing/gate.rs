//! A gate that a few threads leave together.

use std::hint;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Opens when everybody has arrived. It spins: a thread that has to be woken starts late.
#[derive(Debug)]
pub(super) struct Gate {
    awaited: AtomicUsize,
}

impl Gate {
    pub(super) fn new(threads: usize) -> Self {
        Self {
            awaited: AtomicUsize::new(threads),
        }
    }

    pub(super) fn pass(&self) {
        self.awaited.fetch_sub(1, Ordering::AcqRel);
        while self.awaited.load(Ordering::Acquire) != 0 {
            hint::spin_loop();
        }
    }
}
