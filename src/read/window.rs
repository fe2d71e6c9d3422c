//! The pixels of a raster that an area spans.

use crate::crs::vertices::for_each_vertex;
use geo_types::Geometry;
use rasteret_schema::{Geotransform, Window};

/// Why there is no window.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum WindowError {
    /// The geotransform maps all pixels to a line or a point.
    #[error("the geotransform {0:?} cannot be inverted")]
    SingularTransform(Geotransform),
    /// A coordinate is NaN or infinite.
    #[error("the vertex ({x}, {y}) is not finite")]
    NotFinite {
        /// Easting or longitude.
        x: f64,
        /// Northing or latitude.
        y: f64,
    },
}

/// The smallest window of a raster of `width` × `height` pixels that holds what there is of
/// `geometry`, whose coordinates are in the raster's CRS: from the floor of the least row and column
/// to the ceiling of the greatest, clipped to the raster. `None` where they do not overlap.
///
/// This is `rasterio.features.geometry_window` without padding, with the same roundings.
///
/// ```
/// use rasteret::read::window::geometry_window;
/// use rasteret_schema::{Geotransform, Window};
///
/// let transform = Geotransform::new(10.0, 0.0, 500_000.0, 0.0, -10.0, 1_500_000.0);
/// let area = geo_types::Rect::new((500_015.0, 1_499_960.0), (500_042.0, 1_600_000.0));
/// let window = geometry_window(&area.into(), &transform, 100, 100)?;
/// assert_eq!(window, Some(Window::new(1, 0, 4, 4)));
/// # Ok::<(), rasteret::read::window::WindowError>(())
/// ```
pub fn geometry_window(
    geometry: &Geometry<f64>,
    transform: &Geotransform,
    width: u32,
    height: u32,
) -> Result<Option<Window>, WindowError> {
    let to_pixel = transform.inverse().ok_or(WindowError::SingularTransform(*transform))?;
    let mut least = [f64::INFINITY; 2];
    let mut greatest = [f64::NEG_INFINITY; 2];
    let mut not_finite = None;
    for_each_vertex(geometry, &mut |vertex| {
        let (column, row) = to_pixel.apply(vertex.x, vertex.y);
        if !column.is_finite() || !row.is_finite() {
            not_finite = not_finite.or(Some(vertex));
        }
        least = [least[0].min(column), least[1].min(row)];
        greatest = [greatest[0].max(column), greatest[1].max(row)];
    });
    if let Some(vertex) = not_finite {
        return Err(WindowError::NotFinite { x: vertex.x, y: vertex.y });
    }
    // Casts saturate, and what is clipped to the raster fits.
    let range = |axis: usize, size: u32| {
        let start = least[axis].floor().max(0.0);
        let end = greatest[axis].ceil().min(f64::from(size));
        (start < end).then_some((start as u32, (end - start) as u32))
    };
    let columns = range(0, width);
    let rows = range(1, height);
    Ok(columns.zip(rows).map(|((column, width), (row, height))| Window::new(column, row, width, height)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo_types::{LineString, Rect, point};
    use proptest::prelude::*;

    const TRANSFORM: Geotransform = Geotransform::new(10.0, 0.0, 500_000.0, 0.0, -10.0, 1_500_000.0);

    fn window(west: f64, south: f64, east: f64, north: f64) -> Option<Window> {
        let rect =
            Rect::new((500_000.0 + west, 1_500_000.0 + south), (500_000.0 + east, 1_500_000.0 + north));
        geometry_window(&rect.into(), &TRANSFORM, 100, 50).unwrap()
    }

    #[test]
    fn whole_pixels_and_parts_of_them() {
        assert_eq!(window(0.0, -500.0, 1000.0, 0.0), Some(Window::new(0, 0, 100, 50)));
        assert_eq!(window(20.0, -40.0, 30.0, -20.0), Some(Window::new(2, 2, 1, 2)));
        assert_eq!(window(19.9, -40.1, 30.1, -19.9), Some(Window::new(1, 1, 3, 4)));
        assert_eq!(window(-1e6, -1e6, 1e6, 1e6), Some(Window::new(0, 0, 100, 50)));
    }

    #[test]
    fn nothing_in_common() {
        assert_eq!(window(-50.0, -50.0, 0.0, 0.0), None);
        assert_eq!(window(1000.0, -50.0, 1010.0, 0.0), None);
        assert_eq!(window(0.0, 0.0, 50.0, 50.0), None);
        assert_eq!(window(0.0, -510.0, 50.0, -500.0), None);
        let none = Geometry::LineString(LineString::new(vec![]));
        assert_eq!(geometry_window(&none, &TRANSFORM, 100, 50).unwrap(), None);
    }

    #[test]
    fn errors() {
        let flat = Geotransform::new(0.0, 0.0, 0.0, 0.0, -1.0, 0.0);
        let origin = Geometry::Point(point!(x: 0.0, y: 0.0));
        assert_eq!(geometry_window(&origin, &flat, 9, 9), Err(WindowError::SingularTransform(flat)));
        let nowhere = Geometry::Point(point!(x: f64::INFINITY, y: 0.0));
        assert!(matches!(geometry_window(&nowhere, &TRANSFORM, 9, 9), Err(WindowError::NotFinite { .. })));
    }

    proptest! {
        #[test]
        fn lies_in_the_raster(values in prop::collection::vec(prop::num::f64::ANY, 2..12), width: u32, height: u32) {
            let coords: Vec<_> = values.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
            let line = Geometry::LineString(LineString::from(coords));
            if let Ok(Some(window)) = geometry_window(&line, &TRANSFORM, width, height) {
                prop_assert!(window.width > 0 && window.height > 0);
                prop_assert!(window.column_end() <= width && window.row_end() <= height);
            }
        }

        /// Moving a window by whole pixels moves what it is cut to.
        #[test]
        fn moves_with_its_area(column in 0..90_u32, row in 0..40_u32, width in 1..10_u32, height in 1..10_u32) {
            let (x, y) = (f64::from(column) * 10.0, -f64::from(row) * 10.0);
            let inner = window(x + 0.5, y - f64::from(height) * 10.0 + 0.5, x + f64::from(width) * 10.0 - 0.5, y - 0.5);
            prop_assert_eq!(inner, Some(Window::new(column, row, width, height)));
        }
    }
}
