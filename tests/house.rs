//! The house: imports only point downwards, no two files import each other, no file is too long.
//! What counts as an import and how it is resolved is in `house/`.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "house/graph.rs"]
mod graph;
#[path = "house/resolve.rs"]
mod resolve;
#[path = "house/source.rs"]
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use resolve::Crate;
use source::Source;

/// Most lines of a source file.
const MOST_LINES: usize = 400;

/// The crates from the bottom to the top. Each may depend on those of earlier lines only.
const FLOORS: &[&[&str]] = &[
    &["core"],
    &["layers", "filterbank"],
    &["dense", "conv", "mixture", "categories"],
    &["laws", "data", "query"],
    &["spec"],
    &["train", "report", "onnx"],
    &["compare"],
    &["cli"],
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn crates_depend_on_lower_floors_only() {
    let floor = |name: &str| FLOORS.iter().position(|floor| floor.contains(&name));
    let mut seen = BTreeSet::new();
    for entry in std::fs::read_dir(root().join("crates")).unwrap() {
        let folder = entry.unwrap().path();
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let own = floor(&name).unwrap_or_else(|| panic!("crates/{name} stands on no floor"));
        seen.insert(name.clone());
        let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        let dependencies = manifest.split("[dev-dependencies]").next().unwrap();
        let named = dependencies.lines().filter_map(|line| line.strip_prefix("pdmap-"));
        for dependency in named.map(|line| line.split(['.', ' ', '=']).next().unwrap()) {
            let below = floor(dependency).is_some_and(|floor| floor < own);
            assert!(below, "crates/{name} depends on {dependency}, which is not below it");
        }
    }
    assert_eq!(seen.len(), FLOORS.iter().map(|floor| floor.len()).sum::<usize>());
}

#[test]
fn no_file_is_too_long() {
    let mut long = Vec::new();
    for folder in ["crates", "src", "tests", "examples", "benches", "tools", "python"] {
        for path in source::rust_files(&root().join(folder)) {
            let lines = std::fs::read_to_string(&path).unwrap().lines().count();
            if lines > MOST_LINES {
                long.push(format!("{}: {lines} lines", path.display()));
            }
        }
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}

/// Circles of every crate: between files, and between the modules of each directory.
fn circles(folder: &Path) -> Vec<String> {
    let source = Crate::read(folder);
    let files = source.imports();
    let mut found = Vec::new();
    if let Some(circle) = graph::circle(&files) {
        found.push(format!("files: {}", circle.join(" -> ")));
    }
    // For each directory the graph of what stands directly in it.
    let mut levels: BTreeMap<Vec<String>, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    for (from, targets) in source.module_imports() {
        for to in targets {
            let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
            if let (Some(a), Some(b)) = (from.get(common), to.get(common)) {
                let level = levels.entry(from[..common].to_vec()).or_default();
                level.entry(a.clone()).or_default().insert(b.clone());
            }
        }
    }
    for (level, graph) in levels {
        if let Some(circle) = graph::circle(&graph) {
            found.push(format!("modules of {}: {}", level.join("::"), circle.join(" -> ")));
        }
    }
    found
}

#[test]
fn imports_only_point_downwards() {
    let mut found = Vec::new();
    let crates = std::fs::read_dir(root().join("crates")).unwrap().map(|entry| entry.unwrap().path());
    for own in crates.chain([root().join("python")]) {
        let folder = own.join("src");
        found.extend(circles(&folder).into_iter().map(|circle| format!("{}: {circle}", folder.display())));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// A wrong house, which the check must see: two files that import each other through a re-export,
/// and two directories that do without any circle of files.
#[test]
fn a_circle_is_seen() {
    let folder = std::env::temp_dir().join(format!("pdmap-house-{}", std::process::id()));
    let write = |path: &str, text: &str| {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("lib.rs", "mod a;\nmod b;\npub use a::One;\n");
    write("a.rs", "use crate::b::Two;\npub struct One(Two);\n");
    write("b.rs", "use crate::{One};\npub struct Two(Box<One>);\n");
    assert!(circles(&folder).iter().any(|circle| circle.starts_with("files")), "{:?}", circles(&folder));
    write("b.rs", "/// Mentions crate::One in words only.\npub struct Two;\n");
    assert_eq!(circles(&folder), Vec::<String>::new());
    write("lib.rs", "mod a;\nmod b;\n");
    std::fs::remove_file(folder.join("a.rs")).unwrap();
    write("a/mod.rs", "mod x;\nmod y;\npub use x::X;\npub use y::Y;\n");
    write("a/x.rs", "use crate::b::Two;\npub struct X(Two);\n");
    write("a/y.rs", "pub struct Y;\n");
    write("b.rs", "use crate::a::Y;\npub struct Two(Y);\n");
    let found = circles(&folder);
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(matches!(&found[..], [only] if only.starts_with("modules")), "{found:?}");
    assert!(Source::parse("use a::{b, c::{d as e, f}};").paths.contains(&vec!["a".into(), "c".into(), "d".into()]));
}
