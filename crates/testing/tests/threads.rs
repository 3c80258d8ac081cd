//! The same bits whatever the number of threads.
#![allow(clippy::unwrap_used, clippy::panic)]

use pdmap_core::optim::{Clip, Optimizer};
use pdmap_core::{Base, Flow, Layer, Real};
use pdmap_dense::{BiasKind, Dense, Direction, Group};
use pdmap_testing::{normal_rows, rng};

fn trained<F: Real>(
    threads: usize,
    group: Group,
    optimizer: &Optimizer,
    features: usize,
    rows: usize,
) -> Vec<F> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        let mut rng = rng(1);
        let x = normal_rows::<F>(rows, features, &mut rng);
        let dense: Box<dyn Layer<F>> =
            Box::new(Dense::random(features, group, BiasKind::Plain, &mut rng).unwrap().tracking_inverse());
        let mut flow = Flow::new(features, vec![dense], Base::normal()).unwrap();
        let mut training = flow.training();
        let mut optimizer = optimizer.clone();
        for _ in 0..3 {
            flow.accumulate(&x, &mut training).unwrap();
            flow.update(&mut optimizer, &mut training).unwrap();
        }
        let mut bits: Vec<F> =
            flow.tensors().into_iter().flat_map(|(_, tensor)| tensor.into_iter()).collect();
        bits.extend(flow.decode(&x).unwrap());
        bits.extend(flow.log_prob(&x).unwrap().into_iter().map(F::of));
        bits
    })
}

fn same<F: Real>(
    threads: usize,
    group: Group,
    optimizer: &Optimizer,
    features: usize,
    rows: usize,
    case: &str,
) {
    let trained = |threads| trained::<F>(threads, group, optimizer, features, rows);
    let (one, many) = (trained(1), trained(threads));
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
        let adam = Optimizer::adam(1e-3).unwrap();
        // Few rows of a plain rule stay in factors.
        let sgd = Optimizer::sgd(1e-2).unwrap().clipped(Clip::Norm(5.0)).unwrap();
        for (optimizer, features, rows) in
            [(&adam, 63, 100), (&adam, 300, 100), (&adam, 150, 500), (&sgd, 300, 70), (&sgd, 600, 16)]
        {
            for threads in [2, 4] {
                let case = format!("{group:?}, {features} features, {rows} rows, {threads} threads");
                same::<f32>(threads, group, optimizer, features, rows, &case);
                same::<f64>(threads, group, optimizer, features, rows, &case);
            }
        }
    }
}
