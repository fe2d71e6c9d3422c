//! Where on Earth a raster lies.
//!
//! The outline of the raster gets 21 vertices on each edge, because edges are not straight in
//! other projections, and is transformed to longitudes and latitudes. On a sphere an outline may run
//! across the antimeridian, or around a pole:
//!
//! - Longitudes are unrolled: each follows its predecessor by the shorter way. An outline that comes
//!   back a whole turn away from where it began runs around a pole, and gets it as a corner.
//! - What is unrolled is cut into pieces of the width of the map, as RFC 7946, section 3.1.9, asks.
//! - Where the outline leaves the domain of the projection (a disk seen from a satellite, the corners
//!   of a map of the world) its inside says more than itself: the footprint is then the box around
//!   the pixels that do lie on Earth.

use crate::crs::{self, CrsError, Description, Kind, Transformer};
use geo_types::{Geometry, LineString, MultiPolygon, Polygon};
use rasteret_schema::{BoundingBox, Crs, Geotransform};
use std::f64::consts::TAU;

/// Vertices added on each edge: as many as `rasterio.warp.transform_bounds` adds.
const ADDED: u32 = 21;

/// Pieces narrower than this, in degrees, are roundings.
const ROUNDING: f64 = 1e-9;

/// How far within the edge of the raster, in pixels, its outline is looked for a second time.
const INSET: f64 = 0.01;

/// Steps along each side where the inside of a raster is looked at.
const STEPS: u32 = 32;

/// In metres.
const EARTH_RADIUS: f64 = 6_371_000.0;

/// The ground that a raster covers.
#[derive(Debug, Clone, PartialEq)]
pub struct Footprint {
    /// Its outline in OGC:CRS84: a polygon, or several where it crosses the antimeridian.
    pub geometry: Geometry<f64>,
    /// The box around it; `xmin > xmax` where it crosses the antimeridian.
    pub bbox: BoundingBox,
}

/// Why a raster has no footprint.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FootprintError {
    /// It has no pixels, or they have no extent.
    #[error("a raster of {width} × {height} pixels with the geotransform {transform:?} covers nothing")]
    NoExtent {
        /// Columns.
        width: u32,
        /// Rows.
        height: u32,
        /// From pixels to coordinates.
        transform: Geotransform,
    },
    /// All of it lies where its CRS is not defined.
    #[error("no pixel lies within the domain of the CRS `{0}`")]
    OutOfDomain(Crs),
    /// Its CRS is unknown, or not of the Earth.
    #[error(transparent)]
    Crs(#[from] CrsError),
}

/// The footprint of a raster of `width` × `height` pixels.
///
/// ```
/// use rasteret::build::footprint::footprint;
/// use rasteret_schema::{Crs, Geotransform};
///
/// let transform = Geotransform::new(100.0, 0.0, 570_585.0, 0.0, -100.0, 5_847_615.0);
/// let aleutians = footprint(&transform, 2325, 2355, &Crs::from_epsg(32660))?;
/// assert!(aleutians.bbox.crosses_antimeridian());
/// # Ok::<(), rasteret::build::footprint::FootprintError>(())
/// ```
pub fn footprint(
    transform: &Geotransform,
    width: u32,
    height: u32,
    crs: &Crs,
) -> Result<Footprint, FootprintError> {
    let to_pixel = transform.inverse().filter(|_| width > 0 && height > 0);
    let to_pixel = to_pixel.ok_or(FootprintError::NoExtent { width, height, transform: *transform })?;
    let Description { kind, unit, .. } = crs::describe(crs)?;
    let raster = Raster {
        transform,
        to_pixel,
        width: f64::from(width),
        height: f64::from(height),
        to_ground: Transformer::new(crs, &Crs::crs84())?,
        from_ground: Transformer::new(&Crs::crs84(), crs)?,
        turn: (kind == Kind::Geographic).then(|| TAU / unit.factor),
        degrees: (unit.factor / if kind == Kind::Geographic { 1.0 } else { EARTH_RADIUS }).to_degrees(),
    };
    let outline = match raster.outline(0.0)? {
        // A map of the world whose edge lies a rounding beyond the world's.
        None => raster.outline(INSET)?,
        outline => outline,
    };
    match outline {
        Some(outline) => Ok(raster.within(outline)?),
        None => raster.around_inside()?.ok_or_else(|| FootprintError::OutOfDomain(crs.clone())),
    }
}

struct Raster<'a> {
    transform: &'a Geotransform,
    to_pixel: Geotransform,
    width: f64,
    height: f64,
    to_ground: Transformer,
    from_ground: Transformer,
    /// The x of a whole turn around the Earth, where x is a longitude.
    turn: Option<f64>,
    /// About how many degrees of a great circle there are in a unit of x or y.
    degrees: f64,
}

/// A position on Earth: longitude, latitude.
pub(super) type Ground = (f64, f64);

impl Raster<'_> {
    /// Longitudes and latitudes of pixel coordinates; `None` where there are none.
    fn ground(&self, positions: impl Iterator<Item = (f64, f64)>) -> Result<Vec<Option<Ground>>, CrsError> {
        let (xs, ys): (Vec<f64>, Vec<f64>) =
            positions.map(|(column, row)| self.transform.apply(column, row)).unzip();
        let (mut longitudes, mut latitudes) = (xs.clone(), ys.clone());
        self.to_ground.transform_where_possible(&mut longitudes, &mut latitudes)?;
        latitudes.iter_mut().for_each(|latitude| *latitude = latitude.clamp(-90.0, 90.0));
        // Some projections also turn places beyond the edge of their map into coordinates, those of
        // somewhere else. The way back does not lead there.
        let (mut back_xs, mut back_ys) = (longitudes.clone(), latitudes.clone());
        self.from_ground.transform_where_possible(&mut back_xs, &mut back_ys)?;
        let (pixel_width, pixel_height) = self.transform.pixel_size();
        let tolerance = pixel_width.hypot(pixel_height);
        let there = |i: usize| {
            // Degrees that are none: a projected raster under the name of a geographic CRS.
            if longitudes[i].abs() > 720.0 {
                return false;
            }
            let turns = self.turn.map_or(0.0, |turn| turn * ((back_xs[i] - xs[i]) / turn).round());
            (back_xs[i] - xs[i] - turns).hypot(back_ys[i] - ys[i]) <= tolerance
        };
        Ok((0..xs.len()).map(|i| there(i).then(|| (longitudes[i], latitudes[i]))).collect())
    }

    /// The unrolled outline, not closed, and how far it turns around the Earth until it is: 0, or
    /// 360 degrees either way. `None` where it is not all on Earth.
    ///
    /// `inset` is how many pixels it runs within the raster's edge.
    fn outline(&self, inset: f64) -> Result<Option<(Vec<Ground>, f64)>, CrsError> {
        const EDGE: u32 = ADDED + 1;
        let edge = |at: fn(f64) -> (f64, f64)| (0..EDGE).map(move |i| at(f64::from(i) / f64::from(EDGE)));
        let positions = edge(|t| (t, 1.0))
            .chain(edge(|t| (1.0, 1.0 - t)))
            .chain(edge(|t| (1.0 - t, 0.0)))
            .chain(edge(|t| (0.0, t)))
            .map(|(x, y)| (x * (self.width - 2.0 * inset) + inset, y * (self.height - 2.0 * inset) + inset));
        let ground: Option<Vec<Ground>> = self.ground(positions)?.into_iter().collect();
        Ok(ground.map(|mut outline| {
            for i in 1..outline.len() {
                outline[i].0 = unrolled(outline[i - 1].0, outline[i].0);
            }
            let (first, last) = (outline[0].0, outline[outline.len() - 1].0);
            let turn = 360.0 * ((unrolled(last, first) - first) / 360.0).round();
            (outline, turn)
        }))
    }

    fn within(&self, (outline, turn): (Vec<Ground>, f64)) -> Result<Footprint, CrsError> {
        if turn != 0.0 {
            let pole = if self.covers(90.0)? { 90.0 } else { -90.0 };
            return Ok(around_pole(&outline, turn, pole));
        }
        Ok(on_maps(&outline))
    }

    /// Whether a pole lies on the raster.
    fn covers(&self, pole: f64) -> Result<bool, CrsError> {
        let (mut x, mut y) = ([0.0], [pole]);
        self.from_ground.transform_where_possible(&mut x, &mut y)?;
        let (column, row) = self.to_pixel.apply(x[0], y[0]);
        Ok((0.0..=self.width).contains(&column) && (0.0..=self.height).contains(&row))
    }

    /// The box around what of the raster is on Earth; `None` where nothing is.
    fn around_inside(&self) -> Result<Option<Footprint>, CrsError> {
        let step = |i: u32, size: f64| size * f64::from(i) / f64::from(STEPS);
        let grid = (0..=STEPS).flat_map(|row| {
            (0..=STEPS).map(move |column| (step(column, self.width), step(row, self.height)))
        });
        let ground: Vec<Ground> = self.ground(grid)?.into_iter().flatten().collect();
        let mut longitudes: Vec<f64> = ground.iter().map(|&(longitude, _)| on_map(longitude)).collect();
        longitudes.sort_unstable_by(f64::total_cmp);
        let (Some(&least), Some(&greatest)) = (longitudes.first(), longitudes.last()) else {
            return Ok(None);
        };

        // The widest gap between neighbours is where the raster is not.
        let around = (least + 360.0 - greatest, greatest, least);
        let gaps = longitudes.windows(2).map(|pair| (pair[1] - pair[0], pair[0], pair[1]));
        let (gap, east, west) = gaps.fold(around, |widest, gap| if gap.0 > widest.0 { gap } else { widest });

        // Samples may end up to one step before the ground does.
        let (pixel_width, pixel_height) = self.transform.pixel_size();
        let step =
            (pixel_width * self.width).hypot(pixel_height * self.height) / f64::from(STEPS) * self.degrees;
        let margin = |extent: f64| step.max(extent / f64::from(STEPS));
        let (south, north) = span(ground.iter().map(|&(_, latitude)| latitude));
        let vertical = margin(north - south);
        let (at_north, at_south) = (self.covers(90.0)?, self.covers(-90.0)?);
        let south = if at_south { -90.0 } else { (south - vertical).max(-90.0) };
        let north = if at_north { 90.0 } else { (north + vertical).min(90.0) };
        let horizontal = margin(360.0 - gap);
        let bbox = if at_north || at_south || gap <= 2.0 * horizontal {
            BoundingBox::new(-180.0, south, 180.0, north)
        } else {
            BoundingBox::new(on_map(west - horizontal), south, on_map(east + horizontal), north)
        };
        let corners = |part: BoundingBox| {
            vec![
                (part.xmin, part.ymin),
                (part.xmax, part.ymin),
                (part.xmax, part.ymax),
                (part.xmin, part.ymax),
            ]
        };
        Ok(Some(Footprint { geometry: polygons(bbox.parts().map(corners)), bbox }))
    }
}

/// The longitude `to`, turns added until it is nearest to `from`.
pub(super) fn unrolled(from: f64, to: f64) -> f64 {
    to + 360.0 * ((from - to) / 360.0).round()
}

/// The footprint within an outline whose longitudes are unrolled, and which makes no whole turn.
pub(super) fn on_maps(outline: &[Ground]) -> Footprint {
    let (west, east) = span(outline.iter().map(|&(longitude, _)| longitude));
    let (south, north) = span(outline.iter().map(|&(_, latitude)| latitude));
    // Maps of the world lie side by side: these are the first and the last that it touches.
    let first = ((west + ROUNDING + 180.0) / 360.0).floor();
    let last = ((east - ROUNDING + 180.0) / 360.0).floor().max(first);
    let pieces = (0..=(last - first) as u32).map(|n| cut(&rolled(outline, -360.0 * (first + f64::from(n)))));
    let bbox = if east - west >= 360.0 - ROUNDING {
        BoundingBox::new(-180.0, south, 180.0, north)
    } else {
        let (west, east) = (west - 360.0 * first, east - 360.0 * last);
        BoundingBox::new(west.max(-180.0), south, east.min(180.0), north)
    };
    Footprint { geometry: polygons(pieces), bbox }
}

/// The footprint within an outline that makes a whole turn.
fn around_pole(outline: &[Ground], turn: f64, pole: f64) -> Footprint {
    // Three turns, the second of them about the middle of the map, cover it from end to end.
    let middle = outline[0].0 + turn / 2.0;
    let centred = -360.0 * (middle / 360.0).round();
    let mut ring: Vec<Ground> =
        [-turn, 0.0, turn].iter().flat_map(|by| rolled(outline, centred + by)).collect();
    let (first, last) = (ring[0].0, ring[ring.len() - 1].0);
    ring.extend([(last, pole), (first, pole)]);
    let (south, north) = span(ring.iter().map(|&(_, latitude)| latitude));
    Footprint {
        geometry: polygons([cut(&ring)].into_iter()),
        bbox: BoundingBox::new(-180.0, south, 180.0, north),
    }
}

/// A longitude within -180..=180.
fn on_map(longitude: f64) -> f64 {
    if (-180.0..=180.0).contains(&longitude) {
        longitude
    } else {
        longitude - 360.0 * ((longitude + 180.0) / 360.0).floor()
    }
}

fn rolled(ring: &[Ground], by: f64) -> Vec<Ground> {
    ring.iter().map(|&(longitude, latitude)| (longitude + by, latitude)).collect()
}

/// The least and the greatest value.
fn span(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, greatest), value| {
        (least.min(value), greatest.max(value))
    })
}

/// What of a ring lies on the map: one step of Sutherland and Hodgman's algorithm for each side.
fn cut(ring: &[Ground]) -> Vec<Ground> {
    [-1.0, 1.0].into_iter().fold(ring.to_vec(), |ring, side| {
        let limit = 180.0 * side;
        let within = |vertex: Ground| vertex.0 * side <= 180.0;
        let mut kept = Vec::with_capacity(ring.len() + 2);
        for (i, &to) in ring.iter().enumerate() {
            let from = ring[if i == 0 { ring.len() - 1 } else { i - 1 }];
            if within(from) != within(to) {
                kept.push((limit, from.1 + (to.1 - from.1) * (limit - from.0) / (to.0 - from.0)));
            }
            if within(to) {
                kept.push(to);
            }
        }
        kept
    })
}

/// Rings as polygons, counterclockwise as RFC 7946 has them.
fn polygons(rings: impl Iterator<Item = Vec<Ground>>) -> Geometry<f64> {
    let polygons: Vec<Polygon<f64>> = rings
        .map(|mut ring| {
            ring.dedup();
            let area: f64 = (0..ring.len())
                .map(|i| (ring[i], ring[(i + 1) % ring.len()]))
                .map(|(a, b)| (b.0 - a.0) * (a.1 + b.1))
                .sum();
            if area > 0.0 {
                ring.reverse();
            }
            Polygon::new(LineString::from(ring), vec![])
        })
        .collect();
    match <[Polygon<f64>; 1]>::try_from(polygons) {
        Ok([polygon]) => polygon.into(),
        Err(polygons) => MultiPolygon(polygons).into(),
    }
}

#[cfg(test)]
mod tests;
