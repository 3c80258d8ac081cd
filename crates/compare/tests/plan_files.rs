//! Plans as files: every key, every mistake, and the examples of the repository.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::time::Duration;

use pdmap_compare::{Arm, CompareError, Plan, PlanFile, Results, compare, outline, page};
use pdmap_core::optim::{Clip, OptimizerSpec, Schedule, Shape};
use pdmap_data::{Counts, Generator, Splits};
use pdmap_train::{Architecture, Budget, Preprocess, Preset, TrainConfig};

fn usual() -> Plan {
    Plan::new(Budget::Time(Duration::from_secs(5)))
}

fn read(text: &str) -> Plan {
    PlanFile::parse("plan.toml", text).unwrap_or_else(|error| panic!("{error}\n{text}")).onto(usual())
}

fn data() -> Splits<f64> {
    let generator: Generator = "synthetic:ica?dim=4&source=laplace&condition=3".parse().unwrap();
    generator.splits(Counts { train: 1000, validation: 200, test: 200 }, 1).unwrap()
}

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plans").join(name)
}

/// An arm without a preset, on one line.
const CUSTOM: &str = "{ layers = [{ kind = \"dense\", group = \"orthonormal\" }, { kind = \"asinh\" }] }";

#[test]
fn every_key_is_read() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("models")).unwrap();
    let model = "description = \"one map\"\npreprocess = [\"whiten\"]\nbase = \"logistic\"\nlayers = [{ kind = \"dense\", group = \"orthonormal\" }]\n\
                 [training]\nbudget = \"9m\"\nbatch = 30\nrate = 7e-4\n";
    std::fs::write(folder.path().join("models/one.toml"), model).unwrap();
    let text = "description = \"words\"\nseeds = 7\nrates = [1, 2e-3]\ntuning-share = 0.5\npreprocess = [\"standardize\", \"whiten\"]\n\
                contrasts = [[\"deep\", \"one\"], [\"mine\", \"one\"]]\n\
                [training]\nsteps = 90\nbatch = 20\noptimizer = \"sgd\"\nrate = 1e-2\nschedule = \"constant\"\nwarmup = 4\nclip = { norm = 2.0 }\n\
                evaluations = 5\nvalidation-rows = 50\npatience = 3\n\
                [[arms]]\nmodel = \"dense-svd\"\n\
                [[arms]]\nname = \"deep\"\nmodel = \"dense-svd\"\ndepth = 4\nalpha = 0.3\nrate = 5e-3\n\
                [[arms]]\nname = \"one\"\nmodel = \"models/one.toml\"\n\
                [[arms]]\nname = \"mine\"\nmodel = { layers = [{ kind = \"dense\", group = \"orthonormal\" }] }\n\
                [arms.training]\nbatch = 10\noptimizer = \"adam\"\nrate = 2e-4\nschedule = { linear = { end = 0.1 } }\nwarmup = 1\nclip = \"none\"\n\
                evaluations = 6\nvalidation-rows = 60\npatience = 9\n";
    let path = folder.path().join("plan.toml");
    std::fs::write(&path, text).unwrap();
    let plan = PlanFile::load(&path).unwrap().onto(usual());
    assert_eq!(plan.description.as_deref(), Some("words"));
    assert_eq!((plan.seeds, &plan.rates[..], plan.tuning_share), (7, &[1.0, 2e-3][..], 0.5));
    assert_eq!(plan.preprocess, [Preprocess::Standardize, Preprocess::Whiten]);
    assert_eq!(plan.contrasts, [["deep", "one"], ["mine", "one"]]);
    let common = TrainConfig {
        batch: 20,
        budget: Budget::Steps(90),
        optimizer: OptimizerSpec::Sgd,
        rate: 1e-2,
        schedule: Schedule { warmup: 4, shape: Shape::Constant },
        clip: Clip::Norm(2.0),
        evaluations: 5,
        validation_rows: 50,
        patience: Some(3),
        ..usual().training
    };
    assert_eq!(plan.training, common);
    let [svd, deep, one, mine] = &plan.arms[..] else { panic!("{:?}", plan.arms) };
    // A preset's own rate is a suggestion: the one that all have in common stands before it.
    assert_eq!(
        (svd.name.as_str(), svd.as_preset()),
        ("dense-svd", Some((Preset::DenseSvd, Architecture::default())))
    );
    assert_eq!(plan.config(svd), common);
    assert_eq!(plan.rates_to_try(svd), [1.0, 2e-3]);
    assert_eq!(deep.as_preset(), Some((Preset::DenseSvd, Architecture { depth: 4, alpha: 0.3 })));
    assert_eq!(plan.config(deep).rate, 5e-3);
    assert_eq!(plan.rates_to_try(deep), [] as [f64; 0]);
    // A model's own preprocessing and training stand before the plan's, but for the budget.
    assert_eq!(plan.steps(one), [Preprocess::Whiten]);
    assert_eq!(plan.steps(mine), plan.preprocess);
    assert_eq!(plan.config(one), TrainConfig { batch: 30, rate: 7e-4, ..common.clone() });
    let own = TrainConfig {
        batch: 10,
        optimizer: OptimizerSpec::adam(),
        rate: 2e-4,
        schedule: Schedule { warmup: 1, shape: Shape::Linear { end: 0.1 } },
        clip: Clip::None,
        evaluations: 6,
        validation_rows: 60,
        patience: Some(9),
        ..common
    };
    assert_eq!(plan.config(mine), own);
    assert_eq!(plan.largest_batch(), 30);
}

#[test]
fn what_a_plan_leaves_out_is_as_usual() {
    let plan = read("[[arms]]\nmodel = \"dense-exact\"\n");
    assert_eq!(plan, Plan { arms: vec![Arm::from(Preset::DenseExact)], ..usual() });
    let one = read(
        "preprocess = \"none\"\nrates = []\n[training]\nbudget = \"2s\"\n[[arms]]\nmodel = \"dense-exact\"\n",
    );
    assert_eq!((one.preprocess, one.rates), (vec![Preprocess::None], vec![]));
    assert_eq!(one.training.budget, Budget::Time(Duration::from_secs(2)));
    let logit = read("preprocess = { logit = { lambda = 1e-3 } }\n[[arms]]\nmodel = \"dense-exact\"\n");
    assert_eq!(logit.preprocess, [Preprocess::Logit { lambda: 1e-3 }]);
}

#[test]
fn every_mistake_is_named_with_its_line() {
    let arm = "[[arms]]\nmodel = \"dense-svd\"\n";
    let two = format!("{arm}[[arms]]\nname = \"b\"\nmodel = {CUSTOM}\n");
    let custom = format!("[[arms]]\nname = \"b\"\nmodel = {CUSTOM}\n");
    let inline = |model: &str| format!("{arm}[[arms]]\nname = \"b\"\n[arms.model]\n{model}");
    let table: Vec<(String, &str)> = vec![
        // Keys and types.
        (
            format!("sedes = 2\n{arm}"),
            "plan.toml:1: unknown key `sedes`; nearest is `seeds`, known: description, seeds, rates, tuning-share, preprocess, training, contrasts, arms",
        ),
        (
            format!("\n[training]\nbacth = 2\n{arm}"),
            "plan.toml:3: unknown key `bacth` in `training`; nearest is `batch`, known: batch, steps, budget, optimizer, rate, schedule, warmup, clip, evaluations, validation-rows, patience",
        ),
        (
            format!("{arm}dept = 2\n"),
            "plan.toml:3: unknown key `dept` in `arms[0]`; nearest is `depth`, known: name, model, depth, alpha, rate, training",
        ),
        (
            format!("{arm}[arms.training]\nstep = 2\n"),
            "plan.toml:4: unknown key `step` in `arms[0].training`; nearest is `steps`, known: batch, steps, budget, optimizer, rate, schedule, warmup, clip, evaluations, validation-rows, patience",
        ),
        ("seeds = 3\n".into(), "plan.toml:1: key `arms` is missing"),
        ("arms = []\n".into(), "plan.toml:1: `arms`: a comparison has at least one arm"),
        ("\n[[arms]]\nname = \"a\"\n".into(), "plan.toml:2: key `model` is missing in `arms[0]`"),
        (format!("seeds = -1\n{arm}"), "plan.toml:1: `seeds`: invalid value: integer `-1`, expected u64"),
        (
            format!("description = 3\n{arm}"),
            "plan.toml:1: `description`: invalid type: integer `3`, expected a string",
        ),
        (format!("seeds = \n{arm}"), "plan.toml:1:9: string values must be quoted, expected literal string"),
        // Numbers.
        (format!("seeds = 0\n{arm}"), "plan.toml:1: `seeds`: 0: a comparison has at least one seed"),
        (
            format!("rates = [1e-3,\n0.0]\n{arm}"),
            "plan.toml:2: `rates[1]`: 0: a learning rate is positive and finite",
        ),
        (
            format!("rates = [1e-3,\n-1]\n{arm}"),
            "plan.toml:2: `rates[1]`: -1: a learning rate is positive and finite",
        ),
        (format!("rates = [inf]\n{arm}"), "plan.toml:1: `rates[0]`: inf is no finite number"),
        (format!("rates = [1e-3, 0.001]\n{arm}"), "plan.toml:1: `rates[1]`: 1e-3 is listed already"),
        (format!("tuning-share = 0\n{arm}"), "plan.toml:1: `tuning-share`: 0 is not in (0, 1]"),
        (format!("tuning-share = 1.5\n{arm}"), "plan.toml:1: `tuning-share`: 1.5 is not in (0, 1]"),
        (
            format!("{arm}rate = 0\n"),
            "plan.toml:3: `arms[0].rate`: 0: a learning rate is positive and finite",
        ),
        // Preprocessing.
        (
            format!("preprocess = \"whitn\"\n{arm}"),
            "plan.toml:1: `preprocess`: unknown name `whitn`; nearest is `whiten`, known: none, standardize, whiten, logit",
        ),
        (
            format!("preprocess = [\n\"whiten\",\n\"logt\"]\n{arm}"),
            "plan.toml:3: `preprocess[1]`: unknown name `logt`; nearest is `logit`, known: none, standardize, whiten, logit",
        ),
        (
            format!("preprocess = {{ logit = {{ lambda = 0.7 }} }}\n{arm}"),
            "plan.toml:1: `preprocess`: lambda = 0.7: must be in (0, 0.5)",
        ),
        // Training.
        (
            format!("[training]\nsteps = 3\nbudget = \"3s\"\n{arm}"),
            "plan.toml:3: `training.budget`: does not go with `steps`: a run has one budget",
        ),
        (
            format!("[training]\nbudget = \"soon\"\n{arm}"),
            "plan.toml:2: `training.budget`: \"soon\" is no time such as \"90s\" or \"10m\": expected number at 0",
        ),
        (
            format!("[training]\nbatch = 0\n{arm}"),
            "plan.toml:2: `training.batch`: 0: a batch has at least one row",
        ),
        (
            format!("[training]\nrate = 0\n{arm}"),
            "plan.toml:2: `training.rate`: 0: a learning rate is positive and finite",
        ),
        (
            format!("{arm}[arms.training]\nrate = 0\n"),
            "plan.toml:4: `arms[0].training.rate`: 0: a learning rate is positive and finite",
        ),
        (
            inline("layers = [{ kind = \"asinh\" }]\ntraining = { rate = 0 }\n"),
            "plan.toml:7: `arms[1].model.training.rate`: 0: a learning rate is positive and finite",
        ),
        (
            format!("[training]\nrate = -2\n{arm}"),
            "plan.toml:2: `training.rate`: learning rate = -2: must be finite and not negative",
        ),
        (
            format!("[training]\noptimizer = \"adma\"\n{arm}"),
            "plan.toml:2: `training.optimizer`: unknown name `adma`; nearest is `adam`, known: sgd, momentum, adam, smorms3",
        ),
        (
            format!("{arm}[arms.training]\nclip = {{ norm = -1 }}\n"),
            "plan.toml:4: `arms[0].training.clip`: clipping limit = -1: must be positive",
        ),
        // One budget.
        (
            format!("{arm}[arms.training]\nsteps = 3\n"),
            "plan.toml:4: `arms[0].training.steps`: an arm has no budget of its own: a fair comparison has one, `steps` or `budget` in the plan's `[training]`",
        ),
        (
            format!("{arm}[arms.training]\nbudget = \"3s\"\n"),
            "plan.toml:4: `arms[0].training.budget`: an arm has no budget of its own: a fair comparison has one, `steps` or `budget` in the plan's `[training]`",
        ),
        (
            inline("layers = [{ kind = \"dense\", group = \"orthonormal\" }]\ntraining = { steps = 3 }\n"),
            "plan.toml:7: `arms[1].model.training.steps`: an arm has no budget of its own: a fair comparison has one, `steps` or `budget` in the plan's `[training]`",
        ),
        (
            format!("{arm}rate = 1e-3\n[arms.training]\nrate = 2e-3\n"),
            "plan.toml:5: `arms[0].training.rate`: changes nothing beside the arm's `rate`, which is fixed to 1e-3",
        ),
        // Names.
        (format!("[[arms]]\nmodel = {CUSTOM}\n"), "plan.toml:1: key `name` is missing in `arms[0]`"),
        (format!("{arm}{arm}"), "plan.toml:3: `arms[1].name`: `dense-svd` is named more than once"),
        (
            format!("{arm}name = \"a,b\"\n"),
            "plan.toml:3: `arms[0].name`: \"a,b\" is no name: letters without commas, backquotes and line ends, and no space around them",
        ),
        (
            format!("{arm}name = \"\"\n"),
            "plan.toml:3: `arms[0].name`: \"\" is no name: letters without commas, backquotes and line ends, and no space around them",
        ),
        (
            format!("{arm}name = \"{}\"\n", "x".repeat(61)),
            "plan.toml:3: `arms[0].name`: 61 letters, a name has 60 at most",
        ),
        (
            format!("{arm}name = \"dense-exact\"\n"),
            "plan.toml:3: `arms[0].name`: `dense-exact` is the name of a preset, and this arm is another model",
        ),
        // Models.
        (
            "[[arms]]\nmodel = \"dense-svg\"\n".into(),
            "plan.toml:2: `arms[0].model`: unknown model `dense-svg`; nearest is `dense-svd`, known: dense-exact, dense-relative, dense-relative-algebra, dense-orthonormal, dense-svd; the path of a model file ends in .toml",
        ),
        (
            "[[arms]]\nname = \"a\"\nmodel = \"absent.toml\"\n".into(),
            "plan.toml:3: `arms[0].model`: absent.toml: No such file or directory (os error 2)",
        ),
        (
            "[[arms]]\nmodel = 3\n".into(),
            "plan.toml:2: `arms[0].model`: a preset's name, the path of a model file or a table is expected",
        ),
        (
            format!("{custom}depth = 3\n"),
            "plan.toml:4: `arms[0].depth`: goes with presets alone: this model says its own layers",
        ),
        (
            format!("{custom}alpha = 0.5\n"),
            "plan.toml:4: `arms[0].alpha`: goes with presets alone: this model says its own layers",
        ),
        (
            format!("{arm}depth = 0\n"),
            "plan.toml:3: `arms[0].depth`: 0: a flow has at least one linear layer",
        ),
        (format!("{arm}depth = 1000000\n"), "plan.toml:3: `arms[0].depth`: 1000000: more than 10000 layers"),
        (format!("{arm}alpha = 2.0\n"), "plan.toml:3: `arms[0].alpha`: alpha = 2: must be in (0, 1]"),
        (
            format!("{arm}depth = 1\nalpha = 2.0\n"),
            "plan.toml:4: `arms[0].alpha`: alpha = 2: must be in (0, 1]",
        ),
        (
            inline("layer = []\n"),
            "plan.toml:6: unknown key `layer` in `arms[1].model`; nearest is `layers`, known: description, preprocess, base, layers, training",
        ),
        (inline("base = \"normal\"\n"), "plan.toml:5: key `layers` is missing in `arms[1].model`"),
        (inline("layers = []\n"), "plan.toml:6: `arms[1].model.layers`: a flow has at least one layer"),
        (
            inline("layers = [\n{ kind = \"dense\", group = \"orthonormal\" },\n{ kind = \"dens\" }]\n"),
            "plan.toml:8: unknown kind of layer `dens`; nearest is `dense`, known: asinh, chain, dense, leaky-tanh, logit, scale, shift, smooth-leaky-relu, standardize, whitening",
        ),
        (
            inline(
                "layers = [\n{ kind = \"dense\", group = \"orthonormal\" },\n{ kind = \"dense\", group = \"orthonormal\", bais = \"plain\" }]\n",
            ),
            "plan.toml:8: unknown key `bais` in `arms[1].model.layers[1]`; nearest is `bias`, known: group, bias, start, bias-start",
        ),
        // Contrasts.
        (
            format!("contrasts = [[\"b\", \"c\"]]\n{two}"),
            "plan.toml:1: `contrasts[0]`: no arm is called `c`; arms: dense-svd, b",
        ),
        (
            format!("contrasts = [[\"b\", \"b\"]]\n{two}"),
            "plan.toml:1: `contrasts[0]`: `b` is compared with itself",
        ),
        (
            format!("contrasts = [\n[\"b\", \"dense-svd\"],\n[\"dense-svd\", \"b\"]]\n{two}"),
            "plan.toml:3: `contrasts[1]`: `dense-svd` and `b` are compared already: a contrast more widens every interval",
        ),
        (
            format!("contrasts = [[\"b\", \"dense-svd\", \"c\"]]\n{two}"),
            "plan.toml:1: `contrasts[0]`: 3 names, a contrast is [\"an arm\", \"what it is compared with\"]",
        ),
        (
            format!("contrasts = [\"b\"]\n{two}"),
            "plan.toml:1: `contrasts[0]`: invalid type: string \"b\", expected a sequence",
        ),
    ];
    let mut wrong = Vec::new();
    for (text, expected) in &table {
        match PlanFile::parse("plan.toml", text) {
            Ok(plan) => wrong.push(format!("{text}\nwas read as {plan:?}")),
            Err(error) if error.to_string() == *expected => {}
            Err(error) => wrong.push(format!("{text}\nsays     {error}\nand not  {expected}")),
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), table.len(), wrong.join("\n\n"));
}

#[test]
fn a_model_file_says_itself_where_it_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("m.toml"), "layers = [\n  { kind = \"dens\" },\n]\n").unwrap();
    std::fs::write(path("p.toml"), "[[arms]]\nname = \"m\"\nmodel = \"m.toml\"\n").unwrap();
    let error = PlanFile::load(&path("p.toml")).unwrap_err().to_string();
    assert!(
        error.starts_with(&format!("{}:2: unknown kind of layer `dens`", path("m.toml").display())),
        "{error}"
    );
}

#[test]
fn an_arm_of_ones_own_trains() {
    let text = format!(
        "rates = []\nseeds = 2\npreprocess = \"standardize\"\ndescription = \"a <b> & c\"\n[training]\nsteps = 60\n[[arms]]\nname = \"x < y & z\"\nmodel = {CUSTOM}\n\
         [arms.training]\nrate = 4e-3\n[[arms]]\nmodel = \"dense-relative\"\n"
    );
    let (plan, data) = (read(&text), data());
    let results = compare(&data, &plan, &mut |_| {}).unwrap();
    let [mine, relative] = &results.arms[..] else { panic!("{:?}", results.arms) };
    assert_eq!((mine.arm.as_str(), mine.rate, mine.steps), ("x < y & z", 4e-3, 60.0));
    assert_eq!(relative.rate, Preset::DenseRelative.rate());
    let [contrast] = &results.contrasts[..] else { panic!("{:?}", results.contrasts) };
    assert_eq!((contrast.arm.as_str(), contrast.against.as_str()), ("dense-relative", "x < y & z"));
    // It learned: the best validation is not that of the start.
    let trained = &results.runs[0].trained;
    assert!(trained.best.step > 0 && trained.best.validation > trained.curve[0].validation, "{trained:?}");
    let html = page(&results).unwrap().render().unwrap();
    assert!(html.contains("x &lt; y &amp; z") && !html.contains("x < y"));
    let again: Results = serde_json::from_str(&serde_json::to_string(&results).unwrap()).unwrap();
    assert_eq!((&again, again.format), (&results, 2));
}

#[test]
fn an_arm_that_cannot_be_built_is_named() {
    let mut data = data();
    data.train.column_mut(2).fill(1.0);
    let plan = read(
        "rates = []\npreprocess = \"standardize\"\n[training]\nsteps = 2\n[[arms]]\nname = \"deep\"\nmodel = \"dense-svd\"\ndepth = 3\n",
    );
    let error = compare(&data, &plan, &mut |_| {}).unwrap_err();
    assert!(matches!(&error, CompareError::Arm { arm, .. } if arm == "deep"), "{error}");
    assert!(error.to_string().starts_with("arm deep: "), "{error}");
}

#[test]
fn a_fixed_rate_is_not_tuned() {
    let text = "seeds = 1\nrates = [1e-3]\npreprocess = \"standardize\"\n[training]\nsteps = 20\n[[arms]]\nmodel = \"dense-svd\"\nrate = 7e-3\n[[arms]]\nmodel = \"dense-exact\"\n";
    let results = compare(&data(), &read(text), &mut |_| {}).unwrap();
    assert_eq!(results.tuning.iter().map(|tried| tried.arm.as_str()).collect::<Vec<_>>(), ["dense-exact"]);
    assert_eq!(results.arms.iter().map(|arm| arm.rate).collect::<Vec<_>>(), [7e-3, 1e-3]);
    let html = page(&results).unwrap().render().unwrap();
    assert!(html.contains("With a rate that the plan fixes, and not tuned: dense-svd (7e-3)."));
}

#[test]
fn the_dense_example_is_the_usual_comparison() {
    let plan = PlanFile::load(&example("dense.toml")).unwrap().onto(Plan::new(Budget::Steps(1)));
    assert!(plan.description.is_some());
    assert_eq!(Plan { description: None, ..plan }, usual());
}

#[test]
fn the_quick_example_runs() {
    let mut plan = PlanFile::load(&example("quick.toml")).unwrap().onto(usual());
    plan.training.budget = Budget::Steps(20);
    let results = compare(&data(), &plan, &mut |_| {}).unwrap();
    assert_eq!((results.runs.len(), results.contrasts.len()), (6, 2));
    assert!(results.verdict[1].contains("asinh") && results.verdict[1].contains("dense-relative"));
    assert!(results.tuning.iter().all(|tried| tried.arm != "asinh"));
}

#[test]
fn what_will_run_is_said_before_it_does() {
    let text = "seeds = 2\nrates = [1e-3, 1e-2]\ntuning-share = 0.5\npreprocess = \"standardize\"\ncontrasts = [[\"b\", \"dense-svd\"]]\n\
                [training]\nbudget = \"10s\"\n[[arms]]\nmodel = \"dense-svd\"\n[[arms]]\nname = \"b\"\nrate = 3e-3\nmodel = { layers = [{ kind = \"dense\", group = \"orthonormal\" }], preprocess = [] }\n\
                [arms.training]\nbatch = 7\n";
    let plan = read(text);
    // Two arms, two seeds, ten seconds; two rates for five seconds each; up to two more.
    assert_eq!(plan.seconds(), Some([50.0, 60.0]));
    let expected = "\
arm        layers  preprocessing                        optimizer  batch              rate
dense-svd       9    standardize  Adam (β₁ 0.9, β₂ 0.999, ε 1e-8)    100  tuned: 1e-3 1e-2
b               1           none  Adam (β₁ 0.9, β₂ 0.999, ε 1e-8)      7       3e-3, fixed

2 arms x 2 seeds, 10s a run
1 of 2 arms tuned, 5s for each rate; where the best lies on the edge, up to two more rates beyond it
contrasts: b against dense-svd
about 50 s of training, 60 s at most";
    assert_eq!(outline(&plan), expected);
    let steps = Plan { training: TrainConfig { budget: Budget::Steps(30), ..plan.training.clone() }, ..plan };
    assert!(steps.seconds().is_none() && outline(&steps).contains("30 steps a run"));
}

#[test]
fn arms_are_chosen_by_name() {
    let mut plan = PlanFile::load(&example("quick.toml")).unwrap().onto(usual());
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let error = plan.keep(&names(&["asihn"])).unwrap_err();
    let expected =
        "no arm is called `asihn`; nearest is `asinh`, arms: dense-relative, dense-orthonormal, asinh";
    assert_eq!(error.to_string(), expected);
    plan.keep(&names(&["asinh", "dense-relative"])).unwrap();
    assert_eq!(
        plan.arms.iter().map(|arm| arm.name.as_str()).collect::<Vec<_>>(),
        ["asinh", "dense-relative"]
    );
    assert_eq!(plan.contrasts, [["asinh", "dense-relative"]]);
    plan.check().unwrap();
}
