//! The harness measures: the floor, over both transports. No figure is judged.

use std::{path::PathBuf, time::Duration};

use trailkeeper_bench::{
    Result,
    contestants::{Places, Transport, Who},
    measure::Bench,
};

#[test]
fn the_floor_is_measured_over_both_transports() -> Result<()> {
    let scratch = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let nothing = || PathBuf::from("/nonexistent");
    let bench = Bench::new(Places {
        floor: env!("CARGO_BIN_EXE_floor").into(),
        launcher: env!("CARGO_BIN_EXE_launch").into(),
        ours: nothing(),
        python: nothing(),
        peers: nothing(),
        bundle: scratch.join("authority.pem"),
        scratch: scratch.join("logs"),
    })?;
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
