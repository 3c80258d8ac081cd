//! Flags of `pdmap ica` and `pdmap ica apply`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use pdmap_dense::ica::{Constraint, Order, SourceDensity};

use super::rows::{InputRows, OutputFormat, TextArgs};
use super::train::size;

#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Example: pdmap ica --data recording.csv --components 20 --resamples 20 --out ica\n         \
                  pdmap ica apply ica --data recording.csv --without s0,s3 --out cleaned.csv"
)]
pub(crate) struct Ica {
    #[command(subcommand)]
    pub(crate) command: Option<IcaCommand>,
    /// Without a subcommand. Flattened arguments in it would hide it from the parser.
    #[command(flatten)]
    pub(crate) fit: Option<IcaFit>,
    #[command(flatten)]
    pub(crate) text: TextArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum IcaCommand {
    /// Compute the sources of new rows, or take sources out of rows
    Apply(IcaApply),
}

#[derive(Debug, Args)]
pub(crate) struct IcaFit {
    /// Rows: .npy, .npz (FILE.npz#NAME selects an array), CSV, Parquet, Arrow, or - for .npy, CSV or
    /// Arrow on standard input
    #[arg(long, value_name = "D")]
    pub(crate) data: PathBuf,
    /// Number of sources: that many principal axes of the largest variance are kept [default: the
    /// rank of the columns]
    #[arg(long, value_name = "K")]
    pub(crate) components: Option<usize>,
    /// Whether the unmixing of the whitened rows is an orthonormal matrix, which makes the sources
    /// uncorrelated, or any matrix
    #[arg(long, value_enum, default_value_t)]
    pub(crate) form: Form,
    /// The densities of the sources
    #[arg(long, value_enum, default_value_t)]
    pub(crate) density: DensityArg,
    /// Count columns in units of their standard deviations, in the choice of axes and in shares of
    /// variance: for columns in different units
    #[arg(long)]
    pub(crate) standardize: bool,
    /// What comes first
    #[arg(long, value_enum, default_value_t)]
    pub(crate) order: OrderArg,
    /// The search ends when no entry of the relative gradient exceeds this
    #[arg(long, value_name = "E", default_value_t = 1e-7, allow_negative_numbers = true)]
    pub(crate) tolerance: f64,
    /// Most iterations of the search
    #[arg(long, value_name = "N", default_value_t = 500)]
    pub(crate) iterations: usize,
    /// Repeat the search on this many resamples of the rows, from random starts, and give the
    /// stability of each source (ICASSO)
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) resamples: usize,
    /// Seed of the resamples
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Memory for the rows; those of a larger file are read anew for each step, fastest from .npy
    #[arg(long, value_name = "SIZE", default_value = "256MiB", value_parser = size)]
    pub(crate) memory: u64,
    /// Folder for ica.json and for the mean and the unmixing, mixing and whitening matrices, as
    /// .npy and as .csv with names
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Output for the sources of the rows: .npy or .csv
    #[arg(long, value_name = "Y")]
    pub(crate) sources: Option<PathBuf>,
    /// The results as JSON on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Example: pdmap ica apply ica --data new.csv --out sources.csv\n         \
                        pdmap ica apply ica --data new.csv --without s0,s3 --out cleaned.csv")]
pub(crate) struct IcaApply {
    /// Folder that `pdmap ica` wrote
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    #[command(flatten)]
    pub(crate) rows: InputRows,
    /// Write the rows without the part of these sources, instead of their sources
    #[arg(long, value_name = "S,S,..", value_delimiter = ',', num_args = 1)]
    pub(crate) without: Vec<String>,
    /// Output: .npy, .csv, or - for standard output
    #[arg(long, value_name = "OUT")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) format: OutputFormat,
    /// Print the file and its size as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// The matrices among which the unmixing of whitened rows is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    #[default]
    Unconstrained,
    Orthonormal,
}

impl From<Form> for Constraint {
    fn from(form: Form) -> Self {
        match form {
            Form::Unconstrained => Self::Unconstrained,
            Form::Orthonormal => Self::Orthonormal,
        }
    }
}

/// The densities of sources.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum DensityArg {
    /// Super-Gaussian or sub-Gaussian, for each source by its rows
    #[default]
    Adaptive,
    /// 1/cosh for all: super-Gaussian sources
    LogCosh,
    /// Student's t with 3 degrees of freedom for all: sources with outliers
    HeavyTailed,
}

impl From<DensityArg> for SourceDensity {
    fn from(density: DensityArg) -> Self {
        match density {
            DensityArg::Adaptive => Self::Adaptive,
            DensityArg::LogCosh => Self::LogCosh,
            DensityArg::HeavyTailed => Self::HeavyTailed,
        }
    }
}

/// The order of sources.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum OrderArg {
    /// The largest share of the variance
    #[default]
    Variance,
    /// The largest kurtosis, up to its sign
    Kurtosis,
}

impl From<OrderArg> for Order {
    fn from(order: OrderArg) -> Self {
        match order {
            OrderArg::Variance => Self::Variance,
            OrderArg::Kurtosis => Self::Kurtosis,
        }
    }
}
