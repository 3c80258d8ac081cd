//! Every link of the documentation leads somewhere: files that are there, headings that are in them.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The pages: all Markdown but what builds leave behind.
fn pages(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !name.starts_with('.') && name != "target" {
            pages(&path, found);
        } else if name.ends_with(".md") {
            found.push(path);
        }
    }
}

/// Text without code: fenced blocks and what stands between backticks.
fn prose(text: &str) -> String {
    let mut fenced = false;
    let mut out = String::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            out += &line.split('`').step_by(2).collect::<String>();
            out.push('\n');
        }
    }
    out
}

/// Targets of `[text](target)` and of images, in Markdown and in HTML.
fn links(prose: &str) -> Vec<String> {
    let of = |begin: &str, end: char| {
        let ends = prose.split(begin).skip(1).filter_map(move |rest| rest.split(end).next());
        ends.map(str::to_owned).collect::<Vec<_>>()
    };
    [of("](", ')'), of("src=\"", '"'), of("href=\"", '"')].concat()
}

/// The anchors of a page: headings in lower case, without what is neither a letter, a digit, a space nor a hyphen, hyphens for spaces.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut fenced = false;
    let mut anchors = BTreeSet::new();
    for line in text.lines() {
        fenced ^= line.trim_start().starts_with("```");
        let Some(heading) = line.strip_prefix('#').filter(|_| !fenced) else { continue };
        let kept = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        anchors.insert(kept.map(|c| if c == ' ' { '-' } else { c }).collect());
    }
    anchors
}

#[test]
fn every_link_leads_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = vec![];
    pages(root, &mut found);
    assert!(found.len() > 25, "{} pages", found.len());
    let mut broken = vec![];
    for page in &found {
        let text = std::fs::read_to_string(page).unwrap();
        for link in links(&prose(&text)) {
            // What is on other machines is not asked for; names of the documentation of the code are the compiler's.
            if link.contains("://") || link.starts_with("mailto:") || link.contains("::") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            let there = target.exists();
            let anchored =
                anchor.is_empty() || std::fs::read_to_string(&target).is_ok_and(|text| anchors(&text).contains(anchor));
            if !there || !anchored {
                broken.push(format!("{}: {link}", page.strip_prefix(root).unwrap().display()));
            }
        }
    }
    assert!(broken.is_empty(), "links that lead nowhere:\n{}", broken.join("\n"));
}

#[test]
fn links_and_anchors_are_found() {
    let text = "# Files & formats\n```sh\n[no](link)\n# no heading\n```\nA [page](a.md#x), `[code](b.md)`, <img src=\"c.png\">.\n## `f(x)` in two";
    assert_eq!(links(&prose(text)), ["a.md#x", "c.png"]);
    assert_eq!(anchors(text).into_iter().collect::<Vec<_>>(), ["files--formats", "fx-in-two"]);
}
