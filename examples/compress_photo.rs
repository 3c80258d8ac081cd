//! Transform coding of a photograph with learned orthonormal kernels, compared with the DCT of
//! JPEG, a lapped transform and a wavelet.
//!
//! ```sh
//! cargo run --release --example compress_photo -- PHOTO.jpg --train FOLDER_OF_OTHER_PHOTOS --out compressed
//! cargo run --release --example compress_photo          # with generated dead-leaves images
//! ```
//!
//! The learned kernels maximize the likelihood of an orthonormal convolution with a scale for each
//! of its 64 subbands and a Laplace base, on other images than the compressed one. At high rates
//! this minimizes the number of bits: a row of density `p` takes `−log₂ p` bits, minus `log₂ step`
//! per coefficient. All transforms are orthonormal and use the same uniform quantizer,
//! `round(y/step)`, with midpoint reconstruction.
//!
//! The rate is an estimate: the zero-order entropy of the quantized coefficients of each subband,
//! with the Miller–Madow correction, weighted by their number. A real coder would exploit
//! neighbouring coefficients, which helps the wavelet most, and would need tables. Images wrap
//! around at their borders for all transforms.
//!
//! Dead leaves, and the photographs `42049`, `101085` and `219090` of the BSDS300 test folder with
//! its 200 training images for `--train`; mean gain over the DCT in dB at equal rates:
//!
//! ```text
//!                               leaves    42049   101085   219090
//! learned 8x8, from the DCT      +0.85    +0.21    +0.06    +0.20
//! LOT 16x16                      +0.19    -0.39    +0.18    -0.05
//! learned 16x16, from the LOT    +0.88    +0.27    +0.13    +0.11
//! Daubechies 8, 3 levels         +0.58    -0.06    +0.02    -0.27
//! ```
//!
//! (2026-11-26; AMD EPYC with AVX-512, 2 cores.) About ten seconds each. On photographs the DCT is
//! hard to beat: learning gains 0.1 to 0.2 dB, and on the second photograph the LOT gains more. On
//! the grid of their JPEG files (see `OFF_GRID`) the DCT was best on the first photograph.
#![allow(missing_docs)]

mod flags;
mod rate_distortion;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use ndarray::{Array2, Array3, ArrayView2, ArrayViewMut3, Axis, Slice};
use pdmap::conv::{CycledConv, Geometry, Group, kernels_of, subband_scale};
use pdmap::data::{GrayImage, Leaves, read_image_folder};
use pdmap::diagonal::ScaleDirection;
use pdmap::filterbank::{Kernels, Pyramid, Stages};
use pdmap::{Budget, Flow, TrainConfig, base, train};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rate_distortion::{Curve, STEPS, as_csv, gain, print_curves, print_gains, psnr};

/// Compresses an image with several transforms.
#[derive(Debug, Parser)]
struct Options {
    /// The image [default: dead leaves].
    photo: Option<PathBuf>,
    /// A folder of training images without the photo [default: dead leaves].
    #[arg(long)]
    train: Option<PathBuf>,
    /// Training steps per transform.
    #[arg(long, default_value_t = 2000)]
    steps: u64,
    #[command(flatten)]
    common: flags::Common,
}

/// Side of a block: that of the DCT, and 2³, so that the low band of a three-level wavelet has the
/// same size.
const SIDE: usize = 8;
const LEVELS: usize = 3;
/// Number of rows and columns dropped from the top left. A photograph from a JPEG file was already
/// quantized by a DCT of 8 x 8 pixels; on the same grid this would give the DCT an advantage of a
/// decibel or more.
const OFF_GRID: usize = 3;
/// Side of the training squares.
const SQUARE: usize = 48;

/// An orthonormal transform of images.
enum Transform {
    Blocks(Kernels),
    Wavelet(Kernels),
}

fn main() -> Result<()> {
    let mut options = Options::parse();
    if options.common.quick {
        options.steps = options.steps.min(500);
    }
    let (photo, others) = pictures(&options)?;
    let (height, width) = photo.dim();
    println!("image of {width} x {height} pixels; kernels learned from {} others", others.len());
    let separable = |bank: Stages| Stages::separable(&bank, &bank);
    let (dct, lot) = (separable(Stages::dct2(SIDE)?)?, separable(Stages::lot(SIDE)?)?);
    let squares = squares(&others, if options.common.quick { 1000 } else { 8000 }, options.common.seed)?;
    let transforms = [
        ("DCT-II 8x8", Transform::Blocks(dct.kernels()?)),
        ("learned 8x8, from the DCT", Transform::Blocks(learned(&squares, &dct, &options)?)),
        ("LOT 16x16", Transform::Blocks(lot.kernels()?)),
        ("learned 16x16, from the LOT", Transform::Blocks(learned(&squares, &lot, &options)?)),
        ("Daubechies 8, 3 levels", Transform::Wavelet(separable(Stages::daubechies(8)?)?.kernels()?)),
    ];
    let mut curves = vec![];
    for (name, transform) in &transforms {
        let points =
            STEPS.iter().map(|&step| coded(transform, &photo, step).map(|(bits, back)| (bits, psnr(&photo, &back))));
        curves.push((*name, points.collect::<Result<Curve>>()?));
    }
    print_curves(&curves);
    print_gains(&curves);
    if let Some(out) = &options.common.out {
        write(out, &curves, &photo, &transforms[3].1)?;
    }
    for (learned, start) in [(1, 0), (3, 2)] {
        let gain = gain(&curves[learned].1, &curves[start].1);
        ensure!(
            !options.common.quick || gain.is_some_and(|gain| gain > -0.05),
            "{}: gains {gain:?} dB",
            curves[learned].0
        );
    }
    Ok(())
}

/// The image, cut to whole blocks, and the training images.
fn pictures(options: &Options) -> Result<(Array2<f64>, Vec<GrayImage>)> {
    let size = if options.common.quick { 128 } else { 256 };
    let leaves = Leaves { images: if options.common.quick { 20 } else { 40 }, size, ..Leaves::default() };
    let mut others = match &options.train {
        Some(folder) => read_image_folder(folder)?,
        None => leaves.pictures(options.common.seed)?,
    };
    let photo = match &options.photo {
        Some(path) => {
            let grey = image::open(path).with_context(|| path.display().to_string())?.into_luma8();
            let (width, height) = (grey.width() as usize, grey.height() as usize);
            Array2::from_shape_vec((height, width), grey.iter().map(|&level| f64::from(level)).collect())?
        }
        None if options.train.is_none() => others.pop().context("there are no images")?.pixels,
        None => leaves.pictures(options.common.seed)?.pop().context("there are no images")?.pixels,
    };
    others.retain(|other| other.pixels.dim().0.min(other.pixels.dim().1) >= SQUARE);
    ensure!(!others.is_empty(), "no training image has at least {SQUARE} pixels on both sides");
    let whole = |length: usize| length.saturating_sub(OFF_GRID) / SIDE * SIDE;
    let (height, width) = (whole(photo.nrows()), whole(photo.ncols()));
    ensure!(height.min(width) >= 4 * SIDE, "the image needs at least {} pixels on each side", 4 * SIDE + OFF_GRID);
    Ok((cut(&photo, [OFF_GRID; 2], [height, width]).to_owned(), others))
}

/// A part of an image.
fn cut(pixels: &Array2<f64>, from: [usize; 2], size: [usize; 2]) -> ArrayView2<'_, f64> {
    pixels.slice_each_axis(|axis| {
        let axis = axis.axis.index();
        Slice::from(from[axis]..from[axis] + size[axis])
    })
}

/// Random squares as rows, `(grey − 128)/64`.
fn squares(others: &[GrayImage], count: usize, seed: u64) -> Result<Array2<f64>> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut rows = Array3::zeros((count, SQUARE, SQUARE));
    for mut row in rows.outer_iter_mut() {
        let pixels = &others[rng.random_range(0..others.len())].pixels;
        let (y, x) = (rng.random_range(0..=pixels.nrows() - SQUARE), rng.random_range(0..=pixels.ncols() - SQUARE));
        row.assign(&cut(pixels, [y, x], [SQUARE; 2]));
    }
    rows.mapv_inplace(|grey: f64| (grey - 128.0) / 64.0);
    Ok(rows.into_shape_with_order((count, SQUARE * SQUARE))?)
}

/// Trains kernels from a bank.
fn learned(squares: &Array2<f64>, start: &Stages, options: &Options) -> Result<Kernels> {
    // Isolated, because opposite borders of a square are unrelated.
    let geometry = Geometry::image(1, (SQUARE, SQUARE), (SIDE, SIDE)).isolated();
    let transform = CycledConv::of_bank(geometry, start, Group::Orthonormal)?;
    let scale = subband_scale(geometry, None, ScaleDirection::Algebra)?;
    let base = Box::new(base::Laplace);
    let mut flow = Flow::new(SQUARE * SQUARE, vec![Box::new(transform), Box::new(scale)], base)?;
    let (rows, validation) = squares.view().split_at(Axis(0), squares.nrows() * 9 / 10);
    let config = TrainConfig {
        batch: 32,
        rate: 1e-2,
        seed: options.common.seed,
        ..TrainConfig::new(Budget::Steps(options.steps))
    };
    train(&mut flow, rows, validation, &config, &mut |_| {})?;
    kernels_of(flow.chain().layers()[0].as_ref())?.context("the first layer is a convolution")
}

/// Bits per pixel, and the reconstructed image.
fn coded(transform: &Transform, photo: &Array2<f64>, step: f64) -> Result<(f64, Array2<f64>)> {
    let picture = (photo - 128.0).insert_axis(Axis(0));
    let mut bits = 0.0;
    let mut quantize = |band: ArrayViewMut3<'_, f64>| bits += quantized(band, step);
    let back = match transform {
        Transform::Blocks(kernels) => {
            let mut y = kernels.analyze(picture.view())?;
            for (p, q) in (0..SIDE as isize).flat_map(|p| (0..SIDE as isize).map(move |q| (p, q))) {
                // Every eighth row and column of the only channel.
                let first = [0, p, q];
                let every = [1, SIDE as isize, SIDE as isize];
                quantize(y.slice_each_axis_mut(|axis| {
                    let axis = axis.axis.index();
                    Slice::new(first[axis], None, every[axis])
                }));
            }
            kernels.synthesize(y.view())?
        }
        Transform::Wavelet(kernels) => {
            let Pyramid { mut details, mut low } = kernels.decompose(picture.view(), LEVELS)?;
            details.iter_mut().flatten().for_each(|band| quantize(band.view_mut()));
            quantize(low.view_mut());
            kernels.recompose(&Pyramid { details, low })?
        }
    };
    let grey = back.index_axis_move(Axis(0), 0).mapv(|grey| (grey + 128.0).round().clamp(0.0, 255.0));
    Ok((bits / photo.len() as f64, grey))
}

/// Rounds a subband to multiples of the step and returns its size in bits.
fn quantized(mut band: ArrayViewMut3<'_, f64>, step: f64) -> f64 {
    let mut counts = HashMap::<i64, f64>::new();
    band.mapv_inplace(|y| {
        let level = (y / step).round();
        *counts.entry(level as i64).or_default() += 1.0;
        level * step
    });
    let count = band.len() as f64;
    // Sorted, so that the sum does not depend on the map's order.
    let mut counts: Vec<f64> = counts.into_values().collect();
    counts.sort_unstable_by(f64::total_cmp);
    let plain: f64 = counts.iter().map(|&n| n * (count / n).log2()).sum();
    plain + (counts.len() - 1) as f64 / (2.0 * std::f64::consts::LN_2)
}

/// Writes the table, and the image at the middle step.
fn write(out: &Path, curves: &[(&str, Curve)], photo: &Array2<f64>, transform: &Transform) -> Result<()> {
    std::fs::create_dir_all(out).with_context(|| out.display().to_string())?;
    std::fs::write(out.join("rate-distortion.csv"), as_csv(curves))?;
    let (_, back) = coded(transform, photo, STEPS[STEPS.len() / 2])?;
    let picture = image::GrayImage::from_fn(back.ncols() as u32, back.nrows() as u32, |x, y| {
        image::Luma([back[[y as usize, x as usize]] as u8])
    });
    picture.save(out.join("learned.png"))?;
    println!("{}: rate-distortion.csv, learned.png", out.display());
    Ok(())
}
