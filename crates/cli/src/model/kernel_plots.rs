//! Plots of convolution kernels and their frequency responses.

use anyhow::Result;
use ndarray::Axis;
use pdmap_conv::filterbank::Kernels;
use pdmap_report::{LinePlot, MOST_CELLS, Series, Tile, Tiles, line_plot, tiles};

/// Number of frequencies of a response, from 0 to the sampling rate.
const POINTS: usize = 1024;

/// Lowest level in a plot, dB.
const FLOOR: f64 = -80.0;

/// Maximum number of kernels in a plot.
const SHOWN: usize = 256;

/// Plots the kernels: lines over taps, or images.
pub(crate) fn shapes(kernels: &Kernels, title: &str) -> Result<String> {
    let Some(values) = kernels.signal_values() else { return pictures(title, kernels.values()) };
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
    let (title, x_label, y_label) = (title.to_owned(), "tap".to_owned(), "h".to_owned());
    Ok(line_plot(&LinePlot { title, x_label, y_label, series, ..LinePlot::default() })?)
}

/// Plots the frequency responses: dB over frequency, or images of the magnitude around frequency 0.
pub(crate) fn responses(kernels: &Kernels, title: &str) -> Result<String> {
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
        // The magnitude, so that the scale starts at 0.
        centred.mapv_inplace(|decibels| 10f64.powf(decibels / 20.0));
        return pictures(&format!("{title}: magnitude, frequency 0 in the middle"), centred.view());
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
        title: title.to_owned(),
        x_label: "frequency, cycles a sample".to_owned(),
        y_label: "dB".to_owned(),
        series: series.collect(),
        ..LinePlot::default()
    })?)
}

fn line(period: usize, channels: usize, (k, o, i): (usize, usize, usize), points: Vec<(f64, f64)>) -> Series {
    let name = if channels == 1 { format!("k = {k}") } else { format!("k = {k}, channel {i} to {o}") };
    let index = (k * channels + o) * channels + i;
    // A legend with more lines than colours is useless.
    Series { name, points, color: index, label: period * channels * channels <= 8 }
}

/// One image for each `(p, q, o, i)`.
fn pictures(title: &str, values: ndarray::ArrayView6<'_, f64>) -> Result<String> {
    let (height, width, out, channels, rows, columns) = values.dim();
    let mut shown = Vec::new();
    for (p, q, o, i) in ndarray::indices((height, width, out, channels)).into_iter().take(SHOWN) {
        let first = Axis(0);
        let picture = values.reborrow().index_axis_move(first, p).index_axis_move(first, q);
        let picture = picture.index_axis_move(first, o).index_axis_move(first, i);
        let name = format!("({p}, {q}), channel {i} to {o}");
        shown.push(Tile { name, size: (rows, columns), values: picture.iter().copied().collect() });
    }
    // As many as the page can hold.
    shown.truncate(MOST_CELLS / (rows * columns).max(1));
    Ok(tiles(&Tiles { title: title.to_owned(), tiles: shown, columns: width * channels })?)
}
