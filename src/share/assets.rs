//! How the assets of merged collections are reached.

use super::TableError;
use crate::error::Result;
use crate::io::local_path;
use crate::store::Collection;
use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use rasteret_schema::record::ASSETS;
use rasteret_schema::{CloudConfigs, MergedCloud};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Finds the settings of the new collection from the assets of all.
pub(super) struct MergedAssets {
    clouds: Clouds,
    /// `None` where local assets may lie anywhere, as those of collections that were not imported may.
    roots: Option<LocalRoots>,
}

enum Clouds {
    /// Those that all collections have.
    Same(CloudConfigs),
    /// Of each asset, those of its own collection.
    Unlike(MergedCloud),
}

/// Where local assets may lie.
#[derive(Default)]
struct LocalRoots {
    /// The folders of imported collections.
    imported: BTreeSet<PathBuf>,
    /// Of each other collection, the folder that all its local assets lie in.
    own: BTreeMap<String, PathBuf>,
}

impl MergedAssets {
    pub fn of<'a>(inputs: impl Iterator<Item = &'a Collection> + Clone) -> Self {
        let mut configs = inputs.clone().map(|stored| stored.metadata().description.cloud());
        let first = configs.next().unwrap_or_default();
        let clouds = match configs.all(|config| config == first) {
            true => Clouds::Same(first),
            false => Clouds::Unlike(MergedCloud::default()),
        };
        let mut roots = None;
        for imported in inputs.filter_map(|stored| stored.metadata().description.local_roots()) {
            roots.get_or_insert_with(LocalRoots::default).imported.extend(imported);
        }
        MergedAssets { clouds, roots }
    }

    /// Takes note of the assets of some records of a collection.
    pub fn add(&mut self, stored: &Collection, records: &RecordBatch) -> Result<()> {
        let description = &stored.metadata().description;
        let roots = self.roots.as_mut().filter(|_| description.local_roots().is_none());
        if matches!(self.clouds, Clouds::Same(_)) && roots.is_none() {
            return Ok(());
        }
        let assets = records.column_by_name(ASSETS).and_then(|assets| assets.as_map_opt());
        let hrefs = assets.and_then(|assets| assets.values().as_struct_opt()?.column_by_name("href"));
        let hrefs = hrefs.and_then(|hrefs| hrefs.as_string_opt::<i32>());
        let configs = description.cloud();
        if let Clouds::Unlike(merged) = &mut self.clouds {
            for href in hrefs.into_iter().flatten().flatten() {
                merged.add(stored.name(), &configs, href)?;
            }
        }
        if let Some(roots) = roots {
            let opened = |href: &str| local_path(&configs.of(href).rewritten(href));
            for path in hrefs.into_iter().flatten().flatten().filter_map(opened) {
                roots.add(stored.name(), &path)?;
            }
        }
        Ok(())
    }

    /// How the assets are reached, and below which folders local ones must lie.
    pub fn finish(self) -> Result<(CloudConfigs, Option<Vec<PathBuf>>), TableError> {
        let clouds = match self.clouds {
            Clouds::Same(configs) => configs,
            Clouds::Unlike(merged) => merged.finish(),
        };
        Ok((clouds, self.roots.map(LocalRoots::finish).transpose()?))
    }
}

impl LocalRoots {
    fn add(&mut self, collection: &str, path: &Path) -> Result<(), TableError> {
        let nowhere = |_| TableError::LocalFiles { collection: collection.to_owned() };
        let path = std::path::absolute(path).map_err(nowhere)?;
        let folder = path.parent().unwrap_or(&path);
        match self.own.get_mut(collection) {
            None => drop(self.own.insert(collection.to_owned(), folder.to_owned())),
            Some(common) => while !folder.starts_with(&*common) && common.pop() {},
        }
        Ok(())
    }

    fn finish(self) -> Result<Vec<PathBuf>, TableError> {
        let mut roots = self.imported;
        for (collection, folder) in self.own {
            // A folder that is not there holds nothing to be opened.
            let folder = folder.canonicalize().unwrap_or(folder);
            if folder.parent().is_none() {
                return Err(TableError::LocalFiles { collection });
            }
            roots.insert(folder);
        }
        Ok(roots.into_iter().collect())
    }
}
