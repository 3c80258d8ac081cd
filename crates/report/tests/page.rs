//! Properties of every page: one file, escaped, complete.
#![allow(clippy::unwrap_used, clippy::panic)]

use pdmap_report::{Figure, LinePlot, Page, ReportError, Section, Series, Table};
use roxmltree::{Document, ParsingOptions};

const HOSTILE: &str = "<script>alert('x')</script> & \"more\"";

fn plot(title: &str) -> LinePlot {
    LinePlot {
        title: title.to_owned(),
        x_label: HOSTILE.to_owned(),
        y_label: "score".to_owned(),
        series: vec![Series {
            name: "<script>".to_owned(),
            points: vec![(0.0, 1.0), (1.0, 2.0)],
            color: 0,
            label: true,
        }],
        ..LinePlot::default()
    }
}

fn table() -> Table {
    let row = |name: &str, value: &str| vec![name.to_owned(), value.to_owned()];
    Table {
        caption: HOSTILE.to_owned(),
        header: row("arm", "score"),
        rows: vec![row(HOSTILE, "−1.2 ± 0.1"), row("b", "−1.1"), row("c", "—")],
        best: vec![1],
        note: HOSTILE.to_owned(),
    }
}

/// A page with the hostile text in every text field.
fn page() -> Page {
    let h = || HOSTILE.to_owned();
    let section = Section {
        heading: h(),
        paragraphs: vec![h(), "a\u{0}b".to_owned()],
        table: Some(table()),
        figures: vec![Figure::of_lines(&plot(HOSTILE), HOSTILE).unwrap()],
        facts: vec![(h(), h())],
    };
    Page {
        title: h(),
        verdict: vec![h(), h()],
        sections: vec![section, Section::default(), Section { heading: h(), ..Section::default() }],
        generated_by: h(),
    }
}

/// Pages are also well-formed XML.
fn parse(html: &str) -> Document<'_> {
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    Document::parse_with_options(html, options).unwrap_or_else(|e| panic!("{e} in {html}"))
}

fn all_text(node: roxmltree::Node<'_, '_>) -> String {
    node.descendants().filter(|d| d.is_text()).filter_map(|d| d.text()).collect()
}

#[test]
fn hostile_text_stays_text_everywhere() {
    let html = page().render().unwrap();
    assert!(html.starts_with("<!DOCTYPE html>"));
    let document = parse(&html);
    assert!(!document.descendants().any(|n| n.has_tag_name("script")));
    for tag in ["title", "h1", "p", "h2", "h3", "caption", "th", "figcaption", "dt", "dd", "a", "footer"] {
        let found = document
            .descendants()
            .any(|n| n.tag_name().name() == tag && all_text(n).contains("<script>alert('x')</script>"));
        assert!(found, "{tag}");
    }
    assert!(!html.contains('\u{0}'));
}

#[test]
fn the_page_loads_and_runs_nothing() {
    let html = page().render().unwrap();
    let namespace = "xmlns=\"http://www.w3.org/2000/svg\"";
    let rest = html.replace(namespace, "").to_lowercase();
    assert!(html.contains(namespace));
    for forbidden in ["http://", "https://", "//www", "@import", "url(", "<script", "javascript:"] {
        assert!(!rest.contains(forbidden), "{forbidden}");
    }
    for node in parse(&html).descendants() {
        for attribute in node.attributes() {
            let (name, value) = (attribute.name(), attribute.value());
            assert!(!name.starts_with("on") && name != "src", "{name}");
            if name == "href" {
                assert!(value.starts_with('#') || value == "data:,", "{value}");
            }
        }
    }
    assert!(html.contains("default-src 'none'"));
}

#[test]
fn the_structure_is_semantic() {
    let html = page().render().unwrap();
    let document = parse(&html);
    let count = |tag: &str| document.descendants().filter(|n| n.tag_name().name() == tag).count();
    assert_eq!(document.root_element().attribute("lang"), Some("en"));
    assert_eq!((count("main"), count("h1"), count("h2")), (1, 1, 3));
    assert_eq!((count("figure"), count("figcaption"), count("svg")), (1, 1, 1));
    assert_eq!((count("table"), count("caption"), count("nav"), count("dl")), (1, 1, 1, 1));
    assert!(html.contains("<meta charset=\"utf-8\"/>") && html.contains("name=\"viewport\""));
    for th in document.descendants().filter(|n| n.has_tag_name("th")) {
        assert!(matches!(th.attribute("scope"), Some("col" | "row")));
    }
    // The verdict precedes every section.
    assert!(html.find("class=\"verdict\"").unwrap() < html.find("<section").unwrap());
    // Every link has a target, and every id is unique.
    let mut ids: Vec<&str> = document.descendants().filter_map(|n| n.attribute("id")).collect();
    let with_repeats = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), with_repeats);
    for link in document.descendants().filter(|n| n.has_tag_name("a")) {
        assert!(ids.contains(&link.attribute("href").unwrap().trim_start_matches('#')));
    }
}

#[test]
fn numbers_are_right_aligned_and_the_best_row_is_marked() {
    let html = page().render().unwrap();
    let document = parse(&html);
    let rows: Vec<_> = document.descendants().filter(|n| n.has_tag_name("tr")).collect();
    assert_eq!(rows.len(), 4);
    let best: Vec<usize> = (0..4).filter(|i| rows[*i].attribute("class") == Some("best")).collect();
    assert_eq!(best, [2]);
    for row in &rows {
        let classes: Vec<_> = row.children().filter(|n| n.is_element()).map(|n| n.attribute("class")).collect();
        assert_eq!(classes, [None, Some("number")]);
    }
}

#[test]
fn several_best_rows_are_marked_as_alike() {
    let page = |best: Vec<usize>| {
        let section = Section { table: Some(Table { best, ..table() }), ..Section::default() };
        Page { sections: vec![section], ..Page::default() }.render().unwrap()
    };
    assert_eq!(page(vec![0, 2]).matches("best (alike)</span>").count(), 2);
    assert_eq!(page(vec![2]).matches(">best</span>").count(), 1);
    assert!(!page(vec![]).contains("badge\">"));
}

#[test]
fn a_figure_takes_the_title_out_of_its_plot() {
    let figure = Figure::of_lines(&plot("unique title"), "").unwrap();
    assert_eq!(figure.title, "unique title");
    let svg = Document::parse(&figure.svg).unwrap();
    let drawn = svg.descendants().filter(|n| n.has_tag_name("text")).any(|n| all_text(n).contains("unique"));
    assert!(!drawn);
    assert_eq!(svg.root_element().attribute("aria-label"), Some("unique title"));
}

#[test]
fn inconsistent_tables_are_refused() {
    let render = |table: Table| {
        let section = Section { table: Some(table), ..Section::default() };
        Page { sections: vec![section], ..Page::default() }.render()
    };
    let mut ragged = table();
    ragged.rows[2].push("extra".to_owned());
    match render(ragged) {
        Err(ReportError::RaggedRow { row, cells, columns, .. }) => {
            assert_eq!((row, cells, columns), (2, 3, 2))
        }
        other => panic!("{other:?}"),
    }
    match render(Table { best: vec![1, 3], ..table() }) {
        Err(ReportError::NoBestRow { best, rows, .. }) => assert_eq!((best, rows), (3, 3)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_empty_page_is_valid() {
    let html = Page::default().render().unwrap();
    parse(&html);
}
