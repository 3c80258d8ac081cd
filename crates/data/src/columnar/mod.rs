//! Tables that are stored column by column, whatever the format: the kinds of columns, their
//! values, and the selection of columns.

mod codec;
mod convert;
mod iso;
mod kind;
mod part;
mod problem;
mod selection;
mod table;
mod values;

pub(crate) use codec::{Codec, decompress_block, decompress_stream};
pub(crate) use convert::{Fault, fill, row_name};
pub(crate) use kind::Kind;
pub(crate) use part::Part;
pub(crate) use problem::{Outcome, Problem, bad};
pub(crate) use selection::{Field, Selection, pandas_index, select, select_labels};
pub(crate) use table::Columnar;
pub(crate) use values::{Data, Values, append, check_name};
