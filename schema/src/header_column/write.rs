//! From headers to the column.

use super::say::can_be_said;
use super::{fields, invalid};
use crate::tile_table::TileTableView;
use crate::{ArchivedRasterHeader, Geotransform, PixelValue};
use arrow_array::builder::{
    ArrayBuilder, Float64Builder, Int32Builder, Int64Builder, ListBuilder, StringBuilder,
};
use arrow_array::{ArrayRef, StructArray};
use arrow_buffer::NullBuffer;
use arrow_schema::{ArrowError, DataType as ArrowType, Field};
use std::ops::Range;
use std::sync::Arc;

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

fn list<B: ArrayBuilder>(values: B, item: ArrowType) -> ListBuilder<B> {
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
