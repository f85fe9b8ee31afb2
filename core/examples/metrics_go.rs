//! Prints `bindings-go/contrib/otel/vocabulary.go`. `cargo xtask generate` writes it there.

use k1s0_circuit_breaker::metrics::vocabulary::{INSTRUMENTS, Instrument, Kind, SCOPE, UNNAMED};

fn main() {
    println!(
        "// Code generated from core/src/metrics/vocabulary.rs by cargo xtask generate. DO NOT EDIT.\n"
    );
    println!("package otelbreaker\n");
    println!("// Scope is the instrumentation scope of every language of k1s0.");
    println!("const Scope = {SCOPE:?}\n");
    println!("// unnamed is shown as the name of a breaker without one.");
    println!("const unnamed = {UNNAMED:?}\n");
    println!("// instruments are those of docs/metrics.md.");
    println!("var instruments = []instrument{{");
    for instrument in INSTRUMENTS {
        println!("{}", row(instrument));
    }
    println!("}}");
}

fn row(instrument: &Instrument) -> String {
    let is_gauge = instrument.kind == Kind::Gauge;
    format!(
        "\t{{{:?}, {is_gauge}, {:?}, {:?}}},",
        instrument.name, instrument.unit, instrument.description
    )
}
