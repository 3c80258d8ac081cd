//! Which file an import means.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::source::{Source, rust_files};

/// The files of a crate by module path.
#[derive(Debug)]
pub(crate) struct Crate {
    modules: BTreeMap<Vec<String>, Source>,
}

impl Crate {
    pub(crate) fn read(folder: &Path) -> Self {
        let mut modules = BTreeMap::new();
        for path in rust_files(folder) {
            let inside = path.strip_prefix(folder).unwrap().with_extension("");
            let mut module: Vec<String> = inside.iter().map(|part| part.to_string_lossy().into_owned()).collect();
            if matches!(module.last().map(String::as_str), Some("mod" | "lib" | "main")) {
                module.pop();
            }
            modules.insert(module, Source::parse(&std::fs::read_to_string(&path).unwrap()));
        }
        Self { modules }
    }

    /// The module that defines what a path means, seen from a module; nothing for other crates.
    fn target(&self, from: &[String], path: &[String], depth: usize) -> Option<Vec<String>> {
        let mut here = from.to_vec();
        let mut rest = path;
        match rest.first()?.as_str() {
            "crate" => {
                here.clear();
                rest = &rest[1..];
            }
            "self" => rest = &rest[1..],
            "super" => {
                while rest.first().is_some_and(|segment| segment == "super") {
                    here.pop()?;
                    rest = &rest[1..];
                }
            }
            first => {
                // A child of this module, or another crate.
                let child = [from, &[first.to_owned()]].concat();
                self.modules.get(&child)?;
            }
        }
        while let Some(segment) = rest.first() {
            let child = [&here[..], std::slice::from_ref(segment)].concat();
            if self.modules.contains_key(&child) {
                (here, rest) = (child, &rest[1..]);
                continue;
            }
            let source = self.modules.get(&here)?;
            let export = source.exports.iter().find(|(name, _)| name == segment).filter(|_| depth < 8);
            return match export {
                Some((_, path)) => self.target(&here, path, depth + 1),
                None if here.is_empty() => Some(self.exported_macro(segment).unwrap_or(here)),
                None => Some(here),
            };
        }
        // The module itself: whatever is used of it stands elsewhere in the text as a longer path.
        None
    }

    /// The module that defines an exported macro, which is named as if it stood in the root.
    fn exported_macro(&self, name: &str) -> Option<Vec<String>> {
        let defines = |source: &Source| source.macros.iter().any(|defined| defined == name);
        self.modules.iter().find(|(_, source)| defines(source)).map(|(module, _)| module.clone())
    }

    /// For each module those that it imports from.
    pub(crate) fn module_imports(&self) -> BTreeMap<Vec<String>, BTreeSet<Vec<String>>> {
        let mut found = BTreeMap::new();
        for (module, source) in &self.modules {
            let used = source.exports.iter().filter(|(name, _)| source.mentions(name)).map(|(_, path)| path);
            let targets = source.paths.iter().chain(used).filter_map(|path| self.target(module, path, 0));
            let targets: BTreeSet<Vec<String>> = targets.filter(|target| target != module).collect();
            found.insert(module.clone(), targets);
        }
        found
    }

    /// The same with one name for each file.
    pub(crate) fn imports(&self) -> BTreeMap<String, BTreeSet<String>> {
        let name = |module: &Vec<String>| {
            if module.is_empty() { "lib".to_owned() } else { module.join("::") }
        };
        let modules = self.module_imports();
        modules.iter().map(|(from, to)| (name(from), to.iter().map(name).collect())).collect()
    }
}
