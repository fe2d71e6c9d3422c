//! Well-known text of CRSs: version 1 as GDAL writes it, which every version of PROJ reads.

use std::fmt::{self, Display, Write};

/// Longest name that is taken over from a file.
const MAX_NAME: usize = 256;

/// A text in quotes: without quotes of its own and control characters, and not too long.
pub(super) struct Quoted<'a>(pub &'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for character in self.0.chars().filter(|c| *c != '"' && !c.is_control()).take(MAX_NAME) {
            f.write_char(character)?;
        }
        f.write_char('"')
    }
}

/// The code of a registered object; nothing for others.
pub(super) struct Authority(pub Option<u16>);

impl Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(code) => write!(f, r#",AUTHORITY["EPSG","{code}"]"#),
            None => Ok(()),
        }
    }
}

/// A name of the EPSG dataset as a datum name of WKT 1 (`WKTMassageDatum` in GDAL's `gt_wkt_srs.cpp`).
pub(super) fn datum_name(name: &str) -> String {
    let mut result = String::with_capacity(name.len());
    for character in name.chars() {
        match character {
            '+' | '0'..='9' | 'A'..='Z' | 'a'..='z' => result.push(character),
            _ if result.ends_with('_') => {}
            _ => result.push('_'),
        }
    }
    let name = result.trim_end_matches('_');
    match name {
        "Militar_Geographische_Institut" => "Militar_Geographische_Institute",
        "World_Geodetic_System_1984" => "WGS_1984",
        "World_Geodetic_System_1972" => "WGS_1972",
        "WGS_72_Transit_Broadcast_Ephemeris" => "WGS_1972_Transit_Broadcast_Ephemeris",
        "European_Terrestrial_Reference_System_89" => "European_Reference_System_1989",
        "D_North_American_1927" => "North_American_Datum_1927",
        other => other,
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(
            datum_name("Nouvelle Triangulation Francaise (Paris)"),
            "Nouvelle_Triangulation_Francaise_Paris"
        );
        assert_eq!(datum_name("World Geodetic System 1984"), "WGS_1984");
        assert_eq!(datum_name("CH1903+"), "CH1903+");
        assert_eq!(Quoted("a\"],X[\"\n").to_string(), "\"a],X[\"");
        assert_eq!(Authority(Some(9001)).to_string(), r#",AUTHORITY["EPSG","9001"]"#);
        assert_eq!(Authority(None).to_string(), "");
    }
}
