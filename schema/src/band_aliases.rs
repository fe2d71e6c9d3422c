//! Names that bands of unlike sources have in common.
//!
//! Sentinel-2 calls its red band `B04`, Landsat 8 `B4`, NAIP `R`. An alias stands for all of them: `red` is
//! `B04`, else `B4`, else `R`, whichever a record has.

use crate::DatasetDescriptor;
use indexmap::IndexMap;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

/// Aliases, each with the bands that it stands for, in the order in which a record is searched for them.
///
/// They go one step: what an alias stands for is the name of a band, never another alias. So `B04` may stand
/// for `B4` and `B4` for `B04`: whichever is asked for, a record of either source has it.
///
/// The JSON form is an object of lists.
///
/// ```
/// use rasteret_schema::BandAliases;
/// let aliases = BandAliases::new([("red", vec!["B04", "B4"]), ("nir", vec!["B08", "B5"])])?;
/// let landsat = |band: &str| ["B4", "B5"].iter().position(|of_record| *of_record == band);
/// assert_eq!(aliases.resolve("red", landsat), Some(0));
/// assert_eq!(aliases.resolve("B5", landsat), Some(1));
/// assert_eq!(aliases.resolve("swir", landsat), None);
/// # Ok::<(), rasteret_schema::BandAliasError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct BandAliases(IndexMap<String, Vec<String>>);

/// Why names are no aliases.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BandAliasError {
    /// A name is empty.
    #[error("an alias, or a band that one stands for, has an empty name")]
    Unnamed,
    /// An alias stands for nothing.
    #[error("the alias {alias:?} stands for no band")]
    Empty {
        /// The alias.
        alias: String,
    },
    /// An alias stands for itself.
    #[error("the alias {alias:?} stands for itself; a record's own band of this name always comes first")]
    Cycle {
        /// The alias.
        alias: String,
    },
    /// An alias stands for a band twice.
    #[error("the alias {alias:?} stands for {band:?} twice")]
    Twice {
        /// The alias.
        alias: String,
        /// The band.
        band: String,
    },
    /// An alias is defined in two ways.
    #[error("the alias {alias:?} is defined twice: as {}, and as {}", .definitions[0].join(", "), .definitions[1].join(", "))]
    Ambiguous {
        /// The alias.
        alias: String,
        /// What it stands for.
        definitions: [Vec<String>; 2],
    },
    /// A band has two meanings.
    #[error("datasets do not agree on band {band:?}: it is {:?} in one of them, and {:?} in {dataset:?}", .names[0], .names[1])]
    Disagreement {
        /// The band.
        band: String,
        /// What it is.
        names: [String; 2],
        /// A dataset that says the second.
        dataset: String,
    },
}

/// The common names of bands in STAC, and those that Earth Search gives to the red edge bands of Sentinel-2, all
/// three of which have the common name `rededge`.
///
/// <https://github.com/stac-extensions/eo#common-band-names>, version 1.1.
const COMMON_NAMES: [&str; 18] = [
    "coastal", "blue", "green", "red", "rededge", "rededge1", "rededge2", "rededge3", "yellow", "pan", "nir",
    "nir08", "nir09", "cirrus", "swir16", "swir22", "lwir11", "lwir12",
];

/// Bands of NAIP, which lie in one file, so that its descriptor has no names of assets to tell them by.
const INITIALS: [(&str, &str); 4] = [("red", "R"), ("green", "G"), ("blue", "B"), ("nir", "NIR")];

impl BandAliases {
    /// Aliases, each with the bands that it stands for.
    ///
    /// # Errors
    ///
    /// If an alias stands for nothing, for itself, or for a band twice, or is defined in two ways.
    pub fn new<A: Into<String>, B: Into<String>>(
        aliases: impl IntoIterator<Item = (A, impl IntoIterator<Item = B>)>,
    ) -> Result<Self, BandAliasError> {
        let mut all = IndexMap::new();
        for (alias, bands) in aliases {
            let alias: String = alias.into();
            let bands: Vec<String> = bands.into_iter().map(Into::into).collect();
            if alias.is_empty() || bands.iter().any(String::is_empty) {
                return Err(BandAliasError::Unnamed);
            }
            if bands.is_empty() {
                return Err(BandAliasError::Empty { alias });
            }
            if bands.contains(&alias) {
                return Err(BandAliasError::Cycle { alias });
            }
            if let Some((_, band)) = bands.iter().enumerate().find(|(at, band)| bands[..*at].contains(band)) {
                return Err(BandAliasError::Twice { alias, band: band.clone() });
            }
            match all.get(&alias) {
                Some(known) if *known != bands => {
                    let definitions = [Vec::clone(known), bands];
                    return Err(BandAliasError::Ambiguous { alias, definitions });
                }
                _ => all.insert(alias, bands),
            };
        }
        Ok(BandAliases(all))
    }

    /// The common names of STAC, for the bands of the [built-in datasets](crate::dataset::built_in), as
    /// [`from_datasets`](Self::from_datasets) finds them, and for NAIP's `R`, `G`, `B`, `NIR`.
    ///
    /// They mean what Earth Search means: `nir` is the broad band of Sentinel-2 (`B08`), and `nir08` the narrow
    /// one, which Landsat has too (`B8A`, `B5`). `B4` is red as in rasteret's Landsat collections, whose bands
    /// have the numbers of Landsat 8 and 9 whatever the satellite. Names that mean one thing on one satellite
    /// and another on the next, such as the `SR_B4` of files of Landsat 5 and 8, are not there.
    ///
    /// ```
    /// use rasteret_schema::BandAliases;
    /// assert_eq!(BandAliases::common_names().get("red"), ["B04", "B4", "R"]);
    /// ```
    pub fn common_names() -> Self {
        // Tests hold that the built-in datasets agree.
        let mut aliases = Self::from_datasets(crate::dataset::built_in()).unwrap_or_default();
        for (alias, band) in INITIALS {
            aliases.0.entry(alias.to_owned()).or_default().push(band.to_owned());
        }
        aliases
    }

    /// The common names of STAC for the bands of datasets, where their band maps say which asset each is: that
    /// is the common name. Assets of other names, and those that several bands share, give none.
    ///
    /// # Errors
    ///
    /// If a band is one thing in one dataset, and another in the next.
    pub fn from_datasets<'a>(
        datasets: impl IntoIterator<Item = &'a DatasetDescriptor>,
    ) -> Result<Self, BandAliasError> {
        let mut aliases: IndexMap<String, Vec<String>> = IndexMap::new();
        for dataset in datasets {
            for (band, asset) in dataset.band_map.iter().flatten() {
                if band == asset || !COMMON_NAMES.contains(&asset.as_str()) {
                    continue;
                }
                let known = aliases.iter().find(|(_, bands)| bands.contains(band));
                match known.map(|(alias, _)| alias) {
                    None => aliases.entry(asset.clone()).or_default().push(band.clone()),
                    Some(alias) if alias == asset => {}
                    Some(alias) => {
                        return Err(BandAliasError::Disagreement {
                            band: band.clone(),
                            names: [alias.clone(), asset.clone()],
                            dataset: dataset.id.clone(),
                        });
                    }
                }
            }
        }
        Ok(BandAliases(aliases))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The bands that an alias stands for; none where it is no alias.
    pub fn get(&self, alias: &str) -> &[String] {
        self.0.get(alias).map_or(&[], Vec::as_slice)
    }

    /// The aliases, each with the bands that it stands for.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.0.iter().map(|(alias, bands)| (alias.as_str(), bands.as_slice()))
    }

    /// The band of a record that a name means: the one of this name, else the first that it stands for and
    /// that the record has. `find` looks a record's own band up.
    pub fn resolve<T>(&self, name: &str, find: impl Fn(&str) -> Option<T>) -> Option<T> {
        find(name).or_else(|| self.get(name).iter().find_map(|band| find(band)))
    }

    /// These aliases and others.
    ///
    /// # Errors
    ///
    /// If both have an alias, and not for the same bands.
    pub fn and(self, others: BandAliases) -> Result<Self, BandAliasError> {
        BandAliases::new(self.0.into_iter().chain(others.0))
    }
}

/// `red = B04 or B4; nir = B08`.
impl fmt::Display for BandAliases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (alias, bands)) in self.iter().enumerate() {
            write!(f, "{}{alias} = {}", if at > 0 { "; " } else { "" }, bands.join(" or "))?;
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for BandAliases {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Aliases;
        impl<'de> Visitor<'de> for Aliases {
            type Value = BandAliases;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of aliases, each with a list of bands")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<BandAliases, A::Error> {
                // A map would keep the last of two definitions.
                let mut aliases: Vec<(String, Vec<String>)> = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    aliases.push(entry);
                }
                BandAliases::new(aliases).map_err(A::Error::custom)
            }
        }
        deserializer.deserialize_map(Aliases)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::built_in;

    fn parsed(json: &str) -> Result<BandAliases, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn json_round_trips() {
        let json = r#"{"red":["B04","B4"],"B04":["B4"],"B4":["B04"]}"#;
        let aliases = parsed(json).unwrap();
        assert_eq!(serde_json::to_string(&aliases).unwrap(), json);
        assert_eq!(aliases.to_string(), "red = B04 or B4; B04 = B4; B4 = B04");
        assert!(parsed("{}").unwrap().is_empty());
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (json, reason) in [
            (r#"{"red":[]}"#, "stands for no band"),
            (r#"{"red":["B04","red"]}"#, "stands for itself"),
            (r#"{"red":["B04","B4","B04"]}"#, "\"B04\" twice"),
            (r#"{"red":["B04"],"red":["B4"]}"#, "defined twice: as B04, and as B4"),
            (r#"{"":["B04"]}"#, "empty name"),
            (r#"{"red":[""]}"#, "empty name"),
            (r#"{"red":"B04"}"#, "invalid type"),
            ("[]", "an object of aliases"),
        ] {
            let error = parsed(json).unwrap_err();
            assert!(error.contains(reason), "{json}: {error}");
        }
    }

    #[test]
    fn a_record_s_own_band_comes_first_then_the_order_of_the_list() {
        let aliases = parsed(r#"{"red":["B04","B4"],"B4":["B04"]}"#).unwrap();
        let resolve = |name, bands: &[&str]| {
            aliases.resolve(name, |band| bands.contains(&band).then(|| band.to_owned()))
        };
        assert_eq!(resolve("red", &["B4", "B04", "red"]).as_deref(), Some("red"));
        assert_eq!(resolve("red", &["B4", "B04"]).as_deref(), Some("B04"));
        assert_eq!(resolve("B4", &["B04"]).as_deref(), Some("B04"));
        // One step: `red` is not `B4`'s `B04`, but its own.
        assert_eq!(resolve("B04", &["B4"]), None);
    }

    #[test]
    fn common_names_are_those_of_the_built_in_datasets() {
        let names = BandAliases::common_names();
        assert_eq!(names, BandAliases::new(names.clone().0).unwrap());
        for (alias, bands) in [
            ("coastal", &["B01", "B1"][..]),
            ("blue", &["B02", "B2", "B"]),
            ("nir", &["B08", "NIR"]),
            ("nir08", &["B8A", "B5"]),
            ("swir16", &["B11", "B6"]),
            ("rededge1", &["B05"]),
            ("image", &[]),
            ("data", &[]),
        ] {
            assert_eq!(names.get(alias), bands, "{alias}");
        }
    }

    #[test]
    fn datasets_that_do_not_agree_are_named() {
        let mut other = built_in()[0].clone();
        other.id = "mine".to_owned();
        other.band_map = Some([("B04".to_owned(), "green".to_owned())].into_iter().collect());
        let error = BandAliases::from_datasets([&built_in()[0], &other]).unwrap_err().to_string();
        assert!(
            error.contains("\"B04\"") && error.contains("\"mine\"") && error.contains("\"red\""),
            "{error}"
        );
    }

    #[test]
    fn what_is_joined_must_agree() {
        let red = |band: &str| BandAliases::new([("red", [band])]).unwrap();
        assert_eq!(red("B04").and(red("B04")).unwrap(), red("B04"));
        assert!(matches!(red("B04").and(red("B4")), Err(BandAliasError::Ambiguous { .. })));
    }
}
