//! The signals that ask the drill to end.

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
};

/// Catches Ctrl-C, the end of a CI job and a terminal that is closed; each is
/// handed on by name. From here on none of them ends the process.
///
/// # Errors
/// If the system does not let them be caught.
pub fn catch() -> std::io::Result<UnboundedReceiver<&'static str>> {
    let (sender, receiver) = unbounded_channel();
    for (kind, name) in [
        (SignalKind::interrupt(), "SIGINT"),
        (SignalKind::terminate(), "SIGTERM"),
        (SignalKind::hangup(), "SIGHUP"),
    ] {
        let mut signals = signal(kind)?;
        let sender = sender.clone();
        tokio::spawn(async move {
            while signals.recv().await.is_some() {
                if sender.send(name).is_err() {
                    return;
                }
            }
        });
    }
    Ok(receiver)
}
