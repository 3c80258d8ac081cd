//! Parquet and Arrow files give what the same table gives as CSV.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::common;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use arrow_ipc::writer::{FileWriter, StreamWriter};
use common::{read_vector, refuse, succeed};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

fn case(name: &str) -> String {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests/fixtures/cases", name].iter().collect();
    path.display().to_string()
}

/// The columns `a`, `b` and `c` of `columns.csv`.
fn table() -> [Vec<f64>; 3] {
    let text = std::fs::read_to_string(case("columns.csv")).unwrap();
    let rows: Vec<Vec<f64>> =
        text.lines().skip(1).map(|line| line.split(',').map(|cell| cell.parse().unwrap()).collect()).collect();
    [0, 1, 2].map(|column| rows.iter().map(|row| row[column]).collect())
}

/// A name for each row.
fn names(count: usize) -> Vec<String> {
    (0..count).map(|row| format!("row {row}")).collect()
}

/// Writes columns of numbers, and one of text.
fn parquet(path: &Path, columns: &[(&str, &[f64])], text: Option<(&str, &[String])>) {
    let mut fields: String = columns.iter().map(|(name, _)| format!("required double {name};")).collect();
    if let Some((name, _)) = text {
        fields += &format!("required binary {name} (STRING);");
    }
    let schema = Arc::new(parse_message_type(&format!("message t {{ {fields} }}")).unwrap());
    let properties = Arc::new(WriterProperties::builder().set_data_page_row_count_limit(100).build());
    let mut writer = SerializedFileWriter::new(std::fs::File::create(path).unwrap(), schema, properties).unwrap();
    let mut group = writer.next_row_group().unwrap();
    for (_, values) in columns {
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<DoubleType>().write_batch(values, None, None).unwrap();
        column.close().unwrap();
    }
    if let Some((_, texts)) = text {
        let mut column = group.next_column().unwrap().unwrap();
        let texts: Vec<ByteArray> = texts.iter().map(|text| text.as_str().into()).collect();
        column.typed::<ByteArrayType>().write_batch(&texts, None, None).unwrap();
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.close().unwrap();
}

/// The same in Arrow IPC, as a file and as a stream.
fn arrow(folder: &Path, name: &str, columns: &[(&str, &[f64])], text: Option<(&str, &[String])>) {
    let numbers =
        columns.iter().map(|(name, values)| (*name, Arc::new(Float64Array::from(values.to_vec())) as ArrayRef));
    let texts = text.map(|(name, texts)| (name, Arc::new(StringArray::from(texts.to_vec())) as ArrayRef));
    let batch = RecordBatch::try_from_iter(numbers.chain(texts)).unwrap();
    let create = |ending: &str| std::fs::File::create(folder.join(format!("{name}.{ending}"))).unwrap();
    let mut file = FileWriter::try_new(create("arrow"), &batch.schema()).unwrap();
    file.write(&batch).and_then(|()| file.finish()).unwrap();
    let mut stream = StreamWriter::try_new(create("arrows"), &batch.schema()).unwrap();
    stream.write(&batch).and_then(|()| stream.finish()).unwrap();
}

fn train(folder: &Path, data: &str, out: &str) -> String {
    let common = ["train", "--data", data, "--steps", "60", "--batch", "64", "--json", "--out", out];
    let json: serde_json::Value = serde_json::from_str(&succeed(folder, &common)).unwrap();
    json["weights"].to_string()
}

#[test]
fn training_and_scores_are_those_of_the_same_table_in_csv() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let [a, b, c] = table();
    // Another order, and row names, which are not features.
    let who = names(a.len());
    parquet(&folder.join("t.parquet"), &[("a", &a), ("b", &b), ("c", &c)], None);
    parquet(&folder.join("other.parquet"), &[("c", &c), ("a", &a), ("b", &b)], Some(("who", &who)));
    arrow(folder, "t", &[("a", &a), ("b", &b), ("c", &c)], None);
    arrow(folder, "other", &[("b", &b), ("a", &a), ("c", &c)], Some(("who", &who)));
    let csv = train(folder, &case("columns.csv"), "csv.st");
    for name in ["t.parquet", "t.arrow", "t.arrows"] {
        assert_eq!(train(folder, name, "m.st"), csv, "{name}");
    }
    succeed(folder, &["score", "m.st", "--data", &case("columns.csv"), "--out", "csv.npy"]);
    let expected = read_vector(folder, "csv.npy");
    for name in ["t.parquet", "t.arrow", "t.arrows"] {
        succeed(folder, &["score", "m.st", "--data", name, "--out", "ll.npy"]);
        assert_eq!(read_vector(folder, "ll.npy"), expected, "{name}");
    }
    for name in ["other.parquet", "other.arrow", "other.arrows"] {
        succeed(folder, &["score", "m.st", "--data", name, "--id", "who", "--out", "ll.csv"]);
        let lines = std::fs::read_to_string(folder.join("ll.csv")).unwrap();
        assert_eq!(lines.lines().next(), Some("who,log_prob"));
        let scores = lines.lines().skip(1).zip(&who).map(|(line, who)| {
            let (name, score) = line.split_once(',').unwrap();
            assert_eq!(name, who);
            score.parse().unwrap()
        });
        assert_eq!(scores.collect::<Vec<f64>>(), expected, "{name}");
    }
    // A stream of Arrow comes through a pipe, Parquet does not.
    let piped = |name: &str| {
        let mut command = assert_cmd::Command::cargo_bin("pdmap").unwrap();
        command.current_dir(folder).args(["score", "m.st", "--data", "-", "--out", "piped.npy"]);
        command.write_stdin(std::fs::read(folder.join(name)).unwrap()).output().unwrap()
    };
    assert!(piped("t.arrows").status.success());
    assert_eq!(read_vector(folder, "piped.npy"), expected);
    let output = piped("t.parquet");
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(2) && message.contains("write it to a file first"), "{message}");
}

#[test]
fn what_was_read_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let [a, b, c] = table();
    parquet(&folder.join("t.parquet"), &[("a", &a), ("b", &b), ("__index_level_0__", &c)], None);
    arrow(folder, "t", &[("a", &a), ("b", &b), ("__index_level_0__", &c)], None);
    for (name, format) in [
        ("t.parquet", format!("columns: 2 (Parquet, {} rows, 3 in the file)", a.len())),
        ("t.arrow", "columns: 2 (Arrow IPC file, 3 in the file)".to_owned()),
    ] {
        let described = succeed(folder, &["data", "describe", name]);
        let left_out = "left out: column 2 (\"__index_level_0__\"), the index of the rows";
        assert!(described.contains(&format) && described.contains(left_out), "{described}");
        let json: serde_json::Value =
            serde_json::from_str(&succeed(folder, &["data", "describe", name, "--json"])).unwrap();
        assert_eq!(json["table"]["cells"], 3);
        let args = ["train", "--data", name, "--steps", "5", "--batch", "64", "--out", "m.st"];
        let output = common::pdmap(folder, &args);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.contains(&format) && said.contains(left_out), "{said}");
    }
}

#[test]
fn renamed_columns_and_text_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let [a, b, c] = table();
    parquet(&folder.join("t.parquet"), &[("a", &a), ("b", &b), ("c", &c)], None);
    train(folder, "t.parquet", "m.st");
    parquet(&folder.join("renamed.parquet"), &[("a", &a), ("bb", &b), ("c", &c)], None);
    arrow(folder, "renamed", &[("a", &a), ("bb", &b), ("c", &c)], None);
    for name in ["renamed.parquet", "renamed.arrow", "renamed.arrows"] {
        let line = refuse(folder, &["score", "m.st", "--data", name, "--out", "ll.npy"]);
        for needle in [name, "no column `b` (nearest is `bb`)", "expected columns: a, b, c; found: a, bb, c"] {
            assert!(line.contains(needle), "{line}");
        }
    }
    let kinds: Vec<String> = (0..a.len()).map(|row| ["dog", "cat"][row % 2].to_owned()).collect();
    parquet(&folder.join("text.parquet"), &[("a", &a)], Some(("kind", &kinds)));
    let line = refuse(folder, &["train", "--data", "text.parquet", "--steps", "5", "--out", "n.st"]);
    assert!(line.contains("column 1 (\"kind\") holds text, not numbers") && line.contains("--columns"), "{line}");
}

#[test]
fn scores_of_a_table_are_text_on_standard_output() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let [a, b, c] = table();
    let columns: [(&str, &[f64]); 3] = [("a", &a), ("b", &b), ("c", &c)];
    parquet(&folder.join("t.parquet"), &columns, Some(("who", &names(a.len()))));
    arrow(folder, "t", &columns, Some(("who", &names(a.len()))));
    train(folder, &case("columns.csv"), "m.st");
    for name in ["t.parquet", "t.arrow"] {
        for (rest, header) in [(&["--id", "who"][..], "who,log_prob"), (&["--columns", "a,b,c"], "log_prob")] {
            let args = [&["score", "m.st", "--data", name, "--out", "-"][..], rest].concat();
            let output = common::pdmap(folder, &args);
            let text = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
            assert_eq!((text.lines().next(), text.lines().count()), (Some(header), a.len() + 1), "{name}");
        }
    }
}

#[test]
fn an_order_with_a_missing_value_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let [a, b, mut c] = table();
    c[3] = f64::NAN;
    parquet(&folder.join("t.parquet"), &[("a", &a), ("b", &b), ("c", &c)], None);
    let line = refuse(folder, &["train", "--data", "t.parquet", "--order", "c", "--steps", "5", "--out", "m.st"]);
    assert!(line.contains("t.parquet: row 3 has no value in column c; --order needs one in every row"), "{line}");
}

#[test]
fn class_names_of_a_parquet_file_are_conditions() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let [a, b, c] = table();
    parquet(&folder.join("t.parquet"), &[("a", &a), ("b", &b), ("c", &c)], None);
    let kinds: Vec<String> = (0..a.len()).map(|row| ["dog", "cat", "cow"][row % 3].to_owned()).collect();
    parquet(&folder.join("kinds.parquet"), &[], Some(("kind", &kinds)));
    std::fs::write(folder.join("kinds.csv"), format!("kind\n{}\n", kinds.join("\n"))).unwrap();
    let model = "layers = [{ kind = \"coupling\", split = \"none\", hidden = [8] }, { kind = \"spline\" }]";
    std::fs::write(folder.join("m.toml"), model).unwrap();
    let mut weights = Vec::new();
    for condition in ["kinds.parquet", "kinds.csv"] {
        let common = ["train", "--data", "t.parquet", "--steps", "20", "--batch", "64", "--json", "--out", "m.st"];
        let args = [&common[..], &["--model", "m.toml", "--condition", condition]].concat();
        let json: serde_json::Value = serde_json::from_str(&succeed(folder, &args)).unwrap();
        weights.push(json["weights"].to_string());
    }
    assert_eq!(weights[0], weights[1]);
}

#[test]
fn columns_of_text_are_the_same_categories_in_every_format() {
    let folder = &common::folder();
    let a: Vec<f64> = (0..200).map(|row| f64::from(row * row % 101) / 101.0).collect();
    let b: Vec<f64> = a.iter().enumerate().map(|(row, a)| a * a + (row as f64).sin()).collect();
    let kinds: Vec<String> = (0..200).map(|row| ["cat", "dog"][usize::from(row % 3 == 0)].to_owned()).collect();
    let mut text = "a,b,kind\n".to_owned();
    for (row, kind) in kinds.iter().enumerate() {
        text += &format!("{:?},{:?},{kind}\n", a[row], b[row]);
    }
    std::fs::write(folder.join("t.csv"), text).unwrap();
    let columns: [(&str, &[f64]); 2] = [("a", &a), ("b", &b)];
    parquet(&folder.join("t.parquet"), &columns, Some(("kind", &kinds)));
    arrow(folder, "t", &columns, Some(("kind", &kinds)));
    std::fs::write(folder.join("m.toml"), "layers = [{ kind = \"coupling\", hidden = [4] }]").unwrap();
    let mut weights = Vec::new();
    for name in ["t.csv", "t.parquet", "t.arrow"] {
        let refused = refuse(folder, &["train", "--data", name, "--steps", "2", "--out", "r.st"]);
        assert!(refused.contains("--categorical"), "{refused}");
        let train =
            ["train", "--data", name, "--categorical", "kind", "--model", "m.toml", "--steps", "5", "--out", "m.st"];
        let printed = succeed(folder, &train);
        weights.push(printed.lines().last().unwrap().to_owned());
        succeed(folder, &["score", "m.st", "--data", "t.csv", "--out", "ll.npy"]);
        let scores = read_vector(folder, "ll.npy");
        succeed(folder, &["score", "m.st", "--data", name, "--out", "ll.npy"]);
        assert_eq!(read_vector(folder, "ll.npy"), scores, "{name}");
    }
    assert!(weights[0].starts_with("weights ") && weights.iter().all(|own| *own == weights[0]), "{weights:?}");
}
