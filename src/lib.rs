//! pdmap facade.
