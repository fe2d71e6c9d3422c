//! Noise from an integer hash: the same on every machine, at every place, in any order.
//!
//! Only operations that IEEE 754 defines to the bit are used (no sines, no powers), so that files
//! made on different machines are the same.

/// The output function of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators).
pub(crate) fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// A random number of a place.
pub(crate) fn hash(seed: u64, x: i64, y: i64) -> u64 {
    const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
    let seed = mix(seed.wrapping_add((x as u64).wrapping_mul(STEP)));
    mix(seed.wrapping_add((y as u64).wrapping_mul(STEP).rotate_left(32)))
}

/// A number in [0, 1) from random bits.
pub(crate) fn unit(bits: u64) -> f32 {
    (bits >> 40) as f32 / (1u64 << 24) as f32
}

/// An approximately normal number of variance 1, from random bits: the sum of four uniform ones.
pub(crate) fn normal(bits: u64) -> f32 {
    let sum: u64 = (0..4).map(|part| (bits >> (16 * part)) & 0xffff).sum();
    // Four uniform numbers of 16 bits have a mean of 2 · 65535 and a deviation of 65536 / √3.
    (sum as f32 - 131_070.0) * (1.732_050_8 / 65_536.0)
}

/// 3t² - 2t³, which runs from 0 to 1 without a kink at either end.
pub(crate) fn smoothstep(t: f32) -> f32 {
    let t = t.clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// Fractal noise: octaves of value noise, each of half the wavelength of the one before.
#[derive(Debug, Clone)]
pub(crate) struct Fractal {
    seed: u64,
    wavelength: f64,
    octaves: u32,
    /// Amplitude of an octave as a part of that before.
    gain: f32,
}

impl Fractal {
    /// Values lie between -1 and 1.
    pub fn new(seed: u64, wavelength: f64, octaves: u32, gain: f32) -> Self {
        Fractal { seed, wavelength, octaves, gain }
    }

    /// The noise along a row: at `x`, `x + step` and so on.
    pub fn row(&self, x: f64, step: f64, y: f64, out: &mut [f32]) {
        out.fill(0.0);
        let total: f32 =
            (0..self.octaves).scan(1.0, |next, _| Some(std::mem::replace(next, *next * self.gain))).sum();
        let (mut wavelength, mut amplitude) = (self.wavelength, 1.0 / total);
        for octave in 0..self.octaves {
            let seed = mix(self.seed.wrapping_add(octave.into()));
            add_octave(seed, amplitude, x / wavelength, step / wavelength, y / wavelength, out);
            wavelength *= 0.5;
            amplitude *= self.gain;
        }
    }
}

/// Adds value noise of wavelength 1.
fn add_octave(seed: u64, amplitude: f32, x: f64, step: f64, y: f64, out: &mut [f32]) {
    let row = y.floor();
    let weight = smoothstep((y - row) as f32);
    let node = |column: i64| {
        let value = |row| 2.0 * unit(hash(seed, column, row)) - 1.0;
        let (above, below) = (value(row as i64), value(row as i64 + 1));
        (above + (below - above) * weight) * amplitude
    };
    // Cells are counted from the first one, so that a cast rounds down.
    let first = x.floor();
    let start = x - first;
    let mut cell = 0;
    let (mut left, mut right) = (node(first as i64), node(first as i64 + 1));
    for (index, out) in out.iter_mut().enumerate() {
        let position = start + index as f64 * step;
        if position as i64 != cell {
            cell = position as i64;
            (left, right) = (node(first as i64 + cell), node(first as i64 + cell + 1));
        }
        let t = (position - cell as f64) as f32;
        *out += left + (right - left) * (t * t * (3.0 - 2.0 * t));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_one_value_whatever_the_row_it_is_read_in() {
        let noise = Fractal::new(7, 1000.0, 6, 0.5);
        let (mut long, mut short) = ([0.0; 300], [0.0; 100]);
        noise.row(-1500.0, 10.0, 77.0, &mut long);
        noise.row(500.0, 10.0, 77.0, &mut short);
        for (a, b) in long[200..].iter().zip(short) {
            assert!((a - b).abs() < 1e-5);
        }
        assert!(long.iter().all(|value| value.abs() <= 1.0));
    }

    #[test]
    fn neighbours_are_alike() {
        let mut row = [0.0; 1000];
        Fractal::new(3, 500.0, 1, 0.5).row(0.0, 1.0, 0.5, &mut row);
        assert!(row.windows(2).all(|pair| (pair[0] - pair[1]).abs() < 0.01));
        let spread = row.iter().fold(0.0f32, |spread, value| spread.max(value.abs()));
        assert!(spread > 0.1, "{spread}");
    }

    #[test]
    fn normal_numbers_have_mean_0_and_variance_1() {
        let numbers: Vec<f32> = (0..100_000).map(|i| normal(mix(i))).collect();
        let mean = numbers.iter().sum::<f32>() / 1e5;
        let variance = numbers.iter().map(|n| n * n).sum::<f32>() / 1e5;
        assert!(mean.abs() < 0.02 && (variance - 1.0).abs() < 0.02, "{mean} {variance}");
    }
}
