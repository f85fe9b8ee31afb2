//! An explanation for a person. The same explanation always prints the same.

use alloc::string::ToString;
use core::fmt::{self, Display, Formatter};
use core::time::Duration;

use super::{Explanation, Need, Past, RateNeed, duration};
use crate::machine::{
    BackoffRule, Evidence, Nanos, OFF, Ppm, Rules, State, Transition, WHOLE, WindowRule,
};
use crate::window::Content;

impl Display for Explanation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("circuit breaker ")?;
        if let Some(name) = &self.name {
            write!(f, "{name:?} ")?;
        }
        let forced = if self.forced { "forced " } else { "" };
        writeln!(f, "is {forced}{}, epoch {}", self.state, self.epoch)?;
        self.fmt_call_now(f)?;
        for need in &self.needs {
            writeln!(f, "  {need}")?;
        }
        self.fmt_counts(f)?;
        if let Some(last) = self.last_transition() {
            writeln!(f, "last change: {last}")?;
        }
        if self.automatic_state == State::Open {
            self.fmt_wait(f)?;
        }
        writeln!(f, "rules:")?;
        fmt_rules(&self.rules, f)?;
        if let [earlier @ .., _last] = self.history.as_slice()
            && !earlier.is_empty()
        {
            writeln!(f, "before that:")?;
            for past in earlier.iter().rev() {
                writeln!(f, "  {past}")?;
            }
        }
        Ok(())
    }
}

impl Explanation {
    fn fmt_call_now(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match (self.would_reject, self.state) {
            (Some(reason), _) if self.shadow() => writeln!(
                f,
                "a call now goes through, for this is shadow mode; it would be rejected ({reason})"
            ),
            (Some(reason), _) => writeln!(f, "a call now is rejected ({reason})"),
            (None, State::HalfOpen) => writeln!(f, "a call now is a probe"),
            (None, _) => writeln!(f, "a call now goes through"),
        }
    }

    fn fmt_counts(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let counted = Evidence {
            consecutive_failures: self.consecutive_failures,
            successful_probes: self.successful_probes,
            window: self.window.unwrap_or_default(),
        };
        match Counted(&counted).to_string() {
            nothing if nothing.is_empty() => Ok(()),
            counted => writeln!(f, "counted: {counted}"),
        }
    }

    fn fmt_wait(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.wait {
            Some(wait) => write!(f, "it waits {}", Measured(wait))?,
            None => write!(f, "it waits for ever")?,
        }
        match self.openings_in_a_row {
            Some(openings) if openings > 1 => writeln!(f, ", at opening {openings} in a row"),
            _ => writeln!(f),
        }
    }
}

impl Display for Past {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Transition {
            from,
            to,
            reason,
            evidence,
            ..
        } = &self.transition;
        write!(f, "{} ago {from} to {to}: {reason}", Measured(self.ago))?;
        match Counted(evidence).to_string() {
            nothing if nothing.is_empty() => Ok(()),
            counted => write!(f, " ({counted})"),
        }
    }
}

impl Display for Need {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Failures { more: 1 } => f.write_str("1 more failure opens it"),
            Self::Failures { more } => write!(f, "{more} more failures in a row open it"),
            Self::FailureRate(need) => write!(f, "the failure rate is {need}"),
            Self::SlowCallRate(need) => write!(f, "the rate of slow calls is {need}"),
            Self::Wait { left: None } => f.write_str("it never ends by itself; reset closes it"),
            Self::Wait {
                left: Some(Duration::ZERO),
            } => f.write_str("the wait is over; the next call is a probe"),
            Self::Wait { left: Some(left) } => {
                write!(f, "the next call after {} is a probe", Measured(left))
            }
            Self::Probes { more, now } => {
                let (then, more_word) = if now { ("", " more") } else { ("then ", "") };
                let probes = if more == 1 {
                    "probe closes"
                } else {
                    "probes close"
                };
                write!(f, "{then}{more}{more_word} successful {probes} it")
            }
            Self::Slots {
                taken,
                of,
                given_up_in,
            } => {
                write!(f, "{taken} of {} taken", Number(of.into(), "slot"))?;
                match given_up_in {
                    Some(Duration::ZERO) => f.write_str("; the next call gives the probes up"),
                    Some(left) => write!(f, "; the probes are given up in {}", Measured(left)),
                    None => Ok(()),
                }
            }
            Self::Hand { underneath } => write!(
                f,
                "so until automatic, which brings {underneath} back, or reset"
            ),
        }
    }
}

impl Display for RateNeed {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let calls = Number(self.calls, "call");
        // Rounded down: it must not look met where it is not.
        match (u128::from(self.count) * 1000).checked_div(self.calls.into()) {
            Some(part) => write!(f, "{} of {calls}", Percent(part as Ppm * (WHOLE / 1000)))?,
            None => write!(f, "that of {calls}")?,
        }
        let Self {
            opens_at,
            minimum_calls,
            ..
        } = *self;
        write!(
            f,
            "; it opens at {} of at least {minimum_calls}",
            Percent(opens_at)
        )
    }
}

fn fmt_rules(rules: &Rules, f: &mut Formatter<'_>) -> fmt::Result {
    let Rules { policy, .. } = rules;
    match policy.failure_threshold {
        OFF => {}
        1 => writeln!(f, "  1 failure opens it")?,
        failures => writeln!(f, "  {failures} failures in a row open it")?,
    }
    let window = Window(rules.window);
    if rules.failure_rate.is_on() {
        let (rate, minimum) = (rules.failure_rate.ppm, rules.failure_rate.minimum_calls);
        writeln!(
            f,
            "  {} failures in {window} open it, of at least {minimum}",
            Percent(rate)
        )?;
    }
    if let Some(slow) = rules.slow {
        let (rate, minimum) = (slow.rate.ppm, slow.rate.minimum_calls);
        writeln!(
            f,
            "  {} slow calls in {window} open it, of at least {minimum}; slow is {} or longer{}",
            Percent(rate),
            Length(slow.duration),
            if slow.count_hung_calls {
                ", in flight too"
            } else {
                ""
            }
        )?;
    }
    write!(f, "  it stays open for {}", Length(policy.timeout))?;
    let BackoffRule {
        multiplier,
        max_timeout,
        jitter,
        ..
    } = rules.backoff;
    if multiplier != WHOLE {
        write!(
            f,
            ", then {} times as long each time, at most {}",
            Fraction(multiplier, WHOLE),
            Length(max_timeout)
        )?;
    }
    if jitter > 0 {
        write!(f, ", give or take {}", Percent(jitter))?;
    }
    let probes = if policy.success_threshold == 1 {
        "probe closes"
    } else {
        "probes close"
    };
    write!(
        f,
        "\n  {} successful {probes} it, {} at a time; hung ones are ",
        policy.success_threshold, policy.half_open_max_calls,
    )?;
    match duration(policy.probe_timeout) {
        Some(timeout) => writeln!(f, "given up after {timeout:?}")?,
        None => writeln!(f, "never given up")?,
    }
    if rules.shadow {
        writeln!(f, "  shadow mode: nothing is rejected")?;
    }
    Ok(())
}

/// What was counted; nothing where that is nothing.
struct Counted<'a>(&'a Evidence);

impl Display for Counted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Evidence {
            consecutive_failures,
            successful_probes,
            window:
                Content {
                    calls,
                    failures,
                    slow,
                },
        } = *self.0;
        let mut between = "";
        if consecutive_failures > 0 {
            let failures = Number(consecutive_failures.into(), "failure");
            write!(f, "{failures} in a row")?;
            between = "; ";
        }
        if successful_probes > 0 {
            let probes = Number(successful_probes.into(), "successful probe");
            write!(f, "{between}{probes}")?;
            between = "; ";
        }
        if calls > 0 {
            let calls = Number(calls, "call");
            write!(
                f,
                "{between}{calls} in the window, {failures} failed, {slow} slow"
            )?;
        }
        Ok(())
    }
}

/// So many of something.
struct Number(u64, &'static str);

impl Display for Number {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let plural = if self.0 == 1 { "" } else { "s" };
        write!(f, "{} {}{plural}", self.0, self.1)
    }
}

/// Which calls a rate is about.
struct Window(WindowRule);

impl Display for Window {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            WindowRule::Calls(1) => f.write_str("the last call"),
            WindowRule::Calls(calls) => write!(f, "the last {calls} calls"),
            WindowRule::Time { width, buckets } => {
                let length = width.saturating_mul(buckets.into());
                write!(f, "the last {}", Length(length))
            }
        }
    }
}

/// A length of time that was configured, exactly.
struct Length(Nanos);

impl Display for Length {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match duration(self.0) {
            Some(length) => write!(f, "{length:?}"),
            None => f.write_str("ever"),
        }
    }
}

/// A length of time that was measured, to a tenth of its unit.
struct Measured(Duration);

impl Display for Measured {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let nanos = self.0.as_nanos();
        let tenth: u128 = match nanos {
            0..1_000 => 1,
            1_000..1_000_000 => 100,
            1_000_000..1_000_000_000 => 100_000,
            _ => 100_000_000,
        };
        let rounded = (nanos + tenth / 2) / tenth * tenth;
        let rounded = u64::try_from(rounded).map_or(self.0, Duration::from_nanos);
        write!(f, "{rounded:?}")
    }
}

/// A part in millionths, as a percentage.
struct Percent(Ppm);

impl Display for Percent {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", Fraction(self.0, WHOLE / 100))
    }
}

/// One number divided by another, a power of ten, exactly.
struct Fraction(u32, u32);

impl Display for Fraction {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", f64::from(self.0) / f64::from(self.1))
    }
}
