//! The affine mapping from pixel to CRS coordinates.

use rkyv::{Archive, Deserialize, Serialize};

/// `x = a·column + b·row + c`, `y = d·column + e·row + f`: the coefficients in the order of
/// rasterio's `Affine`, from the upper left corner of the upper left pixel (PixelIsArea).
#[derive(
    Debug, Clone, Copy, PartialEq, Archive, Serialize, Deserialize, serde::Serialize, serde::Deserialize,
)]
pub struct Geotransform {
    /// CRS units in x for each column.
    pub a: f64,
    /// CRS units in x for each row.
    pub b: f64,
    /// x of the upper left corner.
    pub c: f64,
    /// CRS units in y for each column.
    pub d: f64,
    /// CRS units in y for each row; negative where north is up.
    pub e: f64,
    /// y of the upper left corner.
    pub f: f64,
}

impl Geotransform {
    /// From coefficients in rasterio's order.
    pub const fn new(a: f64, b: f64, c: f64, d: f64, e: f64, f: f64) -> Self {
        Geotransform { a, b, c, d, e, f }
    }

    /// From GDAL's order: `[c, a, b, f, d, e]`.
    pub const fn from_gdal(gt: [f64; 6]) -> Self {
        Geotransform { a: gt[1], b: gt[2], c: gt[0], d: gt[4], e: gt[5], f: gt[3] }
    }

    /// In GDAL's order: `[c, a, b, f, d, e]`.
    pub const fn to_gdal(self) -> [f64; 6] {
        [self.c, self.a, self.b, self.f, self.d, self.e]
    }

    /// In rasterio's order: `[a, b, c, d, e, f]`.
    pub const fn to_array(self) -> [f64; 6] {
        [self.a, self.b, self.c, self.d, self.e, self.f]
    }

    /// CRS coordinates `(x, y)` of a pixel coordinate.
    pub fn apply(&self, column: f64, row: f64) -> (f64, f64) {
        (column * self.a + row * self.b + self.c, column * self.d + row * self.e + self.f)
    }

    /// The mapping from CRS to pixel coordinates, computed in the order of the `affine` package so
    /// that both round alike; `None` where the mapping is singular or not finite.
    pub fn inverse(&self) -> Option<Geotransform> {
        let determinant = self.a * self.e - self.b * self.d;
        let inverse = 1.0 / determinant;
        let (a, b, d, e) = (self.e * inverse, -self.b * inverse, -self.d * inverse, self.a * inverse);
        let result = Geotransform { a, b, c: -self.c * a - self.f * b, d, e, f: -self.c * d - self.f * e };
        result.to_array().iter().all(|value| value.is_finite()).then_some(result)
    }

    /// Whether rows and columns are parallel to the CRS axes.
    pub fn is_axis_aligned(&self) -> bool {
        self.b == 0.0 && self.d == 0.0
    }

    /// Whether rows run from south to north.
    pub fn is_south_up(&self) -> bool {
        self.e > 0.0
    }

    /// The geotransform of a window that starts at `(column, row)`.
    pub fn translated(&self, column: f64, row: f64) -> Geotransform {
        let (c, f) = self.apply(column, row);
        Geotransform { c, f, ..*self }
    }

    /// The geotransform of the same extent in pixels `x_factor` × `y_factor` as large.
    pub fn scaled(&self, x_factor: f64, y_factor: f64) -> Geotransform {
        Geotransform {
            a: self.a * x_factor,
            b: self.b * y_factor,
            d: self.d * x_factor,
            e: self.e * y_factor,
            ..*self
        }
    }

    /// Absolute width and height of a pixel along its own axes, in CRS units.
    pub fn pixel_size(&self) -> (f64, f64) {
        (self.a.hypot(self.d), self.b.hypot(self.e))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inverse_undoes() {
        let transform = Geotransform::new(10.0, 0.0, 699960.0, 0.0, -10.0, 1500000.0);
        let inverse = transform.inverse().unwrap();
        let (x, y) = transform.apply(17.5, 40.25);
        assert_eq!(inverse.apply(x, y), (17.5, 40.25));
        assert_eq!(Geotransform::new(0.0, 0.0, 1.0, 0.0, 0.0, 1.0).inverse(), None);
    }
}
