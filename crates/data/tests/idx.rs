//! IDX files: what is read and what is refused.
#![allow(clippy::unwrap_used, missing_docs)]

use std::io::Write;
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;
use ndarray::Array3;
use pdmap_data::{DataError, Format, detect_format, read_idx};
use tempfile::TempDir;

fn idx(element: u8, axes: &[u32], data: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, element, axes.len() as u8];
    bytes.extend(axes.iter().flat_map(|axis| axis.to_be_bytes()));
    bytes.extend(data);
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A file whose name does not indicate its format.
fn file(folder: &TempDir, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join("images.bin");
    std::fs::write(&path, bytes).unwrap();
    path
}

fn error_of(bytes: &[u8]) -> DataError {
    let folder = TempDir::new().unwrap();
    let error = read_idx(&file(&folder, bytes)).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("images.bin") && !text.contains('\n'), "{text}");
    error
}

#[test]
fn plain_and_gzip_give_the_same_images() {
    let folder = TempDir::new().unwrap();
    let data: Vec<u8> = (0..24).collect();
    let expected = Array3::from_shape_vec((2, 3, 4), data.clone()).unwrap();
    let plain = idx(8, &[2, 3, 4], &data);
    for bytes in [gzip(&plain), plain] {
        let path = file(&folder, &bytes);
        assert_eq!(read_idx(&path).unwrap().images, expected);
        assert_eq!(detect_format(&path).unwrap(), Format::Idx);
    }
}

#[test]
fn other_formats_are_refused_by_name() {
    assert!(matches!(error_of(b"PNG?"), DataError::BadMagic { .. }));
    assert!(matches!(error_of(b""), DataError::BadMagic { .. }));
    assert!(matches!(
        error_of(&idx(0x0d, &[1, 1, 1], &[0; 4])),
        DataError::WrongDtype { actual, .. } if actual == "0x0d"
    ));
    assert!(matches!(error_of(&idx(8, &[3], &[0; 3])), DataError::WrongRank { expected: 3, actual: 1, .. }));
    assert!(matches!(error_of(&idx(8, &[0, 2, 2], &[])), DataError::TooFewRows { actual: 0, .. }));
    assert!(matches!(error_of(&idx(8, &[u32::MAX, 0, u32::MAX], &[])), DataError::ZeroFeatures { .. }));
}

#[test]
fn inconsistent_sizes_are_refused() {
    let short = idx(8, &[2, 2, 2], &[0; 7]);
    assert!(matches!(error_of(&short), DataError::Truncated { expected: 8, .. }));
    assert!(matches!(error_of(&gzip(&short)), DataError::Truncated { expected: 8, actual: 7, .. }));
    let long = idx(8, &[2, 2, 2], &[0; 9]);
    assert!(matches!(error_of(&long), DataError::Trailing { expected: 8, .. }));
    assert!(matches!(error_of(&gzip(&long)), DataError::Trailing { expected: 8, .. }));
    assert!(matches!(error_of(&idx(8, &[1], &[])[..4]), DataError::WrongRank { .. }));
    assert!(matches!(error_of(&idx(8, &[1, 1, 1], &[])[..9]), DataError::Truncated { expected: 12, actual: 5, .. }));
}

#[test]
fn a_declared_size_beyond_the_file_is_refused() {
    let promise = idx(8, &[u32::MAX, u32::MAX, u32::MAX], &[0; 10]);
    let expected = u128::from(u32::MAX).pow(3);
    for bytes in [gzip(&promise), promise] {
        assert!(matches!(
            error_of(&bytes),
            DataError::Truncated { expected: found, .. } if found == expected
        ));
    }
}

#[test]
fn a_size_beyond_the_deflate_ratio_is_refused_without_decompressing() {
    let bytes = gzip(&idx(8, &[100_000, 1000, 1000], &vec![0; 1 << 24]));
    let most = 1032 * bytes.len() as u128;
    assert!(matches!(
        error_of(&bytes),
        DataError::Truncated { expected: 100_000_000_000, actual, .. } if actual == most
    ));
}

#[test]
fn a_gzip_bomb_is_not_decompressed() {
    // 256 MiB of zeros after the header of a single image.
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&idx(8, &[1, 2, 2], &[0; 4])).unwrap();
    let zeros = vec![0; 1 << 20];
    for _ in 0..256 {
        encoder.write_all(&zeros).unwrap();
    }
    let mut bomb = encoder.finish().unwrap();
    // A reader that decompressed everything would report the damage instead.
    let half = bomb.len() / 2;
    bomb[half..].fill(0xff);
    assert!(matches!(error_of(&bomb), DataError::Trailing { expected: 4, .. }));
}

#[test]
fn a_damaged_stream_is_refused() {
    let whole = gzip(&idx(8, &[4, 8, 8], &(0..=255).collect::<Vec<u8>>()));
    assert!(matches!(error_of(&whole[..whole.len() - 100]), DataError::Truncated { expected: 256, .. }));
    // Flip the checksum at the end.
    let mut flipped = whole;
    let place = flipped.len() - 6;
    flipped[place] ^= 0xff;
    assert!(matches!(error_of(&flipped), DataError::Io { .. }));
}

#[test]
fn unknown_formats_are_refused_and_folders_are_images() {
    let folder = TempDir::new().unwrap();
    for bytes in [b"bytes\0".to_vec(), gzip(b"zipped \x01"), vec![], vec![0x1f, 0x8b, 9]] {
        assert!(matches!(detect_format(&file(&folder, &bytes)), Err(DataError::UnknownFormat { .. })));
    }
    // A header or labels have no digits.
    for bytes in [b"a,b\n".to_vec(), gzip(b"cat\ndog\n"), b"\xff\xfea\0".to_vec()] {
        assert_eq!(detect_format(&file(&folder, &bytes)).unwrap(), Format::Csv);
    }
    assert_eq!(detect_format(folder.path()).unwrap(), Format::ImageFolder);
    assert_eq!(detect_format(&file(&folder, b"a,b\n1,2\n")).unwrap(), Format::Csv);
    assert_eq!(detect_format(&file(&folder, b"RIFF\0\0\0\0WAVEfmt ")).unwrap(), Format::Wav);
    let member = std::path::PathBuf::from(format!("{}#x", file(&folder, b"1,2").display()));
    assert!(matches!(detect_format(&member), Err(DataError::NotAnArchive { .. })));
    assert!(matches!(detect_format(&folder.path().join("none")), Err(DataError::NotFound { .. })));
}
