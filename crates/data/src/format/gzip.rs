//! Constants of gzip and deflate.

/// The first bytes of every gzip member (RFC 1952).
pub(crate) const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Deflate needs at least 2 bits for a run of 258 bytes, so it never expands data more than
/// 1032-fold.
pub(crate) const DEFLATE_MAX_RATIO: u128 = 1032;
