//! Headers as a column of a table: `{band}_metadata`, as rasteret 0.4 writes it to Parquet.
//!
//! | field | type | |
//! | --- | --- | --- |
//! | `image_width`, `image_height`, `tile_width`, `tile_height` | int32 | of the image at full resolution |
//! | `dtype` | string | NumPy name |
//! | `transform` | list of double | `[scale_x, origin_x, scale_y, origin_y]`, by pixel corners; also read: `[a, b, c, d, e, f]` |
//! | `predictor`, `compression` | int32 | TIFF's numbers |
//! | `tile_offsets`, `tile_byte_counts` | list of int64 | 0 for a sparse tile. Where each sample has tiles of its own (`planar_configuration` 2), those of the band's sample alone |
//! | `pixel_scale`, `tiepoint` | list of double | `[scale_x, scale_y, 0]` and `[0, 0, 0, x, y, 0]`, as the file has them |
//! | `nodata` | double | |
//! | `samples_per_pixel`, `planar_configuration`, `photometric` | int32 | |
//! | `extra_samples` | list of int32 | |
//!
//! A table cannot carry all of a header: overviews, masks, JPEG tables, colour maps and the version of
//! the file stay behind, and a header that comes back from a table is without them ([`says_all`] says when that
//! matters to reads at full resolution). Of a file whose samples are
//! big-endian, or have other bits than their type, the column cannot say how to read it at all: the row is null.

use crate::tile_table::{MAX_TILES, TileTableView};
use crate::{
    ArchiveError, ArchivedRasterHeader, BandMetadata, ColorInterpretation, Crs, DataType, Encoding,
    Georeference, Geotransform, ImageHeader, ObjectVersion, PixelValue, RasterHeader, TileTable,
};
use arrow_array::builder::{Float64Builder, Int32Builder, Int64Builder, ListBuilder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{ArrowPrimitiveType, Float64Type, Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef, StructArray};
use arrow_buffer::NullBuffer;
use arrow_schema::{ArrowError, DataType as ArrowType, Field, Fields};
use std::ops::Range;
use std::sync::Arc;

/// Bytes of a decoded tile at most: as many as those of a file.
const MAX_TILE_BYTES: u64 = 1 << 30;

/// The name of a band's header column.
pub fn column_name(band: &str) -> String {
    format!("{band}_metadata")
}

/// The fields of a header column.
pub fn fields() -> Fields {
    let list = |item: ArrowType| ArrowType::List(Arc::new(Field::new("element", item, true)));
    [
        ("image_width", ArrowType::Int32),
        ("image_height", ArrowType::Int32),
        ("tile_width", ArrowType::Int32),
        ("tile_height", ArrowType::Int32),
        ("dtype", ArrowType::Utf8),
        ("transform", list(ArrowType::Float64)),
        ("predictor", ArrowType::Int32),
        ("compression", ArrowType::Int32),
        ("tile_offsets", list(ArrowType::Int64)),
        ("tile_byte_counts", list(ArrowType::Int64)),
        ("pixel_scale", list(ArrowType::Float64)),
        ("tiepoint", list(ArrowType::Float64)),
        ("nodata", ArrowType::Float64),
        ("samples_per_pixel", ArrowType::Int32),
        ("planar_configuration", ArrowType::Int32),
        ("photometric", ArrowType::Int32),
        ("extra_samples", list(ArrowType::Int32)),
    ]
    .into_iter()
    .map(|(name, data_type)| Field::new(name, data_type, true))
    .collect()
}

/// A header column, of the header of each row and which sample of the file its band is. Rows without a header are
/// null, as are those of which the column cannot say how samples are to be read, and a geotransform that is not
/// along the axes.
///
/// # Errors
///
/// If an archive is damaged, a tile lies beyond what a signed 64-bit number holds, or a file has no such sample.
pub fn to_array<'a>(
    headers: impl ExactSizeIterator<Item = Option<(&'a ArchivedRasterHeader, usize)>>,
) -> Result<StructArray, ArrowError> {
    let mut columns = Columns::default();
    let mut present = Vec::with_capacity(headers.len());
    for header in headers {
        let header = header.filter(|(header, _)| can_be_said(header));
        present.push(header.is_some());
        columns.append(header)?;
    }
    StructArray::try_new(fields(), columns.finish(), Some(NullBuffer::from(present)))
}

/// Whether samples are as a reader takes them to be that knows nothing but their type.
fn can_be_said(header: &ArchivedRasterHeader) -> bool {
    let encoding = header.images.first().map(|image| usize::from(image.encoding.to_native()));
    encoding.and_then(|encoding| header.encodings.get(encoding)).is_some_and(|encoding| {
        let bits = encoding.bits_per_sample.to_native();
        let is_in_order = !encoding.big_endian || bits <= 8;
        is_in_order && !encoding.reversed_bits && usize::from(bits) == encoding.dtype.size() * 8
    })
}

fn invalid(error: impl ToString) -> ArrowError {
    ArrowError::InvalidArgumentError(error.to_string())
}

fn list<B: arrow_array::builder::ArrayBuilder>(values: B, item: ArrowType) -> ListBuilder<B> {
    ListBuilder::new(values).with_field(Field::new("element", item, true))
}

struct Columns {
    /// Sizes of the image and its tiles, predictor, compression, samples, planar configuration, photometric.
    integers: [Int32Builder; 9],
    dtype: StringBuilder,
    nodata: Float64Builder,
    /// `transform`, `pixel_scale`, `tiepoint`.
    numbers: [ListBuilder<Float64Builder>; 3],
    /// `tile_offsets`, `tile_byte_counts`.
    tiles: [ListBuilder<Int64Builder>; 2],
    extra_samples: ListBuilder<Int32Builder>,
}

impl Default for Columns {
    fn default() -> Self {
        Columns {
            integers: Default::default(),
            dtype: StringBuilder::new(),
            nodata: Float64Builder::new(),
            numbers: std::array::from_fn(|_| list(Float64Builder::new(), ArrowType::Float64)),
            tiles: std::array::from_fn(|_| list(Int64Builder::new(), ArrowType::Int64)),
            extra_samples: list(Int32Builder::new(), ArrowType::Int32),
        }
    }
}

impl Columns {
    fn append(&mut self, header: Option<(&ArchivedRasterHeader, usize)>) -> Result<(), ArrowError> {
        let Some((header, sample)) = header else {
            self.integers.iter_mut().for_each(Int32Builder::append_null);
            self.dtype.append_null();
            self.nodata.append_null();
            self.numbers.iter_mut().for_each(ListBuilder::append_null);
            self.tiles.iter_mut().for_each(ListBuilder::append_null);
            self.extra_samples.append_null();
            return Ok(());
        };
        let image = header.image(0).ok_or_else(|| invalid("a header has no image"))?;
        let sizes = [image.width, image.height, image.tile_width, image.tile_height];
        let codes = [
            image.predictor,
            image.compression,
            image.samples_per_pixel,
            if image.planar { 2 } else { 1 },
            image.photometric,
        ];
        let codes = codes.into_iter().map(i32::from);
        let values = sizes.into_iter().map(|size| i32::try_from(size).map_err(invalid)).chain(codes.map(Ok));
        for (column, value) in self.integers.iter_mut().zip(values) {
            column.append_value(value?);
        }
        self.dtype.append_value(image.dtype.name());
        self.nodata.append_option(header.nodata().map_err(invalid)?.map(PixelValue::as_f64));

        let georeference = header.georeference().map_err(invalid)?;
        let transform = georeference.transform.filter(Geotransform::is_axis_aligned);
        let [places, scales, ties] = &mut self.numbers;
        places.append_option(transform.map(|t| [t.a, t.c, t.e, t.f].map(Some)));
        scales.append_option(transform.map(|t| [t.a, -t.e, 0.0].map(Some)));
        // Of a file that gives the coordinates of pixel centres, the tie is half a pixel further in.
        let shift = if georeference.pixel_is_point { 0.5 } else { 0.0 };
        let tie = |t: Geotransform| {
            let (x, y) = t.apply(shift, shift);
            [0.0, 0.0, 0.0, x, y, 0.0].map(Some)
        };
        ties.append_option(transform.map(tie));

        let [offsets, counts] = &mut self.tiles;
        let tiles = match u32::from(image.samples_per_pixel) {
            samples if image.planar && samples > 1 => {
                let no_sample =
                    || invalid(format!("a band is sample {sample}, counted from 0, of {samples}"));
                let sample =
                    u32::try_from(sample).ok().filter(|sample| *sample < samples).ok_or_else(no_sample)?;
                let plane = image.tiles.len() / samples;
                sample * plane..(sample + 1) * plane
            }
            _ => 0..image.tiles.len(),
        };
        for (start, len) in ranges(&image.tiles, tiles) {
            offsets.values().append_value(i64::try_from(start).map_err(invalid)?);
            counts.values().append_value(i64::try_from(len).map_err(invalid)?);
        }
        offsets.append(true);
        counts.append(true);
        let extra = header.encodings.get(usize::from(header.images[0].encoding.to_native()));
        let extra = extra
            .map(|encoding| encoding.extra_samples.iter().map(|sample| Some(i32::from(sample.to_native()))));
        match extra.filter(|extra| extra.len() > 0) {
            Some(extra) => self.extra_samples.append_value(extra),
            None => self.extra_samples.append_null(),
        }
        Ok(())
    }

    /// In the order of [`fields`].
    fn finish(self) -> Vec<ArrayRef> {
        let [width, height, tile_width, tile_height, predictor, compression, samples, planar, photometric] =
            self.integers.map(|mut column| Arc::new(column.finish()) as ArrayRef);
        let [transform, pixel_scale, tiepoint] =
            self.numbers.map(|mut column| Arc::new(column.finish()) as ArrayRef);
        let [offsets, counts] = self.tiles.map(|mut column| Arc::new(column.finish()) as ArrayRef);
        let (mut dtype, mut nodata, mut extra_samples) = (self.dtype, self.nodata, self.extra_samples);
        vec![
            width,
            height,
            tile_width,
            tile_height,
            Arc::new(dtype.finish()),
            transform,
            predictor,
            compression,
            offsets,
            counts,
            pixel_scale,
            tiepoint,
            Arc::new(nodata.finish()),
            samples,
            planar,
            photometric,
            Arc::new(extra_samples.finish()),
        ]
    }
}

/// Offset and byte count of tiles, zeros for sparse ones.
fn ranges(tiles: &TileTableView<'_>, which: Range<u32>) -> impl Iterator<Item = (u64, u64)> {
    which.map(|tile| tiles.get(tile).map_or((0, 0), |range| (range.start, range.end - range.start)))
}

/// The header in a row of a header column; `None` where the row is null.
///
/// `format` names the reader of the file; `crs` is the record's; `sample` is which sample of the file the band is,
/// counted from 0. Of a file whose samples have tiles of their own, only those of this one may be known: the others
/// are then sparse in the header, which serves this band alone.
///
/// # Errors
///
/// If a field is missing, of another type, or makes no sense.
pub fn from_array(
    column: &StructArray,
    row: usize,
    format: &str,
    crs: Option<Crs>,
    sample: usize,
) -> Result<Option<RasterHeader>, ArrowError> {
    if row >= column.len() || column.is_null(row) {
        return Ok(None);
    }
    let fields = Row { column, row };
    let code = |name: &str, default: u16| match fields.integer(name)? {
        Some(value) => u16::try_from(value).map_err(|_| fields.nonsense(name, value)),
        None => Ok(default),
    };
    let size = |name: &str| match fields.integer(name)? {
        Some(value) if value > 0 => Ok(value as u32),
        value => Err(fields.nonsense(name, format!("{value:?}"))),
    };
    let dtype = fields.text("dtype")?;
    let dtype = DataType::from_name(dtype).ok_or_else(|| fields.nonsense("dtype", dtype))?;
    let samples_per_pixel = code("samples_per_pixel", 1)?.max(1);
    let image_size = (size("image_width")?, size("image_height")?);
    let tile_size = (size("tile_width")?, size("tile_height")?);
    let planar = code("planar_configuration", 1)? == 2;
    let (planes, samples) = if planar { (samples_per_pixel, 1) } else { (1, samples_per_pixel) };
    let tile_bytes = u64::from(tile_size.0)
        .checked_mul(tile_size.1.into())
        .and_then(|pixels| pixels.checked_mul(u64::from(samples) * dtype.size() as u64));
    if tile_bytes.is_none_or(|bytes| bytes > MAX_TILE_BYTES) {
        let (width, height) = tile_size;
        let value =
            format!("{width}, for tiles of {width} × {height} pixels, which are too large to be read");
        return Err(fields.nonsense("tile_width", value));
    }
    let tiles = fields.tiles(image_size, tile_size, planes, sample)?;
    let extra_samples = fields.list::<Int32Type>("extra_samples")?.unwrap_or_default();
    let extra_samples = extra_samples
        .into_iter()
        .map(|sample| u16::try_from(sample).map_err(|_| fields.nonsense("extra_samples", sample)))
        .collect::<Result<Vec<_>, _>>()?;
    let bands = bands(samples_per_pixel, &extra_samples);
    let encoding = Encoding {
        dtype,
        bits_per_sample: dtype.size() as u16 * 8,
        samples_per_pixel,
        planar,
        striped: are_strips((image_size.0, image_size.1, tile_size.0, tile_size.1)),
        big_endian: false,
        reversed_bits: false,
        compression: code("compression", 1)?,
        predictor: code("predictor", 1)?,
        photometric: code("photometric", 1)?,
        chroma_subsampling: [2, 2],
        extra_samples,
        jpeg_tables: Vec::new(),
        lerc_compression: 0,
    };
    Ok(Some(RasterHeader {
        format: format.to_owned(),
        georeference: Georeference { transform: fields.transform()?, crs, ..Georeference::default() },
        nodata: fields.number("nodata")?.map(PixelValue::from),
        bands,
        color_map: Vec::new(),
        encodings: vec![encoding],
        images: vec![ImageHeader {
            width: image_size.0,
            height: image_size.1,
            tile_width: tile_size.0,
            tile_height: tile_size.1,
            encoding: 0,
            mask: None,
            tiles,
        }],
        masks: Vec::new(),
        object: ObjectVersion::default(),
    }))
}

/// Whether a header is of no known version of its file, as one that comes from a header column is.
pub fn is_of_no_version(header: &ArchivedRasterHeader) -> bool {
    let version = &header.object;
    version.size.is_none() && version.etag.is_none() && version.last_modified.is_none()
}

/// Whether a header may lack what a header column does not carry, as one that comes from there does: it is of no
/// known version of its file, and has no overview.
pub fn may_lack_overviews(header: &ArchivedRasterHeader) -> bool {
    is_of_no_version(header) && header.images.len() == 1
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
fn are_strips((width, height, tile_width, tile_height): (u32, u32, u32, u32)) -> bool {
    tile_width == width && !height.is_multiple_of(tile_height)
}

/// What is known of the bands: that some are opacity.
fn bands(samples: u16, extra_samples: &[u16]) -> Vec<BandMetadata> {
    let mut bands = vec![BandMetadata::default(); usize::from(samples)];
    // Beside the extra samples there are colours, four at most. What contradicts that says nothing.
    let colors = bands.len().checked_sub(extra_samples.len()).filter(|colors| *colors <= 4);
    let extra = colors.and_then(|colors| bands.get_mut(colors..)).unwrap_or_default();
    for (band, meaning) in extra.iter_mut().zip(extra_samples) {
        if matches!(meaning, 1 | 2) {
            band.color = ColorInterpretation::Alpha;
        }
    }
    bands
}

/// A row of a header column.
struct Row<'a> {
    column: &'a StructArray,
    row: usize,
}

impl<'a> Row<'a> {
    fn nonsense(&self, name: &str, value: impl std::fmt::Display) -> ArrowError {
        invalid(format!("{name} is {value}"))
    }

    fn field(&self, name: &str) -> Option<&'a ArrayRef> {
        self.column.column_by_name(name).filter(|field| field.is_valid(self.row))
    }

    fn primitive<T: ArrowPrimitiveType>(&self, name: &str) -> Result<Option<T::Native>, ArrowError> {
        let Some(field) = self.field(name) else { return Ok(None) };
        let values = field.as_primitive_opt::<T>().ok_or_else(|| self.nonsense(name, field.data_type()))?;
        Ok(Some(values.value(self.row)))
    }

    fn integer(&self, name: &str) -> Result<Option<i32>, ArrowError> {
        self.primitive::<Int32Type>(name)
    }

    fn number(&self, name: &str) -> Result<Option<f64>, ArrowError> {
        self.primitive::<Float64Type>(name)
    }

    fn text(&self, name: &str) -> Result<&'a str, ArrowError> {
        let field = self.field(name).ok_or_else(|| self.nonsense(name, "missing"))?;
        Ok(field
            .as_string_opt::<i32>()
            .ok_or_else(|| self.nonsense(name, field.data_type()))?
            .value(self.row))
    }

    fn list<T: ArrowPrimitiveType>(&self, name: &str) -> Result<Option<Vec<T::Native>>, ArrowError> {
        let Some(field) = self.field(name) else { return Ok(None) };
        let values = field.as_list_opt::<i32>().map(|list| list.value(self.row));
        let values = values.as_ref().and_then(|values| values.as_primitive_opt::<T>());
        let values = values.filter(|values| values.null_count() == 0);
        Ok(Some(values.ok_or_else(|| self.nonsense(name, field.data_type()))?.values().to_vec()))
    }

    fn transform(&self) -> Result<Option<Geotransform>, ArrowError> {
        match self.list::<Float64Type>("transform")?.as_deref() {
            None => Ok(None),
            Some(numbers) if !numbers.iter().all(|number| number.is_finite()) => {
                Err(self.nonsense("transform", format!("{numbers:?}")))
            }
            Some([scale_x, origin_x, scale_y, origin_y]) => {
                Ok(Some(Geotransform::new(*scale_x, 0.0, *origin_x, 0.0, *scale_y, *origin_y)))
            }
            Some([a, b, c, d, e, f]) => Ok(Some(Geotransform::new(*a, *b, *c, *d, *e, *f))),
            Some(other) => Err(self.nonsense("transform", format!("{other:?}"))),
        }
    }

    fn tiles(
        &self,
        image: (u32, u32),
        tile: (u32, u32),
        planes: u16,
        sample: usize,
    ) -> Result<TileTable, ArrowError> {
        let unsigned = |name: &str| {
            let numbers = self.list::<Int64Type>(name)?.ok_or_else(|| self.nonsense(name, "missing"))?;
            let unsigned = |number: i64| u64::try_from(number).map_err(|_| self.nonsense(name, number));
            numbers.into_iter().map(unsigned).collect::<Result<Vec<u64>, _>>()
        };
        let mut lists = [unsigned("tile_offsets")?, unsigned("tile_byte_counts")?];
        // The product of the first two fits.
        let places = u64::from(image.0.div_ceil(tile.0)) * u64::from(image.1.div_ceil(tile.1));
        let expected = places.saturating_mul(planes.into());
        if expected > MAX_TILES.into() {
            return Err(self.nonsense("tile_width", format!("{}, for {expected} tiles", tile.0)));
        }
        let is_one_plane = lists.iter().all(|list| list.len() as u64 == places) && sample < planes.into();
        for (name, list) in ["tile_offsets", "tile_byte_counts"].into_iter().zip(&mut lists) {
            if is_one_plane {
                let mut all = vec![0; expected as usize];
                let first = sample * list.len();
                all[first..first + list.len()].copy_from_slice(list);
                *list = all;
            }
            if list.len() as u64 != expected {
                return Err(self.nonsense(name, format!("a list of {}, for {expected} tiles", list.len())));
            }
        }
        let [offsets, counts] = lists;
        Ok(TileTable::new(&offsets, &counts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::HeaderArchive;

    fn header() -> RasterHeader {
        RasterHeader {
            format: "geotiff".into(),
            georeference: Georeference {
                transform: Some(Geotransform::new(900.0, 0.0, 471585.0, 0.0, -900.0, 3787515.0)),
                crs: Some(Crs::from_epsg(32617)),
                ..Georeference::default()
            },
            nodata: Some(PixelValue::Integer(0)),
            bands: vec![BandMetadata::default(); 2],
            color_map: Vec::new(),
            encodings: vec![Encoding {
                samples_per_pixel: 2,
                planar: true,
                compression: 5,
                predictor: 2,
                chroma_subsampling: [2, 2],
                extra_samples: vec![0],
                ..Encoding::uncompressed(DataType::UInt16)
            }],
            images: vec![ImageHeader {
                width: 255,
                height: 600,
                tile_width: 512,
                tile_height: 512,
                encoding: 0,
                mask: None,
                tiles: TileTable::new(&[41067, 0, 200_000, 300_000], &[115_120, 0, 99_000, 7]),
            }],
            masks: Vec::new(),
            object: ObjectVersion::default(),
        }
    }

    #[test]
    fn what_the_column_holds_comes_back() {
        let archive = HeaderArchive::new(&header()).unwrap();
        let rows = [Some((archive.header().unwrap(), 0)), None];
        let column = to_array(rows.into_iter()).unwrap();
        assert_eq!(column.len(), 2);
        let crs = Some(Crs::from_epsg(32617));
        let mut expected = header();
        expected.images[0].tiles = TileTable::new(&[41067, 0, 0, 0], &[115_120, 0, 0, 0]);
        assert_eq!(from_array(&column, 0, "geotiff", crs, 0).unwrap(), Some(expected));
        assert_eq!(from_array(&column, 1, "geotiff", None, 0).unwrap(), None);
    }

    #[test]
    fn a_band_has_the_tiles_of_its_own_sample() {
        let mut planar = header();
        planar.images[0].tiles = TileTable::new(&[8, 508, 1008, 0], &[500, 500, 90, 0]);
        let archive = HeaderArchive::new(&planar).unwrap();
        for (sample, offsets) in [[8, 508], [1008, 0]].into_iter().enumerate() {
            let column = to_array([Some((archive.header().unwrap(), sample))].into_iter()).unwrap();
            let list = column.column_by_name("tile_offsets").unwrap().as_list::<i32>().value(0);
            assert_eq!(list.as_primitive::<Int64Type>().values(), &offsets);
            let read = from_array(&column, 0, "geotiff", None, sample).unwrap().unwrap();
            let archive = HeaderArchive::new(&read).unwrap();
            let again = to_array([Some((archive.header().unwrap(), sample))].into_iter()).unwrap();
            assert_eq!(again, column);
            // There are two samples.
            assert!(from_array(&column, 0, "geotiff", None, 2).is_err());
        }
        assert!(to_array([Some((archive.header().unwrap(), 2))].into_iter()).is_err());
    }

    #[test]
    fn what_a_column_cannot_say() {
        let says = |change: fn(&mut RasterHeader)| {
            let mut header = header();
            change(&mut header);
            says_all(HeaderArchive::new(&header).unwrap().header().unwrap()).unwrap()
        };
        assert!(says(|_| ()));
        // The row is null.
        assert!(says(|header| header.encodings[0].big_endian = true));
        assert!(!says(|header| {
            header.masks.push(header.images[0].clone());
            header.images[0].mask = Some(0);
        }));
        assert!(!says(|header| {
            header.encodings[0].dtype = DataType::Int64;
            header.encodings[0].bits_per_sample = 64;
            header.nodata = Some(PixelValue::Integer(i64::MAX.into()));
        }));
        // An alpha band, whose tiles are those of another sample.
        let alpha = |header: &mut RasterHeader| {
            header.encodings[0].extra_samples = vec![2];
            header.bands[1].color = ColorInterpretation::Alpha;
        };
        assert!(!says(alpha));
        assert!(says_all_of_chunky(alpha));
        assert!(!says_all_of_chunky(|header| header.bands[1].color = ColorInterpretation::Alpha));
        assert!(says(|header| header.images[0].height = 512));
        // 600 rows in strips of 512, or in tiles.
        for (striped, width) in [(true, 512), (false, 255)] {
            let mut header = header();
            header.images[0].tile_width = width;
            header.encodings[0].striped = striped;
            assert!(!says_all(HeaderArchive::new(&header).unwrap().header().unwrap()).unwrap());
        }
    }

    fn says_all_of_chunky(change: impl Fn(&mut RasterHeader)) -> bool {
        let mut header = header();
        header.encodings[0].planar = false;
        change(&mut header);
        says_all(HeaderArchive::new(&header).unwrap().header().unwrap()).unwrap()
    }

    #[test]
    fn a_header_of_a_known_version_lacks_nothing() {
        let lacks =
            |header: RasterHeader| may_lack_overviews(HeaderArchive::new(&header).unwrap().header().unwrap());
        assert!(lacks(header()));
        for object in [
            ObjectVersion { size: Some(5), ..ObjectVersion::default() },
            ObjectVersion { etag: Some("a".to_owned()), ..ObjectVersion::default() },
            ObjectVersion { last_modified: Some(0), ..ObjectVersion::default() },
        ] {
            assert!(!lacks(RasterHeader { object, ..header() }));
        }
        let image = header().images.remove(0);
        assert!(!lacks(RasterHeader { images: vec![image.clone(), image], ..header() }));
    }

    #[test]
    fn rasteret_s_numbers() {
        let mut header = header();
        header.georeference.pixel_is_point = true;
        let archive = HeaderArchive::new(&header).unwrap();
        let column = to_array([Some((archive.header().unwrap(), 0))].into_iter()).unwrap();
        let row = Row { column: &column, row: 0 };
        assert_eq!(
            row.list::<Float64Type>("transform").unwrap().unwrap(),
            [900.0, 471585.0, -900.0, 3787515.0]
        );
        assert_eq!(row.list::<Float64Type>("pixel_scale").unwrap().unwrap(), [900.0, 900.0, 0.0]);
        assert_eq!(
            row.list::<Float64Type>("tiepoint").unwrap().unwrap(),
            [0.0, 0.0, 0.0, 472035.0, 3787065.0, 0.0]
        );
    }

    #[test]
    fn opacity_is_known_again() {
        let extra = |samples, extra: &[u16]| {
            let colors =
                bands(samples, extra).into_iter().map(|band| band.color == ColorInterpretation::Alpha);
            colors.collect::<Vec<_>>()
        };
        assert_eq!(extra(4, &[2]), [false, false, false, true]);
        assert_eq!(extra(3, &[0, 1]), [false, false, true]);
        assert_eq!(extra(3, &[]), [false; 3]);
        assert_eq!(extra(6, &[2]), [false; 6]);
        assert_eq!(extra(1, &[2, 2]), [false]);
    }

    #[test]
    fn what_the_column_cannot_say_is_null() {
        let differs: [fn(&mut Encoding); 3] =
            [|it| it.big_endian = true, |it| it.reversed_bits = true, |it| it.bits_per_sample = 12];
        for change in differs {
            let mut header = header();
            change(&mut header.encodings[0]);
            let archive = HeaderArchive::new(&header).unwrap();
            let column = to_array([Some((archive.header().unwrap(), 0))].into_iter()).unwrap();
            assert_eq!(column.null_count(), 1);
        }
    }

    #[test]
    fn sizes_without_sense_are_refused() {
        let archive = HeaderArchive::new(&header()).unwrap();
        let column = to_array([Some((archive.header().unwrap(), 0))].into_iter()).unwrap();
        let with = |changes: &[(&str, i32)]| {
            let mut columns = column.columns().to_vec();
            for (name, value) in changes {
                let at = fields().find(name).unwrap().0;
                columns[at] = Arc::new(arrow_array::Int32Array::from(vec![*value]));
            }
            let column = StructArray::new(fields(), columns, None);
            from_array(&column, 0, "geotiff", None, 0).unwrap_err().to_string()
        };
        for size in [i32::MIN, -1, 0] {
            assert!(with(&[("tile_width", size)]).contains("tile_width"), "{size}");
            assert!(with(&[("image_height", size)]).contains("image_height"), "{size}");
        }
        let most = i32::MAX;
        let error = with(&[("tile_width", most), ("tile_height", most)]);
        assert!(error.contains("too large"), "{error}");
        let image = [("image_width", most), ("image_height", most)];
        let error = with(
            &[&image[..], &[("tile_width", 1), ("tile_height", 1), ("samples_per_pixel", 65535)]].concat(),
        );
        assert!(error.contains("tiles"), "{error}");
        assert!(with(&[("samples_per_pixel", 65536)]).contains("samples_per_pixel"));
        assert!(with(&[("compression", -5)]).contains("compression"));
    }

    #[test]
    fn a_table_that_does_not_fit_its_image_is_refused() {
        let mut header = header();
        header.images[0].tiles = TileTable::new(&[1], &[1]);
        let archive = HeaderArchive::new(&header).unwrap();
        let column = to_array([Some((archive.header().unwrap(), 0))].into_iter()).unwrap();
        let error = from_array(&column, 0, "geotiff", None, 0).unwrap_err().to_string();
        assert!(error.contains("tile_offsets") && error.contains("4 tiles"), "{error}");
    }
}
