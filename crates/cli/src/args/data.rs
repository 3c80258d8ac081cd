//! Flags about data.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::rows::TextArgs;

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
    /// Dequantized images in logit space; the default for IDX files
    Mnist,
    /// Rows unchanged: the default for .npy, .npz, CSV, Parquet and Arrow
    Rows,
    /// Frames of sound; the default for .wav files
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

/// What happens to discrete columns: integers, rounded or binary numbers that repeat.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Discrete {
    /// Add uniform noise of one step, anew in each epoch; samples are rounded to the steps
    #[default]
    Dequantize,
    /// Train on them as they are: their density has no upper bound
    Keep,
    /// Refuse them
    Error,
}

impl std::fmt::Display for Discrete {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Dequantize => "dequantize",
            Self::Keep => "keep",
            Self::Error => "error",
        })
    }
}

/// The data and their protocol.
#[derive(Debug, Clone, Args)]
pub(crate) struct DataArgs {
    /// A file of rows (.npy, .npz or .npz#NAME, CSV, Parquet, Arrow), - for .npy, CSV or Arrow on
    /// standard input, an IDX file (plain or gzip), a .wav file, a folder of images, or a generator:
    /// synthetic:leaves, ica, moons, ar1, checkerboard, rings, 2spirals, 8gaussians or sine, with
    /// options as in synthetic:ica?dim=16&source=laplace [default: that of the plan, or
    /// synthetic:leaves]
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
    /// Column of groups, such as patients: rows of one group stay in one part. The column is
    /// not a feature
    #[arg(long, value_name = "COLUMN", conflicts_with = "id")]
    pub(crate) group: Option<String>,
    /// Column that orders the rows, such as dates: the last tenth is the test set, the tenth
    /// before it the validation set. The column is not a feature
    #[arg(long, value_name = "COLUMN", conflicts_with_all = ["group", "id"])]
    pub(crate) order: Option<String>,
    /// Leave out columns that are constant, duplicates, or linear combinations of others. Without
    /// it, such columns are refused, since they have no density
    #[arg(long)]
    pub(crate) drop_degenerate: bool,
    /// If such columns are found, train on the coordinates of the rows in the subspace where they lie:
    /// principal components of the standardized columns
    #[arg(long, conflicts_with = "drop_degenerate")]
    pub(crate) reduce_rank: bool,
    /// What to do with discrete columns: integers, rounded or binary numbers that repeat [default:
    /// dequantize]
    #[arg(long, value_enum)]
    pub(crate) discrete: Option<Discrete>,
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
