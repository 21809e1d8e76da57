//! A process that is measured.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use nix::{
    time::{ClockId, clock_getcpuclockid},
    unistd::Pid,
};

use crate::{Result, share::Share};

/// What to start, and with what.
#[derive(Clone, Debug)]
pub struct Program {
    /// The program and its arguments.
    pub command: Vec<OsString>,
    /// Where it runs.
    pub directory: PathBuf,
    /// Its whole environment.
    pub environment: Vec<(String, String)>,
}

/// A process, and what it uses. It is killed when this is dropped.
pub struct Process {
    child: Child,
    clock: ClockId,
    gate: TcpStream,
    before: Duration,
}

impl Process {
    /// Readies `program`, to be started by [`Process::start`]. What it writes goes to `log`.
    ///
    /// # Errors
    /// If the launcher does not come up.
    pub fn ready(
        launcher: &Path,
        program: &Program,
        share: Option<&Share>,
        log: &Path,
    ) -> Result<Self> {
        let gate = TcpListener::bind(("127.0.0.1", 0))?;
        let cgroup = share.map_or("-".into(), |share| share.door().as_os_str().to_owned());
        let log = File::create(log)?;
        let child = Command::new(launcher)
            .arg(gate.local_addr()?.port().to_string())
            .arg(cgroup)
            .args(&program.command)
            .current_dir(&program.directory)
            .env_clear()
            .envs(
                program
                    .environment
                    .iter()
                    .map(|(name, value)| (name, value)),
            )
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        let pid = Pid::from_raw(child.id().try_into()?);
        gate.set_nonblocking(true)?;
        let begun = Instant::now();
        let gate = loop {
            match gate.accept() {
                Ok((stream, _)) => break stream,
                Err(_) if begun.elapsed() < Duration::from_secs(20) => {
                    thread::sleep(Duration::from_millis(1));
                }
                Err(error) => return Err(format!("the launcher does not come up: {error}").into()),
            }
        };
        gate.set_nonblocking(false)?;
        gate.set_nodelay(true)?;
        // A share of a processor that the launcher used up is given anew by then.
        thread::sleep(Duration::from_millis(if share.is_some() { 60 } else { 2 }));
        let clock = clock_getcpuclockid(pid)?;
        let before = clock.now()?.into();
        Ok(Self {
            child,
            clock,
            gate,
            before,
        })
    }

    /// Starts the program; returns when.
    ///
    /// # Errors
    /// If the launcher is gone.
    pub fn start(&mut self) -> Result<Instant> {
        let begun = Instant::now();
        self.gate.write_all(b"!")?;
        Ok(begun)
    }

    /// Waits until the launcher has become the program, at the longest a second.
    ///
    /// # Errors
    /// If the connection breaks.
    pub fn started(&mut self) -> Result<()> {
        self.gate.set_read_timeout(Some(Duration::from_secs(1)))?;
        // It is closed by the exec.
        let _ = self.gate.read(&mut [0])?;
        Ok(())
    }

    /// Whether the process is no more.
    ///
    /// # Errors
    /// If that cannot be known.
    pub fn has_ended(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_some())
    }

    /// The processor's time that the program used.
    ///
    /// # Errors
    /// If the process is gone.
    pub fn cpu(&self) -> Result<Duration> {
        Ok(Duration::from(self.clock.now()?).saturating_sub(self.before))
    }

    /// A line of the process's status, in KiB: `VmHWM` is the most memory that was
    /// resident, `VmRSS` what is now.
    ///
    /// # Errors
    /// If the process is gone.
    pub fn memory_kib(&self, line: &str) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let found = status
            .lines()
            .find_map(|text| text.strip_prefix(line)?.strip_prefix(':'));
        let number = found.and_then(|text| text.split_whitespace().next());
        Ok(number
            .ok_or_else(|| format!("the process is gone: no {line}"))?
            .parse()?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
