//! Whatever is saved can be loaded.
#![allow(clippy::unwrap_used, clippy::panic)]

use pdmap_core::flow::base::Normal;
use pdmap_core::{BaseSpec, BuildContext, Flow, Layer, LayerSpec, Sample};
use pdmap_layers::elementwise::{Asinh, Elementwise};
use pdmap_spec::{Header, Model, SpecError, registry};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

fn spec(kind: &str, options: Value) -> LayerSpec {
    LayerSpec { kind: kind.to_owned(), options }
}

fn model(features: usize, layers: &[LayerSpec]) -> Model<f32> {
    let (mut rng, mut sample) = (ChaCha8Rng::seed_from_u64(1), Sample::new(ndarray::Array2::zeros((0, features))));
    let mut fresh = BuildContext::new(features, &mut rng, &mut sample);
    let base = BaseSpec::default();
    Model::new(Flow::build(vec![], layers, &base, &mut fresh, &registry()).unwrap(), "here".into(), 0)
}

/// Saves and loads, or is refused when it is saved.
fn comes_back(model: &Model<f32>) -> Result<(), SpecError> {
    let bytes = model.to_bytes()?;
    let again = Model::<f32>::from_bytes(&bytes, &registry()).unwrap();
    assert_eq!(again.header, model.header);
    assert_eq!(again.weights_hash(), model.weights_hash());
    Ok(())
}

#[test]
fn a_model_that_could_not_be_read_again_is_not_written() {
    let radial = |size: usize| spec("radial", json!({ "groups": { "size": size } }));
    let shift = || spec("shift", json!({}));
    let over = |limit: usize, layers: &[LayerSpec]| {
        comes_back(&model(limit, layers)).unwrap();
        match comes_back(&model(limit + 16, layers)) {
            Err(SpecError::TooLarge { limit: said, actual, .. }) => {
                assert_eq!((said, actual), (limit as u64, limit as u64 + 16));
            }
            other => panic!("{other:?}"),
        }
    };
    over(1 << 16, &[spec("asinh", json!({}))]);
    over(1 << 20, &[radial(16)]);
    let inside = json!([{ "kind": "radial", "options": { "groups": { "size": 16 } } }]);
    over(1 << 20, &[shift(), spec("chain", json!({ "layers": inside }))]);
    // Layers whose tensors fix the number of features have no limit of their own.
    comes_back(&model((1 << 20) + 16, &[shift()])).unwrap();
}

#[test]
fn a_header_that_contradicts_its_flow_is_not_written() {
    let sound = model(3, &[spec("shift", json!({}))]);
    comes_back(&sound).unwrap();
    let wrong = Model { header: Header { preprocessing: 2, ..sound.header.clone() }, ..sound.clone() };
    assert!(matches!(comes_back(&wrong), Err(SpecError::Unsavable { .. })));
    let mut nested: Vec<Box<dyn Layer<f32>>> = vec![Box::new(Elementwise::new(Asinh {}).unwrap())];
    for _ in 0..100 {
        nested = vec![Box::new(pdmap_core::Chain::new(nested).unwrap())];
    }
    let deep = Model::new(Flow::new(3, nested, Box::new(Normal)).unwrap(), "here".into(), 0);
    let error = comes_back(&deep).unwrap_err();
    assert!(error.to_string().contains("recursion"), "{error}");
}
