//! The tables of docs/benchmarks.md.

use std::{
    collections::BTreeMap,
    fmt::{Result as Written, Write},
    fs,
};

use crate::{
    Result,
    contestants::{Transport, Who},
    cost::{Cost, Costs, Stretch},
    figures::{Figures, Spread, megabytes},
    share::PERIOD,
    targets::targets,
};

/// Everything that was measured.
#[derive(Clone, Debug)]
pub struct Report {
    /// At a full processor.
    pub full: Vec<Figures>,
    /// By memory in MB.
    pub shares: Vec<(u32, Vec<Figures>)>,
    /// Why there are no shares.
    pub unavailable: Option<String>,
    /// What an incident and a sweep cost.
    pub costs: Costs,
    /// A long life.
    pub stretches: Vec<Stretch>,
    /// Bytes of the packages, by name.
    pub packages: BTreeMap<String, u64>,
}

impl Report {
    /// The figures of `who` over `transport`, at a full processor.
    #[must_use]
    pub fn of(&self, who: Who, transport: Transport) -> Option<&Figures> {
        let mut full = self.full.iter();
        full.find(|f| f.who == who && f.transport == transport)
    }

    /// What is to be reached, and what was.
    ///
    /// # Errors
    /// None of its own.
    pub fn summary(&self) -> Result<String> {
        let mut text = String::new();
        self.put_targets(&mut text)?;
        Ok(text)
    }

    /// All tables.
    ///
    /// # Errors
    /// None of its own.
    pub fn text(&self) -> Result<String> {
        let mut text = String::new();
        self.put_machine(&mut text)?;
        self.put_targets(&mut text)?;
        self.put_ratios(&mut text)?;
        for transport in Transport::ALL {
            self.put_times(&mut text, transport)?;
        }
        self.put_calls(&mut text)?;
        self.put_packages(&mut text)?;
        self.put_shares(&mut text)?;
        self.put_costs(&mut text)?;
        self.put_long_life(&mut text)?;
        Ok(text)
    }

    fn put_machine(&self, text: &mut String) -> Result<()> {
        let runs = self.full.first().map_or(0, |figures| figures.runs);
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
        let processors = fs::read_to_string("/proc/cpuinfo")?;
        let model = processors
            .lines()
            .find(|line| line.starts_with("model name"));
        let model = model
            .and_then(|line| line.split_once(": "))
            .map_or("", |(_, name)| name);
        writeln!(
            text,
            "{runs} processes of each, in turn; {}Linux {}. Written as median (a tenth of the runs below, a tenth above).\n",
            if model.is_empty() {
                String::new()
            } else {
                format!("{model}, ")
            },
            kernel.trim()
        )?;
        Ok(())
    }

    fn put_targets(&self, text: &mut String) -> Written {
        writeln!(text, "| To reach | Measured | |\n| --- | --- | --- |")?;
        for target in targets(self) {
            let verdict = if target.is_reached {
                "reached"
            } else {
                "**missed**"
            };
            writeln!(text, "| {} | {} | {verdict} |", target.aim, target.measured)?;
        }
        writeln!(text)
    }

    fn put_ratios(&self, text: &mut String) -> Written {
        writeln!(text, "### Ratios\n")?;
        writeln!(
            text,
            "To `StartLogging`, each time in floors of the same transport.\n"
        )?;
        writeln!(
            text,
            "| | cold, HTTP | cold, TLS | warm, HTTP | warm, TLS | peak memory, TLS |"
        )?;
        writeln!(text, "| --- | ---: | ---: | ---: | ---: | ---: |")?;
        for who in Who::ALL {
            let ratio =
                |transport, part: fn(&Figures) -> f64| self.ratio(who, Who::Floor, transport, part);
            writeln!(
                text,
                "| {} | {} | {} | {} | {} | {} |",
                who.name(),
                times(ratio(Transport::Http, |f| f.cold.median)),
                times(ratio(Transport::Tls, |f| f.cold.median)),
                times(ratio(Transport::Http, |f| f.warm.median)),
                times(ratio(Transport::Tls, |f| f.warm.median)),
                times(ratio(Transport::Tls, |f| f.peak.median)),
            )?;
        }
        writeln!(text)
    }

    /// How many times as much `who` needs as `other`.
    #[must_use]
    pub fn ratio(
        &self,
        who: Who,
        other: Who,
        transport: Transport,
        part: fn(&Figures) -> f64,
    ) -> f64 {
        let value = |who| self.of(who, transport).map_or(f64::NAN, part);
        value(who) / value(other)
    }

    fn put_times(&self, text: &mut String, transport: Transport) -> Written {
        let name = match transport {
            Transport::Http => "Plain HTTP",
            Transport::Tls => "TLS",
        };
        writeln!(text, "### {name}, a full processor\n")?;
        writeln!(
            text,
            "| ms | start to StartLogging | start to answer | warm: event to StartLogging | event to answer | CPU, cold | CPU, warm | peak memory, MB |"
        )?;
        writeln!(
            text,
            "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
        )?;
        for figures in self.full.iter().filter(|f| f.transport == transport) {
            write!(text, "| {} |", figures.who.name())?;
            for spread in [
                figures.cold,
                figures.cold_whole,
                figures.warm,
                figures.warm_whole,
                figures.cold_cpu,
                figures.warm_cpu,
                figures.peak,
            ] {
                write!(text, " {} |", show(spread))?;
            }
            writeln!(text)?;
        }
        writeln!(text)
    }

    fn put_calls(&self, text: &mut String) -> Written {
        writeln!(text, "What each calls, cold, in the order of arrival:\n")?;
        for figures in self.full.iter().filter(|f| f.transport == Transport::Tls) {
            writeln!(
                text,
                "- {}: {}",
                figures.who.name(),
                figures.calls.join(", ")
            )?;
        }
        writeln!(text)
    }

    fn put_packages(&self, text: &mut String) -> Written {
        let bytes = |name: &str| self.packages.get(name).copied().unwrap_or_default();
        writeln!(
            text,
            "Packages as they are uploaded: Trailkeeper {}; Python {}, without boto3, which the runtime brings; Cloud Custodian {}, likewise; the floor {}.\n",
            size(bytes("trailkeeper")),
            size(bytes("python")),
            size(bytes("custodian")),
            size(bytes("floor")),
        )
    }

    fn put_shares(&self, text: &mut String) -> Written {
        writeln!(text, "### The share of a processor that Lambda gives\n")?;
        if let Some(why) = &self.unavailable {
            return writeln!(text, "Not measured: {why}.\n");
        }
        let runs = self
            .shares
            .first()
            .and_then(|(_, all)| all.first())
            .map_or(0, |f| f.runs);
        writeln!(
            text,
            "TLS, {runs} processes of each; a cgroup gives memory / 1,769 MB of a processor in periods of {} ms. Process start to StartLogging, and to the answer, in ms.\n",
            PERIOD.as_millis()
        )?;
        self.put_share_table(text, |f| [f.cold, f.cold_whole])?;
        writeln!(
            text,
            "Warm, event to StartLogging, and to the answer, in ms:\n"
        )?;
        self.put_share_table(text, |f| [f.warm, f.warm_whole])
    }

    fn put_share_table(&self, text: &mut String, parts: fn(&Figures) -> [Spread; 2]) -> Written {
        write!(text, "| MB |")?;
        for who in Who::ALL {
            write!(text, " {} | answer |", who.name())?;
        }
        writeln!(
            text,
            "\n| ---: |{}",
            " ---: | ---: |".repeat(Who::ALL.len())
        )?;
        for (memory, all) in &self.shares {
            write!(text, "| {memory} |")?;
            for spread in all.iter().flat_map(parts) {
                write!(text, " {} |", show(spread))?;
            }
            writeln!(text)?;
        }
        writeln!(text)
    }

    fn put_costs(&self, text: &mut String) -> Written {
        let costs = &self.costs;
        writeln!(text, "### What an incident and a sweep cost\n")?;
        writeln!(
            text,
            "Warm, TLS, with a mock that answers at once; in µs.\n"
        )?;
        writeln!(
            text,
            "| | API calls | whole | CPU |\n| --- | --- | ---: | ---: |"
        )?;
        for (name, cost) in [
            ("an incident, restored, verified and told", &costs.incident),
            ("a sweep of one trail", &costs.sweep_of_one),
            ("a sweep of five trails", &costs.sweep_of_five),
        ] {
            writeln!(
                text,
                "| {name} | {} | {} | {} |",
                calls(cost),
                show(cost.whole),
                show(cost.cpu)
            )?;
        }
        let more =
            |part: fn(&Cost) -> f64| (part(&costs.sweep_of_five) - part(&costs.sweep_of_one)) / 4.0;
        #[expect(clippy::cast_precision_loss, reason = "a few calls")]
        let more_calls = more(|cost| cost.calls.len() as f64);
        writeln!(
            text,
            "\nEach further trail of a sweep: {more_calls} calls, {:.0} µs, {:.0} µs of CPU.\n",
            more(|cost| cost.whole.median),
            more(|cost| cost.cpu.median)
        )
    }

    fn put_long_life(&self, text: &mut String) -> Written {
        let events = self.stretches.last().map_or(0, |stretch| stretch.until);
        writeln!(text, "### {events} stops in one process\n")?;
        writeln!(
            text,
            "TLS, a full processor. Each was restored, read back and told.\n"
        )?;
        writeln!(
            text,
            "| until event | event to answer, µs | CPU of an event, µs | resident, MB |"
        )?;
        writeln!(text, "| ---: | ---: | ---: | ---: |")?;
        let step = self.stretches.len().div_ceil(10).max(1);
        let last = self.stretches.len().saturating_sub(1);
        for (number, stretch) in self.stretches.iter().enumerate() {
            if number % step == 0 || number == last {
                writeln!(
                    text,
                    "| {} | {} | {:.0} | {:.2} |",
                    stretch.until,
                    show(stretch.whole),
                    stretch.cpu,
                    megabytes(stretch.resident_kib)
                )?;
            }
        }
        Ok(())
    }
}

/// Each operation once, with how often.
fn calls(cost: &Cost) -> String {
    let mut counted: Vec<(&str, usize)> = Vec::new();
    for call in &cost.calls {
        match counted.iter_mut().find(|(name, _)| name == call) {
            Some((_, count)) => *count += 1,
            None => counted.push((call, 1)),
        }
    }
    let named: Vec<String> = counted
        .iter()
        .map(|(name, count)| match count {
            1 => (*name).to_owned(),
            _ => format!("{count} {name}"),
        })
        .collect();
    format!("{}: {}", cost.calls.len(), named.join(", "))
}

fn show(spread: Spread) -> String {
    let Spread { median, low, high } = spread;
    format!("{} ({}, {})", short(median), short(low), short(high))
}

/// Three digits or so.
#[must_use]
pub fn short(value: f64) -> String {
    let digits = match value.abs() {
        v if v < 10.0 => 2,
        v if v < 100.0 => 1,
        _ => 0,
    };
    format!("{value:.digits$}")
}

/// A ratio.
#[must_use]
pub fn times(ratio: f64) -> String {
    format!("{}x", short(ratio))
}

/// Bytes for people.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "the size of a file")]
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{:.0} kB", bytes as f64 / 1e3),
        _ => format!("{:.2} MB", bytes as f64 / 1e6),
    }
}
