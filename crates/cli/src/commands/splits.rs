//! `pdmap data splits`.

use anyhow::Result;
use pdmap_core::Real;
use pdmap_data::write_npy;

use crate::args::Splits;
use crate::rows::data::Source;
use crate::terminal::output::{self, Folder};

/// Minimum number of training rows.
const BATCH: usize = 1;

/// The files of the three sets.
const FILES: [&str; 3] = ["train.npy", "validation.npy", "test.npy"];

pub(crate) fn run(args: &Splits) -> Result<()> {
    let source = Source::plan(&args.data, true)?.without_noise();
    // Numbers of a table are written as they are: `f32` would round them, or need offsets.
    if source.is_table() { write::<f64>(args, &source) } else { write::<f32>(args, &source) }
}

fn write<F: Real>(args: &Splits, source: &Source) -> Result<()> {
    let folder = Folder::prepare(&args.out, &FILES)?;
    let (splits, _) = source.splits::<F>(BATCH)?;
    let parts = FILES.into_iter().zip([&splits.train, &splits.validation, &splits.test]);
    let mut written = Vec::new();
    for (name, rows) in parts {
        let path = folder.file(name);
        write_npy(&path, rows)?;
        if !args.json {
            output::line(&format!("{}: {} rows of {} features", path.display(), rows.nrows(), rows.ncols()))?;
        }
        written.push(serde_json::json!({ "file": path, "rows": rows.nrows(), "features": rows.ncols() }));
    }
    if args.json {
        return output::json(&serde_json::json!({ "files": written, "space": splits.facts.space }));
    }
    output::line(&format!("likelihoods refer to {}", splits.facts.space))
}
