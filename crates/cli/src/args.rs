//! The flags of all subcommands.

mod categories;
mod data;
mod domains;
mod ica;
mod missing;
mod rows;
mod scoring;
mod train;
mod training;
mod weights;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use pdmap_train::Preset;

pub(crate) use categories::Unseen;
pub(crate) use data::{DataArgs, Discrete, Protocol};
pub(crate) use ica::{DensityArg, Ica, IcaApply, IcaCommand, IcaFit};
pub(crate) use missing::{FillArg, Missing};
pub(crate) use rows::{ConditionedRows, HeaderArg, OutputFormat, RowFormatArg, TextArgs};
pub(crate) use scoring::{Classify, Export, Impute, Inspect, Map, Report, Sample, Score};
pub(crate) use train::Train;
pub(crate) use training::{ArchitectureArgs, Dtype, TrainingArgs};
pub(crate) use weights::WeightArgs;

/// Invertible maps from data to a simple density by exact maximum likelihood, without a matrix
/// inverse while training.
#[derive(Debug, Parser)]
#[command(
    name = "pdmap",
    version,
    propagate_version = true,
    after_help = "Exit status: 0 success, 1 internal failure, 2 bad input, 3 training diverged (last good weights saved), 4 training interrupted (state and best weights saved)."
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
    Compare(Box<Compare>),
    /// Train one model and save it
    Train(Box<Train>),
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
    /// Fill missing cells of rows
    Impute(Impute),
    /// Classify rows by their likelihood under each class
    Classify(Classify),
    /// Find independent components of rows
    Ica(Box<Ica>),
    /// Show the contents and the diagnostics of a model file
    Inspect(Inspect),
    /// Write a page about a model: likelihoods, samples, codes, kernels, condition numbers
    Report(Report),
    /// Write a model as an ONNX graph, which scores and encodes rows without this program
    Export(Export),
    /// Export the dense kernels of a convolution, with plots of them and of their frequency
    /// responses
    Kernels(Kernels),
    /// List the named models, or print one as a model file
    Presets(Presets),
    /// Create or describe data
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
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
#[command(after_help = "Example: pdmap man --out ~/.local/share/man/man1; man pdmap-train")]
pub(crate) struct Man {
    /// Output folder for pdmap.1 and a page per subcommand
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Print the list of pages as JSON
    #[arg(long)]
    pub(crate) json: bool,
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
    #[command(flatten)]
    pub(crate) weights: WeightArgs,
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
    /// Print the results as JSON instead of the table; with --dry-run, the plan
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
    /// Print the figures as JSON
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
    /// Print JSON
    #[arg(long, conflicts_with_all = ["depth", "alpha"])]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Data {
    /// Print what a table is: kinds, ranges and quantiles of columns, degenerate columns
    Describe(Describe),
    /// Draw random patches from a folder of images into a .npy file
    Patches(Patches),
    /// Write the whole images of a folder as rows, and the names of their class folders as labels
    Images(Images),
    /// Write the training, validation and test rows of a protocol or generator to three .npy files
    Splits(Box<Splits>),
}

#[derive(Debug, Args)]
#[command(after_help = "Example: pdmap data describe rows.csv")]
pub(crate) struct Describe {
    /// Rows: .npy, .npz (FILE.npz#NAME selects an array), CSV, Parquet, Arrow, or - for .npy, CSV or
    /// Arrow on standard input
    #[arg(value_name = "FILE")]
    pub(crate) data: PathBuf,
    #[command(flatten)]
    pub(crate) text: rows::TextArgs,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Example: pdmap data splits --data train-images-idx3-ubyte.gz --out mnist")]
pub(crate) struct Splits {
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// Output folder for train.npy, validation.npy and test.npy (f32; f64 for rows of a file)
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Print the files and their sizes as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Example: pdmap data patches --images photos --size 8 --count 10000 --out patches.npy")]
pub(crate) struct Patches {
    /// Folder of JPEG, PNG, TIFF or WebP images
    #[arg(long, value_name = "DIR")]
    pub(crate) images: PathBuf,
    /// Side of a patch in pixels
    #[arg(long, value_name = "PIXELS", default_value_t = 8)]
    pub(crate) size: usize,
    /// Number of patches
    #[arg(long, value_name = "N")]
    pub(crate) count: usize,
    /// How a patch becomes a row; bsds300: dequantized, mean-free, without the last pixel
    #[arg(long, value_enum, default_value_t = PatchProtocol::Bsds300)]
    pub(crate) protocol: PatchProtocol,
    /// Seed of the positions and of the dequantization noise
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Output for the rows: .npy, f32
    #[arg(long, value_name = "X.npy")]
    pub(crate) out: PathBuf,
    /// Print the file and its size as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Example: pdmap data images --images animals --color --out x.npy --classes y.csv\n         \
                  pdmap train --data x.npy --condition y.csv --out animals.safetensors")]
pub(crate) struct Images {
    /// Folder of JPEG, PNG, TIFF or WebP images, all of one size; with --classes, a folder with one
    /// subfolder of images per class
    #[arg(long, value_name = "DIR")]
    pub(crate) images: PathBuf,
    /// Take red, green and blue as three channels, instead of grey levels
    #[arg(long)]
    pub(crate) color: bool,
    /// Output for the rows, the levels from 0 to 255 of [channels, height, width]: .npy, f32
    #[arg(long, value_name = "X.npy")]
    pub(crate) out: PathBuf,
    /// Output for the class of each row, the name of its folder: .csv
    #[arg(long, value_name = "Y.csv")]
    pub(crate) classes: Option<PathBuf>,
    /// Print the files, their sizes and the classes as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// How a patch becomes a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PatchProtocol {
    Bsds300,
}
