//! `trailkeeper-drill`: see `--help`.

use std::process::ExitCode;

use trailkeeper_drill::{arguments::Arguments, screen::Screen, session};

fn main() -> ExitCode {
    let arguments = match Arguments::read(std::env::args_os()) {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            use std::io::Write;
            let _ = writeln!(std::io::stderr(), "error: {error}");
            return ExitCode::from(2);
        }
    };
    let screen = Screen::of_terminal();
    let verdict = runtime.block_on(session::run(&arguments, &screen));
    // What still waits for a name to be typed is not waited for.
    runtime.shutdown_background();
    ExitCode::from(verdict.exit_code())
}
