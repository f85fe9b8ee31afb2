//! What the addon exports: the functions of `bindings-wasm/README.md`, and what there is besides.
//!
//! * `breaker` is a number from `create` or `shared` that this thread has not freed. Another one is an error.
//! * Time comes in two halves, in nanoseconds. What is named `…_at` is handed the time; its twin is not, and answers that
//!   it needs it, having changed nothing.

use breaker::machine::{
    Admission, Effect, Ending, Nanos, NeedsNow, Outcome, Recording, Ticket, Transition, Word,
};
use interface::config::Draft;
use interface::nanos::joined;
use interface::numbers::{self, ASK_WITH_TIME, Control, MADE_ONE, NEEDS_NOW};
use interface::rows;
use napi_sys::{napi_callback, napi_callback_info, napi_env, napi_value};

use crate::boundary::{Failed, entry};
use crate::instance::{Instance, MADE_ROWS, REGISTERS};
use crate::js::{FromJs, View};
use crate::places;
use crate::reading;

/// Functions as they are written, for Node to call; and the list of them.
///
/// What follows `registers:` is called for each call of a user's, and so finds its arguments where the host has written
/// them, in the memory that both see, and leaves its answer there: Node-API takes 5 ns for each of them otherwise.
macro_rules! entries {
    (
        $($(#[$attribute:meta])* fn $name:ident($instance:ident $(, $argument:ident: $type:ty)*) -> $result:ty $body:block)*
        registers:
        $($(#[$hot_attribute:meta])* fn $hot:ident($hot_instance:ident $(, $register:ident)*) -> $hot_result:ty $hot_body:block)*
    ) => {
        $(
            $(#[$attribute])*
            unsafe extern "C" fn $name(env: napi_env, info: napi_callback_info) -> napi_value {
                fn body($instance: &mut Instance $(, $argument: $type)*) -> Result<$result, Failed> $body

                // SAFETY: Node calls it, and only as what `start` made of it.
                unsafe {
                    entry(env, info, stringify!($name), |instance, [$($argument),*]| {
                        // SAFETY: an argument of this call.
                        $(let $argument = <$type as FromJs>::from_js(env, $argument)?;)*
                        body(instance $(, $argument)*)
                    })
                }
            }
        )*

        $(
            $(#[$hot_attribute])*
            unsafe extern "C" fn $hot(env: napi_env, info: napi_callback_info) -> napi_value {
                #[inline(always)]
                #[allow(clippy::too_many_arguments, reason = "the interface has so many")]
                fn body($hot_instance: &mut Instance $(, $register: u32)*) -> Result<$hot_result, Failed> $hot_body

                // SAFETY: Node calls it, and only as what `start` made of it.
                unsafe {
                    entry(env, info, stringify!($hot), |instance, []| {
                        let [$($register,)* ..] = *instance.answers.registers();
                        let answer = body(instance $(, $register)*)?;
                        instance.answers.registers()[0] = answer as u32;
                        Ok(())
                    })
                }
            }
        )*

        /// Every export, by its name.
        pub(crate) const ENTRIES: &[(&str, napi_callback)] = &[
            $((stringify!($name), Some($name)),)*
            $((stringify!($hot), Some($hot)),)*
            #[cfg(k1s0_cb_force_panic)]
            ("force_panic", Some(force_panic)),
        ];
    };
}

entries! {
    fn interface(_instance) -> u32 { Ok(numbers::INTERFACE) }

    /// Where the last answer stands in the `memory`.
    fn answer(_instance) -> u32 { Ok(0) }

    /// Where the transitions stand in the `memory` that the last `…_at` made.
    fn made_rows(_instance) -> u32 { Ok(MADE_ROWS) }

    /// Where the registers stand in the `memory`: sixteen 32-bit numbers, of which the first is the answer and the last says
    /// how many transitions the last `…_at` made; and behind them, as an `f64`, the wait of the last rejection in
    /// milliseconds, NaN if there is none.
    fn registers(_instance) -> u32 { Ok(REGISTERS) }

    /// The last text itself, once.
    fn text(instance) -> String { Ok(std::mem::take(&mut instance.answers.text)) }

    fn config_begin(instance) -> () {
        instance.answers.draft = Some(Draft::new());
        Ok(())
    }

    fn config_number(instance, field: u32, value: f64) -> u32 {
        Ok(instance.answers.draft.get_or_insert_default().number(field, value).into())
    }

    fn config_bits(instance, field: u32, high: u32, low: u32) -> u32 {
        Ok(instance.answers.draft.get_or_insert_default().bits(field, joined(high, low)).into())
    }

    fn config_off(instance, field: u32) -> u32 {
        Ok(instance.answers.draft.get_or_insert_default().off(field).into())
    }

    /// The seed is not needed: core draws its own.
    fn create(instance) -> u32 {
        let Some(rules) = instance.answers.rules() else {
            return Ok(0);
        };
        instance.weigh(1);
        Ok(instance.held.make(&rules).number())
    }

    /// As `create`, a breaker that all threads share: the one of this name, and a new one where there is none. -1 where there
    /// is one of another configuration; with `any`, whatever configuration it has is right.
    fn shared(instance, name: String, any: u32) -> i32 {
        let Some(rules) = instance.answers.rules() else {
            return Ok(0);
        };
        let Some(place) = instance.held.share(&name, rules, any != 0) else {
            return Ok(-1);
        };
        instance.weigh(1);
        Ok(place.number() as i32)
    }

    fn free(instance, breaker: u32) -> () {
        instance.held.free(breaker)?;
        instance.weigh(-1);
        Ok(())
    }

    /// How many breakers there are in the process.
    fn breakers(_instance) -> u32 { Ok(places::taken()) }

    /// Writes into the answer where the host finds what it reads and counts in place: the number of the memory that `words`
    /// answers with, and which of its 32-bit numbers is the low half of the admission word; then the same of `counters`, and the
    /// low half of the counter of successes. Answers which outcomes it takes the time to settle, a bit for each by its number;
    /// -1 where there is no such counter.
    fn places(instance, breaker: u32) -> i32 {
        let (place, slab) = instance.held.place(breaker)?;
        let engine = instance.held.engine(breaker)?;
        let word = std::ptr::from_ref(engine.admission_word()).addr() - slab.memory().0.addr();
        let Some(lease) = engine.lease() else {
            return Ok(-1);
        };
        let timed = Outcome::ALL.map(|it| i32::from(engine.settling_needs_now(it)) << it as u32);
        let row = [
            place.slab() as u64,
            (word / size_of::<u32>()) as u64,
            lease.run().into(),
            2 * lease.success_index() as u64,
        ];
        instance.answers.write([row]);
        Ok(timed.iter().sum())
    }

    /// The memory in which the admission word stands, to be read; `undefined` where the host refuses such views.
    fn words(instance, breaker: u32) -> View {
        let (_, slab) = instance.held.place(breaker)?;
        let (first, bytes) = slab.memory();
        // SAFETY: slabs are never freed, and the host only reads.
        Ok(unsafe { View::of(first, bytes) })
    }

    /// The memory in which this thread's counter of successes stands, to be counted in; `undefined` as above.
    fn counters(instance, breaker: u32) -> View {
        let Some(lease) = instance.held.engine(breaker)?.lease() else {
            return Ok(View::NONE);
        };
        let memory = lease.memory();
        // SAFETY: it is never freed, and the host counts in the breaker's own counter only, on this thread.
        Ok(unsafe { View::of(memory.cast(), memory.len() * size_of::<u64>()) })
    }

    fn control_at(instance, breaker: u32, control: u32, high: u32, low: u32) -> u32 {
        let engine = instance.held.engine(breaker)?;
        let now = joined(high, low);
        let transition = match Control::numbered(control) {
            Some(Control::Reset) => engine.reset(now),
            Some(Control::Trip) => engine.trip(now),
            Some(Control::ForceOpen) => engine.force_open(now),
            Some(Control::ForceClosed) => engine.force_closed(now),
            Some(Control::Automatic) => engine.automatic(now),
            Some(Control::Tick) => engine.tick(now),
            None => None,
        };
        Ok(instance.answers.note([transition, None]))
    }

    fn state(instance, breaker: u32) -> i32 {
        Ok(reading::number_of(instance.held.engine(breaker)?.state(None)))
    }

    fn state_at(instance, breaker: u32, high: u32, low: u32) -> i32 {
        Ok(reading::number_of(instance.held.engine(breaker)?.state(Some(joined(high, low)))))
    }

    fn metrics(instance, breaker: u32) -> i32 {
        reading::metrics_of(instance, breaker, None)
    }

    fn metrics_at(instance, breaker: u32, high: u32, low: u32) -> i32 {
        reading::metrics_of(instance, breaker, Some(joined(high, low)))
    }

    fn history(instance, breaker: u32) -> u32 {
        let transitions = instance.held.engine(breaker)?.recent_transitions();
        Ok(instance.answers.write(transitions.iter().map(rows::row)))
    }

    fn explain(instance, breaker: u32) -> i32 {
        let explained = instance.held.engine(breaker)?.explain(None);
        Ok(reading::text_of(instance, explained))
    }

    fn explain_at(instance, breaker: u32, high: u32, low: u32) -> i32 {
        let explained = instance.held.engine(breaker)?.explain(Some(joined(high, low)));
        Ok(reading::text_of(instance, explained))
    }

    fn http_status(_instance, status: u32) -> u32 { Ok(numbers::http_status(status)) }

    fn grpc_status(_instance, code: i32) -> u32 { Ok(numbers::grpc_status(code)) }

    fn transport_error(_instance, error: u32) -> u32 { Ok(numbers::transport_error(error)) }

    fn retry_after(instance, status: u32, retry_after: String, date: String) -> u32 {
        Ok(instance.answers.asked(numbers::retry_after(status, &retry_after, Some(&date))))
    }

    fn grpc_retry_pushback(instance, value: String) -> u32 {
        Ok(instance.answers.asked(numbers::grpc_retry_pushback(&value)))
    }

    registers:

    fn acquire(instance, breaker) -> u32 {
        match instance.held.engine(breaker)?.admit_unasked() {
            Some(word) => Ok(numbers::permit(word)),
            None => admit(instance, breaker, None),
        }
    }

    fn acquire_at(instance, breaker, high, low) -> u32 {
        admit(instance, breaker, Some(joined(high, low)))
    }

    fn settle(instance, breaker, permit, outcome) -> i32 {
        let word = Word::from_bits(permit.into());
        let engine = instance.held.engine(breaker)?;
        if outcome == Outcome::Success as u32 && engine.succeed_unasked(word) {
            return Ok(Effect::Applied as i32);
        }
        end(instance, breaker, word.into(), numbers::outcome(outcome).into(), None)
    }

    fn settle_at(instance, breaker, permit, outcome, began_high, began_low, high, low) -> i32 {
        let ticket = ticket(permit, joined(began_high, began_low));
        let now = joined(high, low);
        if outcome == Outcome::Success as u32 && instance.held.engine(breaker)?.succeed_at(ticket, now) {
            instance.answers.note([None, None]);
            return Ok(Effect::Applied as i32);
        }
        end(instance, breaker, ticket, numbers::outcome(outcome).into(), Some(now))
    }

    fn settle_asked_at(
        instance, breaker, permit, outcome, began_high, began_low, high, low, retry_high, retry_low
    ) -> i32 {
        let ending = Ending {
            outcome: numbers::outcome(outcome),
            retry_after: Some(joined(retry_high, retry_low)),
        };
        let ticket = ticket(permit, joined(began_high, began_low));
        end(instance, breaker, ticket, ending, Some(joined(high, low)))
    }

    fn record(instance, breaker, outcome) -> i32 {
        recorded(instance, breaker, outcome, None)
    }

    fn record_at(instance, breaker, outcome, high, low) -> i32 {
        recorded(instance, breaker, outcome, Some(joined(high, low)))
    }
}

fn admit(instance: &mut Instance, breaker: u32, now: Option<Nanos>) -> Result<u32, Failed> {
    let Ok(admission) = instance.held.engine(breaker)?.admit(now) else {
        return Ok(ASK_WITH_TIME);
    };
    let Admission {
        verdict,
        transition,
    } = admission;
    instance.answers.note([transition, None]);
    let (answer, left) = numbers::verdict(verdict);
    if numbers::is_rejection(answer) {
        instance.answers.wait(left);
    } else {
        instance.held.admitted(breaker, verdict, answer);
    }
    Ok(answer)
}

fn ticket(permit: u32, began: Nanos) -> Ticket {
    Ticket {
        word: Word::from_bits(permit.into()),
        began,
    }
}

fn end(
    instance: &mut Instance,
    breaker: u32,
    ticket: Ticket,
    ending: Ending,
    now: Option<Nanos>,
) -> Result<i32, Failed> {
    let engine = instance.held.engine(breaker)?;
    let mut transition: Option<Transition> = None;
    let effect = match engine.settle_unasked(ticket.word, ending.outcome) {
        Some(effect) => effect,
        // Without a look under the lock, which would find the same.
        None if now.is_none() && engine.settling_needs_now(ending.outcome) => return Ok(NEEDS_NOW),
        None => match engine.settle_into(ticket, ending, now, &mut transition) {
            Ok(effect) => effect,
            Err(NeedsNow) => return Ok(NEEDS_NOW),
        },
    };
    instance.held.settled(breaker, ticket.word);
    let made = instance.answers.note([transition, None]);
    Ok(effect as i32 + MADE_ONE * made as i32)
}

fn recorded(
    instance: &mut Instance,
    breaker: u32,
    outcome: u32,
    now: Option<Nanos>,
) -> Result<i32, Failed> {
    let engine = instance.held.engine(breaker)?;
    Ok(match engine.record(numbers::recorded(outcome), now) {
        Err(NeedsNow) => NEEDS_NOW,
        Ok(Recording { transitions }) => instance.answers.note(transitions) as i32,
    })
}

/// Has the named entry panic, once.
#[cfg(k1s0_cb_force_panic)]
unsafe extern "C" fn force_panic(env: napi_env, info: napi_callback_info) -> napi_value {
    // SAFETY: Node calls it, and only as what `start` made of it.
    unsafe {
        entry(env, info, "force_panic", |_, [name]| {
            // SAFETY: an argument of this call.
            let name = String::from_js(env, name)?;
            *crate::boundary::ARMED
                .lock()
                .map_err(|_| Failed::NoSuchBreaker)? = Some(name);
            Ok(())
        })
    }
}
