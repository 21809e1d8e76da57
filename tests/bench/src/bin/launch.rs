//! Becomes another program when it is told to: `launch PORT CGROUP PROGRAM [ARGUMENT...]`.
//!
//! It first goes into the cgroup (whose file for that is CGROUP, or `-`), connects to
//! PORT and waits for a byte. So neither the making of a process nor the way into the
//! cgroup is part of what is measured.

use std::{
    env,
    error::Error,
    io::{Read, Write},
    net::TcpStream,
    os::unix::process::CommandExt,
    process::{Command, ExitCode},
};

fn main() -> ExitCode {
    let Err(error) = launch();
    // Standard error is the log of what was to be measured.
    let _ = writeln!(std::io::stderr(), "launch: {error}");
    ExitCode::FAILURE
}

fn launch() -> Result<std::convert::Infallible, Box<dyn Error>> {
    let mut arguments = env::args_os().skip(1);
    let mut next = || {
        arguments
            .next()
            .ok_or("launch PORT CGROUP PROGRAM [ARGUMENT...]")
    };
    let port: u16 = next()?.to_string_lossy().parse()?;
    let cgroup = next()?;
    let program = next()?;
    if cgroup != "-" {
        std::fs::write(cgroup, "0")?;
    }
    let mut gate = TcpStream::connect(("127.0.0.1", port))?;
    gate.read_exact(&mut [0])?;
    Err(Command::new(program).args(arguments).exec().into())
}
