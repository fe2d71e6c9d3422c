//! Collections from elsewhere: what rasteret 0.4 and this library export, and Arrow batches.
//!
//! In: Parquet files, partitioned or not, in a folder, an object store or on a server; or batches in memory. Out: a
//! collection with the headers that they bring. No raster is opened here.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `contents` | what the files say of themselves: name, description, whether they are all there |
//! | `place` | what relative hrefs are relative to, and which local files may be read |
//! | `source` | the records, without those that point where they may not |

mod contents;
mod error;
mod place;
mod source;

pub use error::ImportError;

use crate::build::{Build, BuildOptions, BuildProgress, BuildSummary};
use crate::cpu;
use crate::database::Database;
use crate::error::{Error, Result};
use crate::io::local_path;
use crate::query::Filter;
use crate::store::Description;
use arrow_array::{RecordBatch, RecordBatchReader};
use contents::Contents;
use place::Place;
use rasteret_schema::{CloudConfig, CloudConfigs, SourceAdapter};
use rasteret_table::TableSource;
use source::ImportSource;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// An import, as the user asks for it. Nothing is looked at until it is run.
///
/// Records come as they are, with the headers that the table has; no raster is opened. What a table cannot carry
/// (overviews, masks, versions of the files) is parsed when a read needs it, or by
/// [`Collection::refresh`](crate::Collection::refresh). Headers of our own exports say whether they will do for reads
/// at full resolution; any others are compared with the files' own when they are first read by, which takes a request
/// a file.
///
/// # Local files
///
/// Somebody else says which files the collection is about. Remote ones are read as any others; local ones only if they
/// lie below the base directory, or below what [`allow_local`](Self::allow_local) names, whatever their hrefs look
/// like and wherever links lead. The collection keeps that. Records that point elsewhere are left out, and reported.
#[must_use = "an import does nothing until it is run"]
pub struct Import {
    database: Database,
    origin: Origin,
    name: Option<String>,
    base_dir: Option<String>,
    allow_local: Vec<PathBuf>,
    cloud: CloudConfig,
    options: BuildOptions,
}

#[derive(Clone)]
enum Origin {
    /// The URI of a table.
    Table(String),
    /// Batches of the user's.
    Batches(Box<TableSource>),
}

impl fmt::Debug for Import {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Import")
            .field("name", &self.name)
            .field("base_dir", &self.base_dir)
            .field("allow_local", &self.allow_local)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl Import {
    pub(crate) fn new(database: Database, uri: String) -> Self {
        Import::of(database, Origin::Table(uri))
    }

    pub(crate) fn of_batches(database: Database, name: &str, reader: impl RecordBatchReader) -> Result<Self> {
        let schema = reader.schema();
        let batches = reader.collect::<Result<Vec<RecordBatch>, _>>()?;
        let table = TableSource::from_batches(name, schema, batches);
        Ok(Import::of(database, Origin::Batches(Box::new(table))).name(name))
    }

    fn of(database: Database, origin: Origin) -> Self {
        Import {
            database,
            origin,
            name: None,
            base_dir: None,
            allow_local: Vec::new(),
            cloud: CloudConfig::default(),
            options: BuildOptions::default(),
        }
    }

    /// Name of the collection. The default is the name that the files carry, else the name of the file or folder.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// What relative hrefs are relative to: a path or a URL. A local one also says which local files may be read:
    /// those below it. The default is the folder that the table is, or lies in.
    pub fn base_dir(mut self, base: impl Into<String>) -> Self {
        self.base_dir = Some(base.into());
        self
    }

    /// Allows one more folder of local files to be read, or one more file.
    pub fn allow_local(mut self, path: impl Into<PathBuf>) -> Self {
        self.allow_local.push(path.into());
        self
    }

    /// How the assets are reached. What is set here comes before what the table says, of which nothing is taken that
    /// names a server to which credentials would go (endpoints, where temporary credentials come from), or that costs
    /// money (requester pays). The collection keeps it.
    pub fn cloud(mut self, cloud: CloudConfig) -> Self {
        self.cloud = cloud;
        self
    }

    /// Which records to take.
    pub fn filter(mut self, filter: Filter) -> Self {
        self.options.filter = filter;
        self
    }

    /// Imports again even if nothing changed.
    pub fn force(mut self, force: bool) -> Self {
        self.options.force = force;
        self
    }

    /// Makes a record that cannot be taken, or a header that makes no sense, an error. What came before it stays.
    pub fn strict(mut self, strict: bool) -> Self {
        self.options.run.strict = strict;
        self
    }

    /// Calls back with each batch that is stored, from the thread that did it; never twice at a time.
    pub fn on_progress(mut self, callback: impl FnMut(BuildProgress) + Send + 'static) -> Self {
        self.options.run.on_progress(callback);
        self
    }

    /// Runs the import.
    ///
    /// Each batch is stored whole. An import that was killed goes on where it was when it is run again; one that is
    /// finished has nothing to do, unless local files changed or it is [forced](Self::force).
    ///
    /// ```no_run
    /// use rasteret::Database;
    /// use rasteret::blocking::Wait;
    ///
    /// let db = Database::open_writable("field.rasteret")?;
    /// let summary = db.import("s3://colleague/bangalore/").run().wait()?;
    /// println!("{}: {} records, {} headers", summary.name, summary.records, summary.headers);
    /// # Ok::<(), rasteret::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the table cannot be read, is not all of an export ([`ImportError`]; nothing is stored then), a collection of
    /// this name was made from something else, or anything cannot be taken and the import is strict.
    pub async fn run(self) -> Result<BuildSummary> {
        self.options.run.progress.start();
        let (import, source, known) = cpu::run(move || {
            let source = self.source()?;
            let known = match &self.name {
                Some(name) => self.build(source.clone()).finished(name)?,
                None => None,
            };
            Ok::<_, Error>((self, source, known))
        })
        .await?;
        if let Some((description, summary)) = known {
            import.keep_cloud(&summary.name, &description)?;
            return Ok(summary);
        }
        let contents = Contents::of(&source.described.footers().await?)?;
        let name = import.name.clone().or(contents.name.clone()).or_else(|| stem(&source.description()));
        let name = name.ok_or_else(|| {
            Error::InvalidArgument(
                "the table does not say what the collection is called: give it a name".to_owned(),
            )
        })?;
        let clouds = with(contents.clouds.clone(), &import.cloud);
        let source = source.described_by(&contents, &clouds);
        let build = import.build(source.clone()).name(name);
        let description = describe(contents.description, &source);
        build.imported(description, clouds, contents.has_whole_headers).run().await
    }

    fn build(&self, source: ImportSource) -> Build {
        Build::new(self.database.clone(), Box::new(source)).enrich(false).options(self.options.clone())
    }

    /// The table, before its files are looked at.
    fn source(&self) -> Result<ImportSource> {
        let sources = self.database.sources().with_cloud(&self.cloud);
        let (table, base, roots) = match &self.origin {
            Origin::Table(uri) => {
                let Place { base, roots } = Place::of(uri, self.base_dir.as_deref(), &self.allow_local)?;
                (TableSource::new(uri, Arc::new(sources.clone())), base, Some(roots))
            }
            Origin::Batches(table) => {
                let base = self.base_dir.as_deref().map(Place::of_base).transpose()?;
                (TableSource::clone(table), base.and_then(|place| place.base), None)
            }
        };
        let table = match base {
            Some(base) => table.relative_to(base),
            None => table,
        };
        Ok(ImportSource {
            described: table.clone(),
            table,
            sources,
            roots: roots.map(|roots| roots.into_iter().map(PathBuf::from).collect()),
            rows: None,
        })
    }

    /// Keeps settings that are new to a collection that was imported before.
    fn keep_cloud(&self, name: &str, description: &Description) -> Result<()> {
        let clouds = with(description.cloud(), &self.cloud);
        if description.cloud() != clouds {
            let mut write = self.database.store().write()?;
            write.describe(name, |description| description.set_cloud(&clouds))?;
            write.commit()?;
        }
        Ok(())
    }
}

impl ImportSource {
    /// The same with what its files say.
    fn described_by(self, contents: &Contents, clouds: &CloudConfigs) -> ImportSource {
        let described = self.table.clone().partition_types(contents.partition_types.clone());
        let sources = self.sources.with_clouds(clouds);
        ImportSource {
            described: described.without_partitions(&contents.derived),
            sources: match &self.roots {
                Some(roots) => sources.confined_to(roots.iter().cloned()),
                None => sources,
            },
            rows: contents.rows,
            ..self
        }
    }
}

/// What is kept of a collection: what its files say, and what was said by whoever imported it.
fn describe(mut description: Description, source: &ImportSource) -> Description {
    let origin = format!("{}: {}", source.kind(), source.description());
    if description.data_source.is_empty() {
        description.data_source.clone_from(&origin);
    }
    description.set_imported_from(&origin);
    if let Some(roots) = &source.roots {
        description.set_local_roots(roots);
    }
    description
}

/// What a table says, and what the user says, which comes first.
fn with(theirs: CloudConfigs, user: &CloudConfig) -> CloudConfigs {
    let over = |theirs: CloudConfig| {
        let mut url_patterns = theirs.url_patterns;
        url_patterns.extend(user.url_patterns.clone());
        CloudConfig {
            provider: user.provider.or(theirs.provider),
            region: user.region.clone().or(theirs.region),
            endpoint: user.endpoint.clone().or(theirs.endpoint),
            requester_pays: user.requester_pays || theirs.requester_pays,
            anonymous: user.anonymous || theirs.anonymous,
            url_patterns,
            s3_credentials_url: user.s3_credentials_url.clone().or(theirs.s3_credentials_url),
            signer: user.signer.clone().or(theirs.signer),
        }
    };
    let cloud_by_root = theirs.cloud_by_root.into_iter().map(|(root, cloud)| (root, over(cloud)));
    CloudConfigs { cloud: over(theirs.cloud), cloud_by_root: cloud_by_root.collect() }
}

/// The name of a file or folder without its extension.
fn stem(uri: &str) -> Option<String> {
    let path =
        local_path(uri).unwrap_or_else(|| PathBuf::from(uri.split(['?', '#']).next().unwrap_or_default()));
    path.file_stem()?.to_str().map(str::to_owned)
}
