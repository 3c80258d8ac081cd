//! `pdmap data splits`.

use anyhow::{Context, Result};
use pdmap_data::write_npy;

use crate::args::Splits;
use crate::data::Source;
use crate::output;

/// Rows that a part must have: one.
const BATCH: usize = 1;

pub(crate) fn run(args: &Splits) -> Result<()> {
    let source = Source::plan(&args.data, true)?;
    let splits = source.splits::<f32>(BATCH)?;
    std::fs::create_dir_all(&args.out).with_context(|| args.out.display().to_string())?;
    let parts = [("train", &splits.train), ("validation", &splits.validation), ("test", &splits.test)];
    for (name, rows) in parts {
        let path = args.out.join(format!("{name}.npy"));
        write_npy(&path, rows)?;
        output::line(&format!("{}: {} rows of {} features", path.display(), rows.nrows(), rows.ncols()))?;
    }
    output::line(&format!("likelihoods are of {}", splits.facts.space))
}
