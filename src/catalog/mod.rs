//! The dataset catalogue: descriptors by id, from which collections are built.
//!
//! In: descriptors, as rasteret has them. Out: the same by id, and the [source](DatasetSource) of each. Nothing is built
//! here.
//!
//! | module | what it does |
//! | --- | --- |
//! | `file` | the list of local datasets, which is shared with rasteret in Python |
//! | `local` | what is at a path: a ready collection, a table, a STAC catalogue |
//! | `near` | ids that may have been meant |
//! | `source` | the source adapter of a dataset |
//!
//! A dataset is known from one of three places. Where an id is known from several, the first of them counts:
//!
//! 1. the file of local datasets, which rasteret in Python writes too: `$RASTERET_LOCAL_DATASETS_PATH`, else
//!    `~/.rasteret/datasets.local.json`,
//! 2. the database, if it was [registered](Catalog::register) there,
//! 3. the [built-in](rasteret_schema::dataset::built_in) ones.
//!
//! What is registered goes to the database and, if it is local (its `spatial_coverage` says so) or in the file
//! already, to the file as well: it takes the place of what was registered under its id. Unregistering an id
//! brings back the built-in dataset that it hid.

mod error;
mod file;
mod local;
mod near;
mod source;

pub use error::CatalogError;
pub use source::{Choice, DatasetSource};

use crate::database::Database;
use crate::error::{Error, Result};
use crate::output::write_file;
use file::LocalFile;
use rasteret_schema::DatasetDescriptor;
use rasteret_schema::dataset::{DescriptorError, built_in};
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};

/// What `spatial_coverage` says of local datasets.
const LOCAL: &str = "local";

/// The datasets that there are.
///
/// ```
/// use rasteret::Database;
///
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("field.rasteret");
/// let catalog = Database::open_writable(&path)?.catalog();
/// # let catalog = catalog.with_local_file(folder.path().join("datasets.local.json"));
/// for found in catalog.search("sentinel")? {
///     println!("{} ({})", found.dataset.id, found.origin.name());
/// }
/// let error = catalog.get("earthsearch/sentinel-2-l1a").unwrap_err();
/// assert!(error.to_string().contains("earthsearch/sentinel-2-l2a"));
/// # Ok::<(), rasteret::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Catalog {
    database: Option<Database>,
    file: LocalFile,
}

/// A dataset, and where it is known from.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The dataset.
    pub dataset: DatasetDescriptor,
    /// Where it is known from.
    pub origin: Origin,
}

/// Where a dataset is known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// It is registered in the database.
    Database,
    /// It is in the file of local datasets.
    LocalFile,
    /// It is built in.
    BuiltIn,
}

impl Origin {
    /// A word for people.
    pub fn name(self) -> &'static str {
        match self {
            Origin::Database => "database",
            Origin::LocalFile => "local file",
            Origin::BuiltIn => "built in",
        }
    }
}

impl Default for Catalog {
    fn default() -> Self {
        Self::new()
    }
}

impl Catalog {
    /// The catalogue without a database: what is built in, and the file of local datasets.
    pub fn new() -> Self {
        Catalog { database: None, file: LocalFile::default() }
    }

    pub(crate) fn of(database: Database) -> Self {
        Catalog { database: Some(database), ..Self::new() }
    }

    /// The same catalogue with another file of local datasets. It need not exist.
    pub fn with_local_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.file = LocalFile::at(path.into());
        self
    }

    /// All datasets: the built-in ones in their order, then the others by id.
    ///
    /// An entry of the file that is no descriptor is passed over with a warning, and stays in the file.
    ///
    /// # Errors
    ///
    /// If the file of local datasets is broken, or the database is damaged.
    pub fn list(&self) -> Result<Vec<Entry>> {
        Ok(self.entries()?.0)
    }

    fn entries(&self) -> Result<(Vec<Entry>, Vec<DescriptorError>)> {
        let of = |origin| move |dataset| Entry { dataset, origin };
        let mut entries: Vec<Entry> = built_in().iter().cloned().map(of(Origin::BuiltIn)).collect();
        let (local, broken) = self.file.descriptors()?;
        let mut registered: Vec<Entry> = Vec::new();
        if let Some(database) = &self.database {
            registered.extend(database.store().read()?.datasets()?.into_iter().map(of(Origin::Database)));
        }
        registered.extend(local.into_iter().map(of(Origin::LocalFile)));
        // Later ones take the places of those before. The sort is stable.
        registered.sort_by(|a, b| a.dataset.id.cmp(&b.dataset.id));
        for entry in registered {
            match entries.iter_mut().find(|known| known.dataset.id == entry.dataset.id) {
                Some(known) => *known = entry,
                None => entries.push(entry),
            }
        }
        for error in &broken {
            tracing::warn!("{}: {error}", self.file.path_or_default());
        }
        Ok((entries, broken))
    }

    /// The dataset of an id.
    ///
    /// # Errors
    ///
    /// [`CatalogError::NoSuchDataset`], which says which ids may have been meant; as [`Catalog::list`].
    pub fn get(&self, id: &str) -> Result<Entry> {
        let (entries, broken) = self.entries()?;
        if let Some(entry) = entries.iter().find(|entry| entry.dataset.id == id) {
            return Ok(entry.clone());
        }
        if let Some(error) = broken.into_iter().find(|error| error.dataset == id) {
            return Err(CatalogError::Descriptor(error).into());
        }
        let near = near::near(id, entries.iter().map(|entry| entry.dataset.id.as_str()));
        Err(CatalogError::NoSuchDataset { id: id.to_owned(), near }.into())
    }

    /// The datasets that have a word in their id, name or description, in whatever case.
    ///
    /// # Errors
    ///
    /// As [`Catalog::list`].
    pub fn search(&self, word: &str) -> Result<Vec<Entry>> {
        let word = word.to_lowercase();
        let mut entries = self.list()?;
        entries.retain(|Entry { dataset, .. }| {
            [&dataset.id, &dataset.name, &dataset.description]
                .iter()
                .any(|text| text.to_lowercase().contains(&word))
        });
        Ok(entries)
    }

    /// Registers a dataset in the database and, if it is local or there already, in the file of local datasets.
    /// Returns it in its [normal form](DatasetDescriptor::normalized).
    ///
    /// # Errors
    ///
    /// If the descriptor makes no sense or holds credentials, the database is open for reading only, or the file is broken or cannot be
    /// written. Then nothing is registered.
    pub fn register(&self, dataset: DatasetDescriptor) -> Result<DatasetDescriptor> {
        let dataset = dataset.normalized().map_err(CatalogError::Descriptor)?;
        dataset.without_credentials().map_err(CatalogError::Descriptor)?;
        self.change(|write, file| {
            write.register_dataset(&dataset)?;
            file.put(&dataset)
        })?;
        Ok(dataset)
    }

    /// Registers what is at a path: a collection that was exported as Parquet, a table with a record a row, or a
    /// STAC catalogue of plain files. What is not said of it is taken from there.
    ///
    /// # Errors
    ///
    /// As [`Catalog::register`], and if there is none of these at the path.
    pub fn register_local(
        &self,
        id: &str,
        path: &str,
        name: Option<&str>,
        description: Option<&str>,
    ) -> Result<DatasetDescriptor> {
        let mut dataset = local::describe(id, path)?;
        if let Some(name) = name {
            name.clone_into(&mut dataset.name);
        }
        if let Some(description) = description {
            description.clone_into(&mut dataset.description);
        }
        self.register(dataset)
    }

    /// Removes a dataset from the database and from the file of local datasets, and returns it.
    ///
    /// # Errors
    ///
    /// If it is built in, or there is none; if the database or the file cannot be written.
    pub fn unregister(&self, id: &str) -> Result<DatasetDescriptor> {
        let Entry { dataset, origin } = self.get(id)?;
        if origin == Origin::BuiltIn {
            return Err(CatalogError::BuiltIn(id.to_owned()).into());
        }
        self.change(|write, file| {
            write.unregister_dataset(id)?;
            file.remove(id);
            Ok(())
        })?;
        Ok(dataset)
    }

    /// Writes the descriptor of a dataset to a file, whole or not at all, for [`Catalog::import`] and rasteret.
    ///
    /// # Errors
    ///
    /// As [`Catalog::get`], if it holds credentials, and if the file cannot be written.
    pub fn export(&self, id: &str, path: impl AsRef<Path>) -> Result<DatasetDescriptor> {
        let dataset = self.get(id)?.dataset;
        dataset.without_credentials().map_err(CatalogError::Descriptor)?;
        let json = serde_json::to_string_pretty(&dataset).map_err(std::io::Error::from);
        write_file(path, |out| writeln!(out, "{}", json?))?;
        Ok(dataset)
    }

    /// Registers the descriptors of a file: of one dataset, or of a list of them. Either all are registered or
    /// none.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or holds something else; as [`Catalog::register`].
    pub fn import(&self, path: impl AsRef<Path>) -> Result<Vec<DatasetDescriptor>> {
        let path = path.as_ref();
        let found = match file::read(path)? {
            Some(Value::Array(found)) => found,
            Some(one) => vec![one],
            None => return Err(Error::NotFound { href: path.display().to_string() }),
        };
        let datasets = found.into_iter().map(DatasetDescriptor::from_json).collect::<Result<Vec<_>, _>>();
        let datasets = datasets.map_err(CatalogError::Descriptor)?;
        datasets
            .iter()
            .try_for_each(DatasetDescriptor::without_credentials)
            .map_err(CatalogError::Descriptor)?;
        self.change(|write, file| {
            for dataset in &datasets {
                write.register_dataset(dataset)?;
                file.put(dataset)?;
            }
            Ok(())
        })?;
        Ok(datasets)
    }

    /// Changes the database and the file. The file is written last, before the database commits: if it cannot be
    /// written, nothing has happened.
    fn change(
        &self,
        run: impl FnOnce(&mut crate::store::Transaction<'_>, &mut file::Edit) -> Result<()>,
    ) -> Result<()> {
        let Some(database) = &self.database else { return Err(CatalogError::NoDatabase.into()) };
        let mut write = database.store().write()?;
        let mut edit = file::Edit::default();
        run(&mut write, &mut edit)?;
        self.file.apply(edit)?;
        Ok(write.commit()?)
    }
}

#[cfg(test)]
mod tests;
