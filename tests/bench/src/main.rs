//! `make bench`: measures, and writes the tables and the picture of docs/benchmarks.md.

use std::{
    collections::BTreeMap,
    env, fs,
    io::{IsTerminal, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

use trailkeeper_bench::{
    Result,
    contestants::{Places, Transport, Who},
    cost,
    figures::Figures,
    measure::{Bench, Sample, turns},
    picture,
    report::Report,
    share::{Share, Unavailable},
};

const USAGE: &str = "bench --ours BINARY --package ZIP --python PYTHON --peers FOLDER --sizes FILE \
--out FOLDER [--runs N] [--share-runs N] [--events N]; `make bench` knows them";
/// The memory sizes whose share of a processor is measured, in MB.
const SIZES: [u32; 5] = [128, 256, 512, 1_024, 1_769];
const WARM: usize = 20;
const WARM_IN_A_SHARE: usize = 5;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "\nbench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let mut given = BTreeMap::new();
    let mut arguments = env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments
            .next()
            .ok_or_else(|| format!("{name} has no value; {USAGE}"))?;
        given.insert(name, value);
    }
    let path = |name: &str| -> Result<PathBuf> {
        let value = given
            .get(name)
            .ok_or_else(|| format!("{name} is missing; {USAGE}"))?;
        Ok(std::path::absolute(value)?)
    };
    let number = |name: &str, usual: usize| -> Result<usize> {
        Ok(given.get(name).map_or(Ok(usual), |value| value.parse())?)
    };
    let runs = number("--runs", 41)?;
    let share_runs = number("--share-runs", runs.div_ceil(4))?;
    let events = number("--events", 10_000)?;

    let beside = env::current_exe()?;
    let bench = Bench::new(Places {
        floor: beside.with_file_name("floor"),
        launcher: beside.with_file_name("launch"),
        ours: path("--ours")?,
        python: path("--python")?,
        peers: path("--peers")?,
        bundle: path("--sizes")?.with_file_name("authority.pem"),
        scratch: path("--sizes")?.with_file_name("logs"),
    })?;

    let progress = Progress::begin();
    let full = everybody(
        &bench,
        &Transport::ALL,
        None,
        runs,
        WARM,
        &progress,
        "full processor",
    )?;
    let mut shares = Vec::new();
    let mut unavailable = None;
    for memory in SIZES {
        match Share::new(memory) {
            Ok(share) => {
                let title = format!("share of {memory} MB");
                let transports = [Transport::Tls];
                let figures = everybody(
                    &bench,
                    &transports,
                    Some(&share),
                    share_runs,
                    WARM_IN_A_SHARE,
                    &progress,
                    &title,
                )?;
                shares.push((memory, figures));
            }
            Err(why) => unavailable = Some::<Unavailable>(why),
        }
    }
    progress.say("cost of an incident and of a sweep");
    let costs = cost::measure(&bench, runs.saturating_mul(10).min(400))?;
    let stretches = cost::long_life(&bench, events, |number| {
        progress.say(&format!("long life: event {number} of {events}"));
    })?;
    progress.end();

    let report = Report {
        full,
        shares,
        unavailable: unavailable.map(|why| why.to_string()),
        costs,
        stretches,
        packages: packages(&path("--package")?, &path("--sizes")?)?,
    };
    let out = path("--out")?;
    fs::write(out.join("benchmarks.md"), report.text()?)?;
    fs::write(out.join("benchmarks.svg"), picture::draw(&report)?)?;
    writeln!(std::io::stdout(), "{}", report.summary()?)?;
    Ok(())
}

/// All contestants in turn, so that what disturbs the machine disturbs all alike, and in
/// another order each time, so that nobody always comes after the same.
fn everybody(
    bench: &Bench,
    transports: &[Transport],
    share: Option<&Share>,
    runs: usize,
    warm: usize,
    progress: &Progress,
    title: &str,
) -> Result<Vec<Figures>> {
    let pairs: Vec<(Transport, Who)> = transports
        .iter()
        .flat_map(|transport| Who::ALL.map(|who| (*transport, who)))
        .collect();
    let mut samples: Vec<Vec<Sample>> = vec![Vec::new(); pairs.len()];
    for run in 1..=runs {
        for at in turns(run, pairs.len()) {
            let (Some((transport, who)), Some(samples)) = (pairs.get(at), samples.get_mut(at))
            else {
                continue;
            };
            progress.say(&format!("{title}, run {run} of {runs}: {}", who.name()));
            samples.push(bench.sample(*who, *transport, share, warm)?);
        }
    }
    let pairs = pairs.iter().zip(&samples);
    Ok(pairs
        .map(|((transport, who), samples)| Figures::of(*who, *transport, samples))
        .collect())
}

/// The bytes of each package: ours, and those of the peers, `NAME BYTES` a line.
fn packages(ours: &Path, peers: &Path) -> Result<BTreeMap<String, u64>> {
    let mut packages = BTreeMap::from([("trailkeeper".to_owned(), fs::metadata(ours)?.len())]);
    for line in fs::read_to_string(peers)?.lines() {
        let (name, bytes) = line.split_once(' ').ok_or("no size of a package")?;
        packages.insert(name.to_owned(), bytes.parse()?);
    }
    Ok(packages)
}

/// One line on a terminal, which changes; elsewhere a line for each new part.
struct Progress {
    begun: Instant,
    is_terminal: bool,
    part: std::cell::RefCell<String>,
}

impl Progress {
    fn begin() -> Self {
        Self {
            begun: Instant::now(),
            is_terminal: std::io::stderr().is_terminal(),
            part: std::cell::RefCell::default(),
        }
    }

    fn say(&self, text: &str) {
        let seconds = self.begun.elapsed().as_secs();
        let mut stderr = std::io::stderr();
        let part = text.split([',', ':']).next().unwrap_or_default();
        // Progress that cannot be shown is no reason to stop.
        let _ = if self.is_terminal {
            write!(stderr, "\r\x1b[K{seconds:>4} s  {text}")
        } else if *self.part.borrow() == part {
            Ok(())
        } else {
            writeln!(stderr, "{seconds:>4} s  {part}")
        };
        part.clone_into(&mut self.part.borrow_mut());
    }

    fn end(&self) {
        if self.is_terminal {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}
