//! Scenes: what Sentinel-2 might have seen of a country that doesn't exist.
//!
//! Fractal relief with lakes, fields whose crops grow through the year, clouds, and the noise of a
//! sensor. A scene's pixels follow from its fields alone: the same scene has the same pixels, on any
//! machine, on any number of threads. Scenes of one zone show the same ground at different times.

mod band;
mod landscape;
mod noise;

pub use band::Band;

use chrono::{DateTime, Datelike, Utc};
use landscape::{Ground, Landscape};
use noise::{Fractal, hash, mix, normal, smoothstep};
use rasteret_geotiff::write::WriteError;
use rasteret_geotiff::write::{GeoKeys, Image};
use rasteret_schema::Geotransform;
use rayon::prelude::*;

/// A scene, and how it looks.
#[derive(Debug, Clone, PartialEq)]
pub struct Scene {
    /// Name, such as `S2A_43PGQ_20240103_0_L2A`.
    pub id: String,
    /// When it was taken.
    pub datetime: DateTime<Utc>,
    /// UTM zone of the northern hemisphere, 1 to 60.
    pub zone: u8,
    /// Easting and northing of the upper left corner.
    pub origin: (f64, f64),
    /// Columns and rows.
    pub size: (u32, u32),
    /// Side of a pixel in metres.
    pub resolution: f64,
    /// Which landscape, and which clouds.
    pub seed: u64,
    /// Part of the scene that clouds cover, 0 to 1.
    pub cloud_cover: f64,
    /// Standard deviation of the sensor's noise, in units of reflectance times 10,000. The main
    /// factor in how well files compress.
    pub noise: f32,
    /// West of the line between these parts of the top and the bottom edge there is no data.
    pub swath_edge: Option<(f64, f64)>,
}

/// The value of pixels without data.
pub const NODATA: u16 = 0;

/// Width of the fringe of clouds, in units of the noise that they are made from.
const FRINGE: f32 = 0.06;

/// Places along each side at which clouds are measured.
const CLOUD_SAMPLES: u32 = 128;

impl Scene {
    /// From pixels to eastings and northings.
    pub fn transform(&self) -> Geotransform {
        let (easting, northing) = self.origin;
        Geotransform::new(self.resolution, 0.0, easting, 0.0, -self.resolution, northing)
    }

    /// EPSG code of the zone.
    pub fn epsg(&self) -> u32 {
        32600 + u32::from(self.zone)
    }

    /// The zone as GeoKeys.
    pub fn geo_keys(&self) -> GeoKeys {
        GeoKeys::utm(self.zone, true)
    }

    /// Column left of which a row has no data.
    fn first_column(&self, row: f64) -> f64 {
        let (top, bottom) = self.swath_edge.unwrap_or((0.0, 0.0));
        (top + (bottom - top) * row / f64::from(self.size.1)) * f64::from(self.size.0)
    }

    /// The corners of what has data, counter-clockwise from the upper left, as eastings and northings.
    pub fn corners(&self) -> [(f64, f64); 4] {
        let (width, height) = (f64::from(self.size.0), f64::from(self.size.1));
        [(self.first_column(0.0), 0.0), (self.first_column(height), height), (width, height), (width, 0.0)]
            .map(|(column, row)| self.transform().apply(column, row))
    }

    /// The pixels of some bands, in their order.
    ///
    /// # Errors
    ///
    /// [`WriteError::InvalidOptions`] for a size that can't be.
    pub fn render(&self, bands: &[Band]) -> Result<Vec<Image<u16>>, WriteError> {
        let (width, height) = self.size;
        let landscape = Landscape::new(mix(self.seed ^ u64::from(self.zone)));
        let clouds = self.clouds();
        let threshold = self.cloud_threshold(&clouds);
        let day = self.datetime.ordinal0() as f32;
        let rows: Vec<Vec<Vec<u16>>> = (0..height)
            .into_par_iter()
            .map(|row| {
                let (x, y) = self.transform().apply(0.5, f64::from(row) + 0.5);
                let mut ground = vec![Ground::default(); width as usize];
                landscape.row(day, x, self.resolution, y, &mut ground);
                let mut cover = vec![0.0; width as usize];
                if self.cloud_cover > 0.0 {
                    clouds.row(x, self.resolution, y, &mut cover);
                    for cover in &mut cover {
                        *cover = smoothstep((*cover - threshold) / FRINGE + 0.5);
                    }
                }
                bands.iter().map(|band| self.band_row(*band, row, &ground, &cover)).collect()
            })
            .collect();
        let image = |band: usize| {
            let samples = rows.iter().flat_map(|row| row[band].iter().copied()).collect();
            Image::new(width, height, 1, samples)
        };
        (0..bands.len()).into_par_iter().map(image).collect()
    }

    /// One row of one band.
    fn band_row(&self, band: Band, row: u32, ground: &[Ground], clouds: &[f32]) -> Vec<u16> {
        let reflectance = band.reflectance();
        let seed = self.cloud_seed() ^ mix(band as u64 + 1);
        let first = self.first_column(f64::from(row) + 0.5);
        let pixels = ground.iter().zip(clouds).enumerate();
        pixels
            .map(|(column, (ground, cover))| {
                if column as f64 + 0.5 < first {
                    return NODATA;
                }
                let land = reflectance.soil + (reflectance.plants - reflectance.soil) * ground.vegetation;
                let clear = if ground.water { reflectance.water } else { land * ground.light };
                let seen = clear + (reflectance.cloud - clear) * cover;
                let noise = self.noise * normal(hash(seed, column as i64, row.into()));
                // Zero is for nodata.
                (seen + noise + 0.5).clamp(1.0, 20_000.0) as u16
            })
            .collect()
    }

    fn cloud_seed(&self) -> u64 {
        mix(self.seed ^ mix(self.datetime.timestamp() as u64))
    }

    fn clouds(&self) -> Fractal {
        Fractal::new(self.cloud_seed(), 9_000.0, 6, 0.6)
    }

    /// Noise at the middle of the clouds' fringe: the share of it above is the cloud cover.
    fn cloud_threshold(&self, clouds: &Fractal) -> f32 {
        let mut samples = self.cloud_samples(clouds);
        samples.sort_by(f32::total_cmp);
        let clear = (1.0 - self.cloud_cover) * samples.len() as f64;
        samples.get(clear as usize).copied().unwrap_or(f32::INFINITY)
    }

    /// The clouds' noise on a coarse grid over the scene.
    fn cloud_samples(&self, clouds: &Fractal) -> Vec<f32> {
        let step = |side: u32| f64::from(side) / f64::from(CLOUD_SAMPLES);
        let (x_step, y_step) = (step(self.size.0), step(self.size.1));
        let mut samples = vec![0.0; (CLOUD_SAMPLES * CLOUD_SAMPLES) as usize];
        for (row, out) in (0..CLOUD_SAMPLES).zip(samples.chunks_mut(CLOUD_SAMPLES as usize)) {
            let (x, y) = self.transform().apply(0.5 * x_step, (f64::from(row) + 0.5) * y_step);
            clouds.row(x, self.resolution * x_step, y, out);
        }
        samples
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scene() -> Scene {
        Scene {
            id: "test".to_owned(),
            datetime: DateTime::from_timestamp(1_712_000_000, 0).unwrap(),
            zone: 43,
            origin: (699_960.0, 1_500_000.0),
            size: (400, 300),
            resolution: 100.0,
            seed: 1,
            cloud_cover: 0.0,
            noise: 20.0,
            swath_edge: None,
        }
    }

    #[test]
    fn bands_are_the_same_alone_and_together() {
        let both = scene().render(&[Band::B04, Band::B08]).unwrap();
        let alone = scene().render(&[Band::B08]).unwrap();
        assert_eq!(both[1], alone[0]);
        assert_ne!(both[0], both[1]);
    }

    #[test]
    fn vegetation_and_bare_soil_show_in_the_ndvi() {
        let bands = scene().render(&[Band::B04, Band::B08]).unwrap();
        let mut ndvi: Vec<f64> = bands[0]
            .samples()
            .iter()
            .zip(bands[1].samples())
            .map(|(red, nir)| (f64::from(*nir) - f64::from(*red)) / (f64::from(*nir) + f64::from(*red)))
            .collect();
        ndvi.sort_by(f64::total_cmp);
        let quantile = |q: f64| ndvi[(q * (ndvi.len() - 1) as f64) as usize];
        assert!(quantile(0.02) < 0.0, "no water: {}", quantile(0.02));
        assert!(quantile(0.25) < 0.35, "no bare soil: {}", quantile(0.25));
        assert!(quantile(0.9) > 0.6, "no plants: {}", quantile(0.9));
    }

    #[test]
    fn clouds_cover_what_was_asked_for() {
        for wanted in [0.0, 0.1, 0.5, 0.9] {
            let cloudy = Scene { cloud_cover: wanted, ..scene() };
            let clear = scene().render(&[Band::B02]).unwrap();
            let image = &cloudy.render(&[Band::B02]).unwrap()[0];
            let pairs = image.samples().iter().zip(clear[0].samples());
            let covered =
                pairs.filter(|(cloudy, clear)| i32::from(**cloudy) - i32::from(**clear) > 3000).count();
            let cover = covered as f64 / image.samples().len() as f64;
            assert!((cover - wanted).abs() < 0.03, "{cover}, not {wanted}");
        }
    }

    #[test]
    fn there_is_no_data_west_of_the_swath_and_all_else_has_some() {
        let edge = Scene { swath_edge: Some((0.5, 0.0)), ..scene() };
        let image = &edge.render(&[Band::B08]).unwrap()[0];
        let empty = |row: u32| image.row(0, row).iter().take_while(|sample| **sample == NODATA).count();
        assert_eq!((empty(0), empty(150), empty(299)), (200, 100, 0));
        let nodata = image.samples().iter().filter(|sample| **sample == NODATA).count();
        assert_eq!(nodata, (0..300).map(empty).sum::<usize>());
        assert_eq!(edge.corners()[0], (719_960.0, 1_500_000.0));
        assert_eq!(edge.corners()[1], (699_960.0, 1_470_000.0));
    }
}
