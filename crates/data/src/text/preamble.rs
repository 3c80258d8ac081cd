//! The lines above a table: skipped lines, comments, and the delimiter that spreadsheets write.

use std::path::Path;

use super::options::TextOptions;
use crate::error::DataError;

/// What precedes the table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Preamble {
    /// Its length in bytes and in lines.
    pub(crate) bytes: usize,
    pub(crate) lines: u64,
    /// Comment lines, and the last of them with its line.
    pub(crate) comments: u64,
    pub(crate) comment: Option<(u64, String)>,
    /// The delimiter of a first line such as `sep=;`.
    pub(crate) separator: Option<u8>,
}

/// The preamble of a text with normalized line ends.
///
/// # Errors
/// [`DataError::SkipsAll`] if fewer than `options.skip` lines end in `head`.
pub(crate) fn preamble(path: &Path, head: &[u8], options: &TextOptions) -> Result<Preamble, DataError> {
    let mut found = Preamble::default();
    let mark = options.comment.unwrap_or(b'#');
    let mut at = 0;
    let mut lines = 0;
    for line in head.split_inclusive(|&byte| byte == b'\n') {
        at += line.len();
        lines += 1;
        let content = line.trim_ascii();
        if lines <= options.skip as u64 {
            (found.bytes, found.lines) = (at, lines);
        } else if let ([b's', b'e', b'p', b'=', separator], 1) = (content, lines) {
            (found.bytes, found.lines, found.separator) = (at, lines, Some(*separator));
        } else if content.first() == Some(&mark) {
            let text = content.get(1..).unwrap_or_default().trim_ascii();
            found.comments += 1;
            found.comment = Some((lines, String::from_utf8_lossy(text).into_owned()));
            (found.bytes, found.lines) = (at, lines);
        } else if !content.is_empty() {
            break;
        }
    }
    if found.lines < options.skip as u64 {
        return Err(DataError::SkipsAll { path: path.to_path_buf(), skip: options.skip, lines });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_starts_below_skipped_lines_and_comments() -> Result<(), DataError> {
        let find = |text: &str, options: &TextOptions| preamble(Path::new("t"), text.as_bytes(), options);
        let skip = |skip| TextOptions { skip, ..TextOptions::default() };
        let plain = find("a,b\n#1,2\n", &skip(0))?;
        assert_eq!(plain, Preamble::default());
        let two = find("# one\n\n  #two,x\na,b\n", &skip(0))?;
        assert_eq!((two.bytes, two.lines, two.comments), (16, 3, 2));
        assert_eq!(two.comment, Some((3, "two,x".to_owned())));
        assert_eq!(find("sep=;\na;b\n", &skip(0))?.separator, Some(b';'));
        let skipped = find("title\nauthor\n# c\na,b\n", &skip(2))?;
        assert_eq!((skipped.bytes, skipped.lines, skipped.comments), (17, 3, 1));
        assert!(matches!(find("a\nb\n", &skip(3)), Err(DataError::SkipsAll { skip: 3, lines: 2, .. })));
        let percent = TextOptions { comment: Some(b'%'), ..TextOptions::default() };
        assert_eq!(find("% x\n# y\n1,2\n", &percent)?.lines, 1);
        Ok(())
    }
}
