//! How rows are drawn.

use ndarray::ArrayView2;

/// The temperature of draws from a base density, and what they are given.
#[derive(Debug, Clone, Copy)]
pub struct Draw<'a, F> {
    /// 1 draws from the density itself, 0 gives its mode.
    pub temperature: f64,
    /// A row for each row that is drawn, for a density that needs a condition.
    pub condition: Option<ArrayView2<'a, F>>,
}

impl<F> From<f64> for Draw<'_, F> {
    /// Draws at a temperature, without a condition.
    fn from(temperature: f64) -> Self {
        Self { temperature, condition: None }
    }
}
