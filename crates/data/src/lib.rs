//! Readers, generators, image patches, splits, data protocols and checks for pdmap.
//!
//! Data are rows: an [`ndarray::Array2`] of shape `[rows, features]`. What is random or not
//! invertible on the way from a file to a row (dequantization noise, the place of a patch, a
//! dropped pixel, a random split) happens here and is seeded; what is invertible (a logit of
//! user data, standardization, whitening) belongs to the model.
//!
//! | module | what it holds |
//! |---|---|
//! | [`read`] | `.npy`, `.npz`, CSV, WAV, IDX and image-folder readers, the atomic `.npy` writer |
//! | [`stream`] | rows in blocks, from and to files and pipes that need not fit into memory; any rows of a file |
//! | [`patches`] | random mean-free image patches |
//! | [`split`] | seeded splits, by row and by group |
//! | [`protocol`] | the published BSDS300 and MNIST protocols, frames of sound, and what they return |
//! | [`generate`] | `synthetic:` data: dead leaves, and densities known exactly (ICA, series, shapes in the plane) |
//! | [`preprocess`] | logit, standardization and PCA whitening as layers with a log-determinant |
//! | [`validate`] | checks that rows are fit for scoring or for training |
//!
//! ```
//! use pdmap_data::{Counts, Generator, Input, TextOptions, open_rows, split_rows};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Data whose density is known: `[rows, features]`, and its mean log-likelihood over the test rows, nats.
//! let generator: Generator = "synthetic:ica?dim=3&source=laplace".parse()?;
//! let splits = generator.splits::<f64>(Counts { train: 500, validation: 100, test: 100 }, 1)?;
//! assert_eq!((splits.train.dim(), splits.facts.test_truth.is_some()), ((500, 3), true));
//!
//! // Rows of a file in blocks, whatever its size and format; `id` names the rows.
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("rows.csv");
//! std::fs::write(&path, "name,height,weight\nann,1.7,64\nbob,1.8,81\n")?;
//! let options = TextOptions { id: Some("name".into()), ..TextOptions::default() };
//! let mut rows = open_rows::<f32>(&Input::File(path), &options)?;
//! let mut block = Vec::new();
//! assert_eq!((rows.read(1000, &mut block)?, rows.features()), (2, 2));
//! assert_eq!((rows.ids()[1].as_str(), block[2]), ("bob", 1.8));
//!
//! // Seeded parts; rows of one image belong into one: `split_groups`.
//! let (train, validation, test) = split_rows(splits.train, 0.1, 0.2, 7)?;
//! assert_eq!((train.nrows(), validation.nrows(), test.nrows()), (350, 50, 100));
//! # Ok(())
//! # }
//! ```
//!
//! Every random choice is a function of a `u64` seed alone: the same seed gives the same numbers,
//! bit for bit, whatever the number of threads.

mod atomic;
mod element;
mod error;
pub mod generate;
pub mod patches;
pub mod preprocess;
pub mod protocol;
mod random;
pub mod read;
pub mod split;
pub mod stream;
pub mod validate;

pub use atomic::{check_writable, remove_leftovers, write_atomically};
pub use element::Element;
pub use error::DataError;
pub use generate::{
    Ar1, Checkerboard, Gaussians, Generator, Ica, IcaTruth, Leaves, Moons, Rings, Sine, Source, Spirals,
};
pub use patches::{PatchSet, extract_patches};
pub use protocol::{Counts, DataFacts, MNIST_LAMBDA, Splits, bsds300, mnist, tiles, wav};
pub use read::{
    Format, GrayImage, IdxImages, Samples, Sound, detect_format, read_csv, read_idx, read_idx_labels,
    read_image, read_image_folder, read_npy, read_npz, read_numbers, read_wav, write_npy,
};
pub use split::{split_groups, split_row_numbers, split_rows};
pub use stream::{
    CsvHeader, Input, NpyFile, Output, Place, ReadRows, RowFormat, RowShape, RowWriter, TextOptions,
    collect_rows, open_rows, open_stream,
};
pub use validate::{TrainingCheck, check_rows, check_training};
