//! Rows that commands read and write.

pub(crate) mod answers;
pub(crate) mod blocks;
mod bounded;
pub(crate) mod completed;
pub(crate) mod data;
pub(crate) mod kind;
pub(crate) mod opened;
pub(crate) mod partial;
pub(crate) mod parts;
mod policy;
mod projected;
pub(crate) mod reading;
pub(crate) mod restored;
pub(crate) mod table;
pub(crate) mod targets;
pub(crate) mod training_table;
pub(crate) mod weights;
