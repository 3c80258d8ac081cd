//! Models as TOML: every key is read, every mistake is named with its line.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::Duration;

use ndarray::{Array2, ArrayView2, ArrayViewMut2};
use pdmap_core::optim::{Clip, OptimizerSpec, Schedule, Shape};
use pdmap_core::{
    BaseSpec, Fresh, Input, Layer, LayerGrads, LayerSpec, Real, Recorded, Registry, Result, Tape, Tensors,
};
use pdmap_train::description::{LayerEntry, Seconds};
use pdmap_train::{
    Architecture, Budget, Model, ModelFile, ModelSpec, Preprocess, Preset, TrainConfig, TrainingSpec,
    registry, train,
};
use serde_json::json;

fn parse(text: &str) -> std::result::Result<ModelSpec, String> {
    ModelFile::parse("m.toml", text, &registry::<f64>())
        .map(|file| file.spec)
        .map_err(|error| error.to_string())
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
    let steps =
        [Preprocess::Logit { lambda: 1e-3 }, Preprocess::Standardize, Preprocess::Whiten, Preprocess::None];
    assert_eq!(spec.preprocess.as_deref(), Some(&steps[..]));
    assert_eq!(spec.base, BaseSpec::StudentT { nu: 4.5, learned: true });
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
    };
    assert_eq!(spec.training.onto(TrainConfig { seed: 9, ..TrainConfig::default() }), expected);

    // The layers are what they were said to be.
    let flow = spec.build::<f64>(vec![], Array2::zeros((0, 3)), 3, 1, &registry()).unwrap();
    let specs = flow.chain().specs();
    assert_eq!(specs[0].options, json!({ "group": "orthonormal", "bias": "none" }));
    assert_eq!(specs[1].options, json!({ "direction": "relative" }));
    assert_eq!(specs[8].options, json!({ "group": { "general": "relative" }, "bias": "augmented" }));
    assert_eq!(
        specs[6].options["layers"][1],
        json!({ "kind": "leaky-tanh", "options": { "a": 1.5, "c": 0.25 } })
    );
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
    for (text, base) in
        [("normal", BaseSpec::Normal), ("logistic", BaseSpec::Logistic), ("laplace", BaseSpec::Laplace)]
    {
        assert_eq!(with(&format!("base = \"{text}\"")).base, base);
    }
    assert_eq!(
        with("base = { student-t = { nu = 3 } }").base,
        BaseSpec::StudentT { nu: 3.0, learned: false }
    );
    let training = |line: &str| {
        parse(&format!("layers = [{{ kind = \"asinh\" }}]\n[training]\n{line}")).unwrap().training
    };
    assert_eq!(training("budget = \"90s\"").budget(), Some(Budget::Time(Duration::from_secs(90))));
    for (text, optimizer) in [
        ("\"sgd\"", OptimizerSpec::Sgd),
        ("\"momentum\"", OptimizerSpec::momentum()),
        (
            "{ momentum = { beta = 0.5, nesterov = true } }",
            OptimizerSpec::Momentum { beta: 0.5, nesterov: true },
        ),
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
        parse(&format!("layers = [{{ kind = \"dense\", group = {{ general = \"{direction}\" }} }}]"))
            .unwrap();
    }
}

#[test]
fn every_mistake_has_its_line_and_its_words() {
    let layers = "layers = [{ kind = \"asinh\" }]";
    // What stands in the file (line 2 is the offending one), and what is said after `m.toml:2: `.
    let known = "description, preprocess, shape, base, layers, training";
    let training = "batch, steps, budget, optimizer, rate, schedule, warmup, clip, evaluations, validation-rows, patience, retries";
    let cases: Vec<(String, String)> = vec![
        (format!("{layers}\nlayer = 3"), format!("unknown key `layer`; nearest is `layers`, known: {known}")),
        (format!("{layers}\ndescription = 3"), "`description`: invalid type: integer `3`, expected a string".into()),
        (
            format!("{layers}\npreprocess = [\"whitten\"]"),
            "`preprocess[0]`: unknown name `whitten`; nearest is `whiten`, known: none, standardize, whiten, logit, sigmoid, histogram, levels".into(),
        ),
        (
            format!("{layers}\npreprocess = {{ logit = {{ lamda = 1 }} }}"),
            "unknown key `lamda` in `preprocess.logit`; nearest is `lambda`, known: lambda".into(),
        ),
        (
            format!("{layers}\npreprocess = {{ logit = {{ lambda = 0.5 }} }}"),
            "`preprocess`: lambda = 0.5: must be in (0, 0.5)".into(),
        ),
        (
            format!("{layers}\nbase = \"gauss\""),
            "`base`: unknown name `gauss`; nearest is `normal`, known: normal, logistic, laplace, student-t".into(),
        ),
        (format!("{layers}\nbase = \"student-t\""), "key `nu` is missing in `base`".into()),
        (
            format!("{layers}\nbase = {{ student-t = {{ nu = 0 }} }}"),
            "`base`: nu = 0: must be in [1e-2, 1e6]".into(),
        ),
        (
            format!("{layers}\nbase = {{ student-t = {{ nu = 5, leraned = true }} }}"),
            "unknown key `leraned` in `base.student-t`; nearest is `learned`, known: nu, learned".into(),
        ),
        ("base = \"normal\"\nlayers = []".into(), "`layers`: a flow has at least one layer".into()),
        ("layers = [\n{ gruop = \"orthonormal\" }]".into(), "key `kind` is missing in `layers[0]`".into()),
        (
            "layers = [\n{ kind = \"dens\" }]".into(),
            "unknown kind of layer `dens`; nearest is `dense`, known: asinh, chain, coupling, cycled-conv, dense, free-conv, histogram, kept, leaky-tanh, logistic-mixture, logit, multiscale, radial, scale, shift, sigmoid, smooth-leaky-relu, spline, squeeze, standardize, subband-scale, subband-shift, whitening".into(),
        ),
        (
            "layers = [\n{ kind = \"whitening\" }]".into(),
            "a layer of kind `whitening` cannot be made from a description: it is fitted to the training rows: name it under `preprocess`".into(),
        ),
        ("layers = [\n{ kind = \"dense\" }]".into(), "key `group` is missing in `layers[0]`".into()),
        (
            "layers = [\n{ kind = \"dense\", group = \"orthonormal\", biass = \"none\" }]".into(),
            "unknown key `biass` in `layers[0]`; nearest is `bias`, known: group, bias, start, bias-start, tracking-inverse".into(),
        ),
        (
            "layers = [\n{ kind = \"dense\", group = \"orthogonal\" }]".into(),
            "`layers[0].group`: unknown name `orthogonal`; nearest is `orthonormal`, known: general, orthonormal".into(),
        ),
        (
            "layers = [\n{ kind = \"dense\", group = { general = \"relativ\" } }]".into(),
            "`layers[0].group.general`: unknown name `relativ`; nearest is `relative`, known: euclidean, relative, relative-left, algebra".into(),
        ),
        (
            "layers = [\n{ kind = \"dense\", group = \"general\" }]".into(),
            "`layers[0].group`: `general` needs a value: { general = … }".into(),
        ),
        (
            "layers = [\n{ kind = \"dense\", group = \"orthonormal\", bias = \"augmented\" }]".into(),
            "an augmented bias does not go with a group other than GL(D) by the relative direction or in the algebra".into(),
        ),
        (
            "layers = [\n{ kind = \"dense\", group = \"orthonormal\", bias = \"none\", bias-start = 1 }]".into(),
            "bias-start does not go with a layer without bias".into(),
        ),
        (
            "layers = [\n{ kind = \"dense\", group = \"orthonormal\", start = \"zero\" }]".into(),
            "`layers[0].start`: unknown name `zero`; nearest is `haar`, known: haar, identity".into(),
        ),
        (
            "layers = [\n{ kind = \"scale\", direction = \"left\" }]".into(),
            "`layers[0].direction`: unknown name `left`; nearest is `algebra`, known: euclidean, relative, algebra".into(),
        ),
        (
            "layers = [\n{ kind = \"shift\", strat = 1 }]".into(),
            "unknown key `strat` in `layers[0]`; nearest is `start`, known: start".into(),
        ),
        (
            "layers = [\n{ kind = \"smooth-leaky-relu\", alpha = 0 }]".into(),
            "alpha = 0: must be in [1e-30, 1]".into(),
        ),
        ("layers = [\n{ kind = \"leaky-tanh\", a = 1 }]".into(), "key `c` is missing in `layers[0]`".into()),
        (
            "layers = [\n{ kind = \"asinh\", a = 1 }]".into(),
            "unknown key `a` in `layers[0]`; none is known here".into(),
        ),
        (
            "layers = [\n{ kind = \"logit\", lambda = \"x\" }]".into(),
            "`layers[0].lambda`: invalid type: string \"x\", expected f64".into(),
        ),
        (
            "layers = [\n{ kind = \"asinh\", repeat = 2 }]".into(),
            "`layers[0]`: `kind` does not go with `repeat`: repeat a list of layers, `{ repeat = 3, layers = [ … ] }`".into(),
        ),
        (
            "layers = [\n{ repeat = 2, layers = [{ kind = \"asinh\" }], alpha = 1 }]".into(),
            "unknown key `alpha` in `layers[0]`; nearest is `repeat`, known: repeat, layers".into(),
        ),
        (
            "layers = [\n{ repeat = 99999, layers = [{ kind = \"asinh\" }] }]".into(),
            "`layers[0].layers[0]`: more than 10000 layers".into(),
        ),
        (
            "layers = [\n{ repeat = 9999, layers = [{ repeat = 9999, layers = [{ kind = \"asinh\" }] }] }]".into(),
            "`layers[0].layers[0].layers[0]`: more than 10000 layers".into(),
        ),
        (
            "layers = [\n{ repeat = 10000, layers = [{ repeat = 10000, layers = [{ repeat = 10000, layers = [] }] }] }]".into(),
            "`layers[0].layers[0].layers[0]`: repeats nothing: at least one layer, at least once".into(),
        ),
        (
            "layers = [\n{ repeat = 0, layers = [{ kind = \"asinh\" }] }]".into(),
            "`layers[0]`: repeats nothing: at least one layer, at least once".into(),
        ),
        (
            "layers = [\n{ repeat = 10000, layers = [{ kind = \"chain\", layers = [{ repeat = 9000, layers = [{ kind = \"asinh\" }] }] }] }]".into(),
            "`layers[0].layers[0].layers[0].layers[0]`: more than 10000 layers".into(),
        ),
        (
            "layers = [\n{ repeat = -1, layers = [] }]".into(),
            "`layers[0].repeat`: invalid value: integer `-1`, expected usize".into(),
        ),
        (
            "layers = [{ kind = \"chain\", layers = [\n{ kind = \"asinnh\" }] }]".into(),
            "unknown kind of layer `asinnh`; nearest is `asinh`, known: asinh, chain, coupling, cycled-conv, dense, free-conv, histogram, kept, leaky-tanh, logistic-mixture, logit, multiscale, radial, scale, shift, sigmoid, smooth-leaky-relu, spline, squeeze, standardize, subband-scale, subband-shift, whitening".into(),
        ),
        (format!("{layers}\ntraining = {{ bacth = 3 }}"), format!("unknown key `bacth` in `training`; nearest is `batch`, known: {training}")),
        (format!("{layers}\ntraining.batch = 0"), "`training.batch`: 0: a batch has at least one row".into()),
        (
            format!("{layers}\ntraining.batch = -1"),
            "`training.batch`: invalid value: integer `-1`, expected usize".into(),
        ),
        (
            format!("{layers}\ntraining = {{ steps = 5, budget = \"5s\" }}"),
            "`training.budget`: does not go with `steps`: a run has one budget".into(),
        ),
        (
            format!("{layers}\ntraining.steps = 1.5"),
            "`training.steps`: invalid type: floating point `1.5`, expected u64".into(),
        ),
        (
            format!("{layers}\ntraining.budget = \"5 lightyears\""),
            "`training.budget`: \"5 lightyears\" is no time such as \"90s\" or \"10m\": unknown time unit \"lightyears\", supported units: ns, us/µs, ms, sec, min, hours, days, weeks, months, years (and few variations)".into(),
        ),
        (
            format!("{layers}\ntraining.optimizer = \"adm\""),
            "`training.optimizer`: unknown name `adm`; nearest is `adam`, known: sgd, momentum, adam, smorms3".into(),
        ),
        (
            format!("{layers}\ntraining.optimizer = {{ adam = {{ beta = 1 }} }}"),
            "unknown key `beta` in `training.optimizer.adam`; nearest is `beta1`, known: beta1, beta2, epsilon".into(),
        ),
        (
            format!("{layers}\ntraining.optimizer = {{ adam = {{ beta2 = 1 }} }}"),
            "`training.optimizer`: beta2 = 1: must be in [0, 1)".into(),
        ),
        (
            format!("{layers}\ntraining.optimizer = {{ momentum = {{ nestrov = true }} }}"),
            "unknown key `nestrov` in `training.optimizer.momentum`; nearest is `nesterov`, known: beta, nesterov".into(),
        ),
        (
            format!("{layers}\ntraining.optimizer = {{ smorms3 = {{ epsilon = 0 }} }}"),
            "`training.optimizer`: epsilon = 0: must be positive and finite".into(),
        ),
        (
            format!("{layers}\ntraining.rate = -1"),
            "`training.rate`: learning rate = -1: must be finite and not negative".into(),
        ),
        (
            format!("{layers}\ntraining.schedule = \"cosin\""),
            "`training.schedule`: unknown name `cosin`; nearest is `cosine`, known: constant, cosine, linear, steps".into(),
        ),
        (
            format!("{layers}\ntraining.schedule = {{ cosine = {{ ende = 1 }} }}"),
            "unknown key `ende` in `training.schedule.cosine`; nearest is `end`, known: end".into(),
        ),
        (
            format!("{layers}\ntraining.schedule = {{ linear = {{ end = -1 }} }}"),
            "`training.schedule`: end of the schedule = -1: must be finite and not negative".into(),
        ),
        (
            format!("{layers}\ntraining.schedule = {{ steps = {{ factor = 0.5 }} }}"),
            "key `every` is missing in `training.schedule.steps`".into(),
        ),
        (
            format!("{layers}\ntraining.schedule = {{ steps = {{ factor = 0.5, every = 2 }} }}"),
            "`training.schedule`: every of the schedule = 2: must be in (0, 1]".into(),
        ),
        (
            format!("{layers}\ntraining.warmup = true"),
            "`training.warmup`: invalid type: boolean `true`, expected u64".into(),
        ),
        (
            format!("{layers}\ntraining.clip = \"norm\""),
            "`training.clip`: `norm` needs a value: { norm = … }".into(),
        ),
        (
            format!("{layers}\ntraining.clip = {{ value = 0 }}"),
            "`training.clip`: clipping limit = 0: must be positive".into(),
        ),
        (
            format!("{layers}\ntraining.evaluations = \"many\""),
            "`training.evaluations`: invalid type: string \"many\", expected u64".into(),
        ),
        (
            format!("{layers}\ntraining.validation-rows = -2"),
            "`training.validation-rows`: invalid value: integer `-2`, expected usize".into(),
        ),
        (
            format!("{layers}\ntraining.patience = 0"),
            "`training.patience`: patience = 0: must be at least 1".into(),
        ),
        (
            format!("{layers}\ntraining.validation-rows = 0"),
            "`training.validation-rows`: validation rows = 0: must be at least 1".into(),
        ),
        (
            format!("{layers}\ntraining.evaluations = 0"),
            "`training.evaluations`: evaluations = 0: must be from 1 to 1,000,000".into(),
        ),
        (
            format!("{layers}\ntraining.patience = []"),
            "`training.patience`: invalid type: sequence, expected u64".into(),
        ),
    ];
    let wrong: Vec<String> = cases
        .into_iter()
        .filter_map(|(text, words)| {
            let (said, due) = (parse(&text).err(), format!("m.toml:2: {words}"));
            (said.as_deref() != Some(&due)).then(|| format!("{text}\n  said {said:?}\n  due  {due:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(parse("base = \"normal\"").unwrap_err(), "m.toml:1: key `layers` is missing");
    assert!(parse("layers = [").unwrap_err().starts_with("m.toml:1:11: "));
}

#[test]
fn presets_are_written_and_read_back() {
    for preset in Preset::ALL {
        for depth in [1, 2, 5] {
            let model = preset.model(Architecture { depth, alpha: 0.05 });
            let text = model.to_toml();
            assert_eq!(parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}")), model, "{text}");
        }
    }
    let mut full = Preset::DenseSvd.model(Architecture::default());
    full.preprocess = Some(vec![Preprocess::Logit { lambda: 1e-5 }, Preprocess::Whiten]);
    full.base = BaseSpec::StudentT { nu: 7.5, learned: true };
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

/// A layer of another crate: `y = k x` with one number of options and a tensor of its own.
#[derive(Debug, Clone)]
struct Stretch<F> {
    by: Vec<F>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct StretchOptions {
    start: f64,
}

impl<F: Real> Stretch<F> {
    fn map(&self, sign: i32, x: ArrayView2<'_, F>, mut y: ArrayViewMut2<'_, F>, log_det: Option<&mut [f64]>) {
        for (mut y, x) in y.rows_mut().into_iter().zip(x.rows()) {
            for ((y, &x), &by) in y.iter_mut().zip(x).zip(&self.by) {
                *y = if sign > 0 { x * by } else { x / by };
            }
        }
        let own: f64 = self.by.iter().map(|by| f64::from(sign) * by.f64().ln()).sum();
        log_det.into_iter().flatten().for_each(|value| *value += own);
    }
}

impl<F: Real> Layer<F> for Stretch<F> {
    fn spec(&self) -> LayerSpec {
        LayerSpec::new("stretch", &json!({}))
    }

    fn features(&self) -> Option<usize> {
        Some(self.by.len())
    }

    fn forward(
        &self,
        x: Input<'_, F>,
        y: ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        _: &mut Tape<F>,
    ) -> Result<()> {
        self.map(1, x.x, y, log_det);
        Ok(())
    }

    fn inverse(
        &self,
        y: Input<'_, F>,
        x: ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        _: &mut Tape<F>,
    ) -> Result<()> {
        self.map(-1, y.x, x, log_det);
        Ok(())
    }

    fn backward(
        &self,
        _: Recorded<'_, F>,
        dy: ArrayView2<'_, F>,
        dx: Option<ArrayViewMut2<'_, F>>,
        _: &mut LayerGrads<F>,
    ) -> Result<()> {
        if let Some(dx) = dx {
            self.map(1, dy, dx, None);
        }
        Ok(())
    }

    fn tensors(&self) -> Vec<(String, ndarray::ArrayD<F>)> {
        vec![("by".into(), ndarray::Array1::from(self.by.clone()).into_dyn())]
    }

    fn set_tensors(&mut self, tensors: &mut Tensors<F>) -> Result<()> {
        self.by = tensors.vector("by", Some(self.by.len()))?.to_vec();
        Ok(())
    }

    fn duplicate(&self) -> Box<dyn Layer<F>> {
        Box::new(self.clone())
    }
}

/// The largest deviation of each feature of the sample over `start`: a start that depends on the data as they reach the layer.
fn stretch<F: Real>(
    spec: &LayerSpec,
    fresh: &mut Fresh<'_, F>,
    _: &Registry<F>,
) -> Result<Box<dyn Layer<F>>> {
    let StretchOptions { start } = spec.parse()?;
    let features = fresh.features;
    let rows = fresh.rows()?;
    let largest = |column: usize| {
        rows.column(column).iter().fold(F::of(start), |most, v| if v.abs() > most { v.abs() } else { most })
    };
    Ok(Box::new(Stretch { by: (0..features).map(largest).collect() }))
}

#[test]
fn a_layer_of_another_crate_is_described_trained_saved_and_loaded() {
    let mut registry = registry::<f64>();
    registry.insert_built(
        "stretch",
        |_, tensors, _| Ok(Box::new(Stretch { by: tensors.vector("by", None)?.to_vec() })),
        stretch,
    );
    let text = "layers = [{ kind = \"shift\", start = 1 }, { kind = \"stretch\", start = 0.5 }, { kind = \"dense\", group = { general = \"relative\" } }]";
    let file = ModelFile::parse("m.toml", text, &registry).unwrap();
    let rows = Array2::from_shape_fn((300, 2), |(i, j)| ((i * 7 + j * 3) as f64).sin());
    let mut flow = file.spec.build_on(&rows, &[], 1, &registry).unwrap();
    let by = flow.tensors().into_iter().find(|(name, _)| name == "layers.1.by").unwrap().1;
    let most = rows.column(0).iter().fold(0.0_f64, |most, v| most.max((v + 1.0).abs()));
    assert_eq!(by[[0]], most, "the sample reaches the layer shifted by one");
    let config = TrainConfig { batch: 50, ..TrainConfig::new(Budget::Steps(20)) };
    train(&mut flow, &rows, rows.view(), &config, &mut |_| {}).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.safetensors");
    Model::new(flow.clone(), "here".into(), 0).save(&path).unwrap();
    let again = Model::load(&path, &registry).unwrap();
    assert_eq!(again.flow.log_prob(&rows).unwrap(), flow.log_prob(&rows).unwrap());
    // Without the kind the file is refused in words, and so is the description.
    let error = Model::<f64>::load(&path, &pdmap_train::registry()).unwrap_err().to_string();
    assert!(error.contains("unknown kind of layer `stretch`"), "{error}");
    assert!(parse(text).unwrap_err().contains("unknown kind of layer `stretch`"));
    // An option of the layer's own is found in the file.
    let error =
        ModelFile::parse("m.toml", &text.replace("start = 0.5", "strat = 0.5"), &registry).unwrap_err();
    assert_eq!(
        error.to_string(),
        "m.toml:1: unknown key `strat` in `layers[1]`; nearest is `start`, known: start"
    );
}

/// The page that documents the schema.
fn page() -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/models.md");
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn the_documentation_knows_every_key_and_its_examples_are_read() {
    let page = page();
    let examples: Vec<&str> =
        page.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert_eq!(examples.len(), 2);
    for example in examples {
        parse(example).unwrap_or_else(|error| panic!("{error}\n{example}"));
    }
    // The reader itself lists what it knows, wherever something unknown is asked of it.
    let layers = "layers = [{ kind = \"asinh\" }]";
    let unknown = [
        format!("{layers}\nx = 1"),
        format!("{layers}\ntraining.x = 1"),
        format!("{layers}\npreprocess = \"x\""),
        format!("{layers}\nbase = \"x\""),
        format!("{layers}\nbase = {{ student-t = {{ x = 1 }} }}"),
        format!("{layers}\ntraining.optimizer = \"x\""),
        format!("{layers}\ntraining.optimizer = {{ adam = {{ x = 1 }} }}"),
        format!("{layers}\ntraining.optimizer = {{ momentum = {{ x = 1 }} }}"),
        format!("{layers}\ntraining.schedule = \"x\""),
        format!("{layers}\ntraining.schedule = {{ steps = {{ x = 1 }} }}"),
        format!("{layers}\ntraining.clip = \"x\""),
        "layers = [{ kind = \"x\" }]".to_owned(),
        "layers = [{ kind = \"dense\", x = 1, group = \"orthonormal\" }]".to_owned(),
        "layers = [{ kind = \"dense\", group = \"x\" }]".to_owned(),
        "layers = [{ kind = \"dense\", group = { general = \"x\" } }]".to_owned(),
        "layers = [{ kind = \"dense\", group = \"orthonormal\", bias = \"x\" }]".to_owned(),
        "layers = [{ kind = \"dense\", group = \"orthonormal\", start = \"x\" }]".to_owned(),
        "layers = [{ kind = \"scale\", direction = \"x\" }]".to_owned(),
        "layers = [{ kind = \"cycled-conv\", x = 1 }]".to_owned(),
        "layers = [{ kind = \"cycled-conv\", boundary = \"x\" }]".to_owned(),
        "layers = [{ kind = \"cycled-conv\", output = \"x\" }]".to_owned(),
        "layers = [{ kind = \"cycled-conv\", start = \"x\" }]".to_owned(),
        "layers = [{ kind = \"free-conv\", x = 1 }]".to_owned(),
        "layers = [{ kind = \"free-conv\", period = 2, start = \"x\" }]".to_owned(),
        "layers = [{ kind = \"free-conv\", period = 2, direction = \"x\" }]".to_owned(),
        "layers = [{ kind = \"subband-scale\", x = 1 }]".to_owned(),
        "layers = [{ kind = \"subband-shift\", x = 1 }]".to_owned(),
        "layers = [{ kind = \"leaky-tanh\", x = 1 }]".to_owned(),
        format!("{layers}\npreprocess = {{ sigmoid = {{ x = 1 }} }}"),
        format!("{layers}\npreprocess = {{ histogram = {{ x = 1 }} }}"),
        format!("{layers}\npreprocess = {{ levels = {{ x = 1 }} }}"),
        "layers = [{ kind = \"spline\", x = 1 }]".to_owned(),
        "layers = [{ kind = \"spline\", tails = \"x\" }]".to_owned(),
        "layers = [{ kind = \"spline\", per = \"x\" }]".to_owned(),
        "layers = [{ kind = \"spline\", start = \"x\" }]".to_owned(),
        "layers = [{ kind = \"radial\", x = 1 }]".to_owned(),
        "layers = [{ kind = \"radial\", groups = \"x\" }]".to_owned(),
        "layers = [{ kind = \"coupling\", x = 1 }]".to_owned(),
        "layers = [{ kind = \"coupling\", split = \"x\" }]".to_owned(),
        "layers = [{ kind = \"coupling\", transform = \"x\" }]".to_owned(),
        "layers = [{ kind = \"coupling\", transform = { spline = { x = 1 } } }]".to_owned(),
        "layers = [{ kind = \"coupling\", transform = { affine = { x = 1 } } }]".to_owned(),
        "layers = [{ kind = \"logistic-mixture\", x = 1 }]".to_owned(),
        "layers = [{ kind = \"squeeze\", x = 1 }]".to_owned(),
        "layers = [{ kind = \"kept\", x = 1 }]".to_owned(),
        "layers = [{ kind = \"multiscale\", x = 1 }]".to_owned(),
        "layers = [{ kind = \"multiscale\", levels = 1, step = \"x\", layers = [{ kind = \"asinh\" }] }]"
            .to_owned(),
    ];
    for text in unknown {
        let error = parse(&text).unwrap_err();
        let known = error.split("known: ").nth(1).unwrap_or_else(|| panic!("{error}"));
        for word in known.split(", ") {
            assert!(
                page.contains(&format!("`{word}`"))
                    || page.contains(&format!("`\"{word}\"`"))
                    || page.contains(&format!("{word} =")),
                "`{word}` is not documented"
            );
        }
    }
}

/// A few bytes can ask for more than any memory holds, in one layer or in thousands: refused before it is taken.
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
