//! Small tables: iris and wine (the classical ones) and a hundred rows, by the defaults alone.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::common;

use common::{fixture, folder, refuse, rows, succeed, write};
use serde_json::Value;

#[test]
fn small_tables_train_end_early_and_are_not_left_untrained() {
    let folder = tempfile::tempdir().unwrap();
    for (name, batch) in [("wine.csv", 40), ("iris.csv", 33), ("hundred-rows.csv", 22)] {
        let data = fixture("small", name);
        let args = ["train", "--data", &data, "--model", "gaussianization-orthonormal", "--out", "m.st", "--json"];
        let printed = succeed(folder.path(), &[&args[..], &["--steps", "20000"]].concat());
        let printed: Value = serde_json::from_str(&printed).unwrap();
        let (trained, config) = (&printed["trained"], &printed["config"]);
        assert!(config["batch"].as_u64().unwrap().abs_diff(batch) <= 5, "{name}: {config}");
        assert_eq!((&config["spacing"], &config["patience"]), (&"geometric".into(), &8.into()));
        assert!(trained["steps"].as_u64().unwrap() < 20_000, "{name}: {}", trained["outcome"]);
        // A hundred normal rows leave nothing to learn beyond the standardization.
        assert!(name == "hundred-rows.csv" || trained["best"]["step"].as_u64().unwrap() > 0, "{name}: untrained");
        let inspected: Value = serde_json::from_str(&succeed(folder.path(), &["inspect", "m.st", "--json"])).unwrap();
        assert_eq!(&inspected["header"]["training"]["config"], config);
    }
}

#[test]
fn overfitting_is_called_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let data = fixture("small", "wine.csv");
    let args = ["train", "--data", &data, "--model", "gaussianization-unconstrained", "--out", "m.st"];
    let printed = succeed(folder.path(), &[&args[..], &["--steps", "20000"]].concat());
    assert!(printed.contains("stopped early (overfitting)"), "{printed}");
    assert!(printed.contains("overfitting: the best validation was "), "{printed}");
    assert!(printed.contains("batch ") && printed.contains("patience 8 from step "), "{printed}");
}

#[test]
fn ten_rows_train_two_do_not_and_a_batch_that_was_asked_for_stays() {
    let folder = &folder();
    write(folder, "ten.npy", &rows(10, 3));
    write(folder, "two.npy", &rows(2, 3));
    let args = |data: &'static str| {
        ["train", "--data", data, "--model", "gaussianization-orthonormal", "--out", "m.st", "--steps", "200"]
    };
    let printed = succeed(folder, &args("ten.npy"));
    assert!(printed.contains("batch 2; validations at steps that grow by a fifth"), "{printed}");
    let line = refuse(folder, &args("two.npy"));
    assert!(line.contains("two.npy") && line.contains("at least 4 needed"), "{line}");
    let line = refuse(folder, &[&args("ten.npy")[..], &["--batch", "256"]].concat());
    assert!(line.contains("at least 256 needed"), "{line}");
    let printed = succeed(folder, &[&args("ten.npy")[..], &["--batch", "7", "--patience", "0"]].concat());
    assert!(printed.contains("batch 7; validations at steps that grow by a fifth; no patience"), "{printed}");
    assert!(printed.starts_with("200 of 200"), "{printed}");
}
