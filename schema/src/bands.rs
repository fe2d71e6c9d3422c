//! Which asset, and which of its samples, a band is.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// Names of bands, and where each is. Without entries, the source's own names are taken.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BandMap {
    /// Band → key of the asset (of a table: of the asset in its `assets` column). Bands come in this order.
    pub assets: IndexMap<String, String>,
    /// Band → sample of the asset's pixels, counted from 0. For assets with several samples.
    pub indexes: IndexMap<String, i32>,
}

impl BandMap {
    /// Whether nothing is mapped.
    pub fn is_empty(&self) -> bool {
        self.assets.is_empty() && self.indexes.is_empty()
    }

    /// Two bands that would be the same pixels: they are on one asset, and not both have an index of their own.
    /// Such a map is an error, of which the message says how to mend it.
    ///
    /// ```
    /// use rasteret_schema::BandMap;
    /// let mut map = BandMap::default();
    /// map.assets.extend([("R".to_owned(), "image".to_owned()), ("G".to_owned(), "image".to_owned())]);
    /// assert!(map.check().unwrap_err().contains("image"));
    /// map.indexes.extend([("R".to_owned(), 0), ("G".to_owned(), 1)]);
    /// assert!(map.check().is_ok());
    /// ```
    ///
    /// # Errors
    ///
    /// The message.
    pub fn check(&self) -> Result<(), String> {
        for (band, index) in &self.indexes {
            if *index < 0 {
                return Err(format!("the index of band {band:?} is {index}; samples are counted from 0"));
            }
        }
        let mut seen: Vec<(&str, &str, Option<i32>)> = Vec::new();
        for (band, asset) in &self.assets {
            let index = self.indexes.get(band).copied();
            let same = |at: &&(&str, &str, Option<i32>)| {
                at.1 == asset && (at.2 == index || at.2.is_none() || index.is_none())
            };
            if let Some((other, ..)) = seen.iter().find(same) {
                return Err(format!(
                    "bands {other:?} and {band:?} are both asset {asset:?}; say which of its samples each is, \
                     with a band index map: {other}=0,{band}=1"
                ));
            }
            seen.push((band, asset, index));
        }
        Ok(())
    }
}
