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

    /// The box around all boxes. Where one of them crosses the antimeridian, so does the result: it is
    /// what the widest gap between their longitudes leaves. `None` for no boxes.
    pub fn around(boxes: &[BoundingBox]) -> Option<BoundingBox> {
        let ymin = boxes.iter().map(|bbox| bbox.ymin).reduce(f64::min)?;
        let ymax = boxes.iter().map(|bbox| bbox.ymax).reduce(f64::max)?;
        if boxes.iter().all(|bbox| !bbox.crosses_antimeridian()) {
            let xmin = boxes.iter().map(|bbox| bbox.xmin).reduce(f64::min)?;
            let xmax = boxes.iter().map(|bbox| bbox.xmax).reduce(f64::max)?;
            return Some(BoundingBox { xmin, ymin, xmax, ymax });
        }
        let mut parts: Vec<BoundingBox> = boxes.iter().flat_map(BoundingBox::parts).collect();
        parts.sort_by(|a, b| a.xmin.total_cmp(&b.xmin));
        let mut gap = (0.0, BoundingBox { xmin: -180.0, ymin, xmax: 180.0, ymax });
        let mut covered = f64::INFINITY;
        for part in &parts {
            if part.xmin - covered > gap.0 {
                gap = (part.xmin - covered, BoundingBox { xmin: part.xmin, ymin, xmax: covered, ymax });
            }
            covered = if covered.is_finite() { covered.max(part.xmax) } else { part.xmax };
        }
        Some(gap.1)
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
    fn around_crosses_where_its_boxes_do() {
        let fiji = BoundingBox::new(177.0, -20.0, -178.0, -15.0);
        let samoa = BoundingBox::new(-173.0, -14.0, -171.0, -13.0);
        let tonga = BoundingBox::new(-176.0, -22.0, -174.0, -15.0);
        assert_eq!(
            BoundingBox::around(&[samoa, fiji, tonga]),
            Some(BoundingBox::new(177.0, -22.0, -171.0, -13.0))
        );
        assert_eq!(
            BoundingBox::around(&[samoa, tonga]),
            Some(BoundingBox::new(-176.0, -22.0, -171.0, -13.0))
        );
        let world = BoundingBox::new(-180.0, -90.0, 180.0, 90.0);
        assert_eq!(BoundingBox::around(&[fiji, world]), Some(world));
        assert_eq!(BoundingBox::around(&[]), None);
    }

    #[test]
    fn antimeridian() {
        let fiji = BoundingBox::new(177.0, -20.0, -178.0, -15.0);
        assert!(fiji.intersects(&BoundingBox::new(178.0, -18.0, 179.0, -17.0)));
        assert!(fiji.intersects(&BoundingBox::new(-179.0, -18.0, -178.5, -17.0)));
        assert!(fiji.intersects(&BoundingBox::new(179.5, -16.0, -170.0, -10.0)));
        assert!(!fiji.intersects(&BoundingBox::new(-10.0, -18.0, 10.0, -17.0)));
    }
}
