//! The mode of a mixture.

use ndarray::{Array1, Array2, ArrayView1, Axis};
use pdmap_core::linalg::Lu;

use crate::error::Result;
use crate::mixture::GaussianMixture;

/// Steps uphill at most.
const STEPS: usize = 1000;

/// Roundings within which a row stands still.
const STILL: f64 = 4.0;

/// A row where the density is high: from the component mean with the highest density, uphill by
/// `x ← (Σ_k r_k Σ_k⁻¹)⁻¹ Σ_k r_k Σ_k⁻¹ μ_k` with the posterior `r` at `x`. A step never descends
/// (Carreira-Perpiñán 2000). It ends on a mode, and on the highest one unless that lies nearer to
/// another mean.
///
/// # Errors
/// None for a mixture of valid components.
pub(crate) fn mode(mixture: &GaussianMixture) -> Result<Array1<f64>> {
    let mut means = Array2::zeros((mixture.components().len(), mixture.columns()));
    means.rows_mut().into_iter().zip(mixture.components()).for_each(|(mut row, own)| row.assign(&own.mean()));
    let density = mixture.log_density(means.view())?;
    let best = (0..density.len()).fold(0, |best, at| if density[at] > density[best] { at } else { best });
    let mut x = means.row(best).to_owned();
    for _ in 0..STEPS {
        let next = uphill(mixture, x.view())?;
        let moved = next.iter().zip(&x).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        let size = x.iter().map(|x| x.abs()).fold(1.0, f64::max);
        x = next;
        if moved <= STILL * f64::EPSILON * size {
            break;
        }
    }
    Ok(x)
}

fn uphill(mixture: &GaussianMixture, x: ArrayView1<'_, f64>) -> Result<Array1<f64>> {
    let posterior = mixture.posterior(x.insert_axis(Axis(0)))?;
    let dim = mixture.columns();
    let (mut precision, mut pull) = (Array2::<f64>::zeros((dim, dim)), Array2::zeros((1, dim)));
    for (component, &share) in mixture.components().iter().zip(posterior.row(0)) {
        if share > 0.0 {
            let own = component.factor().precision();
            pull.row_mut(0).scaled_add(share, &own.dot(&component.mean()));
            precision.scaled_add(share, &own);
        }
    }
    Lu::<f64>::new(precision.view())?.solve_rows(pull.view_mut())?;
    Ok(pull.row(0).to_owned())
}
