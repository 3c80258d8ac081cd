//! `score`, `encode`, `decode`, `sample` and `inspect`: formats, blocks, attribution, thresholds,
//! temperature.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::common;

use std::path::Path;

use common::{dense_model, folder, pdmap, read, read_vector, refuse, rows, succeed, write};
use ndarray::{Array2, ShapeBuilder};
use serde_json::Value;

fn json(folder: &Path, args: &[&str]) -> Value {
    serde_json::from_str(&succeed(folder, args)).unwrap()
}

/// Rows as CSV with enough digits to restore them.
fn csv(rows: &Array2<f64>, header: &str) -> String {
    let line =
        |row: ndarray::ArrayView1<'_, f64>| row.iter().map(|value| format!("{value:?}")).collect::<Vec<_>>().join(",");
    let lines: Vec<String> = rows.rows().into_iter().map(line).collect();
    format!("{header}{}\n", lines.join("\n"))
}

#[test]
fn every_format_gives_the_same_scores() {
    let folder = &folder();
    dense_model(folder, "f64", 30);
    let x = rows(500, 3);
    write(folder, "x.npy", &x);
    succeed(folder, &["score", "m.st", "--data", "x.npy", "--out", "ll.npy"]);
    let expected = read_vector(folder, "ll.npy");
    assert_eq!(expected.len(), 500);

    // Fortran order: a C array of the transpose with flag and shape changed in the header.
    let mut columns = Array2::zeros(x.dim().f());
    columns.assign(&x);
    let transposed = x.t().as_standard_layout().into_owned();
    let bytes = std::fs::read(write(folder, "t.npy", &transposed)).unwrap();
    let text = |bytes: &[u8]| bytes.iter().map(|&byte| byte as char).collect::<String>();
    let head = text(&bytes[..128]).replace("'fortran_order': False", "'fortran_order': True ");
    let head = head.replace("(3, 500)", "(500, 3)");
    let head: Vec<u8> = head.chars().map(|c| c as u8).collect();
    std::fs::write(folder.join("f.npy"), [&head[..], &bytes[128..]].concat()).unwrap();
    assert_eq!(pdmap_data::read_npy::<f64>(&folder.join("f.npy")).unwrap(), x);

    zipped(folder, "x.npz", &[("x", "x.npy")]);
    zipped(folder, "two.npz", &[("x", "x.npy"), ("other", "train.npy")]);
    std::fs::write(folder.join("x.csv"), csv(&x, "a,b,c\n")).unwrap();
    std::fs::write(folder.join("semicolons.csv"), csv(&x, "").replace(',', ";")).unwrap();
    for data in ["f.npy", "x.npz", "two.npz#x", "x.csv", "semicolons.csv"] {
        succeed(folder, &["score", "m.st", "--data", data, "--out", "again.npy"]);
        assert_eq!(read_vector(folder, "again.npy"), expected, "{data}");
    }
    // Columns by name in the model's order, and another delimiter.
    let mut shuffled = Array2::zeros((500, 4));
    for (to, from) in [(3, 0), (0, 1), (2, 2)] {
        shuffled.column_mut(to).assign(&x.column(from));
    }
    std::fs::write(folder.join("s.csv"), csv(&shuffled, "b,junk,c,a\n").replace(',', "|")).unwrap();
    let by_name = ["score", "m.st", "--data", "s.csv", "--columns", "a,b,c", "--delimiter", "|", "--out", "again.npy"];
    succeed(folder, &by_name);
    assert_eq!(read_vector(folder, "again.npy"), expected);

    // CSV output: the same numbers, with a header unless disabled.
    succeed(folder, &["score", "m.st", "--data", "x.csv", "--out", "ll.csv"]);
    let text = std::fs::read_to_string(folder.join("ll.csv")).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("log_prob"));
    assert_eq!(lines.map(|line| line.parse::<f64>().unwrap()).collect::<Vec<_>>(), expected);
    succeed(folder, &["score", "m.st", "--data", "semicolons.csv", "--header", "no", "--out", "bare.csv"]);
    assert_eq!(std::fs::read_to_string(folder.join("bare.csv")).unwrap().lines().count(), 500);

    succeed(folder, &["encode", "m.st", "--data", "x.csv", "--out", "z.csv"]);
    assert!(std::fs::read_to_string(folder.join("z.csv")).unwrap().starts_with("z0,z1,z2\n"));
    succeed(folder, &["decode", "m.st", "--data", "z.csv", "--out", "back.npy"]);
    let worst = (&read(folder, "back.npy") - &x).iter().fold(0.0_f64, |worst, d| worst.max(d.abs()));
    assert!(worst < 1e-9, "{worst:e}");
}

/// An uncompressed `.npz` archive.
fn zipped(folder: &Path, name: &str, arrays: &[(&str, &str)]) {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (array, file) in arrays {
        let data = std::fs::read(folder.join(file)).unwrap();
        let entry = format!("{array}.npy");
        let mut crc = flate2::Crc::new();
        crc.update(&data);
        let offset = bytes.len() as u32;
        // Version 2.0, no flags, stored, no date.
        let mut common = vec![20, 0, 0, 0, 0, 0, 0, 0, 33, 0];
        common.extend(crc.sum().to_le_bytes());
        common.extend((data.len() as u32).to_le_bytes());
        common.extend((data.len() as u32).to_le_bytes());
        common.extend((entry.len() as u16).to_le_bytes());
        common.extend(0_u16.to_le_bytes());
        bytes.extend(b"PK\x03\x04");
        bytes.extend(&common);
        bytes.extend(entry.as_bytes());
        bytes.extend(data);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(common);
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(entry.as_bytes());
    }
    let (start, size, count) = (bytes.len() as u32, directory.len() as u32, arrays.len() as u16);
    bytes.extend(directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend(count.to_le_bytes());
    bytes.extend(count.to_le_bytes());
    bytes.extend(size.to_le_bytes());
    bytes.extend(start.to_le_bytes());
    bytes.extend([0, 0]);
    std::fs::write(folder.join(name), bytes).unwrap();
}

#[test]
fn blocks_of_a_long_file_give_the_same_bits_as_all_rows_at_once() {
    let folder = &folder();
    dense_model(folder, "f32", 30);
    // More rows than a block holds.
    let count = "500001";
    succeed(folder, &["sample", "m.st", "--count", count, "--seed", "5", "--out", "x.npy"]);
    succeed(folder, &["sample", "m.st", "--count", "300", "--seed", "5", "--out", "few.npy"]);
    let loaded = pdmap_train::Model::<f32>::load(&folder.join("m.st"), &pdmap_train::registry()).unwrap();
    let x = pdmap_data::read_npy::<f32>(&folder.join("x.npy")).unwrap();
    // All rows at once, by the library.
    let mut rng = <rand_chacha::ChaCha8Rng as rand::SeedableRng>::seed_from_u64(5);
    assert!(loaded.flow.sample(500_001, &mut rng).unwrap() == x);
    let printed = json(folder, &["score", "m.st", "--data", "x.npy", "--out", "ll.npy", "--json"]);
    let scores = loaded.flow.log_prob(&x).unwrap();
    assert!(read_vector(folder, "ll.npy") == scores);
    let mean = scores.iter().sum::<f64>() / scores.len() as f64;
    let squares: f64 = scores.iter().map(|score| (score - mean).powi(2)).sum();
    let error = (squares / 500_000.0 / 500_001.0).sqrt();
    assert_eq!(printed["rows"], 500_001);
    assert!((printed["mean"].as_f64().unwrap() - mean).abs() < 1e-9 * mean.abs());
    assert!((printed["standard_error"].as_f64().unwrap() / error - 1.0).abs() < 1e-9);
    succeed(folder, &["encode", "m.st", "--data", "x.npy", "--out", "z.npy"]);
    assert!(pdmap_data::read_npy::<f32>(&folder.join("z.npy")).unwrap() == loaded.flow.encode(&x).unwrap());
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 6, "unexpected files");
}

#[test]
fn the_attribution_is_the_gradient_of_the_score() {
    let folder = &folder();
    dense_model(folder, "f64", 30);
    const STEP: f64 = 1e-6;
    let x = rows(40, 3);
    write(folder, "x.npy", &x);
    succeed(folder, &["score", "m.st", "--data", "x.npy", "--attribution", "a.npy"]);
    let attribution = read(folder, "a.npy");
    assert_eq!(attribution.dim(), (40, 3));
    for feature in 0..3 {
        let scores = [STEP, -STEP].map(|step| {
            let mut moved = x.clone();
            moved.column_mut(feature).map_inplace(|value| *value += step);
            write(folder, "moved.npy", &moved);
            succeed(folder, &["score", "m.st", "--data", "moved.npy", "--out", "ll.npy"]);
            read_vector(folder, "ll.npy")
        });
        for (row, (above, below)) in scores[0].iter().zip(&scores[1]).enumerate() {
            let (expected, actual) = ((above - below) / (2.0 * STEP), attribution[[row, feature]]);
            assert!(
                (actual - expected).abs() <= 1e-6 * (1.0 + expected.abs()),
                "{row}, {feature}: {actual}, {expected}"
            );
        }
    }
    // CSV keeps the column names of the input.
    std::fs::write(folder.join("x.csv"), csv(&x, "a,b,c\n")).unwrap();
    succeed(folder, &["score", "m.st", "--data", "x.csv", "--attribution", "a.csv"]);
    let text = std::fs::read_to_string(folder.join("a.csv")).unwrap();
    assert!(text.starts_with("a,b,c\n"), "{text}");
    assert_eq!(
        pdmap_data::read_csv::<f64>(&folder.join("a.csv"), &pdmap_data::TextOptions::default()).unwrap(),
        attribution
    );
}

#[test]
fn a_threshold_of_reference_scores_flags_new_rows_in_their_order() {
    let folder = &folder();
    dense_model(folder, "f64", 30);
    write(folder, "x.npy", &rows(101, 3));
    let args = ["score", "m.st", "--data", "x.npy", "--out", "ll.npy", "--quantiles", "0,0.01,0.5,1", "--json"];
    let printed = json(folder, &args);
    let mut sorted = read_vector(folder, "ll.npy");
    let scores = sorted.clone();
    sorted.sort_by(f64::total_cmp);
    // The quantile i/100 of 101 scores is the i-th score, up to the rounding of 100 × 0.01.
    for (index, expected) in [sorted[0], sorted[1], sorted[50], sorted[100]].into_iter().enumerate() {
        let actual = printed["quantiles"][index]["value"].as_f64().unwrap();
        assert!((actual - expected).abs() <= 1e-12 * expected.abs(), "{index}: {actual}, {expected}");
    }
    let median = sorted[50];
    let from = ["--reference", "ll.npy", "--quantile", "0.5", "--flags", "f.npy", "--json"];
    let printed = json(folder, &[&["score", "m.st", "--data", "x.npy"][..], &from].concat());
    assert_eq!(printed["threshold"]["value"].as_f64().unwrap(), median);
    assert_eq!(
        (printed["threshold"]["below"].as_u64(), printed["threshold"]["reference"]["rows"].as_u64()),
        (Some(50), Some(101))
    );
    let expected: Vec<f64> = scores.iter().map(|&score| f64::from(u8::from(score < median))).collect();
    // f32, one number per row.
    let bytes = std::fs::read(folder.join("f.npy")).unwrap();
    let flags: Vec<f64> = bytes[128..].as_chunks().0.iter().map(|&b| f64::from(f32::from_le_bytes(b))).collect();
    assert_eq!(flags, expected);
    // The printed threshold gives the same flags; reference scores may be CSV.
    let text = format!("{median}");
    let printed = succeed(folder, &["score", "m.st", "--data", "x.npy", "--threshold", &text, "--flags", "f.csv"]);
    assert!(printed.contains(&format!("threshold {median} nats: 50 of 101 rows below (49.505%)")), "{printed}");
    let written = std::fs::read_to_string(folder.join("f.csv")).unwrap();
    assert!(written.starts_with("below\n") && written.lines().skip(1).map(|l| l.parse::<f64>().unwrap()).eq(expected));
    succeed(folder, &["score", "m.st", "--data", "x.npy", "--out", "ll.csv"]);
    let from = ["--reference", "ll.csv", "--quantile", "0.5"];
    let printed = succeed(folder, &[&["score", "m.st", "--data", "x.npy"][..], &from].concat());
    assert!(printed.contains("(quantile 0.5 of 101 scores in ll.csv): 50 of 101 rows below"), "{printed}");
}

#[test]
fn a_temperature_narrows_the_samples() {
    let folder = &folder();
    dense_model(folder, "f64", 30);
    let draw = |temperature: &str, out: &str| {
        let args = ["sample", "m.st", "--count", "2000", "--temperature", temperature, "--out", out];
        succeed(folder, &args);
        read(folder, out)
    };
    let one = draw("1", "one.npy");
    succeed(folder, &["sample", "m.st", "--count", "2000", "--out", "plain.npy"]);
    assert_eq!(one, read(folder, "plain.npy"), "1 is the default");
    // At half the temperature, the codes of the samples are half as large.
    let half = draw("0.5", "half.npy");
    succeed(folder, &["encode", "m.st", "--data", "one.npy", "--out", "z-one.npy"]);
    succeed(folder, &["encode", "m.st", "--data", "half.npy", "--out", "z-half.npy"]);
    let worst =
        (&read(folder, "z-one.npy") * 0.5 - &read(folder, "z-half.npy")).iter().fold(0.0_f64, |w, d| w.max(d.abs()));
    assert!(worst < 1e-9 && half != one, "{worst:e}");
    let centre = draw("0", "centre.npy");
    write(folder, "zero.npy", &Array2::zeros((2000, 3)));
    succeed(folder, &["decode", "m.st", "--data", "zero.npy", "--out", "image.npy"]);
    assert_eq!(centre, read(folder, "image.npy"));
    succeed(folder, &["sample", "m.st", "--count", "3", "--out", "s.csv"]);
    let text = std::fs::read_to_string(folder.join("s.csv")).unwrap();
    assert!(text.starts_with("x0,x1,x2\n") && text.lines().count() == 4, "{text}");
    succeed(folder, &["sample", "m.st", "--count", "3", "--header", "no", "--out", "s.csv"]);
    assert_eq!(std::fs::read_to_string(folder.join("s.csv")).unwrap().lines().count(), 3);
}

#[test]
fn inspection_is_complete_as_json_and_as_text() {
    let folder = &folder();
    dense_model(folder, "f32", 30);
    write(folder, "x.npy", &rows(300, 3));
    let printed = json(folder, &["inspect", "m.st", "--data", "x.npy", "--rows", "200", "--json"]);
    assert_eq!(printed["header"]["features"], 3);
    assert_eq!(printed["header"]["training"]["steps"], 30);
    assert_eq!(printed["weights_hash"].as_str().unwrap().len(), 16);
    assert!(printed["parameters"].as_u64().unwrap() >= 18);
    let figure = |name: &str| {
        let all = printed["diagnostics"].as_array().unwrap();
        all.iter().find(|d| d["name"] == name).unwrap_or_else(|| panic!("{name}: {printed}"))["value"].as_f64().unwrap()
    };
    assert!(figure("1.weight condition number") >= 1.0 && figure("1.weight max|W'W-I|") > 0.0);
    let (base, data) = (&printed["round_trip"]["base"], &printed["round_trip"]["data"]);
    assert_eq!((base["rows"].as_u64(), data["rows"].as_u64()), (Some(256), Some(200)));
    assert_eq!(data["name"], "x.npy");
    let scale = rows(200, 3).iter().fold(0.0_f64, |scale, x| scale.max(x.abs()));
    let (absolute, relative) = (data["absolute"].as_f64().unwrap(), data["relative"].as_f64().unwrap());
    assert!(0.0 < absolute && absolute < 1e-4, "{absolute}");
    assert!((relative * scale / absolute - 1.0).abs() < 1e-6);
    assert!(base["absolute"].as_f64().unwrap() < 1e-4);
    let text = succeed(folder, &["inspect", "m.st", "--data", "x.npy"]);
    let hash = printed["weights_hash"].as_str().unwrap();
    for part in [
        hash,
        "condition number",
        "max|f⁻¹(f(x)) − x|",
        "300 rows of x.npy",
        "256 rows of the base density",
        "30 of 30 training steps",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert!(json(folder, &["inspect", "m.st", "--json"])["round_trip"]["data"].is_null());
}

#[test]
fn formats_of_other_file_names_and_protected_inputs() {
    let folder = &folder();
    dense_model(folder, "f32", 30);
    succeed(folder, &["encode", "m.st", "--data", "train.npy", "--out", "z.txt", "--format", "csv"]);
    assert!(std::fs::read_to_string(folder.join("z.txt")).unwrap().starts_with("z0,z1,z2\n"));
    // Inputs and the model are not overwritten, however their paths are spelt.
    std::fs::copy(folder.join("train.npy"), folder.join("x.npy")).unwrap();
    for (out, format) in [("./x.npy", None), ("m.st", Some("npy"))] {
        let encode = ["encode", "m.st", "--data", "x.npy", "--out", out];
        let format = format.map_or(vec![], |format| vec!["--format", format]);
        assert!(refuse(folder, &[&encode[..], &format].concat()).contains("would overwrite an input"), "{out}");
    }
    let twice = ["score", "m.st", "--data", "x.npy", "--out", "y.npy", "--attribution", "./y.npy"];
    assert!(refuse(folder, &twice).contains("both write to"));
    assert_eq!(read(folder, "x.npy"), read(folder, "train.npy"));
    // Without --out only the mean is printed.
    assert!(succeed(folder, &["score", "m.st", "--data", "train.npy"]).starts_with("400 rows: "));
    if Path::new("/dev/null").exists() {
        assert!(
            pdmap(folder, &["encode", "m.st", "--data", "x.npy", "--out", "/dev/null", "--format", "npy"])
                .status
                .success()
        );
    }
}
