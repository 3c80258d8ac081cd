//! Limited-memory BFGS in an algebra (Nocedal 1980), with a preconditioner.

use std::collections::VecDeque;

use ndarray::Array2;

use super::curvature::Curvature;

/// Steps and the changes of the gradient along them.
#[derive(Debug, Clone, Default)]
pub(super) struct Memory {
    pairs: VecDeque<Pair>,
    most: usize,
}

#[derive(Debug, Clone)]
struct Pair {
    step: Array2<f64>,
    change: Array2<f64>,
    /// `1/⟨step, change⟩`.
    inverse: f64,
}

/// Least cosine between a step and its change of the gradient, below which the pair is forgotten: the
/// curvature along it is not known to be positive.
const LEAST_COSINE: f64 = 1e-10;

impl Memory {
    pub(super) fn new(most: usize) -> Self {
        Self { pairs: VecDeque::new(), most }
    }

    pub(super) fn clear(&mut self) {
        self.pairs.clear();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Remembers a step and what it did to the gradient.
    pub(super) fn push(&mut self, step: Array2<f64>, change: Array2<f64>) {
        let along = product(&step, &change);
        let lengths = (product(&step, &step) * product(&change, &change)).sqrt();
        if self.most == 0 || along <= LEAST_COSINE * lengths {
            return;
        }
        if self.pairs.len() == self.most {
            self.pairs.pop_front();
        }
        self.pairs.push_back(Pair { step, change, inverse: 1.0 / along });
    }

    /// `−H⁻¹ G`, where `curvature` is the Hessian that no pair speaks of.
    pub(super) fn direction(&self, gradient: &Array2<f64>, curvature: &Curvature) -> Array2<f64> {
        let mut q = gradient.clone();
        let mut along = Vec::with_capacity(self.pairs.len());
        for Pair { step, change, inverse } in self.pairs.iter().rev() {
            let a = inverse * product(step, &q);
            q.scaled_add(-a, change);
            along.push(a);
        }
        let mut direction = curvature.solve(&q);
        for (Pair { step, change, inverse }, a) in self.pairs.iter().zip(along.into_iter().rev()) {
            let b = inverse * product(change, &direction);
            direction.scaled_add(a - b, step);
        }
        -direction
    }
}

/// `⟨A, B⟩ = Σ A_ij B_ij`.
pub(super) fn product(a: &Array2<f64>, b: &Array2<f64>) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
