//! The flags of all subcommands.

mod rows;
mod scoring;
mod train;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Parser, Subcommand, ValueEnum};
use pdmap_train::{Architecture, Preprocess, Preset, TrainingSpec};

use crate::terminal::exit::BadInput;

pub(crate) use rows::{HeaderArg, RowFormatArg, TextArgs};
pub(crate) use scoring::{Classify, Inspect, Map, Report, Sample, Score};
pub(crate) use train::Train;

/// Invertible maps from data to a simple density by exact maximum likelihood, without a matrix
/// inverse while training.
#[derive(Debug, Parser)]
#[command(
    name = "pdmap",
    version,
    propagate_version = true,
    after_help = "Exit status: 0 success, 1 internal failure, 2 bad input, 3 training diverged (last good weights saved), 4 training interrupted (its state and its best weights so far saved)."
)]
pub(crate) struct Cli {
    /// Number of threads [default: one per core]; results do not depend on it, to the last bit
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Train the same flow in its unconstrained and constrained forms and compare them, with a
    /// report
    Compare(Compare),
    /// Train one model and save it
    Train(Train),
    /// Compute log p(x) of each row, in nats
    Score(Score),
    /// Map rows to codes: z = f(x)
    #[command(after_help = "Example: pdmap encode model.safetensors --data rows.csv --out z.npy")]
    Encode(Map),
    /// Map codes to rows: x = f⁻¹(z)
    #[command(after_help = "Example: pdmap decode model.safetensors --data z.npy --out rows.csv")]
    Decode(Map),
    /// Draw rows from a model
    Sample(Sample),
    /// Classify rows by their likelihood under each class
    Classify(Classify),
    /// Show the contents and the diagnostics of a model file
    Inspect(Inspect),
    /// Write a page about a model: likelihoods, samples, codes, kernels, condition numbers
    Report(Report),
    /// Export the dense kernels of a convolution, with plots of them and of their frequency
    /// responses
    Kernels(Kernels),
    /// List the named models, or print one as a model file
    Presets(Presets),
    /// Create data
    #[command(subcommand)]
    Data(Data),
    /// Print the completion script of a shell
    Completions(Completions),
    /// Write the manual pages
    Man(Man),
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example: pdmap completions bash > ~/.local/share/bash-completion/completions/pdmap\n         pdmap completions zsh > ~/.zfunc/_pdmap"
)]
pub(crate) struct Completions {
    /// Which shell
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
#[command(after_help = "Example: pdmap man --out ~/.local/share/man/man1; man pdmap-train")]
pub(crate) struct Man {
    /// Folder for pdmap.1 and a page for each subcommand
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// The pages as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// How the data become rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Protocol {
    /// Grey patches of a folder of images: dequantized, mean-free, last pixel dropped; 1,000,000 /
    /// 50,000 / 250,000 of them
    Bsds300,
    /// As bsds300, with 100,000 / 10,000 / 50,000 patches: the default for folders of images
    Patches,
    /// Whole grey tiles of a folder of images, all pixels, dequantized (--patch 32); as many as
    /// patches
    Tiles,
    /// Logit space of dequantized images: the default for IDX files
    Mnist,
    /// Rows unchanged: the default for .npy, .npz and CSV
    Rows,
    /// Frames of sound: the default for .wav files
    Wav,
}

impl std::fmt::Display for Protocol {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Bsds300 => "bsds300",
            Self::Patches => "patches",
            Self::Tiles => "tiles",
            Self::Mnist => "mnist",
            Self::Rows => "rows",
            Self::Wav => "wav",
        })
    }
}

/// The data and their protocol.
#[derive(Debug, Clone, Args)]
pub(crate) struct DataArgs {
    /// A file of rows (.npy, .npz or .npz#NAME, CSV), - for .npy or CSV on standard input, an IDX
    /// file (plain or gzip), a .wav file, a folder of images, or a generator: synthetic:leaves,
    /// ica, moons, ar1, checkerboard, rings, 2spirals, 8gaussians or sine, with options as in
    /// synthetic:ica?dim=16&source=laplace [default: that of the plan, or synthetic:leaves]
    #[arg(long, value_name = "D")]
    pub(crate) data: Option<String>,
    /// Validation rows [default: split off the data]
    #[arg(long, value_name = "D")]
    pub(crate) val: Option<PathBuf>,
    /// Test rows, or the folder of test images [default: split off the data]
    #[arg(long, value_name = "D")]
    pub(crate) test: Option<PathBuf>,
    /// How the data become rows
    #[arg(long, value_enum)]
    pub(crate) protocol: Option<Protocol>,
    /// Side of the patches of a folder of images, in pixels [default: 8]
    #[arg(long, value_name = "PIXELS")]
    pub(crate) patch: Option<usize>,
    /// Rows to create from images or generators: training,validation,test
    #[arg(long, value_name = "N,N,N", value_delimiter = ',', num_args = 1)]
    pub(crate) rows: Option<Vec<usize>>,
    /// Samples of a frame of sound, for each channel [default: 256]
    #[arg(long, value_name = "SAMPLES")]
    pub(crate) frame: Option<usize>,
    /// Samples from one frame of sound to the next [default: the frame]
    #[arg(long, value_name = "SAMPLES")]
    pub(crate) hop: Option<usize>,
    #[command(flatten)]
    pub(crate) text: TextArgs,
    /// Seed of all randomness in the data
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub(crate) data_seed: u64,
}

impl DataArgs {
    /// The requested data, or the default.
    pub(crate) fn data(&self) -> &str {
        self.data.as_deref().unwrap_or("synthetic:leaves")
    }
}

/// How a model is trained.
#[derive(Debug, Args)]
pub(crate) struct TrainingArgs {
    #[command(flatten)]
    pub(crate) options: TrainingSpec,
    /// Fixed preprocessing, fitted to the training rows and part of the model: none, standardize,
    /// whiten, logit, or several in order
    /// [default: what the model says, or whiten for patches, standardize otherwise]
    #[arg(long, value_name = "A,B,..", value_delimiter = ',')]
    pub(crate) preprocess: Option<Vec<Preprocess>>,
    #[command(flatten)]
    pub(crate) architecture: ArchitectureArgs,
    /// Precision
    #[arg(long, value_enum, default_value_t = Dtype::F32)]
    pub(crate) dtype: Dtype,
    /// No progress on stderr
    #[arg(long)]
    pub(crate) quiet: bool,
}

/// Depth and nonlinearity of a named model.
#[derive(Debug, Args)]
pub(crate) struct ArchitectureArgs {
    /// Linear layers of a named model [default: 2]
    #[arg(long, value_name = "N")]
    pub(crate) depth: Option<usize>,
    /// Slope of the smooth leaky ReLU between them, on the left [default: 0.01]
    #[arg(long, value_name = "A")]
    pub(crate) alpha: Option<f64>,
}

impl ArchitectureArgs {
    /// What the flags describe.
    pub(crate) fn architecture(&self) -> Result<Architecture> {
        let default = Architecture::default();
        let (depth, alpha) = (self.depth.unwrap_or(default.depth), self.alpha.unwrap_or(default.alpha));
        if depth == 0 {
            return Err(BadInput("--depth 0: a flow has at least one linear layer".into()).into());
        }
        Ok(Architecture { depth, alpha })
    }

    /// The first of the flags that is given.
    pub(crate) fn given(&self) -> Option<String> {
        let depth = self.depth.map(|depth| format!("--depth {depth}"));
        depth.or_else(|| self.alpha.map(|alpha| format!("--alpha {alpha}")))
    }
}

/// Precision of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Dtype {
    F32,
    F64,
}

#[derive(Debug, Args)]
#[command(
    mut_arg("rate", |arg| arg.help("One learning rate for all arms, instead of tuning each")),
    mut_arg("budget", |arg| arg.help("Wall-clock time of a run, validations included (10s, 5m, ...) [default: that of the plan, or 2s]")),
    mut_arg("depth", |arg| arg.conflicts_with("plan")),
    mut_arg("alpha", |arg| arg.conflicts_with("plan")),
    after_help = "Example: pdmap compare --data photos/ --arms dense-relative,dense-orthonormal --seeds 10 --budget 60s --out comparison"
)]
pub(crate) struct Compare {
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// The comparison as a TOML file (docs/plans.md); other flags override it
    #[arg(long, value_name = "PLAN.toml")]
    pub(crate) plan: Option<PathBuf>,
    /// Print the runs and their duration without training
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Arms to compare [default: all of the plan; without a plan: dense-exact, dense-relative,
    /// dense-relative-algebra, dense-orthonormal, dense-svd]
    #[arg(long, value_name = "A,B,..", value_delimiter = ',')]
    pub(crate) arms: Vec<String>,
    #[command(flatten)]
    pub(crate) training: TrainingArgs,
    /// Seeds of each arm; a verdict takes 10 [default: those of the plan, or 10]
    #[arg(long, value_name = "N")]
    pub(crate) seeds: Option<u64>,
    /// Parallel runs and threads of each, under --steps [default: those of the plan, or one run on
    /// all threads]
    #[arg(long, value_name = "RUNS,THREADS", value_delimiter = ',', num_args = 1)]
    pub(crate) parallel: Option<Vec<usize>>,
    /// Folder for report.html, results.json, results.csv and the plots; finished runs are kept in
    /// `runs` and not repeated
    #[arg(long, value_name = "DIR", default_value = "pdmap-report")]
    pub(crate) out: PathBuf,
    /// The results as JSON on stdout, instead of the table; with --dry-run, the plan
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Example: pdmap kernels m.safetensors --layer 1 --out kernels.npy")]
pub(crate) struct Kernels {
    /// Model file
    #[arg(value_name = "MODEL")]
    pub(crate) model: PathBuf,
    /// Index of the layer, from 0 as in `pdmap inspect` [default: the first convolution]
    #[arg(long, value_name = "I")]
    pub(crate) layer: Option<usize>,
    /// Where to write the kernels: .npy, f64, [K, C, C, taps] of signals or [K_h, K_w, C, C, U, V]
    /// of images; plots are written beside it as .svg
    #[arg(long, value_name = "K.npy")]
    pub(crate) out: PathBuf,
    /// Figures as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Example: pdmap presets dense-svd --depth 4 > model.toml")]
pub(crate) struct Presets {
    /// The model to print [default: list all]
    pub(crate) name: Option<Preset>,
    #[command(flatten)]
    pub(crate) architecture: ArchitectureArgs,
    /// As JSON
    #[arg(long, conflicts_with_all = ["depth", "alpha"])]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Data {
    /// Random patches of a folder of images, as rows of a .npy file
    Patches(Patches),
    /// The training, validation and test rows of a protocol or generator, as three .npy files
    Splits(Splits),
}

#[derive(Debug, Args)]
#[command(after_help = "Example: pdmap data splits --data train-images-idx3-ubyte.gz --out mnist")]
pub(crate) struct Splits {
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// Folder for train.npy, validation.npy and test.npy (f32)
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// The files and their sizes as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example: pdmap data patches --images photos --size 8 --count 10000 --out patches.npy"
)]
pub(crate) struct Patches {
    /// Folder of JPEG or PNG images
    #[arg(long, value_name = "DIR")]
    pub(crate) images: PathBuf,
    /// Side of a patch in pixels
    #[arg(long, value_name = "PIXELS", default_value_t = 8)]
    pub(crate) size: usize,
    /// Patches
    #[arg(long, value_name = "N")]
    pub(crate) count: usize,
    /// How a patch becomes a row; bsds300: dequantized, mean-free, last pixel dropped
    #[arg(long, value_enum, default_value_t = PatchProtocol::Bsds300)]
    pub(crate) protocol: PatchProtocol,
    /// Seed of the positions and of the dequantization noise
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Where to write the rows: .npy, f32
    #[arg(long, value_name = "X.npy")]
    pub(crate) out: PathBuf,
    /// The file and its size as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// How a patch becomes a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PatchProtocol {
    Bsds300,
}
