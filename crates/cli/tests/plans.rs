//! `pdmap compare --plan`.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::common;

use std::path::{Path, PathBuf};

use common::{folder, refuse, rows, succeed, write};
use pdmap_compare::{Plan, Results};

/// A small plan.
fn three_arms() -> String {
    format!("{}/tests/three-arms.toml", env!("CARGO_MANIFEST_DIR"))
}

fn example(name: &str) -> String {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plans").join(name);
    path.canonicalize().unwrap().to_str().unwrap().to_owned()
}

/// Runs a comparison on few rows and reads the results.
fn compare(folder: &Path, extra: &[&str]) -> Results {
    let data = ["compare", "--data", "x.npy", "--out", "c", "--json"];
    let json = succeed(folder, &[&data[..], extra].concat());
    let results: Results = serde_json::from_str(&json).unwrap();
    let written = std::fs::read_to_string(folder.join("c/results.json")).unwrap();
    assert_eq!(written.trim_end(), json.trim_end());
    results
}

/// All runs and their results, without times.
fn figures(results: &Results) -> Vec<(String, u64, f64, Option<f64>)> {
    let tuning = results.tuning.iter().map(|tried| (tried.arm.clone(), 0, tried.rate, tried.validation));
    let runs = results.runs.iter().map(|run| (run.arm.clone(), run.seed, run.rate, run.test));
    tuning.chain(runs).collect()
}

#[test]
fn the_default_plan_file_equals_the_default_flags() {
    let folder = &folder();
    write(folder, "x.npy", &rows(400, 3));
    let flags = ["--steps", "20", "--seeds", "2"];
    let (by_flags, plan) = (compare(folder, &flags), example("dense.toml"));
    let by_plan = compare(folder, &[&["--plan", &plan][..], &flags].concat());
    assert_eq!(figures(&by_plan), figures(&by_flags));
    assert_eq!((by_plan.contrasts, by_plan.verdict), (by_flags.contrasts, by_flags.verdict));
    assert_eq!(Plan { description: None, ..by_plan.plan }, by_flags.plan);
}

#[test]
fn flags_override_the_plan() {
    let folder = &folder();
    write(folder, "x.npy", &rows(400, 3));
    let plan = three_arms();
    let flags = ["--plan", &plan, "--steps", "10", "--seeds", "1", "--batch", "50", "--preprocess", "whiten"];
    let results = compare(folder, &[&flags[..], &["--rate", "2e-3", "--arms", "asinh,dense-relative"]].concat());
    let names: Vec<&str> = results.arms.iter().map(|arm| arm.arm.as_str()).collect();
    assert_eq!(names, ["asinh", "dense-relative"]);
    assert!(results.arms.iter().all(|arm| arm.rate == 2e-3 && arm.steps == 10.0), "{:?}", results.arms);
    assert!(results.tuning.is_empty());
    assert_eq!((results.plan.training.batch, results.plan.seeds), (50, 1));
    assert_eq!(results.plan.preprocess, [pdmap_train::Preprocess::Whiten]);
    assert_eq!(results.contrasts.len(), 1);
}

#[test]
fn a_dry_run_prints_the_plan_and_writes_nothing() {
    let folder = &folder();
    let dry = |extra: &[&str]| succeed(folder, &[&["compare", "--dry-run"][..], extra].concat());
    let usual = dry(&[]);
    assert!(usual.contains("dense-relative-algebra") && usual.contains("tuned: 1e-4 3e-4 1e-3 3e-3 1e-2"), "{usual}");
    // Five arms: ten seeds at 2 s; seven rates at 0.1 s, four at 0.2 s, two at 0.4 s.
    assert!(usual.contains("5 arms x 10 seeds, 2s per run") && usual.ends_with("about 112 s of training\n"), "{usual}");
    assert_eq!(dry(&["--plan", &example("dense.toml")]), usual);
    let quick = dry(&["--plan", &three_arms(), "--data", "synthetic:ica?dim=4"]);
    assert!(quick.contains("3e-3, fixed") && quick.contains("asinh against dense-relative"), "{quick}");
    assert!(
        quick.contains("3 arms x 2 seeds, 1000 steps per run") && quick.contains("about 10750 training steps in total"),
        "{quick}"
    );
    let json: Plan = serde_json::from_str(&dry(&["--json", "--plan", &three_arms()])).unwrap();
    assert_eq!(json.arms.len(), 3);
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 0);
}

#[test]
fn conflicts_with_a_plan_are_refused() {
    let folder = &folder();
    write(folder, "x.npy", &rows(400, 3));
    let own = "[[arms]]\nname = \"a\"\n[arms.model]\npreprocess = \"whiten\"\nlayers = [{ kind = \"asinh\" }]\ntraining = { batch = 10 }\n";
    std::fs::write(folder.join("own.toml"), own).unwrap();
    std::fs::write(folder.join("bad.toml"), "[[arms]]\nmodel = \"dense-svd\"\n\n[trainig]\nsteps = 3\n").unwrap();
    let quick = three_arms();
    let refused = |plan: &str, extra: &[&str]| {
        let args = [&["compare", "--data", "x.npy", "--out", "c", "--plan", plan][..], extra].concat();
        let line = refuse(folder, &args);
        assert!(!folder.join("c").exists());
        line
    };
    let table: [(&str, &[&str], &str); 9] = [
        (
            &quick,
            &["--arms", "dense-svd"],
            "error: no arm is called `dense-svd`; nearest is `dense-relative`, arms: dense-relative, dense-orthonormal, asinh",
        ),
        (&quick, &["--arms", "asinh,asinh"], "error: the plan: `arms[1].name`: `asinh` is used more than once"),
        (&quick, &["--seeds", "0"], "error: 3 arms and 0 seeds: a comparison needs at least one of each"),
        (&quick, &["--rate=-1"], "error: the plan: `arms[0].rate`: -1: a learning rate must be positive and finite"),
        (&quick, &["--batch", "0"], "error: --batch 0: a batch has at least one row"),
        ("own.toml", &["--batch", "5"], "error: --batch 5 has no effect: every arm of the plan sets its own"),
        (
            "own.toml",
            &["--preprocess", "none"],
            "error: --preprocess none has no effect: every arm of the plan sets its own",
        ),
        (
            "bad.toml",
            &[],
            "error: bad.toml:4: unknown key `trainig`; nearest is `training`, known: description, seeds, rates, tuning-share, tuning-seeds, smallest-effect, parallel, data, rows, preprocess, training, contrasts, arms",
        ),
        ("absent.toml", &[], "error: absent.toml: No such file or directory (os error 2)"),
    ];
    for (plan, extra, expected) in table {
        assert_eq!(refused(plan, extra), expected);
    }
    // clap's messages take several lines.
    for flag in [["--depth", "3"], ["--alpha", "0.5"]] {
        let output = common::pdmap(folder, &[&["compare", "--plan", &quick][..], &flag].concat());
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && stderr.contains("cannot be used with"), "{stderr}");
    }
}

#[test]
fn finished_runs_are_stored_and_runs_can_be_parallel() {
    let folder = &folder();
    write(folder, "x.npy", &rows(400, 3));
    let plan = three_arms();
    let small = ["--plan", &plan, "--steps", "10"];
    let first = compare(folder, &[&small[..], &["--parallel", "2,1"]].concat());
    let lines = std::fs::read_to_string(folder.join("c/results.csv")).unwrap();
    assert_eq!(lines.lines().count(), 1 + first.runs.len());
    assert!(lines.starts_with("arm,seed,rate,"), "{lines}");
    let kept = || std::fs::read_dir(folder.join("c/runs")).unwrap().count();
    let before = kept();
    // Two files for each of six final runs; the tuning of two arms; the baselines; the absence of
    // FastICA.
    assert_eq!(before, 2 * 6 + 2 * (5 + 3 + 2) + 2);
    let again = compare(folder, &small);
    assert_eq!((again.runs, kept()), (first.runs, before));
    for (flags, words) in [
        (&["--parallel", "2"][..], "error: --parallel takes two numbers (runs,threads); got 1"),
        (&["--parallel", "0,1"], "error: the plan: `parallel`: 0 runs of 1 threads: both must be in 1 to 1024"),
        (
            &["--parallel", "2,1", "--budget", "1s"],
            "error: the plan: `parallel`: under a time budget runs go one at a time: parallel runs would slow each other down",
        ),
    ] {
        let output = common::pdmap(folder, &[&["compare", "--plan", &plan, "--data", "x.npy"][..], flags].concat());
        assert_eq!(String::from_utf8_lossy(&output.stderr).trim_end(), words);
        assert_eq!(output.status.code(), Some(2));
    }
}
