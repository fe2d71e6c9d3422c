//! A picture of an array, to look at: not for measuring.

use crate::read::PixelArray;
use std::io::{self, Write};

/// Writes the first read of an array as an 8-bit PNG: three or more bands as red, green and blue,
/// fewer as shades of grey. Each band is stretched from its 2nd to its 98th percentile; pixels that
/// are not valid are transparent. `valid` has `[H, W]` elements.
///
/// # Errors
///
/// If the writer fails, or the array is empty.
pub fn write_png(pixels: &PixelArray, valid: &[bool], out: impl Write) -> io::Result<()> {
    let [_, bands, height, width] = pixels.shape();
    let channels = if bands >= 3 { 3 } else { 1 };
    let samples: Vec<Vec<u8>> = (0..channels).map(|band| stretched(pixels, band, valid)).collect();
    let color = if channels == 3 { png::ColorType::Rgba } else { png::ColorType::GrayscaleAlpha };
    let mut data = Vec::with_capacity(height * width * (channels + 1));
    for pixel in 0..height * width {
        data.extend(samples.iter().map(|band| band[pixel]));
        data.push(if valid.get(pixel).copied().unwrap_or(true) { 255 } else { 0 });
    }
    let size = |size: usize| u32::try_from(size).map_err(io::Error::other);
    let mut encoder = png::Encoder::new(out, size(width)?, size(height)?);
    encoder.set_color(color);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(io_error)?;
    writer.write_image_data(&data).map_err(io_error)?;
    writer.finish().map_err(io_error)
}

/// The crate's own conversion keeps the words of an I/O error, but not its kind.
fn io_error(error: png::EncodingError) -> io::Error {
    match error {
        png::EncodingError::IoError(error) => error,
        other => io::Error::other(other),
    }
}

fn stretched(pixels: &PixelArray, band: usize, valid: &[bool]) -> Vec<u8> {
    let [_, _, height, width] = pixels.shape();
    let value = |at: usize| pixels.value([0, band, at / width, at % width]).unwrap_or(f64::NAN);
    let values: Vec<f64> = (0..height * width).map(value).collect();
    let mut sorted: Vec<f64> = values
        .iter()
        .zip(valid)
        .filter(|(value, valid)| **valid && value.is_finite())
        .map(|(value, _)| *value)
        .collect();
    sorted.sort_by(f64::total_cmp);
    let percentile =
        |percent: usize| sorted.get(sorted.len().saturating_sub(1) * percent / 100).copied().unwrap_or(0.0);
    let (low, high) = (percentile(2), percentile(98));
    let factor = if high > low { 255.0 / (high - low) } else { 0.0 };
    // A cast from float saturates, and takes NaN to zero.
    values.iter().map(|value| ((value - low) * factor).round() as u8).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rasteret_schema::{DataType, PixelValue};

    #[test]
    fn a_ramp_spans_the_greys() {
        let mut pixels = PixelArray::zeros(DataType::Int16, [1, 1, 1, 100]);
        for (i, sample) in pixels.as_bytes_mut().chunks_exact_mut(2).enumerate() {
            PixelValue::Integer(i as i64 - 50).to_sample(DataType::Int16).unwrap().fill(sample);
        }
        let mut valid = vec![true; 100];
        valid[99] = false;
        let mut out = Vec::new();
        write_png(&pixels, &valid, &mut out).unwrap();
        let mut reader = png::Decoder::new(io::Cursor::new(out)).read_info().unwrap();
        let mut image = vec![0; 200];
        reader.next_frame(&mut image).unwrap();
        assert_eq!(image[..2], [0, 255]);
        assert_eq!(image[2 * 98], 255);
        assert_eq!(image[2 * 99 + 1], 0);
    }
}
