//! What relative hrefs are relative to.

use crate::files::local_path;
use crate::options::Options;
use rasteret_schema::href::{is_relative, resolved};

/// A folder or prefix in front of relative hrefs; none where they stay as they are.
#[derive(Debug, Clone, Default)]
pub(crate) struct Base(Option<String>);

impl Base {
    /// What the user says, else the folder of a table in an object store or on a server. Of a local table, a
    /// relative path stays one: it is relative to where the program runs, as any path that is typed.
    pub fn of(uri: Option<&str>, is_folder: bool, options: &Options) -> Base {
        if let Some(base) = &options.base {
            return Base(Some(base.trim_end_matches('/').to_owned()));
        }
        let Some(uri) = uri.filter(|uri| local_path(uri).is_none()) else { return Base(None) };
        let uri = uri.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
        let folder = if is_folder { Some(uri) } else { uri.rsplit_once('/').map(|(folder, _)| folder) };
        Base(folder.map(str::to_owned))
    }

    /// Where an asset is.
    pub fn resolve(&self, href: &str) -> String {
        match &self.0 {
            Some(base) if is_relative(href) => resolved(base, href),
            _ => href.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_hrefs() {
        let options = Options::default();
        let base = Base::of(Some("s3://bucket/index/items.parquet"), false, &options);
        assert_eq!(base.resolve("a/b.tif"), "s3://bucket/index/a/b.tif");
        assert_eq!(base.resolve("../b.tif"), "s3://bucket/b.tif");
        assert_eq!(base.resolve("https://h/b.tif"), "https://h/b.tif");
        assert_eq!(base.resolve("/data/b.tif"), "/data/b.tif");
        assert_eq!(base.resolve("FILE:/data/b.tif"), "FILE:/data/b.tif");
        // Names, not schemes.
        assert_eq!(base.resolve("S2A:2024/b.tif"), "s3://bucket/index/S2A:2024/b.tif");
        assert_eq!(base.resolve("s3:b.tif"), "s3://bucket/index/s3:b.tif");
        let dataset = Base::of(Some("https://h/index/?sig=1"), true, &options);
        assert_eq!(dataset.resolve("b.tif"), "https://h/index/b.tif");
        assert_eq!(Base::of(Some("index/items.parquet"), false, &options).resolve("b.tif"), "b.tif");
        let options = Options { base: Some("/data/".to_owned()), ..options };
        assert_eq!(Base::of(Some("items.parquet"), false, &options).resolve("b.tif"), "/data/b.tif");
    }
}
