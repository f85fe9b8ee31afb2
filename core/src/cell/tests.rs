//! What the cell adds to the machine: the published word, rejections without the lock, totals.

#![expect(clippy::expect_used, reason = "a test may panic")]

mod levels;

use std::sync::Barrier;
use std::thread;

use super::Cell;
use crate::machine::{
    Effect, Nanos, NeedsNow, Outcome, Policy, Recorded, RejectReason, State, Verdict,
};

const POLICY: Policy = Policy {
    failure_threshold: 2,
    success_threshold: 1,
    timeout: 10,
    half_open_max_calls: 1,
    probe_timeout: 20,
};

/// These cells have no window, and nobody's successes.
fn none_counted() -> u64 {
    0
}

fn opened_at(now: Nanos) -> Cell {
    let cell = Cell::new(&POLICY.into(), 0);
    for _ in 0..2 {
        cell.record(Recorded::Failure, Some(now), none_counted)
            .expect("decided");
    }
    cell
}

fn rejection(cell: &Cell, now: Nanos) -> Option<(RejectReason, Option<Nanos>)> {
    match cell
        .admit(Some(now), none_counted)
        .expect("decided")
        .verdict
    {
        Verdict::Admitted(_) | Verdict::Shadowed { .. } => None,
        Verdict::Rejected {
            reason,
            retry_after,
        } => Some((reason, retry_after)),
    }
}

#[test]
fn a_clear_cell_admits_and_counts_without_its_lock() {
    let cell = Cell::new(&POLICY.into(), 0);
    let held = super::lock(&cell.inner);
    let permit = cell.admit_unasked().expect("closed");
    assert!(cell.success_changes_nothing(permit));
    assert!(cell.word().is_clear());
    assert!(cell.admit(None, none_counted).is_ok());
    drop(held);
}

#[test]
fn a_rejection_takes_no_lock_and_needs_the_time() {
    let cell = opened_at(100);
    let held = super::lock(&cell.inner);
    assert_eq!(cell.admit(None, none_counted), Err(NeedsNow));
    assert_eq!(rejection(&cell, 100), Some((RejectReason::Open, Some(10))));
    assert_eq!(rejection(&cell, 109), Some((RejectReason::Open, Some(1))));
    drop(held);
    assert_eq!(rejection(&cell, 110), None);
}

#[test]
fn a_pending_failure_clears_with_the_next_success() {
    let cell = Cell::new(&POLICY.into(), 0);
    let permit = cell.admit_unasked().expect("closed");
    cell.settle(
        permit.into(),
        Outcome::Failure.into(),
        None,
        none_counted,
        &mut None,
    )
    .expect("no time needed");
    assert!(!cell.word().is_clear() && !cell.is_idle());
    let second = cell.admit_unasked().expect("still closed");
    assert!(!cell.success_changes_nothing(second));
    cell.settle(
        second.into(),
        Outcome::Success.into(),
        None,
        none_counted,
        &mut None,
    )
    .expect("no time needed");
    assert!(cell.word().is_clear());
    // Admitted while the failure was pending; it is not any more.
    assert!(cell.success_changes_nothing(second));
}

#[test]
fn a_step_back_of_the_clock_restarts_the_wait_once() {
    let cell = opened_at(100);
    assert_eq!(rejection(&cell, 50), Some((RejectReason::Open, Some(10))));
    assert_eq!(rejection(&cell, 59), Some((RejectReason::Open, Some(1))));
    assert_eq!(rejection(&cell, 60), None);
}

/// While closed, what opens nothing is decided in the word; the machine catches up when it is asked.
#[test]
fn results_while_closed_take_no_lock() {
    let cell = Cell::new(&POLICY.into(), 0);
    let permit = cell.admit_unasked().expect("closed");
    let held = super::lock(&cell.inner);
    let settle = |outcome| cell.settle_unasked(permit, outcome);
    assert_eq!(settle(Outcome::Failure), Some(Effect::Applied));
    assert_eq!(settle(Outcome::Ignored), Some(Effect::Applied));
    assert_eq!(settle(Outcome::Cancelled), Some(Effect::Applied));
    assert!(!cell.word().is_clear());
    assert_eq!(settle(Outcome::Failure), None, "this one opens");
    assert_eq!(settle(Outcome::Success), Some(Effect::Applied));
    assert!(cell.word().is_clear());
    assert!(cell.record(Recorded::Failure, None, none_counted).is_ok());
    drop(held);
    assert_eq!(
        cell.view(None, none_counted)
            .expect("closed")
            .consecutive_failures,
        1
    );
    let mut made = None;
    let (ticket, ending) = (permit.into(), Outcome::Failure.into());
    let settled = cell.settle(ticket, ending, Some(0), none_counted, &mut made);
    assert_eq!(settled, Ok(Effect::Applied));
    assert!(made.is_some());
    // A late result is told from the word alone, whatever the state.
    let held = super::lock(&cell.inner);
    assert_eq!(
        cell.settle_unasked(permit, Outcome::Success),
        Some(Effect::Stale)
    );
    drop(held);
    let view = cell.view(Some(0), none_counted).expect("now is given");
    assert_eq!((view.epoch, view.transitions), (2, 1));
}

#[test]
fn a_healthy_cell_needs_no_ledger() {
    let cell = Cell::new(&POLICY.into(), 0);
    let permit = cell.admit_unasked().expect("closed");
    cell.settle(
        permit.into(),
        Outcome::Success.into(),
        None,
        none_counted,
        &mut None,
    )
    .expect("no time needed");
    cell.record(Recorded::Success, None, none_counted)
        .expect("no time needed");
    assert!(super::lock(&cell.inner).annex.is_none());
    cell.control(none_counted, |machine, _, levels| {
        machine.force_open(levels, 0)
    });
    assert!(!cell.is_idle());
    assert!(super::lock(&cell.inner).annex.is_some());
}

#[test]
fn reading_moves_nothing() {
    let cell = opened_at(100);
    let word = cell.word();
    assert_eq!(cell.state(Some(109)), Ok(State::Open));
    assert_eq!(cell.state(Some(110)), Ok(State::HalfOpen));
    assert_eq!(cell.state(Some(50)), Ok(State::Open));
    assert_eq!(
        cell.view(Some(50), none_counted)
            .expect("decided")
            .remaining_wait,
        Some(10)
    );
    assert_eq!(cell.word(), word);
    assert_eq!(cell.state(Some(110)), Ok(State::HalfOpen));
}

/// Small enough for miri, which runs it under many schedules.
#[test]
fn threads_share_one_slot() {
    let cell = opened_at(0);
    let barrier = Barrier::new(3);
    let admitted: usize = thread::scope(|scope| {
        let threads: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    barrier.wait();
                    usize::from(rejection(&cell, 10).is_none())
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("no panic"))
            .sum()
    });
    assert_eq!(admitted, 1);
}
