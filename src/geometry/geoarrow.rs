//! GeoArrow's native arrays (GeoArrow 0.2, "Native encoding"): lists, as deep as the type needs, of
//! coordinates, which are structs with a field for each dimension or lists of a fixed size.

use super::RowProblem;
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, Float64Array};
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;
use geo_types::{Coord, Geometry, LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon};
use std::ops::Range;

/// The type of all geometries of an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NativeType {
    Point,
    LineString,
    Polygon,
    MultiPoint,
    MultiLineString,
    MultiPolygon,
}

impl NativeType {
    /// From the name that GeoArrow has after `geoarrow.`, and GeoParquet as an encoding.
    pub fn from_name(name: &str) -> Option<NativeType> {
        Some(match name {
            "point" => NativeType::Point,
            "linestring" => NativeType::LineString,
            "polygon" => NativeType::Polygon,
            "multipoint" => NativeType::MultiPoint,
            "multilinestring" => NativeType::MultiLineString,
            "multipolygon" => NativeType::MultiPolygon,
            _ => return None,
        })
    }

    /// How many lists there are around the coordinates.
    fn depth(self) -> usize {
        match self {
            NativeType::Point => 0,
            NativeType::LineString | NativeType::MultiPoint => 1,
            NativeType::Polygon | NativeType::MultiLineString => 2,
            NativeType::MultiPolygon => 3,
        }
    }

    /// Whether an array of this type can hold such geometries.
    pub fn fits(self, data_type: &DataType) -> bool {
        let mut inner = data_type;
        for _ in 0..self.depth() {
            match inner {
                DataType::List(field) | DataType::LargeList(field) => inner = field.data_type(),
                _ => return false,
            }
        }
        match inner {
            DataType::Struct(fields) => ["x", "y"].iter().all(|name| {
                fields.find(name).is_some_and(|(_, field)| *field.data_type() == DataType::Float64)
            }),
            DataType::FixedSizeList(field, size) => *size >= 2 && *field.data_type() == DataType::Float64,
            _ => false,
        }
    }
}

/// An array of geometries of one type.
pub(super) struct NativeArray<'a> {
    kind: NativeType,
    validity: Option<&'a NullBuffer>,
    levels: Vec<Level<'a>>,
    coordinates: Coordinates<'a>,
}

enum Level<'a> {
    Small(&'a [i32]),
    Large(&'a [i64]),
}

impl Level<'_> {
    /// Elements of list `index`; offsets ascend, and lie within the elements, or there were no array.
    fn range(&self, index: usize) -> Range<usize> {
        match self {
            Level::Small(offsets) => offsets[index] as usize..offsets[index + 1] as usize,
            Level::Large(offsets) => offsets[index] as usize..offsets[index + 1] as usize,
        }
    }
}

enum Coordinates<'a> {
    Separated { x: &'a Float64Array, y: &'a Float64Array, validity: Option<&'a NullBuffer> },
    Interleaved { values: &'a Float64Array, size: usize, validity: Option<&'a NullBuffer> },
}

impl<'a> Coordinates<'a> {
    fn new(array: &'a dyn Array) -> Option<Coordinates<'a>> {
        let validity = array.nulls();
        if let Some(coordinates) = array.as_struct_opt() {
            let dimension = |name| coordinates.column_by_name(name)?.as_primitive_opt::<Float64Type>();
            return Some(Coordinates::Separated { x: dimension("x")?, y: dimension("y")?, validity });
        }
        let coordinates = array.as_fixed_size_list_opt()?;
        let size = usize::try_from(coordinates.value_length()).ok().filter(|&size| size >= 2)?;
        // A slice of an array of lists has a slice of their values.
        let values = coordinates.values().as_primitive_opt::<Float64Type>()?;
        Some(Coordinates::Interleaved { values, size, validity })
    }

    /// `None` where the coordinate, or x or y of it, is null.
    fn get(&self, index: usize) -> Option<Coord<f64>> {
        let (x, y, validity) = match self {
            Coordinates::Separated { x, y, validity } => ((x, index), (y, index), validity),
            Coordinates::Interleaved { values, size, validity } => {
                ((values, index * size), (values, index * size + 1), validity)
            }
        };
        let value =
            |(array, index): (&&Float64Array, usize)| array.is_valid(index).then(|| array.value(index));
        if validity.is_some_and(|validity| validity.is_null(index)) {
            return None;
        }
        Some(Coord { x: value(x)?, y: value(y)? })
    }
}

impl<'a> NativeArray<'a> {
    /// `None` where the array's type is not that of such geometries.
    pub fn new(array: &'a dyn Array, kind: NativeType) -> Option<NativeArray<'a>> {
        let validity = array.nulls();
        let mut levels = Vec::with_capacity(kind.depth());
        let mut inner = array;
        for _ in 0..kind.depth() {
            if let Some(lists) = inner.as_list_opt::<i32>() {
                levels.push(Level::Small(lists.value_offsets()));
                inner = lists.values();
            } else {
                let lists = inner.as_list_opt::<i64>()?;
                levels.push(Level::Large(lists.value_offsets()));
                inner = lists.values();
            }
        }
        Some(NativeArray { kind, validity, levels, coordinates: Coordinates::new(inner)? })
    }

    /// The geometry of a row of the array.
    pub fn get(&self, row: usize) -> Result<Geometry<f64>, RowProblem> {
        if self.validity.is_some_and(|validity| validity.is_null(row)) {
            return Err(RowProblem::Missing);
        }
        Ok(match self.kind {
            NativeType::Point => Point(self.coordinate(row)?).into(),
            NativeType::MultiPoint => {
                let points = self.levels[0].range(row).map(|index| Ok(Point(self.coordinate(index)?)));
                MultiPoint(points.collect::<Result<_, _>>()?).into()
            }
            NativeType::LineString => self.line(0, row)?.into(),
            NativeType::MultiLineString => {
                let lines = self.levels[0].range(row).map(|index| self.line(1, index));
                MultiLineString(lines.collect::<Result<_, _>>()?).into()
            }
            NativeType::Polygon => self.polygon(0, row)?.into(),
            NativeType::MultiPolygon => {
                let polygons = self.levels[0].range(row).map(|index| self.polygon(1, index));
                MultiPolygon(polygons.collect::<Result<_, _>>()?).into()
            }
        })
    }

    fn coordinate(&self, index: usize) -> Result<Coord<f64>, RowProblem> {
        self.coordinates.get(index).ok_or(RowProblem::Missing)
    }

    fn line(&self, level: usize, index: usize) -> Result<LineString<f64>, RowProblem> {
        self.levels[level].range(index).map(|index| self.coordinate(index)).collect()
    }

    fn polygon(&self, level: usize, index: usize) -> Result<Polygon<f64>, RowProblem> {
        let mut rings = self.levels[level].range(index).map(|index| self.line(level + 1, index));
        let exterior = rings.next().unwrap_or_else(|| Ok(LineString(Vec::new())))?;
        Ok(Polygon::new(exterior, rings.collect::<Result<_, _>>()?))
    }
}
