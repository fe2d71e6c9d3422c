//! PackBits, section 9 of the TIFF specification.

/// Longest run and longest stretch of literal bytes.
const MAX: usize = 128;

/// Compresses one row; rows are compressed by themselves.
pub(super) fn compress_row(row: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = row;
    while let Some(first) = rest.first() {
        let run = rest.iter().take(MAX).take_while(|byte| *byte == first).count();
        let (length, is_run) = if run >= 2 { (run, true) } else { (literal_length(rest), false) };
        if is_run {
            // A run of n bytes is 1 - n and the byte.
            out.extend([(257 - length) as u8, *first]);
        } else {
            out.push((length - 1) as u8);
            out.extend_from_slice(&rest[..length]);
        }
        rest = &rest[length..];
    }
    out
}

/// Bytes until the next run of three, which is the shortest that saves anything among literals.
fn literal_length(bytes: &[u8]) -> usize {
    let run = bytes.windows(3).position(|three| three[0] == three[1] && three[1] == three[2]);
    run.unwrap_or(bytes.len()).min(MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn expand(mut bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        while let Some((&count, rest)) = bytes.split_first() {
            let length = match count {
                0..128 => {
                    out.extend_from_slice(&rest[..usize::from(count) + 1]);
                    usize::from(count) + 1
                }
                128 => 0,
                129.. => {
                    out.extend(std::iter::repeat_n(rest[0], 257 - usize::from(count)));
                    1
                }
            };
            bytes = &rest[length..];
        }
        out
    }

    #[test]
    fn the_specification_example() {
        let row = [
            0xaa, 0xaa, 0xaa, 0x80, 0x00, 0x2a, 0xaa, 0xaa, 0xaa, 0xaa, 0x80, 0x00, 0x2a, 0x22, 0xaa, 0xaa,
            0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa,
        ];
        let packed =
            [0xfe, 0xaa, 0x02, 0x80, 0x00, 0x2a, 0xfd, 0xaa, 0x03, 0x80, 0x00, 0x2a, 0x22, 0xf7, 0xaa];
        assert_eq!(compress_row(&row), packed);
    }

    proptest! {
        #[test]
        fn expands_to_what_was_compressed(row in prop::collection::vec(0u8..4, 0..600)) {
            prop_assert_eq!(expand(&compress_row(&row)), row);
        }

        #[test]
        fn grows_little(row in prop::collection::vec(any::<u8>(), 1..600)) {
            prop_assert!(compress_row(&row).len() <= row.len() + row.len().div_ceil(MAX));
        }
    }
}
