//! Trailkeeper keeps AWS CloudTrail logging.
//!
//! Data flows one way: [`event`] parses, [`decide`] decides (pure), [`reconcile`]
//! heals and verifies what [`trail`] says about the difference to the
//! [`baseline`], [`incident`] holds what is known, [`investigation`] adds what the event
//! history says, [`notice`] words it.
//! [`cloudtrail`], [`ssm`], [`dynamodb`], [`sns`], `sessions`, `iam`,
//! [`organizations`], [`sqs`] and [`securityhub`] are the only places that call AWS; [`handler`] strings the steps together.

pub mod actor;
mod advice;
mod alarm;
mod answer;
mod api;
pub mod arn;
pub mod asff;
pub mod asked;
pub mod attribution;
pub mod aws;
pub mod baseline;
pub mod break_glass;
mod bucket;
pub mod budget;
mod call;
mod chat;
pub mod cloudtrail;
pub mod config;
mod console;
mod contain;
pub mod containment;
mod containment_notice;
pub mod decide;
pub mod deeds;
pub mod document;
pub mod dynamodb;
mod email;
mod ending;
mod endpoint;
pub mod event;
mod evidence;
pub mod failure;
mod findings;
mod fleet;
mod function;
pub mod group;
pub mod guard;
pub mod handler;
mod headline;
mod iam;
pub mod incident;
mod investigate;
pub mod investigation;
mod json_api;
mod key;
mod log;
mod log_group;
mod look;
pub mod members;
pub mod metrics;
pub mod moment;
pub mod notice;
mod open_findings;
pub mod organizations;
pub mod outcome;
mod pace;
mod page;
pub mod policy;
mod query_api;
mod queue;
pub mod reconcile;
pub mod request;
mod rest_api;
mod role;
mod rule;
mod schedule;
pub mod searches;
pub mod securityhub;
pub mod selectors;
mod sessions;
mod shapes;
pub mod sns;
pub mod sqs;
pub mod ssm;
mod storm;
mod storm_notice;
pub mod storm_summary;
mod summary;
mod sweep;
mod table;
mod tell;
pub mod text;
pub mod thing;
pub mod told;
mod topic;
pub mod trail;
mod transport;
mod untold;
mod xml;
