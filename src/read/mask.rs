//! Which pixels of a window lie inside a geometry.
//!
//! The result is that of `rasterio.features.geometry_mask`, pixel for pixel: the arithmetic is that
//! of GDAL 3.10, operation by operation (`gv_rasterize_one_shape` in `alg/gdalrasterize.cpp`, which
//! drives `alg/llrasterize.cpp`), so that centres and corners that lie exactly on an edge fall to
//! the same side. Work is O(edges + pixels): no pixel is tested against a polygon.
//!
//! | file | what it burns |
//! | --- | --- |
//! | `fill` | the interior of a polygon |
//! | `line` | the pixels along a line, and points |

mod fill;
mod line;

use geo_types::{Coord, Geometry, LineString, Polygon};
use rasteret_schema::Geotransform;

/// Why no mask can be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum MaskError {
    /// The geotransform maps all pixels to a line or a point.
    #[error("the geotransform {0:?} cannot be inverted")]
    SingularTransform(Geotransform),
    /// The mask does not fit into memory.
    #[error("a mask of {width} × {height} pixels does not fit into memory")]
    TooLarge {
        /// Columns that were asked for.
        width: u32,
        /// Rows that were asked for.
        height: u32,
    },
}

/// Which pixels of a window lie inside a geometry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mask {
    width: u32,
    height: u32,
    /// Row by row; `None` where every pixel lies inside.
    inside: Option<Vec<bool>>,
}

impl Mask {
    /// The pixels of a `width` × `height` window that lie inside `geometry`, whose coordinates are
    /// in the CRS of `transform`, the geotransform *of the window*.
    ///
    /// A pixel lies inside a polygon if its centre does; with `all_touched`, if the polygon touches
    /// it at all. Lines and points select the pixels that they run through. Parts of a collection
    /// are united. A geometry that `rasterio` calls invalid (no vertex, or a ring of less than four)
    /// selects nothing.
    ///
    /// ```
    /// use geo_types::polygon;
    /// use rasteret::read::mask::Mask;
    /// use rasteret_schema::Geotransform;
    ///
    /// let triangle = polygon![(x: 0.0, y: 0.0), (x: 29.0, y: 0.0), (x: 0.0, y: 29.0)];
    /// let transform = Geotransform::new(10.0, 0.0, 0.0, 0.0, -10.0, 30.0);
    /// let mask = Mask::new(&triangle.into(), &transform, 3, 3, false)?;
    /// assert_eq!(mask.row(0), Some(&[false, false, false][..]));
    /// assert_eq!(mask.row(2), Some(&[true, true, false][..]));
    /// # Ok::<(), rasteret::read::mask::MaskError>(())
    /// ```
    pub fn new(
        geometry: &Geometry<f64>,
        transform: &Geotransform,
        width: u32,
        height: u32,
        all_touched: bool,
    ) -> Result<Mask, MaskError> {
        let to_pixel = ToPixel::new(transform).ok_or(MaskError::SingularTransform(*transform))?;
        if let Geometry::Polygon(polygon) = geometry
            && to_pixel.rings(polygon).covers_all_centres(width, height)
        {
            return Ok(Mask { width, height, inside: None });
        }
        let mut canvas = Canvas::new(width, height).ok_or(MaskError::TooLarge { width, height })?;
        if is_drawable(geometry) {
            canvas.draw(geometry, &to_pixel, all_touched);
        }
        let all = canvas.pixels.iter().all(|&inside| inside);
        Ok(Mask { width, height, inside: (!all).then_some(canvas.pixels) })
    }

    /// Whether every pixel lies inside.
    pub fn is_all(&self) -> bool {
        self.inside.is_none()
    }

    /// Whether no pixel lies inside.
    pub fn is_empty(&self) -> bool {
        self.inside.as_ref().is_some_and(|inside| !inside.contains(&true))
    }

    /// Number of columns.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Number of rows.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// One row from left to right, true inside; `None` where the whole mask lies inside, so that
    /// there is nothing to do, and below the last row.
    pub fn row(&self, row: u32) -> Option<&[bool]> {
        let start = row as usize * self.width as usize;
        self.inside.as_ref()?.get(start..start + self.width as usize)
    }

    /// All pixels row by row, true inside.
    pub fn into_vec(self) -> Vec<bool> {
        self.inside.unwrap_or_else(|| vec![true; self.width as usize * self.height as usize])
    }
}

/// What `rasterio.features.is_valid_geom` lets through: only the first part of a collection of
/// lines or polygons is looked at.
fn is_drawable(geometry: &Geometry<f64>) -> bool {
    let polygon = |polygon: &Polygon<f64>| polygon.exterior().0.len() >= 4;
    match geometry {
        Geometry::Point(_) | Geometry::Line(_) | Geometry::Rect(_) | Geometry::Triangle(_) => true,
        Geometry::MultiPoint(points) => !points.0.is_empty(),
        Geometry::LineString(line) => line.0.len() >= 2,
        Geometry::MultiLineString(lines) => lines.0.first().is_some_and(|line| line.0.len() >= 2),
        Geometry::Polygon(part) => polygon(part),
        Geometry::MultiPolygon(parts) => parts.0.first().is_some_and(polygon),
        Geometry::GeometryCollection(parts) => !parts.0.is_empty() && parts.0.iter().all(is_drawable),
    }
}

/// The pixels of a mask while it is drawn. Positions outside are ignored.
struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<bool>,
}

impl Canvas {
    /// `None` where there is not enough memory.
    fn new(width: u32, height: u32) -> Option<Canvas> {
        let (width, height) = (width as usize, height as usize);
        let mut pixels = Vec::new();
        pixels.try_reserve_exact(width.checked_mul(height)?).ok()?;
        pixels.resize(width * height, false);
        Some(Canvas { width, height, pixels })
    }

    /// Parts are drawn one by one, as GDAL does when it replaces values.
    fn draw(&mut self, geometry: &Geometry<f64>, to_pixel: &ToPixel, all_touched: bool) {
        match geometry {
            Geometry::Polygon(polygon) => self.polygon(&to_pixel.rings(polygon), all_touched),
            Geometry::Rect(rect) => self.polygon(&to_pixel.rings(&rect.to_polygon()), all_touched),
            Geometry::Triangle(triangle) => {
                self.polygon(&to_pixel.rings(&triangle.to_polygon()), all_touched)
            }
            Geometry::MultiPolygon(parts) => {
                parts.0.iter().for_each(|part| self.polygon(&to_pixel.rings(part), all_touched));
            }
            Geometry::Line(line) => self.line(&to_pixel.line([line.start, line.end].iter()), all_touched),
            Geometry::LineString(line) => self.line(&to_pixel.line(line.0.iter()), all_touched),
            Geometry::MultiLineString(lines) => {
                lines.0.iter().for_each(|line| self.line(&to_pixel.line(line.0.iter()), all_touched));
            }
            Geometry::Point(point) => self.point(to_pixel.apply(point.0)),
            Geometry::MultiPoint(points) => {
                points.0.iter().for_each(|point| self.point(to_pixel.apply(point.0)))
            }
            Geometry::GeometryCollection(parts) => {
                parts.0.iter().for_each(|part| self.draw(part, to_pixel, all_touched));
            }
        }
    }

    fn polygon(&mut self, rings: &Rings, all_touched: bool) {
        if all_touched {
            rings.iter().for_each(|ring| line::touch(self, ring, line::Edges::OnlyWhatTheyCross));
        }
        fill::fill(self, rings);
    }

    fn line(&mut self, vertices: &[Coord<f64>], all_touched: bool) {
        if all_touched {
            line::touch(self, vertices, line::Edges::All);
        } else {
            line::trace(self, vertices);
        }
    }

    fn point(&mut self, position: Coord<f64>) {
        if position.x.is_finite() && position.y.is_finite() {
            self.set(position.y.floor() as i64, position.x.floor() as i64);
        }
    }

    fn set(&mut self, row: i64, column: i64) {
        if (0..self.height as i64).contains(&row) && (0..self.width as i64).contains(&column) {
            self.pixels[row as usize * self.width + column as usize] = true;
        }
    }

    /// Columns `start..end` of a row.
    fn set_run(&mut self, row: i64, start: i64, end: i64) {
        let (start, end) = (start.max(0), end.min(self.width as i64));
        if start < end && (0..self.height as i64).contains(&row) {
            let offset = row as usize * self.width;
            self.pixels[offset + start as usize..offset + end as usize].fill(true);
        }
    }
}

/// The mapping from CRS to pixel coordinates as GDAL computes it: `GDALInvGeoTransform` applied by
/// `GDALGenImgProjTransform` (`alg/gdaltransformer.cpp`). It rounds otherwise than
/// [`Geotransform::inverse`], which does what the `affine` package does.
struct ToPixel([f64; 6]);

impl ToPixel {
    /// `None` where the geotransform is singular or not finite.
    fn new(transform: &Geotransform) -> Option<ToPixel> {
        let Geotransform { a, b, c, d, e, f } = *transform;
        let inverse = if b == 0.0 && d == 0.0 && a != 0.0 && e != 0.0 {
            [-c / a, 1.0 / a, 0.0, -f / e, 0.0, 1.0 / e]
        } else {
            let determinant = a * e - b * d;
            let magnitude = a.abs().max(b.abs()).max(d.abs().max(e.abs()));
            if determinant.abs() <= 1e-10 * magnitude * magnitude {
                return None;
            }
            let scale = 1.0 / determinant;
            [(b * f - c * e) * scale, e * scale, -b * scale, (-a * f + c * d) * scale, -d * scale, a * scale]
        };
        inverse.iter().all(|value| value.is_finite()).then_some(ToPixel(inverse))
    }

    fn apply(&self, Coord { x, y }: Coord<f64>) -> Coord<f64> {
        let [c, a, b, f, d, e] = self.0;
        Coord { x: c + x * a + y * b, y: f + x * d + y * e }
    }

    /// A line from its last to its first vertex: `GDALCollectRingsFromGeometry` turns lines round.
    fn line<'a>(&self, vertices: impl DoubleEndedIterator<Item = &'a Coord<f64>>) -> Vec<Coord<f64>> {
        vertices.rev().map(|&vertex| self.apply(vertex)).collect()
    }

    /// The rings of a polygon, each clockwise in CRS coordinates, as `GDALCollectRingsFromGeometry`
    /// turns them. It matters where an edge runs exactly through pixel centres.
    fn rings(&self, polygon: &Polygon<f64>) -> Rings {
        let mut rings = Rings { vertices: Vec::new(), ends: Vec::new() };
        for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
            if ring.0.is_empty() {
                continue;
            }
            if is_clockwise(ring) {
                rings.vertices.extend(ring.0.iter().map(|&vertex| self.apply(vertex)));
            } else {
                rings.vertices.extend(ring.0.iter().rev().map(|&vertex| self.apply(vertex)));
            }
            rings.ends.push(rings.vertices.len());
        }
        rings
    }
}

/// The rings of one polygon in pixel coordinates, each closed; holes are not told apart, because
/// parity does that.
struct Rings {
    vertices: Vec<Coord<f64>>,
    ends: Vec<usize>,
}

impl Rings {
    fn iter(&self) -> impl Iterator<Item = &[Coord<f64>]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| &self.vertices[start..end])
    }

    /// Whether this is one rectangle parallel to the pixel grid for which [`fill::fill`] would fill
    /// everything: what a bbox in the CRS of the raster is. Then no mask is needed at all.
    fn covers_all_centres(&self, width: u32, height: u32) -> bool {
        let &[a, b, c, d, e] = self.vertices.as_slice() else { return false };
        let along_columns_first = a.x == b.x && b.y == c.y && c.x == d.x && d.y == a.y;
        let along_rows_first = a.y == b.y && b.x == c.x && c.y == d.y && d.x == a.x;
        if self.ends.len() != 1 || a != e || !(along_columns_first || along_rows_first) {
            return false;
        }
        // A lower edge exactly through the centres of the last row is left to `fill`.
        (a.x.min(c.x) + 0.5).floor() <= 0.0
            && (a.x.max(c.x) + 0.5).floor() >= f64::from(width)
            && a.y.min(c.y) <= 0.5
            && a.y.max(c.y) > f64::from(height) - 0.5
    }
}

/// `OGRLineString::isClockwise` (`ogr/ogrlinestring.cpp`) of a closed ring, tolerances included.
fn is_clockwise(ring: &LineString<f64>) -> bool {
    let ring = ring.0.as_slice();
    let Some(last) = ring.len().checked_sub(1).filter(|&last| last > 0) else { return true };
    // The lowest vertex, of these the rightmost, is convex: the turn there tells the orientation,
    // unless the vertex is double or its neighbours lie too close.
    let mut pivot = 0;
    let mut unsure = false;
    for i in 1..last {
        let (vertex, lowest) = (ring[i], ring[pivot]);
        if vertex.y < lowest.y || (vertex.y == lowest.y && vertex.x > lowest.x) {
            pivot = i;
            unsure = false;
        } else if vertex == lowest {
            unsure = true;
        }
    }
    let near =
        |other: Coord<f64>| (other.x - ring[pivot].x).abs() < 1e-5 && (other.y - ring[pivot].y).abs() < 1e-5;
    let previous = ring[if pivot == 0 { last - 1 } else { pivot - 1 }];
    let next = ring[if pivot + 1 >= last { 0 } else { pivot + 1 }];
    unsure |= near(previous) || near(next);
    let (to_previous, to_next) = (previous - ring[pivot], next - ring[pivot]);
    let turn = to_next.x * to_previous.y - to_previous.x * to_next.y;
    if !unsure && turn != 0.0 && !turn.is_nan() {
        return turn < 0.0;
    }
    let mut area = ring[0].x * (ring[1].y - ring[last].y);
    for i in 1..last {
        area += ring[i].x * (ring[i + 1].y - ring[i - 1].y);
    }
    area += ring[last].x * (ring[0].y - ring[last - 1].y);
    area < 0.0
}

#[cfg(test)]
mod tests;
