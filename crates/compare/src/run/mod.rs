//! Executes a plan: baselines, tuning, final runs.

mod bench;
mod compare;
mod event;
mod jobs;
mod one_run;
mod store;
mod truth;
mod tune;

pub use compare::{compare, compare_on};
pub use event::Event;
pub use store::Store;
