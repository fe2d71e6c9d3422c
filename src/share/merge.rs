//! Several collections as one.

use super::TableError;
use super::assets::MergedAssets;
use super::error::LISTED;
use super::update::check_name;
use super::widen::{widen, widened_field};
use crate::collection::{Collection, CollectionInfo};
use crate::database::Database;
use crate::error::{Error, Result};
use crate::query::{kept, scan, text_column};
use crate::store::{BuildState, Collection as StoredCollection, Description, ScanBatch, Transaction};
use arrow_array::{ArrayRef, RecordBatch, StringArray, new_null_array};
use arrow_schema::{DataType, Field, FieldRef, Schema, SchemaRef};
use rasteret_schema::BandAliases;
use rasteret_schema::record::ID;
use std::borrow::Borrow;
use std::sync::Arc;

impl Database {
    /// One collection out of several, which may be views, and of other databases.
    ///
    /// ```no_run
    /// # fn merge(db: rasteret::Database) -> rasteret::Result<()> {
    /// let (sentinel, landsat) = (db.collection("sentinel-2")?, db.collection("landsat")?);
    /// let both = db.merge("both", [&sentinel, &landsat]).tag("source").run()?;
    /// println!("{} records", both.records);
    /// # Ok(()) }
    /// ```
    pub fn merge(&self, name: &str, inputs: impl IntoIterator<Item = impl Borrow<Collection>>) -> Merge {
        Merge {
            database: self.clone(),
            name: name.to_owned(),
            inputs: inputs.into_iter().map(|input| input.borrow().clone()).collect(),
            tag: None,
            prefix_ids: false,
            aliases: None,
        }
    }
}

/// A merge of collections, which may differ in their bands and columns.
///
/// The new collection has all user columns: a record has nulls where its own collection lacks one. A column of
/// several types gets one that holds the values of all without loss, if there is one. Headers are taken over as
/// they are, and how the assets of each collection are reached. Where one was imported, local files may be opened
/// below its folders, and below the folders of the others only.
#[derive(Debug, Clone)]
#[must_use = "a merge does nothing until it is run"]
pub struct Merge {
    database: Database,
    name: String,
    inputs: Vec<Collection>,
    tag: Option<String>,
    prefix_ids: bool,
    aliases: Option<BandAliases>,
}

impl Merge {
    /// Adds a column that names the collection from which a record came.
    pub fn tag(self, column: impl Into<String>) -> Self {
        Merge { tag: Some(column.into()), ..self }
    }

    /// Puts the name of its collection before each id: `landsat/LC08_…`.
    pub fn prefix_ids(self, prefix: bool) -> Self {
        Merge { prefix_ids: prefix, ..self }
    }

    /// Other names of the bands, so that one name means one thing across the collections. By default those of
    /// all collections.
    pub fn band_aliases(self, aliases: BandAliases) -> Self {
        Merge { aliases: Some(aliases), ..self }
    }

    /// Makes the collection, in one transaction: it is there as a whole, or not at all. Of each collection, one
    /// chunk is in memory at a time.
    ///
    /// # Errors
    ///
    /// If there is a collection of this name; [`Error::Unfinished`] if the build of one that is to be merged has not
    /// come to its end; [`TableError::DuplicateIds`] unless ids have prefixes;
    /// [`TableError::Unlike`] where a column has types that no type holds; [`TableError::ColumnExists`] for the
    /// tag; [`TableError::Reserved`]; [`Error::CloudConflict`]; [`TableError::LocalFiles`];
    /// [`TableError::BandAliases`]; if a filter needs a column that its collection does not have, or the database
    /// is not open for writing.
    pub fn run(self) -> Result<CollectionInfo> {
        crate::build::check_name(&self.name)?;
        if self.inputs.is_empty() {
            return Err(Error::InvalidArgument("a merge needs collections".to_owned()));
        }
        let store = self.database.store();
        let mut write = store.write()?;
        let inputs =
            self.inputs.iter().map(|input| Ok((input, input.finished()?))).collect::<Result<Vec<_>>>()?;
        write.create_collection(&self.name, self.description()?)?;
        let schema = self.schema(&inputs)?;
        let mut assets = MergedAssets::of(inputs.iter().map(|(_, stored)| stored));
        let mut bytes = 0;
        for (input, stored) in &inputs {
            bytes += self.add(&mut write, input, stored, &schema, &mut assets)?;
        }
        let (cloud, local_roots) = assets.finish()?;
        write.describe(&self.name, |description| {
            description.set_cloud(&cloud);
            if let Some(roots) = &local_roots {
                description.set_local_roots(roots);
            }
            if inputs.iter().any(|(_, stored)| stored.metadata().description.has_unconfirmed_headers()) {
                description.set_unconfirmed_headers();
            }
            description.state = BuildState::Complete;
        })?;
        write.commit()?;
        store.note_added(bytes);
        self.database.collection(&self.name)?.info()
    }

    fn description(&self) -> Result<Description> {
        let names: Vec<&str> = self.inputs.iter().map(Collection::name).collect();
        let mut description =
            Description { data_source: format!("merge of {}", names.join(", ")), ..Description::default() };
        let aliases = match &self.aliases {
            Some(aliases) => aliases.clone(),
            None => self.inputs.iter().try_fold(BandAliases::default(), |all, input| {
                Ok::<_, Error>(all.and(input.band_aliases()?).map_err(TableError::from)?)
            })?,
        };
        description.set_band_aliases(&aliases);
        Ok(description)
    }

    /// The columns of the new collection.
    fn schema(&self, inputs: &[(&Collection, StoredCollection)]) -> Result<SchemaRef> {
        let bands: Vec<String> =
            inputs.iter().flat_map(|(_, stored)| stored.metadata().bands.iter().cloned()).collect();
        let nullable = |field: &FieldRef| Arc::new(field.as_ref().clone().with_nullable(true));
        let mut fields: Vec<FieldRef> = Vec::new();
        for (place, (input, stored)) in inputs.iter().enumerate() {
            for field in &mut fields {
                if stored.schema().column_with_name(field.name()).is_none() {
                    *field = nullable(field);
                }
            }
            for field in stored.schema().fields() {
                let Some(known) = fields.iter_mut().find(|known| known.name() == field.name()) else {
                    fields.push(if place == 0 { field.clone() } else { nullable(field) });
                    continue;
                };
                *known = widened_field(known, field).ok_or_else(|| TableError::Unlike {
                    column: field.name().clone(),
                    collection: input.name().to_owned(),
                    found: field.data_type().to_string(),
                    known: known.data_type().to_string(),
                })?;
            }
        }
        let is_record = |field: &&FieldRef| rasteret_schema::record::COLUMNS.contains(&field.name().as_str());
        for field in fields.iter().filter(|field| !is_record(field)) {
            check_name(field.name(), &bands)?;
        }
        if let Some(tag) = &self.tag {
            check_name(tag, &bands)?;
            if fields.iter().any(|field| field.name() == tag) {
                return Err(TableError::ColumnExists { column: tag.clone() }.into());
            }
            fields.push(Arc::new(Field::new(tag, DataType::Utf8, true)));
        }
        Ok(Arc::new(Schema::new(fields)))
    }

    /// Adds the records of a collection. Returns about how many bytes they take.
    fn add(
        &self,
        write: &mut Transaction<'_>,
        input: &Collection,
        stored: &StoredCollection,
        schema: &SchemaRef,
        assets: &mut MergedAssets,
    ) -> Result<u64> {
        let names: Vec<&str> = stored.schema().fields().iter().map(|field| field.name().as_str()).collect();
        let mut added = 0;
        let filter = input.filter().bind(stored.schema())?;
        for chunk in scan(stored, &filter, &names)? {
            let ScanBatch { batch, records } = kept(&filter, chunk?)?;
            if records.is_empty() {
                continue;
            }
            assets.add(stored, &batch)?;
            let batch = self.conformed(input.name(), &batch, schema)?;
            let appended = write.append(&self.name, &batch, &[], &[])?;
            if !appended.replaced.is_empty() {
                let ids = text_column(&batch, ID)?;
                let listed = appended.replaced.iter().take(LISTED);
                return Err(TableError::DuplicateIds {
                    collection: input.name().to_owned(),
                    ids: listed.map(|row| ids.value(*row).to_owned()).collect(),
                    count: appended.replaced.len(),
                }
                .into());
            }
            let pairs = records.iter().zip(&appended.records);
            let pairs = pairs.filter_map(|(from, to)| Some((*from, (*to)?)));
            write.copy_headers(&self.name, stored, pairs)?;
            added += records.len() as u64;
        }
        Ok(stored.metadata().bytes.saturating_mul(added) / stored.len().max(1))
    }

    /// Records of a collection with all columns of the new one.
    fn conformed(&self, name: &str, batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
        let column = |field: &FieldRef| -> Result<ArrayRef> {
            let known = batch.column_by_name(field.name());
            Ok(match known {
                Some(_) if field.name() == ID && self.prefix_ids => {
                    let ids = text_column(batch, ID)?.iter().map(|id| Some(format!("{name}/{}", id?)));
                    Arc::new(ids.collect::<StringArray>())
                }
                Some(column) => widen(column, field.data_type())?,
                None if self.tag.as_ref() == Some(field.name()) => {
                    Arc::new(StringArray::from(vec![name; batch.num_rows()]))
                }
                None => new_null_array(field.data_type(), batch.num_rows()),
            })
        };
        let columns = schema.fields().iter().map(column).collect::<Result<Vec<_>>>()?;
        Ok(RecordBatch::try_new(schema.clone(), columns)?)
    }
}
