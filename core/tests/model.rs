//! Random sequences of the breaker, judged after each step by the independent model of SPEC.md.
//!
//! `cargo test --test model` plays 20,000 sequences; `K1S0_MODEL_SEQUENCES` says how many, and
//! `K1S0_MODEL_SEED` where to begin. On a difference it prints the seed and the trace.

#![expect(clippy::panic, reason = "a test says what it has found by panicking")]

#[path = "support/compare.rs"]
mod compare;
#[path = "support/configure.rs"]
mod configure;
#[path = "model/random.rs"]
mod random;
#[path = "model/sequence.rs"]
mod sequence;

use std::env;
use std::thread;

use sequence::Coverage;

const STEPS: usize = 60;

#[test]
fn the_breaker_does_what_the_model_does() {
    let sequences = from_env("K1S0_MODEL_SEQUENCES").unwrap_or(20_000);
    let first = from_env("K1S0_MODEL_SEED").unwrap_or(0);
    let threads = thread::available_parallelism().map_or(1, |n| n.get()) as u64;
    let coverage = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|worker| {
                scope.spawn(move || {
                    let mut coverage = Coverage::default();
                    let mine = (first..first + sequences).skip(worker as usize);
                    for seed in mine.step_by(threads as usize) {
                        match sequence::play(seed, STEPS) {
                            Ok(seen) => coverage.add(&seen),
                            Err(trace) => panic!("seed {seed}\n{trace}"),
                        }
                    }
                    coverage
                })
            })
            .collect();
        let mut all = Coverage::default();
        for worker in workers {
            match worker.join() {
                Ok(coverage) => all.add(&coverage),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    });
    println!("{sequences} sequences of {STEPS} steps\n{coverage}");
    coverage.assert_good(sequences);
}

fn from_env(name: &str) -> Option<u64> {
    let text = env::var(name).ok()?;
    match text.parse() {
        Ok(number) => Some(number),
        Err(error) => panic!("{name}={text}: {error}"),
    }
}
