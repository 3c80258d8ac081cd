//! Reads whole files into arrays. No allocation relies on a header alone.

mod categories;
mod csv;
mod detect;
mod idx;
mod images;
mod labels;
mod npy;
mod npz;
mod numbers;
mod wav;
mod wav_header;

pub use categories::{CategoryColumn, read_categories};
pub use csv::read_csv;
pub use detect::{Format, detect_format};
pub use idx::{IdxImages, read_idx, read_idx_labels};
pub use images::{
    ClassImages, ColorImage, GrayImage, read_class_folder, read_color_class_folder, read_color_folder,
    read_color_image, read_image, read_image_folder,
};
pub use labels::{Labels, read_labels};
pub use npy::read_npy;
pub use npz::read_npz;
pub use numbers::read_numbers;
pub use wav::{Samples, Sound, read_wav, read_wav_stream};
