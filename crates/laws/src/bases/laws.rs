//! The laws.

use ndarray::{Array2, Axis};
use pdmap_core::{Base, LayerError, ParametricExt, Real, Tensors};

use super::BaseCase;
use super::case::{draw_into, given, log_density, points};
use crate::laws::{moved, part, same_sums};
use crate::tolerance::{ACCUMULATE, GRADIENT, INTEGRAL, ROWS, SCORE, rounding, step};
use crate::verdict::{accepted, at_most, differences, distance};
use crate::{Verdict, normal_rows, rng, tolerance};

/// The density of each feature, the others integrated out, integrates to 1.
///
/// Each half line by the trapezoidal rule in `u`, `z = ±exp(u − e⁻ᵘ)`: it converges exponentially, for
/// tails like `|z|^(−1.5)` and for a corner at 0 too.
pub fn integral<F: Real>(case: &BaseCase<'_, F>) -> Verdict {
    (0..case.features(1)).try_for_each(|feature| marginal_integral(&*case.base().marginal(feature)?))
}

fn marginal_integral<F: Real>(base: &dyn Base<F>) -> Verdict {
    let (h, from, to) = (1.0 / 32.0, -5.0, 120.0);
    let count = ((to - from) / h) as usize;
    let mut mass = 0.0;
    for sign in [-1.0, 1.0] {
        let nodes = (0..count).map(|index| {
            let u: f64 = from + h * index as f64;
            (F::of(sign * (u - (-u).exp()).exp()), h * (1.0 + (-u).exp()))
        });
        // In single precision the last nodes overflow; no density has mass out there.
        let nodes: Vec<(F, f64)> = nodes.filter(|(z, _)| z.f64().is_finite()).collect();
        let z = Array2::from_shape_fn((nodes.len(), 1), |(row, _)| nodes[row].0);
        let log_p = log_density(base, z.view())?;
        mass += log_p.iter().zip(&nodes).map(|(p, (z, weight))| weight * p.exp() * z.f64().abs()).sum::<f64>();
    }
    at_most("∫p − 1", (mass - 1.0).abs(), rounding::<F>(2 * count, 1.0, INTEGRAL))
}

/// What analysis in `F` may differ by from a central difference in `f64`.
fn allowed<F: Real>(size: usize) -> f64 {
    rounding::<F>(size, 1.0, SCORE) + tolerance::differences::<f64>(size, 1.0, GRADIENT)
}

/// The score against central differences of the log-density in double precision.
pub fn score<F: Real>(case: &BaseCase<'_, F>) -> Verdict {
    let features = case.features(1);
    let (z, wide) = (points::<F>(features), case.widened()?);
    let mut actual = Array2::zeros(z.raw_dim());
    given(case.base(), z.view(), |z| case.base().score(z, actual.view_mut()))?;
    for ((row, feature), actual) in actual.indexed_iter() {
        let at = z[[row, feature]].f64();
        let h = step::<f64>() * at.abs().max(1.0);
        let (above, below) = (at + h, at - h);
        let mut sides = Array2::from_shape_fn((2, features), |(_, feature)| z[[row, feature]].f64());
        (sides[[0, feature]], sides[[1, feature]]) = (above, below);
        let p = log_density(&*wide, sides.view())?;
        let expected = (p[0] - p[1]) / (above - below);
        let apart = (actual.f64() - expected).abs() / expected.abs().max(1.0);
        at_most(format!("score at {at} against central differences"), apart, allowed::<F>(features))?;
    }
    Ok(())
}

/// Rows of moderate and of large numbers.
fn rows<F: Real>(case: &BaseCase<'_, F>) -> Array2<F> {
    normal_rows::<F>(40, case.features(3), &mut rng(case.seed())).mapv(|v| F::of(3.0 * v.f64()))
}

/// The gradient of the mean log-density by each parameter against central differences in double precision.
pub fn gradient_of_parameters<F: Real>(case: &BaseCase<'_, F>) -> Verdict {
    let (x, mut grads) = (rows(case), case.base().new_grads());
    for part in x.axis_chunks_iter(Axis(0), 17) {
        grads.rows += part.nrows();
        given(case.base(), part, |part| case.base().accumulate(part, &mut grads.params))?;
    }
    let (tensors, mut wide, wide_x) = (case.wide_tensors(), case.widened()?, x.mapv(F::f64));
    let mut mean = |name: &str, entry: usize, by: f64| -> Result<f64, LayerError> {
        let tensors = moved(&tensors, name, entry, by)?;
        wide.set_tensors(&mut Tensors::from_iter(tensors))?;
        Ok(log_density(&*wide, wide_x.view())?.iter().sum::<f64>() / x.nrows() as f64)
    };
    'tensors: for (name, actual) in case.base().euclidean(grads.rows, &grads.params)? {
        for (entry, actual) in actual.iter().enumerate() {
            let h = step::<f64>();
            let (above, below) = match (mean(&name, entry, h), mean(&name, entry, -h)) {
                // Its entries may not move one by one: left to the laws of its group.
                (Err(LayerError::NotOrthonormal { .. }), _) => continue 'tensors,
                (above, below) => (above?, below?),
            };
            let expected = (above - below) / (2.0 * h);
            let apart = (actual.f64() - expected).abs() / expected.abs().max(1.0);
            at_most(format!("gradient of {name}"), apart, allowed::<F>(x.ncols()))?;
        }
    }
    Ok(())
}

/// Log-densities and gradients are added to what is there; rows are independent; no rows work.
pub fn batches<F: Real>(case: &BaseCase<'_, F>) -> Verdict {
    let (base, x) = (case.base(), rows(case));
    let together = log_density(base, x.view())?;
    let allowed = rounding::<F>(x.ncols(), 1.0, ROWS);
    for (row, x) in x.axis_chunks_iter(Axis(0), 1).enumerate() {
        let alone = log_density(base, x)?;
        at_most("a row by itself", distance(&alone, &together[row..=row]), allowed)?;
    }
    let mut added = vec![1.0; x.nrows()];
    given(base, x.view(), |x| base.add_log_density(x, &mut added))?;
    let expected: Vec<f64> = together.iter().map(|log_p| log_p + 1.0).collect();
    at_most("log-densities added to 1", distance(&added, &expected), allowed)?;
    let view = x.view();
    given(base, part(&view, 0, 0), |none| base.add_log_density(none, &mut []))?;

    let (mut all, mut parts) = (base.new_grads(), base.new_grads());
    given(base, view.reborrow(), |x| base.accumulate(x, &mut all.params))?;
    for (from, to) in [(0, 13), (13, x.nrows()), (0, 0)] {
        given(base, part(&view, from, to), |part| base.accumulate(part, &mut parts.params))?;
    }
    same_sums(&parts, &all, rounding::<F>(x.len(), 1.0, ACCUMULATE))
}

/// Draws in blocks are those of one call; at temperature 0 every row is the mode; temperatures that are
/// negative or not finite are refused.
pub fn draws<F: Real>(case: &BaseCase<'_, F>) -> Verdict {
    let (base, features) = (case.base(), case.features(3));
    let mut whole = Array2::zeros((20, features));
    draw_into(base, 1.0, &mut rng(case.seed()), whole.view_mut())?;
    let (mut rng, mut blocks) = (rng(case.seed()), Array2::zeros(whole.raw_dim()));
    for rows in blocks.axis_chunks_iter_mut(Axis(0), 7) {
        draw_into(base, 1.0, &mut rng, rows)?;
    }
    at_most("numbers that blocks change", differences(&blocks, &whole), 0.0)?;
    let mut modes = Array2::zeros((2, features));
    draw_into(base, 0.0, &mut rng, modes.view_mut())?;
    let at_modes = log_density(base, modes.view())?;
    let higher = log_density(base, whole.view())?.into_iter().filter(|&p| p > at_modes[0]).count();
    at_most("draws with a higher density than the mode", higher as f64, 0.0)?;
    for bad in [-0.1, f64::NAN, f64::INFINITY] {
        match draw_into(base, bad, &mut rng, modes.view_mut()) {
            Err(LayerError::Range { .. }) => {}
            other => return accepted("a temperature that is negative or not finite", other),
        }
    }
    Ok(())
}

/// A density from its specification and tensors is the same density, up to the rounding of the tensors.
pub fn specification<F: Real>(case: &BaseCase<'_, F>) -> Verdict {
    let (base, x) = (case.base(), rows(case));
    let json = serde_json::to_string(&base.spec()).unwrap_or_default();
    let spec = serde_json::from_str(&json).unwrap_or_else(|_| base.spec());
    let mut tensors = Tensors::from_iter(base.tensors());
    let again = case.registry().restore_base(&spec, &mut tensors)?;
    tensors.finish()?;
    let (before, after) = (log_density(base, x.view())?, log_density(&*again, x.view())?);
    at_most("a density that changed", distance(&after, &before), rounding::<F>(x.ncols(), 1.0, ROWS))
}
