//! The recorded events in `tests/events`: what is decided about them, and how
//! they are told.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, which is what it is for"
)]

mod attribution;
mod containment;
mod decisions;
mod events;
mod golden;
mod investigations;
mod notices;
mod properties;
mod schema;
mod valid;
