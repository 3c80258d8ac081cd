//! The same bits whatever the number of threads.
#![allow(clippy::unwrap_used, clippy::panic)]

use pdmap_core::optim::Optimizer;
use pdmap_core::{Base, Flow, Layer, Real};
use pdmap_dense::{BiasKind, Dense, Direction, Group};
use pdmap_testing::{normal_rows, rng};

fn trained<F: Real>(threads: usize, group: Group, features: usize, rows: usize) -> Vec<F> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        let mut rng = rng(1);
        let x = normal_rows::<F>(rows, features, &mut rng);
        let dense: Box<dyn Layer<F>> =
            Box::new(Dense::random(features, group, BiasKind::Plain, &mut rng).unwrap());
        let mut flow = Flow::new(features, vec![dense], Base::normal()).unwrap();
        let mut training = flow.training();
        let mut optimizer = Optimizer::adam(1e-3).unwrap();
        for _ in 0..3 {
            flow.accumulate(&x, &mut training).unwrap();
            flow.update(&mut optimizer, &mut training).unwrap();
        }
        let mut bits: Vec<F> =
            flow.tensors().into_iter().flat_map(|(_, tensor)| tensor.into_iter()).collect();
        bits.extend(flow.log_prob(&x).unwrap().into_iter().map(F::of));
        bits
    })
}

fn same<F: Real>(threads: usize, group: Group, features: usize, rows: usize, case: &str) {
    let (one, many) = (trained::<F>(1, group, features, rows), trained::<F>(threads, group, features, rows));
    let different = one.iter().zip(&many).filter(|(a, b)| a != b).count();
    assert!(different == 0, "{case}: {different} of {} numbers differ in {}", one.len(), F::DTYPE);
}

#[test]
fn one_two_and_four_threads_give_the_same_bits() {
    for group in [
        Group::General(Direction::Relative),
        Group::General(Direction::Algebra),
        Group::General(Direction::Euclidean),
        Group::Orthonormal,
    ] {
        for (features, rows) in [(63, 100), (300, 100), (150, 500)] {
            for threads in [2, 4] {
                let case = format!("{group:?}, {features} features, {rows} rows, {threads} threads");
                same::<f32>(threads, group, features, rows, &case);
                same::<f64>(threads, group, features, rows, &case);
            }
        }
    }
}
