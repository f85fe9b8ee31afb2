//! What a call through this breaker costs, next to the libraries people use today.

mod barrier;
mod callgrind;
mod case;
mod cases;
mod clock;
mod guarded;
mod os;
mod runtime;
mod timing;

use std::env;

use anyhow::{Result, bail};

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("", &[] as &[String]),
    };
    match command {
        callgrind::CHILD => callgrind::child(&cases::all()?, rest),
        "list" => {
            for case in cases::all()? {
                println!("{}", case.key());
            }
            Ok(())
        }
        "listing" => {
            for (key, counted) in callgrind::count(rest)? {
                println!("## {key}: {:.2} instructions per call\n{}", counted.per_call(), counted.listing()?);
            }
            Ok(())
        }
        "time" => {
            let cases: Vec<_> = cases::all()?.into_iter().map(std::sync::Arc::new).collect();
            let figures = timing::measure(&cases, timing::Effort { passes: 1, ..timing::Effort::FULL })?;
            for (c, f) in cases.iter().zip(figures) { println!("{:10.2} {:?} {:5} {}", f.alone, f.throughput(), f.disturbed, c.key()); }
            Ok(())
        }
        "count" => {
            let keys: Vec<_> = cases::all()?.iter().map(|it| it.key()).collect();
            let counted = callgrind::count(&keys)?;
            for key in keys { println!("{:10.2} {key}", counted[&key].per_call()); }
            Ok(())
        }
        other => bail!("unknown command {other}"),
    }
}
