//! What can go wrong with coordinate reference systems.

use rasteret_schema::Crs;

/// Why a CRS cannot be used, or coordinates cannot be transformed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CrsError {
    /// The text does not name a CRS.
    #[error(
        "unknown CRS `{}`: {reason}; give a code such as EPSG:32643, OGC:CRS84 or ESRI:54009, WKT, \
         a PROJ string, or PROJJSON",
        short(.crs)
    )]
    Unknown {
        /// The text.
        crs: Crs,
        /// What PROJ says.
        reason: String,
    },
    /// There is no operation between both.
    #[error("cannot transform from `{}` to `{}`: {reason}", short(.from), short(.to))]
    NoTransformation {
        /// Source.
        from: Crs,
        /// Target.
        to: Crs,
        /// What PROJ says.
        reason: String,
    },
    /// They belong to different planets or moons.
    #[error("cannot transform from `{}` to `{}`: different celestial bodies ({bodies})", short(.from), short(.to))]
    DifferentCelestialBodies {
        /// Source.
        from: Crs,
        /// Target.
        to: Crs,
        /// Both, as `Earth vs Mars`.
        bodies: String,
    },
    /// A point lies where the target, or the source, is not defined.
    #[error(
        "cannot transform the point ({x}, {y}) from `{}` to `{}`: {reason}",
        short(.from), short(.to)
    )]
    OutOfDomain {
        /// Easting or longitude.
        x: f64,
        /// Northing or latitude.
        y: f64,
        /// Source.
        from: Crs,
        /// Target.
        to: Crs,
        /// What PROJ says.
        reason: String,
    },
    /// PROJ could not be set up.
    #[error("cannot set up PROJ: {0}")]
    Setup(String),
}

/// A CRS for a message: WKT is cut.
fn short(crs: &Crs) -> String {
    const LONGEST: usize = 60;
    let text = crs.as_str();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
