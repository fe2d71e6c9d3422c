//! Names in citations, as GDAL writes them, `GCS Name = a|Datum = b|Ellipsoid = c|Primem = d|`, or
//! ERDAS Imagine, on lines of their own (GDAL's `gt_citation.cpp`).

/// What ESRI's software writes before a definition in a citation.
pub(super) const ESRI_PE_STRING: &str = "ESRI PE String = ";

/// The names that a citation gives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Citation {
    pub name: Option<String>,
    pub datum: Option<String>,
    pub ellipsoid: Option<String>,
    pub meridian: Option<String>,
    pub angular_unit: Option<String>,
    pub linear_unit: Option<String>,
}

impl Citation {
    /// A citation of a geographic CRS. Without any labels it is the CRS's name.
    pub fn of_geographic(text: &str) -> Citation {
        let mut citation = Citation::parse(text, "GCS Name");
        if citation == Citation::default() {
            citation.name = text.split('|').next().map(str::to_owned).filter(|name| !name.is_empty());
        }
        citation
    }

    /// A citation of a projected CRS. Without any labels it is the CRS's name.
    pub fn of_projected(text: &str) -> Citation {
        let mut citation = Citation::parse(text, "PCS Name");
        if citation == Citation::default() && !text.starts_with(ESRI_PE_STRING) {
            citation.name = Some(text.to_owned()).filter(|name| !name.is_empty());
        }
        citation
    }

    fn parse(text: &str, name_label: &str) -> Citation {
        let mut citation = Citation::default();
        for part in text.split(['|', '\n']) {
            let Some((label, value)) = part.split_once(" = ") else { continue };
            let field = match label {
                "Datum" => &mut citation.datum,
                "Ellipsoid" => &mut citation.ellipsoid,
                "Primem" => &mut citation.meridian,
                "AUnits" => &mut citation.angular_unit,
                "LUnits" | "Units" => &mut citation.linear_unit,
                label if label == name_label => &mut citation.name,
                _ => continue,
            };
            field.get_or_insert_with(|| value.to_owned());
        }
        citation
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels() {
        let citation =
            Citation::of_geographic("GCS Name = Mars 2000|Datum = D_Mars|Ellipsoid = Mars|Primem = Airy|");
        assert_eq!(citation.name.as_deref(), Some("Mars 2000"));
        assert_eq!(citation.datum.as_deref(), Some("D_Mars"));
        assert_eq!(citation.meridian.as_deref(), Some("Airy"));
        assert_eq!(Citation::of_geographic("WGS 84").name.as_deref(), Some("WGS 84"));
        let projected = Citation::of_projected("LUnits = foot|");
        assert_eq!((projected.name, projected.linear_unit.as_deref()), (None, Some("foot")));
        let imagine =
            "IMAGINE GeoTIFF Support\n$Date$\nUnable to match\nEllipsoid = Clarke 1866\nDatum = NAD27";
        let imagine = Citation::of_geographic(imagine);
        assert_eq!((imagine.name, imagine.datum.as_deref()), (None, Some("NAD27")));
    }
}
