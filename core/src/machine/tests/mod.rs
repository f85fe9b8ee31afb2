//! The rules, one by one, on the bare machine.

use super::{
    Admission, Effect, Evidence, Machine, NEVER, Nanos, NeedsNow, Outcome, Policy, Reason,
    Recorded, RejectReason, State, Transition, Verdict, Word,
};

mod levels;
mod words;

const POLICY: Policy = Policy {
    failure_threshold: 3,
    success_threshold: 2,
    timeout: 100,
    half_open_max_calls: 2,
    probe_timeout: 1_000,
};

fn admit(machine: &mut Machine, now: Nanos) -> Admission {
    machine
        .admit(&POLICY, None, Some(now))
        .expect("now is given")
}

fn permit(machine: &mut Machine, now: Nanos) -> Word {
    match admit(machine, now).verdict {
        Verdict::Admitted(word) => word,
        rejected => panic!("{rejected:?}"),
    }
}

fn settle(machine: &mut Machine, permit: Word, outcome: Outcome, now: Nanos) -> Option<Transition> {
    let settlement = machine
        .settle(&POLICY, None, permit.into(), outcome.into(), Some(now))
        .expect("now is given");
    assert_eq!(settlement.effect, Effect::Applied);
    settlement.transition
}

fn opened(now: Nanos) -> Machine {
    let mut machine = Machine::new();
    for _ in 0..3 {
        machine
            .record(&POLICY, None, Recorded::Failure, Some(now))
            .expect("now is given");
    }
    machine
}

fn half_open(now: Nanos) -> (Machine, Word) {
    let mut machine = opened(now - 100);
    let permit = permit(&mut machine, now);
    (machine, permit)
}

#[test]
fn failures_in_a_row_open() {
    let mut machine = Machine::new();
    for outcome in [Outcome::Failure, Outcome::Failure, Outcome::Success] {
        let permit = permit(&mut machine, 1);
        assert_eq!(settle(&mut machine, permit, outcome, 1), None);
    }
    assert_eq!(machine.consecutive_failures(), 0);
    for _ in 0..2 {
        let permit = permit(&mut machine, 2);
        assert_eq!(settle(&mut machine, permit, Outcome::Failure, 2), None);
        for neutral in [Outcome::Ignored, Outcome::Cancelled] {
            assert_eq!(settle(&mut machine, permit, neutral, 2), None);
        }
    }
    assert_eq!(machine.consecutive_failures(), 2);
    let last = permit(&mut machine, 3);
    assert_eq!(
        settle(&mut machine, last, Outcome::Failure, 3),
        Some(Transition {
            from: State::Closed,
            to: State::Open,
            epoch: 2,
            reason: Reason::FailureThreshold,
            at: 3,
            evidence: Evidence {
                consecutive_failures: 3,
                ..Evidence::default()
            },
        }),
    );
}

#[test]
fn a_closed_machine_needs_no_clock() {
    let mut machine = Machine::new();
    let admission = machine.admit(&POLICY, None, None).expect("no clock needed");
    let Verdict::Admitted(permit) = admission.verdict else {
        panic!("closed");
    };
    assert_eq!(machine.state(&POLICY, None, None), Ok(State::Closed));
    for outcome in [Outcome::Failure, Outcome::Failure, Outcome::Success] {
        assert!(
            machine
                .settle(&POLICY, None, permit.into(), outcome.into(), None)
                .is_ok()
        );
    }
    assert!(
        machine
            .record(&POLICY, None, Recorded::Success, None)
            .is_ok()
    );
}

#[test]
fn what_needs_the_clock_changes_nothing_without_it() {
    let mut machine = Machine::new();
    let permit = permit(&mut machine, 0);
    for _ in 0..2 {
        settle(&mut machine, permit, Outcome::Failure, 0);
    }
    let before = machine.clone();
    assert_eq!(
        machine.settle(&POLICY, None, permit.into(), Outcome::Failure.into(), None),
        Err(NeedsNow),
    );
    assert_eq!(machine, before);
    assert_eq!(
        machine.record(&POLICY, None, Recorded::Failure, None),
        Err(NeedsNow)
    );
    assert_eq!(machine, before);

    let mut machine = opened(0);
    let before = machine.clone();
    assert_eq!(machine.admit(&POLICY, None, None), Err(NeedsNow));
    assert_eq!(machine.state(&POLICY, None, None), Err(NeedsNow));
    assert_eq!(
        machine.record(&POLICY, None, Recorded::Success, None),
        Err(NeedsNow)
    );
    assert_eq!(machine, before);

    let (mut machine, permit) = half_open(100);
    machine
        .record(&POLICY, None, Recorded::Success, None)
        .expect("one more to go");
    let before = machine.clone();
    assert_eq!(machine.admit(&POLICY, None, None), Err(NeedsNow));
    for outcome in [Outcome::Success, Outcome::Failure] {
        assert_eq!(
            machine.settle(&POLICY, None, permit.into(), outcome.into(), None),
            Err(NeedsNow)
        );
    }
    assert_eq!(machine, before);
}

#[test]
fn the_wait_is_over_at_equality() {
    let mut machine = opened(1_000);
    for (now, left) in [(1_000, 100), (1_001, 99), (1_099, 1)] {
        assert_eq!(
            admit(&mut machine, now).verdict,
            Verdict::Rejected {
                reason: RejectReason::Open,
                retry_after: Some(left),
            },
        );
        assert_eq!(machine.state(&POLICY, None, Some(now)), Ok(State::Open));
    }
    assert_eq!(
        machine.state(&POLICY, None, Some(1_100)),
        Ok(State::HalfOpen)
    );
    let admission = admit(&mut machine, 1_100);
    assert!(matches!(admission.verdict, Verdict::Admitted(_)));
    assert_eq!(
        admission.transition,
        Some(Transition {
            from: State::Open,
            to: State::HalfOpen,
            epoch: 3,
            reason: Reason::TimeoutElapsed,
            at: 1_100,
            evidence: Evidence::default(),
        }),
    );
}

#[test]
fn a_wait_of_zero_makes_the_next_call_a_probe_and_never_never_ends() {
    let none = Policy {
        timeout: 0,
        ..POLICY
    };
    let mut machine = opened(7);
    assert_eq!(machine.state(&none, None, Some(7)), Ok(State::HalfOpen));
    assert!(matches!(
        machine
            .admit(&none, None, Some(7))
            .expect("now is given")
            .verdict,
        Verdict::Admitted(_),
    ));

    let never = Policy {
        timeout: NEVER,
        ..POLICY
    };
    let mut machine = opened(0);
    assert_eq!(
        machine
            .admit(&never, None, Some(NEVER))
            .expect("now is given")
            .verdict,
        Verdict::Rejected {
            reason: RejectReason::Open,
            retry_after: None,
        },
    );
    assert_eq!(
        machine.remaining_wait(&never, None, Some(NEVER)),
        Ok(Some(NEVER))
    );
}

#[test]
fn slots_are_counted_at_admission_and_come_back() {
    let (mut machine, first) = half_open(100);
    let second = permit(&mut machine, 101);
    assert_eq!(machine.probes_in_flight(), 2);
    assert_eq!(
        admit(&mut machine, 102).verdict,
        Verdict::Rejected {
            reason: RejectReason::HalfOpen,
            retry_after: None,
        },
    );
    settle(&mut machine, first, Outcome::Ignored, 103);
    settle(&mut machine, second, Outcome::Cancelled, 103);
    assert_eq!(machine.probes_in_flight(), 0);
    // Nothing is left to settle in this epoch.
    for permit in [first, second] {
        let again = machine
            .settle(
                &POLICY,
                None,
                permit.into(),
                Outcome::Failure.into(),
                Some(104),
            )
            .expect("now is given");
        assert_eq!(again.effect, Effect::AlreadySettled);
    }
    assert_eq!(machine.state(&POLICY, None, None), Ok(State::HalfOpen));
}

#[test]
fn good_probes_close_and_a_bad_one_opens() {
    let (mut machine, first) = half_open(100);
    assert_eq!(settle(&mut machine, first, Outcome::Success, 101), None);
    let second = permit(&mut machine, 102);
    let closed = settle(&mut machine, second, Outcome::Success, 103).expect("closes");
    assert_eq!(
        (closed.to, closed.reason),
        (State::Closed, Reason::SuccessThreshold)
    );

    let (mut machine, probe) = half_open(100);
    let opened = settle(&mut machine, probe, Outcome::Failure, 150).expect("opens");
    assert_eq!(
        (opened.to, opened.reason),
        (State::Open, Reason::ProbeFailed)
    );
    // A fresh wait.
    assert_eq!(
        machine.remaining_wait(&POLICY, None, Some(150)),
        Ok(Some(100))
    );
}

#[test]
fn hung_probes_are_given_up_after_the_last_of_them() {
    let (mut machine, first) = half_open(100);
    let second = permit(&mut machine, 500);
    assert!(admit(&mut machine, 1_499).transition.is_none());
    let reopened = admit(&mut machine, 1_500);
    assert_eq!(
        reopened.verdict,
        Verdict::Rejected {
            reason: RejectReason::Open,
            retry_after: Some(100),
        },
    );
    let transition = reopened.transition.expect("reopens");
    assert_eq!(
        (transition.from, transition.to, transition.reason),
        (State::HalfOpen, State::Open, Reason::ProbeTimeout),
    );
    for permit in [first, second] {
        let late = machine
            .settle(
                &POLICY,
                None,
                permit.into(),
                Outcome::Success.into(),
                Some(1_501),
            )
            .expect("now is given");
        assert_eq!(late.effect, Effect::Stale);
    }
}

#[test]
fn a_free_slot_keeps_a_hung_probe_from_deciding() {
    let (mut machine, _hung) = half_open(100);
    assert!(matches!(
        admit(&mut machine, 100_000).verdict,
        Verdict::Admitted(_)
    ));
}

#[test]
fn a_clock_that_steps_back_restarts_each_wait_once() {
    let mut machine = opened(1_000);
    assert_eq!(
        machine.remaining_wait(&POLICY, None, Some(10)),
        Ok(Some(100))
    );
    assert!(matches!(
        admit(&mut machine, 10).verdict,
        Verdict::Rejected { .. }
    ));
    assert!(matches!(
        admit(&mut machine, 109).verdict,
        Verdict::Rejected { .. }
    ));
    assert!(matches!(
        admit(&mut machine, 110).verdict,
        Verdict::Admitted(_)
    ));

    // The same for hung probes.
    permit(&mut machine, 5_000);
    assert!(admit(&mut machine, 40).transition.is_none());
    assert!(admit(&mut machine, 1_039).transition.is_none());
    assert!(admit(&mut machine, 1_040).transition.is_some());
}

#[test]
fn recording_in_an_open_state_counts_only_once_the_wait_is_over() {
    let mut machine = opened(0);
    let recording = machine
        .record(&POLICY, None, Recorded::Success, Some(99))
        .expect("now");
    assert_eq!(recording.transitions, [None, None]);
    let recording = machine
        .record(&POLICY, None, Recorded::Failure, Some(100))
        .expect("now");
    let reasons = recording
        .transitions
        .map(|transition| transition.map(|it| it.reason));
    assert_eq!(
        reasons,
        [Some(Reason::TimeoutElapsed), Some(Reason::ProbeFailed)]
    );
    assert_eq!(machine.epoch(), 4);
    for expected in [None, Some(Reason::SuccessThreshold)] {
        let recording = machine
            .record(&POLICY, None, Recorded::Success, Some(200))
            .expect("now");
        let reasons = recording
            .transitions
            .map(|transition| transition.map(|it| it.reason));
        assert!(reasons.contains(&expected));
        assert_eq!(machine.probes_in_flight(), 0);
    }
    assert_eq!(machine.state(&POLICY, None, None), Ok(State::Closed));
}

#[test]
fn a_forced_mode_lies_on_top_and_comes_off() {
    let mut machine = opened(0);
    let forced = machine.force_closed(None, 50).expect("changes");
    assert_eq!(
        (forced.from, forced.to, forced.reason),
        (State::Open, State::Closed, Reason::Forced)
    );
    assert_eq!(machine.force_closed(None, 51), None);
    assert_eq!(machine.trip(&POLICY, None, 51), None);
    let admitted = permit(&mut machine, 51);
    assert_eq!(settle(&mut machine, admitted, Outcome::Failure, 51), None);
    assert_eq!(machine.remaining_wait(&POLICY, None, None), Ok(None));

    let other = machine.force_open(None, 60).expect("changes");
    assert_eq!(
        (other.from, other.to, other.epoch),
        (State::Closed, State::Open, 4)
    );
    assert_eq!(
        admit(&mut machine, 60).verdict,
        Verdict::Rejected {
            reason: RejectReason::ForcedOpen,
            retry_after: None,
        },
    );
    assert_eq!(machine.consecutive_failures(), 0);

    // The wait began at 0 and has run on.
    let back = machine.automatic(None, 70).expect("changes");
    assert_eq!(
        (back.from, back.to, back.reason),
        (State::Open, State::Open, Reason::Automatic)
    );
    assert_eq!(
        machine.remaining_wait(&POLICY, None, Some(70)),
        Ok(Some(30))
    );
    assert_eq!(machine.automatic(None, 71), None);
}

#[test]
fn a_forced_mode_over_half_open_takes_the_probes_and_leaves_the_successes() {
    let (mut machine, first) = half_open(100);
    settle(&mut machine, first, Outcome::Success, 101);
    let second = permit(&mut machine, 102);
    machine.force_open(None, 103);
    assert_eq!(machine.probes_in_flight(), 0);
    machine.automatic(None, 104);
    let late = machine
        .settle(
            &POLICY,
            None,
            second.into(),
            Outcome::Failure.into(),
            Some(105),
        )
        .expect("now");
    assert_eq!(late.effect, Effect::Stale);
    let third = permit(&mut machine, 106);
    assert_eq!(
        settle(&mut machine, third, Outcome::Success, 107).map(|it| it.reason),
        Some(Reason::SuccessThreshold),
    );
}

#[test]
fn reset_and_trip_begin_an_epoch_from_anywhere() {
    let mut machine = Machine::new();
    let permit = permit(&mut machine, 0);
    let reset = machine.reset(&POLICY, None, 1);
    assert_eq!(
        (reset.from, reset.to, reset.epoch),
        (State::Closed, State::Closed, 2)
    );
    let late = machine
        .settle(&POLICY, None, permit.into(), Outcome::Failure.into(), None)
        .expect("stale");
    assert_eq!(late.effect, Effect::Stale);
    let trip = machine.trip(&POLICY, None, 5).expect("automatic");
    assert_eq!(
        (trip.from, trip.to, trip.at),
        (State::Closed, State::Open, 5)
    );
    let again = machine.trip(&POLICY, None, 50).expect("automatic");
    assert_eq!((again.from, again.to), (State::Open, State::Open));
    assert_eq!(
        machine.remaining_wait(&POLICY, None, Some(50)),
        Ok(Some(100))
    );
    machine.force_open(None, 60);
    machine.reset(&POLICY, None, 61);
    assert!(!machine.is_forced());
    assert_eq!(machine.transitions(), 5);
}

#[test]
fn no_permit_of_an_open_epoch_exists() {
    let mut machine = opened(0);
    let forged = machine.word(&POLICY, None);
    let settled = machine
        .settle(
            &POLICY,
            None,
            forged.into(),
            Outcome::Success.into(),
            Some(500),
        )
        .expect("now");
    assert_eq!(
        (settled.effect, settled.transition),
        (Effect::AlreadySettled, None)
    );
}

#[test]
fn numbers_and_names_agree() {
    for (number, state) in State::ALL.into_iter().enumerate() {
        assert_eq!(state as usize, number);
        assert!(state == state.name() && *state.name() == state);
        assert!(state.name() == state && state == *state.name());
        assert_eq!(state.to_string(), state.name());
    }
    let (open, closed) = (State::Open, State::Closed.name());
    for unequal in [
        open == *closed,
        open == closed,
        *closed == open,
        closed == open,
    ] {
        assert!(!unequal);
    }
    let labels = State::ALL.map(State::label);
    assert_eq!(labels, ["closed", "open", "half_open"]);
    for (number, outcome) in Outcome::ALL.into_iter().enumerate() {
        assert_eq!(outcome as usize, number);
        assert_eq!(outcome.to_string(), outcome.name());
    }
    for (number, reason) in RejectReason::ALL.into_iter().enumerate() {
        assert_eq!(reason as usize, number);
        assert_eq!(reason.to_string(), reason.name());
    }
    for (number, effect) in Effect::ALL.into_iter().enumerate() {
        assert_eq!(effect as usize, number);
        assert!(!effect.name().is_empty());
    }
    for reason in Reason::ALL {
        assert_eq!(reason.to_string(), reason.name());
    }
}
