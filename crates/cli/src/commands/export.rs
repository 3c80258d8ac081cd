//! `pdmap export`.

use anyhow::Result;
use pdmap_onnx::export;
use pdmap_train::AnyModel;
use serde::Serialize;

use crate::args::Export;
use crate::terminal::output;

/// What was written.
#[derive(Debug, Serialize)]
struct Facts<'a> {
    file: &'a std::path::Path,
    bytes: usize,
}

pub(crate) fn run(args: &Export) -> Result<()> {
    output::writable(&args.onnx)?;
    let whole = AnyModel::load(&args.model)?;
    let model = match args.member {
        Some(member) => whole.member(member)?,
        None => whole,
    };
    let file = export(&model)?;
    output::text(&args.onnx, &file)?;
    let facts = Facts { file: &args.onnx, bytes: file.len() };
    if args.json {
        return output::json(&facts);
    }
    output::line(&format!("{}: {}", facts.file.display(), output::bytes(file.len() as u64)))
}
