//! EM iterations, evaluations of the base density and its training steps take no memory once the
//! first ones have taken theirs.
#![allow(clippy::unwrap_used)]

use std::alloc::System;

use cap::Cap;
use ndarray::{Array2, Axis, Slice};
use pdmap_core::group::Direction;
use pdmap_core::optim::Optimizer;
use pdmap_core::{Base, Flow, ParametricExt, Real};
use pdmap_mixture::{CovarianceForm, Em, FactorKind, GaussianMixtureBase, Prior, Standardized, kmeans};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// Bytes taken from the heap meanwhile, on all threads.
fn taken(body: impl FnOnce()) -> usize {
    let before = ALLOCATOR.total_allocated();
    body();
    ALLOCATOR.total_allocated() - before
}

/// The minimum of a few measurements: the pool's queue may grow once while a thread waits, but an
/// iteration that allocates does so each time.
fn least(mut body: impl FnMut() -> usize) -> usize {
    (0..3).map(|_| body()).min().unwrap_or(usize::MAX)
}

/// Bytes of forty training steps.
fn steps<F: Real>(base: GaussianMixtureBase<F>, z: &Array2<F>) -> usize {
    let mut flow = Flow::builder(z.ncols()).base(base).build().unwrap();
    let (mut training, mut rule) = (flow.training(), Optimizer::adam(1e-4).unwrap());
    let mut step = || {
        flow.accumulate(z, &mut training).unwrap();
        flow.update(&mut rule, &mut training).unwrap();
    };
    (0..72).for_each(|_| step());
    least(|| taken(|| (0..40).for_each(|_| step())))
}

/// Bytes of ten evaluations, and of forty steps, in each of `F`.
fn evaluations<F: Real>(mixture: &pdmap_mixture::GaussianMixture, rows: &Array2<f64>) -> usize {
    let z = rows.mapv(F::of);
    let kinds = [FactorKind::General, FactorKind::Tied, FactorKind::Diagonal, FactorKind::Orthonormal];
    let mut bytes = 0;
    for kind in kinds {
        let base = GaussianMixtureBase::<F>::new(mixture, kind, Direction::Algebra).unwrap();
        let (mut out, mut delta) = (vec![0.0; z.nrows()], Array2::zeros(z.raw_dim()));
        let mut grads = base.new_grads();
        let mut all = || {
            base.differentiate(z.view().into(), &mut out, delta.view_mut(), &mut grads.params).unwrap();
            base.add_log_density(z.view().into(), &mut out).unwrap();
            grads.clear();
        };
        (0..2).for_each(|_| all());
        bytes += least(|| taken(|| (0..10).for_each(|_| all())));
        bytes += steps(base, &z);
    }
    bytes
}

// One test: the counter is the process's.
#[test]
fn no_iteration_takes_memory_after_the_first() {
    // The control: something that allocates is seen.
    assert!(taken(|| drop(std::hint::black_box(vec![0_u8; 100]))) > 0);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let rows = Array2::from_shape_fn((4000, 6), |(i, j)| ((i * (j + 3) + i * i) as f64).sin() + 3.0 * (i % 4) as f64);
    let rows = Standardized::new(rows.view()).unwrap();
    let groups = kmeans(rows.rows(), 4, &mut rng).unwrap();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    pool.broadcast(|_| ());
    for form in
        [CovarianceForm::Full, CovarianceForm::Tied, CovarianceForm::Diagonal, CovarianceForm::LowRank { rank: 2 }]
    {
        let bytes = pool.install(|| {
            let mut em = Em::new(&rows, form, 4, &Prior::floor(6)).unwrap();
            em.start(&groups.labels).unwrap();
            let mut steps = |count| (0..count).for_each(|_| assert!(em.step().is_ok()));
            steps(2);
            least(|| taken(|| steps(10)))
        });
        assert_eq!(bytes, 0, "{form:?}");
    }
    let mut em = Em::new(&rows, CovarianceForm::Full, 4, &Prior::floor(6)).unwrap();
    em.start(&groups.labels).unwrap();
    let (mixture, batch) = (em.mixture().unwrap(), rows.rows().slice_axis(Axis(0), Slice::from(..64)).to_owned());
    let bytes = pool.install(|| (evaluations::<f64>(&mixture, &batch), evaluations::<f32>(&mixture, &batch)));
    assert_eq!(bytes, (0, 0));
}
