//! The optimizers that pdmap ships.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Clip;
use crate::contract::formulas::{Adam, Smorms3};
use crate::contract::step::{Before, Formula};
use crate::contract::{ElementwiseStep, Memory, Piece, Reads, Rule};
use crate::{LayerError, Real, Result};

/// An elementwise optimizer with its options.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum OptimizerSpec {
    /// `step = η d`.
    Sgd,
    /// Heavy ball or Nesterov momentum.
    Momentum {
        /// Decay of the velocity, in [0, 1).
        #[serde(default = "defaults::beta1")]
        beta: f64,
        /// Whether to use Nesterov's form.
        #[serde(default)]
        nesterov: bool,
    },
    /// Adam (Kingma & Ba 2015).
    Adam {
        /// Decay of the first moment.
        #[serde(default = "defaults::beta1")]
        beta1: f64,
        /// Decay of the second moment.
        #[serde(default = "defaults::beta2")]
        beta2: f64,
        /// Added to the square root of the second moment.
        #[serde(default = "defaults::adam_epsilon")]
        epsilon: f64,
    },
    /// SMORMS3 (Funk 2015): adapts its averaging to the signal-to-noise ratio of each number.
    Smorms3 {
        /// Added to denominators.
        #[serde(default = "defaults::smorms3_epsilon")]
        epsilon: f64,
    },
}

/// The usual constants, which are the defaults in descriptions.
mod defaults {
    pub(super) fn beta1() -> f64 {
        0.9
    }

    pub(super) fn beta2() -> f64 {
        0.999
    }

    pub(super) fn adam_epsilon() -> f64 {
        1e-8
    }

    pub(super) fn smorms3_epsilon() -> f64 {
        1e-16
    }
}

impl OptimizerSpec {
    /// Adam with β₁ = 0.9, β₂ = 0.999, ε = 1e-8.
    pub fn adam() -> Self {
        let (beta1, beta2, epsilon) = (defaults::beta1(), defaults::beta2(), defaults::adam_epsilon());
        Self::Adam { beta1, beta2, epsilon }
    }

    /// SMORMS3 with ε = 1e-16.
    pub fn smorms3() -> Self {
        Self::Smorms3 { epsilon: defaults::smorms3_epsilon() }
    }

    /// Heavy ball with β = 0.9.
    pub fn momentum() -> Self {
        Self::Momentum { beta: defaults::beta1(), nesterov: false }
    }
}

impl fmt::Display for OptimizerSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sgd => write!(f, "SGD"),
            Self::Momentum { beta, nesterov: false } => write!(f, "momentum (β {beta})"),
            Self::Momentum { beta, nesterov: true } => write!(f, "Nesterov momentum (β {beta})"),
            Self::Adam { beta1, beta2, epsilon } => write!(f, "Adam (β₁ {beta1}, β₂ {beta2}, ε {epsilon:e})"),
            Self::Smorms3 { epsilon } => write!(f, "SMORMS3 (ε {epsilon:e})"),
        }
    }
}

/// An optimizer with its learning rate and clipping. Its state is stored beside each parameter, in
/// [`crate::ParamGrad`], so one optimizer serves all parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Optimizer {
    spec: OptimizerSpec,
    rate: f64,
    clip: Clip,
    factor: f64,
    decay: f64,
}

impl Optimizer {
    /// An optimizer with learning rate `rate` (η).
    ///
    /// # Errors
    /// [`LayerError::Range`] for options or rates outside their ranges.
    pub fn new(spec: OptimizerSpec, rate: f64) -> Result<Self> {
        let within = |what, value: f64, ok: bool, range| {
            if ok { Ok(()) } else { Err(LayerError::Range { what, value, range }) }
        };
        let decay = |what, value: f64| within(what, value, (0.0..1.0).contains(&value), "in [0, 1)");
        let positive = |what, value: f64| within(what, value, value > 0.0 && value.is_finite(), "positive and finite");
        match spec {
            OptimizerSpec::Sgd => {}
            OptimizerSpec::Momentum { beta, .. } => decay("beta", beta)?,
            OptimizerSpec::Adam { beta1, beta2, epsilon } => {
                decay("beta1", beta1)?;
                decay("beta2", beta2)?;
                positive("epsilon", epsilon)?;
            }
            OptimizerSpec::Smorms3 { epsilon } => positive("epsilon", epsilon)?,
        }
        within("learning rate", rate, rate >= 0.0 && rate.is_finite(), "finite and not negative")?;
        Ok(Self { spec, rate, clip: Clip::None, factor: 1.0, decay: 0.0 })
    }

    /// Adam with the usual constants.
    ///
    /// # Errors
    /// [`LayerError::Range`] for a negative or non-finite rate.
    pub fn adam(rate: f64) -> Result<Self> {
        Self::new(OptimizerSpec::adam(), rate)
    }

    /// Plain gradient ascent.
    ///
    /// # Errors
    /// [`LayerError::Range`] for a negative or non-finite rate.
    pub fn sgd(rate: f64) -> Result<Self> {
        Self::new(OptimizerSpec::Sgd, rate)
    }

    /// The same optimizer with clipping.
    ///
    /// # Errors
    /// [`LayerError::Range`] for a limit that is not positive.
    pub fn clipped(self, clip: Clip) -> Result<Self> {
        clip.validate()?;
        Ok(Self { clip, ..self })
    }

    /// The same optimizer with decoupled weight decay `λ`: in each step, the weights of networks are
    /// multiplied by `1 − ηλ`. Matrices of groups, scales, shifts and splines do not decay.
    ///
    /// # Errors
    /// [`LayerError::Range`] for a decay that is negative or not finite.
    pub fn decaying(self, decay: f64) -> Result<Self> {
        if !(decay >= 0.0 && decay.is_finite()) {
            return Err(LayerError::Range { what: "decay", value: decay, range: "finite and not negative" });
        }
        Ok(Self { decay, ..self })
    }

    /// The learning rate.
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// Sets the learning rate from the next step on.
    ///
    /// # Errors
    /// [`LayerError::Range`] for a negative or non-finite rate, which would turn ascent into
    /// descent.
    pub fn set_rate(&mut self, rate: f64) -> Result<()> {
        let Self { clip, factor, decay, .. } = *self;
        *self = Self { clip, factor, decay, ..Self::new(self.spec, rate)? };
        Ok(())
    }

    /// The step after `steps` earlier ones.
    fn now<F: Real>(&self, steps: u64) -> ElementwiseStep<'static, F> {
        let rate = F::of(self.rate);
        let formula = match self.spec {
            OptimizerSpec::Sgd => Formula::Sgd { rate },
            OptimizerSpec::Momentum { beta, nesterov } => Formula::Momentum { rate, beta: F::of(beta), nesterov },
            OptimizerSpec::Adam { beta1, beta2, epsilon } => {
                let t = i32::try_from(steps + 1).unwrap_or(i32::MAX);
                Formula::Adam(Adam {
                    beta1: F::of(beta1),
                    beta2: F::of(beta2),
                    epsilon: F::of(epsilon),
                    scale: F::of(self.rate / (1.0 - beta1.powi(t))),
                    root: F::of(1.0 / (1.0 - beta2.powi(t)).sqrt()),
                })
            }
            OptimizerSpec::Smorms3 { epsilon } => Formula::Smorms3(Smorms3 { rate, epsilon: F::of(epsilon) }),
        };
        let before = match self.clip {
            Clip::Value(limit) => Before::Within(F::of(limit)),
            Clip::Norm(_) if self.factor != 1.0 => Before::Times(F::of(self.factor)),
            Clip::None | Clip::Norm(_) => Before::Nothing,
        };
        ElementwiseStep::new(before, formula)
    }

    fn run<F: Real>(&self, memory: &mut Memory<F>, parameter: &mut [F], direction: &mut [F]) -> Result<()> {
        let step = self.now(memory.steps);
        memory.prepare(&step, direction.len())?;
        memory.steps += 1;
        step.run_parallel(Piece { parameter, direction, slots: memory.slices() });
        Ok(())
    }
}

impl<F: Real> Rule<F> for Optimizer {
    fn reads(&self) -> Reads {
        match (self.spec, self.clip) {
            (OptimizerSpec::Sgd, Clip::None) => Reads::Nothing,
            (OptimizerSpec::Sgd, Clip::Norm(_)) => Reads::Norm,
            (_, Clip::Norm(_)) => Reads::Entries,
            _ => Reads::Pieces,
        }
    }

    fn elementwise(&self, steps: u64) -> Option<ElementwiseStep<'_, F>> {
        Some(self.now(steps))
    }

    fn plain_rate(&self) -> Option<f64> {
        match (self.spec, self.clip) {
            (OptimizerSpec::Sgd, Clip::None | Clip::Norm(_)) => Some(self.rate * self.factor),
            _ => None,
        }
    }

    fn decay(&self) -> f64 {
        (self.rate * self.decay).min(1.0)
    }

    fn begin(&mut self, norm: &mut dyn FnMut() -> Result<f64>) -> Result<()> {
        self.factor = self.clip.factor(norm)?;
        Ok(())
    }

    fn step(&mut self, memory: &mut Memory<F>, direction: &mut [F]) -> Result<()> {
        self.run(memory, &mut [], direction)
    }

    fn ascend(&mut self, memory: &mut Memory<F>, parameter: &mut [F], direction: &mut [F]) -> Result<()> {
        if parameter.len() != direction.len() {
            return Err(LayerError::Memory { expected: parameter.len(), actual: direction.len() });
        }
        self.run(memory, parameter, direction)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn path(spec: OptimizerSpec, rate: f64, directions: &[f64]) -> Vec<f64> {
        let mut optimizer = Optimizer::new(spec, rate).unwrap();
        let mut memory = Memory::default();
        let mut x = [0.0];
        let mut seen = vec![];
        for &d in directions {
            let mut d = [d];
            optimizer.ascend(&mut memory, &mut x, &mut d).unwrap();
            seen.push(x[0]);
        }
        seen
    }

    fn close(actual: &[f64], expected: &[f64]) {
        for (a, e) in actual.iter().zip(expected) {
            assert!((a - e).abs() < 1e-12, "{actual:?} is not {expected:?}");
        }
    }

    #[test]
    fn hand_values() {
        close(&path(OptimizerSpec::Sgd, 0.5, &[1.0, -2.0]), &[0.5, -0.5]);
        close(&path(OptimizerSpec::momentum(), 0.5, &[1.0, 1.0]), &[0.5, 0.5 + 0.5 * 1.9]);
        let nesterov = OptimizerSpec::Momentum { beta: 0.5, nesterov: true };
        close(&path(nesterov, 1.0, &[1.0, 1.0]), &[1.5, 1.5 + 1.0 + 0.5 * 1.5]);
        // Adam's first step is η d/(|d| + ε); the second follows from the moments.
        let second = {
            let (m, v): (f64, f64) = (0.9 * 0.1 * 2.0 - 0.1, 0.999 * 0.001 * 4.0 + 0.001);
            0.1 * (m / (1.0 - 0.81)) / ((v / (1.0 - 0.999f64.powi(2))).sqrt() + 1e-8)
        };
        let first = 0.1 * 2.0 / (2.0 + 1e-8);
        close(&path(OptimizerSpec::adam(), 0.1, &[2.0, -1.0]), &[first, first + second]);
        // SMORMS3: mem = 1, r = 1/2, g = 1, g₂ = 2, x = 1/2; then mem = 1.5, r = 0.4, g = 1.4, g₂ =
        // 2.8, x = 0.7.
        let rate = 0.6;
        let (s1, s2) = (2.0 * 0.5 / 2f64.sqrt(), 2.0 * 0.6 / 2.8f64.sqrt());
        close(&path(OptimizerSpec::smorms3(), rate, &[2.0, 2.0]), &[s1, s1 + s2]);
    }

    #[test]
    fn step_and_ascend_agree_for_every_rule() {
        let size = 20_000;
        for spec in [OptimizerSpec::Sgd, OptimizerSpec::momentum(), OptimizerSpec::adam(), OptimizerSpec::smorms3()] {
            let mut optimizer = Optimizer::new(spec, 0.1).unwrap();
            let direction: Vec<f64> = (0..size).map(|i| (i as f64).sin()).collect();
            let (mut stepped, mut ascended) = (direction.clone(), direction.clone());
            let mut parameter = vec![0.0; size];
            optimizer.step(&mut Memory::default(), &mut stepped).unwrap();
            optimizer.ascend(&mut Memory::default(), &mut parameter, &mut ascended).unwrap();
            assert_eq!(stepped, ascended);
            assert_eq!(stepped, parameter, "{spec:?}");
        }
    }

    #[test]
    fn clipping_by_norm_and_by_value() {
        let mut by_norm = Optimizer::sgd(1.0).unwrap().clipped(Clip::Norm(1.0)).unwrap();
        Rule::<f64>::begin(&mut by_norm, &mut || Ok(5.0)).unwrap();
        let mut d: [f64; 2] = [3.0, -4.0];
        by_norm.step(&mut Memory::default(), &mut d).unwrap();
        assert!((d[0] - 0.6).abs() < 1e-15 && (d[1] + 0.8).abs() < 1e-15, "{d:?}");
        let mut d = [3.0, -0.5];
        Optimizer::sgd(1.0).unwrap().clipped(Clip::Value(1.0)).unwrap().step(&mut Memory::default(), &mut d).unwrap();
        assert_eq!(d, [1.0, -0.5]);
    }

    #[test]
    fn only_numbers_that_decay_shrink() {
        use crate::contract::Geometry;
        use crate::group::Free;

        let mut optimizer = Optimizer::adam(0.1).unwrap().decaying(0.5).unwrap();
        optimizer.set_rate(0.2).unwrap();
        let values = ndarray::array![2.0, -4.0];
        let stepped = |mut parameter: Free<f64, ndarray::Ix1>, optimizer: &mut Optimizer| {
            let mut grad = parameter.new_grad("w".into());
            grad.direction.copy_from_slice(&[0.0, 0.0]);
            parameter.step(optimizer, &mut grad).unwrap();
            parameter.values().to_vec()
        };
        let free = Free::new("w", values).unwrap();
        assert_eq!(stepped(free.clone(), &mut optimizer), [2.0, -4.0]);
        close(&stepped(free.decaying(), &mut optimizer), &[1.8, -3.6]);
        assert!(Optimizer::adam(0.1).unwrap().decaying(-1.0).is_err());
    }

    #[test]
    fn what_would_turn_ascent_into_descent_is_refused() {
        for clip in [Clip::Norm(-1.0), Clip::Value(0.0), Clip::Norm(f64::NAN)] {
            assert!(Optimizer::sgd(1.0).unwrap().clipped(clip).is_err(), "{clip:?}");
        }
        let mut optimizer = Optimizer::sgd(1.0).unwrap();
        assert!(optimizer.set_rate(-1.0).is_err() && optimizer.set_rate(f64::NAN).is_err());
        assert_eq!(optimizer.rate(), 1.0);
    }

    #[test]
    fn memory_of_another_parameter_is_refused() {
        let mut optimizer = Optimizer::adam(0.1).unwrap();
        let mut memory = Memory::default();
        optimizer.step(&mut memory, &mut [1.0, 2.0]).unwrap();
        let error = optimizer.step(&mut memory, &mut [1.0]).unwrap_err();
        assert_eq!(error, LayerError::Memory { expected: 1, actual: 2 });
    }
}
