//! How far going there and back leads away.

use anyhow::Result;
use ndarray::{Array2, ArrayView2};
use pdmap_core::{Flow, Input, LayerError, Real};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use crate::rows_in::Blocks;

/// Rows of the base density on which the round trip is measured, and fewer where they are long: a few kilobytes of a model file may promise many features.
const ROWS: usize = 256;
const NUMBERS: usize = 1 << 24;

/// The error of a round trip over some rows.
#[derive(Debug, Serialize)]
pub(crate) struct RoundTrip {
    /// The data; none for draws from the base density.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    rows: usize,
    /// Largest `|back − there|` over all numbers; null where the way back failed.
    absolute: Option<f64>,
    /// The same, relative to the largest magnitude among the numbers.
    relative: Option<f64>,
    /// What `relative` should not exceed: √ε of the model's precision, which leaves half of the digits.
    tolerance: f64,
    /// Whether it does not.
    within: bool,
    /// Why the way failed, where it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
}

impl RoundTrip {
    /// `|f(f⁻¹(z)) − z|` over rows drawn from the base density (seed 0).
    pub(crate) fn of_base<F: Real>(flow: &Flow<F>) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let rows = ROWS.min(NUMBERS / flow.features()).max(1);
        let both = flow.base().sample::<F>(rows, flow.features(), &mut rng).and_then(|z| {
            // Under a condition of zeros, where there is one.
            let condition = Array2::zeros((rows, flow.conditions()));
            let given = |z| Input::from(z).given(condition.view());
            let back = match flow.conditions() {
                0 => flow.encode(&flow.decode(&z)?)?,
                _ => flow.encode(given(&flow.decode(given(&z))?))?,
            };
            Ok(errors(z.view(), &back))
        });
        Self::new::<F>(None, rows, both)
    }

    /// `|f⁻¹(f(x)) − x|` over the first `rows` rows of the data. That `f(x)` exists is asked of the data; that `f⁻¹` does, of the model.
    pub(crate) fn of_data<F: Real>(flow: &Flow<F>, mut data: Blocks<F>, rows: usize) -> Result<Self> {
        let name = data.name().to_owned();
        let Some(block) = data.next_of(rows)? else {
            return Ok(Self::new::<F>(Some(name), 0, Ok((0.0, 0.0))));
        };
        let z = flow.encode(block.rows).map_err(|error| block.error(error))?;
        let both = flow.decode(&z).map(|back| errors(block.rows, &back));
        Ok(Self::new::<F>(Some(name), block.rows.nrows(), both))
    }

    /// The same over rows whose codes are known, with their condition.
    pub(crate) fn of_rows<F: Real>(
        flow: &Flow<F>,
        name: String,
        x: ArrayView2<'_, F>,
        z: Input<'_, F>,
    ) -> Self {
        let both = flow.decode(z).map(|back| errors(x, &back));
        Self::new::<F>(Some(name), x.nrows(), both)
    }

    fn new<F: Real>(name: Option<String>, rows: usize, both: Result<(f64, f64), LayerError>) -> Self {
        let (both, failure) = match both {
            Ok(both) => (Some(both), None),
            Err(error) => (None, Some(error.to_string())),
        };
        let (absolute, relative) = (both.map(|both| both.0), both.map(|both| both.1));
        let tolerance = F::EPS.sqrt();
        // NaN is not within.
        let within = relative.is_some_and(|relative| relative <= tolerance);
        Self { name, rows, absolute, relative, tolerance, within, failure }
    }

    /// What somebody should know who decodes or samples with this model.
    pub(crate) fn warning(&self) -> Option<String> {
        let of = self.name.as_deref().unwrap_or("the base density");
        (!self.within).then(|| match self.relative {
            Some(relative) => format!(
                "the round trip of {of} is off by {relative:.2e}, more than {:.2e}: the model is nearly singular there, and what it decodes or samples has \
                 less than half of its digits",
                self.tolerance
            ),
            None => format!("the round trip of {of} failed: the model cannot be inverted there"),
        })
    }

    /// One line for people.
    pub(crate) fn say(&self) -> String {
        let Self { rows, .. } = self;
        let (error, of) = match &self.name {
            Some(name) => ("max|f⁻¹(f(x)) − x|", format!("{rows} rows of {name}")),
            None => ("max|f(f⁻¹(z)) − z|", format!("{rows} rows of the base density")),
        };
        match (self.absolute, self.relative, &self.failure) {
            (Some(absolute), Some(relative), _) => {
                format!("round trip: {error} = {absolute:.2e}, relative {relative:.2e}, {of}")
            }
            (.., failure) => {
                format!("round trip: failed, {of}: {}", failure.as_deref().unwrap_or("no error was measured"))
            }
        }
    }
}

/// The largest difference, and the same relative to the largest magnitude.
fn errors<F: Real>(rows: ArrayView2<'_, F>, back: &Array2<F>) -> (f64, f64) {
    let worst = rows.iter().zip(back).fold(0.0_f64, |worst, (a, b)| worst.max((a.f64() - b.f64()).abs()));
    (worst, worst / rows.iter().fold(f64::MIN_POSITIVE, |scale, a| scale.max(a.f64().abs())))
}
