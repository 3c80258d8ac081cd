//! A checkerboard, uniform on its dark cells.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::density::Density;
use super::settings::{Options, number, require};
use crate::error::DataError;

/// The board is `[-HALF, HALF]^2`.
const HALF: f64 = 4.0;

/// Uniform on the dark cells of a `cells` by `cells` board over `[-4, 4]^2`: the cell in column `i`
/// and row `j`, counted from the corner `(-4, -4)`, is dark if `i + j` is even.
///
/// `ln p(x) = -ln 32` in the dark cells including their edges, `-inf` elsewhere; the entropy is
/// `ln 32`. Cell sides are powers of two, so rounding never moves a row out of its closed cell.
///
/// Source: with 4 cells, the board of Grathwohl et al., *FFJORD*, 2019, and Durkan et al., *Neural
/// Spline Flows*, 2019.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Checkerboard {
    /// Cells per side, a power of two from 2 to 64.
    pub cells: u32,
}

impl Default for Checkerboard {
    fn default() -> Self {
        Self { cells: 4 }
    }
}

const CELLS: &str = "a power of two from 2 to 64";

impl Options for Checkerboard {
    const NAME: &'static str = "checkerboard";
    const KEYS: &'static [&'static str] = &["cells"];

    fn set(&mut self, _: &'static str, value: &str) -> Result<(), DataError> {
        self.cells = number("cells", value, CELLS)?;
        Ok(())
    }

    fn get(&self, _: &'static str) -> String {
        self.cells.to_string()
    }

    fn check(&self) -> Result<(), DataError> {
        let allowed = self.cells.is_power_of_two() && (2..=64).contains(&self.cells);
        require(allowed, "cells", self.cells, CELLS)
    }
}

impl Checkerboard {
    fn side(&self) -> f64 {
        2.0 * HALF / f64::from(self.cells)
    }

    /// Whether the point lies in a closed dark cell.
    fn is_dark(&self, row: &[f64]) -> bool {
        // In units of cells, from the corner.
        let places = row.iter().map(|x| (x + HALF) / self.side());
        let (mut parity, mut on_edge) = (0.0, false);
        for place in places {
            if !(0.0..=f64::from(self.cells)).contains(&place) {
                return false;
            }
            let cell = place.floor().min(f64::from(self.cells) - 1.0);
            // An edge between two cells belongs to a dark one; an edge of the board may not.
            on_edge |= place.fract() == 0.0 && cell == place && place > 0.0;
            parity += cell;
        }
        on_edge || parity % 2.0 == 0.0
    }
}

impl Density for Checkerboard {
    fn features(&self) -> usize {
        2
    }

    fn space(&self) -> String {
        format!("points in the plane (checkerboard of {0}x{0} cells over [-4, 4]^2)", self.cells)
    }

    fn entropy(&self) -> f64 {
        (2.0 * HALF * HALF).ln()
    }

    fn draw(&self, rng: &mut ChaCha8Rng, row: &mut [f64]) {
        let column = rng.random_range(0..self.cells);
        let dark = 2 * rng.random_range(0..self.cells / 2) + column % 2;
        for (out, cell) in row.iter_mut().zip([column, dark]) {
            *out = (f64::from(cell) + rng.random::<f64>()) * self.side() - HALF;
        }
    }

    fn log_density(&self, row: &[f64], _: f64) -> f64 {
        if self.is_dark(row) { -self.entropy() } else { f64::NEG_INFINITY }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dark_cells_are_closed_and_light_cells_open() {
        let board = Checkerboard { cells: 4 };
        for (row, dark) in [
            ([-3.0, -3.0], true),
            ([-1.0, -3.0], false),
            ([1.0, 1.5], true),
            ([3.9, 3.9], true),
            // Edges inside the board, and corners of the board.
            ([-2.0, -3.0], true),
            ([1.0, 2.0], true),
            ([4.0, 4.0], true),
            ([-4.0, -4.0], true),
            ([4.0, -4.0], false),
            ([4.0, 0.0], true),
            ([4.0, 1.0], false),
            ([4.1, 3.0], false),
            ([f64::NAN, 3.0], false),
        ] {
            assert_eq!(board.is_dark(&row), dark, "{row:?}");
        }
    }
}
