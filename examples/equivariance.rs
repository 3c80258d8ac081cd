//! Is the learning curve of `log p + log|det A|` independent of the mixing matrix `A`, given the
//! same `W₀A`?
//!
//! ```sh
//! cargo run --release --example equivariance
//! ```
//!
//! One dense layer on `x = A s` with independent Laplace sources `s`, starting from `W₀ = P A⁻¹`
//! with the same `P` for all mixing matrices. All runs thus start with the same density of the
//! sources and see the same batches of them. A method is equivariant (Cardoso & Laheld 1996) if
//! `W_t A` is the same for all `A`. For each direction and optimizer, the table shows the largest
//! difference in nats, over the run, between the curve of a mixing matrix and that of `A = I`. (The
//! base is logistic, whose score is smooth. The score of a Laplace base jumps; training drives some
//! rows to the jump, where rounding decides, so that even equivariant curves end 1e-3 apart.)
#![allow(missing_docs)]

use anyhow::Result;
use clap::Parser;
use ndarray::{Array1, Array2};
use pdmap::data::{Counts, Ica, Source};
use pdmap::dense::{BiasKind, Dense, Direction, Group};
use pdmap::group::haar;
use pdmap::optim::{Optimizer, OptimizerSpec};
use pdmap::{Flow, Layer, LayerError, base};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Compares learning curves for several mixing matrices.
#[derive(Debug, Parser)]
struct Options {
    #[arg(long, default_value_t = 16)]
    dim: usize,
    #[arg(long, default_value_t = 2000)]
    steps: usize,
    #[arg(long, default_value_t = 100)]
    batch: usize,
    /// Condition numbers of the mixing matrices.
    #[arg(long, value_delimiter = ',', default_values_t = [3.0, 30.0, 1000.0, 1e6])]
    conditions: Vec<f64>,
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

const DIRECTIONS: [(&str, Direction); 4] = [
    ("algebra", Direction::Algebra),
    ("relative, parameter space", Direction::Relative),
    ("relative left, parameter space", Direction::RelativeLeft),
    ("Euclidean", Direction::Euclidean),
];

/// Points per curve.
const POINTS: usize = 40;

fn main() -> Result<()> {
    let options = Options::parse();
    let Options { dim, seed, .. } = options;
    let identity = Ica { dim, source: Source::Laplace, condition: 1.0 };
    let counts = Counts { train: 20_000, validation: 5_000, test: 1 };
    // Undo the orthonormal mixing to get the sources.
    let mixed = pdmap::data::Generator::Ica(identity).splits::<f64>(counts, seed)?;
    let unmixing = identity.truth(seed)?.unmixing;
    let sources = [mixed.train.dot(&unmixing.t()), mixed.validation.dot(&unmixing.t())];
    let start: Array2<f64> = haar(dim, &mut ChaCha8Rng::seed_from_u64(seed));
    println!(
        "largest |curve − curve at A = I| in nats; in brackets, the improvement of the run at A = I and at the worst-conditioned A"
    );
    let head: Vec<String> = options.conditions.iter().map(|c| format!("{c:>12e}")).collect();
    println!("{:<44}{}", "condition of A", head.join(""));
    for (optimizer, spec, rate) in [("SGD", OptimizerSpec::Sgd, 0.02), ("Adam", OptimizerSpec::adam(), 3e-3)] {
        for (name, direction) in DIRECTIONS {
            let run = |condition: Option<f64>| {
                let (mixing, unmixing, log_det) = mixing(condition, dim, seed)?;
                let rows = [sources[0].dot(&mixing.t()), sources[1].dot(&mixing.t())];
                let weight = start.dot(&unmixing);
                curve(&options, weight, direction, Optimizer::new(spec, rate)?, &rows, log_det)
            };
            let reference = run(None)?;
            let gain = |curve: &Array1<f64>| curve[POINTS] - curve[0];
            let (mut distances, mut gains) = (Vec::new(), vec![gain(&reference)]);
            for &condition in &options.conditions {
                let other = run(Some(condition))?;
                let worst = (&other - &reference).iter().fold(0.0, |worst: f64, d| {
                    if worst.is_nan() || d.is_nan() { f64::NAN } else { worst.max(d.abs()) }
                });
                distances.push(format!("{worst:>12.1e}"));
                gains.push(gain(&other));
            }
            let last = gains.last().copied().unwrap_or(f64::NAN);
            println!("{:<44}{}   [{:.3}, {last:.3}]", format!("{optimizer}, {name}"), distances.join(""), gains[0]);
        }
    }
    Ok(())
}

/// `A`, `A⁻¹` and `log|det A|`; the identity without a condition number.
fn mixing(condition: Option<f64>, dim: usize, seed: u64) -> Result<(Array2<f64>, Array2<f64>, f64)> {
    let Some(condition) = condition else { return Ok((Array2::eye(dim), Array2::eye(dim), 0.0)) };
    let truth = Ica { dim, source: Source::Laplace, condition }.truth(seed + 1)?;
    Ok((truth.mixing, truth.unmixing, truth.log_det))
}

/// `log p + log|det A|` of the held-out rows during the run.
fn curve(
    options: &Options,
    weight: Array2<f64>,
    direction: Direction,
    mut optimizer: Optimizer,
    [rows, held_out]: &[Array2<f64>; 2],
    log_det: f64,
) -> Result<Array1<f64>> {
    let dense = Dense::new(weight, Group::General(direction), BiasKind::None)?;
    let layers: Vec<Box<dyn Layer<f64>>> = vec![Box::new(dense)];
    let mut flow = Flow::new(options.dim, layers, Box::new(base::Logistic))?;
    let mut training = flow.training();
    let every = (options.steps / POINTS).max(1);
    let value = |flow: &Flow<f64>| -> Result<f64> {
        let log_prob = flow.log_prob(held_out)?;
        Ok(log_prob.iter().sum::<f64>() / log_prob.len() as f64 + log_det)
    };
    let mut curve = vec![value(&flow)?];
    for step in 0..every * POINTS {
        let first = step * options.batch % (rows.nrows() - options.batch);
        let batch = rows.slice_axis(ndarray::Axis(0), (first..first + options.batch).into());
        // After divergence the curve is NaN, which counts as an infinite difference.
        let stepped = flow.accumulate(batch, &mut training).and_then(|_| flow.update(&mut optimizer, &mut training));
        if let Err(LayerError::NonFinite { .. } | LayerError::Singular { .. }) = stepped {
            break;
        }
        stepped?;
        if (step + 1).is_multiple_of(every) {
            curve.push(value(&flow).unwrap_or(f64::NAN));
        }
    }
    curve.resize(POINTS + 1, f64::NAN);
    Ok(Array1::from_vec(curve))
}
