//! Frames of sound.

use std::path::Path;

use ndarray::Array2;
use rand::RngExt;
use rayon::prelude::*;

use super::splits::{DataFacts, Splits};
use crate::element::{Element, cast, into_rows, zeroed};
use crate::error::DataError;
use crate::random::{Purpose, stream};
use crate::read::{Samples, Sound, read_wav};
use crate::split::share;

/// The share of the duration used for validation, and for test.
const HELD_OUT: f64 = 0.1;

/// Number of segments of length [`HELD_OUT`] in the whole.
const SEGMENTS: u128 = 10;

/// Samples per random stream. Changing it changes the generated numbers.
const CHUNK: usize = 1 << 14;

/// Frames of a WAV file.
///
/// A row is a frame of `frame` samples per channel, `[channels, frame]`: all of the first channel,
/// then all of the second. Frames start every `hop` samples (`None`: every `frame`, without
/// overlap). An integer sample `s` of `b` bits becomes `(s + U[0,1)) / 2^(b-1)`, in [-1, 1) before
/// rounding to `F`; overlapping frames share its noise. Floats are unchanged.
///
/// Neighbouring frames are similar, so the sound is split in time: the first 80% for training, then
/// 10% for validation and 10% for test. Frames that cross a boundary are dropped. Test rows are
/// grouped by seconds (or by frame lengths, if those are longer).
///
/// `facts.pixel_log_det` counts in integer steps in place of grey levels, so bits per dimension are
/// bits per sample. For floats it is absent.
///
/// # Errors
/// Those of [`read_wav`]; [`DataError::BadOption`] for a frame or hop of 0;
/// [`DataError::SoundTooShort`] if a part could have no frame; [`DataError::TooLarge`].
pub fn wav<F: Element>(path: &Path, frame: usize, hop: Option<usize>, seed: u64) -> Result<Splits<F>, DataError> {
    wav_frames(&read_wav(path)?, path, frame, hop, seed)
}

/// Frames of a sound, as [`wav`] does; messages call it `path`.
///
/// # Errors
/// Those of [`wav`], but for reading.
pub fn wav_frames<F: Element>(
    sound: &Sound,
    path: &Path,
    frame: usize,
    hop: Option<usize>,
    seed: u64,
) -> Result<Splits<F>, DataError> {
    let hop = hop.unwrap_or(frame);
    for (option, value) in [("frame", frame), ("hop", hop)] {
        if value == 0 {
            return Err(DataError::BadOption { option, value: value.to_string(), expected: "at least 1 sample" });
        }
    }
    let moments = sound.moments();
    // Ensures that a frame starts and ends within every part.
    let expected = SEGMENTS * (frame as u128 + hop as u128 - 1);
    if (moments as u128) < expected {
        return Err(DataError::SoundTooShort { path: path.to_path_buf(), frame, hop, expected, actual: moments });
    }
    let held_out = share(moments, HELD_OUT);
    let bounds = [0, moments - 2 * held_out, moments - held_out, moments];
    let part = |index: usize, purpose| -> Result<(Array2<F>, Vec<usize>), DataError> {
        let (from, to) = (bounds[index], bounds[index + 1]);
        let values = dequantized(sound, from, to, seed, purpose)?;
        let starts: Vec<usize> =
            (from.next_multiple_of(hop)..=to - frame).step_by(hop).map(|start| start - from).collect();
        let rows = cut(&values, sound.channels, frame, &starts)?;
        Ok((rows, starts))
    };
    let (train, _) = part(0, Purpose::Train)?;
    let (validation, _) = part(1, Purpose::Validation)?;
    let (test, starts) = part(2, Purpose::Test)?;
    let group = frame.max(sound.rate as usize);
    let counts = [train.nrows(), validation.nrows(), test.nrows()];
    Ok(Splits {
        test_groups: Some(starts.iter().map(|start| (start / group) as u32).collect()),
        facts: facts(path, sound, (frame, hop), counts, seed),
        train,
        validation,
        test,
    })
}

fn facts(path: &Path, sound: &Sound, (frame, hop): (usize, usize), counts: [usize; 3], seed: u64) -> DataFacts {
    let Sound { channels, rate, bits, .. } = *sound;
    let features = channels * frame;
    let whole = matches!(sound.samples, Samples::Integer(_));
    let kind = if whole { "integer" } else { "float" };
    let [train, validation, test] = counts;
    let mut notes = vec![
        format!("sound: {}", path.display()),
        format!("{rate} Hz, {bits}-bit {kind} samples, {channels} channel(s), {} samples each", sound.moments()),
        format!("frames: {train} train, {validation} validation, {test} test; hop {hop}; seed {seed}"),
        "split in time, 80/10/10; frames across a boundary are dropped; test frames are grouped by time".to_owned(),
    ];
    let sample = if whole {
        notes.push("random and not invertible: noise U[0,1) on each sample".to_owned());
        notes.push("bits per dimension are bits per sample, in integer steps".to_owned());
        format!("(sample + U[0,1))/2^{}", bits - 1)
    } else {
        "float samples, unchanged".to_owned()
    };
    let space = format!("{sample}, {frame} of each of {channels} channel(s): {features} features");
    DataFacts {
        pixel_log_det: whole.then(|| -(features as f64) * f64::from(bits - 1) * std::f64::consts::LN_2),
        notes,
        ..DataFacts::new("wav", space, features)
    }
}

/// The samples of the time steps `from..to`, interleaved, as dequantized numbers.
fn dequantized<F: Element>(
    sound: &Sound,
    from: usize,
    to: usize,
    seed: u64,
    purpose: Purpose,
) -> Result<Vec<F>, DataError> {
    let mut values = zeroed::<F>(to - from, sound.channels)?;
    let range = from * sound.channels..to * sound.channels;
    match &sound.samples {
        Samples::Float(samples) => {
            for (value, &sample) in values.iter_mut().zip(&samples[range]) {
                *value = cast(f64::from(sample));
            }
        }
        Samples::Integer(samples) => {
            let steps = 2f64.powi(i32::from(sound.bits) - 1);
            values.par_chunks_mut(CHUNK).zip(samples[range].par_chunks(CHUNK)).enumerate().for_each(
                |(chunk, (values, samples))| {
                    let mut rng = stream(seed, purpose, chunk);
                    for (value, &sample) in values.iter_mut().zip(samples) {
                        *value = cast((f64::from(sample) + rng.random::<f64>()) / steps);
                    }
                },
            );
        }
    }
    Ok(values)
}

/// The frames that start at `starts`, channel by channel.
fn cut<F: Element>(values: &[F], channels: usize, frame: usize, starts: &[usize]) -> Result<Array2<F>, DataError> {
    let features = channels * frame;
    let mut rows = zeroed(starts.len(), features)?;
    for (row, &start) in rows.chunks_exact_mut(features).zip(starts) {
        for (channel, part) in row.chunks_exact_mut(frame).enumerate() {
            for (time, value) in part.iter_mut().enumerate() {
                *value = values[(start + time) * channels + channel];
            }
        }
    }
    into_rows(rows, starts.len(), features)
}
