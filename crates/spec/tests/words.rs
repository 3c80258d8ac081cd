//! What words become: names of models and of steps, and settings. Each check was found missing by a
//! planted bug.
#![allow(clippy::unwrap_used, clippy::panic, clippy::float_cmp)]

use std::time::Duration;

use pdmap_core::optim::{Clip, OptimizerSpec, Schedule, Shape};
use pdmap_spec::description::Seconds;
use pdmap_spec::{Budget, FitConfig, Preprocess, Preset, TrainConfig, TrainingSpec};

#[test]
fn words_come_back() {
    for preset in Preset::all() {
        assert_eq!(preset.name().parse::<Preset>().unwrap(), preset);
        assert_eq!(preset.to_string(), preset.name());
    }
    let error = "dense-relativ".parse::<Preset>().unwrap_err().to_string();
    assert!(error.contains("dense-relative"), "{error}");
    for word in ["none", "standardize", "robust", "whiten", "logit", "histogram", "levels", "sigmoid", "columns"] {
        let step: Preprocess = word.parse().unwrap();
        assert_eq!(step.to_string(), word);
        assert_eq!(step.to_string().parse::<Preprocess>().unwrap(), step);
    }
    // Options that are left out are the usual ones, and only others are said.
    for (word, usual) in [
        ("logit", Preprocess::Logit { lambda: 1e-6 }),
        ("sigmoid", Preprocess::Sigmoid { lambda: 1e-6 }),
        ("histogram", Preprocess::Histogram { bins: 128 }),
        ("levels", Preprocess::Levels { count: 256 }),
    ] {
        assert_eq!(serde_json::from_value::<Preprocess>(serde_json::json!({ word: {} })).unwrap(), usual);
        assert_eq!(word.parse::<Preprocess>().unwrap(), usual);
    }
    assert_eq!(Preprocess::Logit { lambda: 0.01 }.to_string(), "logit (λ 1e-2)");
    assert_eq!(Preprocess::layers(&[Preprocess::None, Preprocess::Whiten, Preprocess::Standardize]), 2);
}

#[test]
fn what_an_arm_says_goes_before_what_is_common() {
    let common = TrainingSpec {
        batch: Some(50),
        steps: Some(1000),
        rate: Some(1e-3),
        patience: Some(4),
        ..TrainingSpec::default()
    };
    let own =
        TrainingSpec { budget: Some(Seconds(Duration::from_secs(5))), rate: Some(0.1), ..TrainingSpec::default() };
    let both = common.overridden_by(&own);
    assert_eq!((both.batch, both.rate, both.patience), (Some(50), Some(0.1), Some(4)));
    // One budget takes the place of the other.
    assert_eq!((both.steps, both.budget()), (None, Some(Budget::Time(Duration::from_secs(5)))));
    assert_eq!(common.overridden_by(&TrainingSpec::default()), common);
    let config = both.onto(TrainConfig::new(Budget::Steps(7)));
    assert_eq!((config.batch, config.rate, config.patience, config.retries), (50, 0.1, Some(4), 3));
    // No patience is a setting, too.
    let never = both.overridden_by(&TrainingSpec { patience: Some(0), ..TrainingSpec::default() });
    assert_eq!(never.onto(config).patience, None);
}

#[test]
fn the_constrained_presets_are_those_of_orthonormal_maps() {
    let constrained: Vec<&str> = Preset::all().filter(|preset| preset.constrained()).map(Preset::name).collect();
    let expected: Vec<&str> = Preset::all()
        .map(Preset::name)
        .filter(|name| name.ends_with("-orthonormal") || name.ends_with("-svd") || *name == "audio-lapped")
        .collect();
    assert_eq!(constrained, expected);
    assert!(expected.len() >= 6 && expected.len() < Preset::all().count() - 4);
}

#[test]
fn every_word_of_a_builder_is_heard() {
    let built = || FitConfig::builder(Preset::DENSE_SVD);
    let config = built()
        .steps(7)
        .batch(11)
        .rate(0.25)
        .optimizer(OptimizerSpec::Sgd)
        .schedule(Shape::Constant)
        .clip(Clip::Norm(2.0))
        .seed(5)
        .patience(9)
        .preprocess([Preprocess::Whiten])
        .validation(0.2)
        .build()
        .unwrap();
    let training = &config.training;
    assert_eq!((training.budget, training.batch, training.rate), (Budget::Steps(7), 11, 0.25));
    assert_eq!((training.optimizer, training.schedule), (OptimizerSpec::Sgd, Schedule::constant()));
    assert_eq!((training.clip, training.seed, training.patience), (Clip::Norm(2.0), 5, Some(9)));
    assert_eq!((config.model.preprocess, config.validation), (Some(vec![Preprocess::Whiten]), 0.2));
    let second = Duration::from_secs(1);
    assert_eq!(built().time(second).build().unwrap().training.budget, Budget::Time(second));
    // Of the model's description comes what is not said.
    assert_eq!(built().build().unwrap().training.rate, built().build().unwrap().model.training.rate.unwrap());
    for (wrong, word) in [
        (built().validation(0.0), "validation"),
        (built().validation(1.0), "validation"),
        (built().validation(f64::NAN), "validation"),
        (built().batch(0), "batch"),
        (built().rate(-1.0), "rate"),
        (built().clip(Clip::Norm(-1.0)), "clip"),
    ] {
        let refused = wrong.build().unwrap_err().to_string();
        assert!(refused.contains(word), "{word}: {refused}");
    }
}
