//! Readers, generators, image patches, splits, data protocols and checks for pdmap.
//!
//! Data are rows: an [`ndarray::Array2`] of shape `[rows, features]`. Random or non-invertible steps
//! between a file and a row (dequantization noise, patch positions, a dropped pixel, a random split)
//! happen here and are seeded. Invertible steps (a logit of user data, standardization, whitening)
//! belong to the model.
//!
//! | module | contents |
//! |---|---|
//! | [`read`] | readers of whole files: `.npy`, `.npz`, CSV, labels, WAV, IDX and image folders |
//! | [`stream`] | readers in blocks, for files and pipes of any length: also Parquet and Arrow IPC (feature `parquet`); random access to rows |
//! | [`write`](mod@write) | atomic files; rows and arrays as `.npy` or CSV |
//! | [`columns`] | the columns of a table, compared by name |
//! | [`patches`] | random mean-free image patches |
//! | [`split`] | seeded splits, by row and by group |
//! | [`protocol`] | the published BSDS300 and MNIST protocols, frames of sound |
//! | [`generate`] | `synthetic:` data: dead leaves, and exactly known densities |
//! | [`mod@describe`] | what a table is: kinds, ranges and quantiles of columns, degenerate columns |
//! | [`validate`] | checks that rows are fit for scoring or training |
//!
//! ```
//! use pdmap_data::{Counts, Generator, Input, TextOptions, open_rows, split_rows};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Data with a known density: `[rows, features]`, and the mean log-density of the test rows.
//! let generator: Generator = "synthetic:ica?dim=3&source=laplace".parse()?;
//! let splits = generator.splits::<f64>(Counts { train: 500, validation: 100, test: 100 }, 1)?;
//! assert_eq!((splits.train.dim(), splits.facts.test_truth.is_some()), ((500, 3), true));
//!
//! // Rows of a file in blocks, whatever its size and format; the column `id` names the rows.
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("rows.csv");
//! std::fs::write(&path, "name,height,weight\nann,1.7,64\nbob,1.8,81\n")?;
//! let options = TextOptions { id: Some("name".into()), ..TextOptions::default() };
//! let mut rows = open_rows::<f32>(&Input::File(path), &options)?;
//! let mut block = Vec::new();
//! assert_eq!((rows.read(1000, &mut block)?, rows.features()), (2, 2));
//! assert_eq!((rows.ids()[1].as_str(), block[2]), ("bob", 1.8));
//!
//! // Seeded parts. To keep rows of one image together, use `split_groups`.
//! let (train, validation, test) = split_rows(splits.train, 0.1, 0.2, 7)?;
//! assert_eq!((train.nrows(), validation.nrows(), test.nrows()), (350, 50, 100));
//! # Ok(())
//! # }
//! ```
//!
//! Every random choice depends only on a `u64` seed: the same seed gives the same numbers, bit for
//! bit, whatever the number of threads.

#[cfg(feature = "parquet")]
mod arrow;
mod column_report;
#[cfg(feature = "parquet")]
mod columnar;
pub mod columns;
pub mod describe;
mod element;
mod error;
mod format;
pub mod generate;
#[cfg(feature = "parquet")]
mod parquet;
pub mod patches;
pub mod protocol;
mod random;
pub mod read;
pub mod split;
pub mod stream;
mod text;
pub mod validate;
pub mod write;

pub use column_report::ColumnReport;
pub use columns::{NameMismatch, match_names};
pub use describe::{ColumnKind, ColumnSummary, Degenerate, Describer, Description, Distinct, describe};
pub use element::Element;
pub use error::{DataError, Hint, Place};
pub use generate::{
    Ar1, Checkerboard, Gaussians, Generator, Ica, IcaTruth, Leaves, Moons, Rings, Sine, Source, Spirals,
};
pub use patches::{PatchSet, extract_patches};
pub use protocol::{Counts, DataFacts, MNIST_LAMBDA, Splits, bsds300, mnist, tiles, wav, wav_frames};
pub use read::{
    CategoryColumn, ClassImages, ColorImage, Format, GrayImage, IdxImages, Labels, Samples, Sound, detect_format,
    read_categories, read_class_folder, read_color_class_folder, read_color_folder, read_color_image, read_csv,
    read_idx, read_idx_labels, read_image, read_image_folder, read_labels, read_npy, read_npz, read_numbers, read_wav,
    read_wav_stream,
};
pub use split::{split_groups, split_order, split_row_numbers, split_rows, split_strata};
pub use stream::{
    Input, MapRow, MappedRows, NpyFile, ReadRows, SelectedColumns, collect_named_rows, collect_rows, open_rows,
    open_stream,
};
pub use text::{Compression, CsvHeader, IndexColumn, TextColumn, TextEncoding, TextOptions, TextReport};
pub use validate::{TrainingCheck, check_rows, check_training};
pub use write::{
    MixedCell, MixedWriter, Output, RowFormat, RowShape, RowWriter, check_writable, remove_leftovers, write_atomically,
    write_npy,
};
