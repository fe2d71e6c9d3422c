//! The source adapter.

use crate::discover::{canonical, discover};
use crate::naming::{Naming, Rules};
use crate::progress::{Callback, Progress};
use crate::records::{RecordMaker, split};
use crate::scenes::{Scene, scenes};
use futures::channel::oneshot;
use futures::{StreamExt, TryStreamExt, stream};
use rasteret_schema::record::to_batch;
use rasteret_schema::{
    RasterReader, RecordStream, Selection, SourceAdapter, SourceBatch, SourceError, SourceFailure,
};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Batches that are worked on while the one before them is consumed.
const BATCHES_AHEAD: usize = 2;

/// GeoTIFFs in folders, by globs, or given one by one.
///
/// ```no_run
/// use futures::TryStreamExt;
/// use rasteret_geotiff::GeoTiffReader;
/// use rasteret_local::LocalSource;
/// use rasteret_schema::{Selection, SourceAdapter};
/// use std::sync::Arc;
///
/// # fn main() -> Result<(), rasteret_schema::SourceError> {
/// let source = LocalSource::new(["scenes", "more/**/*_B0[48].tif"], vec![Arc::new(GeoTiffReader::new())])
///     .datetime_from(r"_(\d{8})_");
/// futures::executor::block_on(async {
///     let selection = Selection::default();
///     let mut batches = source.records(&selection);
///     while let Some(batch) = batches.try_next().await? {
///         println!("{} records, {} failures", batch.records.num_rows(), batch.failures.len());
///     }
///     Ok(())
/// })
/// # }
/// ```
#[derive(Clone)]
pub struct LocalSource {
    paths: Vec<PathBuf>,
    readers: Vec<Arc<dyn RasterReader>>,
    rules: Rules,
    extensions: Vec<String>,
    base: Option<PathBuf>,
    progress: Callback,
}

impl LocalSource {
    /// Reads what is at `paths` with the first of `readers` that recognises a file. Paths are folders,
    /// globs (`*`, `?`, `[…]`, `{a,b}`, `**` for any folders) or files.
    ///
    /// Nothing is looked at before [`records`](SourceAdapter::records).
    pub fn new(
        paths: impl IntoIterator<Item = impl Into<PathBuf>>,
        readers: Vec<Arc<dyn RasterReader>>,
    ) -> Self {
        LocalSource {
            paths: paths.into_iter().map(Into::into).collect(),
            readers,
            rules: Rules::default(),
            extensions: vec!["tif".to_owned(), "tiff".to_owned()],
            base: None,
            progress: Arc::new(|_, _| {}),
        }
    }

    /// Takes ids from paths: what the regex's group `id` matches, else its first group, else the whole
    /// regex.
    #[must_use]
    pub fn id_from(mut self, regex: impl Into<String>) -> Self {
        self.rules.id = Some(regex.into());
        self
    }

    /// Takes bands from paths: group `band`, else the first group, else the whole regex.
    #[must_use]
    pub fn band_from(mut self, regex: impl Into<String>) -> Self {
        self.rules.band = Some(regex.into());
        self
    }

    /// Takes times from paths: group `datetime`, else the first group, else the whole regex is a date
    /// such as `20240103T052231`, `2024-01-03`, `2024003` (day of the year), `2024-01`, `2024` or RFC
    /// 3339; or groups named `year`, `month`, `day` or `doy`, `hour`, `minute`, `second` make it up.
    #[must_use]
    pub fn datetime_from(mut self, regex: impl Into<String>) -> Self {
        self.rules.datetime = Some(regex.into());
        self
    }

    /// Takes files with these extensions, in any case, instead of `tif` and `tiff`. Files that are
    /// given themselves are taken whatever their extension.
    #[must_use]
    pub fn extensions(mut self, extensions: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.extensions = extensions
            .into_iter()
            .map(|extension| extension.into().trim_start_matches('.').to_owned())
            .collect();
        self
    }

    /// Makes hrefs relative to a folder, so that both may move together. They are absolute otherwise.
    #[must_use]
    pub fn relative_to(mut self, base: impl Into<PathBuf>) -> Self {
        self.base = Some(base.into());
        self
    }

    /// Calls `progress` with the numbers of files that are done and that there are, after each file,
    /// from the thread that read it; never twice at a time.
    #[must_use]
    pub fn on_progress(mut self, progress: impl Fn(usize, usize) + Send + Sync + 'static) -> Self {
        self.progress = Arc::new(progress);
        self
    }

    /// Finds the files, and says what to make of them.
    fn plan(&self, selection: &Selection) -> Result<Plan, SourceError> {
        if self.paths.is_empty() {
            return Err(SourceError::Invalid("there is no path to read".to_owned()));
        }
        let naming = Naming::new(&self.rules)?;
        let base = self.base.as_deref().map(canonical).transpose()?;
        let mut found = discover(&self.paths, &self.extensions)?;
        let (mut scenes, failures) = scenes(&found.files, &naming);
        found.failures.extend(failures);
        scenes.retain(|scene| scene.is_within(selection));
        let total = scenes.iter().map(|scene| scene.files.len()).sum();
        let progress = Progress::new(Arc::clone(&self.progress), total);
        let maker = RecordMaker { readers: self.readers.clone(), base, progress };
        Ok(Plan { maker: Arc::new(maker), batches: split(scenes), failures: found.failures })
    }
}

impl fmt::Debug for LocalSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalSource")
            .field("paths", &self.paths)
            .field("readers", &self.readers)
            .field("rules", &self.rules)
            .field("extensions", &self.extensions)
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}

impl SourceAdapter for LocalSource {
    fn kind(&self) -> &'static str {
        "local"
    }

    fn description(&self) -> String {
        self.paths.iter().map(|path| spelled(path).display().to_string()).collect::<Vec<_>>().join(", ")
    }

    /// Of the files there are: their paths, sizes and times of change, and what is made of their names.
    fn fingerprint(&self) -> Result<String, SourceError> {
        let found = discover(&self.paths, &self.extensions)?;
        let mut hasher = DefaultHasher::new();
        format!("{:?} {:?}", self.rules, self.base.as_deref().map(spelled)).hash(&mut hasher);
        for file in &found.files {
            file.path.hash(&mut hasher);
            // A file that cannot be looked at has no size and time: a later success changes the fingerprint.
            let metadata = std::fs::metadata(&file.path).ok();
            metadata.map(|metadata| (metadata.len(), metadata.modified().ok())).hash(&mut hasher);
        }
        Ok(format!("{} files, {:016x}", found.files.len(), hasher.finish()))
    }

    /// Records sorted by id. [`Selection::bbox`] is left to the engine: where a raster lies is in its
    /// header, and `geometry` and `bbox` are null.
    fn records<'a>(&'a self, selection: &'a Selection) -> RecordStream<'a> {
        let (source, selection) = (self.clone(), selection.clone());
        let planned = off_thread(move || source.plan(&selection));
        stream::once(planned).map_ok(Plan::stream).try_flatten().boxed()
    }
}

/// The one spelling of a path: absolute, without `.`, doubled and trailing separators. Links stay, and
/// `..` with them, which may lead through one: a link that is set anew is still the same source.
fn spelled(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path);
    absolute.as_deref().unwrap_or(path).components().collect()
}

/// What will be read.
struct Plan {
    maker: Arc<RecordMaker>,
    batches: Vec<Vec<Scene>>,
    /// What failed before any file was opened.
    failures: Vec<SourceFailure>,
}

impl Plan {
    fn stream(self) -> RecordStream<'static> {
        let Plan { maker, batches, failures } = self;
        let batches = stream::iter(batches)
            .map(move |scenes| {
                let maker = Arc::clone(&maker);
                off_thread(move || maker.batch(&scenes))
            })
            .buffered(BATCHES_AHEAD);
        if failures.is_empty() {
            return batches.boxed();
        }
        let failed =
            to_batch(&[]).map(|records| SourceBatch { failures, ..SourceBatch::new(records) }).map_err(
                |error| SourceError::Read { what: "a batch of records".to_owned(), source: error.into() },
            );
        stream::iter([failed]).chain(batches).boxed()
    }
}

/// Does blocking work on a thread of its own, whatever the executor.
async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SourceError> + Send + 'static,
) -> Result<T, SourceError> {
    let failed = |source: Box<dyn std::error::Error + Send + Sync>| SourceError::Read {
        what: "reading local files".to_owned(),
        source,
    };
    let (send, receive) = oneshot::channel();
    std::thread::Builder::new()
        .name("rasteret-local".to_owned())
        // Nobody receives the result once the stream has been dropped.
        .spawn(move || drop(send.send(work())))
        .map_err(|error| failed(error.into()))?;
    receive.await.map_err(|_| failed("the thread panicked".into()))?
}
