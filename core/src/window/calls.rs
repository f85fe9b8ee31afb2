//! The last N calls.

use alloc::boxed::Box;
use alloc::vec;
use core::cmp::min;
use core::ops::Range;

use super::{Content, Sample};

/// Exactly the last N calls (SPEC 11.2): two bits each, in a ring.
///
/// Every operation costs the same for a window of 65,536 calls as for one of 100, but for a run of
/// successes that drives failures out, which costs one step for each 64 calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallWindow {
    bits: Bits,
    filled: u32,
    failures: u32,
    slow: u32,
    /// Where the next sample goes: where the oldest is, once the window is full.
    next: u16,
    /// The size less one; the size itself does not fit.
    last: u16,
}

/// Which calls failed, and behind them which took long. Small ones need no allocation.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Bits {
    Inline([u64; INLINE]),
    Heap(Box<[u64]>),
}

const INLINE: usize = 2;
const PER_WORD: usize = u64::BITS as usize;

impl CallWindow {
    /// The largest window.
    pub const MAX_SIZE: u32 = 1 << 16;

    /// An empty window of `size` calls, 1 to 65,536. Without `with_slow` it takes no slow samples,
    /// and half the memory.
    pub fn new(size: u32, with_slow: bool) -> Self {
        debug_assert!((1..=Self::MAX_SIZE).contains(&size));
        let words = words(size as usize) * if with_slow { 2 } else { 1 };
        Self {
            bits: if words <= INLINE {
                Bits::Inline([0; INLINE])
            } else {
                Bits::Heap(vec![0; words].into_boxed_slice())
            },
            filled: 0,
            failures: 0,
            slow: 0,
            next: 0,
            last: (size - 1) as u16,
        }
    }

    /// How many calls it holds at most.
    pub const fn size(&self) -> u32 {
        self.last as u32 + 1
    }

    /// What it holds.
    pub const fn content(&self) -> Content {
        Content {
            calls: self.filled as u64,
            failures: self.failures as u64,
            slow: self.slow as u64,
        }
    }

    /// What it would hold after one more sample.
    pub fn content_with(&self, sample: Sample) -> Content {
        let mut content = self.content();
        if self.is_full() {
            content.remove(self.oldest());
        }
        content.add(sample, 1);
        content
    }

    /// Takes one more sample; the oldest leaves if it is full.
    pub fn push(&mut self, sample: Sample) {
        if self.is_full() {
            let oldest = self.oldest();
            self.failures -= oldest.failures as u32;
            self.slow -= oldest.slow as u32;
        } else {
            self.filled += 1;
        }
        let at = self.next as usize;
        self.failures += u32::from(sample.failure);
        set(self.bits.failed_mut(), at, sample.failure);
        if let Some(slow) = self.bits.slow_mut(self.last) {
            self.slow += u32::from(sample.slow);
            set(slow, at, sample.slow);
        }
        self.next = if self.next == self.last {
            0
        } else {
            self.next + 1
        };
    }

    /// Takes so many successes, one after the other, none of them slow.
    pub fn push_successes(&mut self, successes: u64) {
        let size = self.size() as usize;
        // More than the size leave no trace but the position.
        let run = min(successes, size as u64) as usize;
        let at = self.next as usize;
        let wrapped = (at + run).saturating_sub(size);
        if self.failures > 0 || self.slow > 0 {
            for range in [at..at + run - wrapped, 0..wrapped] {
                self.failures -= clear(self.bits.failed_mut(), range.clone());
                if let Some(slow) = self.bits.slow_mut(self.last) {
                    self.slow -= clear(slow, range);
                }
            }
        }
        self.filled = min(self.filled as usize + run, size) as u32;
        self.next = ((at as u64 + successes) % size as u64) as u16;
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        if self.failures > 0 || self.slow > 0 {
            self.bits.all_mut().fill(0);
        }
        (self.filled, self.failures, self.slow, self.next) = (0, 0, 0, 0);
    }

    const fn is_full(&self) -> bool {
        self.filled > self.last as u32
    }

    /// The sample that the next one drives out.
    fn oldest(&self) -> Content {
        let at = self.next as usize;
        Content {
            calls: 1,
            failures: get(self.bits.all(), at),
            slow: match self.bits.slow(self.last) {
                Some(slow) => get(slow, at),
                None => 0,
            },
        }
    }
}

impl Bits {
    fn all(&self) -> &[u64] {
        match self {
            Self::Inline(bits) => bits,
            Self::Heap(bits) => bits,
        }
    }

    fn all_mut(&mut self) -> &mut [u64] {
        match self {
            Self::Inline(bits) => bits,
            Self::Heap(bits) => bits,
        }
    }

    /// Which calls failed; what lies behind is never asked for.
    fn failed_mut(&mut self) -> &mut [u64] {
        self.all_mut()
    }

    /// Which calls took long, if there is room for that.
    fn slow(&self, last: u16) -> Option<&[u64]> {
        let words = words(last as usize + 1);
        self.all().get(words..2 * words)
    }

    fn slow_mut(&mut self, last: u16) -> Option<&mut [u64]> {
        let words = words(last as usize + 1);
        self.all_mut().get_mut(words..2 * words)
    }
}

const fn words(size: usize) -> usize {
    size.div_ceil(PER_WORD)
}

fn get(bits: &[u64], at: usize) -> u64 {
    bits[at / PER_WORD] >> (at % PER_WORD) & 1
}

fn set(bits: &mut [u64], at: usize, value: bool) {
    let word = &mut bits[at / PER_WORD];
    let place = at % PER_WORD;
    *word = *word & !(1 << place) | u64::from(value) << place;
}

/// Clears a range, and answers how many bits of it were set.
fn clear(bits: &mut [u64], range: Range<usize>) -> u32 {
    let mut cleared = 0;
    let mut at = range.start;
    while at < range.end {
        let place = at % PER_WORD;
        let here = min(PER_WORD - place, range.end - at);
        // `here` is 1 to 64, so that neither shift is by 64.
        let mask = (u64::MAX >> (PER_WORD - here)) << place;
        let word = &mut bits[at / PER_WORD];
        cleared += (*word & mask).count_ones();
        *word &= !mask;
        at += here;
    }
    cleared
}
