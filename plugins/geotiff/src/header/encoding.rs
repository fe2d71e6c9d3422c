//! How the samples of an image are encoded, from its directory.

use super::directory::Directory;
use super::source::Source;
use super::tag::Tag;
use rasteret_schema::{DataType, Encoding, RasterError};

pub(super) mod photometric {
    //! Values of `PhotometricInterpretation`.
    pub const MIN_IS_WHITE: u16 = 0;
    pub const MIN_IS_BLACK: u16 = 1;
    pub const RGB: u16 = 2;
    pub const PALETTE: u16 = 3;
    pub const SEPARATED: u16 = 5;
    pub const YCBCR: u16 = 6;
    pub const CIELAB: u16 = 8;
    pub const ICCLAB: u16 = 9;
    pub const ITULAB: u16 = 10;
    pub const LOGL: u16 = 32844;
    pub const LOGLUV: u16 = 32845;
}

/// Values of `Compression`.
pub(super) const UNCOMPRESSED: u16 = 1;
pub(super) const JPEG: u16 = 7;
const LERC: u16 = 34887;
/// LZW, Deflate under both its codes, LZMA, Zstandard: what libtiff's predictors go with.
const WITH_PREDICTOR: [u16; 5] = [5, 8, 32946, 34925, 50000];

/// Colour maps of deeper samples are no colour maps.
pub(super) const MAX_PALETTE_BITS: u16 = 16;

const TO_RGB: &str = "convert it to RGB, for instance with `gdal_translate`";

/// Reads the encoding out of an image's directory.
///
/// # Errors
///
/// [`RasterError::Unsupported`] for samples that rasteret has no data type for, and where GDAL would
/// convert colours; [`RasterError::CorruptHeader`] for values that the specification does not have.
pub(super) fn read(source: &Source<'_>, directory: &Directory) -> Result<Encoding, RasterError> {
    let small = |tag, default: u16| Ok::<u16, RasterError>(directory.small(source, tag)?.unwrap_or(default));
    let samples_per_pixel = small(Tag::SamplesPerPixel, 1)?;
    if samples_per_pixel == 0 {
        return Err(invalid(Tag::SamplesPerPixel, 0));
    }
    let bits_per_sample =
        same_for_all(source, directory, Tag::BitsPerSample, samples_per_pixel)?.unwrap_or(1);
    let sample_format = same_for_all(source, directory, Tag::SampleFormat, samples_per_pixel)?.unwrap_or(1);
    let dtype = data_type(bits_per_sample, sample_format)?;
    let compression = small(Tag::Compression, UNCOMPRESSED)?;
    let photometric = photometric_interpretation(source, directory, bits_per_sample, samples_per_pixel)?;
    let chroma_subsampling = match directory.uints(source, Tag::ChromaSubsampling, 2)?[..] {
        _ if photometric != photometric::YCBCR => [1, 1],
        [horizontal @ (1 | 2 | 4), vertical @ (1 | 2 | 4)] => [horizontal as u8, vertical as u8],
        [horizontal, vertical] => {
            return Err(RasterError::CorruptHeader(format!(
                "{} is {horizontal}, {vertical}",
                Tag::ChromaSubsampling.name()
            )));
        }
        _ => [2, 2],
    };
    let encoding = Encoding {
        dtype,
        bits_per_sample,
        samples_per_pixel,
        planar: match small(Tag::PlanarConfiguration, 1)? {
            1 => false,
            2 => true,
            other => return Err(invalid(Tag::PlanarConfiguration, other)),
        },
        striped: !is_tiled(directory),
        big_endian: directory.layout().big_endian,
        reversed_bits: small(Tag::FillOrder, 1)? == 2,
        compression,
        predictor: predictor(small(Tag::Predictor, 1)?, compression)?,
        photometric,
        chroma_subsampling,
        extra_samples: extra_samples(source, directory, photometric, samples_per_pixel)?,
        jpeg_tables: jpeg_tables(source, directory, compression)?,
        lerc_compression: match (compression, &directory.uints(source, Tag::LercParameters, 2)?[..]) {
            (LERC, [_, added]) => u8::try_from(*added).map_err(|_| invalid(Tag::LercParameters, added))?,
            _ => 0,
        },
    };
    refuse_colors_that_gdal_converts(source, directory, &encoding)?;
    Ok(encoding)
}

/// Whether an image has tiles, not strips.
pub(super) fn is_tiled(directory: &Directory) -> bool {
    directory.has(Tag::TileWidth) || directory.has(Tag::TileLength)
}

/// Whether GDAL turns the image into RGB as it reads it (`bTreatAsRGBA` in `GTiffDataset::OpenOffset`).
pub(super) fn is_converted_chroma(encoding: &Encoding) -> bool {
    encoding.photometric == photometric::YCBCR
        && encoding.compression != JPEG
        && encoding.bits_per_sample <= 8
}

fn invalid(tag: Tag, value: impl std::fmt::Display) -> RasterError {
    RasterError::CorruptHeader(format!("{} is {value}", tag.name()))
}

/// The value of a tag that has one value a sample. As in libtiff, one value stands for all.
fn same_for_all(
    source: &Source<'_>,
    directory: &Directory,
    tag: Tag,
    samples: u16,
) -> Result<Option<u16>, RasterError> {
    let values = directory.uints(source, tag, samples.into())?;
    let Some(first) = values.first() else { return Ok(None) };
    if values.len() > 1 && values.len() < samples.into() {
        return Err(RasterError::CorruptHeader(format!(
            "{} has {} values for {samples} samples",
            tag.name(),
            values.len()
        )));
    }
    if values.iter().any(|value| value != first) {
        let values: Vec<String> = values.iter().map(u64::to_string).collect();
        return Err(RasterError::Unsupported {
            tag: tag.name(),
            value: format!("{}, not the same for all samples", values.join(", ")),
            hint: "",
        });
    }
    u16::try_from(*first).map(Some).map_err(|_| invalid(tag, first))
}

/// The data type that GDAL gives samples (`GTiffRasterBand`, `GTiffOddBitsBand`), except that half
/// precision stays half precision.
fn data_type(bits: u16, sample_format: u16) -> Result<DataType, RasterError> {
    const SIGNED: u16 = 2;
    const FLOAT: u16 = 3;
    let unsupported = |what: &str| RasterError::Unsupported {
        tag: Tag::BitsPerSample.name(),
        value: format!("{bits} for {what}"),
        hint: "",
    };
    match (sample_format, bits) {
        (FLOAT, 16) => Ok(DataType::Float16),
        (FLOAT, 32) => Ok(DataType::Float32),
        (FLOAT, 64) => Ok(DataType::Float64),
        (FLOAT, _) => Err(unsupported("floating point samples")),
        (SIGNED, 8) => Ok(DataType::Int8),
        (SIGNED, 16) => Ok(DataType::Int16),
        (SIGNED, 32) => Ok(DataType::Int32),
        (SIGNED, 64) => Ok(DataType::Int64),
        // 4 is "undefined". Signed samples of odd widths come out unsigned, as they do from GDAL.
        (1 | SIGNED | 4, 1..=8) => Ok(DataType::UInt8),
        (1 | SIGNED | 4, 9..=16) => Ok(DataType::UInt16),
        (1 | SIGNED | 4, 17..=32) => Ok(DataType::UInt32),
        (1 | 4, 64) => Ok(DataType::UInt64),
        (1 | SIGNED | 4, _) => Err(unsupported("integer samples")),
        (5 | 6, _) => Err(RasterError::Unsupported {
            tag: Tag::SampleFormat.name(),
            value: format!("{sample_format} (complex numbers)"),
            hint: "extract real and imaginary parts, for instance with `gdal_translate`",
        }),
        _ => Err(invalid(Tag::SampleFormat, sample_format)),
    }
}

/// Whether there is a colour map of the right length; libtiff ignores others.
pub(super) fn has_color_map(directory: &Directory, bits: u16) -> bool {
    bits <= MAX_PALETTE_BITS && directory.count(Tag::ColorMap) == 3 << bits
}

/// The photometric interpretation, with libtiff's repairs of palette images that have no colour map.
fn photometric_interpretation(
    source: &Source<'_>,
    directory: &Directory,
    bits: u16,
    samples: u16,
) -> Result<u16, RasterError> {
    let photometric = directory.small(source, Tag::Photometric)?.unwrap_or(photometric::MIN_IS_BLACK);
    if photometric != photometric::PALETTE || has_color_map(directory, bits) {
        return Ok(photometric);
    }
    match (bits, samples) {
        (8.., 3) => Ok(photometric::RGB),
        (8.., _) => Ok(photometric::MIN_IS_BLACK),
        _ => Err(RasterError::CorruptHeader(
            "PhotometricInterpretation is 3 (palette), but there is no ColorMap".to_owned(),
        )),
    }
}

fn predictor(predictor: u16, compression: u16) -> Result<u16, RasterError> {
    // libtiff does not know the tag with other codecs, and ignores it.
    if !WITH_PREDICTOR.contains(&compression) {
        return Ok(1);
    }
    match predictor {
        1..=3 => Ok(predictor),
        other => {
            Err(RasterError::Unsupported { tag: Tag::Predictor.name(), value: other.to_string(), hint: "" })
        }
    }
}

fn jpeg_tables(source: &Source<'_>, directory: &Directory, compression: u16) -> Result<Vec<u8>, RasterError> {
    /// Eight tables of each kind do not take more.
    const MAX_SIZE: usize = 1 << 16;
    match directory.bytes(source, Tag::JpegTables)? {
        Some(tables) if compression == JPEG && tables.len() > MAX_SIZE => {
            Err(invalid(Tag::JpegTables, format_args!("{} bytes long", tables.len())))
        }
        Some(tables) if compression == JPEG => Ok(tables.to_vec()),
        _ => Ok(Vec::new()),
    }
}

/// The meaning of the samples beyond the colours. Samples that the tag does not mention, but that
/// cannot be colours, are extra samples of unknown meaning (`TIFFReadDirectory`).
fn extra_samples(
    source: &Source<'_>,
    directory: &Directory,
    photometric: u16,
    samples: u16,
) -> Result<Vec<u16>, RasterError> {
    /// What Corel Draw writes for opacity.
    const COREL_OPACITY: u64 = 999;
    if directory.count(Tag::ExtraSamples) > samples.into() {
        return Err(RasterError::CorruptHeader(format!(
            "{} has {} values for {samples} samples",
            Tag::ExtraSamples.name(),
            directory.count(Tag::ExtraSamples)
        )));
    }
    let values = directory.uints(source, Tag::ExtraSamples, samples.into())?;
    let meanings = values.iter().map(|value| match *value {
        COREL_OPACITY => Ok(2),
        value @ 0..=2 => Ok(value as u16),
        other => Err(invalid(Tag::ExtraSamples, other)),
    });
    let mut extra = meanings.collect::<Result<Vec<u16>, _>>()?;
    let colors = match photometric {
        photometric::PALETTE | photometric::MIN_IS_WHITE | photometric::MIN_IS_BLACK => 1,
        photometric::RGB
        | photometric::YCBCR
        | photometric::CIELAB
        | photometric::ICCLAB
        | photometric::ITULAB
        | photometric::LOGLUV => 3,
        photometric::SEPARATED => 4,
        _ => return Ok(extra),
    };
    let beyond = usize::from(samples).saturating_sub(colors);
    if extra.len() < beyond {
        extra.resize(beyond, 0);
    }
    Ok(extra)
}

/// GDAL reads these through libtiff's RGBA interface, which gives other samples than the file has
/// (`TIFFRGBAImageOK`), or not at all.
fn refuse_colors_that_gdal_converts(
    source: &Source<'_>,
    directory: &Directory,
    encoding: &Encoding,
) -> Result<(), RasterError> {
    let Encoding { photometric, samples_per_pixel: samples, bits_per_sample: bits, .. } = *encoding;
    let colors = usize::from(samples).saturating_sub(encoding.extra_samples.len());
    let has_rgba_depth = matches!(bits, 1 | 2 | 4 | 8);
    let name = match photometric {
        photometric::SEPARATED if has_rgba_depth && samples >= 4 => {
            match directory.uint(source, Tag::InkSet)?.unwrap_or(1) {
                1 => "CMYK",
                _ => return Ok(()),
            }
        }
        photometric::CIELAB if bits == 8 && samples == 3 && colors == 3 => "CIELab",
        photometric::LOGL => "LogL",
        photometric::LOGLUV => "LogLuv",
        photometric::YCBCR
            if bits > 8
                && encoding.compression != JPEG
                && !encoding.planar
                && encoding.chroma_subsampling != [1, 1] =>
        {
            "YCbCr, subsampled, of more than 8 bits"
        }
        _ => return Ok(()),
    };
    Err(RasterError::Unsupported {
        tag: Tag::Photometric.name(),
        value: format!("{photometric} ({name})"),
        hint: TO_RGB,
    })
}
