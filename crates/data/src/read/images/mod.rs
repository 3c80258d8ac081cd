//! Reads photographs: JPEG, PNG, TIFF and WebP, as grey levels or as three channels.

mod classes;
mod color;
mod folder;
mod gray;
mod jpeg;
mod limits;
mod open;
mod png;
mod raster;
mod tiff;
mod webp;

pub use classes::{ClassImages, read_class_folder, read_color_class_folder};
pub use color::{ColorImage, read_color_folder, read_color_image};
pub use gray::{GrayImage, read_image, read_image_folder};
