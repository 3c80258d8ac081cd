//! Planted differences and equalities are recovered in repeated comparisons.
#![allow(clippy::unwrap_used)]

use pdmap_compare::{Arm, Finding, Plan, Store, compare};
use pdmap_data::{Counts, Generator, Splits};
use pdmap_train::{Architecture, Budget, Preprocess, Preset};

/// Repetitions, each with separate rows and seeds.
const REPETITIONS: u64 = 20;

fn data(repetition: u64) -> Splits<f64> {
    let generator: Generator = "synthetic:ica?dim=3&source=laplace&condition=4".parse().unwrap();
    generator.splits(Counts { train: 2000, validation: 500, test: 1000 }, repetition).unwrap()
}

/// The finding about two arms of one preset, the second of which is `changed`.
fn finding(repetition: u64, rate: f64, changed: impl FnOnce(&mut Arm)) -> Finding {
    let arm = |name: &str, offset: u64| Arm {
        seed_offset: 1000 * repetition + offset,
        rate: Some(rate),
        ..Arm::new(name, Preset::DENSE_RELATIVE.model(Architecture::default()))
    };
    let mut second = arm("second", 500);
    changed(&mut second);
    let plan = Plan {
        arms: vec![arm("first", 0), second],
        preprocess: vec![Preprocess::Standardize],
        rates: vec![],
        smallest_effect: 0.0,
        contrasts: vec![["second".into(), "first".into()]],
        ..Plan::new(Budget::Steps(150))
    };
    compare(&data(repetition), &plan, &Store::none(), &mut |_| {}).unwrap().contrasts[0].finding
}

#[test]
fn a_poor_learning_rate_is_found_worse() {
    let found: Vec<Finding> =
        (0..REPETITIONS).map(|repetition| finding(repetition, 1e-2, |arm| arm.rate = Some(1e-3))).collect();
    let worse = found.iter().filter(|&&finding| finding == Finding::Worse).count();
    assert!(worse >= 19, "{worse} of 20: {found:?}");
    println!("planted difference: worse in {worse} of 20");
}

#[test]
fn identical_arms_are_rarely_found_different() {
    let found: Vec<Finding> = (0..REPETITIONS).map(|repetition| finding(repetition, 1e-2, |_| {})).collect();
    let decided = found.iter().filter(|&&f| matches!(f, Finding::Better | Finding::Worse)).count();
    assert!(decided <= 3, "{decided} of 20: {found:?}");
    assert!(found.iter().all(|&finding| finding != Finding::Undecided));
    println!("planted equality: better or worse in {decided} of 20");
}
