//! Rows that commands read and write.

pub(crate) mod blocks;
pub(crate) mod data;
pub(crate) mod targets;
