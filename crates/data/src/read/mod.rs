//! Files into arrays. Nothing is allocated on the word of a header alone.

mod detect;
mod idx;
mod images;
mod npy;
mod npy_header;
mod npy_write;

pub use detect::{Format, detect_format};
pub use idx::{IdxImages, read_idx};
pub use images::{GrayImage, read_image_folder};
pub use npy::read_npy;
pub use npy_write::write_npy;
