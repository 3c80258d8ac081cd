//! Samples of a class-conditional image model: one line of images per class.
//!
//! ```sh
//! pdmap train --data train-images-idx3-ubyte.gz --condition train-labels-idx1-ubyte.gz --test-condition t10k-labels-idx1-ubyte.gz \
//!     --model image-pyramid-orthonormal --preprocess sigmoid,levels --budget 300s --out digits.safetensors
//! cargo run --release --example class_digits -- digits.safetensors --out digits.png
//! ```
//!
//! Rows of the model are pixels in logit space (λ = 1e-6), as in the protocol `mnist`. With
//! `--quick` and no model, a small one is trained on generated digits and must classify them by
//! likelihood.
//!
//! `--quick` printed (2026-11-26; AMD EPYC with AVX-512, 2 cores):
//! `a small model classifies 99.0% of 500 generated digits correctly by likelihood`.
#![allow(missing_docs)]

mod digits;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use image::{GrayImage, Luma};
use ndarray::{Array2, Axis, concatenate};
use pdmap::data::{MNIST_LAMBDA, mnist, read_idx_labels};
use pdmap::{Budget, Condition, Input, Model, ModelFile, TrainConfig, registry, train};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Draws samples of each class.
#[derive(Debug, Parser)]
struct Options {
    /// A class-conditional model in f32.
    #[arg(required_unless_present = "quick")]
    model: Option<PathBuf>,
    /// Samples per class.
    #[arg(long, default_value_t = 10)]
    each: usize,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Output image.
    #[arg(long, default_value = "digits.png")]
    out: PathBuf,
    /// Trains a small model first, in a few seconds; fails if it cannot classify.
    #[arg(long)]
    quick: bool,
}

fn main() -> Result<()> {
    let options = Options::parse();
    let temporary = tempfile::tempdir()?;
    let path = match &options.model {
        Some(path) => path.clone(),
        None => small_model(temporary.path(), options.seed)?,
    };
    let model = Model::<f32>::load(&path, &registry())?;
    let Some(Condition::Classes { count: classes }) = model.header.condition else {
        bail!("{}: not a class-conditional model", path.display());
    };
    let side = model.flow.features().isqrt();
    let mut rng = ChaCha8Rng::seed_from_u64(options.seed);
    let (width, height) = (options.each * (side + 1), classes * (side + 1));
    let mut picture = GrayImage::from_pixel(width as u32, height as u32, Luma([128]));
    for class in 0..classes {
        let rows = model.flow.sample_given(all_of(class, options.each, classes).view(), &mut rng)?;
        for (index, row) in rows.rows().into_iter().enumerate() {
            for (place, &logit) in row.iter().take(side * side).enumerate() {
                let unit = (1.0 / (1.0 + (-f64::from(logit)).exp()) - MNIST_LAMBDA) / (1.0 - 2.0 * MNIST_LAMBDA);
                let (x, y) = (index * (side + 1) + place % side, class * (side + 1) + place / side);
                picture.put_pixel(x as u32, y as u32, Luma([(256.0 * unit).clamp(0.0, 255.0) as u8]));
            }
        }
    }
    picture.save(&options.out).with_context(|| options.out.display().to_string())?;
    println!("{}: {} samples of each of {classes} classes", options.out.display(), options.each);
    Ok(())
}

/// One-hot conditions of one class.
fn all_of(class: usize, rows: usize, classes: usize) -> Array2<f32> {
    Array2::from_shape_fn((rows, classes), |(_, column)| f32::from(u8::from(column == class)))
}

/// The class shifts and scales the pixels; couplings model the rest.
const SMALL: &str = r#"
preprocess = "whiten"
layers = [
  { kind = "coupling", split = "none", hidden = [16] },
  { repeat = 2, layers = [
    { kind = "dense", group = { general = "relative" } },
    { kind = "coupling", hidden = [64] },
    { kind = "coupling", swap = true, hidden = [64] },
  ] },
]
"#;

/// Trains a model of ten classes of generated digits and saves it like `pdmap train`.
fn small_model(folder: &Path, seed: u64) -> Result<PathBuf> {
    digits::write(folder, 3600, 500, &mut ChaCha8Rng::seed_from_u64(seed))?;
    let images = mnist::<f32>(&folder.join("train-images-idx3-ubyte"), None, seed)?;
    let labels = |name: &str| -> Result<Array2<f32>> {
        let labels = read_idx_labels(&folder.join(format!("{name}-labels-idx1-ubyte")))?;
        Ok(Array2::from_shape_vec((labels.len(), 1), labels.into_iter().map(f32::from).collect())?)
    };
    let (classes, known) = (Condition::Classes { count: 10 }, registry());
    let given = classes.encode(labels("train")?, "the labels")?;
    // The protocol uses the last images for validation. A row is its features followed by its
    // condition.
    let (given, given_validation) = given.view().split_at(Axis(0), images.train.nrows());
    let rows = concatenate(Axis(1), &[images.train.view(), given])?;
    let validation = concatenate(Axis(1), &[images.validation.view(), given_validation])?;

    let mut spec = ModelFile::parse("small", SMALL, &known)?.spec;
    spec.conditions = classes.width();
    let steps = spec.preprocess.clone().unwrap_or_default();
    let mut flow = spec.build_on(&rows, &steps, seed, &known)?;
    let config = TrainConfig { rate: 3e-3, seed, ..TrainConfig::new(Budget::Steps(400)) };
    train(&mut flow, &rows, validation.view(), &config, &mut |_| {})?;

    // Classes are equally frequent, so the most likely class maximizes the likelihood of the row.
    let test = labels("t10k")?;
    let scores = (0..classes.width()).map(|class| {
        let condition = all_of(class, images.test.nrows(), classes.width());
        flow.log_prob(Input::from(&images.test).given(condition.view()))
    });
    let scores = scores.collect::<pdmap::Result<Vec<_>>>()?;
    let most_likely = |row: usize| (0..10).max_by(|&a, &b| scores[a][row].total_cmp(&scores[b][row]));
    let right = (0..test.nrows()).filter(|&row| most_likely(row) == Some(test[[row, 0]] as usize)).count();
    let share = right as f64 / test.nrows() as f64;
    println!(
        "a small model classifies {:.1}% of {} generated digits correctly by likelihood",
        100.0 * share,
        test.nrows()
    );
    ensure!(share > 0.7, "the model cannot classify");

    let path = folder.join("digits.safetensors");
    let mut model = Model::new(flow, images.facts.space, pdmap::Preprocess::layers(&steps));
    model.header.condition = Some(classes);
    model.save(&path)?;
    Ok(path)
}
