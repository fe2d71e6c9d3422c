//! From the column to headers.

use super::invalid;
use super::say::are_strips;
use crate::tile_table::MAX_TILES;
use crate::{
    BandMetadata, ColorInterpretation, Crs, DataType, Encoding, Georeference, Geotransform, ImageHeader,
    PixelValue, RasterHeader, TileTable,
};
use arrow_array::cast::AsArray;
use arrow_array::types::{ArrowPrimitiveType, Float64Type, Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef, StructArray};
use arrow_schema::ArrowError;

/// Bytes of a decoded tile at most: as many as those of a file.
const MAX_TILE_BYTES: u64 = 1 << 30;

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
    let image = ImageHeader::new(image_size.into(), tile_size.into(), tiles);
    Ok(Some(RasterHeader {
        georeference: Georeference { transform: fields.transform()?, crs, ..Georeference::default() },
        nodata: fields.number("nodata")?.map(PixelValue::from),
        bands,
        ..RasterHeader::new(format, encoding, vec![image])
    }))
}

/// What is known of the bands: that some are opacity.
pub(super) fn bands(samples: u16, extra_samples: &[u16]) -> Vec<BandMetadata> {
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
pub(super) struct Row<'a> {
    pub(super) column: &'a StructArray,
    pub(super) row: usize,
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

    pub(super) fn list<T: ArrowPrimitiveType>(
        &self,
        name: &str,
    ) -> Result<Option<Vec<T::Native>>, ArrowError> {
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
