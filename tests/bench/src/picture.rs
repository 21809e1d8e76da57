//! docs/benchmarks.svg: cold starts as bars, and by share of a processor.

use std::fmt::{Result as Written, Write};

use crate::{
    Result,
    contestants::{Transport, Who},
    figures::{Figures, Spread},
    report::{Report, short},
};

const WIDTH: f64 = 1_000.0;
const LEFT: f64 = 210.0;
const BARS: f64 = 660.0;
const BAR: f64 = 20.0;

fn colour(who: Who) -> &'static str {
    match who {
        Who::Floor => "#94a3b8",
        Who::Ours => "#15803d",
        Who::OursLoggingOnly => "#4ade80",
        Who::Boto3 => "#1d4ed8",
        Who::Custodian => "#b45309",
    }
}

/// Draws `report`.
///
/// # Errors
/// None of its own.
pub fn draw(report: &Report) -> Result<String> {
    let mut body = String::new();
    let mut y = 30.0;
    for transport in Transport::ALL {
        bars(&mut body, report, transport, &mut y)?;
    }
    let mut height = y;
    if !report.shares.is_empty() {
        shares(&mut body, report, y)?;
        height = y + 330.0;
    }
    let summary = "Bars: time from process start to StartLogging on the wire, for the floor, Trailkeeper, a boto3 function and Cloud Custodian. Below, the same by the memory of the function, over TLS. The figures are in the tables.";
    Ok(format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="Helvetica, Arial, sans-serif" font-size="14" role="img" aria-labelledby="t d">
  <title id="t">Process start to StartLogging</title>
  <desc id="d">{summary}</desc>
  <rect width="{WIDTH}" height="{height}" fill="#ffffff"/>
{body}</svg>
"##
    ))
}

/// A panel of bars on a linear scale, with the spread as a line.
fn bars(body: &mut String, report: &Report, transport: Transport, y: &mut f64) -> Written {
    let title = format!("Process start to StartLogging, {}, ms", transport.name());
    label(body, 20.0, *y, "start", "#0f172a", &title)?;
    *y += 14.0;
    let figures: Vec<&Figures> = report
        .full
        .iter()
        .filter(|f| f.transport == transport)
        .collect();
    let most = figures
        .iter()
        .map(|f| f.cold.high)
        .fold(f64::MIN_POSITIVE, f64::max);
    for figures in figures {
        let Spread { median, low, high } = figures.cold;
        let at = |value: f64| LEFT + BARS * value / most;
        let middle = *y + BAR / 2.0;
        label(
            body,
            LEFT - 10.0,
            middle + 5.0,
            "end",
            "#334155",
            figures.who.name(),
        )?;
        writeln!(
            body,
            r#"  <rect x="{LEFT}" y="{y:.1}" width="{:.1}" height="{BAR}" fill="{}"/>"#,
            (at(median) - LEFT).max(1.0),
            colour(figures.who)
        )?;
        writeln!(
            body,
            r##"  <path d="M{:.1} {middle:.1}H{:.1}" stroke="#0f172a" stroke-width="1.5"/>"##,
            at(low),
            at(high)
        )?;
        label(
            body,
            at(high) + 8.0,
            middle + 5.0,
            "start",
            "#334155",
            &short(median),
        )?;
        *y += BAR + 6.0;
    }
    *y += 30.0;
    Ok(())
}

/// Lines by memory, on a logarithmic scale of time.
fn shares(body: &mut String, report: &Report, top: f64) -> Written {
    const HEIGHT: f64 = 240.0;
    let title =
        "The same over TLS with the share of a processor that Lambda gives, ms, logarithmic";
    label(body, 20.0, top, "start", "#0f172a", title)?;
    let top = top + 24.0;
    let medians = report
        .shares
        .iter()
        .flat_map(|(_, all)| all.iter().map(|f| f.cold.median));
    let (low, high) = medians.fold((f64::INFINITY, 0.0_f64), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    let (floor, ceiling) = (
        low.log10().floor(),
        high.log10().ceil().max(low.log10().floor() + 1.0),
    );
    let y = |value: f64| top + HEIGHT * (ceiling - value.log10()) / (ceiling - floor);
    let last = report.shares.len().saturating_sub(1).max(1);
    let x = |number: usize| LEFT + 40.0 + (BARS - 100.0) * fraction(number, last);
    let mut decade = floor;
    while decade <= ceiling {
        let value = 10_f64.powf(decade);
        let line = y(value);
        writeln!(
            body,
            r##"  <path d="M{LEFT} {line:.1}H{:.1}" stroke="#e2e8f0"/>"##,
            LEFT + BARS - 60.0
        )?;
        label(
            body,
            LEFT - 10.0,
            line + 5.0,
            "end",
            "#64748b",
            &format!("{value}"),
        )?;
        decade += 1.0;
    }
    for (number, (memory, _)) in report.shares.iter().enumerate() {
        let text = format!("{memory} MB");
        label(
            body,
            x(number),
            top + HEIGHT + 24.0,
            "middle",
            "#64748b",
            &text,
        )?;
    }
    for who in Who::ALL
        .into_iter()
        .filter(|who| *who != Who::OursLoggingOnly)
    {
        let mut points = Vec::new();
        for (number, (_, all)) in report.shares.iter().enumerate() {
            let found = all.iter().find(|figures| figures.who == who);
            points.extend(found.map(|f| (x(number), y(f.cold.median), f.cold.median)));
        }
        let line: Vec<String> = points
            .iter()
            .map(|(x, y, _)| format!("{x:.1},{y:.1}"))
            .collect();
        writeln!(
            body,
            r#"  <polyline points="{}" fill="none" stroke="{}" stroke-width="2.5"/>"#,
            line.join(" "),
            colour(who)
        )?;
        // Two lines lie close together: the figures of the upper one above it, of the lower below.
        let is_upper = matches!(who, Who::Ours | Who::Custodian);
        let beside = if is_upper { -7.0 } else { 17.0 };
        for (x, y, median) in &points {
            label(body, *x, y + beside, "middle", colour(who), &short(*median))?;
        }
        if let Some((x, y, _)) = points.last() {
            let y = y + if is_upper { -3.0 } else { 13.0 };
            label(body, x + 34.0, y, "start", colour(who), who.name())?;
        }
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "a handful of sizes")]
fn fraction(number: usize, last: usize) -> f64 {
    number as f64 / last as f64
}

fn label(body: &mut String, x: f64, y: f64, anchor: &str, colour: &str, text: &str) -> Written {
    writeln!(
        body,
        r#"  <text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}" fill="{colour}">{text}</text>"#
    )
}
