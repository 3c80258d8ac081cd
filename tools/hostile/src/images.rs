//! IDX, PNG and JPEG.

use pdmap_data::{read_idx, read_idx_labels, read_image_folder};

use crate::scratch::with_scratch;

pub(crate) fn idx(bytes: &[u8]) {
    with_scratch!("images.idx", |scratch| {
        let path = scratch.holding(bytes);
        let images = read_idx(path);
        let labels = read_idx_labels(path);
        assert!(images.is_err() || labels.is_err(), "a file is read with two different ranks");
    });
}

pub(crate) fn image(bytes: &[u8]) {
    with_scratch!("image.png", |scratch| {
        scratch.holding(bytes);
        let Ok(images) = read_image_folder(scratch.folder()) else { return };
        let levels = images.iter().flat_map(|image| &image.pixels);
        assert!(levels.into_iter().all(|&level| (0.0..=255.0).contains(&level) && level.fract() == 0.0));
    });
}
