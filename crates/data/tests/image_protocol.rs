//! Image folders, and which images each part of a split uses.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeSet;
use std::path::Path;

use image::{GrayImage as Picture, Luma, Rgb, RgbImage, Rgba, RgbaImage};
use ndarray::Array2;
use pdmap_data::{Counts, DataError, bsds300, read_image_folder};
use tempfile::TempDir;

/// Stripes whose height identifies the source image of a patch despite noise and mean removal.
fn stripes(folder: &Path, levels: impl IntoIterator<Item = u8>) {
    for level in levels {
        let picture = Picture::from_fn(40, 30, |x, _| Luma([if x % 2 == 0 { 0 } else { level }]));
        picture.save(folder.join(format!("{level:03}.png"))).unwrap();
    }
}

/// The stripe heights in a set of patches, to the nearest ten.
fn levels(rows: &Array2<f64>) -> BTreeSet<u8> {
    rows.rows()
        .into_iter()
        .map(|row| {
            let (low, high) = row.iter().fold((1.0_f64, -1.0_f64), |(l, h), &v| (l.min(v), h.max(v)));
            // Within 1 of the height; heights are 10 apart.
            ((256.0 * (high - low) / 10.0).round() * 10.0) as u8
        })
        .collect()
}

const COUNTS: Counts = Counts { train: 600, validation: 100, test: 200 };

#[test]
fn a_folder_is_read_as_luma_in_name_order() {
    let folder = TempDir::new().unwrap();
    let save = |name: &str, rgb: [u8; 3]| {
        RgbImage::from_pixel(3, 2, Rgb(rgb)).save(folder.path().join(name)).unwrap();
    };
    save("b.png", [200, 100, 50]);
    save("c.PNG", [255, 0, 0]);
    RgbaImage::from_pixel(2, 2, Rgba([9, 9, 9, 0])).save(folder.path().join("a.png")).unwrap();
    // A PNG despite its name.
    std::fs::copy(folder.path().join("b.png"), folder.path().join("d.jpg")).unwrap();
    std::fs::write(folder.path().join("notes.txt"), "no image").unwrap();
    let images = read_image_folder(folder.path()).unwrap();
    let names: Vec<&str> = images.iter().map(|image| image.name.as_str()).collect();
    assert_eq!(names, ["a.png", "b.png", "c.PNG", "d.jpg"]);
    assert_eq!(images[1].pixels.dim(), (2, 3));
    // 59.8 + 58.7 + 5.7 = 124.2.
    assert!(images[1].pixels.iter().all(|&p| p == 124.0));
    assert_eq!(images[0].pixels[[0, 0]], 9.0);
    assert_eq!(images[2].pixels[[1, 2]], 76.0);
    assert_eq!(images[1].pixels, images[3].pixels);
}

#[test]
fn unreadable_folders_and_images_are_reported() {
    let folder = TempDir::new().unwrap();
    let read = || read_image_folder(folder.path());
    assert!(matches!(read(), Err(DataError::NoImages { .. })));
    std::fs::write(folder.path().join("b.png"), "not an image").unwrap();
    std::fs::write(folder.path().join("a.jpg"), "nor this").unwrap();
    for _ in 0..20 {
        assert!(matches!(
            read(),
            Err(DataError::BadImage { path, .. }) if path.ends_with("a.jpg")
        ));
    }
    assert!(matches!(read_image_folder(&folder.path().join("a.jpg")), Err(DataError::NotAFolder { .. })));
    assert!(matches!(read_image_folder(&folder.path().join("none")), Err(DataError::NotFound { .. })));
}

#[test]
fn an_image_of_absurd_size_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("wide.png");
    Picture::new(40_000, 1).save(&path).unwrap();
    assert!(matches!(read_image_folder(folder.path()), Err(DataError::BadImage { .. })));
}

#[test]
fn first_images_train_last_images_validate_and_the_test_folder_tests() {
    let (train, test) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    stripes(train.path(), (1..=20).map(|k| 10 * k));
    stripes(test.path(), [210, 220]);
    let splits = bsds300::<f64>(train.path(), Some(test.path()), COUNTS, 4, 3).unwrap();
    assert_eq!(splits.train.dim(), (600, 15));
    assert_eq!(splits.validation.dim(), (100, 15));
    assert_eq!(splits.test.dim(), (200, 15));
    let first: BTreeSet<u8> = (1..=18).map(|k| 10 * k).collect();
    assert_eq!(levels(&splits.train), first);
    assert_eq!(levels(&splits.validation), BTreeSet::from([190, 200]));
    assert_eq!(levels(&splits.test), BTreeSet::from([210, 220]));
    let facts = splits.facts;
    assert_eq!((facts.features, facts.image_shape), (15, Some((4, 4))));
    let log_det = facts.pixel_log_det.unwrap();
    assert!((log_det + 15.0 * 256.0_f64.ln()).abs() < 1e-9);
}

#[test]
fn without_a_test_folder_no_image_is_in_two_parts() {
    let folder = TempDir::new().unwrap();
    stripes(folder.path(), (1..=20).map(|k| 10 * k));
    let run = |seed| bsds300::<f64>(folder.path(), None, COUNTS, 4, seed).unwrap();
    let splits = run(5);
    let (train, validation, test) = (levels(&splits.train), levels(&splits.validation), levels(&splits.test));
    assert_eq!((train.len(), validation.len(), test.len()), (16, 2, 2));
    assert_eq!(train.union(&validation).chain(&test).count(), 20);
    assert!(train.is_disjoint(&test) && train.is_disjoint(&validation));
    assert_eq!(run(5).test, splits.test);
    assert_ne!(levels(&run(6).test), test);
}

#[test]
fn parts_do_not_share_their_noise() {
    let (train, test) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    // Flat images: a patch consists of its noise only.
    for (folder, names) in [(&train, &["a", "b"][..]), (&test, &["c"][..])] {
        for name in names {
            let picture = Picture::from_pixel(9, 9, Luma([7]));
            picture.save(folder.path().join(format!("{name}.png"))).unwrap();
        }
    }
    let counts = Counts { train: 50, validation: 50, test: 50 };
    let splits = bsds300::<f64>(train.path(), Some(test.path()), counts, 8, 3).unwrap();
    for (a, b) in
        [(&splits.train, &splits.validation), (&splits.train, &splits.test), (&splits.validation, &splits.test)]
    {
        let shared = a.iter().filter(|v| b.iter().any(|w| w == *v)).count();
        assert_eq!(shared, 0);
    }
}

#[test]
fn too_few_shared_and_small_images_are_refused() {
    let (train, test) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    stripes(train.path(), [10]);
    stripes(test.path(), [20]);
    let run = |test: Option<&Path>, patch| bsds300::<f64>(train.path(), test, COUNTS, patch, 0).unwrap_err();
    assert!(matches!(run(Some(test.path()), 8), DataError::TooFewImages { expected: 2, actual: 1, .. }));
    assert!(matches!(run(None, 8), DataError::TooFewImages { expected: 3, actual: 1, .. }));
    stripes(train.path(), [20, 30]);
    assert!(matches!(
        run(Some(test.path()), 8),
        DataError::SharedImage { name, .. } if name == "020.png"
    ));
    assert!(matches!(run(None, 31), DataError::ImageTooSmall { width: 40, height: 30, patch: 31, .. }));
    assert!(matches!(run(None, 0), DataError::BadOption { option: "patch", .. }));
}
