//! The bias of a dense layer, plain or augmented.

use ndarray::{Array1, ArrayD, Ix1};
use pdmap_core::contract::{Reads, Rule, StepReport};
use pdmap_core::group::Free;
use pdmap_core::{Geometry, ParamGrad, Real, Result, State};
use serde::{Deserialize, Serialize};

/// The bias of a dense layer and how it moves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BiasKind {
    /// `y = W x`.
    #[default]
    None,
    /// `b ← b + η·opt(mean δ)`.
    Plain,
    /// The bias belongs to the homogeneous matrix `W̃ = [[W, b], [0, 1]]` (Gresele et al. 2020,
    /// appendix). With `E_W = mean(δ (Wx+b)ᵀ) + I` and `e_b = mean δ`: `W ← W + η E_W W` and
    /// `b ← b + η (E_W b + e_b)`. For GL(D) with the relative direction or in the algebra.
    Augmented,
}

/// An unconstrained bias. An augmented one also remembers its value at the last check of the
/// weight's guard: `W̃` moves as a whole, so when the guard pulls the weight back, the bias goes
/// back by the same fraction.
#[derive(Debug, Clone)]
pub(crate) struct Bias<F> {
    values: Free<F, Ix1>,
    anchor: Option<Array1<F>>,
}

impl<F: Real> Bias<F> {
    pub(crate) fn new(values: Array1<F>) -> Result<Self> {
        Ok(Self { values: Free::new("bias", values)?, anchor: None })
    }

    pub(crate) fn values(&self) -> &Array1<F> {
        self.values.values()
    }

    pub(crate) fn values_mut(&mut self) -> &mut ndarray::ArrayRef<F, Ix1> {
        self.values.values_mut()
    }

    /// Stores the present values if the guard has just checked, or if nothing is stored.
    pub(crate) fn remember(&mut self, settled: bool) {
        let values = self.values.values();
        match &mut self.anchor {
            Some(anchor) if settled => anchor.assign(values),
            Some(_) => {}
            None => self.anchor = Some(values.clone()),
        }
    }

    /// Keeps a fraction of the change since then.
    pub(crate) fn go_back(&mut self, share: F) {
        let Some(anchor) = &self.anchor else { return };
        self.values.values_mut().zip_mut_with(anchor, |b, &anchor| *b = anchor + share * (*b - anchor));
    }
}

impl<F: Real> Geometry<F> for Bias<F> {
    fn tensor(&self) -> ArrayD<F> {
        self.values.tensor()
    }

    fn set_tensor(&mut self, name: &str, tensor: ArrayD<F>) -> Result<()> {
        self.anchor = None;
        self.values.set_tensor(name, tensor)
    }

    fn new_grad(&self, name: String) -> ParamGrad<F> {
        self.values.new_grad(name)
    }

    fn direct(&self, rows: usize, reads: Reads, grad: &mut ParamGrad<F>) -> Result<()> {
        self.values.direct(rows, reads, grad)
    }

    fn slopes(&self, rows: usize, grad: &ParamGrad<F>, slopes: &mut Vec<f64>) -> Result<()> {
        self.values.slopes(rows, grad, slopes)
    }

    fn step(&mut self, rule: &mut dyn Rule<F>, grad: &mut ParamGrad<F>) -> Result<StepReport> {
        self.values.step(rule, grad)
    }

    fn add_to_mean(&self, share: F, mean: &mut [F]) -> Result<()> {
        self.values.add_to_mean(share, mean)
    }

    fn euclidean(&self, rows: usize, grad: &ParamGrad<F>) -> Result<ArrayD<F>> {
        self.values.euclidean(rows, grad)
    }

    fn save_state(&self, name: &str, state: &mut State<F>) {
        if let Some(anchor) = &self.anchor {
            state.put_array(&format!("{name}.anchor"), anchor.clone().into_dyn());
        }
    }

    fn load_state(&mut self, name: &str, state: &mut State<F>) -> Result<()> {
        let name = format!("{name}.anchor");
        self.anchor = None;
        if state.has_array(&name) {
            let anchor = state.take_shaped(&name, &[self.values().len()])?;
            self.anchor = Some(anchor.into_iter().collect());
        }
        Ok(())
    }
}
