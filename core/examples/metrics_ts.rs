//! Prints `bindings-node/src/vocabulary.ts`. `cargo run -p xtask -- generate` writes it there.

use k1s0_circuit_breaker::metrics::vocabulary::{INSTRUMENTS, Kind, SCOPE, UNNAMED};
use serde_json::{Value, json};

fn main() {
    println!("// Generated from core/src/metrics/vocabulary.rs by `cargo xtask generate`.\n");
    constant("SCOPE", &json!(SCOPE));
    constant("VERSION", &json!(k1s0_circuit_breaker::VERSION));
    println!("/** The name under which a breaker without one is shown. @internal */");
    println!("export const UNNAMED = {};", json!(UNNAMED));
    println!("/** @internal */");
    println!("export const INSTRUMENTS = [");
    for it in INSTRUMENTS {
        let kind = match it.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
        };
        println!("  {{");
        for (key, value) in [
            ("name", it.name),
            ("kind", kind),
            ("unit", it.unit),
            ("description", it.description),
        ] {
            println!("    {key}: {},", json!(value));
        }
        println!("  }},");
    }
    println!("] as const;");
    println!("/** The values that attributes have. @internal */");
    println!("export const VALUES = {{");
    let mut seen = Vec::new();
    for attribute in INSTRUMENTS.iter().flat_map(|it| it.attributes) {
        if let Some(values) = attribute.values
            && !seen.contains(&attribute.key)
        {
            seen.push(attribute.key);
            println!("  {}: {},", attribute.key, json!(values));
        }
    }
    println!("}} as const;");
    println!("/** @internal */");
    println!("export type InstrumentName = (typeof INSTRUMENTS)[number][\"name\"];");
}

fn constant(name: &str, value: &Value) {
    println!("/** @internal */");
    println!("export const {name} = {value};");
}
