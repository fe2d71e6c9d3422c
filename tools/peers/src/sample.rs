//! Values at points of local files.

use crate::context::{BANDS, Context, EPSG, Result};
use crate::protocol::Work;
use crate::records::splitmix;
use crate::scenes;
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, RecordBatch};
use rasteret::Crs;
use rasteret::blocking::WaitEach;
use rasteret::geometry::Points;
use serde_json::json;

const POINTS: u64 = 10_000;
/// Easting and northing of the scenes' upper left corner, and their width in centimetres.
const CORNER: (f64, f64) = (699_960.0, 1_500_000.0);
const WIDTH_CM: u64 = 4_096_000;

/// The points of `Context.points` in `peer.py`.
fn points() -> (Vec<f64>, Vec<f64>) {
    let offset = |seed| (splitmix(seed) % WIDTH_CM) as f64 / 100.0;
    (0..POINTS).map(|i| (CORNER.0 + offset(2 * i), CORNER.1 - offset(2 * i + 1))).unzip()
}

/// All points in all scenes of zone 43.
pub fn sample(context: &Context) -> Result<Work> {
    let collection = scenes::open(context, &context.local_database())?;
    let (xs, ys) = points();
    Ok(Box::new(move || {
        let points = Points::new(xs.clone(), ys.clone()).with_crs(Crs::from_epsg(EPSG));
        let values = collection.sample(points).bands(&BANDS[..1]).stream()?.wait_each();
        let values = values.collect::<rasteret::Result<Vec<RecordBatch>>>()?;
        Ok(Box::new(move || {
            let (mut rows, mut total) = (0, 0.0);
            for batch in &values {
                let column = batch.column_by_name("value").ok_or("there is no column `value`")?;
                rows += column.len();
                total += column.as_primitive::<Float64Type>().iter().flatten().sum::<f64>();
            }
            Ok(json!({ "rows": rows, "mean": total / rows as f64 }))
        }))
    }))
}
