//! The bands, and what surfaces look like in them.

/// A band of 10 m resolution of the Sentinel-2 instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Band {
    /// Blue.
    B02,
    /// Green.
    B03,
    /// Red.
    B04,
    /// Near infrared.
    B08,
}

/// Reflectances of surfaces, times 10,000.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reflectance {
    pub soil: f32,
    pub plants: f32,
    pub water: f32,
    pub cloud: f32,
}

impl Band {
    /// All bands.
    pub const ALL: [Band; 4] = [Band::B02, Band::B03, Band::B04, Band::B08];

    /// Name of the instrument's band, and of its file and asset.
    pub const fn name(self) -> &'static str {
        match self {
            Band::B02 => "B02",
            Band::B03 => "B03",
            Band::B04 => "B04",
            Band::B08 => "B08",
        }
    }

    /// Name of the colour, as STAC's EO extension has it.
    pub const fn common_name(self) -> &'static str {
        match self {
            Band::B02 => "blue",
            Band::B03 => "green",
            Band::B04 => "red",
            Band::B08 => "nir",
        }
    }

    /// Centre of the band in micrometres.
    pub const fn wavelength(self) -> f64 {
        match self {
            Band::B02 => 0.49,
            Band::B03 => 0.56,
            Band::B04 => 0.665,
            Band::B08 => 0.842,
        }
    }

    pub(super) const fn reflectance(self) -> Reflectance {
        match self {
            Band::B02 => Reflectance { soil: 1100.0, plants: 300.0, water: 620.0, cloud: 8200.0 },
            Band::B03 => Reflectance { soil: 1500.0, plants: 650.0, water: 560.0, cloud: 8000.0 },
            Band::B04 => Reflectance { soil: 2100.0, plants: 350.0, water: 380.0, cloud: 7900.0 },
            Band::B08 => Reflectance { soil: 2800.0, plants: 4600.0, water: 220.0, cloud: 7800.0 },
        }
    }
}
