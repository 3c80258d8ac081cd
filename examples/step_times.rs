//! Times of training steps and of their floors, as a table and as JSON.
//!
//! `cargo run --release --example step_times -- --dims 63,784 --arms relative,exact --json times.json`
//!
//! A training step is forward, backward, direction and update of a two-layer dense flow. Its floor
//! is the minimum that its algorithm needs: the matrix products and factorizations by the same
//! routines, and one pass over the optimizer's state (see `benches/common/floor.rs`). Both are
//! timed in alternating rounds within one process, each round repeated for at least 50 ms. Figures
//! are medians over rounds; the ratio is the median of the rounds' ratios. Steps cycle through 32
//! batches.
#![allow(missing_docs)]

#[path = "../benches/common/mod.rs"]
mod common;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::Parser;
use common::case::{Arm, Case, Dtype, Rule};
use common::clock::{Times, in_turns, median, quantile};
use common::floor::Floor;
use common::start;
use common::step::Step;
use pdmap::Real;
use pdmap::linalg::Lu;
use serde::Serialize;

/// Times training steps and their floors.
#[derive(Debug, Parser)]
struct Options {
    /// Features.
    #[arg(long, value_delimiter = ',', default_value = "63,256,512,784,1024,2048,4096")]
    dims: Vec<usize>,
    /// Rows per batch.
    #[arg(long, value_delimiter = ',', default_value = "100")]
    batches: Vec<usize>,
    #[arg(long, value_delimiter = ',', default_value = "exact,relative,algebra,orthonormal")]
    arms: Vec<Arm>,
    #[arg(long, value_delimiter = ',', default_value = "f32")]
    dtypes: Vec<Dtype>,
    #[arg(long, value_delimiter = ',', default_value = "adam")]
    optimizers: Vec<Rule>,
    /// Rounds per case.
    #[arg(long, default_value_t = 15)]
    rounds: usize,
    /// Minimum duration of a round, ms.
    #[arg(long, default_value_t = 50)]
    round_ms: u64,
    /// Omit the floors.
    #[arg(long)]
    no_floor: bool,
    /// Write JSON to this file, or to stdout, in which case the table goes to stderr.
    #[arg(long, num_args = 0..=1, default_missing_value = "-")]
    json: Option<PathBuf>,
}

/// One line of the table.
#[derive(Debug, Serialize)]
struct Row {
    #[serde(flatten)]
    case: Case,
    rounds: usize,
    /// Training steps per round.
    repeats: usize,
    step_ms: f64,
    /// First and third quartile over rounds.
    step_quartiles_ms: [f64; 2],
    floor_ms: Option<f64>,
    /// Ratio of step to floor.
    ratio: Option<f64>,
    /// Average cost per step of the guard's check of the determinant's sign, if rounds are too
    /// short to contain one.
    check_ms: f64,
    halvings: u64,
}

#[derive(Debug, Serialize)]
struct Document {
    side: &'static str,
    version: &'static str,
    threads: usize,
    cases: Vec<Row>,
}

fn main() -> Result<()> {
    let options = Options::parse();
    let to_stdout = options.json.as_ref().is_some_and(|path| path.as_os_str() == "-");
    let print = |line: &str| if to_stdout { eprintln!("{line}") } else { println!("{line}") };
    print(&format!("pdmap {}, {} threads", env!("CARGO_PKG_VERSION"), rayon::current_num_threads()));
    print(
        "arm          optimizer dtype      D     N      step ms     floor ms   ratio   quartiles ms           + check ms",
    );
    let mut cases = Vec::new();
    for case in list(&options) {
        let row = match case.dtype {
            Dtype::F32 => measure::<f32>(case, &options)?,
            Dtype::F64 => measure::<f64>(case, &options)?,
        };
        print(&line(&row));
        cases.push(row);
    }
    let document =
        Document { side: "pdmap", version: env!("CARGO_PKG_VERSION"), threads: rayon::current_num_threads(), cases };
    match options.json {
        None => {}
        Some(_) if to_stdout => println!("{}", serde_json::to_string_pretty(&document)?),
        Some(path) => std::fs::write(path, serde_json::to_string_pretty(&document)?)?,
    }
    Ok(())
}

fn list(options: &Options) -> Vec<Case> {
    let mut cases = Vec::new();
    for &dtype in &options.dtypes {
        for &batch in &options.batches {
            for &features in &options.dims {
                for &arm in &options.arms {
                    for &optimizer in &options.optimizers {
                        cases.push(Case { arm, features, batch, dtype, optimizer });
                    }
                }
            }
        }
    }
    cases
}

fn measure<F: Real>(case: Case, options: &Options) -> Result<Row> {
    let mut step = Step::<F>::new(case)?;
    let round = Duration::from_millis(options.round_ms);
    let (steps, floors) = if options.no_floor {
        let [steps] = in_turns([&mut || step.run()], options.rounds, round)?;
        (steps, None)
    } else {
        let mut floor = Floor::<F>::new(case)?;
        let [steps, floors] = in_turns([&mut || step.run(), &mut || floor.run()], options.rounds, round)?;
        (steps, Some(floors))
    };
    let ratios = |floors: &Times| {
        let pairs = steps.seconds.iter().zip(&floors.seconds);
        pairs.map(|(step, floor)| step / floor).collect::<Vec<_>>()
    };
    Ok(Row {
        rounds: options.rounds,
        repeats: steps.repeats,
        step_ms: 1e3 * median(&steps.seconds),
        step_quartiles_ms: [0.25, 0.75].map(|q| 1e3 * quantile(&steps.seconds, q)),
        floor_ms: floors.as_ref().map(|floors| 1e3 * median(&floors.seconds)),
        ratio: floors.as_ref().map(|floors| median(&ratios(floors))),
        check_ms: 1e3 * check::<F>(case, steps.repeats)?,
        halvings: step.halvings,
        case,
    })
}

/// Seconds that the guard of the relative arm adds to each step: an `f64` factorization of each
/// matrix every `11·D/N` steps (`CHECK_SPACING` in `crates/core/src/group/guard.rs`). Longer rounds
/// contain it already; the median of shorter ones does not.
fn check<F: Real>(case: Case, repeats: usize) -> Result<f64> {
    let spacing = (11 * case.features).div_ceil(case.batch);
    if case.arm != Arm::Relative || spacing <= repeats {
        return Ok(0.0);
    }
    let weight = start::reflection::<F>(case.features, 1)?;
    let mut factorize = || {
        std::hint::black_box(Lu::<f64>::new(weight.view())?);
        Ok(())
    };
    let [times] = in_turns([&mut factorize], 3, Duration::ZERO)?;
    Ok(case.matrices() as f64 * median(&times.seconds) / spacing as f64)
}

fn line(row: &Row) -> String {
    let Row { case, step_ms, step_quartiles_ms: [low, high], floor_ms, ratio, check_ms, halvings, .. } = row;
    let number = |value: &Option<f64>, digits| value.map_or("-".to_owned(), |v| format!("{v:.digits$}"));
    let names = format!("{:<12} {:<9} {:<5}", lower(case.arm), lower(case.optimizer), lower(case.dtype));
    let trouble = if *halvings > 0 { format!("  ({halvings} halvings)") } else { String::new() };
    format!(
        "{names} {:>6} {:>5} {step_ms:>12.4} {:>12} {:>7}   {:<20} {:>12}{trouble}",
        case.features,
        case.batch,
        number(floor_ms, 4),
        number(ratio, 2),
        format!("{low:.4}..{high:.4}"),
        if *check_ms > 0.0 { format!("{check_ms:.4}") } else { String::new() },
    )
}

fn lower(name: impl std::fmt::Debug) -> String {
    format!("{name:?}").to_lowercase()
}
