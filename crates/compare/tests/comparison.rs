//! Small comparisons from data to report.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;

use pdmap_compare::baseline::{Gaussian, Marginals};
use pdmap_compare::{Arm, CompareError, Contrast, Finding, Plan, Results, Store, compare, page, text_table};
use pdmap_data::{Counts, Generator, Splits};
use pdmap_train::{Architecture, Budget, Outcome, Preprocess, Preset};

fn data(generator: &str) -> Splits<f64> {
    let generator: Generator = generator.parse().unwrap();
    generator.splits(Counts { train: 4000, validation: 1000, test: 2000 }, 1).unwrap()
}

fn plan(arms: &[Preset], seeds: u64, steps: u64) -> Plan {
    Plan {
        arms: arms.iter().copied().map(Arm::from).collect(),
        seeds,
        preprocess: vec![Preprocess::Standardize],
        rates: vec![3e-3],
        ..Plan::new(Budget::Steps(steps))
    }
}

fn run(data: &Splits<f64>, plan: &Plan) -> Results {
    compare(data, plan, &Store::none(), &mut |_| {}).unwrap()
}

#[test]
fn baselines_match_known_entropies() {
    let data = data("synthetic:ica?dim=4&source=logistic&condition=1");
    let truth = data.facts.true_log_likelihood.unwrap();
    let gaussian = Gaussian::fit(data.train.view()).unwrap();
    let mean = |rows: Vec<f64>| rows.iter().sum::<f64>() / rows.len() as f64;
    let gaussian = mean(gaussian.log_prob(data.test.view()).unwrap());
    // The Gaussian's expected log-likelihood of data with unit variance, whatever their
    // distribution.
    let expected = -4.0 * 0.5 * (2.0 * std::f64::consts::PI * std::f64::consts::E).ln();
    assert!((gaussian - expected).abs() < 0.1, "{gaussian} is not {expected}");
    assert!(gaussian < truth);
    let marginals = Marginals::fit(data.train.view(), data.validation.view(), false).unwrap();
    let histograms = mean(marginals.independent(4).unwrap().log_prob(&data.test).unwrap());
    assert!(histograms < truth + 0.05, "{histograms} beats the truth {truth}");
    // The features are nearly independent, so a copula gains little.
    let copula = mean(marginals.copula(data.train.view()).unwrap().log_prob(&data.test).unwrap());
    assert!(copula < truth + 0.05 && copula > gaussian - 0.2, "{gaussian} {copula} {truth}");
}

#[test]
fn a_comparison_under_a_step_budget_is_reproducible() {
    let data = data("synthetic:ica?dim=4&source=laplace&condition=3");
    let plan = plan(&[Preset::DENSE_RELATIVE, Preset::DENSE_ORTHONORMAL], 2, 100);
    let (first, second) = (run(&data, &plan), run(&data, &plan));
    assert_eq!(first.runs.len(), 4);
    let judged = |results: &Results| -> Vec<Contrast> {
        results.contrasts.iter().cloned().map(|contrast| Contrast { equal_time: None, ..contrast }).collect()
    };
    assert_eq!(judged(&first), judged(&second));
    for (a, b) in first.runs.iter().zip(&second.runs) {
        assert_eq!((a.test, a.trained.best.validation), (b.test, b.trained.best.validation));
    }
    let again: Results = serde_json::from_str(&serde_json::to_string(&first).unwrap()).unwrap();
    assert_eq!(again, first);
}

#[test]
fn arms_without_a_standard_contrast_are_compared_with_the_first() {
    let data = data("synthetic:ica?dim=4&source=laplace&condition=3");
    let results = run(&data, &plan(&[Preset::DENSE_EXACT, Preset::DENSE_ORTHONORMAL], 2, 60));
    assert_eq!(results.contrasts.len(), 1);
    assert_eq!(results.contrasts[0].against, "dense-exact");
    assert_eq!(results.contrasts[0].confidence, 0.95);
    assert!(results.verdict[0].contains("dense-exact") && results.verdict[0].contains("dense-orthonormal"));
}

#[test]
fn patches_of_one_image_are_not_treated_as_independent() {
    let generator: Generator = "synthetic:leaves?images=20&size=32&patch=4".parse().unwrap();
    let counts = Counts { train: 1000, validation: 200, test: 2000 };
    let mut data = generator.splits::<f64>(counts, 1).unwrap();
    let plan = plan(&[Preset::DENSE_RELATIVE], 1, 20);
    let grouped = run(&data, &plan);
    assert_eq!(grouped.test_images, Some(2));
    data.test_groups = None;
    let ungrouped = run(&data, &plan);
    assert!(grouped.arms[0].test_error > 2.0 * ungrouped.arms[0].test_error);
}

#[test]
fn one_seed_gives_no_verdict_but_a_page() {
    let data = data("synthetic:ica?dim=3&source=laplace");
    let results = run(&data, &plan(&[Preset::DENSE_RELATIVE, Preset::DENSE_SVD], 1, 40));
    assert_eq!(results.contrasts[0].finding, Finding::Undecided);
    let html = page(&results).unwrap().render().unwrap();
    assert!(html.contains("No conclusion about") && !html.contains("class=\"best\""));
    let line = |results: &Results| text_table(results).lines().last().unwrap().to_owned();
    let truth = format!("{:.2}", data.facts.test_truth.unwrap());
    assert!(line(&results).starts_with("True density, same test rows") && line(&results).contains(&truth));
    let mut unknown = results.clone();
    (unknown.data.test_truth, unknown.data.true_log_likelihood) = (None, None);
    assert!(line(&unknown).starts_with("Gaussian copula"), "{}", line(&unknown));
    let again: Results = serde_json::from_str(&serde_json::to_string(&results).unwrap()).unwrap();
    assert!(again.contrasts[0].half_width.is_nan());
}

/// Three arms of one model and ten seeds: two differ by their seeds only, the third learns slowly.
fn alike_and_slow(data: &Splits<f64>, slow: f64) -> Results {
    let arm = |name: &str, offset: u64, rate: f64| Arm {
        seed_offset: offset,
        rate: Some(rate),
        ..Arm::new(name, Preset::DENSE_RELATIVE.model(Architecture::default()))
    };
    let arms = vec![arm("first", 0, 1e-2), arm("second", 500, 1e-2), arm("third", 900, slow)];
    run(data, &Plan { arms, ..plan(&[], 10, 120) })
}

#[test]
fn every_arm_that_is_statistically_alike_shares_the_mark_of_the_best() {
    let data = data("synthetic:ica?dim=3&source=laplace&condition=4");
    let results = alike_and_slow(&data, 1e-4);
    let best: BTreeSet<&str> = results.best.iter().map(String::as_str).collect();
    assert_eq!(best, BTreeSet::from(["first", "second"]), "{:?}", results.verdict);
    let html = page(&results).unwrap().render().unwrap();
    assert_eq!(html.matches("best (alike)</span>").count(), 2);
    let last = results.verdict.last().unwrap();
    assert!(last.starts_with("Best (alike): ") && html.contains("Best (alike): "), "{last}");

    // Without the second arm, the first is better than every other and is marked alone.
    let mut plan = results.plan.clone();
    plan.arms.remove(1);
    let results = run(&data, &plan);
    assert_eq!(results.best, ["first"]);
    let html = page(&results).unwrap().render().unwrap();
    assert_eq!((html.matches(">best</span>").count(), html.matches("(alike)").count()), (1, 0));
    assert!(results.verdict.last().unwrap().starts_with("Best: first,"), "{:?}", results.verdict);
}

#[test]
fn an_empty_plan_is_refused() {
    let data = data("synthetic:moons");
    let empty = compare(&data, &plan(&[], 1, 1), &Store::none(), &mut |_| {}).unwrap_err();
    assert!(matches!(empty, CompareError::Empty { actual: 0, seeds: 1 }), "{empty}");
}

#[test]
fn interrupted_runs_are_reported() {
    let data = data("synthetic:ica?dim=3&source=laplace");
    let mut results = run(&data, &plan(&[Preset::DENSE_RELATIVE, Preset::DENSE_SVD], 1, 10));
    let words =
        "Runs interrupted before their budget was used, which count as they were: dense-svd with seed 1 at step 7.";
    assert!(!page(&results).unwrap().render().unwrap().contains("interrupted"));
    results.runs[1].trained.outcome = Outcome::Interrupted { step: 7 };
    assert!(page(&results).unwrap().render().unwrap().contains(words));
}

#[test]
fn without_tuning_an_arm_uses_its_own_rate() {
    let data = data("synthetic:ica?dim=3&source=laplace");
    let mut plan = Plan { rates: vec![], ..plan(&[Preset::DENSE_RELATIVE, Preset::DENSE_SVD], 1, 5) };
    plan.arms[1].training.rate = Some(6e-3);
    let rates: Vec<f64> = run(&data, &plan).arms.iter().map(|arm| arm.rate).collect();
    assert_eq!(rates, [Preset::DENSE_RELATIVE.rate(), 6e-3]);
}
