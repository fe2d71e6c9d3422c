//! From a source to a collection in the store.
//!
//! In: batches of records from a source adapter, with or without geometries. Out: the same records in
//! the store, with footprints, CRSs and headers. No pixel is read here.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `run` | the way of a batch |
//! | `place` | footprints of any encoding and CRS, as the store has them |
//! | `batch` | batches of a size that can be lost |
//! | `headers`, `part_of_file` | the headers that the source did not parse itself |
//! | `enrich` | footprints and CRSs, from the headers |
//! | `footprint` | the outline of a raster in longitudes and latitudes |
//! | `refresh` | headers that are parsed again |
//! | `options` | what the user asks for, of builds, imports and refreshes |
//! | `summary`, `progress`, `failures` | what they report, and what the collection keeps of it |
//!
//! Each batch is committed whole. A build that is killed leaves a collection that says that it is not
//! complete; the same build, run again, adds what is missing. If a good part of the file is new, it is
//! compacted when the last handle of the database is dropped.

mod batch;
mod enrich;
mod failures;
pub mod footprint;
pub(crate) mod headers;
mod options;
mod part_of_file;
pub(crate) mod place;
pub(crate) mod progress;
mod refresh;
mod run;
mod summary;

pub use refresh::Refresh;
pub use summary::{BuildProgress, BuildSummary, Failure};

pub(crate) use failures::FAILURES;
pub(crate) use options::BuildOptions;

#[cfg(feature = "table")]
pub(crate) use batch::{keep as keep_rows, without_places};

use crate::cpu;
use crate::database::Database;
use crate::error::{Error, Result};
use crate::query::Filter;
use crate::store::{BuildState, Description, Metadata, StoreError};
use headers::HeaderFetcher;
use options::RunOptions;
use rasteret_schema::{CloudConfig, CloudConfigs, SourceAdapter};
use run::{Added, Run};
use std::fmt;
use std::sync::Arc;

/// A build, as the user asks for it. Nothing is checked until it is run.
#[must_use = "a build does nothing until it is run"]
pub struct Build {
    database: Database,
    source: Box<dyn SourceAdapter>,
    name: Option<String>,
    cloud: Option<CloudConfigs>,
    headers: bool,
    options: BuildOptions,
    /// What an import says of the collection. A build from another source says it itself.
    imported: Option<Description>,
    /// Whether headers that come without a version are known to say all that there is to know.
    has_whole_headers: bool,
}

impl fmt::Debug for Build {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Build")
            .field("source", &self.source)
            .field("name", &self.name)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl Build {
    pub(crate) fn new(database: Database, source: Box<dyn SourceAdapter>) -> Self {
        Build {
            database,
            source,
            name: None,
            cloud: None,
            headers: true,
            options: BuildOptions::default(),
            imported: None,
            has_whole_headers: false,
        }
    }

    /// Name of the collection. Required.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Which records of the source to take.
    pub fn filter(mut self, filter: Filter) -> Self {
        self.options.filter = filter;
        self
    }

    /// How the assets are reached, instead of what the source says. The collection keeps it.
    pub fn cloud(mut self, cloud: CloudConfig) -> Self {
        self.cloud = Some(cloud.into());
        self
    }

    /// Whether headers are read (they are, unless this says otherwise). A collection without them can be
    /// queried and exported; reads fetch the headers that they need, and keep them if the database is open for
    /// writing.
    pub fn enrich(mut self, enrich: bool) -> Self {
        self.headers = enrich;
        self
    }

    /// How many files are asked for their headers at once. The default is 256; each host also has a
    /// [limit of its own](crate::io::SourceOptions::max_requests_per_host).
    pub fn max_concurrent(mut self, files: usize) -> Self {
        self.options.run.max_concurrent = files;
        self
    }

    /// Calls back with each header that is read and each batch that is stored, from the thread that did it;
    /// never twice at a time.
    pub fn on_progress(mut self, callback: impl FnMut(BuildProgress) + Send + 'static) -> Self {
        self.options.run.on_progress(callback);
        self
    }

    /// Builds again even if nothing changed.
    pub fn force(mut self, force: bool) -> Self {
        self.options.force = force;
        self
    }

    /// Makes a file or record that cannot be read an error. What was read before it stays.
    pub fn strict(mut self, strict: bool) -> Self {
        self.options.run.strict = strict;
        self
    }

    /// All that the user may say of how it is built.
    #[cfg(feature = "table")]
    pub(crate) fn options(mut self, options: BuildOptions) -> Self {
        self.options = options;
        self
    }

    /// Makes it an import: records come as they are, with all that is known of them, and are described elsewhere.
    /// `has_whole_headers` says that their headers need no [confirmation](Description::has_unconfirmed_headers).
    #[cfg(feature = "table")]
    pub(crate) fn imported(
        mut self,
        description: Description,
        clouds: CloudConfigs,
        has_whole_headers: bool,
    ) -> Self {
        self.imported = Some(description);
        self.cloud = Some(clouds);
        self.has_whole_headers = has_whole_headers;
        self
    }

    /// The collection that this build need not change, and what it would report, as far as can be told without
    /// reading the source.
    #[cfg(feature = "table")]
    pub(crate) fn finished(&self, name: &str) -> Result<Option<(Description, BuildSummary)>> {
        let metadata = match self.database.store().read()?.collection(name) {
            Ok(collection) => collection.metadata().clone(),
            Err(StoreError::NoSuchCollection { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let known = &metadata.description;
        let is_same = known.fingerprint.as_deref() == Some(self.fingerprint()?.as_str());
        if !is_same || self.options.force || known.state != BuildState::Complete {
            return Ok(None);
        }
        let summary = self.report_as_before(name, &metadata)?;
        Ok(Some((metadata.description, summary)))
    }

    /// Runs the build: reads the source, and the headers of files that it did not open itself.
    ///
    /// A file whose header cannot be had does not stop the build, unless it is
    /// [strict](Self::strict): its record stays, and [`BuildSummary::failed`] names it.
    ///
    /// ```no_run
    /// use rasteret::Database;
    /// use rasteret::blocking::Wait;
    /// # fn build(source: impl rasteret::schema::SourceAdapter + 'static) -> rasteret::Result<()> {
    /// let summary = Database::open_writable("field.rasteret")?.build(source).name("field").run().wait()?;
    /// println!("{} headers with {} requests", summary.headers, summary.requests);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If the source or the store fails, a collection of this name was built from something else, or
    /// anything cannot be read and the build is strict.
    pub async fn run(mut self) -> Result<BuildSummary> {
        self.options.run.progress.start();
        let name =
            self.name.take().ok_or_else(|| Error::InvalidArgument("a build needs a name".to_owned()))?;
        check_name(&name)?;
        let ((build, name), begun) = cpu::run(move || {
            let begun = self.begin(&name, &self.fingerprint()?)?;
            Ok::<_, Error>(((self, name), begun))
        })
        .await?;
        if let Begun::Complete(summary) = begun {
            return Ok(summary);
        }
        let sources = build.database.sources().with_clouds(&build.kept_cloud());
        let readers = build.database.readers().clone();
        let RunOptions { max_concurrent, progress, .. } = &build.options.run;
        let headers = HeaderFetcher::new(sources, readers, *max_concurrent, Arc::clone(progress));
        let headers = build.headers.then_some(headers);
        let imported = match &build.imported {
            Some(_) => Some(build.database.store().read()?.collection(&name)?),
            None => None,
        };
        let run = Arc::new(Run { build, name, headers, imported });
        let added = run.add_records().await?;
        cpu::run(move || {
            let Run { build, name, .. } = &*run;
            let failed = build.complete(name, added)?;
            let snapshot = build.database.store().read()?;
            let collection = snapshot.collection(name)?;
            build.options.run.report(name, collection.metadata(), failed, false)
        })
        .await
    }

    /// Makes the collection, or finds how far an earlier run of the same build got.
    fn begin(&self, name: &str, fingerprint: &str) -> Result<Begun> {
        let existing = match self.database.store().read()?.collection(name) {
            Ok(collection) => Some(collection.metadata().clone()),
            Err(StoreError::NoSuchCollection { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        let mut write = self.database.store().write()?;
        if let Some(metadata) = existing {
            let known = &metadata.description;
            let same = known.fingerprint.as_deref() == Some(fingerprint);
            if same && !self.options.force {
                if known.cloud() != self.kept_cloud() {
                    write.describe(name, |description| description.set_cloud(&self.kept_cloud()))?;
                    write.commit()?;
                }
                return Ok(match known.state {
                    BuildState::Building => Begun::Open,
                    BuildState::Complete => Begun::Complete(self.report_as_before(name, &metadata)?),
                });
            }
            if !self.options.force && known.origin() != self.data_source() {
                return Err(Error::InvalidArgument(format!(
                    "there is a collection {name:?} already, built from {}; choose another name, or force the build",
                    known.origin()
                )));
            }
            write.delete_collection(name)?;
        }
        let mut description = match &self.imported {
            Some(description) => description.clone(),
            None => Description { data_source: self.data_source(), ..Description::default() },
        };
        description.fingerprint = Some(fingerprint.to_owned());
        description.set_cloud(&self.kept_cloud());
        write.create_collection(name, description)?;
        write.commit()?;
        Ok(Begun::Open)
    }

    /// Says that all is there. Returns what is not: of this run and of those before it.
    fn complete(&self, name: &str, added: Added) -> Result<Vec<Failure>> {
        let snapshot = self.database.store().read()?;
        let stored = snapshot.collection(name)?;
        let mut failed = added.failed;
        failed.extend(failures::missing_headers(&stored)?);
        let property = failures::property(&failed)?;
        let mut write = self.database.store().write()?;
        write.describe(name, |description| {
            description.state = BuildState::Complete;
            description.properties.extend([property]);
        })?;
        write.commit()?;
        self.database.store().note_added(added.bytes);
        Ok(failed)
    }

    /// What is reported of a collection that an earlier run has made.
    fn report_as_before(&self, name: &str, metadata: &Metadata) -> Result<BuildSummary> {
        self.options.run.report(name, metadata, failures::kept(&metadata.description), true)
    }

    fn data_source(&self) -> String {
        format!("{}: {}", self.source.kind(), self.source.description())
    }

    /// What makes two builds the same: the source, its content, and the selection.
    fn fingerprint(&self) -> Result<String> {
        let headers = if self.headers { "" } else { " without headers" };
        Ok(format!(
            "{} {} {:?}{headers}",
            self.source.kind(),
            self.source.fingerprint()?,
            self.options.filter
        ))
    }

    fn kept_cloud(&self) -> CloudConfigs {
        self.cloud.clone().unwrap_or_else(|| self.source.cloud().into())
    }
}

enum Begun {
    /// Records are to be added.
    Open,
    /// An earlier run added all of them.
    Complete(BuildSummary),
}

/// Names are shown, typed and used in file names.
pub(crate) fn check_name(name: &str) -> Result<()> {
    if name.is_empty() || name.len() > 200 || name.chars().any(|c| c.is_control() || c == '/' || c == '\\') {
        return Err(Error::InvalidArgument(format!(
            "{name:?} is not a name for a collection: it needs 1 to 200 bytes without slashes and control characters"
        )));
    }
    Ok(())
}
