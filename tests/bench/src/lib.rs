//! Measures the function beside other responders: each under the same Lambda runtime
//! API, each before the same mock of AWS, plain or over TLS.

pub mod aws;
pub mod contestants;
pub mod cost;
pub mod event;
pub mod figures;
pub mod measure;
pub mod picture;
pub mod process;
pub mod report;
pub mod runtime;
pub mod server;
pub mod share;
pub mod targets;
pub mod tls;

/// What can go wrong is told and ends the run.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;
