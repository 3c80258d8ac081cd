//! `pdmap kernels`.

use std::path::PathBuf;

use anyhow::Result;
use ndarray::Axis;
use pdmap_conv::bank::{Kernels, Period};
use pdmap_core::Real;
use pdmap_data::write_npy;
use pdmap_report::{LinePlot, MOST_CELLS, ReportError, Series, Tile, Tiles, line_plot, standalone, tiles};
use pdmap_train::Model;
use serde::Serialize;

use super::model::{AnyModel, each};
use crate::exit::BadInput;
use crate::{args, output};

/// Frequencies of a response, from 0 to the sampling rate.
const POINTS: usize = 1024;

/// Decibels below which a response is cut off in the plot.
const FLOOR: f64 = -80.0;

/// Kernels that a plot shows at most.
const SHOWN: usize = 256;

/// What is said about the kernels.
#[derive(Debug, Serialize)]
struct Facts {
    layer: usize,
    kind: String,
    channels: usize,
    period: Vec<usize>,
    taps: Vec<usize>,
    offset: Vec<isize>,
    /// `max |Σ_m E_m E_{m+s}ᵀ − δ_s I|`: 0 where the bank is orthonormal.
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
    for (suffix, drawn) in [("", shapes(&kernels)?), ("-response", responses(&kernels)?)] {
        let stem = args.out.file_stem().unwrap_or_default().to_string_lossy();
        let path = args.out.with_file_name(format!("{stem}{suffix}.svg"));
        output::text(&path, standalone(&drawn?))?;
        files.push(path);
    }
    let facts = facts(layer, model, &kernels, files);
    if args.json { output::json(&facts) } else { say(&facts) }
}

/// The layer that is asked for, or the first convolution.
fn find<F: Real>(args: &args::Kernels, model: &Model<F>) -> Result<(usize, Kernels)> {
    let layers = model.flow.chain().layers();
    let none = || {
        let kinds: Vec<String> = layers.iter().map(|layer| layer.spec().kind).collect();
        let which = args.layer.map_or("no layer is".to_owned(), |layer| format!("layer {layer} is not"));
        BadInput(format!("{}: {which} a convolution; layers: {}", args.model.display(), kinds.join(", ")))
    };
    for (index, layer) in layers.iter().enumerate() {
        if args.layer.is_none_or(|wanted| wanted == index)
            && let Some(kernels) = Kernels::of_layer(layer.as_ref())?
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

fn say(facts: &Facts) -> Result<()> {
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

type Drawn = Result<String, ReportError>;

/// The kernels themselves: lines over taps, or pictures.
fn shapes(kernels: &Kernels) -> Result<Drawn> {
    let Some(values) = kernels.signal_values() else { return Ok(pictures("Kernels", kernels.values())) };
    let (period, channels, ..) = values.dim();
    let mut series = Vec::new();
    for (k, kernel) in values.outer_iter().enumerate() {
        for (o, output) in kernel.outer_iter().enumerate() {
            for (i, taps) in output.outer_iter().enumerate() {
                let points = taps.iter().enumerate().map(|(j, &h)| (j as f64, h)).collect();
                series.push(line(period, channels, (k, o, i), points));
            }
        }
    }
    series.truncate(SHOWN);
    let (title, x_label, y_label) = ("Kernels".to_owned(), "tap".to_owned(), "h".to_owned());
    Ok(line_plot(&LinePlot { title, x_label, y_label, series, ..LinePlot::default() }))
}

/// Their frequency responses: decibels over frequency, or pictures of the magnitude around frequency 0.
fn responses(kernels: &Kernels) -> Result<Drawn> {
    let Some(values) = kernels.signal_values() else {
        let points = kernels.taps().map(|taps| taps.next_power_of_two().max(16));
        let response = kernels.image_response(points)?;
        let mut centred = response.clone();
        for (axis, points) in [(4, points[0]), (5, points[1])] {
            let halves = centred.clone();
            let (low, high) = halves.view().split_at(Axis(axis), points / 2);
            let (mut first, mut second) = centred.view_mut().split_at(Axis(axis), points - points / 2);
            first.assign(&high);
            second.assign(&low);
        }
        // Magnitude, so that the scale begins at 0.
        centred.mapv_inplace(|decibels| 10f64.powf(decibels / 20.0));
        return Ok(pictures("Magnitude of the responses, frequency 0 in the middle", centred.view()));
    };
    let (period, channels, ..) = values.dim();
    let response = kernels.response(POINTS.max(kernels.taps()[1]))?;
    let most = response.ncols().saturating_sub(1).max(1) as f64;
    let each = (0..period * channels * channels)
        .map(|row| (row / (channels * channels), row / channels % channels, row % channels));
    let series = each.zip(response.outer_iter()).take(SHOWN).map(|(which, row)| {
        let points = row.iter().enumerate().map(|(f, &db)| (0.5 * f as f64 / most, db.max(FLOOR))).collect();
        line(period, channels, which, points)
    });
    Ok(line_plot(&LinePlot {
        title: "Frequency responses".to_owned(),
        x_label: "frequency, cycles a sample".to_owned(),
        y_label: "dB".to_owned(),
        series: series.collect(),
        ..LinePlot::default()
    }))
}

fn line(period: usize, channels: usize, (k, o, i): (usize, usize, usize), points: Vec<(f64, f64)>) -> Series {
    let name = if channels == 1 { format!("k = {k}") } else { format!("k = {k}, channel {i} to {o}") };
    let index = (k * channels + o) * channels + i;
    // A legend of more lines than there are colours tells nothing.
    Series { name, points, color: index, label: period * channels * channels <= 8 }
}

/// One picture for each `(p, q, o, i)`.
fn pictures(title: &str, values: ndarray::ArrayView6<'_, f64>) -> Drawn {
    let (height, width, out, channels, rows, columns) = values.dim();
    let mut shown = Vec::new();
    for (p, q, o, i) in ndarray::indices((height, width, out, channels)).into_iter().take(SHOWN) {
        let first = Axis(0);
        let picture = values.reborrow().index_axis_move(first, p).index_axis_move(first, q);
        let picture = picture.index_axis_move(first, o).index_axis_move(first, i);
        let name = format!("({p}, {q}), channel {i} to {o}");
        shown.push(Tile { name, size: (rows, columns), values: picture.iter().copied().collect() });
    }
    // As many as the page takes.
    shown.truncate(MOST_CELLS / (rows * columns).max(1));
    tiles(&Tiles { title: title.to_owned(), tiles: shown, columns: width * channels })
}
