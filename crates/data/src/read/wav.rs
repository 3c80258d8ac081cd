//! Sound from WAV files.

use std::fs::File;
use std::io::{BufReader, Cursor, Read};
use std::path::Path;

use hound::{SampleFormat, WavReader};

use super::wav_header::{WavChunks, find_chunks};
use crate::DataError;

/// The samples of a sound, interleaved: all channels of a moment, then those of the next.
#[derive(Clone, Debug, PartialEq)]
pub enum Samples {
    /// Whole numbers from `-2^(bits - 1)` to `2^(bits - 1) - 1`.
    Integer(Vec<i32>),
    /// Finite numbers, usually from -1 to 1.
    Float(Vec<f32>),
}

/// A sound.
#[derive(Clone, Debug, PartialEq)]
pub struct Sound {
    /// Channels, at least 1.
    pub channels: usize,
    /// Samples a second of each channel (Hz).
    pub rate: u32,
    /// Bits of a sample.
    pub bits: u16,
    /// The samples, `[moments, channels]`.
    pub samples: Samples,
}

impl Sound {
    /// Samples of each channel.
    pub fn moments(&self) -> usize {
        let all = match &self.samples {
            Samples::Integer(samples) => samples.len(),
            Samples::Float(samples) => samples.len(),
        };
        all / self.channels.max(1)
    }
}

/// Reads a WAV file: whole numbers of 8, 16, 24 or 32 bits, or floats of 32. What the header promises is held against the length of
/// the file before anything is allocated for it.
///
/// # Errors
/// [`DataError::NotFound`], [`DataError::Io`]; [`DataError::BadMagic`], [`DataError::BadHeader`] for what is no WAV file,
/// [`DataError::SampleFormat`] for other samples; [`DataError::Truncated`]; [`DataError::TooFewRows`] without samples;
/// [`DataError::NonFiniteSample`].
pub fn read_wav(path: &Path) -> Result<Sound, DataError> {
    let mut file = File::open(path).map_err(|source| DataError::io(path, source))?;
    let WavChunks { head, data } = find_chunks(path, &mut file)?;
    let wrong = |error: hound::Error| match error {
        hound::Error::IoError(source) => DataError::io(path, source),
        other => DataError::BadHeader { path: path.to_path_buf(), source: Box::new(other) },
    };
    let stream = Cursor::new(head).chain(BufReader::new(file).take(data));
    let reader = WavReader::new(stream).map_err(wrong)?;
    let spec = reader.spec();
    let channels = usize::from(spec.channels);
    let count = reader.len() as usize;
    if count == 0 {
        return Err(DataError::TooFewRows { name: path.display().to_string(), expected: 1, actual: 0 });
    }
    let samples = match spec.sample_format {
        SampleFormat::Int => {
            let mut samples = reserved(count, channels)?;
            for sample in reader.into_samples::<i32>() {
                samples.push(sample.map_err(wrong)?);
            }
            Samples::Integer(samples)
        }
        SampleFormat::Float => {
            let mut samples = reserved(count, channels)?;
            for (place, sample) in reader.into_samples::<f32>().enumerate() {
                let value = sample.map_err(wrong)?;
                if !value.is_finite() {
                    return Err(DataError::NonFiniteSample {
                        path: path.to_path_buf(),
                        sample: place / channels,
                        channel: place % channels,
                        value,
                    });
                }
                samples.push(value);
            }
            Samples::Float(samples)
        }
    };
    Ok(Sound { channels, rate: spec.sample_rate, bits: spec.bits_per_sample, samples })
}

/// Room for the samples, which the file was found to hold.
fn reserved<T>(count: usize, channels: usize) -> Result<Vec<T>, DataError> {
    let mut samples = Vec::new();
    samples
        .try_reserve_exact(count)
        .map_err(|_| DataError::TooLarge { rows: count / channels.max(1), features: channels })?;
    Ok(samples)
}
