//! The chart of a run, as SVG.

use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use k1s0_circuit_breaker::CircuitBreakerState as State;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::client::Call;
use crate::periods::Period;
use crate::report::{Figures, time_to_detect, time_to_recover};
use crate::run::{Books, Record, millis, seconds};
use crate::script::Script;
use crate::stats::percentile;
use crate::timeline::STEP;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

const SIZE: (u32, u32) = (1200, 820);
/// The left edge of every panel's plot, so that the panels share one time axis.
const LEFT: u32 = 70;
/// What every panel leaves free on the right.
const RIGHT: u32 = 30;
const FONT: &str = "sans-serif";

const INK: RGBColor = RGBColor(38, 43, 51);
const FAINT: RGBColor = RGBColor(110, 118, 129);
const GRID: RGBColor = RGBColor(225, 228, 232);
const OUTAGE: RGBColor = RGBColor(252, 235, 233);
const WITH: RGBColor = RGBColor(21, 101, 192);
const WITHOUT: RGBColor = RGBColor(217, 95, 2);

/// One line of a panel: points of (seconds, value).
struct Series {
    line: ShapeStyle,
    points: Vec<(f64, f64)>,
}

/// Draws the run into `path`, making its folder.
pub(crate) fn draw(record: &Record, periods: &[Period], path: &Path) -> Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {folder:?}"))?;
    }
    let root = SVGBackend::new(path, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let (head, rest) = root.split_vertically(92);
    let (load, rest) = rest.split_vertically(320);
    let (states, waits) = rest.split_vertically(96);

    let script = &record.script;
    heading(&head, record)?;
    panel(
        &load,
        script,
        "requests per second that reach the server",
        [
            Series {
                line: without_line(),
                points: rates(script, &record.without),
            },
            Series {
                line: with_line(),
                points: rates(script, &record.with),
            },
        ],
    )?;
    band(&states, script, periods)?;
    panel(
        &waits,
        script,
        "how long callers wait until they know, p99 in milliseconds",
        [
            Series {
                line: without_line(),
                points: p99s(script, &record.without),
            },
            Series {
                line: with_line(),
                points: p99s(script, &record.with),
            },
        ],
    )?;
    root.present().context("cannot write the chart")?;
    Ok(())
}

/// The line of the side with the breaker. It is drawn last and thin, so that the other shows where
/// the two are one.
fn with_line() -> ShapeStyle {
    WITH.stroke_width(3)
}

/// The line of the side without.
fn without_line() -> ShapeStyle {
    WITHOUT.mix(0.75).stroke_width(7)
}

fn heading(area: &Area<'_>, record: &Record) -> Result<()> {
    let figures = |books| Figures::new(&record.script, books);
    let (with, without) = (figures(&record.with), figures(&record.without));
    area.draw(&Text::new(
        "One outage, with and without a circuit breaker",
        (24, 20),
        (FONT, 26).into_font().color(&INK),
    ))?;
    area.draw(&Text::new(
        format!(
            "The sick server got {} requests instead of {}; callers knew within {} instead of {} (p99).",
            with.reached_sick,
            without.reached_sick,
            millis(with.sick_waits[1]),
            millis(without.sick_waits[1]),
        ),
        (24, 58),
        (FONT, 17).into_font().color(&FAINT),
    ))?;
    let entries = [
        ("without breaker", without_line()),
        ("with breaker", with_line()),
    ];
    let x = (SIZE.0 - RIGHT) as i32 - 165;
    for ((label, line), y) in entries.into_iter().zip([26, 50]) {
        area.draw(&PathElement::new([(x, y), (x + 40, y)], line))?;
        area.draw(&Text::new(
            label,
            (x + 50, y - 8),
            (FONT, 16).into_font().color(&INK),
        ))?;
    }
    Ok(())
}

/// A panel with a time axis, the outage shaded, and lines.
fn panel(area: &Area<'_>, script: &Script, title: &str, series: [Series; 2]) -> Result<()> {
    let highest = series
        .iter()
        .flat_map(|series| &series.points)
        .fold(0.0_f64, |highest, point| highest.max(point.1));
    let top = (highest * 1.15).max(1.0);
    area.draw(&Text::new(
        title.to_owned(),
        (LEFT as i32, 6),
        (FONT, 17).into_font().color(&INK),
    ))?;
    let mut chart = ChartBuilder::on(area)
        .margin_top(36)
        .margin_right(RIGHT)
        .set_label_area_size(LabelAreaPosition::Left, LEFT)
        .set_label_area_size(LabelAreaPosition::Bottom, 34)
        .build_cartesian_2d(times(script), 0.0..top)?;
    chart.draw_series([Rectangle::new(
        [
            (script.outage_begins.as_secs_f64(), 0.0),
            (script.outage_ends.as_secs_f64(), top),
        ],
        OUTAGE.filled(),
    )])?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID)
        .axis_style(FAINT)
        .x_labels(14)
        .y_labels(6)
        .x_label_formatter(&|seconds| format!("{seconds:.0} s"))
        .y_label_formatter(&|value| format!("{value:.0}"))
        .label_style((FONT, 14).into_font().color(&FAINT))
        .draw()?;
    chart.draw_series([Text::new(
        "the server is sick",
        (
            (script.outage_begins + script.outage_ends).as_secs_f64() / 2.0,
            top * 0.97,
        ),
        (FONT, 14)
            .into_font()
            .color(&RGBColor(176, 58, 46))
            .pos(Pos::new(HPos::Center, VPos::Top)),
    )])?;
    for Series { line, points } in series {
        chart.draw_series(LineSeries::new(points, line))?;
    }
    Ok(())
}

/// The breaker's state over time, one coloured block per period, and a mark per probe.
fn band(area: &Area<'_>, script: &Script, periods: &[Period]) -> Result<()> {
    area.draw(&Text::new(
        "the breaker's state",
        (LEFT as i32, 6),
        (FONT, 17).into_font().color(&INK),
    ))?;
    let mut x = LEFT as i32 + 190;
    for state in [State::Closed, State::HalfOpen, State::Open] {
        area.draw(&Rectangle::new(
            [(x, 8), (x + 16, 22)],
            colour(state).filled(),
        ))?;
        area.draw(&Text::new(
            state.label().replace('_', "-"),
            (x + 22, 8),
            (FONT, 15).into_font().color(&INK),
        ))?;
        x += 100;
    }
    let mut chart = ChartBuilder::on(area)
        .margin_top(32)
        .margin_right(RIGHT)
        .margin_bottom(26)
        .set_label_area_size(LabelAreaPosition::Left, LEFT)
        .build_cartesian_2d(times(script), 0.0..1.0)?;
    chart.draw_series(periods.iter().map(|period| {
        Rectangle::new(
            [
                (period.from.as_secs_f64(), 0.0),
                (period.to.as_secs_f64(), 1.0),
            ],
            colour(period.state).filled(),
        )
    }))?;
    let notes = [
        time_to_detect(script, periods).map(|after| {
            let text = format!("opened {} after the outage began", seconds(after));
            (script.outage_begins + after, text)
        }),
        time_to_recover(script, periods).map(|after| {
            let text = format!("closed {} after it ended", seconds(after));
            (script.outage_ends + after, text)
        }),
    ];
    let style = (FONT, 14).into_font().color(&FAINT);
    chart.draw_series(
        notes
            .into_iter()
            .flatten()
            .map(|(at, text)| Text::new(text, (at.as_secs_f64(), -0.15), style.clone())),
    )?;
    Ok(())
}

fn colour(state: State) -> RGBColor {
    match state {
        State::Closed => RGBColor(46, 139, 87),
        State::HalfOpen => RGBColor(240, 180, 41),
        State::Open => RGBColor(200, 60, 50),
    }
}

fn times(script: &Script) -> Range<f64> {
    0.0..script.ends.as_secs_f64()
}

/// The steps of a run, by the time at which each ends.
fn steps(script: &Script) -> impl Iterator<Item = Duration> + use<> {
    let ends = script.ends;
    (1u32..).map(|n| STEP * n).take_while(move |to| *to <= ends)
}

fn rates(script: &Script, books: &Books) -> Vec<(f64, f64)> {
    steps(script)
        .map(|to| {
            let inside = |at| (to - STEP..to).contains(&at);
            let count = books
                .visits
                .iter()
                .filter(|visit| inside(visit.arrived))
                .count();
            (middle(to), count as f64 / STEP.as_secs_f64())
        })
        .collect()
}

fn p99s(script: &Script, books: &Books) -> Vec<(f64, f64)> {
    steps(script)
        .filter_map(|to| {
            let inside = |call: &&Call| (to - STEP..to).contains(&call.due);
            let mut waits: Vec<_> = books
                .calls
                .iter()
                .filter(inside)
                .map(Call::waited)
                .collect();
            let p99 = percentile(&mut waits, 99)?;
            Some((middle(to), p99.as_secs_f64() * 1e3))
        })
        .collect()
}

/// A step's value is drawn in its middle.
fn middle(to: Duration) -> f64 {
    (to - STEP / 2).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Answer;
    use crate::server::Visit;

    #[test]
    fn rates_are_per_second_and_cover_the_run() {
        let books = Books {
            calls: Vec::new(),
            visits: vec![
                Visit {
                    arrived: STEP,
                    left: None,
                };
                7
            ],
        };
        let rates = rates(&Script::STANDARD, &books);
        assert_eq!(rates.len(), 52);
        assert_eq!(rates[0].1, 0.0);
        assert_eq!(rates[1], (0.75, 14.0));
    }

    #[test]
    fn a_step_without_calls_has_no_p99() {
        let call = Call {
            due: Duration::ZERO,
            started: Duration::ZERO,
            ended: Duration::from_millis(8),
            answer: Answer::Good,
        };
        let books = Books {
            calls: vec![call],
            visits: Vec::new(),
        };
        assert_eq!(p99s(&Script::STANDARD, &books), [(0.25, 8.0)]);
    }
}
