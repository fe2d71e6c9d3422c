use super::{deflate, zstandard};
use crate::decode::{Codec, CodecError, Decompressed, EncodedTile, scratch};
use lerc::bitmask::BitMask;
use lerc::{LercInfo, Sample};
use rasteret_schema::DataType;

/// Limited Error Raster Compression, also within Deflate or Zstandard (`Compression` 34887).
///
/// The samples go through the file's byte order once more, as libtiff has it: those of a big-endian
/// file are swapped before they are encoded.
///
/// Pixels that LERC's mask says are not valid are NaN in floating point samples, as in libtiff's
/// `tif_lerc.c`, and else zero. The mask can take the place of an 8-bit alpha sample.
#[derive(Debug, Clone, Copy)]
pub struct Lerc;

impl Codec for Lerc {
    fn decompressed(&self) -> Decompressed {
        Decompressed::Plain
    }

    fn decompress(
        &self,
        tile: &EncodedTile<'_>,
        encoded: &[u8],
        _: usize,
        out: &mut [u8],
    ) -> Result<(), CodecError> {
        if usize::from(tile.image.bits_per_sample) != 8 * tile.image.dtype.size() {
            return Err(CodecError::Unsupported {
                tag: "BitsPerSample",
                value: format!("{} for LERC", tile.image.bits_per_sample),
                hint: "",
            });
        }
        // Bounded as in libtiff: LERC takes little more room than what it encodes.
        let most = 256 + out.len() + out.len() / 3;
        match tile.image.lerc_compression {
            0 => decode(tile, encoded, out),
            1 => scratch::with_codec_buffer(most, |blob| {
                let len = deflate::inflate(encoded, blob).map_err(CodecError::corrupt)?;
                decode(tile, &blob[..len], out)
            }),
            2 => scratch::with_codec_buffer(most, |blob| {
                let len = zstandard::decompress(encoded, blob)?;
                decode(tile, &blob[..len], out)
            }),
            other => Err(CodecError::Unsupported {
                tag: "LercParameters",
                value: format!("compression {other}"),
                hint: "",
            }),
        }
    }
}

fn decode(tile: &EncodedTile<'_>, blob: &[u8], out: &mut [u8]) -> Result<(), CodecError> {
    match tile.image.dtype {
        DataType::UInt8 => decode_bytes(tile, blob, out),
        DataType::Int8 => decode_as::<i8>(tile, blob, out, 0),
        DataType::UInt16 => decode_as::<u16>(tile, blob, out, 0),
        DataType::Int16 => decode_as::<i16>(tile, blob, out, 0),
        DataType::UInt32 => decode_as::<u32>(tile, blob, out, 0),
        DataType::Int32 => decode_as::<i32>(tile, blob, out, 0),
        DataType::Float32 => decode_as::<f32>(tile, blob, out, f32::NAN),
        DataType::Float64 => decode_as::<f64>(tile, blob, out, f64::NAN),
        DataType::UInt64 | DataType::Int64 | DataType::Float16 => Err(CodecError::Unsupported {
            tag: "SampleFormat",
            value: format!("{} for LERC", tile.image.dtype),
            hint: "",
        }),
    }
}

/// A number that LERC and memory hold.
trait Number: Sample + bytemuck::Pod {}
impl<T: Sample + bytemuck::Pod> Number for T {}

fn decode_as<T: Number>(
    tile: &EncodedTile<'_>,
    blob: &[u8],
    out: &mut [u8],
    invalid: T,
) -> Result<(), CodecError> {
    let info = inspect(tile, blob)?;
    let bands = usize::from(tile.samples);
    if (info.bands, info.depth as usize) == (1, bands) {
        return decode_into(blob, out, |mask, pixels: &mut [T]| set_invalid(mask, pixels, bands, invalid));
    }
    if (info.bands as usize, info.depth) != (bands, 1) {
        return Err(wrong_shape(&info, tile));
    }
    // One blob with a mask for each band, one after another.
    let mut planes = vec![T::default(); out.len() / T::BYTES];
    let decoded = lerc::decode_into(blob, &mut planes).map_err(CodecError::corrupt)?;
    let plane_len = planes.len() / bands;
    for (band, (plane, mask)) in planes.chunks_exact_mut(plane_len).zip(&decoded.valid_masks).enumerate() {
        set_invalid(mask, plane, 1, invalid);
        let band_out = out.chunks_exact_mut(T::BYTES).skip(band).step_by(bands);
        for (out, value) in band_out.zip(plane) {
            out.copy_from_slice(bytemuck::bytes_of(value));
        }
    }
    Ok(())
}

fn decode_bytes(tile: &EncodedTile<'_>, blob: &[u8], out: &mut [u8]) -> Result<(), CodecError> {
    let info = inspect(tile, blob)?;
    let bands = usize::from(tile.samples);
    if info.bands != 1 || info.depth as usize + 1 != bands {
        return decode_as::<u8>(tile, blob, out, 0);
    }
    // The last sample is opacity, which the mask stands for.
    let colors = bands - 1;
    let mut pixels = vec![0u8; out.len() / bands * colors];
    let decoded = lerc::decode_into(blob, &mut pixels).map_err(CodecError::corrupt)?;
    let mask = decoded.valid_masks.first();
    for (index, (out, pixel)) in out.chunks_exact_mut(bands).zip(pixels.chunks_exact(colors)).enumerate() {
        out[..colors].copy_from_slice(pixel);
        out[colors] = if mask.is_none_or(|mask| mask.is_valid(index)) { 0xFF } else { 0 };
    }
    Ok(())
}

/// Reads the blob's header, and checks that it is of the tile's size.
fn inspect(tile: &EncodedTile<'_>, blob: &[u8]) -> Result<LercInfo, CodecError> {
    let info = lerc::decode_info(blob).map_err(CodecError::corrupt)?;
    if (info.width, info.height) != (tile.columns, tile.rows) {
        return Err(wrong_shape(&info, tile));
    }
    Ok(info)
}

fn wrong_shape(info: &LercInfo, tile: &EncodedTile<'_>) -> CodecError {
    CodecError::corrupt(format_args!(
        "LERC blob of {} × {} pixels, {} values, {} bands for a tile of {} × {} of {} samples",
        info.width, info.height, info.depth, info.bands, tile.columns, tile.rows, tile.samples
    ))
}

/// Decodes straight into `out` where it is aligned for the type.
fn decode_into<T: Number>(
    blob: &[u8],
    out: &mut [u8],
    finish: impl Fn(&BitMask, &mut [T]),
) -> Result<(), CodecError> {
    let decode = |pixels: &mut [T]| {
        let decoded = lerc::decode_into(blob, pixels).map_err(CodecError::corrupt)?;
        decoded.valid_masks.iter().for_each(|mask| finish(mask, pixels));
        Ok(())
    };
    match bytemuck::try_cast_slice_mut(out) {
        Ok(pixels) => decode(pixels),
        Err(_) => {
            let mut pixels = vec![T::default(); out.len() / T::BYTES];
            decode(&mut pixels)?;
            out.copy_from_slice(bytemuck::cast_slice(&pixels));
            Ok(())
        }
    }
}

fn set_invalid<T: Copy>(mask: &BitMask, pixels: &mut [T], bands: usize, invalid: T) {
    if matches!(mask, BitMask::AllValid(_)) {
        return;
    }
    for (index, pixel) in pixels.chunks_exact_mut(bands).enumerate() {
        if !mask.is_valid(index) {
            pixel.fill(invalid);
        }
    }
}
