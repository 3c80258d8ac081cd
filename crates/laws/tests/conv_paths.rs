//! Paths of convolutions under plain SGD: independent of the length, and the same in both coordinates.
#![allow(clippy::unwrap_used)]

use ndarray::{Array2, Axis};
use pdmap_conv::{CycledConv, Direction, Geometry, Group};
use pdmap_core::flow::base::Logistic;
use pdmap_core::optim::Optimizer;
use pdmap_core::{Flow, ParametricExt};
use pdmap_laws::tolerance::rounding;
use pdmap_laws::{normal_rows, rng, worst};

/// Numbers after some steps, against those of another path.
const PATH: f64 = 16.0;

/// A step of plain SGD on periodic signals and on the same signals repeated leads to the same stages: the
/// sum over blocks is divided by their number.
#[test]
fn rates_do_not_depend_on_the_length() {
    let mut rng = rng(29);
    let once = normal_rows::<f64>(5, 24, &mut rng);
    let twice = ndarray::concatenate(Axis(1), &[once.view(), once.view()]).unwrap();
    for group in [Group::Orthonormal, Group::General(Direction::Relative), Group::General(Direction::Euclidean)] {
        let start = CycledConv::<f64>::random(Geometry::signal(1, 24, 4), 2, group, &mut rng).unwrap();
        let moved = |x: &Array2<f64>| {
            let layer = start.resized(Geometry::signal(1, x.ncols(), 4)).unwrap();
            let mut flow = Flow::new(x.ncols(), vec![Box::new(layer)], Box::new(Logistic)).unwrap();
            let (mut training, mut rule) = (flow.training(), Optimizer::sgd(0.1).unwrap());
            flow.accumulate(x, &mut training).unwrap();
            flow.update(&mut rule, &mut training).unwrap();
            flow.tensors().into_iter().flat_map(|(_, stage)| stage.into_iter()).collect::<Vec<f64>>()
        };
        let (one, two) = (moved(&once), moved(&twice));
        let way =
            worst(one.iter().zip(start.tensors().iter().flat_map(|(_, stage)| stage)).map(|(a, b)| (a - b).abs()));
        assert!(way > 1e-3, "{group:?} stood still");
        let off = worst(one.iter().zip(&two).map(|(a, b)| (a - b).abs()));
        assert!(off <= rounding::<f64>(24, 1.0, PATH), "{group:?}: {off:e}");
    }
}

/// Plain SGD takes the same path in parameter space and in the algebra, over many steps with all stages moving.
#[test]
fn one_path_in_both_coordinates() {
    let geometry = Geometry::image(2, (4, 4), (2, 2));
    let path = |direction: Direction| {
        let mut rng = rng(31);
        let layer = CycledConv::<f64>::random(geometry, 2, Group::General(direction), &mut rng).unwrap();
        let mut flow = Flow::new(32, vec![Box::new(layer)], Box::new(Logistic)).unwrap();
        let (mut training, mut rule) = (flow.training(), Optimizer::sgd(0.05).unwrap());
        for _ in 0..200 {
            flow.accumulate(&normal_rows::<f64>(8, 32, &mut rng), &mut training).unwrap();
            flow.update(&mut rule, &mut training).unwrap();
        }
        flow.tensors().into_iter().flat_map(|(_, stage)| stage.into_iter()).collect::<Vec<f64>>()
    };
    let (parameters, algebra) = (path(Direction::Relative), path(Direction::Algebra));
    let off = worst(parameters.iter().zip(&algebra).map(|(a, b)| (a - b).abs()));
    assert!(off <= rounding::<f64>(200 * 8, 1.0, PATH), "{off:e}");
    let left = path(Direction::RelativeLeft);
    assert!(
        worst(parameters.iter().zip(&left).map(|(a, b)| (a - b).abs())) > 1e-3,
        "another direction is another path"
    );
}
