//! Multi-scale flows have the number of levels that their description states.
#![allow(clippy::unwrap_used)]

use crate::common;
use pdmap_core::{BuildContext, LayerExt, LayerSpec, ParametricExt, Sample};

use common::rng;
use ndarray::Array2;

#[test]
fn each_level_continues_with_half_of_the_channels() {
    let registry = pdmap_laws::laws::registry::<f64>();
    for (levels, sizes) in [(1, vec![64]), (2, vec![64, 32]), (3, vec![64, 32, 16])] {
        let options = serde_json::json!({ "shape": [1, 8, 8], "levels": levels, "layers": [{ "kind": "scale" }] });
        let (mut rng, mut sample) = (rng(1), Sample::new(Array2::zeros((0, 64))));
        let spec = LayerSpec::new("multiscale", &options);
        let layer = registry.build(&spec, &mut BuildContext::new(64, &mut rng, &mut sample)).unwrap();
        assert_eq!(layer.shape(64.into()).unwrap().features(), 64);
        // A scale for each feature that reaches a level.
        let mut found: Vec<usize> = layer.tensors().iter().map(|(_, tensor)| tensor.len()).collect();
        found.sort_unstable_by(|a, b| b.cmp(a));
        assert_eq!(found, sizes, "{levels} levels");
        let x = Array2::from_shape_fn((2, 64), |(row, at)| (row * 64 + at) as f64);
        let y = layer.transform(&x).unwrap().0;
        assert_eq!(layer.untransform(&y).unwrap().0, x);
    }
}
