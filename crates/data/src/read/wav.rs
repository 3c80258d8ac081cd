//! Reads sound from WAV files.

use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek};
use std::path::Path;

use hound::{SampleFormat, WavReader};

use super::wav_header::{RIFF, WavChunks, find_chunks, is_wav};
use crate::error::DataError;

/// Interleaved samples: all channels at one time, then all channels at the next.
#[derive(Clone, Debug, PartialEq)]
pub enum Samples {
    /// Integers from `-2^(bits - 1)` to `2^(bits - 1) - 1`.
    Integer(Vec<i32>),
    /// Finite numbers, usually from -1 to 1.
    Float(Vec<f32>),
}

/// A sound.
#[derive(Clone, Debug, PartialEq)]
pub struct Sound {
    /// Number of channels, at least 1.
    pub channels: usize,
    /// Sampling rate of each channel, Hz.
    pub rate: u32,
    /// Bits per sample.
    pub bits: u16,
    /// The samples, `[time steps, channels]`.
    pub samples: Samples,
}

impl Sound {
    /// Samples per channel.
    pub fn moments(&self) -> usize {
        let all = match &self.samples {
            Samples::Integer(samples) => samples.len(),
            Samples::Float(samples) => samples.len(),
        };
        all / self.channels.max(1)
    }
}

/// Reads a WAV file of 8-, 16-, 24- or 32-bit integers or 32-bit floats. The declared size is
/// checked against the length of the file before any allocation. A named pipe is read as
/// [`read_wav_stream`] does.
///
/// # Errors
/// [`DataError::NotFound`], [`DataError::Io`]; [`DataError::BadMagic`], [`DataError::BadHeader`] if
/// the file is not WAV; [`DataError::SampleFormat`] for other sample formats;
/// [`DataError::Truncated`]; [`DataError::TooFewRows`] without samples;
/// [`DataError::NonFiniteSample`].
pub fn read_wav(path: &Path) -> Result<Sound, DataError> {
    let io = |source| DataError::io(path, source);
    let mut file = File::open(path).map_err(io)?;
    let metadata = file.metadata().map_err(io)?;
    if !metadata.is_file() {
        return read_wav_stream(&path.display().to_string(), file);
    }
    let chunks = find_chunks(path, &mut file, metadata.len(), false)?;
    decode(path, chunks, file)
}

/// The longest stream, bytes: a WAV file holds no more.
const LONGEST: u64 = 1 << 32;

/// Reads WAV from a stream to its end; messages call it `name`. The bytes are held in memory. A program
/// that writes to a pipe does not know the length of its sound: if the header states one of the usual
/// placeholder lengths, the sound ends with the last whole time step of the stream.
///
/// # Errors
/// Those of [`read_wav`]; [`DataError::TooLong`] for a stream of more than 4 GiB.
pub fn read_wav_stream(name: &str, mut reader: impl Read) -> Result<Sound, DataError> {
    let (path, mut bytes) = (Path::new(name), Vec::new());
    let io = |source| DataError::io(path, source);
    // Anything else is refused at once, however long it is.
    reader.by_ref().take(RIFF).read_to_end(&mut bytes).map_err(io)?;
    is_wav(path, &bytes)?;
    reader.take(LONGEST).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > LONGEST {
        return Err(DataError::TooLong { path: path.to_path_buf(), limit: LONGEST });
    }
    let length = bytes.len() as u64;
    let mut whole = Cursor::new(bytes);
    let chunks = find_chunks(path, &mut whole, length, true)?;
    decode(path, chunks, whole)
}

/// The samples of a file that is positioned at its data.
fn decode(path: &Path, WavChunks { head, data }: WavChunks, file: impl Read + Seek) -> Result<Sound, DataError> {
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

/// An empty buffer with capacity for the samples.
fn reserved<T>(count: usize, channels: usize) -> Result<Vec<T>, DataError> {
    let mut samples = Vec::new();
    samples
        .try_reserve_exact(count)
        .map_err(|_| DataError::TooLarge { rows: count / channels.max(1), features: channels })?;
    Ok(samples)
}
