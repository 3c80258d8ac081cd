//! IDX, JPEG, PNG, TIFF and WebP.

use pdmap_data::{read_color_folder, read_idx, read_idx_labels, read_image_folder};

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
        // Decoding takes most of the time, so only some images are read in colour as well.
        if bytes.len().is_multiple_of(4) {
            let color = read_color_folder(scratch.folder()).map(|images| images[0].pixels.dim());
            let (height, width) = images[0].pixels.dim();
            assert!(color.is_ok_and(|dim| dim == (3, height, width)), "in colour, an image is another one");
        }
    });
}
