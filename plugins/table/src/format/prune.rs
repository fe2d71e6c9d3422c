//! What statistics say of rows that are not read.

use super::sides::Sides;
use crate::layout::{BboxPlace, Layout, is_text};
use arrow_schema::Schema;
use parquet::basic::{ConvertedType, LogicalType, TimeUnit};
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::statistics::Statistics;
use parquet::schema::types::SchemaDescriptor;
use rasteret_schema::Selection;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// How far the order of texts may be from that of the times that they say, which have offsets of up to 14
/// hours each.
const TEXT_SLACK: i64 = 2 * DAY;

/// A selection, and the columns that it is about.
#[derive(Debug, Clone)]
pub(crate) struct Prune {
    selection: Selection,
    datetime: Option<String>,
    /// Paths of the columns of west, south, east, north.
    bbox: Option<[Vec<String>; 4]>,
    /// Whether none of the boxes crosses the antimeridian, as the file says.
    never_cross: bool,
}

impl Prune {
    pub fn new(layout: &Layout, selection: &Selection) -> Prune {
        let bbox = match &layout.bbox {
            Some(BboxPlace::Struct { column, fields }) => {
                Some(fields.clone().map(|field| vec![column.clone(), field]))
            }
            Some(BboxPlace::Columns(columns)) => Some(columns.clone().map(|column| vec![column])),
            Some(BboxPlace::List { .. }) | None => None,
        };
        let (datetime, never_cross) = (layout.datetime.clone(), layout.boxes_never_cross);
        Prune { selection: selection.clone(), datetime, bbox, never_cross }
    }

    /// The same of a file: its columns by number.
    pub(super) fn on(&self, schema: &SchemaDescriptor, arrow: &Schema) -> FilePrune {
        let leaf = |path: &[String]| leaf(schema, path);
        let selection = &self.selection;
        let has_time = selection.start.is_some() || selection.end.is_some();
        let datetime = self.datetime.as_ref().filter(|_| has_time);
        let datetime = datetime.and_then(|name| Clock::of(schema, arrow, name));
        let bbox = self.bbox.as_ref().filter(|_| selection.bbox.is_some()).and_then(|paths| {
            let [west, south, east, north] = paths.each_ref().map(|path| leaf(path));
            Some([west?, south?, east?, north?])
        });
        FilePrune { selection: selection.clone(), datetime, bbox, never_cross: self.never_cross }
    }
}

/// Number of a column of a file.
fn leaf(schema: &SchemaDescriptor, path: &[String]) -> Option<usize> {
    (0..schema.num_columns()).find(|leaf| schema.column(*leaf).path().parts() == path)
}

/// The least and the greatest time in a file, in microseconds, where its statistics say so for all rows.
pub(super) fn span_of_times(
    metadata: &ParquetMetaData,
    arrow: &Schema,
    datetime: &str,
) -> Option<(i64, i64)> {
    let (leaf, clock) = Clock::of(metadata.file_metadata().schema_descr(), arrow, datetime)?;
    // The order of texts is not that of times.
    if matches!(clock, Clock::Text) {
        return None;
    }
    let groups = metadata.row_groups().iter().filter(|group| group.num_rows() > 0);
    let times = groups.map(|group| clock.times(Span::of_group(group, leaf)?));
    let spans = times.collect::<Option<Vec<_>>>()?;
    spans.into_iter().reduce(|(a, b), (c, d)| (a.min(c), b.max(d)))
}

/// Whether a partition of this year and month may have rows of a selection. Partitions may be of local time: a
/// day is added at both ends.
pub(crate) fn may_match_month(selection: &Selection, year: Option<i64>, month: Option<i64>) -> bool {
    let Some(year) = year.and_then(|year| i32::try_from(year).ok()) else { return true };
    let months = match month.and_then(|month| u32::try_from(month).ok()) {
        Some(month @ 1..=12) => (month, month),
        _ => (1, 12),
    };
    let start = |year: i32, month: u32| {
        let date = chrono::NaiveDate::from_ymd_opt(year, month, 1)?;
        Some(date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_micros())
    };
    let end = if months.1 == 12 { start(year.saturating_add(1), 1) } else { start(year, months.1 + 1) };
    let (Some(first), Some(end)) = (start(year, months.0), end) else { return true };
    selection.start.is_none_or(|start| start < end.saturating_add(DAY))
        && selection.end.is_none_or(|end| first.saturating_sub(DAY) <= end)
}

/// How a column's numbers count time.
#[derive(Debug, Clone, Copy)]
enum Clock {
    /// So many ticks are so many microseconds.
    Ticks {
        ticks: i64,
        micros: i64,
    },
    Year,
    Text,
}

impl Clock {
    /// That of a column of a file, and the column's number.
    fn of(schema: &SchemaDescriptor, arrow: &Schema, name: &str) -> Option<(usize, Clock)> {
        let leaf = leaf(schema, &[name.to_owned()])?;
        let is_integer = arrow.field_with_name(name).is_ok_and(|it| it.data_type().is_integer());
        let is_text = arrow.field_with_name(name).is_ok_and(|it| is_text(it.data_type()));
        let column = schema.column(leaf);
        let clock = match (column.logical_type_ref(), column.converted_type()) {
            (Some(LogicalType::Timestamp { unit, .. }), _) => match unit {
                TimeUnit::MILLIS => Clock::Ticks { ticks: 1, micros: 1000 },
                TimeUnit::MICROS => Clock::Ticks { ticks: 1, micros: 1 },
                TimeUnit::NANOS => Clock::Ticks { ticks: 1000, micros: 1 },
            },
            (_, ConvertedType::TIMESTAMP_MILLIS) => Clock::Ticks { ticks: 1, micros: 1000 },
            (_, ConvertedType::TIMESTAMP_MICROS) => Clock::Ticks { ticks: 1, micros: 1 },
            (Some(LogicalType::Date), _) | (_, ConvertedType::DATE) => Clock::Ticks { ticks: 1, micros: DAY },
            _ if is_integer => Clock::Year,
            _ if is_text => Clock::Text,
            _ => return None,
        };
        Some((leaf, clock))
    }

    /// The least and the greatest time, in microseconds.
    fn times(self, span: Span<'_>) -> Option<(i64, i64)> {
        match (self, span) {
            (Clock::Ticks { ticks, micros }, Span::Integers(least, greatest)) => {
                let time = |value: i64| value.div_euclid(ticks).checked_mul(micros);
                Some((time(least)?, time(greatest)?))
            }
            (Clock::Year, Span::Integers(least, greatest)) => {
                Some((crate::convert::year(least)?, crate::convert::year(greatest)?))
            }
            (Clock::Text, Span::Texts(least, greatest)) => {
                let time = |bytes: &[u8]| crate::convert::parse_time(std::str::from_utf8(bytes).ok()?);
                let (least, greatest) = (time(least)?, time(greatest)?);
                Some((least.saturating_sub(TEXT_SLACK), greatest.saturating_add(TEXT_SLACK)))
            }
            _ => None,
        }
    }
}

/// The least and the greatest value of some rows, none of which is null.
#[derive(Debug, Clone, Copy)]
pub(super) enum Span<'a> {
    Integers(i64, i64),
    Numbers(f64, f64),
    Texts(&'a [u8], &'a [u8]),
}

impl<'a> Span<'a> {
    /// Of a row group; `None` where it is not known, or a row has no value: that may be anywhere, as its
    /// footprint or its start says.
    fn of_group(group: &'a RowGroupMetaData, leaf: usize) -> Option<Span<'a>> {
        let column = group.columns().get(leaf)?;
        let statistics = column.statistics()?;
        if column.column_descr().max_def_level() > 0 && statistics.null_count_opt() != Some(0) {
            return None;
        }
        Some(match statistics {
            Statistics::Int32(it) => Span::Integers((*it.min_opt()?).into(), (*it.max_opt()?).into()),
            Statistics::Int64(it) => Span::Integers(*it.min_opt()?, *it.max_opt()?),
            Statistics::Float(it) => Span::Numbers((*it.min_opt()?).into(), (*it.max_opt()?).into()),
            Statistics::Double(it) => Span::Numbers(*it.min_opt()?, *it.max_opt()?),
            Statistics::ByteArray(it) => Span::Texts(it.min_opt()?.data(), it.max_opt()?.data()),
            _ => return None,
        })
    }

    /// Of a page.
    pub fn of_page(index: &'a ColumnIndexMetaData, page: usize) -> Option<Span<'a>> {
        if index.null_count(page) != Some(0) {
            return None;
        }
        Some(match index {
            ColumnIndexMetaData::INT32(it) => {
                Span::Integers((*it.min_value(page)?).into(), (*it.max_value(page)?).into())
            }
            ColumnIndexMetaData::INT64(it) => Span::Integers(*it.min_value(page)?, *it.max_value(page)?),
            ColumnIndexMetaData::FLOAT(it) => {
                Span::Numbers((*it.min_value(page)?).into(), (*it.max_value(page)?).into())
            }
            ColumnIndexMetaData::DOUBLE(it) => Span::Numbers(*it.min_value(page)?, *it.max_value(page)?),
            ColumnIndexMetaData::BYTE_ARRAY(it) => Span::Texts(it.min_value(page)?, it.max_value(page)?),
            _ => return None,
        })
    }

    fn numbers(self) -> Option<(f64, f64)> {
        match self {
            Span::Numbers(least, greatest) => (least <= greatest).then_some((least, greatest)),
            // Beyond 2⁵³ they would be rounded; degrees are not.
            Span::Integers(least, greatest) => Some((least as f64, greatest as f64)),
            Span::Texts(..) => None,
        }
    }
}

/// A selection on the columns of one file.
#[derive(Debug)]
pub(super) struct FilePrune {
    selection: Selection,
    datetime: Option<(usize, Clock)>,
    bbox: Option<[usize; 4]>,
    never_cross: bool,
}

impl FilePrune {
    /// The columns that it is about.
    pub fn leaves(&self) -> Vec<usize> {
        self.datetime.iter().map(|(leaf, _)| *leaf).chain(self.bbox.into_iter().flatten()).collect()
    }

    /// Whether a row group may have rows of the selection, as far as its boxes may `cross` the antimeridian.
    pub fn may_match_group(&self, group: &RowGroupMetaData, cross: bool) -> bool {
        self.may_match(|leaf| Span::of_group(group, leaf), cross)
    }

    /// Whether boxes of a row group may cross the antimeridian, as far as the file says.
    pub fn may_cross(&self, group: &RowGroupMetaData) -> bool {
        let sides = self.sides(|leaf| Span::of_group(group, leaf));
        sides.is_none_or(|sides| sides.may_cross() && (!self.never_cross || sides.surely_cross()))
    }

    /// The columns of west and east, where they can say more than the statistics of a row group do.
    pub fn west_and_east(&self, group: &RowGroupMetaData) -> Option<[usize; 2]> {
        let sides = self.sides(|leaf| Span::of_group(group, leaf))?;
        let [west, _, east, _] = self.bbox?;
        (!sides.surely_cross()).then_some([west, east])
    }

    fn sides<'a>(&self, span: impl Fn(usize) -> Option<Span<'a>>) -> Option<Sides> {
        let [west, south, east, north] = self.bbox?.map(|leaf| span(leaf)?.numbers());
        Some(Sides::new([west?, south?, east?, north?]))
    }

    /// Whether rows may be selected of whose columns this is known, as far as their boxes may `cross` the antimeridian.
    pub fn may_match<'a>(&self, span: impl Fn(usize) -> Option<Span<'a>>, cross: bool) -> bool {
        let times = self.datetime.and_then(|(leaf, clock)| clock.times(span(leaf)?));
        if let Some((least, greatest)) = times {
            let starts_after = self.selection.end.is_some_and(|end| least > end);
            let ends_before = self.selection.start.is_some_and(|start| greatest < start);
            if starts_after || ends_before {
                return false;
            }
        }
        match (self.sides(span), &self.selection.bbox) {
            (Some(sides), Some(wanted)) => sides.may_intersect(wanted, cross),
            _ => true,
        }
    }
}

/// GeoParquet metadata of the columns that have Parquet's own geometry types, which say their CRS themselves:
/// PROJJSON, or a name (`srid:…`, `authority:code`); OGC:CRS84 if they do not.
/// <https://github.com/apache/parquet-format/blob/master/Geospatial.md>
pub(super) fn geometry_types(schema: &SchemaDescriptor) -> Option<String> {
    let mut columns = serde_json::Map::new();
    for leaf in schema.columns() {
        let crs = match leaf.logical_type_ref() {
            Some(LogicalType::Geometry { crs } | LogicalType::Geography { crs, .. }) => crs.as_deref(),
            _ => continue,
        };
        let [name] = leaf.path().parts() else { continue };
        let crs = crs.filter(|crs| !crs.is_empty()).map(|crs| match crs.strip_prefix("srid:") {
            Some(code) => serde_json::Value::String(format!("EPSG:{code}")),
            None => serde_json::from_str(crs).unwrap_or_else(|_| crs.into()),
        });
        let mut column = serde_json::json!({ "encoding": "WKB" });
        if let (Some(crs), Some(column)) = (crs, column.as_object_mut()) {
            column.insert("crs".to_owned(), crs);
        }
        columns.insert(name.clone(), column);
    }
    let primary = columns.keys().next()?.clone();
    Some(serde_json::json!({ "primary_column": primary, "columns": columns }).to_string())
}
