//! `.npz` archives: array selection, and protection against hostile archives.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use crate::common;

use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{blocks_agree, npy, numbers};
use pdmap_data::{
    DataError, Element, Format, Input, TextOptions, detect_format, open_rows, open_stream, read_npy, read_npz,
};
use tempfile::TempDir;
use zip::CompressionMethod;
use zip::write::SimpleFileOptions;

fn npz(entries: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        writer.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn file(folder: &TempDir, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join("x.npz");
    std::fs::write(&path, bytes).unwrap();
    path
}

fn member(path: &Path, name: &str) -> PathBuf {
    PathBuf::from(format!("{}#{name}", path.display()))
}

const METHODS: [CompressionMethod; 2] = [CompressionMethod::Stored, CompressionMethod::Deflated];

fn blocks<F: Element + std::fmt::Debug>() {
    let folder = TempDir::new().unwrap();
    let expected = numbers(1003, 4).mapv(|value| F::from(value).unwrap());
    for method in METHODS {
        for (fortran, size) in [(false, 8), (false, 4), (true, 8), (true, 4)] {
            let bytes = npz(
                &[("y.npy", &npy(5, 1, false, 8)), ("x.npy", &npy(1003, 4, fortran, size)), ("readme", b"r")],
                method,
            );
            let path = member(&file(&folder, &bytes), "x");
            let open = || open_rows::<F>(&Input::File(path.clone()), &TextOptions::default()).expect("it opens");
            assert_eq!((open().rows(), open().features()), (Some(1003), 4));
            assert!(open().name().ends_with("x.npz#x"));
            blocks_agree(open, &expected).unwrap_or_else(|what| panic!("{method} {fortran} {size}: {what}"));
            assert_eq!(read_npz::<F>(&path).unwrap(), expected);
        }
    }
}

#[test]
fn blocks_of_any_size_give_the_same_rows() {
    blocks::<f64>();
    blocks::<f32>();
}

#[test]
fn the_only_array_needs_no_name() {
    let folder = TempDir::new().unwrap();
    let path = file(&folder, &npz(&[("data.npy", &npy(3, 2, false, 8))], CompressionMethod::Deflated));
    assert_eq!(read_npz::<f64>(&path).unwrap(), numbers(3, 2));
    for name in ["data", "data.npy"] {
        assert_eq!(read_npz::<f64>(&member(&path, name)).unwrap(), numbers(3, 2));
    }
    assert_eq!(detect_format(&path).unwrap(), Format::Npz);
    assert_eq!(detect_format(&member(&path, "data")).unwrap(), Format::Npz);
}

#[test]
fn array_names_are_listed_and_suggested() {
    let folder = TempDir::new().unwrap();
    let array = npy(3, 2, false, 8);
    let path = file(&folder, &npz(&[("train.npy", &array), ("test.npy", &array)], CompressionMethod::Stored));
    let says = |path: &Path| read_npz::<f64>(path).unwrap_err().to_string();
    assert!(says(&path).ends_with("x.npz: 2 arrays; select one of them with FILE#NAME: \"train\", \"test\""));
    assert!(says(&member(&path, "trian")).ends_with("x.npz: no array \"trian\", nearest is \"train\""));
    let many: Vec<String> = (0..25).map(|i| format!("a{i}.npy")).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|name| (name.as_str(), array.as_slice())).collect();
    let text = says(&file(&folder, &npz(&many, CompressionMethod::Stored)));
    assert!(text.contains("25 arrays") && text.ends_with("\"a19\", ..."), "{text}");
}

#[test]
fn archives_without_arrays_are_refused() {
    let folder = TempDir::new().unwrap();
    for entries in [&[][..], &[("readme.txt", b"text".as_slice())]] {
        let path = file(&folder, &npz(entries, CompressionMethod::Stored));
        assert!(matches!(read_npz::<f64>(&path), Err(DataError::NoArrays { .. })));
        assert!(matches!(detect_format(&path), Err(DataError::UnknownFormat { .. })));
    }
    let path = file(&folder, b"PK\x03\x04 and no more");
    let error = read_npz::<f64>(&path).unwrap_err();
    assert!(matches!(error, DataError::BadArchive { .. }), "{error}");
    assert!(!error.to_string().contains('\n'));
}

#[test]
fn an_archive_through_a_pipe_is_refused() {
    let bytes = npz(&[("x.npy", &npy(3, 2, false, 8))], CompressionMethod::Stored);
    let error = open_stream::<f64>("pipe", Cursor::new(bytes), &TextOptions::default()).err().unwrap();
    assert_eq!(
        error.to_string(),
        "pipe: cannot read an .npz archive (its table of contents is at the end) from a pipe; write it to a file first"
    );
}

/// The position of the first record of the central directory, and of a field in it.
fn central(bytes: &[u8], field: usize) -> usize {
    bytes.windows(4).position(|window| window == b"PK\x01\x02").unwrap() + field
}

#[test]
fn inconsistent_sizes_are_refused() {
    let folder = TempDir::new().unwrap();
    for method in METHODS {
        for fortran in [false, true] {
            // The array is shorter or longer than its own header declares.
            let whole = npy(100, 2, fortran, 8);
            let short = npz(&[("x.npy", &whole[..whole.len() - 8])], method);
            let error = read_npz::<f64>(&file(&folder, &short)).unwrap_err();
            assert!(matches!(error, DataError::Truncated { expected: 1600, actual: 1592, .. }), "{error}");
            let long = npz(&[("x.npy", &[whole.as_slice(), &[0]].concat())], method);
            let error = read_npz::<f64>(&file(&folder, &long)).unwrap_err();
            assert!(matches!(error, DataError::Trailing { expected: 1600, .. }), "{error}");
        }
    }
}

#[test]
fn a_bomb_yields_at_most_its_stated_size() {
    let folder = TempDir::new().unwrap();
    for fortran in [false, true] {
        // The entry inflates to a megabyte; archive and array header agree on less.
        let small = npy(10, 2, fortran, 8);
        let bomb = [small.as_slice(), &vec![0; 1 << 20]].concat();
        let mut bytes = npz(&[("x.npy", &bomb)], CompressionMethod::Deflated);
        let mut crc = flate2::Crc::new();
        crc.update(&small);
        let (sum, size) = (central(&bytes, 16), central(&bytes, 24));
        bytes[sum..sum + 4].copy_from_slice(&crc.sum().to_le_bytes());
        bytes[size..size + 4].copy_from_slice(&(small.len() as u32).to_le_bytes());
        let error = read_npz::<f64>(&file(&folder, &bytes)).unwrap_err();
        assert!(matches!(error, DataError::Trailing { expected: 160, .. }), "{error}");

        // The archive states four gigabytes and the array header agrees: more than so few bytes can
        // expand to.
        let dictionary = format!(
            "{{'descr': '<f8', 'fortran_order': {}, 'shape': (500000000, 1), }}\n",
            if fortran { "True" } else { "False" }
        );
        let mut array = b"\x93NUMPY\x01\x00".to_vec();
        array.extend((dictionary.len() as u16).to_le_bytes());
        array.extend(dictionary.as_bytes());
        let size = (array.len() as u64 + 4_000_000_000) as u32;
        array.extend([0; 80]);
        for method in METHODS {
            let mut bytes = npz(&[("x.npy", &array)], method);
            let place = central(&bytes, 24);
            bytes[place..place + 4].copy_from_slice(&size.to_le_bytes());
            let error = read_npz::<f64>(&file(&folder, &bytes)).unwrap_err();
            assert!(matches!(error, DataError::Truncated { expected, .. } if expected == u128::from(size)), "{error}");
        }
    }
}

#[test]
fn damaged_data_fail_the_checksum() {
    let folder = TempDir::new().unwrap();
    for fortran in [false, true] {
        let mut bytes = npz(&[("x.npy", &npy(100, 2, fortran, 8))], CompressionMethod::Stored);
        let place = central(&bytes, 0) - 100;
        bytes[place] ^= 1;
        let error = read_npz::<f64>(&file(&folder, &bytes)).unwrap_err();
        assert!(error.to_string().contains("x.npz#x: damaged: checksum 0x"), "{error}");
        let mut bytes = npz(&[("x.npy", &npy(100, 2, fortran, 8))], CompressionMethod::Deflated);
        let place = central(&bytes, 16);
        bytes[place] ^= 1;
        let error = read_npz::<f64>(&file(&folder, &bytes)).unwrap_err();
        assert!(matches!(error, DataError::Io { .. }), "{error}");
    }
}

#[test]
fn an_archive_with_any_byte_changed_or_any_end_cut_is_read_or_refused() {
    let folder = TempDir::new().unwrap();
    for method in METHODS {
        let whole = npz(&[("x.npy", &npy(9, 2, method == METHODS[0], 8))], method);
        let mut refused = 0;
        for place in 0..whole.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut bytes = whole.clone();
                bytes[place] ^= flip;
                match read_npz::<f64>(&file(&folder, &bytes)) {
                    // Dates and similar fields are ignored; the numbers must match.
                    Ok(rows) => assert_eq!(rows, numbers(9, 2), "byte {place}"),
                    Err(error) => {
                        refused += 1;
                        assert!(!error.to_string().contains('\n'), "byte {place}: {error}");
                    }
                }
            }
            assert!(read_npz::<f64>(&file(&folder, &whole[..place])).is_err(), "cut at {place}");
        }
        assert!(refused > whole.len(), "{refused} of {} changes were seen", 3 * whole.len());
    }
}

#[test]
fn column_selection_in_an_archive_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = file(&folder, &npz(&[("x.npy", &npy(3, 2, false, 8))], CompressionMethod::Stored));
    let options = TextOptions { columns: Some(vec!["0".into()]), ..TextOptions::default() };
    let error = open_rows::<f64>(&Input::File(path.clone()), &options).err().unwrap();
    assert!(matches!(error, DataError::ColumnsOfAnArray { .. }));
    assert!(matches!(read_npy::<f64>(&path), Err(DataError::BadMagic { .. })));
}

#[test]
fn archives_written_by_numpy_are_read() {
    let Some(python) = common::numpy() else { return };
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("x.npz");
    for save in ["savez", "savez_compressed"] {
        let script = format!(
            "import sys, numpy as n\na = n.arange(6.0).reshape(3, 2) / 8 - 3\n\
             n.{save}(sys.argv[1], a=a, b=n.asfortranarray(a))"
        );
        assert!(Command::new(&python).args(["-c", &script]).arg(&path).status().unwrap().success());
        for name in ["a", "b"] {
            assert_eq!(read_npz::<f64>(&member(&path, name)).unwrap(), numbers(3, 2), "{save} {name}");
        }
    }
}
