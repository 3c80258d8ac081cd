//! A lapped orthonormal transform learned from a sound, compared with designed ones.
//!
//! ```sh
//! cargo run --release --example lapped_audio -- FILE.wav
//! cargo run --release --example lapped_audio            # with a generated sound
//! ```
//!
//! An orthonormal convolution with K bands, a scale per band and a normal base maximizes the
//! likelihood where it maximizes the coding gain: the ratio of the arithmetic to the geometric mean
//! of the subband powers, which a transform coder saves at equal quality (6.02 dB per bit). The
//! first 80% of the sound are for training; the last 10% are the test set. The likelihood has
//! several maxima, so training starts from two designed transforms: the LOT, designed for smooth
//! signals, and the MDCT of audio coders, designed for tones. With overlap 4 the kernels are twice
//! as long.
//!
//! Without a file; on the right with `--bands 32`:
//!
//! ```text
//! DCT-II                        16 taps   16.391 dB |  32 taps   17.081 dB
//! MDCT, sine window             32 taps   17.267 dB |  64 taps   17.626 dB
//! LOT                           32 taps   16.506 dB |  64 taps   16.902 dB
//! learned, overlap 2            32 taps   17.316 dB |  64 taps   17.700 dB
//! learned, overlap 4            64 taps   17.489 dB | 128 taps   17.797 dB
//! ```
//!
//! (2026-11-26; AMD EPYC with AVX-512, 2 cores.) Takes four to six seconds. The generated sound is
//! plucked strings, which are tones, so the MDCT is hard to beat: longer kernels gain the most.
#![allow(missing_docs)]

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use ndarray::Array2;
use pdmap::conv::{CycledConv, Geometry, Group, kernels_of, subband_scale};
use pdmap::data::wav;
use pdmap::diagonal::ScaleDirection;
use pdmap::filterbank::{Kernels, Stages, Window};
use pdmap::{Budget, Flow, TrainConfig, base, train};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Learns a lapped transform from a sound.
#[derive(Debug, Parser)]
struct Options {
    /// A WAV file [default: a generated sound].
    file: Option<PathBuf>,
    /// Number of bands, even.
    #[arg(long, default_value_t = 16)]
    bands: usize,
    /// Training steps per transform.
    #[arg(long, default_value_t = 2000)]
    steps: u64,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// A small setting for a few seconds; fails if no learned transform beats the designed ones.
    #[arg(long)]
    quick: bool,
}

/// Blocks per training frame. Frames do not wrap around, so their ends are unrelated.
const BLOCKS: usize = 32;

fn main() -> Result<()> {
    let mut options = Options::parse();
    if options.quick {
        (options.bands, options.steps) = (options.bands.min(8), options.steps.min(600));
    }
    let bands = options.bands;
    ensure!((2..=256).contains(&bands) && bands.is_multiple_of(2), "--bands must be even and in 2 to 256");
    let temporary = tempfile::tempdir()?;
    let file = match &options.file {
        Some(file) => file.clone(),
        None => generated_sound(temporary.path(), if options.quick { 3 } else { 30 }, options.seed)?,
    };
    let sound = wav::<f64>(&file, BLOCKS * bands, None, options.seed)?;
    sound.facts.notes.iter().for_each(|note| println!("{note}"));
    let (frames, test) = (by_channel(&sound.train, BLOCKS * bands)?, by_channel(&sound.test, BLOCKS * bands)?);
    let validation = by_channel(&sound.validation, BLOCKS * bands)?;
    // Normalize the loudness.
    let loudness = (frames.iter().map(|x| x * x).sum::<f64>() / frames.len() as f64).sqrt();
    ensure!(loudness > 0.0, "{}: the sound is silent", file.display());
    let normalized = |frames: Array2<f64>| frames / loudness;
    let (frames, validation, test) = (normalized(frames), normalized(validation), normalized(test));

    let mut gains = vec![];
    println!("\ncoding gain with {bands} bands on the last tenth of the sound");
    let mut print = |name: &str, kernels: &Kernels| -> Result<()> {
        let gain = coding_gain(kernels, &test)?;
        println!("{name:<28} {:>3} taps  {gain:>7.3} dB", kernels.taps()[1]);
        gains.push(gain);
        Ok(())
    };
    print("DCT-II", &Stages::dct2(bands)?.kernels()?)?;
    print("MDCT, sine window", &Stages::mdct(bands, Window::Sine)?.kernels()?)?;
    print("LOT", &Stages::lot(bands)?.kernels()?)?;
    print("learned, overlap 2", &learned(&frames, &validation, 2, &options)?)?;
    print("learned, overlap 4", &learned(&frames, &validation, 4, &options)?)?;
    if let [dct, mdct, lot, two, four] = gains[..] {
        let designed = dct.max(mdct).max(lot);
        println!(
            "learned transforms over the best designed one: {:+.3} dB, {:+.3} dB",
            two - designed,
            four - designed
        );
        ensure!(!options.quick || two.max(four) > designed, "learning did not improve the coding gain");
    }
    Ok(())
}

/// Trains a convolution from two starts and returns the kernels with the better validation.
fn learned(frames: &Array2<f64>, validation: &Array2<f64>, overlap: usize, options: &Options) -> Result<Kernels> {
    let geometry = Geometry::signal(1, frames.ncols(), options.bands).isolated();
    let batch = frames.nrows().min(32);
    let config =
        TrainConfig { batch, rate: 1e-2, seed: options.seed, ..TrainConfig::new(Budget::Steps(options.steps)) };
    let mut best: Option<(f64, Kernels)> = None;
    for start in [Stages::lot(options.bands)?, Stages::mdct(options.bands, Window::Sine)?] {
        // Identity stages in front do not change a bank, but allow longer kernels.
        let transform = CycledConv::of_bank(geometry, &start.padded(overlap)?, Group::Orthonormal)?;
        let scale = subband_scale(geometry, None, ScaleDirection::Algebra)?;
        let mut flow = Flow::new(frames.ncols(), vec![Box::new(transform), Box::new(scale)], Box::new(base::Normal))?;
        let trained = train(&mut flow, frames, validation.view(), &config, &mut |_| {})?;
        let nats = trained.best.validation;
        if best.as_ref().is_none_or(|(least, _)| nats > *least) {
            let kernels = kernels_of(flow.chain().layers()[0].as_ref())?;
            best = Some((nats, kernels.context("the first layer is a convolution")?));
        }
    }
    Ok(best.context("there is no start")?.1)
}

/// `10 log₁₀` of the ratio of arithmetic to geometric mean of the subband powers, with all test
/// frames as one signal.
fn coding_gain(kernels: &Kernels, frames: &Array2<f64>) -> Result<f64> {
    let signal = frames.to_shape((1, frames.len()))?;
    let y = kernels.analyze(signal.view())?;
    let bands = kernels.shape()[0];
    let power = |k: usize| {
        let band = y.iter().skip(k).step_by(bands);
        band.map(|y| y * y).sum::<f64>() / (y.len() / bands) as f64
    };
    // A silent band has no logarithm.
    let powers: Vec<f64> = (0..bands).map(|k| power(k).max(f64::MIN_POSITIVE)).collect();
    let logs: f64 = powers.iter().map(|power| power.log10()).sum();
    Ok(10.0 * ((powers.iter().sum::<f64>() / bands as f64).log10() - logs / bands as f64))
}

/// Separates channels: rows `[channels, frame]` become the frames of the first channel, then of the
/// next.
fn by_channel(rows: &Array2<f64>, frame: usize) -> Result<Array2<f64>> {
    let (count, channels) = (rows.nrows(), rows.ncols() / frame);
    let planes = rows.to_shape((count, channels, frame))?.permuted_axes([1, 0, 2]).as_standard_layout().into_owned();
    Ok(planes.into_shape_with_order((channels * count, frame))?)
}

/// Plucked strings of random pitch with overtones, and a quiet background noise.
fn generated_sound(folder: &Path, seconds: usize, seed: u64) -> Result<PathBuf> {
    const RATE: usize = 16_000;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut noise = 0.0;
    let mut samples = base::draw::<f64>(&base::Normal, 1, seconds * RATE, &mut rng)?;
    samples.mapv_inplace(|z| {
        noise = 0.95 * noise + 0.01 * z;
        noise
    });
    for start in (0..seconds * RATE).step_by(RATE / 4) {
        let pitch = 110.0 * 2f64.powf(rng.random_range(0..25) as f64 / 12.0);
        for (time, sample) in samples.iter_mut().skip(start).take(RATE).enumerate() {
            let t = time as f64 / RATE as f64;
            let overtone = |n: f64| (std::f64::consts::TAU * n * pitch * t).sin() * (-n * 2.0 * t).exp() / n;
            *sample += 0.15 * (1..=12).map(|n| overtone(f64::from(n))).sum::<f64>();
        }
    }
    let path = folder.join("strings.wav");
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: RATE as u32,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(&path, spec)?;
    for sample in &samples {
        writer.write_sample((32_767.0 * sample.clamp(-1.0, 1.0)) as i16)?;
    }
    writer.finalize()?;
    Ok(path)
}
