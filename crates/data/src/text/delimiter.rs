//! Detects the delimiter of a text file from its first lines.

use super::blanks::single_blanks;
use super::shape::is_number_like;

/// The delimiter that stands for runs of blanks and tabs.
pub(crate) const BLANKS: u8 = b' ';

/// The candidates. The comma comes last: if semicolons occur equally often in every line, the
/// commas are decimal commas.
const CANDIDATES: [u8; 4] = [b'\t', b';', b'|', b','];

/// Number of lines examined.
const LINES: usize = 20;

/// The candidate that occurs equally often in each of the first lines; then runs of blanks between
/// numbers; otherwise the most frequent candidate in the first line; otherwise the comma. Quoted
/// text is ignored. `complete` says that `head` is the whole file, so its last line counts too. If
/// numbers are known to contain commas, a comma delimits cells only where they are quoted.
pub(crate) fn detect_delimiter(head: &[u8], complete: bool, commas: bool) -> u8 {
    let counts = counts_by_line(head, complete);
    let Some(&first) = counts.first() else { return b',' };
    let candidates = if commas { CANDIDATES.len() - 1 } else { CANDIDATES.len() };
    let steady =
        |candidate: &usize| first[*candidate] > 0 && counts.iter().all(|line| line[*candidate] == first[*candidate]);
    let found = (0..candidates).find(steady).map(|candidate| CANDIDATES[candidate]);
    match found {
        Some(delimiter @ (b';' | b'|')) => return delimiter,
        Some(delimiter) if !blanks_delimit(head, complete) || numbers_between(head, complete, delimiter) => {
            return delimiter;
        }
        None if !blanks_delimit(head, complete) => {}
        _ => return BLANKS,
    }
    if commas {
        // One column, unless commas stand between quoted cells.
        let quoted = head.windows(2).any(|pair| pair == b"\"," || pair == b",\"");
        return if quoted { b',' } else { b';' };
    }
    // On a tie the last wins, so the comma precedes the others.
    (0..CANDIDATES.len()).max_by_key(|&candidate| first[candidate]).map_or(b',', |best| CANDIDATES[best])
}

/// The first nonblank lines that are complete.
fn lines(head: &[u8], complete: bool) -> impl Iterator<Item = &[u8]> {
    let end = if complete { head.len() } else { head.iter().rposition(|&byte| byte == b'\n').unwrap_or(head.len()) };
    let lines = head.get(..end).unwrap_or_default().split(|byte| matches!(byte, b'\n' | b'\r'));
    lines.filter(|line| !line.trim_ascii().is_empty()).take(LINES)
}

/// Whether runs of blanks separate as many cells in every line, all of them numbers except in the
/// first line.
fn blanks_delimit(head: &[u8], complete: bool) -> bool {
    let mut cells = None;
    for (number, line) in lines(head, complete).enumerate() {
        let line = single_blanks(line);
        let mut quoted = false;
        let split = |&byte: &u8| {
            quoted ^= byte == b'"';
            byte == BLANKS && !quoted
        };
        let count = line.split(split).count();
        let numbers = number == 0 || line.split(|&byte| byte == BLANKS).all(is_number_like);
        if count < 2 || !numbers || cells.is_some_and(|cells| cells != count) {
            return false;
        }
        cells = Some(count);
    }
    cells.is_some()
}

/// Whether every cell below the first line, or in the only line, is a number.
fn numbers_between(head: &[u8], complete: bool, delimiter: u8) -> bool {
    let several = lines(head, complete).nth(1).is_some();
    let mut cells = lines(head, complete).skip(usize::from(several)).flat_map(|line| line.split(|&b| b == delimiter));
    cells.all(is_number_like)
}

/// The count of each candidate in each of the first nonblank lines.
fn counts_by_line(head: &[u8], complete: bool) -> Vec<[usize; CANDIDATES.len()]> {
    let mut lines = Vec::new();
    let mut counts = [0; CANDIDATES.len()];
    let (mut quoted, mut blank) = (false, true);
    for &byte in head {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' | b'\r' if !quoted => {
                if !blank {
                    lines.push(counts);
                }
                if lines.len() == LINES {
                    return lines;
                }
                (counts, blank) = ([0; CANDIDATES.len()], true);
                continue;
            }
            _ if quoted => {}
            _ => {
                if let Some(candidate) = CANDIDATES.iter().position(|&candidate| candidate == byte) {
                    counts[candidate] += 1;
                }
            }
        }
        blank = false;
    }
    if !blank && (complete || lines.is_empty()) {
        lines.push(counts);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delimiter_occurs_equally_often_in_every_line() {
        for (text, delimiter) in [
            ("a,b\n1,2\n", b','),
            ("a;b\r\n1;2\r\n", b';'),
            ("1\t2\n3\t4", b'\t'),
            ("a|b\n1|2\n", b'|'),
            ("1,5;2,5\n3,5;4,5\n", b';'),
            ("\"x;y;z\",b\n1,2\n", b','),
            ("\"x\ny\";b\n1;2\n", b';'),
            ("length; in cm,b\n1,2\n", b','),
            ("a,b,c\n1,2\n", b','),
            ("a;b;c\n1;2\n", b';'),
            ("\n\na;b\n1;2\n", b';'),
            ("1\n2\n", b','),
            ("", b','),
            ("a b\n1  2\n", b' '),
            ("1 2\n3 4\n", b' '),
            ("1,5 2,5\n3,5 4,5\n", b' '),
            ("1 \t 2\n3\t4\n", b'\t'),
            ("1  2\t3\n4\t5 6\n", b' '),
            ("1, 2\n3, 4\n", b','),
            ("1 234,5\n1 235,6\n", b','),
            ("a b\nc d\n", b','),
            ("2024-01-01 12:00\n2024-01-02 12:00\n", b','),
        ] {
            assert_eq!(detect_delimiter(text.as_bytes(), true, false) as char, delimiter as char, "{text:?}");
        }
    }

    #[test]
    fn a_decimal_comma_delimits_quoted_cells_only() {
        for (text, delimiter) in
            [("1,5\n2,5\n", b';'), ("\"1,5\",\"2,5\"\n", b','), ("1,5\t2\n", b'\t'), ("1,5 2\n3 4\n", b' ')]
        {
            let found = detect_delimiter(text.as_bytes(), true, true);
            assert_eq!(found as char, delimiter as char, "{text:?}");
        }
    }

    #[test]
    fn a_cut_line_does_not_count() {
        assert_eq!(detect_delimiter(b"1;2;3,0\n4;5", false, false), b';');
        assert_eq!(detect_delimiter(b"1;2;3,0\n4;5;6,0\n7,", false, false), b';');
        assert_eq!(detect_delimiter(b"1|2", false, false), b'|');
    }
}
