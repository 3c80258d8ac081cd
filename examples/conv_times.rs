//! Times of kernel-cycled convolutions at the shapes of the peers (`benches/peers/torch_conv.py`):
//! forward, backward and update, and the cost of keeping them orthonormal.
//!
//! `cargo run --release --example conv_times`
//!
//! Batch 1, `f32`, SGD in both groups. A training step is forward, backward with input gradients,
//! direction and update, without a base density. Figures are medians over alternating rounds.
#![allow(missing_docs)]

#[path = "../benches/common/mod.rs"]
mod common;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Parser;
use common::clock::{in_turns, median};
use ndarray::Array2;
use pdmap::contract::Rule;
use pdmap::conv::{CycledConv, Geometry};
use pdmap::group::{Direction, Group};
use pdmap::optim::Optimizer;
use pdmap::parallel::in_pool;
use pdmap::{ForwardPass, Gradients, Input, Layer, Parametric, ParametricExt, Tape, base};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

/// Times convolutions.
#[derive(Debug, Parser)]
struct Options {
    #[arg(long, default_value_t = 9)]
    rounds: usize,
    /// Minimum duration of a round, ms.
    #[arg(long, default_value_t = 50)]
    round_ms: u64,
    /// Write JSON to this file.
    #[arg(long)]
    json: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
struct Row {
    what: String,
    /// Channels, period, stages, length or side.
    shape: [usize; 4],
    forward_ms: f64,
    inverse_ms: f64,
    forward_backward_ms: f64,
    update_ms: f64,
    step_ms: f64,
}

/// A convolution with its buffers.
struct Subject {
    conv: CycledConv<f32>,
    grads: Gradients<f32>,
    tape: Tape<f32>,
    scratch: Tape<f32>,
    x: Array2<f32>,
    y: Array2<f32>,
    dy: Array2<f32>,
    dx: Array2<f32>,
    rule: Optimizer,
}

impl Subject {
    fn new(geometry: Geometry, stages: usize, group: Group) -> Result<Self> {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let conv = CycledConv::random(geometry, stages, group, &mut rng)?;
        let mut draw = || base::draw(&base::Normal, 1, geometry.features(), &mut rng);
        let (x, dy) = (draw()?, draw()?);
        let (y, dx) = (x.clone(), x.clone());
        let (grads, rule) = (conv.new_grads(), Optimizer::sgd(1e-6)?);
        Ok(Self { conv, grads, tape: Tape::recording(), scratch: Tape::scratch(), x, y, dy, dx, rule })
    }

    fn forward(&mut self) -> Result<()> {
        Ok(self.conv.forward(Input::from(&self.x), self.y.view_mut(), None, &mut self.tape)?)
    }

    fn inverse(&mut self) -> Result<()> {
        Ok(self.conv.inverse(Input::from(&self.y), self.dx.view_mut(), None, &mut self.scratch)?)
    }

    fn backward(&mut self) -> Result<()> {
        let at = ForwardPass { input: Input::from(&self.x), y: self.y.view(), tape: &mut self.tape };
        Ok(self.conv.backward(at, self.dy.view(), Some(self.dx.view_mut()), &mut self.grads.params)?)
    }

    fn update(&mut self) -> Result<()> {
        let grads = &mut self.grads.params;
        let reads = Rule::<f32>::reads(&self.rule);
        self.conv.direct(1, reads, grads)?;
        self.conv.update(&mut self.rule, grads)?;
        self.grads.clear();
        Ok(())
    }
}

fn main() -> Result<()> {
    let options = Options::parse();
    println!(
        "group         (C, K, M, n)              forward   inverse   forward + backward   step, ms   update / step"
    );
    let mut rows = Vec::new();
    for (name, group) in [("orthonormal", Group::Orthonormal), ("general", Group::General(Direction::Relative))] {
        for shape in [[1, 8, 2, 65_536], [16, 4, 2, 16_384], [3, 4, 2, 256]] {
            let [channels, period, stages, size] = shape;
            let geometry = if size == 256 {
                Geometry::image(channels, (size, size), (period, period))
            } else {
                Geometry::signal(channels, size, period)
            };
            let row = measure(name, shape, Subject::new(geometry, stages, group)?, &options)?;
            println!(
                "{:<13} {:<24} {:>8.4} {:>9.4} {:>20.4} {:>10.4} {:>15.3}",
                row.what,
                format!("{shape:?}"),
                row.forward_ms,
                row.inverse_ms,
                row.forward_backward_ms,
                row.step_ms,
                row.update_ms / row.step_ms
            );
            rows.push(row);
        }
    }
    let document = serde_json::json!({ "side": "pdmap", "threads": rayon::current_num_threads(), "cases": rows });
    options.json.map_or(Ok(()), |path| {
        std::fs::write(&path, serde_json::to_string_pretty(&document)?).with_context(|| path.display().to_string())
    })
}

fn measure(what: &str, shape: [usize; 4], subject: Subject, options: &Options) -> Result<Row> {
    let subject = std::cell::RefCell::new(subject);
    // On a thread of the pool, like the passes of a flow.
    let in_turn = |body: fn(&mut Subject) -> Result<()>| {
        let mut subject = subject.borrow_mut();
        let (size, subject) = (subject.x.len(), &mut *subject);
        in_pool(size, || body(subject))
    };
    let mut forward = || in_turn(Subject::forward);
    let mut inverse = || in_turn(Subject::inverse);
    let mut both = || {
        in_turn(|subject| {
            subject.forward()?;
            subject.backward()?;
            subject.grads.clear();
            Ok(())
        })
    };
    let mut step = || {
        in_turn(|subject| {
            subject.forward()?;
            subject.backward()?;
            subject.update()
        })
    };
    let round = Duration::from_millis(options.round_ms);
    let times = in_turns([&mut forward, &mut inverse, &mut both, &mut step], options.rounds, round)?;
    let [forward_ms, inverse_ms, forward_backward_ms, step_ms] = times.map(|times| 1e3 * median(&times.seconds));
    let update_ms = (step_ms - forward_backward_ms).max(0.0);
    let what = what.to_owned();
    Ok(Row { what, shape, forward_ms, inverse_ms, forward_backward_ms, update_ms, step_ms })
}
