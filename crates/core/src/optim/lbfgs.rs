//! Limited-memory BFGS (Nocedal 1980, "Updating quasi-Newton matrices with limited storage"), with a
//! preconditioner.

use std::collections::VecDeque;

/// Steps of a descent and the changes of the gradient along them, in coordinates in which both are
/// vectors, such as those of an algebra.
#[derive(Debug, Clone, Default)]
pub struct Lbfgs {
    pairs: VecDeque<Pair>,
    most: usize,
}

#[derive(Debug, Clone)]
struct Pair {
    step: Vec<f64>,
    change: Vec<f64>,
    /// `1/⟨step, change⟩`.
    inverse: f64,
}

/// Least cosine between a step and its change of the gradient, below which the pair is forgotten: the
/// curvature along it is not known to be positive.
const LEAST_COSINE: f64 = 1e-10;

impl Lbfgs {
    /// Remembers up to `most` pairs.
    pub fn new(most: usize) -> Self {
        Self { pairs: VecDeque::new(), most }
    }

    /// Forgets all pairs.
    pub fn clear(&mut self) {
        self.pairs.clear();
    }

    /// Whether there are no pairs.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Remembers a step and what it did to the gradient of what is minimized, unless the curvature along
    /// it is not positive.
    pub fn push(&mut self, step: Vec<f64>, change: Vec<f64>) {
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

    /// The curvature along the last step, `⟨change, change⟩/⟨step, change⟩`, if there is one.
    pub fn curvature(&self) -> Option<f64> {
        self.pairs.back().map(|pair| product(&pair.change, &pair.change) * pair.inverse)
    }

    /// `−H⁻¹ g`, where `solve` replaces a vector by `H₀⁻¹` times it, for the Hessian `H₀` that no pair
    /// speaks of.
    pub fn direction(&self, gradient: &[f64], solve: impl FnOnce(&mut Vec<f64>)) -> Vec<f64> {
        let mut q = gradient.to_vec();
        let mut along = Vec::with_capacity(self.pairs.len());
        for Pair { step, change, inverse } in self.pairs.iter().rev() {
            let a = inverse * product(step, &q);
            add(&mut q, -a, change);
            along.push(a);
        }
        solve(&mut q);
        for (Pair { step, change, inverse }, a) in self.pairs.iter().zip(along.into_iter().rev()) {
            let b = inverse * product(change, &q);
            add(&mut q, a - b, step);
        }
        q.iter_mut().for_each(|value| *value = -*value);
        q
    }
}

/// `⟨a, b⟩`.
pub fn product(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add(to: &mut [f64], factor: f64, from: &[f64]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to += factor * from);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `∇ ½ xᵀ A x` for the tridiagonal matrix of 2.1 and −1.
    fn gradient(x: &[f64]) -> Vec<f64> {
        let at = |index: usize| x.get(index).copied().unwrap_or(0.0);
        (0..x.len()).map(|i| 2.1 * x[i] - at(i + 1) - if i > 0 { at(i - 1) } else { 0.0 }).collect()
    }

    /// Steps until the gradient of the quadratic form vanishes.
    fn steps(memory: usize, scale: bool) -> usize {
        let mut x: Vec<f64> = (0..12).map(|i| f64::from(i * i % 7) - 3.0).collect();
        let mut lbfgs = Lbfgs::new(memory);
        for count in 0..1000 {
            let g = gradient(&x);
            if product(&g, &g) < 1e-18 {
                return count;
            }
            let d = lbfgs.direction(&g, |q| {
                if scale {
                    q.iter_mut().for_each(|q| *q /= 2.1)
                }
            });
            assert!(product(&d, &g) < 0.0);
            // The exact step along the direction.
            let t = -product(&d, &g) / product(&d, &gradient(&d));
            let step: Vec<f64> = d.iter().map(|d| t * d).collect();
            add(&mut x, 1.0, &step);
            let change = gradient(&x).iter().zip(&g).map(|(new, old)| new - old).collect();
            lbfgs.push(step, change);
        }
        1000
    }

    #[test]
    fn a_quadratic_form_takes_as_many_steps_as_it_has_numbers() {
        assert!(steps(12, true) <= 13 && steps(12, false) <= 13, "{} {}", steps(12, true), steps(12, false));
        assert!(steps(0, false) > 30);
        let mut lbfgs = Lbfgs::new(2);
        // Negative curvature is not remembered.
        lbfgs.push(vec![1.0, 0.0], vec![-1.0, 0.0]);
        assert!(lbfgs.is_empty() && lbfgs.curvature().is_none());
        lbfgs.push(vec![1.0, 0.0], vec![4.0, 0.0]);
        assert_eq!(lbfgs.curvature(), Some(4.0));
        assert_eq!(lbfgs.direction(&[4.0, 3.0], |_| ()), vec![-1.0, -3.0]);
    }
}
