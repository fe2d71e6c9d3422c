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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discover::discover;
    use crate::naming::Rules;
    use std::fs;
    use std::time::Duration;

    /// Scenes as `id: band, band`, where a file that stands for the whole scene has the band `*`.
    fn grouped(files: &[&str], inputs: &[&str], rules: &Rules) -> Vec<String> {
        let root = tempfile::tempdir().unwrap();
        for file in files {
            let path = root.path().join("root").join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, b"").unwrap();
        }
        let inputs: Vec<PathBuf> = inputs.iter().map(|input| root.path().join("root").join(input)).collect();
        let found = discover(&inputs, &["tif".to_owned(), "tiff".to_owned()]).unwrap();
        let (scenes, failures) = scenes(&found.files, &Naming::new(rules).unwrap());
        assert_eq!(failures, []);
        let bands = |scene: &Scene| {
            let bands = scene.files.iter().map(|file| file.band.as_deref().unwrap_or("*"));
            bands.collect::<Vec<_>>().join(", ")
        };
        scenes.iter().map(|scene| format!("{}: {}", scene.id, bands(scene))).collect()
    }

    fn rules(id: Option<&str>, band: Option<&str>) -> Rules {
        Rules { id: id.map(str::to_owned), band: band.map(str::to_owned), datetime: None }
    }

    #[test]
    fn files_of_a_product_are_one_scene_wherever_they_lie() {
        let files = [
            "R10m/T43PGQ_20240103T052231_B04_10m.tif",
            "R20m/T43PGQ_20240103T052231_B04_20m.tif",
            "R20m/T43PGQ_20240103T052231_B05_20m.tif",
            "S2A_43PGQ_20240103_0_L2A/B04.tif",
            "S2A_43PGQ_20240103_0_L2A/SCL.tif",
        ];
        assert_eq!(
            grouped(&files, &[""], &Rules::default()),
            ["S2A_43PGQ_20240103_0_L2A: B04, SCL", "T43PGQ_20240103T052231: B04, B04_20m, B05"]
        );
    }

    #[test]
    fn other_scenes_are_of_their_folders() {
        let files = [
            "a/dem.tif",
            "b/dem.tif",
            "b/c/dem.tif",
            "a/hill.tif",
            "a/s_red.tif",
            "a/s_nir.tif",
            "b/s_red.tif",
        ];
        assert_eq!(
            grouped(&files, &[""], &Rules::default()),
            ["a/dem: *", "a/s: nir, red", "b/c/dem: *", "b/dem: *", "b/s: red", "hill: *"]
        );
    }

    #[test]
    fn a_folder_with_bands_is_a_scene() {
        let files = ["x/one/red.tif", "x/one/nir.tif", "y/one/red.tif", "y/two/red.tif", "y/two/notes.tif"];
        assert_eq!(
            grouped(&files, &[""], &Rules::default()),
            ["notes: *", "two: red", "x/one: nir, red", "y/one: red"]
        );
    }

    #[test]
    fn namesakes_of_several_inputs_are_told_apart() {
        let files = ["a/x/dem.tif", "b/x/dem.tif", "a/top.tif", "b/top.tif"];
        assert_eq!(
            grouped(&files, &["a", "b"], &Rules::default()),
            ["a/top: *", "a/x/dem: *", "b/top: *", "b/x/dem: *"]
        );
        assert_eq!(
            grouped(&files, &["a/x/dem.tif", "b/x/dem.tif", "a/top.tif"], &Rules::default()),
            ["a/x/dem: *", "b/x/dem: *", "top: *"]
        );
    }

    #[test]
    fn a_scene_of_several_inputs_is_one() {
        let files = ["s/red.tif", "s/nir.tif"];
        assert_eq!(grouped(&files, &["s/red.tif", ""], &Rules::default()), ["s: nir, red"]);
    }

    #[test]
    fn rules_make_scenes() {
        let files = ["p/a_foo.tif", "p/a_bar.tif", "q/b_foo.tif"];
        assert_eq!(grouped(&files, &[""], &rules(Some("^(\\w)/"), None)), ["p: a_bar, a_foo", "q: *"]);
        assert_eq!(grouped(&files, &[""], &rules(Some("/(\\w)_"), None)), ["a: bar, foo", "b: *"]);
        assert_eq!(grouped(&files, &[""], &rules(None, Some("_(\\w+)"))), ["a: bar, foo", "b: foo"]);
        assert_eq!(
            grouped(&["red/1.tif", "nir/1.tif"], &[""], &rules(None, Some("^(\\w+)/"))),
            ["1: nir, red"]
        );
    }

    #[test]
    fn a_scene_without_a_time_has_that_of_the_earliest_change() {
        let root = tempfile::tempdir().unwrap();
        for (name, seconds) in [("s_red.tif", 2_000), ("s_nir.tif", 1_000), ("s2_20240103_red.tif", 5)] {
            let file = fs::File::create(root.path().join(name)).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).unwrap();
        }
        let found = discover(&[root.path().to_owned()], &["tif".to_owned()]).unwrap();
        let (scenes, _) = scenes(&found.files, &Naming::new(&Rules::default()).unwrap());
        let times: Vec<(&str, i64)> =
            scenes.iter().map(|scene| (scene.id.as_str(), scene.datetime)).collect();
        assert_eq!(times, [("s", 1_000_000_000), ("s2_20240103", 1_704_240_000_000_000)]);
    }

    #[test]
    fn times_before_1970_are_negative() {
        assert_eq!(micros(SystemTime::UNIX_EPOCH - Duration::from_millis(1)), -1_000);
    }
}
