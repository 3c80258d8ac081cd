//! `.npy` arrays of every readable type, and records, through every reader.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use crate::common;

use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use common::blocks_agree;
use ndarray::{Array2, array};
use pdmap_data::{
    DataError, Input, NpyFile, TextOptions, collect_rows, open_rows, open_stream, read_npy, read_npz, read_numbers,
};
use tempfile::TempDir;

/// A version 1 file, or version 2 where the dictionary is long.
fn npy(descr: &str, fortran: bool, shape: &str, data: &[u8]) -> Vec<u8> {
    let order = if fortran { "True" } else { "False" };
    file_of(&format!("{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}\n"), data)
}

fn file_of(dictionary: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x02\x00".to_vec();
    bytes.extend((dictionary.len() as u32).to_le_bytes());
    bytes.extend(dictionary.as_bytes());
    bytes.extend(data);
    bytes
}

fn file(folder: &TempDir, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join("x.npy");
    std::fs::write(&path, bytes).unwrap();
    path
}

fn archived(folder: &TempDir, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join("x.npz");
    let mut writer = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    writer.start_file("x.npy", zip::write::SimpleFileOptions::default()).unwrap();
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap();
    path
}

fn open(path: &Path) -> Box<dyn pdmap_data::ReadRows<f64>> {
    open_rows(&Input::File(path.to_owned()), &TextOptions::default()).unwrap()
}

/// Every reader must give `expected`.
fn reads_everywhere(bytes: &[u8], fortran: bool, expected: &Array2<f64>) {
    let folder = TempDir::new().unwrap();
    let path = file(&folder, bytes);
    assert_eq!(read_npy::<f64>(&path).unwrap(), expected);
    assert_eq!(read_npy::<f32>(&path).unwrap(), expected.mapv(|value| value as f32));
    blocks_agree(|| open(&path), expected).unwrap();
    let archive = archived(&folder, bytes);
    assert_eq!(read_npz::<f64>(&archive).unwrap(), expected);
    blocks_agree(|| open(&archive), expected).unwrap();
    if fortran {
        assert!(matches!(NpyFile::open(&path), Err(DataError::FortranOrder { .. })));
        return;
    }
    let bytes = bytes.to_vec();
    let stream = || open_stream("x", Cursor::new(bytes.clone()), &TextOptions::default()).unwrap();
    blocks_agree(stream, expected).unwrap();
    let random = NpyFile::open(&path).unwrap();
    assert_eq!((random.rows(), random.features()), (expected.nrows() as u64, expected.ncols()));
    for first in 0..expected.nrows() {
        let mut out = vec![0.0; (expected.nrows() - first) * expected.ncols()];
        random.read_at(first as u64, &mut out).unwrap();
        assert!(expected.iter().skip(first * expected.ncols()).eq(&out));
    }
}

/// The bits of the halves 0 to 6.
const HALVES: [u16; 7] = [0, 0x3c00, 0x4000, 0x4200, 0x4400, 0x4500, 0x4600];

#[test]
fn every_type_in_both_orders_of_bytes_and_of_axes() {
    macro_rules! check {
        ($($code:literal, $store:expr;)*) => {$({
            let store = $store;
            for (order, big) in [('<', false), ('>', true)] {
                let descr = format!("'{order}{}'", $code);
                let expected = Array2::from_shape_fn((7, 3), |(i, j)| ((2 * i + 3 * j) % 7) as f64);
                let bytes = |values: ndarray::ArrayView2<'_, f64>| -> Vec<u8> {
                    values.iter().flat_map(|&value| {
                        let mut word = store(value).to_vec();
                        if big { word.reverse() }
                        word
                    }).collect()
                };
                reads_everywhere(&npy(&descr, false, "(7, 3)", &bytes(expected.view())), false, &expected);
                reads_everywhere(&npy(&descr, true, "(7, 3)", &bytes(expected.t())), true, &expected);
                let column = expected.column(1).to_owned().insert_axis(ndarray::Axis(1));
                // For one axis, the orders coincide.
                for fortran in [false, true] {
                    reads_everywhere(&npy(&descr, fortran, "(7,)", &bytes(column.view())), false, &column);
                }
            }
        })*};
    }
    check! {
        "i1", |value: f64| (value as i8).to_le_bytes();
        "i2", |value: f64| (value as i16).to_le_bytes();
        "i4", |value: f64| (value as i32).to_le_bytes();
        "i8", |value: f64| (value as i64).to_le_bytes();
        "u1", |value: f64| (value as u8).to_le_bytes();
        "u2", |value: f64| (value as u16).to_le_bytes();
        "u4", |value: f64| (value as u32).to_le_bytes();
        "u8", |value: f64| (value as u64).to_le_bytes();
        "f2", |value: f64| HALVES[value as usize].to_le_bytes();
        "f4", |value: f64| (value as f32).to_le_bytes();
        "f8", |value: f64| value.to_le_bytes();
    }
}

#[test]
fn files_that_people_have() {
    let read = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/cases").join(name);
        let rows = read_npy::<f64>(&path).unwrap();
        assert_eq!(NpyFile::open(&path).unwrap().features(), rows.ncols());
        (rows.dim(), rows.sum(), rows[[0, 0]], rows[[599, rows.ncols() - 1]])
    };
    // Computed from the bytes by another program.
    assert_eq!(read("npy-int64.npy"), ((600, 3), 115_407.0, 0.0, 145.0));
    assert_eq!(read("npy-bool.npy"), ((600, 3), 1144.0, 1.0, 1.0));
    let (dim, sum, first, last) = read("npy-big-endian.npy");
    assert_eq!((dim, first, last), ((600, 3), 0.001_230_153_357_482_574_2, 1.452_847_148_425_354_7));
    assert!((sum - 1_153.935_746_826_284_2).abs() < 1e-9);
    let (dim, sum, first, last) = read("npy-one-dimensional.npy");
    assert_eq!((dim, first, last), ((600, 1), 0.001_230_153_357_482_574_2, 0.752_173_174_618_022_4));
    assert!((sum + 45.345_071_937_007_46).abs() < 1e-9);
}

const RECORDS: &str = "[('height', '<f4'), ('', '|V2'), ('age', '>i2'), (('a title', 'ill'), '|b1')]";

fn records(rows: &[(f32, i16, bool)]) -> Vec<u8> {
    rows.iter()
        .flat_map(|&(height, age, ill)| {
            [&height.to_le_bytes()[..], &[7, 7], &age.to_be_bytes(), &[u8::from(ill)]].concat()
        })
        .collect()
}

#[test]
fn records_have_named_columns() {
    let data = records(&[(1.5, 30, true), (1.75, -1, false), (2.0, 400, true)]);
    let bytes = npy(RECORDS, false, "(3,)", &data);
    let expected = array![[1.5, 30.0, 1.0], [1.75, -1.0, 0.0], [2.0, 400.0, 1.0]];
    reads_everywhere(&bytes, false, &expected);
    let folder = TempDir::new().unwrap();
    let path = file(&folder, &bytes);
    let names = ["height", "age", "ill"];
    assert_eq!(open(&path).columns().unwrap(), names);
    assert_eq!(open(&archived(&folder, &bytes)).columns().unwrap(), names);
    assert_eq!(NpyFile::open(&path).unwrap().columns().unwrap(), names);
    let plain = file(&folder, &npy("'<f4'", false, "(1, 1)", &[0; 4]));
    assert_eq!((open(&plain).columns(), NpyFile::open(&plain).unwrap().columns()), (None, None));
    // Longer than a chunk.
    let many: Vec<_> = (0..200_000_u32).map(|row| (row as f32, (row % 1000) as i16, row % 3 == 0)).collect();
    let path = file(&folder, &npy(RECORDS, false, "(200000,)", &records(&many)));
    let rows = collect_rows(&mut *open(&path)).unwrap();
    let mut last = [0.0; 6];
    NpyFile::open(&path).unwrap().read_at(199_998, &mut last).unwrap();
    assert!(rows.rows().into_iter().zip(&many).all(|(row, &(height, age, ill))| {
        row.to_vec() == [f64::from(height), f64::from(age), f64::from(u8::from(ill))]
    }));
    assert_eq!(last, [199_998.0, 998.0, 1.0, 199_999.0, 999.0, 0.0]);
}

#[test]
fn an_integer_between_two_floats_is_refused_with_its_place() {
    let odd = (1_i64 << 53) + 1;
    let folder = TempDir::new().unwrap();
    let values = |place: usize| -> Vec<u8> {
        (0..12).flat_map(|i| if i == place { odd } else { i as i64 }.to_le_bytes()).collect()
    };
    let at = |error: DataError| match error {
        DataError::InexactInteger { place, value, .. } => (place.row, place.column, value),
        other => panic!("{other}"),
    };
    let expected = (2, 1, i128::from(odd));
    let c = npy("'<i8'", false, "(4, 3)", &values(7));
    let path = file(&folder, &c);
    let error = read_npy::<f64>(&path).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("row 2, column 1 is 9007199254740993") && text.contains(".astype('<f8')"), "{text}");
    assert_eq!(at(error), expected);
    assert_eq!(at(NpyFile::open(&path).unwrap().read_at(1, &mut [0.0_f32; 6]).unwrap_err()), expected);
    let mut rows = open(&path);
    let mut block = vec![];
    rows.read(2, &mut block).unwrap();
    assert_eq!(at(rows.read(1, &mut block).unwrap_err()), expected);
    let fortran = file(&folder, &npy("'<i8'", true, "(4, 3)", &values(6)));
    assert_eq!(at(read_npy::<f64>(&fortran).unwrap_err()), expected);
    let fields = "[('a', '<i8'), ('b', '<i8'), ('c', '<i8')]";
    let structured = file(&folder, &npy(fields, false, "(4,)", &values(7)));
    let error = read_npy::<f64>(&structured).unwrap_err();
    assert!(error.to_string().contains("row 2, column 1 (\"b\") is 9007199254740993"), "{error}");
    assert_eq!(at(error), expected);
    assert_eq!(at(NpyFile::open(&structured).unwrap().read_at(2, &mut [0.0; 3]).unwrap_err()), expected);
}

#[test]
fn other_records_are_refused() {
    let folder = TempDir::new().unwrap();
    let error = |descr: &str, shape: &str| {
        let error = read_npy::<f64>(&file(&folder, &npy(descr, false, shape, &[0; 64]))).unwrap_err();
        assert!(!error.to_string().contains('\n'));
        error
    };
    let says = |descr: &str, shape: &str| error(descr, shape).to_string();
    assert!(says("[('a', '<f8', (3,))]", "(1,)").contains("several numbers (field \"a\")"));
    assert!(says("[('a', [('b', '<f8')])]", "(1,)").contains("a record (field \"a\")"));
    assert!(says("[('a', '<f8'), ('b', '<U8')]", "(1,)").contains("elements of type <U8"));
    assert!(says("[('a', '<f4'), ('a', '<f4')]", "(1,)").contains("two fields are named \"a\""));
    assert!(says("[('a', '<f4'), ('', '|V9999999999')]", "(1,)").contains("records of more than"));
    assert!(says("[('a', '<f4'), 'b']", "(1,)").contains("field 1 is not"));
    assert!(says("(3,)", "(1,)").contains("neither a type nor a list"));
    assert!(matches!(error("[]", "(1,)"), DataError::ZeroFeatures { .. }));
    assert!(matches!(error("[('', '|V4')]", "(1,)"), DataError::ZeroFeatures { .. }));
    for (shape, rank) in [("(2, 2)", 2), ("()", 0)] {
        let error = error("[('a', '<f8')]", shape);
        assert!(matches!(error, DataError::WrongRank { expected: 1, actual, .. } if actual == rank), "{error}");
    }
    assert!(matches!(
        error("[('a', '<f8'), ('b', '|u1')]", "(1000000000000,)"),
        DataError::Truncated { expected: 9_000_000_000_000, actual: 64, .. }
    ));
}

#[test]
fn hostile_headers_are_refused() {
    let folder = TempDir::new().unwrap();
    let error = |dictionary: &str| read_npy::<f64>(&file(&folder, &file_of(dictionary, &[0; 64]))).unwrap_err();
    let says = |dictionary: &str| error(dictionary).to_string();
    // As long as a header may be, in linear time, without recursion.
    let most = (1 << 20) - 20;
    assert!(matches!(error(&"[".repeat(most)), DataError::HeaderTooDeep { actual, .. } if actual == most));
    assert!(matches!(error(&"{'descr': ".repeat(most / 10)), DataError::HeaderTooDeep { .. }));
    assert!(says(&format!("{{'{}", "(".repeat(most))).contains("the end of a string"));
    assert!(says(&format!("{{{}}}", "'a': 1, ".repeat(most / 8))).contains("entry 0"));
    assert!(matches!(error(&" ".repeat(1 + (1 << 20))), DataError::HeaderTooLong { .. }));
    assert!(says("{'descr': '<f8', 'fortran_order': False}").contains("no entry \"shape\""));
    assert!(says("{'descr': '<f8', 'fortran_order': 0, 'shape': (8, 1)}").contains("neither True nor False"));
    assert!(says("{'descr': '<f8', 'fortran_order': False, 'shape': 8}").contains("not a tuple"));
    assert!(says("{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, 'shape': (8,)}").contains("entry 1"));
    assert!(says("{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,)}").contains("64 bits"));
    assert!(says("{'descr': '<f8', 'fortran_order': False, 'shape': (8,)} x").contains("the end of the header"));
    let huge = "(18446744073709551615, 18446744073709551615)";
    assert!(matches!(
        error(&format!("{{'descr': '<f8', 'fortran_order': True, 'shape': {huge}}}")),
        DataError::Truncated { .. }
    ));
    let mut unknown = npy("'<f8'", false, "(8,)", &[0; 64]);
    unknown[6] = 9;
    let text = read_npy::<f64>(&file(&folder, &unknown)).unwrap_err().to_string();
    assert!(text.contains("version 9"), "{text}");
    // Brackets in the names of fields are text.
    let bracketed = npy("[('x (cm) [[[[[', '<f4'), ('y\\'s', '<f4')]", false, "(1,)", &[0; 8]);
    assert_eq!(open(&file(&folder, &bracketed)).columns().unwrap(), ["x (cm) [[[[[", "y's"]);
    // Thousands of named columns.
    let fields: Vec<String> = (0..20_000).map(|i| format!("('column {i}', '|u1')")).collect();
    let wide = npy(&format!("[{}]", fields.join(", ")), false, "(2,)", &[3; 40_000]);
    let rows = read_npy::<f64>(&file(&folder, &wide)).unwrap();
    assert!(rows.dim() == (2, 20_000) && rows.iter().all(|&value| value == 3.0));
}

#[test]
fn numbers_come_from_vectors_of_any_type() {
    let folder = TempDir::new().unwrap();
    let bytes = npy("'>i2'", false, "(3,)", &[0, 1, 0xff, 0xfe, 1, 0]);
    assert_eq!(read_numbers(&file(&folder, &bytes)).unwrap(), [1.0, -2.0, 256.0]);
    assert_eq!(read_numbers(&archived(&folder, &bytes)).unwrap(), [1.0, -2.0, 256.0]);
}
