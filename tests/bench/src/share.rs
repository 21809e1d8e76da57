//! The share of a processor that Lambda gives to a function of some memory, by cgroup.

use std::{
    fs,
    path::{Path, PathBuf},
    process,
    time::Duration,
};

use thiserror::Error;

/// A function has one processor at this much memory, and less in proportion.
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html>.
const MB_OF_A_PROCESSOR: u32 = 1_769;
/// In each period the function gets its share, and waits when it is used up. AWS does
/// not publish it; 20 ms is what others saw.
pub const PERIOD: Duration = Duration::from_millis(20);

/// Why this machine lets no share be set.
#[derive(Debug, Error)]
#[error("no cgroup for the processor can be made here ({0}); run as root on Linux")]
pub struct Unavailable(String);

/// A cgroup with a share of a processor. It is removed when this is dropped.
#[derive(Debug)]
pub struct Share {
    folder: PathBuf,
    door: PathBuf,
}

impl Share {
    /// Makes the cgroup for `memory` in MB, of cgroup v2 or v1.
    ///
    /// # Errors
    /// If the machine does not allow it.
    pub fn new(memory: u32) -> Result<Self, Unavailable> {
        let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
        let mounts: Vec<Vec<&str>> = mounts.lines().map(|l| l.split(' ').collect()).collect();
        let mut why = "neither cgroup v2 nor v1 has the cpu controller".to_owned();
        for mount in &mounts {
            let [_, at, kind, options, ..] = mount[..] else {
                continue;
            };
            let at = Path::new(at);
            let has_cpu = |text: &str| text.split([' ', ',', '\n']).any(|word| word == "cpu");
            let is_v2 = match kind {
                "cgroup2" => {
                    let control = fs::read_to_string(at.join("cgroup.subtree_control"));
                    if !control.is_ok_and(|text| has_cpu(&text)) {
                        continue;
                    }
                    true
                }
                "cgroup" if has_cpu(options) => false,
                _ => continue,
            };
            match Self::make(at, is_v2, memory) {
                Ok(share) => return Ok(share),
                Err(error) => why = error.to_string(),
            }
        }
        Err(Unavailable(why))
    }

    fn make(mount: &Path, is_v2: bool, memory: u32) -> std::io::Result<Self> {
        let folder = mount.join(format!("trailkeeper-bench-{}-{memory}", process::id()));
        fs::create_dir(&folder)?;
        let share = Self {
            door: folder.join("cgroup.procs"),
            folder,
        };
        let period = PERIOD.as_micros();
        let quota = period * u128::from(memory) / u128::from(MB_OF_A_PROCESSOR);
        if is_v2 {
            fs::write(share.folder.join("cpu.max"), format!("{quota} {period}"))?;
        } else {
            fs::write(share.folder.join("cpu.cfs_period_us"), period.to_string())?;
            fs::write(share.folder.join("cpu.cfs_quota_us"), quota.to_string())?;
        }
        Ok(share)
    }

    /// The file by which a process goes into the cgroup.
    #[must_use]
    pub fn door(&self) -> &Path {
        &self.door
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        // What was in it was killed before.
        let _ = fs::remove_dir(&self.folder);
    }
}
