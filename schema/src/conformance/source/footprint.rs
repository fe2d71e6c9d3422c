//! The column of footprints: WKB, or an encoding and a CRS that GeoArrow names
//! (<https://geoarrow.org/extension-types>).

use crate::conformance::Violations;
use crate::record::GEOMETRY;
use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use arrow_buffer::NullBuffer;
use arrow_schema::extension::{EXTENSION_TYPE_METADATA_KEY, EXTENSION_TYPE_NAME_KEY};
use arrow_schema::{DataType, Field};
use serde_json::Value;

/// What there is to know of the footprints of a batch.
pub(super) struct Footprints {
    /// Which rows have one; `None` where there is no such column.
    present: Option<Option<NullBuffer>>,
    /// Whether they are in longitudes and latitudes, as the boxes then are.
    pub is_geographic: bool,
}

impl Footprints {
    /// Checks the column of a batch.
    pub(super) fn new(records: &RecordBatch, violations: &mut Violations) -> Self {
        let Some((index, field)) = records.schema_ref().column_with_name(GEOMETRY) else {
            return Footprints { present: None, is_geographic: true };
        };
        let column = records.column(index);
        let metadata = field.metadata();
        let name = metadata.get(EXTENSION_TYPE_NAME_KEY).map(String::as_str);
        violations.check(
            is_encoding(name, field.data_type()),
            "footprints are WKB, or encoded as GeoArrow says",
            || format!("{name:?} of {}", field.data_type()),
        );
        let of_type =
            metadata.get(EXTENSION_TYPE_METADATA_KEY).map(|text| serde_json::from_str::<Value>(text));
        violations.check(
            of_type.as_ref().is_none_or(|parsed| matches!(parsed, Ok(Value::Object(_)))),
            "the GeoArrow metadata of footprints are a JSON object",
            || format!("{of_type:?}"),
        );
        let crs = of_type.and_then(Result::ok).and_then(|metadata| metadata.get("crs").cloned());
        check_wkb(column, violations);
        Footprints {
            present: Some(column.logical_nulls()),
            is_geographic: crs.is_none_or(|crs| is_geographic(&crs)),
        }
    }

    /// Whether a row has a footprint.
    pub(super) fn is_present(&self, row: usize) -> bool {
        self.present.as_ref().is_some_and(|nulls| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)))
    }
}

/// The records without their footprints, if these are not of the type that the store has.
pub(super) fn without(records: &RecordBatch) -> RecordBatch {
    let mut records = records.clone();
    if let Some((index, field)) = records.schema_ref().column_with_name(GEOMETRY)
        && *field.data_type() != DataType::Binary
    {
        records.remove_column(index);
    }
    records
}

fn is_encoding(name: Option<&str>, data_type: &DataType) -> bool {
    let is_wkb = matches!(data_type, DataType::Binary | DataType::LargeBinary | DataType::BinaryView);
    let is_wkt = matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
    let lists = match name.map(|name| name.strip_prefix("geoarrow.").unwrap_or(name)) {
        None | Some("wkb" | "ogc.wkb") => return is_wkb,
        Some("wkt") => return is_wkt,
        Some("point") => 0,
        Some("linestring" | "multipoint") => 1,
        Some("polygon" | "multilinestring") => 2,
        Some("multipolygon") => 3,
        Some(_) => return false,
    };
    let mut inner = data_type;
    for _ in 0..lists {
        let (DataType::List(item) | DataType::LargeList(item)) = inner else { return false };
        inner = item.data_type();
    }
    let is_number = |field: &Field| *field.data_type() == DataType::Float64;
    match inner {
        DataType::Struct(fields) => {
            ["x", "y"].iter().all(|name| fields.find(name).is_some_and(|(_, field)| is_number(field)))
        }
        DataType::FixedSizeList(item, size) => *size >= 2 && is_number(item),
        _ => false,
    }
}

fn check_wkb(column: &dyn Array, violations: &mut Violations) {
    let mut check = |wkb: &[u8]| {
        // WKB starts with the byte order and a four-byte type.
        violations.check(wkb.len() > 5 && wkb[0] <= 1, "a geometry is WKB", || {
            format!("{:?}", &wkb[..wkb.len().min(16)])
        });
    };
    match column.data_type() {
        DataType::Binary => column.as_binary::<i32>().iter().flatten().for_each(&mut check),
        DataType::LargeBinary => column.as_binary::<i64>().iter().flatten().for_each(&mut check),
        DataType::BinaryView => column.as_binary_view().iter().flatten().for_each(&mut check),
        _ => {}
    }
}

/// Longitudes and latitudes on WGS 84, in this order, as GeoArrow has them under either name.
fn is_geographic(crs: &Value) -> bool {
    match crs {
        Value::Null => true,
        Value::String(text) => {
            let text = text.to_ascii_uppercase();
            text == "EPSG:4326" || text.ends_with(":CRS84")
        }
        crs => {
            let id = |name: &str| crs.get("id").and_then(|id| id.get(name));
            let code = id("code").map(|code| code.as_str().map_or_else(|| code.to_string(), str::to_owned));
            id("authority")
                .and_then(Value::as_str)
                .zip(code.as_deref())
                .is_some_and(|id| [("EPSG", "4326"), ("OGC", "CRS84")].contains(&id))
        }
    }
}
