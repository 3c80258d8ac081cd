//! Flags of the commands that use a model: score, encode, decode, sample, classify, inspect,
//! report.

use std::path::PathBuf;

use clap::Args;

use super::categories::Unseen;
use super::missing::{FillArg, Missing};
use super::rows::{ConditionedRows, HeaderArg, InputRows, OutputFormat, TextArgs};

#[derive(Debug, Args)]
#[command(
    after_help = "Example: pdmap score model.safetensors --data reference.npy --out reference-ll.npy --quantiles 0.001,0.01\n         \
                  pdmap score model.safetensors --data new.csv --reference reference-ll.npy --quantile 0.001 --flags flags.csv"
)]
pub(crate) struct Score {
    /// Model file
    pub(crate) model: PathBuf,
    #[command(flatten)]
    pub(crate) rows: ConditionedRows,
    /// With --columns A,B,..: columns of which the values are given, by name or by index from 0. The
    /// scores are log p(A | given). For models with marginals in closed form, such as mixture-copula
    #[arg(long, value_name = "C,D,..", value_delimiter = ',', num_args = 1)]
    pub(crate) given: Vec<String>,
    /// What to do with missing cells, for the same models
    #[arg(long, value_enum, default_value_t)]
    pub(crate) missing: Missing,
    /// How often each row counts in the mean and in the quantiles: a column of the data or a file of
    /// one column
    #[arg(long, value_name = "COLUMN|FILE")]
    pub(crate) weights: Option<String>,
    /// What to do with labels that the training rows do not have, for a model with categories
    #[arg(long, value_enum, default_value_t)]
    pub(crate) unseen: Unseen,
    /// For models without closed forms: estimate the scores of some columns, or of rows with
    /// missing cells, by importance sampling with this many draws for each row. Besides log p,
    /// --out has the effective number of draws and the Pareto shape of the weights; where it is 0.7
    /// or more, the score is NaN
    #[arg(long, value_name = "DRAWS", num_args = 0..=1, default_missing_value = "2000")]
    pub(crate) approximate: Option<u32>,
    /// Output for log p of each row (f64, nats): .npy, .csv, or - for standard output [default:
    /// none]
    #[arg(long, value_name = "LL")]
    pub(crate) out: Option<PathBuf>,
    /// Output for the attribution, the gradient of log p in each feature (nats per unit of the
    /// feature): .npy, .csv or -
    #[arg(long, value_name = "A")]
    pub(crate) attribution: Option<PathBuf>,
    /// Print these quantiles of the scores: exact, with 8 bytes of memory per row
    #[arg(long, value_name = "Q,Q,..", value_delimiter = ',', num_args = 1, allow_negative_numbers = true)]
    pub(crate) quantiles: Vec<f64>,
    /// Count the rows with log p below this value, in nats
    #[arg(long, value_name = "NATS", allow_negative_numbers = true)]
    pub(crate) threshold: Option<f64>,
    /// Reference scores from which the threshold is taken (written by --out), with --quantile; 8
    /// bytes of memory per score
    #[arg(long, value_name = "LL")]
    pub(crate) reference: Option<PathBuf>,
    /// Quantile of the reference scores to use as the threshold, in [0, 1]
    #[arg(long, value_name = "Q", allow_negative_numbers = true)]
    pub(crate) quantile: Option<f64>,
    /// For a model with discrete features: number of draws of the uniform noise over which each score
    /// is taken
    #[arg(long, value_name = "K", default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) draws: u64,
    /// Seed of these draws
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Take the log of the mean density over the draws, which is closer to the log-probability of a
    /// cell [default: the mean of log p, a lower bound]
    #[arg(long)]
    pub(crate) log_mean_exp: bool,
    /// Output for flags, 1 for each row below the threshold and 0 otherwise: .npy, .csv or -
    #[arg(long, value_name = "FLAGS")]
    pub(crate) flags: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) format: OutputFormat,
    /// Do not say how the rows are read
    #[arg(long)]
    pub(crate) quiet: bool,
    /// Print the summary (mean, standard error, quantiles, threshold) as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Map {
    /// Model file
    pub(crate) model: PathBuf,
    #[command(flatten)]
    pub(crate) rows: ConditionedRows,
    /// Member of an ensemble whose codes are meant, counted from 0
    #[arg(long, value_name = "N")]
    pub(crate) member: Option<usize>,
    /// Output for the mapped rows: .npy, .csv, or - for standard output
    #[arg(long, value_name = "OUT")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) format: OutputFormat,
    /// Print the number of mapped rows as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Example: pdmap sample model.safetensors --count 1000 --seed 7 --out samples.csv\n         \
                  pdmap sample digits.safetensors --class 3 --count 16 --out threes.npy")]
pub(crate) struct Sample {
    /// Model file
    pub(crate) model: PathBuf,
    /// Number of rows to draw [default: one per row of --condition]; with --given, for each of its
    /// rows [default: 1]
    #[arg(long, value_name = "N", required_unless_present_any = ["condition", "given"])]
    pub(crate) count: Option<u64>,
    /// Rows of some of the columns, or with missing cells: the others are drawn given these. For
    /// models with marginals in closed form, such as mixture-copula
    #[arg(long, value_name = "D", conflicts_with_all = ["condition", "class", "temperature"])]
    pub(crate) given: Option<PathBuf>,
    /// With --given, for models without closed forms: choose the rows from this many draws each, by
    /// their importance weights. A row whose weights have a Pareto shape of 0.7 or more is refused
    #[arg(long, value_name = "DRAWS", num_args = 0..=1, default_missing_value = "2000")]
    pub(crate) approximate: Option<u32>,
    /// Condition of each row, for a conditional model (see `pdmap train --condition`)
    #[arg(long, value_name = "C", conflicts_with = "class")]
    pub(crate) condition: Option<PathBuf>,
    /// Draw all rows from this class, for a model with classes
    #[arg(long, value_name = "K")]
    pub(crate) class: Option<usize>,
    /// Seed
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Factor on draws from the base density: 1 samples the model, 0 gives the image of the
    /// density's centre
    #[arg(long, value_name = "T", default_value_t = 1.0, allow_negative_numbers = true)]
    pub(crate) temperature: f64,
    /// Output for the rows: .npy, .csv, or - for standard output
    #[arg(long, value_name = "X")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) format: OutputFormat,
    /// Whether CSV starts with column names (auto: yes)
    #[arg(long, value_enum, default_value_t = HeaderArg::Auto)]
    pub(crate) header: HeaderArg,
    /// Print the number of drawn rows as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Example: pdmap impute model.safetensors --data holes.csv --out filled.csv\n         \
                  pdmap impute model.safetensors --data holes.csv --fill draw --draws 5 --seed 7 --out five.csv")]
pub(crate) struct Impute {
    /// Model file with marginals in closed form, such as mixture-copula or gaussian-mixture
    pub(crate) model: PathBuf,
    #[command(flatten)]
    pub(crate) rows: InputRows,
    /// What stands for a missing cell
    #[arg(long, value_enum, default_value_t)]
    pub(crate) fill: FillArg,
    /// With --fill draw: rows to write for each row, each with draws of its own
    #[arg(long, value_name = "M", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub(crate) draws: u64,
    /// Seed of the draws
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Output for the rows: .npy, .csv, or - for standard output
    #[arg(long, value_name = "OUT")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) format: OutputFormat,
    /// Print the numbers of rows and of filled cells as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example: pdmap classify digits.safetensors --data rows.npy --labels labels.csv --posterior p.npy"
)]
pub(crate) struct Classify {
    /// Model file with a density p(x | class)
    pub(crate) model: PathBuf,
    #[command(flatten)]
    pub(crate) rows: InputRows,
    /// True classes, to compute the accuracy: a column of labels, or an IDX file of labels
    #[arg(long, value_name = "L")]
    pub(crate) labels: Option<PathBuf>,
    /// Output for the class of each row: .npy, .csv, or - for standard output
    #[arg(long, value_name = "OUT")]
    pub(crate) out: Option<PathBuf>,
    /// Output for the posterior probabilities under equal priors: .npy, .csv or -
    #[arg(long, value_name = "P")]
    pub(crate) posterior: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) format: OutputFormat,
    /// Print accuracy and confusion matrix as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Example: pdmap export model.safetensors --onnx model.onnx")]
pub(crate) struct Export {
    /// Model file
    pub(crate) model: PathBuf,
    /// Where to write the graph: `log_prob` of rows `x` in nats, and their codes `z`
    #[arg(long, value_name = "M.onnx")]
    pub(crate) onnx: PathBuf,
    /// Member of an ensemble, from 0 as in `pdmap inspect` [default: the ensemble, which has no codes]
    #[arg(long, value_name = "M")]
    pub(crate) member: Option<usize>,
    /// Print the figures as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Example: pdmap inspect model.safetensors --data test.csv --json")]
pub(crate) struct Inspect {
    /// Model file
    pub(crate) model: PathBuf,
    /// Rows on which to measure the round trip as well: .npy, .npz, CSV, Parquet, Arrow, or - for
    /// .npy, CSV or Arrow on standard input
    #[arg(long, value_name = "D")]
    pub(crate) data: Option<PathBuf>,
    /// Number of rows of --data to use, from the first on [default: 4096]
    #[arg(long, value_name = "N")]
    pub(crate) rows: Option<usize>,
    #[command(flatten)]
    pub(crate) text: TextArgs,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(
    mut_arg("data", |arg| arg.help("Rows that the model was not trained on, in the formats of `pdmap score`")),
    after_help = "Example: pdmap report model.safetensors --data test.csv --out model.html"
)]
pub(crate) struct Report {
    /// Model file
    pub(crate) model: PathBuf,
    #[command(flatten)]
    pub(crate) rows: ConditionedRows,
    /// The training rows, in memory, for a full-covariance Gaussian beside the model [default: no
    /// Gaussian]
    #[arg(long, value_name = "D")]
    pub(crate) train: Option<PathBuf>,
    /// Shape of a row: CHANNELS,HEIGHT,WIDTH of an image or CHANNELS,LENGTH of a signal [default:
    /// that of the training data]
    #[arg(long, value_name = "N,N[,N]", value_delimiter = ',', num_args = 1)]
    pub(crate) shape: Option<Vec<usize>>,
    /// Output file for the page
    #[arg(long, value_name = "REPORT.html")]
    pub(crate) out: PathBuf,
    /// Do not say how the rows are read
    #[arg(long)]
    pub(crate) quiet: bool,
    /// Print the main statements of the page as JSON
    #[arg(long)]
    pub(crate) json: bool,
}
