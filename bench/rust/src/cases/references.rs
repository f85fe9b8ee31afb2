//! What the machine itself costs.

use std::future::ready;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;

use crate::barrier::opaque;
use crate::case::{Case, Group};
use crate::clock;
use crate::guarded::{healthy, repeat, ten_percent};
use crate::os::SharedObject;
use crate::repeat_async;

/// One uncontended `fetch_add`: the unit of the report.
pub(crate) const FETCH_ADD: &str = "reference/fetch_add, relaxed (shared word)";
/// One reading of the precise clock.
pub(crate) const INSTANT: &str = "reference/Instant::now()";
/// Two calls into a shared object.
pub(crate) const TWO_EMPTY: &str = "reference/extern \"C\" empty, shared object, x2";

fn case(name: &'static str, run: impl Fn(u64) + Send + Sync + 'static) -> Case {
    Case::new(Group::Reference, name, run)
}

fn each(calls: u64, mut action: impl FnMut()) {
    for _ in 0..calls {
        action();
    }
}

/// The references.
pub(crate) fn all() -> Result<Vec<Case>> {
    let object = SharedObject::open(env!("K1S0_BENCH_EMPTY"))?;
    let empty = object.plain_function(c"k1s0_bench_empty")?;
    let (load, add, mutex) = (AtomicU64::new(0), AtomicU64::new(0), Mutex::new(0_u64));
    Ok(vec![
        case("empty loop", |calls| {
            each(calls, || {
                opaque(0);
            })
        }),
        case("bare call", |calls| repeat(calls, healthy)),
        case("bare call, 10 % errors", |calls| repeat(calls, ten_percent)),
        case("bare await", |calls| {
            repeat_async!(calls, i => async move { healthy(i) });
        }),
        case("bare await of ready()", |calls| {
            repeat_async!(calls, i => ready(healthy(i)));
        }),
        case("relaxed load", move |calls| {
            each(calls, || {
                opaque(load.load(Ordering::Relaxed));
            })
        }),
        case("fetch_add, relaxed (shared word)", move |calls| {
            each(calls, || {
                add.fetch_add(1, Ordering::Relaxed);
                // Keeps the compiler from unrolling the loop.
                opaque(0);
            })
        }),
        case("std Mutex lock/unlock", move |calls| {
            each(calls, || {
                if let Ok(mut value) = mutex.lock() {
                    *value = opaque(*value);
                }
            })
        }),
        case("Instant::now()", |calls| {
            each(calls, clock::read_and_forget)
        }),
        case("coarse clock", |calls| {
            each(calls, || {
                opaque(crate::os::coarse_clock());
            })
        }),
        case("Box::new + drop, 64 B", |calls| {
            each(calls, || {
                drop(std::hint::black_box(Box::new([0_u64; 8])));
            })
        }),
        case("extern \"C\" empty, shared object", move |calls| {
            each(calls, &empty)
        }),
        case("extern \"C\" empty, shared object, x2", move |calls| {
            each(calls, || {
                empty();
                empty();
            })
        }),
    ])
}
