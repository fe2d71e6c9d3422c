//! The fields of the directories, as GDAL's COG driver writes them.

use super::codec::{MASK_CODEC, jpeg_tables};
use super::grid::Grid;
use super::ifd::{Field, Value, tag};
use super::{Blocks, Codec, CogOptions, GeoKeyValue, LercCompression, Predictor, key, metadata};
use crate::write::WriteError;
use rasteret_schema::{ColorInterpretation, DataType, Geotransform};

/// What a directory describes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    /// Whether it is an overview, or the mask of one.
    pub overview: bool,
    /// Whether it is a mask of one bit a pixel.
    pub mask: bool,
}

/// Offset and size of a block; zeros where a block is left out.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Span {
    pub offset: u64,
    pub size: u64,
}

/// The fields of the directory of one image or mask, sorted by tag.
pub(super) fn fields(
    options: &CogOptions,
    kind: Kind,
    dtype: DataType,
    (width, height, bands): (u32, u32, u16),
    spans: &[Span],
) -> Result<Vec<Field>, WriteError> {
    let grid = Grid::new(options, width, height, bands);
    let mut fields = Vec::new();
    let mut add = |tag, value| fields.push(Field::new(tag, value));

    if kind.overview || kind.mask {
        let subfile = u32::from(kind.overview) | if kind.mask { 4 } else { 0 };
        add(tag::NEW_SUBFILE_TYPE, Value::Long(vec![subfile]));
    }
    add(tag::IMAGE_WIDTH, short_or_long(width));
    add(tag::IMAGE_LENGTH, short_or_long(height));
    let bits = if kind.mask { 1 } else { 8 * dtype.size() as u16 };
    add(tag::BITS_PER_SAMPLE, Value::Short(vec![bits; bands.into()]));
    let codec = if kind.mask { MASK_CODEC } else { options.codec };
    add(tag::COMPRESSION, Value::Short(vec![compression(codec)]));
    add(tag::PHOTOMETRIC, Value::Short(vec![photometric(options, kind, bands)]));
    add(tag::SAMPLES_PER_PIXEL, Value::Short(vec![bands]));
    add(tag::PLANAR_CONFIGURATION, Value::Short(vec![if options.planar && bands > 1 { 2 } else { 1 }]));
    if codec.has_predictor() {
        let predictor = match options.predictor {
            Predictor::Horizontal if !kind.mask => 2,
            Predictor::FloatingPoint if !kind.mask => 3,
            _ => 1,
        };
        add(tag::PREDICTOR, Value::Short(vec![predictor]));
    }
    let (offsets, counts) = match options.blocks {
        Blocks::Tiles { width, height } => {
            add(tag::TILE_WIDTH, short_or_long(width));
            add(tag::TILE_LENGTH, short_or_long(height));
            (tag::TILE_OFFSETS, tag::TILE_BYTE_COUNTS)
        }
        Blocks::Strips { .. } => {
            add(tag::ROWS_PER_STRIP, short_or_long(grid.block_height));
            (tag::STRIP_OFFSETS, tag::STRIP_BYTE_COUNTS)
        }
    };
    let wide = |values: Vec<u64>| match options.big_tiff {
        true => Value::Long8(values),
        false => Value::Long(values.into_iter().map(|value| value as u32).collect()),
    };
    add(offsets, wide(spans.iter().map(|span| span.offset).collect()));
    let block_size = match kind.mask {
        true => u64::from(grid.block_width.div_ceil(8)) * u64::from(grid.block_height),
        false => grid.block_pixels() * u64::from(grid.samples_per_pixel) * dtype.size() as u64,
    };
    let sizes = spans.iter().map(|span| span.size);
    add(
        counts,
        if spans.len() > 1 && narrow_counts(options.big_tiff, codec, block_size) {
            match options.big_tiff {
                true => Value::Long(sizes.map(|size| size as u32).collect()),
                false => Value::Short(sizes.map(|size| size as u16).collect()),
            }
        } else {
            wide(sizes.collect())
        },
    );
    let format = match dtype {
        _ if kind.mask || dtype.integer_range().is_some_and(|(least, _)| least == 0) => 1,
        _ if dtype.is_float() => 3,
        _ => 2,
    };
    add(tag::SAMPLE_FORMAT, Value::Short(vec![format; bands.into()]));
    if !kind.mask {
        fields.extend(color_fields(options, bands));
        fields.extend(codec_fields(options, grid.samples_per_pixel)?);
        if !kind.overview {
            fields.extend(georeference_fields(options));
            fields.extend(
                metadata::document(options).map(|text| Field::new(tag::GDAL_METADATA, Value::Ascii(text))),
            );
        }
        fields.extend(
            options.nodata.map(|value| Field::new(tag::GDAL_NODATA, Value::Ascii(metadata::nodata(value)))),
        );
    }
    fields.sort_by_key(|field| field.tag);
    Ok(fields)
}

fn short_or_long(value: u32) -> Value {
    u16::try_from(value).map_or(Value::Long(vec![value]), |value| Value::Short(vec![value]))
}

/// Whether byte counts have half the width of offsets: libtiff's rule in
/// `TIFFWriteDirectoryTagLongLong8Array`, for which compressed blocks may be ten times their size.
fn narrow_counts(big_tiff: bool, codec: Codec, block_size: u64) -> bool {
    let limit = if big_tiff { u64::from(u32::MAX) } else { u64::from(u16::MAX) };
    match codec {
        Codec::None => block_size <= limit,
        Codec::PackBits => false,
        _ => block_size < limit / 10,
    }
}

fn compression(codec: Codec) -> u16 {
    match codec {
        Codec::None => 1,
        Codec::Lzw => 5,
        Codec::Jpeg { .. } => 7,
        Codec::Deflate { .. } => 8,
        Codec::PackBits => 32773,
        Codec::Lerc { .. } => 34887,
        Codec::Lzma { .. } => 34925,
        Codec::Zstd { .. } => 50000,
        Codec::WebP => 50001,
    }
}

fn photometric(options: &CogOptions, kind: Kind, bands: u16) -> u16 {
    match options.codec {
        _ if kind.mask => 4,
        _ if !options.color_map.is_empty() => 3,
        Codec::Jpeg { .. } if bands == 3 && !options.planar => 6,
        _ if options.is_rgb() => 2,
        _ => 1,
    }
}

/// Colour map and meaning of samples beyond the colours.
fn color_fields(options: &CogOptions, bands: u16) -> Vec<Field> {
    let mut fields = Vec::new();
    if !options.color_map.is_empty() {
        fields.push(Field::new(tag::COLOR_MAP, Value::Short(options.color_map.clone())));
    }
    let colors = if options.is_rgb() { 3 } else { 1 };
    let extra: Vec<u16> = (colors..usize::from(bands))
        .map(|band| match options.bands.get(band) {
            // Opacity that colours are not multiplied by.
            Some(band) if band.color == ColorInterpretation::Alpha => 2,
            _ => 0,
        })
        .collect();
    if !extra.is_empty() {
        fields.push(Field::new(tag::EXTRA_SAMPLES, Value::Short(extra)));
    }
    fields
}

/// What decoders need beyond the blocks.
fn codec_fields(options: &CogOptions, samples_per_pixel: u16) -> Result<Vec<Field>, WriteError> {
    Ok(match options.codec {
        Codec::Jpeg { quality } => {
            let tables = Value::Undefined(jpeg_tables(quality, samples_per_pixel)?);
            let mut fields = vec![Field::new(tag::JPEG_TABLES, tables)];
            if samples_per_pixel == 3 {
                let full_range = [(0, 1), (255, 1), (128, 1), (255, 1), (128, 1), (255, 1)];
                fields.push(Field::new(tag::YCBCR_SUBSAMPLING, Value::Short(vec![2, 2])));
                fields.push(Field::new(tag::REFERENCE_BLACK_WHITE, Value::Rational(full_range.to_vec())));
            }
            fields
        }
        Codec::Lerc { inner, .. } => {
            let inner = match inner {
                LercCompression::None => 0,
                LercCompression::Deflate => 1,
                LercCompression::Zstd => 2,
            };
            // Version 2.4 of LERC, and the compression within.
            vec![Field::new(tag::LERC_PARAMETERS, Value::Long(vec![4, inner]))]
        }
        _ => Vec::new(),
    })
}

/// Geotransform and CRS. Scale and tiepoint where rows run from north to south, else a matrix.
fn georeference_fields(options: &CogOptions) -> Vec<Field> {
    let mut fields = Vec::new();
    if let Some(corner) = options.transform {
        let shift = if options.pixel_is_point { 0.5 } else { 0.0 };
        let Geotransform { a, b, c, d, e, f } = corner.translated(shift, shift);
        if corner.is_axis_aligned() && !corner.is_south_up() {
            fields.push(Field::new(tag::MODEL_PIXEL_SCALE, Value::Double(vec![a, -e, 0.0])));
            fields.push(Field::new(tag::MODEL_TIEPOINT, Value::Double(vec![0.0, 0.0, 0.0, c, f, 0.0])));
        } else {
            let matrix = vec![a, b, 0.0, c, d, e, 0.0, f, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0];
            fields.push(Field::new(tag::MODEL_TRANSFORMATION, Value::Double(matrix)));
        }
    }
    if options.geo_keys.is_some() || options.pixel_is_point {
        let raster_type = GeoKeyValue::Short(if options.pixel_is_point { 2 } else { 1 });
        let keys = options.geo_keys.clone().unwrap_or_default().with(key::RASTER_TYPE, raster_type);
        fields.extend(keys.fields());
    }
    fields
}
