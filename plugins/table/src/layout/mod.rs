//! Which columns of a table serve what.

mod geo;
mod user;

pub(crate) use geo::GeometryPlace;

use crate::error::invalid;
use crate::options::{Options, SIDES};
use arrow_schema::{DataType, Field, FieldRef, Schema};
use geo::GeoMetadata;
use rasteret_schema::SourceError;
use rasteret_schema::record::{ASSETS, BBOX, COLLECTION, CRS, DATETIME, END_DATETIME, EPSG, GEOMETRY, ID};
use std::collections::HashSet;

/// Column of the start of an acquisition, in STAC: the time of records without any other.
const START_DATETIME: &str = "start_datetime";
/// The name that `bbox` had in earlier collections of rasteret.
const SCENE_BBOX: &str = "scene_bbox";
/// Field of an asset: its bands, in STAC 1.1.
pub(crate) const BANDS: &str = "bands";
/// Columns of the raster's CRS, best first.
const CRS_COLUMNS: [&str; 5] = ["proj:code", EPSG, CRS, "proj:wkt2", "proj:projjson"];

/// Which columns serve what. Columns are named as in the table.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    /// What to call the table in messages.
    pub table: String,
    pub id: String,
    pub datetime: Option<String>,
    pub start_datetime: Option<String>,
    pub end_datetime: Option<String>,
    pub geometry: Option<GeometryPlace>,
    pub bbox: Option<BboxPlace>,
    /// Whether no box crosses the antimeridian, as the file's metadata say.
    pub boxes_never_cross: bool,
    pub assets: AssetsPlace,
    pub crs: Vec<String>,
    pub collection: Option<String>,
    /// Bands, and the columns of their headers.
    pub headers: Vec<(String, String)>,
    /// The user's columns, and what they become.
    pub user: Vec<(String, FieldRef)>,
    read: HashSet<String>,
    /// Keys of the assets that are read, of a column that is a struct of structs.
    keys: Option<HashSet<String>>,
}

/// Where bounding boxes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BboxPlace {
    /// Fields of a struct: west, south, east, north.
    Struct { column: String, fields: [String; 4] },
    /// A list of four numbers, or six.
    List { column: String },
    /// Columns: west, south, east, north.
    Columns([String; 4]),
}

/// Where assets are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AssetsPlace {
    /// A column of all assets.
    Assets(String),
    /// A column of the href of the one asset, whose key is the column's name.
    Href(String),
}

/// The columns of a table while it is found out what they serve.
struct Finder<'a> {
    table: &'a str,
    schema: &'a Schema,
    options: &'a Options,
}

impl Layout {
    /// Finds the columns.
    pub fn find(table: &str, schema: &Schema, options: &Options) -> Result<Layout, SourceError> {
        let finder = Finder { table, schema, options };
        finder.check_names()?;
        let geo = GeoMetadata::of(table, schema)?;
        let geometry = geo::find(&finder, geo.as_ref())?;
        let bbox = finder.bbox(geo.as_ref(), geometry.as_ref())?;
        let boxes_never_cross = geo.as_ref().zip(geometry.as_ref()).is_some_and(|(geo, geometry)| {
            let covers = bbox.is_some() && geo.covering(&geometry.column, schema) == bbox;
            covers && geometry.is_crs84 && geo.never_crosses(&geometry.column)
        });
        let id = finder.required(ID)?;
        finder.check_type(&id, "text or integers", |it| is_text(it) || it.is_integer())?;
        let [datetime, start_datetime, end_datetime] = finder.times()?;
        let assets = finder.assets()?;
        let collection = finder.serving(COLLECTION);
        if let Some(column) = &collection {
            finder.check_type(column, "text", |it| is_text(it) || it.is_integer())?;
        }
        let mut crs: Vec<String> = CRS_COLUMNS.iter().filter_map(|name| finder.serving(name)).collect();
        crs.retain(|column| {
            let data_type = finder.field(column).map(Field::data_type);
            let can_serve = data_type.is_some_and(|it| is_text(it) || it.is_numeric());
            can_serve || column == EPSG || column == CRS
        });
        for column in &crs {
            finder.check_type(column, "EPSG codes or text", |it| is_text(it) || it.is_numeric())?;
        }
        let mut layout = Layout {
            table: table.to_owned(),
            id,
            datetime,
            start_datetime,
            end_datetime,
            geometry,
            bbox,
            boxes_never_cross,
            assets,
            crs,
            collection,
            headers: Vec::new(),
            user: Vec::new(),
            read: HashSet::new(),
            keys: None,
        };
        layout.headers = user::headers(schema);
        layout.user = user::find(&finder, &layout)?;
        layout.read = layout.columns_read();
        layout.keys = finder.asset_keys(&layout.assets)?;
        Ok(layout)
    }

    /// Of a table whose rows are no records: these columns are read.
    pub fn of_columns(table: &str, columns: impl IntoIterator<Item = String>) -> Layout {
        Layout {
            table: table.to_owned(),
            id: String::new(),
            datetime: None,
            start_datetime: None,
            end_datetime: None,
            geometry: None,
            bbox: None,
            boxes_never_cross: false,
            assets: AssetsPlace::Href(String::new()),
            crs: Vec::new(),
            collection: None,
            headers: Vec::new(),
            user: Vec::new(),
            read: columns.into_iter().collect(),
            keys: None,
        }
    }

    fn columns_read(&self) -> HashSet<String> {
        let times = [&self.datetime, &self.start_datetime, &self.end_datetime];
        let bbox: Vec<&String> = match &self.bbox {
            Some(BboxPlace::Struct { column, .. } | BboxPlace::List { column }) => vec![column],
            Some(BboxPlace::Columns(columns)) => columns.iter().collect(),
            None => Vec::new(),
        };
        let (AssetsPlace::Assets(assets) | AssetsPlace::Href(assets)) = &self.assets;
        [&self.id, assets]
            .into_iter()
            .chain(times.into_iter().flatten())
            .chain(&self.collection)
            .chain(self.geometry.as_ref().map(|geometry| &geometry.column))
            .chain(bbox)
            .chain(&self.crs)
            .chain(self.headers.iter().map(|(_, column)| column))
            .chain(self.user.iter().map(|(column, _)| column))
            .cloned()
            .collect()
    }

    /// Whether a column is read.
    pub fn reads_column(&self, name: &str) -> bool {
        self.read.contains(name)
    }

    /// Whether a column within columns is read: of assets, what says where they are.
    pub fn reads(&self, path: &[String]) -> bool {
        let Some(column) = path.first().filter(|column| self.reads_column(column)) else { return false };
        match (&self.assets, &self.keys, path) {
            (AssetsPlace::Assets(assets), Some(keys), [_, key, rest @ ..]) if assets == column => {
                let is_wanted = match rest {
                    [] => true,
                    [field] => crate::convert::ASSET_FIELDS.contains(&field.as_str()),
                    [field, .., leaf] => field == BANDS && leaf == "name",
                };
                is_wanted && keys.contains(key)
            }
            _ => true,
        }
    }
}

/// Whether a column holds text, whatever the encoding.
pub(crate) fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, value) => is_text(value),
        other => matches!(other, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View),
    }
}

impl Finder<'_> {
    fn field(&self, name: &str) -> Option<&Field> {
        self.schema.field_with_name(name).ok()
    }

    fn names(&self) -> String {
        self.schema.fields().iter().map(|field| field.name().as_str()).collect::<Vec<_>>().join(", ")
    }

    fn no_such_column(&self, name: &str, why: &str) -> SourceError {
        invalid(self.table, format!("there is no column {name:?}{why}; there are: {}", self.names()))
    }

    /// What the options name is there, and each name is there once.
    fn check_names(&self) -> Result<(), SourceError> {
        let mut seen = HashSet::new();
        if let Some(field) = self.schema.fields().iter().find(|field| !seen.insert(field.name())) {
            return Err(invalid(self.table, format!("it has two columns {:?}", field.name())));
        }
        let Options { column_map, href_column, .. } = self.options;
        let sides = self.options.bbox_columns()?;
        let named = column_map.keys().map(String::as_str).chain(href_column.as_deref());
        for name in named.chain(sides.into_iter().flatten()) {
            if self.field(name).is_none() {
                return Err(self.no_such_column(name, ", which the options name"));
            }
        }
        Ok(())
    }

    /// The column that is mapped to a name, or has it.
    fn serving(&self, name: &str) -> Option<String> {
        let mapped = self.options.mapped_to(name);
        mapped.or_else(|| self.field(name).map(|_| name)).map(str::to_owned)
    }

    fn required(&self, name: &str) -> Result<String, SourceError> {
        self.serving(name).ok_or_else(|| {
            self.no_such_column(name, ", and records need one; say with a column map which column it is")
        })
    }

    fn check_type(
        &self,
        column: &str,
        expected: &str,
        can_serve: impl Fn(&DataType) -> bool,
    ) -> Result<(), SourceError> {
        match self.field(column).map(Field::data_type) {
            Some(data_type) if !can_serve(data_type) => Err(invalid(
                self.table,
                format!(
                    "column {column:?} is of type {data_type}, not {expected}; there are: {}",
                    self.names()
                ),
            )),
            _ => Ok(()),
        }
    }

    fn times(&self) -> Result<[Option<String>; 3], SourceError> {
        let times = [DATETIME, START_DATETIME, END_DATETIME].map(|name| self.serving(name));
        if times[0].is_none() && times[1].is_none() {
            self.required(DATETIME)?;
        }
        for column in times.iter().flatten() {
            self.check_type(column, "timestamps, dates, years, or text as of RFC 3339", |it| {
                let is_time = matches!(it, DataType::Timestamp(..) | DataType::Date32 | DataType::Date64);
                is_time || it.is_integer() || is_text(it) || it.is_null()
            })?;
        }
        Ok(times)
    }

    fn assets(&self) -> Result<AssetsPlace, SourceError> {
        if let Some(column) = &self.options.href_column {
            self.check_type(column, "text", is_text)?;
            return Ok(AssetsPlace::Href(column.clone()));
        }
        let Some(column) = self.serving(ASSETS) else {
            let why = ", and records need one; say which column has the hrefs (href column), or with a column \
                       map which has the assets";
            return Err(self.no_such_column(ASSETS, why));
        };
        self.check_type(&column, "a struct or map of assets, a list of them, or JSON", |it| {
            matches!(it, DataType::Struct(_) | DataType::Map(..) | DataType::List(_) | DataType::LargeList(_))
                || is_text(it)
        })?;
        Ok(AssetsPlace::Assets(column))
    }

    /// The keys of the assets that bands are made of, where the column's type says which there are.
    fn asset_keys(&self, assets: &AssetsPlace) -> Result<Option<HashSet<String>>, SourceError> {
        let AssetsPlace::Assets(column) = assets else { return self.check_bands(assets).map(|()| None) };
        let Some(DataType::Struct(fields)) = self.field(column).map(Field::data_type) else {
            return Ok(None);
        };
        let bands = &self.options.bands;
        let known = || fields.iter().map(|field| field.name().as_str()).collect::<Vec<_>>().join(", ");
        for (band, key) in &bands.assets {
            if fields.find(key).is_none() {
                let message = format!("there is no asset {key:?} for band {band:?}; there are: {}", known());
                return Err(invalid(self.table, message));
            }
        }
        let only = self.options.only_bands.as_ref().filter(|_| bands.indexes.is_empty());
        let wanted: HashSet<String> = match only {
            Some(only) => {
                let mut keys = HashSet::new();
                for band in only {
                    let key = if bands.assets.is_empty() { Some(band) } else { bands.assets.get(band) };
                    let Some(key) = key.filter(|key| fields.find(key).is_some()) else {
                        let names: Vec<&str> = bands.assets.keys().map(String::as_str).collect();
                        let known = if names.is_empty() { known() } else { names.join(", ") };
                        return Err(invalid(
                            self.table,
                            format!("there is no band {band:?}; there are: {known}"),
                        ));
                    };
                    keys.insert(key.clone());
                }
                keys
            }
            None if bands.assets.is_empty() => fields.iter().map(|field| field.name().clone()).collect(),
            None => bands.assets.values().cloned().collect(),
        };
        // Where assets say which bands they have, those that are wanted may be of another asset.
        let lists_bands = |field: &FieldRef| match field.data_type() {
            DataType::Struct(asset) => asset.find(BANDS).is_some(),
            _ => false,
        };
        if fields.iter().any(lists_bands) {
            return Ok(Some(fields.iter().map(|field| field.name().clone()).collect()));
        }
        Ok(Some(wanted))
    }

    /// What is wanted of a file whose bands are known.
    fn check_bands(&self, place: &AssetsPlace) -> Result<(), SourceError> {
        let (AssetsPlace::Assets(column) | AssetsPlace::Href(column)) = place;
        let bands = &self.options.bands;
        let known: Vec<&String> = match (bands.assets.is_empty(), bands.indexes.is_empty()) {
            (false, _) => bands.assets.keys().collect(),
            (true, false) => bands.indexes.keys().collect(),
            (true, true) => vec![column],
        };
        let unknown = self.options.only_bands.iter().flatten().find(|band| !known.contains(band));
        unknown.map_or(Ok(()), |band| {
            let known = known.iter().map(|band| band.as_str()).collect::<Vec<_>>().join(", ");
            Err(invalid(self.table, format!("there is no band {band:?}; there are: {known}")))
        })
    }

    fn bbox(
        &self,
        geo: Option<&GeoMetadata>,
        geometry: Option<&GeometryPlace>,
    ) -> Result<Option<BboxPlace>, SourceError> {
        if let Some(columns) = self.options.bbox_columns()? {
            for column in columns {
                self.check_type(column, "numbers", DataType::is_numeric)?;
            }
            return Ok(Some(BboxPlace::Columns(columns.map(str::to_owned))));
        }
        // The box of a geometry is in the CRS of the geometry.
        if geometry.is_some_and(|geometry| !geometry.is_crs84) {
            return Ok(None);
        }
        let covering =
            geo.zip(geometry).and_then(|(geo, geometry)| geo.covering(&geometry.column, self.schema));
        if covering.is_some() {
            return Ok(covering);
        }
        let Some(column) = self.serving(BBOX).or_else(|| self.serving(SCENE_BBOX)) else { return Ok(None) };
        match self.field(&column).map(Field::data_type) {
            Some(DataType::Struct(fields)) => {
                let sides = SIDES.map(|names| {
                    names.into_iter().find(|name| {
                        fields.find(name).is_some_and(|(_, field)| field.data_type().is_numeric())
                    })
                });
                if let [Some(west), Some(south), Some(east), Some(north)] = sides {
                    let fields = [west, south, east, north].map(str::to_owned);
                    return Ok(Some(BboxPlace::Struct { column, fields }));
                }
            }
            Some(DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, 4 | 6))
                if item.data_type().is_numeric() =>
            {
                return Ok(Some(BboxPlace::List { column }));
            }
            _ => {}
        }
        let expected = "a struct of xmin, ymin, xmax and ymax, or a list of four or six numbers; other columns can \
                        be named as bbox columns";
        self.check_type(&column, expected, |_| false).map(|()| None)
    }
}

/// Whether a column is the geometry's under a contract name, and so does not stay the user's.
pub(super) fn is_consumed(layout: &Layout, name: &str) -> bool {
    let bbox = match &layout.bbox {
        Some(BboxPlace::Struct { column, .. } | BboxPlace::List { column }) => {
            column == name && (name == BBOX || name == SCENE_BBOX)
        }
        _ => false,
    };
    let geometry = layout.geometry.as_ref().is_some_and(|geometry| geometry.column == name);
    let assets = matches!(&layout.assets, AssetsPlace::Assets(column) if column == name);
    bbox || geometry || assets || name == GEOMETRY
}
