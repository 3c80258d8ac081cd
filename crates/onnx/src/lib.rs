#![doc = include_str!("../README.md")]

mod bases;
mod columns;
mod condition;
mod error;
mod flow;
mod graph;
mod layers;
mod model;
mod normal;
mod pass;
mod proto;

pub use error::{OnnxError, Result};
pub use model::{export, export_model};
