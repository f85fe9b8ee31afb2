//! One sequence: bytes from a seed, operations from bytes, three breakers beside their models.

use std::fmt::{Debug, Write as _};
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};

use k1s0_conformance::model::{Answer, Model, PermitId};
use k1s0_conformance::vocabulary::{
    Control, Effect, Outcome, Reason, Recorded, Settled, Transition, Verdict,
};

use crate::generate::{self, Bytes};
use crate::held::{self, Held};
use crate::support::abi::{
    ALREADY_SETTLED, Counter, Handle, OK, Permit, REJECTED, Rejection, Transitions, abi,
};
use crate::support::{configure, words};

const OPERATIONS: usize = 48;
const INVALID_ARGUMENT: i32 = 101;
const INVALID_PERMIT: i32 = 105;
const WRONG_BREAKER: i32 = 106;

/// What the sequences came by, in operations.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    operations: u64,
    admitted: u64,
    rejected: u64,
    settled: u64,
    stale: u64,
    settled_twice: u64,
    by_the_host_alone: u64,
    shadowed: u64,
    slow: u64,
    asked_to_wait: u64,
    opened_by_a_rate: u64,
    ticks_that_open: u64,
    misused: u64,
    transitions: u64,
}

impl Seen {
    pub(crate) const fn add(self, other: Self) -> Self {
        Self {
            operations: self.operations + other.operations,
            admitted: self.admitted + other.admitted,
            rejected: self.rejected + other.rejected,
            settled: self.settled + other.settled,
            stale: self.stale + other.stale,
            settled_twice: self.settled_twice + other.settled_twice,
            by_the_host_alone: self.by_the_host_alone + other.by_the_host_alone,
            shadowed: self.shadowed + other.shadowed,
            slow: self.slow + other.slow,
            asked_to_wait: self.asked_to_wait + other.asked_to_wait,
            opened_by_a_rate: self.opened_by_a_rate + other.opened_by_a_rate,
            ticks_that_open: self.ticks_that_open + other.ticks_that_open,
            misused: self.misused + other.misused,
            transitions: self.transitions + other.transitions,
        }
    }

    /// A generator that no longer reaches these proves nothing.
    pub(crate) fn assert_good(&self, runs: u64) {
        for often in [
            self.admitted,
            self.settled,
            self.rejected,
            self.misused,
            self.transitions,
        ] {
            assert!(often >= runs, "{self:?}");
        }
        for seldom in [
            self.stale,
            self.settled_twice,
            self.by_the_host_alone,
            self.shadowed,
            self.slow,
            self.opened_by_a_rate,
        ] {
            assert!(seldom >= runs / 10, "{self:?}");
        }
        for rare in [self.asked_to_wait, self.ticks_that_open] {
            assert!(rare >= runs / 200, "{self:?}");
        }
    }
}

/// One breaker, as each side knows it.
struct Pair {
    handle: Handle,
    model: Model,
    permits: Vec<(Held, PermitId)>,
    word: *const AtomicU64,
    counter: *mut Counter,
    successes: *const AtomicU64,
    timeout: u64,
    probe_timeout: u64,
    /// 0 where nothing is; so is `bucket`.
    slow: u64,
    bucket: u64,
    is_shadow: bool,
    /// Slow calls as they were at the last look.
    slow_seen: u64,
}

impl Drop for Pair {
    fn drop(&mut self) {
        // SAFETY: ours, and not freed before.
        unsafe { (abi().counter_free)(self.counter) }
    }
}

/// Plays a sequence; the error is a readable trace.
pub(crate) fn play(seed: u64, seen: &mut Seen) -> Result<(), String> {
    let mut bytes = Bytes(seed);
    let mut pairs = [pair(&mut bytes)?, pair(&mut bytes)?, pair(&mut bytes)?];
    let mut now = u64::from(bytes.next()) * 1_000_000;
    let mut trace = String::new();
    for number in 1..=OPERATIONS {
        seen.operations += 1;
        let which = bytes.below(pairs.len());
        let (did, result) = operate(&mut pairs, which, &mut now, &mut bytes, seen);
        let _ = writeln!(trace, "{number:>3} at {now} breaker {which}: {did}");
        result
            .and_then(|()| look(&mut pairs[which], now, seen))
            .map_err(|difference| format!("{trace}{difference}"))?;
    }
    Ok(())
}

fn pair(bytes: &mut Bytes) -> Result<Pair, String> {
    let config = generate::config(bytes);
    let own = configure::config(&config);
    let handle = Handle::new(Some(&own)).map_err(|(result, _)| format!("new: {result}"))?;
    let model = Model::new(&config).map_err(|refused| format!("{refused:?}"))?;
    let (mut word, mut counter, mut address) = (ptr::null(), ptr::null_mut(), ptr::null_mut());
    // SAFETY: good pointers.
    unsafe {
        same(
            "admission_word",
            OK,
            (abi().admission_word)(handle.0, &mut word),
        )?;
        same(
            "counter_new",
            OK,
            (abi().counter_new)(handle.0, &mut counter),
        )?;
        same(
            "counter_address",
            OK,
            (abi().counter_address)(counter, &mut address),
        )?;
    }
    Ok(Pair {
        handle,
        model,
        permits: Vec::new(),
        word: word.cast(),
        counter,
        successes: address.cast_const().cast(),
        timeout: own.timeout_ns,
        probe_timeout: own.probe_timeout_ns,
        slow: config.slow_call_duration_ns.map_or(0, |ns| ns.0 as u64),
        bucket: own.window_time_ns / own.window_buckets,
        is_shadow: own.shadow == 1,
        slow_seen: 0,
    })
}

fn operate(
    pairs: &mut [Pair; 3],
    which: usize,
    now: &mut u64,
    bytes: &mut Bytes,
    seen: &mut Seen,
) -> (String, Result<(), String>) {
    match bytes.next() % 32 {
        0..=9 => acquire(&mut pairs[which], *now, bytes, seen),
        10..=20 => settle(&mut pairs[which], *now, bytes, seen),
        21 | 25 if pairs[which].slow > 0 => tick(&mut pairs[which], *now, seen),
        21..=22 => record(&mut pairs[which], *now, bytes, seen),
        23 | 24 => control(&mut pairs[which], *now, bytes, seen),
        25..=28 => {
            *now = moved(&pairs[which], *now, bytes);
            ("time".to_owned(), Ok(()))
        }
        _ => misuse(pairs, which, *now, bytes, seen),
    }
}

/// Another reading: a little later, at the end of a wait, or before.
fn moved(pair: &Pair, now: u64, bytes: &mut Bytes) -> u64 {
    match bytes.next() % 8 {
        5 | 6 if pair.slow > 0 => {
            let by = [0, 1, pair.slow / 16, pair.slow / 8][bytes.below(4)];
            now.saturating_add(pair.slow + by)
        }
        7 if pair.bucket > 0 => {
            now.saturating_add(pair.bucket * [0, 1, 1, 3, 9, 10, 15][bytes.below(7)])
        }
        0 => now.saturating_sub(u64::from(bytes.next()) * 500_000),
        1 => now.saturating_add(pair.probe_timeout.min(1 << 40)),
        2 => now.saturating_add(u64::from(bytes.next())),
        3 if bytes.one_in(16) => u64::MAX,
        4 => now.saturating_add((pair.timeout.min(1 << 40)).saturating_sub(1)),
        _ => now.saturating_add(pair.timeout.min(1 << 40)),
    }
}

fn acquire(
    pair: &mut Pair,
    now: u64,
    bytes: &mut Bytes,
    seen: &mut Seen,
) -> (String, Result<(), String>) {
    let mut rejection = Rejection::default();
    let mut made = Transitions::default();
    let (name, result, held) = match bytes.next() % 4 {
        0 => {
            let mut permit = Permit::default();
            // SAFETY: good pointers.
            let result = unsafe {
                (abi().try_acquire)(pair.handle.0, now, &mut permit, &mut rejection, &mut made)
            };
            ("try_acquire", result, Held::Permit(permit))
        }
        1 if word(pair) & 1 == 0 => ("the word admits", OK, Held::Word(word(pair), 0)),
        n => {
            let mut word = 0;
            // SAFETY: good pointers.
            let result = unsafe {
                (abi().acquire_word)(pair.handle.0, now, &mut word, &mut rejection, &mut made)
            };
            let held = if n == 2 {
                Held::LowWord(word as u32, now)
            } else {
                Held::Word(word, now)
            };
            ("acquire_word", result, held)
        }
    };
    let expected = pair.model.acquire(now);
    let found = match result {
        OK => Verdict::Admitted,
        REJECTED => Verdict::Rejected(words::rejection(&rejection)),
        other => return (name.to_owned(), Err(format!("answers {other}"))),
    };
    let compared = match expected {
        Answer::Admitted(id) => {
            seen.admitted += 1;
            pair.permits.push((held, id));
            same("verdict", Verdict::Admitted, found)
        }
        Answer::Rejected(rejection) => {
            seen.rejected += 1;
            same("verdict", Verdict::Rejected(rejection), found)
        }
    };
    (
        name.to_owned(),
        compared.and_then(|()| told(pair, &made, seen)),
    )
}

fn settle(
    pair: &mut Pair,
    now: u64,
    bytes: &mut Bytes,
    seen: &mut Seen,
) -> (String, Result<(), String>) {
    if pair.permits.is_empty() {
        return ("nothing to settle".to_owned(), Ok(()));
    }
    let index = bytes.below(pair.permits.len());
    let outcome = bytes.outcome();
    let (mut held, id) = pair.permits[index];
    let did = format!("settle {held:x?} {outcome:?}");
    let before = word(pair);
    let asked = bytes
        .one_in(6)
        .then(|| [0, 1, 40_000_000, 2_000_000_000, u64::MAX - 1, u64::MAX][bytes.below(6)]);
    let did = match asked {
        None => did,
        Some(ns) => format!("{did}, retry after {ns}"),
    };
    let expected = pair.model.settle(id, outcome, asked, now);
    let mut made = Transitions::default();
    let mut effect = u32::MAX;
    let alone = matches!(held, Held::Word(word, _)
        if asked.is_none() && outcome == Outcome::Success && word & 1 == 0 && word == before);
    let result = if alone {
        seen.by_the_host_alone += 1;
        // SAFETY: good until the counter is freed; we are its one writer.
        let successes = unsafe { &*pair.successes };
        successes.store(successes.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        effect = 0;
        OK
    } else {
        held::settle(
            &pair.handle,
            &mut held,
            outcome,
            asked,
            now,
            &mut effect,
            &mut made,
        )
    };
    match held {
        // A permit knows that it is settled; now and then it is kept, to be settled again.
        Held::Permit(_) if bytes.one_in(2) => pair.permits[index].0 = held,
        _ => drop(pair.permits.swap_remove(index)),
    }
    match expected.effect {
        Effect::Applied => seen.settled += 1,
        Effect::Stale => seen.stale += 1,
        Effect::AlreadySettled => seen.settled_twice += 1,
        Effect::Shadowed => seen.shadowed += 1,
    }
    if asked.is_some() && expected.transition.is_some() {
        seen.asked_to_wait += 1;
    }
    if effect > 3 {
        return (did, Err(format!("answers {result}")));
    }
    let found = Settled {
        effect: words::effect(effect),
        transition: words::transitions(&made).first().copied(),
    };
    let answer = match found.effect {
        Effect::AlreadySettled => ALREADY_SETTLED,
        Effect::Applied | Effect::Stale | Effect::Shadowed => OK,
    };
    let compared = same("result", answer, result)
        .and_then(|()| same("settlement", expected, found))
        .and_then(|()| told(pair, &made, seen));
    (did, compared)
}

fn tick(pair: &mut Pair, now: u64, seen: &mut Seen) -> (String, Result<(), String>) {
    pair.model.tick(now);
    let mut made = Transitions::default();
    // SAFETY: good pointers.
    let result = unsafe { (abi().tick)(pair.handle.0, now, &mut made) };
    seen.ticks_that_open += u64::from(made.count);
    let compared = same("result", OK, result).and_then(|()| told(pair, &made, seen));
    ("tick".to_owned(), compared)
}

fn record(
    pair: &mut Pair,
    now: u64,
    bytes: &mut Bytes,
    seen: &mut Seen,
) -> (String, Result<(), String>) {
    let (recorded, function) = if bytes.one_in(2) {
        (Recorded::Success, abi().record_success)
    } else {
        (Recorded::Failure, abi().record_failure)
    };
    pair.model.record(recorded, now);
    let mut made = Transitions::default();
    // SAFETY: good pointers.
    let result = unsafe { function(pair.handle.0, now, &mut made) };
    let compared = same("result", OK, result).and_then(|()| told(pair, &made, seen));
    (format!("record {recorded:?}"), compared)
}

fn control(
    pair: &mut Pair,
    now: u64,
    bytes: &mut Bytes,
    seen: &mut Seen,
) -> (String, Result<(), String>) {
    let (control, function) = match bytes.next() % 5 {
        0 => (Control::Reset, abi().reset),
        1 => (Control::Trip, abi().trip),
        2 => (Control::ForceOpen, abi().force_open),
        3 => (Control::ForceClosed, abi().force_closed),
        _ => (Control::Automatic, abi().automatic),
    };
    pair.model.control(control, now);
    let mut made = Transitions::default();
    // SAFETY: good pointers.
    let result = unsafe { function(pair.handle.0, now, &mut made) };
    let compared = same("result", OK, result).and_then(|()| told(pair, &made, seen));
    (format!("{control:?}"), compared)
}

/// A wrong call; that it has no effect is seen by looking at the breaker afterwards.
fn misuse(
    pairs: &mut [Pair; 3],
    which: usize,
    now: u64,
    bytes: &mut Bytes,
    seen: &mut Seen,
) -> (String, Result<(), String>) {
    seen.misused += 1;
    let breaker = pairs[which].handle.0;
    let mut made = Transitions::default();
    let mut effect = 77;
    // Somebody's permit, if there is one.
    let another = pairs[(which + 1) % 3]
        .permits
        .iter()
        .find_map(|(held, _)| match held {
            Held::Permit(permit) => Some(*permit),
            _ => None,
        });
    let number = 4 + u32::from(bytes.next());
    // SAFETY: good pointers, or NULL.
    let (name, expected, found) = unsafe {
        match (bytes.next() % 5, another) {
            (0, Some(mut permit)) => {
                let found = (abi().settle)(breaker, &mut permit, 0, now, &mut effect, &mut made);
                ("another's permit", WRONG_BREAKER, found)
            }
            (1, _) => {
                let mut permit = Permit {
                    word: u32::from(bytes.next()),
                    mark: 1,
                    breaker: 0,
                    began_ns: 0,
                };
                let found = (abi().settle)(breaker, &mut permit, 1, now, &mut effect, &mut made);
                ("no permit", INVALID_PERMIT, found)
            }
            (2, _) => {
                let found = (abi().settle_word)(breaker, 2, 0, number, now, &mut effect, &mut made);
                ("no outcome", INVALID_ARGUMENT, found)
            }
            (3, _) => {
                let found =
                    (abi().try_acquire)(breaker, now, ptr::null_mut(), ptr::null_mut(), &mut made);
                ("NULL", 100, found)
            }
            _ => {
                // With bit 0 it is that of a call that would have been rejected.
                let word = u64::from(!pairs[which].is_shadow);
                let found = (abi().settle_word)(breaker, word, 0, 1, now, &mut effect, &mut made);
                ("a word of no epoch", INVALID_PERMIT, found)
            }
        }
    };
    let compared = same("result", expected, found)
        .and_then(|()| same("effect", 77, effect))
        .and_then(|()| same("transitions", 0, made.count));
    (format!("misuse: {name}"), compared)
}

fn word(pair: &Pair) -> u64 {
    // SAFETY: good while the handle is.
    unsafe { &*pair.word }.load(Ordering::Acquire)
}

/// The transitions that this operation has told are those that it made.
fn told(pair: &mut Pair, made: &Transitions, seen: &mut Seen) -> Result<(), String> {
    seen.transitions += u64::from(made.count);
    let made = words::transitions(made);
    let by_a_rate =
        |it: &&Transition| matches!(it.reason, Reason::FailureRate | Reason::SlowCallRate);
    seen.opened_by_a_rate += made.iter().filter(by_a_rate).count() as u64;
    same("transitions", pair.model.transitions(), made)
}

fn look(pair: &mut Pair, now: u64, seen: &mut Seen) -> Result<(), String> {
    let metrics = pair.model.metrics(now);
    seen.slow += metrics.slow - pair.slow_seen;
    pair.slow_seen = metrics.slow;
    same(
        "metrics",
        metrics,
        words::metrics(&pair.handle.metrics(now)),
    )?;
    same("state", metrics.state, words::state(pair.handle.state(now)))
}

fn same<T: PartialEq + Debug>(what: &str, expected: T, found: T) -> Result<(), String> {
    if expected == found {
        Ok(())
    } else {
        Err(format!(
            "{what}:\n  model   {expected:?}\n  library {found:?}"
        ))
    }
}
