//! The flags of what a model is used for: score, encode, decode, sample, inspect.

use std::path::PathBuf;

use clap::Args;

use super::{HeaderArg, RowFormatArg, TextArgs};

#[derive(Debug, Args)]
#[command(
    after_help = "Example: pdmap score model.safetensors --data reference.npy --out reference-ll.npy --quantiles 0.001,0.01\n         \
                  pdmap score model.safetensors --data new.csv --reference reference-ll.npy --quantile 0.001 --flags flags.csv"
)]
pub(crate) struct Score {
    /// The model file
    pub(crate) model: PathBuf,
    /// Rows to score: .npy, .npz (FILE.npz#NAME for one array of several) or CSV; - reads .npy or CSV from standard input
    #[arg(long, value_name = "D")]
    pub(crate) data: PathBuf,
    /// What each row is conditioned on, for a model that is: see `pdmap train --condition`
    #[arg(long, value_name = "C")]
    pub(crate) condition: Option<PathBuf>,
    /// Where to write log p of each row (f64, nats): .npy, .csv, or - for standard output [default: nowhere]
    #[arg(long, value_name = "LL")]
    pub(crate) out: Option<PathBuf>,
    /// Where to write the attribution, the gradient of log p in each feature (nats per unit of the feature): .npy, .csv or -
    #[arg(long, value_name = "A")]
    pub(crate) attribution: Option<PathBuf>,
    /// Print these quantiles of the scores; exact, at 8 bytes of memory a row
    #[arg(long, value_name = "Q,Q,..", value_delimiter = ',', num_args = 1, allow_negative_numbers = true)]
    pub(crate) quantiles: Vec<f64>,
    /// Count the rows whose log p is below this, nats
    #[arg(long, value_name = "NATS", allow_negative_numbers = true)]
    pub(crate) threshold: Option<f64>,
    /// Take the threshold from these scores (what --out wrote for reference rows), with --quantile; 8 bytes of memory a score
    #[arg(long, value_name = "LL")]
    pub(crate) reference: Option<PathBuf>,
    /// The quantile of the reference scores that is the threshold, in [0, 1]
    #[arg(long, value_name = "Q", allow_negative_numbers = true)]
    pub(crate) quantile: Option<f64>,
    /// Where to write 1 for each row below the threshold and 0 for every other: .npy, .csv or -
    #[arg(long, value_name = "FLAGS")]
    pub(crate) flags: Option<PathBuf>,
    /// Format of what goes to standard output [default: that of the input], or to a file of another extension than .npy and .csv
    #[arg(long, value_enum)]
    pub(crate) format: Option<RowFormatArg>,
    #[command(flatten)]
    pub(crate) text: TextArgs,
    /// The summary (mean, standard error, quantiles, threshold) as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Map {
    /// The model file
    pub(crate) model: PathBuf,
    /// Rows to map: .npy, .npz (FILE.npz#NAME for one array of several) or CSV; - reads .npy or CSV from standard input
    #[arg(long, value_name = "D")]
    pub(crate) data: PathBuf,
    /// What each row is conditioned on, for a model that is: see `pdmap train --condition`
    #[arg(long, value_name = "C")]
    pub(crate) condition: Option<PathBuf>,
    /// Where to write the mapped rows: .npy, .csv, or - for standard output
    #[arg(long, value_name = "OUT")]
    pub(crate) out: PathBuf,
    /// Format of standard output [default: that of the input], or of a file of another extension than .npy and .csv
    #[arg(long, value_enum)]
    pub(crate) format: Option<RowFormatArg>,
    #[command(flatten)]
    pub(crate) text: TextArgs,
    /// How many rows were mapped, as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example: pdmap sample model.safetensors --count 1000 --seed 7 --out samples.csv\n         \
                  pdmap sample digits.safetensors --class 3 --count 16 --out threes.npy"
)]
pub(crate) struct Sample {
    /// The model file
    pub(crate) model: PathBuf,
    /// Rows to draw [default: one for each row of --condition]
    #[arg(long, value_name = "N", required_unless_present = "condition")]
    pub(crate) count: Option<u64>,
    /// What each row is conditioned on, for a model that is: see `pdmap train --condition`
    #[arg(long, value_name = "C", conflicts_with = "class")]
    pub(crate) condition: Option<PathBuf>,
    /// Draw all rows of this class, for a model of classes
    #[arg(long, value_name = "K")]
    pub(crate) class: Option<usize>,
    /// Seed
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub(crate) seed: u64,
    /// What draws from the base density are multiplied by: 1 is the model, 0 the image of the density's centre
    #[arg(long, value_name = "T", default_value_t = 1.0, allow_negative_numbers = true)]
    pub(crate) temperature: f64,
    /// Where to write the rows: .npy, .csv, or - for standard output
    #[arg(long, value_name = "X")]
    pub(crate) out: PathBuf,
    /// Format of standard output [default: npy], or of a file of another extension than .npy and .csv
    #[arg(long, value_enum)]
    pub(crate) format: Option<RowFormatArg>,
    /// Whether CSV begins with the names of its columns; auto does
    #[arg(long, value_enum, default_value_t = HeaderArg::Auto)]
    pub(crate) header: HeaderArg,
    /// How many rows were drawn, as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example: pdmap classify digits.safetensors --data rows.npy --labels labels.csv --posterior p.npy"
)]
pub(crate) struct Classify {
    /// The model file, of a density p(x | class)
    pub(crate) model: PathBuf,
    /// Rows to classify: .npy, .npz (FILE.npz#NAME for one array of several) or CSV; - reads .npy or CSV from standard input
    #[arg(long, value_name = "D")]
    pub(crate) data: PathBuf,
    /// True classes, for the accuracy: a column of labels or an IDX file of labels
    #[arg(long, value_name = "L")]
    pub(crate) labels: Option<PathBuf>,
    /// Where to write the class of each row: .npy, .csv, or - for standard output
    #[arg(long, value_name = "OUT")]
    pub(crate) out: Option<PathBuf>,
    /// Where to write the probability of each class, all classes being equally frequent beforehand: .npy, .csv or -
    #[arg(long, value_name = "P")]
    pub(crate) posterior: Option<PathBuf>,
    /// Format of standard output [default: that of the input], or of a file of another extension than .npy and .csv
    #[arg(long, value_enum)]
    pub(crate) format: Option<RowFormatArg>,
    #[command(flatten)]
    pub(crate) text: TextArgs,
    /// Accuracy and confusion as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Example: pdmap inspect model.safetensors --data test.csv --json")]
pub(crate) struct Inspect {
    /// The model file
    pub(crate) model: PathBuf,
    /// Rows on which the round trip is measured too: .npy, .npz or CSV; - reads .npy or CSV from standard input
    #[arg(long, value_name = "D")]
    pub(crate) data: Option<PathBuf>,
    /// How many of the first rows of --data are taken [default: 4096]
    #[arg(long, value_name = "N")]
    pub(crate) rows: Option<usize>,
    #[command(flatten)]
    pub(crate) text: TextArgs,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Example: pdmap report model.safetensors --data test.csv --out model.html")]
pub(crate) struct Report {
    /// The model file
    pub(crate) model: PathBuf,
    /// Rows that the model was not trained on: .npy, .npz (FILE.npz#NAME for one array of several) or CSV; - reads .npy or CSV from standard input
    #[arg(long, value_name = "D")]
    pub(crate) data: PathBuf,
    /// What each row is conditioned on, for a model that is: see `pdmap train --condition`
    #[arg(long, value_name = "C")]
    pub(crate) condition: Option<PathBuf>,
    /// What a row is: CHANNELS,HEIGHT,WIDTH of a picture or CHANNELS,LENGTH of a signal [default: what the model was trained on]
    #[arg(long, value_name = "N,N[,N]", value_delimiter = ',', num_args = 1)]
    pub(crate) shape: Option<Vec<usize>>,
    /// Where to write the page
    #[arg(long, value_name = "REPORT.html")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) text: TextArgs,
    /// What the page says first as JSON
    #[arg(long)]
    pub(crate) json: bool,
}
