//! Independent components: rows in memory or in passes over a file, and the folder of results.

pub(crate) mod rows;
pub(crate) mod stored;
