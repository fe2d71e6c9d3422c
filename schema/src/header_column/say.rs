//! What a header column says of a header, and what it leaves out.

use super::read::bands;
use crate::{ArchiveError, ArchivedRasterHeader, ColorInterpretation, PixelValue};

/// Whether samples are as a reader takes them to be that knows nothing but their type.
pub(super) fn can_be_said(header: &ArchivedRasterHeader) -> bool {
    let encoding = header.images.first().map(|image| usize::from(image.encoding.to_native()));
    encoding.and_then(|encoding| header.encodings.get(encoding)).is_some_and(|encoding| {
        let bits = encoding.bits_per_sample.to_native();
        let is_in_order = !encoding.big_endian || bits <= 8;
        is_in_order && !encoding.reversed_bits && usize::from(bits) == encoding.dtype.size() * 8
    })
}

/// Whether a header column says of a header all that a read at full resolution needs. It does if the row is null,
/// since nothing wrong is said then; not if the file has a mask, nor if the nodata value is a 64-bit integer that
/// `double` does not hold, an opacity has tiles of its own or is none of the extra samples, or tiles are not the
/// strips, or are strips, that one would take them to be.
///
/// # Errors
///
/// If the archive is damaged.
pub fn says_all(header: &ArchivedRasterHeader) -> Result<bool, ArchiveError> {
    if !can_be_said(header) {
        return Ok(true);
    }
    let Some(image) = header.image(0) else { return Ok(true) };
    let nodata = header.nodata()?;
    let said = nodata.map(|nodata| PixelValue::from(nodata.as_f64()));
    let same_nodata = match (nodata, said) {
        (Some(nodata), Some(said)) => nodata.to_sample(image.dtype) == said.to_sample(image.dtype),
        _ => true,
    };
    let encoding = header.images.first().map(|image| usize::from(image.encoding.to_native()));
    let extra = encoding.and_then(|encoding| header.encodings.get(encoding));
    let extra = extra.map(|encoding| encoding.extra_samples.iter().map(|sample| sample.to_native()));
    let said = bands(image.samples_per_pixel, &extra.into_iter().flatten().collect::<Vec<_>>());
    let is_alpha = |color: ColorInterpretation| color == ColorInterpretation::Alpha;
    let same_alpha = header.bands.len() == said.len()
        && header.bands.iter().zip(&said).all(|(band, said)| is_alpha(band.color) == is_alpha(said.color))
        && !(image.planar && said.iter().any(|band| is_alpha(band.color)));
    let tiles = (image.width, image.height, image.tile_width, image.tile_height);
    let same_strips = image.height.is_multiple_of(image.tile_height) || image.striped == are_strips(tiles);
    Ok(header.mask(0).is_none() && same_nodata && same_alpha && same_strips)
}

/// Whether tiles are strips, of which the last has but the rows that there are: a table does not say.
pub(super) fn are_strips((width, height, tile_width, tile_height): (u32, u32, u32, u32)) -> bool {
    tile_width == width && !height.is_multiple_of(tile_height)
}
