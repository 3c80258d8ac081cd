//! The flags, as clap sees them.

mod rows;
mod scoring;
mod train;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use pdmap_train::{Preprocess, Preset};

pub(crate) use rows::{HeaderArg, RowFormatArg, TextArgs};
pub(crate) use scoring::{Classify, Inspect, Map, Report, Sample, Score};
pub(crate) use train::Train;

/// Invertible maps from data to a simple density by exact maximum likelihood, without a matrix inverse while training.
#[derive(Debug, Parser)]
#[command(
    name = "pdmap",
    version,
    propagate_version = true,
    after_help = "Exit status: 0 success, 1 internal failure, 2 bad input, 3 training diverged (last good weights saved), 4 training interrupted (its state and its best weights so far saved)."
)]
pub(crate) struct Cli {
    /// Threads to compute with [default: one a core]; results are the same bits with any number
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Train the same flow in its unconstrained and constrained forms and compare them, with a report
    Compare(Compare),
    /// Train one model and save it
    Train(Train),
    /// log p(x) of each row, in nats
    Score(Score),
    /// z = f(x)
    #[command(after_help = "Example: pdmap encode model.safetensors --data rows.csv --out z.npy")]
    Encode(Map),
    /// x = f⁻¹(z)
    #[command(after_help = "Example: pdmap decode model.safetensors --data z.npy --out rows.csv")]
    Decode(Map),
    /// Draw rows from a model
    Sample(Sample),
    /// The class of each row, by its likelihood under each
    Classify(Classify),
    /// What a model file holds and how its layers are
    Inspect(Inspect),
    /// A page about a model: likelihoods, samples, codes, kernels, condition numbers
    Report(Report),
    /// Dense kernels of a convolution, and plots of them and of their frequency responses
    Kernels(Kernels),
    /// List the named models, or print one as a model file
    Presets(Presets),
    /// Make data
    #[command(subcommand)]
    Data(Data),
    /// Print what a shell needs to complete this command
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

/// How rows are made of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Protocol {
    /// Grey patches of a folder of images: dequantized, mean-free, last pixel dropped; 1,000,000 / 50,000 / 250,000 of them
    Bsds300,
    /// The same with 100,000 / 10,000 / 50,000 patches: the default for folders of images
    Patches,
    /// Whole grey tiles of a folder of images, every pixel, dequantized (--patch 32); as many as of patches
    Tiles,
    /// Logit space of dequantized images: the default for IDX files
    Mnist,
    /// Rows as they stand: the default for .npy, .npz and CSV
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

/// Where the data are and what they become.
#[derive(Debug, Clone, Args)]
pub(crate) struct DataArgs {
    /// A file of rows (.npy, .npz or .npz#NAME, CSV), - for .npy or CSV on standard input, an IDX file (plain or gzip), a .wav file, a
    /// folder of images, or a generator: synthetic:leaves, ica, moons, ar1, checkerboard, rings, 2spirals, 8gaussians or sine, with options as
    /// in synthetic:ica?dim=16&source=laplace [default: what the plan says, or synthetic:leaves]
    #[arg(long, value_name = "D")]
    pub(crate) data: Option<String>,
    /// Validation rows; split off the data where it is missing
    #[arg(long, value_name = "D")]
    pub(crate) val: Option<PathBuf>,
    /// Test rows, or the folder of test images; split off the data where it is missing
    #[arg(long, value_name = "D")]
    pub(crate) test: Option<PathBuf>,
    /// How rows are made of the data
    #[arg(long, value_enum)]
    pub(crate) protocol: Option<Protocol>,
    /// Side of the patches of a folder of images, in pixels [default: 8]
    #[arg(long, value_name = "PIXELS")]
    pub(crate) patch: Option<usize>,
    /// Rows to make of images or generators: training,validation,test
    #[arg(long, value_name = "N,N,N", value_delimiter = ',', num_args = 1)]
    pub(crate) rows: Option<Vec<usize>>,
    /// Samples of a frame of sound: a row holds those of all channels [default: 256]
    #[arg(long, value_name = "SAMPLES")]
    pub(crate) frame: Option<usize>,
    /// Samples from one frame of sound to the next [default: the frame]
    #[arg(long, value_name = "SAMPLES")]
    pub(crate) hop: Option<usize>,
    #[command(flatten)]
    pub(crate) text: TextArgs,
    /// Seed of everything random about the data
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub(crate) data_seed: u64,
}

impl DataArgs {
    /// The data that are asked for, or the usual ones.
    pub(crate) fn data(&self) -> &str {
        self.data.as_deref().unwrap_or("synthetic:leaves")
    }
}

/// How a run is trained.
#[derive(Debug, Args)]
pub(crate) struct TrainingArgs {
    /// Wall-clock time of a run, validation included (10s, 5m, ...)
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, conflicts_with = "steps")]
    pub(crate) budget: Option<Duration>,
    /// Steps of a run: reproducible bit for bit
    #[arg(long, value_name = "N")]
    pub(crate) steps: Option<u64>,
    /// Rows of a minibatch [default: 100, or what the model file says]
    #[arg(long, value_name = "N")]
    pub(crate) batch: Option<usize>,
    /// Fixed preprocessing, fitted to the training rows and part of the model: none, standardize, whiten, logit, or several in their order
    /// [default: what the model file says, or whiten for patches, standardize otherwise]
    #[arg(long, value_name = "A,B,..", value_delimiter = ',')]
    pub(crate) preprocess: Option<Vec<Preprocess>>,
    /// Linear layers of a named model [default: 2]
    #[arg(long, value_name = "N")]
    pub(crate) depth: Option<usize>,
    /// Slope of the smooth leaky ReLU between them, on the left [default: 0.01]
    #[arg(long, value_name = "A")]
    pub(crate) alpha: Option<f64>,
    /// Precision
    #[arg(long, value_enum, default_value_t = Dtype::F32)]
    pub(crate) dtype: Dtype,
    /// No progress on stderr
    #[arg(long)]
    pub(crate) quiet: bool,
}

/// Precision of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Dtype {
    F32,
    F64,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example: pdmap compare --data photos/ --arms dense-relative,dense-orthonormal --seeds 10 --budget 60s --out comparison"
)]
pub(crate) struct Compare {
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// What is compared, as a TOML file (docs/plans.md); other flags stand before what it says
    #[arg(long, value_name = "PLAN.toml")]
    pub(crate) plan: Option<PathBuf>,
    /// Say what would be run and how long it takes, and train nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Arms to compare [default: all of the plan; without one: dense-exact, dense-relative, dense-relative-algebra, dense-orthonormal,
    /// dense-svd]
    #[arg(long, value_name = "A,B,..", value_delimiter = ',')]
    pub(crate) arms: Vec<String>,
    /// Wall-clock time of a run, validation included (10s, 5m, ...) [default: that of the plan, or 2s]
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, conflicts_with = "steps")]
    pub(crate) budget: Option<Duration>,
    /// Steps of a run: reproducible bit for bit
    #[arg(long, value_name = "N")]
    pub(crate) steps: Option<u64>,
    /// Rows of a minibatch [default: as the plan says, or 100]
    #[arg(long, value_name = "N")]
    pub(crate) batch: Option<usize>,
    /// Fixed preprocessing, fitted to the training rows and part of the model: none, standardize, whiten, logit, or several in their order
    /// [default: as the plan says; or whiten for patches, standardize otherwise]
    #[arg(long, value_name = "A,B,..", value_delimiter = ',')]
    pub(crate) preprocess: Option<Vec<Preprocess>>,
    /// Linear layers; the arms of a plan say their own [default: 2]
    #[arg(long, value_name = "N", conflicts_with = "plan")]
    pub(crate) depth: Option<usize>,
    /// Slope of the smooth leaky ReLU between them, on the left; the arms of a plan say their own [default: 0.01]
    #[arg(long, value_name = "A", conflicts_with = "plan")]
    pub(crate) alpha: Option<f64>,
    /// Precision
    #[arg(long, value_enum, default_value_t = Dtype::F32)]
    pub(crate) dtype: Dtype,
    /// No progress on stderr
    #[arg(long)]
    pub(crate) quiet: bool,
    /// Seeds of each arm; a verdict takes 10 [default: as the plan says, or 10]
    #[arg(long, value_name = "N")]
    pub(crate) seeds: Option<u64>,
    /// One learning rate for all arms, instead of tuning each
    #[arg(long, value_name = "R", allow_negative_numbers = true)]
    pub(crate) rate: Option<f64>,
    /// Runs at once and threads of each, under --steps [default: as the plan says, or one run on all threads]
    #[arg(long, value_name = "RUNS,THREADS", value_delimiter = ',', num_args = 1)]
    pub(crate) parallel: Option<Vec<usize>>,
    /// Folder for report.html, results.json, results.csv and the plots, and for the finished runs, which are kept in `runs` and not made again
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
    /// Which layer, counted from 0 as `pdmap inspect` does; the first convolution where none is named
    #[arg(long, value_name = "I")]
    pub(crate) layer: Option<usize>,
    /// Where to write the kernels: .npy, f64, [K, C, C, taps] of signals or [K_h, K_w, C, C, U, V] of images; the plots stand beside it as .svg
    #[arg(long, value_name = "K.npy")]
    pub(crate) out: PathBuf,
    /// Figures as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Example: pdmap presets dense-svd --depth 4 > model.toml")]
pub(crate) struct Presets {
    /// The model to print; all are listed where none is named
    pub(crate) name: Option<Preset>,
    /// Linear layers
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub(crate) depth: usize,
    /// Slope of the smooth leaky ReLU between them, on the left
    #[arg(long, value_name = "A", default_value_t = 0.01)]
    pub(crate) alpha: f64,
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
    /// Seed of the places and of the dequantization noise
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
