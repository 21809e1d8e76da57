//! What an incident and a sweep cost, and whether that stays so in a process that
//! lives long.

use std::time::{Duration, Instant};

use crate::{
    Result,
    contestants::{Transport, Who},
    event,
    figures::Spread,
    measure::{Bench, Running},
};

/// Something that the function does, warm, over TLS. Times in µs.
#[derive(Clone, Debug)]
pub struct Cost {
    /// Calls in order.
    pub calls: Vec<String>,
    /// From the event given out to the answer, with a mock that answers at once.
    pub whole: Spread,
    /// The processor's time.
    pub cpu: Spread,
}

/// The costs.
#[derive(Clone, Debug)]
pub struct Costs {
    /// Of an incident: restored, verified, told.
    pub incident: Cost,
    /// Of a sweep that finds one trail as declared.
    pub sweep_of_one: Cost,
    /// Of a sweep that finds five, as many as a region may have.
    pub sweep_of_five: Cost,
}

/// The request that the schedule sends.
const SWEEP: &str = r#"{"trailkeeper":"sweep"}"#;
const FIVE: [&str; 5] = ["audit", "second", "third", "fourth", "fifth"];
/// Between two looks at a process's memory.
const LOOK: usize = 500;

/// Measures each `runs` times in one process.
///
/// # Errors
/// If the function fails.
pub fn measure(bench: &Bench, runs: usize) -> Result<Costs> {
    let sweep = |trails: &[&str]| -> Result<Cost> {
        bench.aws.start();
        let (mut running, ..) =
            bench.start(Who::Ours, Transport::Tls, None, trails, SWEEP.to_owned())?;
        repeat(bench, &mut running, runs, |_| {
            bench.aws.start();
            Ok(SWEEP.to_owned())
        })
    };
    bench.aws.stop();
    let first = event::stop(0)?;
    let (mut running, ..) = bench.start(Who::Ours, Transport::Tls, None, &["audit"], first)?;
    let incident = repeat(bench, &mut running, runs, |number| {
        bench.aws.stop();
        event::stop(number)
    })?;
    drop(running);
    Ok(Costs {
        incident,
        sweep_of_one: sweep(&["audit"])?,
        sweep_of_five: sweep(&FIVE)?,
    })
}

fn repeat(
    bench: &Bench,
    running: &mut Running,
    runs: usize,
    prepare: impl Fn(u64) -> Result<String>,
) -> Result<Cost> {
    let (mut whole, mut cpu) = (Vec::new(), Vec::new());
    for number in 1..=runs {
        let event = prepare(number.try_into()?)?;
        let before = running.process.cpu()?;
        let done = running.invoke(event)?;
        cpu.push(us(running.process.cpu()?.saturating_sub(before)));
        whole.push(us(done.answered - done.given));
    }
    let state = bench.aws.state();
    Ok(Cost {
        calls: state
            .calls
            .iter()
            .map(|call| call.operation.clone())
            .collect(),
        whole: Spread::of(whole),
        cpu: Spread::of(cpu),
    })
}

/// A part of a long life.
#[derive(Clone, Copy, Debug)]
pub struct Stretch {
    /// Number of its last event.
    pub until: usize,
    /// Event to answer, in µs.
    pub whole: Spread,
    /// The processor's time of an event in µs.
    pub cpu: f64,
    /// What was resident after it, in KiB.
    pub resident_kib: u64,
}

/// Answers `events` stops one after the other in one process.
///
/// # Errors
/// If one is not restored.
pub fn long_life(bench: &Bench, events: usize, told: impl Fn(usize)) -> Result<Vec<Stretch>> {
    bench.aws.stop();
    let first = event::stop(0)?;
    let (mut running, ..) = bench.start(Who::Ours, Transport::Tls, None, &["audit"], first)?;
    let mut stretches = Vec::new();
    let mut whole = Vec::new();
    let mut before = running.process.cpu()?;
    let mut last = Instant::now();
    for number in 1..=events {
        bench.aws.stop();
        let done = running.invoke(event::stop(number.try_into()?)?)?;
        if let Some(missing) = missing(bench) {
            return Err(format!("event {number}: no {missing}").into());
        }
        whole.push(us(done.answered - done.given));
        if number % LOOK == 0 || number == events {
            let cpu = running.process.cpu()?;
            let count = u32::try_from(whole.len())?;
            stretches.push(Stretch {
                until: number,
                whole: Spread::of(std::mem::take(&mut whole)),
                cpu: us(cpu.saturating_sub(before) / count),
                resident_kib: running.process.memory_kib("VmRSS")?,
            });
            before = cpu;
        }
        if last.elapsed() > Duration::from_secs(2) {
            told(number);
            last = Instant::now();
        }
    }
    Ok(stretches)
}

fn missing(bench: &Bench) -> Option<&'static str> {
    let state = bench.aws.state();
    let mut due = Who::Ours.must_call().iter().copied();
    due.find(|call| state.calls.iter().all(|made| made.operation != **call))
}

/// In microseconds.
fn us(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
