//! Hours of training and scoring in one process, with checks of memory, descriptors and
//! orthonormality.
//!
//! ```sh
//! cargo run --release --example soak -- --time 2h --out soak
//! ```
//!
//! One run trains a flow of orthonormal dense layers and convolutions, radial layers, splines and
//! couplings from a file, with a checkpoint every ten seconds. Every 30 seconds the same process
//! saves the model, loads it, scores all rows of a file with both (the scores must have the same
//! bits), writes them, and draws samples. `OUT/soak.csv` has a line for each such moment. At the
//! end the last tenth of the moments is compared with the second tenth; a violated bound is an
//! error. Requires `/proc`.
#![allow(missing_docs)]

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use ndarray::ArrayView2;
use pdmap::data::{Counts, Generator, Ica, Input, Source, TextOptions, open_rows, write_npy};
use pdmap::{
    Budget, Checkpoints, Event, FileRows, Flow, Hooks, Model, ModelFile, Observer, Outcome, ParametricExt, Preprocess,
    TrainConfig, registry, train_observed,
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

const MODEL: &str = r#"
base = { student-t = { nu = 30.0, learned = true } }
layers = [
  { repeat = 3, layers = [
    { kind = "dense", group = "orthonormal", bias = "none" },
    { kind = "radial" },
    { kind = "spline" },
    { kind = "coupling", hidden = [64] },
    { kind = "cycled-conv", period = 8, stages = 2, group = "orthonormal", boundary = "isolated" },
    { kind = "scale" },
    { kind = "shift" },
  ] },
]
"#;

const FEATURES: usize = 64;
const ROWS: usize = 100_000;
const HELD_OUT: usize = 5_000;

/// Rows per scored block.
const BLOCK: usize = 1000;

/// Guaranteed bound on `max|WᵀW − I|`, in ε.
const ORTHONORMAL: f64 = 32.0;

/// Allowed relative growth of resident memory.
const GROWTH: f64 = 0.02;

#[derive(Debug, Parser)]
struct Options {
    /// Duration.
    #[arg(long, value_parser = humantime::parse_duration, default_value = "2h")]
    time: Duration,
    /// Time between checks.
    #[arg(long, value_parser = humantime::parse_duration, default_value = "30s")]
    every: Duration,
    /// Output folder for rows, model, scores, checkpoint and the table.
    #[arg(long)]
    out: PathBuf,
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Figures of the process at one moment.
#[derive(Debug, Clone, Copy)]
struct Moment {
    seconds: f64,
    step: u64,
    resident: u64,
    descriptors: usize,
    threads: u64,
    /// Largest `max|WᵀW − I|` of all orthonormal matrices, in ε.
    orthonormality: f64,
}

fn main() -> Result<()> {
    let options = Options::parse();
    let out = &options.out;
    std::fs::create_dir_all(out)?;
    let counts = Counts { train: ROWS, validation: HELD_OUT, test: HELD_OUT };
    let ica = Ica { dim: FEATURES, source: Source::Laplace, condition: 30.0 };
    let splits = Generator::Ica(ica).splits::<f32>(counts, options.seed)?;
    write_npy(&out.join("train.npy"), &splits.train)?;
    write_npy(&out.join("test.npy"), &splits.test)?;
    let model = ModelFile::parse("soak", MODEL, &registry::<f32>())?.spec;
    let mut flow = model.build_on(&splits.train, &[Preprocess::Standardize], options.seed, &registry())?;
    let validation = splits.validation;
    drop(splits.train);
    let rows = FileRows::open(&out.join("train.npy"), vec![], 20_000)?;
    let config =
        TrainConfig { batch: 256, rate: 3e-3, evaluations: 200, ..TrainConfig::new(Budget::Time(options.time)) };
    let mut checkpoints = Checkpoints::open(&out.join("checkpoint"), Duration::from_secs(10), false)?;
    let mut soak = Soak::new(&options)?;
    let mut lost = 0;
    let mut watch = |event: Event| {
        if !matches!(event, Event::Progress(_)) {
            lost += 1;
            eprintln!("{event:?}");
        }
    };
    let hooks = Hooks { checkpoints: Some(&mut checkpoints), ..Hooks::new(&mut watch) };
    let trained = train_observed(&mut flow, &rows, validation.view(), &config, hooks, &mut soak)?;
    println!(
        "{:?} after {} training steps, best validation {:.4} nats, {lost} events",
        trained.outcome, trained.steps, trained.best.validation
    );
    ensure!(trained.outcome == Outcome::Finished, "the run did not finish");
    if let Some(error) = soak.failed {
        return Err(error);
    }
    verdict(&soak.moments)
}

struct Soak {
    out: PathBuf,
    every: Duration,
    seed: u64,
    started: Instant,
    last: Instant,
    step: u64,
    table: File,
    moments: Vec<Moment>,
    failed: Option<anyhow::Error>,
}

impl Soak {
    fn new(options: &Options) -> Result<Self> {
        let mut table = File::create(options.out.join("soak.csv"))?;
        writeln!(table, "seconds,step,resident_bytes,descriptors,threads,orthonormality_eps,mean_score_nats")?;
        let now = Instant::now();
        // Bounded, so that the list itself does not grow.
        let moments = Vec::with_capacity(2 + options.time.div_duration_f64(options.every) as usize);
        let (out, every, seed) = (options.out.clone(), options.every, options.seed);
        Ok(Self { out, every, seed, started: now, last: now, step: 0, table, moments, failed: None })
    }

    fn look(&mut self, flow: &Flow<f32>) -> Result<()> {
        let mean_score = self.score(flow)?;
        let found = flow.diagnostics().into_iter().filter(|d| d.name.ends_with("max|W'W-I|"));
        let worst = found.map(|d| d.value).fold(0.0, f64::max);
        let status = std::fs::read_to_string("/proc/self/status").context("this check needs /proc")?;
        let number = |key: &str| -> Result<u64> {
            let line = status.lines().find_map(|line| line.strip_prefix(key)).context("no such line")?;
            Ok(line.trim().trim_end_matches(" kB").parse()?)
        };
        let moment = Moment {
            seconds: self.started.elapsed().as_secs_f64(),
            step: self.step,
            resident: 1024 * number("VmRSS:")?,
            descriptors: std::fs::read_dir("/proc/self/fd")?.count(),
            threads: number("Threads:")?,
            orthonormality: worst / f64::from(f32::EPSILON),
        };
        let Moment { seconds, step, resident, descriptors, threads, orthonormality, .. } = moment;
        writeln!(
            self.table,
            "{seconds:.1},{step},{resident},{descriptors},{threads},{orthonormality:.2},{mean_score:.4}"
        )?;
        self.moments.push(moment);
        Ok(())
    }

    /// Saves and loads the model, scores a file with both, and draws samples. Returns the mean
    /// score.
    fn score(&self, flow: &Flow<f32>) -> Result<f64> {
        let path = self.out.join("model.safetensors");
        Model::new(flow.clone(), "the rows".to_owned(), 1).save(&path)?;
        let stored = Model::<f32>::load(&path, &registry())?.flow;
        let mut rows = open_rows::<f32>(&Input::parse(self.out.join("test.npy")), &TextOptions::default())?;
        let (mut block, mut scores) = (Vec::new(), Vec::new());
        loop {
            let count = rows.read(BLOCK, &mut block)?;
            if count == 0 {
                break;
            }
            let x = ArrayView2::from_shape((count, FEATURES), &block)?.to_owned();
            let score = flow.log_prob(&x)?;
            let bits = |scores: &[f64]| scores.iter().map(|score| score.to_bits()).collect::<Vec<_>>();
            ensure!(bits(&score) == bits(&stored.log_prob(&x)?), "the loaded model has other scores");
            scores.extend(score);
        }
        ensure!(scores.len() == HELD_OUT, "only {} of {HELD_OUT} rows were scored", scores.len());
        let mean = scores.iter().sum::<f64>() / scores.len() as f64;
        write_npy(&self.out.join("scores.npy"), &ndarray::Array2::from_shape_vec((scores.len(), 1), scores)?)?;
        let samples = flow.sample(BLOCK, &mut ChaCha8Rng::seed_from_u64(self.seed + self.step))?;
        ensure!(samples.iter().all(|value| value.is_finite()), "a sample is not finite");
        Ok(mean)
    }
}

impl Observer<f32> for Soak {
    fn wants(&mut self, done: u64, _: Option<u64>) -> bool {
        self.step = done;
        self.failed.is_none() && self.last.elapsed() >= self.every
    }

    fn before(&mut self, _: u64, _: &Flow<f32>, _: ArrayView2<'_, f32>) {}

    fn after(&mut self, flow: &Flow<f32>) {
        self.last = Instant::now();
        self.failed = self.look(flow).err();
    }
}

/// Compares the last tenth of the moments with the second; the first is warm-up.
fn verdict(moments: &[Moment]) -> Result<()> {
    let tenth = moments.len() / 10;
    ensure!(tenth > 0, "{} moments are too few: at least 10 are needed", moments.len());
    let (early, late) = (&moments[tenth..2 * tenth], &moments[moments.len() - tenth..]);
    let most = |part: &[Moment]| part.iter().map(|moment| moment.resident).max().unwrap_or(0) as f64;
    let growth = most(late) / most(early) - 1.0;
    let descriptors = |part: &[Moment]| part.iter().map(|moment| moment.descriptors).max();
    let threads = |part: &[Moment]| part.iter().map(|moment| moment.threads).max();
    let worst = moments.iter().map(|moment| moment.orthonormality).fold(0.0, f64::max);
    println!("moments: {}", moments.len());
    println!(
        "resident memory: {:.1} MB early, {:.1} MB late, {:+.2} %",
        most(early) / 1e6,
        most(late) / 1e6,
        100.0 * growth
    );
    println!("descriptors: {:?} early, {:?} late", descriptors(early), descriptors(late));
    println!("threads: {:?} early, {:?} late", threads(early), threads(late));
    println!("largest max|WᵀW − I|: {worst:.2} ε");
    ensure!(growth <= GROWTH, "resident memory grew by more than {} %", 100.0 * GROWTH);
    ensure!(descriptors(late) <= descriptors(early), "file descriptors leak");
    ensure!(threads(late) <= threads(early), "threads leak");
    ensure!(worst <= ORTHONORMAL, "a matrix drifted away from O(D)");
    Ok(())
}
