//! Detects the delimiter of a text file from its first lines.

/// The candidates. The comma comes last: if semicolons occur equally often in every line, the
/// commas are decimal commas.
const CANDIDATES: [u8; 4] = [b'\t', b';', b'|', b','];

/// Number of lines examined.
const LINES: usize = 20;

/// The candidate that occurs equally often in each of the first lines; otherwise the most frequent
/// one in the first line; otherwise the comma. Quoted text is ignored. `complete` says that `head`
/// is the whole file, so its last line counts too.
pub(crate) fn detect_delimiter(head: &[u8], complete: bool) -> u8 {
    let counts = counts_by_line(head, complete);
    let Some(&first) = counts.first() else { return b',' };
    let steady =
        |candidate: &usize| first[*candidate] > 0 && counts.iter().all(|line| line[*candidate] == first[*candidate]);
    if let Some(candidate) = (0..CANDIDATES.len()).find(steady) {
        return CANDIDATES[candidate];
    }
    // On a tie the last wins, so the comma precedes the others.
    (0..CANDIDATES.len()).max_by_key(|&candidate| first[candidate]).map_or(b',', |best| CANDIDATES[best])
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
        ] {
            assert_eq!(detect_delimiter(text.as_bytes(), true) as char, delimiter as char, "{text:?}");
        }
    }

    #[test]
    fn a_cut_line_does_not_count() {
        assert_eq!(detect_delimiter(b"1;2;3,0\n4;5", false), b';');
        assert_eq!(detect_delimiter(b"1;2;3,0\n4;5;6,0\n7,", false), b';');
        assert_eq!(detect_delimiter(b"1|2", false), b'|');
    }
}
