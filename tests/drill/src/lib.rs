//! Rehearses an attack on a guarded trail and measures the recovery.
//!
//! Data flows one way: [`arguments`] say what is wanted, [`preflight`] looks whether
//! it can be, [`attack`] says which call does it and which undo it, [`drill`] makes it
//! and hands what it sees to [`course`], [`verdict`] judges, [`timeline`] and [`report`]
//! tell. All but [`session`] and [`aws`] do without AWS and are tried without it.

pub mod api;
pub mod arguments;
pub mod arn;
pub mod attack;
pub mod aws;
pub mod call;
pub mod confirm;
pub mod course;
pub mod drill;
pub mod error;
pub mod html;
pub mod moment;
pub mod notice;
mod output;
pub mod preflight;
pub mod report;
pub mod screen;
pub mod session;
pub mod signals;
pub mod state;
pub mod svg;
pub mod timeline;
pub mod verdict;
