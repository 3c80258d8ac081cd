//! The guard against crossing `det W = 0`.

use ndarray::{Array2, Zip};

use crate::contract::State;
use crate::linalg::{LogDet, Lu};
use crate::{Real, Result, check};

/// Halvings after which the guard returns to its anchor: more than an `f64` has digits.
pub(super) const MAX_HALVINGS: u64 = 60;

/// Sets the time between sign checks, each an `f64` LU, in units of `D/N` steps. With 11 the checks
/// take about 3% of an `f32` step (LU ⅔·D³ at a quarter of the `f32` rate, step 8·N·D²).
const CHECK_SPACING: usize = 11;

/// Side of a matrix from which O(D³) work and memory are put off until they are due: the sign of
/// the first weight is not computed (more than a minute per matrix at 16,384), and the memory of a
/// factorization (twice that of the weight in `f32`) is not kept for the next one.
pub(super) const LARGE: usize = 4096;

/// Keeps the determinant of a weight from changing its sign. It remembers the last weight known to
/// have the right sign (the anchor). When a later weight has the wrong sign or is singular, it
/// halves the difference to the anchor until the sign is right, and once more: the first weight
/// with the right sign may lie arbitrarily close to `det W = 0` and would cross again, while half
/// the remaining difference keeps at least half of the singular value that was about to vanish.
///
/// Between two checks a weight takes as many steps as keep the check's O(D³) at a few percent of
/// the steps' O(N·D²): one where D is small against N. The halving applies to all steps since the
/// last check.
#[derive(Debug, Clone, Default)]
pub(super) struct Guard<F> {
    anchor: Option<Array2<F>>,
    /// Whether the determinant to preserve is negative; `None` until it is first computed.
    negative: Option<bool>,
    steps: usize,
}

impl<F: Real> Guard<F> {
    /// Called before the first step: stores the weight and its sign. For a matrix of side [`LARGE`]
    /// or more whose sign is not `known`, the sign is left to the first check.
    pub(super) fn arm(
        &mut self,
        weight: &Array2<F>,
        known: Option<LogDet>,
        log_det: impl FnOnce() -> Result<LogDet>,
    ) -> Result<()> {
        if self.anchor.is_none() {
            self.negative = match known {
                Some(known) => Some(known.negative),
                None if weight.nrows() < LARGE => Some(log_det()?.negative),
                None => None,
            };
            self.anchor = Some(weight.clone());
            self.steps = 0;
        }
        Ok(())
    }

    /// Called when low-rank steps take over, which preserve the sign by construction.
    pub(super) fn disarm(&mut self) {
        *self = Self::default();
    }

    /// Writes the anchor, its sign and the steps since the last check.
    pub(super) fn save(&self, name: &str, state: &mut State<F>) {
        state.put_number(&format!("{name}.armed"), u64::from(self.anchor.is_some()));
        if let Some(anchor) = &self.anchor {
            state.put_array(&format!("{name}.anchor"), anchor.clone().into_dyn());
            // 0 and 1 for the two signs, 2 for unknown.
            state.put_number(&format!("{name}.negative"), self.negative.map_or(2, u64::from));
            state.put_number(&format!("{name}.steps"), self.steps as u64);
        }
    }

    /// Restores what [`save`](Self::save) wrote, for a weight of side `dim`.
    ///
    /// # Errors
    /// Missing entries, another shape, an anchor that is not finite.
    pub(super) fn load(&mut self, name: &str, dim: usize, state: &mut State<F>) -> Result<()> {
        *self = Self::default();
        if state.take_number(&format!("{name}.armed"))? == 0 {
            return Ok(());
        }
        let anchor = state.take_shaped(&format!("{name}.anchor"), &[dim, dim])?;
        let mut own = Array2::zeros((dim, dim));
        own.iter_mut().zip(&anchor).for_each(|(own, &value)| *own = value);
        check::finite("anchor", own.view())?;
        self.anchor = Some(own);
        self.negative = match state.take_number(&format!("{name}.negative"))? {
            sign @ (0 | 1) => Some(sign == 1),
            _ => None,
        };
        self.steps = usize::try_from(state.take_number(&format!("{name}.steps"))?).unwrap_or(usize::MAX);
        Ok(())
    }

    /// Replaces the anchor by a weight whose sign is known to be right.
    pub(super) fn renew(&mut self, weight: &Array2<F>) {
        if let Some(anchor) = &mut self.anchor {
            anchor.assign(weight);
            self.steps = 0;
        }
    }

    /// Steps since the last check, the present one included.
    pub(super) fn count(&mut self) -> usize {
        self.steps = self.steps.saturating_add(1);
        self.steps
    }

    /// Whether there were steps since the last check.
    pub(super) fn is_behind(&self) -> bool {
        self.steps > 0
    }

    /// Whether a check is due after a step computed from `rows` rows.
    pub(super) fn due(&mut self, dim: usize, rows: usize) -> bool {
        self.count() >= Self::spacing(dim, rows)
    }

    /// Number of steps between checks that keeps their cost at a few percent.
    pub(super) fn spacing(dim: usize, rows: usize) -> usize {
        (CHECK_SPACING * dim).div_ceil(rows.max(1))
    }

    /// Checks the sign and halves the difference to the anchor until the sign is right. Returns the
    /// number of halvings and the factorization of the resulting weight, in precision `P` and in
    /// the memory of `lu`.
    ///
    /// # Errors
    /// A singular anchor whose sign was unknown; a weight that is not finite. In the latter case no
    /// fraction of the difference is usable: the anchor is restored and the caller must stop.
    pub(super) fn settle<P: Real>(&mut self, weight: &mut Array2<F>, mut lu: Lu<P>) -> Result<(u64, Option<Lu<P>>)> {
        let Some(anchor) = &mut self.anchor else { return Ok((0, None)) };
        self.steps = 0;
        let keep = match self.negative {
            Some(negative) => negative,
            None => lu.refactor_matrix(anchor.view())?.negative,
        };
        self.negative = Some(keep);
        let (mut halvings, mut backed_off) = (0, false);
        loop {
            let right = lu.refactor_matrix(weight.view()).ok().filter(|det| det.negative == keep);
            match right {
                Some(_) if halvings == 0 || backed_off => {
                    anchor.assign(weight);
                    return Ok((halvings, Some(lu)));
                }
                Some(_) => backed_off = true,
                None => {}
            }
            if let Err(error) = check::finite("weight after a step", weight.view()) {
                weight.assign(anchor);
                return Err(error);
            }
            halvings += 1;
            if halvings > MAX_HALVINGS {
                weight.assign(anchor);
                let lu = lu.refactor_matrix(weight.view()).ok().map(|_| lu);
                return Ok((halvings, lu));
            }
            let half = F::of(0.5);
            Zip::from(&mut *weight).and(&*anchor).for_each(|w, &a| *w = half * (*w + a));
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use ndarray::{Array2, array};

    use super::Guard;
    use crate::linalg::Lu;

    /// A guard whose anchor has an unknown sign.
    fn unseen(anchor: Array2<f64>) -> Guard<f64> {
        Guard { anchor: Some(anchor), negative: None, steps: 3 }
    }

    #[test]
    fn a_sign_that_nobody_looked_at_is_that_of_the_anchor() {
        // The anchor's determinant is negative: a weight with the same sign stays, one without is
        // pulled back.
        let anchor = array![[0.0, 1.0], [1.0, 0.0]];
        let mut kept = array![[0.1, 1.0], [2.0, 0.1]];
        let (halvings, _) = unseen(anchor.clone()).settle(&mut kept, Lu::<f64>::default()).unwrap();
        assert_eq!((halvings, kept), (0, array![[0.1, 1.0], [2.0, 0.1]]));
        let mut crossed = array![[2.0, 1.0], [1.0, 2.0]];
        let (halvings, _) = unseen(anchor).settle(&mut crossed, Lu::<f64>::default()).unwrap();
        // Half the difference gives a singular matrix, a quarter the right sign; then one more
        // halving.
        assert_eq!((halvings, crossed), (3, array![[0.25, 1.0], [1.0, 0.25]]));
        // A singular anchor has no sign to preserve.
        assert!(
            unseen(Array2::zeros((2, 2))).settle(&mut array![[1.0, 0.0], [0.0, 1.0]], Lu::<f64>::default()).is_err()
        );
    }
}
