//! The report, in Markdown.

use std::fmt::Write;

use anyhow::Result;

use crate::case::Group;
use crate::cases::references::{FETCH_ADD, INSTANT};
use crate::host::Host;
use crate::measured::{Measured, Row};
use crate::targets::TARGETS;

/// The command that writes the report.
pub(crate) const COMMAND: &str = "cargo xtask bench rust";

/// Writes everything down.
pub(crate) fn markdown(measured: &Measured, host: &Host) -> Result<String> {
    let mut out = String::new();
    head(&mut out, host)?;
    targets(&mut out, measured)?;
    for group in Group::ALL {
        table(&mut out, measured, group)?;
    }
    memory(&mut out, measured)?;
    scale(&mut out, measured)?;
    notes(&mut out)?;
    Ok(out)
}

fn head(out: &mut String, host: &Host) -> Result<()> {
    writeln!(out, "# What a call costs, in Rust\n")?;
    writeln!(out, "Written by `{COMMAND}`.\n")?;
    for (what, value) in host.facts() {
        writeln!(out, "- {what}: {value}")?;
    }
    writeln!(
        out,
        "\nRead the ratios: the nanoseconds belong to one machine. ns is the median over passes, rounds and \
         samples (`bench/rust/src/timing/mod.rs`); net is over the same loop without a breaker; 2 threads is the \
         throughput of two threads on one breaker over that of one, and 2 is the limit; instructions are \
         callgrind's, the difference of 10,000 and 2,000 calls. A `*` marks rows for which the machine was too busy.\n"
    )?;
    Ok(())
}

fn targets(out: &mut String, measured: &Measured) -> Result<()> {
    writeln!(out, "## Targets\n")?;
    writeln!(out, "| target | limit | measured | |")?;
    writeln!(out, "| --- | --- | --: | --- |")?;
    for target in TARGETS {
        let (value, word) = match target.judge(measured) {
            Some(it) if it.reached => (format!("{:.2}", it.measured), "reached"),
            Some(it) => (format!("{:.2}", it.measured), "**not reached**"),
            None => ("–".to_owned(), "not measured"),
        };
        writeln!(
            out,
            "| {} | {} | {value} | {word} |",
            target.what,
            target.limit()
        )?;
    }
    writeln!(out)?;
    Ok(())
}

fn table(out: &mut String, measured: &Measured, group: Group) -> Result<()> {
    let rows: Vec<&Row> = measured
        .rows
        .iter()
        .filter(|it| it.group == group)
        .collect();
    if rows.is_empty() {
        writeln!(
            out,
            "## {}\n\nNot measured: the library was not there.\n",
            group.title()
        )?;
        return Ok(());
    }
    let unit = measured.nanos(FETCH_ADD).unwrap_or(f64::NAN);
    let instant = measured.nanos(INSTANT).unwrap_or(f64::NAN);
    writeln!(out, "## {}\n", group.title())?;
    writeln!(
        out,
        "| | ns | net ns | × `fetch_add` | × `Instant::now()` | 2 threads | ns on each of 2 | instructions | net |"
    )?;
    writeln!(
        out,
        "| --- | --: | --: | --: | --: | --: | --: | --: | --: |"
    )?;
    for row in rows {
        let figure = row.figure;
        writeln!(
            out,
            "| {}{} | {:.2} | {:.2} | {:.2} | {:.2} | {} | {} | {} | {} |",
            row.name,
            if figure.disturbed { " *" } else { "" },
            figure.alone,
            measured.net_nanos(row),
            figure.alone / unit,
            figure.alone / instant,
            cell(figure.throughput()),
            cell(figure.together),
            cell(row.instructions),
            cell(measured.net_instructions(row)),
        )?;
    }
    writeln!(out)?;
    Ok(())
}

fn memory(out: &mut String, measured: &Measured) -> Result<()> {
    writeln!(out, "## Memory, bytes per breaker\n")?;
    writeln!(
        out,
        "| | inline | heap | blocks | new | after 1 call | after 1 failure | after opening |"
    )?;
    writeln!(out, "| --- | --: | --: | --: | --: | --: | --: | --: |")?;
    for it in &measured.memory {
        writeln!(
            out,
            "| {} | {:.0} | {:.0} | {:.0} | {:.0} | {:.0} | {:.0} | {:.0} |",
            it.name,
            it.inline,
            it.heap,
            it.blocks,
            it.new,
            it.after_success,
            it.after_failure,
            it.after_opening
        )?;
    }
    writeln!(out)?;
    Ok(())
}

fn scale(out: &mut String, measured: &Measured) -> Result<()> {
    writeln!(out, "## Many breakers, ns per call, walk included\n")?;
    writeln!(
        out,
        "| breakers | in turn | in no order | one load of as many objects, in turn | in no order |"
    )?;
    writeln!(out, "| --: | --: | --: | --: | --: |")?;
    for it in &measured.walks {
        writeln!(
            out,
            "| {} | {:.2} | {:.2} | {:.2} | {:.2} |",
            it.breakers, it.sequential, it.random, it.sequential_load, it.random_load
        )?;
    }
    writeln!(out, "\n## An old breaker, ns per call, walk included\n")?;
    writeln!(out, "| after | ns |\n| --- | --: |")?;
    for it in &measured.ages {
        writeln!(out, "| {} | {:.2} |", it.after, it.nanos)?;
    }
    writeln!(out)?;
    Ok(())
}

fn notes(out: &mut String) -> Result<()> {
    writeln!(
        out,
        "## Notes\n\n\
         - The guarded call returns `Ok` or `Err` by a value that the compiler cannot see through, so both arms are in \
         the loop, as with any real call.\n\
         - Every library is built by one compiler run with fat LTO and one codegen unit (profile `measure`).\n\
         - Peers are opened by failures (circuitbreaker-rs by `force_open`), with a wait of one hour. failsafe and \
         tower-resilience count consecutive failures, as we do; recloser and circuitbreaker-rs have their defaults.\n\
         - ferryman-core has no guarded call; the row does what its own example does.\n\
         - tower-resilience is a tower service and has no synchronous face. On two threads its `tokio::sync::Mutex` parks \
         the runtime of whoever waits.\n\
         - Memory is measured on one thread. What \"after 1 call\" adds are the thread's counters, and each further \
         thread that calls adds as much; what \"after 1 failure\" adds is the ledger of failures and transitions.\n\
         - With many breakers a call touches a few cache lines: the handle, the breaker's word and column, the thread's \
         counter. The instructions stay the same.\n\
         - Under valgrind a clock read is a system call, so a rejection's instructions are those before and after it."
    )?;
    Ok(())
}

fn cell(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.2}"))
}
