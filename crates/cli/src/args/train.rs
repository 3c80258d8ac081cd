//! The flags of `pdmap train`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::categories::CategoryArgs;
use super::data::DataArgs;
use super::domains::DomainArgs;
use super::missing::Missing;
use super::training::TrainingArgs;
use super::weights::WeightArgs;

#[derive(Debug, Args)]
#[command(
    after_help = "Examples: pdmap train --data rows.npy --model dense-relative --budget 60s --out model.safetensors\n          pdmap train --data rows.csv --model model.toml --steps 100000 --checkpoint run --resume --out model.safetensors"
)]
pub(crate) struct Train {
    #[command(flatten)]
    pub(crate) data: DataArgs,
    #[command(flatten)]
    pub(crate) training: TrainingArgs,
    /// A named model (`pdmap presets` lists them), a model file (.toml; flags override it), or auto:
    /// couplings on a Gaussian mixture or the mixture alone, whichever is better on the validation
    /// rows; for one feature the mixture, for more than 256 gaussianization-orthonormal [default:
    /// auto for files of rows, otherwise dense-relative]
    #[arg(long, value_name = "PRESET|FILE.toml|auto")]
    pub(crate) model: Option<String>,
    /// Condition of each row, for p(x | c): rows of numbers, a column of class labels (with
    /// --classes), or an IDX file of labels
    #[arg(long, value_name = "C")]
    pub(crate) condition: Option<PathBuf>,
    /// Conditions of the rows of --val
    #[arg(long, value_name = "C", requires = "condition")]
    pub(crate) val_condition: Option<PathBuf>,
    /// Conditions of the test rows
    #[arg(long, value_name = "C", requires = "condition")]
    pub(crate) test_condition: Option<PathBuf>,
    /// The conditions are classes 0 to N-1 [default for an IDX file: as many as it names]
    #[arg(long, value_name = "N", requires = "condition")]
    pub(crate) classes: Option<usize>,
    #[command(flatten)]
    pub(crate) weights: WeightArgs,
    #[command(flatten)]
    pub(crate) categories: CategoryArgs,
    #[command(flatten)]
    pub(crate) domains: DomainArgs,
    /// What to do with missing cells. They are integrated out in a mixture-copula: monotone maps of
    /// the columns on a Gaussian mixture, fitted by EM. With --model auto, flows are trained on
    /// copies whose missing cells are draws of that model
    #[arg(long, value_enum, default_value_t)]
    pub(crate) missing: Missing,
    /// Seed of the initial weights and of the order of the rows
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Memory for the rows of a .npy file; a larger file is read through a shuffle buffer of this
    /// size
    #[arg(long, value_name = "SIZE", default_value = "4GiB", value_parser = size)]
    pub(crate) memory: u64,
    /// Folder for a checkpoint: everything that the run needs to continue bit for bit
    #[arg(long, value_name = "DIR")]
    pub(crate) checkpoint: Option<PathBuf>,
    /// Time between checkpoints, at least 1s [default: 60s]
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, requires = "checkpoint")]
    pub(crate) every: Option<Duration>,
    /// Resume from the checkpoint in that folder, or start a new run if there is none
    #[arg(long, requires = "checkpoint")]
    pub(crate) resume: bool,
    /// The model file to write
    #[arg(long, value_name = "M.safetensors")]
    pub(crate) out: PathBuf,
    /// Where to write a page about the trained model: learning curve, likelihoods, samples, codes
    /// and kernels, on the test rows or else the validation rows
    #[arg(long, value_name = "REPORT.html")]
    pub(crate) report: Option<PathBuf>,
    /// Where to log the events of training, one JSON object a line; with --resume, lines are
    /// appended
    #[arg(long, value_name = "LOG.jsonl")]
    pub(crate) log: Option<PathBuf>,
    /// The results as JSON on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

/// `512MiB`, `4GiB`, `100kB`, or bytes.
pub(super) fn size(text: &str) -> Result<u64, String> {
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let factor = match unit.trim() {
        "" | "B" => 1.0,
        "kB" | "KB" => 1e3,
        "MB" => 1e6,
        "GB" => 1e9,
        "KiB" => 1024.0,
        "MiB" => 1024.0 * 1024.0,
        "GiB" => 1024.0 * 1024.0 * 1024.0,
        _ => return Err("a size such as 512MiB, 4GiB or 100kB".to_owned()),
    };
    let number: f64 = number.parse().map_err(|_| "a size such as 512MiB, 4GiB or 100kB".to_owned())?;
    Ok((number * factor) as u64)
}
