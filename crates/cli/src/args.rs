//! The flags, as clap sees them.

mod rows;
mod scoring;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use pdmap_train::{Preprocess, Preset};

pub(crate) use rows::{HeaderArg, RowFormatArg, TextArgs};
pub(crate) use scoring::{Inspect, Map, Sample, Score};

/// Invertible maps from data to a simple density by exact maximum likelihood, without a matrix inverse while training.
#[derive(Debug, Parser)]
#[command(
    version,
    propagate_version = true,
    after_help = "Exit status: 0 success, 1 internal failure, 2 bad input, 3 training diverged (last good weights saved)."
)]
pub(crate) struct Cli {
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
    Encode(Map),
    /// x = f⁻¹(z)
    Decode(Map),
    /// Draw rows from a model
    Sample(Sample),
    /// What a model file holds and how its layers are
    Inspect(Inspect),
    /// Make data
    #[command(subcommand)]
    Data(Data),
}

/// How rows are made of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Protocol {
    /// Grey patches of a folder of images: dequantized, mean-free, last pixel dropped; 1,000,000 / 50,000 / 250,000 of them
    Bsds300,
    /// The same with 100,000 / 10,000 / 50,000 patches: the default for folders of images
    Patches,
    /// Logit space of dequantized images: the default for IDX files
    Mnist,
    /// Rows as they stand: the default for .npy files
    Rows,
}

impl std::fmt::Display for Protocol {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Bsds300 => "bsds300",
            Self::Patches => "patches",
            Self::Mnist => "mnist",
            Self::Rows => "rows",
        })
    }
}

/// Where the data are and what they become.
#[derive(Debug, Args)]
pub(crate) struct DataArgs {
    /// A .npy file of rows, an IDX file (plain or gzip), a folder of images, or a generator such as
    /// synthetic:leaves, synthetic:ica?dim=16&source=laplace, synthetic:moons
    #[arg(long, value_name = "D", default_value = "synthetic:leaves")]
    pub(crate) data: String,
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
    /// Seed of everything random about the data
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub(crate) data_seed: u64,
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
    /// Rows of a minibatch
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) batch: usize,
    /// Fixed preprocessing, fitted to the training rows and part of the model
    /// [default: whiten for patches, standardize otherwise]
    #[arg(long, value_name = "none|standardize|whiten")]
    pub(crate) preprocess: Option<Preprocess>,
    /// Linear layers
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub(crate) depth: usize,
    /// Slope of the smooth leaky ReLU between them, on the left
    #[arg(long, value_name = "A", default_value_t = 0.01)]
    pub(crate) alpha: f64,
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
    #[command(flatten)]
    pub(crate) training: TrainingArgs,
    /// Arms to compare [default: all]: dense-exact, dense-relative, dense-relative-algebra, dense-orthonormal, dense-svd
    #[arg(long, value_name = "A,B,..", value_delimiter = ',')]
    pub(crate) arms: Vec<Preset>,
    /// Seeds of each arm
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub(crate) seeds: u64,
    /// One learning rate for all arms, instead of tuning each
    #[arg(long, value_name = "R")]
    pub(crate) rate: Option<f64>,
    /// Folder for report.html, results.json and the plots
    #[arg(long, value_name = "DIR", default_value = "pdmap-report")]
    pub(crate) out: PathBuf,
    /// The results as JSON on stdout, instead of the table
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example: pdmap train --data rows.npy --model dense-relative --budget 60s --out model.safetensors"
)]
pub(crate) struct Train {
    #[command(flatten)]
    pub(crate) data: DataArgs,
    #[command(flatten)]
    pub(crate) training: TrainingArgs,
    /// dense-exact, dense-relative, dense-relative-algebra, dense-orthonormal or dense-svd
    #[arg(long, value_name = "PRESET", default_value = "dense-relative")]
    pub(crate) model: String,
    /// Learning rate [default: 3e-4 for dense-exact and dense-relative, 1e-4 for dense-relative-algebra, 1e-3 for the others]
    #[arg(long, value_name = "R")]
    pub(crate) rate: Option<f64>,
    /// Seed of the initial weights and of the order of the rows
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Stop after that many validations without a new best
    #[arg(long, value_name = "N")]
    pub(crate) patience: Option<u64>,
    /// The model file to write
    #[arg(long, value_name = "M.safetensors")]
    pub(crate) out: PathBuf,
    /// What training did as JSON on stdout
    #[arg(long)]
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
}

#[derive(Debug, Args)]
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
}

/// How a patch becomes a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PatchProtocol {
    Bsds300,
}
