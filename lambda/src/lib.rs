//! Trailkeeper keeps AWS CloudTrail logging.
//!
//! Data flows one way: [`event`] parses, [`decide`] decides (pure), [`trail`]
//! heals and verifies, [`incident`] holds what is known, [`notice`] words it.
//! [`cloudtrail`] and [`sns`] are the only places that call AWS; [`handler`]
//! strings the steps together.

pub mod actor;
pub mod arn;
pub mod aws;
pub mod budget;
mod call;
pub mod cloudtrail;
pub mod config;
pub mod decide;
pub mod event;
pub mod failure;
pub mod handler;
pub mod incident;
pub mod metrics;
pub mod moment;
pub mod notice;
pub mod sns;
pub mod text;
pub mod trail;
