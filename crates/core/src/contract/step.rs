//! One step of an elementwise rule, applied at once or piece by piece.

use std::fmt::{Debug, Formatter};

use super::formulas::{self, Adam, Smorms3};
use crate::Real;
use crate::parallel::{GRAIN, Pass, run_vectorized};

/// Maximum number of slots that a rule keeps per parameter.
pub const MOST_SLOTS: usize = 3;

/// One step of an elementwise rule defined in another crate: a function of parameter, direction and
/// memory, number by number. It gives such an optimizer the fast path, where a matrix moves panel
/// by panel while its direction is computed.
pub trait PieceStep<F>: Sync {
    /// Initial value of each slot of the memory; at most [`MOST_SLOTS`] of them.
    fn start(&self) -> &'static [f64];

    /// Replaces the direction by the step, and adds the step to the parameter if there is one.
    fn run(&self, piece: Piece<'_, F>);
}

/// One step of an elementwise rule, with everything common to all numbers (rates, bias corrections,
/// clipping) already computed.
#[derive(Debug, Clone, Copy)]
pub struct ElementwiseStep<'r, F> {
    before: Before<F>,
    formula: Formula<'r, F>,
}

/// Clipping, applied to a direction first.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Before<F> {
    Nothing,
    /// Multiplies every number.
    Times(F),
    /// Clamps every number to ± this.
    Within(F),
}

/// The update formulas with their constants for one step.
#[derive(Clone, Copy)]
pub(crate) enum Formula<'r, F> {
    Sgd { rate: F },
    Momentum { rate: F, beta: F, nesterov: bool },
    Adam(Adam<F>),
    Smorms3(Smorms3<F>),
    Foreign(&'r dyn PieceStep<F>),
}

impl<F: Debug> Debug for Formula<'_, F> {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sgd { rate } => f.debug_struct("Sgd").field("rate", rate).finish(),
            Self::Momentum { rate, beta, .. } => {
                f.debug_struct("Momentum").field("rate", rate).field("beta", beta).finish_non_exhaustive()
            }
            Self::Adam(adam) => adam.fmt(f),
            Self::Smorms3(smorms3) => smorms3.fmt(f),
            Self::Foreign(_) => f.write_str("Foreign"),
        }
    }
}

/// A piece of a parameter, of its direction, and of each slot of the optimizer's memory, all of the
/// same length. Parameter and slots may be empty.
#[derive(Debug)]
pub struct Piece<'a, F> {
    /// The parameter.
    pub parameter: &'a mut [F],
    /// The direction on entry, the step on return.
    pub direction: &'a mut [F],
    /// The slots of the memory.
    pub slots: [&'a mut [F]; MOST_SLOTS],
}

/// The first `at` numbers and the rest; two empty slices for an empty one.
pub(crate) fn cut<F>(slice: &mut [F], at: usize) -> (&mut [F], &mut [F]) {
    let at = at.min(slice.len());
    slice.split_at_mut(at)
}

impl<'r, F: Real> ElementwiseStep<'r, F> {
    pub(crate) fn new(before: Before<F>, formula: Formula<'r, F>) -> Self {
        Self { before, formula }
    }

    /// A step whose formula is defined elsewhere.
    pub fn foreign(step: &'r dyn PieceStep<F>) -> Self {
        Self::new(Before::Nothing, Formula::Foreign(step))
    }

    /// Initial value of each slot of the memory, one per slot of the rule.
    pub fn start(&self) -> &'static [f64] {
        match self.formula {
            Formula::Sgd { .. } => &[],
            Formula::Momentum { .. } => &[0.0],
            Formula::Adam(_) => &[0.0, 0.0],
            Formula::Smorms3(_) => &[1.0, 0.0, 0.0],
            Formula::Foreign(step) => step.start(),
        }
    }

    /// Applies the step to all numbers of a piece: the direction becomes the step, which is added
    /// to the parameter if there is one.
    pub(crate) fn run_parallel(&self, piece: Piece<'_, F>) {
        let size = piece.direction.len();
        if size <= 2 * GRAIN {
            return run_vectorized(self, piece);
        }
        let at = (size / 2).next_multiple_of(16);
        let Piece { parameter, direction, slots } = piece;
        let ((p_0, p_1), (d_0, d_1)) = (cut(parameter, at), cut(direction, at));
        let [(a_0, a_1), (b_0, b_1), (c_0, c_1)] = slots.map(|slot| cut(slot, at));
        let first = Piece { parameter: p_0, direction: d_0, slots: [a_0, b_0, c_0] };
        let second = Piece { parameter: p_1, direction: d_1, slots: [a_1, b_1, c_1] };
        rayon::join(|| self.run_parallel(first), || self.run_parallel(second));
    }
}

impl<'a, F: Real> Pass<Piece<'a, F>> for ElementwiseStep<'_, F> {
    #[inline(always)]
    fn run(&self, piece: Piece<'a, F>) {
        let Piece { parameter: p, direction: d, slots: [a, b, c] } = piece;
        match self.before {
            Before::Nothing => {}
            Before::Times(factor) => d.iter_mut().for_each(|d| *d *= factor),
            // Comparisons propagate NaN; min and max would turn it into a step.
            Before::Within(limit) => d.iter_mut().for_each(|d| {
                if *d > limit {
                    *d = limit
                } else if *d < -limit {
                    *d = -limit
                }
            }),
        }
        match &self.formula {
            Formula::Sgd { rate } => formulas::sgd(p, d, *rate),
            Formula::Momentum { rate, beta, nesterov } => {
                formulas::momentum(p, d, a, *rate, *beta, *nesterov);
            }
            Formula::Adam(adam) => adam.chunk(p, d, a, b),
            Formula::Smorms3(smorms3) => smorms3.chunk(p, d, a, b, c),
            Formula::Foreign(step) => step.run(Piece { parameter: p, direction: d, slots: [a, b, c] }),
        }
    }
}
