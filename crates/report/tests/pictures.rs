//! Properties of raster pictures: orientation, a common scale, and size limits.
#![allow(clippy::unwrap_used, clippy::panic)]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pdmap_report::{Figure, HeatMap, MOST_PIXELS, Page, Pictures, ReportError, Section, heat_map, pictures};
use roxmltree::Document;

/// Size and pixels (red, green, blue, opacity) of the only picture of an SVG.
fn decode(svg: &str) -> ((usize, usize), Vec<[u8; 4]>) {
    let document = Document::parse(svg).unwrap();
    let images: Vec<_> = document.descendants().filter(|node| node.has_tag_name("image")).collect();
    let [image] = images[..] else { panic!("{} pictures", images.len()) };
    let view: Vec<f64> =
        document.root_element().attribute("viewBox").unwrap().split(' ').map(|v| v.parse().unwrap()).collect();
    let number = |name: &str| image.attribute(name).unwrap().parse::<f64>().unwrap();
    assert!(number("x") >= 0.0 && number("x") + number("width") <= view[2]);
    assert!(number("y") >= 0.0 && number("y") + number("height") <= view[3]);
    let file = STANDARD.decode(image.attribute("href").unwrap().strip_prefix("data:image/png;base64,").unwrap());
    let mut reader = png::Decoder::new(std::io::Cursor::new(file.unwrap())).read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut bytes).unwrap();
    let pixels = bytes.chunks(4).map(|pixel| pixel.try_into().unwrap()).collect();
    ((info.width as usize, info.height as usize), pixels)
}

fn map(values: &[f64], size: (usize, usize)) -> HeatMap {
    HeatMap {
        title: "density".into(),
        x_label: "x".into(),
        y_label: "y".into(),
        x_range: (-1.0, 2.0),
        y_range: (0.0, 1.0),
        size,
        values: values.to_vec(),
        color: 1,
    }
}

#[test]
fn the_lowest_row_of_a_map_is_at_the_bottom_and_opacity_is_the_root() {
    let (size, pixels) = decode(&heat_map(&map(&[4.0, 1.0, 0.0, f64::NAN, 0.0, 2.0], (2, 3))).unwrap());
    assert_eq!(size, (3, 2));
    let opacity: Vec<u8> = pixels.iter().map(|pixel| pixel[3]).collect();
    assert_eq!(opacity, [0, 0, 180, 255, 128, 0]); // √(2/4), 1, √(1/4)
    assert_eq!(pixels[3][..3], [0xD5, 0x5E, 0x00]);
}

#[test]
fn pictures_appear_in_order_with_transparent_gaps() {
    let grid = Pictures {
        title: "pictures".into(),
        size: (2, 1),
        pictures: vec![vec![0.0, 1.0], vec![2.0, f64::NAN], vec![3.0, -1.0]],
        columns: 2,
        range: Some((0.0, 2.0)),
    };
    let (size, pixels) = decode(&pictures(&grid).unwrap());
    assert_eq!(size, (3, 5));
    let (none, grey) = ([0; 4], |level| [level, level, level, 255]);
    let rows: Vec<_> = pixels.chunks(3).collect();
    assert_eq!(rows[0], [grey(0), none, grey(255)]);
    assert_eq!(rows[1], [grey(128), none, none]); // the missing value
    assert_eq!(rows[2], [none; 3]);
    assert_eq!(rows[3], [grey(255), none, none]); // a value beyond the range is clamped
    assert_eq!(rows[4], [grey(0), none, none]);
}

#[test]
fn the_default_range_excludes_a_single_outlier() {
    let mut picture: Vec<f64> = (0..1000).map(|value| f64::from(value) / 1000.0).collect();
    picture[500] = 1e9;
    let grid = Pictures { title: "p".into(), size: (1, 1000), pictures: vec![picture], columns: 1, range: None };
    let (_, pixels) = decode(&pictures(&grid).unwrap());
    assert!(pixels[250][0] > 50 && pixels[250][0] < 80, "{}", pixels[250][0]);
}

#[test]
fn invalid_pictures_are_refused() {
    for values in [&[0.0; 6][..], &[-1.0, f64::NAN, -2.0, 0.0, 0.0, -0.0], &[1.0; 5]] {
        assert!(matches!(heat_map(&map(values, (2, 3))), Err(ReportError::NothingToDraw { .. })), "{values:?}");
    }
    assert!(matches!(heat_map(&map(&[], (1 << 10, 1 << 10))), Err(ReportError::TooManyCells { .. })));
    assert!(matches!(heat_map(&map(&[], (usize::MAX, 2))), Err(ReportError::TooManyCells { .. })));
    for range in [(1.0, 1.0), (2.0, 1.0), (0.0, f64::INFINITY), (f64::NAN, 1.0)] {
        let bad = HeatMap { x_range: range, ..map(&[1.0; 6], (2, 3)) };
        assert!(matches!(heat_map(&bad), Err(ReportError::BadRange { .. })), "{range:?}");
    }
    let grid = |pictures| Pictures { size: (2, 2), pictures, columns: 3, ..Pictures::default() };
    for none in [vec![], vec![vec![0.0; 3]], vec![vec![f64::NAN; 4]]] {
        assert!(matches!(pictures(&grid(none)), Err(ReportError::NothingToDraw { .. })));
    }
    let wide = Pictures { size: (1, MOST_PIXELS + 1), pictures: vec![vec![]], ..Pictures::default() };
    assert!(matches!(pictures(&wide), Err(ReportError::TooManyCells { .. })));
    let reversed = Pictures { range: Some((1.0, 0.0)), ..grid(vec![vec![0.0; 4]]) };
    assert!(matches!(pictures(&reversed), Err(ReportError::BadRange { .. })));
    // A constant picture is valid.
    assert!(pictures(&grid(vec![vec![7.0; 4]; 2])).is_ok());
}

#[test]
fn a_page_may_show_them() {
    let figures = vec![
        Figure::of_heat_map(&map(&[1.0; 6], (2, 3)), "a map").unwrap(),
        Figure::of_pictures(
            &Pictures { title: "p".into(), size: (1, 1), pictures: vec![vec![1.0]], columns: 1, range: None },
            "a picture",
        )
        .unwrap(),
    ];
    let section = Section { heading: "Pictures".into(), figures, ..Section::default() };
    let page = Page { title: "page".into(), sections: vec![section], ..Page::default() }.render().unwrap();
    assert!(page.contains("img-src data:"), "the policy must allow pictures inside the page");
    assert_eq!(page.matches("data:image/png;base64,").count(), 2);
}
