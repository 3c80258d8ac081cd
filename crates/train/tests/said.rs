//! What a run says of itself, what words become, and what is taken back. Each check was found missing by a planted bug.
#![allow(clippy::unwrap_used, clippy::panic, clippy::float_cmp)]

use std::time::Duration;

use ndarray::Array2;
use pdmap_core::diagonal::Shift;
use pdmap_core::optim::{Clip, OptimizerSpec, Schedule};
use pdmap_core::{Flow, Layer, LayerExt};
use pdmap_train::description::{LayerEntry, Seconds};
use pdmap_train::{
    Architecture, Budget, CurvePoint, Event, FileRows, FitConfig, Hooks, Model, ModelFile, ModelSpec,
    Outcome, Preprocess, Preset, Rows, TrainConfig, TrainError, TrainingRecord, TrainingSpec, registry,
    train_with,
};

fn rows(count: usize) -> Array2<f64> {
    Array2::from_shape_fn((count, 3), |(row, column)| {
        ((row * 7 + column * 3) as f64).sin() + 0.2 * column as f64
    })
}

#[test]
fn a_run_tells_each_validation_and_where_its_time_went() {
    let (x, validation) = (rows(400), rows(50));
    let preset = Preset::DenseOrthonormal;
    let mut flow = preset.build(x.view(), Preprocess::Standardize, Architecture::default(), 1).unwrap();
    let config = TrainConfig { evaluations: 5, ..TrainConfig::new(Budget::Steps(50)) };
    let (mut told, mut latest) = (Vec::new(), Vec::new());
    let mut watch = |event| match event {
        Event::Validated(point) => told.push(point),
        Event::Progress(progress) => latest.push((progress.step, progress.validation)),
        _ => {}
    };
    let trained = train_with(&mut flow, &x, validation.view(), &config, Hooks::new(&mut watch)).unwrap();
    assert_eq!(told, trained.curve);
    assert_eq!(told.first().map(|point| point.step), Some(0));
    // The validation that goes with each step is the last one before or at it.
    for (step, validation) in latest {
        let last = told.iter().rev().find(|point| point.step <= step).unwrap();
        assert_eq!(validation, last.validation, "step {step}");
    }
    let cost = trained.cost;
    for (part, seconds) in [
        ("batches", cost.batches),
        ("gradients", cost.gradients),
        ("updates", cost.updates),
        ("validations", cost.validations),
    ] {
        assert!(seconds > 0.0 && seconds <= trained.seconds, "{part}: {seconds} of {}", trained.seconds);
    }
}

#[test]
fn a_curve_is_thinned_to_its_ends_and_what_is_between() {
    let curve = |count: u64| -> Vec<CurvePoint> {
        (0..count).map(|step| CurvePoint { step, seconds: 0.5, validation: -(step as f64) }).collect()
    };
    assert_eq!(TrainingRecord::thinned(&[]), []);
    assert_eq!(TrainingRecord::thinned(&curve(3)), [(0, 0.0), (1, -1.0), (2, -2.0)]);
    let long = TrainingRecord::thinned(&curve(5000));
    assert_eq!((long.len(), long[0].0, long[999].0), (1000, 0, 4999));
    assert!(long.windows(2).all(|pair| (5..=6).contains(&(pair[1].0 - pair[0].0))));
}

#[test]
fn words_come_back() {
    for preset in Preset::named() {
        assert_eq!(preset.name().parse::<Preset>().unwrap(), preset);
        assert_eq!(preset.to_string(), preset.name());
    }
    let error = "dense-relativ".parse::<Preset>().unwrap_err().to_string();
    assert!(error.contains("dense-relative"), "{error}");
    for word in ["none", "standardize", "whiten", "logit", "histogram", "levels", "sigmoid"] {
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
    let own = TrainingSpec {
        budget: Some(Seconds(Duration::from_secs(5))),
        rate: Some(0.1),
        ..TrainingSpec::default()
    };
    let both = common.overridden_by(&own);
    assert_eq!((both.batch, both.rate, both.patience), (Some(50), Some(0.1), Some(4)));
    // One budget takes the place of the other.
    assert_eq!((both.steps, both.budget()), (None, Some(Budget::Time(Duration::from_secs(5)))));
    assert_eq!(common.overridden_by(&TrainingSpec::default()), common);
    let config = both.onto(TrainConfig::new(Budget::Steps(7)));
    assert_eq!((config.batch, config.rate, config.patience, config.retries), (50, 0.1, Some(4), 3));
}

#[test]
fn a_model_of_fewer_layers_than_are_preprocessing_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let layers: Vec<Box<dyn Layer<f64>>> = vec![Box::new(Shift::zero(2)), Box::new(Shift::zero(2))];
    let flow = Flow::new(2, layers, pdmap_core::Base::normal()).unwrap();
    for (preprocessing, sound) in [(0, true), (1, true), (2, true), (3, false), (9, false)] {
        let path = folder.path().join(format!("{preprocessing}.safetensors"));
        Model::new(flow.clone(), "plane".into(), preprocessing).save(&path).unwrap();
        assert_eq!(Model::<f64>::load(&path, &registry()).is_ok(), sound, "{preprocessing}");
    }
}

/// Keys and texts that TOML would not take as they are.
#[test]
fn descriptions_are_written_so_that_they_are_read_again() {
    let text = "description = \"a \\\"quoted\\\" text\\nof two lines\"\nlayers = [{ kind = \"scale\" }, { repeat = 2, layers = [{ kind = \"asinh\" }] }]";
    let spec = ModelFile::parse("m.toml", text, &registry::<f64>()).unwrap().spec;
    let again = ModelFile::parse("w.toml", &spec.to_toml(), &registry::<f64>()).unwrap().spec;
    assert_eq!(again, spec);
    assert!(spec.to_toml().contains("repeat = 2"));
}

#[test]
fn the_text_of_a_description_is_plain_where_it_may_be() {
    let text = "layers = [{ kind = \"coupling\", hidden = [8, 8] }, { repeat = 2, layers = [{ repeat = 3, layers = [{ kind = \"asinh\" }] }] }]\n[training]\nsteps = 20\nvalidation-rows = 7";
    let spec = ModelFile::parse("m.toml", text, &registry::<f64>()).unwrap().spec;
    let written = spec.to_toml();
    let expected = r#"
layers = [
  { kind = "coupling", hidden = [8, 8] },
  { repeat = 2, layers = [
    { repeat = 3, layers = [
      { kind = "asinh" },
    ] },
  ] },
]

[training]
"#;
    assert!(written.contains(expected), "{written}");
    assert!(written.ends_with("steps = 20\nvalidation-rows = 7\n"), "{written}");
}

/// Layers of others may have options of any name.
#[test]
fn keys_are_quoted_where_toml_wants_it() {
    let options = serde_json::json!({ "a b": 1, "": 2, "plain_-9": 3, "\u{7f}ü": 4 });
    let text = ModelSpec::new(vec![LayerEntry::layer("mine", options)]).to_toml();
    for pair in ["\"a b\" = 1", "\"\" = 2", " plain_-9 = 3", "\"\\u007fü\" = 4"] {
        assert!(text.contains(pair), "{pair} in {text}");
    }
}

#[test]
fn a_hash_of_weights_is_that_of_their_bits() {
    let layer = |shift: f64| -> Vec<Box<dyn Layer<f64>>> {
        vec![Box::new(Shift::new(ndarray::array![shift, 0.5]).unwrap())]
    };
    let model = |shift: f64, space: &str| {
        let flow = Flow::new(2, layer(shift), pdmap_core::Base::normal()).unwrap();
        Model::new(flow, space.into(), 0).weights_hash()
    };
    let hash = model(1.0, "plane");
    assert!(hash.len() >= 16 && hash.chars().all(|c| c.is_ascii_hexdigit()), "{hash}");
    assert_eq!(hash, model(1.0, "signals"));
    assert_ne!(hash, model(1.0_f64.next_up(), "plane"));
    assert_ne!(model(0.0, "plane"), model(-0.0, "plane"));
}

#[test]
fn rows_with_conditions_are_held_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npy");
    let x = rows(100);
    pdmap_data::write_npy(&path, &x).unwrap();
    let file = FileRows::open(&path, vec![], 64).unwrap();
    let spec = |conditions| {
        let text = "layers = [{ kind = \"coupling\", hidden = [4] }]";
        ModelSpec { conditions, ..ModelFile::parse("m.toml", text, &registry::<f64>()).unwrap().spec }
    };
    let build = |conditions, rows: Rows<'_, f64>| {
        spec(conditions).build_on(rows, &[Preprocess::Standardize], 1, &registry())
    };
    let refused = build(1, (&file).into()).unwrap_err();
    assert!(matches!(refused, TrainError::ConditionsInFile), "{refused}");
    // Without conditions a file will do, and what is fitted to it is what is fitted to memory.
    let (filed, held) = (build(0, (&file).into()).unwrap(), build(0, (&x).into()).unwrap());
    assert_eq!((filed.features(), filed.conditions()), (3, 0));
    assert_eq!(filed.tensors(), held.tensors());
    let conditioned = build(1, (&x).into()).unwrap();
    assert_eq!((conditioned.features(), conditioned.conditions()), (2, 1));
    for conditions in [3, 4] {
        let refused = build(conditions, (&x).into()).unwrap_err().to_string();
        assert!(refused.contains(&conditions.to_string()), "{refused}");
    }
}

/// Steps three times as long as they should be lead away twice as far with each: the likelihood stays finite for hundreds of steps, and is none.
#[test]
fn a_likelihood_that_is_finite_and_absurd_ends_a_run() {
    let mut flow = Flow::builder(3).layer(Shift::zero(3)).build().unwrap();
    let config = TrainConfig {
        optimizer: OptimizerSpec::Sgd,
        rate: 3.0,
        schedule: Schedule::constant(),
        evaluations: 50,
        retries: 0,
        ..TrainConfig::new(Budget::Steps(50))
    };
    let trained =
        train_with(&mut flow, &rows(400), rows(50).view(), &config, Hooks::new(&mut |_| {})).unwrap();
    let Outcome::Diverged { step, reason } = trained.outcome else { panic!("{:?}", trained.outcome) };
    assert!(step <= 15 && reason.contains("validation rows"), "{step}: {reason}");
    // What was well above the floor is no end.
    assert!(trained.curve.len() >= 3, "{:?}", trained.curve);
}

#[test]
fn more_rows_than_can_be_numbered_are_refused_before_they_are_read() {
    let row = Array2::<f64>::ones((1, 3));
    let many = row.broadcast((1 << 33, 3)).unwrap();
    let mut flow = Flow::builder(3).layer(Shift::zero(3)).build().unwrap();
    let config = TrainConfig::new(Budget::Steps(5));
    let refused = train_with(&mut flow, many, rows(50).view(), &config, Hooks::new(&mut |_| {})).unwrap_err();
    assert!(matches!(refused, TrainError::TooManyRows { actual, .. } if actual == 1 << 33), "{refused}");
}

#[test]
fn as_many_rows_as_a_batch_has_are_enough() {
    let config = TrainConfig { batch: 40, ..TrainConfig::new(Budget::Steps(5)) };
    for (count, enough) in [(39, false), (40, true)] {
        let mut flow = Flow::builder(3).layer(Shift::zero(3)).build().unwrap();
        let validation = rows(50);
        let run = train_with(&mut flow, &rows(count), validation.view(), &config, Hooks::new(&mut |_| {}));
        match run {
            Ok(trained) => assert!(enough && trained.steps == 5, "{count}"),
            Err(TrainError::TooFewRows { expected: 40, actual }) => assert!(!enough && actual == count),
            Err(other) => panic!("{count}: {other}"),
        }
    }
}

#[test]
fn the_constrained_presets_are_those_of_orthonormal_maps() {
    let constrained: Vec<&str> =
        Preset::named().filter(|preset| preset.constrained()).map(Preset::name).collect();
    let expected: Vec<&str> = Preset::named()
        .map(Preset::name)
        .filter(|name| name.ends_with("-orthonormal") || name.ends_with("-svd") || *name == "audio-lapped")
        .collect();
    assert_eq!(constrained, expected);
    assert!(expected.len() >= 6 && expected.len() < Preset::named().count() - 4);
}

/// A step sees the rows as the steps before it leave them.
#[test]
fn preprocessing_is_fitted_behind_what_stands_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npy");
    let x = rows(300).mapv(|v| 50.0 + 7.0 * (v + v.powi(3)));
    pdmap_data::write_npy(&path, &x).unwrap();
    let file = FileRows::open(&path, vec![], 64).unwrap();
    for last in [Preprocess::Histogram { bins: 16 }, Preprocess::Whiten, Preprocess::Standardize] {
        let steps = [Preprocess::Standardize, last];
        let first = &Preprocess::fit(&steps[..1], &x).unwrap()[0];
        let between = first.transform(x.view()).unwrap().0;
        let alone = &Preprocess::fit(&steps[1..], &between).unwrap()[0];
        let expected = alone.transform(between.view()).unwrap().0;
        for rows in [Rows::from(&x), Rows::from(&file)] {
            let layers = Preprocess::fit(&steps, rows).unwrap();
            let actual = layers[1].transform(between.view()).unwrap().0;
            let far = (&actual - &expected).mapv(f64::abs).fold(0.0_f64, |worst, &v| worst.max(v));
            assert!(far < 1e-12, "{last}: {far}");
        }
    }
}

#[test]
fn every_word_of_a_builder_is_heard() {
    let built = || FitConfig::builder(Preset::DenseSvd);
    let config = built()
        .steps(7)
        .batch(11)
        .rate(0.25)
        .optimizer(OptimizerSpec::Sgd)
        .schedule(Schedule::constant())
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
