//! The header of an `.npy` file.

/// Headers are multiples of 64 bytes, so that the data are aligned, and at least 128 long, which
/// fits the numbers of rows and features of any matrix: a header can be replaced once the number of
/// rows is known.
const ALIGNMENT: usize = 64;
const SHORTEST: usize = 128;

/// The header of a C-order array of little-endian floats of `size` bytes: version 1.0, or 2.0 for
/// thousands of axes.
pub(crate) fn npy_head(size: usize, shape: &[u64]) -> Vec<u8> {
    let axes: Vec<String> = shape.iter().map(u64::to_string).collect();
    let shape = match axes.as_slice() {
        [only] => format!("({only},)"),
        _ => format!("({})", axes.join(", ")),
    };
    let dictionary = format!("{{'descr': '<f{size}', 'fortran_order': False, 'shape': {shape}, }}");
    // Signature, version and length precede the dictionary; a newline ends it.
    let length = |before: usize| (before + dictionary.len() + 1).next_multiple_of(ALIGNMENT).max(SHORTEST);
    let mut head = b"\x93NUMPY".to_vec();
    let total = match u16::try_from(length(10) - 10) {
        Ok(rest) => {
            head.extend([1, 0]);
            head.extend(rest.to_le_bytes());
            length(10)
        }
        Err(_) => {
            head.extend([2, 0]);
            head.extend(((length(12) - 12) as u32).to_le_bytes());
            length(12)
        }
    };
    head.extend(dictionary.as_bytes());
    head.resize(total - 1, b' ');
    head.push(b'\n');
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_matrix_fits_into_the_same_length() {
        let head = npy_head(8, &[u64::MAX, u64::MAX]);
        assert_eq!((head.len(), &head[..10]), (128, &b"\x93NUMPY\x01\x00\x76\x00"[..]));
        let text = String::from_utf8_lossy(&head[10..]);
        assert!(text.starts_with(
            "{'descr': '<f8', 'fortran_order': False, 'shape': (18446744073709551615, 18446744073709551615), }"
        ));
        assert!(text.ends_with(" \n"));
        let vector = npy_head(4, &[0]);
        assert_eq!(vector.len(), 128);
        assert!(vector[10..].starts_with(b"{'descr': '<f4', 'fortran_order': False, 'shape': (0,), }"));
    }

    #[test]
    fn any_number_of_axes_has_a_header() {
        let shape = |head: &[u8]| String::from_utf8_lossy(head).contains("'shape': (), }");
        assert!(shape(&npy_head(8, &[])));
        let seven = npy_head(8, &[1_000_000_000; 7]);
        assert_eq!((seven.len(), seven[8]), (192, 182));
        let many = npy_head(4, &vec![1; 30_000]);
        assert_eq!((many.len() % 64, many[6], many.last()), (0, 2, Some(&b'\n')));
        let length = u32::from_le_bytes([many[8], many[9], many[10], many[11]]);
        assert_eq!(many.len(), 12 + length as usize);
    }
}
