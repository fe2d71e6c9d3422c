//! Hrefs that are written relative to a folder or a URL, so that the files may move.

use crate::error::{Error, Result};
use crate::io::local_path;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch, StringArray, StructArray};
use rasteret_schema::href::relative_to;
use rasteret_schema::record::ASSETS;
use std::borrow::Cow;
use std::path::{MAIN_SEPARATOR_STR, Path};
use std::sync::Arc;

/// What hrefs are made relative to.
#[derive(Debug)]
pub struct RelativeHrefs {
    /// A URL; or a folder as it is named, and as it is called where links are followed.
    bases: Vec<String>,
}

impl RelativeHrefs {
    /// What the user names. A folder need not be there.
    ///
    /// # Errors
    ///
    /// If it is empty, or a folder whose name is not UTF-8.
    pub fn new(base: &str) -> Result<Self> {
        let bases = match local_path(base) {
            Some(path) => {
                let named = absolute(&path).ok_or_else(|| {
                    Error::InvalidArgument(format!(
                        "hrefs cannot be relative to {base:?}, which names no folder"
                    ))
                })?;
                let real = path.canonicalize().ok().and_then(|path| absolute(&path));
                let real = real.filter(|real| *real != named);
                [named].into_iter().chain(real).collect()
            }
            None => vec![base.to_owned()],
        };
        let trimmed = bases.iter().map(|base| base.trim_end_matches('/').to_owned());
        Ok(RelativeHrefs { bases: trimmed.collect() })
    }

    /// The href below the base; `None` of one that is not below it.
    fn relative(&self, href: &str) -> Option<String> {
        let whole = match local_path(href) {
            Some(path) => Cow::Owned(absolute(&path)?),
            None => Cow::Borrowed(href),
        };
        self.bases.iter().find_map(|base| relative_to(base, &whole))
    }

    /// Rows of the shared table with hrefs that are relative where they can be, and how many cannot.
    pub fn batch(&self, rows: RecordBatch) -> Result<(RecordBatch, u64)> {
        let Some((at, _)) = rows.schema_ref().column_with_name(ASSETS) else { return Ok((rows, 0)) };
        let Some(assets) = rows.column(at).as_struct_opt() else { return Ok((rows, 0)) };
        let mut kept = 0;
        let bands = assets.columns().iter().map(|asset| self.asset(asset, &mut kept));
        let bands = bands.collect::<Result<Vec<_>>>()?;
        let nulls = assets.nulls().cloned();
        let assets = StructArray::try_new_with_length(assets.fields().clone(), bands, nulls, assets.len())?;
        let columns = rows.columns().iter().enumerate();
        let columns = columns.map(|(place, column)| match place == at {
            true => Arc::new(assets.clone()) as ArrayRef,
            false => Arc::clone(column),
        });
        Ok((RecordBatch::try_new(rows.schema(), columns.collect())?, kept))
    }

    /// The assets of a band.
    fn asset(&self, asset: &ArrayRef, kept: &mut u64) -> Result<ArrayRef> {
        let Some(asset) = asset.as_struct_opt() else { return Ok(Arc::clone(asset)) };
        let fields = asset.fields().iter().zip(asset.columns()).map(|(field, column)| {
            let Some(hrefs) = column.as_string_opt::<i32>().filter(|_| field.name() == "href") else {
                return Arc::clone(column);
            };
            let href = |(row, href): (usize, Option<&str>)| {
                let relative = self.relative(href?);
                *kept += u64::from(relative.is_none() && asset.is_valid(row));
                relative.or_else(|| href.map(str::to_owned))
            };
            Arc::new(hrefs.iter().enumerate().map(href).collect::<StringArray>()) as ArrayRef
        });
        let fields = fields.collect();
        Ok(Arc::new(StructArray::try_new(asset.fields().clone(), fields, asset.nulls().cloned())?))
    }
}

/// The one spelling of a path, with slashes. Links stay, and `..`, which may be behind one.
fn absolute(path: &Path) -> Option<String> {
    let path = std::path::absolute(path).ok()?;
    Some(path.to_str()?.replace(MAIN_SEPARATOR_STR, "/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_by_any_of_their_names() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().canonicalize().unwrap();
        let real = real.to_str().unwrap();
        std::fs::create_dir(folder.path().join("a #1")).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(folder.path().join("a #1"), folder.path().join("link")).unwrap();
        let of = |base: &str, href: &str| RelativeHrefs::new(base).unwrap().relative(href);
        let is = |text: &str| Some(text.to_owned());
        assert_eq!(of(real, &format!("{real}/a #1/x%20?.tif")), is("a #1/x%20?.tif"));
        assert_eq!(
            of(&format!("{real}/a #1/"), &format!("file://{real}/a%20%231/x%2520.tif")),
            is("x%20.tif")
        );
        assert_eq!(of(&format!("file://{real}"), &format!("{real}//./b.tif")), is("b.tif"));
        #[cfg(unix)]
        assert_eq!(of(&format!("{real}/link"), &format!("{real}/a #1/b.tif")), is("b.tif"));
        assert_eq!(of(real, &format!("{real}/a/../../b.tif")), None);
        assert_eq!(of(real, "https://h/b.tif"), None);
        // Where the program runs.
        assert_eq!(of(".", "b/c.tif"), is("b/c.tif"));
        assert_eq!(of("https://h/a/", "https://h/a/b%20c.tif?v=1"), is("b%20c.tif?v=1"));
        assert_eq!(of("https://h/a", "https://h/ab.tif"), None);
        assert_eq!(of("/", "/b.tif"), is("b.tif"));
        assert!(RelativeHrefs::new("").is_err());
    }
}
