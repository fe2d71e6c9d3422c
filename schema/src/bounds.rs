//! Rectangles in CRS coordinates.

/// A bounding box. In geographic coordinates `xmin > xmax` means that it crosses the antimeridian
/// (RFC 7946, section 5.2).
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct BoundingBox {
    /// West.
    pub xmin: f64,
    /// South.
    pub ymin: f64,
    /// East.
    pub xmax: f64,
    /// North.
    pub ymax: f64,
}

impl BoundingBox {
    /// From west, south, east, north.
    pub const fn new(xmin: f64, ymin: f64, xmax: f64, ymax: f64) -> Self {
        BoundingBox { xmin, ymin, xmax, ymax }
    }

    /// Whether a geographic box crosses the antimeridian.
    pub fn crosses_antimeridian(&self) -> bool {
        self.xmin > self.xmax
    }

    /// The one or two boxes with `xmin <= xmax` that a geographic box consists of.
    pub fn parts(&self) -> impl Iterator<Item = BoundingBox> {
        let (first, second) = if self.crosses_antimeridian() {
            (BoundingBox { xmax: 180.0, ..*self }, Some(BoundingBox { xmin: -180.0, ..*self }))
        } else {
            (*self, None)
        };
        std::iter::once(first).chain(second)
    }

    /// Whether both boxes share a point, edges included; either may cross the antimeridian.
    pub fn intersects(&self, other: &BoundingBox) -> bool {
        self.parts().any(|a| {
            other
                .parts()
                .any(|b| a.xmin <= b.xmax && b.xmin <= a.xmax && a.ymin <= b.ymax && b.ymin <= a.ymax)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn antimeridian() {
        let fiji = BoundingBox::new(177.0, -20.0, -178.0, -15.0);
        assert!(fiji.intersects(&BoundingBox::new(178.0, -18.0, 179.0, -17.0)));
        assert!(fiji.intersects(&BoundingBox::new(-179.0, -18.0, -178.5, -17.0)));
        assert!(fiji.intersects(&BoundingBox::new(179.5, -16.0, -170.0, -10.0)));
        assert!(!fiji.intersects(&BoundingBox::new(-10.0, -18.0, 10.0, -17.0)));
    }
}
