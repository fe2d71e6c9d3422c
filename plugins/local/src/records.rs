//! Records out of scenes: reads the headers, and makes a batch.

use crate::bands::bands;
use crate::failure::FileError;
use crate::header;
use crate::progress::Progress;
use crate::scenes::{Scene, SceneFile};
use rasteret_schema::record::to_batch;
use rasteret_schema::{
    Asset, Crs, HeaderArchive, RasterHeader, RasterReader, Record, SourceBatch, SourceError, SourceFailure,
    SourceHeader,
};
use rayon::prelude::*;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Scenes of a batch at most.
const BATCH_SCENES: usize = 1024;
/// Files of a batch at most, beyond those of its first scene: their headers are in memory together.
const BATCH_FILES: usize = 4096;

/// What it takes to make records.
#[derive(Debug)]
pub(crate) struct RecordMaker {
    pub(crate) readers: Vec<Arc<dyn RasterReader>>,
    /// The folder that hrefs are relative to; they are absolute if there is none.
    pub(crate) base: Option<PathBuf>,
    pub(crate) progress: Progress,
}

/// Splits scenes into batches.
pub(crate) fn split(scenes: Vec<Scene>) -> Vec<Vec<Scene>> {
    let mut batches: Vec<Vec<Scene>> = Vec::new();
    let mut files = 0;
    for scene in scenes {
        files += scene.files.len();
        match batches.last_mut() {
            Some(batch) if batch.len() < BATCH_SCENES && files <= BATCH_FILES => batch.push(scene),
            _ => {
                files = scene.files.len();
                batches.push(vec![scene]);
            }
        }
    }
    batches
}

/// A file's header, and what of it goes into the record.
struct Opened {
    href: String,
    bands: Vec<(String, Option<i32>)>,
    crs: Option<Crs>,
    header: Arc<HeaderArchive>,
}

impl RecordMaker {
    /// The records of some scenes. A scene none of whose files can be read has none.
    pub(crate) fn batch(&self, scenes: &[Scene]) -> Result<SourceBatch, SourceError> {
        let files: Vec<&SceneFile> = scenes.iter().flat_map(|scene| &scene.files).collect();
        let opened: Vec<Result<Opened, FileError>> = files
            .par_iter()
            .map(|file| {
                let opened = self.open(file);
                self.progress.one_more();
                opened
            })
            .collect();
        let mut opened = opened.into_iter();
        let (mut records, mut headers, mut failures) = (Vec::new(), Vec::new(), Vec::new());
        for scene in scenes {
            let files = scene.files.iter().zip(opened.by_ref());
            let (record, record_headers) = record(scene, files, records.len(), &mut failures);
            if !record.assets.is_empty() {
                records.push(record);
                headers.extend(record_headers);
            }
        }
        let records = to_batch(&records).map_err(|error| SourceError::Read {
            what: "a batch of records".to_owned(),
            source: error.into(),
        })?;
        Ok(SourceBatch { headers, failures, ..SourceBatch::new(records) })
    }

    fn open(&self, file: &SceneFile) -> Result<Opened, FileError> {
        let header: RasterHeader = header::read(&file.path, &self.readers)?;
        header.georeference.grid()?;
        Ok(Opened {
            href: self.href(&file.path)?,
            bands: bands(file.band.as_deref(), &header),
            crs: header.georeference.crs.clone(),
            header: Arc::new(HeaderArchive::new(&header)?),
        })
    }

    fn href(&self, path: &Path) -> Result<String, FileError> {
        let href = match &self.base {
            Some(base) => pathdiff::diff_paths(path, base).ok_or(FileError::NotUtf8)?,
            None => path.to_owned(),
        };
        href.into_os_string().into_string().map_err(|_| FileError::NotUtf8)
    }
}

/// One scene's record and headers. Of two files that have the same band, the first has it.
fn record<'a>(
    scene: &Scene,
    files: impl Iterator<Item = (&'a SceneFile, Result<Opened, FileError>)>,
    row: usize,
    failures: &mut Vec<SourceFailure>,
) -> (Record, Vec<SourceHeader>) {
    let mut given_by: HashMap<String, &Path> = HashMap::new();
    let (mut assets, mut headers, mut crs) = (Vec::new(), Vec::new(), Vec::new());
    for (file, opened) in files {
        let opened = match opened {
            Ok(opened) => opened,
            Err(error) => {
                failures.push(error.at(&file.path));
                continue;
            }
        };
        let mut taken = Vec::new();
        let mut first = None;
        for (band, band_index) in opened.bands {
            if let Some(path) = given_by.get(&band) {
                first = first.or(Some(path.to_path_buf()));
                taken.push(band);
                continue;
            }
            given_by.insert(band.clone(), &file.path);
            headers.push(SourceHeader { row, band: band.clone(), header: Arc::clone(&opened.header) });
            assets.push(Asset { band, href: opened.href.clone(), band_index });
            crs.push(opened.crs.clone());
        }
        if let Some(first) = first {
            failures
                .push(FileError::DuplicateBand { id: scene.id.clone(), bands: taken, first }.at(&file.path));
        }
    }
    // A scene whose bands disagree has no one CRS: that of each band is in its header.
    let crs = match crs.split_first() {
        Some((first, rest)) if rest.iter().all(|crs| crs == first) => first.clone(),
        _ => None,
    };
    let record = Record {
        id: scene.id.clone(),
        datetime: scene.datetime,
        end_datetime: None,
        geometry: None,
        bbox: None,
        assets,
        epsg: crs.as_ref().and_then(Crs::epsg).and_then(|code| i32::try_from(code).ok()),
        crs: crs.map(|crs| crs.as_str().to_owned()),
        collection: None,
    };
    (record, headers)
}
