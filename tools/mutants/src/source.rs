//! The files of the crate, with and without mutants.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use syn::visit::Visit;

use crate::find::{Finder, Site};
use crate::listed::Listed;

/// The environment variable that selects the active mutant.
pub const SWITCH: &str = "PDMAP_MUTANT";

/// Reads the variable once.
const ASK: &str = r#"
#[doc(hidden)]
pub(crate) mod mutant_switch {
    static ON: std::sync::LazyLock<usize> =
        std::sync::LazyLock::new(|| std::env::var("PDMAP_MUTANT").ok().and_then(|id| id.parse().ok()).unwrap_or(usize::MAX));
    pub(crate) fn on(id: usize) -> bool {
        *ON == id
    }
}
"#;

/// One file.
struct File {
    text: String,
    sites: Vec<(usize, Site)>,
    written: String,
}

/// All files with mutants, and the crate root.
pub struct Sources {
    files: BTreeMap<PathBuf, File>,
    lib: PathBuf,
}

impl Sources {
    pub fn read(all: &[Listed], lib: &Path) -> Result<Self> {
        let paths: BTreeSet<PathBuf> =
            all.iter().map(|mutant| mutant.file.clone()).chain([lib.to_owned()]).collect();
        let read = |path: PathBuf| {
            let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            Ok((path, File { written: text.clone(), text, sites: vec![] }))
        };
        Ok(Self { files: paths.into_iter().map(read).collect::<Result<_>>()?, lib: lib.to_owned() })
    }

    /// The mutants that can be placed, and those that cannot: deleted fields, conditions with
    /// bindings, constant functions.
    pub fn places(&mut self, all: &[Listed]) -> Result<(BTreeSet<usize>, BTreeSet<usize>)> {
        for (path, file) in &mut self.files {
            let wanted = all.iter().enumerate().filter(|(_, mutant)| mutant.file == *path).collect();
            let mut finder = Finder::new(&file.text, wanted);
            finder.visit_file(&syn::parse_file(&file.text).with_context(|| path.display().to_string())?);
            file.sites = finder.found;
        }
        let kept: BTreeSet<usize> =
            self.files.values().flat_map(|file| file.sites.iter().map(|site| site.0)).collect();
        let skipped = (0..all.len()).filter(|id| !kept.contains(id)).collect();
        Ok((kept, skipped))
    }

    /// Writes the files with these mutants, all switched off.
    pub fn write(&mut self, all: &[Listed], kept: &BTreeSet<usize>) -> Result<()> {
        for (path, file) in &mut self.files {
            // The mutants of one site are alternatives.
            let mut sites: Vec<(Site, Vec<usize>)> = vec![];
            for (id, site) in file.sites.iter().filter(|(id, _)| kept.contains(id)) {
                let same = |other: &&mut (Site, Vec<usize>)| {
                    other.0.range() == site.range()
                        && std::mem::discriminant(&other.0) == std::mem::discriminant(site)
                };
                match sites.iter_mut().find(same) {
                    Some((_, ids)) => ids.push(*id),
                    None => sites.push((site.clone(), vec![*id])),
                }
            }
            let render = Render { text: &file.text, sites, all };
            file.written = render.range(0..file.text.len());
            if *path == self.lib {
                file.written += ASK;
            }
            std::fs::write(path, &file.written)?;
        }
        Ok(())
    }

    /// The mutant at a byte of a written file: the innermost around it, otherwise the nearest
    /// before it.
    pub fn mutant_at(&self, path: &str, byte: usize) -> Option<usize> {
        let (_, file) = self.files.iter().find(|(known, _)| path.ends_with(&*known.to_string_lossy()))?;
        let before = file.written.get(..byte)?;
        let (mut open, mut last) = (vec![], None);
        for (at, _) in before.match_indices("/*m") {
            let rest = &before[at + 3..];
            let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let Ok(id) = rest[..digits].parse::<usize>() else { continue };
            match rest[digits..].chars().next() {
                Some('<') => open.push(id),
                Some('>') => open.retain(|&known| known != id),
                _ => continue,
            }
            last = Some(id);
        }
        open.last().copied().or(last)
    }

    /// Restores the original files.
    pub fn restore(&self) -> Result<()> {
        self.files.iter().try_for_each(|(path, file)| {
            std::fs::write(path, &file.text).with_context(|| path.display().to_string())
        })
    }
}

/// A text with its mutants.
struct Render<'a> {
    text: &'a str,
    sites: Vec<(Site, Vec<usize>)>,
    all: &'a [Listed],
}

impl Render<'_> {
    /// The bytes of `range`, including mutants.
    fn range(&self, range: Range<usize>) -> String {
        self.between(range, None)
    }

    /// The same without the site `but`, which encloses the range.
    fn between(&self, range: Range<usize>, but: Option<usize>) -> String {
        let inside = |index: usize, site: &Site| {
            let r = site.range();
            but != Some(index) && r.start >= range.start && r.end <= range.end
        };
        let mut outermost: Vec<usize> =
            (0..self.sites.len()).filter(|&index| inside(index, &self.sites[index].0)).collect();
        // The longest first if several start at the same byte.
        outermost.sort_by_key(|&index| {
            (self.sites[index].0.range().start, std::cmp::Reverse(self.sites[index].0.range().end))
        });
        let (mut out, mut at) = (String::new(), range.start);
        for index in outermost {
            let r = self.sites[index].0.range();
            if r.start < at {
                continue;
            }
            out += &self.text[at..r.start];
            out += &self.site(index);
            at = r.end;
        }
        out + &self.text[at..range.end]
    }

    fn marked(&self, id: usize, text: &str) -> String {
        format!("/*m{id}<*/{text}/*m{id}>*/")
    }

    fn site(&self, index: usize) -> String {
        let (site, ids) = &self.sites[index];
        let chain = |mutated: &dyn Fn(usize) -> String, plain: String| {
            let ifs: String = ids
                .iter()
                .map(|&id| {
                    format!("if crate::mutant_switch::on({id}) {{ {} }} else ", self.marked(id, &mutated(id)))
                })
                .collect();
            format!("({ifs}{{ {plain} }})")
        };
        match site {
            Site::Binary { whole, left, right } => {
                let (l, r) =
                    (self.between(left.clone(), Some(index)), self.between(right.clone(), Some(index)));
                let op = self.text[left.end..right.start].to_owned();
                debug_assert!(whole.start <= left.start);
                chain(&|id| format!("{l} {} {r}", self.all[id].replacement), format!("{l}{op}{r}"))
            }
            Site::Unary { whole, inner } => {
                let x = self.between(inner.clone(), Some(index));
                let op = &self.text[whole.start..inner.start];
                chain(&|_| x.clone(), format!("{op}{x}"))
            }
            Site::Guard { whole } => {
                let plain = self.between(whole.clone(), Some(index));
                chain(&|id| self.all[id].replacement.clone(), plain)
            }
            Site::Body { .. } => ids
                .iter()
                .map(|&id| {
                    let back = format!("return {};", self.all[id].replacement);
                    format!("if crate::mutant_switch::on({id}) {{ {} }} ", self.marked(id, &back))
                })
                .collect(),
            Site::Arm { guard, .. } => {
                let off = ids
                    .iter()
                    .map(|id| format!("!crate::mutant_switch::on({id})"))
                    .collect::<Vec<_>>()
                    .join(" && ");
                match guard {
                    Some(guard) => format!("{off} && ({})", self.between(guard.clone(), Some(index))),
                    None => format!(" if {}", self.marked(ids[0], &off)),
                }
            }
        }
    }
}
