//! UTM to longitude and latitude on WGS 84.
//!
//! Krüger's series to the sixth order, as C. F. F. Karney gives it in "Transverse Mercator with an
//! accuracy of a few nanometers" (2011), equations 7 to 21 and 36.

const SEMI_MAJOR_AXIS: f64 = 6_378_137.0;
const FLATTENING: f64 = 1.0 / 298.257_223_563;
const SCALE: f64 = 0.9996;
const FALSE_EASTING: f64 = 500_000.0;
const FALSE_NORTHING: f64 = 10_000_000.0;

/// Longitude and latitude in degrees of a point in a UTM zone, 1 to 60.
///
/// ```
/// let (longitude, latitude) = rasteret_synth::stac::utm_to_degrees(31, true, 500000.0, 0.0);
/// assert!((longitude - 3.0).abs() < 1e-12 && latitude.abs() < 1e-12);
/// ```
pub fn utm_to_degrees(zone: u8, north: bool, easting: f64, northing: f64) -> (f64, f64) {
    let n = FLATTENING / (2.0 - FLATTENING);
    let radius = SEMI_MAJOR_AXIS / (1.0 + n)
        * polynomial(n, &[1.0, 0.0, 1.0 / 4.0, 0.0, 1.0 / 64.0, 0.0, 1.0 / 256.0]);
    let false_northing = if north { 0.0 } else { FALSE_NORTHING };
    let xi = (northing - false_northing) / (SCALE * radius);
    let eta = (easting - FALSE_EASTING) / (SCALE * radius);

    let (mut xi_sphere, mut eta_sphere) = (xi, eta);
    for (order, beta) in (1..).zip(beta(n)) {
        let twice = 2.0 * f64::from(order);
        xi_sphere -= beta * (twice * xi).sin() * (twice * eta).cosh();
        eta_sphere -= beta * (twice * xi).cos() * (twice * eta).sinh();
    }
    let tan_conformal = xi_sphere.sin() / eta_sphere.sinh().hypot(xi_sphere.cos());
    let longitude = eta_sphere.sinh().atan2(xi_sphere.cos()).to_degrees();
    (central_meridian(zone) + longitude, tan_geographic(tan_conformal).atan().to_degrees())
}

fn central_meridian(zone: u8) -> f64 {
    6.0 * f64::from(zone) - 183.0
}

/// The series' coefficients, from the third flattening.
fn beta(n: f64) -> [f64; 6] {
    [
        polynomial(
            n,
            &[0.0, 1.0 / 2.0, -2.0 / 3.0, 37.0 / 96.0, -1.0 / 360.0, -81.0 / 512.0, 96_199.0 / 604_800.0],
        ),
        polynomial(
            n,
            &[0.0, 0.0, 1.0 / 48.0, 1.0 / 15.0, -437.0 / 1440.0, 46.0 / 105.0, -1_118_711.0 / 3_870_720.0],
        ),
        polynomial(n, &[0.0, 0.0, 0.0, 17.0 / 480.0, -37.0 / 840.0, -209.0 / 4480.0, 5569.0 / 90_720.0]),
        polynomial(n, &[0.0, 0.0, 0.0, 0.0, 4397.0 / 161_280.0, -11.0 / 504.0, -830_251.0 / 7_257_600.0]),
        polynomial(n, &[0.0, 0.0, 0.0, 0.0, 0.0, 4583.0 / 161_280.0, -108_847.0 / 3_991_680.0]),
        polynomial(n, &[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 20_648_693.0 / 638_668_800.0]),
    ]
}

/// `c₀ + c₁x + c₂x² + …`
fn polynomial(x: f64, coefficients: &[f64]) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, coefficient| sum * x + coefficient)
}

/// The tangent of the geographic latitude, from that of the conformal latitude, by Newton's method.
fn tan_geographic(tan_conformal: f64) -> f64 {
    let eccentricity = (FLATTENING * (2.0 - FLATTENING)).sqrt();
    let rest = 1.0 - eccentricity * eccentricity;
    let mut tan = tan_conformal;
    // Three steps reach the precision of a double; two more cost nothing.
    for _ in 0..5 {
        let secant = tan.hypot(1.0);
        let sigma = (eccentricity * (eccentricity * tan / secant).atanh()).sinh();
        let conformal = tan * sigma.hypot(1.0) - sigma * secant;
        tan +=
            (tan_conformal - conformal) / conformal.hypot(1.0) * (1.0 + rest * tan * tan) / (rest * secant);
    }
    tan
}
