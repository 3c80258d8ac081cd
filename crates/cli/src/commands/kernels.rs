//! `pdmap kernels`.

use std::path::PathBuf;

use anyhow::Result;
use pdmap_conv::filterbank::{Kernels, Period};
use pdmap_conv::kernels_of;
use pdmap_core::Real;
use pdmap_data::write_npy;
use pdmap_report::standalone;
use pdmap_train::{AnyModel, Model, each_precision as each};
use serde::Serialize;

use crate::args;
use crate::model::kernel_plots::{responses, shapes};
use crate::terminal::exit::BadInput;
use crate::terminal::output;

/// Facts about the kernels.
#[derive(Debug, Serialize)]
struct Facts {
    layer: usize,
    kind: String,
    channels: usize,
    period: Vec<usize>,
    taps: Vec<usize>,
    offset: Vec<isize>,
    /// `max |Σ_m E_m E_{m+s}ᵀ − δ_s I|`: 0 for an orthonormal bank.
    paraunitary_residual: f64,
    files: Vec<PathBuf>,
}

pub(crate) fn run(args: &args::Kernels) -> Result<()> {
    output::writable(&args.out)?;
    each!(AnyModel::load(&args.model)?, model => export(args, &model))
}

fn export<F: Real>(args: &args::Kernels, model: &Model<F>) -> Result<()> {
    let (layer, kernels) = find(args, model)?;
    let mut files = vec![args.out.clone()];
    match kernels.signal_values() {
        Some(values) => write_npy(&args.out, &values)?,
        None => write_npy(&args.out, &kernels.values())?,
    }
    let drawn = [("", shapes(&kernels, "Kernels")?), ("-response", responses(&kernels, "Frequency responses")?)];
    for (suffix, drawn) in drawn {
        let stem = args.out.file_stem().unwrap_or_default().to_string_lossy();
        let path = args.out.with_file_name(format!("{stem}{suffix}.svg"));
        output::text(&path, standalone(&drawn))?;
        files.push(path);
    }
    let facts = facts(layer, model, &kernels, files);
    if args.json { output::json(&facts) } else { print(&facts) }
}

/// The requested layer, or the first convolution.
fn find<F: Real>(args: &args::Kernels, model: &Model<F>) -> Result<(usize, Kernels)> {
    let layers = model.flow.chain().layers();
    let none = || {
        let kinds: Vec<String> = layers.iter().map(|layer| layer.spec().kind).collect();
        let which = args.layer.map_or("no layer is".to_owned(), |layer| format!("layer {layer} is not"));
        BadInput(format!("{}: {which} a convolution; layers: {}", args.model.display(), kinds.join(", ")))
    };
    for (index, layer) in layers.iter().enumerate() {
        if args.layer.is_none_or(|wanted| wanted == index)
            && let Some(kernels) = kernels_of(layer.as_ref())?
        {
            return Ok((index, kernels));
        }
    }
    Err(none().into())
}

fn facts<F: Real>(layer: usize, model: &Model<F>, kernels: &Kernels, files: Vec<PathBuf>) -> Facts {
    let [down, across] = kernels.taps();
    let (period, taps, offset) = match kernels.period() {
        Period::Signal(period) => (vec![period], vec![across], vec![kernels.offset()[1]]),
        Period::Image(height, width) => (vec![height, width], vec![down, across], kernels.offset().to_vec()),
    };
    let kind = model.flow.chain().layers()[layer].spec().kind;
    let (channels, paraunitary_residual) = (kernels.channels(), kernels.residual());
    Facts { layer, kind, channels, period, taps, offset, paraunitary_residual, files }
}

fn print(facts: &Facts) -> Result<()> {
    let Facts { layer, kind, channels, period, taps, offset, paraunitary_residual, files } = facts;
    let times = |numbers: &[usize]| numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" x ");
    output::line(&format!(
        "layer {layer}, {kind}: {} kernels of {} taps, {channels} channel{}, offset {offset:?}",
        period.iter().product::<usize>() * channels,
        times(taps),
        if *channels == 1 { "" } else { "s" }
    ))?;
    output::line(&format!("paraunitary residual {paraunitary_residual:.1e}"))?;
    files.iter().try_for_each(|file| output::line(&file.display().to_string()))
}
