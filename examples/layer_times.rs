//! Forward and backward passes of nonlinear layers, compared with those of a dense layer.
//!
//! `cargo run --release --example layer_times`
//!
//! A pass is that of training: forward without log-determinant (a step does not need it), backward
//! with gradients of parameters and input, and the directions of the parameters. Figures are
//! medians over alternating rounds; each time is divided by that of the dense layer in the same
//! run.
#![allow(missing_docs)]

#[path = "../benches/common/mod.rs"]
mod common;

use std::time::Duration;

use anyhow::{Context, Result};
use clap::Parser;
use common::clock::{in_turns, median};
use ndarray::Array2;
use pdmap::contract::Reads;
use pdmap::{BuildContext, ForwardPass, Layer, LayerSpec, ParametricExt, Sample, Tape, base, registry};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::json;

/// Times layers.
#[derive(Debug, Parser)]
struct Options {
    #[arg(long, default_value_t = 63)]
    dim: usize,
    #[arg(long, default_value_t = 200)]
    batch: usize,
    #[arg(long, default_value_t = 15)]
    rounds: usize,
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Additional layers: a kind, or a kind and its options as JSON.
    #[arg(long)]
    layer: Vec<String>,
}

fn main() -> Result<()> {
    let options = Options::parse();
    let dense = LayerSpec::new("dense", &json!({ "group": { "general": "relative" } }));
    let mut layers = vec![
        LayerSpec::new("smooth-leaky-relu", &json!({ "alpha": 0.01 })),
        LayerSpec::new("spline", &json!({})),
        LayerSpec::new("radial", &json!({})),
        LayerSpec::new("coupling", &json!({ "hidden": [128] })),
        LayerSpec::new("coupling", &json!({ "hidden": [128], "transform": { "spline": {} } })),
        LayerSpec::new("logistic-mixture", &json!({})),
    ];
    for text in &options.layer {
        let (kind, rest) = text.split_once(' ').unwrap_or((text, "{}"));
        layers.push(LayerSpec { kind: kind.to_owned(), options: serde_json::from_str(rest)? });
    }
    println!("D {}, batch {}, {} threads, f32", options.dim, options.batch, options.threads);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.threads).build()?;
    pool.install(|| layers.iter().try_for_each(|layer| measure(&options, &dense, layer)))
}

fn measure(options: &Options, dense: &LayerSpec, other: &LayerSpec) -> Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let x: Array2<f32> = base::draw(&base::Normal, options.batch, options.dim, &mut rng)?;
    let delta: Array2<f32> = base::draw(&base::Normal, options.batch, options.dim, &mut rng)?;
    let mut build = |spec: &LayerSpec| {
        let mut sample = Sample::new(x.clone());
        registry().build(spec, &mut BuildContext::new(options.dim, &mut rng, &mut sample)).context(spec.kind.clone())
    };
    let (dense, layer) = (build(dense)?, build(other)?);
    let work = |layer: &dyn Layer<f32>| {
        let layer = layer.duplicate();
        let (mut tape, mut grads) = (Tape::recording(), layer.new_grads());
        let (mut y, mut dx) = (Array2::zeros(x.raw_dim()), Array2::zeros(x.raw_dim()));
        let (x, delta) = (x.clone(), delta.clone());
        move || -> Result<()> {
            layer.forward((&x).into(), y.view_mut(), None, &mut tape)?;
            let at = ForwardPass { input: (&x).into(), y: y.view(), tape: &mut tape };
            layer.backward(at, delta.view(), Some(dx.view_mut()), &mut grads.params)?;
            layer.direct(x.nrows(), Reads::Entries, &mut grads.params)?;
            grads.clear();
            Ok(())
        }
    };
    let (mut first, mut second) = (work(&*dense), work(&*layer));
    let [dense, times] = in_turns([&mut first, &mut second], options.rounds, Duration::from_millis(100))?;
    let (dense, time) = (median(&dense.seconds), median(&times.seconds));
    println!("{:24} {:8.1} µs   dense {:8.1} µs   ratio {:5.2}", other.kind, 1e6 * time, 1e6 * dense, time / dense);
    Ok(())
}
