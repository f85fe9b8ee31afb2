//! Prints `docs/metrics.md`. `cargo run -p xtask -- generate` writes it there.

use k1s0_circuit_breaker::metrics::vocabulary::{INSTRUMENTS, Instrument, Kind, SCOPE};

fn main() {
    println!("# Metrics\n");
    println!("<!-- Generated from core/src/metrics/vocabulary.rs by `cargo xtask generate`. -->\n");
    println!("One vocabulary in every language, under the instrumentation scope `{SCOPE}`.");
    println!("Every instrument is observable: it costs nothing until somebody collects.");
    println!("`name` is the breaker's name; give each breaker its own.\n");
    println!("| instrument | kind | unit | attributes | what it tells |");
    println!("| --- | --- | --- | --- | --- |");
    for instrument in INSTRUMENTS {
        println!("{}", row(instrument));
    }
    println!("\n| attribute | values |\n| --- | --- |");
    let mut seen = Vec::new();
    for attribute in INSTRUMENTS.iter().flat_map(|it| it.attributes) {
        if !seen.contains(&attribute.key) {
            seen.push(attribute.key);
            let values = attribute
                .values
                .map_or_else(|| "any".to_owned(), |values| values.join(", "));
            println!("| `{}` | {values} |", attribute.key);
        }
    }
}

fn row(instrument: &Instrument) -> String {
    let kind = match instrument.kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
    };
    let attributes: Vec<_> = instrument
        .attributes
        .iter()
        .map(|attribute| format!("`{}`", attribute.key))
        .collect();
    format!(
        "| `{}` | {kind} | `{}` | {} | {} |",
        instrument.name,
        instrument.unit,
        attributes.join(", "),
        instrument.description,
    )
}
