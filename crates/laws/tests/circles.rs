//! Layers of angles against the law of circles.
#![allow(clippy::unwrap_used, clippy::panic)]

use pdmap_core::contract::ModuleParameters;
use pdmap_core::{Layer, Real};
use pdmap_laws::wrong::{CIRCLE_MISTAKES, WrongCircle};
use pdmap_laws::{Case, circles, laws, normal_rows, random_autoregressive, random_circular, rng};
use pdmap_layers::autoregressive::{AutoregressiveOptions, Order};
use pdmap_layers::circular::{Circular, CircularOptions};

fn holds<F: Real>(layer: &dyn Layer<F>, features: usize, angles: usize) -> bool {
    let (registry, x) = (laws::registry(), normal_rows::<F>(5, features, &mut rng(3)));
    circles(&Case::new(layer, x.view(), &registry), angles).is_ok()
}

fn hold<F: Real>() {
    for (features, angles, bins) in [(1, 1, 2), (2, 2, 5), (4, 3, 8)] {
        for order in [Order::Natural, Order::Reversed] {
            let options = CircularOptions { bins, order, ..CircularOptions::new(angles) };
            let layer = random_circular::<F>(features, 0, options, &mut rng(7)).unwrap();
            assert!(holds(&layer, features, angles), "{:?} {}", layer.spec(), F::DTYPE);
        }
    }
    // What else reads angles.
    let options = AutoregressiveOptions { angles: 2, ..AutoregressiveOptions::default() };
    assert!(holds(&random_autoregressive::<F>(4, 0, options, &mut rng(8)).unwrap(), 4, 2));
    for &mistake in CIRCLE_MISTAKES {
        let right = random_circular::<F>(3, 0, CircularOptions::new(2), &mut rng(9)).unwrap();
        assert!(!holds(&WrongCircle::new(right, mistake), 3, 2), "blind to {mistake:?} in {}", F::DTYPE);
    }
}

pdmap_laws::in_both_precisions!(layers_of_angles_are_maps_of_circles, hold);

#[test]
fn options_out_of_range_are_refused() {
    let new = |features, options| Circular::<f64>::new(features, 0, options, ModuleParameters::New(&mut rng(1)));
    let options = CircularOptions::new(2);
    assert!(new(3, options.clone()).is_ok());
    assert!(new(1, options.clone()).is_err(), "more angles than features");
    assert!(new(3, CircularOptions::new(0)).is_err());
    for bins in [0, 1, 17] {
        assert!(new(3, CircularOptions { bins, ..options.clone() }).is_err(), "{bins}");
    }
}
