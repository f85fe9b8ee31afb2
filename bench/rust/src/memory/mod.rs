//! What a breaker occupies: many of them are made, and the allocator asked.
//!
//! "Inline" is the size of the value that a user holds. All of it is measured on one thread: what a
//! further thread adds is what the step "after 1 call" added.

mod allocator;
mod rows;

use anyhow::Result;

use allocator::left_by;

/// Bytes per breaker.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Occupied {
    /// The row's name.
    pub name: &'static str,
    /// The value itself.
    pub inline: f64,
    /// On the heap, when new.
    pub heap: f64,
    /// Blocks on the heap, when new.
    pub blocks: f64,
    /// Everything, when new.
    pub new: f64,
    /// Everything, after one successful call.
    pub after_success: f64,
    /// Everything, after a failure as well.
    pub after_failure: f64,
    /// Everything, after it has opened as well.
    pub after_opening: f64,
}

/// Measures `number` breakers of each kind.
pub(crate) fn measure(number: usize) -> Result<Vec<Occupied>> {
    rows::all(number)
}

/// How one kind of breaker is made and used.
struct Kind<T, S, F> {
    name: &'static str,
    new: fn() -> Result<T>,
    succeed: S,
    fail: F,
    /// Failures that open it.
    failures: usize,
}

impl<T, S: Fn(&mut T), F: Fn(&mut T)> Kind<T, S, F> {
    fn measure(&self, number: usize) -> Result<Occupied> {
        // What a library keeps for all its breakers, and uses again for the next, is grown before: it
        // is not one breaker's.
        drop(
            (0..number)
                .map(|_| (self.new)())
                .collect::<Result<Vec<_>>>()?,
        );
        // The array is not the breakers' own.
        let mut breakers: Vec<T> = Vec::with_capacity(number);
        let (made, heap, blocks) = left_by(|| -> Result<()> {
            for _ in 0..number {
                breakers.push((self.new)()?);
            }
            Ok(())
        });
        made?;
        let mut more = |times: usize, action: &dyn Fn(&mut T)| {
            let ((), bytes, _) = left_by(|| {
                for breaker in &mut breakers {
                    for _ in 0..times {
                        action(breaker);
                    }
                }
            });
            bytes
        };
        let success = more(1, &self.succeed);
        let failure = more(1, &self.fail);
        let opening = more(self.failures, &self.fail);

        let each = |bytes: i64| bytes as f64 / number as f64;
        let inline = size_of::<T>() as f64;
        let new = inline + each(heap);
        Ok(Occupied {
            name: self.name,
            inline,
            heap: each(heap),
            blocks: each(blocks),
            new,
            after_success: new + each(success),
            after_failure: new + each(success + failure),
            after_opening: new + each(success + failure + opening),
        })
    }
}
