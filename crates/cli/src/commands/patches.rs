//! `pdmap data patches`.

use anyhow::Result;
use pdmap_data::{extract_patches, read_image_folder, write_npy};

use crate::args::{PatchProtocol, Patches};
use crate::terminal::exit::BadInput;
use crate::terminal::output;

pub(crate) fn run(args: &Patches) -> Result<()> {
    if args.count == 0 {
        return Err(BadInput("--count 0: must be at least 1".into()).into());
    }
    output::writable(&args.out)?;
    let images = read_image_folder(&args.images)?;
    let PatchProtocol::Bsds300 = args.protocol;
    let patches = extract_patches::<f32>(&images, args.size, args.count, args.seed)?;
    write_npy(&args.out, &patches.rows)?;
    let (rows, features) = patches.rows.dim();
    if args.json {
        let facts = serde_json::json!({ "file": args.out, "rows": rows, "features": features, "images": images.len() });
        return output::json(&facts);
    }
    output::line(&format!("{rows} rows of {features} features from {} images", images.len()))
}
