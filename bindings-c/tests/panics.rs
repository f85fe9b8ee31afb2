//! A panic is forced at every entry of a library that is built for it, and none gets out.

mod support;

use std::ptr;

use support::abi::{Abi, NAMES, PANIC, string};

#[test]
fn a_panic_at_any_entry_becomes_a_result() {
    let built = support::build("panics", &["--cfg", "k1s0_cb_force_panic"]);
    let file = support::shared_library();
    let abi = Abi::open(&built.join(file.file_name().unwrap()));
    let mut tried = 0;
    let mut is = |expected: i32, found: i32| {
        assert_eq!(expected, found, "call {tried}");
        tried += 1;
    };
    let (n, m): (*const u8, *mut u8) = (ptr::null(), ptr::null_mut());
    // SAFETY: each entry panics before it looks at what it was given.
    unsafe {
        is(PANIC, (abi.config_init)(m.cast(), 16));
        is(PANIC, (abi.new)(n.cast(), m.cast(), m.cast()));
        is(
            PANIC,
            (abi.new_named)(n.cast(), 0, n.cast(), m.cast(), m.cast()),
        );
        is(PANIC, (abi.clone)(n.cast(), m.cast()));
        is(PANIC, (abi.get_name)(n.cast(), m.cast(), 0, m.cast()));
        is(
            PANIC,
            (abi.shared)(n.cast(), 0, n.cast(), m.cast(), m.cast()),
        );
        is(
            PANIC,
            (abi.try_acquire)(n.cast(), 0, m.cast(), m.cast(), m.cast()),
        );
        is(
            PANIC,
            (abi.settle)(n.cast(), m.cast(), 0, 0, m.cast(), m.cast()),
        );
        is(
            PANIC,
            (abi.settle_retry_after)(n.cast(), m.cast(), 0, 0, 0, m.cast(), m.cast()),
        );
        for control in [
            abi.record_success,
            abi.record_failure,
            abi.tick,
            abi.reset,
            abi.trip,
            abi.force_open,
            abi.force_closed,
            abi.automatic,
        ] {
            is(PANIC, control(n.cast(), 0, m.cast()));
        }
        is(PANIC, (abi.get_state)(n.cast(), 0, m.cast()));
        is(
            PANIC,
            (abi.recent_transitions)(n.cast(), m.cast(), 0, m.cast()),
        );
        is(
            PANIC,
            (abi.explain_json)(n.cast(), 0, m.cast(), 0, m.cast()),
        );
        is(
            PANIC,
            (abi.explain_text)(n.cast(), 0, m.cast(), 0, m.cast()),
        );
        is(PANIC, (abi.get_metrics)(n.cast(), 0, m.cast()));
        is(PANIC, (abi.admission_word)(n.cast(), m.cast()));
        is(
            PANIC,
            (abi.acquire_word)(n.cast(), 0, m.cast(), m.cast(), m.cast()),
        );
        is(
            PANIC,
            (abi.settle_word)(n.cast(), 0, 0, 0, 0, m.cast(), m.cast()),
        );
        is(
            PANIC,
            (abi.settle_low_word)(n.cast(), 0, 0, 0, 0, m.cast(), m.cast()),
        );
        is(
            PANIC,
            (abi.settle_word_retry_after)(n.cast(), 0, 0, 0, 0, 0, m.cast(), m.cast()),
        );
        is(PANIC, (abi.counter_new)(n.cast(), m.cast()));
        is(PANIC, (abi.counter_address)(n.cast(), m.cast()));
        is(PANIC, (abi.classify_http_status)(0, m.cast()));
        is(PANIC, (abi.classify_grpc_status)(0, m.cast()));
        is(PANIC, (abi.classify_transport_error)(0, m.cast()));
        is(
            PANIC,
            (abi.http_retry_after)(503, n.cast(), 0, n.cast(), 0, m.cast()),
        );
        is(PANIC, (abi.grpc_retry_pushback)(n.cast(), 0, m.cast()));
        // Those without a result come back, and that is all.
        (abi.free)(m.cast());
        (abi.counter_free)(m.cast());
        is(0, (abi.abi_version)() as i32);
    }
    tried += 2;
    assert_eq!(string((abi.version)()), "panic");
    assert_eq!(string((abi.result_name)(0)), "panic");
    tried += 2;
    for name in [
        abi.state_name,
        abi.outcome_name,
        abi.effect_name,
        abi.reason_name,
        abi.reject_reason_name,
        abi.transport_error_name,
    ] {
        assert_eq!(string(name(0)), "panic");
        tried += 1;
    }
    assert_eq!(tried, NAMES.len(), "an entry was left out");
}

#[test]
fn the_shipped_library_does_not_panic() {
    let abi = support::abi::abi();
    assert_eq!(string((abi.version)()), env!("CARGO_PKG_VERSION"));
    assert_eq!((abi.abi_version)(), 2);
}
