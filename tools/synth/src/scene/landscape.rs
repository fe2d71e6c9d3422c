//! The ground: relief, water, natural vegetation, and fields whose crops grow and are reaped.

use super::noise::{Fractal, hash, unit};

/// What a satellite would see of one pixel on a clear day.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ground {
    /// Part of the pixel that plants cover, 0 to 1.
    pub vegetation: f32,
    /// How brightly the slope is lit, about 1.
    pub light: f32,
    /// Whether the pixel is water.
    pub water: bool,
}

/// The ground of one region, on a plane of metres. It stays the same from scene to scene, but for
/// what the season changes.
#[derive(Debug, Clone)]
pub(super) struct Landscape {
    seed: u64,
    relief: Fractal,
    moisture: Fractal,
}

/// Relief below which there is water, and above which there are no fields.
const SHORE: f32 = -0.4;
const FOOTHILLS: f32 = 0.2;

/// Sides of a parcel in metres, and of a region in which parcels have one direction.
const PARCEL: (f64, f64) = (310.0, 170.0);
const REGION: f64 = 7_000.0;

/// Cosine and sine of the directions of parcels, from Pythagorean triples.
const DIRECTIONS: [(f64, f64); 4] =
    [(1.0, 0.0), (0.8, 0.6), (5.0 / 13.0, 12.0 / 13.0), (15.0 / 17.0, -8.0 / 17.0)];

impl Landscape {
    pub fn new(seed: u64) -> Self {
        Landscape {
            seed,
            relief: Fractal::new(seed, 7_000.0, 5, 0.5),
            moisture: Fractal::new(seed ^ 1, 5_000.0, 5, 0.5),
        }
    }

    /// The ground along a row of pixels on a day of the year, from west to east.
    pub fn row(&self, day: f32, x: f64, step: f64, y: f64, out: &mut [Ground]) {
        let mut relief = vec![0.0; out.len() + 1];
        let mut moisture = vec![0.0; out.len()];
        self.relief.row(x, step, y, &mut relief);
        self.moisture.row(x, step, y, &mut moisture);
        // Rains in the second half of the year.
        let season = 0.7 + 0.3 * pulse(day, 275.0, 140.0);
        for (index, ground) in out.iter_mut().enumerate() {
            let (height, east, moisture) = (relief[index], relief[index + 1], moisture[index]);
            let natural = (0.5 + 0.55 * moisture + 0.5 * height.max(0.0)) * season;
            let vegetation = match height {
                ..FOOTHILLS if moisture > -0.3 => {
                    self.field(day, x + index as f64 * step, y).unwrap_or(natural)
                }
                _ => natural,
            };
            // The sun stands in the east. Relief of 1 is some 250 m.
            let slope = (height - east) * (250.0 / step as f32);
            *ground = Ground {
                vegetation: vegetation.clamp(0.02, 0.95),
                light: (1.0 - slope).clamp(0.5, 1.5),
                water: height < SHORE,
            };
        }
    }

    /// Plant cover of the parcel at a place, `None` where nothing is grown.
    fn field(&self, day: f32, x: f64, y: f64) -> Option<f32> {
        let region = hash(self.seed ^ 2, (x / REGION).floor() as i64, (y / REGION).floor() as i64);
        let (cosine, sine) = DIRECTIONS[(region % 4) as usize];
        let along = (x * cosine + y * sine) / PARCEL.0;
        let across = (y * cosine - x * sine) / PARCEL.1;
        let (column, row) = (along.floor(), across.floor());
        if (along - column) * PARCEL.0 < 12.0 || (across - row) * PARCEL.1 < 12.0 {
            return Some(0.15); // a track
        }
        let parcel = hash(self.seed ^ 3, column as i64, row as i64);
        let ripe = unit(parcel.rotate_left(24)) * 365.0;
        match parcel % 8 {
            0 => None,
            1 => Some(0.08),
            2 => Some(0.7),
            // Two crops a year.
            _ => Some(0.1 + 0.85 * (pulse(day, ripe, 75.0) + pulse(day, ripe + 182.0, 60.0))),
        }
    }
}

/// A rise and fall around a day of the year, 1 at its peak, 0 from `width` days on.
fn pulse(day: f32, peak: f32, width: f32) -> f32 {
    let apart = (day - peak).rem_euclid(365.0);
    let apart = apart.min(365.0 - apart) / width;
    (1.0 - apart * apart).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pulses_wrap_around_the_year() {
        assert_eq!(pulse(10.0, 10.0, 30.0), 1.0);
        assert!((pulse(360.0, 3.0, 30.0) - pulse(11.0, 3.0, 30.0)).abs() < 1e-6);
        assert_eq!(pulse(100.0, 10.0, 30.0), 0.0);
    }

    #[test]
    fn the_ground_has_water_and_plants_of_every_density() {
        let landscape = Landscape::new(43);
        let mut pixels = Vec::new();
        for y in 0..50 {
            let mut row = vec![Ground::default(); 500];
            landscape.row(100.0, 700_000.0, 80.0, 1_400_000.0 + 800.0 * f64::from(y), &mut row);
            pixels.extend(row);
        }
        let share = |what: &dyn Fn(&Ground) -> bool| {
            pixels.iter().filter(|pixel| what(pixel)).count() as f64 / pixels.len() as f64
        };
        assert!((0.02..0.4).contains(&share(&|pixel| pixel.water)), "{}", share(&|pixel| pixel.water));
        assert!(share(&|pixel| pixel.vegetation < 0.2) > 0.1);
        assert!(share(&|pixel| pixel.vegetation > 0.7) > 0.1);
    }
}
