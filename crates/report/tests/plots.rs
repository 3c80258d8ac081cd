//! Properties of every plot: well-formed, complete, themeable.
#![allow(clippy::unwrap_used, clippy::panic)]

use pdmap_report::{Interval, IntervalPlot, LinePlot, ReportError, Series, color, interval_plot, line_plot};
use roxmltree::Document;

fn series(name: &str, color: usize, points: &[(f64, f64)]) -> Series {
    Series { name: name.to_owned(), points: points.to_vec(), color, label: true }
}

fn lines(series: Vec<Series>) -> LinePlot {
    LinePlot {
        title: "a title".to_owned(),
        x_label: "step".to_owned(),
        y_label: "score".to_owned(),
        series,
        ..LinePlot::default()
    }
}

fn texts(svg: &str) -> Vec<String> {
    let document = Document::parse(svg).unwrap();
    let texts = document.descendants().filter(|n| n.has_tag_name("text"));
    // Entities split text nodes, so all of them are collected.
    texts
        .map(|n| n.descendants().filter_map(|d| if d.is_text() { d.text() } else { None }).collect::<String>())
        .map(|t: String| t.trim().to_owned())
        .collect()
}

/// Vertices of all data lines of palette index `index`.
fn vertices(svg: &str, index: usize) -> Vec<Vec<(f64, f64)>> {
    let document = Document::parse(svg).unwrap();
    document
        .descendants()
        .filter(|n| n.has_tag_name("polyline") && n.attribute("stroke") == Some(color(index)))
        // The legend's sample is opaque; data lines are not.
        .filter(|n| n.attribute("stroke-opacity").is_some())
        .map(|n| {
            let pairs = n.attribute("points").unwrap().split_whitespace();
            let pairs = pairs.map(|p| p.split_once(',').unwrap());
            pairs.map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap())).collect()
        })
        .collect()
}

fn check(svg: &str) {
    let document = Document::parse(svg).unwrap_or_else(|e| panic!("{e} in {svg}"));
    let root = document.root_element();
    assert_eq!(root.tag_name().name(), "svg");
    assert_eq!(root.attribute("width"), Some("100%"));
    assert_eq!(root.attribute("height"), None);
    let view: Vec<f64> = root.attribute("viewBox").unwrap().split(' ').map(|v| v.parse().unwrap()).collect();
    assert_eq!(view[..2], [0.0, 0.0]);
    for node in root.descendants().filter(|n| n.is_element()) {
        for name in ["fill", "stroke"] {
            let value = node.attribute(name).unwrap_or("none");
            let series = (0..7).any(|i| value == color(i));
            assert!(series || value == "currentColor" || value == "none", "{name}={value}");
        }
        // Nothing lies outside the view.
        for (names, limit) in [(["x", "cx"], view[2]), (["y", "cy"], view[3])] {
            for value in names.iter().filter_map(|n| node.attribute(*n)) {
                let value: f64 = value.parse().unwrap();
                assert!((0.0..=limit).contains(&value), "{value} of {limit}");
            }
        }
        for pair in node.attribute("points").unwrap_or("").split_whitespace() {
            let (x, y) = pair.split_once(',').unwrap();
            assert!((0.0..=view[2]).contains(&x.parse().unwrap()), "{pair}");
            assert!((0.0..=view[3]).contains(&y.parse().unwrap()), "{pair}");
        }
    }
}

#[test]
fn the_legend_names_every_labelled_series_once() {
    let mut all: Vec<Series> =
        (0..9).map(|i| series(&format!("arm number {i}"), i, &[(0.0, 1.0), (1.0, i as f64)])).collect();
    all.push(Series { label: false, ..series("a further seed", 0, &[(0.0, 2.0), (1.0, 2.0)]) });
    all.push(all[3].clone());
    let svg = line_plot(&lines(all)).unwrap();
    check(&svg);
    let texts = texts(&svg);
    for i in 0..9 {
        let name = format!("arm number {i}");
        assert_eq!(texts.iter().filter(|t| **t == name).count(), 1, "{name}");
    }
    assert!(!texts.iter().any(|t| t == "a further seed"));
    for expected in ["a title", "step", "score"] {
        assert!(texts.iter().any(|t| t == expected), "{expected}");
    }
}

#[test]
fn the_legend_is_below_the_data() {
    let svg = line_plot(&lines(vec![series("arm", 2, &[(0.0, -1.0), (1.0, 4.0)])])).unwrap();
    let lowest = vertices(&svg, 2).into_iter().flatten().map(|p| p.1).fold(0.0, f64::max);
    let document = Document::parse(&svg).unwrap();
    let name =
        document.descendants().find(|n| n.has_tag_name("text") && n.text().is_some_and(|t| t.trim() == "arm")).unwrap();
    let y: f64 = name.attribute("y").unwrap().parse().unwrap();
    assert!(y > lowest + 100.0, "{y} {lowest}");
}

#[test]
fn names_are_escaped_and_unprintable_characters_replaced() {
    let name = "<script>\"&'\u{1}";
    let mut plot = lines(vec![series(name, 0, &[(0.0, 1.0), (1.0, 2.0)])]);
    plot.title = "<b>&\u{0}".to_owned();
    plot.reference = vec![("</svg>".to_owned(), 1.5)];
    let svg = line_plot(&plot).unwrap();
    check(&svg);
    assert!(!svg.contains("<script>"));
    let texts = texts(&svg);
    assert!(texts.contains(&"<script>\"&'\u{FFFD}".to_owned()), "{texts:?}");
    assert!(texts.iter().any(|t| t.starts_with("</svg> (1.5")), "{texts:?}");
}

#[test]
fn nonfinite_points_leave_a_gap() {
    let nan = f64::NAN;
    let inf = f64::INFINITY;
    let points = [(0.0, 1.0), (1.0, 2.0), (2.0, nan), (3.0, 3.0), (4.0, 1.0), (5.0, -inf), (inf, 2.0)];
    let svg = line_plot(&lines(vec![series("arm", 1, &points)])).unwrap();
    check(&svg);
    let drawn = vertices(&svg, 1);
    assert_eq!(drawn.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2]);
    assert!(!svg.contains("NaN") && !svg.contains("inf"));
}

#[test]
fn nothing_to_draw_is_a_typed_error_with_the_counts() {
    let nothing = [
        lines(vec![]),
        lines(vec![series("arm", 0, &[])]),
        lines(vec![series("arm", 0, &[(f64::NAN, 1.0), (1.0, f64::NAN)])]),
        LinePlot { log_y: true, ..lines(vec![series("arm", 0, &[(1.0, 0.0), (2.0, -1.0)])]) },
        LinePlot { log_x: true, ..lines(vec![series("arm", 0, &[(0.0, 1.0), (-2.0, 1.0)])]) },
    ];
    for (plot, counts) in nothing.iter().zip([(0, 0), (1, 0), (1, 2), (1, 2), (1, 2)]) {
        match line_plot(plot) {
            Err(ReportError::NothingToDraw { series, points, .. }) => assert_eq!((series, points), counts),
            other => panic!("{other:?}"),
        }
    }
    let plot = IntervalPlot::default();
    assert!(matches!(interval_plot(&plot), Err(ReportError::NothingToDraw { series: 0, .. })));
}

#[test]
fn logarithmic_axes_skip_nonpositive_values() {
    let points = [(0.0, 1.0), (1.0, 1.0), (10.0, 10.0), (100.0, 100.0), (200.0, 0.0)];
    let plot = LinePlot { log_x: true, log_y: true, ..lines(vec![series("arm", 0, &points)]) };
    let svg = line_plot(&plot).unwrap();
    check(&svg);
    let drawn = vertices(&svg, 0);
    assert_eq!(drawn.len(), 1);
    let [a, b, c] = drawn[0].as_slice() else { panic!("{drawn:?}") };
    // Decades are evenly spaced on both axes.
    assert!((b.0 - a.0 - (c.0 - b.0)).abs() <= 1.0, "{drawn:?}");
    assert!((b.1 - a.1 - (c.1 - b.1)).abs() <= 1.0, "{drawn:?}");
}

#[test]
fn a_diverging_point_neither_compresses_the_rest_nor_goes_unmentioned() {
    let curve = |offset: f64| -> Vec<(f64, f64)> {
        (0..50).map(|i| (f64::from(i), offset - (-f64::from(i) / 10.0).exp())).collect()
    };
    let mut bad = curve(0.1);
    bad[3].1 = -1e8;
    let height = |points: Vec<(f64, f64)>| {
        let svg = line_plot(&lines(vec![series("a", 0, &curve(0.0)), series("b", 1, &points)])).unwrap();
        check(&svg);
        let ys: Vec<f64> = vertices(&svg, 0).into_iter().flatten().map(|p| p.1).collect();
        let note = texts(&svg).iter().any(|t| t.contains("1 of 100 points below"));
        (ys.iter().copied().fold(0.0, f64::max) - ys.iter().copied().fold(f64::MAX, f64::min), note)
    };
    let (clean, clean_note) = height(curve(0.1));
    let (with_bad, bad_note) = height(bad);
    assert!(with_bad > 0.5 * clean, "{with_bad} of {clean}");
    assert!(!clean_note && bad_note);
}

#[test]
fn a_given_range_is_obeyed_and_checked() {
    let data = || vec![series("arm", 0, &[(0.0, 0.0), (1.0, 10.0)])];
    let svg = line_plot(&LinePlot { y_range: Some((0.0, 5.0)), ..lines(data()) }).unwrap();
    check(&svg);
    assert!(texts(&svg).iter().any(|t| t.contains("1 of 2 points above")));
    for (low, high, log_y) in [(1.0, 1.0, false), (2.0, 1.0, false), (f64::NAN, 1.0, false), (0.0, 1.0, true)] {
        let plot = LinePlot { y_range: Some((low, high)), log_y, ..lines(data()) };
        assert!(matches!(line_plot(&plot), Err(ReportError::BadRange { .. })), "{low} {high}");
    }
}

#[test]
fn references_are_named_with_their_value_even_out_of_range() {
    let mut plot = lines(vec![series("arm", 0, &[(0.0, 0.0), (1.0, 1.0)])]);
    plot.reference = vec![("near".to_owned(), 1.5), ("far".to_owned(), -1e6), ("none".to_owned(), f64::NAN)];
    let svg = line_plot(&plot).unwrap();
    check(&svg);
    let texts = texts(&svg);
    assert!(texts.iter().any(|t| t == "near (1.500)"), "{texts:?}");
    assert!(texts.iter().any(|t| t.starts_with("far (") && t.contains("off the range")));
    assert!(texts.iter().any(|t| t.starts_with("none (—")));
}

#[test]
fn odd_sizes_stay_inside_the_view() {
    let long = "a-name-without-any-space-that-goes-on-and-on-and-on-far-beyond-the-width-of-the-plot";
    for (scale, shift) in [(1e-12, 0.0), (1e12, 0.0), (1.0, 1e15), (0.0, 3.0), (1e299, 0.0)] {
        let points: Vec<(f64, f64)> = (0..40).map(|i| (f64::from(i), shift + scale * f64::from(i))).collect();
        let svg = line_plot(&lines(vec![series(long, 4, &points), series("b", 5, &points[..1])])).unwrap();
        check(&svg);
    }
}

#[test]
fn arms_differ_without_colour() {
    let all = (0..5).map(|i| series(&format!("arm {i}"), i, &[(0.0, i as f64), (1.0, 0.0)])).collect();
    let svg = line_plot(&lines(all)).unwrap();
    let document = Document::parse(&svg).unwrap();
    let mut dashes: Vec<&str> = (0..5)
        .map(|i| {
            let line = document.descendants().find(|n| n.attribute("stroke") == Some(color(i))).unwrap();
            line.attribute("stroke-dasharray").unwrap_or("solid")
        })
        .collect();
    dashes.sort_unstable();
    dashes.dedup();
    assert_eq!(dashes.len(), 5);
}

fn interval(name: &str, mean: f64, low: f64, high: f64, points: &[f64]) -> Interval {
    Interval { name: name.to_owned(), mean, low, high, points: points.to_vec(), color: 1 }
}

#[test]
fn interval_rows_show_name_mean_and_every_finite_seed() {
    let plot = IntervalPlot {
        title: "scores".to_owned(),
        x_label: "nats".to_owned(),
        intervals: vec![
            interval("<first>", -1.25, -1.5, -1.0, &[-1.4, -1.1, f64::NAN]),
            interval("diverged", f64::NAN, f64::NAN, f64::NAN, &[f64::INFINITY]),
            interval("one seed", -1.2, f64::NAN, f64::NAN, &[-1.2]),
        ],
        reference: vec![("baseline".to_owned(), -1.6)],
    };
    let svg = interval_plot(&plot).unwrap();
    check(&svg);
    let texts = texts(&svg);
    for expected in ["scores", "nats", "<first>", "−1.2500", "diverged", "no value", "one seed"] {
        assert!(texts.iter().any(|t| t == expected), "{expected} in {texts:?}");
    }
    assert!(texts.iter().any(|t| t.starts_with("baseline (−1.6")), "{texts:?}");
    let document = Document::parse(&svg).unwrap();
    let dots = document.descendants().filter(|n| n.has_tag_name("circle")).count();
    assert_eq!(dots, 3);
}

#[test]
fn a_distant_seed_is_an_arrow_at_the_border() {
    let plot = IntervalPlot {
        intervals: (0..6)
            .map(|i| interval(&format!("arm {i}"), 1.0 + 0.1 * i as f64, 0.9, 1.7, &[1.0, 1.3]))
            .chain([interval("bad", 1.1, -1e7, 1.2, &[-1e7])])
            .collect(),
        ..IntervalPlot::default()
    };
    let svg = interval_plot(&plot).unwrap();
    check(&svg);
    let document = Document::parse(&svg).unwrap();
    // Each arm has a square for its mean; the distant one has arrows for the parts beyond the
    // range.
    let triangles = document
        .descendants()
        .filter_map(|n| if n.has_tag_name("polygon") { n.attribute("points") } else { None })
        .filter(|p| p.split_whitespace().count() == 3)
        .count();
    assert_eq!(triangles, 2);
}

#[test]
fn a_reversed_interval_is_refused() {
    let plot = IntervalPlot { intervals: vec![interval("arm", 1.0, 2.0, 0.5, &[])], ..IntervalPlot::default() };
    match interval_plot(&plot) {
        Err(ReportError::ReversedInterval { name, low, high }) => {
            assert_eq!((name.as_str(), low, high), ("arm", 2.0, 0.5));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn tick_labels_do_not_overlap() {
    for (low, high) in [(0.0, 6000.0), (-1.385, -1.195), (1e6, 1e6 + 40.0), (1e-5, 3e-5)] {
        let svg = line_plot(&lines(vec![series("arm", 0, &[(low, 0.0), (high, 1.0)])])).unwrap();
        check(&svg);
        let document = Document::parse(&svg).unwrap();
        // Labels of the x-axis are the centred texts except the axis title.
        let centred = document.descendants().filter(|n| n.attribute("text-anchor") == Some("middle"));
        let mut labels: Vec<(f64, usize)> = centred
            .map(|n| (n.attribute("x").unwrap().parse().unwrap(), n.text().unwrap().trim()))
            .filter(|(_, text)| *text != "step")
            .map(|(x, text): (f64, &str)| (x, text.chars().count()))
            .collect();
        labels.sort_by(|a, b| a.0.total_cmp(&b.0));
        assert!(labels.len() >= 2, "{labels:?}");
        for pair in labels.windows(2) {
            // Half of both labels, with at least half an em (70 units) per character.
            let needed = 35.0 * (pair[0].1 + pair[1].1) as f64;
            assert!(pair[1].0 - pair[0].0 > needed, "{labels:?}");
        }
    }
}
