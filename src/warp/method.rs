//! The ways to compute a pixel.

use std::fmt;
use std::str::FromStr;

/// How the value of a target pixel comes from source pixels, as GDAL's warper has it. Pixels that are not
/// valid never contribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Method {
    /// The pixel that the target pixel's centre lies in.
    #[default]
    Nearest,
    /// Of 2 × 2 pixels, linearly; of more where the target is coarser.
    Bilinear,
    /// Of 4 × 4 pixels by cubic convolution; of more where the target is coarser.
    Cubic,
    /// Of 4 × 4 pixels by a cubic B-spline, which smooths; of more where the target is coarser.
    CubicSpline,
    /// Of 6 × 6 pixels by a windowed sinc; of more where the target is coarser.
    Lanczos,
    /// The mean of all pixels that the target pixel touches, weighted by how much of each it covers.
    Average,
    /// The most frequent value of the pixels that the target pixel touches; of several, the one that
    /// first is as frequent.
    Mode,
    /// Their greatest value.
    Max,
    /// Their least value.
    Min,
    /// Their median; of an even number the lower one.
    Med,
    /// Their first quartile.
    Q1,
    /// Their third quartile.
    Q3,
}

impl Method {
    /// Every method, in GDAL's order.
    pub const ALL: [Method; 12] = [
        Method::Nearest,
        Method::Bilinear,
        Method::Cubic,
        Method::CubicSpline,
        Method::Lanczos,
        Method::Average,
        Method::Mode,
        Method::Max,
        Method::Min,
        Method::Med,
        Method::Q1,
        Method::Q3,
    ];

    /// Its name in rasterio, such as `cubic_spline`.
    pub const fn name(self) -> &'static str {
        match self {
            Method::Nearest => "nearest",
            Method::Bilinear => "bilinear",
            Method::Cubic => "cubic",
            Method::CubicSpline => "cubic_spline",
            Method::Lanczos => "lanczos",
            Method::Average => "average",
            Method::Mode => "mode",
            Method::Max => "max",
            Method::Min => "min",
            Method::Med => "med",
            Method::Q1 => "q1",
            Method::Q3 => "q3",
        }
    }

    /// How many pixels its kernel reaches to each side at full scale.
    pub(super) const fn radius(self) -> u32 {
        match self {
            Method::Bilinear => 1,
            Method::Cubic | Method::CubicSpline => 2,
            Method::Lanczos => 3,
            _ => 0,
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text is not the name of a method.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no resampling method is named {name:?}; there are {}", Method::ALL.map(Method::name).join(", "))]
pub struct UnknownMethod {
    /// The text.
    pub name: String,
}

impl FromStr for Method {
    type Err = UnknownMethod;

    /// ```
    /// use rasteret::warp::Method;
    /// assert_eq!("cubic_spline".parse(), Ok(Method::CubicSpline));
    /// assert!("gauss".parse::<Method>().is_err());
    /// ```
    fn from_str(text: &str) -> Result<Self, UnknownMethod> {
        Method::ALL
            .into_iter()
            .find(|method| method.name() == text)
            .ok_or_else(|| UnknownMethod { name: text.to_owned() })
    }
}
