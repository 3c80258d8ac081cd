//! Models as TOML: every key is read, and what is written is read back.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::Duration;

use ndarray::Array2;
use pdmap_core::optim::{Clip, OptimizerSpec, Schedule, Shape};
use pdmap_core::{BaseSpec, ParametricExt};
use pdmap_spec::description::{LayerEntry, Seconds};
use pdmap_spec::{Architecture, Budget, ModelFile, ModelSpec, Preprocess, Preset, TrainConfig, TrainingSpec, registry};
use serde_json::json;

pub(crate) fn parse(text: &str) -> std::result::Result<ModelSpec, String> {
    ModelFile::parse("m.toml", text, &registry::<f64>()).map(|file| file.spec).map_err(|error| error.to_string())
}

#[test]
fn every_key_is_read() {
    let spec = parse(
        r#"
        description = "all keys"
        preprocess = [{ logit = { lambda = 1e-3 } }, "standardize", "whiten", "none"]
        base = { student-t = { nu = 4.5, learned = true } }

        [[layers]]
        repeat = 2
        layers = [
          { kind = "dense", group = "orthonormal", bias = "none", start = "identity" },
          { kind = "scale", direction = "relative" },
          { kind = "shift", start = 0.5 },
        ]
        [[layers]]
        kind = "chain"
        layers = [
          { kind = "smooth-leaky-relu", alpha = 0.2 },
          { kind = "leaky-tanh", a = 1.5, c = 0.25 },
        ]
        [[layers]]
        kind = "asinh"
        [[layers]]
        kind = "dense"
        group = { general = "relative" }
        bias = "augmented"
        start = "haar"
        bias-start = 3.0
        [[layers]]
        kind = "logit"
        lambda = 0.1

        [training]
        batch = 64
        steps = 1_000
        optimizer = { adam = { beta1 = 0.8, beta2 = 0.99, epsilon = 1e-9 } }
        rate = 2e-3
        schedule = { steps = { factor = 0.5, every = 0.25 } }
        warmup = 10
        clip = { norm = 5 }
        evaluations = 7
        validation-rows = 300
        patience = 4
        retries = 5
        "#,
    )
    .unwrap();
    assert_eq!(spec.description.as_deref(), Some("all keys"));
    let steps = [Preprocess::Logit { lambda: 1e-3 }, Preprocess::Standardize, Preprocess::Whiten, Preprocess::None];
    assert_eq!(spec.preprocess.as_deref(), Some(&steps[..]));
    assert_eq!(spec.base, BaseSpec::new("student-t", &json!({ "nu": 4.5, "learned": true })));
    let kinds: Vec<String> = spec.expand().unwrap().into_iter().map(|(layer, _)| layer.kind).collect();
    let twice = ["dense", "scale", "shift"];
    assert_eq!(kinds, [&twice[..], &twice, &["chain", "asinh", "dense", "logit"]].concat());
    let expected = TrainConfig {
        batch: 64,
        budget: Budget::Steps(1000),
        optimizer: OptimizerSpec::Adam { beta1: 0.8, beta2: 0.99, epsilon: 1e-9 },
        rate: 2e-3,
        schedule: Schedule { warmup: 10, shape: Shape::Steps { factor: 0.5, every: 0.25 } },
        clip: Clip::Norm(5.0),
        seed: 9,
        evaluations: 7,
        validation_rows: 300,
        patience: Some(4),
        retries: 5,
        ..TrainConfig::default()
    };
    assert_eq!(spec.training.onto(TrainConfig { seed: 9, ..TrainConfig::default() }), expected);

    // The layers are what they were said to be.
    let flow = spec.build::<f64>(vec![], (Array2::zeros((0, 3)), None), 3, 1, &registry()).unwrap();
    let specs = flow.chain().specs();
    assert_eq!(specs[0].options, json!({ "group": "orthonormal", "bias": "none" }));
    assert_eq!(specs[1].options, json!({ "direction": "relative" }));
    assert_eq!(specs[8].options, json!({ "group": { "general": "relative" }, "bias": "augmented" }));
    assert_eq!(specs[6].options["layers"][1], json!({ "kind": "leaky-tanh", "options": { "a": 1.5, "c": 0.25 } }));
    let tensor = |name: &str| flow.tensors().into_iter().find(|(other, _)| other == name).unwrap().1;
    assert_eq!(tensor("layers.0.weight"), Array2::<f64>::eye(3).into_dyn());
    assert_ne!(tensor("layers.8.weight"), Array2::<f64>::eye(3).into_dyn());
    assert!(tensor("layers.8.bias").iter().all(|&b| b == 3.0));
    assert!(tensor("layers.5.shift").iter().all(|&t| t == 0.5));
}

#[test]
fn the_other_forms_of_a_value() {
    let with = |line: &str| parse(&format!("{line}\nlayers = [{{ kind = \"asinh\" }}]")).unwrap();
    assert_eq!(with("preprocess = \"whiten\"").preprocess, Some(vec![Preprocess::Whiten]));
    assert_eq!(with("preprocess = \"logit\"").preprocess, Some(vec![Preprocess::Logit { lambda: 1e-6 }]));
    assert_eq!(
        with("preprocess = { logit = { lambda = 0.01 } }").preprocess,
        Some(vec![Preprocess::Logit { lambda: 0.01 }])
    );
    assert_eq!(with("").preprocess, None);
    for (text, base) in [
        ("normal", BaseSpec::plain("normal")),
        ("logistic", BaseSpec::plain("logistic")),
        ("laplace", BaseSpec::plain("laplace")),
    ] {
        assert_eq!(with(&format!("base = \"{text}\"")).base, base);
    }
    assert_eq!(with("base = { student-t = { nu = 3 } }").base, BaseSpec::new("student-t", &json!({ "nu": 3 })));
    let training =
        |line: &str| parse(&format!("layers = [{{ kind = \"asinh\" }}]\n[training]\n{line}")).unwrap().training;
    assert_eq!(training("budget = \"90s\"").budget(), Some(Budget::Time(Duration::from_secs(90))));
    for (text, optimizer) in [
        ("\"sgd\"", OptimizerSpec::Sgd),
        ("\"momentum\"", OptimizerSpec::momentum()),
        ("{ momentum = { beta = 0.5, nesterov = true } }", OptimizerSpec::Momentum { beta: 0.5, nesterov: true }),
        ("\"adam\"", OptimizerSpec::adam()),
        ("{ adam = { beta2 = 0.9 } }", OptimizerSpec::Adam { beta1: 0.9, beta2: 0.9, epsilon: 1e-8 }),
        ("\"smorms3\"", OptimizerSpec::smorms3()),
        ("{ smorms3 = { epsilon = 1e-10 } }", OptimizerSpec::Smorms3 { epsilon: 1e-10 }),
    ] {
        assert_eq!(training(&format!("optimizer = {text}")).optimizer, Some(optimizer));
    }
    for (text, shape) in [
        ("\"constant\"", Shape::Constant),
        ("\"cosine\"", Shape::Cosine { end: 0.0 }),
        ("{ cosine = { end = 0.1 } }", Shape::Cosine { end: 0.1 }),
        ("{ linear = { end = 0.2 } }", Shape::Linear { end: 0.2 }),
    ] {
        assert_eq!(training(&format!("schedule = {text}")).schedule, Some(shape));
    }
    assert_eq!(training("clip = \"none\"").clip, Some(Clip::None));
    assert_eq!(training("clip = { value = 0.5 }").clip, Some(Clip::Value(0.5)));
    for direction in ["euclidean", "relative", "relative-left", "algebra"] {
        parse(&format!("layers = [{{ kind = \"dense\", group = {{ general = \"{direction}\" }} }}]")).unwrap();
    }
}

#[test]
fn presets_are_written_and_read_back() {
    for preset in Preset::TEMPLATES {
        for depth in [1, 2, 5] {
            let model = preset.model(Architecture { depth, alpha: 0.05 });
            let text = model.to_toml();
            assert_eq!(parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}")), model, "{text}");
        }
    }
    let mut full = Preset::DENSE_SVD.model(Architecture::default());
    full.preprocess = Some(vec![Preprocess::Logit { lambda: 1e-5 }, Preprocess::Whiten]);
    full.base = BaseSpec::new("student-t", &json!({ "nu": 7.5, "learned": true }));
    full.description = Some("a \"quoted\" \\ line\nand another".into());
    full.training = TrainingSpec {
        budget: Some(Seconds(Duration::from_secs(90))),
        optimizer: Some(OptimizerSpec::momentum()),
        schedule: Some(Shape::Linear { end: 0.5 }),
        clip: Some(Clip::Norm(2.5)),
        ..full.training
    };
    full.description = full.description.map(|text| text + " \u{7f}\u{1}");
    assert_eq!(parse(&full.to_toml()).unwrap(), full, "{}", full.to_toml());
    full.layers.push(LayerEntry { layers: Some(vec![]), ..LayerEntry::layer("chain", json!({})) });
    assert_eq!(parse(&full.to_toml()).unwrap(), full, "{}", full.to_toml());
    // A long list takes no longer a line than a short one.
    let long = format!("layers = [\n{}]", "{ kind = \"asinh\" },\n".repeat(9_999));
    assert_eq!(parse(&long).unwrap().layers.len(), 9_999);
}

/// A few bytes can ask for more than any memory holds, in one layer or in thousands: refused before
/// it is taken.
#[test]
fn descriptions_that_ask_for_more_than_memory_holds() {
    let registry = registry::<f64>();
    let rows = Array2::from_shape_fn((32, 8), |(i, j)| ((7 * i + 3 * j) % 11) as f64 / 5.0 - 1.0);
    let build = |layer: &str, times: usize| {
        let text = format!("layers = [{{ repeat = {times}, layers = [{layer}] }}]");
        let spec = ModelFile::parse("m.toml", &text, &registry)?.spec;
        spec.build_on(&rows, &[Preprocess::None], 1, &registry)
    };
    for (layer, times) in [
        // What fuzzing found, and one layer of it that is as large.
        ("{ kind = \"coupling\", hidden = [5694, 528] }", 50),
        ("{ kind = \"coupling\", hidden = [16384, 16384] }", 1),
        ("{ kind = \"spline\", bins = 256 }", 10_000),
        ("{ kind = \"cycled-conv\", period = [8], stages = 1024, group = \"orthonormal\" }", 2000),
        ("{ kind = \"kept\", keep = 4, layers = [{ kind = \"coupling\", hidden = [5694, 528] }] }", 50),
    ] {
        let Err(error) = build(layer, times) else { panic!("{layer} was made") };
        assert!(error.to_string().contains("together"), "{layer}: {error}");
    }
    build("{ kind = \"coupling\", hidden = [1024, 1024] }", 3).unwrap();
    build("{ kind = \"dense\", group = \"orthonormal\" }", 500).unwrap();
}
