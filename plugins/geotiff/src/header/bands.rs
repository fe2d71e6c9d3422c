//! What the directory of the full resolution says about its bands: colours, colour map, nodata.

use super::directory::Directory;
use super::encoding::{self, JPEG, MAX_PALETTE_BITS, photometric};
use super::metadata;
use super::source::Source;
use super::tag::Tag;
use rasteret_schema::{BandMetadata, ColorInterpretation, DataType, Encoding, PixelValue, RasterError};

/// The bands of an image, and its colour map.
pub(super) fn read(
    source: &Source<'_>,
    directory: &Directory,
    encoding: &Encoding,
) -> Result<(Vec<BandMetadata>, Vec<u16>), RasterError> {
    let color_map = color_map(source, directory, encoding)?;
    let has_palette = !color_map.is_empty() || is_inverted(encoding);
    let mut bands: Vec<BandMetadata> = (0..encoding.samples_per_pixel)
        .map(|sample| BandMetadata { color: color(sample, encoding, has_palette), ..BandMetadata::default() })
        .collect();
    if let Some(xml) = directory.text(source, Tag::GdalMetadata)? {
        metadata::read(&xml, &mut bands);
    }
    if let ([band], true) = (&mut bands[..], is_bitmap(encoding)) {
        // Whatever the metadata say (`GTiffBitmapBand`).
        band.color = ColorInterpretation::Palette;
    }
    Ok((bands, color_map))
}

/// How GDAL shows a band (`GTiffRasterBand::GTiffRasterBand`).
fn color(sample: u16, encoding: &Encoding, has_palette: bool) -> ColorInterpretation {
    use ColorInterpretation::{Alpha, Black, Blue, Cb, Cr, Cyan, Gray, Green, Luma, Magenta, Palette};
    use ColorInterpretation::{Red, Undefined, Yellow};
    if has_palette && sample == 0 {
        return Palette;
    }
    let colors: &[ColorInterpretation] = match encoding.photometric {
        photometric::RGB => &[Red, Green, Blue],
        photometric::YCBCR if encoding.compression == JPEG || encoding::is_converted_chroma(encoding) => {
            &[Red, Green, Blue]
        }
        photometric::YCBCR => &[Luma, Cb, Cr],
        photometric::SEPARATED => &[Cyan, Magenta, Yellow, Black],
        photometric::MIN_IS_BLACK => &[Gray],
        _ => &[],
    };
    let first_extra = usize::from(encoding.samples_per_pixel).saturating_sub(encoding.extra_samples.len());
    let extra = usize::from(sample).checked_sub(first_extra);
    match (colors.get(usize::from(sample)), extra.and_then(|extra| encoding.extra_samples.get(extra))) {
        (Some(color), _) => *color,
        (None, Some(1 | 2)) => Alpha,
        _ => Undefined,
    }
}

/// GDAL shows images in which the least value is white through a palette of greys.
fn is_inverted(encoding: &Encoding) -> bool {
    encoding.photometric == photometric::MIN_IS_WHITE && encoding.bits_per_sample <= MAX_PALETTE_BITS
}

/// GDAL shows images of one bit through a palette of black and white.
fn is_bitmap(encoding: &Encoding) -> bool {
    (encoding.bits_per_sample, encoding.samples_per_pixel) == (1, 1)
}

/// The colour map: all red, all green, all blue values from 0 to 65535.
///
/// GDAL's palettes of inverted greys are spelled out up to 8 bits; deeper ones would be larger than
/// most headers.
fn color_map(
    source: &Source<'_>,
    directory: &Directory,
    encoding: &Encoding,
) -> Result<Vec<u16>, RasterError> {
    let bits = encoding.bits_per_sample;
    if bits > MAX_PALETTE_BITS {
        return Ok(Vec::new());
    }
    if encoding::has_color_map(directory, bits) {
        let mut values = directory.uints(source, Tag::ColorMap, u64::MAX)?;
        // Some writers scale to 255 (GDAL ticket 1384).
        if values.iter().all(|value| *value < 256) {
            values.iter_mut().for_each(|value| *value *= 257);
        }
        return Ok(values.into_iter().map(|value| value.min(u16::MAX.into()) as u16).collect());
    }
    let last = (1u32 << bits) - 1;
    let mut greys: Vec<u16> = match bits {
        1..=8 if is_inverted(encoding) || is_bitmap(encoding) => {
            (0..=last).map(|grey| (255 * grey / last * 257) as u16).collect()
        }
        _ => return Ok(Vec::new()),
    };
    if is_inverted(encoding) {
        greys.reverse();
    }
    Ok(greys.repeat(3))
}

/// The value of pixels without data, if `dtype` has such a value: no pixel can be equal to another.
pub(super) fn nodata(
    source: &Source<'_>,
    directory: &Directory,
    dtype: DataType,
) -> Result<Option<PixelValue>, RasterError> {
    let value = directory.text(source, Tag::GdalNodata)?.and_then(|text| PixelValue::parse(&text));
    const TWO_TO_64: f64 = 18446744073709551616.0;
    let value = match (dtype, value) {
        // The tag may have more digits than pixels do.
        (DataType::Float32, Some(value)) => Some(nearest_float32(value.as_f64())),
        // GDAL writes a large integer with an exponent (and reads the digits before it).
        (DataType::UInt64, Some(PixelValue::Float(value @ 0.0..TWO_TO_64))) if value.fract() == 0.0 => {
            Some(PixelValue::Unsigned(value as u64))
        }
        (_, value) => value,
    };
    Ok(value.filter(|value| value.fits(dtype)))
}

/// The nearest `f32`. A little beyond the largest one is still the largest one, as in GDAL
/// (`GDALAdjustNoDataCloseToFloatMax`).
fn nearest_float32(value: f64) -> PixelValue {
    let largest = f64::from(f32::MAX);
    if value.is_finite() && (value.abs() - largest).abs() < 1e-10 * largest {
        return PixelValue::from(largest.copysign(value));
    }
    let narrow = value as f32;
    // Overflow is left alone: it does not fit.
    if narrow.is_infinite() { PixelValue::from(value) } else { PixelValue::from(f64::from(narrow)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoding(photometric: u16, samples_per_pixel: u16, extra_samples: &[u16]) -> Encoding {
        Encoding {
            samples_per_pixel,
            photometric,
            extra_samples: extra_samples.to_vec(),
            ..Encoding::uncompressed(DataType::UInt8)
        }
    }

    fn colors(encoding: &Encoding, has_palette: bool) -> Vec<ColorInterpretation> {
        (0..encoding.samples_per_pixel).map(|sample| color(sample, encoding, has_palette)).collect()
    }

    #[test]
    fn colors_follow_the_photometric_interpretation() {
        use ColorInterpretation::*;
        assert_eq!(colors(&encoding(1, 3, &[0, 2]), false), [Gray, Undefined, Alpha]);
        assert_eq!(colors(&encoding(2, 5, &[1, 0]), false), [Red, Green, Blue, Alpha, Undefined]);
        assert_eq!(colors(&encoding(3, 2, &[0]), true), [Palette, Undefined]);
        assert_eq!(colors(&encoding(6, 3, &[]), false), [Red, Green, Blue]);
        assert_eq!(colors(&Encoding { bits_per_sample: 16, ..encoding(6, 3, &[]) }, false), [Luma, Cb, Cr]);
        assert_eq!(colors(&encoding(32803, 2, &[]), false), [Undefined, Undefined]);
    }

    #[test]
    fn nodata_rounds_as_pixels_do() {
        let rounded = |value| nearest_float32(value).to_sample(DataType::Float32);
        assert_eq!(
            rounded(-3.4028235e38),
            PixelValue::from(f64::from(f32::MIN)).to_sample(DataType::Float32)
        );
        assert_eq!(nearest_float32(-3.4e38).as_f64(), -3.3999999521443642e38);
        assert!(!nearest_float32(1e300).fits(DataType::Float32));
        assert!(nearest_float32(f64::NEG_INFINITY).fits(DataType::Float32));
    }
}
