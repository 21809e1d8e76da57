//! The harness measures: the floor, over both transports. No figure is judged.

use std::{path::PathBuf, time::Duration};

use trailkeeper_bench::{
    Result,
    contestants::{Places, Transport, Who},
    cost,
    measure::Bench,
};

/// A bench of `ours`, without peers, that writes into a folder called `name`.
fn bench(ours: PathBuf, name: &str) -> Result<Bench> {
    let scratch = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&scratch)?;
    let nothing = || PathBuf::from("/nonexistent");
    Bench::new(Places {
        floor: env!("CARGO_BIN_EXE_floor").into(),
        launcher: env!("CARGO_BIN_EXE_launch").into(),
        ours,
        python: nothing(),
        peers: nothing(),
        bundle: scratch.join("authority.pem"),
        scratch: scratch.join("logs"),
    })
}

#[test]
fn the_floor_is_measured_over_both_transports() -> Result<()> {
    let bench = bench("/nonexistent".into(), "floor")?;
    for transport in Transport::ALL {
        let sample = bench.sample(Who::Floor, transport, None, 3)?;
        assert_eq!(sample.calls, ["StartLogging"]);
        assert!(sample.cold > Duration::ZERO && sample.cold < sample.cold_whole);
        assert!(sample.warm > Duration::ZERO && sample.warm < sample.warm_whole);
        assert!(sample.warm < sample.cold, "{sample:?}");
        assert!(sample.cold_cpu > Duration::ZERO && sample.peak_kib > 0);
    }
    // Who does not do the work is not measured.
    let failed = bench.sample(Who::Ours, Transport::Http, None, 1);
    assert!(failed.is_err());
    Ok(())
}

/// The mock knows every call that incidents and sweeps make. `make wire` runs it.
#[test]
#[ignore = "needs the packaged binary: TRAILKEEPER_BINARY"]
fn the_packaged_binary_is_measured() -> Result<()> {
    let binary = std::env::var_os("TRAILKEEPER_BINARY").ok_or("TRAILKEEPER_BINARY is not set")?;
    let bench = bench(binary.into(), "ours")?;
    for who in [Who::Ours, Who::OursLoggingOnly] {
        let sample = bench.sample(who, Transport::Tls, None, 2)?;
        assert_eq!(
            sample.calls.first().map(String::as_str),
            Some("StartLogging")
        );
        assert!(
            sample.calls.iter().any(|call| call == "Publish"),
            "{sample:?}"
        );
    }
    let costs = cost::measure(&bench, 1)?;
    assert!(!costs.sweep_of_five.calls.is_empty());
    Ok(())
}
