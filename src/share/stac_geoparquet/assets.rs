//! Assets of STAC items: one for each file of a record.
//!
//! An asset has the name of the first of the bands in it. Its `bands` are the samples of the file in their order,
//! those that are bands of the collection with their names.

use super::element;
use crate::error::{Error, Result};
use crate::store::StoreError;
use arrow_array::builder::{Float64Builder, Int64Builder, ListBuilder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type};
use arrow_array::{
    Array, ArrayRef, Float64Array, Int32Array, ListArray, RecordBatch, StringArray, StructArray,
};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{DataType, Field, FieldRef, Fields};
use rasteret_schema::header_column;
use rasteret_schema::record::ASSETS;
use std::collections::HashMap;
use std::sync::Arc;

/// The media type of GeoTIFF.
const GEOTIFF: &str = "image/tiff; application=geotiff";
/// Samples that the files of a batch may have together: what says that there are more is no file of this world.
const MAX_SAMPLES: usize = 1 << 23;

/// The field of the assets of these bands.
pub(super) fn field(bands: &Fields) -> Field {
    let asset = DataType::Struct(asset_fields());
    let assets = bands.iter().map(|band| Field::new(band.name(), asset.clone(), true));
    Field::new(ASSETS, DataType::Struct(assets.collect()), false)
}

fn list(name: &str, item: DataType) -> Field {
    Field::new_list(name, element(item), true)
}

fn asset_fields() -> Fields {
    vec![
        Field::new("href", DataType::Utf8, false),
        Field::new("type", DataType::Utf8, true),
        list("roles", DataType::Utf8),
        list("proj:shape", DataType::Int64),
        list("proj:transform", DataType::Float64),
        list("bands", DataType::Struct(band_fields())),
    ]
    .into()
}

fn band_fields() -> Fields {
    vec![
        Field::new("name", DataType::Utf8, true),
        Field::new("data_type", DataType::Utf8, true),
        Field::new("nodata", DataType::Float64, true),
    ]
    .into()
}

/// The assets of a batch of the shared table.
pub(super) struct Assets<'a> {
    rows: usize,
    bands: Vec<Band<'a>>,
}

/// What the shared table says of a band.
struct Band<'a> {
    name: &'a str,
    asset: &'a StructArray,
    href: &'a StringArray,
    index: &'a Int32Array,
    header: Option<Header<'a>>,
}

/// A file of a row.
#[derive(Debug, Clone)]
struct File<'a> {
    href: &'a str,
    /// The first of its bands.
    first: usize,
    /// Of each sample, which band it is.
    samples: Vec<Option<usize>>,
}

fn damaged(what: &str) -> Error {
    StoreError::Damaged(format!("{what} of the shared table is of another type")).into()
}

impl<'a> Assets<'a> {
    /// Finds the columns.
    pub fn of(rows: &'a RecordBatch) -> Result<Self> {
        let assets = rows.column_by_name(ASSETS).and_then(|column| column.as_struct_opt());
        let assets = assets.ok_or_else(|| damaged(ASSETS))?;
        let band = |(field, asset): (&'a FieldRef, &'a ArrayRef)| {
            let asset = asset.as_struct_opt().ok_or_else(|| damaged(ASSETS))?;
            let href = asset.column_by_name("href").and_then(|href| href.as_string_opt::<i32>());
            let index = asset.column_by_name("band_index").and_then(|it| it.as_primitive_opt::<Int32Type>());
            let header = rows.column_by_name(&header_column::column_name(field.name()));
            Ok(Band {
                name: field.name(),
                asset,
                href: href.ok_or_else(|| damaged("href"))?,
                index: index.ok_or_else(|| damaged("band_index"))?,
                header: header.map(Header::of).transpose()?,
            })
        };
        let bands = assets.fields().iter().zip(assets.columns()).map(band).collect::<Result<_>>()?;
        Ok(Assets { rows: rows.num_rows(), bands })
    }

    /// Whether it is known how the pixels of a file of a row lie.
    pub fn has_grid(&self, row: usize) -> bool {
        self.bands.iter().any(|band| band.header(row).is_some())
    }

    /// The column of [`field`].
    pub fn to_array(&self, field: &Field) -> Result<ArrayRef> {
        let mut columns: Vec<AssetColumn> = self.bands.iter().map(|_| AssetColumn::default()).collect();
        let mut samples = 0;
        for row in 0..self.rows {
            let files = self.files(row)?;
            samples += files.iter().map(|file| file.samples.len()).sum::<usize>();
            if samples > MAX_SAMPLES {
                return Err(Error::InvalidArgument(format!(
                    "the files of the records have more than {MAX_SAMPLES} bands together; export fewer bands"
                )));
            }
            let mut files = files.into_iter().peekable();
            for (band, column) in columns.iter_mut().enumerate() {
                // Files come in the order of their first bands.
                match files.next_if(|file| file.first == band) {
                    Some(file) => column.append(&file, row, &self.bands),
                    None => column.append_null(),
                }
            }
        }
        let DataType::Struct(fields) = field.data_type() else { return Err(damaged(ASSETS)) };
        let columns = columns.into_iter().map(AssetColumn::finish).collect::<Result<Vec<_>>>()?;
        Ok(Arc::new(StructArray::try_new(fields.clone(), columns, None)?))
    }

    /// The files of a row, in the order of their first bands. Bands that are the same sample of a file each have it
    /// to themselves.
    fn files(&self, row: usize) -> Result<Vec<File<'a>>> {
        let mut files: Vec<File<'_>> = Vec::new();
        let mut latest: HashMap<&str, usize> = HashMap::new();
        for (number, band) in self.bands.iter().enumerate().filter(|(_, band)| band.asset.is_valid(row)) {
            let href = band.href.value(row);
            let sample = if band.index.is_valid(row) { band.index.value(row) } else { 0 };
            let sample =
                usize::try_from(sample).ok().filter(|sample| *sample < MAX_SAMPLES).ok_or_else(|| {
                    Error::InvalidArgument(format!(
                        "band {:?} has the band index {sample}, which no file has",
                        band.name
                    ))
                })?;
            let count = band.header(row).map_or(0, |header| header.samples(row)).max(sample + 1);
            let shared = latest.get(href).and_then(|file| files.get_mut(*file));
            match shared.filter(|file| !matches!(file.samples.get(sample), Some(Some(_)))) {
                Some(file) => {
                    file.samples.resize(file.samples.len().max(count), None);
                    file.samples[sample] = Some(number);
                }
                None => {
                    let mut samples = vec![None; count];
                    samples[sample] = Some(number);
                    latest.insert(href, files.len());
                    files.push(File { href, first: number, samples });
                }
            }
        }
        Ok(files)
    }
}

impl<'a> Band<'a> {
    /// The header column, where a row has a header.
    fn header(&self, row: usize) -> Option<&Header<'a>> {
        self.header.as_ref().filter(|header| header.column.is_valid(row))
    }
}

/// The fields of a header column that STAC has a place for.
struct Header<'a> {
    column: &'a StructArray,
    width: &'a Int32Array,
    height: &'a Int32Array,
    dtype: &'a StringArray,
    transform: &'a ListArray,
    nodata: &'a Float64Array,
    samples: &'a Int32Array,
}

impl<'a> Header<'a> {
    fn of(column: &'a ArrayRef) -> Result<Self> {
        let column = column.as_struct_opt().ok_or_else(|| damaged("a header"))?;
        let integers = |name: &str| {
            let field = column.column_by_name(name).and_then(|field| field.as_primitive_opt::<Int32Type>());
            field.ok_or_else(|| damaged(name))
        };
        let field = |name: &str| column.column_by_name(name).ok_or_else(|| damaged(name));
        Ok(Header {
            column,
            width: integers("image_width")?,
            height: integers("image_height")?,
            dtype: field("dtype")?.as_string_opt().ok_or_else(|| damaged("dtype"))?,
            transform: field("transform")?.as_list_opt().ok_or_else(|| damaged("transform"))?,
            nodata: field("nodata")?.as_primitive_opt().ok_or_else(|| damaged("nodata"))?,
            samples: integers("samples_per_pixel")?,
        })
    }

    fn samples(&self, row: usize) -> usize {
        usize::try_from(self.samples.value(row)).unwrap_or_default()
    }

    /// The six numbers of the geotransform, whichever of the two forms the column has.
    fn transform(&self, row: usize) -> Option<[f64; 6]> {
        let numbers = self.transform.is_valid(row).then(|| self.transform.value(row))?;
        match numbers.as_primitive_opt::<Float64Type>()?.values().as_ref() {
            [scale_x, x, scale_y, y] => Some([*scale_x, 0.0, *x, 0.0, *scale_y, *y]),
            [a, b, c, d, e, f] => Some([*a, *b, *c, *d, *e, *f]),
            _ => None,
        }
    }
}

/// The column of an asset.
struct AssetColumn {
    validity: Vec<bool>,
    href: StringBuilder,
    media_type: StringBuilder,
    roles: ListBuilder<StringBuilder>,
    shape: ListBuilder<Int64Builder>,
    transform: ListBuilder<Float64Builder>,
    samples: Vec<usize>,
    name: StringBuilder,
    data_type: StringBuilder,
    nodata: Float64Builder,
}

impl Default for AssetColumn {
    fn default() -> Self {
        AssetColumn {
            validity: Vec::new(),
            href: StringBuilder::new(),
            media_type: StringBuilder::new(),
            roles: ListBuilder::new(StringBuilder::new()).with_field(element(DataType::Utf8)),
            shape: ListBuilder::new(Int64Builder::new()).with_field(element(DataType::Int64)),
            transform: ListBuilder::new(Float64Builder::new()).with_field(element(DataType::Float64)),
            samples: Vec::new(),
            name: StringBuilder::new(),
            data_type: StringBuilder::new(),
            nodata: Float64Builder::new(),
        }
    }
}

impl AssetColumn {
    fn append_null(&mut self) {
        self.validity.push(false);
        self.href.append_value("");
        self.media_type.append_null();
        self.roles.append_null();
        self.shape.append_null();
        self.transform.append_null();
        self.samples.push(0);
    }

    fn append(&mut self, file: &File<'_>, row: usize, bands: &[Band<'_>]) {
        let named = || file.samples.iter().flatten().filter_map(|band| bands.get(*band));
        let header = named().find_map(|band| band.header(row));
        self.validity.push(true);
        self.href.append_value(file.href);
        self.media_type.append_option(is_tiff(file.href).then_some(GEOTIFF));
        self.roles.append_value([Some("data")]);
        let sizes =
            header.map(|header| [header.height, header.width].map(|size| Some(i64::from(size.value(row)))));
        self.shape.append_option(sizes);
        self.transform.append_option(header.and_then(|header| header.transform(row)).map(|it| it.map(Some)));
        let data_type = header.map(|header| header.dtype.value(row));
        // JSON has no other numbers.
        let nodata =
            header.filter(|header| header.nodata.is_valid(row)).map(|header| header.nodata.value(row));
        let nodata = nodata.filter(|nodata| nodata.is_finite());
        self.samples.push(file.samples.len());
        for sample in &file.samples {
            self.name.append_option(sample.and_then(|band| bands.get(band)).map(|band| band.name));
            self.data_type.append_option(data_type);
            self.nodata.append_option(nodata);
        }
    }

    fn finish(mut self) -> Result<ArrayRef> {
        let samples: [ArrayRef; 3] =
            [Arc::new(self.name.finish()), Arc::new(self.data_type.finish()), Arc::new(self.nodata.finish())];
        let validity = NullBuffer::from(self.validity);
        let samples = StructArray::try_new(band_fields(), samples.into(), None)?;
        let bands = ListArray::try_new(
            element(DataType::Struct(band_fields())),
            OffsetBuffer::from_lengths(self.samples),
            Arc::new(samples),
            Some(validity.clone()),
        )?;
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.href.finish()),
            Arc::new(self.media_type.finish()),
            Arc::new(self.roles.finish()),
            Arc::new(self.shape.finish()),
            Arc::new(self.transform.finish()),
            Arc::new(bands),
        ];
        Ok(Arc::new(StructArray::try_new(asset_fields(), columns, Some(validity))?))
    }
}

/// Whether the name of a file says that it is a TIFF.
fn is_tiff(href: &str) -> bool {
    let path = href.split(['?', '#']).next().unwrap_or_default();
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    ["tif", "tiff"].iter().any(|tiff| extension.eq_ignore_ascii_case(tiff))
}
