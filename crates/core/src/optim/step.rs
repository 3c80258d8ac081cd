//! One step of an elementwise rule, to be made all at once or piece by piece.

use super::rules::{self, Adam, Smorms3};
use super::{Clip, Memory};
use crate::Real;
use crate::parallel::{GRAIN, Pass, run_vectorized};

/// Most numbers that a rule keeps for each parameter.
const MOST_SLOTS: usize = 3;

/// What an elementwise rule does in one step, with everything that holds for all numbers (rates, corrections of bias, clipping) worked out: a
/// function of parameter, direction and memory, number by number. A matrix can be moved by it panel by panel while its direction is being made.
#[derive(Debug, Clone, Copy)]
pub struct ElementwiseStep<F> {
    pub(super) before: Before<F>,
    pub(super) rule: Rule<F>,
}

/// What happens to a direction first.
#[derive(Debug, Clone, Copy)]
pub(super) enum Before<F> {
    Nothing,
    /// Every number is multiplied.
    Times(F),
    /// Every number is kept within ± this.
    Within(F),
}

impl<F: Real> Before<F> {
    pub(super) fn of(clip: Clip, factor: f64) -> Self {
        match clip {
            Clip::Value(limit) => Self::Within(F::of(limit)),
            Clip::Norm(_) if factor != 1.0 => Self::Times(F::of(factor)),
            Clip::None | Clip::Norm(_) => Self::Nothing,
        }
    }
}

/// The rules with the numbers of one step.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rule<F> {
    Sgd { rate: F },
    Momentum { rate: F, beta: F, nesterov: bool },
    Adam(Adam<F>),
    Smorms3(Smorms3<F>),
}

/// A piece of a parameter (or nothing), of its direction, and of each slot of the rule's memory (or nothing).
#[derive(Debug)]
pub(crate) struct Piece<'a, F> {
    pub(crate) parameter: &'a mut [F],
    pub(crate) direction: &'a mut [F],
    pub(crate) slots: [&'a mut [F]; MOST_SLOTS],
}

/// Each slot of a memory as a slice, and nothing for those that a rule does not have.
pub(crate) fn slices<F>(memory: &mut Memory<F>) -> [&mut [F]; MOST_SLOTS] {
    let mut slots = memory.slots.iter_mut();
    std::array::from_fn(|_| slots.next().map_or(&mut [][..], |slot| &mut slot[..]))
}

/// The first `at` numbers and the rest; nothing twice where there is nothing.
pub(crate) fn cut<F>(slice: &mut [F], at: usize) -> (&mut [F], &mut [F]) {
    let at = at.min(slice.len());
    slice.split_at_mut(at)
}

impl<F: Real> ElementwiseStep<F> {
    /// What each slot of the memory starts with; as many as the rule keeps.
    pub fn start(&self) -> &'static [f64] {
        match self.rule {
            Rule::Sgd { .. } => &[],
            Rule::Momentum { .. } => &[0.0],
            Rule::Adam(_) => &[0.0, 0.0],
            Rule::Smorms3(_) => &[1.0, 0.0, 0.0],
        }
    }

    /// The step on all numbers of a piece: the direction becomes the step, which is added to the parameter where there is one.
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

impl<'a, F: Real> Pass<Piece<'a, F>> for ElementwiseStep<F> {
    #[inline(always)]
    fn run(&self, piece: Piece<'a, F>) {
        let Piece { parameter: p, direction: d, slots: [a, b, c] } = piece;
        match self.before {
            Before::Nothing => {}
            Before::Times(factor) => d.iter_mut().for_each(|d| *d *= factor),
            // Comparisons, not min and max, which would turn NaN into a step.
            Before::Within(limit) => d.iter_mut().for_each(|d| {
                if *d > limit {
                    *d = limit
                } else if *d < -limit {
                    *d = -limit
                }
            }),
        }
        match &self.rule {
            Rule::Sgd { rate } => rules::sgd(p, d, *rate),
            Rule::Momentum { rate, beta, nesterov } => rules::momentum(p, d, a, *rate, *beta, *nesterov),
            Rule::Adam(adam) => adam.chunk(p, d, a, b),
            Rule::Smorms3(smorms3) => smorms3.chunk(p, d, a, b, c),
        }
    }
}
