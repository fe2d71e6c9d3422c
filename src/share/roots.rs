//! Which local files may be read by a collection that several are merged into.

use crate::collection::Collection;
use crate::io::local_path;
use crate::store::Collection as StoredCollection;
use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use rasteret_schema::record::ASSETS;
use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

/// Folders at most that are kept of a collection that is not confined; of more, those that they are in.
const FOLDERS: usize = 64;

/// The folders below which local files may lie, if one of the collections comes from elsewhere and is confined: then
/// the new one is too, to the folders of that, and to those where the files of the others lie.
#[derive(Debug, Default)]
pub(super) struct Roots {
    is_confined: bool,
    allowed: BTreeSet<PathBuf>,
    own: BTreeSet<PathBuf>,
}

impl Roots {
    pub fn of(inputs: &[(&Collection, StoredCollection)]) -> Roots {
        let mut roots = Roots::default();
        for (_, stored) in inputs {
            if let Some(allowed) = stored.metadata().description.local_roots() {
                roots.is_confined = true;
                roots.allowed.extend(allowed);
            }
        }
        roots
    }

    /// Adds the files of some records of a collection.
    pub fn add(&mut self, stored: &StoredCollection, batch: &RecordBatch) {
        let description = &stored.metadata().description;
        if !self.is_confined || description.local_roots().is_some() {
            return;
        }
        let clouds = description.cloud();
        let assets = batch.column_by_name(ASSETS).and_then(|assets| assets.as_map_opt());
        let hrefs = assets.and_then(|assets| assets.values().as_struct_opt()?.column_by_name("href"));
        let hrefs = hrefs.and_then(|hrefs| hrefs.as_string_opt::<i32>());
        for href in hrefs.into_iter().flatten().flatten() {
            let Some(path) = local_path(&clouds.of(href).rewritten(href)) else { continue };
            let Ok(path) = path.canonicalize().or_else(|_| std::path::absolute(path)) else { continue };
            self.own.extend(path.parent().map(Path::to_owned));
            if self.own.len() > 2 * FOLDERS {
                self.own = fewer(std::mem::take(&mut self.own));
            }
        }
    }

    /// `None` where files may lie anywhere.
    pub fn finish(mut self) -> Option<Vec<PathBuf>> {
        self.allowed.extend(fewer(self.own));
        self.is_confined.then(|| self.allowed.into_iter().collect())
    }
}

/// Folders that others are in, until there are few. Not that of everything.
fn fewer(mut folders: BTreeSet<PathBuf>) -> BTreeSet<PathBuf> {
    let mut depth = folders.iter().map(|folder| folder.components().count()).max().unwrap_or(0);
    let is_named = |part: &Component<'_>| !matches!(part, Component::RootDir | Component::Prefix(_));
    while folders.len() > FOLDERS && depth > 2 {
        depth -= 1;
        folders = folders.iter().map(|folder| folder.components().take(depth).collect()).collect();
    }
    folders.retain(|folder| folder.components().any(|part| is_named(&part)));
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_folders_say_where_many_are() {
        let scenes = (0..1000).map(|scene| PathBuf::from(format!("/data/scenes/{scene}/bands")));
        let others = [PathBuf::from("/field/a"), PathBuf::from("/")];
        let found: Vec<PathBuf> = fewer(scenes.chain(others).collect()).into_iter().collect();
        assert_eq!(found, [PathBuf::from("/data/scenes"), PathBuf::from("/field/a")]);
    }
}
