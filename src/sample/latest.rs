//! One record for each point.

use super::PixelPoint;

/// Gives each point to the first raster that it lies on; with the rasters of a band in the order of their time,
/// latest first, that is the latest. Whether there is data at the point does not matter.
///
/// ```
/// use rasteret::sample::{Latest, PixelPoint};
/// let at = |point| PixelPoint { point, column: 0, row: 0, x: 0.5, y: 0.5 };
/// let mut latest = Latest::new(3);
/// assert_eq!(latest.claim(vec![at(0), at(2)]).len(), 2);
/// assert_eq!(latest.claim(vec![at(1), at(2)]), [at(1)]);
/// assert!(latest.is_done());
/// ```
#[derive(Debug, Clone)]
pub struct Latest {
    claimed: Vec<bool>,
    left: usize,
}

impl Latest {
    /// For one band and a number of points.
    pub fn new(points: usize) -> Latest {
        Latest { claimed: vec![false; points], left: points }
    }

    /// The points on the next raster that lie on none before it.
    pub fn claim(&mut self, mut points: Vec<PixelPoint>) -> Vec<PixelPoint> {
        points.retain(|point| match self.claimed.get_mut(point.point as usize) {
            Some(claimed) if !*claimed => {
                *claimed = true;
                self.left -= 1;
                true
            }
            _ => false,
        });
        points
    }

    /// Whether no point is left.
    pub fn is_done(&self) -> bool {
        self.left == 0
    }
}
