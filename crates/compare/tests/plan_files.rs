//! Plan files: all keys, and the example plans.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::time::Duration;

use pdmap_compare::{Arm, CompareError, Plan, PlanFile, Results, RunResult, Store, compare, outline, page};
use pdmap_core::optim::{Clip, OptimizerSpec, Schedule, Shape};
use pdmap_data::{Counts, Generator, Splits};
use pdmap_train::{Architecture, Budget, Preprocess, Preset, TrainConfig};

fn usual() -> Plan {
    Plan::new(Budget::Time(Duration::from_secs(2)))
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

/// An inline model.
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
        retries: 3,
        ..usual().training
    };
    assert_eq!(plan.training, common);
    let [svd, deep, one, mine] = &plan.arms[..] else { panic!("{:?}", plan.arms) };
    // A learning rate common to all arms overrides the preset's suggestion.
    assert_eq!((svd.name.as_str(), svd.as_preset()), ("dense-svd", Some((Preset::DENSE_SVD, Architecture::default()))));
    assert_eq!(plan.config(svd), common);
    assert_eq!(plan.rates_to_try(svd), [1.0, 2e-3]);
    assert_eq!(deep.as_preset(), Some((Preset::DENSE_SVD, Architecture { depth: 4, alpha: 0.3 })));
    assert_eq!(plan.config(deep).rate, 5e-3);
    assert_eq!(plan.rates_to_try(deep), [] as [f64; 0]);
    // A model's preprocessing and training options override the plan's, except the budget.
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
        retries: 3,
        ..common
    };
    assert_eq!(plan.config(mine), own);
    assert_eq!(plan.largest_batch(), 30);
}

#[test]
fn omitted_keys_have_defaults() {
    let plan = read("[[arms]]\nmodel = \"dense-exact\"\n");
    assert_eq!(plan, Plan { arms: vec![Arm::from(Preset::DENSE_EXACT)], ..usual() });
    let one =
        read("preprocess = \"none\"\nrates = []\n[training]\nbudget = \"2s\"\n[[arms]]\nmodel = \"dense-exact\"\n");
    assert_eq!((one.preprocess, one.rates), (vec![Preprocess::None], vec![]));
    assert_eq!(one.training.budget, Budget::Time(Duration::from_secs(2)));
    let logit = read("preprocess = { logit = { lambda = 1e-3 } }\n[[arms]]\nmodel = \"dense-exact\"\n");
    assert_eq!(logit.preprocess, [Preprocess::Logit { lambda: 1e-3 }]);
}

#[test]
fn an_inline_model_trains() {
    let text = format!(
        "rates = []\nseeds = 2\npreprocess = \"standardize\"\ndescription = \"a <b> & c\"\n[training]\nsteps = 60\n[[arms]]\nname = \"x < y & z\"\nmodel = {CUSTOM}\n\
         [arms.training]\nrate = 4e-3\n[[arms]]\nmodel = \"dense-relative\"\n"
    );
    let (plan, data) = (read(&text), data());
    let results = compare(&data, &plan, &Store::none(), &mut |_| {}).unwrap();
    let [mine, relative] = &results.arms[..] else { panic!("{:?}", results.arms) };
    assert_eq!((mine.arm.as_str(), mine.rate, mine.steps), ("x < y & z", 4e-3, 60.0));
    assert_eq!(relative.rate, Preset::DENSE_RELATIVE.rate());
    let [contrast] = &results.contrasts[..] else { panic!("{:?}", results.contrasts) };
    assert_eq!((contrast.arm.as_str(), contrast.against.as_str()), ("dense-relative", "x < y & z"));
    // Training improved the validation.
    let trained = &results.runs[0].trained;
    assert!(trained.best.step > 0 && trained.best.validation > trained.curve[0].validation, "{trained:?}");
    let html = page(&results).unwrap().render().unwrap();
    assert!(html.contains("x &lt; y &amp; z") && !html.contains("x < y"));
    let again: Results = serde_json::from_str(&serde_json::to_string(&results).unwrap()).unwrap();
    assert_eq!(again.format, 3);
    assert!(again == results, "the results do not survive a round trip through JSON");
}

#[test]
fn an_arm_that_cannot_be_built_is_named() {
    let mut data = data();
    data.train.column_mut(2).fill(1.0);
    let plan = read(
        "rates = []\npreprocess = \"standardize\"\n[training]\nsteps = 2\n[[arms]]\nname = \"deep\"\nmodel = \"dense-svd\"\ndepth = 3\n",
    );
    let error = compare(&data, &plan, &Store::none(), &mut |_| {}).unwrap_err();
    assert!(matches!(&error, CompareError::Arm { arm, .. } if arm == "deep"), "{error}");
    assert!(error.to_string().starts_with("arm deep: "), "{error}");
}

#[test]
fn a_fixed_rate_is_not_tuned() {
    let text = "seeds = 1\nrates = [1e-3, 1e-2]\npreprocess = \"standardize\"\n[training]\nsteps = 20\n[[arms]]\nmodel = \"dense-svd\"\nrate = 7e-3\n[[arms]]\nmodel = \"dense-exact\"\n";
    let results = compare(&data(), &read(text), &Store::none(), &mut |_| {}).unwrap();
    assert_eq!(results.tuning.len(), 4 + 2 + 1);
    assert!(results.tuning.iter().all(|tried| tried.arm == "dense-exact"));
    assert_eq!(results.arms[0].rate, 7e-3);
    let html = page(&results).unwrap().render().unwrap();
    assert!(html.contains("Not tuned, because the plan fixes the rate: dense-svd (7e-3)."));
}

#[test]
fn the_dense_example_is_the_default_comparison() {
    let plan = PlanFile::load(&example("dense.toml")).unwrap().onto(Plan::new(Budget::Steps(1)));
    assert!(plan.description.is_some());
    assert_eq!(Plan { description: None, ..plan }, usual());
}

#[test]
fn the_quick_example_runs() {
    let mut plan = PlanFile::load(&example("quick.toml")).unwrap().onto(usual());
    plan.training.budget = Budget::Steps(20);
    let results = compare(&data(), &plan, &Store::none(), &mut |_| {}).unwrap();
    assert_eq!((results.runs.len(), results.contrasts.len()), (80, 5));
    assert!(results.verdict[3].contains("euclidean") && results.verdict[3].contains("relative"));
    assert_eq!(results.tuning.iter().filter(|tried| tried.arm == "O·diag·O").count(), 7 + 4 + 2);
    // All figures for such data are present.
    assert!(results.ica.as_ref().is_some_and(|ica| ica.converged && ica.amari < 0.05), "{:?}", results.ica);
    assert!(results.runs.iter().all(|run| run.amari.is_some() && run.moments.len() == 5));
    let matrices = |run: &RunResult| run.moments.iter().all(|m| m.weights.iter().any(|w| w.condition >= 1.0));
    assert!(results.runs.iter().all(matrices));
    assert!(!results.targets.is_empty() && results.contrasts.iter().all(|c| c.equal_steps.is_some()));
    let angle = |arm: &str| {
        let run = results.runs.iter().find(|run| run.arm == arm).unwrap();
        run.moments[0].direction_angle.unwrap()
    };
    // A plain Euclidean step is parallel to the gradient. A relative step is too while the weights
    // are orthonormal, as they are at the start.
    assert!(angle("euclidean") < 1e-3, "{}", angle("euclidean"));
    assert!(angle("orthonormal") > 5.0 && angle("orthonormal") < 90.0);
    let html = page(&results).unwrap().render().unwrap();
    for heading in ["three ways", "Time to target", "Diagnostics", "Cost of a training step", "FastICA", "sign-flip"] {
        assert!(html.contains(heading), "{heading}");
    }
}

#[test]
fn the_outline_states_runs_and_total_time() {
    let text = "seeds = 2\nrates = [1e-3, 1e-2]\ntuning-share = 0.5\npreprocess = \"standardize\"\ncontrasts = [[\"b\", \"dense-svd\"]]\n\
                [training]\nbudget = \"10s\"\n[[arms]]\nmodel = \"dense-svd\"\n[[arms]]\nname = \"b\"\nrate = 3e-3\nmodel = { layers = [{ kind = \"dense\", group = \"orthonormal\" }], preprocess = [] }\n\
                [arms.training]\nbatch = 7\n";
    let plan = read(text);
    // Two arms of two seeds at 10 s; one tuned arm with four rates at 1.25 s, two at 2.5 s, one at
    // 5 s.
    assert_eq!(plan.seconds(), Some(55.0));
    let expected = "\
arm        layers  preprocessing                        optimizer  batch              rate
dense-svd       9    standardize  Adam (β₁ 0.9, β₂ 0.999, ε 1e-8)    100  tuned: 1e-3 1e-2
b               1           none  Adam (β₁ 0.9, β₂ 0.999, ε 1e-8)      7       3e-3, fixed

2 arms x 2 seeds, 10s per run
1 of 2 arms tuned by successive halving: 4 of 1s 250ms, then 2 of 2s 500ms, then 1 of 5s each, on separate seeds
smallest effect of interest: 0.05 nats
contrasts: b against dense-svd
about 55 s of training";
    assert_eq!(outline(&plan), expected);
    // A single rate is used as it is.
    assert!(outline(&Plan { rates: vec![7e-4], ..plan.clone() }).contains(" 7e-4\n"));
    let steps = Plan { training: TrainConfig { budget: Budget::Steps(30), ..plan.training.clone() }, ..plan };
    assert!(steps.seconds().is_none() && outline(&steps).contains("30 steps per run"));
}

#[test]
fn arms_are_chosen_by_name() {
    let mut plan = PlanFile::load(&example("quick.toml")).unwrap().onto(usual());
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let error = plan.keep(&names(&["algebar"])).unwrap_err();
    let expected = "no arm is called `algebar`; nearest is `algebra`, arms: euclidean, relative, algebra, relative by SGD, orthonormal, O·diag·O, algebra whitened, orthonormal whitened";
    assert_eq!(error.to_string(), expected);
    plan.keep(&names(&["orthonormal", "algebra"])).unwrap();
    assert_eq!(plan.arms.iter().map(|arm| arm.name.as_str()).collect::<Vec<_>>(), ["orthonormal", "algebra"]);
    assert_eq!(plan.contrasts, [["orthonormal", "algebra"]]);
    plan.check().unwrap();
}

#[test]
fn the_documented_example_is_a_plan() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/plans.md");
    let page = std::fs::read_to_string(page).unwrap();
    let text = page.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("models")).unwrap();
    std::fs::write(folder.path().join("models/mine.toml"), "layers = [{ kind = \"asinh\" }]\n").unwrap();
    std::fs::write(folder.path().join("plan.toml"), text).unwrap();
    let plan = PlanFile::load(&folder.path().join("plan.toml")).unwrap().onto(usual());
    assert_eq!((plan.arms.len(), plan.seeds, plan.contrasts.len()), (4, 5, 2));
}
