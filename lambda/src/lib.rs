//! Trailkeeper keeps AWS CloudTrail logging.
//!
//! Data flows one way: [`event`] parses, [`decide`] decides (pure), [`reconcile`]
//! heals and verifies what [`trail`] says about the difference to the
//! [`baseline`], [`incident`] holds what is known, [`notice`] words it.
//! [`cloudtrail`], [`ssm`], [`dynamodb`], [`sns`], `sessions`, [`organizations`] and
//! [`sqs`] are the only places that call AWS; [`handler`] strings the steps together.

pub mod actor;
mod advice;
pub mod arn;
pub mod asked;
pub mod attribution;
pub mod aws;
pub mod baseline;
pub mod break_glass;
pub mod budget;
mod call;
pub mod cloudtrail;
pub mod config;
pub mod decide;
pub mod dynamodb;
mod ending;
pub mod event;
pub mod failure;
mod fleet;
pub mod group;
pub mod handler;
pub mod incident;
mod log;
mod look;
pub mod members;
pub mod metrics;
pub mod moment;
pub mod notice;
pub mod organizations;
pub mod outcome;
mod page;
pub mod reconcile;
pub mod request;
pub mod selectors;
mod sessions;
mod shapes;
pub mod sns;
pub mod sqs;
pub mod ssm;
mod storm;
mod storm_notice;
mod summary;
mod sweep;
mod tell;
pub mod text;
pub mod told;
pub mod trail;
