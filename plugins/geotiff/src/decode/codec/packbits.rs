use crate::decode::{Codec, CodecError, Decompressed, EncodedTile};

/// PackBits run-length encoding (`Compression` 32773; TIFF 6.0, section 9).
#[derive(Debug, Clone, Copy)]
pub struct PackBits;

impl Codec for PackBits {
    fn decompressed(&self) -> Decompressed {
        Decompressed::Plain
    }

    fn decompress(
        &self,
        _: &EncodedTile<'_>,
        encoded: &[u8],
        needed: usize,
        out: &mut [u8],
    ) -> Result<(), CodecError> {
        unpack(encoded, &mut out[..needed])
    }

    fn room(&self, _: &EncodedTile<'_>, needed: usize) -> usize {
        needed
    }
}

fn unpack(mut encoded: &[u8], mut out: &mut [u8]) -> Result<(), CodecError> {
    let expected = out.len();
    while !out.is_empty() {
        let short = CodecError::Short { got: expected - out.len(), expected };
        let Some((&control, rest)) = encoded.split_first() else { return Err(short) };
        let control = control as i8;
        encoded = rest;
        // A run may go on past the end of what is wanted, as libtiff allows.
        if control >= 0 {
            let run = control as usize + 1;
            let wanted = run.min(out.len());
            let Some(literal) = encoded.get(..wanted) else { return Err(short) };
            out[..wanted].copy_from_slice(literal);
            out = &mut out[wanted..];
            encoded = encoded.get(run..).unwrap_or_default();
        } else if control != i8::MIN {
            let Some((&value, rest)) = encoded.split_first() else { return Err(short) };
            let wanted = (usize::from(control.unsigned_abs()) + 1).min(out.len());
            out[..wanted].fill(value);
            out = &mut out[wanted..];
            encoded = rest;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decompress(encoded: &[u8], len: usize) -> Result<Vec<u8>, CodecError> {
        let mut out = vec![0; len];
        unpack(encoded, &mut out).map(|()| out)
    }

    #[test]
    fn the_example_of_the_specification() {
        let encoded =
            [0xFE, 0xAA, 0x02, 0x80, 0x00, 0x2A, 0xFD, 0xAA, 0x03, 0x80, 0x00, 0x2A, 0x22, 0xF7, 0xAA];
        let decoded = decompress(&encoded, 24).unwrap();
        assert_eq!(decoded[..8], [0xAA, 0xAA, 0xAA, 0x80, 0x00, 0x2A, 0xAA, 0xAA]);
        assert_eq!(decoded[14..], [0xAA; 10]);
    }

    #[test]
    fn runs_may_go_on_past_the_end() {
        assert_eq!(decompress(&[0xFD, 7], 2), Ok(vec![7, 7]));
        assert_eq!(decompress(&[0x7F, 1, 2], 2), Ok(vec![1, 2]));
        assert_eq!(decompress(&[0x80, 0x00, 5], 1), Ok(vec![5]));
    }

    #[test]
    fn short_bytes_are_an_error() {
        assert_eq!(decompress(&[0x00, 5], 2), Err(CodecError::Short { got: 1, expected: 2 }));
        assert_eq!(decompress(&[0x01, 5], 2), Err(CodecError::Short { got: 0, expected: 2 }));
        assert_eq!(decompress(&[0xFF], 2), Err(CodecError::Short { got: 0, expected: 2 }));
    }
}
