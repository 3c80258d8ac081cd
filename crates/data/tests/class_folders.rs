//! Images in class folders.
#![allow(clippy::unwrap_used, missing_docs)]

use std::path::Path;

use image::{Rgb, RgbImage};
use pdmap_data::{DataError, read_class_folder, read_color_class_folder};
use tempfile::TempDir;

fn save(folder: &Path, name: &str, rgb: [u8; 3]) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    RgbImage::from_pixel(3, 2, Rgb(rgb)).save(path).unwrap();
}

#[test]
fn classes_are_the_folders_in_name_order() {
    let folder = TempDir::new().unwrap();
    for (name, level) in [("dog/b.png", 4), ("cat/z.png", 1), ("dog/a.png", 3), ("cat/zz.PNG", 2), ("emu/1.png", 5)] {
        save(folder.path(), name, [level, 2 * level, 0]);
    }
    std::fs::create_dir(folder.path().join(".thumbnails")).unwrap();
    std::fs::write(folder.path().join("notes.txt"), "no image").unwrap();
    let color = read_color_class_folder(folder.path()).unwrap();
    assert_eq!(color.classes, ["cat", "dog", "emu"]);
    assert_eq!(color.labels, [0, 0, 1, 1, 2]);
    let names: Vec<&str> = color.images.iter().map(|image| image.name.as_str()).collect();
    assert_eq!(names, ["z.png", "zz.PNG", "a.png", "b.png", "1.png"]);
    for (image, level) in color.images.iter().zip(1..) {
        assert_eq!(image.pixels.dim(), (3, 2, 3));
        assert_eq!([0, 1, 2].map(|channel| image.pixels[[channel, 1, 2]]), [level, 2 * level, 0]);
    }
    let gray = read_class_folder(folder.path()).unwrap();
    assert_eq!((gray.classes, gray.labels), (color.classes, color.labels));
    // 0.299 * 5 + 0.587 * 10 = 7.4.
    assert!(gray.images[4].pixels.iter().all(|&level| level == 7.0));
}

#[test]
fn other_folders_are_refused() {
    let folder = TempDir::new().unwrap();
    let error = || read_class_folder(folder.path()).unwrap_err();
    assert!(matches!(error(), DataError::NoClasses { path } if path == folder.path()));
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    assert!(matches!(error(), DataError::NoImages { path } if path.ends_with("empty")));
    save(folder.path(), "empty/a.png", [1; 3]);
    assert_eq!(read_class_folder(folder.path()).unwrap().labels, [0]);
    save(folder.path(), "stray.png", [1; 3]);
    assert!(matches!(error(), DataError::ImageOutsideClasses { path } if path.ends_with("stray.png")));
    assert!(matches!(read_class_folder(&folder.path().join("stray.png")), Err(DataError::NotAFolder { .. })));
}
