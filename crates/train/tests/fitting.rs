//! Fitting in one call: conditions, validation rows, hooks, and views instead of copies.
#![allow(clippy::unwrap_used, clippy::panic)]

use ndarray::{Array2, ArrayView2, Axis, concatenate};
use pdmap_data::split_rows;
use pdmap_train::{
    Event, FitConfig, FitData, Hooks, InMemory, ModelFile, Preset, Rows, fit, fit_with, registry, train, weights_hash,
};

fn rows(count: usize, columns: usize) -> Array2<f64> {
    Array2::from_shape_fn((count, columns), |(i, j)| ((7 * i + 3 * j) as f64).sin() + 0.1 * j as f64)
}

fn config() -> FitConfig {
    let config = FitConfig::builder(Preset::DENSE_ORTHONORMAL).steps(40).batch(30).evaluations(4).seed(3);
    config.validation(0.1).build().unwrap()
}

#[test]
fn held_out_rows_are_those_of_a_split_and_the_training_rows_the_others() {
    let (x, config) = (rows(300, 3), config());
    let fitted = fit(x.view(), &config).unwrap();
    let (rest, validation, _) = split_rows(x.clone(), 0.1, 0.0, 3).unwrap();
    let given = FitData::new(rest.view()).validation(validation.view(), None);
    let split = fit_with(given, &config, Hooks::default()).unwrap();
    assert_eq!(weights_hash(&fitted.flow), weights_hash(&split.flow));
    let points = |curve: &[pdmap_train::CurvePoint]| -> Vec<(u64, u64)> {
        curve.iter().map(|point| (point.step, point.validation.to_bits())).collect()
    };
    assert_eq!(points(&fitted.trained.curve), points(&split.trained.curve));
}

#[test]
fn a_condition_beside_the_rows_is_one_behind_them() {
    let (x, condition) = (rows(300, 3), rows(300, 2).mapv(|v| v * v));
    let text = "preprocess = \"standardize\"\nlayers = [{ kind = \"coupling\", hidden = [5] }, { kind = \"shift\" }]\n[training]\nsteps = 30\nbatch = 40";
    let spec = ModelFile::parse("m.toml", text, &registry::<f64>()).unwrap().spec;
    let config = FitConfig::builder(spec.clone()).validation(0.1).evaluations(5).build().unwrap();
    let data = FitData::new(x.view()).condition(condition.view());
    let fitted = fit_with(data, &config, Hooks::default()).unwrap();
    assert_eq!((fitted.flow.features(), fitted.flow.conditions()), (3, 2));

    let all = concatenate(Axis(1), &[x.view(), condition.view()]).unwrap();
    let (train_rows, validation, _) = split_rows(all, 0.1, 0.0, 0).unwrap();
    let mut spec = spec;
    spec.conditions = 2;
    let steps = spec.preprocess.clone().unwrap();
    let mut flow = spec.build_on(&train_rows, &steps, 0, &registry()).unwrap();
    train(&mut flow, &train_rows, validation.view(), &config.training, &mut |_| {}).unwrap();
    assert_eq!(weights_hash(&fitted.flow), weights_hash(&flow));

    let short = rows(299, 2);
    let refused = fit_with(FitData::new(x.view()).condition(short.view()), &config, Hooks::default());
    assert!(refused.unwrap_err().to_string().contains("299"));
}

#[test]
fn hooks_hear_of_a_fit_and_can_stop_it() {
    let x = rows(300, 3);
    let mut validated = Vec::new();
    let mut watch = |event| {
        if let Event::Validated(point) = event {
            validated.push(point.step);
        }
    };
    fit_with((&x).into(), &config(), Hooks::new(&mut watch)).unwrap();
    assert_eq!(validated, [0, 10, 20, 30, 40]);
    let stop = || true;
    let stopped = fit_with((&x).into(), &config(), Hooks { stop: Some(&stop), ..Hooks::default() }).unwrap();
    assert_eq!(stopped.trained.steps, 1);
}

#[test]
fn chosen_rows_with_conditions_are_the_rows_that_a_copy_holds() {
    let (x, condition) = (rows(9000, 3), rows(9000, 2));
    let chosen: Vec<usize> = (0..9000).filter(|row| row % 7 != 0).collect();
    let all = concatenate(Axis(1), &[x.view(), condition.view()]).unwrap();
    let copy = all.select(Axis(0), &chosen);
    let view = InMemory::with_condition(x.view(), Some(condition.view())).unwrap().choose(&chosen);
    let (view, copy) = (Rows::from(view), Rows::from(&copy));
    assert_eq!((view.count(), view.features()), (copy.count(), copy.features()));
    assert_eq!(view.fingerprint("x").unwrap(), copy.fingerprint("x").unwrap());
    assert_eq!(view.sample(100).unwrap(), copy.sample(100).unwrap());
    let blocks = |rows: Rows<'_, f64>| {
        let mut all = Vec::new();
        rows.pass(&mut |block: ArrayView2<'_, f64>| {
            all.push(block.to_owned());
            Ok(())
        })
        .unwrap();
        all
    };
    assert_eq!(blocks(view), blocks(copy));
}
