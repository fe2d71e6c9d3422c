//! Names of coordinate reference systems.

use rkyv::{Archive, Deserialize, Serialize};
use std::fmt;

/// A coordinate reference system as text that PROJ understands: `EPSG:32643`, `OGC:CRS84`,
/// `ESRI:54009`, WKT, a PROJ string or PROJJSON. What it means is the engine's concern.
#[derive(
    Debug, Clone, PartialEq, Eq, Hash, Archive, Serialize, Deserialize, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct Crs(String);

impl Crs {
    /// A CRS of the EPSG registry.
    pub fn from_epsg(code: u32) -> Self {
        Crs(format!("EPSG:{code}"))
    }

    /// From text. A bare number is an EPSG code; authorities are upper-cased.
    ///
    /// ```
    /// use rasteret_schema::Crs;
    /// assert_eq!(Crs::new("epsg:4326"), Crs::from_epsg(4326));
    /// assert_eq!(Crs::new("3857").epsg(), Some(3857));
    /// ```
    pub fn new(text: impl AsRef<str>) -> Self {
        let text = text.as_ref().trim();
        if let Ok(code) = text.parse::<u32>() {
            return Crs::from_epsg(code);
        }
        match text.split_once(':') {
            Some((authority, code))
                if authority.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
                    && code.chars().all(|c| c.is_ascii_alphanumeric()) =>
            {
                Crs(format!("{}:{code}", authority.to_ascii_uppercase()))
            }
            _ => Crs(text.to_owned()),
        }
    }

    /// Longitude and latitude on WGS 84, in this order: the CRS of footprints.
    pub fn crs84() -> Self {
        Crs("OGC:CRS84".to_owned())
    }

    /// The EPSG code, where the CRS is named by one.
    pub fn epsg(&self) -> Option<u32> {
        self.0.strip_prefix("EPSG:")?.parse().ok()
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ArchivedCrs {
    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for Crs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
