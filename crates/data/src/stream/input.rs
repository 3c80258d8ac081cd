//! Sources of rows.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

/// A source of rows: a file or standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A file; `FILE.npz#NAME` is the array `NAME` of the archive `FILE.npz`.
    File(PathBuf),
    /// Standard input.
    Stdin,
}

impl Input {
    /// `-` is standard input, anything else a path (`./-` for a file of that name).
    pub fn parse(text: impl AsRef<OsStr>) -> Self {
        let text = text.as_ref();
        if text == "-" { Self::Stdin } else { Self::File(text.into()) }
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Stdin => f.write_str(STDIN),
        }
    }
}

/// The name of standard input in messages.
pub(crate) const STDIN: &str = "standard input";

/// Splits off the `#NAME` that selects an array. A path that names an existing file is kept whole,
/// as is one whose archive does not exist.
pub(crate) fn without_member(path: &Path) -> (&Path, Option<&str>) {
    if let Some((file, member)) = path.to_str().and_then(|text| text.rsplit_once('#'))
        && !path.exists()
        && Path::new(file).exists()
    {
        return (Path::new(file), Some(member));
    }
    (path, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dash_is_standard_input() {
        assert_eq!(Input::parse("-"), Input::Stdin);
        assert_eq!(Input::parse("./-"), Input::File("./-".into()));
        assert_eq!(Input::parse("-").to_string(), "standard input");
        assert_eq!(Input::parse("a/b.npy").to_string(), "a/b.npy");
    }

    #[test]
    fn an_array_name_follows_the_last_hash_unless_a_file_has_that_name() -> std::io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("a#b");
        let with_member = folder.path().join("a#b#x");
        assert_eq!(without_member(&with_member), (with_member.as_path(), None));
        std::fs::write(&path, "")?;
        assert_eq!(without_member(&with_member), (path.as_path(), Some("x")));
        assert_eq!(without_member(&path), (path.as_path(), None));
        assert_eq!(without_member(Path::new("#x")), (Path::new("#x"), None));
        Ok(())
    }
}
