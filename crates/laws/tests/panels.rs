//! Steps by panels agree with steps by whole directions.
#![allow(missing_docs, clippy::unwrap_used)]

use crate::effort::long;
use ndarray::Array2;
use pdmap_core::contract::{Memory, Rule};
use pdmap_core::flow::base::Normal;
use pdmap_core::optim::{Clip, Optimizer, OptimizerSpec};
use pdmap_core::{Flow, Layer, ParametricExt, Real, Result};
use pdmap_dense::{BiasKind, Dense, Direction, Group};
use pdmap_laws::normal_rows;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// The same rule, which reads whole directions only.
struct Whole(Optimizer);

impl<F: Real> Rule<F> for Whole {
    fn begin(&mut self, norm: &mut dyn FnMut() -> pdmap_core::Result<f64>) -> Result<()> {
        Rule::<F>::begin(&mut self.0, norm)
    }

    fn step(&mut self, memory: &mut Memory<F>, direction: &mut [F]) -> Result<()> {
        self.0.step(memory, direction)
    }

    fn ascend(&mut self, memory: &mut Memory<F>, parameter: &mut [F], direction: &mut [F]) -> Result<()> {
        self.0.ascend(memory, parameter, direction)
    }
}

/// A wrong rule: it makes each step as if it were the next one.
struct Early(Optimizer);

impl<F: Real> Rule<F> for Early {
    fn reads(&self) -> pdmap_core::contract::Reads {
        Rule::<F>::reads(&self.0)
    }

    fn elementwise(&self, steps: u64) -> Option<pdmap_core::contract::ElementwiseStep<'_, F>> {
        self.0.elementwise(steps + 1)
    }

    fn begin(&mut self, norm: &mut dyn FnMut() -> pdmap_core::Result<f64>) -> Result<()> {
        Rule::<F>::begin(&mut self.0, norm)
    }

    fn step(&mut self, memory: &mut Memory<F>, direction: &mut [F]) -> Result<()> {
        self.0.step(memory, direction)
    }
}

/// Steps of a walk.
const STEPS: u64 = 3;

fn walk<F: Real>(direction: Direction, dim: usize, rows: usize, rule: &mut dyn Rule<F>) -> (Array2<F>, Vec<F>) {
    let weight = Array2::from_shape_fn((dim, dim), |(i, j)| {
        F::of(f64::from(u8::from(i == j)) + 0.1 * ((3 * i + 5 * j) as f64).sin() / (dim as f64).sqrt())
    });
    let dense = Dense::new(weight, Group::General(direction), BiasKind::Plain).unwrap();
    let mut flow = Flow::new(dim, vec![Box::new(dense) as Box<dyn Layer<F>>], Box::new(Normal)).unwrap();
    let mut training = flow.training();
    for seed in 0..STEPS {
        let batch = normal_rows(rows, dim, &mut ChaCha8Rng::seed_from_u64(seed));
        flow.accumulate(&batch, &mut training).unwrap();
        flow.update(rule, &mut training).unwrap();
    }
    let (_, weight) = flow.tensors().into_iter().find(|(name, _)| name.ends_with("weight")).unwrap();
    (weight.into_dimensionality().unwrap(), training.grads.params[0].direction.clone())
}

fn apart<F: Real>(a: &Array2<F>, b: &Array2<F>) -> f64 {
    a.iter().zip(b).fold(0.0, |worst, (a, b)| {
        let error = (a.f64() - b.f64()).abs();
        if error <= worst { worst } else { error }
    })
}

/// Roundings of a few steps: the terms of products are added in another order.
const ROUNDINGS: f64 = 64.0;

fn check<F: Real>() {
    // Denominators away from 0: the two paths round differently, and a division by a number near 0 would
    // only amplify that.
    let epsilon = 1e-2;
    let adam = OptimizerSpec::Adam { beta1: 0.9, beta2: 0.999, epsilon };
    let rules = [
        Optimizer::new(OptimizerSpec::Sgd, 1e-2).unwrap(),
        Optimizer::new(OptimizerSpec::Sgd, 1e-2).unwrap().clipped(Clip::Value(0.05)).unwrap(),
        Optimizer::new(OptimizerSpec::momentum(), 1e-2).unwrap(),
        Optimizer::new(adam, 1e-3).unwrap(),
        Optimizer::new(OptimizerSpec::Smorms3 { epsilon }, 1e-3).unwrap(),
    ];
    let directions = [Direction::Relative, Direction::RelativeLeft];
    for (index, direction) in directions.into_iter().enumerate() {
        // Less than a panel; several panels; more columns than a piece has, on several threads. Half as
        // many rows: too many for steps in factors.
        for dim in [5, 150, 1100] {
            // The short run tries one rule on the largest size: another for each direction and precision.
            let single = 1 + index + 2 * usize::from(F::DTYPE == "f32");
            let small = long() || dim < 1000;
            for (_, rule) in rules.iter().enumerate().filter(|(index, _)| small || *index == single) {
                let (panels, none) = walk::<F>(direction, dim, dim / 2, &mut rule.clone());
                assert!(none.is_empty(), "{direction:?}: a direction was written out");
                let (whole, direction_whole) = walk::<F>(direction, dim, dim / 2, &mut Whole(rule.clone()));
                assert_eq!(direction_whole.len(), dim * dim);
                let error = apart(&panels, &whole);
                assert!(error <= ROUNDINGS * F::EPS, "{direction:?}, D = {dim}, {rule:?}: {:e}", error / F::EPS);
            }
            if small {
                let (early, _) = walk::<F>(direction, dim, dim / 2, &mut Early(rules[3].clone()));
                let (whole, _) = walk::<F>(direction, dim, dim / 2, &mut Whole(rules[3].clone()));
                assert!(apart(&early, &whole) > ROUNDINGS * F::EPS, "blind to a wrong step");
            }
        }
    }
}

pdmap_laws::in_both_precisions!(panels_and_whole_directions, check);
