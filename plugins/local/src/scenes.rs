//! Scenes out of files: grouped by name, with unique ids and a time.

use crate::discover::LocalFile;
use crate::failure::FileError;
use crate::naming::{Name, Naming};
use rasteret_schema::{Selection, SourceFailure};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// One record to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scene {
    pub(crate) id: String,
    /// Microseconds since 1970, UTC.
    pub(crate) datetime: i64,
    /// Sorted by path.
    pub(crate) files: Vec<SceneFile>,
}

/// A file of a scene.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SceneFile {
    pub(crate) path: PathBuf,
    /// Its band; `None` if the file stands for the whole scene.
    pub(crate) band: Option<String>,
}

/// Groups files that are sorted by path, and sorts the scenes by id.
pub(crate) fn scenes(files: &[LocalFile], naming: &Naming) -> (Vec<Scene>, Vec<SourceFailure>) {
    let mut failures = Vec::new();
    let mut named: Vec<(&LocalFile, Name)> = Vec::with_capacity(files.len());
    for file in files {
        match naming.read(file) {
            Ok(name) => named.push((file, name)),
            Err(error) => failures.push(error.at(&file.path)),
        }
    }
    named.sort_by(|(_, a), (_, b)| a.scene.key().cmp(&b.scene.key()));
    let groups: Vec<_> = named.chunk_by(|(_, a), (_, b)| a.scene.key() == b.scene.key()).collect();
    let ids = unique_ids(&groups);
    let mut scenes: Vec<Scene> = groups
        .iter()
        .zip(ids)
        .filter_map(|(group, id)| match datetime(group) {
            Ok(datetime) => Some(Scene { id, datetime, files: scene_files(group) }),
            Err((path, error)) => {
                failures.push(error.at(path));
                None
            }
        })
        .collect();
    scenes.sort_by(|a, b| a.id.cmp(&b.id));
    (scenes, failures)
}

impl Scene {
    /// Whether a selection's times include the scene.
    pub(crate) fn is_within(&self, selection: &Selection) -> bool {
        selection.start.is_none_or(|start| start <= self.datetime)
            && selection.end.is_none_or(|end| self.datetime <= end)
    }
}

/// Ids, of which those that several scenes have get the names of their folders in front.
fn unique_ids(groups: &[&[(&LocalFile, Name)]]) -> Vec<String> {
    let names: Vec<_> = groups.iter().filter_map(|group| Some(&group.first()?.1.scene)).collect();
    let mut levels = vec![0; names.len()];
    let mut ids: Vec<&str> = names.iter().filter_map(|name| name.qualified(0)).collect();
    loop {
        let mut uses: HashMap<&str, usize> = HashMap::new();
        for id in &ids {
            *uses.entry(id).or_default() += 1;
        }
        let mut changed = false;
        for ((id, level), name) in ids.iter_mut().zip(&mut levels).zip(&names) {
            if uses.get(id).is_some_and(|uses| *uses > 1)
                && let Some(longer) = name.qualified(*level + 1)
            {
                (*id, *level, changed) = (longer, *level + 1, true);
            }
        }
        if !changed {
            return ids.into_iter().map(str::to_owned).collect();
        }
    }
}

fn scene_files(group: &[(&LocalFile, Name)]) -> Vec<SceneFile> {
    let is_alone = group.len() == 1;
    group
        .iter()
        .map(|(file, name)| SceneFile {
            path: file.path.clone(),
            band: name.band.clone().or_else(|| name.rest.clone().filter(|_| !is_alone)),
        })
        .collect()
}

/// The time of a scene: the earliest that its files' names say, else the earliest change of a file.
fn datetime<'a>(group: &[(&'a LocalFile, Name)]) -> Result<i64, (&'a Path, FileError)> {
    if let Some(named) = group.iter().filter_map(|(_, name)| name.datetime).min() {
        return Ok(named);
    }
    let mut earliest = i64::MAX;
    for (file, _) in group {
        let changed = file.path.metadata().and_then(|metadata| metadata.modified());
        let changed = changed.map_err(|error| (file.path.as_path(), error.into()))?;
        earliest = earliest.min(micros(changed));
    }
    Ok(earliest)
}

/// Microseconds since 1970.
pub(crate) fn micros(time: SystemTime) -> i64 {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_micros()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_micros()).map_or(i64::MIN, |micros| -micros),
    }
}
