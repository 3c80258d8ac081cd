//! What programs rely on: types that cross threads, configurations that survive text, builders that refuse.
#![allow(missing_docs, clippy::unwrap_used)]

use pdmap::optim::{Clip, Shape};
use pdmap::prelude::*;
use pdmap::{Checkpoints, Condition, Header, ModelFile, Registry, Rows, Training, TrainingSpec};
use rand::SeedableRng;

fn crosses_threads<T: Send + Sync>() {}

#[test]
fn everything_that_is_held_crosses_threads() {
    crosses_threads::<Flow<f32>>();
    crosses_threads::<Flow<f64>>();
    crosses_threads::<Box<dyn Layer<f64>>>();
    crosses_threads::<Training<f32>>();
    crosses_threads::<Model<f64>>();
    crosses_threads::<Box<dyn Base<f64>>>();
    crosses_threads::<Registry<f64>>();
    crosses_threads::<Dense<f64>>();
    crosses_threads::<CycledConv<f32>>();
    crosses_threads::<FitConfig>();
    crosses_threads::<TrainConfig>();
    crosses_threads::<ModelSpec>();
    crosses_threads::<ModelFile>();
    crosses_threads::<Rows<'_, f64>>();
    crosses_threads::<Checkpoints>();
    crosses_threads::<LayerError>();
    crosses_threads::<TrainError>();
    crosses_threads::<pdmap::data::DataError>();
}

fn survives<T>(value: &T)
where
    T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug,
{
    let text = serde_json::to_string(value).unwrap();
    assert_eq!(serde_json::from_str::<T>(&text).unwrap(), *value, "{text}");
}

#[test]
fn configurations_survive_text() {
    for preset in Preset::all() {
        let config = FitConfig::builder(preset).steps(7).seed(3).patience(2).build().unwrap();
        survives(&config);
        survives(&config.model);
        survives(&config.training);
        survives(&preset);
    }
    let timed = FitConfig::builder(Preset::DENSE_SVD).time(std::time::Duration::from_millis(1500));
    survives(&timed.clip(Clip::Norm(3.0)).schedule(Shape::Constant).build().unwrap());
    survives(&BaseSpec::default());
    survives(&Condition::Classes { count: 10 });
    survives(&TrainingSpec::default());
    let model = Model::new(Flow::<f64>::builder(2).layer(Shift::zero(2).unwrap()).build().unwrap(), "plane".into(), 0);
    survives::<Header>(&model.header);
}

#[test]
fn builders_refuse_what_cannot_be_trained() {
    let builder = || FitConfig::builder(Preset::DENSE_RELATIVE);
    assert!(builder().build().is_ok());
    for refused in [
        builder().batch(0),
        builder().rate(-1.0),
        builder().rate(f64::NAN),
        builder().validation(0.0),
        builder().validation(1.0),
        builder().clip(Clip::Norm(-1.0)),
    ] {
        assert!(refused.clone().build().is_err(), "{refused:?}");
    }
    let mut rng = rand_chacha::ChaCha8Rng::from_seed([1; 32]);
    let dense = Dense::random(3, Group::Orthonormal, BiasKind::Plain, &mut rng).unwrap();
    assert!(Flow::<f64>::builder(0).build().is_err());
    assert!(Flow::<f64>::builder(4).layer(dense.clone()).build().is_err());
    let flow = Flow::<f64>::builder(3).layer(dense).build().unwrap();
    assert!(flow.log_prob(&ndarray::Array2::zeros((5, 3))).is_ok());
}
