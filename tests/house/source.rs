//! What a source file imports.

use std::path::{Path, PathBuf};

/// The paths that a file names, as lists of segments.
#[derive(Debug, Default)]
pub(crate) struct Source {
    /// Paths of private `use` statements and of expressions that begin with `crate`, `super` or `self`.
    pub paths: Vec<Vec<String>>,
    /// `pub use`: the name, and the path that it stands for.
    pub exports: Vec<(String, Vec<String>)>,
    /// Macros that the file defines.
    pub macros: Vec<String>,
    /// The text without imports, comments, strings and tests.
    body: String,
}

/// All Rust files below a folder, but those that are built.
pub(crate) fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() && !path.ends_with("target") {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

impl Source {
    pub(crate) fn parse(text: &str) -> Self {
        let text = text.split("\n#[cfg(test)]\n").next().unwrap_or_default();
        let mut source = Self::default();
        let code = bare(text);
        let mut rest = &code[..];
        while let Some(at) = next_use(rest) {
            let public = rest[..at].trim_end().rsplit(['\n', ';', '}', ']']).next().unwrap_or("").contains("pub");
            source.body.push_str(&rest[..at]);
            let end = rest[at..].find(';').map_or(rest.len(), |end| at + end);
            for (name, path) in expand(&rest[at + 4..end]) {
                if public {
                    source.exports.push((name, path));
                } else {
                    source.paths.push(path);
                }
            }
            rest = &rest[(end + 1).min(rest.len())..];
        }
        source.body.push_str(rest);
        source.paths.extend(inline(&source.body));
        let defined = source.body.split("macro_rules!").skip(1).filter_map(|rest| rest.split_whitespace().next());
        source.macros = defined.map(str::to_owned).collect();
        source
    }

    /// Whether the text outside of imports has this word.
    pub(crate) fn mentions(&self, name: &str) -> bool {
        self.body.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name)
    }
}

/// The text without comments and string literals.
fn bare(text: &str) -> String {
    let mut code = String::new();
    for line in text.lines() {
        let mut quoted = false;
        let mut characters = line.chars().peekable();
        while let Some(c) = characters.next() {
            match c {
                '\\' if quoted => {
                    characters.next();
                }
                '"' => quoted = !quoted,
                '/' if !quoted && characters.peek() == Some(&'/') => break,
                c if !quoted => code.push(c),
                _ => {}
            }
        }
        code.push('\n');
    }
    code
}

/// Where the next `use` statement begins.
fn next_use(code: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = code[from..].find("use ") {
        let at = from + at;
        let before = code[..at].chars().next_back();
        if before.is_none_or(|c| c.is_whitespace() || c == ')') {
            return Some(at);
        }
        from = at + 4;
    }
    None
}

/// The paths of a tree `a::{b, c::d as e}`, each with the name that it gets.
fn expand(tree: &str) -> Vec<(String, Vec<String>)> {
    let tree = tree.trim();
    let Some(open) = tree.find('{') else {
        let (path, alias) = tree.split_once(" as ").map_or((tree, None), |(path, name)| (path, Some(name)));
        let path: Vec<String> = path.split("::").map(|s| s.trim().to_owned()).filter(|s| !s.is_empty()).collect();
        let name = alias.map(str::trim).or(path.last().map(String::as_str)).unwrap_or_default().to_owned();
        return vec![(name, path)];
    };
    let prefix: Vec<String> = tree[..open].split("::").map(|s| s.trim().to_owned()).filter(|s| !s.is_empty()).collect();
    let inner = tree[open + 1..].trim_end().strip_suffix('}').unwrap_or(&tree[open + 1..]);
    let (mut depth, mut start, mut items) = (0, 0, Vec::new());
    for (at, c) in inner.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                items.push(&inner[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    items.push(&inner[start..]);
    let items = items.into_iter().filter(|item| !item.trim().is_empty());
    items
        .flat_map(expand)
        .map(|(name, path)| {
            let path = if path == ["self"] { vec![] } else { path };
            let whole: Vec<String> = prefix.iter().cloned().chain(path).collect();
            let name = if name == "self" { whole.last().cloned().unwrap_or_default() } else { name };
            (name, whole)
        })
        .collect()
}

/// Paths in expressions that begin with `crate` or `super`.
fn inline(body: &str) -> Vec<Vec<String>> {
    let word = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let paths = body.split(|c: char| !word(c));
    let paths = paths.filter(|path| path.starts_with("crate::") || path.starts_with("super::"));
    paths.map(|path| path.split("::").filter(|s| !s.is_empty()).map(str::to_owned).collect()).collect()
}
