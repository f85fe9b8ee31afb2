//! The committed header is what the source makes.

#[path = "../examples/header/generate.rs"]
mod generate;

#[test]
fn the_committed_header_is_what_the_source_makes() {
    let committed = std::fs::read_to_string(generate::path()).unwrap();
    let made = generate::header().unwrap();
    assert!(
        committed == made,
        "include/k1s0_circuit_breaker.h is not what the source makes; \
         run `cargo run -p k1s0-circuit-breaker-c --example header`"
    );
}
