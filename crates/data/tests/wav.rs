//! Frames of sound: the layout of a row, the split in time, and refusals.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::float_cmp, missing_docs)]

use std::path::{Path, PathBuf};

use pdmap_data::{DataError, Format, Samples, Splits, detect_format, read_wav, read_wav_stream, wav};
use tempfile::TempDir;

use crate::common;

const RATE: u32 = 8000;

/// A WAV file assembled by hand: a format chunk, other chunks, and the data.
fn file(folder: &TempDir, tag: u16, channels: u16, bits: u16, between: &[u8], data: &[u8]) -> PathBuf {
    let mut chunks = b"WAVEfmt \x10\0\0\0".to_vec();
    let align = channels * bits / 8;
    chunks.extend(tag.to_le_bytes());
    chunks.extend(channels.to_le_bytes());
    chunks.extend(RATE.to_le_bytes());
    chunks.extend((RATE * u32::from(align)).to_le_bytes());
    chunks.extend(align.to_le_bytes());
    chunks.extend(bits.to_le_bytes());
    chunks.extend(between);
    chunks.extend(b"data");
    chunks.extend((data.len() as u32).to_le_bytes());
    chunks.extend(data);
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((chunks.len() as u32).to_le_bytes());
    bytes.extend(chunks);
    let path = folder.path().join("x.wav");
    std::fs::write(&path, bytes).unwrap();
    path
}

fn sixteen(folder: &TempDir, channels: u16, samples: impl IntoIterator<Item = i16>) -> PathBuf {
    let data: Vec<u8> = samples.into_iter().flat_map(i16::to_le_bytes).collect();
    file(folder, 1, channels, 16, &[], &data)
}

fn floats(folder: &TempDir, channels: u16, samples: impl IntoIterator<Item = f32>) -> PathBuf {
    let data: Vec<u8> = samples.into_iter().flat_map(f32::to_le_bytes).collect();
    file(folder, 3, channels, 32, &[], &data)
}

fn refusal(path: &Path) -> DataError {
    let error = read_wav(path).unwrap_err();
    assert!(error.to_string().contains("x.wav") && !error.to_string().contains('\n'), "{error}");
    error
}

#[test]
fn integers_of_every_depth_are_read() {
    let folder = TempDir::new().unwrap();
    let values: [i32; 4] = [-128, -1, 0, 127];
    for (bits, scale) in [(8, 0), (16, 8), (24, 16), (32, 24)] {
        let data: Vec<u8> = values
            .iter()
            .flat_map(|&value| {
                let value = value << scale;
                // 8-bit samples are stored as 0 to 255, all others in two's complement.
                let value = if bits == 8 { value + 128 } else { value };
                value.to_le_bytes()[..bits as usize / 8].to_vec()
            })
            .collect();
        // A chunk of odd length before the data, padded as the format requires.
        for between in [&[][..], b"LIST\x03\0\0\0abc\0"] {
            let sound = read_wav(&file(&folder, 1, 2, bits, between, &data)).unwrap();
            assert_eq!((sound.channels, sound.rate, sound.bits, sound.moments()), (2, RATE, bits, 2));
            assert_eq!(sound.samples, Samples::Integer(values.map(|value| value << scale).to_vec()));
        }
    }
    let path = floats(&folder, 1, [0.5, -2.0]);
    assert_eq!(read_wav(&path).unwrap().samples, Samples::Float(vec![0.5, -2.0]));
    assert_eq!(detect_format(&path).unwrap(), Format::Wav);
}

/// The first sample of each frame of a sound whose sample `t` of channel `c` is `t + c/2`, after
/// checking every number.
fn starts(part: &ndarray::Array2<f64>, channels: usize, frame: usize) -> Vec<usize> {
    part.rows()
        .into_iter()
        .map(|row| {
            let start = row[0];
            for channel in 0..channels {
                for time in 0..frame {
                    assert_eq!(row[channel * frame + time], start + time as f64 + channel as f64 / 2.0);
                }
            }
            start as usize
        })
        .collect()
}

fn counted(folder: &TempDir, moments: usize, channels: usize) -> PathBuf {
    let sample = |i| (i / channels) as f32 + (i % channels) as f32 / 2.0;
    floats(folder, channels as u16, (0..moments * channels).map(sample))
}

#[test]
fn frames_are_channel_major_and_none_crosses_a_boundary() {
    let folder = TempDir::new().unwrap();
    for channels in [1, 2, 3] {
        let path = counted(&folder, 1003, channels);
        for (frame, hop) in [(1, None), (7, None), (8, Some(3)), (20, Some(20)), (5, Some(11))] {
            let splits: Splits<f64> = wav(&path, frame, hop, 0).unwrap();
            let hop = hop.unwrap_or(frame);
            // 10% of 1003 rounds to 100: the parts are 0..803, 803..903 and 903..1003.
            for (part, from, to) in [(&splits.train, 0, 803), (&splits.validation, 803, 903), (&splits.test, 903, 1003)]
            {
                let expected: Vec<usize> =
                    (0..1003).filter(|start| start % hop == 0 && *start >= from && start + frame <= to).collect();
                assert_eq!(starts(part, channels, frame), expected, "{channels} {frame} {hop}");
            }
            assert_eq!(splits.facts.features, channels * frame);
            assert_eq!(splits.facts.pixel_log_det, None);
        }
    }
}

#[test]
fn integers_get_noise_of_one_step_once() {
    let folder = TempDir::new().unwrap();
    let samples: Vec<i16> = (0..20_000).map(|i| (i * 7919 % 65_536 - 32_768) as i16).collect();
    let path = sixteen(&folder, 1, samples.clone());
    let splits: Splits<f64> = wav(&path, 50, None, 1).unwrap();
    let noise: Vec<f64> =
        splits.train.iter().zip(&samples).map(|(value, &sample)| value * 32_768.0 - f64::from(sample)).collect();
    assert_eq!(noise.len(), 16_000);
    assert!(noise.iter().all(|noise| (0.0..1.0).contains(noise)));
    // Uniform: check the mean with its standard error, and the variance.
    let mean = noise.iter().sum::<f64>() / 16_000.0;
    assert!((mean - 0.5).abs() < 5.0 / (12.0_f64 * 16_000.0).sqrt(), "{mean}");
    let variance = noise.iter().map(|noise| (noise - mean).powi(2)).sum::<f64>() / 16_000.0;
    assert!((variance * 12.0 - 1.0).abs() < 0.05, "{variance}");
    // Overlapping frames share the noise.
    let overlapping: Splits<f64> = wav(&path, 50, Some(25), 1).unwrap();
    assert_eq!(overlapping.train.row(0).as_slice().unwrap()[25..], overlapping.train.row(1).as_slice().unwrap()[..25]);
    assert_eq!(overlapping.train.row(0), splits.train.row(0));
    assert_eq!(wav::<f64>(&path, 50, None, 1).unwrap().test, splits.test);
    assert_ne!(wav::<f64>(&path, 50, None, 2).unwrap().test, splits.test);
}

#[test]
fn the_facts_count_in_integer_steps() {
    let folder = TempDir::new().unwrap();
    let path = sixteen(&folder, 2, (0..80_000).map(|i| (i % 100) as i16));
    let splits: Splits<f32> = wav(&path, 100, None, 7).unwrap();
    let facts = &splits.facts;
    assert_eq!((facts.features, splits.train.ncols()), (200, 200));
    // d row / d sample is 2^-15 for each of 200 features.
    let log_det = facts.pixel_log_det.unwrap();
    assert!((log_det + 200.0 * 15.0 * 2.0_f64.ln()).abs() < 1e-9, "{log_det}");
    assert_eq!(facts.space, "(sample + U[0,1))/2^15, 100 of each of 2 channel(s): 200 features");
    let notes = facts.notes.join("\n");
    assert!(notes.contains("8000 Hz, 16-bit integer samples, 2 channel(s), 40000 samples each"), "{notes}");
    assert!(notes.contains("frames: 320 train, 40 validation, 40 test; hop 100; seed 7"), "{notes}");
    // 4000 test samples are half a second.
    assert_eq!(splits.test_groups, Some(vec![0; 40]));
    let long: Splits<f32> = wav(&sixteen(&folder, 1, vec![0; 200_000]), 1000, None, 7).unwrap();
    let groups: Vec<u32> = (0..20).map(|row| row / 8).collect();
    assert_eq!(long.test_groups, Some(groups));
}

#[test]
fn zero_lengths_and_short_sounds_are_refused() {
    let folder = TempDir::new().unwrap();
    let path = counted(&folder, 190, 1);
    assert!(matches!(wav::<f64>(&path, 0, None, 0), Err(DataError::BadOption { option: "frame", .. })));
    let error = wav::<f64>(&path, 5, Some(0), 0).unwrap_err();
    assert_eq!(error.to_string(), "option hop is 0, expected at least 1 sample");
    let error = wav::<f64>(&path, 11, None, 0).unwrap_err();
    assert!(error.to_string().ends_with("190 samples, 210 needed for frames of 11 every 11 in each part"));
    assert!(matches!(wav::<f64>(&path, usize::MAX, None, 0), Err(DataError::SoundTooShort { .. })));
    // The stated minimum suffices at every hop.
    for frame in 1..12 {
        for hop in 1..12 {
            let needed = 10 * (frame + hop - 1);
            let splits: Splits<f64> = wav(&counted(&folder, needed, 1), frame, Some(hop), 0).unwrap();
            for part in [&splits.train, &splits.validation, &splits.test] {
                assert!(part.nrows() > 0, "{frame} {hop}");
            }
            let shorter = counted(&folder, needed - 1, 1);
            if needed > 1 {
                let error = wav::<f64>(&shorter, frame, Some(hop), 0).unwrap_err();
                assert!(matches!(error, DataError::SoundTooShort { expected, .. } if expected == needed as u128));
            }
        }
    }
}

#[test]
fn unsupported_files_are_identified() {
    let folder = TempDir::new().unwrap();
    assert!(matches!(refusal(&sixteen(&folder, 1, [])), DataError::TooFewRows { actual: 0, .. }));
    let error = refusal(&floats(&folder, 2, [0.0, 1.0, 2.0, f32::NAN]));
    assert!(error.to_string().ends_with("sample 1 of channel 1 is NaN; every sample must be finite"));
    let error = refusal(&file(&folder, 3, 1, 64, &[], &[0; 16]));
    assert!(error.to_string().ends_with(
        "samples of 64 bits, format 0x0003; supported are integers of 8, 16, 24 and 32 bits (0x0001) and floats of 32 bits (0x0003)"
    ));
    assert!(matches!(
        refusal(&file(&folder, 1, 1, 12, &[], &[0; 16])),
        DataError::SampleFormat { tag: 1, bits: 12, .. }
    ));
    // ADPCM.
    assert!(matches!(refusal(&file(&folder, 2, 1, 8, &[], &[0; 16])), DataError::SampleFormat { tag: 2, .. }));
    assert!(matches!(refusal(&file(&folder, 1, 0, 16, &[], &[0; 16])), DataError::BadHeader { .. }));
    // Half a time step of two channels.
    assert!(matches!(refusal(&sixteen(&folder, 2, [1, 2, 3])), DataError::BadHeader { .. }));
    let path = folder.path().join("x.wav");
    std::fs::write(&path, b"RIFF\0\0\0\0AVI LIST").unwrap();
    assert!(matches!(refusal(&path), DataError::BadMagic { .. }));
    assert!(matches!(read_wav(Path::new("/no/such.wav")), Err(DataError::NotFound { .. })));
}

#[test]
fn a_header_that_declares_too_much_is_refused_and_trailing_bytes_are_ignored() {
    let folder = TempDir::new().unwrap();
    let path = sixteen(&folder, 1, 0..50);
    let whole = std::fs::read(&path).unwrap();
    for cut in 0..whole.len() {
        std::fs::write(&path, &whole[..cut]).unwrap();
        let error = refusal(&path);
        assert!(matches!(error, DataError::Truncated { .. }), "{cut}: {error}");
    }
    // Written by programs that do not know the length yet.
    let mut endless = whole.clone();
    endless[40..44].copy_from_slice(&u32::MAX.to_le_bytes());
    std::fs::write(&path, endless).unwrap();
    assert!(matches!(refusal(&path), DataError::Truncated { expected: 4_294_967_295, actual: 100, .. }));
    std::fs::write(&path, [whole.as_slice(), b"LIST\x04\0\0\0abcd"].concat()).unwrap();
    assert_eq!(read_wav(&path).unwrap().moments(), 50);
}

#[test]
fn a_stream_is_read_like_the_file_and_may_not_know_its_length() {
    let folder = TempDir::new().unwrap();
    let path = sixteen(&folder, 2, 0..50);
    let whole = std::fs::read(&path).unwrap();
    let expected = read_wav(&path).unwrap();
    assert_eq!(read_wav_stream("-", whole.as_slice()).unwrap(), expected);
    for stand_in in [u32::MAX, 0x7fff_f000] {
        let mut endless = whole.clone();
        endless[40..44].copy_from_slice(&stand_in.to_le_bytes());
        assert_eq!(read_wav_stream("-", endless.as_slice()).unwrap(), expected);
    }
    // Half a time step at the end is dropped.
    let mut cut = whole.clone();
    cut[40..44].copy_from_slice(&u32::MAX.to_le_bytes());
    cut.truncate(whole.len() - 3);
    assert_eq!(read_wav_stream("-", cut.as_slice()).unwrap().moments(), expected.moments() - 1);
    // What is no sound is refused before it is read: this stream has no end.
    assert!(matches!(read_wav_stream("-", std::io::repeat(b'y')), Err(DataError::BadMagic { .. })));
    // Any other length has to be there.
    let error = read_wav_stream("standard input", &whole[..100]).unwrap_err();
    assert!(matches!(error, DataError::Truncated { expected: 100, actual: 56, .. }), "{error}");
    assert!(error.to_string().starts_with("standard input"), "{error}");
}

#[cfg(unix)]
#[test]
fn sound_is_read_from_a_named_pipe() {
    let folder = TempDir::new().unwrap();
    let path = sixteen(&folder, 1, 0..500);
    let (bytes, expected) = (std::fs::read(&path).unwrap(), wav::<f64>(&path, 4, None, 1).unwrap());
    let pipe = folder.path().join("pipe");
    if !common::made_pipe(&pipe) {
        return;
    }
    let writing = pipe.clone();
    let writer = std::thread::spawn(move || std::fs::write(writing, bytes));
    let read: Splits<f64> = wav(&pipe, 4, None, 1).unwrap();
    writer.join().unwrap().unwrap();
    assert_eq!((read.train, read.test), (expected.train, expected.test));
}

#[test]
fn a_file_with_any_header_byte_changed_is_read_or_refused() {
    let folder = TempDir::new().unwrap();
    let path = sixteen(&folder, 2, 0..100);
    let whole = std::fs::read(&path).unwrap();
    let mut refused = 0;
    for place in 0..44 {
        for value in [0, 1, 2, 3, 8, 16, 24, 0x7f, 0x80, 0xfe, 0xff] {
            let mut bytes = whole.clone();
            bytes[place] = value;
            std::fs::write(&path, bytes).unwrap();
            if let Err(error) = read_wav(&path) {
                refused += 1;
                assert!(!error.to_string().contains('\n'), "byte {place}: {error}");
            }
        }
    }
    assert!(refused > 200, "{refused}");
}
