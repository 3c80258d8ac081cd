//! The error of a round trip through a flow.

use anyhow::Result;
use ndarray::{Array2, ArrayView2};
use pdmap_core::flow::base::draw;
use pdmap_core::{Flow, Input, LayerError, Real};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::same::Same;
use crate::condition::Given;
use crate::rows::blocks::Blocks;

/// Rows drawn from the base density.
const ROWS: usize = 256;
/// Maximum number of values: a small model file may declare very many features.
const NUMBERS: usize = 1 << 24;

/// The round-trip error over some rows.
#[derive(Debug, Serialize)]
pub(crate) struct RoundTrip {
    /// Name of the data; none for draws from the base density.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    rows: usize,
    /// Largest absolute error over all values; null if the round trip failed.
    absolute: Option<f64>,
    /// The same, relative to the largest magnitude.
    relative: Option<f64>,
    /// Bound on `relative`: √ε of the model's precision, which leaves half of the digits.
    tolerance: f64,
    /// Whether `relative` is within the bound.
    within: bool,
    /// Why the round trip failed, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
}

/// Rows with a condition, if it has a width.
fn beside<'a, F: Real>(rows: &'a Array2<F>, condition: &'a Array2<F>) -> Input<'a, F> {
    let input = Input::from(rows);
    if condition.ncols() == 0 { input } else { input.given(condition.view()) }
}

impl RoundTrip {
    /// `|f(f⁻¹(z)) − z|` over rows drawn from the base density (seed 0). Many codes beyond the edge
    /// of a bounded column stand for its bound: with bounds, the rows `f⁻¹(z)` are compared with
    /// those that their own codes give.
    pub(crate) fn of_base<F: Real>(flow: &Flow<F>) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let rows = ROWS.min(NUMBERS / flow.features()).max(1);
        let both = draw(flow.base(), rows, flow.features(), &mut rng).and_then(|z| {
            // With a condition of zeros, if the model has one.
            let condition = Array2::zeros((rows, flow.conditions()));
            let decode = |z: &Array2<F>| flow.decode(beside(z, &condition));
            let encode = |x: &Array2<F>| flow.encode(beside(x, &condition));
            let x = decode(&z)?;
            let codes = encode(&x)?;
            let same = Same::of_rows(flow);
            if same.iter().any(|same| matches!(same, Same::Edge { .. })) {
                return Ok(errors(x.view(), &decode(&codes)?, &same));
            }
            Ok(errors(z.view(), &codes, &Same::of_codes(flow)))
        });
        Self::new::<F>(None, rows, both)
    }

    /// `|f⁻¹(f(x)) − x|` over the first `rows` rows of the data, with their conditions. A row
    /// without `f(x)` is an error of the data; a code without `f⁻¹(z)` is a finding about the
    /// model.
    pub(crate) fn of_data<F: Real>(
        flow: &Flow<F>,
        mut data: Blocks<F>,
        given: &mut Option<Given<F>>,
        rows: usize,
    ) -> Result<Self> {
        let name = data.name().to_owned();
        let Some(block) = data.next_of(rows)? else {
            return Ok(Self::new::<F>(Some(name), 0, Ok((0.0, 0.0))));
        };
        let input = match given {
            Some(given) => given.next(block.rows.reborrow())?,
            None => block.rows.into(),
        };
        let condition = input.condition.as_ref().map(|condition| condition.to_owned());
        let again = |rows| match &condition {
            Some(condition) => Input::from(rows).given(condition.view()),
            None => Input::from(rows),
        };
        let z = flow.encode(input).map_err(|error| block.error(error))?;
        let both = flow.decode(again(z.view())).map(|back| errors(block.rows, &back, &Same::of_rows(flow)));
        Ok(Self::new::<F>(Some(name), block.rows.nrows(), both))
    }

    /// The same over rows whose codes (with their condition) are known.
    pub(crate) fn of_rows<F: Real>(flow: &Flow<F>, name: String, x: ArrayView2<'_, F>, z: Input<'_, F>) -> Self {
        let both = flow.decode(z).map(|back| errors(x, &back, &Same::of_rows(flow)));
        Self::new::<F>(Some(name), x.nrows(), both)
    }

    fn new<F: Real>(name: Option<String>, rows: usize, both: Result<(f64, f64), LayerError>) -> Self {
        let (both, failure) = match both {
            Ok(both) => (Some(both), None),
            Err(error) => (None, Some(error.to_string())),
        };
        let (absolute, relative) = (both.map(|both| both.0), both.map(|both| both.1));
        let tolerance = F::EPS.sqrt();
        // NaN is out of bounds.
        let within = relative.is_some_and(|relative| relative <= tolerance);
        Self { name, rows, absolute, relative, tolerance, within, failure }
    }

    /// A warning for users who decode or sample, if the error is out of bounds.
    pub(crate) fn warning(&self) -> Option<String> {
        let of = self.name.as_deref().unwrap_or("the base density");
        (!self.within).then(|| match self.relative {
            Some(relative) => format!(
                "the round-trip error of {of} is {relative:.2e}, more than {:.2e}: the model is nearly singular there, and \
                 decoded or sampled rows have less than half of their digits",
                self.tolerance
            ),
            None => format!("the round trip of {of} failed: the model cannot be inverted there"),
        })
    }

    /// A readable line.
    pub(crate) fn describe(&self) -> String {
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

/// The largest difference that counts, absolute and relative to the largest magnitude.
fn errors<F: Real>(rows: ArrayView2<'_, F>, back: &Array2<F>, same: &[Same]) -> (f64, f64) {
    let of = |((_, column), a): ((usize, usize), &F), b: &F| {
        same.get(column).copied().unwrap_or(Same::Exact).difference(a.f64(), b.f64())
    };
    let worst = rows.indexed_iter().zip(back).fold(0.0_f64, |worst, (a, b)| worst.max(of(a, b)));
    (worst, worst / rows.iter().fold(f64::MIN_POSITIVE, |scale, a| scale.max(a.f64().abs())))
}
