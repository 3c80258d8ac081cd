//! Samples of the model beside the data.

use anyhow::Result;
use ndarray::{Array2, ArrayView1, ArrayView2};
use pdmap_core::{Flow, LayerError, Real};
use pdmap_report::{Figure, HeatMap, LinePlot, Pictures, Section, Series};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::histogram::{Histogram, bins, span};
use super::measured::Measured;
use super::pairs;

/// Number of images of each kind, and images per line.
const PICTURES: usize = 48;
const ACROSS: usize = 8;

/// Number of signals of each kind.
const SIGNALS: usize = 4;

/// Number of features shown if rows are not images, signals or points in the plane.
const FEATURES: usize = 6;

/// Cells of a density map in each direction.
const CELLS: usize = 96;

/// Draws one sample per row of `condition`, with seed 0.
pub(super) fn draw<F: Real>(flow: &Flow<F>, condition: ArrayView2<'_, F>) -> Result<Array2<F>, LayerError> {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    if condition.ncols() > 0 {
        flow.sample_given(condition, &mut rng)
    } else {
        flow.sample(condition.nrows(), &mut rng)
    }
}

/// The section.
pub(super) fn section<F: Real>(measured: &Measured<'_, F>) -> Result<Option<Section>> {
    let mut section = Section { heading: "Samples beside data".into(), ..Section::default() };
    let samples = match &measured.samples {
        Ok(samples) => samples,
        Err(error) => {
            section.paragraphs = vec![format!("No samples: the model cannot be inverted there ({error}).")];
            return Ok(Some(section));
        }
    };
    let shape = &measured.subject.shape[..];
    let both = [("Data", measured.x), ("Samples", samples.view())];
    section.figures = match *shape {
        [channels, height, width] if height > 1 => pictures(both, (channels, height, width))?,
        _ if measured.x.ncols() == 2 => plane(measured, both)?,
        [channels, length] if is_signal(measured) => signals(both, channels, length)?,
        _ => {
            let names = measured.subject.columns.as_deref();
            let mut figures = marginals(names, both)?;
            figures.extend(pairs::figure(names, both)?);
            figures
        }
    };
    section.paragraphs = vec!["Drawn with seed 0 at temperature 1, in the space of the likelihood. A conditional model uses the conditions of the data.".into()];
    Ok(Some(section))
}

/// Whether the model treats its rows as signals.
fn is_signal<F: Real>(measured: &Measured<'_, F>) -> bool {
    let kinds = &measured.subject.model.header.layers;
    kinds
        .iter()
        .any(|layer| layer.kind.contains("conv") || layer.kind.starts_with("subband") || layer.kind == "multiscale")
}

/// The image of a row: the mean over channels. The missing last pixel of a mean-free patch is
/// restored.
pub(super) fn picture<F: Real>(row: ArrayView1<'_, F>, (channels, height, width): (usize, usize, usize)) -> Vec<f64> {
    let (pixels, values) = (height * width, row.mapv(|value| value.f64()));
    if values.len() + 1 == pixels {
        let last = -values.sum();
        return values.into_iter().chain([last]).collect();
    }
    let channel =
        |pixel: usize| (0..channels).map(|c| values.get(c * pixels + pixel).copied().unwrap_or(f64::NAN)).sum::<f64>();
    (0..pixels).map(|pixel| channel(pixel) / channels as f64).collect()
}

fn pictures<F: Real>(both: [(&str, ArrayView2<'_, F>); 2], shape: (usize, usize, usize)) -> Result<Vec<Figure>> {
    let all = both.map(|(name, rows)| {
        let pictures: Vec<_> = rows.rows().into_iter().take(PICTURES).map(|row| picture(row, shape)).collect();
        (name, pictures)
    });
    // Both use the scale of the data, so that a wrong contrast of the samples is visible.
    let range = span(all[0].1.iter().flatten().copied(), 0.005);
    let each = all.into_iter().map(|(name, pictures)| {
        let grid = Pictures { title: name.to_owned(), size: (shape.1, shape.2), pictures, columns: ACROSS, range };
        Figure::of_pictures(&grid, "Black and white are the 0.5% and 99.5% quantiles of the data.")
    });
    Ok(each.collect::<Result<_, _>>()?)
}

fn signals<F: Real>(both: [(&str, ArrayView2<'_, F>); 2], channels: usize, length: usize) -> Result<Vec<Figure>> {
    let y_range = span(both[0].1.iter().map(|value| value.f64()), 0.0005).map(|(low, high)| {
        let margin = 0.25 * (high - low);
        (low - margin, high + margin)
    });
    let each = both.into_iter().map(|(name, rows)| {
        let series = rows.rows().into_iter().take(SIGNALS).enumerate().map(|(index, row)| Series {
            name: format!("row {index}"),
            points: row.iter().take(length).enumerate().map(|(t, value)| (t as f64, value.f64())).collect(),
            color: index,
            label: false,
        });
        let x_label = if channels > 1 { "sample, first channel" } else { "sample" };
        let plot = LinePlot {
            title: name.to_owned(),
            x_label: x_label.into(),
            y_label: "value".into(),
            series: series.collect(),
            y_range,
            ..LinePlot::default()
        };
        Figure::of_lines(&plot, "")
    });
    Ok(each.collect::<Result<_, _>>()?)
}

/// Two histograms and the density in the plane.
fn plane<F: Real>(measured: &Measured<'_, F>, both: [(&str, ArrayView2<'_, F>); 2]) -> Result<Vec<Figure>> {
    let ranges = [0, 1].map(|axis| {
        let values = measured.x.column(axis);
        let (low, high) = span(values.iter().map(|value| value.f64()), 0.002).unwrap_or((-1.0, 1.0));
        let margin = 0.1 * (high - low);
        (low - margin, high + margin)
    });
    let cell = |value: f64, (low, high): (f64, f64)| {
        let at = (value - low) / (high - low) * CELLS as f64;
        (at >= 0.0 && at < CELLS as f64).then_some(at as usize)
    };
    let names = measured.subject.columns.as_deref();
    let name =
        |axis: usize| names.and_then(|names| names.get(axis)).map_or_else(|| format!("x{axis}"), ToString::to_string);
    let map = |title: &str, values: Vec<f64>, color: usize| HeatMap {
        title: title.to_owned(),
        x_label: name(0),
        y_label: name(1),
        x_range: ranges[0],
        y_range: ranges[1],
        size: (CELLS, CELLS),
        values,
        color,
    };
    let mut figures = Vec::new();
    for (index, (name, rows)) in both.into_iter().enumerate() {
        let mut counts = vec![0.0; CELLS * CELLS];
        for row in rows.rows() {
            if let (Some(column), Some(line)) = (cell(row[0].f64(), ranges[0]), cell(row[1].f64(), ranges[1])) {
                counts[line * CELLS + column] += 1.0;
            }
        }
        if counts.iter().any(|&count| count > 0.0) {
            figures.push(Figure::of_heat_map(&map(name, counts, index), "Counts; the opacity is their square root.")?);
        }
    }
    if measured.subject.model.flow.conditions() == 0 {
        let centre = |index: usize, (low, high): (f64, f64)| low + (index as f64 + 0.5) * (high - low) / CELLS as f64;
        let grid = Array2::from_shape_fn((CELLS * CELLS, 2), |(place, axis)| {
            F::of(centre(if axis == 0 { place % CELLS } else { place / CELLS }, ranges[axis]))
        });
        // A corner of the plane may lie outside the domain of a layer.
        if let Ok(log_prob) = measured.subject.model.flow.log_prob(grid.view()) {
            let density = log_prob.into_iter().map(f64::exp).collect();
            figures.push(Figure::of_heat_map(
                &map("Density of the model", density, 2),
                "p(x) at the centres of the cells; the opacity is its square root.",
            )?);
        }
    }
    Ok(figures)
}

/// Histograms of the first features, for data and samples.
fn marginals<F: Real>(names: Option<&[String]>, both: [(&str, ArrayView2<'_, F>); 2]) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for feature in 0..both[0].1.ncols().min(FEATURES) {
        let values = both.map(|(name, rows)| (name, rows.column(feature).mapv(|value| value.f64())));
        let range = span(values[0].1.iter().copied(), 0.002).unwrap_or((-1.0, 1.0));
        let histograms = values.map(|(name, values)| {
            (name.to_lowercase(), Histogram::new(values.iter().copied(), range, bins(values.len())))
        });
        let highest = histograms.iter().map(|(_, histogram)| histogram.highest()).fold(0.0, f64::max);
        let series = histograms.into_iter().enumerate().map(|(color, (name, histogram))| Series {
            name,
            points: histogram.outline(),
            color,
            label: true,
        });
        let plot = LinePlot {
            title: names
                .and_then(|names| names.get(feature))
                .map_or_else(|| format!("Feature {feature}"), ToString::to_string),
            x_label: "x".into(),
            y_label: "density".into(),
            y_range: Some((0.0, 1.05 * highest)),
            series: series.collect(),
            ..LinePlot::default()
        };
        figures.push(Figure::of_lines(&plot, "")?);
    }
    Ok(figures)
}
