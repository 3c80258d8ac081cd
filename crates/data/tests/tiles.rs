//! Complete tiles of images.
#![allow(missing_docs, clippy::unwrap_used)]

use pdmap_data::{Counts, Splits, bsds300, tiles};

/// Ten images whose pixel at `(y, x)` is `(3x + 7y + 11·image) mod 256`.
fn pictures(folder: &std::path::Path) {
    for picture in 0..10_u32 {
        let image =
            image::GrayImage::from_fn(20, 16, |x, y| image::Luma([((3 * x + 7 * y + 11 * picture) % 256) as u8]));
        image.save(folder.join(format!("{picture}.png"))).unwrap();
    }
}

#[test]
fn a_tile_keeps_every_pixel() {
    let folder = tempfile::tempdir().unwrap();
    pictures(folder.path());
    let counts = Counts { train: 200, validation: 20, test: 20 };
    let splits: Splits<f64> = tiles(folder.path(), None, counts, 8, 1).unwrap();
    assert_eq!((splits.facts.features, splits.facts.image_shape), (64, Some((8, 8))));
    assert_eq!(splits.facts.shape(), [1, 8, 8]);
    // Bits per dimension: density 1 on [0, 1)^64 is 256^-64 on grey levels, 8 bits a pixel.
    assert!((splits.facts.pixel_log_det.unwrap() + 64.0 * 256_f64.ln()).abs() < 1e-9);
    for row in splits.train.rows() {
        let level = |y: usize, x: usize| (256.0 * row[8 * y + x]).floor();
        // Only the image and the position are random: neighbours differ by 3 and 7, modulo 256.
        for y in 0..8 {
            for x in 0..7 {
                assert_eq!((level(y, x + 1) - level(y, x)).rem_euclid(256.0), 3.0);
                assert_eq!((level(x + 1, y) - level(x, y)).rem_euclid(256.0), 7.0);
            }
        }
        assert!(row.iter().all(|pixel| (0.0..1.0).contains(pixel)));
    }
    // The same positions as mean-free patches, which lack the last pixel and the mean.
    let patches: Splits<f64> = bsds300(folder.path(), None, counts, 8, 1).unwrap();
    for (tile, patch) in splits.test.rows().into_iter().zip(patches.test.rows()) {
        let mean = tile.mean().unwrap();
        assert!(tile.iter().zip(patch).all(|(tile, patch)| (tile - mean - patch).abs() < 1e-12));
    }
}
