//! One process: its first event, and some more.

use std::{
    fs,
    path::Path,
    sync::{Arc, mpsc::Receiver},
    time::{Duration, Instant},
};

use crate::{
    Result,
    aws::{Aws, START},
    contestants::{Places, Ports, Transport, Who, program},
    event,
    process::Process,
    runtime::{Runtime, TIMEOUT, Told},
    server::{Answer, serve},
    share::Share,
    tls,
};

/// What was measured of one process. Times of warm events are their medians.
#[derive(Clone, Debug)]
pub struct Sample {
    /// From the start of the process to StartLogging on the wire.
    pub cold: Duration,
    /// From the start of the process to the answer to its first event.
    pub cold_whole: Duration,
    /// From an event given out to StartLogging on the wire.
    pub warm: Duration,
    /// From an event given out to the answer.
    pub warm_whole: Duration,
    /// The processor's time until the first event was answered.
    pub cold_cpu: Duration,
    /// The processor's time of a warm event.
    pub warm_cpu: Duration,
    /// The most memory that was resident, in KiB.
    pub peak_kib: u64,
    /// The calls of the first event, in order.
    pub calls: Vec<String>,
}

/// Everything that stands still while processes come and go.
pub struct Bench {
    /// The mock.
    pub aws: Aws,
    /// Where everything is.
    pub places: Places,
    runtime: Runtime,
    ports: Ports,
}

/// A process under the runtime API, that waits for an event.
pub struct Running<'a> {
    /// The process.
    pub process: Process,
    bench: &'a Bench,
    heard: Receiver<Told>,
}

/// An event that was answered.
#[derive(Clone, Copy, Debug)]
pub struct Invocation {
    /// When it was given out.
    pub given: Instant,
    /// When the answer came.
    pub answered: Instant,
}

impl Bench {
    /// Starts the servers.
    ///
    /// # Errors
    /// If they do not start.
    pub fn new(places: Places) -> Result<Self> {
        fs::create_dir_all(&places.scratch)?;
        let aws = Aws::default();
        let account = aws.clone();
        let answer: Arc<Answer> = Arc::new(move |request| Some(account.answer(&request)));
        let config = tls::server(&places.bundle)?;
        let ports = Ports {
            http: serve(None, &answer)?,
            tls: serve(Some(&config), &answer)?,
        };
        Ok(Self {
            runtime: Runtime::start()?,
            aws,
            places,
            ports,
        })
    }

    /// Starts `who` with its first event, and returns what is known once it waits for
    /// another: when it was started, and that event.
    ///
    /// # Errors
    /// Whatever keeps it from answering.
    pub fn start(
        &self,
        who: Who,
        transport: Transport,
        share: Option<&Share>,
        trails: &[&str],
        first: String,
    ) -> Result<(Running<'_>, Instant, Invocation)> {
        let parts = (&self.runtime, &self.aws, self.ports);
        let program = program(who, transport, trails, &self.places, parts)?;
        let log = self.places.scratch.join(format!("{who:?}.log"));
        let heard = self.runtime.next_process();
        let mut running = Running {
            process: Process::ready(&self.places.launcher, &program, share, &log)?,
            bench: self,
            heard,
        };
        self.runtime.give(first);
        let begun = running.process.start()?;
        let invocation = running.outcome().and_then(|done| {
            running.process.started()?;
            Ok(done)
        });
        let invocation = invocation.map_err(|error| with_log(&*error, who, &log))?;
        Ok((running, begun, invocation))
    }

    /// Measures one process of `who`: a cold event and `warm` warm ones.
    ///
    /// # Errors
    /// If it does not do its work.
    pub fn sample(
        &self,
        who: Who,
        transport: Transport,
        share: Option<&Share>,
        warm: usize,
    ) -> Result<Sample> {
        static NUMBER: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
        let event = || event::stop(NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        self.aws.stop();
        let (mut running, begun, first) =
            self.start(who, transport, share, &["audit"], event()?)?;
        let (calls, started) = self.work_of(who)?;
        let (mut sent, mut whole) = (Vec::new(), Vec::new());
        let cold_cpu = running.process.cpu()?;
        for _ in 0..warm {
            self.aws.stop();
            let done = running.invoke(event()?)?;
            let (_, started) = self.work_of(who)?;
            sent.push(started - done.given);
            whole.push(done.answered - done.given);
        }
        let warm_cpu = running.process.cpu()?.saturating_sub(cold_cpu);
        Ok(Sample {
            cold: started - begun,
            cold_whole: first.answered - begun,
            warm: median(sent)?,
            warm_whole: median(whole)?,
            cold_cpu,
            warm_cpu: warm_cpu / u32::try_from(warm)?,
            peak_kib: running.process.memory_kib("VmHWM")?,
            calls,
        })
    }

    /// The calls of the last event, and when StartLogging was seen.
    fn work_of(&self, who: Who) -> Result<(Vec<String>, Instant)> {
        let state = self.aws.state();
        if let Some(problem) = state.problems.first() {
            return Err(format!(
                "{}: a call that the mock does not know: {problem}",
                who.name()
            )
            .into());
        }
        let calls: Vec<String> = state
            .calls
            .iter()
            .map(|call| call.operation.clone())
            .collect();
        let missing = who
            .must_call()
            .iter()
            .find(|call| !calls.iter().any(|made| made == *call));
        if let Some(missing) = missing {
            return Err(format!("{} did not call {missing}, only {calls:?}", who.name()).into());
        }
        let start = state.calls.iter().find(|call| call.operation == START);
        Ok((calls, start.ok_or("no start")?.at))
    }
}

impl Running<'_> {
    /// Gives out an event, and waits until the process waits again.
    ///
    /// # Errors
    /// If it fails.
    pub fn invoke(&mut self, event: String) -> Result<Invocation> {
        self.bench.runtime.give(event);
        self.outcome()
    }

    fn outcome(&mut self) -> Result<Invocation> {
        let begun = Instant::now();
        let (mut given, mut answered) = (None, None);
        loop {
            let told = match self.heard.recv_timeout(Duration::from_millis(200)) {
                Ok(told) => told,
                Err(_) if self.process.has_ended()? => return Err("the process ended".into()),
                Err(_) if begun.elapsed() < TIMEOUT => continue,
                Err(_) => return Err("the process says nothing".into()),
            };
            match told {
                Told::Given(at) => given = Some(at),
                Told::Answered(at, _) => answered = Some(at),
                Told::Failed(error) => return Err(format!("the invocation failed: {error}").into()),
                Told::Waits => {
                    if let (Some(given), Some(answered)) = (given, answered) {
                        return Ok(Invocation { given, answered });
                    }
                }
            }
        }
    }
}

/// The order of `count` contestants in run number `run`: each once, from another one on
/// and in other steps than in the runs before. `count` has no divisor but 2 and 5.
pub fn turns(run: usize, count: usize) -> impl Iterator<Item = usize> {
    let step = match run % 4 {
        0 => 1,
        1 => 3,
        2 => 7,
        _ => 9,
    };
    (0..count).map(move |turn| (run + turn * step) % count)
}

/// An error, with the end of the log.
fn with_log(error: &dyn std::error::Error, who: Who, log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let mut end: Vec<&str> = text.lines().rev().take(12).collect();
    end.reverse();
    format!("{}: {error}\n{}", who.name(), end.join("\n"))
}

fn median(mut times: Vec<Duration>) -> Result<Duration> {
    times.sort_unstable();
    Ok(*times
        .get(times.len() / 2)
        .ok_or("at least one warm event is needed")?)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn everybody_has_a_turn_and_comes_after_different_others() {
        for transports in 1..=Transport::ALL.len() {
            let count = transports * Who::ALL.len();
            let mut before: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); count];
            for run in 1..=4 {
                let order: Vec<usize> = turns(run, count).collect();
                assert_eq!(
                    order.iter().collect::<BTreeSet<_>>().len(),
                    count,
                    "{order:?}"
                );
                for (one, next) in order.iter().zip(order.iter().skip(1)) {
                    before.get_mut(*next).unwrap().insert(*one);
                }
            }
            assert!(before.iter().all(|others| others.len() >= 3), "{before:?}");
        }
    }
}
