//! Collections, as their users see them.

use crate::build::Refresh;
use crate::chips::{ChipRequest, Sampler};
use crate::database::Database;
use crate::error::{Error, Result};
use crate::geometry::Points;
use crate::query::{self, Filter};
use crate::read::ReadRequest;
use crate::read::area::Area;
use crate::sample::SampleRequest;
use crate::share::Export;
use crate::store::{BuildState, Collection as StoredCollection, Snapshot};
use rasteret_schema::{BandAliases, CloudConfigs, HeaderDescription};
use serde::Serialize;
use std::borrow::Cow;
use std::sync::Arc;

/// A collection, or the part of it that filters leave: a view, nothing is copied.
#[derive(Debug, Clone)]
pub struct Collection {
    database: Database,
    name: String,
    filter: Filter,
    /// Instead of those that are kept with the collection.
    aliases: Option<Arc<BandAliases>>,
}

/// What there is to know of a collection.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CollectionInfo {
    /// Its name.
    pub name: String,
    /// Number of records.
    pub records: u64,
    /// Names of the bands.
    pub bands: Vec<String>,
    /// The EPSG codes of the rasters, ascending.
    pub epsg: Vec<i32>,
    /// West, south, east, north of all footprints in degrees; west is greater than east across the
    /// antimeridian.
    pub bounds: Option<[f64; 4]>,
    /// First and last time.
    pub date_range: Option<[String; 2]>,
    /// What it was built from.
    pub data_source: String,
    /// When it was built.
    pub created: String,
    /// The columns of the record table.
    pub columns: Vec<Column>,
    /// Number of headers, each band of each record counted.
    pub headers: u64,
    /// Bytes of its records and headers.
    pub size_bytes: u64,
}

/// A column of a record table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its Arrow type.
    #[serde(rename = "type")]
    pub data_type: String,
    /// Whether values may be null.
    pub nullable: bool,
}

impl Collection {
    pub(crate) fn new(database: Database, name: &str) -> Self {
        Collection { database, name: name.to_owned(), filter: Filter::new(), aliases: None }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The records of this view that also match a filter.
    pub fn subset(&self, filter: Filter) -> Collection {
        Collection { filter: self.filter.clone().and(filter), ..self.clone() }
    }

    /// The records of this view for which a condition in CQL2-text is true: [`Filter::cql2`]. Whether it
    /// fits the columns is checked at once, also if there are no records.
    ///
    /// ```no_run
    /// # fn clear(collection: rasteret::Collection) -> rasteret::Result<()> {
    /// let clear = collection.r#where("eo:cloud_cover < 10 AND split = 'train'")?;
    /// println!("{} of {}", clear.ids()?.len(), collection.ids()?.len());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`FilterError`](crate::query::FilterError) if the text is no CQL2, or names a column that is not
    /// there or is of another type.
    pub fn r#where(&self, text: &str) -> Result<Collection> {
        let filter = Filter::cql2(text)?;
        filter.bind(self.snapshot()?.collection(&self.name)?.schema())?;
        Ok(self.subset(filter))
    }

    /// The records of this view that are of a split.
    pub fn select_split(&self, name: &str) -> Collection {
        self.subset(Filter::new().split(name))
    }

    /// What there is to know of the whole collection.
    ///
    /// # Errors
    ///
    /// If it was deleted meanwhile, or the database is damaged.
    pub fn info(&self) -> Result<CollectionInfo> {
        let snapshot = self.snapshot()?;
        query::info(&snapshot.collection(&self.name)?)
    }

    /// How the assets are reached: what its source said, or whoever built it. Of a collection that was merged,
    /// the settings of each source, by the roots of the hrefs.
    ///
    /// # Errors
    ///
    /// As [`Collection::info`].
    pub fn cloud(&self) -> Result<CloudConfigs> {
        Ok(self.snapshot()?.collection(&self.name)?.metadata().description.cloud())
    }

    /// Other names of the bands, which reads, samples and chips may be asked for: those of this view, else those
    /// that are [kept with the collection](Database::set_band_aliases).
    ///
    /// # Errors
    ///
    /// As [`Collection::info`].
    pub fn band_aliases(&self) -> Result<BandAliases> {
        let snapshot = self.snapshot()?;
        Ok(self.aliases_in(&snapshot.collection(&self.name)?).into_owned())
    }

    /// The same view with other names of the bands, in place of those that there were.
    ///
    /// A band that is asked for is a record's band of that name, else the first band of the alias' list that the
    /// record has. Results call it what it was asked for.
    ///
    /// ```no_run
    /// use rasteret::blocking::Wait;
    /// use rasteret::schema::BandAliases;
    /// use rasteret::{Area, Database};
    ///
    /// // Sentinel-2 and Landsat in one collection.
    /// let both = Database::open("field.rasteret")?.collection("both")?;
    /// let both = both.with_band_aliases(BandAliases::common_names());
    /// let area = Area::bbox([77.55, 13.01, 77.58, 13.08]);
    /// let red = both.read(area).bands(["red", "nir08"]).resolution(30.0, 30.0).array().wait()?;
    /// assert_eq!(red.bands, ["red", "nir08"]);
    /// # Ok::<(), rasteret::Error>(())
    /// ```
    pub fn with_band_aliases(&self, aliases: BandAliases) -> Collection {
        Collection { aliases: Some(Arc::new(aliases)), ..self.clone() }
    }

    pub(crate) fn aliases_in(&self, stored: &StoredCollection) -> Cow<'_, BandAliases> {
        match &self.aliases {
            Some(aliases) => Cow::Borrowed(aliases),
            None => Cow::Owned(stored.metadata().description.band_aliases()),
        }
    }

    /// The ids of the records, by time, then id.
    ///
    /// # Errors
    ///
    /// If a filter needs a column that the collection does not have.
    pub fn ids(&self) -> Result<Vec<String>> {
        let snapshot = self.snapshot()?;
        query::ids(&snapshot.collection(&self.name)?, &self.filter)
    }

    /// The header of a band of a record, as it is stored. The band may be an [alias](Collection::with_band_aliases).
    ///
    /// # Errors
    ///
    /// If there is no such record or band, or its header was not parsed.
    pub fn header(&self, id: &str, band: &str) -> Result<HeaderDescription> {
        let snapshot = self.snapshot()?;
        let stored = snapshot.collection(&self.name)?;
        query::header(&stored, id, band, &self.aliases_in(&stored))
    }

    /// Parses the headers of this view's records again.
    pub fn refresh(&self) -> Refresh {
        Refresh::new(self.clone())
    }

    /// A read of the pixels of an area.
    pub fn read(&self, area: Area) -> ReadRequest {
        ReadRequest::new(self.clone(), area)
    }

    /// A look-up of the pixels at points.
    pub fn sample(&self, points: Points) -> SampleRequest {
        SampleRequest::new(self.clone(), points)
    }

    /// Chips of the pixels, to train models on.
    pub fn chips(&self, sampler: Sampler) -> ChipRequest {
        ChipRequest::new(self.clone(), sampler)
    }

    /// An export of the records of this view as Parquet: to a folder or a file, here or in an object store.
    pub fn export(&self, dest: impl Into<String>) -> Export {
        Export::new(self.clone(), dest.into())
    }

    pub(crate) fn snapshot(&self) -> Result<Snapshot> {
        Ok(self.database.store().read()?)
    }

    /// The collection as it is stored, if all records of its source are in.
    ///
    /// # Errors
    ///
    /// [`Error::Unfinished`], and as [`Collection::info`].
    pub(crate) fn finished(&self) -> Result<StoredCollection> {
        let stored = self.snapshot()?.collection(&self.name)?;
        match stored.metadata().description.state {
            BuildState::Complete => Ok(stored),
            BuildState::Building => {
                Err(Error::Unfinished { collection: self.name.clone(), records: stored.len() })
            }
        }
    }

    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    pub(crate) fn filter(&self) -> &Filter {
        &self.filter
    }
}
