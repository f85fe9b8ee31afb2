//! The committed header is what the source makes.

#[path = "../examples/header/generate.rs"]
mod generate;

#[test]
fn the_committed_header_is_what_the_source_makes() {
    let folder = env!("CARGO_MANIFEST_DIR");
    let committed = std::fs::read_to_string(format!("{folder}/include/k1s0_circuit_breaker.h"));
    assert!(
        committed.unwrap() == generate::header().unwrap(),
        "include/k1s0_circuit_breaker.h is not what the source makes; run `cargo xtask generate`"
    );
}
