//! Reads images in class folders: `dir/CLASS/IMAGE`.

use std::path::{Path, PathBuf};

use super::color::{ColorImage, read_color_image};
use super::folder::{entries, image_files, is_image, read_all};
use super::gray::{GrayImage, read_image};
use super::open::name;
use crate::error::DataError;

/// Images with their classes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassImages<I> {
    /// The names of the classes (of the folders), sorted.
    pub classes: Vec<String>,
    /// The images, sorted by class and then by file name.
    pub images: Vec<I>,
    /// The class of each image, an index into `classes`.
    pub labels: Vec<usize>,
}

/// Reads a folder with one subfolder of images for each class, as grey levels. Subfolders whose
/// name starts with a dot are left out.
///
/// # Errors
/// [`DataError::NoClasses`] without subfolders; [`DataError::ImageOutsideClasses`] for an image
/// beside them; those of [`read_image_folder`](crate::read_image_folder) for each of them,
/// [`DataError::NoImages`] included.
pub fn read_class_folder(dir: &Path) -> Result<ClassImages<GrayImage>, DataError> {
    read_classes(dir, read_image)
}

/// Reads a folder with one subfolder of images for each class, as three channels; otherwise like
/// [`read_class_folder`].
///
/// # Errors
/// Those of [`read_class_folder`].
pub fn read_color_class_folder(dir: &Path) -> Result<ClassImages<ColorImage>, DataError> {
    read_classes(dir, read_color_image)
}

fn read_classes<I: Send>(
    dir: &Path,
    read: impl Fn(&Path) -> Result<I, DataError> + Sync,
) -> Result<ClassImages<I>, DataError> {
    let (mut classes, mut labels, mut files) = (Vec::new(), Vec::new(), Vec::<PathBuf>::new());
    for path in entries(dir)? {
        if path.is_dir() && !name(&path).starts_with('.') {
            let images = image_files(&path)?;
            labels.resize(labels.len() + images.len(), classes.len());
            classes.push(name(&path));
            files.extend(images);
        } else if is_image(&path) {
            return Err(DataError::ImageOutsideClasses { path });
        }
    }
    if classes.is_empty() {
        return Err(DataError::NoClasses { path: dir.to_path_buf() });
    }
    Ok(ClassImages { classes, images: read_all(&files, read)?, labels })
}
