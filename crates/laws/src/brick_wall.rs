//! Brick-wall convolutions as dense matrices, sample by sample from their definition: the oracle for
//! convolutions, with mistakes that it must reject.

use ndarray::{Array2, ArrayView2};
use pdmap_conv::{Boundary, Geometry, Output};

/// A mistake in the definition, which the comparison must reveal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slip {
    /// The definition itself.
    None,
    /// The first stage is on the grid, where the last should be.
    Parity,
    /// Blocks do not wrap around.
    Wrap,
    /// Each block is multiplied by the transpose.
    Transposed,
    /// Channels and positions are swapped in a block.
    ChannelMajor,
    /// The other half of the channels moves.
    OtherHalf,
}

/// One stage as a dense matrix, sample by sample.
fn stage(geometry: &Geometry, shift: (usize, usize), moved: Moved, w: ArrayView2<'_, f64>, slip: Slip) -> Array2<f64> {
    let (shape, period) = (geometry.shape(), geometry.period());
    let (channels, height, width) =
        if shape.len() == 2 { (shape[0], 1, shape[1]) } else { (shape[0], shape[1], shape[2]) };
    let (rows, columns) = if period.len() == 1 { (1, period[0]) } else { (period[0], period[1]) };
    let periodic = geometry.boundary() == Boundary::Periodic && slip != Slip::Wrap;
    let mut matrix = Array2::eye(channels * height * width);
    for top in (0..height).step_by(rows) {
        for left in (0..width).step_by(columns) {
            let mut block = Vec::new();
            for u in 0..rows {
                for v in 0..columns {
                    for c in 0..channels {
                        let half =
                            if slip == Slip::OtherHalf { c >= channels - channels / 2 } else { c < channels / 2 };
                        let (dy, dx) = if half { moved } else { (0, 0) };
                        let (y, x) = (top + u + shift.0 + dy, left + v + shift.1 + dx);
                        block.push((y, x, c));
                    }
                }
            }
            if slip == Slip::ChannelMajor {
                block.sort_by_key(|&(y, x, c)| (c, y, x));
            }
            let outside = block.iter().any(|&(y, x, _)| y >= height || x >= width);
            if outside && !periodic {
                continue;
            }
            let index = |(y, x, c): (usize, usize, usize)| (c * height + y % height) * width + x % width;
            for (i, &to) in block.iter().enumerate() {
                for (j, &from) in block.iter().enumerate() {
                    matrix[[index(to), index(from)]] = if slip == Slip::Transposed { w[[j, i]] } else { w[[i, j]] };
                }
            }
        }
    }
    matrix
}

/// How far the first half of the channels is moved, in rows and columns.
type Moved = (usize, usize);

/// The whole map, interleaved, with `stages` in the order in which they are applied.
pub fn materialized(geometry: &Geometry, stages: &[Array2<f64>], slip: Slip) -> Array2<f64> {
    let period = geometry.period();
    let image = period.len() == 2;
    let half = if image { (period[0] / 2, period[1] / 2) } else { (0, period[0] / 2) };
    let mut whole = Array2::eye(geometry.features());
    for (index, w) in stages.iter().enumerate() {
        let back = if slip == Slip::Parity { index } else { stages.len() - 1 - index };
        let shifted = back % 2 == 1;
        let unit = period.iter().all(|&period| period == 1);
        let (shift, moved) = match (shifted, unit) {
            (false, _) => ((0, 0), (0, 0)),
            (true, false) => (half, (0, 0)),
            (true, true) if image && back % 4 == 3 => ((0, 0), (1, 0)),
            (true, true) => ((0, 0), (0, 1)),
        };
        whole = stage(geometry, shift, moved, w.view(), slip).dot(&whole);
    }
    whole
}

/// The outputs of the definition in the layout of the layer.
pub fn laid_out(geometry: &Geometry, interleaved: Array2<f64>) -> Array2<f64> {
    if geometry.output() == Output::Interleaved {
        return interleaved;
    }
    let (shape, period) = (geometry.shape(), geometry.period());
    let (channels, height, width) =
        if shape.len() == 2 { (shape[0], 1, shape[1]) } else { (shape[0], shape[1], shape[2]) };
    let (rows, columns) = if period.len() == 1 { (1, period[0]) } else { (period[0], period[1]) };
    let mut found = Array2::zeros(interleaved.raw_dim());
    for (place, row) in interleaved.rows().into_iter().enumerate() {
        let (c, y, x) = (place / (height * width), place / width % height, place % width);
        let channel = ((y % rows) * columns + x % columns) * channels + c;
        let place = (channel * (height / rows) + y / rows) * (width / columns) + x / columns;
        found.row_mut(place).assign(&row);
    }
    found
}
