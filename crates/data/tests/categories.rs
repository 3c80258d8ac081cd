//! Columns of categories beside the features of a table.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use pdmap_data::{DataError, Input, MixedCell, MixedWriter, Output, TextOptions, open_rows, read_categories};

fn written(folder: &Path, text: &str) -> PathBuf {
    let path = folder.join("t.csv");
    std::fs::write(&path, text).unwrap();
    path
}

fn options(names: &[&str]) -> TextOptions {
    TextOptions { categories: names.iter().map(|&name| name.to_owned()).collect(), ..TextOptions::default() }
}

const TABLE: &str = "x,kind,y,site\n1,cat,2.5,10\n2,\"dog, big\",3,9\n3, cat ,4,10\n";

#[test]
fn categories_are_read_in_the_order_of_their_names_and_are_no_features() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), TABLE);
    let own = options(&["site", "kind"]);
    let found = read_categories(&path, &own).unwrap();
    // Integers are sorted by value.
    assert_eq!((found[0].column.column, found[0].labels.classes.join(" ").as_str()), (3, "9 10"));
    assert_eq!(
        (found[1].labels.classes.join("|").as_str(), &found[1].labels.codes[..]),
        ("cat|dog, big", &[0, 1, 0][..])
    );
    let mut rows = open_rows::<f64>(&Input::File(path.clone()), &own).unwrap();
    assert_eq!(rows.columns().unwrap(), ["x", "y"]);
    assert_eq!(rows.all_columns().unwrap(), ["x", "kind", "y", "site"]);
    let mut block = Vec::new();
    assert_eq!((rows.read(9, &mut block).unwrap(), block), (3, vec![1.0, 2.5, 2.0, 3.0, 3.0, 4.0]));
    // A selection may name them, or not; without names, by index.
    let some = TextOptions { columns: Some(vec!["y".into(), "kind".into()]), ..options(&["kind"]) };
    assert_eq!(open_rows::<f64>(&Input::File(path), &some).unwrap().columns().unwrap(), ["y"]);
    let bare = written(folder.path(), "1,cat\n2,dog\n");
    let own = TextOptions { header: pdmap_data::CsvHeader::No, ..options(&["1"]) };
    assert_eq!(read_categories(&bare, &own).unwrap()[0].labels.classes, ["cat", "dog"]);
    assert_eq!(open_rows::<f64>(&Input::File(bare), &own).unwrap().features(), 1);
}

#[test]
fn what_is_no_category_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), TABLE);
    let refused = |own: &TextOptions| read_categories(&path, own).unwrap_err().to_string();
    assert!(refused(&options(&["colour"])).contains("colour"));
    assert!(refused(&options(&["kind", "kind"])).contains("kind"));
    let id = TextOptions { id: Some("kind".into()), ..options(&["kind"]) };
    assert!(matches!(open_rows::<f64>(&Input::File(path.clone()), &id), Err(DataError::RepeatedColumn { .. })));
    let all = options(&["x", "kind", "y", "site"]);
    assert!(matches!(open_rows::<f64>(&Input::File(path), &all), Err(DataError::ZeroFeatures { .. })));
    let holes = written(folder.path(), "x,kind\n1,cat\n2,NA\n");
    let error = read_categories(&holes, &options(&["kind"])).unwrap_err().to_string();
    assert!(error.contains("row 1") && error.contains("kind"), "{error}");
    let array = folder.path().join("x.npy");
    pdmap_data::write_npy(&array, &ndarray::Array2::<f64>::zeros((2, 2))).unwrap();
    assert!(matches!(read_categories(&array, &options(&["1"])), Err(DataError::ColumnsOfAnArray { .. })));
    assert!(matches!(open_rows::<f64>(&Input::File(array), &options(&["1"])), Err(DataError::ColumnsOfAnArray { .. })));
}

#[test]
fn rows_of_numbers_and_labels_are_written_as_they_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.csv");
    let names: Vec<String> = ["x", "kind, all", "y"].map(str::to_owned).to_vec();
    let labels = ["cat", "dog, big"];
    let mut writer = MixedWriter::create(&Output::File(path.clone()), 3, Some(&names)).unwrap();
    let cell = |row: usize, column: usize| match column {
        0 => MixedCell::Single(0.1 + row as f32),
        1 => MixedCell::Label(labels[row]),
        _ => MixedCell::Double(1.0 / 3.0),
    };
    writer.write(2, cell).unwrap();
    assert!(!path.exists());
    assert_eq!(writer.finish().unwrap(), 2);
    let third = format!("{:?}", 1.0_f64 / 3.0);
    let expected = format!("x,\"kind, all\",y\n0.1,cat,{third}\n1.1,\"dog, big\",{third}\n");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), expected);
    let output = Output::File(path);
    assert!(matches!(MixedWriter::create(&output, 0, None), Err(DataError::ZeroFeatures { .. })));
    assert!(matches!(MixedWriter::create(&output, 2, Some(&names)), Err(DataError::FeatureMismatch { actual: 3, .. })));
}
