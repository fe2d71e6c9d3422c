//! How a tile's decompressed bytes are laid out, checked before anything is allocated.

use super::rows::RowTransform;
use super::{Codec, CodecError, Decompressed, EncodedTile};
use rasteret_schema::{ImageView, TileRequest};

/// The most bytes that a decoded tile may have: 2 GiB, as in GDAL.
pub const MAX_TILE_LEN: usize = i32::MAX as usize;

const YCBCR: u16 = 6;

/// The layout of a tile and of the rectangle that is wanted of it.
#[derive(Debug)]
pub(super) struct Layout<'a> {
    pub tile: EncodedTile<'a>,
    /// What makes native samples of a decompressed row.
    pub transform: RowTransform,
    /// Bytes of a sample in the output.
    pub sample_size: usize,
    /// Bytes of a whole row of native samples.
    pub native_row_len: usize,
}

impl<'a> Layout<'a> {
    /// # Errors
    ///
    /// If the image's encoding is not supported, or contradicts itself.
    pub fn new(image: &'a ImageView<'a>, tile: u32, codec: &dyn Codec) -> Result<Self, CodecError> {
        let decompressed = codec.decompressed();
        if image.photometric == YCBCR && decompressed != Decompressed::Samples {
            return Err(CodecError::Unsupported {
                tag: "PhotometricInterpretation",
                value: "6 (YCbCr) without JPEG compression".to_owned(),
                hint: "convert the file to RGB, for instance with `gdal_translate`",
            });
        }
        let transform = RowTransform::new(image, decompressed)?;
        let (columns, rows, samples) = (image.tile_width, image.encoded_rows(tile), image.samples_per_tile());
        let samples_across = (columns as usize).checked_mul(samples.into());
        let bits = if decompressed == Decompressed::Samples {
            8 * image.dtype.size()
        } else {
            image.bits_per_sample.into()
        };
        let row_len =
            samples_across.and_then(|samples| samples.checked_mul(bits)).map(|bits| bits.div_ceil(8));
        let native_row_len = samples_across.and_then(|samples| samples.checked_mul(image.dtype.size()));
        let fits = |row_len: &usize| {
            *row_len > 0
                && row_len.checked_mul(rows as usize).is_some_and(|len| (1..=MAX_TILE_LEN).contains(&len))
        };
        match (row_len.filter(fits), native_row_len.filter(fits)) {
            (Some(row_len), Some(native_row_len)) => Ok(Layout {
                tile: EncodedTile { image, columns, rows, samples, row_len },
                transform,
                sample_size: image.dtype.size(),
                native_row_len,
            }),
            _ => Err(CodecError::corrupt(format_args!(
                "{columns} × {rows} pixels of {samples} samples are not between one byte and 2 GiB"
            ))),
        }
    }

    /// # Errors
    ///
    /// If the request leaves the tile, or the output has another size.
    pub fn check(&self, request: &TileRequest<'_>, out_len: usize) -> Result<(), CodecError> {
        let EncodedTile { columns, rows, samples, .. } = self.tile;
        if request.rows.end > rows
            || request.columns.end > columns
            || request.samples.iter().any(|sample| *sample >= samples)
        {
            return Err(CodecError::corrupt(format_args!(
                "rows {:?}, columns {:?}, samples {:?} are not all within its {rows} rows, {columns} columns, \
                 {samples} samples",
                request.rows, request.columns, request.samples
            )));
        }
        match request.decoded_len(self.sample_size) {
            Some(len) if len == out_len => Ok(()),
            _ => Err(CodecError::corrupt(format_args!(
                "the output of {out_len} bytes is not of the request's size"
            ))),
        }
    }

    /// Whether the request is for whole rows of the tile's only sample, so that the output is laid
    /// out as the decompressed tile is.
    pub fn is_contiguous(&self, request: &TileRequest<'_>) -> bool {
        self.tile.samples == 1
            && request.samples.len() == 1
            && request.columns.len() == self.tile.columns as usize
            && self.tile.row_len == self.native_row_len
    }
}
