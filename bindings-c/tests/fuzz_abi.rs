//! Random bytes, read as operations on several breakers through the built library, each judged by
//! the independent model of SPEC.md: what every call answers, every transition, everything that
//! can be read. Misuse is among the operations, and must be answered without any effect.
//!
//! `K1S0_FUZZ_RUNS` says how many sequences, `K1S0_FUZZ_SEED` where to begin. A difference prints
//! the seed and the operations.

#[path = "fuzz_abi/generate.rs"]
mod generate;
#[path = "fuzz_abi/held.rs"]
mod held;
#[path = "fuzz_abi/play.rs"]
mod play;
mod support;

use std::thread;

use play::Seen;
use support::times;

#[test]
fn the_library_does_what_the_model_does() {
    let runs = times("K1S0_FUZZ_RUNS", 20_000);
    let first = times("K1S0_FUZZ_SEED", 0);
    let threads = thread::available_parallelism().map_or(1, |n| n.get()) as u64;
    let seen = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|worker| {
                scope.spawn(move || {
                    let mut seen = Seen::default();
                    for seed in (first..first + runs)
                        .skip(worker as usize)
                        .step_by(threads as usize)
                    {
                        if let Err(trace) = play::play(seed, &mut seen) {
                            panic!("K1S0_FUZZ_SEED={seed} K1S0_FUZZ_RUNS=1\n{trace}");
                        }
                    }
                    seen
                })
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap())
            .reduce(Seen::add)
            .unwrap_or_default()
    });
    println!("fuzz_abi: {runs} sequences, {seen:?}");
    seen.assert_good(runs);
}
