//! Files into arrays. Nothing is allocated on the word of a header alone.

mod csv;
mod detect;
mod idx;
mod images;
mod npy;
mod npy_decode;
mod npy_header;
mod npy_write;
mod npz;
mod numbers;
mod wav;
mod wav_header;

pub use csv::read_csv;
pub use detect::{Format, detect_format};
pub(crate) use idx::{DEFLATE_MAX_RATIO, GZIP_MAGIC};
pub use idx::{IdxImages, read_idx, read_idx_labels};
pub use images::{GrayImage, read_image, read_image_folder};
pub use npy::read_npy;
pub(crate) use npy_decode::{decode, decode_into};
pub(crate) use npy_header::{MatrixHeader, NPY_MAGIC, read_header};
pub use npy_write::write_npy;
pub use npz::read_npz;
pub use numbers::read_numbers;
pub use wav::{Samples, Sound, read_wav};
