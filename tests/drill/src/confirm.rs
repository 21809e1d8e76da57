//! The question before the attack.

use std::io::{self, BufRead, IsTerminal};

use thiserror::Error;
use tokio::sync::oneshot;

use crate::{arguments::Arguments, screen::Screen};

/// Why the answer is no.
#[derive(Debug, Error)]
pub enum NotConfirmed {
    /// There is nobody to ask.
    #[error("nobody can be asked: standard input is no terminal")]
    NoTerminal,
    /// Something else was typed.
    #[error("not confirmed")]
    Refused,
}

/// Asks for the trail's name.
///
/// # Errors
/// If it was not typed.
pub async fn ask(arguments: &Arguments, screen: &Screen) -> Result<(), NotConfirmed> {
    let trail = &arguments.trail;
    screen.line(&question(arguments));
    if !io::stdin().is_terminal() {
        return Err(NotConfirmed::NoTerminal);
    }
    screen.ask(&format!(
        "Type the trail's name, {}, to go on: ",
        trail.name()
    ));
    // A thread of its own: nothing has to wait for it when a signal comes.
    let (sender, receiver) = oneshot::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line);
        let _ = sender.send(read.map(|_| line));
    });
    match receiver.await {
        Ok(Ok(line)) if line.trim() == trail.name() => Ok(()),
        _ => Err(NotConfirmed::Refused),
    }
}

fn question(arguments: &Arguments) -> String {
    let trail = &arguments.trail;
    format!(
        "\nThis attacks the trail {} of account {} in {}: {}, until somebody puts it back.\n\
         What happens meanwhile may be missing in its log. People will be told of an attack.",
        trail.name(),
        trail.account(),
        trail.region(),
        arguments.attack.effect()
    )
}
