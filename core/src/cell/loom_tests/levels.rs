//! Breakers with windows, slow calls, growing waits and shadow mode: chosen operations against each other.

use super::home::Op;
use super::scene::{Scene, Step};
use super::{POLICY, preemptions, report};
use crate::machine::{
    BackoffRule, OFF, Outcome, Policy, Rate, Recorded, Rules, SlowRule, WHOLE, WindowRule,
};

// What the threads do; every setup admits two permits.
const SUCCEED: Op = Op::Settle(0, Outcome::Success);
const FAIL: Op = Op::Settle(1, Outcome::Failure);
const SUCCEEDED: Step = (Op::Record(Recorded::Success), 0);
const FAILED: Step = (Op::Record(Recorded::Failure), 0);
const TWO: [Step; 2] = [(Op::Admit, 0), (Op::Admit, 0)];

fn after_two(more: &[Step]) -> Vec<Step> {
    [&TWO, more].concat()
}

/// Half of the calls, of which there are so many, and no number of failures in a row.
fn half_of(minimum_calls: u32, window: WindowRule) -> Rules {
    Rules {
        policy: Policy {
            failure_threshold: OFF,
            ..POLICY
        },
        failure_rate: Rate {
            ppm: WHOLE / 2,
            minimum_calls,
        },
        window,
        ..POLICY.into()
    }
}

fn half_of_calls(minimum_calls: u32) -> Rules {
    half_of(minimum_calls, WindowRule::Calls(10))
}

/// In buckets of ten nanoseconds.
fn half_of_time(minimum_calls: u32) -> Rules {
    let (width, buckets) = (10, 10);
    half_of(minimum_calls, WindowRule::Time { width, buckets })
}

/// Waits that double, up to 80.
fn doubling() -> Rules {
    Rules {
        backoff: BackoffRule {
            multiplier: 2 * WHOLE,
            max_timeout: 80,
            jitter: 0,
            jitter_seed: Some(0),
        },
        ..POLICY.into()
    }
}

/// Explores these scenes and reports them under one name.
fn explore(what: &str, preemptions: Option<usize>, scenes: impl IntoIterator<Item = Scene>) {
    let executions = scenes
        .into_iter()
        .map(|scene| scene.explore(preemptions))
        .sum();
    report(what, executions);
}

/// No success is lost, none counted twice, whatever else happens in its window.
#[test]
fn loom_window_totals_are_exact() {
    let scene = |setup: &[Step], threads: &[&[Step]]| {
        Scene::new(half_of_calls(4), &after_two(setup), threads, 9)
    };
    // Quiet: enough calls, and failures among them.
    let quiet = &[SUCCEEDED, SUCCEEDED, SUCCEEDED, FAILED, SUCCEEDED];
    let (succeed, fail): (&[Step], &[Step]) = (&[(SUCCEED, 1)], &[(FAIL, 2)]);
    let scenes = [
        scene(&[], &[succeed, fail]),
        scene(quiet, &[succeed, fail]),
        scene(quiet, &[&[(SUCCEED, 1), SUCCEEDED], fail]),
        scene(quiet, &[&[(SUCCEED, 1), FAILED], fail]),
        scene(quiet, &[succeed, &[(FAIL, 2), SUCCEEDED]]),
        // Restless: the next success may complete the minimum.
        scene(&[FAILED], &[succeed, fail]),
        scene(&[SUCCEEDED, SUCCEEDED, FAILED], &[succeed, &[SUCCEEDED]]),
        scene(&[FAILED, FAILED, SUCCEEDED], &[succeed, &[SUCCEEDED]]),
    ];
    explore("window totals", None, scenes);
    let scenes = [
        scene(quiet, &[succeed, fail, &[SUCCEEDED]]),
        scene(&[FAILED], &[succeed, fail, &[SUCCEEDED]]),
    ];
    explore("window totals, three threads", preemptions(), scenes);
}

/// A success forgets the failures in a row without the lock, while another failure counts on them under it
/// ([`Cell::claim`](crate::cell::Cell)).
#[test]
fn loom_a_success_after_a_failure_and_a_failure() {
    let rules = Rules {
        policy: POLICY,
        ..half_of_calls(2)
    };
    let setup = after_two(&[SUCCEEDED, SUCCEEDED, SUCCEEDED, SUCCEEDED, FAILED]);
    let scene = |threads: &[&[Step]]| Scene::new(rules, &setup, threads, 9);
    let scenes = [
        scene(&[&[(SUCCEED, 1)], &[(FAIL, 2)]]),
        scene(&[&[(SUCCEED, 1), FAILED], &[(FAIL, 2)]]),
        scene(&[&[(SUCCEED, 1)], &[(FAIL, 2), (Op::Admit, 3)]]),
        scene(&[&[SUCCEEDED], &[(SUCCEED, 1)]]),
        scene(&[&[(SUCCEED, 1)], &[(Op::Reset, 2)]]),
    ];
    explore("a success after a failure", None, scenes);
    let scenes = [scene(&[&[(SUCCEED, 1)], &[(FAIL, 2)], &[SUCCEEDED]])];
    explore(
        "a success after a failure, three threads",
        preemptions(),
        scenes,
    );
}

/// At the edge of the rate: it opens once, and who has seen that is rejected next (4.3).
#[test]
fn loom_a_rate_is_met_once() {
    let scene = |rules, setup: &[Step], threads: &[&[Step]]| {
        Scene::new(rules, &after_two(setup), threads, 9)
    };
    let other: &[Step] = &[(Op::Settle(0, Outcome::Failure), 1), (Op::Admit, 3)];
    let fail: &[Step] = &[(FAIL, 2), (Op::Admit, 3)];
    let edge = &[SUCCEEDED, SUCCEEDED, FAILED];
    let scenes = [
        scene(half_of_calls(2), edge, &[other, fail]),
        scene(half_of_time(2), edge, &[other, fail]),
        scene(half_of_calls(2), edge, &[&[(SUCCEED, 1)], fail]),
        // Both complete the minimum of an empty window. Where the success is counted after the failure, nobody asks
        // whether the rate is met before the next sample.
        scene(half_of_calls(2), &[], &[&[(SUCCEED, 1)], fail]),
    ];
    explore("a rate's edge", None, scenes);
    let scenes = [scene(
        half_of_calls(2),
        edge,
        &[other, fail, &[(Op::Admit, 3)]],
    )];
    explore("a rate's edge, three threads", preemptions(), scenes);
}

/// A new epoch has an empty window. A success that was decided in the old one may be counted in the new one:
/// no failure is, nor a success that was told to be late.
#[test]
fn loom_a_window_and_its_end() {
    let mut scenes = Vec::new();
    for rules in [half_of_calls(2), half_of_time(2)] {
        let quiet = after_two(&[SUCCEEDED, SUCCEEDED, SUCCEEDED, FAILED]);
        for end in [Op::Reset, Op::Trip, Op::ForceClosed] {
            for other in [SUCCEED, FAIL, SUCCEEDED.0] {
                scenes.push(Scene::new(rules, &quiet, &[&[(end, 1)], &[(other, 2)]], 9));
            }
        }
        let back: &[Step] = &[(Op::ForceOpen, 1), (Op::Automatic, 2)];
        scenes.push(Scene::new(rules, &quiet, &[back, &[(SUCCEED, 2)]], 9));
        // What follows is quiet too, and a permit of before is late all the same.
        let anew: &[Step] = &[(Op::Reset, 1), SUCCEEDED, (SUCCEED, 2)];
        let before = [SUCCEEDED, TWO[0], TWO[1]];
        scenes.push(Scene::new(rules, &before, &[anew, &[(FAIL, 2)]], 9));
    }
    explore("a window and its end", None, scenes);
}

/// A success that takes the time but not the lock, and a sample that begins a new bucket: the success is in the
/// bucket before or after, and in one of them.
#[test]
fn loom_a_success_while_a_bucket_begins() {
    let rolled = |end, threads: &[&[Step]]| {
        let setup = after_two(&[SUCCEEDED, SUCCEEDED, SUCCEEDED, FAILED, SUCCEEDED]);
        Scene::new(half_of_time(4), &setup, threads, end)
    };
    let early: &[Step] = &[(SUCCEED, 8)];
    let late: &[Step] = &[(SUCCEED, 12)];
    let mut scenes = Vec::new();
    // Looked at while all is there; when the first bucket is gone; when the second is.
    for end in [19, 100, 110] {
        for success in [early, late] {
            scenes.push(rolled(end, &[success, &[(FAIL, 15)]]));
            scenes.push(rolled(end, &[success, &[(SUCCEEDED.0, 15)]]));
        }
        scenes.push(rolled(end, &[early, &[(SUCCEEDED.0, 15), (FAIL, 25)]]));
        // Who knows of the new bucket puts a success of before it where it belongs.
        scenes.push(rolled(
            end,
            &[&[(SUCCEEDED.0, 15), (SUCCEED, 8)], &[(FAIL, 15)]],
        ));
    }
    explore("a bucket begins", None, scenes);
}

/// Slow calls: admissions take the time and no lock, quick successes neither.
#[test]
fn loom_slow_calls() {
    let rules = |count_hung_calls| Rules {
        slow: Some(SlowRule {
            duration: 5,
            rate: Rate {
                ppm: WHOLE / 2,
                minimum_calls: 2,
            },
            count_hung_calls,
        }),
        ..half_of_calls(2)
    };
    let mut scenes = Vec::new();
    for hung in [false, true] {
        let setup = after_two(&[SUCCEEDED, SUCCEEDED]);
        for (success, fails) in [(3, 3), (3, 7), (7, 7)] {
            let success: &[Step] = &[(SUCCEED, success), (Op::Admit, success)];
            scenes.push(Scene::new(
                rules(hung),
                &setup,
                &[success, &[(FAIL, fails)]],
                9,
            ));
        }
        scenes.push(Scene::new(
            rules(hung),
            &setup,
            &[&[(SUCCEED, 3)], &[(Op::Reset, 4)]],
            9,
        ));
        scenes.push(Scene::new(
            rules(hung),
            &setup,
            &[&[(Op::Admit, 9)], &[(Op::Admit, 9)]],
            9,
        ));
    }
    explore("slow calls", None, scenes);
}

/// A rejection tells of one wait: the one before or the one after, and not the length of one since the
/// beginning of the other (5.1).
#[test]
fn loom_a_rejection_tells_of_one_wait() {
    // Opened at 0 for 10 ns; opened at 0 and again at 3, for 20 ns.
    let once: &[Step] = &[(Op::Trip, 0)];
    let twice: &[Step] = &[(Op::Trip, 0), (Op::Trip, 3)];
    let reject: &[Step] = &[(Op::Admit, 7)];
    let scene = |setup, control, reject| Scene::new(doubling(), setup, &[control, reject], 9);
    // A server asked for a longer wait than the next one will be.
    let asked = after_two(&[FAILED, (Op::FailAsking(0, 30), 0)]);
    let scene_asked = |rules| Scene::new(rules, &asked, &[&[(Op::Trip, 5)], reject], 9);
    let scenes = [
        // The next wait is longer than the timeout, or than one that is longer already.
        scene(once, &[(Op::Trip, 5)], reject),
        scene(twice, &[(Op::Trip, 5)], reject),
        scene(twice, &[(Op::Trip, 5)], &[(Op::Admit, 7), (Op::Admit, 8)]),
        scene_asked(doubling()),
        scene_asked(POLICY.into()),
        // Something lies between.
        scene(twice, &[(Op::Reset, 5)], reject),
        scene(twice, &[(Op::Reset, 5), (Op::Trip, 6)], reject),
        scene(twice, &[(Op::ForceOpen, 5), (Op::Automatic, 6)], reject),
        // The clock steps back: the same wait begins anew, and then there is another.
        scene(twice, &[(Op::Admit, 1)], reject),
        scene(twice, &[(Op::Admit, 1), (Op::Trip, 5)], reject),
    ];
    explore("rejections while waits grow", None, scenes);
}

/// The first wait that a server asks for gives the breaker levels, while others count failures in its word.
#[test]
fn loom_room_is_made_for_retry_after() {
    let asking: &[Step] = &[(Op::FailAsking(0, 30), 1)];
    let scene = |setup: &[Step], threads: &[&[Step]]| {
        Scene::new(POLICY.into(), &after_two(setup), threads, 9)
    };
    let mut scenes = Vec::new();
    for other in [
        FAIL,
        Op::Settle(1, Outcome::Success),
        Op::Admit,
        Op::Reset,
        Op::Trip,
    ] {
        scenes.push(scene(&[FAILED], &[asking, &[(other, 2)]]));
    }
    scenes.push(scene(&[], &[asking, &[(FAIL, 2)]]));
    scenes.push(scene(&[], &[asking, &[(FAIL, 2), SUCCEEDED, FAILED]]));
    scenes.push(scene(&[FAILED], &[asking, &[(Op::FailAsking(1, 40), 2)]]));
    scenes.push(scene(&[FAILED], &[asking, &[SUCCEEDED, (FAIL, 2), FAILED]]));
    explore("room for Retry-After", None, scenes);
    let scenes = [scene(&[FAILED], &[asking, &[(FAIL, 2)], &[SUCCEEDED]])];
    // Without any bound it did not end in ten minutes: each preemption more makes it four times as many.
    let bound = preemptions().unwrap_or(5);
    explore("room for Retry-After, three threads", Some(bound), scenes);
}

/// In shadow mode all is decided as ever, and nobody is rejected.
#[test]
fn loom_shadow_mode() {
    let shadow = Rules {
        shadow: true,
        ..doubling()
    };
    let scene = |setup: &[Step], threads: &[&[Step]]| Scene::new(shadow, setup, threads, 19);
    let waits: &[Step] = &[(Op::Trip, 0)];
    let grown: &[Step] = &[(Op::Trip, 0), (Op::Trip, 0)];
    let scenes = [
        scene(waits, &[&[(Op::Admit, 7)], &[(Op::Trip, 5)]]),
        scene(
            waits,
            &[&[(Op::Admit, 7), (Op::Admit, 10)], &[(Op::Admit, 10)]],
        ),
        scene(waits, &[&[(Op::Admit, 7)], &[(Op::Reset, 5)]]),
        // Between the two lengths the old wait is over and the new one is not.
        scene(waits, &[&[(Op::Admit, 12)], &[(Op::Trip, 5)]]),
        scene(grown, &[&[(Op::Admit, 19)], &[(Op::Admit, 20)]]),
        scene(
            &after_two(&[FAILED]),
            &[
                &[(FAIL, 1), (Op::Admit, 2)],
                &[(SUCCEED, 1), (Op::Admit, 2)],
            ],
        ),
    ];
    explore("shadow mode", None, scenes);
}
