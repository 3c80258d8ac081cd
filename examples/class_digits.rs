//! Pictures of what a class-conditional model of images draws: a row of samples for each class.
//!
//! ```sh
//! pdmap train --data train-images-idx3-ubyte.gz --condition train-labels-idx1-ubyte.gz --test-condition t10k-labels-idx1-ubyte.gz \
//!     --model image-pyramid-orthonormal --preprocess sigmoid,levels --budget 300s --out digits.safetensors
//! cargo run --release --example class_digits -- digits.safetensors --out digits.png
//! ```
//!
//! Rows of the model are pixels in logit space (λ = 1e-6), as the protocol `mnist` makes them.
#![allow(missing_docs)]

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Parser;
use image::{GrayImage, Luma};
use ndarray::Array2;
use pdmap::data::MNIST_LAMBDA;
use pdmap::{Condition, Model, registry};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Draws samples of each class.
#[derive(Debug, Parser)]
struct Options {
    /// A model of classes, in f32.
    model: PathBuf,
    /// Samples of each class.
    #[arg(long, default_value_t = 10)]
    each: usize,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The picture to write.
    #[arg(long, default_value = "digits.png")]
    out: PathBuf,
}

fn main() -> Result<()> {
    let options = Options::parse();
    let model = Model::<f32>::load(&options.model, &registry())?;
    let Some(Condition::Classes { count: classes }) = model.header.condition else {
        bail!("{}: no model of classes", options.model.display());
    };
    let side = model.flow.features().isqrt();
    let mut rng = ChaCha8Rng::seed_from_u64(options.seed);
    let (width, height) = (options.each * (side + 1), classes * (side + 1));
    let mut picture = GrayImage::from_pixel(width as u32, height as u32, Luma([128]));
    for class in 0..classes {
        let condition = Array2::from_shape_fn((options.each, classes), |(_, column)| {
            f32::from(u8::from(column == class))
        });
        let rows = model.flow.sample_given(condition.view(), &mut rng)?;
        for (index, row) in rows.rows().into_iter().enumerate() {
            for (place, &logit) in row.iter().take(side * side).enumerate() {
                let unit =
                    (1.0 / (1.0 + (-f64::from(logit)).exp()) - MNIST_LAMBDA) / (1.0 - 2.0 * MNIST_LAMBDA);
                let (x, y) = (index * (side + 1) + place % side, class * (side + 1) + place / side);
                picture.put_pixel(x as u32, y as u32, Luma([(256.0 * unit).clamp(0.0, 255.0) as u8]));
            }
        }
    }
    picture.save(&options.out)?;
    println!("{}: {} samples of each of {classes} classes", options.out.display(), options.each);
    Ok(())
}
