//! Scores, codes and samples of a flow in one call each.

use ndarray::{Array2, ArrayView2};
use rand::Rng;

use super::base;
use super::model::Flow;
use crate::contract::Input;
use crate::{Real, Result};

impl<F: Real> Flow<F> {
    /// `log p(x)` of each row, in nats.
    ///
    /// # Errors
    /// Wrong shapes, NaN and infinities, a singular matrix.
    pub fn log_prob<'a>(&self, x: impl Into<Input<'a, F>>) -> Result<Vec<f64>> {
        let input = x.into();
        let mut log_prob = vec![0.0; input.x.nrows()];
        self.evaluator().log_prob_into(input, &mut log_prob)?;
        Ok(log_prob)
    }

    /// `z = f(x)`.
    ///
    /// # Errors
    /// Wrong shapes, NaN and infinities.
    pub fn encode<'a>(&self, x: impl Into<Input<'a, F>>) -> Result<Array2<F>> {
        let input = x.into();
        let mut z = Array2::zeros(input.x.dim());
        self.evaluator().encode_into(input, z.view_mut())?;
        Ok(z)
    }

    /// `x = f⁻¹(z)`.
    ///
    /// # Errors
    /// Wrong shapes, NaN and infinities (also in the result, where the inverse overflows), a singular
    /// matrix.
    pub fn decode<'a>(&self, z: impl Into<Input<'a, F>>) -> Result<Array2<F>> {
        let input = z.into();
        let mut x = Array2::zeros(input.x.dim());
        self.evaluator().decode_into(input, x.view_mut())?;
        Ok(x)
    }

    /// Draws `count` rows from the model.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub fn sample(&self, count: usize, rng: &mut dyn Rng) -> Result<Array2<F>> {
        self.decode(&base::draw(self.base(), count, self.features(), rng)?)
    }

    /// Draws one row from `p(x | c)` for each row of `condition`.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub fn sample_given(&self, condition: ArrayView2<'_, F>, rng: &mut dyn Rng) -> Result<Array2<F>> {
        let size = (condition.nrows(), self.features());
        let z = base::draw_given(self.base(), size, Some(condition.reborrow()), rng)?;
        self.decode(Input::new(z.view(), Some(condition)))
    }

    /// `∂ log p / ∂x` of each row, in nats per unit of each feature.
    ///
    /// # Errors
    /// Wrong shapes, NaN and infinities.
    pub fn input_gradient<'a>(&self, x: impl Into<Input<'a, F>>) -> Result<Array2<F>> {
        let input = x.into();
        let mut gradient = Array2::zeros(input.x.dim());
        self.evaluator().input_gradient_into(input, gradient.view_mut())?;
        Ok(gradient)
    }
}
