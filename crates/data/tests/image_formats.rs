//! JPEG, PNG, TIFF and WebP, as grey levels and as three channels, against the `image` crate and
//! against pixels that were written without loss.
#![allow(clippy::unwrap_used, missing_docs)]

use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::{DynamicImage, ImageFormat, Luma, Rgb, RgbImage, Rgba};
use pdmap_data::{DataError, read_color_folder, read_color_image, read_image, read_image_folder};
use tempfile::TempDir;
use tiff::encoder::{Compression, TiffEncoder, colortype};

const SIZE: (u32, u32) = (23, 17);

/// Colours that change in every direction, and all different.
fn colour(x: u32, y: u32) -> [u8; 3] {
    [(11 * x + y) as u8, (5 * x + 13 * y) as u8, (255 - 7 * x - 3 * y) as u8]
}

fn picture() -> RgbImage {
    RgbImage::from_fn(SIZE.0, SIZE.1, |x, y| Rgb(colour(x, y)))
}

fn wide(level: u8, x: u32) -> u16 {
    u16::from(level) * 256 + (97 * x % 256) as u16
}

fn file(folder: &TempDir, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join("x.png");
    std::fs::write(&path, bytes).unwrap();
    path
}

fn luma([red, green, blue]: [u8; 3]) -> f64 {
    (f64::from(red) * 0.299 + f64::from(green) * 0.587 + f64::from(blue) * 0.114 + 1e-9).round()
}

/// Both readers must give the pixels of `expected`.
fn reads(path: &Path, expected: &RgbImage) {
    let (gray, color) = (read_image(path).unwrap().pixels, read_color_image(path).unwrap().pixels);
    assert_eq!(gray.dim(), (expected.height() as usize, expected.width() as usize));
    assert_eq!(color.dim(), (3, gray.nrows(), gray.ncols()));
    for (x, y, pixel) in expected.enumerate_pixels() {
        let at = (y as usize, x as usize);
        assert_eq!([0, 1, 2].map(|channel| color[[channel, at.0, at.1]]), pixel.0, "{x} {y}");
        assert_eq!(gray[at], luma(pixel.0), "{x} {y}");
    }
}

#[test]
fn png_and_jpeg_of_every_kind_agree_with_the_image_crate() {
    let folder = TempDir::new().unwrap();
    let (width, height) = SIZE;
    let gray = |x, y| colour(x, y)[0];
    let images: [DynamicImage; 8] = [
        picture().into(),
        image::GrayImage::from_fn(width, height, |x, y| Luma([gray(x, y)])).into(),
        image::GrayAlphaImage::from_fn(width, height, |x, y| image::LumaA([gray(x, y), x as u8])).into(),
        image::RgbaImage::from_fn(width, height, |x, y| {
            let [r, g, b] = colour(x, y);
            Rgba([r, g, b, x as u8])
        })
        .into(),
        image::ImageBuffer::from_fn(width, height, |x, y| Luma([wide(gray(x, y), x)])).into(),
        image::ImageBuffer::from_fn(width, height, |x, y| image::LumaA([wide(gray(x, y), x), 9])).into(),
        image::ImageBuffer::from_fn(width, height, |x, y| Rgb(colour(x, y).map(|level| wide(level, x)))).into(),
        image::ImageBuffer::from_fn(width, height, |x, y| {
            let [r, g, b] = colour(x, y).map(|level| wide(level, y));
            Rgba([r, g, b, 9])
        })
        .into(),
    ];
    for (index, image) in images.iter().enumerate() {
        for format in [ImageFormat::Png, ImageFormat::Jpeg] {
            let mut bytes = Cursor::new(Vec::new());
            match format {
                ImageFormat::Png => image.write_to(&mut bytes, format).unwrap(),
                // JPEG stores 8 bits, without alpha.
                _ if index > 1 => continue,
                _ => image.write_to(&mut bytes, format).unwrap(),
            }
            let bytes = bytes.into_inner();
            let expected = image::load_from_memory(&bytes).unwrap().into_rgb8();
            reads(&file(&folder, &bytes), &expected);
        }
    }
}

#[test]
fn palettes_and_single_bits_agree_with_the_image_crate() {
    let folder = TempDir::new().unwrap();
    let cases = [
        (png::ColorType::Indexed, png::BitDepth::Two, [0b0001_1011, 0b1101_0010]),
        (png::ColorType::Grayscale, png::BitDepth::Two, [0b0001_1011, 0b1101_0010]),
        (png::ColorType::Grayscale, png::BitDepth::One, [0b1011_0000, 0b0100_0000]),
    ];
    for transparent in [false, true] {
        for (kind, depth, rows) in cases {
            let mut bytes = Vec::new();
            let mut encoder = png::Encoder::new(&mut bytes, 4, 2);
            encoder.set_color(kind);
            encoder.set_depth(depth);
            if kind == png::ColorType::Indexed {
                encoder.set_palette(vec![255, 0, 9, 3, 200, 0, 10, 20, 30, 0, 0, 255]);
                if transparent {
                    encoder.set_trns(vec![0, 7]);
                }
            }
            encoder.write_header().unwrap().write_image_data(&rows).unwrap();
            let expected = image::load_from_memory(&bytes).unwrap().into_rgb8();
            assert_ne!(expected.get_pixel(0, 0), expected.get_pixel(1, 0));
            reads(&file(&folder, &bytes), &expected);
        }
    }
}

/// A JPEG of 8x8 pixels in four inks of constant amounts, with the marker of Adobe's programs.
fn inks(transform: u8) -> Vec<u8> {
    let mut bytes = vec![0xff, 0xd8, 0xff, 0xee, 0, 14];
    bytes.extend(b"Adobe");
    bytes.extend([0, 100, 0, 0, 0, 0, transform]);
    // Quantization by 8.
    bytes.extend([0xff, 0xdb, 0, 67, 0]);
    bytes.extend([8; 64]);
    bytes.extend([0xff, 0xc0, 0, 20, 8, 0, 8, 0, 8, 4]);
    (1..=4).for_each(|ink| bytes.extend([ink, 0x11, 0]));
    // Differences: "0" is none, "10" one of 6 bits. Within a block: "0" ends it.
    bytes.extend([0xff, 0xc4, 0, 21, 0x00, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6]);
    bytes.extend([0xff, 0xc4, 0, 20, 0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    bytes.extend([0xff, 0xda, 0, 14, 4]);
    (1..=4).for_each(|ink| bytes.extend([ink, 0]));
    bytes.extend([0, 63, 0]);
    // 40 up, none, 40 down, none.
    bytes.extend([0b1010_1000, 0b0001_0010, 0b1110_0011, 0xff, 0xd9]);
    bytes
}

#[test]
fn inks_agree_with_the_image_crate() {
    let folder = TempDir::new().unwrap();
    let mut seen = Vec::new();
    for transform in [0, 2] {
        let bytes = inks(transform);
        let expected = image::load_from_memory(&bytes).unwrap().into_rgb8();
        reads(&file(&folder, &bytes), &expected);
        seen.push(expected.get_pixel(0, 0).0);
    }
    assert_ne!(seen[0], seen[1]);
}

type ToTiff<'a> = TiffEncoder<&'a mut Cursor<Vec<u8>>>;

#[test]
fn tiff_is_read_as_written() {
    let folder = TempDir::new().unwrap();
    let (width, height) = SIZE;
    let picture = picture();
    let doubled: Vec<u16> =
        picture.iter().map(|&level| (u16::from(level) * 257).saturating_add(u16::from(level % 2))).collect();
    let alpha: Vec<u8> = picture.pixels().flat_map(|pixel| [pixel.0[0], pixel.0[1], pixel.0[2], 9]).collect();
    for compression in [Compression::Uncompressed, Compression::Lzw, Compression::Packbits] {
        let written = |write: &dyn Fn(&mut ToTiff<'_>)| {
            let mut bytes = Cursor::new(Vec::new());
            write(&mut TiffEncoder::new(&mut bytes).unwrap().with_compression(compression));
            file(&folder, &bytes.into_inner())
        };
        let rgb = |to: &mut ToTiff<'_>| to.write_image::<colortype::RGB8>(width, height, &picture).unwrap();
        reads(&written(&rgb), &picture);
        // The first of two images.
        reads(
            &written(&|encoder| {
                rgb(encoder);
                encoder.write_image::<colortype::Gray8>(1, 1, &[7]).unwrap();
            }),
            &picture,
        );
        reads(&written(&|to| to.write_image::<colortype::RGB16>(width, height, &doubled).unwrap()), &picture);
        reads(&written(&|to| to.write_image::<colortype::RGBA8>(width, height, &alpha).unwrap()), &picture);
        let gray = image::GrayImage::from_fn(width, height, |x, y| Luma([colour(x, y)[1]]));
        let expected = DynamicImage::from(gray.clone()).into_rgb8();
        reads(&written(&|to| to.write_image::<colortype::Gray8>(width, height, &gray).unwrap()), &expected);
        let real = vec![0.5_f32; 6];
        let path = written(&|to| to.write_image::<colortype::Gray32Float>(3, 2, &real).unwrap());
        let error = read_image(&path).unwrap_err();
        assert!(error.to_string().contains("save it as RGB or grey of 8 or 16 bits"), "{error}");
    }
}

#[test]
fn webp_is_read_as_written() {
    let folder = TempDir::new().unwrap();
    let picture = picture();
    let alpha: Vec<u8> = picture.pixels().flat_map(|pixel| [pixel.0[0], pixel.0[1], pixel.0[2], 200]).collect();
    for (kind, levels) in [(image_webp::ColorType::Rgb8, picture.as_raw()), (image_webp::ColorType::Rgba8, &alpha)] {
        let mut bytes = Vec::new();
        image_webp::WebPEncoder::new(&mut bytes).encode(levels, SIZE.0, SIZE.1, kind).unwrap();
        reads(&file(&folder, &bytes), &picture);
    }
}

#[test]
fn folders_hold_every_format_in_name_order() {
    let folder = TempDir::new().unwrap();
    let small = RgbImage::from_pixel(2, 2, Rgb([9, 8, 7]));
    small.save(folder.path().join("d.png")).unwrap();
    for name in ["a.tif", "b.TIFF"] {
        let to = std::fs::File::create(folder.path().join(name)).unwrap();
        TiffEncoder::new(to).unwrap().write_image::<colortype::RGB8>(2, 2, &small).unwrap();
    }
    let to = std::fs::File::create(folder.path().join("c.webp")).unwrap();
    image_webp::WebPEncoder::new(to).encode(&small, 2, 2, image_webp::ColorType::Rgb8).unwrap();
    let names = ["a.tif", "b.TIFF", "c.webp", "d.png"];
    let (gray, color) = (read_image_folder(folder.path()).unwrap(), read_color_folder(folder.path()).unwrap());
    assert!(gray.iter().map(|image| image.name.as_str()).eq(names));
    assert!(color.iter().map(|image| image.name.as_str()).eq(names));
    assert!(color.iter().all(|image| image.pixels == color[0].pixels && image.pixels[[2, 1, 1]] == 7));
}

#[test]
fn absurd_sizes_are_refused_by_the_header() {
    let folder = TempDir::new().unwrap();
    let refused = |bytes: &[u8]| read_image(&file(&folder, bytes)).unwrap_err();
    // 16,383 pixels a side.
    let webp = b"RIFF\x16\0\0\0WEBPVP8L\x0a\0\0\0\x2f\xfe\xbf\xff\x0f\0\0\0\0\0";
    let error = refused(webp);
    assert!(matches!(error, DataError::ImageTooLarge { width: 16_383, height: 16_383, .. }), "{error}");
    // A directory: width, height, bits, photometric interpretation, place and length of the data.
    let tiff = |width: u32, height: u32| {
        let mut bytes = b"II\x2a\0\x08\0\0\0\x06\0".to_vec();
        for (tag, value) in [(256_u16, width), (257, height), (258, 8), (262, 1), (273, 8), (279, 1)] {
            bytes.extend(tag.to_le_bytes());
            bytes.extend([4, 0, 1, 0, 0, 0]);
            bytes.extend(value.to_le_bytes());
        }
        bytes.extend([0; 4]);
        bytes
    };
    let error = refused(&tiff(1 << 31, 1 << 31));
    assert!(matches!(error, DataError::ImageTooLarge { width: 2_147_483_648, .. }), "{error}");
    let error = refused(&tiff(40_000, 1));
    assert!(error.to_string().contains("40000x1 pixels (width x height), at most 32768 a side"), "{error}");
    for bytes in [&tiff(0, 5)[..], b"II\x2a\0", b"RIFF\0\0\0\0WEBP", b"\xff\xd8\xff", b"GIF89a", b""] {
        assert!(matches!(refused(bytes), DataError::BadImage { .. }));
    }
    assert!(refused(b"GIF89a").to_string().contains("neither JPEG nor PNG, TIFF or WebP"));
}
