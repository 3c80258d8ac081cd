//! Names of rows and columns are kept from input to output.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::common;

use std::path::Path;

use common::{folder, pdmap, read_vector, refuse, succeed, write};

/// Writes `data.csv` with four named columns, one of them text, and a model of two of them, `m.st`.
fn model(folder: &Path) {
    let mut text = "patient,height,note,weight\n".to_owned();
    for row in 0..400 {
        let (a, b) = ((row as f64 * 0.7).sin(), (row as f64 * 0.61).cos());
        text += &format!("p{row},{a},some words,{}\n", a + b);
    }
    std::fs::write(folder.join("data.csv"), text).unwrap();
    let train =
        ["train", "--data", "data.csv", "--columns", "height,weight", "--id", "patient", "--model", "mixture-spline"];
    succeed(folder, &[&train[..], &["--steps", "30", "--dtype", "f64", "--out", "m.st"]].concat());
}

fn lines(folder: &Path, name: &str) -> Vec<String> {
    std::fs::read_to_string(folder.join(name)).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn scores_codes_and_flags_keep_the_names_of_their_rows() {
    let folder = &folder();
    model(folder);
    // Without --columns, the training columns are selected by name.
    let score = ["score", "m.st", "--data", "data.csv", "--id", "patient", "--out", "ll.csv"];
    let more = ["--attribution", "a.csv", "--flags", "flags.csv", "--threshold", "-3"];
    succeed(folder, &[&score[..], &more].concat());
    let scores = lines(folder, "ll.csv");
    assert_eq!((scores.len(), scores[0].as_str()), (401, "patient,log_prob"));
    assert!(scores[400].starts_with("p399,-"), "{}", scores[400]);
    assert_eq!(lines(folder, "a.csv")[0], "patient,height,weight");
    assert_eq!(lines(folder, "flags.csv")[0], "patient,below");
    assert!(lines(folder, "flags.csv")[7].starts_with("p6,"));

    // The scores equal those of the same columns without row names.
    succeed(folder, &["score", "m.st", "--data", "data.csv", "--columns", "height,weight", "--out", "bare.npy"]);
    let bare = read_vector(folder, "bare.npy");
    for (line, value) in scores[1..].iter().zip(bare) {
        assert_eq!(line.split(',').nth(1).unwrap().parse::<f64>().unwrap(), value);
    }
    // A pipe, and a header with another order of columns.
    let text = "weight,height\n1,0.5\n".to_owned();
    let mut command = assert_cmd::Command::cargo_bin("pdmap").unwrap();
    let piped = command.current_dir(folder).args(["encode", "m.st", "--data", "-", "--out", "-"]).write_stdin(text);
    let piped = String::from_utf8(piped.output().unwrap().stdout).unwrap();
    std::fs::write(folder.join("one.csv"), "0.5,1\n").unwrap();
    succeed(folder, &["encode", "m.st", "--data", "one.csv", "--out", "one-z.csv"]);
    assert_eq!(piped, std::fs::read_to_string(folder.join("one-z.csv")).unwrap());

    succeed(folder, &["encode", "m.st", "--data", "data.csv", "--id", "patient", "--out", "z.csv"]);
    assert_eq!(lines(folder, "z.csv")[0], "patient,z0,z1");
    succeed(folder, &["decode", "m.st", "--data", "z.csv", "--id", "patient", "--out", "x.csv"]);
    let x = lines(folder, "x.csv");
    assert_eq!((x[0].as_str(), x[1].split(',').next()), ("patient,height,weight", Some("p0")));
    // A header can be required.
    let bare = ["score", "m.st", "--data", "x.csv", "--id", "patient", "--header", "yes", "--out", "again.csv"];
    succeed(folder, &bare);
    assert_eq!(lines(folder, "again.csv").len(), 401);

    succeed(folder, &["sample", "m.st", "--count", "3", "--out", "s.csv"]);
    assert_eq!(lines(folder, "s.csv")[0], "height,weight");
    succeed(folder, &["sample", "m.st", "--count", "3", "--header", "no", "--out", "s.csv"]);
    assert_eq!(lines(folder, "s.csv").len(), 3);
}

#[test]
fn row_names_that_cannot_be_kept_are_refused() {
    let folder = &folder();
    model(folder);
    let score =
        |data: &str, id: &str, out: &str| refuse(folder, &["score", "m.st", "--data", data, "--id", id, "--out", out]);
    let line = score("data.csv", "patient", "ll.npy");
    assert!(line.contains("ll.npy") && line.contains("use .csv"), "{line}");
    assert!(!folder.join("ll.npy").exists());
    let line = score("data.csv", "patients", "ll.csv");
    assert!(line.contains("patients") && line.contains("\"patient\""), "{line}");
    write(folder, "x.npy", &common::rows(10, 2));
    let line = score("x.npy", "0", "ll.csv");
    assert!(line.contains("x.npy") && line.contains("CSV, Parquet and Arrow only"), "{line}");
    let both = ["score", "m.st", "--data", "data.csv", "--columns", "patient,height", "--id", "patient"];
    assert!(refuse(folder, &both).contains("patient"));
    // A file with other columns, and more of them.
    std::fs::write(folder.join("other.csv"), "a,b,c\n1,2,3\n").unwrap();
    let output = pdmap(folder, &["score", "m.st", "--data", "other.csv"]);
    assert_eq!(output.status.code(), Some(2));
    let line = String::from_utf8(output.stderr).unwrap();
    let both = "expected columns: height, weight; found: a, b, c";
    assert!(line.contains("other.csv") && line.contains("no column `height`") && line.contains(both), "{line}");
}
