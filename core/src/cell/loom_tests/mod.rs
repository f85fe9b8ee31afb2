//! Every interleaving of every pair of operations, at every moment where they could disturb each
//! other, explained by the machine running them one after the other.
//!
//! A *moment* is a cell brought to the edge of something: one failure short of opening, the wait
//! just over, the last slot free, one success short of closing. On it, two threads run one
//! operation each (or two, or three threads run one), in every order that loom finds. Whatever the
//! operations answered, and whatever the cell has become, must be what a plain [`Machine`] gives for
//! at least one order of the same operations.
//!
//! Those breakers have nothing beyond failures in a row; the others are in `levels.rs`.
//!
//! `cargo xtask soak loom` runs them without a bound on preemptions and says how many executions
//! there were.

#![expect(clippy::expect_used, reason = "a test may panic")]

mod home;
mod levels;
mod moments;
mod scene;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use self::home::{After, Answer, Home, Op, Plain, Shared};
use self::moments::{FAIL, MOMENTS, Moment};
use crate::machine::{Nanos, Outcome, Policy, Recorded, Word};

const WAIT: Nanos = 10;
const PROBE_TIMEOUT: Nanos = 20;

const POLICY: Policy = Policy {
    failure_threshold: 2,
    success_threshold: 2,
    timeout: WAIT,
    half_open_max_calls: 2,
    probe_timeout: PROBE_TIMEOUT,
};

const OPS: &[Op] = &[
    Op::Admit,
    Op::Settle(0, Outcome::Success),
    Op::Settle(0, Outcome::Failure),
    Op::Settle(0, Outcome::Ignored),
    Op::Settle(0, Outcome::Cancelled),
    Op::Settle(1, Outcome::Success),
    Op::Settle(1, Outcome::Failure),
    Op::Record(Recorded::Success),
    Op::Record(Recorded::Failure),
    Op::Reset,
    Op::Trip,
    Op::ForceOpen,
    Op::ForceClosed,
    Op::Automatic,
    Op::Read,
];

impl Moment {
    /// Runs the threads in every order that loom finds; answers how many there were.
    fn explore(self, threads: &'static [&'static [Op]], preemptions: Option<usize>) -> usize {
        let executions = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&executions);
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = preemptions;
        builder.check(move || {
            count.fetch_add(1, SeqCst);
            let mut home = Shared::new(&POLICY.into());
            let permits = Arc::new(self.set_up(&mut home));

            let handles: Vec<_> = threads[1..]
                .iter()
                .map(|ops| {
                    let mut home = home.clone();
                    let permits = Arc::clone(&permits);
                    loom::thread::spawn(move || run_all(&mut home, ops, &permits, self.now))
                })
                .collect();
            let mut answers = vec![run_all(&mut home, threads[0], &permits, self.now)];
            answers.extend(handles.into_iter().map(|handle| handle.join().expect("no panic")));

            let after = home.after(self.now);
            assert!(
                self.explains(threads, &answers, after),
                "no order explains it\nmoment: {}\nthreads: {threads:?}\nanswers: {answers:?}\nafter: {after:?}",
                self.name,
            );
        });
        executions.load(SeqCst)
    }

    /// Whether some order of the operations gives these answers and this end.
    fn explains(&self, threads: &[&[Op]], answers: &[Vec<Answer>], after: After) -> bool {
        let mut plain = Plain::new(&POLICY.into());
        let permits = self.set_up(&mut plain);
        self.explains_from(plain, &permits, threads, answers, after)
    }

    fn explains_from(
        &self,
        plain: Plain,
        permits: &[Word],
        threads: &[&[Op]],
        answers: &[Vec<Answer>],
        after: After,
    ) -> bool {
        if threads.iter().all(|ops| ops.is_empty()) {
            return plain.after(self.now) == after;
        }
        (0..threads.len()).any(|thread| {
            let Some((&op, rest)) = threads[thread].split_first() else {
                return false;
            };
            let done = answers[thread].len() - threads[thread].len();
            let mut next = plain.clone();
            if next.run(op, permits, self.now) != answers[thread][done] {
                return false;
            }
            let mut threads = threads.to_vec();
            threads[thread] = rest;
            self.explains_from(next, permits, &threads, answers, after)
        })
    }
}

fn run_all(home: &mut dyn Home, ops: &[Op], permits: &[Word], now: Nanos) -> Vec<Answer> {
    ops.iter().map(|&op| home.run(op, permits, now)).collect()
}

fn moment(name: &str) -> Moment {
    *MOMENTS
        .iter()
        .find(|moment| moment.name == name)
        .expect("a moment of this name")
}

/// Operations live as long as loom wants them.
fn leak(threads: Vec<Vec<Op>>) -> &'static [&'static [Op]] {
    let threads: Vec<&'static [Op]> = threads
        .into_iter()
        .map(|ops| &*Box::leak(ops.into_boxed_slice()))
        .collect();
    Box::leak(threads.into_boxed_slice())
}

/// The figure that `cargo xtask soak loom` adds up.
fn report(what: &str, executions: usize) {
    println!("loom: {what}: {executions} executions");
}

/// How far the larger models go: `K1S0_LOOM_PREEMPTIONS`, else 2; "none" for no bound.
fn preemptions() -> Option<usize> {
    match std::env::var("K1S0_LOOM_PREEMPTIONS") {
        Ok(bound) if bound == "none" => None,
        Ok(bound) => Some(
            bound
                .parse()
                .expect("K1S0_LOOM_PREEMPTIONS is a number or none"),
        ),
        Err(_) => Some(2),
    }
}

/// Every pair of operations at this moment, with no bound on preemptions.
fn every_pair(name: &str) {
    let mut executions = 0;
    for (index, &first) in OPS.iter().enumerate() {
        for &second in &OPS[index..] {
            if is_one_permit_twice(first, second) {
                continue;
            }
            let threads = leak(vec![vec![first], vec![second]]);
            executions += moment(name).explore(threads, None);
        }
    }
    report(name, executions);
}

/// A permit is settled once (SPEC 7.2), and the handle sees to it.
fn is_one_permit_twice(first: Op, second: Op) -> bool {
    matches!((first, second), (Op::Settle(a, _), Op::Settle(b, _)) if a == b)
}

macro_rules! every_pair_at {
    ($($test:ident: $moment:literal;)*) => {
        $(#[test]
        fn $test() {
            every_pair($moment);
        })*
    };
}

every_pair_at! {
    loom_pairs_while_clear: "clear";
    loom_pairs_at_the_last_failure: "last failure";
    loom_pairs_while_waiting: "waiting";
    loom_pairs_at_the_end_of_the_wait: "end of wait";
    loom_pairs_when_the_clock_stepped_back: "clock before the opening";
    loom_pairs_at_the_last_slot: "last slot";
    loom_pairs_with_no_slot: "no slot";
    loom_pairs_at_the_last_success: "last success";
    loom_pairs_with_hung_probes: "hung probes";
    loom_pairs_of_stale_permits: "stale permits";
    loom_pairs_forced_over_half_open: "forced over half-open";
    loom_pairs_forced_closed: "forced closed";
}

/// Two threads with two operations each: what one answered binds what it answers next.
#[test]
fn loom_two_by_two() {
    let mut executions = 0;
    use Outcome::{Cancelled, Failure, Success};
    let cases: &[(&str, [Op; 2], [Op; 2])] = &[
        // Who has seen the state open is not admitted after that.
        ("last failure", [FAIL, Op::Admit], [Op::Read, Op::Admit]),
        // A rejection without the lock tells of the wait that it saw.
        ("waiting", [Op::Reset, Op::Trip], [Op::Admit, Op::Admit]),
        // Who has seen the failing result is itself rejected next (4.3).
        (
            "last failure",
            [Op::Settle(0, Failure), Op::Admit],
            [Op::Settle(1, Success), Op::Admit],
        ),
        (
            "last failure",
            [Op::Settle(0, Failure), Op::Admit],
            [Op::Settle(1, Failure), Op::Admit],
        ),
        (
            "end of wait",
            [Op::Admit, Op::Admit],
            [Op::Admit, Op::Admit],
        ),
        ("end of wait", [Op::Admit, Op::Reset], [Op::Admit, Op::Read]),
        (
            "last slot",
            [Op::Settle(0, Cancelled), Op::Admit],
            [Op::Admit, Op::Admit],
        ),
        (
            "last success",
            [Op::Settle(0, Success), Op::Admit],
            [Op::Settle(1, Failure), Op::Admit],
        ),
        (
            "last success",
            [Op::Settle(0, Success), FAIL],
            [Op::Settle(1, Success), FAIL],
        ),
        (
            "hung probes",
            [Op::Admit, Op::Admit],
            [Op::Settle(0, Success), Op::Settle(1, Success)],
        ),
        (
            "stale permits",
            [Op::Settle(0, Failure), Op::Admit],
            [FAIL, FAIL],
        ),
        (
            "clear",
            [FAIL, Op::Settle(0, Success)],
            [FAIL, Op::Settle(1, Success)],
        ),
        (
            "clear",
            [Op::ForceOpen, Op::Automatic],
            [Op::Admit, Op::Settle(0, Success)],
        ),
    ];
    for &(name, first, second) in cases {
        let threads = leak(vec![first.to_vec(), second.to_vec()]);
        executions += moment(name).explore(threads, preemptions());
    }
    report("two by two", executions);
}

/// Three threads with one operation each.
#[test]
fn loom_three_threads() {
    let mut executions = 0;
    use Outcome::{Failure, Success};
    let cases: &[(&str, [Op; 3])] = &[
        (
            "last failure",
            [Op::Settle(0, Failure), Op::Settle(1, Success), Op::Admit],
        ),
        ("end of wait", [Op::Admit, Op::Admit, Op::Admit]),
        ("end of wait", [Op::Admit, Op::Reset, Op::Admit]),
        ("last slot", [Op::Admit, Op::Admit, Op::Settle(0, Failure)]),
        (
            "last success",
            [Op::Settle(0, Success), Op::Settle(1, Success), Op::Admit],
        ),
        (
            "hung probes",
            [Op::Admit, Op::Admit, Op::Settle(0, Success)],
        ),
        (
            "forced over half-open",
            [Op::Automatic, Op::Admit, Op::Reset],
        ),
    ];
    for &(name, ops) in cases {
        let threads = leak(ops.iter().map(|&op| vec![op]).collect());
        executions += moment(name).explore(threads, preemptions());
    }
    report("three threads", executions);
}
