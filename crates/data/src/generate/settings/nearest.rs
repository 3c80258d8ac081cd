//! Suggests the known word nearest to a mistyped one.

/// The candidate with the smallest edit distance, the first on a tie; `""` without candidates.
pub(crate) fn nearest(word: &str, candidates: &[&'static str]) -> &'static str {
    candidates.iter().min_by_key(|candidate| edit_distance(word, candidate)).copied().unwrap_or("")
}

/// The number of insertions, deletions and replacements that turn `a` into `b` (Levenshtein).
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    // row[j]: the distance between the processed part of `a` and the first j characters of `b`.
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, &to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_levenshtein_distances() {
        for (a, b, distance) in
            [("", "abc", 3), ("abc", "", 3), ("kitten", "sitting", 3), ("flaw", "lawn", 2), ("same", "same", 0)]
        {
            assert_eq!(edit_distance(a, b), distance, "{a} {b}");
        }
        assert_eq!(nearest("mons", &["ica", "moons", "leaves"]), "moons");
        assert_eq!(nearest("x", &[]), "");
    }
}
