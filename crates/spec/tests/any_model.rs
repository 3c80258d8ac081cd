//! A model in either precision, to and from files and bytes.
#![allow(clippy::unwrap_used, clippy::panic)]

use ndarray::{Array2, Axis, Slice};
use pdmap_core::{ParametricExt, Real};
use pdmap_spec::{AnyModel, Architecture, Model, ModelFile, Preprocess, Preset, SpecError, registry};

fn rows<F: Real>() -> Array2<F> {
    Array2::from_shape_fn((60, 4), |(i, j)| F::of(((7 * i + 3 * j) as f64).sin()))
}

fn model<F: Real>() -> Model<F> {
    let flow = Preset::DENSE_SVD.build(rows::<F>().view(), Preprocess::Standardize, Architecture::default(), 1);
    Model::new(flow.unwrap(), "here".into(), 1)
}

fn is_the_same<F: Real>(tolerance: f64)
where
    AnyModel: From<Model<F>>,
{
    let model = model::<F>();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.safetensors");
    let any = AnyModel::from(model.clone());
    any.save(&path).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), any.to_bytes().unwrap());
    for any in [AnyModel::load(&path).unwrap(), AnyModel::from_bytes(&model.to_bytes().unwrap()).unwrap()] {
        assert_eq!((any.features(), any.conditions(), any.header()), (4, 0, &model.header));
        assert_eq!(any.inspect().weights_hash, model.weights_hash());
        assert_eq!(any.inspect().parameters, model.flow.parameter_count());
        let x = rows::<f64>();
        assert_eq!(any.log_prob(x.view(), None).unwrap(), model.flow.log_prob(&rows::<F>()).unwrap());
        let z = any.encode(x.view(), None).unwrap();
        let back = any.decode(z.view(), None).unwrap();
        assert!(back.iter().zip(&x).all(|(a, b)| (a - b).abs() < tolerance));
        let score = any.score(x.view(), None).unwrap();
        assert_eq!(score, model.flow.input_gradient(&rows::<F>()).unwrap().mapv(Real::f64));
        assert_eq!(any.sample(3, 9).unwrap(), any.sample(3, 9).unwrap());
        let narrow = x.slice_axis(Axis(1), Slice::from(..3));
        assert!(matches!(any.log_prob(narrow, None), Err(SpecError::Layer(_))));
    }
}

#[test]
fn a_model_of_either_precision_is_read_and_used() {
    is_the_same::<f32>(1e-4);
    is_the_same::<f64>(1e-12);
}

#[test]
fn a_conditional_model_takes_its_condition() {
    let text = "layers = [{ kind = \"shift\" }, { kind = \"coupling\", hidden = [4] }]";
    let mut spec = ModelFile::parse("m.toml", text, &registry::<f32>()).unwrap().spec;
    spec.conditions = 1;
    let flow = spec.build_on(&rows::<f32>(), &[], 1, &registry()).unwrap();
    let any = AnyModel::from(Model::new(flow, "here".into(), 0));
    assert_eq!((any.features(), any.conditions()), (3, 1));
    let all = rows::<f64>();
    let (x, condition) = all.view().split_at(Axis(1), 3);
    assert_eq!(any.log_prob(x, Some(condition)).unwrap().len(), 60);
    assert!(any.log_prob(x, None).is_err());
    assert_eq!(any.sample_given(condition, 1).unwrap().dim(), (60, 3));
}

#[test]
fn bytes_that_are_no_model_are_an_error() {
    let bytes = model::<f32>().to_bytes().unwrap();
    for length in (0..bytes.len()).step_by(101) {
        let error = AnyModel::from_bytes(&bytes[..length]).unwrap_err();
        assert!(matches!(error, SpecError::Damaged { .. }), "{length} bytes: {error}");
    }
}
