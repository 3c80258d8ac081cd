//! Derivatives along the numbers of a direction are those along its steps.

use pdmap_core::contract::Reads;
use pdmap_core::optim::Follow;
use pdmap_core::{LayerError, ParametricExt, Real, Tape};

use super::gradient::{delta, differentiate, objective};
use crate::tolerance::{GRADIENT, differences, step};
use crate::{Case, Verdict, normal_rows, rng, worst};

/// The derivative of the objective along random steps of all parameters together, by a central
/// difference. Directions that are no coordinates of their steps say so.
pub fn slopes<F: Real>(case: &Case<'_, F>) -> Verdict {
    let (layer, x, c) = (case.layer(), case.rows(), delta(case));
    if x.nrows() == 0 {
        return Ok(());
    }
    let mut grads = layer.new_grads();
    differentiate(layer, x.reborrow(), c.view(), &mut Tape::recording(), &mut grads)?;
    layer.direct(grads.rows, Reads::Entries, &mut grads.params)?;
    let slopes = match layer.slopes(&grads) {
        Err(error) if says_none(&error) => return Ok(()),
        slopes => slopes?,
    };
    if slopes.is_empty() {
        return Ok(());
    }
    let along: Vec<f64> = normal_rows::<f64>(1, slopes.len(), &mut rng(case.seed() ^ 1)).into_iter().collect();
    let moved = |sign: f64| -> Result<f64, LayerError> {
        let steps: Vec<f64> = along.iter().map(|v| sign * step::<F>() * v).collect();
        let (mut copy, mut grads) = (layer.duplicate(), grads.clone());
        copy.update(&mut Follow::new(&steps), &mut grads.params)?;
        objective(&*copy, x.reborrow(), &c)
    };
    let expected = (moved(1.0)? - moved(-1.0)?) / (2.0 * step::<F>());
    let actual: f64 = slopes.iter().zip(&along).map(|(slope, v)| slope * v).sum();
    let scale = worst(slopes.iter().map(|slope| slope.abs())).max(1.0) * (slopes.len() as f64).sqrt();
    case.within("slopes against a central difference", (actual - expected).abs() / scale, |condition| {
        differences::<F>(x.ncols(), condition, GRADIENT)
    })
}

fn says_none(error: &LayerError) -> bool {
    match error {
        LayerError::Conflict { .. } => true,
        LayerError::Stage { problem, .. } => says_none(problem),
        _ => false,
    }
}
