//! What the user says about a table.

use arrow_schema::DataType;
use indexmap::IndexMap;
use rasteret_schema::{BandMap, SourceError};

/// The options of a [`TableSource`](crate::TableSource). Nothing is checked until it is read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    /// Column of the table → name that it serves under.
    pub column_map: IndexMap<String, String>,
    pub href_column: Option<String>,
    pub bands: BandMap,
    pub only_bands: Option<Vec<String>>,
    /// Side of the box (`minx` or `xmin`, …) → column.
    pub bbox_columns: Option<IndexMap<String, String>>,
    pub columns: Option<Vec<String>>,
    pub geometry_crs: Option<String>,
    pub base: Option<String>,
    /// Types of columns of the folders' names.
    pub partition_types: Vec<(String, DataType)>,
    /// Columns of the folders' names that are left out.
    pub without_partitions: Vec<String>,
}

/// The two usual names of each side of a box: west, south, east, north.
pub(crate) const SIDES: [[&str; 2]; 4] =
    [["xmin", "minx"], ["ymin", "miny"], ["xmax", "maxx"], ["ymax", "maxy"]];

impl Options {
    /// What is wrong whatever the table is.
    pub fn check(&self) -> Result<(), SourceError> {
        self.bands.check().map_err(SourceError::Invalid)?;
        for (i, (source, target)) in self.column_map.iter().enumerate() {
            let before = self.column_map.iter().take(i).find(|(_, other)| *other == target);
            if let Some((other, _)) = before {
                return Err(SourceError::Invalid(format!(
                    "the column map says twice what {target:?} is: {other:?} and {source:?}"
                )));
            }
        }
        self.bbox_columns().map(drop)
    }

    /// The column that the column map makes `name`.
    pub fn mapped_to(&self, name: &str) -> Option<&str> {
        self.column_map.iter().find(|(_, target)| *target == name).map(|(source, _)| source.as_str())
    }

    /// The columns of west, south, east and north.
    pub fn bbox_columns(&self) -> Result<Option<[&str; 4]>, SourceError> {
        let Some(columns) = &self.bbox_columns else { return Ok(None) };
        let mut sides = [""; 4];
        for (side, names) in sides.iter_mut().zip(SIDES) {
            let column = names.into_iter().find_map(|name| columns.get(name));
            *side = column.ok_or_else(|| {
                SourceError::Invalid(format!(
                    "the columns of the bounding box lack {}; name minx, miny, maxx and maxy, or xmin, ymin, \
                     xmax and ymax",
                    names.join(" or ")
                ))
            })?;
        }
        Ok(Some(sides))
    }
}
