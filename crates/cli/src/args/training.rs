//! Flags that `train` and `compare` share.

use anyhow::Result;
use clap::{Args, ValueEnum};
use pdmap_train::{Architecture, Preprocess, TrainingSpec};

use crate::terminal::exit::BadInput;

/// How a model is trained.
#[derive(Debug, Args)]
pub(crate) struct TrainingArgs {
    #[command(flatten)]
    pub(crate) options: TrainingSpec,
    /// Fixed preprocessing, fitted to the training rows and part of the model: none, standardize,
    /// robust, whiten, logit, or several in order
    /// [default: what the model says, or whiten for patches, standardize otherwise]
    #[arg(long, value_name = "A,B,..", value_delimiter = ',')]
    pub(crate) preprocess: Option<Vec<Preprocess>>,
    #[command(flatten)]
    pub(crate) architecture: ArchitectureArgs,
    /// Precision
    #[arg(long, value_enum, default_value_t = Dtype::F32)]
    pub(crate) dtype: Dtype,
    /// Do not show progress
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
