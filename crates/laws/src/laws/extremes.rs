//! At the ends of the number line a layer is right, or returns an error.

use ndarray::{Array2, ArrayView2, Axis};
use pdmap_core::{Layer, LayerExt, Real};
use rand::{Rng, RngExt};

use crate::tolerance::{EXTREMES, rounding};
use crate::verdict::{Violation, at_most};
use crate::{Case, Verdict, normal_rows};

/// Magnitudes at which arithmetic easily fails: zero, the least subnormal and normal numbers, numbers whose
/// squares overflow or underflow, the bounds of the splines, numbers without fractional digits.
pub fn magnitudes<F: Real>() -> Vec<F> {
    let (least, bits) =
        if F::DTYPE == "f32" { (f64::from(f32::MIN_POSITIVE), 24.0_f64) } else { (f64::MIN_POSITIVE, 53.0) };
    let subnormal = least * 2.0_f64.powf(1.0 - bits);
    let near = |bound: f64| [bound * (1.0 - F::EPS), bound, bound * (1.0 + 2.0 * F::EPS)];
    let ends = [0.0, subnormal, least, 1e-30, 1e-10, F::EPS, 1.0, 30.0, 1e4, 1e10, 1e30];
    ends.into_iter().chain(near(2.0)).chain(near(8.0)).map(F::of).collect()
}

/// Rows of extreme numbers: all of one magnitude, one among moderate numbers, and mixtures.
pub fn extreme_rows<F: Real>(features: usize, rng: &mut dyn Rng) -> Array2<F> {
    let magnitudes = magnitudes::<F>();
    let sign = |value: F, rng: &mut dyn Rng| if rng.random::<bool>() { value } else { F::of(-value.f64()) };
    let mut rows = Array2::zeros((0, features));
    let mut push = |row: Vec<F>| {
        // The row has the width by construction.
        let _ = rows.push_row(ndarray::aview1(&row));
    };
    for &magnitude in &magnitudes {
        push((0..features).map(|_| sign(magnitude, rng)).collect());
        let mut moderate = normal_rows::<F>(1, features, rng).into_raw_vec_and_offset().0;
        let at = rng.random_range(0..features);
        moderate[at] = sign(magnitude, rng);
        push(moderate);
        push((0..features).map(|_| sign(magnitudes[rng.random_range(0..magnitudes.len())], rng)).collect());
    }
    rows
}

/// Each row by itself gives an error or finite numbers. The image of a row and that of the way back agree,
/// and both image and log-determinant agree with those of the same layer in `f64`, if the case has a
/// [wide](Case::wide) registry and the layer exists in `f64`.
pub fn extremes<F: Real>(case: &Case<'_, F>) -> Verdict {
    let wide = case.widened();
    case.rows().axis_iter(Axis(0)).try_for_each(|row| {
        let row = row.insert_axis(Axis(0));
        at_row(case.layer(), wide.as_deref(), row).map_err(|violation| match violation {
            Violation::Exceeded { what, measured, allowed } => {
                let what = format!("{what} at {:?}", row.iter().map(|v| v.f64()).collect::<Vec<_>>());
                Violation::Exceeded { what, measured, allowed }
            }
            other => other,
        })
    })
}

fn at_row<F: Real>(layer: &dyn Layer<F>, wide: Option<&dyn Layer<f64>>, x: ArrayView2<'_, F>) -> Verdict {
    let Ok((y, log_det)) = layer.transform(x.reborrow()) else { return Ok(()) };
    finite("f(x)", y.iter().map(|v| v.f64()))?;
    finite("log-det", log_det.iter().copied())?;
    let scale = |rows: ArrayView2<'_, F>| rows.iter().fold(1.0_f64, |scale, v| scale.max(v.f64().abs()));
    let scale = scale(x.reborrow()).max(scale(y.view()));
    let allowed = rounding::<F>(x.ncols(), 1.0, EXTREMES);
    if let Some(wide) = wide {
        let exact = wide.transform(&x.mapv(|v| v.f64()))?;
        let apart = y.iter().zip(&exact.0).map(|(a, b)| (a.f64() - b).abs()).fold(0.0, f64::max);
        at_most("f(x) − f(x) in f64, relative", apart / scale, allowed)?;
        let (log_det, exact) = (log_det[0], exact.1[0]);
        at_most("log-det − log-det in f64", (log_det - exact).abs() / exact.abs().max(1.0), allowed)?;
    }
    let Ok((back, _)) = layer.untransform(&y) else { return Ok(()) };
    finite("f⁻¹(y)", back.iter().map(|v| v.f64()))?;
    // Rounding may take the way back out of the domain.
    let Ok((again, _)) = layer.transform(&back) else { return Ok(()) };
    let apart = again.iter().zip(&y).map(|(a, b)| (a.f64() - b.f64()).abs()).fold(0.0, f64::max);
    at_most("f(f⁻¹(y)) − y, relative", apart / scale, allowed)
}

fn finite(what: &str, mut values: impl Iterator<Item = f64>) -> Verdict {
    match values.find(|value| !value.is_finite()) {
        None => Ok(()),
        Some(value) => Err(Violation::Exceeded { what: what.to_owned(), measured: value, allowed: f64::MAX }),
    }
}
