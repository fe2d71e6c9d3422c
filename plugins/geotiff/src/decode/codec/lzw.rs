use crate::decode::{Codec, CodecError, Decompressed, EncodedTile};
use std::cell::RefCell;
use weezl::{BitOrder, LzwStatus, decode::Decoder};

thread_local! {
    static DECODER: RefCell<Decoder> = RefCell::new(Decoder::with_tiff_size_switch(BitOrder::Msb, 8));
    static OLD_STYLE_DECODER: RefCell<Decoder> = RefCell::new(Decoder::new(BitOrder::Lsb, 8));
}

/// LZW (`Compression` 5; TIFF 6.0, section 13), and the old style of LZW that libtiff wrote before
/// version 3: codes from the least significant bit, their width growing one code later.
#[derive(Debug, Clone, Copy)]
pub struct Lzw;

impl Codec for Lzw {
    fn decompressed(&self) -> Decompressed {
        Decompressed::Predicted
    }

    fn decompress(
        &self,
        _: &EncodedTile<'_>,
        encoded: &[u8],
        needed: usize,
        out: &mut [u8],
    ) -> Result<(), CodecError> {
        // The first code is always Clear, 256: its bits tell the styles apart, as in tif_lzw.c.
        let old_style = matches!(encoded, [0, second, ..] if second & 1 == 1);
        let decoder = if old_style { &OLD_STYLE_DECODER } else { &DECODER };
        decoder.with_borrow_mut(|decoder| {
            decoder.reset();
            let (mut read, mut written) = (0, 0);
            while written < needed {
                let step = decoder.decode_bytes(&encoded[read..], &mut out[written..needed]);
                read += step.consumed_in;
                written += step.consumed_out;
                match step.status {
                    Ok(LzwStatus::Ok) if step.consumed_in + step.consumed_out > 0 => {}
                    Ok(_) => return CodecError::check_len(written, needed),
                    Err(error) => return Err(CodecError::corrupt(error)),
                }
            }
            Ok(())
        })
    }

    fn room(&self, _: &EncodedTile<'_>, needed: usize) -> usize {
        needed
    }
}
