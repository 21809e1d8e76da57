//! What the drill needs of AWS, so that its course can be tried without.

use crate::{
    call::Call,
    error::CallError,
    state::{Part, Reading},
};

/// The trail under attack.
pub trait TrailApi {
    /// Reads some parts.
    fn read(&self, parts: &[Part]) -> impl Future<Output = Result<Reading, CallError>>;

    /// Makes a call once, never twice: its moment is to be known.
    fn attack(&self, call: &Call) -> impl Future<Output = Result<(), CallError>>;

    /// Makes a call, and repeats it if that may help.
    fn restore(&self, call: &Call) -> impl Future<Output = Result<(), CallError>>;
}

/// The queue that is subscribed to the topic.
pub trait InboxApi {
    /// Waits a while for messages; their bodies.
    fn receive(&self) -> impl Future<Output = Result<Vec<String>, CallError>>;
}
