//! Recorded calls, as they are read.

use std::io::BufRead;

use anyhow::{Context, Result, anyhow, bail, ensure};
use k1s0_circuit_breaker::Outcome;
use k1s0_circuit_breaker::machine::Nanos;
use serde_json::{Map, Value};

/// One recorded call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// When it asked for admission.
    pub at: Nanos,
    /// How long it took; 0 where it was rejected.
    pub duration: Nanos,
    /// How it ended; none where it was rejected when it was recorded.
    pub outcome: Option<Outcome>,
}

impl Call {
    /// When it ended.
    pub const fn end(&self) -> Nanos {
        // Checked when it was read.
        self.at.saturating_add(self.duration)
    }
}

/// Recorded calls, in the order in which they asked for admission. There is at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    calls: Vec<Call>,
}

impl Trace {
    /// Reads lines of JSON, in any order.
    ///
    /// # Errors
    ///
    /// Which line is wrong, and what it should be; or that there is no call.
    pub fn read(input: impl BufRead) -> Result<Self> {
        let mut calls = Vec::new();
        for (number, line) in (1..).zip(input.lines()) {
            let at_line = || format!("line {number}");
            let line = line.with_context(at_line)?;
            if !line.trim().is_empty() {
                calls.push(call(&line).with_context(at_line)?);
            }
        }
        ensure!(!calls.is_empty(), "there is no call in it");
        // Stable: of those that begin at once, the one that was written first comes first.
        calls.sort_by_key(|call| call.at);
        Ok(Self { calls })
    }

    /// The calls.
    pub fn calls(&self) -> &[Call] {
        &self.calls
    }

    /// When the first one began.
    pub fn start(&self) -> Nanos {
        self.calls.first().map_or(0, |call| call.at)
    }

    /// When the last one to end ended.
    pub fn end(&self) -> Nanos {
        self.calls.iter().map(Call::end).max().unwrap_or_default()
    }

    /// How many there are that ended so; none is those that were rejected.
    pub fn count(&self, outcome: Option<Outcome>) -> usize {
        let calls = self.calls.iter();
        calls.filter(|call| call.outcome == outcome).count()
    }
}

fn call(line: &str) -> Result<Call> {
    let fields: Map<String, Value> = serde_json::from_str(line).map_err(|error| {
        // "at line 1 column 7": the line is ours to tell.
        let text = error.to_string();
        let what = text.split(" at line ").next().unwrap_or_default();
        anyhow!("not an object of JSON: {what} (column {})", error.column())
    })?;
    let at = whole(&fields, "t_ns")?;
    let outcome = outcome(&fields)?;
    let duration = match outcome {
        Some(_) => whole(&fields, "duration_ns")?,
        None => 0,
    };
    ensure!(
        at.checked_add(duration).is_some(),
        "t_ns and duration_ns together are more than 18446744073709551615"
    );
    Ok(Call {
        at,
        duration,
        outcome,
    })
}

fn whole(fields: &Map<String, Value>, field: &str) -> Result<Nanos> {
    let range = "it must be a whole number of nanoseconds, 0 to 18446744073709551615";
    match fields.get(field) {
        None => bail!("{field} is missing; {range}"),
        Some(value) => match value.as_u64() {
            Some(nanos) => Ok(nanos),
            None => bail!("{field} is {value}; {range}"),
        },
    }
}

fn outcome(fields: &Map<String, Value>) -> Result<Option<Outcome>> {
    let range = "it must be success, failure, ignored, cancelled or rejected";
    let Some(value) = fields.get("outcome") else {
        bail!("outcome is missing; {range}");
    };
    if value == "rejected" {
        return Ok(None);
    }
    let known = Outcome::ALL.into_iter();
    match known.into_iter().find(|outcome| value == outcome.name()) {
        Some(outcome) => Ok(Some(outcome)),
        None => bail!("outcome is {value}; {range}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Trace> {
        Trace::read(text.as_bytes())
    }

    #[test]
    fn calls_come_in_the_order_in_which_they_began() {
        let trace = read(concat!(
            r#"{"t_ns":5,"duration_ns":1,"outcome":"failure"}"#,
            "\n\n",
            r#"{"t_ns":7,"outcome":"rejected","host":"a"}"#,
            "\n",
            r#"{"t_ns":1,"duration_ns":9,"outcome":"success"}"#,
            "\n",
        ))
        .unwrap();
        let told: Vec<_> = trace
            .calls()
            .iter()
            .map(|call| (call.at, call.end(), call.outcome))
            .collect();
        assert_eq!(
            told,
            [
                (1, 10, Some(Outcome::Success)),
                (5, 6, Some(Outcome::Failure)),
                (7, 7, None)
            ]
        );
        assert_eq!((trace.start(), trace.end()), (1, 10));
        assert_eq!(trace.count(None), 1);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (line, expected) in [
            ("", "there is no call in it"),
            (
                "[]",
                "line 1: not an object of JSON: invalid type: sequence, expected a map (column 0)",
            ),
            (
                r#"{"t_ns":1"#,
                "line 1: not an object of JSON: EOF while parsing an object (column 9)",
            ),
            (
                r#"{"duration_ns":1,"outcome":"success"}"#,
                "line 1: t_ns is missing; it must be a whole number of nanoseconds, 0 to 18446744073709551615",
            ),
            (
                r#"{"t_ns":-1,"duration_ns":1,"outcome":"success"}"#,
                "line 1: t_ns is -1; it must be a whole number of nanoseconds, 0 to 18446744073709551615",
            ),
            (
                r#"{"t_ns":1,"duration_ns":"1s","outcome":"success"}"#,
                "line 1: duration_ns is \"1s\"; it must be a whole number of nanoseconds, 0 to 18446744073709551615",
            ),
            (
                r#"{"t_ns":1,"outcome":"failure"}"#,
                "line 1: duration_ns is missing; it must be a whole number of nanoseconds, 0 to 18446744073709551615",
            ),
            (
                r#"{"t_ns":1,"duration_ns":1,"outcome":"timeout"}"#,
                "line 1: outcome is \"timeout\"; it must be success, failure, ignored, cancelled or rejected",
            ),
            (
                r#"{"t_ns":1,"duration_ns":1}"#,
                "line 1: outcome is missing; it must be success, failure, ignored, cancelled or rejected",
            ),
            (
                r#"{"t_ns":18446744073709551615,"duration_ns":1,"outcome":"success"}"#,
                "line 1: t_ns and duration_ns together are more than 18446744073709551615",
            ),
        ] {
            let error = read(line).unwrap_err();
            assert_eq!(format!("{error:#}"), expected);
        }
        let good = r#"{"t_ns":1,"outcome":"rejected"}"#;
        let error = read(&format!("{good}\n\n{good}\nx")).unwrap_err();
        assert!(
            format!("{error:#}").starts_with("line 4: not an object of JSON: "),
            "{error:#}"
        );
    }
}
