//! The table of contents at the end of a file.

use std::io::Read;

use planus::ReadAsRoot;
use polars_arrow_format::ipc::{BlockRef, FooterRef};

use super::schema::{Schema, schema};
use crate::columnar::{Outcome, Part, bad};
use crate::format::ARROW_MAGIC;

/// Where a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) at: u64,
    /// Bytes of its description, with what comes before it.
    pub(super) description: u64,
    pub(super) body: u64,
}

/// The columns of a file, and its messages: dictionaries, then rows.
pub(super) fn contents(file: &Part) -> Outcome<(Schema, Vec<Block>)> {
    let end = (4 + ARROW_MAGIC.len()) as u64;
    let tail = file.left().checked_sub(end).and_then(|at| file.slice(at, end));
    let Some(mut tail) = tail else { return bad("it ends early") };
    let (mut length, mut magic) = ([0; 4], [0; ARROW_MAGIC.len()]);
    tail.read_exact(&mut length)?;
    tail.read_exact(&mut magic)?;
    if magic != ARROW_MAGIC {
        return bad("its end is missing, where its columns are described");
    }
    let length = u64::from(u32::from_le_bytes(length));
    let part = (file.left() - end).checked_sub(length).and_then(|at| file.slice(at, length));
    let Some(mut part) = part else {
        return bad(format!("a table of contents of {length} bytes in a file of {}", file.left()));
    };
    let mut bytes = Vec::new();
    part.read_to_end(&mut bytes)?;
    let footer = FooterRef::read_as_root(&bytes)?;
    let Some(found) = footer.schema()? else { return bad("its columns are not described") };
    let schema = schema(found, footer.version()?, bytes.len())?;
    let (dictionaries, rows) = (footer.dictionaries()?, footer.record_batches()?);
    let all = dictionaries.into_iter().flatten().chain(rows.into_iter().flatten());
    let blocks = all.map(block).collect::<Outcome<Vec<_>>>()?;
    // One message that is listed many times would be read as often.
    let length =
        blocks.iter().fold(0_u64, |sum, block| sum.saturating_add(block.description).saturating_add(block.body));
    if length > file.left() {
        return bad(format!("messages of {length} bytes in a file of {}", file.left()));
    }
    Ok((schema, blocks))
}

fn block(found: BlockRef<'_>) -> Outcome<Block> {
    let (at, description) = (u64::try_from(found.offset()), u64::try_from(found.meta_data_length()));
    match (at, description, u64::try_from(found.body_length())) {
        (Ok(at), Ok(description), Ok(body)) => Ok(Block { at, description, body }),
        _ => bad("a message of a negative length"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use planus::{Builder, WriteAsOffset};
    use polars_arrow_format::ipc;

    use super::*;

    #[test]
    fn one_message_cannot_be_listed_many_times() {
        let read = |times: usize| {
            let block = ipc::Block { offset: 8, meta_data_length: 100, body_length: 900 };
            let (schema, record_batches) = (Some(Box::default()), Some(vec![block; times]));
            let footer = ipc::Footer { schema, record_batches, ..ipc::Footer::default() };
            let mut builder = Builder::new();
            let root = footer.prepare(&mut builder);
            let footer = builder.finish(root, None);
            let end = (footer.len() as u32).to_le_bytes();
            contents(&Part::of_memory([&[0; 1008][..], footer, &end, &ARROW_MAGIC].concat()))
        };
        assert_eq!(read(1).unwrap().1.len(), 1);
        let error = format!("{:?}", read(3).unwrap_err());
        assert!(error.contains("messages of 3000 bytes in a file of"), "{error}");
    }
}
