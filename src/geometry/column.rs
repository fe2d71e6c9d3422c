//! Which column of a table holds its geometries, how they are encoded, and in which CRS.

use super::geoarrow::{NativeArray, NativeType};
use super::geoparquet::GeoMetadata;
use super::{GeometryError, RowProblem, TableOptions, encoding};
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, BinaryArray, BinaryViewArray, LargeBinaryArray, RecordBatch};
use arrow_array::{LargeStringArray, StringArray, StringViewArray};
use arrow_schema::extension::{EXTENSION_TYPE_METADATA_KEY, EXTENSION_TYPE_NAME_KEY};
use arrow_schema::{DataType, Field, Schema};
use geo_types::{Geometry, Point};
use rasteret_schema::Crs;
use serde_json::Value;

/// Names that columns of coordinates have where nobody says otherwise, best first.
const XY_NAMES: [(&str, &str); 3] = [("lon", "lat"), ("longitude", "latitude"), ("x", "y")];

/// Where the geometries are.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct GeometryColumn {
    pub place: Place,
    pub crs: Crs,
    /// What the edges are, unless they are planar.
    pub edges: Option<String>,
}

/// Columns, by their position in the table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Place {
    Geometry(usize, Encoding),
    Xy(usize, usize),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Encoding {
    Wkb,
    Wkt,
    Native(NativeType),
}

impl GeometryColumn {
    /// What the options say, else the metadata of the file, else that of the one field that has any, else
    /// the usual names of columns of coordinates.
    pub fn find(
        table: &str,
        schema: &Schema,
        geo: Option<&GeoMetadata>,
        options: &TableOptions,
    ) -> Result<GeometryColumn, GeometryError> {
        let names = || schema.fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>();
        let column = match &options.geometry_column {
            Some(name) => Some(index_of(table, schema, name)?),
            None if options.xy.is_some() => None,
            None => match geo {
                Some(geo) => Some(index_of(table, schema, &geo.primary_column)?),
                None => tagged(table, schema)?,
            },
        };
        if let Some(index) = column {
            return Self::described(table, schema.field(index), index, geo, options);
        }
        let columns = names();
        let (x, y) = xy_columns(table, &columns, options)?
            .ok_or_else(|| GeometryError::NoGeometry { table: table.to_owned(), columns: columns.clone() })?;
        for index in [x, y] {
            let field = schema.field(index);
            if !field.data_type().is_numeric() {
                return Err(column_type(table, field, "coordinates must be numbers"));
            }
        }
        let crs = options.crs.clone().unwrap_or_else(|| Crs::from_epsg(4326));
        Ok(GeometryColumn { place: Place::Xy(x, y), crs, edges: None })
    }

    /// A geometry column as the metadata of the file, that of the field, and its type describe it.
    fn described(
        table: &str,
        field: &Field,
        index: usize,
        geo: Option<&GeoMetadata>,
        options: &TableOptions,
    ) -> Result<GeometryColumn, GeometryError> {
        let of_file = geo.and_then(|geo| geo.columns.get(field.name()));
        let extension = extension_name(field);
        let of_field: Value = field
            .metadata()
            .get(EXTENSION_TYPE_METADATA_KEY)
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default();
        let name = match (of_file, extension) {
            (Some(column), _) => Some(column.encoding.to_ascii_lowercase()),
            (None, Some(name)) => Some(name.to_owned()),
            (None, None) => None,
        };
        let encoding = match (name.as_deref(), field.data_type()) {
            (Some("wkb") | None, DataType::Binary | DataType::LargeBinary | DataType::BinaryView) => {
                Encoding::Wkb
            }
            (Some("wkt") | None, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View) => Encoding::Wkt,
            (Some(name), data_type) => match NativeType::from_name(name) {
                Some(kind) if kind.fits(data_type) => Encoding::Native(kind),
                _ => return Err(column_type(table, field, &format!("its geometries are encoded as {name}"))),
            },
            (None, data_type) if NativeType::Point.fits(data_type) => Encoding::Native(NativeType::Point),
            (None, _) => return Err(column_type(table, field, "geometries must be WKB, WKT or GeoArrow")),
        };
        let crs = match (&options.crs, of_file) {
            (Some(crs), _) => Some(crs.clone()),
            (None, Some(column)) => column.crs(),
            (None, None) => of_field.get("crs").and_then(crs_from_json),
        };
        let edges = match of_file {
            Some(column) => column.edges.clone(),
            None => of_field.get("edges").and_then(Value::as_str).map(str::to_owned),
        };
        Ok(GeometryColumn {
            place: Place::Geometry(index, encoding),
            crs: crs.ok_or_else(|| GeometryError::NoCrs {
                table: table.to_owned(),
                column: field.name().clone(),
            })?,
            edges: edges.filter(|edges| edges != "planar"),
        })
    }
}

/// Positions of the columns of coordinates: those that were named, else those with one of the usual names
/// in small letters or large.
pub(super) fn xy_columns(
    table: &str,
    columns: &[String],
    options: &TableOptions,
) -> Result<Option<(usize, usize)>, GeometryError> {
    let named = |name: &str| {
        columns.iter().position(|column| column == name).ok_or_else(|| GeometryError::NoSuchColumn {
            table: table.to_owned(),
            column: name.to_owned(),
            columns: columns.to_vec(),
        })
    };
    if let Some((x, y)) = &options.xy {
        return Ok(Some((named(x)?, named(y)?)));
    }
    let usual = |name: &str| columns.iter().position(|column| column.eq_ignore_ascii_case(name));
    Ok(XY_NAMES.iter().find_map(|(x, y)| usual(x).zip(usual(y))))
}

/// A CRS as GeoParquet and GeoArrow write it: PROJJSON, or text that PROJ understands.
pub(super) fn crs_from_json(value: &Value) -> Option<Crs> {
    match value {
        Value::String(text) => Some(match text.strip_prefix("urn:ogc:def:crs:").map(|urn| urn.split(':')) {
            // Authority, version, code (OGC 07-092r3).
            Some(mut parts) => match (parts.next(), parts.next(), parts.next(), parts.next()) {
                (Some(authority), Some(_), Some(code), None) => Crs::new(format!("{authority}:{code}")),
                _ => Crs::new(text),
            },
            None => Crs::new(text),
        }),
        Value::Object(definition) => {
            let id = definition.get("id").and_then(|id| {
                let code = id.get("code")?;
                let code = code.as_str().map_or_else(|| code.to_string(), str::to_owned);
                crate::crs::parse(&format!("{}:{code}", id.get("authority")?.as_str()?)).ok()
            });
            Some(id.unwrap_or_else(|| Crs::new(value.to_string())))
        }
        _ => None,
    }
}

/// The geometries of a column of a batch, as its field describes them. Where that says no CRS, it is
/// OGC:CRS84, the one of GeoParquet.
pub(crate) struct ColumnGeometries<'a> {
    decode: Decoder<'a>,
    column: GeometryColumn,
}

impl<'a> ColumnGeometries<'a> {
    /// Finds out how the geometries are encoded.
    pub fn new(batch: &'a RecordBatch, name: &str) -> Result<Self, GeometryError> {
        let table = "the batch";
        let schema = batch.schema_ref();
        let index = index_of(table, schema, name)?;
        let mut options = TableOptions::new();
        if !says_crs(schema.field(index)) {
            options = options.crs(Crs::crs84());
        }
        let column = GeometryColumn::described(table, schema.field(index), index, None, &options)?;
        let decode = decoder(batch, column.place)
            .ok_or_else(|| column_type(table, schema.field(index), "its values are of another type"))?;
        Ok(ColumnGeometries { decode, column })
    }

    pub fn crs(&self) -> &Crs {
        &self.column.crs
    }

    pub fn is_wkb(&self) -> bool {
        matches!(self.column.place, Place::Geometry(_, Encoding::Wkb))
    }

    /// The geometry of a row, or what is wrong with it.
    pub fn get(&self, row: usize) -> Result<Geometry<f64>, String> {
        (self.decode)(row).map_err(|problem| problem.to_string())
    }
}

fn says_crs(field: &Field) -> bool {
    let metadata = field.metadata().get(EXTENSION_TYPE_METADATA_KEY);
    let metadata = metadata.and_then(|text| serde_json::from_str::<Value>(text).ok());
    metadata.is_some_and(|metadata| metadata.get("crs").is_some_and(|crs| !crs.is_null()))
}

/// The geometries of a batch of rows.
pub(super) type Decoder<'a> = Box<dyn Fn(usize) -> Result<Geometry<f64>, RowProblem> + 'a>;

/// What decodes the geometries of a batch; `None` where its columns are of other types than the schema says.
pub(super) fn decoder(batch: &RecordBatch, place: Place) -> Option<Decoder<'_>> {
    match place {
        Place::Geometry(index, encoding) => {
            let array = batch.column(index).as_ref();
            match encoding {
                Encoding::Wkb => wkb_decoder(array),
                Encoding::Wkt => wkt_decoder(array),
                Encoding::Native(kind) => {
                    let geometries = NativeArray::new(array, kind)?;
                    Some(Box::new(move |row| geometries.get(row)))
                }
            }
        }
        Place::Xy(x, y) => {
            let number = |index| arrow_cast::cast(batch.column(index), &DataType::Float64).ok();
            let (x, y) = (number(x)?, number(y)?);
            Some(Box::new(move |row| {
                let value = |array: &dyn Array| {
                    array.is_valid(row).then(|| array.as_primitive::<Float64Type>().value(row))
                };
                let (x, y) = value(&x).zip(value(&y)).ok_or(RowProblem::Missing)?;
                Ok(Point::new(x, y).into())
            }))
        }
    }
}

fn wkb_decoder(array: &dyn Array) -> Option<Decoder<'_>> {
    fn decode(bytes: Option<&[u8]>) -> Result<Geometry<f64>, RowProblem> {
        encoding::geometry_from_wkb(bytes.ok_or(RowProblem::Missing)?)
    }
    let any = array.as_any();
    if let Some(array) = any.downcast_ref::<BinaryArray>() {
        Some(Box::new(|row| decode(array.is_valid(row).then(|| array.value(row)))))
    } else if let Some(array) = any.downcast_ref::<LargeBinaryArray>() {
        Some(Box::new(|row| decode(array.is_valid(row).then(|| array.value(row)))))
    } else {
        let array = any.downcast_ref::<BinaryViewArray>()?;
        Some(Box::new(|row| decode(array.is_valid(row).then(|| array.value(row)))))
    }
}

fn wkt_decoder(array: &dyn Array) -> Option<Decoder<'_>> {
    fn decode(text: Option<&str>) -> Result<Geometry<f64>, RowProblem> {
        encoding::geometry_from_wkt(text.ok_or(RowProblem::Missing)?)
            .map_err(|reason| RowProblem::Undecodable(format!("invalid WKT: {reason}")))
    }
    let any = array.as_any();
    if let Some(array) = any.downcast_ref::<StringArray>() {
        Some(Box::new(|row| decode(array.is_valid(row).then(|| array.value(row)))))
    } else if let Some(array) = any.downcast_ref::<LargeStringArray>() {
        Some(Box::new(|row| decode(array.is_valid(row).then(|| array.value(row)))))
    } else {
        let array = any.downcast_ref::<StringViewArray>()?;
        Some(Box::new(|row| decode(array.is_valid(row).then(|| array.value(row)))))
    }
}

/// The name of a GeoArrow extension type without `geoarrow.`.
fn extension_name(field: &Field) -> Option<&str> {
    match field.metadata().get(EXTENSION_TYPE_NAME_KEY)?.as_str() {
        // The name that WKB had before GeoArrow 0.1.
        "ogc.wkb" => Some("wkb"),
        name => name.strip_prefix("geoarrow."),
    }
}

/// The one column that is tagged as one of geometries.
fn tagged(table: &str, schema: &Schema) -> Result<Option<usize>, GeometryError> {
    let fields = schema.fields();
    let tagged: Vec<usize> =
        (0..fields.len()).filter(|&index| extension_name(&fields[index]).is_some()).collect();
    match tagged[..] {
        [] => Ok(None),
        [index] => Ok(Some(index)),
        _ => Err(GeometryError::SeveralGeometries {
            table: table.to_owned(),
            columns: tagged.iter().map(|&index| fields[index].name().clone()).collect(),
        }),
    }
}

pub(super) fn index_of(table: &str, schema: &Schema, name: &str) -> Result<usize, GeometryError> {
    schema.index_of(name).map_err(|_| GeometryError::NoSuchColumn {
        table: table.to_owned(),
        column: name.to_owned(),
        columns: schema.fields().iter().map(|field| field.name().clone()).collect(),
    })
}

fn column_type(table: &str, field: &Field, reason: &str) -> GeometryError {
    GeometryError::ColumnType {
        table: table.to_owned(),
        column: field.name().clone(),
        data_type: field.data_type().clone(),
        reason: reason.to_owned(),
    }
}
