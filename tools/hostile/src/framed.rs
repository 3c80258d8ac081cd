//! Arbitrary bytes as a safetensors file.

use std::borrow::Cow;

/// A safetensors file starts with the length of its JSON header, which mutations of the header
/// would break. If the first byte is odd, the rest is a header, a newline and the data, and
/// receives the correct length. If it is even, the rest is a file as is.
pub(crate) fn file(bytes: &[u8]) -> Cow<'_, [u8]> {
    let Some((&kind, rest)) = bytes.split_first() else { return Cow::Borrowed(bytes) };
    if kind.is_multiple_of(2) {
        return Cow::Borrowed(rest);
    }
    let end = rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
    let (header, data) = (&rest[..end], rest.get(end + 1..).unwrap_or_default());
    let length = (header.len() as u64).to_le_bytes();
    Cow::Owned([&length, header, data].concat())
}
