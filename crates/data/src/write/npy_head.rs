//! The header of an `.npy` file, written before the number of rows is known.

use super::output::RowShape;

/// Its length: the smallest multiple of 64 bytes that fits any shape.
pub(crate) const HEAD_BYTES: usize = 128;

/// The header, version 1.0, of a C-order array of little-endian floats of `size` bytes.
pub(crate) fn npy_head(size: usize, rows: u64, shape: RowShape) -> [u8; HEAD_BYTES] {
    let shape = match shape {
        RowShape::Matrix { features } => format!("({rows}, {features})"),
        RowShape::Vector => format!("({rows},)"),
    };
    let dictionary = format!("{{'descr': '<f{size}', 'fortran_order': False, 'shape': {shape}, }}");
    let mut head = [b' '; HEAD_BYTES];
    head[..8].copy_from_slice(b"\x93NUMPY\x01\x00");
    // The length that follows these ten bytes, up to the newline that ends the header.
    head[8..10].copy_from_slice(&((HEAD_BYTES - 10) as u16).to_le_bytes());
    head[10..10 + dictionary.len()].copy_from_slice(dictionary.as_bytes());
    head[HEAD_BYTES - 1] = b'\n';
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_shape_fits() {
        let head = npy_head(8, u64::MAX, RowShape::Matrix { features: usize::MAX });
        let text = String::from_utf8_lossy(&head[10..]);
        assert!(text.starts_with(
            "{'descr': '<f8', 'fortran_order': False, 'shape': (18446744073709551615, 18446744073709551615), }"
        ));
        assert!(text.ends_with(" \n"));
        assert!(
            npy_head(4, 0, RowShape::Vector)[10..]
                .starts_with(b"{'descr': '<f4', 'fortran_order': False, 'shape': (0,), }")
        );
    }
}
