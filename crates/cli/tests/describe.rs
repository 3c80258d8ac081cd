//! `pdmap data describe`.
#![allow(clippy::unwrap_used)]

use crate::common;

use common::{folder, pdmap, succeed};
use ndarray::Array2;
use serde_json::Value;

/// A table with a column of each kind.
fn text() -> String {
    let mut text = "size,price,count,flag,unit,total,again\n".to_owned();
    for row in 0..200u32 {
        let size = f64::from(row * row % 199).sqrt();
        let price = f64::from(row * 7 % 13) / 4.0;
        let total = 2.0 * size - price;
        text += &format!("{size},{price},{},{},5,{total},{size}\n", row % 9, row % 2);
    }
    text
}

#[test]
fn a_table_is_described_as_text_and_json() {
    let folder = &folder();
    std::fs::write(folder.join("rows.csv"), text()).unwrap();
    let printed = succeed(folder, &["data", "describe", "rows.csv"]);
    for line in [
        "rows.csv: 200 rows, 7 columns",
        "rank of the correlation matrix: 4 of 7",
        "unit is constant: 5",
        "total is a constant plus a linear combination of size, price",
        "again is a duplicate of size",
    ] {
        assert!(printed.lines().any(|printed| printed == line), "`{line}` is not in\n{printed}");
    }
    let price = printed.lines().find(|line| line.starts_with("price")).unwrap();
    assert!(price.contains("rounded to 0.25"), "{price}");
    let words: Vec<&str> = price.split_whitespace().collect();
    assert_eq!(words[words.len() - 7..], ["0", "0.75", "1.5", "2.25", "3", "13", "0"], "{price}");
    // Columns of the table are below each other.
    let width = printed.lines().nth(1).unwrap().chars().count();
    assert!(printed.lines().skip(1).take(8).all(|line| line.chars().count() == width), "{printed}");

    let json: Value = serde_json::from_str(&succeed(folder, &["data", "describe", "rows.csv", "--json"])).unwrap();
    let table = &json["description"];
    assert_eq!((table["rows"].as_u64(), table["rank"].as_u64()), (Some(200), Some(4)));
    let kinds: Vec<&str> = table["columns"].as_array().unwrap().iter().map(|c| c["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["real", "grid", "integer", "binary", "constant", "real", "real"]);
    assert_eq!((&table["columns"][1]["step"], &table["columns"][3]["high"]), (&0.25.into(), &1.0.into()));
    assert_eq!(table["degenerate"].as_array().unwrap().len(), 3);
    assert_eq!(table["degenerate"][1]["on"], serde_json::json!([0, 1]));
    // Some of the columns.
    let some = succeed(folder, &["data", "describe", "rows.csv", "--columns", "flag,size"]);
    assert!(some.contains("200 rows, 2 columns") && some.contains("rank of the correlation matrix: 2 of 2"), "{some}");
}

#[test]
fn arrays_may_have_gaps_and_pipes_are_read() {
    let folder = &folder();
    let mut rows = Array2::from_shape_fn((50, 2), |(row, column)| ((row * row + column) as f64).sqrt());
    (rows[[3, 1]], rows[[4, 1]], rows[[5, 0]]) = (f64::NAN, f64::NAN, f64::INFINITY);
    common::write(folder, "gaps.npy", &rows);
    let printed = succeed(folder, &["data", "describe", "gaps.npy"]);
    assert!(printed.lines().any(|line| line.starts_with("x1") && line.ends_with(" 2")), "{printed}");
    assert!(printed.contains("x0 has 1 infinite"), "{printed}");
    let mut command = assert_cmd::Command::cargo_bin("pdmap").unwrap();
    let output = command.current_dir(folder).args(["data", "describe", "-"]).write_stdin("a,b\n1,2\n3,4\n").output();
    let output = output.unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && printed.starts_with("standard input: 2 rows, 2 columns"), "{printed}");
    // Two rows say nothing about dependence.
    assert!(printed.contains("too few rows"), "{printed}");
    let refused = pdmap(folder, &["data", "describe", "absent.csv"]);
    assert_eq!(refused.status.code(), Some(2));
}
