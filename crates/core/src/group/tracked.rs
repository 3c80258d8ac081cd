//! Quantities that low-rank steps track without a factorization: `log|det W|` with its sign, and,
//! on request, `W⁻¹`.
//!
//! Both are updated by the formulas of [`low_rank`](super::low_rank), and both drift, because the
//! weight is rounded in each step:
//!
//! * `log|det W|`: each step adds `ε·√D·κ` to an error estimate (the rounding of D² entries, through
//!   `tr(W⁻¹ dW)`), where `κ = ‖W‖_F ‖W⁻¹‖_F / D` is 1 for an orthonormal weight and is estimated at
//!   each factorization. When the estimate passes [`LOG_DET_DRIFT`], or after [`MOST_STEPS`], the
//!   guard's LU recomputes it, but no more often than keeps its O(D³) at a few percent of the steps.
//! * `W⁻¹`: every [`PROBE_EVERY`] steps, `‖W(W⁻¹v) − v‖` is evaluated for a fixed vector `v` of ±1
//!   (4·D² operations). If it exceeds [`INVERSE_DRIFT`] times the rounding of that product, one
//!   Newton–Schulz step `X ← X + X(I − WX)` corrects it (Schulz 1933; 4·D³), and where that is not
//!   enough, an LU.

use ndarray::{Array2, ArrayView2};

use super::general::grow;
use crate::contract::State;
use crate::contract::{view, view_mut};
use crate::linalg::{Add, LogDet, Lu, gemm};
use crate::{Real, Result, check, parallel};

/// Estimated error in nats at which a tracked log-determinant is recomputed.
const LOG_DET_DRIFT: f64 = 1e-3;

/// Steps after which a tracked log-determinant is recomputed in any case: one LU of ⅔·D³ is
/// negligible against that many steps of 8·N·D².
const MOST_STEPS: usize = 4096;

/// Steps between two probes of a tracked inverse.
const PROBE_EVERY: u64 = 16;

/// Error allowed in a tracked inverse, in units of the probe's own rounding `ε ‖W‖ ‖W⁻¹v‖`.
const INVERSE_DRIFT: f64 = 8.0;

/// Residual relative to `‖v‖` above which Newton–Schulz is not tried: it squares the residual, so
/// it needs one well below 1.
const TOO_FAR: f64 = 0.1;

/// `log|det W|` after low-rank steps, in `f64` for either precision of the weight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct TrackedLogDet {
    pub(super) value: LogDet,
    /// Bound on the accumulated rounding error, in nats.
    rounding: f64,
    /// κ at the last factorization.
    condition: f64,
}

impl TrackedLogDet {
    /// From a factorization of the weight. `scratch` is scratch memory.
    ///
    /// # Errors
    /// None for shapes that fit.
    pub(super) fn exact<F: Real>(weight: &Array2<F>, lu: &Lu<f64>, scratch: &mut Vec<f64>) -> Result<Self> {
        Ok(Self { value: lu.log_det(), rounding: 0.0, condition: mean_condition(weight, lu, scratch)? })
    }

    /// Updates the value after a step that changed `log|det W|` by `log_abs` and kept the sign.
    pub(super) fn follow<F: Real>(&mut self, log_abs: f64, dim: usize) {
        self.value.log_abs += log_abs;
        self.rounding += F::EPS * (dim as f64).sqrt() * self.condition;
    }

    /// Whether to recompute the value, `steps` steps after the last check and at most once per
    /// `spacing` steps.
    pub(super) fn is_due(&self, steps: usize, spacing: usize) -> bool {
        steps >= spacing.max(1) && (self.rounding > LOG_DET_DRIFT || steps >= MOST_STEPS)
    }

    /// Writes value and error estimate bit for bit, or a mark that there is none.
    pub(super) fn save<F: Real>(tracked: Option<Self>, name: &str, state: &mut State<F>) {
        state.put_number(&format!("{name}.tracked"), u64::from(tracked.is_some()));
        if let Some(Self { value, rounding, condition }) = tracked {
            state.put_number(&format!("{name}.log-det"), value.log_abs.to_bits());
            state.put_number(&format!("{name}.sign"), u64::from(value.negative));
            state.put_number(&format!("{name}.rounding"), rounding.to_bits());
            state.put_number(&format!("{name}.mean-condition"), condition.to_bits());
        }
    }

    /// Restores what [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// Missing entries.
    pub(super) fn load<F: Real>(name: &str, state: &mut State<F>) -> Result<Option<Self>> {
        if state.take_number(&format!("{name}.tracked"))? == 0 {
            return Ok(None);
        }
        let log_abs = f64::from_bits(state.take_number(&format!("{name}.log-det"))?);
        let negative = state.take_number(&format!("{name}.sign"))? != 0;
        let rounding = f64::from_bits(state.take_number(&format!("{name}.rounding"))?);
        // Files written before it was kept have none: a well-conditioned weight was assumed.
        let condition = match format!("{name}.mean-condition") {
            name if state.has_number(&name) => f64::from_bits(state.take_number(&name)?),
            _ => 1.0,
        };
        Ok(Some(Self { value: LogDet { log_abs, negative }, rounding, condition }))
    }
}

/// An estimate of `‖W‖_F ‖W⁻¹‖_F / D`, where `‖W⁻¹‖_F² = E‖W⁻¹v‖²` for random signs `v`, of which
/// one vector is used: 1 for an orthonormal matrix, O(D²).
fn mean_condition<F: Real>(w: &Array2<F>, lu: &Lu<f64>, scratch: &mut Vec<f64>) -> Result<f64> {
    let dim = w.nrows();
    grow(scratch, dim);
    scratch[..dim].iter_mut().enumerate().for_each(|(index, v)| *v = sign(index as u64));
    lu.solve_rows(view_mut(scratch, 1, dim))?;
    let (norm, inverse) = (w.as_slice().map_or(f64::NAN, parallel::sum_of_squares), &scratch[..dim]);
    Ok((norm * parallel::sum_of_squares(inverse)).sqrt() / dim as f64)
}

/// `W⁻¹`, in the precision of the weight.
#[derive(Debug, Clone)]
pub(super) struct TrackedInverse<F> {
    matrix: Array2<F>,
    /// Whether it belongs to the present weight.
    current: bool,
    steps: u64,
}

impl<F: Real> TrackedInverse<F> {
    /// No inverse yet.
    pub(super) fn new(dim: usize) -> Self {
        Self { matrix: Array2::zeros((dim, dim)), current: false, steps: 0 }
    }

    /// The inverse, if it belongs to the present weight.
    pub(super) fn get(&self) -> Option<ArrayView2<'_, F>> {
        self.current.then(|| self.matrix.view())
    }

    /// Marks the inverse as out of date.
    pub(super) fn forget(&mut self) {
        self.current = false;
    }

    /// The inverse of the present weight, for a low-rank step; computed from its factorization `lu`
    /// if it is out of date.
    ///
    /// # Errors
    /// A singular weight.
    pub(super) fn ready<'a>(&mut self, lu: impl FnOnce() -> Result<&'a Lu<f64>>) -> Result<&mut Array2<F>> {
        if !self.current {
            self.refresh(lu()?)?;
        }
        Ok(&mut self.matrix)
    }

    /// `W⁻¹` from a factorization, rounded once.
    fn refresh(&mut self, lu: &Lu<f64>) -> Result<()> {
        let wide = lu.inverse_transposed()?;
        self.matrix.zip_mut_with(&wide.t(), |own, &value| *own = F::of(value));
        self.current = true;
        Ok(())
    }

    /// After a step: probes the inverse periodically and corrects it where it has drifted too far.
    ///
    /// # Errors
    /// A singular weight.
    pub(super) fn settle(&mut self, w: &Array2<F>, scratch: &mut Vec<F>) -> Result<()> {
        self.steps = self.steps.wrapping_add(1);
        if !self.steps.is_multiple_of(PROBE_EVERY) {
            return Ok(());
        }
        let (residual, rounding) = self.probe(w, scratch)?;
        if residual <= INVERSE_DRIFT * rounding {
            return Ok(());
        }
        if residual <= TOO_FAR * (w.nrows() as f64).sqrt() {
            self.newton_schulz(w, scratch)?;
            let (residual, rounding) = self.probe(w, scratch)?;
            if residual <= INVERSE_DRIFT * rounding {
                return Ok(());
            }
        }
        self.refresh(&Lu::new(w.view())?)
    }

    /// `‖W(Xv) − v‖` for the fixed vector `v` of ±1, and a bound on the rounding of that product
    /// alone, `ε ‖W‖ ‖Xv‖`.
    fn probe(&self, w: &Array2<F>, scratch: &mut Vec<F>) -> Result<(f64, f64)> {
        let dim = w.nrows();
        grow(scratch, 3 * dim);
        let (v, rest) = scratch.split_at_mut(dim);
        let (along, back) = rest.split_at_mut(dim);
        v.iter_mut().enumerate().for_each(|(index, v)| *v = sign(index as u64));
        gemm(F::one(), self.matrix.view(), view(v, dim, 1), Add::No, view_mut(along, dim, 1))?;
        gemm(F::one(), w.view(), view(along, dim, 1), Add::No, view_mut(back, dim, 1))?;
        let squares = |x: &[F]| parallel::sum_of_squares(x).sqrt();
        back[..dim].iter_mut().zip(&*v).for_each(|(back, &v)| *back -= v);
        let norm = w.as_slice().map_or(f64::NAN, squares);
        Ok((squares(&back[..dim]), F::EPS * norm * squares(&along[..dim])))
    }

    /// `X ← X + X(I − WX)`.
    fn newton_schulz(&mut self, w: &Array2<F>, scratch: &mut Vec<F>) -> Result<()> {
        let (dim, size) = (w.nrows(), w.len());
        grow(scratch, 2 * size);
        let (residual, correction) = scratch.split_at_mut(size);
        gemm(-F::one(), w.view(), self.matrix.view(), Add::No, view_mut(residual, dim, dim))?;
        residual.iter_mut().step_by(dim + 1).for_each(|diagonal| *diagonal += F::one());
        gemm(F::one(), self.matrix.view(), view(residual, dim, dim), Add::No, view_mut(correction, dim, dim))?;
        parallel::add(check::slice_mut("inverse", &mut self.matrix.view_mut())?, &correction[..size]);
        Ok(())
    }

    /// Writes the inverse, if there is one, and the step count.
    pub(super) fn save(&self, name: &str, state: &mut State<F>) {
        state.put_number(&format!("{name}.inverse"), u64::from(self.current));
        state.put_number(&format!("{name}.inverse-steps"), self.steps);
        if self.current {
            state.put_array(&format!("{name}.inverse"), self.matrix.clone().into_dyn());
        }
    }

    /// Restores what [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// Missing entries, another shape, an inverse that is not finite.
    pub(super) fn load(&mut self, name: &str, state: &mut State<F>) -> Result<()> {
        self.current = state.take_number(&format!("{name}.inverse"))? != 0;
        self.steps = state.take_number(&format!("{name}.inverse-steps"))?;
        if self.current {
            let dim = self.matrix.nrows();
            let saved = state.take_shaped(&format!("{name}.inverse"), &[dim, dim])?;
            self.matrix.iter_mut().zip(&saved).for_each(|(own, &value)| *own = value);
            check::finite("tracked inverse", self.matrix.view())?;
        }
        Ok(())
    }
}

/// ±1 as a function of the index: the lowest bit of SplitMix64 (Steele, Lea & Flood 2014).
fn sign<F: Real>(index: u64) -> F {
    let mut z = index.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    if (z ^ (z >> 31)) & 1 == 0 { F::one() } else { -F::one() }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use ndarray::array;

    use super::*;

    /// `max|W X − I|`.
    fn residual(w: &Array2<f64>, tracked: &TrackedInverse<f64>) -> f64 {
        let product = w.dot(&tracked.get().unwrap()) - Array2::<f64>::eye(w.nrows());
        product.iter().fold(0.0, |worst, value| value.abs().max(worst))
    }

    /// Newton–Schulz corrects a small error, a factorization a large one, and only every 16th step.
    #[test]
    fn an_inverse_that_drifted_is_taken_back() {
        let w = array![[2.0, 1.0, 0.0], [0.5, 3.0, -1.0], [0.0, 0.25, 1.5]];
        for (drift, before) in [(1e-6, 1e-7), (0.9, 0.1)] {
            let mut tracked = TrackedInverse::new(3);
            let lu = Lu::new(w.view()).unwrap();
            tracked.ready(|| Ok(&lu)).unwrap().mapv_inplace(|value| value * (1.0 + drift));
            let mut scratch = vec![];
            for step in 1..=PROBE_EVERY {
                assert!(residual(&w, &tracked) > before, "step {step}");
                tracked.settle(&w, &mut scratch).unwrap();
            }
            assert!(residual(&w, &tracked) < 1e-11, "{drift}: {}", residual(&w, &tracked));
        }
    }

    /// An error `E = I − WX` becomes `E²`.
    #[test]
    fn newton_and_schulz_square_the_error() {
        let w = array![[2.0, 1.0, 0.0], [0.5, 3.0, -1.0], [0.0, 0.25, 1.5]];
        let mut tracked = TrackedInverse::new(3);
        let lu = Lu::new(w.view()).unwrap();
        tracked.ready(|| Ok(&lu)).unwrap().mapv_inplace(|value| value * 1.01);
        for expected in [1e-4, 1e-8, 1e-16] {
            tracked.newton_schulz(&w, &mut vec![]).unwrap();
            let left = residual(&w, &tracked);
            assert!((left - expected).abs() < 0.1 * expected + 1e-14, "{left} of {expected}");
        }
    }

    /// For a good inverse, the probe's residual is of the size of rounding.
    #[test]
    fn a_probe_sees_rounding_and_what_is_more() {
        let w = array![[2.0, 1.0], [0.5, 3.0]];
        let lu = Lu::new(w.view()).unwrap();
        let mut tracked = TrackedInverse::new(2);
        tracked.ready(|| Ok(&lu)).unwrap();
        let mut scratch = vec![];
        let (residual, rounding) = tracked.probe(&w, &mut scratch).unwrap();
        assert!(residual <= INVERSE_DRIFT * rounding && rounding > 0.0 && rounding < 1e-14, "{residual} {rounding}");
        tracked.ready(|| Ok(&lu)).unwrap().mapv_inplace(|value| 1.5 * value);
        // W(1.5 W⁻¹ v) − v = v/2, whose norm is √2/2.
        let (residual, _) = tracked.probe(&w, &mut scratch).unwrap();
        assert!((residual - 0.5_f64.sqrt()).abs() < 1e-14, "{residual}");
    }

    fn tracked(w: &Array2<f64>) -> TrackedLogDet {
        TrackedLogDet::exact(w, &Lu::new(w.view()).unwrap(), &mut vec![]).unwrap()
    }

    /// Each step adds `ε √D` of rounding; nothing is recomputed before that becomes relevant.
    #[test]
    fn a_log_determinant_is_due_when_rounding_has_added_up() {
        let mut tracked = tracked(&Array2::eye(100));
        tracked.value.log_abs = 1.0;
        for _ in 0..100 {
            tracked.follow::<f32>(0.25, 100);
        }
        assert_eq!(tracked.value.log_abs, 26.0);
        // 100 steps of 10 ε are 1.2e-4 nats.
        assert!(!tracked.is_due(100, 1) && tracked.is_due(MOST_STEPS, 1));
        for _ in 0..900 {
            tracked.follow::<f32>(0.0, 100);
        }
        assert!(tracked.is_due(1000, 1) && !tracked.is_due(1000, 1001));
    }

    /// Rounding of a badly conditioned weight weighs more: an entry of `W⁻¹ dW` is as large as the
    /// condition number lets it be.
    #[test]
    fn a_badly_conditioned_weight_is_due_earlier() {
        let mut w = Array2::eye(100);
        w[[7, 7]] = 1e-4;
        let mut tracked = tracked(&w);
        // ‖W⁻¹‖_F is 1e4 and ‖W‖_F is 10, so κ is 1000.
        assert!((tracked.condition / 1000.0 - 1.0).abs() < 0.01, "{}", tracked.condition);
        tracked.follow::<f32>(0.0, 100);
        assert!(tracked.is_due(1, 1), "one step is worth 1.2e-3 nats");
    }
}
