//! What the function is to reach, beside the others in the same run.

use crate::{
    contestants::{Transport, Who},
    cost::Stretch,
    figures::{Figures, Spread, megabytes},
    report::{Report, short, size, times},
};

/// One aim.
#[derive(Clone, Debug)]
pub struct Target {
    /// What is to be reached.
    pub aim: String,
    /// What was measured.
    pub measured: String,
    /// Whether that reaches it.
    pub is_reached: bool,
}

const MOST_MEMORY_MB: f64 = 16.0;
const LARGEST_PACKAGE: u64 = 2_000_000;
/// Time is flat if the last fifth of a long life is no slower than this many times the second.
const FLAT_TIME: f64 = 1.1;
/// Memory is flat if it grows by no more than this from the second fifth to the last.
const FLAT_MEMORY_MB: f64 = 0.5;

/// All aims.
#[must_use]
pub fn targets(report: &Report) -> Vec<Target> {
    let mut targets = Vec::new();
    let cold: fn(&Figures) -> f64 = |f| f.cold.median;
    let warm: fn(&Figures) -> f64 = |f| f.warm.median;
    for (transport, most, least) in [(Transport::Http, 2.5, 60.0), (Transport::Tls, 2.0, 30.0)] {
        let floors = report.ratio(Who::Ours, Who::Floor, transport, cold);
        targets.push(Target {
            aim: format!("{}: cold at most {most} floors", transport.name()),
            measured: times(floors),
            is_reached: floors <= most,
        });
        let faster = report.ratio(Who::Boto3, Who::Ours, transport, cold);
        targets.push(Target {
            aim: format!(
                "{}: cold at least {least} times faster than boto3",
                transport.name()
            ),
            measured: times(faster),
            is_reached: faster >= least,
        });
        if transport == Transport::Http {
            let floors = report.ratio(Who::Ours, Who::Floor, transport, warm);
            targets.push(Target {
                aim: format!("{}: warm at most 2 floors", transport.name()),
                measured: times(floors),
                is_reached: floors <= 2.0,
            });
        }
    }
    let peak = report
        .of(Who::Ours, Transport::Tls)
        .map_or(f64::NAN, |f| f.peak.high);
    targets.push(Target {
        aim: format!("peak memory below {MOST_MEMORY_MB} MB"),
        measured: format!("{} MB", short(peak)),
        is_reached: peak < MOST_MEMORY_MB,
    });
    let bytes = report
        .packages
        .get("trailkeeper")
        .copied()
        .unwrap_or(u64::MAX);
    targets.push(Target {
        aim: "package below 2 MB".to_owned(),
        measured: size(bytes),
        is_reached: bytes < LARGEST_PACKAGE,
    });
    targets.extend(flatness(&report.stretches));
    targets
}

/// Whether the last fifth of a long life is as the second; in the first, caches fill.
fn flatness(stretches: &[Stretch]) -> Vec<Target> {
    let fifth = stretches.len() / 5;
    if fifth == 0 {
        return Vec::new();
    }
    let time = |part: &[Stretch]| Spread::of(part.iter().map(|s| s.whole.median).collect()).median;
    let memory = |part: &[Stretch]| {
        let resident = part.iter().map(|s| megabytes(s.resident_kib));
        Spread::of(resident.collect()).median
    };
    let second = stretches
        .iter()
        .skip(fifth)
        .take(fifth)
        .copied()
        .collect::<Vec<_>>();
    let last = stretches
        .iter()
        .rev()
        .take(fifth)
        .copied()
        .collect::<Vec<_>>();
    let events = stretches.last().map_or(0, |s| s.until);
    let slower = time(&last) / time(&second);
    let grown = memory(&last) - memory(&second);
    vec![
        Target {
            aim: format!(
                "time flat over {events} events: last fifth at most {FLAT_TIME} times the second"
            ),
            measured: times(slower),
            is_reached: slower <= FLAT_TIME,
        },
        Target {
            aim: format!(
                "memory flat over {events} events: at most {FLAT_MEMORY_MB} MB more in the last fifth than in the second"
            ),
            measured: format!("{grown:+.2} MB"),
            is_reached: grown <= FLAT_MEMORY_MB,
        },
    ]
}
