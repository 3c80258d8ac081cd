//! Small comparisons, whole.
#![allow(clippy::unwrap_used, clippy::panic)]

use pdmap_compare::baseline::{Marginals, gaussian};
use pdmap_compare::{Arm, CompareError, Contrast, Finding, Plan, Results, Store, compare, page, text_table};
use pdmap_data::{Counts, Generator, Splits};
use pdmap_train::{Budget, Outcome, Preprocess, Preset};

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
fn baselines_are_what_they_are_by_hand() {
    // For independent Gaussian features of known scale both baselines are near the entropy.
    let data = data("synthetic:ica?dim=4&source=logistic&condition=1");
    let truth = data.facts.true_log_likelihood.unwrap();
    let gaussian = gaussian(data.train.view()).unwrap();
    let mean = |rows: Vec<f64>| rows.iter().sum::<f64>() / rows.len() as f64;
    let gaussian = mean(gaussian.log_prob(&data.test).unwrap());
    // The Gaussian's expected log-likelihood of unit-variance data, whatever their shape.
    let expected = -4.0 * 0.5 * (2.0 * std::f64::consts::PI * std::f64::consts::E).ln();
    assert!((gaussian - expected).abs() < 0.1, "{gaussian} is not {expected}");
    assert!(gaussian < truth);
    let marginals = Marginals::fit(data.train.view(), data.validation.view(), false).unwrap();
    let histograms = mean(marginals.independent(4).unwrap().log_prob(&data.test).unwrap());
    assert!(histograms < truth + 0.05, "{histograms} beats the truth {truth}");
    // What is independent but for a rotation near the identity has little for a copula to find.
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
fn arms_outside_the_usual_pairs_are_compared_with_the_first() {
    let data = data("synthetic:ica?dim=4&source=laplace&condition=3");
    let results = run(&data, &plan(&[Preset::DENSE_EXACT, Preset::DENSE_ORTHONORMAL], 2, 60));
    assert_eq!(results.contrasts.len(), 1);
    assert_eq!(results.contrasts[0].against, "dense-exact");
    assert_eq!(results.contrasts[0].confidence, 0.95);
    assert!(results.verdict[0].contains("dense-exact") && results.verdict[0].contains("dense-orthonormal"));
}

#[test]
fn patches_of_one_image_are_not_taken_for_independent() {
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
fn one_seed_supports_no_verdict_and_the_page_still_renders() {
    let data = data("synthetic:ica?dim=3&source=laplace");
    let results = run(&data, &plan(&[Preset::DENSE_RELATIVE, Preset::DENSE_SVD], 1, 40));
    assert_eq!(results.contrasts[0].finding, Finding::Undecided);
    let html = page(&results).unwrap().render().unwrap();
    assert!(html.contains("Nothing can be said"));
    let line = |results: &Results| text_table(results).lines().last().unwrap().to_owned();
    let truth = format!("{:.2}", data.facts.test_truth.unwrap());
    assert!(line(&results).starts_with("True density, same test rows") && line(&results).contains(&truth));
    let mut unknown = results.clone();
    (unknown.data.test_truth, unknown.data.true_log_likelihood) = (None, None);
    assert!(line(&unknown).starts_with("Gaussian copula"), "{}", line(&unknown));
    let again: Results = serde_json::from_str(&serde_json::to_string(&results).unwrap()).unwrap();
    assert!(again.contrasts[0].half_width.is_nan());
}

#[test]
fn an_empty_plan_is_refused() {
    let data = data("synthetic:moons");
    let empty = compare(&data, &plan(&[], 1, 1), &Store::none(), &mut |_| {}).unwrap_err();
    assert!(matches!(empty, CompareError::Empty { actual: 0, seeds: 1 }), "{empty}");
}

#[test]
fn runs_that_were_interrupted_are_reported_in_words() {
    let data = data("synthetic:ica?dim=3&source=laplace");
    let mut results = run(&data, &plan(&[Preset::DENSE_RELATIVE, Preset::DENSE_SVD], 1, 10));
    let words = "Runs that were interrupted before their budget was used count as they stood: dense-svd with seed 1 at step 7.";
    assert!(!page(&results).unwrap().render().unwrap().contains("interrupted"));
    results.runs[1].trained.outcome = Outcome::Interrupted { step: 7 };
    assert!(page(&results).unwrap().render().unwrap().contains(words));
}

#[test]
fn a_rate_of_the_arm_stands_where_nothing_is_tuned() {
    let data = data("synthetic:ica?dim=3&source=laplace");
    let mut plan = Plan { rates: vec![], ..plan(&[Preset::DENSE_RELATIVE, Preset::DENSE_SVD], 1, 5) };
    plan.arms[1].training.rate = Some(6e-3);
    let rates: Vec<f64> = run(&data, &plan).arms.iter().map(|arm| arm.rate).collect();
    assert_eq!(rates, [Preset::DENSE_RELATIVE.rate(), 6e-3]);
}
