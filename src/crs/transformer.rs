//! From one CRS to another.

use super::CrsError;
use super::cache::{self, Operation, Pair};
use super::vertices::{for_each_vertex, map_vertices};
use geo_types::{Coord, Geometry};
use rasteret_schema::Crs;
use std::sync::Arc;

/// Transforms coordinates from one CRS to another, as `rasterio.warp.transform` does: x is easting
/// or longitude and comes first, y is northing or latitude, whatever the registries say of axis
/// order. Where several operations are known, each point takes the best one for where it lies.
///
/// A transformer is cheap to clone and may be shared between threads; what PROJ needs is made once
/// for each thread.
///
/// ```
/// use rasteret::crs::Transformer;
/// use rasteret_schema::Crs;
///
/// let transformer = Transformer::new(&Crs::from_epsg(4326), &Crs::from_epsg(32643))?;
/// let (mut x, mut y) = ([75.0, 77.5], [0.0, 13.0]);
/// transformer.transform(&mut x, &mut y)?;
/// assert_eq!((x[0].round(), y[0].round()), (500_000.0, 0.0));
/// assert_eq!((x[1].round(), y[1].round()), (771_181.0, 1_438_467.0));
/// # Ok::<(), rasteret::crs::CrsError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Transformer {
    pair: Arc<Pair>,
}

impl Transformer {
    /// Fails where either CRS is unknown, or nothing leads from one to the other.
    pub fn new(from: &Crs, to: &Crs) -> Result<Transformer, CrsError> {
        let pair = Arc::new((from.clone(), to.clone()));
        cache::operation(&pair)?;
        Ok(Transformer { pair })
    }

    /// The CRS that coordinates come in.
    pub fn from(&self) -> &Crs {
        &self.pair.0
    }

    /// The CRS that coordinates are transformed to.
    pub fn to(&self) -> &Crs {
        &self.pair.1
    }

    /// Whether both systems give every place the same coordinates.
    pub fn is_identity(&self) -> Result<bool, CrsError> {
        Ok(matches!(*cache::operation(&self.pair)?, Operation::Identity))
    }

    /// Transforms points in place; the error is that of the first point that cannot be transformed,
    /// and leaves it and those after it as they were.
    ///
    /// # Panics
    /// If there are more xs than ys, or fewer.
    pub fn transform(&self, xs: &mut [f64], ys: &mut [f64]) -> Result<(), CrsError> {
        assert_eq!(xs.len(), ys.len(), "as many xs as ys");
        let operation = cache::operation(&self.pair)?;
        for (x, y) in xs.iter_mut().zip(ys) {
            (*x, *y) = point(&operation, *x, *y).map_err(|reason| {
                let (from, to) = Pair::clone(&self.pair);
                CrsError::OutOfDomain { x: *x, y: *y, from, to, reason }
            })?;
        }
        Ok(())
    }

    /// Transforms points in place where they can be, and makes the others NaN. Says how many these
    /// are.
    ///
    /// # Panics
    /// If there are more xs than ys, or fewer.
    pub fn transform_where_possible(&self, xs: &mut [f64], ys: &mut [f64]) -> Result<usize, CrsError> {
        assert_eq!(xs.len(), ys.len(), "as many xs as ys");
        let operation = cache::operation(&self.pair)?;
        let mut failed = 0;
        for (x, y) in xs.iter_mut().zip(ys) {
            (*x, *y) = point(&operation, *x, *y).unwrap_or_else(|_| {
                failed += 1;
                (f64::NAN, f64::NAN)
            });
        }
        Ok(failed)
    }

    /// A geometry with all its vertices transformed, and none added.
    pub fn geometry(&self, geometry: &Geometry<f64>) -> Result<Geometry<f64>, CrsError> {
        let (mut xs, mut ys) = (Vec::new(), Vec::new());
        for_each_vertex(geometry, &mut |vertex| {
            xs.push(vertex.x);
            ys.push(vertex.y);
        });
        self.transform(&mut xs, &mut ys)?;
        let mut transformed = xs.into_iter().zip(ys);
        Ok(map_vertices(geometry, &mut |vertex| transformed.next().map_or(vertex, |(x, y)| Coord { x, y })))
    }
}

/// The error is PROJ's reason.
fn point(operation: &Operation, x: f64, y: f64) -> Result<(f64, f64), String> {
    match operation {
        Operation::Proj(operation) => operation.transform(x, y),
        Operation::Identity if x.is_finite() && y.is_finite() => Ok((x, y)),
        Operation::Identity => Err("a coordinate is not finite".to_owned()),
    }
}
