//! Messages: their descriptions, which are flatbuffers.

use planus::ReadAsRoot;
use polars_arrow_format::ipc::{CompressionType, MessageHeaderRef, MessageRef, RecordBatchRef};

use super::schema::{Schema, schema};
use crate::columnar::{Codec, Outcome, Problem, bad};

/// A message.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Message {
    Schema(Schema),
    /// The values of a dictionary, or more of them.
    Dictionary {
        id: i64,
        more: bool,
        batch: Batch,
    },
    Rows(Batch),
    /// Something that is not needed.
    Other,
}

/// Where the columns of consecutive rows are in the body of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Batch {
    pub(super) rows: usize,
    /// For each node of the columns, depth first: its length, and its number of nulls.
    pub(super) nodes: Vec<(i64, i64)>,
    /// Places and lengths.
    pub(super) buffers: Vec<(i64, i64)>,
    /// The number of buffers before each column of views, then that of all of them.
    pub(super) variadic: Vec<usize>,
    pub(super) codec: Codec,
}

impl From<planus::Error> for Problem {
    fn from(error: planus::Error) -> Self {
        Self::Bad(format!("a damaged message: {}", error.error_kind))
    }
}

/// A message, and the length of its body.
pub(super) fn parse(bytes: &[u8]) -> Outcome<(Message, u64)> {
    let root = MessageRef::read_as_root(bytes)?;
    let Ok(body) = u64::try_from(root.body_length()?) else { return bad("a message of a negative length") };
    let message = match root.header()? {
        Some(MessageHeaderRef::Schema(found)) => Message::Schema(schema(found, root.version()?, bytes.len())?),
        Some(MessageHeaderRef::RecordBatch(found)) => Message::Rows(batch(found)?),
        Some(MessageHeaderRef::DictionaryBatch(found)) => match found.data()? {
            Some(data) => Message::Dictionary { id: found.id()?, more: found.is_delta()?, batch: batch(data)? },
            None => return bad("a dictionary without values"),
        },
        _ => Message::Other,
    };
    Ok((message, body))
}

fn batch(found: RecordBatchRef<'_>) -> Outcome<Batch> {
    let Ok(rows) = usize::try_from(found.length()?) else { return bad("a negative number of rows") };
    let codec = match found.compression()? {
        None => Codec::Plain,
        Some(compression) => match compression.codec()? {
            CompressionType::Lz4Frame => Codec::Lz4Frame,
            CompressionType::Zstd => Codec::Zstd,
        },
    };
    let (nodes, buffers) = (found.nodes()?, found.buffers()?);
    let (mut before, mut variadic) = (0_usize, vec![0]);
    for count in found.variadic_buffer_counts()?.into_iter().flatten() {
        let Ok(count) = usize::try_from(count) else { return bad("a negative number of buffers of text") };
        before = before.saturating_add(count);
        variadic.push(before);
    }
    Ok(Batch {
        rows,
        nodes: nodes.into_iter().flatten().map(|node| (node.length(), node.null_count())).collect(),
        buffers: buffers.into_iter().flatten().map(|buffer| (buffer.offset(), buffer.length())).collect(),
        variadic,
        codec,
    })
}
