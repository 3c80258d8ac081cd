//! Scales of subbands, and periods that are refused. A planted bug once revealed that each check was
//! missing.
#![allow(clippy::unwrap_used, clippy::panic)]

use ndarray::Array2;
use pdmap_conv::{Geometry, subband_scale};
use pdmap_core::optim::Optimizer;
use pdmap_core::{BuildContext, Flow, LayerSpec, ParametricExt, Sample};
use pdmap_laws::rng;
use pdmap_layers::diagonal::ScaleDirection;

/// The maximum-likelihood scale of a subband is one over the root of its power; plain steps in every
/// direction find it.
#[test]
fn scales_of_subbands_go_to_one_over_the_root_of_their_power() {
    const BANDS: usize = 4;
    let x = Array2::from_shape_fn((30, 8), |(row, at)| {
        (1.0 + (at % BANDS) as f64) * ((row * 8 + at) as f64 * 0.7).sin() + 0.1
    });
    let power = |band: usize| {
        let squares = x.indexed_iter().filter(|((_, at), _)| at % BANDS == band).map(|(_, value)| value * value);
        squares.sum::<f64>() / 60.0
    };
    for direction in [ScaleDirection::Euclidean, ScaleDirection::Relative, ScaleDirection::Algebra] {
        let scale = subband_scale::<f64>(Geometry::signal(1, 8, BANDS), None, direction).unwrap();
        let mut flow = Flow::builder(8).layer(scale).build().unwrap();
        let (mut training, mut optimizer) = (flow.training(), Optimizer::sgd(0.02).unwrap());
        for _ in 0..4000 {
            flow.accumulate(&x, &mut training).unwrap();
            flow.update(&mut optimizer, &mut training).unwrap();
        }
        let tensors = flow.tensors();
        assert_eq!(tensors[0].1.len(), BANDS);
        for (band, scale) in tensors[0].1.iter().enumerate() {
            let product = scale * power(band).sqrt();
            assert!((product - 1.0).abs() < 1e-6, "{direction:?}, subband {band}: {product}");
        }
    }
}

#[test]
fn periods_of_images_are_one_or_two_numbers() {
    let registry = pdmap_laws::laws::registry::<f64>();
    let build = |period: &[usize]| {
        let options = serde_json::json!({ "shape": [1, 4, 4], "period": period, "stages": 2, "group": "orthonormal" });
        let spec = LayerSpec { kind: "cycled-conv".to_owned(), options };
        let (mut rng, mut sample) = (rng(1), Sample::new(Array2::zeros((0, 16))));
        registry.build(&spec, &mut BuildContext::new(16, &mut rng, &mut sample)).map(drop)
    };
    assert!(build(&[2]).is_ok() && build(&[2, 4]).is_ok());
    for period in [&[][..], &[2, 2, 2]] {
        let error = build(period).unwrap_err().to_string();
        assert!(error.contains("one or two numbers"), "{period:?}: {error}");
    }
}
