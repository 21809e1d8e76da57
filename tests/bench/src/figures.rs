//! Medians and spreads of samples.

use std::time::Duration;

use crate::{
    contestants::{Transport, Who},
    measure::Sample,
};

/// A median, with what a tenth of the runs are below and above.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spread {
    /// The median.
    pub median: f64,
    /// A tenth of the runs are below.
    pub low: f64,
    /// A tenth of the runs are above.
    pub high: f64,
}

impl Spread {
    /// Of `values`; zero if there are none.
    #[must_use]
    pub fn of(mut values: Vec<f64>) -> Self {
        values.sort_unstable_by(f64::total_cmp);
        let at = |tenths: usize| {
            let last = values.len().saturating_sub(1);
            values.get(last * tenths / 10).copied().unwrap_or_default()
        };
        Self {
            median: at(5),
            low: at(1),
            high: at(9),
        }
    }
}

/// What all samples of one contestant say; times in ms.
#[derive(Clone, Debug)]
pub struct Figures {
    /// Who.
    pub who: Who,
    /// Over what.
    pub transport: Transport,
    /// Number of processes.
    pub runs: usize,
    /// Process start to StartLogging.
    pub cold: Spread,
    /// Process start to the answer.
    pub cold_whole: Spread,
    /// Event to StartLogging.
    pub warm: Spread,
    /// Event to the answer.
    pub warm_whole: Spread,
    /// The processor's time of process start and first event.
    pub cold_cpu: Spread,
    /// The processor's time of a warm event.
    pub warm_cpu: Spread,
    /// Peak memory in MB.
    pub peak: Spread,
    /// The calls of a cold event.
    pub calls: Vec<String>,
}

impl Figures {
    /// Of `samples`.
    #[must_use]
    pub fn of(who: Who, transport: Transport, samples: &[Sample]) -> Self {
        let spread = |part: fn(&Sample) -> f64| Spread::of(samples.iter().map(part).collect());
        Self {
            who,
            transport,
            runs: samples.len(),
            cold: spread(|s| ms(s.cold)),
            cold_whole: spread(|s| ms(s.cold_whole)),
            warm: spread(|s| ms(s.warm)),
            warm_whole: spread(|s| ms(s.warm_whole)),
            cold_cpu: spread(|s| ms(s.cold_cpu)),
            warm_cpu: spread(|s| ms(s.warm_cpu)),
            peak: spread(|s| megabytes(s.peak_kib)),
            calls: samples.first().map_or_else(Vec::new, |s| s.calls.clone()),
        }
    }
}

/// In milliseconds.
#[must_use]
pub fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// KiB in MB.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "memory of a process")]
pub fn megabytes(kib: u64) -> f64 {
    kib as f64 * 1_024.0 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_leaves_out_the_outermost_tenths() {
        let spread = Spread::of((0..=20).rev().map(f64::from).collect());
        assert_eq!(
            spread,
            Spread {
                median: 10.0,
                low: 2.0,
                high: 18.0
            }
        );
        assert_eq!(Spread::of(Vec::new()), Spread::default());
    }
}
